/* How a SELECT is read. Its WHERE is spread out into branches joined by OR, as far as conditions on
 * the keys go:
 *
 *     p = 'a' AND (s < 5 OR s = 9) AND f > 1
 *         { p = 'a', s < 5 } or { p = 'a', s = 9 }, each beside the filter f > 1
 *
 * When every branch fixes the partition attribute, each is a range of one partition. Two ranges of
 * one partition must not meet, unless a filter of theirs is on the sort attribute (NOT s = 1),
 * where one range around both is read. A branch that fixes no partition makes it a scan.
 *
 * Sources: AWS "PartiQL select statements for DynamoDB" on what scans; the limits and words from
 * recordings of the service. */
#include "dynamodb/partiql/build.h"
#include "dynamodb/partiql/partiql.h"

#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

enum { READS_MAX = 50 };

/* Conditions on key attributes, and other conditions, that must all hold. */
struct term {
    const struct node *condition;
    struct value equal; /* of an IN: the value chosen */
};
struct branch {
    const struct term *terms;
    size_t count;
    const struct node *const *filters;
    size_t filter_count;
};

struct planner {
    struct arena *arena;
    const struct bound *where;
    const struct reads_context *context;
    struct str partition, sort; /* sort: empty without one */
    bool has_too_many;
};

typedef VEC(struct branch) branch_vec;

/* -- what a condition is on ---------------------------------------------------------------------
 */

static struct str top_name(const struct planner *p, const struct node *path)
{
    return p->where->paths[path->index].steps[0].name;
}

/* Whether the condition compares the attribute itself with values: NULL when not, else its path. */
static const struct node *compared(const struct planner *p, const struct node *node,
                                   struct str attribute)
{
    const struct node *path = NULL;
    if (node->op < OP_EQ && node->op != OP_BEGINS_WITH)
        return NULL;
    if (node->op > OP_IN || !attribute.len)
        return NULL;
    for (size_t i = 0; i < node->count; i++) {
        const struct node *arg = node->args[i];
        bool is_attribute = arg->op == OP_PATH && p->where->paths[arg->index].count == 1 &&
                            str_eq(top_name(p, arg), attribute);
        bool is_turnable = node->op >= OP_EQ && node->op <= OP_GE;
        if (is_attribute && !path && (i == 0 || is_turnable))
            path = arg;
        else if (arg->op != OP_VALUE)
            return NULL;
    }
    return path;
}

static bool is_key_condition(const struct planner *p, const struct node *node)
{
    if (compared(p, node, p->partition))
        return node->op == OP_EQ || node->op == OP_IN;
    return compared(p, node, p->sort) && node->op != OP_NE;
}

/* Whether a condition on a key is somewhere in it, where branches can be made of it. */
static bool names_key(const struct planner *p, const struct node *node)
{
    if (node->op != OP_AND && node->op != OP_OR)
        return is_key_condition(p, node);
    for (size_t i = 0; i < node->count; i++)
        if (names_key(p, node->args[i]))
            return true;
    return false;
}

static bool fixes_partition(const struct planner *p, const struct node *node)
{
    bool is_and = node->op == OP_AND;
    if (!is_and && node->op != OP_OR)
        return (node->op == OP_EQ || node->op == OP_IN) && compared(p, node, p->partition);
    for (size_t i = 0; i < node->count; i++)
        if (fixes_partition(p, node->args[i]) == is_and)
            return is_and;
    return !is_and;
}

/* The how many-th value of a comparison. */
static struct value value_of(const struct planner *p, const struct node *node, size_t which)
{
    for (size_t i = 0; i < node->count; i++)
        if (node->args[i]->op == OP_VALUE && which-- == 0)
            return p->where->values[node->args[i]->index];
    return (struct value){0};
}

/* -- spreading ----------------------------------------------------------------------------------
 */

static branch_vec spread(struct planner *p, const struct node *node);

static branch_vec one_branch(struct planner *p, struct branch branch)
{
    branch_vec v = {0};
    VEC_PUSH(p->arena, &v, branch);
    return v;
}

