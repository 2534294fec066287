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
        TRY(write_metrics_object(op, op->reply, w));
    }
    return NULL;
}

/* -- what is told in the service's envelope ------------------------------------------------------
 */

/* The parts not listed are told bare, as earlier recordings of the service have them. */
static const unsigned enveloped[] = {
    [WRITE_PUT] = PART_ALL & ~(unsigned)(PART_MIXED | PART_LONE_VALUES),
    [WRITE_UPDATE] = PART_ALL & ~(unsigned)(PART_MIXED | PART_UPDATE | PART_UNUSED),
    [WRITE_DELETE] = PART_ALL,
};

/* Whether the request is left to the older layer, which envelopes nothing. */
static bool is_left_to_older(const struct write *w, const expected_map *expected)
{
    const value_map *values = w->expressions.values;
    bool is_left = layer_is_left_to_older(w->input->error);
    for (size_t i = 0; i < values->count; i++)
        is_left |= layer_is_left_to_older(values->items[i].value.error);
    for (size_t i = 0; i < expected->count; i++)
        is_left |= layer_is_left_to_older(expected->items[i].value.value.error);
    return is_left;
}

/* -- the three operations ------------------------------------------------------------------------
 */

/* The members of a request that all three have. */
struct single_write {
    const string_map *names;
    const value_map *values;
    const expected_map *expected;
    const attribute_update_map *updates; /* NULL: not of this operation */
    struct str update_expression, condition_expression;
    enum conditional_operator conditional_operator;
    struct write_answer answer;
};

/* Puts and deletes know no updated values. */
static struct error *check_return_values(struct op *op, const struct write *w,
                                         enum return_values values)
{
    if (w->kind == WRITE_UPDATE || values == RETURN_ABSENT || values == RETURN_NONE ||
        values == RETURN_ALL_OLD)
        return NULL;
    return invalid(op->arena, "ReturnValues can only be ALL_OLD or NONE");
}

/* What earlier recordings of the service have bare in the item of a put. */
static struct error *input_error(struct op *op, const struct write *w)
{
    static const struct str bare[] = {STR_INIT("] contains duplicates"),
                                      STR_INIT("Null attribute value types")};
    struct error *e = w->input->error;
    for (size_t i = 0; e && w->kind == WRITE_PUT && i < countof(bare); i++)
        if (str_contains(e->message, bare[i]))
            return invalid(op->arena, "%.*s", STR_ARG(e->message));
    return e;
}

static struct error *run_single(struct op *op, struct write *w, const struct single_write *in)
{
    struct arena *a = op->arena;
    write_set_expressions(w, in->update_expression, in->condition_expression, in->names,
                          in->values);
    struct expressions *e = &w->expressions;
    e->enveloped = is_left_to_older(w, in->expected) ? 0 : enveloped[w->kind];
    expressions_add_older(e, in->updates && in->updates->is_given, "AttributeUpdates");
    expressions_add_older(e, in->expected->is_given, "Expected");
    expressions_add_older(e, in->conditional_operator, "ConditionalOperator");
    TRY(expressions_check(a, e));
    TRY(input_error(op, w));
    TRY(layer_envelope(a, e->enveloped, PART_RETURN_VALUES,
                       check_return_values(op, w, in->answer.values)));
    if (w->kind == WRITE_PUT)
        TRY(check_item_size(a, w->input->item));
    TRY(layer_envelope(
        a, e->enveloped, PART_OLDER,
        write_bind_older(op, w, in->updates, in->expected, in->conditional_operator)));
    return run_one(op, w, &in->answer);
}

struct error *run_put_item(struct op *op)
{
    const struct put_item_input *in = op->input;
    struct write w = {.kind = WRITE_PUT,
                      .table_name = in->table_name,
                      .input = &in->item,
                      .shows_old_on_failure =
                          in->return_values_on_condition_check_failure == ON_FAILURE_ALL_OLD};
    return run_single(
        op, &w,
        &(struct single_write){.names = &in->expression_attribute_names,
                               .values = &in->expression_attribute_values,
                               .expected = &in->expected,
                               .condition_expression = in->condition_expression,
                               .conditional_operator = in->conditional_operator,
                               .answer = {in->return_values, in->return_consumed_capacity,
                                          in->return_item_collection_metrics}});
}

struct error *run_delete_item(struct op *op)
{
    const struct delete_item_input *in = op->input;
    struct write w = {.kind = WRITE_DELETE,
                      .table_name = in->table_name,
                      .input = &in->key,
                      .shows_old_on_failure =
                          in->return_values_on_condition_check_failure == ON_FAILURE_ALL_OLD};
    return run_single(
        op, &w,
        &(struct single_write){.names = &in->expression_attribute_names,
                               .values = &in->expression_attribute_values,
                               .expected = &in->expected,
                               .condition_expression = in->condition_expression,
                               .conditional_operator = in->conditional_operator,
                               .answer = {in->return_values, in->return_consumed_capacity,
                                          in->return_item_collection_metrics}});
}

struct error *run_update_item(struct op *op)
{
    const struct update_item_input *in = op->input;
    struct write w = {.kind = WRITE_UPDATE,
                      .table_name = in->table_name,
                      .input = &in->key,
                      .counts_statement = true,
                      .shows_old_on_failure =
                          in->return_values_on_condition_check_failure == ON_FAILURE_ALL_OLD};
    return run_single(
        op, &w,
        &(struct single_write){.names = &in->expression_attribute_names,
                               .values = &in->expression_attribute_values,
                               .expected = &in->expected,
                               .updates = &in->attribute_updates,
                               .update_expression = in->update_expression,
                               .condition_expression = in->condition_expression,
                               .conditional_operator = in->conditional_operator,
                               .answer = {in->return_values, in->return_consumed_capacity,
                                          in->return_item_collection_metrics}});
}
