/* Program: what an expression is between parse, bind and evaluation. For this folder, and for
 * partiql, which makes the same structs of another language.
 *
 * A program is a tree of nodes whose leaves are numbers: paths[n] and values[n]. Binding makes the
 * two arrays that evaluation reads. legacy.c builds the same structs
 * without a text.
 *
 *     "a.#x = :v AND size(b) > :v"
 *     AND ─┬─ EQ ─┬─ PATH 0 (a, #x)        names  #x
 *          │      └─ VALUE 0               values :v
 *          └─ GT ─┬─ SIZE ── PATH 1 (b)
 *                 └─ VALUE 0
 */
#pragma once

#include "dynamodb/expr/expr.h"
#include "dynamodb/model/errors.h"

enum op {
    OP_PATH,
    OP_VALUE,
    OP_EXISTS, /* functions of conditions */
    OP_NOT_EXISTS,
    OP_TYPE,
    OP_BEGINS_WITH,
    OP_CONTAINS,
    OP_SIZE,
    OP_IF_NOT_EXISTS, /* functions of updates */
    OP_LIST_APPEND,
    OP_UNKNOWN_FUNCTION, /* parsed, then refused: syntax errors are told first */
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_BETWEEN,
    OP_IN,
    OP_AND, /* two arguments or more */
    OP_OR,
    OP_NOT,
    OP_PLUS,
    OP_MINUS,
};

struct node {
    enum op op;
    bool is_parenthesised;
    uint32_t index; /* OP_PATH, OP_VALUE: which one */
    uint32_t count; /* of arguments */
    const struct node *const *args;
    struct str name; /* of a function, as written */
};

enum { NOT_A_PLACEHOLDER = 0xFFFF };

struct program_path {
    struct path path;             /* names as written: placeholders keep their '#' */
    const uint16_t *placeholders; /* for each step which of the program's names, or not one;
                                     NULL when the path has none */
};

enum clause { CLAUSE_SET, CLAUSE_REMOVE, CLAUSE_ADD, CLAUSE_DELETE };

struct action {
    enum clause clause;
    uint32_t ordinal;         /* of its clause in the text */
    uint32_t path;            /* what it writes */
    const struct node *value; /* NULL for CLAUSE_REMOVE */
};

struct program {
    enum expr_kind kind;
    bool is_legacy;          /* built by legacy.c: an update has other words for a wrong type */
    const struct node *root; /* of the three kinds of conditions */
    const struct action *actions; /* of an update */
    size_t action_count;
    const struct program_path *paths; /* of a projection: what it names */
    size_t path_count;
    const struct str *names; /* distinct placeholders, as written */
    size_t name_count;
    const struct str *values;
    size_t value_count;
};

struct bound {
    const struct program *program;
    const bool *is_defined;     /* for each of the program's names, then of its values */
    const struct path *paths;   /* resolved */
    const struct value *values; /* resolved */
    const struct path
        *targets;          /* what an update writes or a projection names, in the text's order */
    const uint32_t *order; /* the same, by index, sorted by path_order */
    size_t target_count;
};

/* "Invalid ConditionExpression: …" */
struct error *expr_error(struct arena *a, enum expr_kind kind, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Names of comparators and functions for messages: "=", "BETWEEN", "size". */
struct str op_name(enum op op);
static inline bool op_is_function(enum op op)
{
    return op >= OP_EXISTS && op <= OP_UNKNOWN_FUNCTION;
}
/* Paths, values and calls: what a comparator can compare. */
static inline bool op_is_operand(enum op op)
{
    return op <= OP_UNKNOWN_FUNCTION;
}

/* Names as the service lists them: in the order that a Java HashSet gives them out. */
struct str join_as_hash_set(struct arena *a, const struct str *names, size_t count);

/* Order of paths: step by step, indexes before names, a path before what lies inside it. */
int path_order(const struct path *a, const struct path *b);

/* "Incorrect number of operands for operator or function; …" */
MUST_USE struct error *check_operand_count(struct arena *a, enum expr_kind kind,
                                           const struct node *call);
/* Finds and sorts the targets of an update or projection whose paths are bound. */
void bind_targets(struct arena *a, struct bound *bound);

/* Checks of a bound expression, in the service's order. */
MUST_USE struct error *check_condition(struct arena *a, const struct bound *bound,
                                       const struct node *node);
MUST_USE struct error *check_update(struct arena *a, const struct bound *bound);
/* "Two document paths overlap with each other; …": `order` sorts the paths by path_order. */
MUST_USE struct error *check_overlaps(struct arena *a, enum expr_kind kind,
                                      const struct path *paths, const uint32_t *order,
                                      size_t count);
/* "… is not defined" for the first placeholder of the path that is not. */
MUST_USE struct error *check_path_defined(struct arena *a, const struct bound *bound,
                                          uint32_t path);
/* Operands of any kind: placeholders are defined, functions have what they need. */
MUST_USE struct error *check_operand(struct arena *a, const struct bound *bound,
                                     const struct node *node);
/* VALUE_N for size(), the type of a value, VALUE_NONE for what depends on the item. */
enum value_type static_type(const struct bound *bound, const struct node *node);
