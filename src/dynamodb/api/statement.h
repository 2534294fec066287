/* Statement: a PartiQL statement of a request, from its members to a write or to a page of items.
 *
 *     statement_bind     parameters, text: what needs no table
 *     statement_write    an INSERT, UPDATE, DELETE or EXISTS as a struct write
 *     select_…           a SELECT, walked in slices
 *
 * Called by execute_statement.c, batch_execute_statement.c and execute_transaction.c. Everything
 * lives in the operation's arena; tables are valid for the slice. */
#pragma once

#include "dynamodb/api/write.h"
#include "dynamodb/partiql/partiql.h"
#include "dynamodb/storage/range.h"

/* The first parameter that is wrong; they are told before the statement is read. */
MUST_USE struct error *statement_check_parameters(const value_list *parameters);
MUST_USE struct error *statement_bind(struct op *op, struct str text, const value_list *parameters,
                                      const struct statement **out);

/* -- writes -------------------------------------------------------------------------------------
 */

/* How a WHERE that does not fix one item is told: in the statement's words, or in those of the
 * operation that it would have become. */
enum key_words { KEY_WORDS_STATEMENT, KEY_WORDS_OPERATION };

/* The table of a write that is no part of a transaction. A WHERE that is not there is told first.
 */
MUST_USE struct error *statement_table(struct op *op, const struct statement *s,
                                       const struct table **out);
/* The key and condition of a statement that writes or checks; w->table must be set. */
MUST_USE struct error *statement_write(struct op *op, const struct statement *s,
                                       enum key_words words, struct write *w);
/* What RETURNING shows of a write that is done; empty: nothing. */
struct item statement_returned(struct op *op, const struct statement *s, const struct write *w);

/* -- reads --------------------------------------------------------------------------------------
 */

/* The one item that the WHERE fixes, and nothing else: false when it does not. */
bool statement_fixes_item(struct op *op, const struct statement *s, const struct table *t,
                          struct item *key);

struct select {
    /* Set by the operation. */
    const struct statement *statement;
    bool is_consistent;
    int64_t limit; /* 0: none */
    enum return_capacity capacity;
    struct str token; /* NextToken; empty: from the start */
    struct str text;  /* with the parameters what the token is bound to */
    const value_list *parameters;

    /* Of the slice under way. */
    const struct table *table;
    const struct index *index;

    /* What is read, in order; a scan is one read. */
    bool is_scan, is_backward, is_one_item;
    const struct read *reads;
    size_t read_count;
    bool fetches; /* whole items, through a local index */

    /* Progress. */
    size_t at;              /* which read */
    struct str start_after; /* in it */
    bool is_full;
    int64_t scanned;
    uint64_t page_bytes;
    uint64_t read_bytes; /* of the read under way */
    uint64_t halves, fetch_halves;
};

/* Finds table and index; in every slice. */
MUST_USE struct error *select_resolve(struct op *op, struct select *s);
/* What needs them, before the first slice. */
MUST_USE struct error *select_plan(struct op *op, struct select *s);
/* One slice; sets op->is_unfinished when there is more of the page. */
MUST_USE struct error *select_step(struct op *op, struct select *s);

/* -- paging -------------------------------------------------------------------------------------
 */

/* A NextToken: where to go on, bound to the statement and its parameters. */
struct str next_token_of(struct op *op, const struct select *s);
/* "Invalid NextToken", "NextToken does not match request". */
MUST_USE struct error *next_token_read(struct op *op, struct select *s);
/* The place inside, which may be made up. */
MUST_USE struct error *next_token_place(struct op *op, struct select *s, struct str place);
