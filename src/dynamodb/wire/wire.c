/* Life of a request on its loop:
 *
 *     on_request --refused--> answer_error
 *         | begin_call: a wire_call from the loop's spares
 *         v
 *     step_call --CALL_MORE--> http_post(step_call)
 *         | CALL_DONE
 *         v
 *     gate_wait ... on_release --> answer ... sent: the wire_call back to the spares
 *
 * All but the commit thread's gate_on_sync happens on the loop's thread, so loops share nothing. */
#include "dynamodb/wire/wire.h"

#include "base/encode.h"
#include "dynamodb/api/api.h"
#include "dynamodb/wire/auth.h"
#include "dynamodb/wire/gate.h"
#include "dynamodb/wire/gzip.h"
#include "dynamodb/wire/head.h"
#include "dynamodb/wire/verify.h"
#include "json/reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_ID_CHARS 52
#define REPLY_MAX_BYTES (128u << 20) /* 16 MB of items, every character escaped as six */
#define REPLY_KEPT_BYTES (64u << 10) /* what a spare call may keep */
#define REPLY_LARGE_BYTES (2u << 20) /* holds most pages of 1 MB; one is kept for each loop */
#define PACK_ABOVE_BYTES                                                                           \
    (4u << 10) /* longer answers are packed when asked for, as the service's                       \
                */
#define MAX_HEADERS 8

struct wire_call {
    struct gate_waiter waiter; /* first, so that a waiter is its call */
    struct wire_loop *loop;
    struct http_exchange *x;
    struct call call;
    struct buf reply;
    struct buf packed; /* the reply with gzip, when that is what was sent */
    struct wire_head head;
    struct wire_call *next_spare;
};

struct wire_loop {
    struct wire *wire;
    size_t number;
    struct wire_call *spares;
    struct buf
        large; /* for the next long reply; no memory while one uses it, or before the first */
    struct rand_seeded seed;
    struct rand_source ids;
    char id_head[REQUEST_ID_CHARS - 24];
} __attribute__((aligned(64)));

struct wire {
    struct engine *engine;
    struct http_server *server;
    struct gate *gate;
    struct gzip *gzip;
    struct verify *verify; /* NULL: any credentials will do */
    struct origin_rules origin;
    struct str region;
    struct wire_loop *loops;
    size_t loop_count;
};

/* -- answers ------------------------------------------------------------------------------------
 */

/* Eight base 32 digits from 40 bits, all at once: spread to five bits a byte, then '0' to '9' and
 * 'A' to 'V'. */
static uint64_t digits_of(uint64_t bits)
{
    uint64_t d = (bits & 0xfffff) | (bits & 0xfffff00000) << 12; /* 20 bits in each half */
    d = (d & 0x000003ff000003ff) | (d & 0x000ffc00000ffc00) << 6;
    d = (d & 0x001f001f001f001f) | (d & 0x03e003e003e003e0) << 3;
    uint64_t is_letter = (d + 0x7676767676767676) >> 7 & 0x0101010101010101; /* from 10 on */
    return d + 0x3030303030303030 + is_letter * ('A' - '0' - 10);
}

/* As the service's: 52 digits in base 32. The first 28 are the loop's, the others each request's:
 * 120 bits of chance are enough for no two to be equal. */
static void request_id(struct wire_loop *loop, char out[REQUEST_ID_CHARS])
{
    memcpy(out, loop->id_head, sizeof loop->id_head);
    for (size_t i = sizeof loop->id_head; i < REQUEST_ID_CHARS; i += 8) {
        uint64_t eight = digits_of(rand_u64(&loop->ids));
        memcpy(out + i, &eight, 8);
    }
}

struct answer {
    int status;
    struct str content_type;
    struct str body;
    struct str content_encoding;
    struct wire_call *call; /* whose the body is, until it is sent; NULL: nobody's */
};

static void give_call(void *call);

