/* The catalog in memory is what the store holds under 't', decoded; a change writes first and swaps
 * the decoded entry after, both under the exclusive lock.
 *
 * 1. A struct table never changes in place. The one it replaces is freed at once: whoever used it
 *    held the shared lock.
 * 2. Ids of tables, indexes and streams come from one number that only rises and is written in the
 *    batch that uses it.
 * 3. Who is refused a write (a failed store) leaves the catalog as it was. */
#include "dynamodb/storage/catalog.h"

#include "base/map.h"
#include "base/vec.h"
#include "dynamodb/storage/codec.h"
#include "dynamodb/storage/copy.h"
#include "dynamodb/storage/history.h"
#include "dynamodb/storage/internal.h"
#include "dynamodb/storage/stream_log.h"
#include "dynamodb/storage/worker.h"

#include <stdlib.h>
#include <string.h>

/* -- locks and looking up -----------------------------------------------------------------------
 */

void catalog_lock_shared(struct store *store)
{
    pthread_rwlock_rdlock(&store->catalog.lock);
}

void catalog_unlock_shared(struct store *store)
{
    pthread_rwlock_unlock(&store->catalog.lock);
}

void catalog_lock(struct store *store)
{
    pthread_rwlock_wrlock(&store->catalog.lock);
}

void catalog_unlock(struct store *store)
{
    pthread_rwlock_unlock(&store->catalog.lock);
}

const struct table *catalog_find(struct store *store, struct str name)
{
    struct entry *e = map_get(store->catalog.by_name, name);
    return e ? &e->table : NULL;
}

/* Where the table with an id is, or would be. */
static size_t place_of(const struct catalog *c, uint32_t id)
{
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->by_id[middle]->table.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct table *catalog_find_id(struct store *store, uint32_t id)
{
    const struct catalog *c = &store->catalog;
    size_t at = place_of(c, id);
    return at < c->count && c->by_id[at]->table.id == id ? &c->by_id[at]->table : NULL;
}

static int order_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

size_t catalog_names(struct store *store, struct arena *a, struct str after, size_t limit,
                     const struct str **out)
{
    const struct catalog *c = &store->catalog;
    struct str *names = arena_array(a, struct str, c->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct str name = c->by_id[i]->table.name;
        if (!after.len || str_compare(name, after) > 0)
            names[count++] = arena_str(a, name);
    }
    if (count)
        qsort(names, count, sizeof *names, order_names);
    *out = names;
    return count < limit ? count : limit;
}

/* -- entries ------------------------------------------------------------------------------------
 */

static void entry_free(struct entry *e)
{
    arena_clear(&e->arena);
    free(e->counters);
    free(e->front);
    free(e);
}

/* An entry of a definition as it was stored; NULL when it cannot be read. */
static struct entry *entry_new(struct str bytes)
{
    struct entry *e = mem_zalloc(sizeof *e);
    arena_init(&e->arena);
    if (!table_decode(&e->arena, bytes, &e->table)) {
        entry_free(e);
        return NULL;
    }
    e->counters = mem_zalloc((1 + e->table.index_count) * sizeof *e->counters);
    e->front = mem_zalloc(sizeof *e->front);
    return e;
}

static void add_entry(struct catalog *c, struct entry *e)
{
    if (c->count == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 16;
        c->by_id = mem_realloc(c->by_id, c->cap * sizeof(struct entry *));
    }
    size_t at = place_of(c, e->table.id);
    memmove(c->by_id + at + 1, c->by_id + at, (c->count - at) * sizeof(struct entry *));
    c->by_id[at] = e;
    c->count++;
    map_put(c->by_name, e->table.name, e);
}

static struct entry *remove_entry(struct catalog *c, uint32_t id)
{
    size_t at = place_of(c, id);
    struct entry *e = c->by_id[at];
    map_remove(c->by_name, e->table.name);
    memmove(c->by_id + at, c->by_id + at + 1, (c->count - at - 1) * sizeof(struct entry *));
    c->count--;
    return e;
}

/* What is known of the indexes that stay, under the write lock of no one: the lock is exclusive. */
static void carry_counters(struct entry *to, const struct entry *from)
{
    counter_add(&to->counters[0], from->counters[0].items, from->counters[0].bytes);
    for (size_t i = 0; i < to->table.index_count; i++) {
        for (size_t j = 0; j < from->table.index_count; j++) {
            const struct counter *c = &from->counters[1 + j];
            if (to->table.indexes[i].id == from->table.indexes[j].id)
                counter_add(&to->counters[1 + i], c->items, c->bytes);
        }
    }
}

/* -- loading ------------------------------------------------------------------------------------
 */

static struct error *load_tables(struct store *store, struct arena *a)
{
    struct str low = {(const char[]){SPACE_TABLE}, 1};
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error = kv_cursor_open(read, a, low, key_after(a, low), true, &cursor);
    while (!error) {
        struct str key, value;
        bool found;
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found)
            break;
        struct entry *e = entry_new(value);
        if (!e || e->table.id != key_id_of(key))
            error = store_damaged(a, "a table's definition cannot be read");
        if (!error)
            add_entry(&store->catalog, e);
        else if (e)
            entry_free(e);
    }
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    return error;
}

