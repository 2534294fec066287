/* Scan. Source: AWS API reference, Scan; "Working with scans", parallel scan. */
#include "dynamodb/api/check.h"
#include "dynamodb/api/data.h"
#include "dynamodb/api/expressions.h"
#include "dynamodb/api/older.h"
#include "dynamodb/api/page.h"

struct scan_state {
    struct page page;
    struct expression items[2];
    struct expressions all;
};

static struct error *check_segments(struct op *op, const struct scan_input *in)
{
    if (in->segment.is_given && !in->total_segments.is_given)
        return invalid(op->arena, "The TotalSegments parameter is required but was not present in "
                                  "the request when Segment parameter is present");
    if (!in->total_segments.is_given)
        return NULL;
    if (!in->segment.is_given)
        return invalid(op->arena, "The Segment parameter is required but was not present in the "
                                  "request when parameter TotalSegments is present");
    if (in->segment.value >= in->total_segments.value)
        return invalid(op->arena,
                       "The Segment parameter is zero-based and must be less than parameter "
                       "TotalSegments: Segment: %lld is not less than TotalSegments: %lld",
                       (long long)in->segment.value, (long long)in->total_segments.value);
    return NULL;
}

static struct error *check_request(struct op *op, const struct scan_input *in, struct scan_state *s)
{
    s->items[0] = (struct expression){EXPR_PROJECTION, in->projection_expression, NULL};
    s->items[1] = (struct expression){EXPR_FILTER, in->filter_expression, NULL};
    s->all = (struct expressions){.items = s->items,
                                  .count = countof(s->items),
                                  .names = &in->expression_attribute_names,
                                  .values = &in->expression_attribute_values};
    expressions_add_older(&s->all, in->attributes_to_get.is_given, "AttributesToGet");
    expressions_add_older(&s->all, in->scan_filter.is_given, "ScanFilter");
    expressions_add_older(&s->all, in->conditional_operator, "ConditionalOperator");
    TRY(expressions_check(op->arena, &s->all));
    TRY(show_check(op->arena, &in->attributes_to_get));
    if (!in->filter_expression.data)
        TRY(older_filter(op->arena, &in->scan_filter, in->conditional_operator,
                         &s->items[1].bound));
    TRY(check_start_values(op->arena, &in->exclusive_start_key));
    TRY(check_segments(op, in));
    s->page.selection = (struct selection){.mode = in->select,
                                           .has_projection = in->projection_expression.data,
                                           .attributes_to_get = &in->attributes_to_get};
    TRY(selection_check(op->arena, &s->page.selection, in->index_name));
    TRY(expressions_bind(op, &s->all));
    s->page.selection.projection = s->items[0].bound;
    s->page.filter = s->items[1].bound;
    return NULL;
}

static struct error *check_segment(struct op *op, const struct page *p)
{
    if (range_holds_start(op->arena, &p->range))
        return NULL;
    return invalid(op->arena,
                   "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
                   "ExclusiveStartKey with correct Segment. TotalSegments: %u Segment: %u",
                   p->range.segments, p->range.segment);
}

static struct error *plan(struct op *op, const struct scan_input *in, struct page *p)
{
    struct start_check start = {
        .table = p->table, .index = p->index, .key = in->exclusive_start_key.item, .is_scan = true};
    bool has_start = in->exclusive_start_key.is_given;
    if (has_start)
        TRY(check_start_partition(op->arena, &start));
    TRY(page_check_selection(op, p));
    if (has_start) {
        TRY(check_start_rest(op->arena, &start));
        p->range.table = p->table;
        p->range.index = p->index;
        p->range.start_after = in->exclusive_start_key.item.attributes;
        TRY(check_segment(op, p));
    }
    TRY(check_scalar_keys(op->arena, p->table, p->selection.projection));
    return check_scalar_keys(op->arena, p->table, p->filter);
}

struct error *run_scan(struct op *op)
{
    const struct scan_input *in = op->input;
    struct scan_state *s = op->progress;
    bool is_first = !s;
    if (is_first) {
        s = arena_new(op->arena, struct scan_state);
        TRY(check_request(op, in, s));
        struct page *p = &s->page;
        p->table_name = in->table_name;
        p->index_name = in->index_name;
        p->is_consistent = in->consistent_read.value;
        p->limit = in->limit.is_given ? in->limit.value : 0;
        p->capacity = in->return_consumed_capacity;
        if (in->total_segments.is_given) {
            p->range.segment = (uint32_t)in->segment.value;
            p->range.segments = (uint32_t)in->total_segments.value;
        }
        op->progress = s;
    }
    TRY(page_resolve(op, &s->page));
    if (is_first)
        TRY(plan(op, in, &s->page));
    return page_step(op, &s->page);
}
