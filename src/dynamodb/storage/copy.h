/* Copy: fills backups and restored tables, and looks after what they needed.
 *
 * Jobs of the copier (worker.h): each goes on where it was when the store was closed or died.
 * Page by page, so that nobody waits for longer than one page takes. */
#pragma once

#include "dynamodb/storage/internal.h"

struct worker;

MUST_USE struct error *copy_backups(struct store *store, struct worker *worker);
MUST_USE struct error *copy_tables(struct store *store, struct worker *worker);
/* Trims histories, and ends those that nobody needs. */
MUST_USE struct error *copy_trim(struct store *store, struct worker *worker);
/* The items of deleted tables that have been copied; system backups that have expired. */
MUST_USE struct error *copy_clean(struct store *store, struct worker *worker);

/* Whether a backup or a restored table still needs what the table was. */
MUST_USE struct error *copy_needs(struct store *store, struct arena *a, uint32_t table_id,
                                  bool *out);