static branch_vec spread_key(struct planner *p, const struct node *node)
{
    branch_vec v = {0};
    size_t count = node->op == OP_IN ? node->count - 1u : 1;
    for (size_t i = 0; i < count; i++) {
        struct term *term = arena_new(p->arena, struct term);
        *term = (struct term){node, value_of(p, node, i)};
        VEC_PUSH(p->arena, &v, (struct branch){.terms = term, .count = 1});
    }
    return v;
}

static void *joined(struct arena *a, size_t size, const void *x, size_t x_count, const void *y,
                    size_t y_count)
{
    char *both = arena_alloc(a, size * (x_count + y_count) + 1);
    if (x_count)
        memcpy(both, x, size * x_count);
    if (y_count)
        memcpy(both + size * x_count, y, size * y_count);
    return both;
}

/* Each of one side with each of the other. */
static branch_vec multiply(struct planner *p, const branch_vec *left, const branch_vec *right)
{
    branch_vec v = {0};
    if (left->count * right->count > READS_MAX) {
        p->has_too_many = true;
        return *left;
    }
    for (size_t i = 0; i < left->count; i++) {
        for (size_t k = 0; k < right->count; k++) {
            const struct branch *x = &left->items[i], *y = &right->items[k];
            struct branch both = {.count = x->count + y->count,
                                  .filter_count = x->filter_count + y->filter_count};
            both.terms = joined(p->arena, sizeof *x->terms, x->terms, x->count, y->terms, y->count);
            both.filters = joined(p->arena, sizeof *x->filters, x->filters, x->filter_count,
                                  y->filters, y->filter_count);
            VEC_PUSH(p->arena, &v, both);
        }
    }
    return v;
}

/* What makes no branches is gathered and joined once: a thousand conditions are not copied a
 * thousand times. */
static branch_vec spread_and(struct planner *p, const struct node *node)
{
    VEC(struct term) terms = {0};
    VEC(const struct node *) filters = {0};
    branch_vec all = one_branch(p, (struct branch){0});
    for (size_t i = 0; i < node->count && !p->has_too_many; i++) {
        branch_vec next = spread(p, node->args[i]);
        if (next.count != 1) {
            all = multiply(p, &all, &next);
            continue;
        }
        for (size_t k = 0; k < next.items[0].count; k++)
            VEC_PUSH(p->arena, &terms, next.items[0].terms[k]);
        for (size_t k = 0; k < next.items[0].filter_count; k++)
            VEC_PUSH(p->arena, &filters, next.items[0].filters[k]);
    }
    branch_vec common =
        one_branch(p, (struct branch){terms.items, terms.count, filters.items, filters.count});
    return multiply(p, &common, &all);
}

static branch_vec spread_or(struct planner *p, const struct node *node)
{
    branch_vec all = {0};
    for (size_t i = 0; i < node->count && !p->has_too_many; i++) {
        branch_vec next = spread(p, node->args[i]);
        for (size_t k = 0; k < next.count; k++)
            VEC_PUSH(p->arena, &all, next.items[k]);
        p->has_too_many |= all.count > READS_MAX;
    }
    return all;
}

static branch_vec spread(struct planner *p, const struct node *node)
{
    if (node->op == OP_AND)
        return spread_and(p, node);
    if (node->op == OP_OR && names_key(p, node))
        return spread_or(p, node);
    if (is_key_condition(p, node))
        return spread_key(p, node);
    const struct node **filter = arena_array(p->arena, const struct node *, 1);
    filter[0] = node;
    return one_branch(p, (struct branch){.filters = filter, .filter_count = 1});
}

/* -- ranges -------------------------------------------------------------------------------------
 */

/* Lower bounds: an open one is before all. Upper bounds: it is behind all. */
static int compare_low(const struct read *x, const struct read *y)
{
    if (x->low.type == VALUE_NONE || y->low.type == VALUE_NONE)
        return (x->low.type != VALUE_NONE) - (y->low.type != VALUE_NONE);
    int order = value_compare(x->low, y->low);
    return order ? order : x->is_low_exclusive - y->is_low_exclusive;
}

