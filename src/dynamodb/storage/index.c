#include "dynamodb/storage/index.h"

static bool is_included(const struct index *index, struct str name)
{
    for (size_t i = 0; i < index->included_count; i++) {
        if (str_eq(index->included[i], name))
            return true;
    }
    return false;
}

/* The attributes that the index's projection holds of an item. */
static struct item project(struct arena *a, const struct table *t, const struct index *index,
                           struct item item)
{
    if (index->projection == PROJECTION_ALL)
        return item;
    struct buf kept;
    buf_init(&kept, LIMIT_ITEM * 2);
    struct str rest = item.attributes, name;
    struct value v;
    while (value_next_member(&rest, &name, &v)) {
        if (index_has_key(t, index, name) ||
            (index->projection == PROJECTION_INCLUDE && is_included(index, name)))
            value_put_member(&kept, name, v);
    }
    struct item out = item_of(arena_str(a, buf_str(&kept)));
    buf_clear(&kept);
    return out;
}

struct index_entry index_entry_of(struct arena *a, const struct table *t, const struct index *index,
                                  struct item item)
{
    if (!item_exists(item) || !key_fits(&index->keys, item.attributes))
        return (struct index_entry){0};
    return (struct index_entry){
        .exists = true,
        .key = key_index_entry(a, &t->keys, index, item.attributes),
        .item = project(a, t, index, item),
    };
}

uint32_t index_units(uint32_t size_bytes)
{
    return size_bytes ? (size_bytes + 1023) / 1024 : 1;
}
