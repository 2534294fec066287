#include "base/vec.h"
#include "dynamodb/expr/program.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* -- resolving -----------------------------------------------------------------------------------
 */

enum { FEW_PARAMS = 16 };

/* The parameters in order of placeholder, so that many of them and many uses do not multiply. */
struct sorted {
    struct str placeholder;
    size_t index;
};

static int order_sorted(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    return str_compare(x->placeholder, y->placeholder);
}

/* Finds by placeholder in an array of structs that begin with it. */
struct lookup {
    const char *items;
    size_t item_size, count;
    struct sorted *sorted; /* NULL for a few */
};

static struct lookup lookup_of(struct arena *a, const void *items, size_t item_size, size_t count,
                               size_t uses)
{
    struct lookup l = {items, item_size, count, NULL};
    if (count <= FEW_PARAMS || uses <= 1)
        return l;
    l.sorted = arena_array(a, struct sorted, count);
    for (size_t i = 0; i < count; i++) {
        memcpy(&l.sorted[i].placeholder, l.items + i * item_size, sizeof(struct str));
        l.sorted[i].index = i;
    }
    qsort(l.sorted, count, sizeof *l.sorted, order_sorted);
    return l;
}

static bool lookup_find(const struct lookup *l, struct str placeholder, size_t *out)
{
    if (l->sorted) {
        struct sorted key = {placeholder, 0};
        struct sorted *found = bsearch(&key, l->sorted, l->count, sizeof key, order_sorted);
        *out = found ? found->index : 0;
        return found != NULL;
    }
    for (size_t i = 0; i < l->count; i++) {
        struct str at;
        memcpy(&at, l->items + i * l->item_size, sizeof at);
        *out = i;
        if (str_eq(at, placeholder))
            return true;
    }
    return false;
}

static const struct str *resolve_names(struct arena *a, const struct program *program,
                                       struct expr_params *params, bool *is_defined)
{
    struct str *names = arena_alloc(a, sizeof *names * program->name_count);
    struct lookup l =
        lookup_of(a, params->names, sizeof *params->names, params->name_count, program->name_count);
    for (size_t i = 0; i < program->name_count; i++) {
        size_t at;
        is_defined[i] = lookup_find(&l, program->names[i], &at);
        names[i] = program->names[i];
        if (!is_defined[i])
            continue;
        names[i] = params->names[at].name;
        params->names[at].is_used = true;
    }
    return names;
}

static const struct value *resolve_values(struct arena *a, const struct program *program,
                                          struct expr_params *params, bool *is_defined)
{
    struct value *values = arena_array(a, struct value, program->value_count);
    struct lookup l = lookup_of(a, params->values, sizeof *params->values, params->value_count,
                                program->value_count);
    for (size_t i = 0; i < program->value_count; i++) {
        size_t at;
        is_defined[i] = lookup_find(&l, program->values[i], &at);
        if (!is_defined[i])
            continue;
        values[i] = params->values[at].value;
        params->values[at].is_used = true;
    }
    return values;
}

static struct path resolve_path(struct arena *a, const struct program_path *path,
                                const struct str *names)
{
    if (!path->placeholders)
        return path->path;
    struct path_step *steps = arena_alloc(a, sizeof *steps * path->path.count);
    for (size_t i = 0; i < path->path.count; i++) {
        steps[i] = path->path.steps[i];
        if (path->placeholders[i] != NOT_A_PLACEHOLDER)
            steps[i].name = names[path->placeholders[i]];
    }
    return (struct path){steps, path->path.count};
}

/* -- what is written or projected, in order ------------------------------------------------------
 */

int path_order(const struct path *a, const struct path *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        const struct path_step *x = &a->steps[i], *y = &b->steps[i];
        int order = x->is_index != y->is_index ? y->is_index - x->is_index
                    : x->is_index              ? (x->index > y->index) - (x->index < y->index)
                                               : str_compare(x->name, y->name);
        if (order != 0)
            return order;
    }
    return (a->count > b->count) - (a->count < b->count);
}

static int order_by_path(const void *a, const void *b, void *context)
{
    const struct path *targets = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = path_order(&targets[x], &targets[y]);
    return order != 0 ? order : (x > y) - (x < y);
}

void bind_targets(struct arena *a, struct bound *bound)
{
    const struct program *program = bound->program;
    bool is_update = program->kind == EXPR_UPDATE;
    size_t count = is_update ? program->action_count : program->path_count;
    struct path *targets = arena_alloc(a, sizeof *targets * count);
    uint32_t *order = arena_alloc(a, sizeof *order * count);
    for (size_t i = 0; i < count; i++) {
        targets[i] = bound->paths[is_update ? program->actions[i].path : i];
        order[i] = (uint32_t)i;
    }
    if (count > 1)
        qsort_r(order, count, sizeof *order, order_by_path, targets);
    bound->targets = targets;
    bound->target_count = count;
    bound->order = order;
}