static int compare_high(const struct read *x, const struct read *y)
{
    if (x->high.type == VALUE_NONE || y->high.type == VALUE_NONE)
        return (y->high.type != VALUE_NONE) - (x->high.type != VALUE_NONE);
    int order = value_compare(x->high, y->high);
    return order ? order : y->is_high_exclusive - x->is_high_exclusive;
}

static void raise_low(struct read *r, struct value low, bool is_exclusive)
{
    struct read other = {.low = low, .is_low_exclusive = is_exclusive};
    if (compare_low(&other, r) <= 0)
        return;
    r->low = low;
    r->is_low_exclusive = is_exclusive;
}

static void drop_high(struct read *r, struct value high, bool is_exclusive)
{
    struct read other = {.high = high, .is_high_exclusive = is_exclusive};
    if (compare_high(&other, r) >= 0)
        return;
    r->high = high;
    r->is_high_exclusive = is_exclusive;
}

/* The first value behind all that begin with a prefix; VALUE_NONE: there is none. */
static struct value behind_prefix(struct arena *a, struct value prefix)
{
    size_t len = prefix.data.len;
    while (len > 0 && (unsigned char)prefix.data.data[len - 1] == 0xFF)
        len--;
    if (!len)
        return (struct value){0};
    char *bytes = arena_alloc(a, len);
    memcpy(bytes, prefix.data.data, len);
    bytes[len - 1] = (char)((unsigned char)bytes[len - 1] + 1);
    return (struct value){prefix.type, {bytes, len}};
}

/* The operator as it is with the attribute on its left. */
static enum op operator_of(const struct node *node)
{
    bool is_turned = node->args[0]->op == OP_VALUE;
    switch ((int)node->op) {
    case OP_LT:
        return is_turned ? OP_GT : OP_LT;
    case OP_LE:
        return is_turned ? OP_GE : OP_LE;
    case OP_GT:
        return is_turned ? OP_LT : OP_GT;
    case OP_GE:
        return is_turned ? OP_LE : OP_GE;
    default:
        return node->op;
    }
}

static void narrow(const struct planner *p, struct read *r, const struct term *term)
{
    struct value v = term->equal;
    switch ((int)operator_of(term->condition)) {
    case OP_LT:
    case OP_LE:
        drop_high(r, v, operator_of(term->condition) == OP_LT);
        break;
    case OP_GT:
    case OP_GE:
        raise_low(r, v, operator_of(term->condition) == OP_GT);
        break;
    case OP_BETWEEN:
        raise_low(r, v, false);
        drop_high(r, value_of(p, term->condition, 1), false);
        break;
    case OP_BEGINS_WITH:
        raise_low(r, v, false);
        if (behind_prefix(p->arena, v).type != VALUE_NONE)
            drop_high(r, behind_prefix(p->arena, v), true);
        break;
    default: /* OP_EQ, OP_IN */
        raise_low(r, v, false);
        drop_high(r, v, false);
        break;
    }
}

static bool is_empty(const struct read *r)
{
    if (r->low.type == VALUE_NONE || r->high.type == VALUE_NONE)
        return false;
    int order = value_compare(r->low, r->high);
    return order > 0 || (order == 0 && (r->is_low_exclusive || r->is_high_exclusive));
}

/* The range of a branch; partition.type stays VALUE_NONE when none is fixed, or two are. */
static struct read range_of(const struct planner *p, const struct branch *b)
{
    struct read r = {0};
    bool is_torn = false;
    for (size_t i = 0; i < b->count; i++) {
        const struct term *term = &b->terms[i];
        if (!compared(p, term->condition, p->partition)) {
            narrow(p, &r, term);
            continue;
        }
        is_torn |= r.partition.type != VALUE_NONE && !value_equal(r.partition, term->equal);
        r.partition = term->equal;
    }
    if (is_torn)
        r.partition = (struct value){0};
    return r;
}

/* -- checks -------------------------------------------------------------------------------------
 */

