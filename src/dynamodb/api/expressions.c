#include "dynamodb/api/expressions.h"

#include "dynamodb/api/attribute.h"
#include "dynamodb/api/programs.h"

static const char *kind_name(enum expr_kind kind)
{
    switch (kind) {
    case EXPR_CONDITION:
        return "ConditionExpression";
    case EXPR_FILTER:
        return "FilterExpression";
    case EXPR_KEY_CONDITION:
        return "KeyConditionExpression";
    case EXPR_PROJECTION:
        return "ProjectionExpression";
    case EXPR_UPDATE:
        return "UpdateExpression";
    }
    return "";
}

/* -- which members go together ------------------------------------------------------------------
 */

static struct str list_given(struct arena *a, const struct expressions *e)
{
    struct str list = S("");
    for (size_t i = 0; i < e->count; i++)
        if (e->items[i].text.data)
            list = arena_printf(a, "%.*s%s%s", STR_ARG(list), list.len ? ", " : "",
                                kind_name(e->items[i].kind));
    return list;
}

static struct error *mixed(struct arena *a, const struct expressions *e)
{
    struct str older = S("");
    for (size_t i = 0; i < e->older_count; i++)
        older = arena_printf(a, "%.*s%s%s", STR_ARG(older), i ? ", " : "", e->older[i]);
    struct str newer = list_given(a, e);
    return invalid(a,
                   "Can not use both expression and non-expression parameters in the same request: "
                   "Non-expression parameters: {%.*s} Expression parameters: {%.*s}",
                   STR_ARG(older), STR_ARG(newer));
}

/* Values without any expression that could use them. */
static struct error *check_values_used(struct arena *a, const struct expressions *e)
{
    struct str users = S("");
    size_t count = 0;
    for (size_t i = 0; i < e->count; i++) {
        if (e->items[i].kind == EXPR_PROJECTION)
            continue;
        if (e->items[i].text.data)
            return NULL;
        users = arena_printf(a, "%.*s%s%s", STR_ARG(users), count++ ? " and " : "",
                             kind_name(e->items[i].kind));
    }
    struct error *bare =
        invalid(a, "ExpressionAttributeValues can only be specified when using expressions");
    if (e->enveloped & PART_LONE_VALUES) /* then nobody is named */
        return layer_envelope(a, e->enveloped, PART_LONE_VALUES, bare);
    return invalid(a, "%.*s: %.*s %s null", STR_ARG(bare->message), STR_ARG(users),
                   count > 1 ? "are" : "is");
}

struct error *expressions_check(struct arena *a, const struct expressions *e)
{
    bool is_any = false;
    for (size_t i = 0; i < e->count; i++)
        is_any |= e->items[i].text.data != NULL;
    if (is_any && e->older_count)
        return layer_envelope(a, e->enveloped, PART_MIXED, mixed(a, e));
    if (e->names->is_given && !is_any)
        return layer_envelope(
            a, e->enveloped, PART_LONE_NAMES,
            invalid(a, "ExpressionAttributeNames can only be specified when using expressions"));
    if (e->values && e->values->is_given)
        return check_values_used(a, e);
    return NULL;
}

/* -- binding ------------------------------------------------------------------------------------
 */

