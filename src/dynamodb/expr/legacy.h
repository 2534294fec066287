/* Legacy: the request members from before expressions, as bound expressions.
 *
 * Called by the operations for Expected, QueryFilter, ScanFilter, KeyConditions, AttributeUpdates
 * and AttributesToGet, which check the members themselves (counts, types, what goes together). No
 * text is made and parsed, so the limits of texts do not apply: 4 KB, 300 operators, 100 operands
 * of IN. Names are top-level attributes, whatever characters they hold. Results live in the arena
 * and point to the names and values given. Source: AWS "Legacy conditional parameters". */
#pragma once

#include "dynamodb/expr/expr.h"

enum legacy_operator {
    LEGACY_EQ,
    LEGACY_NE,
    LEGACY_LT,
    LEGACY_LE,
    LEGACY_GT,
    LEGACY_GE,
    LEGACY_BETWEEN,
    LEGACY_IN,
    LEGACY_BEGINS_WITH,
    LEGACY_CONTAINS,
    LEGACY_NOT_CONTAINS,
    LEGACY_NULL,
    LEGACY_NOT_NULL,
};

struct legacy_condition {
    struct str name;
    enum legacy_operator op;
    const struct value *values; /* as many as the operator takes */
    size_t value_count;
};

/* `kind`: EXPR_CONDITION, EXPR_FILTER or EXPR_KEY_CONDITION. At least one condition; all must hold,
 * or with `is_or` any. */
const struct bound *legacy_conditions(struct arena *a, enum expr_kind kind,
                                      const struct legacy_condition *conditions, size_t count,
                                      bool is_or);

enum legacy_action { LEGACY_PUT, LEGACY_ADD, LEGACY_DELETE };

struct legacy_update {
    struct str name;
    enum legacy_action action;
    struct value value; /* VALUE_NONE only for LEGACY_DELETE: the whole attribute */
};

/* LEGACY_ADD takes numbers, sets and lists (which it appends to). A name comes once. Applied, its
 * error for a wrong type is "Type mismatch for attribute to update". */
const struct bound *legacy_updates(struct arena *a, const struct legacy_update *updates,
                                   size_t count);
