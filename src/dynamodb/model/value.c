#include "dynamodb/model/value.h"

#include "dynamodb/model/limits.h"
#include "dynamodb/model/number.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct str type_names[] = {
    [VALUE_NONE] = STR_INIT(""), [VALUE_S] = STR_INIT("S"),       [VALUE_N] = STR_INIT("N"),
    [VALUE_B] = STR_INIT("B"),   [VALUE_BOOL] = STR_INIT("BOOL"), [VALUE_NULL] = STR_INIT("NULL"),
    [VALUE_SS] = STR_INIT("SS"), [VALUE_NS] = STR_INIT("NS"),     [VALUE_BS] = STR_INIT("BS"),
    [VALUE_L] = STR_INIT("L"),   [VALUE_M] = STR_INIT("M"),
};

struct str value_type_name(enum value_type type)
{
    return type_names[type];
}

bool value_type_parse(struct str name, enum value_type *out)
{
    for (size_t i = VALUE_S; i < countof(type_names); i++) {
        if (str_eq(name, type_names[i])) {
            *out = (enum value_type)i;
            return true;
        }
    }
    return false;
}

bool value_equal(struct value a, struct value b)
{
    return a.type == b.type && str_eq(a.data, b.data);
}

int value_compare(struct value a, struct value b)
{
    return str_compare(a.data, b.data);
}

/* -- varints and pieces -------------------------------------------------------------------------
 */

void varint_put(struct buf *out, uint32_t number)
{
    char bytes[5];
    size_t count = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[count++] = (char)(number | 0x80);
    bytes[count++] = (char)number;
    buf_add(out, (struct str){bytes, count});
}

const char *value_read_long_varint(const char *at, const char *end, uint32_t *out)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 5 && at < end; i++) {
        uint8_t byte = (uint8_t)*at++;
        number |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte >= 0x80)
            continue;
        /* Only the shortest form is taken: otherwise equal values could have different bytes. */
        if (byte == 0 || number > UINT32_MAX)
            return NULL;
        *out = (uint32_t)number;
        return at;
    }
    return NULL;
}

bool varint_take(struct str *rest, uint32_t *out)
{
    const char *end = value_end_of(*rest);
    return value_advance(rest, end, value_read_varint(rest->data, end, out));
}

void value_put_element(struct buf *out, struct str element)
{
    assert(element.len <= UINT32_MAX);
    varint_put(out, (uint32_t)element.len);
    buf_add(out, element);
}

bool value_next_element(struct str *rest, struct str *element)
{
    const char *end = value_end_of(*rest);
    return value_advance(rest, end, value_read_piece(rest->data, end, element));
}

void value_put(struct buf *out, struct value v)
{
    assert(v.type != VALUE_NONE);
    buf_add_char(out, (char)v.type);
    value_put_element(out, v.data);
}

void value_put_member(struct buf *out, struct str name, struct value v)
{
    value_put_element(out, name);
    value_put(out, v);
}

/* -- looking inside -----------------------------------------------------------------------------
 */