static struct error *load_fronts(struct store *store, struct arena *a)
{
    for (size_t i = 0; i < store->catalog.count; i++) {
        struct entry *e = store->catalog.by_id[i];
        struct stream_state s;
        bool found;
        if (!e->table.is_stream_enabled)
            continue;
        TRY(stream_state_read(store, a, e->table.stream_id, &s, &found));
        if (!found)
            return store_damaged(a, "a table's stream is missing");
        *e->front = stream_front_of(&s);
    }
    return NULL;
}

enum { COUNT_BYTES = 4 + 8 + 8 };

static void load_counter(struct catalog *c, const char *bytes)
{
    uint32_t id = get_u32(bytes);
    int64_t items = (int64_t)get_u64(bytes + 4), size = (int64_t)get_u64(bytes + 12);
    for (size_t i = 0; i < c->count; i++) {
        struct entry *e = c->by_id[i];
        if (e->table.id == id)
            counter_add(&e->counters[0], items, size);
        for (size_t j = 0; j < e->table.index_count; j++) {
            if (e->table.indexes[j].id == id)
                counter_add(&e->counters[1 + j], items, size);
        }
    }
}

struct error *catalog_open(struct store *store, struct arena *a)
{
    struct catalog *c = &store->catalog;
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&c->lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
    c->by_name = mem_alloc(sizeof *c->by_name);
    map_init(c->by_name);
    c->next_id = 1;

    struct str value;
    bool found;
    TRY(store_read(store, a, key_named(a, SPACE_META, S("ids")), &value, &found));
    if (found && value.len != 4)
        return store_damaged(a, "the next id cannot be read");
    if (found)
        c->next_id = get_u32(value.data);
    TRY(load_tables(store, a));
    TRY(load_fronts(store, a));
    TRY(store_read(store, a, key_named(a, SPACE_META, S("counts")), &value, &found));
    for (size_t at = 0; found && at + COUNT_BYTES <= value.len; at += COUNT_BYTES)
        load_counter(c, value.data + at);
    return NULL;
}

void catalog_close(struct store *store)
{
    struct catalog *c = &store->catalog;
    if (!c->by_name)
        return;
    for (size_t i = 0; i < c->count; i++)
        entry_free(c->by_id[i]);
    free(c->by_id);
    map_clear(c->by_name);
    free(c->by_name);
    pthread_rwlock_destroy(&c->lock);
}

/* -- counts -------------------------------------------------------------------------------------
 */

struct counts catalog_counts(struct store *store, const struct table *t, const struct index *index)
{
    (void)store;
    const struct counter *c = index ? index_counter(t, index) : table_counter(t);
    return (struct counts){
        .items = atomic_load_explicit(&c->items, memory_order_relaxed),
        .bytes = atomic_load_explicit(&c->bytes, memory_order_relaxed),
    };
}

static char *put_counter(char *to, uint32_t id, const struct counter *c)
{
    put_u32(to, id);
    put_u64(to + 4, (uint64_t)atomic_load(&c->items));
    put_u64(to + 12, (uint64_t)atomic_load(&c->bytes));
    return to + COUNT_BYTES;
}

struct str catalog_counts_encode(struct store *store, struct arena *a)
{
    const struct catalog *c = &store->catalog;
    size_t counters = 0;
    for (size_t i = 0; i < c->count; i++)
        counters += 1 + c->by_id[i]->table.index_count;
    char *bytes = arena_alloc(a, counters * COUNT_BYTES + 1), *to = bytes;
    for (size_t i = 0; i < c->count; i++) {
        const struct entry *e = c->by_id[i];
        to = put_counter(to, e->table.id, &e->counters[0]);
        for (size_t j = 0; j < e->table.index_count; j++)
            to = put_counter(to, e->table.indexes[j].id, &e->counters[1 + j]);
    }
    return (struct str){bytes, (size_t)(to - bytes)};
}

