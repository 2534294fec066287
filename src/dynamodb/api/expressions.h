/* Expressions: what a request says in expressions, from its members to bound programs.
 *
 * Called by every operation that takes expressions: expressions_check before the other checks of
 * values (mixing old and new members), expressions_bind after them. Both come before the table is
 * looked up, as in the service. Everything lives in the arena. */
#pragma once

#include "dynamodb/api/api.h"
#include "dynamodb/api/layer.h"
#include "dynamodb/api/requests.h"
#include "dynamodb/expr/expr.h"

/* One expression that the operation knows; text.data is NULL when the request has none. */
struct expression {
    enum expr_kind kind;
    struct str text;
    const struct bound *bound; /* out; NULL without text */
};

struct expressions {
    struct expression *items; /* in the order of the service's messages */
    size_t count;
    const string_map *names;
    const value_map *values; /* NULL: the operation knows none */
    /* Members of the older request form that are given, such as "Expected". */
    const char *older[5];
    size_t older_count;
    unsigned enveloped; /* the parts that are told in the envelope, enum layer_part */
};

/* Notes an older member, when it is given. */
static inline void expressions_add_older(struct expressions *e, bool is_given, const char *name)
{
    if (is_given)
        e->older[e->older_count++] = name;
}

MUST_USE struct error *expressions_check(struct arena *a, const struct expressions *e);
MUST_USE struct error *expressions_bind(struct op *op, struct expressions *e);
