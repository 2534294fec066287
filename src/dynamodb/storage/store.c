/* Opening: format and counts are looked at, the catalog is loaded, then the threads start.
 *
 *     'm' "format"   4 bytes   the number of key.c's layouts; absent in a new folder
 *     'm' "ids"      4 bytes   the next id of a table, index or stream
 *     'm' "records"  8 bytes   the next stream record number after a restart
 *     'm' "counts"             id(4) items(8) bytes(8) for each table and index
 *     'm' "clean"    nothing   "counts" is exact: removed at opening, put back at closing
 *
 * After a crash the counts are those that the worker last saved, until it has counted anew. */
#include "dynamodb/storage/store.h"

#include "base/log.h"
#include "dynamodb/storage/history.h"
#include "dynamodb/storage/internal.h"
#include "dynamodb/storage/upgrade.h"
#include "dynamodb/storage/worker.h"

#include <stdlib.h>

struct error *store_error(struct arena *a, const struct error *cause)
{
    return error_new(a, &error_InternalServerError, "The store failed: %.*s",
                     STR_ARG(cause->message));
}

struct error *store_damaged(struct arena *a, const char *what)
{
    return error_new(a, &error_InternalServerError, "The store is damaged: %s", what);
}

/* -- opening and closing ------------------------------------------------------------------------
 */

static struct error *read_format(struct store *store, struct arena *a, uint32_t *out,
                                 bool *is_clean)
{
    struct str format, clean;
    bool found;
    TRY(store_read(store, a, key_named(a, SPACE_META, S("format")), &format, &found));
    if (found && format.len != 4)
        return store_damaged(a, "no format number");
    *out = found ? get_u32(format.data) : KEY_FORMAT;
    if (*out > KEY_FORMAT)
        return error_new(
            a, &error_system,
            "The data is of format %u, made by a newer version; this one knows formats "
            "up to %u",
            *out, KEY_FORMAT);
    TRY(store_read(store, a, key_named(a, SPACE_META, S("clean")), &clean, is_clean));
    *is_clean |= !found; /* nothing to count */
    return NULL;
}

static struct error *write_format(struct store *store, struct arena *a)
{
    char number[4];
    put_u32(number, KEY_FORMAT);
    uint64_t sequence;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    kv_batch_put(batch, key_named(a, SPACE_META, S("format")), (struct str){number, sizeof number});
    kv_batch_delete(batch, key_named(a, SPACE_META, S("clean")));
    return commit_end(store->commit, a);
}

/* Everything that is kept in memory is read, from a folder that is of this format then. */
static struct error *load(struct store *store, struct arena *a, bool *is_clean)
{
    uint32_t format = KEY_FORMAT;
    TRY(read_format(store, a, &format, is_clean));
    TRY(upgrade_streams(store, a, format));
    TRY(catalog_open(store, a));
    TRY(upgrade_tables(store, a, format));
    TRY(history_open(store, a));
    return write_format(store, a);
}

/* The number after the last stream record's. Read before there is a commit. */
static struct error *next_record(struct kv *kv, struct arena *a, uint64_t *out)
{
    struct kv_read *read = kv_read_begin(kv, false);
    struct str value;
    bool found;
    struct error *error = kv_get(read, a, key_named(a, SPACE_META, S("records")), &value, &found);
    *out = 1;
    if (!error && found) {
        if (value.len == 8)
            *out = get_u64(value.data);
        else
            error = store_damaged(a, "no record number");
    }
    kv_read_end(read);
    return error;
}

static struct stripe *stripes_new(void)
{
    struct stripe *stripes = mem_zalloc(STRIPES * sizeof *stripes);
    for (int i = 0; i < STRIPES; i++)
        stripes[i].lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    return stripes;
}

/* Shards are to be closed nearly when their life is over, however short it is. */
static int64_t ager_interval_ms(const struct store_options *options)
{
    int64_t tenth_ms = options->shard_life_ms / 10;
    if (options->sweep_interval_ms || !tenth_ms || tenth_ms > WORKER_INTERVAL_MS)
        return options->sweep_interval_ms;
    return tenth_ms;
}

struct error *store_open(struct arena *a, const struct store_options *options, struct store **out)
{
    uint64_t record;
    struct error *error = next_record(options->kv, a, &record);
    if (error) {
        kv_close(options->kv);
        return error;
    }
    struct store *store = mem_zalloc(sizeof *store);
    store->kv = options->kv;
    store->clock = options->clock;
    store->steady = clock_steady(options->clock);
    store->rand = options->rand;
    store->shard_life_ms = options->shard_life_ms ? options->shard_life_ms : SHARD_LIFE_MS;
    store->collection_bytes =
        options->collection_bytes ? options->collection_bytes : LIMIT_COLLECTION;
    store->stripes = stripes_new();
    store->commit = commit_new(options->kv, options->syncs, record);
    bool is_clean;
    error = load(store, a, &is_clean);
    if (error) {
        store_close(store);
        return error;
    }
    store->worker = worker_new(store, WORKER_UPKEEP, options->sweep_interval_ms, !is_clean);
    store->copier = worker_new(store, WORKER_COPIER, options->sweep_interval_ms, false);
    store->ager = worker_new(store, WORKER_AGER, ager_interval_ms(options), false);
    *out = store;
    return NULL;
}

