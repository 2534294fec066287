/* Group: the paths of an update or projection in path_order, walked beside stored members. Private
 * to this folder. */
#pragma once

#include "dynamodb/expr/program.h"

/* The paths [first, end) of the order, which agree in their steps before `depth`. */
struct group {
    size_t first, end, depth;
};

static inline struct group group_all(const struct bound *b)
{
    return (struct group){0, b->target_count, 0};
}

/* The path at a position of the order. */
static inline const struct path *group_path(const struct bound *b, size_t position)
{
    return &b->targets[b->order[position]];
}

/* The step of the group's first path at its depth. */
static inline const struct path_step *group_step(const struct bound *b, struct group g)
{
    return &group_path(b, g.first)->steps[g.depth];
}

/* The paths at the head of `g` that agree in the next step too. */
static inline struct group group_next(const struct bound *b, struct group g)
{
    const struct path_step *step = group_step(b, g);
    struct group next = {g.first, g.first + 1, g.depth};
    for (; next.end < g.end; next.end++) {
        const struct path_step *other = &group_path(b, next.end)->steps[g.depth];
        if (step->is_index != other->is_index)
            break;
        if (step->is_index ? step->index != other->index : !str_eq(step->name, other->name))
            break;
    }
    return next;
}

/* Moves `rest` on to the member with that name, or to where it would be inserted; `after` is behind
 * it. Names must come in order. */
static inline struct value group_seek(struct str *rest, struct str *after, struct str wanted)
{
    struct str name;
    struct value v;
    for (*after = *rest; value_next_member(after, &name, &v); *rest = *after) {
        int order = str_compare(name, wanted);
        if (order == 0)
            return v;
        if (order > 0)
            break;
    }
    *after = *rest;
    return (struct value){0};
}
