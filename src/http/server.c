/* Listening, and dealing connections out.
 *
 * The first loop accepts for all and hands each connection to the next loop in turn. SO_REUSEPORT
 * would need no handing over, but the kernel then chooses the loop by a hash of the addresses: with
 * few connections, such as a pool of 16, one core would get most of them. Accepting is rare beside
 * requests, so that an even spread is worth a post for each connection. */
#include "http/internal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const struct http_limits http_limits_default = {
    .head_bytes = (size_t)32 << 10,
    .body_bytes = (size_t)16 << 20,
    .max_connections = 16384,
    .held_bytes = (size_t)256 << 20,
    .head_timeout_ms = 10000,
    .body_timeout_ms = 60000,
    .idle_timeout_ms = 120000,
    .write_timeout_ms = 30000,
    .stream_buffer_bytes = (size_t)256 << 10,
};

#define BACKLOG 4096
#define ACCEPTS_PER_TURN 64
/* Beyond the limit so many connections are told why before they are closed, the rest just closed.
 */
#define REFUSED_AT_ONCE 256
/* Tries at finding a port that is free on all addresses. */
#define FREE_PORT_TRIES 16

/* -- accepting --------------------------------------------------------------------------------- */

/* Out of descriptors: the spare one makes room to accept a connection just to close it, which tells
 * its client more than silence does. False when that does not work either. */
static bool shed(struct http_server *s, int listener)
{
    if (s->spare_fd < 0)
        return false;
    close(s->spare_fd);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        atomic_fetch_add(&s->refused, 1);
        static const char words[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                    "Content-Length: 0\r\nConnection: close\r\n\r\n";
        ssize_t ignored = send(fd, words, sizeof words - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)ignored; /* The client may have left already. */
        close(fd);
    }
    s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd >= 0;
}

static void deal(struct http_server *s, int fd, const struct sockaddr_storage *peer)
{
    size_t open = atomic_fetch_add(&s->open, 1);
    bool is_over_limit = open >= s->limits.max_connections;
    if (is_over_limit)
        atomic_fetch_add(&s->refused, 1);
    else
        atomic_fetch_add(&s->accepted, 1);
    if (open >= s->limits.max_connections + REFUSED_AT_ONCE) {
        close(fd);
        atomic_fetch_sub(&s->open, 1);
        return;
    }
    struct http_loop *loop = &s->loops[s->next_loop];
    s->next_loop = (s->next_loop + 1) % s->loop_count;
    struct conn *c = conn_new(loop, fd, peer, is_over_limit);
    if (loop_is_current(loop))
        conn_start(c);
    else
        loop_post(loop, &c->arrival);
}

static void watch_listeners(struct http_server *s, uint32_t events)
{
    for (size_t i = 0; i < s->listener_count; i++) {
        struct epoll_event event = {.events = events, .data.ptr = &s->listeners[i].watch};
        int fd = s->listeners[i].fd;
        if (epoll_ctl(s->loops[0].epoll, EPOLL_CTL_MOD, fd, &event) < 0)
            epoll_ctl(s->loops[0].epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

void server_resume_accepting(struct http_server *s)
{
    s->is_accept_paused = false;
    watch_listeners(s, EPOLLIN);
}

static void accept_ready(struct watch *w, uint32_t events)
{
    (void)events;
    struct listener *l = (struct listener *)w;
    struct http_server *s = l->server;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t size = sizeof peer;
        int fd = accept4(l->fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            deal(s, fd, &peer);
            continue;
        }
        if (errno == EAGAIN)
            return;
        bool is_full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        /* Anything else befell that one connection (accept(2)); the next may be well. */
        if (!is_full || shed(s, l->fd))
            continue;
        s->is_accept_paused = true; /* The loop looks again in a while. */
        watch_listeners(s, 0);
        return;
    }
}

void server_stop_accepting(struct http_server *s)
{
    for (size_t i = 0; i < s->listener_count; i++)
        close(s->listeners[i].fd);
    s->listener_count = 0;
    s->is_accept_paused = false;
}

/* -- listening --------------------------------------------------------------------------------- */

static bool parse_address(const char *text, uint16_t port, struct sockaddr_storage *out,
                          socklen_t *size)
{
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        *size = sizeof *four;
        return true;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        *size = sizeof *six;
        return true;
    }
    return false;
}

/* The port stands at the same place in the addresses of both families. */
static uint16_t port_of(int fd)
{
    struct sockaddr_in6 bound = {0};
    socklen_t size = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &size) < 0)
        return 0;
    return ntohs(bound.sin6_port);
}

