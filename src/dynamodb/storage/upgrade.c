/* What became of the formats (key.h, KEY_FORMAT):
 *
 *     1 -> 2   A stream had four shards for its whole life, and kept what is now theirs itself:
 *              {… first last closed trimmed1 … trimmed4}. They become its first shards.
 *     2 -> 3   Item collections are kept. They are counted: all items of the tables with local
 *              indexes are read once.
 *     3 -> 4   The log is the store's own (wal.h). What lies in RocksDB's is taken over by RocksDB
 *              itself, when it opens the folder. */
#include "dynamodb/storage/upgrade.h"

#include "base/vec.h"
#include "dynamodb/storage/collection.h"
#include "dynamodb/storage/fields.h"
#include "dynamodb/storage/stream_log.h"

struct stored {
    struct str key, value;
};

/* All keys of a space that is small enough to be held at once. */
static struct error *read_space(struct store *store, struct arena *a, enum key_space space,
                                struct stored **out, size_t *count)
{
    VEC(struct stored) all = {0};
    struct str low = {(const char[]){(char)space}, 1};
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error = kv_cursor_open(read, a, low, key_after(a, low), true, &cursor);
    bool found = true;
    while (!error && found) {
        struct str key, value;
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (!error && found)
            VEC_PUSH(a, &all, (struct stored){arena_str(a, key), arena_str(a, value)});
    }
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    *out = all.items;
    *count = all.count;
    return error ? store_error(a, error) : NULL;
}

/* One batch: the stream is of one format or of the other. */
static struct error *give_shards(struct store *store, struct arena *a, struct str stored)
{
    struct stream_state s;
    struct value old = {VALUE_M, stored};
    uint64_t sequence;
    if (!stream_state_decode(a, stored, &s))
        return store_damaged(a, "a stream cannot be read");
    if (s.stream.newest_shard)
        return NULL; /* done, before the upgrade was broken off */
    struct shard_state shard = {
        .shard = {.created_ms = s.stream.created_ms,
                  .first_sequence = (uint64_t)field_int(old, S("first")),
                  .last_sequence = (uint64_t)field_int(old, S("last"))},
        .closed_ms = s.closed_ms,
    };
    s.stream.newest_shard = 1;
    s.opened_ms = s.stream.created_ms;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    for (uint32_t id = 1; id <= STREAM_SHARDS; id++) {
        shard.shard.id = id;
        shard.trimmed = (uint64_t)field_int(old, arena_printf(a, "trimmed%u", id));
        shard_plan(a, batch, s.stream.id, &shard);
    }
    stream_plan(a, batch, &s);
    return commit_end(store->commit, a);
}

struct error *upgrade_streams(struct store *store, struct arena *a, uint32_t format)
{
    struct stored *streams;
    size_t count = 0;
    if (format < 2)
        TRY(read_space(store, a, SPACE_STREAM, &streams, &count));
    for (size_t i = 0; i < count; i++)
        TRY(give_shards(store, a, streams[i].value));
    return NULL;
}

struct error *upgrade_tables(struct store *store, struct arena *a, uint32_t format)
{
    for (size_t i = 0; i < store->catalog.count && format < 3; i++) {
        const struct table *t = &store->catalog.by_id[i]->table;
        if (collection_is_kept(t))
            TRY(collection_count(store, a, t));
    }
    return NULL;
}
