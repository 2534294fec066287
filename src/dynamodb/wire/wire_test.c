/* The endpoint over real sockets: what only the wire decides. The API's own behaviour is in
 * tests/cases. */
#include "dynamodb/wire/wire.h"

#include "base/encode.h"
#include "dynamodb/wire/gzip.h"
#include "tap.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct endpoint {
    struct engine *engine;
    struct wire *wire;
};

static const char *const addresses[] = {"127.0.0.1"};

static struct endpoint open_endpoint(struct arena *arena, struct origin_rules origin)
{
    struct endpoint end = {0};
    struct error *e = engine_open(
        arena, &(struct engine_options){.clock = &clock_system, .rand = &rand_system}, &end.engine);
    if (!e)
        e = wire_open(arena,
                      &(struct wire_options){.engine = end.engine,
                                             .addresses = addresses,
                                             .address_count = countof(addresses),
                                             .port_flag = "--port",
                                             .loops = 2,
                                             .origin = origin,
                                             .clock = &clock_system,
                                             .rand = &rand_system},
                      &end.wire);
    if (!e)
        e = wire_start(arena, end.wire);
    if (e) {
        printf("# %.*s\n", STR_ARG(e->message));
        abort();
    }
    return end;
}

static void close_endpoint(struct endpoint *end)
{
    wire_stop(end->wire, 1000);
    engine_close(end->engine);
    wire_free(end->wire);
}

/* -- a client ---------------------------------------------------------------------------------- */

struct reply {
    int status;
    struct str head, body;
};

static int dial(const struct endpoint *end)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(wire_port(end->wire)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval wait = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        abort();
    return fd;
}

static void send_all(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes = str_from(bytes, (size_t)sent);
    }
}

static struct str reply_header(const struct reply *r, struct str name)
{
    struct str rest = r->head, line;
    bool has_more = true;
    while (has_more) {
        has_more = str_cut(&rest, '\n', &line);
        struct str key;
        if (str_cut(&line, ':', &key) && str_eq_nocase(key, name))
            return str_trim(line);
    }
    return (struct str){0};
}

/* Reads one whole answer with a Content-Length. */
static struct reply read_reply(struct arena *arena, int fd)
{
    struct buf b;
    struct reply r = {0};
    size_t head_len = 0, body_len = 0;
    buf_init(&b, 64 << 20);
    for (;;) {
        if (!head_len) {
            char *end = b.len ? memmem(b.data, b.len, "\r\n\r\n", 4) : NULL;
            if (end) {
                head_len = (size_t)(end - b.data) + 4;
                r.head = arena_str(arena, str_slice(buf_str(&b), 0, head_len));
                uint64_t length = 0;
                if (str_to_u64(reply_header(&r, S("content-length")), 1 << 30, &length))
                    body_len = length;
            }
        }
        if (head_len && b.len >= head_len + body_len)
            break;
        char *at = buf_reserve(&b, 65536);
        ssize_t got = recv(fd, at, 65536, 0);
        if (got <= 0)
            break;
        b.len += (size_t)got;
    }
    r.body = arena_str(arena, str_slice(buf_str(&b), head_len, body_len));
    if (r.head.len > 12)
        r.status = atoi(r.head.data + 9);
    buf_clear(&b);
    return r;
}

static struct reply exchange(struct arena *arena, const struct endpoint *end, struct str request)
{
    int fd = dial(end);
    send_all(fd, request);
    struct reply r = read_reply(arena, fd);
    close(fd);
    return r;
}

#define SIGNED                                                                                     \
    "Authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c\r\n"          \
    "X-Amz-Date: 20261121T000000Z\r\n"
#define JSON "Content-Type: application/x-amz-json-1.0\r\n"
#define HOST "Host: localhost\r\n"

static struct str post(struct arena *arena, const char *headers, struct str body)
{
    struct str head =
        arena_printf(arena, "POST / HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n", headers, body.len);
    return arena_join(arena, head, body);
}

static struct str call(struct arena *arena, const char *operation, const char *body)
{
    return post(arena,
                arena_z(arena, arena_printf(
                                   arena, HOST JSON SIGNED "X-Amz-Target: DynamoDB_20120810.%s\r\n",
                                   operation)),
                str_z(body));
}

