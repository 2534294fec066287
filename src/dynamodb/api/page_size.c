/* With n attributes besides the table's sort key of k bytes:
 *
 *     body = n + stored sizes of their values
 *     page size = 2 + body + (1 + (1 + body) / 3072) * (18 + k)
 */
#include "dynamodb/api/page_size.h"

static uint64_t members_size(struct str members, struct str skipped);
static uint64_t stored_size(struct value v);

/* Bytes that the length of a string takes. */
static uint64_t length_size(uint64_t len)
{
    return len < 128 ? 1 : len < 16384 ? 2 : 3;
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
        return v.data.len + length_size(v.data.len);
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
        return 3 + value_count(v) + members_size(v.data, (struct str){0});
    }
    return 0;
}

static uint64_t members_size(struct str members, struct str skipped)
{
    uint64_t sum = 0;
    struct str name;
    struct value v;
    while (value_next_member(&members, &name, &v))
        if (!skipped.len || !str_eq(name, skipped))
            sum += 1 + stored_size(v);
    return sum;
}

uint64_t page_size_of(const struct table *t, struct item item)
{
    struct str sort = t->keys.sort_count ? t->keys.sort[0].name : (struct str){0};
    uint64_t sort_size = sort.len ? value_size(value_member(item.attributes, sort)) : 0;
    uint64_t body = members_size(item.attributes, sort);
    return 2 + body + (1 + (1 + body) / 3072) * (18 + sort_size);
}
