/* An update in two parts: first every new value is worked out from the item as it was, and every
 * error told; then the item is written anew in one walk beside the actions in path order. What no
 * action touches is copied as it lies; only lists and maps on an action's path are opened.
 *
 * The service tells errors in this order, which `plan` follows:
 * 1. a path whose parent is there but is no map or list, as the path needs;
 * 2. a wrong type, action by action;
 * 3. clause by clause from the last: a path without a parent, then an attribute that SET reads and
 *    that is not there;
 * 4. numbers out of range.
 *
 * Indexes mean the list as it was: removed elements close up at the end, and elements set past the
 * end are appended in the order of their index. */
#include "dynamodb/expr/group.h"
#include "dynamodb/expr/nest.h"
#include "dynamodb/model/limits.h"
#include "dynamodb/model/number.h"

#include <assert.h>

enum outcome { OUTCOME_OK, OUTCOME_MISSING, OUTCOME_WRONG_TYPE };

struct change {
    struct value value; /* VALUE_NONE removes */
    bool is_nothing;    /* nothing to write */
    bool is_missing;    /* SET read an attribute that is not there */
};

struct update {
    struct arena *arena;
    const struct bound *bound;
    struct item item;
    struct change *changes;     /* one for each action */
    struct error *out_of_range; /* the first number that was */
};

static const struct path *target(const struct update *u, size_t action)
{
    return &u->bound->targets[action];
}

static struct error *path_error(struct update *u)
{
    return invalid(u->arena,
                   "The document path provided in the update expression is invalid for update");
}

static struct error *type_error(struct update *u)
{
    if (u->bound->program->is_legacy)
        return invalid(u->arena, "Type mismatch for attribute to update");
    return invalid(u->arena, "An operand in the update expression has an incorrect data type");
}

static struct error *missing_error(struct update *u)
{
    return invalid(u->arena, "The provided expression refers to an attribute that does not exist "
                             "in the item");
}

/* -- new values ---------------------------------------------------------------------------------
 */

static enum outcome evaluate(struct update *u, const struct node *node, struct value *out);

static struct value copy_number(struct arena *a, const struct number *n)
{
    return (struct value){VALUE_N, arena_str(a, number_str(n))};
}

static void compute(struct update *u, enum op op, struct value x, struct value y, struct value *out)
{
    struct number sum;
    struct error *error = op == OP_PLUS ? number_add(u->arena, x.data, y.data, &sum)
                                        : number_subtract(u->arena, x.data, y.data, &sum);
    if (!u->out_of_range)
        u->out_of_range = error;
    *out = error ? x : copy_number(u->arena, &sum);
}

/* Both operands of +, - or list_append. */
static enum outcome evaluate_two(struct update *u, const struct node *node, enum value_type type,
                                 struct value *x, struct value *y)
{
    struct value *const out[] = {x, y};
    for (size_t i = 0; i < 2; i++) {
        enum outcome outcome = evaluate(u, node->args[i], out[i]);
        if (outcome != OUTCOME_OK)
            return outcome;
        if (out[i]->type != type)
            return OUTCOME_WRONG_TYPE;
    }
    return OUTCOME_OK;
}

static enum outcome evaluate(struct update *u, const struct node *node, struct value *out)
{
    struct value x, y;
    enum outcome outcome;
    switch ((int)node->op) {
    case OP_VALUE:
        *out = u->bound->values[node->index];
        return OUTCOME_OK;
    case OP_PATH:
        *out = path_get(u->bound->paths[node->index], u->item.attributes);
        return out->type == VALUE_NONE ? OUTCOME_MISSING : OUTCOME_OK;
    case OP_IF_NOT_EXISTS:
        if (evaluate(u, node->args[0], out) == OUTCOME_OK)
            return OUTCOME_OK;
        return evaluate(u, node->args[1], out);
    case OP_LIST_APPEND:
        outcome = evaluate_two(u, node, VALUE_L, &x, &y);
        if (outcome == OUTCOME_OK)
            *out = (struct value){VALUE_L, arena_join(u->arena, x.data, y.data)};
        return outcome;
    default: /* OP_PLUS, OP_MINUS */
        outcome = evaluate_two(u, node, VALUE_N, &x, &y);
        if (outcome == OUTCOME_OK)
            compute(u, node->op, x, y, out);
        return outcome;
    }
}

static bool is_set(enum value_type type)
{
    return type == VALUE_SS || type == VALUE_NS || type == VALUE_BS;
}

/* Both sorted: the union, or what is only in the first. */
static struct value merge_sets(struct arena *a, struct value x, struct value y, bool subtracts)
{
    struct buf out = nest_buf(a, x.data.len + y.data.len);
    struct str rest_x = x.data, rest_y = y.data, ex, ey;
    bool has_x = value_next_element(&rest_x, &ex), has_y = value_next_element(&rest_y, &ey);
    while (has_x || has_y) {
        int order = !has_y ? -1 : !has_x ? 1 : str_compare(ex, ey);
        if (order < 0 || (order == 0 && !subtracts))
            value_put_element(&out, ex);
        if (order > 0 && !subtracts)
            value_put_element(&out, ey);
        if (order <= 0)
            has_x = value_next_element(&rest_x, &ex);
        if (order >= 0)
            has_y = value_next_element(&rest_y, &ey);
    }
    assert(!out.overflowed);
    return (struct value){x.type, buf_str(&out)};
}

