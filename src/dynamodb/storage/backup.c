/* A backup is a record under 'a', a map of fields.h:
 *
 *     {id kind state name moment expires items bytes table: {…codec.c}}
 *
 * and its items under 'c', put there by copy.c:
 *
 *     backup_create --> CREATING --copier--> AVAILABLE --backup_delete--> gone
 *
 * 1. Before a backup is CREATING, the history of its table is kept; it is kept until no backup and
 *    no restored table is CREATING from it (copy.c looks).
 * 2. The content of a backup never changes once it is AVAILABLE. */
#include "dynamodb/storage/backup.h"

#include "base/vec.h"
#include "dynamodb/storage/codec.h"
#include "dynamodb/storage/fields.h"
#include "dynamodb/storage/history.h"
#include "dynamodb/storage/worker.h"

#define DAY_US INT64_C(86400000000)

/* -- records ------------------------------------------------------------------------------------
 */

static struct str encode(struct arena *a, const struct backup *b)
{
    struct fields f = {.arena = a};
    fields_int(&f, S("id"), b->id);
    fields_int(&f, S("kind"), b->kind);
    fields_int(&f, S("state"), b->state);
    fields_text(&f, S("name"), b->name);
    fields_int(&f, S("moment"), b->moment_us);
    fields_int(&f, S("expires"), b->expires_ms);
    fields_int(&f, S("items"), b->items);
    fields_int(&f, S("bytes"), b->bytes);
    fields_value(&f, S("table"), (struct value){VALUE_M, table_encode(a, &b->table)});
    return fields_map(&f).data;
}

static bool decode(struct arena *a, struct str bytes, struct backup *out)
{
    struct value v = {VALUE_M, bytes};
    if (!value_is_wellformed(v))
        return false;
    int64_t kind = field_int(v, S("kind")), state = field_int(v, S("state"));
    struct value table = value_member(bytes, S("table"));
    *out = (struct backup){
        .id = (uint32_t)field_int(v, S("id")),
        .kind = (enum backup_kind)kind,
        .state = (enum backup_state)state,
        .name = arena_str(a, field_text(v, S("name"))),
        .moment_us = field_int(v, S("moment")),
        .expires_ms = field_int(v, S("expires")),
        .items = field_int(v, S("items")),
        .bytes = field_int(v, S("bytes")),
    };
    return out->id && kind >= 0 && kind < BACKUP_KINDS && state >= 0 && state < BACKUP_STATES &&
           table.type == VALUE_M && table_decode(a, table.data, &out->table);
}

struct error *backup_get(struct store *store, struct arena *a, uint32_t id, struct backup *out,
                         bool *found)
{
    struct str value;
    TRY(store_read(store, a, key_id(a, SPACE_BACKUP, id), &value, found));
    if (*found && !decode(a, value, out))
        return store_damaged(a, "a backup cannot be read");
    return NULL;
}

struct error *backup_list(struct store *store, struct arena *a, uint32_t after, size_t limit,
                          const struct backup **out, size_t *count)
{
    VEC(struct backup) backups = {0};
    struct str all = {(const char[]){SPACE_BACKUP}, 1};
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error = kv_cursor_open(read, a, key_successor(a, key_id(a, SPACE_BACKUP, after)),
                                         key_after(a, all), true, &cursor);
    while (!error && backups.count < limit) {
        struct str key, value;
        struct backup one;
        bool found;
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found)
            break;
        if (decode(a, value, &one))
            VEC_PUSH(a, &backups, one);
        else
            error = store_damaged(a, "a backup cannot be read");
    }
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    *out = backups.items;
    *count = backups.count;
    return error ? store_error(a, error) : NULL;
}

struct error *backup_put(struct store *store, struct arena *a, const struct backup *b)
{
    struct str bytes = encode(a, b);
    uint64_t sequence;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    kv_batch_put(batch, key_id(a, SPACE_BACKUP, b->id), bytes);
    if (b->state == BACKUP_AVAILABLE)
        kv_batch_delete(batch, key_id(a, SPACE_PROGRESS, b->id));
    return commit_end(store->commit, a);
}

