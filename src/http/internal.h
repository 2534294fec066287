/* Internal: what the parts of the server share with each other and with nobody else.
 *
 *     server.c  opens, accepts, deals connections to the loops, closes
 *     loop.c    one thread: events, posted work, deadlines
 *     conn.c    one connection: reading, answering, closing (its states are drawn there)
 *     stream.c  answers that go on
 *     respond.c the bytes of an answer's head
 *
 * Threads. All of a loop and its connections belong to the loop's thread, save what stands above a
 * lock here. An exchange belongs to whoever must answer it. Lock order: stream, then loop. */
#pragma once

#include "http/chunked.h"
#include "http/http.h"
#include "http/parse.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

/* -- pieces ------------------------------------------------------------------------------------ */

/* What epoll watches: each event of its descriptor calls `ready`. First member of its owner. */
struct watch {
    void (*ready)(struct watch *w, uint32_t events);
};

/* Work for a loop, embedded in what it is about; run once on the loop's thread. */
struct post {
    struct post *next;
    void (*run)(struct post *p);
};

/* Deadlines. All of one kind last equally long, so that a list per kind, appended at its end, is in
 * order, and setting or ending one costs a few pointers. */
enum timer_kind { TIMER_IDLE, TIMER_HEAD, TIMER_BODY, TIMER_WRITE, TIMER_LINGER };
#define TIMER_KINDS 5

struct timer {
    struct timer *prev, *next; /* NULL while it does not run */
    int64_t due_us;
};

/* -- an exchange ------------------------------------------------------------------------------- */

/* The rendered bytes of an answer, in the exchange's arena (`second` maybe with the caller). */
struct answer {
    struct str first, second;
    char *date; /* where the loop puts the date of the moment; NULL when there is none to put */
    bool second_stays; /* needs no copy when the socket does not take it at once */
    bool closes;
    void (*done)(void *context); /* or NULL: the body is no longer needed */
    void *done_context;
};

/* A request while it arrives and until its answer is sent. Taken from its loop's pool with the
 * first byte and given back when the connection has nothing more to say, so that an idle connection
 * holds neither buffer nor arena. */
struct http_exchange {
    struct post post; /* its answer or stream, on the way to the loop */
    struct conn *conn;
    struct http_head head;
    struct answer answer;
    struct http_stream *stream; /* what it is answered with, on the way to the loop */
    void *user;
    struct arena arena;
    struct http_scan scan;
    struct http_chunked chunked;
    struct buf in;       /* as received: head, then a body that fits, then what follows */
    struct buf body;     /* a body that was chunked or did not fit */
    size_t head_len;     /* 0 until the head is whole */
    size_t request_end;  /* where in `in` the next request starts, once this one is whole */
    bool has_body_apart; /* the body arrives in `body` */
    size_t held_bytes;   /* its part of the server's */
    struct http_exchange *next_free;
};

/* -- a connection ------------------------------------------------------------------------------ */

enum conn_state {
    CONN_IDLE,
    CONN_HEAD,
    CONN_BODY,
    CONN_HANDLING,
    CONN_WRITING,
    CONN_STREAM,
    CONN_LINGER,
    CONN_GONE,
};

struct conn {
    struct watch watch;
    struct post arrival; /* from the accepting loop */
    struct timer timer;
    struct http_loop *loop;
    struct http_exchange *x;    /* NULL while idle */
    struct http_stream *stream; /* in CONN_STREAM; holds a reference */
    struct str out;             /* what of the answer is not sent; in the exchange's arena */
    size_t sent_since_timer;
    int fd; /* -1 in CONN_GONE */
    enum conn_state state;
    bool is_readable;   /* the kernel may have bytes: edge-triggered, so we keep that in mind */
    bool is_peer_done;  /* the client sends no more, or is gone */
    bool is_advancing;  /* conn_advance is running: an answer given now is continued there */
    bool is_ready;      /* in the loop's list of connections that go on in the next turn */
    bool has_refused;   /* the answer is a refusal; the rest of the request may still arrive */
    bool is_over_limit; /* accepted only to be told 503 */
    struct conn *prev, *next; /* all of the loop */
    struct conn *next_ready;  /* the list of ready ones */
    struct conn *next_dead;   /* freed at the end of the turn, when no event can name them */
    char peer[INET6_ADDRSTRLEN];
};

/* Takes over an accepted socket; counts it. On the accepting thread. */
struct conn *conn_new(struct http_loop *loop, int fd, const struct sockaddr_storage *peer,
                      bool is_over_limit);
/* Starts it on its own loop. */
void conn_start(struct conn *c);
/* Sends the exchange's rendered answer. */
void conn_answer(struct conn *c);
/* Turns the answered exchange into a stream, and sends what that has queued. */
void conn_attach_stream(struct conn *c, struct http_stream *s);
void conn_flush_stream(struct conn *c);
/* Reads and handles on; called for events and by the loop's list of ready ones. */
void conn_advance(struct conn *c);
void conn_timed_out(struct conn *c, enum timer_kind kind);
/* The server closes: idle ones leave now, the others after their answer. */
void conn_say_goodbye(struct conn *c);
/* Closes the socket at once. The exchange, if a handler has it, stays until it is answered. */
void conn_drop(struct conn *c);