int64_t store_steady_ms(const struct store *store)
{
    return clock_steady_ms(&store->steady);
}

/* Leaves the mark that nothing needs to be counted next time. */
static void save_counts(struct store *store)
{
    struct arena a;
    arena_init(&a);
    uint64_t sequence;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    kv_batch_put(batch, key_named(&a, SPACE_META, S("counts")), catalog_counts_encode(store, &a));
    kv_batch_put(batch, key_named(&a, SPACE_META, S("clean")), S(""));
    struct error *error = commit_end(store->commit, &a);
    if (error)
        log_warn("storage: counts not saved: %.*s", STR_ARG(error->message));
    arena_clear(&a);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->ager)
        (void)worker_free(store->ager);
    if (store->copier)
        (void)worker_free(store->copier);
    bool is_exact = store->worker && worker_free(store->worker);
    if (is_exact && !store_failed(store))
        save_counts(store);
    commit_free(store->commit);
    catalog_close(store);
    for (int i = 0; i < STRIPES; i++)
        pthread_mutex_destroy(&store->stripes[i].lock);
    free(store->stripes);
    kv_close(store->kv);
    free(store);
}

void store_work(struct store *store)
{
    worker_round(store->worker);
    worker_round(store->copier);
    worker_round(store->ager);
}

/* -- durability ---------------------------------------------------------------------------------
 */

uint64_t store_written(const struct store *store)
{
    return commit_written(store->commit);
}

uint64_t store_synced(const struct store *store)
{
    return commit_synced(store->commit);
}

bool store_failed(const struct store *store)
{
    return commit_failed(store->commit);
}

bool store_wait(struct store *store, uint64_t sequence)
{
    return commit_wait(store->commit, sequence);
}

void store_set_on_sync(struct store *store, void (*on_sync)(void *context), void *context)
{
    commit_set_on_sync(store->commit, on_sync, context);
}

/* -- reading ------------------------------------------------------------------------------------
 */

static struct error *read_value(struct store *store, struct arena *a, struct str key,
                                struct str *value, bool *found, bool *is_durable)
{
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct error *error = kv_get(read, a, key, value, found);
    if (!error && *found)
        *value = arena_str(a, *value);
    *is_durable = commit_read_is_durable(store->commit, read);
    commit_read_end(store->commit, read);
    return error ? store_error(a, error) : NULL;
}

struct error *store_read(struct store *store, struct arena *a, struct str key, struct str *value,
                         bool *found)
{
    bool is_durable;
    return read_value(store, a, key, value, found, &is_durable);
}

struct str item_bytes(struct arena *a, struct item item)
{
    struct buf stored;
    buf_init(&stored, LIMIT_ITEM * 4);
    item_store(&stored, item);
    struct str bytes = arena_str(a, buf_str(&stored));
    buf_clear(&stored);
    return bytes;
}

struct item_key item_key_of(struct arena *a, const struct table *t, struct str attributes)
{
    uint64_t hash;
    struct item_key key = {.bytes = key_item(a, t->id, &t->keys, attributes, &hash)};
    key.hash = stripe_hash(t->id, hash);
    return key;
}

static struct error *take_item(struct arena *a, struct str value, bool found, struct item *out)
{
    *out = (struct item){0};
    if (found && !item_load(value, out))
        return store_damaged(a, "an item cannot be read");
    return NULL;
}

struct error *store_get(struct store *store, struct arena *a, const struct table *t,
                        const struct item_key *key, struct item *out, uint64_t *depends_on)
{
    (void)t;
    struct str value;
    bool found, is_durable;
    TRY(read_value(store, a, key->bytes, &value, &found, &is_durable));
    *depends_on = is_durable ? 0 : stripe_seen(store, key->hash);
    return take_item(a, value, found, out);
}

struct error *store_get_together(struct store *store, struct arena *a, struct get *gets,
                                 size_t count, uint64_t *depends_on)
{
    struct kv_read *read = commit_read_begin(store->commit, true);
    struct error *error = NULL;
    for (size_t i = 0; i < count && !error; i++) {
        struct str value;
        bool found;
        error = kv_get(read, a, gets[i].key.bytes, &value, &found);
        if (error)
            error = store_error(a, error);
        else
            error = take_item(a, found ? arena_str(a, value) : value, found, &gets[i].item);
    }
    bool is_durable = commit_read_is_durable(store->commit, read);
    commit_read_end(store->commit, read);
    *depends_on = 0;
    for (size_t i = 0; i < count && !is_durable; i++) {
        uint64_t seen = stripe_seen(store, gets[i].key.hash);
        *depends_on = seen > *depends_on ? seen : *depends_on;
    }
    return error;
}
