/*     'l' table(4) hash(8) partition -> bytes(8)        absent: nothing is in it
 *
 * A sync that fails between the read of an item and that of its collection leaves a plan that fits
 * neither state; such a plan is never written, as nothing is from then on. */
#include "dynamodb/storage/collection.h"

#include "dynamodb/storage/index.h"
#include "dynamodb/storage/internal.h"

enum { COUNTED_AT_ONCE = 1000 };

bool collection_is_kept(const struct table *t)
{
    for (size_t i = 0; i < t->index_count; i++)
        if (!t->indexes[i].is_global)
            return true;
    return false;
}

struct str collection_key(struct arena *a, const struct table *t, struct str attributes)
{
    struct value partition[LIMIT_KEY_ATTRIBUTES];
    uint64_t hash;
    key_values(t->keys.partition, t->keys.partition_count, attributes, partition);
    return key_partition(a, SPACE_COLLECTION, t->id, partition, t->keys.partition_count, &hash);
}

int64_t collection_weight(struct arena *a, const struct table *t, struct item item)
{
    int64_t bytes = item.size_bytes;
    for (size_t i = 0; i < t->index_count && item_exists(item); i++) {
        if (t->indexes[i].is_global)
            continue;
        struct index_entry entry = index_entry_of(a, t, &t->indexes[i], item);
        bytes += entry.exists ? (int64_t)entry.item.size_bytes : 0;
    }
    return bytes;
}

struct error *collection_read(struct store *store, struct arena *a, struct str key, int64_t *bytes)
{
    struct str value;
    bool found;
    TRY(store_read(store, a, key, &value, &found));
    if (found && value.len != 8)
        return store_damaged(a, "an item collection cannot be read");
    *bytes = found ? (int64_t)get_u64(value.data) : 0;
    return NULL;
}

struct error *collection_gain(struct store *store, struct arena *a, collection_vec *all,
                              struct str key, int64_t gain, struct collection **out)
{
    size_t i = all->count; /* the last one first: whoever walks a table comes to it again */
    while (i && !str_eq(all->items[i - 1].key, key))
        i--;
    if (!i) {
        struct collection c = {.key = key};
        TRY(collection_read(store, a, key, &c.bytes));
        VEC_PUSH(a, all, c);
        i = all->count;
    }
    *out = &all->items[i - 1];
    (*out)->gain += gain;
    return NULL;
}

void collection_plan(struct arena *a, struct kv_batch *batch, const collection_vec *all)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct collection *c = &all->items[i];
        char *bytes = arena_alloc(a, 8);
        put_u64(bytes, (uint64_t)(c->bytes + c->gain));
        if (c->bytes + c->gain)
            kv_batch_put(batch, c->key, (struct str){bytes, 8});
        else
            kv_batch_delete(batch, c->key);
    }
}

/* -- counting -----------------------------------------------------------------------------------
 */

struct counting {
    struct store *store;
    const struct table *table;
    collection_vec all;   /* in `kept` */
    struct arena kept;    /* until they are written */
    struct arena scratch; /* of one item */
};

static struct error *write_counted(struct counting *c, struct arena *a)
{
    uint64_t sequence;
    struct kv_batch *batch = commit_begin(c->store->commit, &sequence);
    collection_plan(&c->kept, batch, &c->all);
    TRY(commit_end(c->store->commit, a));
    c->all = (collection_vec){0};
    arena_reset(&c->kept);
    return NULL;
}

/* The items of a collection lie together: another one's item means that the last is complete. */
static struct error *count_item(struct counting *c, struct arena *a, struct str value)
{
    struct item item;
    if (!item_load(value, &item) || !key_fits(&c->table->keys, item.attributes))
        return store_damaged(a, "an item cannot be read");
    arena_reset(&c->scratch);
    struct str key = collection_key(&c->scratch, c->table, item.attributes);
    if (!c->all.count || !str_eq(c->all.items[c->all.count - 1].key, key)) {
        if (c->all.count == COUNTED_AT_ONCE)
            TRY(write_counted(c, a));
        VEC_PUSH(&c->kept, &c->all, (struct collection){.key = arena_str(&c->kept, key)});
    }
    c->all.items[c->all.count - 1].gain += collection_weight(&c->scratch, c->table, item);
    return NULL;
}

static struct error *count_all(struct counting *c, struct arena *a, struct kv_cursor *cursor)
{
    struct str key, value;
    bool found = true;
    while (found) {
        TRY_KV(a, kv_cursor_next(cursor, &key, &value, &found));
        if (found)
            TRY(count_item(c, a, value));
    }
    return write_counted(c, a);
}

struct error *collection_count(struct store *store, struct arena *a, const struct table *t)
{
    struct counting c = {.store = store, .table = t};
    struct str low = key_id(a, SPACE_ITEM, t->id);
    struct kv_read *read = commit_read_begin(store->commit, true);
    struct kv_cursor *cursor = NULL;
    arena_init(&c.kept);
    arena_init(&c.scratch);
    struct error *cause = kv_cursor_open(read, a, low, key_after(a, low), true, &cursor);
    struct error *error = cause ? store_error(a, cause) : count_all(&c, a, cursor);
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    arena_clear(&c.kept);
    arena_clear(&c.scratch);
    return error;
}
