/* Older: the request members from before expressions, turned into expressions.
 *
 * Expected, QueryFilter, ScanFilter, KeyConditions and AttributeUpdates are checked here with the
 * service's words; expr/legacy.h makes of them what expressions_bind makes of a text. Pure.
 * Source: AWS "Legacy conditional parameters"; the words are recorded in dynalite's tests. */
#pragma once

#include "dynamodb/api/requests.h"
#include "dynamodb/expr/expr.h"

/* *out stays NULL for a map that is absent or empty. */
MUST_USE struct error *older_expected(struct arena *a, const expected_map *expected,
                                      enum conditional_operator op, const struct bound **out);
MUST_USE struct error *older_filter(struct arena *a, const filter_map *filter,
                                    enum conditional_operator op, const struct bound **out);
MUST_USE struct error *older_key_conditions(struct arena *a, const filter_map *conditions,
                                            const struct bound **out);
/* With the table at hand: every key attribute that must have a condition has one, of an operator
 * that an index can serve. */
MUST_USE struct error *older_check_indexable(struct arena *a, const filter_map *conditions,
                                             const struct key_schema *keys);
MUST_USE struct error *older_updates(struct arena *a, const attribute_update_map *updates,
                                     const struct bound **out);
