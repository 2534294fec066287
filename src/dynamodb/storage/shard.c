/* The shards of a stream. Time goes to the right, each row is a quarter of the hash space:
 *
 *     1 ──> 5 ──> 9  …
 *     2 ──> 6 ──> 10 …       the newest four are open, all before them are closed;
 *     3 ──> 7 ──> 11 …       24 hours after closing, they are gone
 *     4 ──> 8 ──> 12 …
 *
 *     shard = created(8) closed(8) first(8) last(8) trimmed(8) parent created(8)
 *
 * 1. All four roll over in one batch, so that a shard's parent is STREAM_SHARDS before it. A
 *    parent's name can be told when it is gone: its time is kept in the child.
 * 2. Closing takes a record number and opening the next one: first <= last, a parent's last is
 *    below its child's first, and no record has either number.
 * 3. An item's records stay in their row. Read parents first, and they come in their order.
 * 4. Only shards without children are open, and only those get records. */
#include "dynamodb/storage/shard.h"

#include "base/vec.h"

#include <string.h>

enum { SHARD_BYTES = 6 * 8 };

uint32_t shard_of_item(struct str item_key)
{
    return (uint32_t)(key_partition_hash(item_key) >> 62);
}

void shard_plan(struct arena *a, struct kv_batch *batch, uint32_t stream_id,
                const struct shard_state *s)
{
    char bytes[SHARD_BYTES];
    put_u64(bytes, (uint64_t)s->shard.created_ms);
    put_u64(bytes + 8, (uint64_t)s->closed_ms);
    put_u64(bytes + 16, s->shard.first_sequence);
    put_u64(bytes + 24, s->shard.last_sequence);
    put_u64(bytes + 32, s->trimmed);
    put_u64(bytes + 40, (uint64_t)s->shard.parent_created_ms);
    kv_batch_put(batch, key_shard(a, stream_id, s->shard.id), (struct str){bytes, sizeof bytes});
}

void shard_plan_delete(struct arena *a, struct kv_batch *batch, uint32_t stream_id,
                       uint32_t shard_id)
{
    kv_batch_delete_range(batch, key_record(a, stream_id, shard_id, 0),
                          key_record(a, stream_id, shard_id, UINT64_MAX));
    kv_batch_delete(batch, key_shard(a, stream_id, shard_id));
}

bool shard_decode(struct str key, struct str value, struct shard_state *out)
{
    uint32_t id = key_shard_id(key);
    if (!id || value.len != SHARD_BYTES)
        return false;
    *out = (struct shard_state){
        .shard = {.id = id,
                  .parent_id = id > STREAM_SHARDS ? id - STREAM_SHARDS : 0,
                  .created_ms = (int64_t)get_u64(value.data),
                  .parent_created_ms = (int64_t)get_u64(value.data + 40),
                  .first_sequence = get_u64(value.data + 16),
                  .last_sequence = get_u64(value.data + 24)},
        .closed_ms = (int64_t)get_u64(value.data + 8),
        .trimmed = get_u64(value.data + 32),
    };
    return true;
}

struct error *shard_read(struct store *store, struct arena *a, uint32_t stream_id,
                         uint32_t shard_id, struct shard_state *out, bool *found)
{
    struct str key = key_shard(a, stream_id, shard_id), value;
    TRY(store_read(store, a, key, &value, found));
    if (*found && !shard_decode(key, value, out))
        return store_damaged(a, "a shard cannot be read");
    return NULL;
}

struct error *shard_list(struct store *store, struct arena *a, uint32_t stream_id, uint32_t after,
                         size_t limit, struct shard_state **out, size_t *count)
{
    VEC(struct shard_state) shards = {0};
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error = NULL, *damaged = NULL;
    if (after < UINT32_MAX)
        error = kv_cursor_open(read, a, key_shard(a, stream_id, after + 1),
                               key_shard(a, stream_id, UINT32_MAX), true, &cursor);
    while (cursor && !error && !damaged && shards.count < limit) {
        struct str key, value;
        struct shard_state s;
        bool found;
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found)
            break;
        if (shard_decode(key, value, &s))
            VEC_PUSH(a, &shards, s);
        else
            damaged = store_damaged(a, "a shard cannot be read");
    }
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    *out = shards.items;
    *count = shards.count;
    return error ? store_error(a, error) : damaged;
}

bool shard_is_past(const struct shard_state *s, int64_t now_ms)
{
    return s->shard.last_sequence && s->closed_ms + STREAM_RETENTION_MS <= now_ms;
}

struct shard_state shard_child(const struct shard_state *parent, uint64_t first)
{
    return (struct shard_state){
        .shard = {.id = parent->shard.id + STREAM_SHARDS,
                  .parent_id = parent->shard.id,
                  .created_ms = parent->closed_ms,
                  .parent_created_ms = parent->shard.created_ms,
                  .first_sequence = first},
    };
}