static inline int compare_names(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

struct value value_member(struct str members, struct str name)
{
    const char *at = members.data, *end = value_end_of(members);
    struct str here;
    struct value v;
    while ((at = value_read_member(at, end, &here, &v))) {
        int order = compare_names(here, name);
        if (order == 0)
            return v;
        if (order > 0)
            break;
    }
    return (struct value){0};
}

struct value value_at(struct str list, size_t index)
{
    const char *at = list.data, *end = value_end_of(list);
    struct value v;
    while ((at = value_read(at, end, &v)))
        if (index-- == 0)
            return v;
    return (struct value){0};
}

size_t value_count(struct value v)
{
    struct str rest = v.data, piece;
    struct value element;
    size_t count = 0;
    switch (v.type) {
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        while (value_next_element(&rest, &piece))
            count++;
        break;
    case VALUE_L:
        while (value_take(&rest, &element))
            count++;
        break;
    case VALUE_M:
        while (value_next_member(&rest, &piece, &element))
            count++;
        break;
    case VALUE_NONE:
    case VALUE_S:
    case VALUE_N:
    case VALUE_B:
    case VALUE_BOOL:
    case VALUE_NULL:
        break;
    }
    return count;
}

bool value_set_contains(struct value set, struct str element)
{
    struct str rest = set.data, at;
    while (value_next_element(&rest, &at)) {
        int order = str_compare(at, element);
        if (order >= 0)
            return order == 0;
    }
    return false;
}

static size_t elements_size(struct value set)
{
    struct str rest = set.data, element;
    size_t size = 0;
    while (value_next_element(&rest, &element))
        size += set.type == VALUE_NS ? number_size(element) : element.len;
    return size;
}

/* A list or map counts three bytes, and one more for each element. */
static size_t children_size(struct value v)
{
    const char *at = v.data.data, *end = value_end_of(v.data);
    struct str name = {"", 0};
    struct value child;
    size_t size = 3;
    while ((at = v.type == VALUE_L ? value_read(at, end, &child)
                                   : value_read_member(at, end, &name, &child)))
        size += 1 + name.len + value_size(child);
    return size;
}

size_t value_size(struct value v)
{
    switch (v.type) {
    case VALUE_NONE:
        return 0;
    case VALUE_S:
    case VALUE_B:
        return v.data.len;
    case VALUE_N:
        return number_size(v.data);
    case VALUE_BOOL:
    case VALUE_NULL:
        return 1;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return elements_size(v);
    case VALUE_L:
    case VALUE_M:
        return children_size(v);
    }
    return 0;
}

size_t value_depth(struct value v)
{
    if (v.type != VALUE_L && v.type != VALUE_M)
        return 0;
    struct str rest = v.data, name;
    struct value child;
    size_t deepest = 0;
    while (v.type == VALUE_L ? value_take(&rest, &child)
                             : value_next_member(&rest, &name, &child)) {
        size_t depth = value_depth(child);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

/* -- bytes from outside -------------------------------------------------------------------------
 */

static bool is_wellformed(struct value v, size_t depth_left);

static bool is_number(struct str data)
{
    return data.len > 0 && number_encoded_len(data) == data.len;
}

static bool is_wellformed_set(struct value v)
{
    struct str rest = v.data, element, last = {0};
    bool is_first = true;
    while (rest.len > 0) {
        if (!value_next_element(&rest, &element))
            return false;
        if (!is_first && str_compare(last, element) >= 0)
            return false;
        if (v.type == VALUE_SS && !str_is_utf8(element))
            return false;
        if (v.type == VALUE_NS && !is_number(element))
            return false;
        last = element;
        is_first = false;
    }
    return !is_first;
}

static bool is_wellformed_list(struct str rest, size_t depth_left)
{
    struct value child;
    while (rest.len > 0)
        if (!value_take(&rest, &child) || !is_wellformed(child, depth_left))
            return false;
    return true;
}

static bool is_wellformed_map(struct str rest, size_t depth_left)
{
    struct str name, last = {0};
    struct value child;
    for (bool is_first = true; rest.len > 0; is_first = false) {
        if (!value_next_member(&rest, &name, &child) || !str_is_utf8(name))
            return false;
        if (!is_first && str_compare(last, name) >= 0)
            return false;
        if (!is_wellformed(child, depth_left))
            return false;
        last = name;
    }
    return true;
}

static bool is_wellformed(struct value v, size_t depth_left)
{
    switch (v.type) {
    case VALUE_NONE:
        return false;
    case VALUE_S:
        return str_is_utf8(v.data);
    case VALUE_N:
        return is_number(v.data);
    case VALUE_B:
        return true;
    case VALUE_BOOL:
        return v.data.len == 1 && (v.data.data[0] == 0 || v.data.data[0] == 1);
    case VALUE_NULL:
        return v.data.len == 0;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return is_wellformed_set(v);
    case VALUE_L:
        return depth_left > 0 && is_wellformed_list(v.data, depth_left - 1);
    case VALUE_M:
        return depth_left > 0 && is_wellformed_map(v.data, depth_left - 1);
    }
    return false;
}

/* An item is one level around its attributes' own. */
bool value_is_wellformed(struct value v)
{
    return is_wellformed(v, LIMIT_NESTING + 1);
}

/* -- building -----------------------------------------------------------------------------------
 */

static int order_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return str_compare(x->name, y->name);
}

static int order_elements(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    return str_compare(*x, *y);
}

/* Requests mostly come small or sorted: that is worth a look before sorting. */
static void sort_members(struct member *members, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (order_members(&members[i - 1], &members[i]) > 0) {
            qsort(members, count, sizeof *members, order_members);
            return;
        }
    }
}

bool members_build(struct buf *out, struct member *members, size_t count)
{
    sort_members(members, count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && str_eq(members[i - 1].name, members[i].name))
            return false;
        value_put_member(out, members[i].name, members[i].value);
    }
    return true;
}

bool set_build(struct buf *out, struct str *elements, size_t count)
{
    if (count > 1)
        qsort(elements, count, sizeof *elements, order_elements);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && str_eq(elements[i - 1], elements[i]))
            return false;
        value_put_element(out, elements[i]);
    }
    return true;
}
