/* The states of a connection, and what moves it on:
 *
 *      ┌────────────────────────── next request ───────────────────────────┐
 *      ▼                                                                   │
 *     IDLE ─bytes─▶ HEAD ─head whole─▶ BODY ─whole─▶ HANDLING ─answer─▶ WRITING ─all sent─┤
 *      │             │                  │             │   │                              │
 *      │             └── refused ───────┴───────────────────────▶ WRITING      close ─────┤
 *      │                                              │   └stream─▶ STREAM                │
 *      ▼                                              ▼              │                    ▼
 *     GONE ◀─────────── client gone, deadline ────────┴──────────────┴──────────────── LINGER
 *
 *  1. The socket is watched edge-triggered for everything, once: no epoll_ctl for a request. What
 * an edge said is kept in is_readable until a read finds nothing more.
 *  2. An exchange is held in all states but IDLE, STREAM and LINGER. In HANDLING it belongs to the
 *     handler, also when the client is GONE: then the connection ends with the answer.
 *  3. One deadline runs in every state but HANDLING and GONE, and in STREAM only while the client
 *     does not read. HEAD's and BODY's are absolute: bytes do not push them on.
 *  4. The next request is read only when the answer is sent whole; until then the kernel's buffer
 *     holds the client back.
 *  5. LINGER: a refused client may still be sending, and closing then would reset the connection
 *     before the refusal is read (RFC 9112 section 9.6). So only our side is shut, and what comes
 * is thrown away for a while. */
#include "http/internal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Requests that one connection may have handled before the others get their turn. */
#define REQUESTS_PER_TURN 32
/* Behind a head there is room for this much of a body before another read is needed. */
#define ROOM_BEHIND_HEAD 2048
/* A body that is longer than the room grows by this at first, whatever length was announced. */
#define BODY_STEP ((size_t)64 << 10)
/* So much must be taken in each write timeout by a client that reads slowly. */
#define WRITE_STEP ((size_t)64 << 10)

static void conn_ready(struct watch *w, uint32_t events);

/* -- birth and death --------------------------------------------------------------------------- */

static void arrive(struct post *p)
{
    conn_start((struct conn *)((char *)p - offsetof(struct conn, arrival)));
}

struct conn *conn_new(struct http_loop *loop, int fd, const struct sockaddr_storage *peer,
                      bool is_over_limit)
{
    struct conn *c = mem_zalloc(sizeof *c);
    c->watch.ready = conn_ready;
    c->arrival.run = arrive;
    c->loop = loop;
    c->fd = fd;
    c->is_over_limit = is_over_limit;
    const void *address = peer->ss_family == AF_INET6
                              ? (const void *)&((const struct sockaddr_in6 *)peer)->sin6_addr
                              : (const void *)&((const struct sockaddr_in *)peer)->sin_addr;
    if (!inet_ntop(peer->ss_family, address, c->peer, sizeof c->peer))
        c->peer[0] = '\0';
    atomic_fetch_add(&loop->conn_count, 1);
    return c;
}

static void release_exchange(struct conn *c)
{
    if (c->x)
        loop_give_exchange(c->loop, c->x);
    c->x = NULL;
    c->out = (struct str){0};
}

void conn_drop(struct conn *c)
{
    if (c->state == CONN_GONE)
        return;
    bool is_handling = c->state == CONN_HANDLING;
    c->state = CONN_GONE;
    loop_end_timer(c);
    close(c->fd);
    c->fd = -1;
    if (c->stream) {
        stream_detach(c->stream);
        c->stream = NULL;
    }
    if (is_handling)
        return; /* The answer comes here, and ends it. */
    release_exchange(c);
    loop_bury(c->loop, c);
}

static void shut(struct conn *c)
{
    release_exchange(c);
    if (shutdown(c->fd, SHUT_WR) < 0) {
        conn_drop(c);
        return;
    }
    c->state = CONN_LINGER;
    loop_set_timer(c->loop, c, TIMER_LINGER);
    if (c->is_readable)
        loop_add_ready(c->loop, c);
}

