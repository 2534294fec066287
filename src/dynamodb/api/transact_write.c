/* TransactWriteItems: up to 100 actions, all or nothing.
 *
 *     bind, find tables            a failure refuses the request
 *     keys and items of actions    a failure cancels, with a reason for each action
 *     lock all stripes in order    with that of the ClientRequestToken, if any
 *     seen the token before?       the same request: success again; another: refused
 *     read, decide each            failed conditions cancel
 *     commit, with the token       one batch
 *
 * The token is remembered as a note of the store for IDEMPOTENCY_WINDOW_MS:
 *
 *     "transact/" token = fingerprint of the request (16 bytes)
 *                         { size of the larger image (4 bytes), one for each action }
 *
 * Source: AWS "Amazon DynamoDB Transactions: How it works", Idempotency. */
#include "dynamodb/api/admission.h"
#include "dynamodb/api/check.h"
#include "dynamodb/api/data.h"
#include "dynamodb/api/transact.h"

#include <string.h>

struct transaction transaction_of(struct op *op, size_t count, enum return_capacity capacity)
{
    return (struct transaction){
        .writes = arena_array(op->arena, struct write, count),
        .count = count,
        .capacity = capacity,
        .reasons = arena_array(op->arena, struct cancel_reason, count),
        .costs = arena_array(op->arena, struct capacity, count),
    };
}

static struct error *take_action(struct op *op, const struct transact_write_item *item,
                                 struct write *w)
{
    const struct transact_action *actions[] = {item->put, item->update, item->delete,
                                               item->condition_check};
    static const enum write_kind kinds[] = {WRITE_PUT, WRITE_UPDATE, WRITE_DELETE, WRITE_CHECK};
    const struct transact_action *action = NULL;
    for (size_t i = 0; i < countof(actions); i++) {
        if (!actions[i])
            continue;
        if (action)
            return invalid(op->arena, "TransactItems can only contain one of Check, Put, Update or "
                                      "Delete");
        action = actions[i];
        w->kind = kinds[i];
    }
    if (!action)
        return invalid(op->arena, "Invalid Request: TransactWriteRequest should contain Delete or "
                                  "Put or Update request");
    w->table_name = action->table_name;
    w->input = w->kind == WRITE_PUT ? &action->item : &action->key;
    w->shows_old_on_failure =
        action->return_values_on_condition_check_failure == ON_FAILURE_ALL_OLD;
    write_set_expressions(w, action->update_expression, action->condition_expression,
                          &action->expression_attribute_names,
                          &action->expression_attribute_values);
    TRY(expressions_check(op->arena, &w->expressions));
    if (w->kind == WRITE_PUT && w->input->error)
        return w->input->error;
    if (w->kind == WRITE_PUT)
        TRY(check_item_size(op->arena, w->input->item));
    TRY(write_bind(op, w)); /* the service reads the expressions before a key */
    return w->input->error;
}

void transaction_cancel(struct transaction *t, size_t at, struct cancel_reason reason)
{
    t->reasons[at] = reason;
    t->is_canceled = true;
}

/* Tables first, for all: a missing one refuses the request whatever else is wrong. */
static struct error *resolve(struct op *op, struct transaction *t)
{
    for (size_t i = 0; i < t->count; i++)
        TRY(op_table(op, t->writes[i].table_name, &t->writes[i].table));
    for (size_t i = 0; i < t->count && !t->is_canceled; i++) { /* the first that fails is told */
        struct write *w = &t->writes[i];
        struct error *e = write_resolve(op, w);
        /* Empty key values are malformed input, not an action that fails. */
        if (e && str_starts(e->message, S("One or more parameter values are not valid.")))
            return e;
        if (e)
            transaction_cancel(t, i, cancel_reason_of(e));
    }
    return transaction_check(op, t);
}

struct error *transaction_check(struct op *op, struct transaction *t)
{
    if (t->is_canceled)
        return transaction_canceled(op->arena, t->reasons, t->count);
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < i; k++)
            if (t->writes[k].key.hash == t->writes[i].key.hash &&
                str_eq(t->writes[k].key.bytes, t->writes[i].key.bytes))
                return invalid(op->arena, "Transaction request cannot include multiple operations "
                                          "on one item");
    return NULL;
}

/* -- the token ----------------------------------------------------------------------------------
 */

static void add_part(struct buf *b, struct str part)
{
    varint_put(b, (uint32_t)part.len);
    buf_add(b, part);
}

