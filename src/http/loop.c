/* One turn of a loop:
 *
 *     wait ─▶ events ─▶ posted work ─▶ connections that go on ─▶ deadlines ─▶ bury the dead
 *
 *  1. Only this thread touches the loop's connections; others post.
 *  2. Time is read once, after the wait.
 *  3. A connection that dies is freed at the turn's end: until then an event may still name it.
 *  4. A loop sleeps only when nothing is posted, and whoever posts to a sleeping one wakes it. */
#include "http/internal.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Room for reading: most requests whole. More than this many idle exchanges are not kept. */
#define INPUT_BYTES ((size_t)8192)
#define KEPT_BODY_BYTES ((size_t)64 << 10)
#define KEPT_EXCHANGES 64
#define EVENTS_PER_TURN 256
/* How soon a pause in accepting is looked at again. */
#define ACCEPT_PAUSE_MS 100

/* -- exchanges --------------------------------------------------------------------------------- */

/* The count is common to all loops, so that it is left alone by requests of the usual size. */
static void set_held(struct http_exchange *x, size_t bytes)
{
    if (bytes == x->held_bytes)
        return;
    atomic_fetch_add(&x->conn->loop->server->held_bytes, bytes - x->held_bytes);
    x->held_bytes = bytes;
}

bool exchange_hold(struct http_exchange *x, size_t more)
{
    const struct http_server *s = x->conn->loop->server;
    size_t bytes = x->in.cap - INPUT_BYTES + more + (x->has_body_apart ? x->body.cap : 0);
    if (!bytes && !x->held_bytes)
        return true;
    set_held(x, bytes);
    return atomic_load(&s->held_bytes) <= s->limits.held_bytes;
}

void exchange_recycle(struct http_exchange *x)
{
    if (x->answer.done)
        x->answer.done(x->answer.done_context);
    set_held(x, 0);
    buf_consume(&x->in, x->request_end);
    if (x->body.cap > KEPT_BODY_BYTES)
        buf_clear(&x->body);
    buf_reset(&x->body);
    arena_reset(&x->arena);
    x->scan = (struct http_scan){0};
    x->chunked = (struct http_chunked){0};
    x->head = (struct http_head){0};
    x->answer = (struct answer){0};
    x->head_len = x->request_end = 0;
    x->has_body_apart = false;
    x->user = NULL;
}

static void free_exchange(struct http_exchange *x)
{
    buf_clear(&x->in);
    buf_clear(&x->body);
    arena_clear(&x->arena);
    free(x);
}

struct http_exchange *loop_take_exchange(struct http_loop *l)
{
    struct http_exchange *x = l->free_exchanges;
    if (x) {
        l->free_exchanges = x->next_free;
        l->free_exchange_count--;
        return x;
    }
    const struct http_limits *limits = &l->server->limits;
    x = mem_zalloc(sizeof *x);
    arena_init(&x->arena);
    /* Room is doubled while a head is not whole, and may hold the start of a body behind it. */
    buf_init(&x->in, 2 * limits->head_bytes + 2 * INPUT_BYTES);
    buf_init(&x->body, limits->body_bytes);
    buf_reserve(&x->in, INPUT_BYTES);
    return x;
}

void loop_give_exchange(struct http_loop *l, struct http_exchange *x)
{
    x->request_end = x->in.len;
    exchange_recycle(x);
    x->conn = NULL;
    if (l->free_exchange_count == KEPT_EXCHANGES || x->in.cap > INPUT_BYTES) {
        free_exchange(x);
        return;
    }
    x->next_free = l->free_exchanges;
    l->free_exchanges = x;
    l->free_exchange_count++;
}

/* -- deadlines --------------------------------------------------------------------------------- */

void loop_end_timer(struct conn *c)
{
    struct timer *t = &c->timer;
    if (!t->next)
        return;
    t->prev->next = t->next;
    t->next->prev = t->prev;
    t->prev = t->next = NULL;
}

void loop_set_timer(struct http_loop *l, struct conn *c, enum timer_kind kind)
{
    loop_end_timer(c);
    struct timer *ring = &l->timers[kind], *t = &c->timer;
    t->due_us = l->now_us + l->duration_us[kind];
    t->prev = ring->prev;
    t->next = ring;
    ring->prev->next = t;
    ring->prev = t;
}

static void run_due_timers(struct http_loop *l)
{
    for (int kind = 0; kind < TIMER_KINDS; kind++) {
        struct timer *ring = &l->timers[kind];
        while (ring->next != ring && ring->next->due_us <= l->now_us) {
            struct conn *c = (struct conn *)((char *)ring->next - offsetof(struct conn, timer));
            loop_end_timer(c);
            conn_timed_out(c, (enum timer_kind)kind);
        }
    }
}

