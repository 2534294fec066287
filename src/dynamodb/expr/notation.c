#include "dynamodb/expr/notation.h"

#include "base/vec.h"
#include "dynamodb/model/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct arena *arena;
    const char *at;
};

static void fail(const struct reader *r)
{
    fprintf(stderr, "notation: cannot read \"%s\"\n", r->at);
    abort();
}

static bool take(struct reader *r, const char *word)
{
    while (*r->at == ' ' || *r->at == ',')
        r->at++;
    if (strncmp(r->at, word, strlen(word)) != 0)
        return false;
    r->at += strlen(word);
    return true;
}

static struct str until(struct reader *r, const char *ends)
{
    const char *start = r->at;
    r->at += strcspn(start, ends);
    return (struct str){start, (size_t)(r->at - start)};
}

static struct str number(struct reader *r, struct str text)
{
    struct number n;
    if (number_parse(r->arena, text, &n))
        fail(r);
    return arena_str(r->arena, number_str(&n));
}

static struct str finish(struct reader *r, struct buf *b)
{
    struct str bytes = arena_str(r->arena, buf_str(b));
    buf_clear(b);
    return bytes;
}

static struct value read_value(struct reader *r);

static struct value read_set(struct reader *r, enum value_type type)
{
    VEC(struct str) elements = {0};
    struct buf b;
    while (!take(r, ")")) {
        struct str element = until(r, " )");
        if (element.len == 0)
            fail(r);
        VEC_PUSH(r->arena, &elements, type == VALUE_NS ? number(r, element) : element);
    }
    buf_init(&b, 1 << 20);
    if (!set_build(&b, elements.items, elements.count))
        fail(r);
    return (struct value){type, finish(r, &b)};
}

static struct value read_list(struct reader *r)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    while (!take(r, "]"))
        value_put(&b, read_value(r));
    return (struct value){VALUE_L, finish(r, &b)};
}

typedef VEC(struct member) member_vec;

static void read_members(struct reader *r, member_vec *out)
{
    while (!take(r, "}")) {
        const char *colon = strstr(r->at, ": ");
        if (!colon)
            fail(r);
        struct str name = {r->at, (size_t)(colon - r->at)};
        r->at = colon + 2;
        VEC_PUSH(r->arena, out, (struct member){name, read_value(r)});
    }
}

static struct value read_map(struct reader *r)
{
    member_vec members = {0};
    struct buf b;
    read_members(r, &members);
    buf_init(&b, 1 << 20);
    if (!members_build(&b, members.items, members.count))
        fail(r);
    return (struct value){VALUE_M, finish(r, &b)};
}

static struct value read_quoted(struct reader *r, enum value_type type)
{
    struct value v = {type, until(r, "'")};
    if (*r->at++ != '\'')
        fail(r);
    return v;
}

static struct value read_value(struct reader *r)
{
    if (take(r, "'"))
        return read_quoted(r, VALUE_S);
    if (take(r, "b'"))
        return read_quoted(r, VALUE_B);
    if (take(r, "true"))
        return (struct value){VALUE_BOOL, S("\x01")};
    if (take(r, "false"))
        return (struct value){VALUE_BOOL, {"\0", 1}};
    if (take(r, "null"))
        return (struct value){VALUE_NULL, S("")};
    if (take(r, "ss("))
        return read_set(r, VALUE_SS);
    if (take(r, "ns("))
        return read_set(r, VALUE_NS);
    if (take(r, "bs("))
        return read_set(r, VALUE_BS);
    if (take(r, "["))
        return read_list(r);
    if (take(r, "{"))
        return read_map(r);
    return (struct value){VALUE_N, number(r, until(r, " ,]}"))};
}

struct value notation_value(struct arena *a, const char *text)
{
    struct reader r = {a, text};
    return read_value(&r);
}

struct item notation_item(struct arena *a, const char *text)
{
    return item_of(notation_value(a, text).data);
}

struct expr_params notation_params(struct arena *a, const char *names, const char *values)
{
    struct expr_params params = {0};
    member_vec n = {0}, v = {0};
    struct reader r = {a, names ? names : "{}"};
    if (!take(&r, "{"))
        fail(&r);
    read_members(&r, &n);
    r.at = values ? values : "{}";
    if (!take(&r, "{"))
        fail(&r);
    read_members(&r, &v);
    params.names = arena_array(a, struct expr_name, n.count);
    params.values = arena_array(a, struct expr_value, v.count);
    params.name_count = n.count;
    params.value_count = v.count;
    for (size_t i = 0; i < n.count; i++)
        params.names[i] = (struct expr_name){n.items[i].name, n.items[i].value.data, false};
    for (size_t i = 0; i < v.count; i++)
        params.values[i] = (struct expr_value){v.items[i].name, v.items[i].value, false};
    return params;
}

/* -- showing -------------------------------------------------------------------------------------
 */

static void show(struct buf *out, struct value v);

static void show_children(struct buf *out, struct value v)
{
    struct str rest = v.data, name;
    struct value child;
    const char *comma = "";
    while (v.type == VALUE_L ? value_take(&rest, &child)
                             : value_next_member(&rest, &name, &child)) {
        buf_add_z(out, comma);
        if (v.type == VALUE_M)
            buf_printf(out, "%.*s: ", STR_ARG(name));
        show(out, child);
        comma = ", ";
    }
}

static void show_set(struct buf *out, struct value v)
{
    struct str rest = v.data, element;
    const char *space = "";
    while (value_next_element(&rest, &element)) {
        buf_add_z(out, space);
        if (v.type == VALUE_NS)
            number_print(out, element);
        else
            buf_add(out, element);
        space = " ";
    }
}

static void show(struct buf *out, struct value v)
{
    switch (v.type) {
    case VALUE_NONE:
        buf_add_z(out, "none");
        break;
    case VALUE_S:
        buf_printf(out, "'%.*s'", STR_ARG(v.data));
        break;
    case VALUE_B:
        buf_printf(out, "b'%.*s'", STR_ARG(v.data));
        break;
    case VALUE_N:
        number_print(out, v.data);
        break;
    case VALUE_BOOL:
        buf_add_z(out, v.data.data[0] ? "true" : "false");
        break;
    case VALUE_NULL:
        buf_add_z(out, "null");
        break;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        buf_add_z(out, v.type == VALUE_SS ? "ss(" : v.type == VALUE_NS ? "ns(" : "bs(");
        show_set(out, v);
        buf_add_char(out, ')');
        break;
    case VALUE_L:
    case VALUE_M:
        buf_add_char(out, v.type == VALUE_L ? '[' : '{');
        show_children(out, v);
        buf_add_char(out, v.type == VALUE_L ? ']' : '}');
        break;
    }
}

struct str notation_show(struct arena *a, struct value v)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    show(&out, v);
    struct str text = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return text;
}

struct str notation_show_item(struct arena *a, struct item item)
{
    return notation_show(a, (struct value){VALUE_M, item.attributes});
}