/* -- the plan -----------------------------------------------------------------------------------
 */

/* The list or map that holds what a path of several steps names; VALUE_NONE without one. */
static struct value parent_of(const struct update *u, const struct path *path)
{
    return path_get((struct path){path->steps, path->count - 1}, u->item.attributes);
}

static bool fits(struct value parent, const struct path *path)
{
    return parent.type == (path->steps[path->count - 1].is_index ? VALUE_L : VALUE_M);
}

static bool is_writable(const struct update *u, const struct path *path)
{
    return path->count == 1 || fits(parent_of(u, path), path);
}

static struct error *plan_set(struct update *u, const struct action *action, struct change *change)
{
    switch (evaluate(u, action->value, &change->value)) {
    case OUTCOME_WRONG_TYPE:
        return type_error(u);
    case OUTCOME_MISSING:
        change->is_missing = true;
        break;
    case OUTCOME_OK:
        break;
    }
    return NULL;
}

static struct error *plan_add(struct update *u, struct value old, struct value added,
                              struct change *change)
{
    change->value = added;
    if (old.type == VALUE_NONE)
        return NULL;
    if (old.type != added.type)
        return type_error(u);
    if (is_set(added.type)) {
        change->value = merge_sets(u->arena, old, added, false);
        return NULL;
    }
    if (added.type == VALUE_L) { /* AttributeUpdates alone can: ADD does not bind with a list */
        change->value.data = arena_join(u->arena, old.data, added.data);
        return NULL;
    }
    struct number sum;
    TRY(number_add(u->arena, old.data, added.data, &sum));
    change->value = copy_number(u->arena, &sum);
    return NULL;
}

/* A set that loses its last element is removed. */
static struct error *plan_delete(struct update *u, struct value old, struct value deleted,
                                 struct change *change)
{
    change->is_nothing = old.type == VALUE_NONE;
    if (change->is_nothing)
        return NULL;
    if (old.type != deleted.type)
        return type_error(u);
    struct value left = merge_sets(u->arena, old, deleted, true);
    if (left.data.len > 0)
        change->value = left;
    return NULL;
}

static struct error *plan_action(struct update *u, size_t index)
{
    const struct action *action = &u->bound->program->actions[index];
    struct change *change = &u->changes[index];
    if (action->clause == CLAUSE_REMOVE)
        return NULL;
    if (action->clause == CLAUSE_SET)
        return plan_set(u, action, change);
    struct value old = path_get(*target(u, index), u->item.attributes);
    struct value value = u->bound->values[action->value->index];
    if (action->clause == CLAUSE_ADD)
        return plan_add(u, old, value, change);
    return plan_delete(u, old, value, change);
}

static struct error *check_clause(struct update *u, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        if (!is_writable(u, target(u, i)))
            return path_error(u);
    for (size_t i = first; i < end; i++)
        if (u->changes[i].is_missing)
            return missing_error(u);
    return NULL;
}

static struct error *check_nesting(struct update *u)
{
    for (size_t i = 0; i < u->bound->target_count; i++)
        if (target(u, i)->count + value_depth(u->changes[i].value) > LIMIT_NESTING)
            return invalid(u->arena,
                           "Nesting Levels have exceeded supported limits: Attributes "
                           "have nesting levels greater than %u",
                           LIMIT_NESTING);
    return NULL;
}

static struct error *plan(struct update *u)
{
    const struct program *program = u->bound->program;
    for (size_t i = 0; i < program->action_count; i++) {
        const struct path *path = target(u, i);
        struct value parent = {0};
        if (path->count > 1)
            parent = parent_of(u, path);
        if (parent.type != VALUE_NONE && !fits(parent, path))
            return path_error(u);
    }
    for (size_t i = 0; i < program->action_count; i++)
        TRY(plan_action(u, i));
    for (size_t end = program->action_count, first; end > 0; end = first) {
        first = end - 1;
        while (first > 0 && program->actions[first - 1].ordinal == program->actions[first].ordinal)
            first--;
        TRY(check_clause(u, first, end));
    }
    return u->out_of_range ? u->out_of_range : check_nesting(u);
}

/* -- writing the item ---------------------------------------------------------------------------
 */

static void write_members(const struct update *u, struct group g, struct str members,
                          struct buf *out);
static void write_elements(const struct update *u, struct group g, struct str list,
                           struct buf *out);

/* The action that the group consists of, when the path of its first one ends here. */
static const struct change *change_here(const struct update *u, struct group g)
{
    size_t action = u->bound->order[g.first];
    return target(u, action)->count == g.depth + 1 ? &u->changes[action] : NULL;
}

/* What becomes of a value. With `name`, it is a map's member. A value that was not there can only
 * be set, because the plan has found the parent of every path. */
