/* GetItem, BatchGetItem, TransactGetItems. */
#include "dynamodb/api/admission.h"
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/cancel.h"
#include "dynamodb/api/capacity.h"
#include "dynamodb/api/check.h"
#include "dynamodb/api/data.h"
#include "dynamodb/api/expressions.h"
#include "dynamodb/api/project.h"
#include "dynamodb/api/transact.h"

/* A slice of a batch: then others have their turn. */
#define SLICE_BYTES (64u << 10)

/* The expressions of a request that knows only a projection. */
struct get_expressions {
    struct expression projection;
    struct expressions all;
};

static void set_projection(struct get_expressions *g, struct str text, const string_map *names,
                           const string_list *attributes_to_get)
{
    *g = (struct get_expressions){.projection = {.kind = EXPR_PROJECTION, .text = text}};
    g->all = (struct expressions){.items = &g->projection, .count = 1, .names = names};
    if (attributes_to_get)
        expressions_add_older(&g->all, attributes_to_get->is_given, "AttributesToGet");
}

static void reply_item(struct op *op, const struct show *show, struct item item)
{
    attribute_write_item(op->reply, show_apply(op->arena, show, item).attributes);
}

struct error *run_get_item(struct op *op)
{
    const struct get_item_input *in = op->input;
    struct get_expressions g;
    set_projection(&g, in->projection_expression, &in->expression_attribute_names,
                   &in->attributes_to_get);
    TRY(expressions_check(op->arena, &g.all));
    if (in->key.error)
        return in->key.error;
    TRY(show_check(op->arena, &in->attributes_to_get));
    TRY(expressions_bind(op, &g.all));

    const struct table *t;
    TRY(op_table(op, in->table_name, &t));
    TRY(check_key(op->arena, t, in->key.item));
    TRY(check_scalar_keys(op->arena, t, g.projection.bound));
    struct item_key key = item_key_of(op->arena, t, in->key.item.attributes);
    struct item item;
    uint64_t depends_on = 0;
    TRY(store_get(op->store, op->arena, t, &key, &item, &depends_on));
    op_depends(op, depends_on);
    struct capacity cost = {.table = t,
                            .name = in->table_name,
                            .table_halves =
                                capacity_read(item.size_bytes, in->consistent_read.value)};
    TRY(admit(op, THROTTLE_READS, &cost));
    if (item_exists(item)) {
        struct show show = {g.projection.bound, &in->attributes_to_get};
        json_key(op->reply, S("Item"));
        reply_item(op, &show, item);
    }
    capacity_reply(op->reply, &cost, in->return_consumed_capacity);
    return NULL;
}

/* -- BatchGetItem -------------------------------------------------------------------------------
 */

/* Between two slices. Tables are found again in each. */
struct batch_progress {
    struct show *shows; /* of each table, bound */
    uint64_t *halves;
    size_t table_at, key_at;
    uint64_t bytes;
    bool is_open;    /* a table's array of items is being written */
    bool **refused;  /* of each table, its keys that were throttled */
    bool has_passed; /* one key at least was not */
    struct error *throttled;
};

static struct error *check_batch_keys(struct op *op, const struct keys_and_attributes *k)
{
    for (size_t i = 0; i < k->keys.count; i++) {
        const struct item_input *key = &k->keys.items[i];
        if (key->error)
            return key->error;
        for (size_t j = 0; j < i; j++)
            if (str_eq(k->keys.items[j].item.attributes, key->item.attributes))
                return invalid(op->arena, "Provided list of item keys contains duplicates");
    }
    return NULL;
}

/* Of the two ways to say what is wanted a batch takes one, for all its tables. */
static struct error *check_one_form(struct op *op, const struct batch_get_item_input *in)
{
    const struct keys_and_attributes *older = NULL, *newer = NULL;
    for (size_t i = 0; i < in->request_items.count; i++) {
        const struct keys_and_attributes *k = &in->request_items.items[i].value;
        if (k->attributes_to_get.is_given)
            older = k;
        if (k->projection_expression.data)
            newer = k;
    }
    if (!older || !newer)
        return NULL;
    struct get_expressions both;
    set_projection(&both, newer->projection_expression, &newer->expression_attribute_names,
                   &older->attributes_to_get);
    return expressions_check(op->arena, &both.all);
}

