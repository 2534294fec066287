#include "dynamodb/api/project.h"

#include "dynamodb/api/attribute.h"
#include "dynamodb/model/errors.h"

#include <string.h>

struct error *show_check(struct arena *a, const string_list *attributes)
{
    for (size_t i = 0; i < attributes->count; i++)
        TRY(attribute_check_name(a, attributes->items[i]));
    for (size_t i = 0; i < attributes->count; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq(attributes->items[i], attributes->items[k]))
                return invalid(a,
                               "One or more parameter values were invalid: Duplicate value in "
                               "attribute name: %.*s",
                               STR_ARG(attributes->items[i]));
    return NULL;
}

static bool is_listed(const string_list *attributes, struct str name)
{
    for (size_t i = 0; i < attributes->count; i++)
        if (str_eq(attributes->items[i], name))
            return true;
    return false;
}

/* Members stay in their order, so what is left is canonical too. */
static struct item pick(struct arena *a, const string_list *attributes, struct item item)
{
    char *start = arena_alloc(a, item.attributes.len + 1), *at = start;
    struct str rest = item.attributes, name;
    struct value v;
    while (rest.len) {
        struct str before = rest;
        if (!value_next_member(&rest, &name, &v))
            break;
        if (!is_listed(attributes, name))
            continue;
        size_t len = before.len - rest.len;
        memcpy(at, before.data, len);
        at += len;
    }
    return item_of((struct str){start, (size_t)(at - start)});
}

struct item show_apply(struct arena *a, const struct show *show, struct item item)
{
    if (show->projection)
        return projection_apply(a, show->projection, item);
    if (show->attributes && show->attributes->is_given)
        return pick(a, show->attributes, item);
    return item;
}