/* Each part with its length. */
static struct md5 fingerprint_of(const struct transaction *t)
{
    struct buf b;
    buf_init(&b, 2 * LIMIT_REQUEST_BODY);
    for (size_t i = 0; i < t->count; i++) {
        const struct write *w = &t->writes[i];
        buf_add_char(&b, (char)w->kind);
        buf_add_char(&b, (char)w->shows_old_on_failure);
        add_part(&b, w->table->name);
        add_part(&b, w->input->item.attributes);
        for (size_t k = 0; k < w->expressions.count; k++)
            add_part(&b, w->items[k].text);
        for (size_t k = 0; k < w->expressions.names->count; k++) {
            add_part(&b, w->expressions.names->items[k].name);
            add_part(&b, w->expressions.names->items[k].value);
        }
        for (size_t k = 0; k < w->expressions.values->count; k++) {
            add_part(&b, w->expressions.values->items[k].name);
            value_put(&b, w->expressions.values->items[k].value.value);
        }
    }
    struct md5 sum = md5_of(buf_str(&b), S(""));
    buf_clear(&b);
    return sum;
}

void transaction_set_token(struct op *op, struct transaction *t, struct str token,
                           struct md5 fingerprint)
{
    t->note = arena_join(op->arena, S("transact/"), token);
    t->fingerprint = fingerprint;
}

static struct error *look_up_token(struct op *op, struct transaction *t, struct txn *txn)
{
    if (!t->note.len)
        return NULL;
    struct str value;
    bool found;
    TRY(txn_note_get(txn, t->note, &value, &found));
    size_t head = sizeof t->fingerprint;
    if (!found || value.len < head)
        return NULL;
    if (memcmp(value.data, t->fingerprint.bytes, head) != 0)
        return error_new(op->arena, &error_IdempotentParameterMismatchException,
                         "The request uses the same client token as a previous, but non-identical "
                         "request. Do not reuse a client token with different requests, unless "
                         "the requests are identical");
    t->is_replay = true;
    for (size_t i = 0; i < t->count && value.len >= head + (i + 1) * sizeof(uint32_t); i++)
        memcpy(&t->writes[i].replayed_bytes, value.data + head + i * sizeof(uint32_t),
               sizeof(uint32_t));
    return NULL;
}

/* Of the larger image: what a replay of the request is charged for reading. */
static uint32_t larger_size(const struct write *w)
{
    return w->old.size_bytes > w->new_item.size_bytes ? w->old.size_bytes : w->new_item.size_bytes;
}

static void remember_token(struct op *op, const struct transaction *t, struct txn *txn)
{
    if (!t->note.len)
        return;
    size_t head = sizeof t->fingerprint;
    char *value = arena_alloc(op->arena, head + t->count * sizeof(uint32_t));
    memcpy(value, t->fingerprint.bytes, head);
    for (size_t i = 0; i < t->count; i++) {
        uint32_t size = larger_size(&t->writes[i]);
        memcpy(value + head + i * sizeof size, &size, sizeof size);
    }
    struct str note = {value, head + t->count * sizeof(uint32_t)};
    txn_note_put(txn, t->note, note, IDEMPOTENCY_WINDOW_MS);
}

/* -- deciding -----------------------------------------------------------------------------------
 */

static struct error *decide_all(struct op *op, struct transaction *t, struct txn *txn)
{
    for (size_t i = 0; i < t->count; i++) {
        struct write *w = &t->writes[i];
        TRY(txn_get(txn, w->table, &w->key, &w->old));
        struct error *e = write_decide(op, w);
        if (e) {
            struct cancel_reason reason = cancel_reason_of(e);
            if (!reason.code)
                return e;
            if (e->kind == &error_ConditionalCheckFailedException && w->shows_old_on_failure)
                reason.item = w->old.attributes;
            transaction_cancel(t, i, reason);
        }
    }
    return t->is_canceled ? transaction_canceled(op->arena, t->reasons, t->count) : NULL;
}

/* Positions count planned changes only. */
static struct error *plan_all(struct op *op, struct transaction *t, struct txn *txn)
{
    size_t position = 0;
    for (size_t i = 0; i < t->count; i++) {
        write_plan(txn, &t->writes[i]);
        struct error *e = t->writes[i].is_write ? txn_refusal(txn) : NULL;
        if (!e)
            e = admit_write(op, &t->writes[i], txn, position, 2);
        if (e)
            transaction_cancel(t, i, cancel_reason_of(e));
        position += t->writes[i].is_write;
    }
    return t->is_canceled ? transaction_canceled(op->arena, t->reasons, t->count) : NULL;
}

static struct error *decide_and_commit(struct op *op, struct transaction *t, struct txn *txn)
{
    TRY(look_up_token(op, t, txn));
    if (t->is_replay)
        return NULL;
    TRY(decide_all(op, t, txn));
    TRY(plan_all(op, t, txn));
    remember_token(op, t, txn);
    return txn_commit(txn);
}

/* -- the answer ---------------------------------------------------------------------------------
 */

