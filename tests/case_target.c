#include "case_target.h"

#include "base/buf.h"
#include "dynamodb/api/api.h"
#include "dynamodb/engine.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_ANSWER (32u << 20)

struct case_target {
    struct engine *engine; /* NULL: the address */
    struct sockaddr_in address;
};

struct error *case_target_engine(struct arena *a, const char *data_dir, struct case_target **out)
{
    struct engine *engine;
    struct engine_options options = {
        .data_dir = data_dir, .clock = &clock_system, .rand = &rand_system};
    TRY(engine_open(a, &options, &engine));
    *out = mem_zalloc(sizeof **out);
    (*out)->engine = engine;
    return NULL;
}

struct error *case_target_http(struct arena *a, struct str endpoint, struct case_target **out)
{
    struct str port_text = endpoint, host;
    uint64_t port;
    if (str_starts(port_text, S("http://")))
        port_text = str_from(port_text, 7);
    str_cut(&port_text, ':', &host);
    if (!str_to_u64(port_text, 65535, &port))
        return error_new(a, &error_usage, "--endpoint must be ADDRESS:PORT");
    *out = mem_zalloc(sizeof **out);
    (*out)->address.sin_family = AF_INET;
    (*out)->address.sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, arena_z(a, host), &(*out)->address.sin_addr) == 1)
        return NULL;
    case_target_close(*out);
    return error_new(a, &error_usage, "--endpoint must have a numeric address");
}

void case_target_close(struct case_target *target)
{
    if (target->engine)
        engine_close(target->engine);
    free(target);
}

static struct error *send_to_engine(struct engine *engine, struct arena *a, struct str operation,
                                    struct str request, struct case_answer *out)
{
    struct buf reply;
    buf_init(&reply, MAX_ANSWER);
    struct call call = {.operation = operation, .request = request, .arena = a, .reply = &reply};
    while (engine_call(engine, &call) == CALL_MORE) {
    }
    if (!engine_wait(engine, call.depends_on))
        engine_fail_call(engine, &call);
    *out = (struct case_answer){call.status, arena_str(a, buf_str(&reply))};
    buf_clear(&reply);
    return NULL;
}

/* -- HTTP -------------------------------------------------------------------------------------- */

static bool write_all(int socket_fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t count = write(socket_fd, bytes.data, bytes.len);
        if (count <= 0)
            return false;
        bytes = str_from(bytes, (size_t)count);
    }
    return true;
}

static bool read_all(int socket_fd, struct buf *in)
{
    char *at;
    ssize_t count = 1;
    while (count > 0 && (at = buf_reserve(in, 65536)) != NULL) {
        count = read(socket_fd, at, 65536);
        if (count > 0)
            in->len += (size_t)count;
    }
    return count == 0;
}

/* Streams operations have a target of their own. */
static struct str target_prefix(struct str operation)
{
    const struct operation *row = operation_find(operation);
    return row && row->is_stream ? S("DynamoDBStreams_20120810") : S("DynamoDB_20120810");
}

static struct str request_head(struct arena *a, struct str operation, size_t body_len)
{
    return arena_printf(a,
                        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: %.*s.%.*s\r\n"
                        "X-Amz-Date: 20260101T000000Z\r\n"
                        "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/"
                        "aws4_request, SignedHeaders=host;x-amz-date, Signature=00\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        STR_ARG(target_prefix(operation)), STR_ARG(operation), body_len);
}

/* The body behind the empty line; the connection was closed after it. */
static struct error *take_answer(struct arena *a, struct str bytes, struct case_answer *out)
{
    uint64_t status;
    for (size_t i = 0; i + 4 <= bytes.len; i++)
        if (str_starts(str_from(bytes, i), S("\r\n\r\n"))) {
            if (!str_to_u64(str_slice(bytes, 9, 3), 599, &status))
                break;
            *out = (struct case_answer){(int)status, arena_str(a, str_from(bytes, i + 4))};
            return NULL;
        }
    return error_new(a, &error_usage, "the endpoint's answer is no HTTP answer");
}

static struct error *send_over_http(const struct sockaddr_in *address, struct arena *a,
                                    struct str operation, struct str request,
                                    struct case_answer *out)
{
    struct error *error = NULL;
    struct buf in;
    buf_init(&in, MAX_ANSWER);
    int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0 ||
        connect(socket_fd, (const struct sockaddr *)(const void *)address, sizeof *address) != 0)
        error = error_errno(a, "connect to the endpoint");
    else if (!write_all(socket_fd, request_head(a, operation, request.len)) ||
             !write_all(socket_fd, request) || !read_all(socket_fd, &in))
        error = error_errno(a, "exchange with the endpoint");
    else
        error = take_answer(a, buf_str(&in), out);
    if (socket_fd >= 0)
        close(socket_fd);
    buf_clear(&in);
    return error;
}

struct error *case_send(struct case_target *target, struct arena *a, struct str operation,
                        struct str request, struct case_answer *out)
{
    return target->engine ? send_to_engine(target->engine, a, operation, request, out)
                          : send_over_http(&target->address, a, operation, request, out);
}
