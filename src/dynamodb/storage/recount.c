#include "dynamodb/storage/recount.h"

#include "dynamodb/storage/worker.h"

#include <stdlib.h>

enum { LOOK_UP_EVERY = 256 }; /* entries, to see whether the worker is to end */

/* One table or index to count, and what its counter said when the state was taken. */
struct unit {
    enum key_space space;
    uint32_t id;
    const struct counter *counter; /* only under the catalog's lock */
    int64_t items, bytes;
};

struct units {
    struct unit *list;
    size_t count;
};

static void note_counters(void *context)
{
    struct units *units = context;
    for (size_t i = 0; i < units->count; i++) {
        struct unit *u = &units->list[i];
        u->items = atomic_load(&u->counter->items);
        u->bytes = atomic_load(&u->counter->bytes);
    }
}

/* The units of the first table with an id above `after`, and a state of the store to count. */
static struct kv_read *begin(struct store *store, uint32_t *after, struct units *out)
{
    struct kv_read *read = NULL;
    catalog_lock_shared(store);
    for (size_t i = 0; i < store->catalog.count && !read; i++) {
        const struct table *t = &store->catalog.by_id[i]->table;
        if (t->id <= *after)
            continue;
        *after = t->id;
        out->count = 1 + t->index_count;
        out->list = mem_zalloc(out->count * sizeof *out->list);
        out->list[0] = (struct unit){.space = SPACE_ITEM, .id = t->id, .counter = table_counter(t)};
        for (size_t j = 0; j < t->index_count; j++) {
            out->list[1 + j] = (struct unit){.space = SPACE_INDEX,
                                             .id = t->indexes[j].id,
                                             .counter = index_counter(t, &t->indexes[j])};
        }
        read = commit_snapshot(store->commit, note_counters, out);
    }
    catalog_unlock_shared(store);
    return read;
}

/* Leaves in the unit what its counter is wrong by. */
static struct error *count(struct kv_read *read, struct worker *worker, struct unit *u,
                           bool *is_done)
{
    struct arena *a = worker_arena(worker);
    struct str low = key_id(a, u->space, u->id), key, value;
    struct kv_cursor *cursor = NULL;
    struct error *error = kv_walk_open(read, a, low, key_after(a, low), true, &cursor);
    int64_t items = 0, bytes = 0;
    while (!error) {
        bool found;
        struct item item;
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found)
            break;
        items++;
        bytes += item_load(value, &item) ? (int64_t)item.size_bytes : 0;
        if (items % LOOK_UP_EVERY)
            continue;
        worker_rest(worker);
        *is_done = !worker_is_stopping(worker);
        if (!*is_done)
            break;
    }
    kv_cursor_close(cursor);
    u->items = items - u->items;
    u->bytes = bytes - u->bytes;
    return error ? store_error(a, error) : NULL;
}

static void correct(struct store *store, uint32_t table_id, const struct units *units)
{
    catalog_lock_shared(store);
    const struct table *t = catalog_find_id(store, table_id);
    for (size_t i = 0; t && i < units->count; i++) {
        const struct unit *u = &units->list[i];
        if (u->id == t->id)
            counter_add(table_counter(t), u->items, u->bytes);
        for (size_t j = 0; j < t->index_count; j++) {
            if (t->indexes[j].id == u->id)
                counter_add(index_counter(t, &t->indexes[j]), u->items, u->bytes);
        }
    }
    catalog_unlock_shared(store);
}

struct error *recount_run(struct store *store, struct worker *worker, bool *is_done)
{
    uint32_t table_id = 0;
    struct units units;
    struct kv_read *read;
    *is_done = true;
    while (*is_done && (read = begin(store, &table_id, &units))) {
        struct error *error = NULL;
        for (size_t i = 0; i < units.count && !error && *is_done; i++)
            error = count(read, worker, &units.list[i], is_done);
        kv_read_end(read);
        if (!error && *is_done)
            correct(store, table_id, &units);
        free(units.list);
        arena_reset(worker_arena(worker));
        TRY(error);
    }
    return NULL;
}
