/* Answers that go on: streams, written from any thread while their clients come and go. */
#include "http/test_client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tap.h>
#include <unistd.h>

/* All open streams, as a messaging hub would hold them: the context that outlives each. */
struct hub {
    pthread_mutex_t lock;
    struct http_stream *streams[64];
    size_t count;
    _Atomic int gone;
    bool closes_in_gone;
};

static bool take_out(struct hub *h, struct http_stream *s)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->streams[i] == s) {
            h->streams[i] = h->streams[--h->count];
            return true;
        }
    return false;
}

static void on_gone(struct http_stream *s, void *context)
{
    struct hub *h = context;
    h->gone++;
    pthread_mutex_lock(&h->lock);
    bool was_there = h->closes_in_gone && take_out(h, s);
    pthread_mutex_unlock(&h->lock);
    if (was_there)
        http_stream_close(s);
}

static void open_in(struct hub *h, struct http_exchange *x)
{
    static const struct http_header headers[] = {{STR_INIT("Cache-Control"), STR_INIT("no-store")}};
    struct http_response head = {.status = 200,
                                 .content_type = S("text/event-stream"),
                                 .headers = headers,
                                 .header_count = 1,
                                 .body = S(": hello\n\n")};
    /* Under the hub's lock, so that `gone` finds the stream. */
    pthread_mutex_lock(&h->lock);
    h->streams[h->count++] = http_stream_open(x, &head, on_gone, h);
    pthread_mutex_unlock(&h->lock);
}

static void handle(struct http_exchange *x, void *context)
{
    if (str_eq(http_request_of(x)->path, S("/stream")))
        open_in(context, x);
    else
        http_respond(x, &(struct http_response){.status = 200});
}

struct later {
    struct hub *hub;
    struct http_exchange *x;
};

static void *open_later(void *argument)
{
    struct later *l = argument;
    sleep_ms(20);
    open_in(l->hub, l->x);
    free(l);
    return NULL;
}

static void handle_on_thread(struct http_exchange *x, void *context)
{
    struct later *l = mem_alloc(sizeof *l);
    *l = (struct later){context, x};
    pthread_t thread;
    pthread_create(&thread, NULL, open_later, l);
    pthread_detach(thread);
}

static void start(struct fixture *f, struct hub *h, http_handler *handler,
                  struct http_limits limits)
{
    *h = (struct hub){.closes_in_gone = true};
    pthread_mutex_init(&h->lock, NULL);
    fixture_start(
        f, (struct http_options){.handler = handler, .context = h, .loops = 2, .limits = limits});
}

/* Asks for a stream and waits for its first bytes. */
static int subscribe(struct arena *arena, struct fixture *f)
{
    int fd = client_connect(f);
    client_send(fd, S("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"));
    struct str head = client_answer(arena, fd);
    CHECK_INT(answer_status(head), 200);
    CHECK(str_contains(head, S("\r\nContent-Type: text/event-stream\r\n")));
    CHECK(!str_contains(head, S("Content-Length")));
    CHECK_STR(client_read(arena, fd, 9), S(": hello\n\n"));
    return fd;
}

static size_t write_all(struct hub *h, struct str bytes)
{
    size_t taken = 0;
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->count; i++)
        taken += http_stream_write(h->streams[i], bytes);
    pthread_mutex_unlock(&h->lock);
    return taken;
}

static void close_all(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    while (h->count)
        http_stream_close(h->streams[--h->count]);
    pthread_mutex_unlock(&h->lock);
}

static void wait_for_gone(struct hub *h, int count)
{
    for (int i = 0; i < 500 && h->gone < count; i++)
        sleep_ms(10);
    CHECK_INT(h->gone, count);
}

TEST(events_reach_all_and_the_end_too)
{
    struct fixture f;
    struct hub h;
    start(&f, &h, handle, (struct http_limits){.idle_timeout_ms = 100, .write_timeout_ms = 100});
    int fds[10];
    for (int i = 0; i < 10; i++)
        fds[i] = subscribe(arena, &f);
    CHECK_INT(write_all(&h, S("data: 1\n\n")), 10);
    sleep_ms(250); /* Quiet streams have no deadline. */
    CHECK_INT(write_all(&h, S("data: 2\n\n")), 10);
    close_all(&h);
    for (int i = 0; i < 10; i++) {
        CHECK_STR(client_read_all(arena, fds[i]), S("data: 1\n\ndata: 2\n\n"));
        close(fds[i]);
    }
    CHECK_INT(h.gone, 0);
    fixture_stop(&f);
}

TEST(stream_may_be_opened_on_any_thread)
{
    struct fixture f;
    struct hub h;
    start(&f, &h, handle_on_thread, (struct http_limits){0});
    int fd = subscribe(arena, &f);
    CHECK_INT(write_all(&h, S("x")), 1);
    close_all(&h);
    CHECK_STR(client_read_all(arena, fd), S("x"));
    close(fd);
    /* A client that has left meanwhile. */
    fd = client_connect(&f);
    client_send(fd, S("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"));
    sleep_ms(5);
    close(fd);
    wait_for_gone(&h, 1);
    CHECK_INT(write_all(&h, S("x")), 0);
    fixture_stop(&f);
}

