#include "dynamodb/api/write.h"

#include "dynamodb/api/admission.h"
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/check.h"
#include "dynamodb/api/older.h"
#include "dynamodb/storage/collection.h"

void write_set_expressions(struct write *w, struct str update, struct str condition,
                           const string_map *names, const value_map *values)
{
    size_t count = 0;
    if (w->kind == WRITE_UPDATE)
        w->items[count++] = (struct expression){.kind = EXPR_UPDATE, .text = update};
    w->items[count++] = (struct expression){.kind = EXPR_CONDITION, .text = condition};
    w->expressions.items = w->items;
    w->expressions.count = count;
    w->expressions.names = names;
    w->expressions.values = values;
}

static const struct bound *bound_of(const struct write *w, enum expr_kind kind)
{
    for (size_t i = 0; i < w->expressions.count; i++)
        if (w->items[i].kind == kind)
            return w->items[i].bound;
    return NULL;
}

struct error *write_bind(struct op *op, struct write *w)
{
    return expressions_bind(op, &w->expressions);
}

struct error *write_bind_older(struct op *op, struct write *w, const attribute_update_map *updates,
                               const expected_map *expected, enum conditional_operator conditional)
{
    for (size_t i = 0; i < w->expressions.count; i++) {
        struct expression *x = &w->items[i];
        if (x->kind == EXPR_CONDITION && !x->text.data)
            TRY(older_expected(op->arena, expected, conditional, &x->bound));
        else if (x->kind == EXPR_UPDATE && !x->text.data)
            TRY(older_updates(op->arena, updates, &x->bound));
    }
    w->is_older = updates && updates->count;
    return NULL;
}

struct error *write_resolve(struct op *op, struct write *w)
{
    TRY(op_table(op, w->table_name, &w->table));
    struct item given = w->input->item;
    if (w->kind == WRITE_PUT)
        TRY(check_item(op->arena, w->table, given));
    else
        TRY(check_key(op->arena, w->table, given));
    if (w->kind == WRITE_UPDATE)
        TRY(check_update_targets(op->arena, w->table, bound_of(w, EXPR_UPDATE)));
    TRY(check_scalar_keys(op->arena, w->table, bound_of(w, EXPR_CONDITION)));
    w->is_write = w->kind != WRITE_CHECK;
    w->key = item_key_of(op->arena, w->table, given.attributes);
    return NULL;
}

static struct error *condition_failed(struct op *op, const struct write *w)
{
    if (w->is_statement && w->kind == WRITE_PUT)
        return error_new(op->arena, &error_DuplicateItemException,
                         "Duplicate primary key exists in table");
    struct error *e = error_new(op->arena, &error_ConditionalCheckFailedException,
                                "The conditional request failed");
    if (w->shows_old_on_failure && item_exists(w->old)) {
        struct buf out;
        buf_init(&out, 4 * LIMIT_ITEM + 64);
        struct json_writer json = json_writer(&out);
        json_key(&json, S("Item"));
        attribute_write_item(&json, w->old.attributes);
        e->extra = arena_str(op->arena, buf_str(&out));
        buf_clear(&out);
    }
    return e;
}

/* A statement is not told how deep is too deep. */
static struct error *apply(struct op *op, struct write *w, const struct bound *update,
                           struct item before)
{
    struct error *e = update_apply(op->arena, update, before, &w->new_item);
    struct str too_deep = S("Nesting Levels have exceeded supported limits");
    if (e && w->is_statement && str_starts(e->message, too_deep))
        e->message = too_deep;
    return e;
}

static struct error *decide_update(struct op *op, struct write *w)
{
    struct item before = item_exists(w->old) ? w->old : w->input->item;
    const struct bound *update = bound_of(w, EXPR_UPDATE);
    bool creates = !item_exists(w->old);
    if (creates && update && update_only_removes(update)) { /* nothing comes of nothing */
        w->new_item = (struct item){0};
        return NULL;
    }
    w->new_item = before;
    if (update)
        TRY(apply(op, w, update, before));
    return check_updated(op->arena, &(struct update_check){.table = w->table,
                                                           .old = w->old,
                                                           .updated = w->new_item,
                                                           .is_expression = !w->is_older});
}

/* Ahead of the condition, because the item has no part in it. */
static struct error *check_statement(struct op *op, const struct write *w)
{
    const struct bound *update = bound_of(w, EXPR_UPDATE);
    if (!update || !w->counts_statement || w->is_older)
        return NULL;
    return check_updated_size(op->arena, update_charge(update));
}

struct error *write_decide(struct op *op, struct write *w)
{
    const struct bound *condition = bound_of(w, EXPR_CONDITION);
    TRY(check_statement(op, w));
    if (condition && !condition_holds(condition, w->old))
        return condition_failed(op, w);
    switch (w->kind) {
    case WRITE_PUT:
        w->new_item = w->input->item;
        return NULL;
    case WRITE_UPDATE:
        return decide_update(op, w);
    case WRITE_DELETE:
        w->new_item = (struct item){0};
        return NULL;
    case WRITE_CHECK:
        w->new_item = w->old;
        return NULL;
    }
    return NULL;
}

void write_plan(struct txn *t, const struct write *w)
{
    if (w->is_write)
        txn_put(t, w->table, &w->key, w->old, w->new_item, AUTHOR_USER);
}

static struct error *decide_and_commit(struct op *op, struct write *w, struct txn *t)
{
    TRY(txn_get(t, w->table, &w->key, &w->old));
    struct error *e = write_decide(op, w);
    if (e) { /* a condition that fails is paid for, so it can be throttled too */
        w->new_item = w->old;
        if (e->kind == &error_ConditionalCheckFailedException)
            TRY(admit_write(op, w, t, 0, 1));
        return e;
    }
    write_plan(t, w);
    TRY(admit_write(op, w, t, 0, 1));
    return txn_commit(t);
}

struct error *write_commit(struct op *op, struct write *w, enum return_capacity mode,
                           struct capacity *cost)
{
    struct txn t;
    txn_begin(&t, op->store, op->arena);
    txn_lock(&t, &w->key.hash, 1);
    struct error *e = decide_and_commit(op, w, &t);
    if (!e && capacity_is_wanted(mode)) {
        cost->table = w->table;
        cost->name = w->table_name;
        cost->table_halves += capacity_write(w->old, w->new_item);
        capacity_add_writes(op->arena, cost, &t, 0);
    }
    txn_end(&t);
    op_depends(op, t.depends_on);
    return e;
}

/* -- item collections ---------------------------------------------------------------------------
 */

bool write_has_metrics(const struct write *w)
{
    return collection_is_kept(w->table);
}

/* The estimate is as wide as the service's: a gigabyte. */
struct error *write_metrics_object(struct op *op, struct json_writer *w, const struct write *write)
{
    const struct table *t = write->table;
    struct str attributes = write->input->item.attributes;
    int64_t bytes;
    TRY(collection_read(op->store, op->arena, collection_key(op->arena, t, attributes), &bytes));
    json_begin_object(w);
    json_key(w, S("ItemCollectionKey"));
    json_begin_object(w);
    json_key(w, t->keys.partition[0].name);
    attribute_write_value(w, value_member(attributes, t->keys.partition[0].name));
    json_end_object(w);
    json_key(w, S("SizeEstimateRangeGB"));
    json_begin_array(w);
    json_double(w, (double)(bytes >> 30));
    json_double(w, (double)((bytes >> 30) + 1));
    json_end_array(w);
    json_end_object(w);
    return NULL;
}
