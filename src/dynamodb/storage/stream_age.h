/* Stream age: what time does to streams: shards roll over, and what is past its time goes.
 *
 * Called by worker.c, in one thread only: nothing else closes or trims the shards of a stream that
 * stays. Each step is under the catalog's shared lock, so that nobody opens or closes the stream
 * meanwhile. */
#pragma once

#include "dynamodb/storage/internal.h"

/* Closes the shards that are as old as the store lets them get, and opens their children: also of
 * streams that nothing is written to, as the service does. */
MUST_USE struct error *stream_roll(struct store *store, struct arena *a);
/* Removes records older than STREAM_RETENTION_MS, and the shards and streams of which nothing is
 * left. */
MUST_USE struct error *stream_trim(struct store *store, struct arena *a);
