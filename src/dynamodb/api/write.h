/* Write: one change of one item, from a request's members to the item after it.
 *
 *     write_bind     expressions, values: what needs no table
 *     write_resolve  the table, the key
 *     write_decide   with the old item at hand: the condition, the new item
 *
 * Called by the single writes (put_item.c), batches and transactions alike. Everything lives in the
 * operation's arena; tables are valid for the slice. */
#pragma once

#include "dynamodb/api/capacity.h"
#include "dynamodb/api/expressions.h"
#include "dynamodb/storage/txn.h"

enum write_kind { WRITE_PUT, WRITE_UPDATE, WRITE_DELETE, WRITE_CHECK };

struct write {
    /* From the request. */
    enum write_kind kind;
    struct str table_name;
    const struct item_input *input; /* the item of a put, the key of all others */
    struct expression items[2]; /* update, then condition; a put or delete has only the latter */
    struct expressions expressions;
    bool shows_old_on_failure; /* ReturnValuesOnConditionCheckFailure: ALL_OLD */
    bool is_older;             /* AttributeUpdates: failures are told in other words */
    bool counts_statement;     /* UpdateItem: its expression counts against the size of an item */
    bool is_statement;         /* PartiQL: again in other words; a put is an INSERT */

    /* write_resolve */
    const struct table *table;
    struct item_key key;

    /* Set by the caller before write_decide; its answer. */
    struct item old;
    struct item new_item;
    bool is_write;           /* false: a condition check */
    uint32_t replayed_bytes; /* of a transaction that was done before: what it was charged for */
};

/* The expressions of a write; update.data is NULL where there can be none. */
void write_set_expressions(struct write *w, struct str update, struct str condition,
                           const string_map *names, const value_map *values);
MUST_USE struct error *write_bind(struct op *op, struct write *w);
/* The members of the older form, where the request has them; before write_bind. */
MUST_USE struct error *write_bind_older(struct op *op, struct write *w,
                                        const attribute_update_map *updates,
                                        const expected_map *expected,
                                        enum conditional_operator conditional);
MUST_USE struct error *write_resolve(struct op *op, struct write *w);
/* ConditionalCheckFailedException, with the old item where it is to be shown, or what an update
 * expression can come to. */
MUST_USE struct error *write_decide(struct op *op, struct write *w);
/* Plans the decided change in the transaction; a condition check plans nothing. */
void write_plan(struct txn *t, const struct write *w);
/* Decides and commits one write by itself; *cost is filled when the mode asks for it. */
MUST_USE struct error *write_commit(struct op *op, struct write *w, enum return_capacity mode,
                                    struct capacity *cost);

/* "ItemCollectionMetrics" of a write's partition. Nothing when the table has no local index. */
bool write_has_metrics(const struct write *w);
MUST_USE struct error *write_metrics_object(struct op *op, struct json_writer *w,
                                            const struct write *write);