static void write_value(const struct update *u, struct group g, const struct str *name,
                        struct value old, struct buf *out)
{
    const struct change *change = change_here(u, g);
    bool is_written = !change || change->value.type != VALUE_NONE;
    if (change && change->is_nothing)
        return;
    if (is_written && name)
        value_put_element(out, *name);
    if (change) {
        if (is_written)
            value_put(out, change->value);
        return;
    }
    size_t start = nest_open(out, old.type);
    struct group inside = {g.first, g.end, g.depth + 1};
    if (old.type == VALUE_M)
        write_members(u, inside, old.data, out);
    else
        write_elements(u, inside, old.data, out);
    nest_close(out, start);
}

/* Copies the bytes from `from` up to `to`, which lie in one piece. */
static void copy_run(struct buf *out, const char *from, const char *to)
{
    buf_add(out, (struct str){from, (size_t)(to - from)});
}

static void write_members(const struct update *u, struct group g, struct str members,
                          struct buf *out)
{
    struct str rest = members, copied = members, after;
    while (g.first < g.end) {
        struct group next = group_next(u->bound, g);
        struct str wanted = group_step(u->bound, next)->name;
        struct value old = group_seek(&rest, &after, wanted);
        copy_run(out, copied.data, rest.data);
        copied = rest = after;
        write_value(u, next, &wanted, old, out);
        g.first = next.end;
    }
    buf_add(out, copied);
}

static void write_elements(const struct update *u, struct group g, struct str list, struct buf *out)
{
    struct str rest = list, copied = list;
    size_t index = 0; /* of the element at rest */
    while (g.first < g.end) {
        struct group next = group_next(u->bound, g);
        uint32_t wanted = group_step(u->bound, next)->index;
        struct value old;
        while (index < wanted && value_take(&rest, &old))
            index++;
        copy_run(out, copied.data, rest.data);
        if (value_take(&rest, &old))
            index++;
        else
            old = (struct value){0};
        copied = rest;
        write_value(u, next, NULL, old, out);
        g.first = next.end;
    }
    buf_add(out, copied);
}

/* More than what the item can grow to. */
static size_t most_bytes(const struct update *u)
{
    size_t bytes = u->item.attributes.len + NEST_BYTES;
    for (size_t i = 0; i < u->bound->target_count; i++) {
        const struct path *path = target(u, i);
        bytes += NEST_BYTES * (path->count + 2) + u->changes[i].value.data.len;
        bytes += path->steps[path->count - 1].name.len;
    }
    return bytes;
}

static size_t attribute_size(struct str name, struct value v)
{
    return v.type == VALUE_NONE ? 0 : name.len + value_size(v);
}

/* Only the attributes that were touched are counted again. */
static struct item resized(const struct update *u, struct str attributes)
{
    struct str old = u->item.attributes, new = attributes, after;
    size_t size = u->item.size_bytes;
    for (struct group g = group_all(u->bound); g.first < g.end;) {
        struct group next = group_next(u->bound, g);
        struct str name = group_step(u->bound, next)->name;
        size -= attribute_size(name, group_seek(&old, &after, name));
        size += attribute_size(name, group_seek(&new, &after, name));
        g.first = next.end;
    }
    return (struct item){attributes, (uint32_t)size};
}

struct error *update_apply(struct arena *a, const struct bound *update, struct item item,
                           struct item *out)
{
    struct update u = {.arena = a, .bound = update, .item = item};
    u.changes = arena_array(a, struct change, update->target_count);
    TRY(plan(&u));
    struct buf bytes = nest_buf(a, most_bytes(&u));
    write_members(&u, group_all(update), item.attributes, &bytes);
    assert(!bytes.overflowed);
    *out = resized(&u, buf_str(&bytes));
    return NULL;
}

bool update_touches(const struct bound *update, struct str attribute)
{
    for (size_t i = 0; i < update->target_count; i++)
        if (str_eq(update->targets[i].steps[0].name, attribute))
            return true;
    return false;
}

static bool removes(const struct action *action)
{
    return action->clause == CLAUSE_REMOVE || action->clause == CLAUSE_DELETE;
}

bool update_only_removes(const struct bound *update)
{
    const struct program *program = update->program;
    for (size_t i = 0; i < program->action_count; i++)
        if (!removes(&program->actions[i]))
            return false;
    return program->action_count > 0;
}

static enum value_type written_type(const struct bound *b, const struct action *action)
{
    if (!action->value)
        return VALUE_NONE;
    switch ((int)action->value->op) {
    case OP_PLUS:
    case OP_MINUS:
        return VALUE_N;
    case OP_LIST_APPEND:
        return VALUE_L;
    default:
        return static_type(b, action->value);
    }
}

enum value_type update_writes_type(const struct bound *update, struct str attribute)
{
    const struct program *program = update->program;
    for (size_t i = 0; i < program->action_count; i++) {
        const struct path *target = &update->paths[program->actions[i].path];
        if (target->count == 1 && str_eq(target->steps[0].name, attribute))
            return written_type(update, &program->actions[i]);
    }
    return VALUE_NONE;
}
