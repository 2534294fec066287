/* Query. Source: AWS API reference, Query; "Working with queries". */
#include "dynamodb/api/check.h"
#include "dynamodb/api/data.h"
#include "dynamodb/api/expressions.h"
#include "dynamodb/api/layer.h"
#include "dynamodb/api/older.h"
#include "dynamodb/api/page.h"

#include <string.h>

/* The checks that need no table, and the page they make. */
struct query_state {
    struct page page;
    struct expression items[3];
    struct expressions all;
};

static const struct bound *key_condition(const struct query_state *q)
{
    return q->items[2].bound;
}

static struct error *check_request(struct op *op, const struct query_input *in,
                                   struct query_state *q)
{
    q->items[0] = (struct expression){EXPR_PROJECTION, in->projection_expression, NULL};
    q->items[1] = (struct expression){EXPR_FILTER, in->filter_expression, NULL};
    q->items[2] = (struct expression){EXPR_KEY_CONDITION, in->key_condition_expression, NULL};
    q->all = (struct expressions){.items = q->items,
                                  .count = countof(q->items),
                                  .names = &in->expression_attribute_names,
                                  .values = &in->expression_attribute_values};
    expressions_add_older(&q->all, in->attributes_to_get.is_given, "AttributesToGet");
    expressions_add_older(&q->all, in->query_filter.is_given, "QueryFilter");
    expressions_add_older(&q->all, in->conditional_operator, "ConditionalOperator");
    /* Key conditions of the older form may stand beside a filter of the newer. */
    expressions_add_older(&q->all, in->key_conditions.is_given && in->key_condition_expression.data,
                          "KeyConditions");
    TRY(expressions_check(op->arena, &q->all));
    if (!in->filter_expression.data)
        TRY(older_filter(op->arena, &in->query_filter, in->conditional_operator,
                         &q->items[1].bound));
    TRY(show_check(op->arena, &in->attributes_to_get));
    TRY(check_start_values(op->arena, &in->exclusive_start_key));
    if (!in->key_conditions.is_given && !in->key_condition_expression.data)
        return invalid(op->arena, "Either the KeyConditions or KeyConditionExpression parameter "
                                  "must be specified in the request.");
    q->page.selection = (struct selection){.mode = in->select,
                                           .has_projection = in->projection_expression.data,
                                           .attributes_to_get = &in->attributes_to_get};
    /* In the envelope, unlike Scan (moto's test_dynamodb_select.py, verified against the service).
     */
    TRY(layer_envelope(op->arena, PART_ALL, PART_RETURN_VALUES,
                       selection_check(op->arena, &q->page.selection, in->index_name)));
    TRY(expressions_bind(op, &q->all));
    if (in->key_condition_expression.data)
        TRY(key_condition_check(op->arena, q->items[2].bound));
    else
        TRY(older_key_conditions(op->arena, &in->key_conditions, &q->items[2].bound));
    q->page.selection.projection = q->items[0].bound;
    q->page.filter = q->items[1].bound;
    return NULL;
}

/* -- the range ----------------------------------------------------------------------------------
 */

static void set_bounds(struct range_options *range, const struct key_condition *c)
{
    range->has_partition = true;
    memcpy(range->partition, c->partition, sizeof range->partition);
    memcpy(range->sort_equal, c->sort_equal, sizeof range->sort_equal);
    range->sort_equal_count = c->sort_equal_count;
    switch (c->sort) {
    case SORT_ANY:
    case SORT_EQ:
        break;
    case SORT_LT:
    case SORT_LE:
        range->high = c->low;
        range->is_high_exclusive = c->sort == SORT_LT;
        break;
    case SORT_GT:
    case SORT_GE:
        range->low = c->low;
        range->is_low_exclusive = c->sort == SORT_GT;
        break;
    case SORT_BETWEEN:
        range->low = c->low;
        range->high = c->high;
        break;
    case SORT_PREFIX:
        range->low = c->low;
        range->is_prefix = true;
        break;
    }
}

static bool within(struct value v, const struct key_condition *c)
{
    if (v.type != c->low.type)
        return false;
    int order = value_compare(v, c->low);
    switch (c->sort) {
    case SORT_ANY:
    case SORT_EQ:
        return true;
    case SORT_LT:
        return order < 0;
    case SORT_LE:
        return order <= 0;
    case SORT_GT:
        return order > 0;
    case SORT_GE:
        return order >= 0;
    case SORT_BETWEEN:
        return order >= 0 && value_compare(v, c->high) <= 0;
    case SORT_PREFIX:
        return str_starts(v.data, c->low.data);
    }
    return false;
}

static bool start_is_in_partition(struct str start, const struct key_schema *keys,
                                  const struct key_condition *c)
{
    for (size_t i = 0; i < keys->partition_count; i++)
        if (!value_equal(value_member(start, keys->partition[i].name), c->partition[i]))
            return false;
    return true;
}

