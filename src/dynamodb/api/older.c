#include "dynamodb/api/older.h"

#include "dynamodb/api/attribute.h"
#include "dynamodb/expr/legacy.h"
#include "dynamodb/model/errors.h"

#define WRONG "One or more parameter values were invalid: "

static const char *const operator_names[] = {
    [COMPARE_ABSENT] = "",
    [COMPARE_IN] = "IN",
    [COMPARE_NULL] = "NULL",
    [COMPARE_BETWEEN] = "BETWEEN",
    [COMPARE_LT] = "LT",
    [COMPARE_NOT_CONTAINS] = "NOT_CONTAINS",
    [COMPARE_EQ] = "EQ",
    [COMPARE_GT] = "GT",
    [COMPARE_NOT_NULL] = "NOT_NULL",
    [COMPARE_NE] = "NE",
    [COMPARE_LE] = "LE",
    [COMPARE_BEGINS_WITH] = "BEGINS_WITH",
    [COMPARE_GE] = "GE",
    [COMPARE_CONTAINS] = "CONTAINS",
};

/* One condition of either kind of map. */
struct condition {
    struct str name;
    enum comparison_operator op;
    const struct value_input *values;
    size_t count;
};

/* -- checks -------------------------------------------------------------------------------------
 */

static bool count_fits(enum comparison_operator op, size_t count)
{
    switch (op) {
    case COMPARE_NULL:
    case COMPARE_NOT_NULL:
        return count == 0;
    case COMPARE_IN:
        return count > 0;
    case COMPARE_BETWEEN:
        return count == 2;
    case COMPARE_ABSENT:
    case COMPARE_LT:
    case COMPARE_NOT_CONTAINS:
    case COMPARE_EQ:
    case COMPARE_GT:
    case COMPARE_NE:
    case COMPARE_LE:
    case COMPARE_BEGINS_WITH:
    case COMPARE_GE:
    case COMPARE_CONTAINS:
        return count == 1;
    }
    return false;
}

static bool type_fits(enum comparison_operator op, enum value_type type)
{
    if (op == COMPARE_EQ || op == COMPARE_NE)
        return true;
    if (op == COMPARE_BEGINS_WITH)
        return type == VALUE_S || type == VALUE_B;
    return type == VALUE_S || type == VALUE_N || type == VALUE_B;
}

static struct error *check_condition(struct arena *a, const struct condition *c)
{
    const char *op = operator_names[c->op];
    TRY(attribute_check_name(a, c->name));
    for (size_t i = 0; i < c->count; i++)
        if (c->values[i].error)
            return c->values[i].error;
    if (!count_fits(c->op, c->count))
        return invalid(a, WRONG "Invalid number of argument(s) for the %s ComparisonOperator", op);
    for (size_t i = 1; i < c->count; i++)
        if (c->values[i].value.type != c->values[0].value.type)
            return invalid(a,
                           WRONG "AttributeValues inside AttributeValueList must be of same type");
    for (size_t i = 0; i < c->count; i++)
        if (!type_fits(c->op, c->values[i].value.type))
            return invalid(a,
                           WRONG "ComparisonOperator %s is not valid for %.*s AttributeValue type",
                           op, STR_ARG(value_type_name(c->values[i].value.type)));
    if (c->op == COMPARE_BETWEEN && value_compare(c->values[0].value, c->values[1].value) > 0)
        return invalid(a, "The BETWEEN condition was provided a range where the lower bound is "
                          "greater than the upper bound");
    return NULL;
}

static struct error *check_operator(struct arena *a, enum conditional_operator op, size_t count)
{
    if (op == CONDITIONAL_ABSENT)
        return NULL;
    if (!count)
        return invalid(a, "ConditionalOperator cannot be used without Filter or Expected");
    if (count == 1)
        return invalid(
            a, "ConditionalOperator can only be used when Filter or Expected has two or more "
               "elements");
    return NULL;
}

/* -- binding ------------------------------------------------------------------------------------
 */

static enum legacy_operator legacy_of(enum comparison_operator op)
{
    switch (op) {
    case COMPARE_ABSENT:
    case COMPARE_EQ:
        return LEGACY_EQ;
    case COMPARE_NE:
        return LEGACY_NE;
    case COMPARE_LT:
        return LEGACY_LT;
    case COMPARE_LE:
        return LEGACY_LE;
    case COMPARE_GT:
        return LEGACY_GT;
    case COMPARE_GE:
        return LEGACY_GE;
    case COMPARE_BETWEEN:
        return LEGACY_BETWEEN;
    case COMPARE_IN:
        return LEGACY_IN;
    case COMPARE_NULL:
        return LEGACY_NULL;
    case COMPARE_NOT_NULL:
        return LEGACY_NOT_NULL;
    case COMPARE_BEGINS_WITH:
        return LEGACY_BEGINS_WITH;
    case COMPARE_CONTAINS:
        return LEGACY_CONTAINS;
    case COMPARE_NOT_CONTAINS:
        return LEGACY_NOT_CONTAINS;
    }
    return LEGACY_EQ;
}

