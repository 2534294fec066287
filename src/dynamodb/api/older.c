#include "dynamodb/api/older.h"

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

/* -- the expression under way -------------------------------------------------------------------
 */

struct draft {
    struct arena *arena;
    struct buf text;
    struct expr_params params;
};

static void draft_begin(struct draft *d, struct arena *a, size_t names, size_t values)
{
    *d = (struct draft){.arena = a};
    buf_init(&d->text, LIMIT_REQUEST_BODY);
    d->params.names = arena_array(a, struct expr_name, names + 1);
    d->params.values = arena_array(a, struct expr_value, values + 1);
}

static void add_name(struct draft *d, struct str name)
{
    struct str placeholder = arena_printf(d->arena, "#n%zu", d->params.name_count);
    d->params.names[d->params.name_count++] =
        (struct expr_name){.placeholder = placeholder, .name = name};
    buf_add(&d->text, placeholder);
}

static void add_value(struct draft *d, struct value value)
{
    struct str placeholder = arena_printf(d->arena, ":v%zu", d->params.value_count);
    d->params.values[d->params.value_count++] =
        (struct expr_value){.placeholder = placeholder, .value = value};
    buf_add(&d->text, placeholder);
}

static struct error *draft_end(struct draft *d, enum expr_kind kind, const struct bound **out)
{
    const struct program *program;
    struct str text = arena_str(d->arena, buf_str(&d->text));
    buf_clear(&d->text);
    TRY(expr_parse(d->arena, kind, text, &program));
    return expr_bind(d->arena, program, &d->params, out);
}

static void add_infix(struct draft *d, const struct condition *c, const char *op)
{
    add_name(d, c->name);
    buf_printf(&d->text, " %s ", op);
    add_value(d, c->values[0].value);
}

static void add_function(struct draft *d, const struct condition *c, const char *function)
{
    buf_printf(&d->text, "%s(", function);
    add_name(d, c->name);
    if (c->count) {
        buf_add(&d->text, S(", "));
        add_value(d, c->values[0].value);
    }
    buf_add_char(&d->text, ')');
}

static void add_in(struct draft *d, const struct condition *c)
{
    add_name(d, c->name);
    buf_add(&d->text, S(" IN ("));
    for (size_t i = 0; i < c->count; i++) {
        if (i)
            buf_add(&d->text, S(", "));
        add_value(d, c->values[i].value);
    }
    buf_add_char(&d->text, ')');
}

static void add_condition(struct draft *d, const struct condition *c)
{
    switch (c->op) {
    case COMPARE_ABSENT:
    case COMPARE_EQ:
        add_infix(d, c, "=");
        return;
    case COMPARE_NE:
        add_infix(d, c, "<>");
        return;
    case COMPARE_LT:
        add_infix(d, c, "<");
        return;
    case COMPARE_LE:
        add_infix(d, c, "<=");
        return;
    case COMPARE_GT:
        add_infix(d, c, ">");
        return;
    case COMPARE_GE:
        add_infix(d, c, ">=");
        return;
    case COMPARE_BETWEEN:
        add_infix(d, c, "BETWEEN");
        buf_add(&d->text, S(" AND "));
        add_value(d, c->values[1].value);
        return;
    case COMPARE_IN:
        add_in(d, c);
        return;
    case COMPARE_NULL:
        add_function(d, c, "attribute_not_exists");
        return;
    case COMPARE_NOT_NULL:
        add_function(d, c, "attribute_exists");
        return;
    case COMPARE_BEGINS_WITH:
        add_function(d, c, "begins_with");
        return;
    case COMPARE_CONTAINS:
        add_function(d, c, "contains");
        return;
    case COMPARE_NOT_CONTAINS:
        buf_add(&d->text, S("NOT "));
        add_function(d, c, "contains");
        return;
    }
}

static struct error *bind_conditions(struct arena *a, const struct condition *conditions,
                                     size_t count, enum conditional_operator op,
                                     enum expr_kind kind, const struct bound **out)
{
    size_t value_count = 0;
    for (size_t i = 0; i < count; i++)
        value_count += conditions[i].count;
    struct draft d;
    draft_begin(&d, a, count, value_count);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add(&d.text, op == CONDITIONAL_OR ? S(" OR ") : S(" AND "));
        add_condition(&d, &conditions[i]);
    }
    return draft_end(&d, kind, out);
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
    return bind_conditions(a, conditions, filter->count, op, EXPR_FILTER, out);
}