static size_t add_cors(struct wire_loop *loop, struct str origin, struct http_header *headers)
{
    const struct origin_rules *rules = &loop->wire->origin;
    if (!origin.len || !origin_allows(rules, origin))
        return 0;
    headers[0].name = S("Access-Control-Allow-Origin");
    headers[0].value = rules->is_any_origin ? S("*") : origin;
    headers[1].name = S("Access-Control-Expose-Headers");
    headers[1].value = S("x-amzn-RequestId,x-amz-crc32,Content-Encoding,Date");
    if (rules->is_any_origin)
        return 2;
    headers[2] = (struct http_header){S("Vary"), S("Origin")};
    return 3;
}

static void send_answer(struct wire_loop *loop, struct http_exchange *x,
                        const struct wire_head *head, const struct answer *answer)
{
    char id[REQUEST_ID_CHARS], crc[STR_U64_BYTES];
    request_id(loop, id);
    struct http_header headers[MAX_HEADERS] = {
        {S("x-amzn-RequestId"), {id, sizeof id}},
        {S("x-amz-crc32"), str_of_u64(crc32_of(answer->body), crc)},
    };
    size_t count = 2;
    if (answer->content_encoding.len)
        headers[count++] = (struct http_header){S("Content-Encoding"), answer->content_encoding};
    count += add_cors(loop, head->origin, headers + count);
    assert(count <= MAX_HEADERS);
    http_respond(x, &(struct http_response){.status = answer->status,
                                            .content_type = answer->content_type,
                                            .headers = headers,
                                            .header_count = count,
                                            .body = answer->body,
                                            .done = answer->call ? give_call : NULL,
                                            .done_context = answer->call});
}

/* The type the service answers in: application/json only to those who asked in it. */
static struct str reply_type(const struct wire_head *head)
{
    if (str_eq_nocase(head_media_type(head->content_type), S("application/x-amz-json-1.0")))
        return S("application/x-amz-json-1.0");
    return S("application/json");
}

/* Errors found before the engine is asked; nearly all are the front's ("coral.service"). */
static void answer_error(struct wire_loop *loop, struct http_exchange *x,
                         const struct wire_head *head, const struct error *e, int status)
{
    struct buf body;
    buf_init(&body, 64 << 10);
    buf_add(&body, S("{\"__type\":\""));
    buf_add(&body, e->kind == &error_InternalServerError ? S("com.amazonaws.dynamodb.v20120810#")
                                                         : S("com.amazon.coral.service#"));
    buf_add_z(&body, e->kind->name);
    buf_add_char(&body, '"');
    if (e->message.len) {
        buf_add(&body, S(",\"message\":"));
        json_escape(&body, e->message);
    }
    buf_add_char(&body, '}');
    send_answer(loop, x, head,
                &(struct answer){
                    .status = status, .content_type = reply_type(head), .body = buf_str(&body)});
    buf_clear(&body);
}

static void refuse(struct wire_loop *loop, struct http_exchange *x, const struct wire_head *head,
                   const struct error *e)
{
    answer_error(loop, x, head, e, e->kind->http_status);
}

/* What the service answers when a request is none of its protocol's. */
static void answer_not_ours(struct wire_loop *loop, struct http_exchange *x,
                            const struct wire_head *head)
{
    send_answer(loop, x, head,
                &(struct answer){.status = 404, .body = S("<UnknownOperationException/>\n")});
}

/* -- calls --------------------------------------------------------------------------------------
 */

static struct wire_call *take_call(struct wire_loop *loop)
{
    struct wire_call *c = loop->spares;
    if (c) {
        loop->spares = c->next_spare;
        return c;
    }
    c = mem_zalloc(sizeof *c);
    c->loop = loop;
    buf_init(&c->reply, REPLY_MAX_BYTES);
    return c;
}

static void give_call(void *call)
{
    struct wire_call *c = call;
    struct buf *large = &c->loop->large;
    buf_reset(&c->reply);
    if (c->reply.cap > REPLY_KEPT_BYTES && c->reply.cap <= REPLY_LARGE_BYTES && !large->data) {
        *large = c->reply;
        buf_init(&c->reply, REPLY_MAX_BYTES);
    } else if (c->reply.cap > REPLY_KEPT_BYTES) {
        buf_clear(&c->reply);
    }
    buf_clear(&c->packed);
    c->x = NULL;
    c->next_spare = c->loop->spares;
    c->loop->spares = c;
}