/* -- making and deleting ------------------------------------------------------------------------
 */

/* The table with its history kept, which may be another than the one given. */
static struct error *keep_history(struct store *store, struct arena *a, const struct table **t)
{
    if ((*t)->recovery.history_us)
        return NULL;
    struct table changed = **t;
    uint64_t sequence;
    changed.recovery.history_us = history_mark(store);
    return catalog_update(store, a, &changed, t, &sequence);
}

static void wake(struct store *store)
{
    if (store->copier)
        worker_wake(store->copier);
}

struct error *backup_create(struct store *store, struct arena *a, const struct table *t,
                            struct backup *out, uint64_t *sequence)
{
    TRY(keep_history(store, a, &t));
    struct counts counts = catalog_counts(store, t, NULL);
    out->state = BACKUP_CREATING;
    if (out->kind != BACKUP_HOLD)
        out->moment_us = history_mark(store);
    out->items = counts.items;
    out->bytes = counts.bytes;
    out->table = *t;
    out->id = store->catalog.next_id;
    struct str bytes = encode(a, out);
    struct kv_batch *batch = commit_begin(store->commit, sequence);
    catalog_plan_id(store, a, batch);
    kv_batch_put(batch, key_id(a, SPACE_BACKUP, out->id), bytes);
    TRY(catalog_write(store, a, sequence));
    wake(store);
    return NULL;
}

bool backup_is_in_use(struct store *store, uint32_t id)
{
    for (size_t i = 0; i < store->catalog.count; i++) {
        const struct restore *r = &store->catalog.by_id[i]->table.restore;
        if (r->from == RESTORE_FROM_BACKUP && r->source_id == id)
            return true;
    }
    return false;
}

struct error *backup_delete(struct store *store, struct arena *a, uint32_t id, uint64_t *sequence)
{
    struct str content = key_id(a, SPACE_CONTENT, id);
    struct kv_batch *batch = commit_begin(store->commit, sequence);
    kv_batch_delete(batch, key_id(a, SPACE_BACKUP, id));
    kv_batch_delete_range(batch, content, key_after(a, content));
    TRY(catalog_write(store, a, sequence));
    wake(store); /* what the table was may be needed no more */
    return NULL;
}

/* -- restoring and recovery ---------------------------------------------------------------------
 */

struct error *backup_restore(struct store *store, struct arena *a, const struct table *definition,
                             const struct table **out, uint64_t *sequence)
{
    struct table t = *definition;
    struct index *indexes = arena_array(a, struct index, t.index_count + 1);
    for (size_t i = 0; i < t.index_count; i++) {
        indexes[i] = t.indexes[i];
        indexes[i].id = 0;
        indexes[i].status = STATUS_CREATING;
        indexes[i].is_backfilling = false;
    }
    t.indexes = indexes;
    t.status = STATUS_CREATING;
    TRY(catalog_create(store, a, &t, out, sequence));
    wake(store);
    return NULL;
}

struct error *recovery_set(struct store *store, struct arena *a, const struct table *t,
                           int64_t days, const struct table **out, uint64_t *sequence)
{
    struct table changed = *t;
    struct recovery *r = &changed.recovery;
    if (!days) {
        r->since_us = r->days = 0;
    } else {
        if (!r->since_us)
            r->since_us = history_mark(store);
        if (!r->history_us)
            r->history_us = r->since_us;
        r->days = days;
    }
    TRY(catalog_update(store, a, &changed, out, sequence));
    wake(store);
    return NULL;
}

int64_t recovery_earliest_us(const struct store *store, const struct table *t)
{
    int64_t window_us = clock_now_us(store->clock) - t->recovery.days * DAY_US;
    return window_us > t->recovery.since_us ? window_us : t->recovery.since_us;
}

int64_t recovery_latest_us(struct store *store)
{
    return history_mark(store);
}
