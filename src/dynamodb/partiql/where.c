/* A WHERE as a condition of expr. Beyond what expressions know, a condition may be an operand:
 * attribute_exists(a) = true. */
#include "dynamodb/partiql/build.h"

static const struct {
    struct str name;
    enum op op;
} functions[] = {
    {STR_INIT("attribute_exists"), OP_EXISTS}, {STR_INIT("attribute_not_exists"), OP_NOT_EXISTS},
    {STR_INIT("attribute_type"), OP_TYPE},     {STR_INIT("begins_with"), OP_BEGINS_WITH},
    {STR_INIT("contains"), OP_CONTAINS},       {STR_INIT("size"), OP_SIZE},
};

static const struct {
    struct str name;
    enum op op;
} comparators[] = {
    {STR_INIT("="), OP_EQ},  {STR_INIT("<>"), OP_NE}, {STR_INIT("<"), OP_LT},
    {STR_INIT("<="), OP_LE}, {STR_INIT(">"), OP_GT},  {STR_INIT(">="), OP_GE},
};

static bool find_comparator(struct str name, enum op *op)
{
    for (size_t i = 0; i < countof(comparators); i++) {
        *op = comparators[i].op;
        if (str_eq(comparators[i].name, name))
            return true;
    }
    return false;
}

static struct error *condition(struct builder *b, const struct ast *ast, const struct node **out);

/* Whether it is true or false by itself; a call of size() is not, nor is arithmetic. */
static bool is_condition(const struct ast *ast)
{
    enum op op;
    switch (ast->kind) {
    case AST_AND:
    case AST_OR:
    case AST_NOT:
    case AST_BETWEEN:
    case AST_IN:
    case AST_IS:
        return true;
    case AST_BINARY:
        return find_comparator(ast->token.text, &op);
    case AST_CALL:
        return !str_eq_nocase(ast->token.text, S("size"));
    case AST_NUMBER:
    case AST_STRING:
    case AST_BOOLEAN:
    case AST_NULL:
    case AST_MISSING:
    case AST_ION:
    case AST_PARAMETER:
    case AST_PATH:
    case AST_LIST:
    case AST_BAG:
    case AST_STRUCT:
    case AST_OTHER:
    case AST_SIGN:
        break;
    }
    return false;
}

static struct error *call(struct builder *b, const struct ast *ast, const struct node **out);

static struct error *operand(struct builder *b, const struct ast *ast, const struct node **out)
{
    if (is_condition(ast))
        return condition(b, ast, out);
    if (ast->kind == AST_PATH)
        return build_path(b, ast, out);
    if (ast->kind == AST_CALL)
        return call(b, ast, out);
    if (ast->kind == AST_BINARY || ast->kind == AST_SIGN || ast->kind == AST_OTHER)
        return unsupported_operator(b, ast);
    return build_literal(b, ast, out);
}

static struct error *operands(struct builder *b, const struct ast *ast, const struct node ***out)
{
    *out = arena_array(b->arena, const struct node *, ast->args.count + 1);
    for (size_t i = 0; i < ast->args.count; i++)
        TRY(operand(b, ast->args.items[i], &(*out)[i]));
    return NULL;
}