static void check_common(struct arena *arena, const struct reply *r)
{
    struct str id = reply_header(r, S("x-amzn-RequestId"));
    CHECK_INT(id.len, 52);
    for (size_t i = 0; i < id.len; i++)
        CHECK((id.data[i] >= '0' && id.data[i] <= '9') || (id.data[i] >= 'A' && id.data[i] <= 'V'));
    CHECK_STR(reply_header(r, S("x-amz-crc32")), arena_printf(arena, "%u", crc32_of(r->body)));
}

static void check_reply(struct arena *arena, const struct reply *r, int status, const char *body)
{
    CHECK_INT(r->status, status);
    CHECK_STR(r->body, str_z(body));
    check_common(arena, r);
}

/* -- tests ------------------------------------------------------------------------------------- */

TEST(get_says_healthy)
{
    struct endpoint end = open_endpoint(arena, (struct origin_rules){0});
    struct reply r = exchange(arena, &end, S("GET / HTTP/1.1\r\n" HOST "\r\n"));
    check_reply(arena, &r, 200, "healthy: dynamodb.us-east-1.amazonaws.com ");
    CHECK_STR(reply_header(&r, S("x-amz-crc32")), S("3128867991"));
    r = exchange(arena, &end, S("GET /healthz HTTP/1.1\r\n" HOST "\r\n"));
    check_reply(arena, &r, 200, "ok\n");
    r = exchange(arena, &end, S("GET /other HTTP/1.1\r\n" HOST "\r\n"));
    check_reply(arena, &r, 404, "<UnknownOperationException/>\n");
    close_endpoint(&end);
}

TEST(a_call_is_answered_in_the_type_it_was_asked_in)
{
    struct endpoint end = open_endpoint(arena, (struct origin_rules){0});
    struct reply r = exchange(arena, &end, call(arena, "ListTables", "{}"));
    check_reply(arena, &r, 200, "{\"TableNames\":[]}");
    CHECK_STR(reply_header(&r, S("content-type")), S("application/x-amz-json-1.0"));
    r = exchange(arena, &end,
                 post(arena,
                      HOST SIGNED "Content-Type: application/json; charset=utf-8\r\n"
                                  "X-Amz-Target: DynamoDB_20120810.ListTables\r\n",
                      S("{}")));
    check_reply(arena, &r, 200, "{\"TableNames\":[]}");
    CHECK_STR(reply_header(&r, S("content-type")), S("application/json"));
    close_endpoint(&end);
}