/* Every condition that branches are made of, in the statement's order. */
static struct error *check_key_types(const struct planner *p, const struct node *node)
{
    const struct key_schema *keys = p->context->keys;
    if (node->op == OP_AND || (node->op == OP_OR && names_key(p, node))) {
        for (size_t i = 0; i < node->count; i++)
            TRY(check_key_types(p, node->args[i]));
        return NULL;
    }
    if (!is_key_condition(p, node))
        return NULL;
    bool is_sort = !compared(p, node, p->partition);
    const struct key_attribute *key = is_sort ? &keys->sort[0] : &keys->partition[0];
    for (size_t i = 0; value_of(p, node, i).type != VALUE_NONE; i++)
        TRY(check_key_value(p->arena, key, value_of(p, node, i)));
    return NULL;
}

static bool uses(const struct planner *p, const struct node *node, struct str attribute)
{
    if (node->op == OP_PATH)
        return str_eq(top_name(p, node), attribute);
    for (size_t i = 0; i < node->count; i++)
        if (uses(p, node->args[i], attribute))
            return true;
    return false;
}

/* A filter on the sort attribute, such as NOT s = 1, takes the branch out of the check. */
static bool filters_sort(const struct planner *p, const struct branch *b)
{
    for (size_t i = 0; i < b->filter_count; i++)
        if (p->sort.len && uses(p, b->filters[i], p->sort))
            return true;
    return false;
}

/* -- reads --------------------------------------------------------------------------------------
 */

struct found {
    struct read range;
    const struct branch *branch;
    bool may_meet;
};

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = value_compare(x->range.partition, y->range.partition);
    return order ? order : compare_low(&x->range, &y->range);
}

/* Of two ranges in order, whether the second begins before the first ends. */
static bool meets(const struct read *first, const struct read *second)
{
    if (first->high.type == VALUE_NONE || second->low.type == VALUE_NONE)
        return true;
    int order = value_compare(second->low, first->high);
    return order < 0 || (order == 0 && !second->is_low_exclusive && !first->is_high_exclusive);
}

static struct error *check_overlaps_of(const struct planner *p, const struct found *found,
                                       size_t count)
{
    struct read reach = {0};
    for (size_t i = 0; i < count; i++) {
        const struct read *r = &found[i].range;
        if (found[i].may_meet || is_empty(r))
            continue;
        bool is_same = reach.partition.type && value_equal(reach.partition, r->partition);
        if (is_same && meets(&reach, r))
            return invalid(p->arena, "Overlapping conditions with range keys are not supported in "
                                     "where clause");
        if (!is_same || compare_high(r, &reach) > 0)
            reach = *r;
    }
    return NULL;
}

/* One range for those that meet. */
static void merge(struct planner *p, const struct found *found, size_t count, struct reads *out)
{
    VEC(struct read) reads = {0};
    for (size_t i = 0; i < count; i++) {
        struct read r = found[i].range;
        if (is_empty(&r))
            continue;
        struct read *last = reads.count ? &reads.items[reads.count - 1] : NULL;
        if (last && value_equal(last->partition, r.partition) && meets(last, &r)) {
            if (compare_high(&r, last) > 0) {
                last->high = r.high;
                last->is_high_exclusive = r.is_high_exclusive;
            }
            continue;
        }
        VEC_PUSH(p->arena, &reads, r);
    }
    out->items = reads.items;
    out->count = reads.count;
}

/* The attributes of a branch's filters that the index does not hold. */
static void collect_unprojected(const struct planner *p, const struct node *node, struct str *names,
                                size_t *count)
{
    for (size_t i = 0; i < node->count; i++)
        collect_unprojected(p, node->args[i], names, count);
    if (node->op != OP_PATH || p->context->is_projected(p->context->context, top_name(p, node)))
        return;
    for (size_t i = 0; i < *count; i++)
        if (str_eq(names[i], top_name(p, node)))
            return;
    names[(*count)++] = top_name(p, node);
}

