#include "dynamodb/storage/kv_fault.h"

#include "dynamodb/storage/kv_ops.h"

#include <stdlib.h>
#include <unistd.h>

struct faulty {
    struct kv base;
    struct kv_ops ops; /* its own, to say what it is */
    struct kv *inner;
    struct kv_fault *fault;
};

struct read {
    struct kv_read base;
    struct faulty *faulty;
    struct kv_read *inner;
};

struct cursor {
    struct kv_cursor base;
    struct faulty *faulty;
    struct arena *arena;
    struct kv_cursor *inner;
};

struct batch {
    struct kv_batch base;
    struct kv_batch *inner;
};

static struct error *turn(struct arena *a, _Atomic uint64_t *calls, _Atomic uint64_t *fails,
                          const char *what)
{
    uint64_t call = atomic_fetch_add(calls, 1) + 1;
    if (call != atomic_load(fails))
        return NULL;
    return error_new(a, &error_system, "%s %llu failed on purpose", what, (unsigned long long)call);
}

static void faulty_close(struct kv *kv)
{
    struct faulty *f = (struct faulty *)kv;
    if (!f->fault->keeps_inner)
        kv_close(f->inner);
    free(f);
}

static struct kv_read *read_begin(struct kv *kv, bool needs_snapshot)
{
    struct faulty *f = (struct faulty *)kv;
    struct read *read = mem_alloc(sizeof *read);
    *read = (struct read){{&f->ops}, f, kv_read_begin(f->inner, needs_snapshot)};
    return &read->base;
}

static void read_end(struct kv_read *read)
{
    kv_read_end(((struct read *)read)->inner);
    free(read);
}

static struct error *get(struct kv_read *read, struct arena *a, struct str key, struct str *value,
                         bool *found)
{
    struct read *r = (struct read *)read;
    struct kv_fault *fault = r->faulty->fault;
    TRY(turn(a, &fault->gets, &fault->fail_get, "get"));
    return kv_get(r->inner, a, key, value, found);
}

static struct error *cursor_open(struct kv_read *read, struct arena *a, const struct kv_span *span,
                                 struct kv_cursor **out)
{
    struct read *r = (struct read *)read;
    struct cursor *c = arena_new(a, struct cursor);
    *c = (struct cursor){{&r->faulty->ops}, r->faulty, a, NULL};
    TRY(r->inner->ops->cursor_open(r->inner, a, span, &c->inner));
    *out = &c->base;
    return NULL;
}

static struct error *cursor_next(struct kv_cursor *cursor, struct str *key, struct str *value,
                                 bool *found)
{
    struct cursor *c = (struct cursor *)cursor;
    struct kv_fault *fault = c->faulty->fault;
    TRY(turn(c->arena, &fault->cursors, &fault->fail_cursor, "cursor step"));
    return kv_cursor_next(c->inner, key, value, found);
}

static void cursor_close(struct kv_cursor *cursor)
{
    kv_cursor_close(((struct cursor *)cursor)->inner);
}

static struct kv_batch *batch_new(struct kv *kv)
{
    struct faulty *f = (struct faulty *)kv;
    struct batch *b = mem_alloc(sizeof *b);
    *b = (struct batch){{&f->ops}, kv_batch_new(f->inner)};
    return &b->base;
}

static void batch_free(struct kv_batch *batch)
{
    kv_batch_free(((struct batch *)batch)->inner);
    free(batch);
}

static void batch_reset(struct kv_batch *batch)
{
    kv_batch_reset(((struct batch *)batch)->inner);
}

static void batch_put(struct kv_batch *batch, struct str key, struct str value)
{
    kv_batch_put(((struct batch *)batch)->inner, key, value);
}

static void batch_delete(struct kv_batch *batch, struct str key)
{
    kv_batch_delete(((struct batch *)batch)->inner, key);
}

static void batch_delete_range(struct kv_batch *batch, struct str low, struct str high)
{
    kv_batch_delete_range(((struct batch *)batch)->inner, low, high);
}

static struct error *write_batch(struct kv *kv, struct arena *a, struct kv_batch *batch)
{
    struct faulty *f = (struct faulty *)kv;
    TRY(turn(a, &f->fault->writes, &f->fault->fail_write, "write"));
    return kv_write(f->inner, a, ((struct batch *)batch)->inner);
}

static struct error *hand_over(struct kv *kv, struct arena *a)
{
    return kv_hand_over(((struct faulty *)kv)->inner, a);
}

static struct error *sync_inner(struct kv *kv, struct arena *a)
{
    struct faulty *f = (struct faulty *)kv;
    while (atomic_load(&f->fault->holds_sync))
        usleep(100);
    TRY(turn(a, &f->fault->syncs, &f->fault->fail_sync, "sync"));
    return kv_sync(f->inner, a);
}

struct kv *kv_fault_open(struct kv *inner, struct kv_fault *fault)
{
    struct faulty *f = mem_zalloc(sizeof *f);
    f->ops = (struct kv_ops){
        .close = faulty_close,
        .read_begin = read_begin,
        .read_end = read_end,
        .get = get,
        .cursor_open = cursor_open,
        .cursor_next = cursor_next,
        .cursor_close = cursor_close,
        .batch_new = batch_new,
        .batch_free = batch_free,
        .batch_reset = batch_reset,
        .batch_put = batch_put,
        .batch_delete = batch_delete,
        .batch_delete_range = batch_delete_range,
        .write = write_batch,
        .hand_over = hand_over,
        .sync = sync_inner,
        .is_persistent = fault->is_persistent,
    };
    f->base.ops = &f->ops;
    f->inner = inner;
    f->fault = fault;
    return &f->base;
}
