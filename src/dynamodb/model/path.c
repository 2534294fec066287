#include "dynamodb/model/path.h"

#include "base/buf.h"

struct value path_get(struct path p, struct str attributes)
{
    struct value v = {VALUE_M, attributes};
    for (size_t i = 0; i < p.count && v.type != VALUE_NONE; i++) {
        const struct path_step *step = &p.steps[i];
        if (v.type != (step->is_index ? VALUE_L : VALUE_M))
            return (struct value){0};
        v = step->is_index ? value_at(v.data, step->index) : value_member(v.data, step->name);
    }
    return v;
}

enum path_relation path_compare(struct path a, struct path b)
{
    for (size_t i = 0; i < a.count && i < b.count; i++) {
        const struct path_step *x = &a.steps[i], *y = &b.steps[i];
        if (x->is_index != y->is_index)
            return PATHS_CONFLICT;
        if (x->is_index ? x->index != y->index : !str_eq(x->name, y->name))
            return PATHS_APART;
    }
    return PATHS_OVERLAP;
}

struct str path_show(struct arena *a, struct path p)
{
    struct str shown = S("[");
    for (size_t i = 0; i < p.count; i++) {
        const struct path_step *step = &p.steps[i];
        const char *comma = i > 0 ? ", " : "";
        struct str part = step->is_index ? arena_printf(a, "%s[%u]", comma, step->index)
                                         : arena_printf(a, "%s%.*s", comma, STR_ARG(step->name));
        shown = arena_join(a, shown, part);
    }
    return arena_join(a, shown, S("]"));
}
