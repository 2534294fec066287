/* A stream has two sides, each with a reference: the owner, on any thread, and its connection.
 *
 *      open ──posted──▶ attached ──client gone, behind, server closes──▶ detached
 *        │                 │                                               ▲
 *        └─ write: queued ─┴─ write: queued, loop posted ── close, all sent┘
 *
 *  1. `conn` is set by the loop alone; while it is set the loop exists, so posting is safe.
 *  2. At most one post is under way (is_posted), however much is written in a turn.
 *  3. `gone` is called without the lock, at most once, and not after a close. */
#include "http/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

struct http_stream {
    struct post post; /* wakes the loop for what was written */
    struct http_loop *loop;
    http_stream_gone *gone;
    void *context;
    size_t limit_bytes;
    _Atomic int references; /* owner, connection, post under way */

    /* Guards what follows. Taken before the loop's lock. */
    pthread_mutex_t lock;
    struct conn *conn; /* NULL before it is attached and after it is detached */
    struct buf queue;
    bool is_posted, is_gone, is_closed;
    bool is_behind; /* the client did not read in time: to be dropped */
};

static void release(struct http_stream *s)
{
    if (atomic_fetch_sub(&s->references, 1) > 1)
        return;
    buf_clear(&s->queue);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static void flush_posted(struct post *p)
{
    struct http_stream *s = (struct http_stream *)p;
    pthread_mutex_lock(&s->lock);
    s->is_posted = false;
    struct conn *c = s->conn;
    pthread_mutex_unlock(&s->lock);
    if (c)
        conn_flush_stream(c);
    release(s);
}

/* With the lock held. */
static void wake(struct http_stream *s)
{
    if (!s->conn || s->is_posted)
        return;
    s->is_posted = true;
    atomic_fetch_add(&s->references, 1);
    loop_post(s->loop, &s->post);
}

static void attach_posted(struct post *p)
{
    struct http_exchange *x = (struct http_exchange *)p;
    conn_attach_stream(x->conn, x->stream);
}

struct http_stream *http_stream_open(struct http_exchange *x, const struct http_response *head,
                                     http_stream_gone *gone, void *context)
{
    struct http_loop *loop = x->conn->loop;
    respond_render_stream(x, head);
    struct http_stream *s = mem_zalloc(sizeof *s);
    s->post.run = flush_posted;
    s->loop = loop;
    s->gone = gone;
    s->context = context;
    s->limit_bytes = loop->server->limits.stream_buffer_bytes + x->answer.first.len;
    atomic_init(&s->references, 2);
    pthread_mutex_init(&s->lock, NULL);
    buf_init(&s->queue, s->limit_bytes);
    buf_add(&s->queue, x->answer.first);
    /* Posted also from the loop itself, so that `gone` is not called before the owner has `s`. */
    x->stream = s;
    x->post.run = attach_posted;
    loop_post(loop, &x->post);
    return s;
}

void stream_attach(struct http_stream *s, struct conn *c)
{
    pthread_mutex_lock(&s->lock);
    s->conn = c;
    pthread_mutex_unlock(&s->lock);
}

bool http_stream_write(struct http_stream *s, struct str bytes)
{
    pthread_mutex_lock(&s->lock);
    assert(!s->is_closed);
    bool is_taken = !s->is_gone && !s->is_behind;
    if (is_taken && bytes.len > s->limit_bytes - s->queue.len) {
        is_taken = false;
        s->is_behind = true;
        wake(s);
    } else if (is_taken && bytes.len) {
        buf_add(&s->queue, bytes);
        wake(s);
    }
    pthread_mutex_unlock(&s->lock);
    return is_taken;
}

void http_stream_close(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    assert(!s->is_closed);
    s->is_closed = true;
    wake(s);
    pthread_mutex_unlock(&s->lock);
    release(s);
}

enum stream_verdict stream_send(struct http_stream *s, int fd, size_t *sent)
{
    enum stream_verdict verdict = STREAM_BROKEN;
    pthread_mutex_lock(&s->lock);
    if (s->is_behind)
        goto done;
    if (s->queue.len) {
        ssize_t count = send(fd, s->queue.data, s->queue.len, MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            goto done;
        *sent = count > 0 ? (size_t)count : 0;
        buf_consume(&s->queue, *sent);
    }
    if (s->queue.len) {
        verdict = STREAM_BLOCKED;
    } else {
        buf_clear(&s->queue); /* A quiet stream holds no memory. */
        verdict = s->is_closed ? STREAM_ENDED : STREAM_WAITS;
    }
done:
    pthread_mutex_unlock(&s->lock);
    return verdict;
}

void stream_detach(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->conn = NULL;
    s->is_gone = true;
    bool is_news = !s->is_closed;
    buf_clear(&s->queue);
    pthread_mutex_unlock(&s->lock);
    if (is_news && s->gone)
        s->gone(s, s->context);
    release(s);
}
