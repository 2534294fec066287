/* Check: whether what is stored agrees with itself.
 *
 * Called by `cruddur fsck` and by tests after every random run. Walks all tables: every item can be
 * read and lies under its own key, every index entry belongs to an item and says what its
 * projection says, every item has the entries it should have, and the counts are right. Backups
 * have as many items as they say, histories the same writes by item and by time. */
#pragma once

#include "dynamodb/storage/store.h"

struct check_report {
    uint64_t tables, items, entries, records, backups;
    uint64_t problems;
};

/* `tell` is given one line for each problem (at most 100), without its newline. No write may be
 * under way. Fails when the store cannot be read at all. */
MUST_USE struct error *store_check(struct store *store, struct arena *a,
                                   void (*tell)(void *context, struct str problem), void *context,
                                   struct check_report *out);
