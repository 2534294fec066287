#include "dynamodb/expr/legacy.h"

#include "dynamodb/expr/program.h"

/* Program and bound in one: nothing needs resolving. */
struct builder {
    struct arena *arena;
    struct program *program;
    struct bound *bound;
    struct path *paths;
    struct value *values;
    size_t path_count, value_count;
};

static struct builder builder_of(struct arena *a, enum expr_kind kind, size_t paths, size_t values)
{
    struct builder b = {.arena = a,
                        .program = arena_new(a, struct program),
                        .bound = arena_new(a, struct bound),
                        .paths = arena_array(a, struct path, paths),
                        .values = arena_array(a, struct value, values)};
    b.program->kind = kind;
    b.program->is_legacy = true;
    return b;
}

static uint32_t add_path(struct builder *b, struct str name)
{
    struct path_step *step = arena_new(b->arena, struct path_step);
    step->name = name;
    b->paths[b->path_count] = (struct path){step, 1};
    return (uint32_t)b->path_count++;
}

static const struct node *leaf(struct builder *b, enum op op, uint32_t index)
{
    struct node *node = arena_new(b->arena, struct node);
    node->op = op;
    node->index = index;
    return node;
}

static const struct node *add_value(struct builder *b, struct value value)
{
    b->values[b->value_count] = value;
    return leaf(b, OP_VALUE, (uint32_t)b->value_count++);
}

static const struct node *branch(struct builder *b, enum op op, const struct node *const *args,
                                 size_t count)
{
    struct node *node = arena_new(b->arena, struct node);
    *node = (struct node){.op = op, .args = args, .count = (uint32_t)count};
    return node;
}

static const struct bound *finish(struct builder *b)
{
    b->program->path_count = b->path_count;
    b->bound->program = b->program;
    b->bound->paths = b->paths;
    b->bound->values = b->values;
    if (b->program->kind == EXPR_UPDATE || b->program->kind == EXPR_PROJECTION)
        bind_targets(b->arena, b->bound);
    return b->bound;
}

static enum op op_of(enum legacy_operator op)
{
    switch (op) {
    case LEGACY_EQ:
        return OP_EQ;
    case LEGACY_NE:
        return OP_NE;
    case LEGACY_LT:
        return OP_LT;
    case LEGACY_LE:
        return OP_LE;
    case LEGACY_GT:
        return OP_GT;
    case LEGACY_GE:
        return OP_GE;
    case LEGACY_BETWEEN:
        return OP_BETWEEN;
    case LEGACY_IN:
        return OP_IN;
    case LEGACY_BEGINS_WITH:
        return OP_BEGINS_WITH;
    case LEGACY_CONTAINS:
    case LEGACY_NOT_CONTAINS:
        return OP_CONTAINS;
    case LEGACY_NULL:
        return OP_NOT_EXISTS;
    case LEGACY_NOT_NULL:
        return OP_EXISTS;
    }
    return OP_EQ;
}

static const struct node *condition(struct builder *b, const struct legacy_condition *c)
{
    const struct node **args = arena_array(b->arena, const struct node *, 1 + c->value_count);
    args[0] = leaf(b, OP_PATH, add_path(b, c->name));
    for (size_t i = 0; i < c->value_count; i++)
        args[1 + i] = add_value(b, c->values[i]);
    const struct node *node = branch(b, op_of(c->op), args, 1 + c->value_count);
    if (c->op != LEGACY_NOT_CONTAINS)
        return node;
    /* What is not there does not fail to contain. */
    const struct node **inner = arena_array(b->arena, const struct node *, 3);
    inner[0] = node;
    inner[1] = branch(b, OP_EXISTS, args, 1);
    inner[2] = branch(b, OP_NOT, inner, 1);
    return branch(b, OP_AND, inner + 1, 2);
}

const struct bound *legacy_conditions(struct arena *a, enum expr_kind kind,
                                      const struct legacy_condition *conditions, size_t count,
                                      bool is_or)
{
    size_t value_count = 0;
    for (size_t i = 0; i < count; i++)
        value_count += conditions[i].value_count;
    struct builder b = builder_of(a, kind, count, value_count);
    const struct node **args = arena_array(a, const struct node *, count);
    for (size_t i = 0; i < count; i++)
        args[i] = condition(&b, &conditions[i]);
    b.program->root = count == 1 ? args[0] : branch(&b, is_or ? OP_OR : OP_AND, args, count);
    return finish(&b);
}

static enum clause clause_of(const struct legacy_update *update)
{
    if (update->action == LEGACY_PUT)
        return CLAUSE_SET;
    if (update->action == LEGACY_ADD)
        return CLAUSE_ADD;
    return update->value.type == VALUE_NONE ? CLAUSE_REMOVE : CLAUSE_DELETE;
}

const struct bound *legacy_updates(struct arena *a, const struct legacy_update *updates,
                                   size_t count)
{
    struct builder b = builder_of(a, EXPR_UPDATE, count, count);
    struct action *actions = arena_array(a, struct action, count);
    for (size_t i = 0; i < count; i++) {
        actions[i].clause = clause_of(&updates[i]);
        actions[i].path = add_path(&b, updates[i].name);
        if (actions[i].clause != CLAUSE_REMOVE)
            actions[i].value = add_value(&b, updates[i].value);
    }
    b.program->actions = actions;
    b.program->action_count = count;
    return finish(&b);
}
