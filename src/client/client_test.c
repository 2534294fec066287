/* One list of calls, run against the engine in this process and against the same kind of engine
 * behind HTTP: both clients must tell the same. Then what only a remote endpoint can do to us. */
#include "client/client.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/local.h"
#include "client/remote.h"
#include "dynamodb/engine.h"
#include "dynamodb/wire/wire.h"
#include "tap.h"

/* -- the list ---------------------------------------------------------------------------------- */

struct step {
    const char *operation, *request;
    const char *error;    /* NULL: must work */
    const char *contains; /* in the answer, or in the error's message */
};

#define TABLE "\"TableName\":\"table\""
#define KEY "\"Key\":{\"pk\":{\"S\":\"a\"},\"sk\":{\"S\":\"1\"}}"

static const struct step steps[] = {
    {"ListTables", "{}", NULL, "\"TableNames\":[]"},
    {"DescribeTable", "{" TABLE "}", "ResourceNotFoundException", "not found"},
    {"CreateTable",
     "{" TABLE ",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":["
     "{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"
     "{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"}],\"KeySchema\":["
     "{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},"
     "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],\"StreamSpecification\":"
     "{\"StreamEnabled\":true,\"StreamViewType\":\"NEW_IMAGE\"}}",
     NULL, "\"TableName\":\"table\""},
    {"PutItem",
     "{" TABLE ",\"Item\":{\"pk\":{\"S\":\"a\"},\"sk\":{\"S\":\"1\"},\"text\":{\"S\":\"caf\xc3\xa9 "
     "\\u2615 \\\"x\\\"\"}},\"ConditionExpression\":\"attribute_not_exists(pk)\"}",
     NULL, "{"},
    {"PutItem",
     "{" TABLE ",\"Item\":{\"pk\":{\"S\":\"a\"},\"sk\":{\"S\":\"1\"}},\"ConditionExpression\":"
     "\"attribute_not_exists(pk)\"}",
     "ConditionalCheckFailedException", "conditional request failed"},
    {"GetItem", "{" TABLE "," KEY ",\"ConsistentRead\":true}", NULL, "caf\xc3\xa9 \xe2\x98\x95"},
    {"Query",
     "{" TABLE ",\"KeyConditionExpression\":\"pk = :p\",\"ExpressionAttributeValues\":"
     "{\":p\":{\"S\":\"a\"}}}",
     NULL, "\"Count\":1"},
    {"TransactWriteItems",
     "{\"TransactItems\":[{\"ConditionCheck\":{" TABLE "," KEY
     ",\"ConditionExpression\":\"attribute_not_exists(pk)\"}},{\"Put\":{" TABLE
     ",\"Item\":{\"pk\":{\"S\":\"b\"},\"sk\":{\"S\":\"1\"}}}}]}",
     "TransactionCanceledException", "ConditionalCheckFailed, None"},
    {"PutItem", "{" TABLE ",\"Item\":{\"pk\":{\"S\":\"a\"}}}", "ValidationException", "sk"},
    {"PutItem", "{\"TableName\":", "SerializationException", ""},
    {"NoSuchOperation", "{}", "UnknownOperationException", ""},
    {"ListStreams", "{" TABLE "}", NULL, "\"StreamArn\""},
};

/* With a debt the answers come early, and are waited for at the end. */
static void run_steps(struct arena *arena, struct client *client, struct client_debt *debt)
{
    for (size_t i = 0; i < countof(steps); i++) {
        const struct step *step = &steps[i];
        struct str response = {"", 0};
        struct str operation = str_z(step->operation), request = str_z(step->request);
        struct error *e =
            debt ? client_call_early(client, arena, operation, request, &response, debt)
                 : client_call(client, arena, operation, request, &response);
        bool is_right = step->error ? client_failed_with(e, step->error) : !e;
        struct str said = e ? e->message : response;
        bool says_it = !*step->contains || str_contains(said, str_z(step->contains));
        if (!CHECK(is_right && says_it))
            printf("# %s %s: %s: %.*s\n", step->operation, step->request, e ? e->kind->name : "200",
                   STR_ARG(said));
        if (e)
            CHECK(str_contains(e->extra, S("__type")));
    }
    if (debt)
        CHECK(!client_settle(client, arena, debt));
}

/* -- both sides -------------------------------------------------------------------------------- */

static struct engine *open_engine(struct arena *arena)
{
    struct engine *engine = NULL;
    struct engine_options options = {.clock = &clock_system, .rand = &rand_system};
    if (!CHECK(!engine_open(arena, &options, &engine)))
        exit(1);
    return engine;
}

