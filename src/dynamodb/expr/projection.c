/* A projection walks the stored members once, beside its paths in path_order: both are sorted by
 * name. What a path names is copied as it lies; maps and lists on the way are written anew around
 * what was found in them, and left out when nothing was. */
#include "base/vec.h"
#include "dynamodb/expr/group.h"
#include "dynamodb/expr/nest.h"
#include "dynamodb/model/limits.h"

#include <assert.h>

static void select_members(const struct bound *b, struct group g, struct str members,
                           struct buf *out);
static void select_elements(const struct bound *b, struct group g, struct str list,
                            struct buf *out);

/* What the group selects of one value; nothing at all is told by an unchanged length. */
static void select_value(const struct bound *b, struct group g, struct value v, struct buf *out)
{
    if (group_path(b, g.first)->count == g.depth + 1) {
        value_put(out, v);
        return;
    }
    if (v.type != VALUE_M && v.type != VALUE_L)
        return;
    size_t before = out->len;
    size_t start = nest_open(out, v.type);
    struct group inside = {g.first, g.end, g.depth + 1};
    if (v.type == VALUE_M)
        select_members(b, inside, v.data, out);
    else
        select_elements(b, inside, v.data, out);
    if (out->len == start)
        out->len = before;
    else
        nest_close(out, start);
}

static void select_members(const struct bound *b, struct group g, struct str members,
                           struct buf *out)
{
    struct str name;
    struct value v;
    bool has_member = value_next_member(&members, &name, &v);
    while (has_member && g.first < g.end) {
        struct group next = group_next(b, g);
        const struct path_step *step = group_step(b, next);
        int order = step->is_index ? 1 : str_compare(name, step->name);
        if (order == 0) {
            size_t before = out->len;
            value_put_element(out, name);
            size_t after = out->len;
            select_value(b, next, v, out);
            if (out->len == after)
                out->len = before;
        }
        if (order >= 0)
            g.first = next.end;
        if (order <= 0)
            has_member = value_next_member(&members, &name, &v);
    }
}

static void select_elements(const struct bound *b, struct group g, struct str list, struct buf *out)
{
    struct value v;
    for (size_t index = 0; g.first < g.end && value_take(&list, &v); index++) {
        struct group next = group_next(b, g);
        const struct path_step *step = group_step(b, next);
        if (!step->is_index)
            return;
        if (step->index != index)
            continue;
        select_value(b, next, v, out);
        g.first = next.end;
    }
}

/* Bytes of the attributes that the paths go into: what is selected cannot be longer, but for
 * lengths that are open. */
static size_t touched_bytes(const struct bound *b, struct str attributes)
{
    size_t bytes = 0;
    struct str rest = attributes, after;
    for (struct group g = group_all(b); g.first < g.end;) {
        struct group next = group_next(b, g);
        struct str name = group_step(b, next)->name;
        bytes += name.len + group_seek(&rest, &after, name).data.len + 16;
        g.first = next.end;
    }
    return bytes;
}

static struct item select_parts(struct arena *a, const struct bound *b, struct item item)
{
    struct buf out = nest_buf(a, touched_bytes(b, item.attributes) + NEST_BYTES * LIMIT_NESTING);
    select_members(b, group_all(b), item.attributes, &out);
    assert(!out.overflowed);
    return item_of(buf_str(&out));
}

struct item projection_apply(struct arena *a, const struct bound *projection, struct item item)
{
    return select_parts(a, projection, item);
}

struct item update_project(struct arena *a, const struct bound *update, struct item item)
{
    return select_parts(a, update, item);
}

size_t projection_roots(struct arena *a, const struct bound *projection, const struct str **out)
{
    VEC(struct str) roots = {0};
    for (struct group g = group_all(projection); g.first < g.end;) {
        struct group next = group_next(projection, g);
        VEC_PUSH(a, &roots, group_step(projection, next)->name);
        g.first = next.end;
    }
    *out = roots.items;
    return roots.count;
}