static void answer_call(struct wire_call *c)
{
    struct answer answer = {.status = c->call.status,
                            .content_type = reply_type(&c->head),
                            .body = buf_str(&c->reply),
                            .call = c};
    enum coding coding = CODING_NONE;
    if (answer.body.len > PACK_ABOVE_BYTES)
        coding = coding_accepted(c->head.accept_encoding);
    if (coding != CODING_NONE) {
        buf_init(&c->packed, answer.body.len);
        if (gzip_pack(c->loop->wire->gzip, c->call.arena, coding, answer.body, &c->packed)) {
            answer.body = buf_str(&c->packed);
            answer.content_encoding = coding_name(coding);
        }
    }
    send_answer(c->loop, c->x, &c->head, &answer);
}

/* gate.h: what the answer depended on is durable, or will never be. */
static void on_release(struct gate_waiter *waiter, void *context)
{
    struct wire *wire = context;
    struct wire_call *c = (struct wire_call *)waiter;
    if (c->call.depends_on && engine_failed(wire->engine)) {
        buf_reset(&c->reply);
        engine_fail_call(wire->engine, &c->call);
    }
    answer_call(c);
}

/* A reply that takes several slices mostly becomes a page of 1 MB: room for all of that, before it
 * has been moved about. What is not filled costs no memory. */
static void use_large(struct wire_call *c)
{
    struct buf small = c->reply, *large = &c->loop->large;
    if (small.cap >= REPLY_LARGE_BYTES)
        return;
    if (!large->data) {
        buf_init(large, REPLY_MAX_BYTES);
        buf_reserve(large, REPLY_LARGE_BYTES);
    }
    c->reply = *large;
    *large = (struct buf){0};
    buf_add(&c->reply, buf_str(&small));
    buf_clear(&small);
}

static void step_call(void *argument)
{
    struct wire_call *c = argument;
    struct wire *wire = c->loop->wire;
    if (engine_call(wire->engine, &c->call) == CALL_MORE) {
        use_large(c);
        http_post(wire->server, c->loop->number, step_call, c);
        return;
    }
    c->waiter.depends_on = c->call.depends_on;
    gate_wait(wire->gate, c->loop->number, &c->waiter);
}

static void begin_call(struct wire_loop *loop, struct http_exchange *x,
                       const struct wire_head *head, const struct operation *operation,
                       struct str body)
{
    struct wire_call *c = take_call(loop);
    c->x = x;
    c->head = *head;
    c->call = (struct call){.operation = operation->name,
                            .request = body,
                            .host = head->host,
                            .arena = http_arena(x),
                            .reply = &c->reply};
    step_call(c);
}

/* -- requests -----------------------------------------------------------------------------------
 */

/* "DynamoDB_20120810.PutItem", "DynamoDBStreams_20120810.GetRecords"; NULL when unknown. */
static const struct operation *target_operation(struct str target)
{
    struct str service;
    if (!str_cut(&target, '.', &service))
        return NULL;
    const struct operation *operation = operation_find(target);
    if (!operation)
        return NULL;
    struct str expected =
        operation->is_stream ? S("DynamoDBStreams_20120810") : S("DynamoDB_20120810");
    return str_eq(service, expected) ? operation : NULL;
}

static bool is_json(struct arena *a, struct str text)
{
    struct json_reader r;
    json_reader_init(&r, text, a);
    return json_skip(&r) && json_finish(&r);
}

/* The body without its Content-Encoding; an unknown one is trouble of the service's own. */
static struct error *plain_body(struct wire_loop *loop, struct arena *a,
                                const struct http_request *request, const struct wire_head *head,
                                struct str *out)
{
    enum coding coding = coding_of(head->content_encoding);
    *out = request->body;
    if (coding == CODING_NONE)
        return NULL;
    if (coding == CODING_UNKNOWN)
        return error_new(a, &error_InternalServerError, "Unknown Content-Encoding");
    struct buf plain;
    buf_init(&plain, LIMIT_REQUEST_BODY);
    struct error *e = gzip_unpack(loop->wire->gzip, a, coding, request->body, &plain);
    if (!e)
        *out = arena_str(a, buf_str(&plain));
    buf_clear(&plain);
    return e;
}

