/* A server that does nothing but answer, to measure what HTTP itself costs:
 *
 *     http_bench PORT LOOPS [threads] &
 *     wrk -t2 -c64 -d10 http://127.0.0.1:PORT/
 *
 * With "threads", a thread for each loop answers instead of the loop itself. */
#include "http/http.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char reply[] =
    "{\"ConsumedCapacity\":{\"CapacityUnits\":1.0,\"TableName\":\"bench\"},\"Item\":{\"pk\":{\"S\":"
    "\"user#000001\"},\"sk\":{\"S\":\"2026-11-20T22:31:07.012345+00:00\"},\"name\":{\"S\":\"Andrew "
    "Brown\"},\"message\":{\"S\":\"It is a long established fact that a reader will be distracted "
    "by "
    "the readable content of a page\"},\"seq\":{\"N\":\"12345\"}}}";

static void answer(struct http_exchange *x)
{
    static const struct http_header headers[] = {
        {STR_INIT("x-amzn-RequestId"),
         STR_INIT("0F3A6E5C9B7D4E1FA2B3C4D5E6F708192A3B4C5D6E7F8091A2B3")},
        {STR_INIT("x-amz-crc32"), STR_INIT("2745614147")},
    };
    http_respond(x, &(struct http_response){.status = 200,
                                            .content_type = S("application/x-amz-json-1.0"),
                                            .headers = headers,
                                            .header_count = countof(headers),
                                            .body = {reply, sizeof reply - 1}});
}

/* A thread that answers what is handed to it, in batches, as a commit thread does. */
struct worker {
    pthread_mutex_t lock;
    pthread_cond_t has_work;
    struct http_exchange *waiting;
};

static void *work(void *argument)
{
    struct worker *w = argument;
    for (;;) {
        pthread_mutex_lock(&w->lock);
        while (!w->waiting)
            pthread_cond_wait(&w->has_work, &w->lock);
        struct http_exchange *x = w->waiting;
        w->waiting = NULL;
        pthread_mutex_unlock(&w->lock);
        while (x) {
            struct http_exchange *next = http_user(x);
            answer(x);
            x = next;
        }
    }
    return NULL;
}

static void handle_here(struct http_exchange *x, void *context)
{
    (void)context;
    answer(x);
}

static void handle_there(struct http_exchange *x, void *context)
{
    struct worker *w = (struct worker *)context + http_loop_of(x);
    pthread_mutex_lock(&w->lock);
    http_set_user(x, w->waiting);
    w->waiting = x;
    pthread_cond_signal(&w->has_work);
    pthread_mutex_unlock(&w->lock);
}

static size_t number(const char *text)
{
    uint64_t value = 0;
    return str_to_u64(str_z(text), UINT16_MAX, &value) ? (size_t)value : 0;
}

int main(int argc, char **argv)
{
    bool has_threads = argc > 3 && strcmp(argv[3], "threads") == 0;
    size_t loops = argc > 2 ? number(argv[2]) : 1;
    static const char *const addresses[] = {"127.0.0.1"};
    struct worker *workers = mem_zalloc(loops * sizeof *workers);
    struct http_options options = {.addresses = addresses,
                                   .address_count = 1,
                                   .port = (uint16_t)(argc > 1 ? number(argv[1]) : 0),
                                   .loops = loops,
                                   .handler = has_threads ? handle_there : handle_here,
                                   .context = workers,
                                   .clock = &clock_system,
                                   .port_flag = "PORT"};
    for (size_t i = 0; has_threads && i < loops; i++) {
        pthread_t thread;
        pthread_mutex_init(&workers[i].lock, NULL);
        pthread_cond_init(&workers[i].has_work, NULL);
        pthread_create(&thread, NULL, work, &workers[i]);
    }
    struct arena a;
    arena_init(&a);
    struct http_server *server;
    struct error *why = http_open(&a, &options, &server);
    if (!why)
        why = http_start(&a, server);
    if (why) {
        fprintf(stderr, "http_bench: %.*s\n", STR_ARG(why->message));
        return 1;
    }
    printf("%u\n", http_port(server));
    fflush(stdout);
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigaddset(&end, SIGINT);
    sigprocmask(SIG_BLOCK, &end, NULL);
    int signal_number;
    sigwait(&end, &signal_number);
    http_close(server, 1000);
    arena_clear(&a);
    return 0;
}