TEST(local_client_does_the_list)
{
    for (int variant = 0; variant < 2; variant++) {
        struct engine *engine = open_engine(arena);
        struct client *client = client_local_new(engine);
        struct client_debt debt = {0};
        run_steps(arena, client, variant ? &debt : NULL);
        client_free(client);
        engine_close(engine);
    }
}

static struct client *remote_at(struct arena *arena, unsigned port, int attempts)
{
    struct client *client = NULL;
    struct client_remote_options options = {
        .endpoint = arena_printf(arena, "http://127.0.0.1:%u", port),
        .region = S("us-east-1"),
        .access_key = S("AKIDEXAMPLE"),
        .secret_key = S("wJalrXUtnFEMI"),
        .timeout_ms = 10000,
        .attempts = attempts,
    };
    struct error *e = client_remote_new(arena, &options, &client);
    if (!CHECK(!e)) {
        printf("# %.*s\n", STR_ARG(e->message));
        exit(1);
    }
    return client;
}

TEST(remote_client_does_the_list)
{
    static const char *const addresses[] = {"127.0.0.1"};
    struct engine *engine = open_engine(arena);
    struct wire *wire = NULL;
    struct wire_options options = {.engine = engine,
                                   .addresses = addresses,
                                   .address_count = 1,
                                   .port_flag = "--port",
                                   .loops = 1,
                                   .clock = &clock_system,
                                   .rand = &rand_system};
    if (!CHECK(!wire_open(arena, &options, &wire)) || !CHECK(!wire_start(arena, wire)))
        exit(1);
    struct client *client = remote_at(arena, wire_port(wire), 3);
    run_steps(arena, client, NULL);
    client_free(client);
    wire_stop(wire, 1000);
    engine_close(engine);
    wire_free(wire);
}

/* -- what a remote endpoint may do ------------------------------------------------------------- */

/* Answers each connection's one request with the next of these texts; "" hangs up midway. */
struct script {
    int listener;
    uint16_t port;
    const char *const *answers;
    size_t count, served;
    char last_request[8192];
    pthread_t thread;
};

/* Head and body; the body is known to be short. */
static void read_request(int fd, struct script *s)
{
    size_t len = 0;
    while (len + 1 < sizeof s->last_request) {
        ssize_t n = read(fd, s->last_request + len, sizeof s->last_request - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
        s->last_request[len] = 0;
        const char *end = strstr(s->last_request, "\r\n\r\n");
        const char *length = strcasestr(s->last_request, "content-length:");
        if (end && length && strlen(end + 4) >= (size_t)atoi(length + 15))
            break;
    }
}

static void *serve(void *context)
{
    struct script *s = context;
    for (; s->served < s->count; s->served++) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            break;
        read_request(fd, s);
        const char *answer = s->answers[s->served];
        if (*answer && write(fd, answer, strlen(answer)) < 0)
            perror("# write");
        close(fd);
    }
    return NULL;
}

static void script_start(struct script *s, const char *const *answers, size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *s = (struct script){.answers = answers, .count = count};
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(s->listener, (struct sockaddr *)&address, sizeof address) || listen(s->listener, 8) ||
        getsockname(s->listener, (struct sockaddr *)&address, &size))
        exit(1);
    s->port = ntohs(address.sin_port);
    CHECK(pthread_create(&s->thread, NULL, serve, s) == 0);
}

/* Ends a server that still waits for a request which must not come. */
static void script_end(struct script *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
}

#define ANSWER(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define OK ANSWER("200 OK", "{}")
#define THROTTLED                                                                                  \
    ANSWER("400 Bad Request", "{\"__type\":\"com.amazonaws.dynamodb.v20120810#"                    \
                              "ProvisionedThroughputExceededException\",\"message\":\"slow\"}")
#define BROKEN ANSWER("500 Internal Server Error", "{\"__type\":\"InternalServerError\"}")

static struct error *call_script(struct arena *arena, struct script *s, const char *const *answers,
                                 size_t count, const char *operation)
{
    struct str response;
    script_start(s, answers, count);
    struct client *client = remote_at(arena, s->port, 3);
    struct error *e = client_call(client, arena, str_z(operation), S("{\"a\":1}"), &response);
    client_free(client);
    script_end(s);
    return e;
}

TEST(throttled_calls_are_tried_again)
{
    static const char *const answers[] = {THROTTLED, THROTTLED, OK};
    struct script s;
    CHECK(!call_script(arena, &s, answers, 3, "UpdateItem"));
    CHECK_INT(s.served, 3);
}

