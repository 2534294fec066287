/* What the server does not put up with: too much, too slow, too many. */
#include "http/test_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <tap.h>
#include <unistd.h>

static void handle(struct http_exchange *x, void *context)
{
    (void)context;
    const struct http_request *r = http_request_of(x);
    uint64_t size = 0;
    if (!str_to_u64(r->query, 1 << 30, &size))
        size = 0;
    char *bytes = memset(mem_alloc(size), 'x', size);
    struct str body = size ? (struct str){bytes, size} : r->body;
    http_respond(x, &(struct http_response){.status = 200, .body = body});
    free(bytes);
}

static struct fixture start(struct http_limits limits)
{
    struct fixture f;
    fixture_start(&f, (struct http_options){.handler = handle, .loops = 2, .limits = limits});
    return f;
}

static struct str repeat(struct arena *a, char c, size_t count)
{
    return (struct str){memset(arena_alloc(a, count), c, count), count};
}

/* -- too much ---------------------------------------------------------------------------------- */

TEST(large_heads_are_refused)
{
    struct fixture f = start((struct http_limits){.head_bytes = 1000});
    struct str target = arena_printf(arena, "GET /%.*s HTTP/1.1\r\nHost: h\r\n\r\n",
                                     STR_ARG(repeat(arena, 'a', 20000)));
    CHECK_INT(answer_status(client_once(arena, &f, target)), 414);
    for (size_t size = 900; size < 20000; size *= 4) {
        struct str head = arena_printf(arena, "GET / HTTP/1.1\r\nHost: h\r\nA: %.*s\r\n\r\n",
                                       STR_ARG(repeat(arena, 'a', size)));
        int fd = client_connect(&f);
        client_send(fd, head);
        CHECK_INT(answer_status(client_answer(arena, fd)), size > 950 ? 431 : 200);
        close(fd);
    }
    fixture_stop(&f);
}

TEST(heads_may_be_as_large_as_the_limit)
{
    struct fixture f = start((struct http_limits){.head_bytes = 100000});
    int fd = client_connect(&f);
    for (size_t size = 8000; size < 100000; size += 3001) {
        struct str head = arena_printf(
            arena, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nA: %.*s\r\n\r\nabc",
            STR_ARG(repeat(arena, 'a', size)));
        client_send(fd, head);
        if (!CHECK_STR(answer_body(client_answer(arena, fd)), S("abc")))
            break;
    }
    close(fd);
    fixture_stop(&f);
}

TEST(large_bodies_are_refused_and_the_answer_arrives)
{
    struct fixture f = start((struct http_limits){.body_bytes = 100000});
    /* The client goes on sending all the same: the refusal must not be lost in a reset. */
    struct str body = repeat(arena, 'b', 1000000);
    struct str plain = S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    CHECK_INT(answer_status(client_once(arena, &f, arena_join(arena, plain, body))), 413);
    struct str chunked = S("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "f4240\r\n");
    CHECK_INT(answer_status(client_once(arena, &f, arena_join(arena, chunked, body))), 413);
    struct str huge =
        S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n");
    CHECK_INT(answer_status(client_once(arena, &f, huge)), 413);
    struct str just = S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n"
                        "Connection: close\r\n\r\n");
    just = arena_join(arena, just, str_slice(body, 0, 100000));
    CHECK_INT(answer_body(client_once(arena, &f, just)).len, 100000);
    fixture_stop(&f);
}

/* The server has noticed that its clients have left, or has made them. */
static void wait_until_closed(const struct fixture *f)
{
    for (int i = 0; i < 500 && http_stats(f->server).open; i++)
        sleep_ms(10);
    CHECK_INT(http_stats(f->server).open, 0);
}

/* -- too slow ---------------------------------------------------------------------------------- */

