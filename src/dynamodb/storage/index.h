/* Index: which entries an item has in an index, and what a change of the item does to them.
 *
 * Called by txn.c, backfill.c and check.c. Results live in the caller's arena. Pure. */
#pragma once

#include "dynamodb/model/item.h"
#include "dynamodb/model/schema.h"
#include "dynamodb/storage/key.h"

/* An item's place in an index. A sparse index has none for an item without its keys. */
struct index_entry {
    bool exists;
    struct str key;
    struct item item; /* what the projection holds */
};

/* None for an item that does not exist. */
struct index_entry index_entry_of(struct arena *a, const struct table *t, const struct index *index,
                                  struct item item);
/* KB begun, at least one. */
uint32_t index_units(uint32_t size_bytes);