/* -- changes ------------------------------------------------------------------------------------
 */

struct error *catalog_write(struct store *store, struct arena *a, uint64_t *sequence)
{
    if (!commit_waits(store->commit))
        *sequence = 0;
    return commit_end(store->commit, a);
}

static void plan_ids(struct store *store, struct arena *a, struct kv_batch *batch)
{
    char id[4];
    put_u32(id, store->catalog.next_id);
    kv_batch_put(batch, key_named(a, SPACE_META, S("ids")), (struct str){id, sizeof id});
}

void catalog_plan_id(struct store *store, struct arena *a, struct kv_batch *batch)
{
    store->catalog.next_id++;
    plan_ids(store, a, batch);
}

static void plan_range_delete(struct arena *a, struct kv_batch *batch, enum key_space space,
                              uint32_t id)
{
    struct str low = key_id(a, space, id);
    kv_batch_delete_range(batch, low, key_after(a, low));
}

static void plan_index_delete(struct arena *a, struct kv_batch *batch, const struct index *index)
{
    plan_range_delete(a, batch, SPACE_INDEX, index->id);
    kv_batch_delete(batch, key_id(a, SPACE_BACKFILL, index->id));
}

/* Streams are named by their table and the millisecond they were made in. */
static struct error *stream_time(struct store *store, struct arena *a, struct str table_name,
                                 int64_t *created_ms)
{
    const struct stream *streams;
    size_t count;
    TRY(stream_list(store, a, table_name, &streams, &count));
    for (size_t i = 0; i < count; i++) {
        if (streams[i].created_ms >= *created_ms)
            *created_ms = streams[i].created_ms + 1;
    }
    return NULL;
}

/* Ids and times for what is new in a definition; `old` is NULL for a new table. */
static struct error *assign(struct store *store, struct arena *a, struct table *t,
                            const struct table *old)
{
    struct catalog *c = &store->catalog;
    struct index *indexes = arena_array(a, struct index, t->index_count + 1);
    if (!t->id)
        t->id = c->next_id++;
    if (!t->uuid[0])
        rand_uuid(store->rand, t->uuid);
    if (!t->created_ms)
        t->created_ms = clock_now_ms(store->clock);
    t->version = old ? old->version + 1 : 1;
    for (size_t i = 0; i < t->index_count; i++) {
        indexes[i] = t->indexes[i];
        if (indexes[i].id)
            continue;
        indexes[i].id = c->next_id++;
        if (old) {
            indexes[i].status = STATUS_CREATING;
            indexes[i].is_backfilling = true;
        }
    }
    t->indexes = indexes;
    if (old) { /* only what is written here decides about streams */
        t->stream_id = old->stream_id;
        if (!t->is_stream_enabled || old->is_stream_enabled)
            t->stream_created_ms = old->stream_created_ms;
    }
    if (t->is_stream_enabled && !(old && old->is_stream_enabled)) {
        t->stream_id = c->next_id++;
        if (!t->stream_created_ms || (old && t->stream_created_ms == old->stream_created_ms))
            t->stream_created_ms = clock_now_ms(store->clock);
        TRY(stream_time(store, a, t->name, &t->stream_created_ms));
    }
    return NULL;
}

struct error *catalog_create(struct store *store, struct arena *a, const struct table *definition,
                             const struct table **out, uint64_t *sequence)
{
    struct table t = *definition;
    t.id = 0;
    TRY(assign(store, a, &t, NULL));
    struct str bytes = table_encode(a, &t);
    struct kv_batch *batch = commit_begin(store->commit, sequence);
    kv_batch_put(batch, key_id(a, SPACE_TABLE, t.id), bytes);
    plan_ids(store, a, batch);
    struct stream_front front = {0};
    if (t.is_stream_enabled)
        front = stream_plan_open(store, a, batch, &t);
    TRY(catalog_write(store, a, sequence));
    struct entry *e = entry_new(bytes);
    if (!e)
        return store_damaged(a, "a new definition cannot be read back");
    *e->front = front;
    add_entry(&store->catalog, e);
    *out = &e->table;
    return NULL;
}

static bool has_index(const struct table *t, uint32_t id)
{
    for (size_t i = 0; i < t->index_count; i++) {
        if (t->indexes[i].id == id)
            return true;
    }
    return false;
}

/* The stream to be closed, when there is one. */
static struct error *closing_stream(struct store *store, struct arena *a, const struct table *old,
                                    bool is_closing, struct stream_tip *out, bool *found)
{
    *found = false;
    if (!old->is_stream_enabled || !is_closing)
        return NULL;
    return stream_tip_read(store, a, old->stream_id, out, found);
}

