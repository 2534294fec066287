/* Every copy is the same walk, over a table at a moment or over the content of a backup, with the
 * key of the last item copied stored in the batch of each page:
 *
 *     backup CREATING:  'd' + 'h' of the table, at its moment  ->  'c' of the backup  -> AVAILABLE
 *     table CREATING:   'c' of a backup, or 'd' + 'h' of a
 *                       table at a moment                      ->  'd' and 'i'        -> ACTIVE
 *
 * A table whose history a copy needs may be deleted: catalog_delete then leaves its items and its
 * history, marked as dropped, and copy_clean deletes them after the last copy. */
#include "dynamodb/storage/copy.h"

#include "base/vec.h"
#include "dynamodb/storage/backup.h"
#include "dynamodb/storage/collection.h"
#include "dynamodb/storage/history.h"
#include "dynamodb/storage/index.h"
#include "dynamodb/storage/worker.h"

/* The next page of what is copied under `id`; *is_done: there is none. */
static struct error *next_page(struct store *store, struct arena *a, const struct past *from,
                               uint32_t id, struct past_page *out)
{
    struct str done;
    bool found;
    TRY(store_read(store, a, key_id(a, SPACE_PROGRESS, id), &done, &found));
    if (found && done.len <= 5)
        return store_damaged(a, "the progress of a copy cannot be read");
    return history_read(store, a, from, found ? done : S(""), out);
}

/* With the page's last key, which may be that of no item. */
static void plan_progress(struct arena *a, struct kv_batch *batch, uint32_t id,
                          const struct past_page *page)
{
    if (page->last.len)
        kv_batch_put(batch, key_id(a, SPACE_PROGRESS, id), page->last);
}

/* -- backups ------------------------------------------------------------------------------------
 */

static struct error *copy_backup(struct store *store, struct worker *worker, uint32_t id,
                                 const struct past *from)
{
    struct arena *a = worker_arena(worker);
    struct past_page page;
    do {
        if (worker_is_stopping(worker))
            return NULL;
        arena_reset(a);
        TRY(next_page(store, a, from, id, &page));
        uint64_t sequence;
        struct kv_batch *batch = commit_begin(store->commit, &sequence);
        for (size_t i = 0; i < page.count; i++)
            kv_batch_put(batch, key_moved(a, page.items[i].key, SPACE_CONTENT, id),
                         page.items[i].value);
        plan_progress(a, batch, id, &page);
        TRY(commit_end(store->commit, a));
    } while (page.last.len);
    struct backup b;
    bool found;
    TRY(backup_get(store, a, id, &b, &found));
    if (!found)
        return store_damaged(a, "a backup is gone while it was being made");
    b.state = BACKUP_AVAILABLE;
    return backup_put(store, a, &b);
}

struct error *copy_backups(struct store *store, struct worker *worker)
{
    uint32_t id = 0;
    while (!worker_is_stopping(worker)) {
        struct arena *a = worker_arena(worker);
        const struct backup *b;
        size_t count;
        arena_reset(a);
        TRY(backup_list(store, a, id, 1, &b, &count));
        if (!count)
            return NULL;
        id = b->id;
        struct past from = {SPACE_ITEM, b->table.id, b->moment_us};
        if (b->state == BACKUP_CREATING && b->kind != BACKUP_HOLD)
            TRY(copy_backup(store, worker, id, &from));
    }
    return NULL;
}

/* -- restored tables ----------------------------------------------------------------------------
 */

/* The next table that is being filled, with an id above `after`. */
static uint32_t next_table(struct store *store, uint32_t after, struct past *from)
{
    uint32_t id = 0;
    catalog_lock_shared(store);
    for (size_t i = 0; i < store->catalog.count && !id; i++) {
        const struct table *t = &store->catalog.by_id[i]->table;
        if (t->id <= after || !t->restore.source_id)
            continue;
        id = t->id;
        bool is_past = t->restore.from == RESTORE_FROM_PAST;
        *from = (struct past){is_past ? SPACE_ITEM : SPACE_CONTENT, t->restore.source_id,
                              is_past ? t->restore.moment_us : INT64_MAX};
    }
    catalog_unlock_shared(store);
    return id;
}

struct entry_put {
    struct str key, value;
    struct counter *counter;
    uint32_t size_bytes;
};
typedef VEC(struct entry_put) put_vec;

static struct error *plan_item(struct arena *a, const struct table *t, const struct past_item *from,
                               put_vec *puts)
{
    struct item item;
    if (!item_load(from->value, &item))
        return store_damaged(a, "an item of a backup cannot be read");
    VEC_PUSH(a, puts,
             (struct entry_put){key_moved(a, from->key, SPACE_ITEM, t->id), from->value,
                                table_counter(t), item.size_bytes});
    for (size_t i = 0; i < t->index_count; i++) {
        struct index_entry entry = index_entry_of(a, t, &t->indexes[i], item);
        if (entry.exists)
            VEC_PUSH(a, puts,
                     (struct entry_put){entry.key, item_bytes(a, entry.item),
                                        index_counter(t, &t->indexes[i]), entry.item.size_bytes});
    }
    return NULL;
}

