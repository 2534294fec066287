#include "base/vec.h"
#include "dynamodb/expr/program.h"
#include "dynamodb/model/limits.h"

/* One comparison of a key attribute with values, the attribute on its left. */
struct comparison {
    struct str name;
    enum op op;
    struct value low, high; /* OP_BETWEEN uses both, the others low */
};

typedef VEC(struct comparison) comparison_vec;

static enum op mirrored(enum op op)
{
    switch ((int)op) {
    case OP_LT:
        return OP_GT;
    case OP_LE:
        return OP_GE;
    case OP_GT:
        return OP_LT;
    case OP_GE:
        return OP_LE;
    default:
        return op;
    }
}

/* The one attribute of a comparison, by position among its operands. */
static struct error *find_attribute(struct arena *a, const struct bound *b, const struct node *node,
                                    size_t *out)
{
    bool has_attribute = false;
    for (size_t i = 0; i < node->count; i++) {
        const struct node *arg = node->args[i];
        if (op_is_function(arg->op))
            return invalid(a, "KeyConditionExpressions cannot contain nested operations");
        if (arg->op != OP_PATH)
            continue;
        if (has_attribute)
            return invalid(a, "Invalid condition in KeyConditionExpression: Multiple attribute "
                              "names used in one condition");
        if (b->paths[arg->index].count > 1)
            return invalid(a, "Invalid KeyConditionExpression: KeyConditionExpressions cannot have "
                              "conditions on nested attributes");
        has_attribute = true;
        *out = i;
    }
    if (!has_attribute)
        return invalid(a, "Invalid condition in KeyConditionExpression: No key attribute "
                          "specified");
    return NULL;
}

static struct error *take_comparison(struct arena *a, const struct bound *b,
                                     const struct node *node, comparison_vec *out)
{
    size_t at = 0;
    bool needs_first = node->op == OP_BETWEEN || node->op == OP_BEGINS_WITH;
    if (needs_first && node->args[0]->op != OP_PATH)
        return invalid(a,
                       "Invalid condition in KeyConditionExpression: %.*s operator must have the "
                       "key attribute as its first operand",
                       STR_ARG(op_name(node->op)));
    TRY(find_attribute(a, b, node, &at));
    struct comparison c = {.name = b->paths[node->args[at]->index].steps[0].name};
    c.op = at == 0 ? node->op : mirrored(node->op);
    c.low = b->values[node->args[at == 0 ? 1 : 0]->index];
    if (node->op == OP_BETWEEN)
        c.high = b->values[node->args[2]->index];
    for (size_t i = 0; i < out->count; i++)
        if (str_eq(out->items[i].name, c.name))
            return invalid(a, "Invalid KeyConditionExpression: KeyConditionExpressions must only "
                              "contain one condition per key");
    VEC_PUSH(a, out, c);
    return NULL;
}

static struct error *collect(struct arena *a, const struct bound *b, const struct node *node,
                             comparison_vec *out)
{
    switch ((int)node->op) {
    case OP_AND:
        for (size_t i = 0; i < node->count; i++)
            TRY(collect(a, b, node->args[i], out));
        return NULL;
    case OP_EQ:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
    case OP_BETWEEN:
    case OP_BEGINS_WITH:
        return take_comparison(a, b, node, out);
    default:
        return invalid(a, "Invalid operator used in KeyConditionExpression: %.*s",
                       STR_ARG(op_name(node->op)));
    }
}

struct error *key_condition_check(struct arena *a, const struct bound *condition)
{
    comparison_vec comparisons = {0};
    TRY(collect(a, condition, condition->program->root, &comparisons));
    if (comparisons.count > LIMIT_KEY_ATTRIBUTES * 2)
        return invalid(a, "Conditions can be of length 1 or 2 only");
    return NULL;
}

/* -- against a schema ----------------------------------------------------------------------------
 */

static const struct comparison *find(const comparison_vec *comparisons, struct str name)
{
    for (size_t i = 0; i < comparisons->count; i++)
        if (str_eq(comparisons->items[i].name, name))
            return &comparisons->items[i];
    return NULL;
}

static struct error *missed(struct arena *a, struct str name)
{
    return invalid(a, "Query condition missed key schema element: %.*s", STR_ARG(name));
}

static struct error *not_supported(struct arena *a)
{
    return invalid(a, "Query key condition not supported");
}

static struct error *check_value(struct arena *a, const struct key_attribute *key, struct value v)
{
    if (v.type == VALUE_NONE)
        return NULL;
    if (v.type != key->type)
        return invalid(a, "One or more parameter values were invalid: Condition parameter type "
                          "does not match schema type");
    if (v.data.len == 0)
        return invalid(a,
                       "One or more parameter values are not valid. The AttributeValue for a key "
                       "attribute cannot contain an empty %s value. Key: %.*s",
                       v.type == VALUE_B ? "binary" : "string", STR_ARG(key->name));
    return NULL;
}

static struct error *check_values(struct arena *a, const struct key_attribute *key,
                                  const struct comparison *c)
{
    TRY(check_value(a, key, c->low));
    return check_value(a, key, c->high);
}

static enum sort_operator sort_operator(enum op op)
{
    switch ((int)op) {
    case OP_LT:
        return SORT_LT;
    case OP_LE:
        return SORT_LE;
    case OP_GT:
        return SORT_GT;
    case OP_GE:
        return SORT_GE;
    case OP_BETWEEN:
        return SORT_BETWEEN;
    case OP_BEGINS_WITH:
        return SORT_PREFIX;
    default:
        return SORT_EQ;
    }
}

/* Sort attributes from the first on: equalities, then at most one other comparison. `left` are the
 * comparisons that no partition attribute took. */
