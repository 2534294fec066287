/* The server over real sockets: requests and answers. Limits and deadlines are in limits_test.c,
 * streams in stream_test.c. */
#include "http/test_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tap.h>
#include <unistd.h>

/* -- a handler with a path for each kind of answer --------------------------------------------- */

static void respond_text(struct http_exchange *x, int status, struct str body)
{
    http_respond(x, &(struct http_response){
                        .status = status, .content_type = S("text/plain"), .body = body});
}

static void *respond_later(void *argument)
{
    struct http_exchange *x = argument;
    const struct http_request *r = http_request_of(x);
    uint64_t delay_ms = 0;
    if (str_to_u64(r->query, 10000, &delay_ms))
        sleep_ms((int)delay_ms);
    struct str body = arena_printf(http_arena(x), "later %.*s", STR_ARG(r->body));
    bool stays = str_eq(r->method, S("PUT"));
    char *copy = stays ? NULL : mem_alloc(body.len);
    if (copy)
        body.data = memcpy(copy, body.data, body.len);
    http_respond(x, &(struct http_response){.status = 200, .body = body, .body_stays = stays});
    free(copy); /* What was not said to stay need not. */
    return NULL;
}

static void start_thread(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, argument) == 0)
        pthread_detach(thread);
}

/* Answers with as many bytes as the query says, from memory that goes away. */
static void respond_large(struct http_exchange *x)
{
    uint64_t size = 0;
    if (!str_to_u64(http_request_of(x)->query, 1 << 30, &size))
        size = 0;
    char *bytes = mem_alloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)('a' + i % 23);
    respond_text(x, 200, (struct str){bytes, size});
    memset(bytes, 0, size);
    free(bytes);
}

static void give_back(void *bytes)
{
    free(bytes);
}

/* The same, and the memory goes away when the server says that it may. */
static void respond_lent(struct http_exchange *x)
{
    uint64_t size = 0;
    if (!str_to_u64(http_request_of(x)->query, 1 << 30, &size))
        size = 0;
    char *bytes = mem_alloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)('a' + i % 23);
    http_respond(
        x, &(struct http_response){
               .status = 200, .body = {bytes, size}, .done = give_back, .done_context = bytes});
}

/* method path query peer and body, as they were understood. */
static void respond_seen(struct http_exchange *x)
{
    const struct http_request *r = http_request_of(x);
    struct str text =
        arena_printf(http_arena(x), "%.*s %.*s %.*s %.*s %.*s", STR_ARG(r->method),
                     STR_ARG(r->path), STR_ARG(r->query), STR_ARG(r->peer), STR_ARG(r->body));
    respond_text(x, 200, text);
}

static void handle(struct http_exchange *x, void *context)
{
    (void)context;
    const struct http_request *r = http_request_of(x);
    if (str_eq(r->path, S("/echo")))
        respond_text(x, 200, r->body);
    else if (str_eq(r->path, S("/large")))
        respond_large(x);
    else if (str_eq(r->path, S("/lent")))
        respond_lent(x);
    else if (str_eq(r->path, S("/later")))
        start_thread(respond_later, x);
    else if (str_eq(r->path, S("/empty")))
        http_respond(x, &(struct http_response){.status = 204});
    else if (str_eq(r->path, S("/close")))
        http_respond(x, &(struct http_response){.status = 200, .close = true});
    else if (str_eq(r->path, S("/loop")))
        respond_text(x, 200, arena_printf(http_arena(x), "%zu", http_loop_of(x)));
    else
        respond_seen(x);
}

static struct fixture start(struct http_limits limits)
{
    struct fixture f;
    fixture_start(&f, (struct http_options){.handler = handle, .loops = 2, .limits = limits});
    return f;
}

static bool is_pattern(struct str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i] != (char)('a' + i % 23))
            return false;
    return true;
}

/* -- tests ------------------------------------------------------------------------------------- */

TEST(connection_is_kept_for_more_requests)
{
    struct fixture f = start((struct http_limits){0});
    int fd = client_connect(&f);
    for (int i = 0; i < 3; i++) {
        client_send(fd, S("POST /a%20b?q=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"));
        struct str answer = client_answer(arena, fd);
        CHECK_INT(answer_status(answer), 200);
        CHECK_STR(answer_body(answer), S("POST /a b q=1 127.0.0.1 abc"));
        CHECK(str_contains(answer, S("\r\nConnection: keep-alive\r\n")));
        CHECK(str_contains(answer, S(" GMT\r\n")));
    }
    CHECK_INT(http_stats(f.server).requests, 3);
    CHECK_INT(http_stats(f.server).open, 1);
    close(fd);
    fixture_stop(&f);
}