/* The older form on one table does not go with the newer one on another. */
static bool uses_older_form(const struct batch_get_item_input *in)
{
    for (size_t i = 0; i < in->request_items.count; i++)
        if (in->request_items.items[i].value.attributes_to_get.is_given)
            return true;
    return false;
}

static struct error *begin_batch(struct op *op, const struct batch_get_item_input *in,
                                 struct batch_progress **out)
{
    if (!in->request_items.count)
        return invalid(op->arena, "The requestItems parameter is required for BatchGetItem");
    TRY(check_one_form(op, in));
    struct batch_progress *p = arena_new(op->arena, struct batch_progress);
    p->shows = arena_array(op->arena, struct show, in->request_items.count);
    p->halves = arena_array(op->arena, uint64_t, in->request_items.count);
    p->refused = arena_array(op->arena, bool *, in->request_items.count);
    size_t key_count = 0;
    bool is_older = uses_older_form(in);
    for (size_t i = 0; i < in->request_items.count; i++) {
        const struct keys_and_attributes *k = &in->request_items.items[i].value;
        struct get_expressions g;
        set_projection(&g, k->projection_expression, &k->expression_attribute_names,
                       &k->attributes_to_get);
        if (!k->attributes_to_get.is_given)
            expressions_add_older(&g.all, is_older && k->projection_expression.data,
                                  "AttributesToGet");
        TRY(expressions_check(op->arena, &g.all));
        TRY(show_check(op->arena, &k->attributes_to_get));
        TRY(expressions_bind(op, &g.all));
        TRY(check_batch_keys(op, k));
        p->shows[i] = (struct show){g.projection.bound, &k->attributes_to_get};
        p->refused[i] = arena_array(op->arena, bool, k->keys.count + 1);
        key_count += k->keys.count;
    }
    if (key_count > LIMIT_BATCH_GET_KEYS)
        return invalid(op->arena, "Too many items requested for the BatchGetItem call");
    for (size_t i = 0; i < in->request_items.count; i++) {
        const struct keys_and_attributes *k = &in->request_items.items[i].value;
        const struct table *t;
        TRY(op_table(op, in->request_items.items[i].name, &t));
        for (size_t j = 0; j < k->keys.count; j++)
            TRY(check_key(op->arena, t, k->keys.items[j].item));
        TRY(check_scalar_keys(op->arena, t, p->shows[i].projection));
    }
    json_key(op->reply, S("Responses"));
    json_begin_object(op->reply);
    *out = p;
    return NULL;
}

static bool batch_is_full(const struct batch_progress *p)
{
    return p->bytes >= LIMIT_BATCH_GET_BYTES;
}

/* Whether a key may be got; throttled ones stay unprocessed. */
static bool passes(struct op *op, struct batch_progress *p, const struct table *t, size_t key_at,
                   uint64_t halves)
{
    struct error *e = admit_get(op, t, halves);
    if (e)
        p->throttled = e;
    p->refused[p->table_at][key_at] = e;
    p->has_passed |= !e;
    return !e;
}

/* Gets until the slice is used up, the table is done, or the answer is full. */
static struct error *get_slice(struct op *op, const struct batch_get_item_input *in,
                               struct batch_progress *p, uint64_t *budget)
{
    const struct keys_and_attributes *k = &in->request_items.items[p->table_at].value;
    struct str name = in->request_items.items[p->table_at].name;
    const struct table *t;
    TRY(op_table(op, name, &t));
    if (!p->is_open) {
        json_key(op->reply, name); /* as it was asked for: an ARN stays one */
        json_begin_array(op->reply);
        p->is_open = true;
    }
    while (p->key_at < k->keys.count && *budget && !batch_is_full(p)) {
        struct item_key key = item_key_of(op->arena, t, k->keys.items[p->key_at++].item.attributes);
        struct item item;
        uint64_t depends_on = 0;
        TRY(store_get(op->store, op->arena, t, &key, &item, &depends_on));
        op_depends(op, depends_on);
        uint64_t halves = capacity_read(item.size_bytes, k->consistent_read.value);
        if (!passes(op, p, t, p->key_at - 1, halves))
            continue;
        p->halves[p->table_at] += halves;
        if (item_exists(item))
            reply_item(op, &p->shows[p->table_at], item);
        p->bytes += item.size_bytes;
        *budget -= *budget < item.size_bytes ? *budget : item.size_bytes;
    }
    return NULL;
}