static bool start_is_in_sort(struct str start, const struct key_schema *keys,
                             const struct key_condition *c)
{
    for (size_t i = 0; i < c->sort_equal_count; i++)
        if (!value_equal(value_member(start, keys->sort[i].name), c->sort_equal[i]))
            return false;
    if (c->sort == SORT_ANY || c->sort == SORT_EQ)
        return true;
    return within(value_member(start, keys->sort[c->sort_equal_count].name), c);
}

/* Nothing can follow the one item that such a key has: Scylla's authors saw the service refuse it
 * (test_query_no_sort_key_exclusive_start_key, their issue 26988). */
static struct error *not_after_the_only(struct op *op, const struct key_schema *keys,
                                        struct str start)
{
    struct str name = keys->partition[0].name;
    return invalid(op->arena,
                   "The provided exclusive start key is invalid: ExclusiveStartKey: {%.*s=%.*s}",
                   STR_ARG(name), STR_ARG(expr_show_scalar(op->arena, value_member(start, name))));
}

static struct error *check_start(struct op *op, const struct page *p, const struct key_condition *c)
{
    const struct key_schema *keys = p->index ? &p->index->keys : &p->table->keys;
    struct str start = p->range.start_after;
    bool has_sort = c->sort != SORT_ANY || c->sort_equal_count;
    if (has_sort && !start_is_in_sort(start, keys, c))
        return invalid(op->arena,
                       "The provided starting key does not match the range key predicate");
    bool is_in = start_is_in_partition(start, keys, c);
    if (is_in && !p->index && !keys->sort_count)
        return not_after_the_only(op, keys, start);
    if (is_in)
        return NULL;
    if (has_sort)
        return invalid(op->arena, "The query can return at most one row and cannot be restarted");
    return invalid(op->arena, "The provided starting key is outside query boundaries based on "
                              "provided conditions");
}

static struct error *check_filter(struct op *op, const struct query_state *q,
                                  const struct key_schema *keys)
{
    const char *what = q->items[1].text.data ? "Filter Expression" : "QueryFilter";
    if (!q->page.filter)
        return NULL;
    for (size_t i = 0; i < (size_t)keys->partition_count + keys->sort_count; i++) {
        struct str name =
            (i < keys->partition_count ? keys->partition[i] : keys->sort[i - keys->partition_count])
                .name;
        if (condition_uses(q->page.filter, name))
            return invalid(op->arena,
                           "%s can only contain non-primary key attributes: Primary key attribute: "
                           "%.*s",
                           what, STR_ARG(name));
    }
    return NULL;
}

/* The key condition, with the checks of the starting key around it. */
static struct error *plan_keys(struct op *op, const struct query_input *in, struct query_state *q,
                               const struct key_schema *keys)
{
    struct page *p = &q->page;
    struct start_check start = {
        .table = p->table, .index = p->index, .key = in->exclusive_start_key.item};
    bool has_start = in->exclusive_start_key.is_given;
    struct key_condition c = {0};
    if (has_start)
        TRY(check_start_partition(op->arena, &start));
    if (!in->key_condition_expression.data)
        TRY(older_check_indexable(op->arena, &in->key_conditions, keys));
    TRY(key_condition_of(op->arena, key_condition(q), keys, &c));
    if (has_start) {
        TRY(check_start_rest(op->arena, &start));
        p->range.start_after = in->exclusive_start_key.item.attributes;
        TRY(check_start(op, p, &c));
    }
    set_bounds(&p->range, &c);
    return NULL;
}

/* What depends on the table, once, before the first slice. */
static struct error *plan(struct op *op, const struct query_input *in, struct query_state *q)
{
    struct page *p = &q->page;
    const struct key_schema *keys = p->index ? &p->index->keys : &p->table->keys;
    TRY(plan_keys(op, in, q, keys));
    TRY(check_scalar_keys(op->arena, p->table, p->selection.projection));
    TRY(check_filter(op, q, keys));
    TRY(page_check_selection(op, p));
    return check_scalar_keys(op->arena, p->table, p->filter);
}

struct error *run_query(struct op *op)
{
    const struct query_input *in = op->input;
    struct query_state *q = op->progress;
    bool is_first = !q;
    if (is_first) {
        q = arena_new(op->arena, struct query_state);
        TRY(check_request(op, in, q));
        struct page *p = &q->page;
        p->is_query = true;
        p->table_name = in->table_name;
        p->index_name = in->index_name;
        p->is_consistent = in->consistent_read.value;
        p->limit = in->limit.is_given ? in->limit.value : 0;
        p->capacity = in->return_consumed_capacity;
        p->range.is_backward = in->scan_index_forward.is_given && !in->scan_index_forward.value;
        op->progress = q;
    }
    TRY(page_resolve(op, &q->page));
    if (is_first)
        TRY(plan(op, in, q));
    return page_step(op, &q->page);
}