static bool is_placeholder(struct str key, char first)
{
    if (key.len < 2 || key.data[0] != first)
        return false;
    for (size_t i = 1; i < key.len; i++) {
        char c = key.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return true;
}

/* "ExpressionAttributeNames contains invalid value: … for key #n" */
static struct error *bad_value(struct arena *a, const char *map, const struct error *e,
                               struct str key)
{
    return invalid(a, "%s contains invalid value: %.*s for key %.*s", map, STR_ARG(e->message),
                   STR_ARG(key));
}

static struct error *take_names(struct arena *a, const struct expressions *e,
                                struct expr_params *params)
{
    const string_map *names = e->names;
    if (!names->is_given)
        return NULL;
    if (!names->count)
        return invalid(a, "ExpressionAttributeNames must not be empty");
    params->names = arena_array(a, struct expr_name, names->count);
    params->name_count = names->count;
    for (size_t i = 0; i < names->count; i++) {
        struct str key = names->items[i].name;
        if (key.len > LIMIT_PLACEHOLDER)
            return invalid(a,
                           "ExpressionAttributeNames contains invalid key: The expression "
                           "attribute map contains a key that is too long; size of key: %zu",
                           key.len);
        if (!is_placeholder(key, '#'))
            return invalid(a,
                           "ExpressionAttributeNames contains invalid key: Syntax error; key: "
                           "\"%.*s\"",
                           STR_ARG(key));
        params->names[i] = (struct expr_name){.placeholder = key, .name = names->items[i].value};
    }
    for (size_t i = 0; i < names->count; i++) {
        struct error *wrong = attribute_check_name(a, names->items[i].value);
        if (!wrong || e->enveloped & PART_PARAMETERS)
            TRY(wrong); /* single writes do not say which */
        else
            return bad_value(a, "ExpressionAttributeNames", wrong, names->items[i].name);
    }
    return NULL;
}

static struct error *take_values(struct arena *a, const value_map *values,
                                 struct expr_params *params)
{
    if (!values || !values->is_given)
        return NULL;
    if (!values->count)
        return invalid(a, "ExpressionAttributeValues must not be empty");
    params->values = arena_array(a, struct expr_value, values->count);
    params->value_count = values->count;
    for (size_t i = 0; i < values->count; i++) {
        struct str key = values->items[i].name;
        if (key.len > LIMIT_PLACEHOLDER) /* no size, unlike names */
            return invalid(a, "ExpressionAttributeValues contains invalid key: The expression "
                              "attribute map contains a key that is too long;");
        if (!is_placeholder(key, ':'))
            return invalid(a,
                           "ExpressionAttributeValues contains invalid key: Syntax error; key: "
                           "\"%.*s\"",
                           STR_ARG(key));
        params->values[i] =
            (struct expr_value){.placeholder = key, .value = values->items[i].value.value};
    }
    for (size_t i = 0; i < values->count; i++) {
        const struct error *wrong = values->items[i].value.error;
        if (!wrong)
            continue;
        struct error *told =
            bad_value(a, "ExpressionAttributeValues", wrong, values->items[i].name);
        told->newer = wrong->newer; /* which does not say the key */
        return told;
    }
    return NULL;
}

static struct error *take_parameters(struct arena *a, const struct expressions *e,
                                     struct expr_params *params)
{
    TRY(take_names(a, e, params));
    return take_values(a, e->values, params);
}

static struct error *bind(struct op *op, struct expression *x, struct expr_params *params)
{
    const struct program *program;
    TRY(programs_find(op->programs, op->arena, x->kind, x->text, &program));
    return expr_bind(op->arena, program, params, &x->bound);
}

struct error *expressions_bind(struct op *op, struct expressions *e)
{
    struct arena *a = op->arena;
    struct expr_params params = {0};
    TRY(layer_envelope(a, e->enveloped, PART_PARAMETERS, take_parameters(a, e, &params)));
    /* The service reads them in this order, whatever the request's. */
    static const struct {
        enum expr_kind kind;
        enum layer_part part; /* none is told in the envelope but those of single writes */
    } order[] = {{EXPR_UPDATE, PART_UPDATE},
                 {EXPR_CONDITION, PART_CONDITION},
                 {EXPR_KEY_CONDITION, 0},
                 {EXPR_FILTER, 0},
                 {EXPR_PROJECTION, 0}};
    for (size_t k = 0; k < countof(order); k++) {
        for (size_t i = 0; i < e->count; i++) {
            struct expression *x = &e->items[i];
            if (x->kind == order[k].kind && x->text.data)
                TRY(layer_envelope(a, e->enveloped, order[k].part, bind(op, x, &params)));
        }
    }
    if (!params.name_count && !params.value_count)
        return NULL;
    return layer_envelope(a, e->enveloped, PART_UNUSED, expr_check_unused(a, &params));
}