static struct error *plan_collections(struct store *store, struct arena *a, const struct table *t,
                                      const struct past_page *page, collection_vec *out)
{
    for (size_t i = 0; i < page->count && collection_is_kept(t); i++) {
        struct item item;
        struct collection *c;
        if (!item_load(page->items[i].value, &item))
            return store_damaged(a, "an item of a backup cannot be read");
        TRY(collection_gain(store, a, out, collection_key(a, t, item.attributes),
                            collection_weight(a, t, item), &c));
    }
    return NULL;
}

/* Nobody else writes to a table that is CREATING. */
static struct error *fill_page(struct store *store, struct arena *a, const struct table *t,
                               const struct past_page *page)
{
    put_vec puts = {0};
    collection_vec collections = {0};
    for (size_t i = 0; i < page->count; i++)
        TRY(plan_item(a, t, &page->items[i], &puts));
    TRY(plan_collections(store, a, t, page, &collections));
    uint64_t sequence;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    for (size_t i = 0; i < puts.count; i++) {
        const struct entry_put *p = &puts.items[i];
        kv_batch_put(batch, p->key, p->value);
        counter_add(p->counter, 1, p->size_bytes);
    }
    collection_plan(a, batch, &collections);
    plan_progress(a, batch, t->id, page);
    return commit_end(store->commit, a);
}

static struct error *fill_table(struct store *store, struct arena *a, uint32_t id,
                                const struct past *from, bool *is_done)
{
    struct past_page page;
    TRY(next_page(store, a, from, id, &page));
    catalog_lock_shared(store);
    const struct table *t = catalog_find_id(store, id);
    struct error *error = t ? fill_page(store, a, t, &page) : NULL;
    catalog_unlock_shared(store);
    *is_done = !t || !page.last.len;
    return error;
}

static struct error *activate(struct store *store, struct arena *a, uint32_t id)
{
    const struct table *old = catalog_find_id(store, id), *changed;
    if (!old)
        return NULL;
    struct table t = *old;
    struct index *indexes = arena_array(a, struct index, t.index_count + 1);
    for (size_t i = 0; i < t.index_count; i++) {
        indexes[i] = t.indexes[i];
        indexes[i].status = STATUS_ACTIVE;
    }
    t.indexes = indexes;
    t.status = STATUS_ACTIVE;
    t.restore.source_id = 0;
    uint64_t sequence;
    TRY(catalog_update(store, a, &t, &changed, &sequence));
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    kv_batch_delete(batch, key_id(a, SPACE_PROGRESS, id));
    return commit_end(store->commit, a);
}

static struct error *copy_table(struct store *store, struct worker *worker, uint32_t id,
                                const struct past *from)
{
    struct arena *a = worker_arena(worker);
    bool is_done;
    do {
        if (worker_is_stopping(worker))
            return NULL;
        arena_reset(a);
        TRY(fill_table(store, a, id, from, &is_done));
    } while (!is_done);
    catalog_lock(store);
    struct error *error = activate(store, a, id);
    catalog_unlock(store);
    return error;
}

struct error *copy_tables(struct store *store, struct worker *worker)
{
    struct past from;
    uint32_t id = 0;
    while (!worker_is_stopping(worker) && (id = next_table(store, id, &from)))
        TRY(copy_table(store, worker, id, &from));
    return NULL;
}

/* -- what is still needed -----------------------------------------------------------------------
 */

/* The earliest moment of a table that a copy under way reads; INT64_MAX: none does. Under either
 * lock. */
static struct error *earliest_copied(struct store *store, struct arena *a, uint32_t table_id,
                                     int64_t *out)
{
    const struct backup *backups;
    size_t count;
    TRY(backup_list(store, a, 0, SIZE_MAX, &backups, &count));
    *out = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct backup *b = &backups[i];
        if (b->state == BACKUP_CREATING && b->table.id == table_id && b->moment_us < *out)
            *out = b->moment_us;
    }
    for (size_t i = 0; i < store->catalog.count; i++) {
        const struct restore *r = &store->catalog.by_id[i]->table.restore;
        if (r->from == RESTORE_FROM_PAST && r->source_id == table_id && r->moment_us < *out)
            *out = r->moment_us;
    }
    return NULL;
}

struct error *copy_needs(struct store *store, struct arena *a, uint32_t table_id, bool *out)
{
    int64_t earliest_us;
    TRY(earliest_copied(store, a, table_id, &earliest_us));
    *out = earliest_us < INT64_MAX;
    return NULL;
}