TEST(pipelined_requests_are_answered_in_order)
{
    struct fixture f = start((struct http_limits){0});
    int fd = client_connect(&f);
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 500; i++) /* Every seventh is answered by another thread. */
        buf_printf(&b, "POST /%s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%.*s",
                   i % 7 ? "echo" : "later", i % 10, i % 10, "0123456789");
    client_send(fd, buf_str(&b));
    buf_clear(&b);
    for (int i = 0; i < 500; i++) {
        struct str want = str_slice(S("0123456789"), 0, (size_t)i % 10);
        if (i % 7 == 0)
            want = arena_join(arena, S("later "), want);
        if (!CHECK_STR(answer_body(client_answer(arena, fd)), want))
            break;
    }
    close(fd);
    fixture_stop(&f);
}

TEST(request_may_come_byte_by_byte)
{
    struct fixture f = start((struct http_limits){0});
    int fd = client_connect(&f);
    struct str request = S("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                           "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "2;x=y\r\nde\r\n1\r\nf\r\n0\r\nA: b\r\n\r\n");
    for (size_t i = 0; i < request.len; i++) {
        client_send(fd, str_slice(request, i, 1));
        if (i % 8 == 0)
            sleep_ms(1);
    }
    CHECK_STR(answer_body(client_answer(arena, fd)), S("abc"));
    CHECK_STR(answer_body(client_answer(arena, fd)), S("def"));
    close(fd);
    fixture_stop(&f);
}

TEST(large_bodies_go_both_ways)
{
    struct fixture f = start((struct http_limits){0});
    static const size_t sizes[] = {7000, 8192, 9000, 70000, 3000000};
    int fd = client_connect(&f);
    for (size_t i = 0; i < countof(sizes); i++) {
        char *bytes = arena_alloc(arena, sizes[i]);
        for (size_t at = 0; at < sizes[i]; at++)
            bytes[at] = (char)('a' + at % 23);
        client_send(fd, arena_printf(arena,
                                     "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
                                     sizes[i]));
        client_send(fd, (struct str){bytes, sizes[i]});
        client_send(fd, S("GET /after HTTP/1.1\r\nHost: h\r\n\r\n"));
        struct str body = answer_body(client_answer(arena, fd));
        CHECK_INT(body.len, sizes[i]);
        CHECK(is_pattern(body));
        CHECK_STR(answer_body(client_answer(arena, fd)), S("GET /after  127.0.0.1 "));
    }
    close(fd);
    fixture_stop(&f);
}

