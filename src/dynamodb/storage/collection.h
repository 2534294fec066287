/* Collection: what the items of a partition and their entries in the local indexes weigh together.
 *
 * Kept for tables with local indexes only, exactly, in the batches that change the items: who holds
 * a partition's stripe has its collection to himself. A table's local indexes are there from its
 * creation to its end, as the service has it. Called by txn.c, copy.c, check.c, upgrade.c,
 * and by the API for ItemCollectionMetrics. Everything is in the caller's arena.
 *
 * Source: DynamoDB developer guide, "Item collections in Local Secondary Indexes". */
#pragma once

#include "base/vec.h"
#include "dynamodb/storage/store.h"

/* One that is to be changed. */
struct collection {
    struct str key;
    int64_t bytes; /* as it is stored */
    int64_t gain;
};
typedef VEC(struct collection) collection_vec;

bool collection_is_kept(const struct table *t);
/* Of the collection that an item belongs to; the attributes hold the item's key. */
struct str collection_key(struct arena *a, const struct table *t, struct str attributes);
/* Of one item and its entries; 0 for one that does not exist. */
int64_t collection_weight(struct arena *a, const struct table *t, struct item item);
MUST_USE struct error *collection_read(struct store *store, struct arena *a, struct str key,
                                       int64_t *bytes);

/* Adds to what a collection will gain; *out is it, valid until the next one is added. */
MUST_USE struct error *collection_gain(struct store *store, struct arena *a, collection_vec *all,
                                       struct str key, int64_t gain, struct collection **out);
/* Under the write lock. */
void collection_plan(struct arena *a, struct kv_batch *batch, const collection_vec *all);

/* Counts all items of a table: for folders that did not keep collections. */
MUST_USE struct error *collection_count(struct store *store, struct arena *a,
                                        const struct table *t);