static struct error *authenticate(struct wire *wire, struct arena *a,
                                  const struct http_request *request, const struct wire_head *head)
{
    TRY(auth_check_form(a, request, head));
    return wire->verify ? verify_request(wire->verify, a, request, head) : NULL;
}

/* The checks before the engine, in the service's order: media type, JSON, target, authentication.
 */
static void on_post(struct wire_loop *loop, struct http_exchange *x, const struct wire_head *head)
{
    const struct http_request *request = http_request_of(x);
    struct arena *a = http_arena(x);
    struct str type = head_media_type(head->content_type);
    if (request->body.len && !str_eq_nocase(type, S("application/x-amz-json-1.0")) &&
        !str_eq_nocase(type, S("application/json"))) {
        answer_not_ours(loop, x, head);
        return;
    }
    struct str body;
    struct error *e = plain_body(loop, a, request, head, &body);
    if (e) {
        refuse(loop, x, head, e);
        return;
    }
    const struct operation *operation = target_operation(head->target);
    e = operation ? authenticate(loop->wire, a, request, head)
                  : error_new(a, &error_UnknownOperationException, "%s", "");
    /* The engine finds broken JSON itself; here it matters only because it comes first. */
    if (e && body.len && !is_json(a, body))
        e = error_new(a, &error_SerializationException, "%s", "");
    if (e)
        refuse(loop, x, head, e);
    else
        begin_call(loop, x, head, operation, body);
}

static void on_get(struct wire_loop *loop, struct http_exchange *x, const struct wire_head *head)
{
    const struct http_request *request = http_request_of(x);
    struct answer answer = {.status = 200};
    if (str_eq(request->path, S("/"))) {
        answer.body = arena_printf(http_arena(x), "healthy: dynamodb.%.*s.amazonaws.com ",
                                   STR_ARG(loop->wire->region));
    } else if (!str_eq(request->path, S("/healthz"))) {
        answer_not_ours(loop, x, head);
        return;
    } else {
        answer.content_type = S("text/plain");
        answer.body = S("ok\n");
        if (engine_failed(loop->wire->engine)) {
            answer.status = 503;
            answer.body = S("a write to the disk has failed; restart when the disk is well\n");
        }
    }
    send_answer(loop, x, head, &answer);
}

/* A browser asks before it sends. */
static void on_preflight(struct wire_loop *loop, struct http_exchange *x,
                         const struct wire_head *head)
{
    char id[REQUEST_ID_CHARS];
    request_id(loop, id);
    struct http_header headers[MAX_HEADERS] = {{S("x-amzn-RequestId"), {id, sizeof id}},
                                               {S("Access-Control-Max-Age"), S("172800")}};
    size_t count = 2;
    count += add_cors(loop, head->origin, headers + count);
    if (head->cors_headers.len)
        headers[count++] =
            (struct http_header){S("Access-Control-Allow-Headers"), head->cors_headers};
    if (head->cors_method.len)
        headers[count++] =
            (struct http_header){S("Access-Control-Allow-Methods"), head->cors_method};
    assert(count <= MAX_HEADERS);
    http_respond(x,
                 &(struct http_response){.status = 200, .headers = headers, .header_count = count});
}

static void on_request(struct http_exchange *x, void *context)
{
    struct wire *wire = context;
    struct wire_loop *loop = &wire->loops[http_loop_of(x)];
    const struct http_request *request = http_request_of(x);
    struct wire_head head = head_of(request);
    if (head.host.len && !origin_allows_host(&wire->origin, head.host)) {
        struct error *e = error_new(http_arena(x), &error_AccessDeniedException,
                                    "The Host '%.*s' is not served here; start with --host to "
                                    "allow a name besides localhost",
                                    STR_ARG(head.host));
        answer_error(loop, x, &head, e, 403);
        return;
    }
    bool is_read = str_eq(request->method, S("GET")) || str_eq(request->method, S("HEAD"));
    if (str_eq(request->method, S("POST")) && str_eq(request->path, S("/")))
        on_post(loop, x, &head);
    else if (is_read)
        on_get(loop, x, &head);
    else if (str_eq(request->method, S("OPTIONS")) && head.origin.len &&
             origin_allows(&wire->origin, head.origin))
        on_preflight(loop, x, &head);
    else
        answer_not_ours(loop, x, &head);
}