static void write_unprocessed_table(struct op *op, const struct keys_and_attributes *k,
                                    size_t first, const bool *refused)
{
    struct json_writer *w = op->reply;
    json_begin_object(w);
    json_key(w, S("Keys"));
    json_begin_array(w);
    for (size_t i = 0; i < k->keys.count; i++)
        if (i >= first || refused[i])
            attribute_write_item(w, k->keys.items[i].item.attributes);
    json_end_array(w);
    if (k->consistent_read.is_given)
        json_key(w, S("ConsistentRead")), json_bool(w, k->consistent_read.value);
    if (k->projection_expression.data)
        json_key(w, S("ProjectionExpression")), json_str(w, k->projection_expression);
    if (k->expression_attribute_names.is_given) {
        json_key(w, S("ExpressionAttributeNames"));
        json_begin_object(w);
        for (size_t i = 0; i < k->expression_attribute_names.count; i++) {
            json_key(w, k->expression_attribute_names.items[i].name);
            json_str(w, k->expression_attribute_names.items[i].value);
        }
        json_end_object(w);
    }
    if (k->attributes_to_get.is_given) {
        json_key(w, S("AttributesToGet"));
        json_begin_array(w);
        for (size_t i = 0; i < k->attributes_to_get.count; i++)
            json_str(w, k->attributes_to_get.items[i]);
        json_end_array(w);
    }
    json_end_object(w);
}

static bool has_unprocessed(const struct keys_and_attributes *k, size_t first, const bool *refused)
{
    for (size_t i = 0; i < first; i++)
        if (refused[i])
            return true;
    return first < k->keys.count;
}

static struct error *end_batch(struct op *op, const struct batch_get_item_input *in,
                               const struct batch_progress *p)
{
    if (p->throttled && !p->has_passed)
        return p->throttled;
    json_end_object(op->reply);
    json_key(op->reply, S("UnprocessedKeys"));
    json_begin_object(op->reply);
    for (size_t i = 0; i < in->request_items.count; i++) {
        const struct keys_and_attributes *k = &in->request_items.items[i].value;
        size_t first = i < p->table_at ? k->keys.count : i == p->table_at ? p->key_at : 0;
        if (!has_unprocessed(k, first, p->refused[i]))
            continue;
        json_key(op->reply, in->request_items.items[i].name);
        write_unprocessed_table(op, k, first, p->refused[i]);
    }
    json_end_object(op->reply);
    if (!capacity_is_wanted(in->return_consumed_capacity))
        return NULL;
    json_key(op->reply, S("ConsumedCapacity"));
    json_begin_array(op->reply);
    for (size_t i = 0; i < in->request_items.count; i++) {
        const struct table *t;
        TRY(op_table(op, in->request_items.items[i].name, &t));
        struct capacity cost = {.table = t, .table_halves = p->halves[i]};
        capacity_write_object(op->reply, &cost, in->return_consumed_capacity);
    }
    json_end_array(op->reply);
    return NULL;
}

struct error *run_batch_get_item(struct op *op)
{
    const struct batch_get_item_input *in = op->input;
    struct batch_progress *p = op->progress;
    if (!p) {
        TRY(begin_batch(op, in, &p));
        op->progress = p;
    }
    uint64_t budget = SLICE_BYTES;
    while (p->table_at < in->request_items.count && !batch_is_full(p)) {
        if (!budget) {
            op->is_unfinished = true;
            return NULL;
        }
        TRY(get_slice(op, in, p, &budget));
        if (p->key_at < in->request_items.items[p->table_at].value.keys.count)
            continue;
        json_end_array(op->reply);
        p->is_open = false;
        p->key_at = 0;
        p->table_at++;
    }
    if (p->is_open)
        json_end_array(op->reply);
    return end_batch(op, in, p);
}

/* -- TransactGetItems ---------------------------------------------------------------------------
 */

/* What a get of a transaction needs beside the store's part. */
struct transact_get_state {
    struct show show;
    struct str table_name;
};

