/* ExecuteStatement. Source: AWS API reference, ExecuteStatement; "PartiQL for DynamoDB". */
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/data.h"
#include "dynamodb/api/statement.h"

static struct error *run_write(struct op *op, const struct execute_statement_input *in,
                               const struct statement *s)
{
    struct write w = {.shows_old_on_failure =
                          in->return_values_on_condition_check_failure == ON_FAILURE_ALL_OLD};
    struct capacity cost = {0};
    TRY(statement_table(op, s, &w.table));
    TRY(statement_write(op, s, KEY_WORDS_STATEMENT, &w));
    TRY(write_commit(op, &w, in->return_consumed_capacity, &cost));
    struct item shown = statement_returned(op, s, &w);
    json_key(op->reply, S("Items"));
    json_begin_array(op->reply);
    if (item_exists(shown))
        attribute_write_item(op->reply, shown.attributes);
    json_end_array(op->reply);
    capacity_reply(op->reply, &cost, in->return_consumed_capacity);
    return NULL;
}

static struct error *begin_select(struct op *op, const struct execute_statement_input *in,
                                  const struct statement *s)
{
    struct select *select = arena_new(op->arena, struct select);
    *select = (struct select){.statement = s,
                              .is_consistent = in->consistent_read.value,
                              .limit = in->limit.is_given ? in->limit.value : 0,
                              .capacity = in->return_consumed_capacity,
                              .token = in->next_token,
                              .text = in->statement,
                              .parameters = &in->parameters};
    TRY(select_resolve(op, select));
    TRY(select_plan(op, select));
    op->progress = select;
    return select_step(op, select);
}

struct error *run_execute_statement(struct op *op)
{
    const struct execute_statement_input *in = op->input;
    const struct statement *s;
    if (op->progress) {
        TRY(select_resolve(op, op->progress));
        return select_step(op, op->progress);
    }
    TRY(statement_bind(op, in->statement, &in->parameters, &s));
    switch (s->kind) {
    case STATEMENT_SELECT:
        return begin_select(op, in, s);
    case STATEMENT_INSERT:
    case STATEMENT_UPDATE:
    case STATEMENT_DELETE:
        return run_write(op, in, s);
    case STATEMENT_EXISTS:
        break;
    }
    return invalid(op->arena, "EXISTS can only be used in ExecuteTransaction write requests.");
}
