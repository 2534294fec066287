/* PutItem, UpdateItem and DeleteItem: one change, under its stripe.
 *
 *     check what needs no table -> resolve -> lock, read, decide, plan, commit -> answer
 *
 * The answer depends on what was read even when the condition failed: see engine.h. */
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/check.h"
#include "dynamodb/api/data.h"
#include "dynamodb/api/write.h"

/* What the three requests ask to be told. */
struct write_answer {
    enum return_values values;
    enum return_capacity capacity;
    enum return_metrics metrics;
};

static void reply_attributes(struct op *op, const struct write *w, enum return_values values)
{
    struct item shown = {0};
    const struct bound *update = w->kind == WRITE_UPDATE ? w->items[0].bound : NULL;
    switch (values) {
    case RETURN_ABSENT:
    case RETURN_NONE:
        return;
    case RETURN_ALL_OLD:
        shown = w->old;
        break;
    case RETURN_ALL_NEW:
        shown = w->new_item;
        break;
    case RETURN_UPDATED_OLD:
        if (update && item_exists(w->old))
            shown = update_project(op->arena, update, w->old);
        break;
    case RETURN_UPDATED_NEW:
        if (update)
            shown = update_project(op->arena, update, w->new_item);
        break;
    }
    if (!item_exists(shown))
        return;
    json_key(op->reply, S("Attributes"));
    attribute_write_item(op->reply, shown.attributes);
}

static struct error *run_one(struct op *op, struct write *w, const struct write_answer *answer)
{
    TRY(write_bind(op, w));
    TRY(write_resolve(op, w));
    struct capacity cost = {0};
    TRY(write_commit(op, w, answer->capacity, &cost));
    reply_attributes(op, w, answer->values);
    capacity_reply(op->reply, &cost, answer->capacity);
    if (answer->metrics == METRICS_SIZE && write_has_metrics(w)) {
        json_key(op->reply, S("ItemCollectionMetrics"));
        write_metrics_object(op, op->reply, w);
    }
    return NULL;
}

/* Puts and deletes know no updated values. */
static struct error *check_return_values(struct op *op, enum return_values values)
{
    if (values == RETURN_ABSENT || values == RETURN_NONE || values == RETURN_ALL_OLD)
        return NULL;
    return invalid(op->arena, "ReturnValues can only be ALL_OLD or NONE");
}

struct error *run_put_item(struct op *op)
{
    const struct put_item_input *in = op->input;
    struct write w = {.kind = WRITE_PUT,
                      .table_name = in->table_name,
                      .input = &in->item,
                      .shows_old_on_failure =
                          in->return_values_on_condition_check_failure == ON_FAILURE_ALL_OLD};
    write_set_expressions(&w, (struct str){0}, in->condition_expression,
                          &in->expression_attribute_names, &in->expression_attribute_values);
    expressions_add_older(&w.expressions, in->expected.is_given, "Expected");
    expressions_add_older(&w.expressions, in->conditional_operator, "ConditionalOperator");
    TRY(expressions_check(op->arena, &w.expressions));
    if (in->item.error)
        return in->item.error;
    TRY(check_return_values(op, in->return_values));
    TRY(check_item_size(op->arena, in->item.item));
    TRY(write_bind_older(op, &w, NULL, &in->expected, in->conditional_operator));
    return run_one(op, &w,
                   &(struct write_answer){in->return_values, in->return_consumed_capacity,
                                          in->return_item_collection_metrics});
}

struct error *run_delete_item(struct op *op)
{
    const struct delete_item_input *in = op->input;
    struct write w = {.kind = WRITE_DELETE,
                      .table_name = in->table_name,
                      .input = &in->key,
                      .shows_old_on_failure =
                          in->return_values_on_condition_check_failure == ON_FAILURE_ALL_OLD};
    write_set_expressions(&w, (struct str){0}, in->condition_expression,
                          &in->expression_attribute_names, &in->expression_attribute_values);
    expressions_add_older(&w.expressions, in->expected.is_given, "Expected");
    expressions_add_older(&w.expressions, in->conditional_operator, "ConditionalOperator");
    TRY(expressions_check(op->arena, &w.expressions));
    if (in->key.error)
        return in->key.error;
    TRY(check_return_values(op, in->return_values));
    TRY(write_bind_older(op, &w, NULL, &in->expected, in->conditional_operator));
    return run_one(op, &w,
                   &(struct write_answer){in->return_values, in->return_consumed_capacity,
                                          in->return_item_collection_metrics});
}

struct error *run_update_item(struct op *op)
{
    const struct update_item_input *in = op->input;
    struct write w = {.kind = WRITE_UPDATE,
                      .table_name = in->table_name,
                      .input = &in->key,
                      .counts_overhead = true,
                      .shows_old_on_failure =
                          in->return_values_on_condition_check_failure == ON_FAILURE_ALL_OLD};
    write_set_expressions(&w, in->update_expression, in->condition_expression,
                          &in->expression_attribute_names, &in->expression_attribute_values);
    expressions_add_older(&w.expressions, in->attribute_updates.is_given, "AttributeUpdates");
    expressions_add_older(&w.expressions, in->expected.is_given, "Expected");
    expressions_add_older(&w.expressions, in->conditional_operator, "ConditionalOperator");
    TRY(expressions_check(op->arena, &w.expressions));
    if (in->key.error)
        return in->key.error;
    TRY(write_bind_older(op, &w, &in->attribute_updates, &in->expected, in->conditional_operator));
    return run_one(op, &w,
                   &(struct write_answer){in->return_values, in->return_consumed_capacity,
                                          in->return_item_collection_metrics});
}