/* -- a loop ------------------------------------------------------------------------------------ */

#define HTTP_DATE_BYTES 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

struct http_loop {
    struct http_server *server;
    size_t index;
    pthread_t thread;
    _Atomic pthread_t self; /* set by the thread itself */
    int epoll;
    int wakeup; /* an eventfd, watched by `watch` */
    struct watch watch;

    int64_t now_us; /* monotonic, once a turn */
    char date[HTTP_DATE_BYTES + 1];
    int64_t date_due_us;

    struct timer timers[TIMER_KINDS]; /* heads of rings */
    int64_t duration_us[TIMER_KINDS];
    struct conn conns;         /* head of the ring of all */
    struct conn *ready, *dead; /* lists */
    struct http_exchange *free_exchanges;
    size_t free_exchange_count;
    bool is_closing;
    int64_t kill_due_us; /* while closing: when what is left is dropped */

    _Atomic size_t conn_count; /* given to it and not freed; raised by the accepting thread */
    _Atomic uint64_t requests; /* written by the loop's thread only */
    _Atomic unsigned wakers;   /* threads that are about to wake it, beyond the lock */

    /* Guards what follows. */
    pthread_mutex_t lock;
    struct post *posts, **posts_end;
    bool is_asleep; /* and must be woken by whoever posts */
};

MUST_USE struct error *loop_init(struct arena *a, struct http_loop *l, struct http_server *server,
                                 size_t index);
void loop_clear(struct http_loop *l);
void *loop_main(void *argument); /* the loop: what its thread runs */
bool loop_is_current(const struct http_loop *l);
void loop_post(struct http_loop *l, struct post *p);
void loop_add_ready(struct http_loop *l, struct conn *c);
void loop_bury(struct http_loop *l, struct conn *c);
void loop_set_timer(struct http_loop *l, struct conn *c, enum timer_kind kind);
void loop_end_timer(struct conn *c);
/* Exchanges come empty, with room for reading. */
struct http_exchange *loop_take_exchange(struct http_loop *l);
void loop_give_exchange(struct http_loop *l, struct http_exchange *x);
/* Makes it ready for the next request; keeps what has arrived behind the last one. */
void exchange_recycle(struct http_exchange *x);
/* Counts what the exchange holds beyond the usual, `more` bytes of an answer included; false when
 * all connections together hold too much. */
MUST_USE bool exchange_hold(struct http_exchange *x, size_t more);
/* From now on the loop ends when its last connection has. */
void loop_begin_close(struct http_loop *l, int64_t grace_ms);

/* -- the server -------------------------------------------------------------------------------- */

struct listener {
    struct watch watch;
    struct http_server *server;
    int fd;
};

struct http_server {
    struct http_limits limits;
    http_handler *handler;
    void *context;
    http_refusal *refusal;
    const struct clock *clock;
    struct http_loop *loops;
    size_t loop_count, started_count;
    struct listener *listeners; /* watched by the first loop, which deals connections out */
    size_t listener_count;
    size_t next_loop;
    int spare_fd; /* closed to accept and shed a connection when descriptors run out; or -1 */
    bool is_accept_paused;
    uint16_t port;
    _Atomic bool is_closing;
    _Atomic uint64_t accepted, refused, open;
    _Atomic size_t held_bytes;
};

/* Watches the listeners, and again after a pause. On the first loop's thread. */
void server_resume_accepting(struct http_server *s);
void server_stop_accepting(struct http_server *s);

/* -- answers and streams ----------------------------------------------------------------------- */

/* Renders into x->answer. `copies_body`: the body must not be used after the call. */
void respond_render(struct http_exchange *x, const struct http_response *response,
                    bool copies_body);
/* The same for a stream's head, without a length; the body follows it. */
void respond_render_stream(struct http_exchange *x, const struct http_response *response);
/* Fills x->answer with the refusal of what could not be read. */
void respond_refuse(struct http_exchange *x, const struct error *why);
/* Writes the date of that moment (RFC 9110 section 5.6.7) and a terminator. */
void respond_date(int64_t now_us, char out[HTTP_DATE_BYTES + 1]);

/* From now on what is written wakes the connection's loop. */
void stream_attach(struct http_stream *s, struct conn *c);
enum stream_verdict { STREAM_WAITS, STREAM_BLOCKED, STREAM_ENDED, STREAM_BROKEN };
/* Sends what is queued. On the loop's thread. *sent is how much went out. */
enum stream_verdict stream_send(struct http_stream *s, int fd, size_t *sent);
/* The connection is gone: the owner is told, and the connection's reference given back. */
void stream_detach(struct http_stream *s);
