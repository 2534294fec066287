#include "http/test_client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void must(struct error *why)
{
    if (!why)
        return;
    fprintf(stderr, "http test: %.*s\n", STR_ARG(why->message));
    abort();
}

void fixture_start(struct fixture *f, struct http_options options)
{
    static const char *const addresses[] = {"127.0.0.1"};
    options.addresses = addresses;
    options.address_count = 1;
    options.clock = &clock_system;
    arena_init(&f->arena);
    must(http_open(&f->arena, &options, &f->server));
    must(http_start(&f->arena, f->server));
}

void fixture_stop(struct fixture *f)
{
    http_close(f->server, 100);
    arena_clear(&f->arena);
}

int client_connect(const struct fixture *f)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(http_port(f->server))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int failed = connect(fd, (struct sockaddr *)&address, sizeof address);
    assert(fd >= 0 && !failed);
    return fd;
}

void client_send(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* The server has closed; what it said before is read by the test. */
        bytes = str_from(bytes, (size_t)sent);
    }
}

struct str client_read(struct arena *a, int fd, size_t enough)
{
    struct buf b;
    buf_init(&b, (size_t)64 << 20);
    while (b.len < enough) {
        size_t room = enough - b.len < 65536 ? enough - b.len : 65536;
        char *at = buf_reserve(&b, room);
        ssize_t got = at ? recv(fd, at, room, 0) : 0;
        if (got <= 0)
            break;
        b.len += (size_t)got;
    }
    struct str bytes = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return bytes;
}

struct str client_read_all(struct arena *a, int fd)
{
    return client_read(a, fd, SIZE_MAX);
}

struct str client_answer(struct arena *a, int fd)
{
    struct str head = client_read(a, fd, 16);
    while (head.len && !str_ends(head, S("\r\n\r\n"))) {
        struct str more = client_read(a, fd, 1);
        if (!more.len)
            return head;
        head = arena_join(a, head, more);
    }
    const char *field = memmem(head.data, head.len, "Content-Length: ", 16);
    size_t length = field ? (size_t)strtoul(field + 16, NULL, 10) : 0;
    return length ? arena_join(a, head, client_read(a, fd, length)) : head;
}

struct str client_once(struct arena *a, const struct fixture *f, struct str bytes)
{
    int fd = client_connect(f);
    client_send(fd, bytes);
    struct str answer = client_read_all(a, fd);
    close(fd);
    return answer;
}

bool client_sees_end(int fd, int wait_ms)
{
    int64_t end = time_ms() + wait_ms;
    for (;;) {
        int64_t left = end - time_ms();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        char waste[4096];
        if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0)
            return false;
        if (recv(fd, waste, sizeof waste, 0) <= 0)
            return true;
    }
}

int answer_status(struct str answer)
{
    uint64_t status = 0;
    if (!str_starts(answer, S("HTTP/1.1 ")) || !str_to_u64(str_slice(answer, 9, 3), 999, &status))
        return 0;
    return (int)status;
}

struct str answer_body(struct str answer)
{
    const char *end = memmem(answer.data, answer.len, "\r\n\r\n", 4);
    return end ? str_from(answer, (size_t)(end - answer.data) + 4) : S("");
}

void sleep_ms(int ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        continue;
}

int64_t time_ms(void)
{
    return clock_monotonic_us(&clock_system) / 1000;
}
