/* The clock may have been ahead and been set since. What is said to be of the future was written
 * then; it is taken to be of the moment when it is looked at, so that nothing is kept for ever. */
#include "dynamodb/storage/stream_age.h"

#include "base/vec.h"
#include "dynamodb/storage/stream_log.h"

enum { SHARDS_PAGE = 100 };

/* -- rolling over -------------------------------------------------------------------------------
 */

static bool is_due(const struct store *store, const struct table *t, int64_t now_ms)
{
    int64_t age_ms = now_ms - table_front(t)->opened_ms;
    return t->is_stream_enabled && (age_ms >= store->shard_life_ms || age_ms < 0);
}

/* However long the store was closed, the shards roll over once: nothing was written meanwhile. */
static struct error *roll_one(struct store *store, struct arena *a, const struct table *t)
{
    struct stream_tip tip;
    bool found;
    uint64_t sequence;
    TRY(stream_tip_read(store, a, t->stream_id, &tip, &found));
    if (!found)
        return store_damaged(a, "a table's stream is missing");
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    /* A write that fails is the last one: nobody looks at the front any more. */
    *table_front(t) = stream_plan_roll(store, a, batch, &tip);
    return commit_end(store->commit, a);
}

struct error *stream_roll(struct store *store, struct arena *a)
{
    struct error *error = NULL;
    int64_t now_ms = clock_now_ms(store->clock);
    catalog_lock_shared(store);
    for (size_t i = 0; i < store->catalog.count && !error; i++) {
        const struct table *t = &store->catalog.by_id[i]->table;
        if (is_due(store, t, now_ms))
            error = roll_one(store, a, t);
    }
    catalog_unlock_shared(store);
    return error;
}

/* -- trimming -----------------------------------------------------------------------------------
 */

/* What comes after the last record of a shard that is too old; 0 when none is. A record of the
 * future says nothing: it is as old as the next one that does. */
static struct error *first_kept(struct store *store, struct arena *a, uint32_t stream_id,
                                const struct shard_state *shard, int64_t now_ms, uint64_t *out)
{
    uint32_t id = shard->shard.id;
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error = kv_cursor_open(read, a, key_record(a, stream_id, id, shard->trimmed),
                                         key_record(a, stream_id, id, UINT64_MAX), true, &cursor);
    struct error *damaged = NULL;
    *out = 0;
    while (!error && !damaged) {
        struct str key, value;
        struct stream_record record;
        bool found;
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found)
            break;
        if (!stream_record_decode(key, value, &record))
            damaged = store_damaged(a, "a stream record cannot be read");
        else if (record.created_ms <= now_ms - STREAM_RETENTION_MS)
            *out = record.sequence + 1;
        else if (record.created_ms <= now_ms)
            break;
    }
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    return error ? store_error(a, error) : damaged;
}

static struct error *trim_shard(struct store *store, struct arena *a, uint32_t stream_id,
                                struct shard_state *shard, int64_t now_ms)
{
    uint64_t kept = 0, sequence;
    bool is_past = shard_is_past(shard, now_ms);
    if (!is_past)
        TRY(first_kept(store, a, stream_id, shard, now_ms, &kept));
    bool is_ahead = shard->closed_ms > now_ms;
    if (!is_past && !kept && !is_ahead)
        return NULL;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    if (is_past) {
        shard_plan_delete(a, batch, stream_id, shard->shard.id);
    } else {
        if (kept) {
            kv_batch_delete_range(batch, key_record(a, stream_id, shard->shard.id, 0),
                                  key_record(a, stream_id, shard->shard.id, kept));
            shard->trimmed = kept;
        }
        if (is_ahead)
            shard->closed_ms = now_ms;
        shard_plan(a, batch, stream_id, shard);
    }
    return commit_end(store->commit, a);
}

static struct error *mend_closing(struct store *store, struct arena *a, struct stream_state *s,
                                  int64_t now_ms)
{
    uint64_t sequence;
    if (s->closed_ms <= now_ms)
        return NULL;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    s->closed_ms = now_ms;
    stream_plan(a, batch, s);
    return commit_end(store->commit, a);
}

static struct error *forget_stream(struct store *store, struct arena *a, uint32_t stream_id)
{
    uint64_t sequence;
    struct str records = key_id(a, SPACE_RECORD, stream_id);
    struct str shards = key_id(a, SPACE_SHARD, stream_id);
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    kv_batch_delete_range(batch, records, key_after(a, records));
    kv_batch_delete_range(batch, shards, key_after(a, shards));
    kv_batch_delete(batch, key_id(a, SPACE_STREAM, stream_id));
    return commit_end(store->commit, a);
}

/* The shards from the oldest on, up to the first that is too young to hold old records; all after
 * it are younger. *has_more: a page of shards was looked at, and there may be others. */
static struct error *trim_page(struct store *store, struct arena *a, uint32_t stream_id,
                               uint32_t *after, bool *has_more)
{
    struct stream_state s;
    struct shard_state *shards;
    size_t count;
    bool found;
    int64_t now_ms = clock_now_ms(store->clock);
    *has_more = false;
    TRY(stream_state_read(store, a, stream_id, &s, &found));
    if (!found)
        return NULL;
    if (stream_is_past(&s, now_ms))
        return forget_stream(store, a, stream_id);
    TRY(mend_closing(store, a, &s, now_ms));
    TRY(shard_list(store, a, stream_id, *after, SHARDS_PAGE, &shards, &count));
    for (size_t i = 0; i < count; i++) {
        int64_t age_ms = now_ms - shards[i].shard.created_ms;
        if (age_ms >= 0 && age_ms < STREAM_RETENTION_MS)
            return NULL;
        TRY(trim_shard(store, a, stream_id, &shards[i], now_ms));
        *after = shards[i].shard.id;
    }
    *has_more = count == SHARDS_PAGE;
    return NULL;
}

struct error *stream_trim(struct store *store, struct arena *a)
{
    const struct stream *streams;
    size_t count;
    VEC(uint32_t) ids = {0};
    TRY(stream_list_all(store, a, &streams, &count));
    for (size_t i = 0; i < count; i++)
        VEC_PUSH(a, &ids, streams[i].id);
    for (size_t i = 0; i < ids.count; i++) {
        uint32_t after = 0;
        bool has_more = true;
        while (has_more) {
            catalog_lock_shared(store);
            struct error *error = trim_page(store, a, ids.items[i], &after, &has_more);
            catalog_unlock_shared(store);
            TRY(error);
        }
    }
    return NULL;
}
