#include "dynamodb/storage/range.h"

#include "dynamodb/storage/index.h"
#include "dynamodb/storage/internal.h"

struct range {
    struct store *store;
    struct arena *arena;
    struct kv_read *read;
    struct kv_cursor *cursor; /* NULL: nothing can be in it */
    bool is_of_stripe;        /* one partition of the table: only its stripe matters */
    uint64_t hash;
};

struct bounds {
    struct str low, high; /* low <= key < high */
};

static struct str higher(struct str a, struct str b)
{
    return str_compare(a, b) > 0 ? a : b;
}

static struct str lower(struct str a, struct str b)
{
    return str_compare(a, b) < 0 ? a : b;
}

static struct bounds query_bounds(struct arena *a, const struct range_options *o,
                                  enum key_space space, uint32_t id, uint64_t *hash)
{
    const struct key_schema *keys = o->index ? &o->index->keys : &o->table->keys;
    struct str base = key_partition(a, space, id, o->partition, keys->partition_count, hash);
    for (size_t i = 0; i < o->sort_equal_count; i++)
        base = key_with_value(a, base, o->sort_equal[i]);
    struct bounds b = {base, key_after(a, base)};
    if (o->is_prefix) {
        b.low = key_with_prefix(a, base, o->low);
        b.high = key_after(a, b.low);
        return b;
    }
    if (o->low.type != VALUE_NONE) {
        struct str low = key_with_value(a, base, o->low);
        b.low = o->is_low_exclusive ? key_after(a, low) : low;
    }
    if (o->high.type != VALUE_NONE) {
        struct str high = key_with_value(a, base, o->high);
        b.high = o->is_high_exclusive ? high : key_after(a, high);
    }
    return b;
}

/* The first hash of a segment: segment * 2^64 / segments, rounded up. */
static uint64_t segment_start(uint32_t segment, uint32_t segments)
{
    uint64_t whole = UINT64_MAX / segments, rest = UINT64_MAX % segments + 1; /* of 2^64 */
    return segment * whole + (segment * rest + segments - 1) / segments;
}

static struct bounds scan_bounds(struct arena *a, const struct range_options *o,
                                 enum key_space space, uint32_t id)
{
    struct str all = key_id(a, space, id);
    struct bounds b = {all, key_after(a, all)};
    if (o->segments <= 1)
        return b;
    b.low = key_at_hash(a, space, id, segment_start(o->segment, o->segments));
    if (o->segment + 1 < o->segments)
        b.high = key_at_hash(a, space, id, segment_start(o->segment + 1, o->segments));
    return b;
}

static struct str start_key(struct arena *a, const struct range_options *o)
{
    uint64_t hash;
    return o->index ? key_index_entry(a, &o->table->keys, o->index, o->start_after)
                    : key_item(a, o->table->id, &o->table->keys, o->start_after, &hash);
}

bool range_holds_start(struct arena *a, const struct range_options *o)
{
    if (o->segments <= 1 || !o->start_after.len)
        return true;
    struct bounds b = scan_bounds(a, o, o->index ? SPACE_INDEX : SPACE_ITEM,
                                  o->index ? o->index->id : o->table->id);
    struct str key = start_key(a, o);
    return str_compare(b.low, key) <= 0 && str_compare(key, b.high) < 0;
}

struct error *range_open(struct store *store, struct arena *a, const struct range_options *options,
                         struct range **out)
{
    const struct range_options *o = options;
    enum key_space space = o->index ? SPACE_INDEX : SPACE_ITEM;
    uint32_t id = o->index ? o->index->id : o->table->id;
    struct range *r = arena_new(a, struct range);
    *r = (struct range){.store = store, .arena = a};
    struct bounds b;
    if (o->has_partition) {
        uint64_t hash;
        b = query_bounds(a, o, space, id, &hash);
        r->is_of_stripe = !o->index || !o->index->is_global;
        r->hash = stripe_hash(o->table->id, hash);
    } else {
        b = scan_bounds(a, o, space, id);
    }
    if (o->start_after.len && o->is_backward)
        b.high = lower(b.high, start_key(a, o));
    else if (o->start_after.len)
        b.low = higher(b.low, key_successor(a, start_key(a, o)));
    r->read = commit_read_begin(store->commit, false);
    *out = r;
    if (str_compare(b.low, b.high) >= 0)
        return NULL;
    struct error *error =
        o->has_partition ? kv_cursor_open(r->read, a, b.low, b.high, !o->is_backward, &r->cursor)
                         : kv_walk_open(r->read, a, b.low, b.high, !o->is_backward, &r->cursor);
    if (!error)
        return NULL;
    range_close(r, NULL);
    return store_error(a, error);
}

struct error *range_next(struct range *r, struct item *out, bool *found)
{
    struct str value;
    *found = false;
    if (!r->cursor)
        return NULL;
    TRY_KV(r->arena, kv_cursor_next(r->cursor, NULL, &value, found));
    if (*found && !item_load(value, out))
        return store_damaged(r->arena, "an item cannot be read");
    return NULL;
}

void range_close(struct range *r, uint64_t *depends_on)
{
    if (!r)
        return;
    bool is_durable = commit_read_is_durable(r->store->commit, r->read);
    kv_cursor_close(r->cursor);
    commit_read_end(r->store->commit, r->read);
    r->cursor = NULL;
    if (depends_on && is_durable)
        *depends_on = 0;
    else if (depends_on)
        *depends_on =
            r->is_of_stripe ? stripe_seen(r->store, r->hash) : commit_seen(r->store->commit);
}

struct str range_key_of(struct arena *a, const struct table *t, const struct index *index,
                        struct item item)
{
    struct buf keys;
    buf_init(&keys, LIMIT_ITEM);
    struct str rest = item.attributes, name;
    struct value v;
    while (value_next_member(&rest, &name, &v)) {
        if (index_has_key(t, index, name))
            value_put_member(&keys, name, v);
    }
    struct str out = arena_str(a, buf_str(&keys));
    buf_clear(&keys);
    return out;
}