/* A listening socket, or -1 with errno. Accepted sockets inherit TCP_NODELAY: answers are written
 * whole, so waiting for more to send would only delay them. */
static int listen_on(const struct sockaddr_storage *address, socklen_t size)
{
    int on = 1;
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (address->ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)address, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static struct error *listen_failed(struct arena *a, const char *address, uint16_t port,
                                   const char *port_flag)
{
    const char *open = strchr(address, ':') ? "[" : "", *shut = *open ? "]" : "";
    if (errno == EADDRINUSE && port_flag)
        return error_new(a, &error_system,
                         "%s%s%s:%u is already in use; choose another port with %s", open, address,
                         shut, port, port_flag);
    if (errno == EACCES && port_flag)
        return error_new(a, &error_system,
                         "%s%s%s:%u: ports below 1024 need a privilege; choose another with %s",
                         open, address, shut, port, port_flag);
    return error_errno(a, "cannot listen on %s%s%s:%u", open, address, shut, port);
}

/* IPv6 that the machine does not have is no failure while another address is there. */
static bool is_family_missing(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 && (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT);
}

/* Listens on all addresses with one port; *is_taken tells that another free port may do. */
static struct error *listen_on_all(struct arena *a, struct http_server *s,
                                   const struct http_options *o, bool *is_taken)
{
    *is_taken = false;
    s->port = o->port;
    for (size_t i = 0; i < o->address_count; i++) {
        struct sockaddr_storage address = {0};
        socklen_t size = 0;
        if (!parse_address(o->addresses[i], s->port, &address, &size))
            return error_new(a, &error_usage, "\"%s\" is not an IP address", o->addresses[i]);
        int fd = listen_on(&address, size);
        bool is_last_chance = i + 1 == o->address_count && s->listener_count == 0;
        if (fd < 0 && is_family_missing(&address) && !is_last_chance)
            continue;
        if (fd < 0) {
            *is_taken = errno == EADDRINUSE && o->port == 0;
            return listen_failed(a, o->addresses[i], s->port, o->port_flag);
        }
        s->listeners[s->listener_count++] =
            (struct listener){.watch.ready = accept_ready, .server = s, .fd = fd};
        s->port = s->port ? s->port : port_of(fd);
    }
    return NULL;
}

static struct error *find_port(struct arena *a, struct http_server *s, const struct http_options *o)
{
    for (int tries = 1;; tries++) {
        bool is_taken;
        struct error *why = listen_on_all(a, s, o, &is_taken);
        if (!why)
            return NULL;
        server_stop_accepting(s);
        if (!is_taken || tries == FREE_PORT_TRIES)
            return why;
    }
}

/* -- open, start, close ------------------------------------------------------------------------ */

static struct http_limits limits_of(const struct http_limits *given)
{
    struct http_limits l = *given;
    const struct http_limits *d = &http_limits_default;
    l.head_bytes = l.head_bytes ? l.head_bytes : d->head_bytes;
    l.body_bytes = l.body_bytes ? l.body_bytes : d->body_bytes;
    l.max_connections = l.max_connections ? l.max_connections : d->max_connections;
    l.held_bytes = l.held_bytes ? l.held_bytes : d->held_bytes;
    l.head_timeout_ms = l.head_timeout_ms ? l.head_timeout_ms : d->head_timeout_ms;
    l.body_timeout_ms = l.body_timeout_ms ? l.body_timeout_ms : d->body_timeout_ms;
    l.idle_timeout_ms = l.idle_timeout_ms ? l.idle_timeout_ms : d->idle_timeout_ms;
    l.write_timeout_ms = l.write_timeout_ms ? l.write_timeout_ms : d->write_timeout_ms;
    l.stream_buffer_bytes = l.stream_buffer_bytes ? l.stream_buffer_bytes : d->stream_buffer_bytes;
    return l;
}

/* Half of the cores, rounded up. The others have work: the clients on the same machine, the
 * network's interrupts, the disk's threads. And few busy loops find several requests in each turn,
 * where many idle ones are woken for each. */
static size_t default_loops(void)
{
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    return count > 1 ? ((size_t)count + 1) / 2 : 1;
}

struct error *http_open(struct arena *a, const struct http_options *options,
                        struct http_server **out)
{
    assert(options->handler && options->clock && options->address_count);
    size_t loop_count = options->loops ? options->loops : default_loops();
    struct http_server *s = mem_zalloc(sizeof *s);
    s->limits = limits_of(&options->limits);
    s->handler = options->handler;
    s->context = options->context;
    s->refusal = options->refusal;
    s->clock = options->clock;
    s->listeners = mem_zalloc(options->address_count * sizeof *s->listeners);
    s->loops = mem_zalloc(loop_count * sizeof *s->loops);
    s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct error *why = find_port(a, s, options);
    while (!why && s->loop_count < loop_count) {
        why = loop_init(a, &s->loops[s->loop_count], s, s->loop_count);
        s->loop_count++;
    }
    if (why) {
        http_free(s);
        return why;
    }
    *out = s;
    return NULL;
}

uint16_t http_port(const struct http_server *server)
{
    return server->port;
}

size_t http_loop_count(const struct http_server *server)
{
    return server->loop_count;
}

struct http_stats http_stats(const struct http_server *s)
{
    struct http_stats stats = {.accepted = atomic_load(&s->accepted),
                               .open = atomic_load(&s->open),
                               .refused = atomic_load(&s->refused)};
    for (size_t i = 0; i < s->loop_count; i++)
        stats.requests += atomic_load_explicit(&s->loops[i].requests, memory_order_relaxed);
    return stats;
}

struct error *http_start(struct arena *a, struct http_server *s)
{
    /* Signals are main's: a new thread inherits the mask. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct error *why = NULL;
    while (!why && s->started_count < s->loop_count) {
        struct http_loop *l = &s->loops[s->started_count];
        errno = pthread_create(&l->thread, NULL, loop_main, l);
        if (errno) {
            why = error_errno(a, "cannot start an event loop");
            break;
        }
        char name[16];
        snprintf(name, sizeof name, "http-%u-%zu", s->port, l->index % 1000);
        pthread_setname_np(l->thread, name);
        s->started_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return why;
}

struct closing {
    struct http_loop *loop;
    int64_t grace_ms;
};

static void close_loop(void *argument)
{
    struct closing *c = argument;
    loop_begin_close(c->loop, c->grace_ms);
}

/* On the first loop: after this no connection is dealt any more, and the posts to the loops come
 * behind the last one that was, so that none arrives at a loop that has ended. */
static void close_all(void *argument)
{
    struct closing *closings = argument;
    struct http_server *s = closings[0].loop->server;
    server_stop_accepting(s);
    for (size_t i = 0; i < s->started_count; i++)
        http_post(s, i, close_loop, &closings[i]);
}

void http_stop(struct http_server *s, int64_t grace_ms)
{
    atomic_store(&s->is_closing, true);
    struct closing *closings = mem_zalloc(s->loop_count * sizeof *closings);
    for (size_t i = 0; i < s->loop_count; i++)
        closings[i] = (struct closing){&s->loops[i], grace_ms};
    if (s->started_count)
        http_post(s, 0, close_all, closings);
    for (size_t i = 0; i < s->started_count; i++)
        pthread_join(s->loops[i].thread, NULL);
    free(closings);
}

void http_free(struct http_server *s)
{
    for (size_t i = 0; i < s->loop_count; i++)
        loop_clear(&s->loops[i]);
    server_stop_accepting(s);
    if (s->spare_fd >= 0)
        close(s->spare_fd);
    free(s->listeners);
    free(s->loops);
    free(s);
}

void http_close(struct http_server *s, int64_t grace_ms)
{
    http_stop(s, grace_ms);
    http_free(s);
}
