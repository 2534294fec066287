#include "dynamodb/model/item.h"

struct item item_of(struct str attributes)
{
    struct str rest = attributes, name;
    struct value v;
    size_t size = 0;
    while (value_next_member(&rest, &name, &v))
        size += name.len + value_size(v);
    return (struct item){attributes, (uint32_t)size};
}

bool item_load(struct str stored, struct item *out)
{
    uint32_t size;
    if (!varint_take(&stored, &size))
        return false;
    *out = (struct item){stored, size};
    return true;
}

void item_store(struct buf *out, struct item item)
{
    varint_put(out, item.size_bytes);
    buf_add(out, item.attributes);
}

struct value item_get(struct item item, struct str name)
{
    return value_member(item.attributes, name);
}
