#include "dynamodb/storage/stream.h"

#include "base/vec.h"
#include "dynamodb/storage/stream_log.h"

static struct error *list_states(struct store *store, struct arena *a, bool with_past,
                                 struct str table_name, const struct stream **out, size_t *count)
{
    VEC(struct stream) streams = {0};
    int64_t now_ms = clock_now_ms(store->clock);
    struct str low = {(const char[]){SPACE_STREAM}, 1};
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error = kv_cursor_open(read, a, low, key_after(a, low), true, &cursor);
    while (!error) {
        struct str key, value;
        struct stream_state s;
        bool found;
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found)
            break;
        if (!stream_state_decode(a, value, &s))
            error = store_damaged(a, "a stream cannot be read");
        else if ((!table_name.len || str_eq(table_name, s.stream.table_name)) &&
                 (with_past || !stream_is_past(&s, now_ms)))
            VEC_PUSH(a, &streams, s.stream);
    }
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    *out = streams.items;
    *count = streams.count;
    return error && error->kind != &error_InternalServerError ? store_error(a, error) : error;
}

struct error *stream_list(struct store *store, struct arena *a, struct str table_name,
                          const struct stream **out, size_t *count)
{
    return list_states(store, a, false, table_name, out, count);
}

struct error *stream_list_all(struct store *store, struct arena *a, const struct stream **out,
                              size_t *count)
{
    return list_states(store, a, true, (struct str){"", 0}, out, count);
}

struct error *stream_find(struct store *store, struct arena *a, struct str table_name,
                          int64_t created_ms, struct stream *out, bool *found)
{
    const struct stream *streams;
    size_t count;
    *found = false;
    TRY(stream_list(store, a, table_name, &streams, &count));
    for (size_t i = 0; i < count; i++) {
        if (streams[i].created_ms == created_ms) {
            *out = streams[i];
            *found = true;
        }
    }
    return NULL;
}

/* What a reader may know of a shard when the watermark is there: nothing before its opening is
 * synced, and that it closed only when that is. False: there is nothing to see. */
static bool show(const struct shard_state *s, uint64_t watermark, int64_t now_ms, struct shard *out)
{
    *out = s->shard;
    if (s->shard.first_sequence > watermark || shard_is_past(s, now_ms))
        return false;
    if (s->shard.last_sequence > watermark)
        out->last_sequence = 0;
    return true;
}

struct error *stream_shards(struct store *store, struct arena *a, uint32_t stream_id,
                            uint32_t after, size_t limit, const struct shard **out, size_t *count)
{
    uint64_t watermark = commit_records_synced(store->commit);
    int64_t now_ms = clock_now_ms(store->clock);
    VEC(struct shard) shards = {0};
    struct shard_state *states;
    size_t state_count, wanted;
    do { /* again when some of them are not to be seen */
        wanted = limit - shards.count;
        TRY(shard_list(store, a, stream_id, after, wanted, &states, &state_count));
        for (size_t i = 0; i < state_count; i++) {
            struct shard shard;
            after = states[i].shard.id;
            if (show(&states[i], watermark, now_ms, &shard))
                VEC_PUSH(a, &shards, shard);
        }
    } while (state_count == wanted && shards.count < limit);
    *out = shards.items;
    *count = shards.count;
    return NULL;
}

struct error *stream_shard(struct store *store, struct arena *a, uint32_t stream_id,
                           uint32_t shard_id, struct shard *out, bool *found)
{
    uint64_t watermark = commit_records_synced(store->commit);
    struct shard_state s;
    TRY(shard_read(store, a, stream_id, shard_id, &s, found));
    *found = *found && show(&s, watermark, clock_now_ms(store->clock), out);
    return NULL;
}

struct error *stream_child(struct store *store, struct arena *a, uint32_t stream_id,
                           uint32_t shard_id, struct shard *out, bool *found)
{
    *found = false;
    if (!shard_id || shard_id > UINT32_MAX - STREAM_SHARDS)
        return NULL;
    return stream_shard(store, a, stream_id, shard_id + STREAM_SHARDS, out, found);
}

static struct error *take_record(struct arena *a, struct str key, struct str value,
                                 struct stream_record *out)
{
    if (!stream_record_decode(key, arena_str(a, value), out))
        return store_damaged(a, "a stream record cannot be read");
    return NULL;
}

/* Records from `from` up to the watermark; *is_all when the limits did not stop it. */
static struct error *read_records(struct store *store, struct arena *a, uint32_t stream_id,
                                  uint32_t shard_id, uint64_t from, uint64_t watermark,
                                  size_t limit, struct stream_page *out, bool *is_all)
{
    VEC(struct stream_record) records = {0};
    size_t bytes = 0;
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error =
        kv_cursor_open(read, a, key_record(a, stream_id, shard_id, from),
                       key_record(a, stream_id, shard_id, watermark + 1), true, &cursor);
    *is_all = false;
    while (!error && records.count < limit && bytes < LIMIT_STREAM_BYTES) {
        struct str key, value;
        struct stream_record record;
        bool found;
        error = kv_cursor_next(cursor, &key, &value, &found);
        *is_all = !error && !found;
        if (error || !found)
            break;
        error = take_record(a, key, value, &record);
        bytes += value.len;
        if (!error)
            VEC_PUSH(a, &records, record);
    }
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    out->records = records.items;
    out->count = records.count;
    return error && error->kind != &error_InternalServerError ? store_error(a, error) : error;
}

struct error *stream_read(struct store *store, struct arena *a, uint32_t stream_id,
                          uint32_t shard_id, uint64_t from, size_t limit, struct stream_page *out)
{
    /* Before anything else is read: what is below it is there to be seen. */
    uint64_t watermark = commit_records_synced(store->commit);
    struct shard_state s;
    struct shard shown;
    bool found, is_all = true;
    *out = (struct stream_page){.next = from, .is_end = true, .is_gone = true};
    TRY(shard_read(store, a, stream_id, shard_id, &s, &found));
    if (!found || !show(&s, watermark, clock_now_ms(store->clock), &shown))
        return NULL;
    out->is_gone = false;
    out->oldest = s.trimmed > shown.first_sequence ? s.trimmed : shown.first_sequence;
    if (from <= watermark)
        TRY(read_records(store, a, stream_id, shard_id, from, watermark, limit, out, &is_all));
    if (!is_all)
        out->next = out->records[out->count - 1].sequence + 1;
    else if (from <= watermark)
        out->next = watermark + 1;
    out->is_end = shown.last_sequence && is_all;
    return NULL;
}

uint64_t stream_latest(struct store *store, uint32_t stream_id, uint32_t shard_id)
{
    (void)stream_id, (void)shard_id; /* numbers are of the whole store */
    return commit_records_synced(store->commit) + 1;
}
