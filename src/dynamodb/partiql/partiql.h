/* PartiQL: statements of DynamoDB's dialect, as the same bound expressions that the other
 * operations evaluate.
 *
 *     text --lex--> tokens --parse--> ast --read(parameters)--> statement --fit(keys)--> key, reads
 *
 * Called by api/statement*.c. A statement depends on its text and parameters alone; what needs the
 * table's keys comes after (where_key_of, reads_plan). Everything lives in the arena and points
 * into text and parameters. Errors are ValidationException in the service's words. Pure: knows
 * neither storage nor JSON. Sources: AWS "PartiQL for DynamoDB"; the order and words of errors as
 * recorded from the service by the public conformance suites. */
#pragma once

#include "dynamodb/expr/expr.h"

enum statement_kind {
    STATEMENT_SELECT,
    STATEMENT_INSERT,
    STATEMENT_UPDATE,
    STATEMENT_DELETE,
    STATEMENT_EXISTS, /* EXISTS(SELECT …): a condition check */
};

enum returning {
    RETURNING_NOTHING,
    RETURNING_ALL_OLD,
    RETURNING_MODIFIED_OLD,
    RETURNING_ALL_NEW,
    RETURNING_MODIFIED_NEW,
};

struct statement_column {
    struct path path;
    struct str name; /* in the answer: the last name and the indexes behind it, "k[0]" */
};

struct statement_order {
    struct str name;  /* empty: what is ordered by is no attribute, */
    struct str other; /* but this */
    bool is_descending;
};

struct statement {
    enum statement_kind kind;
    struct str table, index;   /* index: empty without one */
    const struct bound *where; /* NULL without one */

    /* SELECT */
    const struct statement_column *columns;
    size_t column_count;        /* 0: all */
    struct error *column_error; /* of an index's columns: told once the index is known */
    const struct statement_order *order;
    size_t order_count;

    struct item item;           /* INSERT */
    const struct bound *update; /* UPDATE */
    enum returning returning;   /* UPDATE, DELETE */

    /* What is told once the table is known and the item is found: NULL, or a RETURNING that is
     * refused. */
    struct error *late_error;
};

/* `text` is UTF-8. Parameters fill the statement's question marks in order; more of them than marks
 * are ignored. */
MUST_USE struct error *statement_read(struct arena *a, struct str text,
                                      const struct value *parameters, size_t parameter_count,
                                      const struct statement **out);
static inline bool statement_is_read(const struct statement *s)
{
    return s->kind == STATEMENT_SELECT;
}

/* What a SELECT shows of an item. */
struct item statement_show(struct arena *a, const struct statement *s, struct item item);

/* -- one item -----------------------------------------------------------------------------------
 */

struct node;

/* The conditions of a WHERE that are joined by AND, divided into the table's key and the rest. */
struct where_key {
    struct item key; /* the key attributes that are fixed by an equality */
    bool is_whole;
    struct str twice; /* a key attribute that is fixed to two values; the first is in `key` */
    const struct node *const *rest;
    size_t rest_count;
};

/* With `takes_one_in`, IN with one value is an equality. */
void where_key_of(struct arena *a, const struct bound *where, const struct key_schema *keys,
                  bool takes_one_in, struct where_key *out);

/* The key of a write, in the words of statements: what the WHERE fixes, or the item of an INSERT,
 * has all key attributes in the types of the schema, and nothing looks inside of them. */
MUST_USE struct error *statement_check_key(struct arena *a, const struct statement *s,
                                           const struct where_key *key,
                                           const struct key_schema *keys);

/* The condition of a write: the rest, and what its kind asks of the item (an INSERT that there is
 * none, an UPDATE that there is one; a DELETE of nothing succeeds). NULL: none. */
const struct bound *where_condition(struct arena *a, const struct statement *s,
                                    const struct where_key *key, struct str partition_key);

/* -- many items ---------------------------------------------------------------------------------
 */

/* One range of one partition. */
struct read {
    struct value partition;
    struct value low, high; /* of the sort attribute; VALUE_NONE: open */
    bool is_low_exclusive, is_high_exclusive;
};

/* How a SELECT finds its items: by ranges that share no item, or by looking at all of them. The
 * whole WHERE is the filter in either case. */
struct reads {
    bool is_keyed; /* by ranges, of which there may be none; else all items are scanned */
    const struct read *items;
    size_t count;
};

/* Which attributes an index holds; NULL: all. */
typedef bool is_projected(const void *context, struct str attribute);
struct reads_context {
    const struct key_schema *keys; /* of the table or index: one partition, at most one sort */
    struct str index_name;
    is_projected *is_projected;
    const void *context;
};
/* Errors: a key attribute compared with another type, ranges that overlap, too many of them, a
 * filter on what the index does not hold, an ORDER BY that the keys do not give. */
MUST_USE struct error *reads_plan(struct arena *a, const struct statement *s,
                                  const struct reads_context *context, struct reads *out);
