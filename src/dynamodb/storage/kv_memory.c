/* The memory store: one tree (tree.h), its newest root, and who still reads which state.
 *
 *     write:  build the new tree (version v) -> root = it -> version = v -> free old garbage
 *     read:   pin the version in a slot -> take the root -> … -> unpin
 *
 * 1. A reader pins version p before it takes the root, so that root is of version p or newer.
 * 2. Memory retired by version v is in no state of version v or newer. It is freed when every
 * pinned version is >= v: by 1, nobody can reach it.
 * 3. A reader that pins after the writer looked through the slots takes a root that was published
 *    before it looked; all of this is sequentially consistent.
 *
 * Readers wait for nobody and nobody waits for them; a reader that stays long only keeps memory. */
#include "dynamodb/storage/kv.h"
#include "dynamodb/storage/kv_ops.h"
#include "dynamodb/storage/tree.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SLOTS = 64, COLLECT_FROM = 256 };

struct memory;

/* One read section; a cache line of its own. */
struct slot {
    struct kv_read base;
    _Atomic uint64_t pinned; /* 0: free */
    struct memory *memory;
    const struct tree_node *root;
} __attribute__((aligned(64)));

struct memory {
    struct kv base;
    _Atomic(struct tree_node *) root;
    _Atomic uint64_t version;
    struct tree_edit edit; /* of the writer */
    struct slot slots[SLOTS];
};

struct cursor {
    struct kv_cursor base;
    struct tree_cursor tree;
};

enum op_kind { OP_PUT, OP_DELETE, OP_DELETE_RANGE };

struct op {
    enum op_kind kind;
    struct str key, high;
    struct blob *value;
};

struct batch {
    struct kv_batch base;
    struct arena arena; /* the keys */
    struct op *ops;
    size_t count, cap;
    struct blob *last_blob; /* of the newest put */
};

/* -- reading ------------------------------------------------------------------------------------
 */

static struct kv_read *read_begin(struct kv *kv, bool needs_snapshot)
{
    (void)needs_snapshot;
    struct memory *m = (struct memory *)kv;
    size_t at = (size_t)(((uintptr_t)pthread_self() >> 12) * 0x9E3779B97F4A7C15u >> 58);
    for (size_t tries = 0;; tries++) {
        struct slot *s = &m->slots[(at + tries) % SLOTS];
        uint64_t is_free = 0;
        if (atomic_load_explicit(&s->pinned, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&s->pinned, &is_free, atomic_load(&m->version))) {
            s->root = atomic_load(&m->root);
            return &s->base;
        }
        if (tries % SLOTS == SLOTS - 1)
            sched_yield();
    }
}

static void read_end(struct kv_read *read)
{
    atomic_store_explicit(&((struct slot *)read)->pinned, 0, memory_order_release);
}

static struct error *get(struct kv_read *read, struct arena *a, struct str key, struct str *value,
                         bool *found)
{
    (void)a;
    const struct blob *b = tree_get(((struct slot *)read)->root, key);
    *found = b != NULL;
    *value = b ? blob_str(b) : (struct str){"", 0};
    return NULL;
}

static struct error *cursor_open(struct kv_read *read, struct arena *a, const struct kv_span *span,
                                 struct kv_cursor **out)
{
    struct cursor *c = arena_new(a, struct cursor);
    c->base.ops = read->ops;
    tree_seek(&c->tree, a, ((struct slot *)read)->root, span->low, span->high, span->is_forward);
    *out = &c->base;
    return NULL;
}

static struct error *cursor_next(struct kv_cursor *cursor, struct str *key, struct str *value,
                                 bool *found)
{
    struct cursor *c = (struct cursor *)cursor;
    const struct blob *b;
    *found = tree_next(&c->tree, key, &b);
    if (*found)
        *value = blob_str(b);
    return NULL;
}

static void cursor_close(struct kv_cursor *cursor)
{
    (void)cursor;
}

/* -- writing ------------------------------------------------------------------------------------
 */

static const struct kv_ops memory_ops;

static struct kv_batch *batch_new(struct kv *kv)
{
    (void)kv;
    struct batch *b = mem_zalloc(sizeof *b);
    b->base.ops = &memory_ops;
    arena_init(&b->arena);
    return &b->base;
}

