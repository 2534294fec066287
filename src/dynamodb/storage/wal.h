/* Wal: the write-ahead log of a store, in files of its own.
 *
 * Called by kv_rocks.c, whose library keeps what is written in memory until it makes a file of it;
 * until then it is here. A record is any bytes, and its number is one more than that of the record
 * before it, over all restarts. The files are laid out beforehand and used again, so that a sync
 * writes data and nothing else: no blocks to find, no lengths to note.
 *
 *     begun --wal_append--> in memory --wal_write--> with the system --wal_sync--> on the disk
 *
 * What is on the disk after a power cut is a prefix of what was appended, and holds all that was
 * synced. Appends come from one thread at a time (the store's write lock); wal_write and wal_sync
 * may come from another meanwhile. Errors are error_system; after one the log takes no more. */
#pragma once

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

struct wal;

/* Takes a record that is not in the store yet; in the order of numbers. */
typedef struct error *wal_replay(void *context, struct arena *a, struct str record);
/* The number of the newest record that the store can do without: it and all before it are in files
 * of the store's own. 0: none is. A failure ends wal_open; later, all that the log has is kept.
 * Called with no lock that an append waits for. */
typedef struct error *wal_applied(void *context, struct arena *a, uint64_t *out);

struct wal_options {
    const char *directory; /* which must exist; the files there are wal.1, wal.2, … */
    uint64_t run;          /* by chance: tells this run's records from what a file held before */
    bool is_direct;        /* wal_sync will be called, not wal_write: past the page cache */
    wal_replay *replay;
    wal_applied *applied;
    void *context;
};

/* Replays what the store has not, and is ready for more. */
MUST_USE struct error *wal_open(struct arena *a, const struct wal_options *options,
                                struct wal **out);
/* What was appended and neither written nor synced is lost. When the store can do without all
 * records, the files go, too, but for one that the next start uses. */
void wal_close(struct wal *w);

/* The number that the next record gets. */
uint64_t wal_next(const struct wal *w);
void wal_append(struct wal *w, struct str record); /* copied */
/* All that was appended is with the operating system: the process may end, the machine may not. */
MUST_USE struct error *wal_write(struct wal *w, struct arena *a);
/* All that was appended is on the disk. */
MUST_USE struct error *wal_sync(struct wal *w, struct arena *a);
/* Asks what the store can do without; a new file is begun with that, too. */
void wal_retire(struct wal *w);
/* How much the files hold that the store could not do without when it was last asked. */
uint64_t wal_live_bytes(const struct wal *w);
