/* With n attributes besides the table's sort key of k bytes:
 *
 *     body = n + stored sizes of their values
 *     page size = 2 + body + (1 + (1 + body) / 3072) * (18 + k)
 */
#include "dynamodb/api/page_size.h"

static uint64_t members_size(struct str members);
static uint64_t stored_size(struct value v);

/* A string, and the bytes that its length takes. */
static inline uint64_t text_size(struct str text)
{
    return text.len + (text.len < 128 ? 1 : text.len < 16384 ? 2 : 3);
}

static uint64_t elements_size(struct str rest)
{
    uint64_t sum = 0;
    struct value v;
    while (value_take(&rest, &v))
        sum += 1 + stored_size(v);
    return sum;
}

static uint64_t stored_size(struct value v)
{
    switch (v.type) {
    case VALUE_NONE:
    case VALUE_NULL:
        return 0;
    case VALUE_BOOL:
        return 1;
    case VALUE_S:
        return text_size(v.data);
    case VALUE_N:
    case VALUE_B:
        return value_size(v) + 1;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return value_size(v) + value_count(v) + 1;
    case VALUE_L:
        return 3 + elements_size(v.data);
    case VALUE_M:
        return 3 + value_count(v) + members_size(v.data);
    }
    return 0;
}

static uint64_t members_size(struct str members)
{
    uint64_t sum = 0;
    struct str name;
    struct value v;
    while (value_next_member(&members, &name, &v))
        sum += 1 + stored_size(v);
    return sum;
}

uint64_t page_size_of(const struct table *t, struct item item)
{
    struct str sort = t->keys.sort_count ? t->keys.sort[0].name : (struct str){0};
    struct str rest = item.attributes, name;
    uint64_t sort_size = 0, body = 0;
    struct value v;
    while (value_next_member(&rest, &name, &v)) {
        if (sort.len && str_eq(name, sort))
            sort_size = value_size(v);
        else
            body += 1 + (v.type == VALUE_S ? text_size(v.data) : stored_size(v));
    }
    return 2 + body + (1 + (1 + body) / 3072) * (18 + sort_size);
}