/* In the order in which the service looks: media type, JSON, target, authentication. */
TEST(malformed_requests_are_told_as_the_service_tells_them)
{
    struct endpoint end = open_endpoint(arena, (struct origin_rules){0});
    static const struct {
        const char *headers, *body;
        int status;
        const char *reply;
    } cases[] = {
        {HOST, "hi", 404, "<UnknownOperationException/>\n"},
        {HOST "Content-Type: application/x-amz-json-1.1\r\n", "{}", 404,
         "<UnknownOperationException/>\n"},
        {HOST JSON, "hi", 400, "{\"__type\":\"com.amazon.coral.service#SerializationException\"}"},
        {HOST JSON, "{}", 400,
         "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}"},
        {HOST, "", 400, "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}"},
        {HOST JSON "X-Amz-Target: DynamoDB_20120810.ListTable\r\n", "{}", 400,
         "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}"},
        {HOST JSON "X-Amz-Target: DynamoDB_20120810.GetRecords\r\n", "{}", 400,
         "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}"},
        {HOST JSON "X-Amz-Target: Nothing\r\n", "{}", 400,
         "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}"},
        {HOST JSON "X-Amz-Target: DynamoDB_20120810.ListTables\r\n", "{}", 400,
         "{\"__type\":\"com.amazon.coral.service#MissingAuthenticationTokenException\",\"message\":"
         "\"Request is missing Authentication Token\"}"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct reply r = exchange(arena, &end, post(arena, cases[i].headers, str_z(cases[i].body)));
        check_reply(arena, &r, cases[i].status, cases[i].reply);
    }
    close_endpoint(&end);
}

TEST(foreign_hosts_are_refused)
{
    struct endpoint end = open_endpoint(arena, (struct origin_rules){0});
    struct reply r = exchange(arena, &end, S("GET / HTTP/1.1\r\nHost: evil.example:8000\r\n\r\n"));
    CHECK_INT(r.status, 403);
    CHECK(str_contains(r.body, S("AccessDeniedException")));
    r = exchange(arena, &end, S("GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n"));
    CHECK_INT(r.status, 200);
    close_endpoint(&end);
}

TEST(pages_read_answers_only_where_allowed)
{
    struct endpoint end = open_endpoint(arena, (struct origin_rules){0});
    struct reply r =
        exchange(arena, &end, S("GET / HTTP/1.1\r\n" HOST "Origin: http://evil.example\r\n\r\n"));
    CHECK(!reply_header(&r, S("access-control-allow-origin")).data);
    r = exchange(arena, &end, S("GET / HTTP/1.1\r\n" HOST "Origin: http://localhost:3000\r\n\r\n"));
    CHECK_STR(reply_header(&r, S("access-control-allow-origin")), S("http://localhost:3000"));
    r = exchange(arena, &end,
                 S("OPTIONS / HTTP/1.1\r\n" HOST "Origin: http://localhost:3000\r\n"
                   "Access-Control-Request-Method: POST\r\n"
                   "Access-Control-Request-Headers: x-amz-target\r\n\r\n"));
    CHECK_INT(r.status, 200);
    CHECK_STR(reply_header(&r, S("access-control-allow-headers")), S("x-amz-target"));
    CHECK_STR(reply_header(&r, S("access-control-allow-methods")), S("POST"));
    CHECK_STR(reply_header(&r, S("access-control-max-age")), S("172800"));
    r = exchange(arena, &end,
                 S("OPTIONS / HTTP/1.1\r\n" HOST "Origin: http://evil.example\r\n\r\n"));
    CHECK_INT(r.status, 404);
    close_endpoint(&end);

    end = open_endpoint(arena, (struct origin_rules){.is_any_origin = true});
    r = exchange(arena, &end, S("GET / HTTP/1.1\r\n" HOST "Origin: http://evil.example\r\n\r\n"));
    CHECK_STR(reply_header(&r, S("access-control-allow-origin")), S("*"));
    close_endpoint(&end);
}

static const char create_table[] =
    "{\"TableName\":\"wire\",\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"}],"
    "\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"}],"
    "\"BillingMode\":\"PAY_PER_REQUEST\"}";

/* An item of `len` letters. */
static struct str large_put(struct arena *arena, const char *key, size_t len)
{
    char *text = arena_alloc(arena, len + 1);
    memset(text, 'x', len);
    text[len] = 0;
    return arena_printf(arena,
                        "{\"TableName\":\"wire\",\"Item\":{\"pk\":{\"S\":\"%s\"},\"v\":{\"S\":\"%s"
                        "\"}}}",
                        key, text);
}

static struct str pack(struct arena *arena, struct str bytes)
{
    struct gzip *g = gzip_new();
    struct buf out;
    buf_init(&out, bytes.len);
    CHECK(gzip_pack(g, arena, CODING_GZIP, bytes, &out));
    struct str packed = arena_str(arena, buf_str(&out));
    buf_clear(&out);
    gzip_free(g);
    return packed;
}

static struct str unpack(struct arena *arena, struct str packed)
{
    struct gzip *g = gzip_new();
    struct buf out;
    buf_init(&out, 32 << 20);
    CHECK(!gzip_unpack(g, arena, CODING_GZIP, packed, &out));
    struct str bytes = arena_str(arena, buf_str(&out));
    buf_clear(&out);
    gzip_free(g);
    return bytes;
}

