/* What a text tells without its names and values, in the order it is written: reserved words, list
 * indexes, function names, and where each function stands. */
#include "dynamodb/expr/parser.h"
#include "dynamodb/expr/reserved.h"

enum place {
    PLACE_CONDITION,
    PLACE_OPERAND,
    PLACE_VALUE, /* all of what SET writes: nowhere else may list_append stand */
};

struct checker {
    struct arena *arena;
    const struct program *program;
};

static struct error *check_path(struct checker *c, uint32_t index)
{
    const struct program_path *path = &c->program->paths[index];
    for (size_t i = 0; i < path->path.count; i++) {
        const struct path_step *step = &path->path.steps[i];
        if (step->is_index && step->index > INT32_MAX)
            return expr_error(c->arena, c->program->kind,
                              "List index is not within the allowable range; index: [%.*s]",
                              STR_ARG(step->name));
        bool is_bare = !path->placeholders || path->placeholders[i] == NOT_A_PLACEHOLDER;
        if (!step->is_index && is_bare && is_reserved_word(step->name))
            return expr_error(c->arena, c->program->kind,
                              "Attribute name is a reserved keyword; reserved keyword: %.*s",
                              STR_ARG(step->name));
    }
    return NULL;
}

static bool is_update_function(enum op op)
{
    return op == OP_IF_NOT_EXISTS || op == OP_LIST_APPEND;
}

static struct error *function_error(struct checker *c, const struct node *call, const char *what)
{
    return expr_error(c->arena, c->program->kind, "%s; function: %.*s", what, STR_ARG(call->name));
}

/* Operands are counted later, after their placeholders. */
static struct error *check_call(struct checker *c, const struct node *call, enum place place)
{
    bool is_update = c->program->kind == EXPR_UPDATE;
    if (call->op == OP_UNKNOWN_FUNCTION)
        return function_error(c, call, "Invalid function name");
    if (is_update && !is_update_function(call->op))
        return function_error(c, call, "The function is not allowed in an update expression");
    if (is_update && place != PLACE_VALUE && call->op == OP_LIST_APPEND)
        return function_error(c, call,
                              "The function is not allowed to be used this way in an expression");
    if (is_update)
        return NULL;
    if (is_update_function(call->op))
        return function_error(c, call, "The function is not allowed in a condition expression");
    if ((place == PLACE_CONDITION) == (call->op == OP_SIZE))
        return function_error(c, call,
                              "The function is not allowed to be used this way in an expression");
    return NULL;
}

static struct error *check_node(struct checker *c, const struct node *node, enum place place)
{
    enum place inside = PLACE_OPERAND;
    if (node->op == OP_PATH)
        return check_path(c, node->index);
    if (op_is_function(node->op))
        TRY(check_call(c, node, place));
    if (node->op == OP_AND || node->op == OP_OR || node->op == OP_NOT)
        inside = PLACE_CONDITION;
    for (size_t i = 0; i < node->count; i++)
        TRY(check_node(c, node->args[i], inside));
    return NULL;
}

/* All actions of one keyword, wherever they stand; a second clause of it is the error after them.
 */
static struct error *check_section(struct checker *c, enum clause clause)
{
    static const char *const names[] = {"SET", "REMOVE", "ADD", "DELETE"};
    const struct action *first = NULL;
    bool comes_again = false;
    for (size_t i = 0; i < c->program->action_count; i++) {
        const struct action *action = &c->program->actions[i];
        if (action->clause != clause)
            continue;
        TRY(check_path(c, action->path));
        if (action->value)
            TRY(check_node(c, action->value, PLACE_VALUE));
        first = first ? first : action;
        comes_again |= action->ordinal != first->ordinal;
    }
    if (comes_again)
        return expr_error(c->arena, c->program->kind,
                          "The \"%s\" section can only be used once in an update expression;",
                          names[clause]);
    return NULL;
}

static struct error *check_sections(struct checker *c)
{
    bool is_checked[CLAUSE_DELETE + 1] = {0};
    for (size_t i = 0; i < c->program->action_count; i++) {
        enum clause clause = c->program->actions[i].clause;
        if (!is_checked[clause])
            TRY(check_section(c, clause));
        is_checked[clause] = true;
    }
    return NULL;
}

struct error *parse_check(struct arena *a, const struct program *program)
{
    struct checker c = {a, program};
    switch (program->kind) {
    case EXPR_UPDATE:
        return check_sections(&c);
    case EXPR_PROJECTION:
        for (size_t i = 0; i < program->path_count; i++)
            TRY(check_path(&c, (uint32_t)i));
        return NULL;
    case EXPR_CONDITION:
    case EXPR_FILTER:
    case EXPR_KEY_CONDITION:
        return check_node(&c, program->root, PLACE_CONDITION);
    }
    return NULL;
}
