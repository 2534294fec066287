#include "dynamodb/storage/kv.h"

#include "dynamodb/storage/kv_ops.h"

void kv_close(struct kv *kv)
{
    if (kv)
        kv->ops->close(kv);
}

struct kv_read *kv_read_begin(struct kv *kv, bool needs_snapshot)
{
    return kv->ops->read_begin(kv, needs_snapshot);
}

void kv_read_end(struct kv_read *read)
{
    if (read)
        read->ops->read_end(read);
}

struct error *kv_get(struct kv_read *read, struct arena *a, struct str key, struct str *value,
                     bool *found)
{
    return read->ops->get(read, a, key, value, found);
}

struct error *kv_cursor_open(struct kv_read *read, struct arena *a, struct str low, struct str high,
                             bool is_forward, struct kv_cursor **out)
{
    return read->ops->cursor_open(read, a, &(struct kv_span){low, high, is_forward, false}, out);
}

struct error *kv_walk_open(struct kv_read *read, struct arena *a, struct str low, struct str high,
                           bool is_forward, struct kv_cursor **out)
{
    return read->ops->cursor_open(read, a, &(struct kv_span){low, high, is_forward, true}, out);
}

struct error *kv_cursor_next(struct kv_cursor *cursor, struct str *key, struct str *value,
                             bool *found)
{
    return cursor->ops->cursor_next(cursor, key, value, found);
}

void kv_cursor_close(struct kv_cursor *cursor)
{
    if (cursor)
        cursor->ops->cursor_close(cursor);
}

struct kv_batch *kv_batch_new(struct kv *kv)
{
    return kv->ops->batch_new(kv);
}

void kv_batch_free(struct kv_batch *batch)
{
    if (batch)
        batch->ops->batch_free(batch);
}

void kv_batch_reset(struct kv_batch *batch)
{
    batch->ops->batch_reset(batch);
}

void kv_batch_put(struct kv_batch *batch, struct str key, struct str value)
{
    batch->ops->batch_put(batch, key, value);
}

void kv_batch_delete(struct kv_batch *batch, struct str key)
{
    batch->ops->batch_delete(batch, key);
}

void kv_batch_delete_range(struct kv_batch *batch, struct str low, struct str high)
{
    batch->ops->batch_delete_range(batch, low, high);
}

struct error *kv_write(struct kv *kv, struct arena *a, struct kv_batch *batch)
{
    return kv->ops->write(kv, a, batch);
}

struct error *kv_hand_over(struct kv *kv, struct arena *a)
{
    return kv->ops->hand_over(kv, a);
}

struct error *kv_sync(struct kv *kv, struct arena *a)
{
    return kv->ops->sync(kv, a);
}

bool kv_is_persistent(const struct kv *kv)
{
    return kv->ops->is_persistent;
}
