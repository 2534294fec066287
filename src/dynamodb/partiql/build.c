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

struct error *build_call(struct builder *b, enum op op, const struct ast *call,
                         const struct node *const *args, const struct node **out)
{
    *out = build_branch(b, op, args, call->args.count);
    return bare(check_operand_count(b->arena, b->kind, *out));
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