/* -- the endpoint -------------------------------------------------------------------------------
 */

static uint64_t synced_of(void *context)
{
    const struct wire *wire = context;
    return engine_synced(wire->engine);
}

static void post_task(void *context, size_t loop, void (*task)(void *argument), void *argument)
{
    struct wire *wire = context;
    http_post(wire->server, loop, task, argument);
}

static void on_sync(void *context)
{
    struct wire *wire = context;
    gate_on_sync(wire->gate);
}

static void init_loops(struct wire *wire, const struct rand_source *rand)
{
    wire->loop_count = http_loop_count(wire->server);
    wire->loops = aligned_alloc(64, wire->loop_count * sizeof *wire->loops);
    if (!wire->loops)
        abort();
    for (size_t i = 0; i < wire->loop_count; i++) {
        struct wire_loop *loop = &wire->loops[i];
        *loop = (struct wire_loop){.wire = wire, .number = i, .seed = {.state = rand_u64(rand)}};
        loop->ids = rand_seeded(&loop->seed);
        for (size_t k = 0; k < sizeof loop->id_head; k++)
            loop->id_head[k] = (char)digits_of(rand_u64(&loop->ids));
    }
}

struct error *wire_open(struct arena *a, const struct wire_options *options, struct wire **out)
{
    struct wire *wire = mem_zalloc(sizeof *wire);
    wire->engine = options->engine;
    wire->origin = options->origin;
    wire->region = options->region.len ? options->region : S("us-east-1");
    struct http_options http = {.addresses = options->addresses,
                                .address_count = options->address_count,
                                .port = options->port,
                                .loops = options->loops,
                                .limits = options->limits,
                                .handler = on_request,
                                .context = wire,
                                .clock = options->clock,
                                .port_flag = options->port_flag};
    http.limits.body_bytes = LIMIT_REQUEST_BODY;
    struct error *e = http_open(a, &http, &wire->server);
    if (e) {
        free(wire);
        return e;
    }
    init_loops(wire, options->rand);
    wire->gzip = gzip_new();
    if (options->credentials)
        wire->verify = verify_new(options->credentials, options->clock);
    wire->gate = gate_new(&(struct gate_options){.loops = wire->loop_count,
                                                 .synced = synced_of,
                                                 .post = post_task,
                                                 .release = on_release,
                                                 .context = wire});
    engine_set_on_sync(wire->engine, on_sync, wire);
    *out = wire;
    return NULL;
}

struct error *wire_start(struct arena *a, struct wire *wire)
{
    return http_start(a, wire->server);
}

uint16_t wire_port(const struct wire *wire)
{
    return http_port(wire->server);
}

void wire_stop(struct wire *wire, int64_t grace_ms)
{
    http_stop(wire->server, grace_ms);
    engine_set_on_sync(wire->engine, NULL, NULL); /* syncs go on, and have nobody to wake */
    http_free(wire->server);
    wire->server = NULL;
}

void wire_free(struct wire *wire)
{
    if (!wire)
        return;
    assert(!wire->server); /* wire_stop comes first */
    for (size_t i = 0; i < wire->loop_count; i++) {
        while (wire->loops[i].spares) {
            struct wire_call *c = wire->loops[i].spares;
            wire->loops[i].spares = c->next_spare;
            buf_clear(&c->reply);
            free(c);
        }
        buf_clear(&wire->loops[i].large);
    }
    free(wire->loops);
    gate_free(wire->gate);
    gzip_free(wire->gzip);
    verify_free(wire->verify);
    free(wire);
}