struct error *catalog_update(struct store *store, struct arena *a, const struct table *definition,
                             const struct table **out, uint64_t *sequence)
{
    const struct table *old = catalog_find_id(store, definition->id);
    if (!old)
        return store_damaged(a, "an unknown table was to be changed");
    struct table t = *definition;
    TRY(assign(store, a, &t, old));
    struct stream_tip closing;
    struct stream_front front = *table_front(old);
    bool has_closing;
    TRY(closing_stream(store, a, old, !t.is_stream_enabled, &closing, &has_closing));
    struct str bytes = table_encode(a, &t);

    struct kv_batch *batch = commit_begin(store->commit, sequence);
    kv_batch_put(batch, key_id(a, SPACE_TABLE, t.id), bytes);
    plan_ids(store, a, batch);
    if (has_closing)
        stream_plan_close(store, a, batch, &closing);
    if (t.stream_id != old->stream_id)
        front = stream_plan_open(store, a, batch, &t);
    for (size_t i = 0; i < old->index_count; i++) {
        if (!has_index(&t, old->indexes[i].id))
            plan_index_delete(a, batch, &old->indexes[i]);
    }
    TRY(catalog_write(store, a, sequence));

    struct entry *e = entry_new(bytes);
    if (!e)
        return store_damaged(a, "a changed definition cannot be read back");
    *e->front = front;
    struct entry *before = remove_entry(&store->catalog, t.id);
    carry_counters(e, before);
    entry_free(before);
    add_entry(&store->catalog, e);
    *out = &e->table;
    if (store->worker)
        worker_wake(store->worker);
    return NULL;
}

/* The items go now; or, while something is still being copied from them, after that (copy.c). */
static void plan_items_delete(struct arena *a, struct kv_batch *batch, const struct table *t,
                              bool is_copied)
{
    if (is_copied) {
        kv_batch_put(batch, key_id(a, SPACE_DROPPED, t->id), S(""));
        return;
    }
    plan_range_delete(a, batch, SPACE_ITEM, t->id);
    if (t->recovery.history_us)
        history_plan_delete(a, batch, t->id);
}

struct error *catalog_delete(struct store *store, struct arena *a, uint32_t table_id,
                             uint64_t *sequence)
{
    const struct table *t = catalog_find_id(store, table_id);
    if (!t)
        return store_damaged(a, "an unknown table was to be deleted");
    struct stream_tip closing;
    bool has_closing, is_copied = false;
    TRY(closing_stream(store, a, t, true, &closing, &has_closing));
    if (t->recovery.history_us)
        TRY(copy_needs(store, a, table_id, &is_copied));

    struct kv_batch *batch = commit_begin(store->commit, sequence);
    kv_batch_delete(batch, key_id(a, SPACE_TABLE, table_id));
    kv_batch_delete(batch, key_id(a, SPACE_PROGRESS, table_id));
    plan_items_delete(a, batch, t, is_copied);
    plan_range_delete(a, batch, SPACE_COLLECTION, table_id);
    for (size_t i = 0; i < t->index_count; i++)
        plan_index_delete(a, batch, &t->indexes[i]);
    if (has_closing)
        stream_plan_close(store, a, batch, &closing);
    TRY(catalog_write(store, a, sequence));
    if (is_copied && store->copier)
        worker_wake(store->copier);
    entry_free(remove_entry(&store->catalog, table_id));
    return NULL;
}

/* -- notes --------------------------------------------------------------------------------------
 */

struct error *catalog_note_get(struct store *store, struct arena *a, struct str name,
                               struct str *out, bool *found)
{
    TRY(store_read(store, a, key_named(a, SPACE_NOTE, name), out, found));
    if (!*found)
        return NULL;
    if (out->len < 8)
        return store_damaged(a, "a note cannot be read");
    int64_t expires_ms = (int64_t)get_u64(out->data);
    *out = str_from(*out, 8);
    *found = !expires_ms || expires_ms > store_steady_ms(store);
    return NULL;
}

struct error *catalog_note_put(struct store *store, struct arena *a, struct str name,
                               struct str value, uint64_t *sequence)
{
    char never[8] = {0};
    struct str key = key_named(a, SPACE_NOTE, name);
    struct str stored = arena_join(a, (struct str){never, sizeof never}, value);
    struct kv_batch *batch = commit_begin(store->commit, sequence);
    if (value.len)
        kv_batch_put(batch, key, stored);
    else
        kv_batch_delete(batch, key);
    return catalog_write(store, a, sequence);
}
