/* Expressions: condition, filter, key condition, projection and update.
 *
 *     text --parse--> program --bind(names, values)--> bound --evaluate, apply--> verdict, new item
 *
 * A program depends on its text alone, is immutable, and may be kept and shared between threads;
 * its memory is the arena given to parse. Binding resolves #names and :values, checks what depends
 * on them (types of operands, path overlaps), and marks them used. Errors are ValidationException
 * with the service's words ("Invalid UpdateExpression: Syntax error; token: …"). Pure: knows
 * neither storage nor JSON. Source: AWS "Expressions", "Reserved words". */
#pragma once

#include "base/error.h"
#include "dynamodb/model/item.h"
#include "dynamodb/model/path.h"
#include "dynamodb/model/schema.h"

enum expr_kind {
    EXPR_CONDITION,     /* ConditionExpression */
    EXPR_FILTER,        /* FilterExpression */
    EXPR_KEY_CONDITION, /* KeyConditionExpression */
    EXPR_PROJECTION,    /* ProjectionExpression */
    EXPR_UPDATE,        /* UpdateExpression */
};

struct program;
struct bound;

/* ExpressionAttributeNames and -Values of a request. Placeholders keep their '#' and ':'. */
struct expr_name {
    struct str placeholder, name;
    bool is_used;
};
struct expr_value {
    struct str placeholder;
    struct value value;
    bool is_used;
};
struct expr_params {
    struct expr_name *names;
    size_t name_count;
    struct expr_value *values;
    size_t value_count;
};

MUST_USE struct error *expr_parse(struct arena *a, enum expr_kind kind, struct str text,
                                  const struct program **out);
MUST_USE struct error *expr_bind(struct arena *a, const struct program *program,
                                 struct expr_params *params, const struct bound **out);
/* After all expressions of a request are bound: "Value provided in ExpressionAttributeValues unused
 * in expressions: keys: {:v}". */
MUST_USE struct error *expr_check_unused(struct arena *a, const struct expr_params *params);
/* Whether a path of it goes inside that top-level attribute (a.b, a[1]): key attributes are
 * scalars, so the caller refuses that for them. */
bool expr_looks_inside(const struct bound *bound, struct str attribute);

/* "AttributeValue: {S:abc}": a string, number or binary as the service shows it in messages. */
struct str expr_show_scalar(struct arena *a, struct value v);

/* -- condition, filter --------------------------------------------------------------------------
 */

/* An item that does not exist has no attributes. */
bool condition_holds(const struct bound *condition, struct item item);
/* Whether it refers to that top-level attribute: filters must not name key attributes. */
bool condition_uses(const struct bound *condition, struct str attribute);

/* -- projection -------------------------------------------------------------------------------- */

/* The parts of an item that the projection names; lists close up around the chosen elements. */
struct item projection_apply(struct arena *a, const struct bound *projection, struct item item);
/* The top-level attributes it names (to check what an index holds). */
size_t projection_roots(struct arena *a, const struct bound *projection, const struct str **out);

/* -- update ------------------------------------------------------------------------------------ */

/* The item after the update; every path on the right reads the item as it was. `item` may not
 * exist: then it is the key's attributes alone. Errors as the service's: "The document path
 * provided in the update expression is invalid for update", operand types, numbers out of range. */
MUST_USE struct error *update_apply(struct arena *a, const struct bound *update, struct item item,
                                    struct item *out);
/* Whether it writes that top-level attribute: updates must not touch the key. */
bool update_touches(const struct bound *update, struct str attribute);
/* Whether it does nothing but remove: such an update does not create an item. */
bool update_only_removes(const struct bound *update);
/* The bytes of an item that the statement itself is counted as (update_charge.c). */
size_t update_charge(const struct bound *update);
/* The type it gives that top-level attribute, where the text and its values tell; VALUE_NONE where
 * the item decides, or nothing is written. */
enum value_type update_writes_type(const struct bound *update, struct str attribute);
/* The parts of an item at the paths that the update wrote: UPDATED_OLD, UPDATED_NEW. */
struct item update_project(struct arena *a, const struct bound *update, struct item item);

/* -- key condition ------------------------------------------------------------------------------
 */

enum sort_operator {
    SORT_ANY,
    SORT_EQ,
    SORT_LT,
    SORT_LE,
    SORT_GT,
    SORT_GE,
    SORT_BETWEEN,
    SORT_PREFIX
};

struct key_condition {
    struct value partition[LIMIT_KEY_ATTRIBUTES];  /* one for each partition attribute */
    struct value sort_equal[LIMIT_KEY_ATTRIBUTES]; /* leading sort attributes fixed by '=' … */
    size_t sort_equal_count;
    enum sort_operator sort; /* … and the condition on the next one; SORT_EQ is in sort_equal */
    struct value low, high;  /* SORT_BETWEEN uses both, the others low */
};

/* What can be told without the table ("Invalid operator used in KeyConditionExpression: OR"): after
 * expr_check_unused, before the table is looked up. */
MUST_USE struct error *key_condition_check(struct arena *a, const struct bound *condition);
/* Fits a bound key condition to a table's or index's keys. Errors as the service's: "Query
 * condition missed key schema element: pk", "Query key condition not supported", type mismatches.
 */
MUST_USE struct error *key_condition_of(struct arena *a, const struct bound *condition,
                                        const struct key_schema *keys, struct key_condition *out);

/* A global index's key of several attributes has rules and words of its own: '=' for all partition
 * attributes ("HASH key attributes h2 must have equality conditions …") and for the sort attributes
 * before the last one used. key_condition_of tells them; the older KeyConditions tell them ahead of
 * operators that no key condition can have. */
struct key_use {
    struct str name;
    bool is_equality;
};
bool key_has_several(const struct key_schema *keys);
MUST_USE struct error *key_uses_check_partition(struct arena *a, const struct key_schema *keys,
                                                const struct key_use *uses, size_t count);
MUST_USE struct error *key_uses_check_sort(struct arena *a, const struct key_schema *keys,
                                           const struct key_use *uses, size_t count);
