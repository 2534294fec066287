/* Item: the attributes of one item and their size.
 *
 *     stored item = size (varint)  members (as in value.h)
 *
 * The size is what the service counts (names and values), kept so that reads need not add it up. */
#pragma once

#include "dynamodb/model/value.h"

struct item {
    struct str attributes; /* members, sorted; empty for an item that does not exist */
    uint32_t size_bytes;
};

/* Wraps members that are known to be well formed, and counts their size. */
struct item item_of(struct str attributes);
bool item_load(struct str stored, struct item *out); /* false when damaged */
void item_store(struct buf *out, struct item item);
static inline bool item_exists(struct item item)
{
    return item.attributes.len > 0;
}
struct value item_get(struct item item, struct str name);
