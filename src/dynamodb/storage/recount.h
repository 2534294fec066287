/* Recount: item counts and sizes made exact again after a crash.
 *
 * Called by worker.c. Counts a state of the store that it takes together with the counters, and
 * adds the difference at the end: what is written meanwhile stays counted. */
#pragma once

#include "dynamodb/storage/internal.h"

/* *is_done is false when the worker is to end before. */
MUST_USE struct error *recount_run(struct store *store, struct worker *worker, bool *is_done);
