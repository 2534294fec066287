/* Worker: a background thread of a store. One fills new indexes (backfill.h), counts anew after a
 * crash (recount.h), and removes what has expired: items (ttl.h) and notes. Another one copies
 * tables for backups and restores (copy.h), and a third keeps the time of streams (stream_age.h),
 * so that none waits for the others.
 *
 * Owned by store.c. It works in small steps, each under the catalog's shared lock for a moment
 * only, and rests in between. Errors are logged; the work is tried again in the next round. */
#pragma once

#include "dynamodb/storage/store.h"

struct worker;

enum worker_kind { WORKER_UPKEEP, WORKER_COPIER, WORKER_AGER };

enum { WORKER_INTERVAL_MS = 10 * 1000 };

/* interval_ms 0: WORKER_INTERVAL_MS; negative: no thread, only worker_round. */
struct worker *worker_new(struct store *store, enum worker_kind kind, int64_t interval_ms,
                          bool must_count);
/* Waits for the step under way. Whether all counts are exact. */
bool worker_free(struct worker *w);
/* There is something to do now: an index to fill, a table to copy. */
void worker_wake(struct worker *w);
/* One round in the calling thread; only without a thread of its own. */
void worker_round(struct worker *w);

/* For its jobs. The arena is theirs to reset between steps. */
struct arena *worker_arena(struct worker *w);
bool worker_is_stopping(struct worker *w);
void worker_rest(struct worker *w);