/* Refused only when no branch can do without; the last one is told. */
static struct error *check_projected(const struct planner *p, const struct found *found,
                                     size_t count)
{
    if (!p->context->is_projected)
        return NULL;
    struct str *names = arena_array(p->arena, struct str, p->where->program->path_count);
    size_t name_count = 0;
    for (size_t i = 0; i < count; i++) {
        name_count = 0;
        for (size_t k = 0; k < found[i].branch->filter_count; k++)
            collect_unprojected(p, found[i].branch->filters[k], names, &name_count);
        if (!name_count)
            return NULL;
    }
    struct str list = join_as_hash_set(p->arena, names, name_count);
    return invalid(p->arena,
                   "One or more parameter values were invalid: Secondary index %.*s does not "
                   "project one or more filter attributes: [%.*s]",
                   STR_ARG(p->context->index_name), STR_ARG(list));
}

static struct error *plan_where(struct planner *p, struct reads *out)
{
    const struct node *root = p->where->program->root;
    TRY(check_key_paths(p->arena, p->where, p->context->keys));
    TRY(check_key_types(p, root));
    if (!fixes_partition(p, root))
        return NULL;
    branch_vec branches = spread(p, root);
    if (p->has_too_many || branches.count > READS_MAX)
        return invalid(p->arena, "Too many decomposed read operations for a given query.");
    struct found *found = arena_array(p->arena, struct found, branches.count);
    for (size_t i = 0; i < branches.count; i++) {
        found[i] = (struct found){range_of(p, &branches.items[i]), &branches.items[i],
                                  filters_sort(p, &branches.items[i])};
        if (found[i].range.partition.type == VALUE_NONE)
            return NULL;
    }
    qsort(found, branches.count, sizeof *found, compare_found);
    TRY(check_overlaps_of(p, found, branches.count));
    TRY(check_projected(p, found, branches.count));
    out->is_keyed = true;
    merge(p, found, branches.count, out);
    return NULL;
}

/* -- ORDER BY -----------------------------------------------------------------------------------
 */

/* Values of the partition attribute that the WHERE asks for, at its top. */
static size_t count_partitions(const struct planner *p, const struct node *node)
{
    size_t count = 0;
    if (compared(p, node, p->partition))
        return node->op == OP_EQ ? 1 : node->op == OP_IN ? node->count - 1u : 0;
    if (node->op != OP_AND && node->op != OP_OR)
        return 0;
    for (size_t i = 0; i < node->count; i++) {
        size_t inner = count_partitions(p, node->args[i]);
        if (!inner && node->op == OP_OR)
            return 0;
        count += inner;
    }
    return count;
}

static struct error *check_order(const struct planner *p, const struct statement *s)
{
    size_t count = count_partitions(p, p->where->program->root);
    bool has_partition = false;
    for (size_t i = 0; i < s->order_count; i++) {
        const struct statement_order *order = &s->order[i];
        bool is_partition = str_eq(order->name, p->partition);
        has_partition |= is_partition;
        if (order->other.len)
            return invalid(p->arena,
                           "Argument to ORDER BY must be of type VariableReference. Type: %.*s",
                           STR_ARG(order->other));
        if (!is_partition && !(p->sort.len && str_eq(order->name, p->sort)))
            return invalid(p->arena,
                           "Attribute %.*s in ORDER BY clause must be part of the primary key",
                           STR_ARG(order->name));
    }
    if (count > 1 && !has_partition)
        return invalid(p->arena,
                       "Must have hash key in ORDER BY clause when more than one hash key "
                       "condition specified in WHERE clause.");
    return NULL;
}

struct error *reads_plan(struct arena *a, const struct statement *s,
                         const struct reads_context *context, struct reads *out)
{
    struct planner p = {.arena = a,
                        .where = s->where,
                        .context = context,
                        .partition = context->keys->partition[0].name,
                        .sort = context->keys->sort_count ? context->keys->sort[0].name : S("")};
    *out = (struct reads){0};
    if (!s->where)
        return s->order_count
                   ? invalid(a, "Must have WHERE clause in the statement when using ORDER "
                                "BY clause.")
                   : NULL;
    if (s->order_count && !(fixes_partition(&p, s->where->program->root) &&
                            count_partitions(&p, s->where->program->root)))
        return invalid(a, "Must have at least one non-optional hash key condition in WHERE clause "
                          "when using ORDER BY clause.");
    TRY(plan_where(&p, out));
    return s->order_count ? check_order(&p, s) : NULL;
}