TEST(owner_learns_that_the_client_has_left)
{
    struct fixture f;
    struct hub h;
    start(&f, &h, handle, (struct http_limits){0});
    int stays = subscribe(arena, &f), leaves = subscribe(arena, &f);
    close(leaves);
    wait_for_gone(&h, 1);
    CHECK_INT(write_all(&h, S("x")), 1);
    CHECK_STR(client_read(arena, stays, 1), S("x"));
    close(stays);
    wait_for_gone(&h, 2);
    fixture_stop(&f);
    CHECK_INT(h.count, 0);
}

TEST(stream_that_falls_behind_is_closed)
{
    struct fixture f;
    struct hub h;
    start(&f, &h, handle, (struct http_limits){.stream_buffer_bytes = 100000});
    h.closes_in_gone = false;
    int fd = subscribe(arena, &f);
    char bytes[10000];
    memset(bytes, 'x', sizeof bytes);
    int written = 0;
    while (written < 100000 && write_all(&h, (struct str){bytes, sizeof bytes}))
        written++;
    CHECK(written < 100000);
    wait_for_gone(&h, 1);
    CHECK_INT(write_all(&h, S("x")), 0);
    close_all(&h);
    client_read_all(arena, fd);
    close(fd);
    CHECK_INT(http_stats(f.server).open, 0);
    fixture_stop(&f);
}

TEST(stream_whose_client_does_not_read_is_cut_off)
{
    struct fixture f;
    struct hub h;
    start(&f, &h, handle,
          (struct http_limits){.stream_buffer_bytes = 50000000, .write_timeout_ms = 150});
    int fd = subscribe(arena, &f);
    struct str bytes = {memset(arena_alloc(arena, 40000000), 'x', 40000000), 40000000};
    CHECK_INT(write_all(&h, bytes), 1);
    wait_for_gone(&h, 1);
    close(fd);
    fixture_stop(&f);
}

TEST(large_events_arrive_whole)
{
    struct fixture f;
    struct hub h;
    start(&f, &h, handle, (struct http_limits){.stream_buffer_bytes = 50000000});
    int fd = subscribe(arena, &f);
    struct str bytes = {memset(arena_alloc(arena, 20000000), 'x', 20000000), 20000000};
    CHECK_INT(write_all(&h, bytes), 1);
    close_all(&h);
    CHECK_STR(client_read_all(arena, fd), bytes);
    close(fd);
    CHECK_INT(h.gone, 0);
    fixture_stop(&f);
}

TEST(closing_the_server_ends_streams)
{
    struct fixture f;
    struct hub h;
    start(&f, &h, handle, (struct http_limits){0});
    h.closes_in_gone = false;
    int fd = subscribe(arena, &f);
    http_close(f.server, 1000);
    CHECK_INT(h.gone, 1);
    CHECK(client_sees_end(fd, 0));
    /* The owner may come late: its reference outlives the server. */
    CHECK_INT(write_all(&h, S("x")), 0);
    close_all(&h);
    close(fd);
    arena_clear(&f.arena);
}

/* -- everything at once, for the sanitizers ---------------------------------------------------- */

static _Atomic bool is_over;

static void *write_often(void *argument)
{
    while (!is_over) {
        write_all(argument, S("data: event\n\n"));
        sleep_ms(1);
    }
    return NULL;
}

static void *close_often(void *argument)
{
    struct hub *h = argument;
    while (!is_over) {
        sleep_ms(3);
        pthread_mutex_lock(&h->lock);
        struct http_stream *s = h->count ? h->streams[--h->count] : NULL;
        pthread_mutex_unlock(&h->lock);
        if (s)
            http_stream_close(s);
    }
    return NULL;
}

TEST(writers_closers_and_leavers_at_once)
{
    struct fixture f;
    struct hub h;
    start(&f, &h, handle, (struct http_limits){0});
    is_over = false;
    pthread_t writer, closer;
    pthread_create(&writer, NULL, write_often, &h);
    pthread_create(&closer, NULL, close_often, &h);
    int fds[8] = {0};
    for (int i = 0; i < 200; i++) {
        int at = i % (int)countof(fds);
        if (fds[at])
            close(fds[at]);
        fds[at] = client_connect(&f);
        client_send(fds[at], S("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"));
        if (i % 3 == 0)
            sleep_ms(2);
    }
    http_close(f.server, 50); /* While both still write and close. */
    is_over = true;
    pthread_join(writer, NULL);
    pthread_join(closer, NULL);
    close_all(&h);
    for (size_t i = 0; i < countof(fds); i++)
        close(fds[i]);
    arena_clear(&f.arena);
    CHECK_INT(h.count, 0);
}

TAP_MAIN(T(events_reach_all_and_the_end_too), T(stream_may_be_opened_on_any_thread),
         T(owner_learns_that_the_client_has_left), T(stream_that_falls_behind_is_closed),
         T(stream_whose_client_does_not_read_is_cut_off), T(large_events_arrive_whole),
         T(closing_the_server_ends_streams), T(writers_closers_and_leavers_at_once))
