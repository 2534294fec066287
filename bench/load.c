#include "load.h"

#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES ((size_t)64 << 20)
#define REQUEST_BYTES ((size_t)32 << 20)
/* What an SDK sends, so that reading headers costs what it costs in practice. */
#define AUTHORIZATION                                                                              \
    "AWS4-HMAC-SHA256 Credential=BENCH/20240101/us-east-1/dynamodb/aws4_request, "                 \
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "                                    \
    "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* -- latencies: buckets of 1/16 of a power of two -----------------------------------------------
 */

#define FINE 16
#define BUCKETS (64 * FINE)

static size_t bucket_of(uint64_t us)
{
    if (us < FINE)
        return us;
    size_t power = 63 - (size_t)__builtin_clzll(us);
    return (power - 3) * FINE + (us >> (power - 4)) % FINE;
}

static int64_t bucket_floor(size_t bucket)
{
    if (bucket < FINE)
        return (int64_t)bucket;
    size_t power = bucket / FINE + 3;
    return (int64_t)((FINE + bucket % FINE) << (power - 4));
}

static int64_t percentile(const uint64_t *buckets, uint64_t total, double part)
{
    uint64_t wanted = (uint64_t)((double)total * part), seen = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        if ((seen += buckets[i]) > wanted)
            return bucket_floor(i);
    return 0;
}

/* -- one connection -----------------------------------------------------------------------------
 */

struct connection {
    int fd;
    struct buf request, answer;
    size_t sent;
    size_t body_at, body_len; /* of the answer, once its head is whole; body_at 0 before */
    int status;
    int64_t started_us;
};

struct run {
    struct arena *arena;
    const struct load *load;
    struct load_result *result;
    int epoll;
    uint64_t next_number;
    uint64_t buckets[BUCKETS];
    struct buf body;
    bool is_over;
    size_t busy;
};

static struct error *connect_to(struct arena *a, struct str host, int *out)
{
    struct str port = host, name;
    if (!str_cut(&port, ':', &name))
        return error_new(a, &error_usage, "%.*s: HOST:PORT is wanted", STR_ARG(host));
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int failure = getaddrinfo(arena_z(a, name), arena_z(a, port), &hints, &found);
    if (failure)
        return error_new(a, &error_system, "%.*s: %s", STR_ARG(host), gai_strerror(failure));
    int fd = -1;
    for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen)) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    if (fd < 0)
        return error_errno(a, "%.*s", STR_ARG(host));
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *out = fd;
    return NULL;
}

static void put_request(struct buf *out, struct str host, struct str target, struct str body)
{
    buf_reset(out);
    buf_printf(out,
               "POST / HTTP/1.1\r\nHost: %.*s\r\nX-Amz-Target: %.*s\r\n"
               "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20240101T000000Z\r\n"
               "Authorization: " AUTHORIZATION "\r\nUser-Agent: cruddur-bench\r\n"
               "Accept-Encoding: identity\r\nContent-Length: %zu\r\n\r\n",
               STR_ARG(host), STR_ARG(target), body.len);
    buf_add(out, body);
}

/* Reads the head when it is there: "HTTP/1.1 200 …", Content-Length. */
static bool read_head(struct connection *c)
{
    struct str all = buf_str(&c->answer);
    const char *end = memmem(all.data, all.len, "\r\n\r\n", 4);
    if (!end)
        return false;
    struct str head = {all.data, (size_t)(end - all.data) + 2}, line;
    uint64_t number = 0;
    c->status = str_to_u64(str_slice(head, 9, 3), 999, &number) ? (int)number : 0;
    c->body_len = 0;
    while (str_cut(&head, '\n', &line)) {
        struct str value = line, name;
        if (str_cut(&value, ':', &name) && str_eq_nocase(name, S("content-length")) &&
            str_to_u64(str_trim(value), ANSWER_BYTES, &number))
            c->body_len = number;
    }
    c->body_at = (size_t)(end - all.data) + 4;
    return true;
}

static bool is_whole(struct connection *c)
{
    return (c->body_at || read_head(c)) && c->answer.len >= c->body_at + c->body_len;
}

static struct str answer_body(const struct connection *c)
{
    return str_slice(buf_str(&c->answer), c->body_at, c->body_len);
}

/* -- a run --------------------------------------------------------------------------------------
 */

static void note_wrong(struct run *run, struct str what)
{
    if (!run->result->wrong++)
        run->result->first_wrong = arena_str(run->arena, str_slice(what, 0, 400));
}

static void watch(struct run *run, struct connection *c, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};
    epoll_ctl(run->epoll, operation, c->fd, &event);
}

