/* Backup: tables as they were at one moment, kept until they are deleted.
 *
 * A backup is asked for under the catalog's exclusive lock, and filled by the copier (copy.h) from
 * the table's history, whatever is written to the table, or becomes of it, meanwhile. Ids are never
 * used again. Called by api/backups.c and restore.c. Results live in the caller's arena; nothing
 * about backups is held in memory. Moments are Unix microseconds. */
#pragma once

#include "dynamodb/storage/store.h"

enum backup_kind {
    BACKUP_OF_USER,
    BACKUP_OF_SYSTEM, /* made when a table with point-in-time recovery was deleted */
    BACKUP_HOLD,      /* no backup: an export reads the table's past until this is deleted */
    BACKUP_KINDS,
};
enum backup_state { BACKUP_CREATING, BACKUP_AVAILABLE, BACKUP_STATES };

struct backup {
    uint32_t id;
    enum backup_kind kind;
    enum backup_state state;
    struct str name;
    int64_t moment_us;  /* what it shows is the table then */
    int64_t expires_ms; /* 0: never */
    int64_t items, bytes;
    struct table table; /* as it was defined then */
};

/* Under the exclusive lock. Only kind, name, expires_ms and, of a hold, moment_us are read from
 * *out: the table must be kept from that moment on. A hold is CREATING as long as it lasts. */
MUST_USE struct error *backup_create(struct store *store, struct arena *a, const struct table *t,
                                     struct backup *out, uint64_t *sequence);
MUST_USE struct error *backup_get(struct store *store, struct arena *a, uint32_t id,
                                  struct backup *out, bool *found);
/* In the order of making: those with an id above `after`, at most `limit`. */
MUST_USE struct error *backup_list(struct store *store, struct arena *a, uint32_t after,
                                   size_t limit, const struct backup **out, size_t *count);
/* Whether a table is being restored from it; under either lock. */
bool backup_is_in_use(struct store *store, uint32_t id);
/* The record and its content. Under the exclusive lock, when it is AVAILABLE and not in use. */
MUST_USE struct error *backup_delete(struct store *store, struct arena *a, uint32_t id,
                                     uint64_t *sequence);

/* A new table, CREATING until the copier has filled it from `definition->restore`; under the
 * exclusive lock. What it is restored from must be there. */
MUST_USE struct error *backup_restore(struct store *store, struct arena *a,
                                      const struct table *definition, const struct table **out,
                                      uint64_t *sequence);

/* Switches the history of a table's past on (days > 0) or off; under the exclusive lock. */
MUST_USE struct error *recovery_set(struct store *store, struct arena *a, const struct table *t,
                                    int64_t days, const struct table **out, uint64_t *sequence);
/* The first moment that a table with recovery can be restored to; the last is now. */
int64_t recovery_earliest_us(const struct store *store, const struct table *t);
/* A moment to restore the table to, later than all that has been written to it; under the exclusive
 * lock. */
int64_t recovery_latest_us(struct store *store);

/* For the copier: what the record says now. */
MUST_USE struct error *backup_put(struct store *store, struct arena *a, const struct backup *b);