/* Adds the cost of one action: a replayed one costs what reading its item does. */
static void add_cost(struct op *op, const struct transaction *t, const struct txn *txn, size_t at,
                     size_t position, struct capacity *c)
{
    const struct write *w = &t->writes[at];
    c->table = w->table;
    if (!c->name.data)
        c->name = w->table_name;
    if (t->is_replay) {
        uint64_t halves = 2 * capacity_read(w->replayed_bytes, true);
        c->table_halves += halves;
        c->read_halves += halves;
        return;
    }
    uint64_t halves = 2 * capacity_write(w->old, w->new_item);
    c->table_halves += halves;
    c->write_halves += halves;
    if (w->is_write)
        c->write_halves += capacity_add_writes(op->arena, c, txn, position);
}

/* One cost for each table, in the order of first mention. Positions count planned changes only. */
static void add_costs(struct op *op, struct transaction *t, const struct txn *txn)
{
    struct capacity *costs = t->costs;
    size_t table_count = 0, position = 0;
    for (size_t i = 0; i < t->count; i++) {
        size_t k = 0;
        while (k < table_count && costs[k].table != t->writes[i].table)
            k++;
        if (k == table_count)
            table_count++;
        add_cost(op, t, txn, i, position, &costs[k]);
        position += t->writes[i].is_write;
    }
    t->cost_count = table_count;
}

static struct error *reply_metrics(struct op *op, const struct transaction *t)
{
    struct json_writer *w = op->reply;
    json_key(w, S("ItemCollectionMetrics"));
    json_begin_object(w);
    for (size_t i = 0; i < t->count; i++) {
        bool is_first = true;
        for (size_t k = 0; k < i; k++)
            is_first &= t->writes[k].table != t->writes[i].table;
        if (!is_first || !write_has_metrics(&t->writes[i]))
            continue;
        json_key(w, t->writes[i].table->name);
        json_begin_array(w);
        for (size_t k = i; k < t->count; k++)
            if (t->writes[k].table == t->writes[i].table && t->writes[k].is_write)
                TRY(write_metrics_object(op, w, &t->writes[k]));
        json_end_array(w);
    }
    json_end_object(w);
    return NULL;
}

struct error *transaction_commit(struct op *op, struct transaction *t)
{
    uint64_t hashes[LIMIT_TRANSACTION_ACTIONS + 1];
    size_t hash_count = 0;
    for (size_t i = 0; i < t->count; i++)
        hashes[hash_count++] = t->writes[i].key.hash;
    if (t->note.len)
        hashes[hash_count++] = str_hash(t->note);
    struct txn txn;
    txn_begin(&txn, op->store, op->arena);
    txn_lock(&txn, hashes, hash_count);
    struct error *e = decide_and_commit(op, t, &txn);
    if (!e && capacity_is_wanted(t->capacity))
        add_costs(op, t, &txn);
    txn_end(&txn);
    op_depends(op, txn.depends_on);
    return e;
}

void transaction_reply_costs(struct op *op, const struct transaction *t)
{
    if (!capacity_is_wanted(t->capacity))
        return;
    json_key(op->reply, S("ConsumedCapacity"));
    json_begin_array(op->reply);
    for (size_t i = 0; i < t->cost_count; i++)
        capacity_write_object(op->reply, &t->costs[i], t->capacity);
    json_end_array(op->reply);
}

/* The items of puts, the keys and values of the rest: what is sent counts, not what is changed by
 * it (ScyllaDB Alternator's test_transact.py). */
static struct error *check_payload(struct op *op, const struct transaction *t)
{
    size_t bytes = 0;
    for (size_t i = 0; i < t->count; i++) {
        const value_map *values = t->writes[i].expressions.values;
        bytes += t->writes[i].input->item.size_bytes;
        for (size_t k = 0; values && k < values->count; k++)
            bytes += value_size(values->items[k].value.value);
    }
    if (bytes <= LIMIT_TRANSACTION_BYTES)
        return NULL;
    return invalid(op->arena, "Transaction payload size cannot exceed %u bytes",
                   LIMIT_TRANSACTION_BYTES);
}

struct error *run_transact_write_items(struct op *op)
{
    const struct transact_write_items_input *in = op->input;
    struct transaction t =
        transaction_of(op, in->transact_items.count, in->return_consumed_capacity);
    for (size_t i = 0; i < t.count; i++)
        TRY(take_action(op, &in->transact_items.items[i], &t.writes[i]));
    TRY(check_payload(op, &t));
    TRY(resolve(op, &t));
    if (in->client_request_token.data)
        transaction_set_token(op, &t, in->client_request_token, fingerprint_of(&t));
    TRY(transaction_commit(op, &t));
    if (in->return_item_collection_metrics == METRICS_SIZE)
        TRY(reply_metrics(op, &t));
    transaction_reply_costs(op, &t);
    return NULL;
}