/* False when the connection is lost. */
static bool send_more(struct run *run, struct connection *c)
{
    while (c->sent < c->request.len) {
        ssize_t sent = send(c->fd, c->request.data + c->sent, c->request.len - c->sent,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            watch(run, c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return true;
        }
        if (sent < 0)
            return false;
        c->sent += (size_t)sent;
    }
    return true;
}

static bool begin_request(struct run *run, struct connection *c)
{
    buf_reset(&run->body);
    run->load->make(&run->body, run->next_number++, run->load->context);
    put_request(&c->request, run->load->host, run->load->target, buf_str(&run->body));
    buf_reset(&c->answer);
    c->sent = c->body_at = 0;
    c->started_us = clock_monotonic_us(&clock_system);
    return send_more(run, c);
}

static void drop(struct run *run, struct connection *c)
{
    if (c->fd < 0)
        return;
    close(c->fd);
    c->fd = -1;
    run->busy--;
}

static bool end_request(struct run *run, struct connection *c)
{
    int64_t took = clock_monotonic_us(&clock_system) - c->started_us;
    struct str body = answer_body(c);
    run->buckets[bucket_of((uint64_t)took)]++;
    run->result->answers++;
    run->result->bytes += body.len;
    if (c->status != 200 || !run->load->check(body, run->load->context))
        note_wrong(run, body);
    if (run->is_over) {
        drop(run, c);
        return true;
    }
    return begin_request(run, c);
}

static bool receive(struct run *run, struct connection *c)
{
    for (;;) {
        char *at = buf_reserve(&c->answer, 64u << 10);
        if (!at)
            return false;
        ssize_t got = recv(c->fd, at, 64u << 10, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return false;
        c->answer.len += (size_t)got;
        if (is_whole(c))
            return end_request(run, c);
    }
}

static void turn(struct run *run)
{
    struct epoll_event events[256];
    int count = epoll_wait(run->epoll, events, countof(events), 1000);
    for (int i = 0; i < count; i++) {
        struct connection *c = events[i].data.ptr;
        bool is_fine = true;
        if (events[i].events & EPOLLOUT) {
            watch(run, c, EPOLL_CTL_MOD, EPOLLIN);
            is_fine = send_more(run, c);
        }
        if (is_fine && c->fd >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            is_fine = receive(run, c);
        if (!is_fine) {
            note_wrong(run, S("the connection was lost"));
            drop(run, c);
        }
    }
}

struct error *load_run(struct arena *a, const struct load *load, struct load_result *out)
{
    *out = (struct load_result){0};
    struct run *run = arena_new(a, struct run);
    *run = (struct run){.arena = a,
                        .load = load,
                        .result = out,
                        .epoll = epoll_create1(EPOLL_CLOEXEC),
                        .next_number = load->first_number};
    buf_init(&run->body, REQUEST_BYTES);
    struct connection *all = arena_array(a, struct connection, load->connections);
    struct error *error = NULL;
    for (size_t i = 0; i < load->connections; i++)
        all[i].fd = -1;
    for (size_t i = 0; i < load->connections && !error; i++) {
        buf_init(&all[i].request, REQUEST_BYTES);
        buf_init(&all[i].answer, ANSWER_BYTES);
        error = connect_to(a, load->host, &all[i].fd);
        run->busy += !error;
    }
    int64_t start = clock_monotonic_us(&clock_system), end = start;
    for (size_t i = 0; i < load->connections && !error; i++) {
        watch(run, &all[i], EPOLL_CTL_ADD, EPOLLIN);
        if (!begin_request(run, &all[i]))
            drop(run, &all[i]);
    }
    while (!error && run->busy) {
        turn(run);
        end = clock_monotonic_us(&clock_system);
        run->is_over = end - start >= load->duration_us;
    }
    out->seconds = (double)(end - start) / 1e6;
    out->p50_us = percentile(run->buckets, out->answers, 0.50);
    out->p99_us = percentile(run->buckets, out->answers, 0.99);
    for (size_t i = 0; i < load->connections; i++) {
        drop(run, &all[i]);
        buf_clear(&all[i].request);
        buf_clear(&all[i].answer);
    }
    buf_clear(&run->body);
    close(run->epoll);
    return error;
}

struct error *load_once(struct arena *a, struct str host, struct str target, struct str body,
                        int *status, struct str *answer)
{
    struct connection c = {.fd = -1};
    TRY(connect_to(a, host, &c.fd));
    buf_init(&c.request, REQUEST_BYTES);
    buf_init(&c.answer, ANSWER_BYTES);
    put_request(&c.request, host, target, body);
    bool is_fine = true;
    while (is_fine && c.sent < c.request.len) {
        ssize_t sent = send(c.fd, c.request.data + c.sent, c.request.len - c.sent, MSG_NOSIGNAL);
        is_fine = sent > 0;
        c.sent += is_fine ? (size_t)sent : 0;
    }
    while (is_fine && !is_whole(&c)) {
        char *at = buf_reserve(&c.answer, 64u << 10);
        ssize_t got = at ? recv(c.fd, at, 64u << 10, 0) : -1;
        is_fine = got > 0;
        c.answer.len += is_fine ? (size_t)got : 0;
    }
    *status = c.status;
    *answer = is_fine ? arena_str(a, answer_body(&c)) : S("");
    struct error *error =
        is_fine ? NULL
                : error_new(a, &error_system, "%.*s: the connection was lost", STR_ARG(host));
    buf_clear(&c.request);
    buf_clear(&c.answer);
    close(c.fd);
    return error;
}
