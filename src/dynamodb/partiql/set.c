/* SET and REMOVE as an update of expr. set_add and set_delete, which stand where a value does, are
 * expr's ADD and DELETE; their first argument must be what is assigned. */
#include "dynamodb/partiql/build.h"

struct updater {
    struct builder b;
    VEC(struct action) actions[CLAUSE_DELETE + 1]; /* of each clause, in the statement's order */
};

static struct error *operand(struct builder *b, const struct ast *ast, const struct node **out);

static struct error *operands(struct builder *b, const struct ast *ast, const struct node ***out)
{
    *out = arena_array(b->arena, const struct node *, ast->args.count + 1);
    for (size_t i = 0; i < ast->args.count; i++)
        TRY(operand(b, ast->args.items[i], &(*out)[i]));
    return NULL;
}

static struct error *call(struct builder *b, const struct ast *ast, const struct node **out)
{
    static const struct {
        struct str name;
        enum op op;
    } functions[] = {{STR_INIT("list_append"), OP_LIST_APPEND},
                     {STR_INIT("if_not_exists"), OP_IF_NOT_EXISTS}};
    const struct node **args;
    for (size_t i = 0; i < countof(functions); i++) {
        if (!str_eq_nocase(functions[i].name, ast->token.text))
            continue;
        TRY(operands(b, ast, &args));
        *out = build_branch(b, functions[i].op, args, ast->args.count);
        return NULL;
    }
    TRY(operands(b, ast, &args));
    return unknown_function(b, ast);
}

static struct error *operand(struct builder *b, const struct ast *ast, const struct node **out)
{
    const struct node **args;
    bool is_sum = ast->kind == AST_BINARY || ast->kind == AST_SIGN; /* a sign has one operand */
    bool is_plus = is_sum && str_eq(ast->token.text, S("+"));
    bool is_minus = is_sum && str_eq(ast->token.text, S("-"));
    switch ((int)ast->kind) {
    case AST_PATH:
        return build_path(b, ast, out);
    case AST_CALL:
        return call(b, ast, out);
    case AST_IS:
        return invalid(b->arena, "IS operator is not supported in update expressions");
    case AST_OTHER:
        return unsupported_operator(b, ast);
    case AST_BINARY:
    case AST_SIGN:
    case AST_AND:
    case AST_OR:
    case AST_NOT:
    case AST_IN:
    case AST_BETWEEN:
        if (!is_plus && !is_minus)
            return unsupported_operator(b, ast);
        TRY(operands(b, ast, &args));
        *out = build_branch(b, is_plus ? OP_PLUS : OP_MINUS, args, ast->args.count);
        return NULL;
    default:
        return build_literal(b, ast, out);
    }
}

/* -- sets ---------------------------------------------------------------------------------------
 */

static bool is_set_type(enum value_type type)
{
    return type == VALUE_SS || type == VALUE_NS || type == VALUE_BS;
}

/* Whether the argument is the path that is assigned. */
static bool is_target(struct builder *b, const struct ast *argument, uint32_t target)
{
    struct path path;
    return argument->kind == AST_PATH && !literal_path(b->arena, argument, &path) &&
           path_order(&path, &b->paths.items[target]) == 0;
}

static struct error *set_function(struct updater *u, const char *name, enum clause clause,
                                  const struct ast *call, struct action action)
{
    struct arena *a = u->b.arena;
    if (call->args.count != 2)
        return invalid_at(a, call->token.place, "%s must have exactly two arguments", name);
    const struct ast *first = call->args.items[0];
    const struct node **args;
    TRY(operands(&u->b, call, &args));
    if (!is_target(&u->b, first, action.path))
        return invalid_at(a, call->token.place,
                          "The first argument to %s must equal the assignment value", name);
    struct value value = {0};
    if (args[1]->op == OP_VALUE)
        value = u->b.values.items[args[1]->index];
    if (!is_set_type(value.type))
        return invalid_at(a, first->token.place,
                          "The second argument to %s must be a value with type SET", name);
    action.clause = clause;
    action.value = args[1];
    VEC_PUSH(a, &u->actions[clause], action);
    return NULL;
}

/* -- actions ------------------------------------------------------------------------------------
 */

static struct error *add_action(struct updater *u, const struct dml *dml)
{
    const struct node *target;
    struct action action = {.clause = dml->kind == DML_SET ? CLAUSE_SET : CLAUSE_REMOVE};
    TRY(build_path(&u->b, dml->path, &target));
    action.path = target->index;
    if (dml->kind == DML_SET && dml->value->kind == AST_CALL) {
        if (str_eq_nocase(dml->value->token.text, S("set_add")))
            return set_function(u, "SET_ADD", CLAUSE_ADD, dml->value, action);
        if (str_eq_nocase(dml->value->token.text, S("set_delete")))
            return set_function(u, "SET_DELETE", CLAUSE_DELETE, dml->value, action);
    }
    if (dml->kind == DML_SET)
        TRY(operand(&u->b, dml->value, &action.value));
    VEC_PUSH(u->b.arena, &u->actions[action.clause], action);
    return NULL;
}

struct error *build_update(const struct reader *r, const struct dml *actions, size_t count,
                           const struct bound **out)
{
    struct updater u = {.b = builder_of(r, EXPR_UPDATE)};
    for (size_t i = 0; i < count; i++)
        TRY(add_action(&u, &actions[i]));
    struct action *all = arena_array(r->arena, struct action, count);
    struct program *program = arena_new(r->arena, struct program);
    for (size_t clause = 0; clause < countof(u.actions); clause++) {
        for (size_t i = 0; i < u.actions[clause].count; i++) {
            struct action action = u.actions[clause].items[i];
            action.ordinal = (uint32_t)clause;
            all[program->action_count++] = action;
        }
    }
    program->actions = all;
    *out = build_bound(&u.b, program);
    return bare(check_update(r->arena, *out));
}