TEST(attempts_come_to_an_end)
{
    static const char *const answers[] = {THROTTLED, THROTTLED, THROTTLED, OK};
    struct script s;
    struct error *e = call_script(arena, &s, answers, 4, "GetItem");
    CHECK(client_failed_with(e, "ProvisionedThroughputExceededException"));
    CHECK(e && e->kind->is_retryable);
    CHECK_STR(e->message, S("slow"));
    CHECK_INT(s.served, 3);
}

TEST(a_write_that_may_have_been_applied_is_not_repeated)
{
    static const char *const broken[] = {BROKEN, OK};
    static const char *const lost[] = {"", OK};
    struct script s;
    CHECK(
        client_failed_with(call_script(arena, &s, broken, 2, "UpdateItem"), "InternalServerError"));
    CHECK_INT(s.served, 1);
    CHECK(client_failed_with(call_script(arena, &s, lost, 2, "PutItem"), "ConnectionError"));
    CHECK_INT(s.served, 1);
}

TEST(reads_and_transactions_with_a_token_are_repeated)
{
    static const char *const broken[] = {BROKEN, OK};
    static const char *const lost[] = {"", OK};
    struct script s;
    CHECK(!call_script(arena, &s, broken, 2, "Query"));
    CHECK(!call_script(arena, &s, lost, 2, "TransactWriteItems"));
    CHECK_INT(s.served, 2);
}

TEST(a_wrong_checksum_is_no_answer)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nx-amz-crc32: 1\r\nConnection: close\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX-Amz-Crc32: 2745614147\r\nConnection: close\r\n\r\n{}"};
    struct script s;
    CHECK(!call_script(arena, &s, answers, 2, "GetItem"));
    CHECK_INT(s.served, 2);
}

TEST(an_answer_that_is_no_json_is_an_error)
{
    static const char *const answers[] = {ANSWER("404 Not Found", "<html>")};
    struct script s;
    struct error *e = call_script(arena, &s, answers, 1, "GetItem");
    CHECK(client_failed_with(e, "UnknownError"));
    CHECK_INT(e ? e->kind->http_status : 0, 404);
}

TEST(requests_are_signed_and_named)
{
    static const char *const answers[] = {OK};
    struct script s;
    CHECK(!call_script(arena, &s, answers, 1, "GetRecords"));
    struct str sent = str_z(s.last_request);
    CHECK(str_starts(sent, S("POST / HTTP/1.1\r\n")));
    CHECK(str_contains(sent, S("x-amz-target: DynamoDBStreams_20120810.GetRecords\r\n")));
    CHECK(str_contains(sent, S("SignedHeaders=content-type;host;x-amz-date;x-amz-target, ")));
    CHECK(str_ends(sent, S("\r\n\r\n{\"a\":1}")));
}

TEST(nobody_there_is_a_connection_error)
{
    struct str response;
    struct script s;
    script_start(&s, NULL, 0);
    script_end(&s);
    struct client *client = remote_at(arena, s.port, 2);
    struct error *e = client_call(client, arena, S("PutItem"), S("{}"), &response);
    CHECK(client_failed_with(e, "ConnectionError"));
    CHECK(e && e->kind->is_retryable);
    client_free(client);
}

TEST(bad_options_are_refused)
{
    struct client_remote_options options = {.endpoint = S("localhost:8000"),
                                            .region = S("r"),
                                            .access_key = S("a"),
                                            .secret_key = S("s"),
                                            .timeout_ms = 1000,
                                            .attempts = 1};
    static const struct str bad[] = {STR_INIT("localhost:8000"), STR_INIT("ftp://x"),
                                     STR_INIT("http://"), STR_INIT("http://x/path"), STR_INIT("")};
    struct client *client;
    for (size_t i = 0; i < countof(bad); i++) {
        options.endpoint = bad[i];
        struct error *e = client_remote_new(arena, &options, &client);
        CHECK(e && e->kind == &error_usage);
    }
    options.endpoint = S("http://localhost:8000/");
    options.region = S("");
    struct error *e = client_remote_new(arena, &options, &client);
    CHECK(e && e->kind == &error_usage);
}

TAP_MAIN(T(local_client_does_the_list), T(remote_client_does_the_list),
         T(throttled_calls_are_tried_again), T(attempts_come_to_an_end),
         T(a_write_that_may_have_been_applied_is_not_repeated),
         T(reads_and_transactions_with_a_token_are_repeated), T(a_wrong_checksum_is_no_answer),
         T(an_answer_that_is_no_json_is_an_error), T(requests_are_signed_and_named),
         T(nobody_there_is_a_connection_error), T(bad_options_are_refused))