TEST(bodies_travel_packed_both_ways)
{
    struct endpoint end = open_endpoint(arena, (struct origin_rules){0});
    struct reply r = exchange(arena, &end, call(arena, "CreateTable", create_table));
    CHECK_INT(r.status, 200);
    const char *put = HOST JSON SIGNED "Content-Encoding: gzip\r\n"
                                       "X-Amz-Target: DynamoDB_20120810.PutItem\r\n";
    r = exchange(arena, &end, post(arena, put, pack(arena, large_put(arena, "a", 20000))));
    check_reply(arena, &r, 200, "{}");
    r = exchange(arena, &end, post(arena, put, S("not gzip")));
    check_reply(arena, &r, 500,
                "{\"__type\":\"com.amazonaws.dynamodb.v20120810#InternalServerError\",\"message\":"
                "\"The body cannot be unpacked\"}");
    const char *garbage = HOST JSON SIGNED "Content-Encoding: garbage\r\n"
                                           "X-Amz-Target: DynamoDB_20120810.PutItem\r\n";
    r = exchange(arena, &end, post(arena, garbage, large_put(arena, "b", 10)));
    CHECK_INT(r.status, 500);

    struct str get = S("{\"TableName\":\"wire\",\"Key\":{\"pk\":{\"S\":\"a\"}}}");
    r = exchange(arena, &end,
                 post(arena,
                      HOST JSON SIGNED "Accept-Encoding: gzip\r\n"
                                       "X-Amz-Target: DynamoDB_20120810.GetItem\r\n",
                      get));
    CHECK_STR(reply_header(&r, S("content-encoding")), S("gzip"));
    check_common(arena, &r); /* the checksum is of the packed bytes */
    CHECK(r.body.len < 1000 && unpack(arena, r.body).len > 20000);
    r = exchange(arena, &end, call(arena, "GetItem", get.data));
    CHECK(!reply_header(&r, S("content-encoding")).data);
    CHECK(r.body.len > 20000);
    close_endpoint(&end);
}

/* A page of 1 MB takes many slices; a small request on the same loop goes between them. */
TEST(a_long_read_yields_and_ends_whole)
{
    struct endpoint end = open_endpoint(arena, (struct origin_rules){0});
    struct reply r = exchange(arena, &end, call(arena, "CreateTable", create_table));
    for (int i = 0; i < 30; i++) {
        struct str put = large_put(arena, arena_z(arena, arena_printf(arena, "k%d", i)), 50000);
        r = exchange(arena, &end, call(arena, "PutItem", put.data));
        CHECK_INT(r.status, 200);
    }
    r = exchange(arena, &end, call(arena, "Scan", "{\"TableName\":\"wire\"}"));
    CHECK_INT(r.status, 200);
    check_common(arena, &r);
    CHECK(str_contains(r.body, S("\"Count\":21,\"ScannedCount\":21,\"LastEvaluatedKey\":{\"pk\"")));
    close_endpoint(&end);
}

TEST(requests_in_a_row_are_answered_in_order)
{
    struct endpoint end = open_endpoint(arena, (struct origin_rules){0});
    int fd = dial(&end);
    struct str first = call(arena, "ListTables", "{}"), second = call(arena, "Nope", "{}");
    send_all(fd, arena_join(arena, first, second));
    struct reply r = read_reply(arena, fd);
    CHECK_INT(r.status, 200);
    close(fd);
    close_endpoint(&end);
}

TEST(bodies_above_the_limit_are_refused)
{
    struct endpoint end = open_endpoint(arena, (struct origin_rules){0});
    struct reply r = exchange(
        arena, &end, S("POST / HTTP/1.1\r\n" HOST JSON "Content-Length: 16777217\r\n\r\n"));
    CHECK_INT(r.status, 413);
    close_endpoint(&end);
}

TEST(a_taken_port_names_its_flag)
{
    struct endpoint end = open_endpoint(arena, (struct origin_rules){0});
    struct wire *second = NULL;
    struct error *e = wire_open(arena,
                                &(struct wire_options){.engine = end.engine,
                                                       .addresses = addresses,
                                                       .address_count = countof(addresses),
                                                       .port = wire_port(end.wire),
                                                       .port_flag = "--port",
                                                       .clock = &clock_system,
                                                       .rand = &rand_system},
                                &second);
    CHECK(e && str_contains(e->message, S("--port")));
    close_endpoint(&end);
}

TAP_MAIN(T(get_says_healthy), T(a_call_is_answered_in_the_type_it_was_asked_in),
         T(malformed_requests_are_told_as_the_service_tells_them), T(foreign_hosts_are_refused),
         T(pages_read_answers_only_where_allowed), T(bodies_travel_packed_both_ways),
         T(a_long_read_yields_and_ends_whole), T(requests_in_a_row_are_answered_in_order),
         T(bodies_above_the_limit_are_refused), T(a_taken_port_names_its_flag))
