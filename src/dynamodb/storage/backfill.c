#include "dynamodb/storage/backfill.h"

#include "base/vec.h"
#include "dynamodb/storage/index.h"
#include "dynamodb/storage/worker.h"

enum { PAGE_ITEMS = 100 };

struct job {
    uint32_t table_id, index_id;
};

static const struct index *find_index(const struct table *t, uint32_t index_id)
{
    for (size_t i = 0; t && i < t->index_count; i++) {
        if (t->indexes[i].id == index_id)
            return &t->indexes[i];
    }
    return NULL;
}

static bool next_job(struct store *store, struct job *out)
{
    bool found = false;
    catalog_lock_shared(store);
    for (size_t i = 0; i < store->catalog.count && !found; i++) {
        const struct table *t = &store->catalog.by_id[i]->table;
        for (size_t j = 0; j < t->index_count && !found; j++) {
            found = t->indexes[j].is_backfilling;
            *out = (struct job){t->id, t->indexes[j].id};
        }
    }
    catalog_unlock_shared(store);
    return found;
}

/* Keys of the next items of the table, behind the stored cursor. */
static struct error *next_page(struct store *store, struct arena *a, struct job job,
                               struct str *keys, size_t *count)
{
    struct str done, all = key_id(a, SPACE_ITEM, job.table_id), low = all;
    bool found;
    TRY(store_read(store, a, key_id(a, SPACE_BACKFILL, job.index_id), &done, &found));
    if (found)
        low = key_successor(a, done);
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error = kv_walk_open(read, a, low, key_after(a, all), true, &cursor);
    *count = 0;
    while (!error && *count < PAGE_ITEMS) {
        struct str key, value;
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found)
            break;
        keys[(*count)++] = arena_str(a, key);
    }
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    return error ? store_error(a, error) : NULL;
}

/* Under the item's stripe. */
static struct error *fill_one(struct store *store, struct arena *a, const struct table *t,
                              const struct index *index, struct str key, struct stripe *stripe)
{
    struct str value;
    struct item item;
    bool found;
    TRY(store_read(store, a, key, &value, &found));
    if (!found)
        return NULL;
    if (!item_load(value, &item))
        return store_damaged(a, "an item cannot be read");
    struct index_entry entry = index_entry_of(a, t, index, item);
    if (!entry.exists)
        return NULL;
    TRY(store_read(store, a, entry.key, &value, &found));
    if (found)
        return NULL;
    struct str bytes = item_bytes(a, entry.item);
    uint64_t sequence;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    atomic_store(&stripe->sequence, sequence);
    kv_batch_put(batch, entry.key, bytes);
    counter_add(index_counter(t, index), 1, entry.item.size_bytes);
    return commit_end(store->commit, a);
}

static struct error *fill_page(struct store *store, struct arena *a, const struct table *t,
                               const struct index *index, const struct str *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct stripe *stripe = stripe_of(store, stripe_hash(t->id, key_partition_hash(keys[i])));
        pthread_mutex_lock(&stripe->lock);
        struct error *error = fill_one(store, a, t, index, keys[i], stripe);
        pthread_mutex_unlock(&stripe->lock);
        TRY(error);
    }
    uint64_t sequence;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    kv_batch_put(batch, key_id(a, SPACE_BACKFILL, index->id), keys[count - 1]);
    return commit_end(store->commit, a);
}

/* *is_done also when the index is gone. */
static struct error *step(struct store *store, struct arena *a, struct job job, bool *is_done)
{
    struct str *keys = arena_array(a, struct str, PAGE_ITEMS);
    size_t count = 0;
    struct error *error = NULL;
    catalog_lock_shared(store);
    const struct table *t = catalog_find_id(store, job.table_id);
    const struct index *index = find_index(t, job.index_id);
    if (index)
        error = next_page(store, a, job, keys, &count);
    if (!error && count)
        error = fill_page(store, a, t, index, keys, count);
    catalog_unlock_shared(store);
    *is_done = !count;
    return error;
}

/* The definition with this index in service, and the table too when it was the last one. */
static struct error *activate(struct store *store, struct arena *a, struct job job)
{
    const struct table *old = catalog_find_id(store, job.table_id), *changed;
    if (!find_index(old, job.index_id))
        return NULL;
    struct table t = *old;
    struct index *indexes = arena_array(a, struct index, t.index_count);
    bool is_creating = false;
    for (size_t i = 0; i < t.index_count; i++) {
        indexes[i] = t.indexes[i];
        if (indexes[i].id == job.index_id) {
            indexes[i].is_backfilling = false;
            indexes[i].status = STATUS_ACTIVE;
        }
        is_creating |= indexes[i].is_backfilling;
    }
    t.indexes = indexes;
    if (t.status == STATUS_UPDATING && !is_creating)
        t.status = STATUS_ACTIVE;
    uint64_t sequence;
    TRY(catalog_update(store, a, &t, &changed, &sequence));
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    kv_batch_delete(batch, key_id(a, SPACE_BACKFILL, job.index_id));
    return commit_end(store->commit, a);
}

static struct error *run_job(struct store *store, struct arena *a, struct job job,
                             struct worker *worker)
{
    bool is_done = false;
    while (!is_done) {
        if (worker_is_stopping(worker))
            return NULL;
        TRY(step(store, a, job, &is_done));
        arena_reset(a);
    }
    catalog_lock(store);
    struct error *error = activate(store, a, job);
    catalog_unlock(store);
    return error;
}

struct error *backfill_run(struct store *store, struct worker *worker)
{
    struct job job;
    while (!worker_is_stopping(worker) && next_job(store, &job))
        TRY(run_job(store, worker_arena(worker), job, worker));
    return NULL;
}