struct error *older_key_conditions(struct arena *a, const filter_map *map, const struct bound **out)
{
    struct condition *conditions;
    TRY(take_filter(a, map, &conditions));
    if (map->count < 1 || map->count > 2 * LIMIT_KEY_ATTRIBUTES)
        return invalid(a, "Conditions can be of length 1 or 2 only");
    for (size_t i = 0; i < map->count; i++) {
        switch (conditions[i].op) {
        case COMPARE_NULL:
        case COMPARE_NOT_NULL:
        case COMPARE_NE:
        case COMPARE_CONTAINS:
        case COMPARE_NOT_CONTAINS:
        case COMPARE_IN:
            return invalid(a, "Attempted conditional constraint is not an indexable operation");
        case COMPARE_ABSENT:
        case COMPARE_EQ:
        case COMPARE_LT:
        case COMPARE_LE:
        case COMPARE_GT:
        case COMPARE_GE:
        case COMPARE_BETWEEN:
        case COMPARE_BEGINS_WITH:
            break;
        }
    }
    return bind_conditions(a, conditions, map->count, CONDITIONAL_AND, EXPR_KEY_CONDITION, out);
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
        const struct expected_attribute *e = &expected->items[i].value;
        if (e->attribute_value_list.is_given && e->value.is_given)
            return invalid(a,
                           WRONG "Value and AttributeValueList cannot be used together for "
                                 "Attribute: %.*s",
                           STR_ARG(name));
        TRY((e->comparison_operator ? take_compared : take_existing)(a, name, e, &conditions[i]));
    }
    return bind_conditions(a, conditions, expected->count, op, EXPR_CONDITION, out);
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

/* The clause that an update belongs to; lists are added to by a SET of their own. */
enum clause { CLAUSE_SET, CLAUSE_ADD, CLAUSE_REMOVE, CLAUSE_DELETE, CLAUSE_COUNT };

static enum clause clause_of(const struct attribute_update *u)
{
    switch (u->action) {
    case ACTION_ABSENT:
    case ACTION_PUT:
        return CLAUSE_SET;
    case ACTION_ADD:
        return u->value.value.type == VALUE_L ? CLAUSE_SET : CLAUSE_ADD;
    case ACTION_DELETE:
        return u->value.is_given ? CLAUSE_DELETE : CLAUSE_REMOVE;
    }
    return CLAUSE_SET;
}

static void add_update(struct draft *d, enum clause clause, struct str name,
                       const struct attribute_update *u)
{
    add_name(d, name);
    if (clause == CLAUSE_REMOVE)
        return;
    if (clause != CLAUSE_SET) {
        buf_add_char(&d->text, ' ');
        add_value(d, u->value.value);
        return;
    }
    buf_add(&d->text, S(" = "));
    if (u->action != ACTION_ADD) {
        add_value(d, u->value.value);
        return;
    }
    buf_add(&d->text, S("list_append(if_not_exists("));
    add_name(d, name);
    buf_add(&d->text, S(", "));
    add_value(d, (struct value){VALUE_L, {"", 0}});
    buf_add(&d->text, S("), "));
    add_value(d, u->value.value);
    buf_add_char(&d->text, ')');
}

static void add_clause(struct draft *d, enum clause clause, const attribute_update_map *updates)
{
    static const char *const words[] = {"SET ", "ADD ", "REMOVE ", "DELETE "};
    bool is_first = true;
    for (size_t i = 0; i < updates->count; i++) {
        const struct attribute_update *u = &updates->items[i].value;
        if (clause_of(u) != clause)
            continue;
        buf_add_z(&d->text, is_first ? words[clause] : ", ");
        is_first = false;
        add_update(d, clause, updates->items[i].name, u);
    }
    if (!is_first)
        buf_add_char(&d->text, ' ');
}

struct error *older_updates(struct arena *a, const attribute_update_map *updates,
                            const struct bound **out)
{
    if (!updates->count)
        return NULL;
    for (size_t i = 0; i < updates->count; i++)
        TRY(check_update(a, &updates->items[i].value));
    struct draft d;
    draft_begin(&d, a, 2 * updates->count, 2 * updates->count);
    for (enum clause clause = CLAUSE_SET; clause < CLAUSE_COUNT; clause++)
        add_clause(&d, clause, updates);
    return draft_end(&d, EXPR_UPDATE, out);
}