static int64_t first_due_us(const struct http_loop *l)
{
    int64_t due = INT64_MAX;
    for (int kind = 0; kind < TIMER_KINDS; kind++) {
        const struct timer *ring = &l->timers[kind];
        if (ring->next != ring && ring->next->due_us < due)
            due = ring->next->due_us;
    }
    if (l->is_closing && l->kill_due_us < due)
        due = l->kill_due_us;
    return due;
}

/* How long epoll_wait may sleep, in milliseconds, rounded up so that what is due is due. */
static int wait_ms(const struct http_loop *l)
{
    int64_t due = first_due_us(l);
    int64_t ms = -1;
    if (due != INT64_MAX)
        ms = due <= l->now_us ? 0 : (due - l->now_us + 999) / 1000;
    if (ms > 60000)
        ms = 60000;
    if (l->index == 0 && l->server->is_accept_paused && (ms < 0 || ms > ACCEPT_PAUSE_MS))
        ms = ACCEPT_PAUSE_MS;
    return (int)ms;
}

/* -- posted work ------------------------------------------------------------------------------- */

bool loop_is_current(const struct http_loop *l)
{
    pthread_t self = atomic_load_explicit(&l->self, memory_order_relaxed);
    return self && pthread_equal(self, pthread_self());
}

void loop_post(struct http_loop *l, struct post *p)
{
    p->next = NULL;
    pthread_mutex_lock(&l->lock);
    *l->posts_end = p;
    l->posts_end = &p->next;
    bool wakes = l->is_asleep;
    l->is_asleep = false;
    if (wakes) /* the loop may end as soon as it has seen the post: loop_clear waits for us */
        atomic_fetch_add(&l->wakers, 1);
    pthread_mutex_unlock(&l->lock);
    if (!wakes)
        return;
    /* Without the lock, for which the loop would only be put to sleep again. */
    uint64_t one = 1;
    ssize_t written = write(l->wakeup, &one, sizeof one);
    assert(written == (ssize_t)sizeof one);
    atomic_fetch_sub(&l->wakers, 1);
}

/* Whether the loop may sleep; it then counts as asleep (invariant 4). */
static bool fall_asleep(struct http_loop *l)
{
    pthread_mutex_lock(&l->lock);
    l->is_asleep = !l->posts && !l->ready;
    bool is_asleep = l->is_asleep;
    pthread_mutex_unlock(&l->lock);
    return is_asleep;
}

static struct post *take_posts(struct http_loop *l)
{
    pthread_mutex_lock(&l->lock);
    l->is_asleep = false;
    struct post *posts = l->posts;
    l->posts = NULL;
    l->posts_end = &l->posts;
    pthread_mutex_unlock(&l->lock);
    return posts;
}

static void run_posts(struct post *p)
{
    while (p) {
        struct post *next = p->next; /* The work may free or post itself anew. */
        p->run(p);
        p = next;
    }
}

struct task {
    struct post post;
    http_task *task;
    void *argument;
};

static void run_task(struct post *p)
{
    struct task *t = (struct task *)p;
    http_task *task = t->task;
    void *argument = t->argument;
    free(t);
    task(argument);
}

void http_post(struct http_server *server, size_t loop, http_task *task, void *argument)
{
    assert(loop < server->loop_count);
    struct task *t = mem_alloc(sizeof *t);
    *t = (struct task){.post = {.run = run_task}, .task = task, .argument = argument};
    loop_post(&server->loops[loop], &t->post);
}

/* -- the turn ---------------------------------------------------------------------------------- */

void loop_add_ready(struct http_loop *l, struct conn *c)
{
    if (c->is_ready)
        return;
    c->is_ready = true;
    c->next_ready = l->ready;
    l->ready = c;
}

static void run_ready(struct http_loop *l)
{
    struct conn *c = l->ready;
    l->ready = NULL;
    while (c) {
        struct conn *next = c->next_ready;
        c->is_ready = false;
        conn_advance(c);
        c = next;
    }
}

void loop_bury(struct http_loop *l, struct conn *c)
{
    c->next_dead = l->dead;
    l->dead = c;
}

static void free_dead(struct http_loop *l)
{
    struct conn *c = l->dead;
    l->dead = NULL;
    while (c) {
        struct conn *next = c->next_dead;
        if (c->is_ready) {
            loop_bury(l, c); /* The next turn's list still names it. */
        } else {
            c->prev->next = c->next;
            c->next->prev = c->prev;
            free(c);
            atomic_fetch_sub(&l->conn_count, 1);
            atomic_fetch_sub(&l->server->open, 1);
        }
        c = next;
    }
}

