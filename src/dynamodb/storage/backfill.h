/* Backfill: fills a new index with the entries of the items that were there before it.
 *
 * Called by worker.c. From the catalog's change on every write maintains the index; the backfill
 * walks the table by pages, takes the stripe of each item, reads it again and adds its entry when
 * it is missing. Where it stands is stored, so a restart goes on. The index becomes ACTIVE last. */
#pragma once

#include "dynamodb/storage/internal.h"

/* Fills all indexes that wait for it, or as far as it gets until the worker is to end. */
MUST_USE struct error *backfill_run(struct store *store, struct worker *worker);
