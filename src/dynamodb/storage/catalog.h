/* Catalog: the tables in force.
 *
 * A call reads the catalog under the shared lock for as long as it uses any struct table (its slice
 * on the loop, microseconds); changes wait for that and swap in a new struct table. Every change is
 * one batch in the store, synced like any write. */
#pragma once

#include "dynamodb/storage/store.h"

void catalog_lock_shared(struct store *store);
void catalog_unlock_shared(struct store *store);
/* For operations that change it: find, decide and change under one hold. */
void catalog_lock(struct store *store);
void catalog_unlock(struct store *store);

/* Under either lock. Valid until it is given back. */
const struct table *catalog_find(struct store *store, struct str name);
const struct table *catalog_find_id(struct store *store, uint32_t id);
/* Names in bytewise order, those after `after` (empty: all), at most `limit`. */
size_t catalog_names(struct store *store, struct arena *a, struct str after, size_t limit,
                     const struct str **out);

/* Under the exclusive lock. `definition` is copied; ids (table, indexes, stream), uuid and times
 * that are 0 are assigned here. *sequence is what the answer depends on. */
MUST_USE struct error *catalog_create(struct store *store, struct arena *a,
                                      const struct table *definition, const struct table **out,
                                      uint64_t *sequence);
/* Replaces the definition of the table with the same id. Switching a stream on gives it a new
 * stream_id; indexes that are new (id 0) and not of a new table are backfilled in the background,
 * those that are gone are deleted by range. */
MUST_USE struct error *catalog_update(struct store *store, struct arena *a,
                                      const struct table *definition, const struct table **out,
                                      uint64_t *sequence);
/* The table with its items, index entries and counts; its streams stay readable. */
MUST_USE struct error *catalog_delete(struct store *store, struct arena *a, uint32_t table_id,
                                      uint64_t *sequence);

/* Items and bytes of a table, or of one of its indexes. */
struct counts {
    int64_t items, bytes;
};
struct counts catalog_counts(struct store *store, const struct table *t, const struct index *index);

/* Small durable facts of the layers above (idempotency tokens, TTL changes, backups), by name. */
MUST_USE struct error *catalog_note_get(struct store *store, struct arena *a, struct str name,
                                        struct str *out, bool *found);
/* Kept until it is put again; an empty value removes it. */
MUST_USE struct error *catalog_note_put(struct store *store, struct arena *a, struct str name,
                                        struct str value, uint64_t *sequence);