static struct error *check_projection(struct arena *a, const struct bound *bound)
{
    for (size_t i = 0; i < bound->program->path_count; i++)
        TRY(check_path_defined(a, bound, (uint32_t)i));
    return check_overlaps(a, bound->program->kind, bound->targets, bound->order,
                          bound->target_count);
}

struct error *expr_bind(struct arena *a, const struct program *program, struct expr_params *params,
                        const struct bound **out)
{
    struct bound *bound = arena_new(a, struct bound);
    bool *is_defined = arena_array(a, bool, program->name_count + program->value_count);
    const struct str *names = resolve_names(a, program, params, is_defined);
    struct path *paths = arena_alloc(a, sizeof *paths * program->path_count);
    for (size_t i = 0; i < program->path_count; i++)
        paths[i] = resolve_path(a, &program->paths[i], names);
    bound->program = program;
    bound->is_defined = is_defined;
    bound->paths = paths;
    bound->values = resolve_values(a, program, params, is_defined + program->name_count);
    switch (program->kind) {
    case EXPR_CONDITION:
    case EXPR_FILTER:
    case EXPR_KEY_CONDITION:
        TRY(check_condition(a, bound, program->root));
        break;
    case EXPR_PROJECTION:
        bind_targets(a, bound);
        TRY(check_projection(a, bound));
        break;
    case EXPR_UPDATE:
        bind_targets(a, bound);
        TRY(check_update(a, bound));
        break;
    }
    *out = bound;
    return NULL;
}

bool expr_looks_inside(const struct bound *bound, struct str attribute)
{
    for (size_t i = 0; i < bound->program->path_count; i++)
        if (bound->paths[i].count > 1 && str_eq(bound->paths[i].steps[0].name, attribute))
            return true;
    return false;
}

/* -- what nobody used -----------------------------------------------------------------------------
 */

/* The service lists keys as a Java HashSet gives them out: by slot of their hash, in a table that
 * had room for all keys. */
struct slot {
    uint32_t slot;
    size_t index;
    struct str key;
};

static int order_slots(const void *a, const void *b)
{
    const struct slot *x = a, *y = b;
    if (x->slot != y->slot)
        return x->slot < y->slot ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static uint32_t java_hash(struct str key)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < key.len; i++)
        hash = hash * 31 + (unsigned char)key.data[i];
    return hash ^ hash >> 16;
}

static struct str join_keys(struct arena *a, struct slot *slots, size_t count, size_t total)
{
    size_t cap = 16;
    while (cap < total * 4 / 3 + 1)
        cap *= 2;
    for (size_t i = 0; i < count; i++) {
        slots[i].slot = java_hash(slots[i].key) & (uint32_t)(cap - 1);
        slots[i].index = i;
    }
    qsort(slots, count, sizeof *slots, order_slots);
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += slots[i].key.len + 2;
    char *text = arena_alloc(a, len), *at = text;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            at = mempcpy(at, ", ", 2);
        at = mempcpy(at, slots[i].key.data, slots[i].key.len);
    }
    return (struct str){text, (size_t)(at - text)};
}

struct str join_as_hash_set(struct arena *a, const struct str *names, size_t count)
{
    struct slot *slots = arena_array(a, struct slot, count);
    for (size_t i = 0; i < count; i++)
        slots[i].key = names[i];
    return join_keys(a, slots, count, count);
}

static struct error *unused_error(struct arena *a, const char *parameter, struct slot *slots,
                                  size_t count, size_t total)
{
    struct str keys = join_keys(a, slots, count, total);
    return invalid(a, "Value provided in %s unused in expressions: keys: {%.*s}", parameter,
                   STR_ARG(keys));
}

struct error *expr_check_unused(struct arena *a, const struct expr_params *params)
{
    VEC(struct slot) unused = {0};
    for (size_t i = 0; i < params->name_count; i++)
        if (!params->names[i].is_used)
            VEC_PUSH(a, &unused, (struct slot){.key = params->names[i].placeholder});
    if (unused.count > 0)
        return unused_error(a, "ExpressionAttributeNames", unused.items, unused.count,
                            params->name_count);
    for (size_t i = 0; i < params->value_count; i++)
        if (!params->values[i].is_used)
            VEC_PUSH(a, &unused, (struct slot){.key = params->values[i].placeholder});
    if (unused.count > 0)
        return unused_error(a, "ExpressionAttributeValues", unused.items, unused.count,
                            params->value_count);
    return NULL;
}