static struct error *earliest_needed(struct store *store, struct arena *a, const struct table *t,
                                     int64_t *out)
{
    TRY(earliest_copied(store, a, t->id, out));
    int64_t window_us = t->recovery.since_us ? recovery_earliest_us(store, t) : INT64_MAX;
    if (window_us < *out)
        *out = window_us;
    return NULL;
}

/* -- histories ----------------------------------------------------------------------------------
 */

/* Under the exclusive lock. */
static struct error *end_history(struct store *store, struct arena *a, uint32_t id)
{
    const struct table *t = catalog_find_id(store, id), *changed;
    int64_t needed_us;
    uint64_t sequence;
    if (!t)
        return NULL;
    TRY(earliest_needed(store, a, t, &needed_us));
    if (needed_us < INT64_MAX)
        return NULL;
    struct table without = *t;
    without.recovery.history_us = 0;
    TRY(catalog_update(store, a, &without, &changed, &sequence));
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    history_plan_delete(a, batch, id);
    return commit_end(store->commit, a);
}

static struct error *trim_table(struct store *store, struct worker *worker, uint32_t id,
                                int64_t needed_us)
{
    struct arena *a = worker_arena(worker);
    bool is_done = false;
    if (needed_us == INT64_MAX) {
        catalog_lock(store);
        struct error *error = end_history(store, a, id);
        catalog_unlock(store);
        return error;
    }
    while (!is_done && !worker_is_stopping(worker)) {
        arena_reset(a);
        TRY(history_trim(store, a, id, needed_us, &is_done));
    }
    return NULL;
}

struct error *copy_trim(struct store *store, struct worker *worker)
{
    uint32_t id = 0, next;
    do {
        struct error *error = NULL;
        int64_t needed_us = 0;
        next = 0;
        arena_reset(worker_arena(worker));
        catalog_lock_shared(store);
        for (size_t i = 0; i < store->catalog.count && !next; i++) {
            const struct table *t = &store->catalog.by_id[i]->table;
            if (t->id <= id || !t->recovery.history_us)
                continue;
            next = t->id;
            error = earliest_needed(store, worker_arena(worker), t, &needed_us);
        }
        catalog_unlock_shared(store);
        TRY(error);
        id = next;
        if (id)
            TRY(trim_table(store, worker, id, needed_us));
    } while (next && !worker_is_stopping(worker));
    return NULL;
}

/* -- what is left over --------------------------------------------------------------------------
 */

static struct error *next_dropped(struct store *store, struct arena *a, uint32_t *id)
{
    struct str all = {(const char[]){SPACE_DROPPED}, 1}, key, value;
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    bool found = false;
    struct error *error = kv_cursor_open(read, a, key_successor(a, key_id(a, SPACE_DROPPED, *id)),
                                         key_after(a, all), true, &cursor);
    if (!error)
        error = kv_cursor_next(cursor, &key, &value, &found);
    *id = !error && found ? key_id_of(key) : 0;
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    return error ? store_error(a, error) : NULL;
}

static struct error *clean_dropped(struct store *store, struct arena *a, uint32_t id)
{
    bool is_needed;
    catalog_lock_shared(store);
    struct error *error = copy_needs(store, a, id, &is_needed);
    catalog_unlock_shared(store);
    if (error || is_needed)
        return error;
    struct str items = key_id(a, SPACE_ITEM, id);
    uint64_t sequence;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    kv_batch_delete_range(batch, items, key_after(a, items));
    history_plan_delete(a, batch, id);
    kv_batch_delete(batch, key_id(a, SPACE_DROPPED, id));
    return commit_end(store->commit, a);
}

static bool has_expired(struct store *store, const struct backup *b)
{
    return b->expires_ms && b->expires_ms <= clock_now_ms(store->clock) &&
           b->state == BACKUP_AVAILABLE;
}

static struct error *expire_backups(struct store *store, struct arena *a)
{
    const struct backup *backups;
    size_t count;
    TRY(backup_list(store, a, 0, SIZE_MAX, &backups, &count));
    for (size_t i = 0; i < count; i++) {
        if (!has_expired(store, &backups[i]))
            continue;
        uint64_t sequence;
        struct error *error = NULL;
        catalog_lock(store);
        if (!backup_is_in_use(store, backups[i].id))
            error = backup_delete(store, a, backups[i].id, &sequence);
        catalog_unlock(store);
        TRY(error);
    }
    return NULL;
}

struct error *copy_clean(struct store *store, struct worker *worker)
{
    struct arena *a = worker_arena(worker);
    uint32_t id = 0;
    do {
        arena_reset(a);
        TRY(next_dropped(store, a, &id));
        if (id)
            TRY(clean_dropped(store, a, id));
    } while (id && !worker_is_stopping(worker));
    return expire_backups(store, a);
}
