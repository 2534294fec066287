/* Project: which parts of an item an answer shows.
 *
 * A ProjectionExpression, or the older AttributesToGet, or all of it. */
#pragma once

#include "dynamodb/api/requests.h"
#include "dynamodb/expr/expr.h"

struct show {
    const struct bound *projection; /* NULL: no expression */
    const string_list *attributes;  /* the older form; NULL or not given: all */
};

/* "Duplicate value in attribute name" of AttributesToGet. */
MUST_USE struct error *show_check(struct arena *a, const string_list *attributes);
struct item show_apply(struct arena *a, const struct show *show, struct item item);