static struct error *fit_sort(struct arena *a, const comparison_vec *comparisons,
                              const struct key_schema *keys, size_t left, struct key_condition *out)
{
    for (size_t i = 0; i < keys->sort_count && left > 0; i++, left--) {
        const struct comparison *c = find(comparisons, keys->sort[i].name);
        if (!c)
            return missed(a, keys->sort[i].name);
        TRY(check_values(a, &keys->sort[i], c));
        out->sort = sort_operator(c->op);
        out->low = c->low;
        out->high = c->high;
        if (out->sort == SORT_EQ)
            out->sort_equal[out->sort_equal_count++] = c->low;
    }
    return left > 0 ? not_supported(a) : NULL;
}

static struct error *fit_partition(struct arena *a, const comparison_vec *comparisons,
                                   const struct key_schema *keys, struct key_condition *out)
{
    for (size_t i = 0; i < keys->partition_count; i++) {
        const struct comparison *c = find(comparisons, keys->partition[i].name);
        if (!c)
            return missed(a, keys->partition[i].name);
        TRY(check_values(a, &keys->partition[i], c));
        if (c->op != OP_EQ)
            return not_supported(a);
        out->partition[i] = c->low;
    }
    return NULL;
}

/* -- keys of several attributes -------------------------------------------------------------------
 * are told of with words of their own, all attributes in question at once: first those that have no
 * condition, then those that have another one than '='. Sort attributes need '=' up to the last one
 * that has a condition. */

static const struct key_use *find_use(const struct key_use *uses, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(uses[i].name, name))
            return &uses[i];
    return NULL;
}

/* Of the first `count` attributes those without a condition, or with another than '=': "a, b". */
static struct str list_unequal(struct arena *a, const struct key_attribute *keys, size_t count,
                               const struct key_use *uses, size_t use_count, bool is_missing)
{
    struct str list = {0};
    for (size_t i = 0; i < count; i++) {
        const struct key_use *use = find_use(uses, use_count, keys[i].name);
        if (is_missing ? use != NULL : !use || use->is_equality)
            continue;
        list = list.len ? arena_printf(a, "%.*s, %.*s", STR_ARG(list), STR_ARG(keys[i].name))
                        : keys[i].name;
    }
    return list;
}

struct error *key_uses_check_partition(struct arena *a, const struct key_schema *keys,
                                       const struct key_use *uses, size_t count)
{
    if (count > (size_t)keys->partition_count + keys->sort_count)
        return not_supported(a);
    for (int is_missing = 1; is_missing >= 0; is_missing--) {
        struct str list =
            list_unequal(a, keys->partition, keys->partition_count, uses, count, is_missing);
        if (list.len)
            return invalid(a,
                           "HASH key attributes %.*s must have equality conditions specified in "
                           "the query",
                           STR_ARG(list));
    }
    return NULL;
}

static struct error *needs_equality(struct arena *a, struct str list, struct str because)
{
    return invalid(a,
                   "RANGE key attributes %.*s must have equality conditions specified in the query "
                   "because a condition is present on key attribute %.*s",
                   STR_ARG(list), STR_ARG(because));
}

struct error *key_uses_check_sort(struct arena *a, const struct key_schema *keys,
                                  const struct key_use *uses, size_t count)
{
    size_t found = keys->partition_count, last = 0;
    for (size_t i = 0; i < keys->sort_count; i++) {
        struct str name = keys->sort[i].name;
        if (!find_use(uses, count, name))
            continue;
        struct str missing = list_unequal(a, keys->sort, i, uses, count, true);
        if (missing.len)
            return needs_equality(a, missing, name);
        found++;
        last = i;
    }
    struct str unequal = list_unequal(a, keys->sort, last, uses, count, false);
    if (unequal.len)
        return needs_equality(a, unequal, keys->sort[last].name);
    if (found <
        count) /* a condition on what is no key: the first attribute without one is missed */
        return missed(a, keys->sort[found - keys->partition_count].name);
    return NULL;
}

bool key_has_several(const struct key_schema *keys)
{
    return keys->partition_count > 1 || keys->sort_count > 1;
}

static struct error *fit_several(struct arena *a, const comparison_vec *comparisons,
                                 const struct key_schema *keys, struct key_condition *out)
{
    size_t count = comparisons->count;
    struct key_use *uses = arena_array(a, struct key_use, count);
    for (size_t i = 0; i < count; i++)
        uses[i] = (struct key_use){comparisons->items[i].name, comparisons->items[i].op == OP_EQ};
    TRY(key_uses_check_partition(a, keys, uses, count));
    TRY(fit_partition(a, comparisons, keys, out));
    TRY(key_uses_check_sort(a, keys, uses, count));
    return fit_sort(a, comparisons, keys, count - keys->partition_count, out);
}

static struct error *fit(struct arena *a, const comparison_vec *comparisons,
                         const struct key_schema *keys, struct key_condition *out)
{
    if (key_has_several(keys))
        return fit_several(a, comparisons, keys, out);
    if (comparisons->count > 2)
        return invalid(a,
                       "The number of query conditions (%zu) exceeds the number of key attributes "
                       "defined in the schema (%d)",
                       comparisons->count, keys->partition_count + keys->sort_count);
    if (keys->sort_count == 0 && comparisons->count > keys->partition_count)
        return not_supported(a);
    TRY(fit_partition(a, comparisons, keys, out));
    return fit_sort(a, comparisons, keys, comparisons->count - keys->partition_count, out);
}

struct error *key_condition_of(struct arena *a, const struct bound *condition,
                               const struct key_schema *keys, struct key_condition *out)
{
    comparison_vec comparisons = {0};
    TRY(collect(a, condition, condition->program->root, &comparisons));
    *out = (struct key_condition){0};
    return fit(a, &comparisons, keys, out);
}