TEST(large_chunked_body_is_joined)
{
    struct fixture f = start((struct http_limits){0});
    int fd = client_connect(&f);
    client_send(fd, S("PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 100; i++) {
        char chunk[2300];
        for (size_t at = 0; at < sizeof chunk; at++)
            chunk[at] = (char)('a' + at % 23);
        client_send(fd, S("8fc\r\n"));
        client_send(fd, (struct str){chunk, sizeof chunk});
        client_send(fd, S("\r\n"));
    }
    client_send(fd, S("0\r\n\r\nGET /after HTTP/1.1\r\nHost: h\r\n\r\n"));
    struct str body = answer_body(client_answer(arena, fd));
    CHECK_INT(body.len, 230000);
    CHECK(is_pattern(body));
    CHECK_STR(answer_body(client_answer(arena, fd)), S("GET /after  127.0.0.1 "));
    close(fd);
    fixture_stop(&f);
}

TEST(large_answer_waits_for_a_slow_reader)
{
    struct fixture f = start((struct http_limits){0});
    int fd = client_connect(&f);
    client_send(fd, S("GET /large?20000000 HTTP/1.1\r\nHost: h\r\n\r\n"
                      "GET /after HTTP/1.1\r\nHost: h\r\n\r\n"));
    sleep_ms(100);
    struct str body = answer_body(client_answer(arena, fd));
    CHECK_INT(body.len, 20000000);
    CHECK(is_pattern(body));
    CHECK_STR(answer_body(client_answer(arena, fd)), S("GET /after  127.0.0.1 "));
    close(fd);
    fixture_stop(&f);
}

/* AddressSanitizer and LeakSanitizer see to it that each is given back, once and not too soon. */
TEST(lent_body_is_given_back_when_it_is_sent_or_given_up)
{
    struct fixture f = start((struct http_limits){0});
    int fd = client_connect(&f);
    client_send(fd, S("GET /lent?20000000 HTTP/1.1\r\nHost: h\r\n\r\n"
                      "GET /lent?5 HTTP/1.1\r\nHost: h\r\n\r\n"
                      "HEAD /lent?9000 HTTP/1.1\r\nHost: h\r\n\r\n"
                      "GET /after HTTP/1.1\r\nHost: h\r\n\r\n"));
    sleep_ms(50);
    struct str body = answer_body(client_answer(arena, fd));
    CHECK_INT(body.len, 20000000);
    CHECK(is_pattern(body));
    CHECK_STR(answer_body(client_answer(arena, fd)), S("abcde"));
    close(fd);
    fd = client_connect(&f);
    client_send(fd, S("GET /lent?20000000 HTTP/1.1\r\nHost: h\r\n\r\n"));
    sleep_ms(20);
    close(fd);
    fixture_stop(&f);
}

TEST(continue_is_said_before_the_body)
{
    struct fixture f = start((struct http_limits){.body_bytes = 1000});
    int fd = client_connect(&f);
    client_send(fd, S("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                      "Content-Length: 3\r\n\r\n"));
    CHECK_STR(client_read(arena, fd, 25), S("HTTP/1.1 100 Continue\r\n\r\n"));
    client_send(fd, S("abc"));
    CHECK_STR(answer_body(client_answer(arena, fd)), S("abc"));
    /* A body that is there already needs no leave. */
    client_send(fd, S("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                      "Content-Length: 3\r\n\r\nabc"));
    CHECK_INT(answer_status(client_answer(arena, fd)), 200);
    /* One that is too large is refused before it is sent. */
    client_send(fd, S("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                      "Content-Length: 1001\r\n\r\n"));
    CHECK_INT(answer_status(client_read_all(arena, fd)), 413);
    close(fd);
    fixture_stop(&f);
}

TEST(head_and_empty_answers_have_no_body)
{
    struct fixture f = start((struct http_limits){0});
    int fd = client_connect(&f);
    client_send(fd, S("HEAD /large?5 HTTP/1.1\r\nHost: h\r\n\r\n"
                      "GET /empty HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    struct str answers = client_read_all(arena, fd);
    CHECK(str_contains(answers, S("Content-Length: 5\r\n")));
    CHECK(str_contains(answers, S("\r\n\r\nHTTP/1.1 204 No Content\r\n")));
    CHECK(str_ends(answers, S("Connection: close\r\n\r\n")));
    CHECK(!str_contains(answers, S("Content-Length: 0")));
    close(fd);
    fixture_stop(&f);
}

TEST(connection_closes_when_either_side_says_so)
{
    struct fixture f = start((struct http_limits){0});
    static const struct str requests[] = {
        STR_INIT("GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
        STR_INIT("GET /close HTTP/1.1\r\nHost: h\r\n\r\n"),
        STR_INIT("GET /echo HTTP/1.0\r\n\r\n"),
    };
    for (size_t i = 0; i < countof(requests); i++) {
        struct str answer = client_once(arena, &f, requests[i]);
        CHECK_INT(answer_status(answer), 200);
        CHECK(str_contains(answer, S("\r\nConnection: close\r\n")));
    }
    int fd = client_connect(&f);
    for (int i = 0; i < 2; i++) {
        client_send(fd, S("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
        CHECK(str_contains(client_answer(arena, fd), S("\r\nConnection: keep-alive\r\n")));
    }
    close(fd);
    fixture_stop(&f);
}

TEST(bad_requests_are_told_and_closed)
{
    struct fixture f = start((struct http_limits){0});
    static const struct {
        struct str bytes;
        int status;
    } rows[] = {
        {STR_INIT("GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n"), 400},
        {STR_INIT("GET / HTTP/1.1\r\n\r\n"), 400},
        {STR_INIT("\x16\x03\x01"), 400},
        {STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505},
        {STR_INIT("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5x\r\n"), 400},
        {STR_INIT(
             "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
         400},
        {STR_INIT("POST / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\nContent-Length: 3\r\n\r\n"), 417},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct str answer = client_once(arena, &f, rows[i].bytes);
        CHECK_INT(answer_status(answer), rows[i].status);
        CHECK(str_contains(answer, S("\r\nConnection: close\r\n")));
    }
    /* Nothing behind the bad one is read as a request. */
    struct str answer = client_once(arena, &f,
                                    S("GET / HTTP/1.1\r\nHost: h\r\nA\r\n\r\n"
                                      "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n"));
    CHECK_INT(answer_status(answer), 400);
    CHECK(!str_contains(answer, S("200 OK")));
    fixture_stop(&f);
}

static void refuse_as_json(struct arena *a, const struct error *why, struct http_response *response)
{
    response->content_type = S("application/json");
    response->body = arena_printf(a, "{\"status\":%d}", why->kind->http_status);
}

TEST(refusals_take_the_form_of_the_api)
{
    struct fixture f;
    fixture_start(&f,
                  (struct http_options){.handler = handle, .loops = 1, .refusal = refuse_as_json});
    struct str answer = client_once(arena, &f, S("GET / HTTP/1.1\r\n\r\n"));
    CHECK_INT(answer_status(answer), 400);
    CHECK_STR(answer_body(answer), S("{\"status\":400}"));
    fixture_stop(&f);
}

TEST(any_thread_may_answer)
{
    struct fixture f = start((struct http_limits){0});
    int fds[20];
    for (size_t i = 0; i < countof(fds); i++) {
        fds[i] = client_connect(&f);
        client_send(fds[i], arena_printf(arena,
                                         "%s /later?%zu HTTP/1.1\r\nHost: h\r\n"
                                         "Content-Length: 2\r\n\r\n%02zu",
                                         i % 2 ? "PUT" : "POST", i % 5 * 10, i));
    }
    for (size_t i = 0; i < countof(fds); i++) {
        struct str answer = client_answer(arena, fds[i]);
        CHECK_STR(answer_body(answer), arena_printf(arena, "later %02zu", i));
        CHECK(!str_contains(answer, S("1970")));
        close(fds[i]);
    }
    fixture_stop(&f);
}

TEST(client_may_leave_before_the_answer)
{
    struct fixture f = start((struct http_limits){0});
    for (int i = 0; i < 10; i++) {
        int fd = client_connect(&f);
        client_send(fd, S("GET /later?50 HTTP/1.1\r\nHost: h\r\n\r\n"));
        if (i % 2) { /* With a reset, which is noticed at once, and with a quiet end. */
            struct linger hard = {.l_onoff = 1};
            sleep_ms(5);
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        }
        close(fd);
    }
    CHECK_INT(answer_status(client_once(
                  arena, &f, S("GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))),
              200);
    for (int i = 0; i < 1000 && http_stats(f.server).open; i++)
        sleep_ms(10);
    CHECK_INT(http_stats(f.server).open, 0);
    fixture_stop(&f);
}

TEST(client_may_end_its_side_and_read_the_answer)
{
    struct fixture f = start((struct http_limits){0});
    int fd = client_connect(&f);
    client_send(fd, S("GET /later?20 HTTP/1.1\r\nHost: h\r\n\r\n"
                      "GET /second HTTP/1.1\r\nHost: h\r\n\r\n"));
    shutdown(fd, SHUT_WR);
    struct str answers = client_read_all(arena, fd);
    CHECK_INT(answer_status(answers), 200);
    CHECK(str_ends(answers, S("GET /second  127.0.0.1 ")));
    close(fd);
    fixture_stop(&f);
}

TEST(connections_are_dealt_in_turn)
{
    struct fixture f = start((struct http_limits){0});
    int on_loop[2] = {0};
    for (int i = 0; i < 10; i++) {
        struct str answer =
            client_once(arena, &f, S("GET /loop HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
        on_loop[str_eq(answer_body(answer), S("1"))]++;
    }
    CHECK_INT(on_loop[0], 5);
    CHECK_INT(on_loop[1], 5);
    fixture_stop(&f);
}

/* -- posted work ------------------------------------------------------------------------------- */

struct count {
    struct http_server *server;
    _Atomic int done;
    int order[3];
};

struct numbered {
    struct count *count;
    int number;
};

static void note(void *argument)
{
    struct numbered *n = argument;
    n->count->order[n->count->done] = n->number;
    n->count->done++;
}

static void post_again(void *argument)
{
    struct count *c = argument;
    if (c->done++ < 100)
        http_post(c->server, 1, post_again, c);
}

TEST(posted_work_runs_in_order)
{
    struct fixture f = start((struct http_limits){0});
    struct count c = {.server = f.server};
    struct numbered n[3] = {{&c, 1}, {&c, 2}, {&c, 3}};
    for (int i = 0; i < 3; i++)
        http_post(f.server, 1, note, &n[i]);
    while (c.done < 3)
        sleep_ms(1);
    CHECK_INT(c.order[0] * 100 + c.order[1] * 10 + c.order[2], 123);
    c.done = 0;
    http_post(f.server, 1, post_again, &c);
    while (c.done < 101)
        sleep_ms(1);
    fixture_stop(&f);
}

/* -- opening and closing ----------------------------------------------------------------------- */

TEST(taken_port_names_the_flag)
{
    struct fixture f = start((struct http_limits){0});
    static const char *const addresses[] = {"127.0.0.1"};
    struct http_options options = {.addresses = addresses,
                                   .address_count = 1,
                                   .port = http_port(f.server),
                                   .handler = handle,
                                   .clock = &clock_system,
                                   .port_flag = "--port"};
    struct http_server *server;
    struct error *why = http_open(arena, &options, &server);
    if (CHECK(why))
        CHECK_STR(why->message,
                  arena_printf(arena,
                               "127.0.0.1:%u is already in use; choose another port with --port",
                               http_port(f.server)));
    static const char *const names[] = {"localhost"};
    options.addresses = names;
    why = http_open(arena, &options, &server);
    if (CHECK(why))
        CHECK_STR(why->message, S("\"localhost\" is not an IP address"));
    fixture_stop(&f);
}

TEST(both_loopback_addresses_share_a_port)
{
    static const char *const addresses[] = {"127.0.0.1", "::1"};
    struct http_options options = {
        .addresses = addresses, .address_count = 2, .handler = handle, .clock = &clock_system};
    struct http_server *server;
    if (!CHECK(!http_open(arena, &options, &server)))
        return;
    CHECK(!http_start(arena, server));
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(http_port(server))};
    address.sin6_addr = in6addr_loopback;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
        client_send(fd, S("GET /x HTTP/1.1\r\nHost: h\r\n\r\n"));
        CHECK_STR(answer_body(client_answer(arena, fd)), S("GET /x  ::1 "));
    } else {
        CHECK(errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT); /* No IPv6 on this machine. */
    }
    close(fd);
    http_close(server, 0);
}

TEST(server_may_close_without_having_started)
{
    static const char *const addresses[] = {"127.0.0.1"};
    struct http_options options = {
        .addresses = addresses, .address_count = 1, .handler = handle, .clock = &clock_system};
    struct http_server *server;
    if (CHECK(!http_open(arena, &options, &server)))
        http_close(server, 0);
}

static void count_task(void *argument)
{
    ++*(int *)argument;
}

TEST(posts_to_a_stopped_server_run_when_it_is_freed)
{
    struct fixture f = start((struct http_limits){0});
    int ran = 0;
    http_stop(f.server, 0);
    http_post(f.server, 0, count_task, &ran);
    CHECK_INT(ran, 0);
    http_free(f.server);
    CHECK_INT(ran, 1);
    arena_clear(&f.arena);
}

TEST(close_answers_what_is_under_way)
{
    struct fixture f = start((struct http_limits){0});
    int idle = client_connect(&f), busy = client_connect(&f), half = client_connect(&f);
    client_send(busy, S("GET /later?100 HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_send(half, S("GET /late"));
    sleep_ms(20);
    http_close(f.server, 300);
    arena_clear(&f.arena);
    struct str answer = client_read_all(arena, busy);
    CHECK_INT(answer_status(answer), 200);
    CHECK(client_sees_end(idle, 0));
    CHECK(client_sees_end(half, 0));
    close(idle);
    close(busy);
    close(half);
}

TEST(close_waits_for_answers_after_the_grace)
{
    struct fixture f = start((struct http_limits){0});
    int fd = client_connect(&f);
    client_send(fd, S("GET /later?200 HTTP/1.1\r\nHost: h\r\n\r\n"));
    sleep_ms(20);
    int64_t before = time_ms();
    http_close(f.server, 10);
    CHECK(time_ms() - before >= 150);
    CHECK_INT(client_read_all(arena, fd).len, 0);
    close(fd);
    arena_clear(&f.arena);
}

TAP_MAIN(T(connection_is_kept_for_more_requests), T(pipelined_requests_are_answered_in_order),
         T(request_may_come_byte_by_byte), T(large_bodies_go_both_ways),
         T(large_chunked_body_is_joined), T(large_answer_waits_for_a_slow_reader),
         T(lent_body_is_given_back_when_it_is_sent_or_given_up),
         T(continue_is_said_before_the_body), T(head_and_empty_answers_have_no_body),
         T(connection_closes_when_either_side_says_so), T(bad_requests_are_told_and_closed),
         T(refusals_take_the_form_of_the_api), T(any_thread_may_answer),
         T(client_may_leave_before_the_answer), T(client_may_end_its_side_and_read_the_answer),
         T(connections_are_dealt_in_turn), T(posted_work_runs_in_order),
         T(taken_port_names_the_flag), T(both_loopback_addresses_share_a_port),
         T(server_may_close_without_having_started),
         T(posts_to_a_stopped_server_run_when_it_is_freed), T(close_answers_what_is_under_way),
         T(close_waits_for_answers_after_the_grace))