/* After the last answer: at once when nothing can be on its way, else with a pause (invariant 5).
 */
static void end(struct conn *c)
{
    bool has_more = c->is_readable || (c->x && c->x->in.len > c->x->request_end);
    if (c->has_refused || (has_more && !c->is_peer_done))
        shut(c);
    else
        conn_drop(c);
}

/* -- writing ----------------------------------------------------------------------------------- */

/* Sends what the socket takes of two pieces; -1 when the connection is broken. */
static ssize_t send_pieces(int fd, struct str first, struct str second)
{
    struct iovec pieces[2] = {{(char *)(uintptr_t)first.data, first.len},
                              {(char *)(uintptr_t)second.data, second.len}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = second.len ? 2 : 1};
    ssize_t sent;
    do
        sent = second.len ? sendmsg(fd, &message, MSG_NOSIGNAL)
                          : send(fd, first.data, first.len, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 && errno == EAGAIN ? 0 : sent;
}

/* The answer is sent whole. Goes on with the next request: in conn_advance if that is what called
 * the handler, else in this turn's list, so that answers never nest. */
static void answered(struct conn *c)
{
    struct http_loop *l = c->loop;
    if (c->x->answer.closes || l->is_closing) {
        end(c);
        return;
    }
    exchange_recycle(c->x);
    c->out = (struct str){0};
    c->state = CONN_HEAD;
    if (!c->x->in.len) {
        release_exchange(c);
        c->state = CONN_IDLE;
        loop_set_timer(l, c, TIMER_IDLE);
    } else {
        loop_set_timer(l, c, TIMER_HEAD);
    }
    if (!c->is_advancing && (c->x || c->is_readable))
        loop_add_ready(l, c);
}

static void flush(struct conn *c)
{
    ssize_t sent = send_pieces(c->fd, c->out, (struct str){0});
    if (sent < 0) {
        conn_drop(c);
        return;
    }
    c->out = str_from(c->out, (size_t)sent);
    if (!c->out.len) {
        answered(c);
        return;
    }
    c->sent_since_timer += (size_t)sent;
    if (c->sent_since_timer < WRITE_STEP)
        return;
    c->sent_since_timer = 0;
    loop_set_timer(c->loop, c, TIMER_WRITE);
}

/* Keeps what the socket did not take; in the exchange's arena, unless it is there already. */
static struct str keep_rest(struct http_exchange *x, size_t sent)
{
    struct answer *answer = &x->answer;
    if (sent < answer->first.len) {
        struct str first = str_from(answer->first, sent);
        return answer->second.len ? arena_join(&x->arena, first, answer->second) : first;
    }
    struct str second = str_from(answer->second, sent - answer->first.len);
    return answer->second_stays ? second : arena_str(&x->arena, second);
}

void conn_answer(struct conn *c)
{
    struct http_exchange *x = c->x;
    if (c->state == CONN_GONE) {
        release_exchange(c);
        loop_bury(c->loop, c);
        return;
    }
    struct answer *answer = &x->answer;
    if (answer->date)
        memcpy(answer->date, c->loop->date, HTTP_DATE_BYTES);
    c->state = CONN_WRITING;
    ssize_t sent = send_pieces(c->fd, answer->first, answer->second);
    if (sent < 0) {
        conn_drop(c);
    } else if ((size_t)sent == answer->first.len + answer->second.len) {
        answered(c);
    } else {
        c->out = keep_rest(x, (size_t)sent);
        c->sent_since_timer = 0;
        loop_set_timer(c->loop, c, TIMER_WRITE);
        if (!exchange_hold(x, c->out.len))
            conn_drop(c);
    }
}

/* -- streams ----------------------------------------------------------------------------------- */

void conn_flush_stream(struct conn *c)
{
    size_t sent = 0;
    switch (stream_send(c->stream, c->fd, &sent)) {
    case STREAM_WAITS:
        loop_end_timer(c);
        break;
    case STREAM_BLOCKED:
        c->sent_since_timer += sent;
        if (!c->timer.next || c->sent_since_timer >= WRITE_STEP) {
            c->sent_since_timer = 0;
            loop_set_timer(c->loop, c, TIMER_WRITE);
        }
        break;
    case STREAM_ENDED:
        stream_detach(c->stream);
        c->stream = NULL;
        end(c);
        break;
    case STREAM_BROKEN:
        conn_drop(c);
        break;
    }
}

void conn_attach_stream(struct conn *c, struct http_stream *s)
{
    release_exchange(c);
    if (c->state == CONN_GONE) {
        stream_detach(s);
        loop_bury(c->loop, c);
        return;
    }
    c->stream = s;
    c->state = CONN_STREAM;
    stream_attach(s, c);
    if (c->is_peer_done || c->loop->is_closing)
        conn_drop(c);
    else
        conn_flush_stream(c);
}

/* -- reading ----------------------------------------------------------------------------------- */

static void refuse(struct conn *c, const struct error *why)
{
    loop_end_timer(c);
    c->has_refused = true;
    respond_refuse(c->x, why);
    conn_answer(c);
}

/* Reads once into `b`, at most `room` bytes, which it has. False when there is nothing to go on
 * with: no bytes yet, or the connection has ended. */
static bool receive(struct conn *c, struct buf *b, size_t room)
{
    ssize_t got;
    do
        got = recv(c->fd, b->data + b->len, room, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) {
        c->is_readable = false;
        return false;
    }
    if (got <= 0) {
        conn_drop(c); /* The client has left, between requests or in the middle of one. */
        return false;
    }
    b->len += (size_t)got;
    /* A read that was not filled has emptied the socket, unless the end is to be read too. */
    if ((size_t)got < room && !c->is_peer_done)
        c->is_readable = false;
    return true;
}

/* Whether the body is there, or may come: too long ones are refused before a byte is read. */
static struct error *plan_body(struct conn *c)
{
    struct http_exchange *x = c->x;
    size_t limit = c->loop->server->limits.body_bytes;
    uint64_t length = x->head.content_length;
    x->request_end = x->head_len;
    if (length > limit)
        return error_new(&x->arena, &http_body_too_large, "The body is larger than %zu bytes",
                         limit);
    if (!x->head.is_chunked && length <= x->in.cap - x->head_len) {
        x->request_end = x->head_len + (size_t)length;
        return NULL;
    }
    x->has_body_apart = true;
    if (x->head.is_chunked)
        return NULL;
    buf_reserve(&x->body, length < BODY_STEP ? (size_t)length : BODY_STEP);
    buf_add(&x->body, str_from(buf_str(&x->in), x->head_len));
    x->in.len = x->head_len;
    return NULL;
}

/* The client waits for leave to send its body (RFC 9110 section 10.1.1), unless that has begun to
 * come. Without room in the socket it is not sent: a client may not wait for it for ever. */
static bool send_continue(struct conn *c)
{
    struct http_exchange *x = c->x;
    if (!x->head.expects_continue || x->in.len > x->head_len || x->body.len)
        return true;
    struct str interim = S("HTTP/1.1 100 Continue\r\n\r\n");
    ssize_t sent = send_pieces(c->fd, interim, (struct str){0});
    if (sent == 0 || sent == (ssize_t)interim.len)
        return true;
    conn_drop(c);
    return false;
}

/* HEAD: true when the head is whole and its body may come. */
static bool advance_head(struct conn *c)
{
    struct http_exchange *x = c->x;
    size_t limit = c->loop->server->limits.head_bytes;
    struct error *why = http_scan_head(&x->arena, &x->scan, buf_str(&x->in), &x->head_len);
    if (!why && x->head_len > limit)
        why =
            error_new(&x->arena, &http_head_too_large, "The head is larger than %zu bytes", limit);
    if (!why && !x->head_len && x->in.len >= limit)
        why =
            error_new(&x->arena, x->scan.line_count ? &http_head_too_large : &http_target_too_long,
                      "The head is larger than %zu bytes", limit);
    if (!why && !x->head_len)
        return false;
    /* From here on pieces point into `in`, which must not move any more. */
    if (!why && x->in.cap - x->head_len < ROOM_BEHIND_HEAD)
        buf_reserve(&x->in, x->head_len + ROOM_BEHIND_HEAD - x->in.len);
    if (!why) {
        struct str head = str_slice(buf_str(&x->in), x->scan.start, x->head_len - x->scan.start);
        why = http_parse_head(&x->arena, head, x->scan.line_count, &x->head);
    }
    if (!why)
        why = plan_body(c);
    if (why) {
        refuse(c, why);
        return false;
    }
    c->state = CONN_BODY;
    return send_continue(c);
}

static bool advance_chunked(struct conn *c)
{
    struct http_exchange *x = c->x;
    size_t used = 0;
    struct str arrived = str_from(buf_str(&x->in), x->head_len);
    struct error *why = http_chunked_read(&x->arena, &x->chunked, arrived, &x->body, &used);
    if (why) {
        refuse(c, why);
        return false;
    }
    if (x->chunked.state == CHUNK_DONE) {
        x->request_end = x->head_len + used;
        return true;
    }
    x->in.len = x->head_len;
    return false;
}

/* BODY: true when it is whole. */
static bool advance_body(struct conn *c)
{
    struct http_exchange *x = c->x;
    struct str *body = &x->head.request.body;
    if (x->head.is_chunked) {
        if (!advance_chunked(c))
            return false;
        *body = buf_str(&x->body);
        return true;
    }
    if (x->has_body_apart) {
        *body = buf_str(&x->body);
        return body->len == x->head.content_length;
    }
    *body = str_slice(buf_str(&x->in), x->head_len, (size_t)x->head.content_length);
    return body->len == x->head.content_length;
}

/* Room for the next read, and where. */
static struct buf *make_room(struct http_exchange *x, enum conn_state state, size_t *room)
{
    struct buf *b =
        state == CONN_BODY && x->has_body_apart && !x->head.is_chunked ? &x->body : &x->in;
    if (b == &x->body) {
        size_t left = (size_t)x->head.content_length - b->len;
        if (b->len == b->cap)
            buf_reserve(b, left < b->len ? left : b->len);
        *room = b->cap - b->len < left ? b->cap - b->len : left;
        return b;
    }
    if (b->len == b->cap && state == CONN_HEAD)
        buf_reserve(b, b->cap);
    *room = b->cap - b->len;
    return b;
}

static void handle(struct conn *c)
{
    struct http_loop *l = c->loop;
    struct http_exchange *x = c->x;
    x->head.request.peer = str_z(c->peer);
    loop_end_timer(c);
    c->state = CONN_HANDLING;
    uint64_t requests = atomic_load_explicit(&l->requests, memory_order_relaxed);
    atomic_store_explicit(&l->requests, requests + 1, memory_order_relaxed);
    l->server->handler(x, l->server->context);
}

/* Moves a request on with the bytes at hand; true when a handler got it. */
static bool advance_request(struct conn *c)
{
    if (c->state == CONN_HEAD && !advance_head(c))
        return false;
    if (c->state == CONN_BODY && advance_body(c)) {
        handle(c);
        return true;
    }
    return false;
}

/* Reads more of a request. The deadline of what is read starts with its first byte. */
static bool read_more(struct conn *c)
{
    struct http_exchange *x = c->x;
    size_t room;
    struct buf *b = make_room(x, c->state, &room);
    bool is_first = c->state == CONN_HEAD && !x->in.len;
    if (!exchange_hold(x, 0)) {
        refuse(c, error_new(&x->arena, &http_unavailable, "Too many large requests at once"));
        return false;
    }
    if (!receive(c, b, room))
        return false;
    if (is_first)
        loop_set_timer(c->loop, c, TIMER_HEAD);
    return true;
}

/* Throws away what a client that was refused still sends. */
static void drain(struct conn *c)
{
    char waste[4096];
    for (int i = 0; i < 16; i++) {
        ssize_t got = recv(c->fd, waste, sizeof waste, 0);
        if (got > 0)
            continue;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            c->is_readable = false;
        else
            conn_drop(c);
        return;
    }
    loop_add_ready(c->loop, c);
}

static void take_exchange(struct conn *c)
{
    c->x = loop_take_exchange(c->loop);
    c->x->conn = c;
    c->state = CONN_HEAD;
}

/* Nothing has come: back to holding nothing. */
static void settle(struct conn *c)
{
    if (c->state == CONN_HEAD && !c->x->in.len) {
        release_exchange(c);
        c->state = CONN_IDLE;
    }
}

/* One read or one request; false when the connection has to wait. */
static bool step(struct conn *c, int *requests)
{
    if (c->state == CONN_IDLE && c->is_readable)
        take_exchange(c);
    if (c->state != CONN_HEAD && c->state != CONN_BODY)
        return false;
    enum conn_state before = c->state;
    if (c->x->in.len && advance_request(c)) {
        ++*requests;
        return true;
    }
    if (c->state == CONN_BODY && before == CONN_HEAD)
        loop_set_timer(c->loop, c, TIMER_BODY);
    if (c->state != CONN_HEAD && c->state != CONN_BODY)
        return false;
    if (c->is_readable && read_more(c))
        return true;
    settle(c);
    return false;
}

void conn_advance(struct conn *c)
{
    if (c->state == CONN_LINGER) {
        drain(c);
        return;
    }
    int requests = 0;
    c->is_advancing = true;
    while (requests < REQUESTS_PER_TURN && step(c, &requests))
        continue;
    c->is_advancing = false;
    if (requests == REQUESTS_PER_TURN && c->state != CONN_GONE)
        loop_add_ready(c->loop, c);
}

/* -- events ------------------------------------------------------------------------------------ */

static void conn_ready(struct watch *w, uint32_t events)
{
    struct conn *c = (struct conn *)w;
    if (c->state == CONN_GONE)
        return;
    if (events & (EPOLLERR | EPOLLHUP)) {
        conn_drop(c);
        return;
    }
    c->is_readable |= (events & (EPOLLIN | EPOLLRDHUP)) != 0;
    c->is_peer_done |= (events & EPOLLRDHUP) != 0;
    if (c->state == CONN_STREAM) {
        if (c->is_peer_done)
            conn_drop(c); /* An event source that has closed its side listens no more. */
        else if (events & EPOLLOUT)
            conn_flush_stream(c);
    } else if (c->state == CONN_WRITING) {
        if (events & EPOLLOUT)
            flush(c);
    } else if (c->is_readable) {
        conn_advance(c);
    }
}

void conn_start(struct conn *c)
{
    struct http_loop *l = c->loop;
    c->prev = l->conns.prev;
    c->next = &l->conns;
    c->prev->next = c->next->prev = c;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = &c->watch};
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) < 0) {
        conn_drop(c);
        return;
    }
    loop_set_timer(l, c, TIMER_IDLE);
    if (!c->is_over_limit)
        return;
    take_exchange(c);
    refuse(c, error_new(&c->x->arena, &http_unavailable, "Too many connections"));
}

void conn_timed_out(struct conn *c, enum timer_kind kind)
{
    if (kind == TIMER_HEAD || kind == TIMER_BODY)
        refuse(c, error_new(&c->x->arena, &http_request_timeout,
                            "The request took too long to arrive"));
    else
        conn_drop(c);
}

void conn_say_goodbye(struct conn *c)
{
    if (c->state == CONN_IDLE || c->state == CONN_STREAM)
        conn_drop(c);
}