static struct error *call(struct builder *b, const struct ast *ast, const struct node **out)
{
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

static struct error *comparison(struct builder *b, const struct ast *ast, const struct node **out)
{
    const struct node **args;
    enum op op = OP_BETWEEN;
    if (ast->kind == AST_BINARY && !find_comparator(ast->token.text, &op))
        return unsupported_operator(b, ast);
    TRY(operands(b, ast, &args));
    *out = build_branch(b, op, args, ast->args.count);
    return NULL;
}

static struct error *in(struct builder *b, const struct ast *ast, const struct node **out)
{
    const struct ast *list = ast->args.items[1];
    if ((list->kind != AST_LIST && list->kind != AST_BAG) || !list->args.count)
        return invalid(b->arena, "IN operator must have a left hand argument of type Variable "
                                 "Reference and right hand argument of type Seq with at least one "
                                 "member");
    const struct node **args = arena_array(b->arena, const struct node *, list->args.count + 1);
    TRY(operand(b, ast->args.items[0], &args[0]));
    for (size_t i = 0; i < list->args.count; i++)
        TRY(operand(b, list->args.items[i], &args[i + 1]));
    *out = build_branch(b, OP_IN, args, list->args.count + 1);
    return NULL;
}

/* IS MISSING, or IS with the name of a type. */
static struct error *is(struct builder *b, const struct ast *ast, const struct node **out)
{
    static const struct {
        struct str word, type;
    } types[] = {
        {STR_INIT("NULL"), STR_INIT("NULL")}, {STR_INIT("BOOLEAN"), STR_INIT("BOOL")},
        {STR_INIT("BLOB"), STR_INIT("B")},    {STR_INIT("STRING"), STR_INIT("S")},
        {STR_INIT("NUMERIC"), STR_INIT("N")}, {STR_INIT("STRUCT"), STR_INIT("M")},
        {STR_INIT("TUPLE"), STR_INIT("M")},   {STR_INIT("LIST"), STR_INIT("L")},
    };
    const struct ast *left = ast->args.items[0];
    const struct node *args[2];
    if (left->kind > AST_NULL && left->kind != AST_ION && left->kind != AST_PATH)
        return invalid(b->arena, "The left hand side argument to IS must be a Variable Reference, "
                                 "Literal, or Path");
    TRY(operand(b, left, &args[0]));
    if (str_eq(ast->type, S("MISSING"))) {
        *out = build_branch(b, OP_NOT_EXISTS, args, 1);
        return NULL;
    }
    for (size_t i = 0; i < countof(types); i++) {
        if (!str_eq(types[i].word, ast->type))
            continue;
        args[1] = build_value(b, (struct value){VALUE_S, types[i].type});
        *out = build_branch(b, OP_TYPE, args, 2);
        return NULL;
    }
    return invalid_at(
        b->arena, ast->token.place,
        "Unsupported data type for IS operator: %.*s. Supported data types are [MISSING, "
        "NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]",
        STR_ARG(ast->type));
}

static struct error *check_joined(struct builder *b, const struct ast *ast, size_t i)
{
    const struct ast *arg = ast->args.items[i];
    if (is_condition(arg) || arg->kind == AST_CALL) /* size(a) has a type, which is checked */
        return NULL;
    return invalid(b->arena, "%s",
                   ast->kind == AST_NOT ? "The argument to NOT must be a Type or Expression"
                                        : "The arguments to AND/OR must be Expressions");
}

/* Two operands are built before it is told that one of them is no condition; a AND b AND c is
 * (a AND b) AND c. */
static struct error *joined(struct builder *b, const struct ast *ast, const struct node **out)
{
    const struct node **args = arena_array(b->arena, const struct node *, ast->args.count);
    for (size_t i = 0; i < ast->args.count; i++) {
        TRY(operand(b, ast->args.items[i], &args[i]));
        if (i == 0 && ast->kind != AST_NOT)
            continue;
        if (i == 1)
            TRY(check_joined(b, ast, 0));
        TRY(check_joined(b, ast, i));
    }
    enum op op = ast->kind == AST_AND ? OP_AND : ast->kind == AST_OR ? OP_OR : OP_NOT;
    *out = build_branch(b, op, args, ast->args.count);
    return NULL;
}

/* AND, OR and NOT of a size. */
static struct error *check_sizes(struct arena *a, const struct node *node)
{
    const char *name = node->op == OP_NOT   ? "NOT"
                       : node->op == OP_AND ? "AND"
                       : node->op == OP_OR  ? "OR"
                                            : NULL;
    for (size_t i = 0; i < node->count; i++) {
        TRY(check_sizes(a, node->args[i]));
        if (name && node->args[i]->op == OP_SIZE)
            return invalid(a,
                           "Incorrect operand type for operator or function; operator or "
                           "function: %s, operand type: N",
                           name);
    }
    return NULL;
}

static struct error *condition(struct builder *b, const struct ast *ast, const struct node **out)
{
    switch ((int)ast->kind) {
    case AST_AND:
    case AST_OR:
    case AST_NOT:
        return joined(b, ast, out);
    case AST_IN:
        return in(b, ast, out);
    case AST_IS:
        return is(b, ast, out);
    case AST_CALL:
        return call(b, ast, out);
    default:
        return comparison(b, ast, out);
    }
}

struct error *build_where(const struct reader *r, const struct ast *ast, const struct bound **out)
{
    struct builder b = builder_of(r, EXPR_FILTER);
    struct program *program = arena_new(r->arena, struct program);
    TRY(operand(&b, ast, &program->root));
    if (!is_condition(ast))
        return invalid(r->arena, "WHERE clause must contain an expression that resolves to a "
                                 "boolean");
    *out = build_bound(&b, program);
    TRY(bare(check_condition(r->arena, *out, program->root)));
    return check_sizes(r->arena, program->root);
}