/* Sends `bytes`, then one byte in each 20 ms, and tells after how many it was cut off. */
static int64_t drip(struct arena *arena, struct fixture *f, struct str bytes, struct str *answer)
{
    int fd = client_connect(f);
    int64_t before = time_ms();
    client_send(fd, bytes);
    for (int i = 0; i < 100; i++) {
        client_send(fd, S("a"));
        sleep_ms(20);
        char peek;
        if (recv(fd, &peek, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
            break;
    }
    int64_t took = time_ms() - before;
    *answer = client_answer(arena, fd);
    close(fd);
    return took;
}

TEST(drips_are_cut_off)
{
    struct fixture f = start((struct http_limits){.head_timeout_ms = 200, .body_timeout_ms = 300});
    struct str answer;
    int64_t took = drip(arena, &f, S("GET / HTTP/1.1\r\nHost: "), &answer);
    CHECK(took >= 180 && took < 5000);
    CHECK_INT(answer_status(answer), 408);
    took = drip(arena, &f, S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n"), &answer);
    CHECK(took >= 280 && took < 5000);
    CHECK_INT(answer_status(answer), 408);
    took =
        drip(arena, &f,
             S("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n500\r\n"), &answer);
    CHECK(took >= 280 && took < 5000);
    CHECK_INT(answer_status(answer), 408);
    fixture_stop(&f);
}

TEST(deadlines_start_anew_with_each_request)
{
    struct fixture f = start((struct http_limits){.head_timeout_ms = 800, .body_timeout_ms = 800});
    int fd = client_connect(&f);
    for (int i = 0; i < 4; i++) {
        client_send(fd, S("POST / HTTP/1.1\r\n"));
        sleep_ms(210);
        client_send(fd, S("Host: h\r\nContent-Length: 3\r\n\r\na"));
        sleep_ms(210);
        client_send(fd, S("bc"));
        CHECK_INT(answer_status(client_answer(arena, fd)), 200);
    }
    close(fd);
    fixture_stop(&f);
}

TEST(idle_connections_are_closed)
{
    struct fixture f = start((struct http_limits){.idle_timeout_ms = 600});
    int fresh = client_connect(&f), used = client_connect(&f);
    client_send(used, S("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    CHECK_INT(answer_status(client_answer(arena, used)), 200);
    CHECK(!client_sees_end(used, 50));
    CHECK(client_sees_end(fresh, 10000));
    CHECK(client_sees_end(used, 10000));
    close(fresh);
    close(used);
    fixture_stop(&f);
}

TEST(client_that_does_not_read_is_cut_off)
{
    struct fixture f = start((struct http_limits){.write_timeout_ms = 200});
    int fd = client_connect(&f);
    client_send(fd, S("GET /?50000000 HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_read(arena, fd, 1); /* The answer has begun. */
    wait_until_closed(&f);
    CHECK(client_read_all(arena, fd).len < 50000000);
    close(fd);
    fixture_stop(&f);
}

TEST(client_that_reads_slowly_is_not)
{
    struct fixture f = start((struct http_limits){.write_timeout_ms = 1000});
    int fd = client_connect(&f);
    client_send(fd, S("GET /?30000000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    size_t got = 0;
    for (struct str piece = S("x"); piece.len; got += piece.len) {
        struct arena own;
        arena_init(&own);
        piece = client_read(&own, fd, 2000000);
        arena_clear(&own);
        sleep_ms(100);
    }
    CHECK(got > 30000000);
    close(fd);
    fixture_stop(&f);
}

/* -- too many ---------------------------------------------------------------------------------- */

TEST(thousands_of_connections)
{
    enum { COUNT = 2000 };
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    rlim_t before = files.rlim_cur;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < 2 * COUNT + 100) {
        CHECK(files.rlim_max >= 2 * COUNT + 100); /* The test needs them. */
        return;
    }
    struct fixture f = start((struct http_limits){0});
    int *fds = arena_array(arena, int, COUNT);
    for (int i = 0; i < COUNT; i++)
        fds[i] = client_connect(&f);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++)
            client_send(fds[i], S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok"));
        int good = 0;
        for (int i = 0; i < COUNT; i++)
            good += str_eq(answer_body(client_answer(arena, fds[i])), S("ok"));
        CHECK_INT(good, COUNT);
    }
    CHECK_INT(http_stats(f.server).open, COUNT);
    CHECK_INT(http_stats(f.server).requests, 2 * COUNT);
    for (int i = 0; i < COUNT; i++)
        close(fds[i]);
    fixture_stop(&f);
    files.rlim_cur = before;
    setrlimit(RLIMIT_NOFILE, &files);
}

TEST(connections_above_the_limit_are_told)
{
    struct fixture f = start((struct http_limits){.max_connections = 3});
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = client_connect(&f);
        client_send(fds[i], S("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
        CHECK_INT(answer_status(client_answer(arena, fds[i])), 200);
    }
    int more = client_connect(&f);
    client_send(more, S("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    CHECK_INT(answer_status(client_read_all(arena, more)), 503);
    close(more);
    CHECK_INT(http_stats(f.server).refused, 1);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    wait_until_closed(&f);
    CHECK_INT(answer_status(client_once(
                  arena, &f, S("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))),
              200);
    fixture_stop(&f);
}

TEST(running_out_of_descriptors_sheds_connections)
{
    struct fixture f = start((struct http_limits){0});
    int served = client_connect(&f);
    client_send(served, S("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    CHECK_INT(answer_status(client_answer(arena, served)), 200);
    /* Room for the client's own end of the next connection, none for the server's. */
    int highest = dup(served);
    close(highest);
    struct rlimit files, tight;
    getrlimit(RLIMIT_NOFILE, &files);
    tight = files;
    tight.rlim_cur = (rlim_t)highest + 1;
    setrlimit(RLIMIT_NOFILE, &tight);
    int shed = client_connect(&f);
    CHECK(client_sees_end(shed, 2000));
    setrlimit(RLIMIT_NOFILE, &files);
    close(shed);
    CHECK_INT(http_stats(f.server).refused, 1);
    /* Those that are served stay served, and new ones are taken again. */
    client_send(served, S("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    CHECK_INT(answer_status(client_answer(arena, served)), 200);
    CHECK_INT(answer_status(client_once(
                  arena, &f, S("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))),
              200);
    close(served);
    fixture_stop(&f);
}

TEST(large_requests_together_are_limited)
{
    struct fixture f = start((struct http_limits){.held_bytes = 1000000});
    struct str head = S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n");
    struct str most = repeat(arena, 'b', 400000);
    int fds[4], refused = 0;
    for (size_t i = 0; i < countof(fds); i++) {
        fds[i] = client_connect(&f);
        client_send(fds[i], head);
        client_send(fds[i], most);
        sleep_ms(20);
    }
    for (size_t i = 0; i < countof(fds); i++) {
        client_send(fds[i], repeat(arena, 'b', 100000));
        int status = answer_status(client_answer(arena, fds[i]));
        CHECK(status == 200 || status == 503);
        refused += status == 503;
        close(fds[i]);
    }
    CHECK(refused >= 1 && refused <= 3);
    wait_until_closed(&f);
    /* What they held has been given back. */
    int fd = client_connect(&f);
    client_send(fd, head);
    client_send(fd, repeat(arena, 'b', 500000));
    CHECK_INT(answer_status(client_answer(arena, fd)), 200);
    close(fd);
    fixture_stop(&f);
}

TEST(answers_that_are_not_read_are_limited)
{
    struct fixture f = start((struct http_limits){.held_bytes = 20000000});
    int fds[8];
    for (size_t i = 0; i < countof(fds); i++) {
        fds[i] = client_connect(&f);
        client_send(fds[i], S("GET /?10000000 HTTP/1.1\r\nHost: h\r\n\r\n"));
        client_read(arena, fds[i], 1);
    }
    int whole = 0;
    for (size_t i = 0; i < countof(fds); i++) {
        whole += answer_body(client_answer(arena, fds[i])).len == 10000000;
        close(fds[i]);
    }
    CHECK(whole >= 1 && whole < (int)countof(fds));
    fixture_stop(&f);
}

TAP_MAIN(T(large_heads_are_refused), T(heads_may_be_as_large_as_the_limit),
         T(large_bodies_are_refused_and_the_answer_arrives), T(drips_are_cut_off),
         T(deadlines_start_anew_with_each_request), T(idle_connections_are_closed),
         T(client_that_does_not_read_is_cut_off), T(client_that_reads_slowly_is_not),
         T(thousands_of_connections), T(connections_above_the_limit_are_told),
         T(large_requests_together_are_limited), T(answers_that_are_not_read_are_limited),
         T(running_out_of_descriptors_sheds_connections))
