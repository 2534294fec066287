/* TTL: deletes items whose time-to-live attribute has passed.
 *
 * Called by worker.c. An item is expired when the attribute is a Number of epoch seconds that is
 * past, but not by more than five years. Source: AWS "Using time to live (TTL) in DynamoDB". */
#pragma once

#include "dynamodb/storage/internal.h"

/* One walk over all tables that have TTL; ends early when the worker is to end. */
MUST_USE struct error *ttl_sweep(struct store *store, struct worker *worker);
