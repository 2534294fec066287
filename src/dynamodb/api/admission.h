/* Admission: lets a request pass, or throttles it, under --enforce-capacity.
 *
 * Called by every operation on items once its cost is known: reads before they are answered, writes
 * before they are committed. Without --enforce-capacity all pass. Local indexes live on their
 * table's capacity; global ones have their own, and a write needs both. Tables on demand are
 * limited by OnDemandThroughput, where it is set. */
#pragma once

#include "dynamodb/api/capacity.h"
#include "dynamodb/api/throttle.h"
#include "dynamodb/api/write.h"

/* ProvisionedThroughputExceededException, or ThrottlingException on demand: nothing was taken. */
MUST_USE struct error *admit(struct op *op, enum throttle_kind kind, const struct capacity *cost);
/* A planned write: `position` is its place among those of the transaction, `factor` 2 in
 * transactional operations, for the table alone. A condition check has no place. */
MUST_USE struct error *admit_write(struct op *op, const struct write *w, const struct txn *t,
                                   size_t position, uint64_t factor);
/* A read of one item of a table. */
MUST_USE struct error *admit_get(struct op *op, const struct table *table, uint64_t halves);
/* Whether an error is a throttling that a batch may survive. */
bool is_throttled(const struct error *e);