static const struct bound *bind_conditions(struct arena *a, enum expr_kind kind,
                                           const struct condition *conditions, size_t count,
                                           enum conditional_operator op)
{
    struct legacy_condition *legacy = arena_array(a, struct legacy_condition, count);
    for (size_t i = 0; i < count; i++) {
        struct value *values = arena_array(a, struct value, conditions[i].count);
        for (size_t k = 0; k < conditions[i].count; k++)
            values[k] = conditions[i].values[k].value;
        legacy[i] = (struct legacy_condition){conditions[i].name, legacy_of(conditions[i].op),
                                              values, conditions[i].count};
    }
    return legacy_conditions(a, kind, legacy, count, op == CONDITIONAL_OR);
}

/* -- filters, key conditions --------------------------------------------------------------------
 */

static struct error *take_filter(struct arena *a, const filter_map *filter, struct condition **out)
{
    struct condition *conditions = arena_array(a, struct condition, filter->count);
    for (size_t i = 0; i < filter->count; i++) {
        const struct filter_condition *f = &filter->items[i].value;
        conditions[i] =
            (struct condition){filter->items[i].name, f->comparison_operator,
                               f->attribute_value_list.items, f->attribute_value_list.count};
        TRY(check_condition(a, &conditions[i]));
    }
    *out = conditions;
    return NULL;
}

struct error *older_filter(struct arena *a, const filter_map *filter, enum conditional_operator op,
                           const struct bound **out)
{
    struct condition *conditions;
    TRY(check_operator(a, op, filter->count));
    if (!filter->count)
        return NULL;
    TRY(take_filter(a, filter, &conditions));
    *out = bind_conditions(a, EXPR_FILTER, conditions, filter->count, op);
    return NULL;
}

struct error *older_key_conditions(struct arena *a, const filter_map *map, const struct bound **out)
{
    struct condition *conditions;
    TRY(take_filter(a, map, &conditions));
    if (map->count == 0 || map->count > LIMIT_KEY_ATTRIBUTES * 2)
        return invalid(a, "Conditions can be of length 1 or 2 only");
    *out = bind_conditions(a, EXPR_KEY_CONDITION, conditions, map->count, CONDITIONAL_AND);
    return NULL;
}

static bool is_indexable(enum comparison_operator op)
{
    switch (op) {
    case COMPARE_NULL:
    case COMPARE_NOT_NULL:
    case COMPARE_NE:
    case COMPARE_CONTAINS:
    case COMPARE_NOT_CONTAINS:
    case COMPARE_IN:
        return false;
    case COMPARE_ABSENT:
    case COMPARE_EQ:
    case COMPARE_LT:
    case COMPARE_LE:
    case COMPARE_GT:
    case COMPARE_GE:
    case COMPARE_BETWEEN:
    case COMPARE_BEGINS_WITH:
        return true;
    }
    return true;
}

static const struct filter_condition *find(const filter_map *map, struct str name)
{
    for (size_t i = 0; i < map->count; i++)
        if (str_eq(map->items[i].name, name))
            return &map->items[i].value;
    return NULL;
}

static struct error *not_indexable(struct arena *a)
{
    return invalid(a, "Attempted conditional constraint is not an indexable operation");
}

/* A key of several attributes tells of all that is missing before the operators. */
static struct error *check_several(struct arena *a, const filter_map *map,
                                   const struct key_schema *keys)
{
    struct key_use *uses = arena_array(a, struct key_use, map->count);
    bool is_indexable_all = true;
    for (size_t i = 0; i < map->count; i++) {
        enum comparison_operator op = map->items[i].value.comparison_operator;
        uses[i] = (struct key_use){map->items[i].name, op == COMPARE_EQ};
        is_indexable_all &= is_indexable(op);
    }
    if (is_indexable_all)
        return NULL; /* key_condition_of tells the same */
    TRY(key_uses_check_partition(a, keys, uses, map->count));
    TRY(key_uses_check_sort(a, keys, uses, map->count));
    return not_indexable(a);
}

struct error *older_check_indexable(struct arena *a, const filter_map *map,
                                    const struct key_schema *keys)
{
    if (key_has_several(keys))
        return check_several(a, map, keys);
    if (map->count > 2)
        return NULL; /* too many: key_condition_of tells */
    if (keys->sort_count == 0 && map->count > keys->partition_count)
        return invalid(a, "Query key condition not supported");
    for (size_t i = 0; i < (size_t)keys->partition_count + keys->sort_count; i++) {
        bool is_partition = i < keys->partition_count;
        struct str name =
            (is_partition ? keys->partition[i] : keys->sort[i - keys->partition_count]).name;
        const struct filter_condition *c = find(map, name);
        if (!c && (is_partition || map->count > 1))
            return invalid(a, "Query condition missed key schema element: %.*s", STR_ARG(name));
        if (c && !is_indexable(c->comparison_operator))
            return not_indexable(a);
    }
    return NULL;
}

