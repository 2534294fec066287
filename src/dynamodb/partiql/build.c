#include "dynamodb/partiql/build.h"

struct builder builder_of(const struct reader *r, enum expr_kind kind)
{
    return (struct builder){.reader = r, .arena = r->arena, .kind = kind};
}

static struct node *node_of(struct builder *b, enum op op)
{
    struct node *node = arena_new(b->arena, struct node);
    node->op = op;
    return node;
}

const struct node *build_branch(struct builder *b, enum op op, const struct node *const *args,
                                size_t count)
{
    const struct node **copy = arena_array(b->arena, const struct node *, count);
    struct node *node = node_of(b, op);
    for (size_t i = 0; i < count; i++)
        copy[i] = args[i];
    node->args = copy;
    node->count = (uint32_t)count;
    return node;
}

const struct node *build_value(struct builder *b, struct value value)
{
    struct node *node = node_of(b, OP_VALUE);
    node->index = (uint32_t)b->values.count;
    VEC_PUSH(b->arena, &b->values, value);
    return node;
}

struct error *build_path(struct builder *b, const struct ast *ast, const struct node **out)
{
    struct path path;
    TRY(literal_path(b->arena, ast, &path));
    struct node *node = node_of(b, OP_PATH);
    node->index = (uint32_t)b->paths.count;
    VEC_PUSH(b->arena, &b->paths, path);
    *out = node;
    return NULL;
}

struct error *build_literal(struct builder *b, const struct ast *ast, const struct node **out)
{
    struct value value;
    TRY(literal_value(b->reader, ast, &value));
    *out = build_value(b, value);
    return NULL;
}

struct error *unknown_function(struct builder *b, const struct ast *call)
{
    static const struct str of_conditions[] = {
        STR_INIT("attribute_exists"), STR_INIT("attribute_not_exists"),
        STR_INIT("attribute_type"),   STR_INIT("begins_with"),
        STR_INIT("contains"),         STR_INIT("size")};
    static const struct str of_updates[] = {STR_INIT("if_not_exists"), STR_INIT("list_append")};
    bool is_update = b->kind == EXPR_UPDATE;
    const struct str *others = is_update ? of_conditions : of_updates;
    size_t count = is_update ? countof(of_conditions) : countof(of_updates);
    struct str name = lower_case(b->arena, call->token.text);
    for (size_t i = 0; i < count; i++)
        if (str_eq(others[i], name))
            return invalid(b->arena, "The function is not allowed in %s expression; function: %.*s",
                           is_update ? "an update" : "a condition", STR_ARG(name));
    return invalid_at(b->arena, call->token.place, "Unrecognized function: %.*s", STR_ARG(name));
}

struct error *unsupported_operator(struct builder *b, const struct ast *ast)
{
    struct str name = shown_name(ast);
    if (ast->kind == AST_OTHER)
        return invalid_at(b->arena, ast->token.place, "Unsupported token in expression: %.*s",
                          STR_ARG(name));
    name = lower_case(b->arena, name);
    return invalid(b->arena, "Unsupported operator in %s Expression. Operator: %.*s",
                   b->kind == EXPR_UPDATE ? "Update" : "Condition", STR_ARG(name));
}

const struct bound *build_bound(struct builder *b, struct program *program)
{
    struct bound *bound = arena_new(b->arena, struct bound);
    struct program_path *paths = arena_array(b->arena, struct program_path, b->paths.count);
    bool *is_defined = arena_array(b->arena, bool, b->values.count);
    for (size_t i = 0; i < b->paths.count; i++)
        paths[i].path = b->paths.items[i];
    for (size_t i = 0; i < b->values.count; i++)
        is_defined[i] = true;
    program->kind = b->kind;
    program->paths = paths;
    program->path_count = b->paths.count;
    program->value_count = b->values.count;
    bound->program = program;
    bound->is_defined = is_defined;
    bound->paths = b->paths.items;
    bound->values = b->values.items;
    if (b->kind == EXPR_UPDATE)
        bind_targets(b->arena, bound);
    return bound;
}

struct error *bare(struct error *error)
{
    struct str head, rest;
    if (!error || !str_starts(error->message, S("Invalid ")))
        return error;
    rest = error->message;
    if (str_cut(&rest, ':', &head) && str_ends(head, S("Expression")))
        error->message = str_from(rest, 1);
    return error;
}