static void batch_reset(struct kv_batch *batch)
{
    struct batch *b = (struct batch *)batch;
    for (size_t i = 0; i < b->count; i++) {
        if (b->ops[i].value && --b->ops[i].value->refs == 0)
            free(b->ops[i].value);
    }
    b->count = 0;
    b->last_blob = NULL;
    arena_reset(&b->arena);
}

static void batch_free(struct kv_batch *batch)
{
    struct batch *b = (struct batch *)batch;
    batch_reset(batch);
    arena_clear(&b->arena);
    free(b->ops);
    free(b);
}

static void add(struct kv_batch *batch, struct op op)
{
    struct batch *b = (struct batch *)batch;
    if (b->count == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 16;
        b->ops = mem_realloc(b->ops, b->cap * sizeof *b->ops);
    }
    op.key = arena_str(&b->arena, op.key);
    op.high = arena_str(&b->arena, op.high);
    b->ops[b->count++] = op;
}

/* An index that holds whole items is given the item's very bytes: they are kept once. */
static void batch_put(struct kv_batch *batch, struct str key, struct str value)
{
    struct batch *b = (struct batch *)batch;
    if (b->last_blob && str_eq(blob_str(b->last_blob), value))
        b->last_blob->refs++;
    else
        b->last_blob = blob_new(value);
    add(batch, (struct op){.kind = OP_PUT, .key = key, .value = b->last_blob});
}

static void batch_delete(struct kv_batch *batch, struct str key)
{
    add(batch, (struct op){.kind = OP_DELETE, .key = key});
}

static void batch_delete_range(struct kv_batch *batch, struct str low, struct str high)
{
    add(batch, (struct op){.kind = OP_DELETE_RANGE, .key = low, .high = high});
}

static struct tree_node *apply(struct tree_edit *edit, struct tree_node *root, struct op *op)
{
    struct blob *value = op->value;
    op->value = NULL; /* the tree's now */
    switch (op->kind) {
    case OP_PUT:
        return tree_put(edit, root, op->key, value);
    case OP_DELETE:
        return tree_delete(edit, root, op->key);
    case OP_DELETE_RANGE:
        return tree_delete_range(edit, root, op->key, op->high);
    }
    return root;
}

static uint64_t oldest_pinned(struct memory *m)
{
    uint64_t oldest = UINT64_MAX;
    for (size_t i = 0; i < SLOTS; i++) {
        uint64_t pinned = atomic_load(&m->slots[i].pinned);
        if (pinned && pinned < oldest)
            oldest = pinned;
    }
    return oldest;
}

static struct error *write_batch(struct kv *kv, struct arena *a, struct kv_batch *batch)
{
    (void)a;
    struct memory *m = (struct memory *)kv;
    struct batch *b = (struct batch *)batch;
    struct tree_node *root = atomic_load_explicit(&m->root, memory_order_relaxed);
    m->edit.version++;
    for (size_t i = 0; i < b->count; i++)
        root = apply(&m->edit, root, &b->ops[i]);
    b->last_blob = NULL;
    atomic_store(&m->root, root);
    atomic_store(&m->version, m->edit.version);
    if (m->edit.garbage_count >= COLLECT_FROM)
        tree_collect(&m->edit, oldest_pinned(m));
    return NULL;
}

static struct error *do_nothing(struct kv *kv, struct arena *a)
{
    (void)kv, (void)a;
    return NULL;
}

/* -- open and close -----------------------------------------------------------------------------
 */

static void memory_close(struct kv *kv)
{
    struct memory *m = (struct memory *)kv;
    assert(oldest_pinned(m) == UINT64_MAX);
    m->edit.version++;
    tree_free(&m->edit, atomic_load(&m->root));
    free(m);
}

static const struct kv_ops memory_ops = {
    .close = memory_close,
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
    .hand_over = do_nothing,
    .sync = do_nothing,
    .is_persistent = false,
};

struct kv *kv_memory_open(void)
{
    struct memory *m = aligned_alloc(64, (sizeof *m + 63) / 64 * 64);
    if (!m)
        abort();
    *m = (struct memory){.base.ops = &memory_ops};
    atomic_store(&m->version, 1); /* 0 is a free slot */
    m->edit.version = 1;
    for (size_t i = 0; i < SLOTS; i++) {
        m->slots[i].base.ops = &memory_ops;
        m->slots[i].memory = m;
    }
    return &m->base;
}
