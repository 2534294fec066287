#include "dynamodb/expr/program.h"
#include "dynamodb/model/number.h"

/* Code units of UTF-16: what size() counts in a string. */
static uint64_t utf16_len(struct str text)
{
    uint64_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        count += ((c & 0xC0) != 0x80) + (c >= 0xF0);
    }
    return count;
}

static struct value size_of(struct value v, struct number *scratch)
{
    switch (v.type) {
    case VALUE_S:
        number_from_u64(utf16_len(v.data), scratch);
        break;
    case VALUE_B:
        number_from_u64(v.data.len, scratch);
        break;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
    case VALUE_L:
    case VALUE_M:
        number_from_u64(value_count(v), scratch);
        break;
    case VALUE_NONE:
    case VALUE_N:
    case VALUE_BOOL:
    case VALUE_NULL:
        return (struct value){0};
    }
    return (struct value){VALUE_N, number_str(scratch)};
}

static bool holds(const struct bound *b, const struct node *node, struct item item);

/* A path, value or size(); `scratch` holds what size() gives. size(size(a)) does not bind. In
 * PartiQL a condition too: attribute_exists(a) = true. */
static struct value operand(const struct bound *b, const struct node *node, struct item item,
                            struct number *scratch)
{
    if (node->op == OP_VALUE)
        return b->values[node->index];
    if (node->op == OP_PATH)
        return path_get(b->paths[node->index], item.attributes);
    if (node->op == OP_SIZE)
        return size_of(operand(b, node->args[0], item, scratch), scratch);
    return (struct value){VALUE_BOOL, holds(b, node, item) ? S("\x01") : (struct str){"\0", 1}};
}

static bool is_ordered(struct value a, struct value b)
{
    return a.type == b.type && (a.type == VALUE_S || a.type == VALUE_N || a.type == VALUE_B);
}

static bool equals(struct value a, struct value b)
{
    return a.type != VALUE_NONE && value_equal(a, b);
}

static bool compares(enum op op, struct value a, struct value b)
{
    if (op == OP_EQ || op == OP_NE)
        return equals(a, b) == (op == OP_EQ);
    if (!is_ordered(a, b))
        return false;
    int order = value_compare(a, b);
    switch ((int)op) {
    case OP_LT:
        return order < 0;
    case OP_LE:
        return order <= 0;
    case OP_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool is_between(struct value v, struct value low, struct value high)
{
    return is_ordered(low, v) && is_ordered(v, high) && value_compare(low, v) <= 0 &&
           value_compare(v, high) <= 0;
}

static bool list_contains(struct value list, struct value v)
{
    struct str rest = list.data;
    struct value element;
    while (value_take(&rest, &element))
        if (value_equal(element, v))
            return true;
    return false;
}

static bool contains(struct value whole, struct value part)
{
    switch (whole.type) {
    case VALUE_S:
    case VALUE_B:
        return part.type == whole.type && str_contains(whole.data, part.data);
    case VALUE_SS:
        return part.type == VALUE_S && value_set_contains(whole, part.data);
    case VALUE_NS:
        return part.type == VALUE_N && value_set_contains(whole, part.data);
    case VALUE_BS:
        return part.type == VALUE_B && value_set_contains(whole, part.data);
    case VALUE_L:
        return part.type != VALUE_NONE && list_contains(whole, part);
    case VALUE_NONE:
    case VALUE_N:
    case VALUE_BOOL:
    case VALUE_NULL:
    case VALUE_M:
        break;
    }
    return false;
}

static bool begins_with(struct value whole, struct value prefix)
{
    return whole.type == prefix.type && (whole.type == VALUE_S || whole.type == VALUE_B) &&
           str_starts(whole.data, prefix.data);
}

static bool is_in(const struct bound *b, const struct node *node, struct item item)
{
    struct number left_scratch, scratch;
    struct value left = operand(b, node->args[0], item, &left_scratch);
    for (size_t i = 1; i < node->count; i++)
        if (equals(left, operand(b, node->args[i], item, &scratch)))
            return true;
    return false;
}

static bool function_holds(const struct bound *b, const struct node *node, struct item item)
{
    struct number scratch[2];
    struct value first = operand(b, node->args[0], item, &scratch[0]);
    struct value second = {0};
    if (node->count > 1)
        second = operand(b, node->args[1], item, &scratch[1]);
    switch ((int)node->op) {
    case OP_EXISTS:
        return first.type != VALUE_NONE;
    case OP_NOT_EXISTS:
        return first.type == VALUE_NONE;
    case OP_TYPE:
        return first.type != VALUE_NONE && str_eq(value_type_name(first.type), second.data);
    case OP_BEGINS_WITH:
        return begins_with(first, second);
    case OP_CONTAINS:
        return contains(first, second);
    default:
        return false;
    }
}

static bool comparison_holds(const struct bound *b, const struct node *node, struct item item)
{
    struct number scratch[3];
    struct value first = operand(b, node->args[0], item, &scratch[0]);
    struct value second = operand(b, node->args[1], item, &scratch[1]);
    if (node->op != OP_BETWEEN)
        return compares(node->op, first, second);
    return is_between(first, second, operand(b, node->args[2], item, &scratch[2]));
}

/* The depth of the tree was bounded by the parser. */
static bool holds(const struct bound *b, const struct node *node, struct item item)
{
    switch ((int)node->op) {
    case OP_AND:
        for (size_t i = 0; i < node->count; i++)
            if (!holds(b, node->args[i], item))
                return false;
        return true;
    case OP_OR:
        for (size_t i = 0; i < node->count; i++)
            if (holds(b, node->args[i], item))
                return true;
        return false;
    case OP_NOT:
        return !holds(b, node->args[0], item);
    case OP_IN:
        return is_in(b, node, item);
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
    case OP_BETWEEN:
        return comparison_holds(b, node, item);
    default:
        return function_holds(b, node, item);
    }
}

bool condition_holds(const struct bound *condition, struct item item)
{
    return holds(condition, condition->program->root, item);
}

bool condition_uses(const struct bound *condition, struct str attribute)
{
    for (size_t i = 0; i < condition->program->path_count; i++)
        if (str_eq(condition->paths[i].steps[0].name, attribute))
            return true;
    return false;
}
