#include "dynamodb/storage/ttl.h"

#include "base/vec.h"
#include "dynamodb/model/number.h"
#include "dynamodb/storage/txn.h"
#include "dynamodb/storage/worker.h"

#include <assert.h>
#include <string.h>

enum { PAGE_ITEMS = 500 };
#define FIVE_YEARS_S (5 * 365 * 24 * 3600LL)

/* The whole seconds of a number; -1 when it is negative or beyond any time. */
static int64_t seconds_of(struct str encoded)
{
    struct buf text;
    buf_init(&text, 512);
    number_print(&text, encoded);
    struct str rest = buf_str(&text), whole;
    str_cut(&rest, '.', &whole);
    uint64_t seconds = 0;
    bool is_time = str_to_u64(whole, (uint64_t)1 << 40, &seconds);
    buf_clear(&text);
    return is_time ? (int64_t)seconds : -1;
}

static bool is_expired(const struct table *t, struct item item, int64_t now_ms)
{
    if (!t->ttl_attribute.len)
        return false;
    struct value v = item_get(item, t->ttl_attribute);
    if (v.type != VALUE_N)
        return false;
    int64_t seconds = seconds_of(v.data), now_s = now_ms / 1000;
    return seconds >= 0 && seconds < now_s && seconds > now_s - FIVE_YEARS_S;
}

/* Expired items of the page behind key `after`. *last is the last key looked at, empty at the end.
 */
static struct error *next_page(struct store *store, struct arena *a, const struct table *t,
                               struct str after, struct str *last, struct item *out, size_t *count)
{
    struct str all = key_id(a, SPACE_ITEM, t->id);
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error = kv_cursor_open(read, a, after.len ? key_successor(a, after) : all,
                                         key_after(a, all), true, &cursor);
    int64_t now_ms = clock_now_ms(store->clock);
    struct str seen = {"", 0};
    *count = 0;
    for (int i = 0; i < PAGE_ITEMS && !error; i++) {
        struct str key, value;
        struct item item;
        bool found;
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found) {
            seen = (struct str){"", 0};
            break;
        }
        if (i == PAGE_ITEMS - 1)
            seen = arena_str(a, key);
        if (item_load(value, &item) && is_expired(t, item, now_ms)) {
            item.attributes = arena_str(a, item.attributes);
            out[(*count)++] = item;
        }
    }
    *last = seen;
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    return error ? store_error(a, error) : NULL;
}

/* Reads it again under its stripe: it may have been given more time. */
static struct error *expire_one(struct store *store, struct arena *a, const struct table *t,
                                struct item item)
{
    struct item_key key = item_key_of(a, t, item.attributes);
    struct item now, none = {0};
    struct txn txn;
    txn_begin(&txn, store, a);
    txn_lock(&txn, &key.hash, 1);
    struct error *error = txn_get(&txn, t, &key, &now);
    if (!error && item_exists(now) && is_expired(t, now, clock_now_ms(store->clock))) {
        txn_put(&txn, t, &key, now, none, AUTHOR_TTL);
        error = txn_commit(&txn);
    }
    txn_end(&txn);
    return error;
}

/* One page of one table. *last is empty when the table is done. */
static struct error *step(struct store *store, struct arena *a, uint32_t table_id, struct str after,
                          struct str *last)
{
    struct item *expired = arena_array(a, struct item, PAGE_ITEMS);
    size_t count = 0;
    struct error *error = NULL;
    *last = (struct str){"", 0};
    catalog_lock_shared(store);
    const struct table *t = catalog_find_id(store, table_id);
    if (t && t->ttl_attribute.len)
        error = next_page(store, a, t, after, last, expired, &count);
    for (size_t i = 0; i < count && !error; i++)
        error = expire_one(store, a, t, expired[i]);
    catalog_unlock_shared(store);
    return error;
}

static struct error *sweep_table(struct store *store, struct worker *worker, uint32_t table_id)
{
    char bytes[2 * (LIMIT_PARTITION_KEY + LIMIT_SORT_KEY) + 64];
    struct str after = {"", 0}, last;
    struct arena *a = worker_arena(worker);
    do {
        TRY(step(store, a, table_id, after, &last));
        assert(last.len <= sizeof bytes);
        memcpy(bytes, last.data, last.len);
        after = (struct str){bytes, last.len};
        arena_reset(a);
        worker_rest(worker);
    } while (after.len && !worker_is_stopping(worker));
    return NULL;
}

struct error *ttl_sweep(struct store *store, struct worker *worker)
{
    /* Tables by rising id, so that the list may change meanwhile. */
    uint32_t id = 0;
    while (!worker_is_stopping(worker)) {
        uint32_t next = 0;
        catalog_lock_shared(store);
        for (size_t i = 0; i < store->catalog.count && !next; i++) {
            const struct table *t = &store->catalog.by_id[i]->table;
            if (t->id > id && t->ttl_attribute.len)
                next = t->id;
        }
        catalog_unlock_shared(store);
        if (!next)
            return NULL;
        id = next;
        TRY(sweep_table(store, worker, id));
    }
    return NULL;
}
