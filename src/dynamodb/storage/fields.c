#include "dynamodb/storage/fields.h"

#include "dynamodb/model/number.h"

#include <assert.h>

enum { MAX_RECORD_BYTES = 64 << 20 };

void fields_value(struct fields *f, struct str name, struct value v)
{
    VEC_PUSH(f->arena, &f->members, (struct member){name, v});
}

void fields_text(struct fields *f, struct str name, struct str text)
{
    if (text.len)
        fields_value(f, name, (struct value){VALUE_S, text});
}

void fields_int(struct fields *f, struct str name, int64_t number)
{
    if (!number)
        return;
    struct number n;
    struct str text = arena_printf(f->arena, "%lld", (long long)number);
    struct error *error = number_parse(f->arena, text, &n);
    assert(!error);
    fields_value(f, name, (struct value){VALUE_N, arena_str(f->arena, number_str(&n))});
}

struct value fields_map(struct fields *f)
{
    struct buf payload;
    buf_init(&payload, MAX_RECORD_BYTES);
    bool is_built = members_build(&payload, f->members.items, f->members.count);
    assert(is_built && !payload.overflowed);
    struct value map = {VALUE_M, arena_str(f->arena, buf_str(&payload))};
    buf_clear(&payload);
    return map;
}

void list_init(struct list *l)
{
    buf_init(&l->buf, MAX_RECORD_BYTES);
}

void list_add(struct list *l, struct value v)
{
    value_put(&l->buf, v);
}

struct value list_value(struct list *l, struct arena *a)
{
    assert(!l->buf.overflowed);
    struct value v = {VALUE_L, arena_str(a, buf_str(&l->buf))};
    buf_clear(&l->buf);
    return v;
}

struct str field_text(struct value map, struct str name)
{
    struct value v = value_member(map.data, name);
    return v.type == VALUE_S ? v.data : (struct str){"", 0};
}

int64_t field_int(struct value map, struct str name)
{
    struct value v = value_member(map.data, name);
    if (v.type != VALUE_N)
        return 0;
    struct buf text;
    buf_init(&text, 256);
    number_print(&text, v.data);
    struct str digits = buf_str(&text);
    bool is_negative = digits.len && digits.data[0] == '-';
    uint64_t number = 0;
    bool is_int = str_to_u64(str_from(digits, is_negative), INT64_MAX, &number);
    buf_clear(&text);
    if (!is_int)
        return 0;
    return is_negative ? -(int64_t)number : (int64_t)number;
}