/* Shapes, expressions and tables: what fails here fails the request, not an action. */
static struct error *bind_gets(struct op *op, const struct transact_get_items_input *in,
                               struct get *gets, struct transact_get_state *states)
{
    for (size_t i = 0; i < in->transact_items.count; i++) {
        const struct transact_get *g = in->transact_items.items[i].get;
        if (g->key.error)
            return g->key.error;
        struct get_expressions e;
        set_projection(&e, g->projection_expression, &g->expression_attribute_names, NULL);
        TRY(expressions_check(op->arena, &e.all));
        TRY(expressions_bind(op, &e.all));
        states[i] = (struct transact_get_state){.show.projection = e.projection.bound,
                                                .table_name = g->table_name};
    }
    for (size_t i = 0; i < in->transact_items.count; i++)
        TRY(op_table(op, states[i].table_name, &gets[i].table));
    return NULL;
}

static struct error *resolve_gets(struct op *op, const struct transact_get_items_input *in,
                                  struct get *gets)
{
    size_t count = in->transact_items.count;
    struct cancel_reason *reasons = arena_array(op->arena, struct cancel_reason, count);
    bool is_canceled = false;
    for (size_t i = 0; i < count; i++) {
        struct item key = in->transact_items.items[i].get->key.item;
        struct error *e = check_key(op->arena, gets[i].table, key);
        if (e) {
            reasons[i] = cancel_reason_of(e);
            is_canceled = true;
        } else {
            gets[i].key = item_key_of(op->arena, gets[i].table, key.attributes);
        }
    }
    if (is_canceled)
        return transaction_canceled(op->arena, reasons, count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (gets[i].key.hash == gets[k].key.hash &&
                str_eq(gets[i].key.bytes, gets[k].key.bytes))
                return invalid(op->arena, "Transaction request cannot include multiple operations "
                                          "on one item");
    return NULL;
}

/* One cost for each table, in the order of their first mention. Transactional reads are consistent
 * and cost twice. */
void transaction_reply_read_costs(struct op *op, const struct get *gets, size_t count,
                                  enum return_capacity mode)
{
    if (!capacity_is_wanted(mode))
        return;
    json_key(op->reply, S("ConsumedCapacity"));
    json_begin_array(op->reply);
    for (size_t i = 0; i < count; i++) {
        struct capacity cost = {.table = gets[i].table};
        bool is_first = true;
        for (size_t k = 0; k < count; k++) {
            if (gets[k].table != gets[i].table)
                continue;
            is_first &= k >= i;
            cost.table_halves += 2 * capacity_read(gets[k].item.size_bytes, true);
        }
        cost.read_halves = cost.table_halves;
        if (is_first)
            capacity_write_object(op->reply, &cost, mode);
    }
    json_end_array(op->reply);
}

struct error *transaction_admit_reads(struct op *op, const struct get *gets, size_t count)
{
    struct cancel_reason *reasons = arena_array(op->arena, struct cancel_reason, count);
    bool is_canceled = false;
    for (size_t i = 0; i < count; i++) {
        uint64_t halves = 2 * capacity_read(gets[i].item.size_bytes, true);
        struct error *e = admit_get(op, gets[i].table, halves);
        if (!e)
            continue;
        reasons[i] = cancel_reason_of(e);
        is_canceled = true;
    }
    return is_canceled ? transaction_canceled(op->arena, reasons, count) : NULL;
}

struct error *run_transact_get_items(struct op *op)
{
    const struct transact_get_items_input *in = op->input;
    size_t count = in->transact_items.count;
    struct get *gets = arena_array(op->arena, struct get, count);
    struct transact_get_state *states = arena_array(op->arena, struct transact_get_state, count);
    TRY(bind_gets(op, in, gets, states));
    TRY(resolve_gets(op, in, gets));
    uint64_t depends_on = 0, bytes = 0;
    TRY(store_get_together(op->store, op->arena, gets, count, &depends_on));
    op_depends(op, depends_on);
    for (size_t i = 0; i < count; i++)
        bytes += gets[i].item.size_bytes;
    if (bytes > LIMIT_TRANSACTION_BYTES)
        return invalid(op->arena, "The aggregate size of the items in the transaction exceeds 4 "
                                  "MB");
    TRY(transaction_admit_reads(op, gets, count));
    json_key(op->reply, S("Responses"));
    json_begin_array(op->reply);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(op->reply);
        if (item_exists(gets[i].item)) {
            json_key(op->reply, S("Item"));
            reply_item(op, &states[i].show, gets[i].item);
        }
        json_end_object(op->reply);
    }
    json_end_array(op->reply);
    transaction_reply_read_costs(op, gets, count, in->return_consumed_capacity);
    return NULL;
}