static void read_time(struct http_loop *l)
{
    const struct clock *clock = l->server->clock;
    l->now_us = clock_monotonic_us(clock);
    if (l->now_us < l->date_due_us)
        return;
    int64_t now_us = clock_now_us(clock);
    respond_date(now_us, l->date);
    l->date_due_us = l->now_us + 1000000 - now_us % 1000000;
}

static void drop_all(struct http_loop *l)
{
    for (struct conn *c = l->conns.next; c != &l->conns; c = c->next)
        conn_drop(c);
    l->kill_due_us = INT64_MAX;
}

static void turn(struct http_loop *l)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int timeout_ms = fall_asleep(l) ? wait_ms(l) : 0;
    int count = epoll_wait(l->epoll, events, EVENTS_PER_TURN, timeout_ms);
    read_time(l);
    for (int i = 0; i < count; i++) {
        struct watch *w = events[i].data.ptr;
        w->ready(w, events[i].events);
    }
    run_posts(take_posts(l));
    run_ready(l);
    run_due_timers(l);
    if (l->is_closing && l->kill_due_us <= l->now_us)
        drop_all(l);
    if (l->index == 0 && l->server->is_accept_paused)
        server_resume_accepting(l->server);
    free_dead(l);
}

static bool is_over(struct http_loop *l)
{
    if (!l->is_closing || atomic_load(&l->conn_count))
        return false;
    pthread_mutex_lock(&l->lock);
    bool has_posts = l->posts != NULL;
    pthread_mutex_unlock(&l->lock);
    return !has_posts;
}

void *loop_main(void *argument)
{
    struct http_loop *l = argument;
    atomic_store_explicit(&l->self, pthread_self(), memory_order_relaxed);
    read_time(l);
    if (l->index == 0)
        server_resume_accepting(l->server);
    while (!is_over(l))
        turn(l);
    return NULL;
}

void loop_begin_close(struct http_loop *l, int64_t grace_ms)
{
    l->is_closing = true;
    l->kill_due_us = l->now_us + grace_ms * 1000;
    for (struct conn *c = l->conns.next; c != &l->conns; c = c->next)
        conn_say_goodbye(c);
}

/* -- birth and death --------------------------------------------------------------------------- */

/* The eventfd is watched edge-triggered, so that it need not be read. */
static void wakeup_ready(struct watch *w, uint32_t events)
{
    (void)w;
    (void)events;
}

static void set_durations(struct http_loop *l, const struct http_limits *limits)
{
    l->duration_us[TIMER_IDLE] = limits->idle_timeout_ms * 1000;
    l->duration_us[TIMER_HEAD] = limits->head_timeout_ms * 1000;
    l->duration_us[TIMER_BODY] = limits->body_timeout_ms * 1000;
    l->duration_us[TIMER_WRITE] = limits->write_timeout_ms * 1000;
    /* Long enough for a refused client to read why, short enough to be no burden. */
    l->duration_us[TIMER_LINGER] = INT64_C(2000000);
    for (int kind = 0; kind < TIMER_KINDS; kind++)
        l->timers[kind].prev = l->timers[kind].next = &l->timers[kind];
}

struct error *loop_init(struct arena *a, struct http_loop *l, struct http_server *server,
                        size_t index)
{
    *l = (struct http_loop){.server = server, .index = index, .epoll = -1, .wakeup = -1};
    pthread_mutex_init(&l->lock, NULL);
    l->posts_end = &l->posts;
    l->conns.prev = l->conns.next = &l->conns;
    l->watch.ready = wakeup_ready;
    set_durations(l, &server->limits);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->epoll < 0 || l->wakeup < 0)
        return error_errno(a, "cannot start an event loop");
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = &l->watch};
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wakeup, &event) < 0)
        return error_errno(a, "cannot start an event loop");
    return NULL;
}

void loop_clear(struct http_loop *l)
{
    while (atomic_load(&l->wakers))
        sched_yield();
    for (struct http_exchange *x = l->free_exchanges, *next; x; x = next) {
        next = x->next_free;
        free_exchange(x);
    }
    run_posts(take_posts(l)); /* Work that was posted to a loop that never ran. */
    if (l->epoll >= 0)
        close(l->epoll);
    if (l->wakeup >= 0)
        close(l->wakeup);
    pthread_mutex_destroy(&l->lock);
}
