/* What UpdateItem counts against the size of an item besides the item itself: the statement, as if
 * it were stored. Nothing of the item is looked at, and nothing that a value on the right comes to:
 *
 *     update                3 and its actions
 *     SET target = operand  19, the target, the operand
 *     ADD target :v         19, the target, the value
 *     REMOVE target         1, the target
 *     DELETE target :v      1, the target
 *
 *     target                its first name; 4 and the step for each step inside
 *     operand  :v           the value's size, at every use
 *              path         1; 14 and the step for each step
 *              x + y        34, both operands
 *              x - y        37
 *              list_append  37
 *              if_not_exists 39, whether or not the path is there
 *
 * A step is a name's bytes or an index's digits.
 * Source: the public conformance suite, limits/itemSizeBySurface, measured at the service in August
 * and October 2026. */
#include "dynamodb/expr/program.h"

static size_t digits_of(uint32_t index)
{
    size_t digits = 1;
    for (; index >= 10; index /= 10)
        digits++;
    return digits;
}

static size_t step_bytes(const struct path_step *step)
{
    return step->is_index ? digits_of(step->index) : step->name.len;
}

static size_t target_charge(const struct path *path)
{
    size_t bytes = path->steps[0].name.len;
    for (size_t i = 1; i < path->count; i++)
        bytes += 4 + step_bytes(&path->steps[i]);
    return bytes;
}

static size_t path_charge(const struct path *path)
{
    size_t bytes = 1;
    for (size_t i = 0; i < path->count; i++)
        bytes += 14 + step_bytes(&path->steps[i]);
    return bytes;
}

static size_t operand_charge(const struct bound *b, const struct node *node)
{
    size_t bytes;
    switch ((int)node->op) {
    case OP_VALUE:
        return value_size(b->values[node->index]);
    case OP_PATH:
        return path_charge(&b->paths[node->index]);
    case OP_PLUS:
        bytes = 34;
        break;
    case OP_IF_NOT_EXISTS:
        bytes = 39;
        break;
    default: /* OP_MINUS, OP_LIST_APPEND */
        bytes = 37;
    }
    for (size_t i = 0; i < node->count; i++)
        bytes += operand_charge(b, node->args[i]);
    return bytes;
}

static size_t action_charge(const struct bound *b, const struct action *action)
{
    size_t target = target_charge(&b->paths[action->path]);
    if (action->clause == CLAUSE_REMOVE || action->clause == CLAUSE_DELETE)
        return 1 + target;
    return 19 + target + operand_charge(b, action->value);
}

size_t update_charge(const struct bound *update)
{
    const struct program *program = update->program;
    size_t bytes = 3;
    for (size_t i = 0; i < program->action_count; i++)
        bytes += action_charge(update, &program->actions[i]);
    return bytes;
}