/* -- expected -----------------------------------------------------------------------------------
 */

static struct error *take_compared(struct arena *a, struct str name,
                                   const struct expected_attribute *e, struct condition *out)
{
    const char *op = operator_names[e->comparison_operator];
    if (e->exists.is_given)
        return invalid(a,
                       WRONG "Exists and ComparisonOperator cannot be used together for "
                             "Attribute: %.*s",
                       STR_ARG(name));
    bool needs_value =
        e->comparison_operator != COMPARE_NULL && e->comparison_operator != COMPARE_NOT_NULL;
    if (needs_value && !e->attribute_value_list.is_given && !e->value.is_given)
        return invalid(a,
                       WRONG "Value or AttributeValueList must be used with ComparisonOperator: "
                             "%s for Attribute: %.*s",
                       op, STR_ARG(name));
    *out = (struct condition){name, e->comparison_operator, e->attribute_value_list.items,
                              e->attribute_value_list.count};
    if (e->value.is_given)
        out->values = &e->value, out->count = 1;
    return check_condition(a, out);
}

static struct error *take_existing(struct arena *a, struct str name,
                                   const struct expected_attribute *e, struct condition *out)
{
    bool exists = !e->exists.is_given || e->exists.value;
    if (e->attribute_value_list.is_given)
        return invalid(a,
                       WRONG "AttributeValueList can only be used with a ComparisonOperator for "
                             "Attribute: %.*s",
                       STR_ARG(name));
    if (exists && !e->value.is_given)
        return invalid(a, WRONG "Value must be provided when Exists is %s for Attribute: %.*s",
                       e->exists.is_given ? "true" : "null", STR_ARG(name));
    if (!exists && e->value.is_given)
        return invalid(a, WRONG "Value cannot be used when Exists is false for Attribute: %.*s",
                       STR_ARG(name));
    if (e->value.error)
        return e->value.error;
    *out = exists ? (struct condition){name, COMPARE_EQ, &e->value, 1}
                  : (struct condition){name, COMPARE_NULL, NULL, 0};
    return NULL;
}

struct error *older_expected(struct arena *a, const expected_map *expected,
                             enum conditional_operator op, const struct bound **out)
{
    TRY(check_operator(a, op, expected->count));
    if (!expected->count)
        return NULL;
    struct condition *conditions = arena_array(a, struct condition, expected->count);
    for (size_t i = 0; i < expected->count; i++) {
        struct str name = expected->items[i].name;
        TRY(attribute_check_name(a, name));
        const struct expected_attribute *e = &expected->items[i].value;
        if (e->attribute_value_list.is_given && e->value.is_given)
            return invalid(a,
                           WRONG "Value and AttributeValueList cannot be used together for "
                                 "Attribute: %.*s",
                           STR_ARG(name));
        TRY((e->comparison_operator ? take_compared : take_existing)(a, name, e, &conditions[i]));
    }
    *out = bind_conditions(a, EXPR_CONDITION, conditions, expected->count, op);
    return NULL;
}

/* -- updates ------------------------------------------------------------------------------------
 */

static bool is_set(enum value_type type)
{
    return type == VALUE_SS || type == VALUE_NS || type == VALUE_BS;
}

static struct error *check_update(struct arena *a, const struct attribute_update *u)
{
    enum value_type type = u->value.value.type;
    if (u->value.error)
        return u->value.error;
    if (!u->value.is_given && u->action != ACTION_DELETE)
        return invalid(a,
                       WRONG "Only DELETE action is allowed when no attribute value is specified");
    if (!u->value.is_given)
        return NULL;
    if (u->action == ACTION_DELETE && !is_set(type))
        return invalid(a, WRONG "DELETE action with value is not supported for the type %.*s",
                       STR_ARG(value_type_name(type)));
    if (u->action == ACTION_ADD && !is_set(type) && type != VALUE_L && type != VALUE_N)
        return invalid(a, WRONG "ADD action is not supported for the type %.*s",
                       STR_ARG(value_type_name(type)));
    return NULL;
}

static enum legacy_action action_of(enum attribute_action action)
{
    switch (action) {
    case ACTION_ABSENT:
    case ACTION_PUT:
        return LEGACY_PUT;
    case ACTION_ADD:
        return LEGACY_ADD;
    case ACTION_DELETE:
        return LEGACY_DELETE;
    }
    return LEGACY_PUT;
}

struct error *older_updates(struct arena *a, const attribute_update_map *updates,
                            const struct bound **out)
{
    if (!updates->count)
        return NULL;
    struct legacy_update *legacy = arena_array(a, struct legacy_update, updates->count);
    for (size_t i = 0; i < updates->count; i++) {
        const struct attribute_update *u = &updates->items[i].value;
        TRY(attribute_check_name(a, updates->items[i].name));
        TRY(check_update(a, u));
        legacy[i] =
            (struct legacy_update){updates->items[i].name, action_of(u->action), u->value.value};
    }
    *out = legacy_updates(a, legacy, updates->count);
    return NULL;
}
