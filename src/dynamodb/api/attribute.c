/* How a map is written in one pass, though its members must stand in the order of their names and
 * its length goes before them:
 *
 *     M  ?  | 1 b <value>  1 a <value> |            one byte is left for the length
 *           ^ span                                  a span for each member, on a stack of spans
 *     M 12  | 1 a <value>  1 b <value> |            at the end: sorted if need be, length filled in
 *
 * A payload of 128 bytes or more moves up by the bytes its length needs beyond the one. Sets go the
 * same way, their elements taking the members' place. Offsets count from the sink's start, because
 * the bytes move when the sink needs more room. */
#include "dynamodb/api/attribute.h"

#include "base/encode.h"
#include "base/vec.h"
#include "dynamodb/api/layer.h"
#include "dynamodb/api/typed.h"
#include "dynamodb/model/errors.h"
#include "dynamodb/model/limits.h"
#include "dynamodb/model/number.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

/* -- the sink ---------------------------------------------------------------------------------- */

/* One member or element: its whole bytes, and the name or bytes that order it. */
struct attribute_span {
    uint32_t start, end;
    uint32_t key, key_len;
    uint32_t position; /* as sent: of two members with one name the later counts */
};

static uint32_t offset(const struct attribute_sink *s)
{
    return (uint32_t)(s->at - s->start);
}

/* Moves the value under way to a larger place; what was finished before stays where it is. */
static void grow(struct attribute_sink *s, size_t more)
{
    size_t used = (size_t)(s->at - s->start);
    size_t cap = (used + more) * 2 < 1024 ? 1024 : (used + more) * 2;
    char *place = arena_alloc(s->arena, cap);
    if (used)
        memcpy(place, s->start, used);
    s->start = place;
    s->at = place + used;
    s->end = place + cap;
}

static inline char *reserve(struct attribute_sink *s, size_t more)
{
    if ((size_t)(s->end - s->at) < more)
        grow(s, more);
    return s->at;
}

static inline size_t varint_len(uint32_t number)
{
    return number < 1u << 7    ? 1
           : number < 1u << 14 ? 2
           : number < 1u << 21 ? 3
                               : 4 + (number >> 28 != 0);
}

static inline char *write_varint(char *at, uint32_t number)
{
    for (; number >= 128; number >>= 7)
        *at++ = (char)(number | 128);
    *at++ = (char)number;
    return at;
}

/* Length and bytes, as a name, an element or a payload. */
static void put_bytes(struct attribute_sink *s, struct str bytes)
{
    char *at = write_varint(reserve(s, bytes.len + 5), (uint32_t)bytes.len);
    if (bytes.len)
        memcpy(at, bytes.data, bytes.len);
    s->at = at + bytes.len;
}

static void put_tagged(struct attribute_sink *s, enum value_type type, struct str payload)
{
    *reserve(s, 1) = (char)type;
    s->at++;
    put_bytes(s, payload);
}

/* Begins a payload of unknown length; end_payload takes what this gives. */
static uint32_t begin_payload(struct attribute_sink *s, enum value_type type)
{
    char *at = reserve(s, 2);
    at[0] = (char)type;
    s->at += 2;
    return offset(s);
}

static void end_payload(struct attribute_sink *s, uint32_t start)
{
    uint32_t len = offset(s) - start;
    size_t extra = varint_len(len) - 1;
    if (extra) {
        reserve(s, extra);
        memmove(s->start + start + extra, s->start + start, len);
        s->at += extra;
    }
    write_varint(s->start + start - 1, len);
}

/* -- spans ------------------------------------------------------------------------------------- */

static void push_span(struct attribute_sink *s, struct attribute_span span)
{
    if (s->span_count == s->span_cap)
        s->spans = vec_grow(s->arena, s->spans, sizeof *s->spans, s->span_count, &s->span_cap);
    s->spans[s->span_count++] = span;
}

static struct str span_key(const struct attribute_sink *s, const struct attribute_span *span)
{
    return (struct str){s->start + span->key, span->key_len};
}

struct keyed_span {
    struct attribute_span span;
    const char *start;
};

static int compare_spans(const void *left, const void *right)
{
    const struct keyed_span *x = left, *y = right;
    int order = str_compare((struct str){x->start + x->span.key, x->span.key_len},
                            (struct str){y->start + y->span.key, y->span.key_len});
    if (order)
        return order;
    return x->span.position < y->span.position ? -1 : 1;
}

/* Few, as most maps have: by insertion, which needs no more memory and keeps equals in order. */
#define FEW 24

static void order_spans(struct keyed_span *order, size_t count)
{
    if (count > FEW) {
        qsort(order, count, sizeof *order, compare_spans);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct keyed_span taken = order[i];
        size_t j = i;
        for (; j > 0 && compare_spans(&taken, &order[j - 1]) < 0; j--)
            order[j] = order[j - 1];
        order[j] = taken;
    }
}

/* Puts the spans from `first` on into order, and their bytes with them. When a key came twice, the
 * one sent last is kept and the spans are given in order; those not kept have no start. */
static const struct keyed_span *sort_spans(struct attribute_sink *s, size_t first, uint32_t start)
{
    size_t count = s->span_count - first;
    bool is_sorted = true;
    for (size_t i = first + 1; i < s->span_count && is_sorted; i++)
        is_sorted = str_compare(span_key(s, &s->spans[i - 1]), span_key(s, &s->spans[i])) < 0;
    if (is_sorted)
        return NULL;
    struct keyed_span *order = arena_alloc(s->arena, sizeof *order * count);
    char *copy = arena_alloc(s->arena, offset(s) - start);
    memcpy(copy, s->start + start, offset(s) - start);
    for (size_t i = 0; i < count; i++)
        order[i] = (struct keyed_span){s->spans[first + i], s->start};
    order_spans(order, count);
    bool has_twice = false;
    for (size_t i = 1; i < count; i++) /* before the bytes move under the keys */
        if (str_eq(span_key(s, &order[i - 1].span), span_key(s, &order[i].span))) {
            has_twice = true;
            order[i - 1].start = NULL;
        }
    s->at = s->start + start;
    for (size_t i = 0; i < count; i++) {
        if (!order[i].start)
            continue;
        size_t len = order[i].span.end - order[i].span.start;
        memcpy(s->at, copy + (order[i].span.start - start), len);
        s->at += len;
    }
    return has_twice ? order : NULL;
}

/* -- decoding ---------------------------------------------------------------------------------- */

/* What one value's decoding shares: the first thing wrong with it is kept, and reading goes on. */
struct decoder {
    struct json_reader *r;
    struct attribute_sink *sink;
    struct error *error;
    struct error *name_error; /* of the outermost level: it comes before all other errors */
};

static void refuse(struct decoder *d, struct error *error)
{
    if (!d->error)
        d->error = error;
}

static struct error *decode_value(struct decoder *d, enum typed_place place, size_t depth);

/* In both wordings; which one is told, layer.h says. */
static void refuse_both(struct decoder *d, struct error *older, const struct error *newer)
{
    older->newer = newer;
    refuse(d, older);
}

static void parse_number(struct decoder *d, struct str text, struct number *out)
{
    struct arena *a = d->r->arena;
    const struct error *error = number_parse(a, text, out);
    if (!error)
        return;
    refuse_both(d, number_older_error(a, text), error);
    out->len = 0;
}

static struct error *decode_number(struct decoder *d, struct number *out)
{
    struct str text;
    TRY(typed_read_str(d->r, &text));
    parse_number(d, text, out);
    return NULL;
}

static void refuse_empty_set(struct decoder *d, enum value_type type)
{
    const char *words = type == VALUE_SS   ? "An string set  may not be empty"
                        : type == VALUE_NS ? "An number set  may not be empty"
                                           : "Binary sets should not be empty";
    refuse(d, invalid(d->r->arena, "One or more parameter values were invalid: %s", words));
}

/* The newer operations show the elements in the order of their bytes up to the first that was there
 * before; it and all behind it as they were sent. */
static struct str *newer_order(struct arena *a, const struct str *texts,
                               const struct keyed_span *sorted, size_t count)
{
    struct str *shown = arena_array(a, struct str, count);
    uint32_t repeat = (uint32_t)count;
    size_t at = 0;
    for (size_t i = 1; i < count; i++)
        if (!sorted[i - 1].start && sorted[i].span.position < repeat)
            repeat = sorted[i].span.position;
    for (size_t i = 0; i < count; i++)
        if (sorted[i].span.position < repeat)
            shown[at++] = texts[sorted[i].span.position];
    for (; at < count; at++)
        shown[at] = texts[at];
    return shown;
}

/* "Input collection [a, b, a] contains duplicates." */
static struct error *show_twice(struct arena *a, enum value_type type, const struct str *texts,
                                size_t count, bool is_newer)
{
    struct str quote = is_newer ? S("\"") : S("");
    struct str comma = is_newer && type == VALUE_BS ? S(",") : S(", ");
    struct buf shown;
    buf_init(&shown, 2 * LIMIT_REQUEST_BODY);
    for (size_t i = 0; i < count; i++) {
        buf_add(&shown, i ? comma : S(""));
        buf_add(&shown, quote);
        buf_add(&shown, texts[i]);
        buf_add(&shown, quote);
    }
    struct error *error = invalid(a,
                                  "One or more parameter values were invalid: Input collection "
                                  "[%.*s]%s contains duplicates.",
                                  STR_ARG(buf_str(&shown)), type == VALUE_BS ? "of type BS" : "");
    buf_clear(&shown);
    return error;
}

static void refuse_twice(struct decoder *d, enum value_type type, const struct str *texts,
                         const struct keyed_span *sorted, size_t count)
{
    struct arena *a = d->r->arena;
    if (d->error)
        return;
    if (type == VALUE_NS) {
        refuse_both(d, invalid(a, "Input collection contains duplicates"),
                    invalid(a, "One or more parameter values were invalid: Input collection "
                               "contains duplicates."));
        return;
    }
    refuse_both(d, show_twice(a, type, texts, count, false),
                show_twice(a, type, newer_order(a, texts, sorted, count), count, true));
}

/* One element of a set: *text is it as sent, the rest goes to the sink. */
static struct error *decode_element(struct decoder *d, enum value_type type, struct str *text,
                                    struct attribute_span *span)
{
    struct attribute_sink *s = d->sink;
    struct str bytes;
    struct number number;
    if (type == VALUE_NS) {
        TRY(decode_number(d, &number));
        bytes = number_str(&number);
    } else if (type == VALUE_BS) {
        struct json_reader ahead = *d->r; /* once more, for the text that a message shows */
        TRY(typed_read_blob(d->r, &bytes));
        TRY(typed_read_str(&ahead, text));
    } else {
        TRY(typed_read_str(d->r, &bytes));
        *text = bytes;
    }
    span->start = offset(s);
    put_bytes(s, bytes);
    span->end = offset(s);
    span->key = span->end - (uint32_t)bytes.len;
    span->key_len = (uint32_t)bytes.len;
    return NULL;
}

static struct error *decode_set(struct decoder *d, enum value_type type)
{
    struct attribute_sink *s = d->sink;
    VEC(struct str) texts = {0};
    TRY(typed_enter_list(d->r, TYPED_FIELD));
    uint32_t start = begin_payload(s, type);
    size_t first = s->span_count;
    uint32_t count = 0;
    const struct keyed_span *sorted;
    while (json_next_element(d->r)) {
        struct attribute_span span = {.position = count++};
        struct str text = {0};
        if (json_peek(d->r) == JSON_NULL) {
            if (!json_read_null(d->r))
                return typed_broken(d->r);
            refuse(d, invalid(d->r->arena,
                              "One or more parameter values were invalid: An AttributeValue may "
                              "not contain a null or empty set member"));
            continue;
        }
        TRY(decode_element(d, type, &text, &span));
        push_span(s, span);
        if (type != VALUE_NS)
            VEC_PUSH(d->r->arena, &texts, text);
    }
    if (d->r->failure)
        return typed_broken(d->r);
    if (!count)
        refuse_empty_set(d, type);
    else if ((sorted = sort_spans(s, first, start)))
        refuse_twice(d, type, texts.items, sorted, texts.count);
    s->span_count = first;
    end_payload(s, start);
    return NULL;
}

static void check_depth(struct decoder *d, size_t depth)
{
    if (depth < LIMIT_NESTING)
        return;
    struct error *e =
        invalid(d->r->arena, "Nesting Levels have exceeded supported limits: Attributes in the "
                             "item have nested levels beyond supported limit");
    refuse_both(d, e, e);
    if (depth > LAYER_NESTING)
        d->error->newer = NULL; /* newer operations leave such a request to the older layer */
}

static struct error *decode_list(struct decoder *d, size_t depth)
{
    check_depth(d, depth);
    TRY(typed_enter_list(d->r, TYPED_FIELD));
    uint32_t start = begin_payload(d->sink, VALUE_L);
    while (json_next_element(d->r))
        TRY(decode_value(d, TYPED_ELEMENT, depth));
    if (d->r->failure)
        return typed_broken(d->r);
    end_payload(d->sink, start);
    return NULL;
}

struct error *attribute_check_name(struct arena *a, struct str name)
{
    if (name.len == 0)
        return invalid(a, "Empty attribute name");
    if (name.len <= LIMIT_ATTRIBUTE_NAME)
        return NULL;
    struct error *e = invalid(a, "Attribute name is too large, must be less than 65536 bytes");
    e->newer = e;
    return e;
}

/* The members of the object that was entered, to its end. Empty names are refused on the outermost
 * level alone. */
static struct error *decode_members(struct decoder *d, size_t depth)
{
    struct attribute_sink *s = d->sink;
    uint32_t start = offset(s), count = 0;
    size_t first = s->span_count;
    struct str name;
    while (json_next_member(d->r, &name)) {
        struct attribute_span span = {.start = offset(s), .position = count++};
        if (depth == 0 && !d->name_error)
            d->name_error = attribute_check_name(d->r->arena, name);
        else if (name.len > LIMIT_ATTRIBUTE_NAME)
            refuse(d, attribute_check_name(d->r->arena, name));
        put_bytes(s, name);
        span.key = offset(s) - (uint32_t)name.len;
        span.key_len = (uint32_t)name.len;
        TRY(decode_value(d, TYPED_ELEMENT, depth));
        span.end = offset(s);
        push_span(s, span);
    }
    if (d->r->failure)
        return typed_broken(d->r);
    (void)sort_spans(s, first, start);
    s->span_count = first;
    return NULL;
}

static struct error *decode_map(struct decoder *d, size_t depth)
{
    check_depth(d, depth);
    TRY(typed_enter_map(d->r, TYPED_FIELD, "AttributeValue"));
    uint32_t start = begin_payload(d->sink, VALUE_M);
    TRY(decode_members(d, depth));
    end_payload(d->sink, start);
    return NULL;
}

static struct error *decode_flag(struct decoder *d, enum value_type type)
{
    bool flag;
    TRY(typed_read_bool(d->r, &flag));
    if (type == VALUE_BOOL) {
        put_tagged(d->sink, VALUE_BOOL, (struct str){flag ? "\1" : "\0", 1});
        return NULL;
    }
    if (!flag) {
        struct error *e = invalid(d->r->arena, "One or more parameter values were invalid: Null "
                                               "attribute value types must have the value of true");
        refuse_both(d, e, e);
    }
    put_tagged(d->sink, VALUE_NULL, S(""));
    return NULL;
}

/* What stands behind {"S": … */
static struct error *decode_typed(struct decoder *d, enum value_type type, size_t depth)
{
    struct str bytes;
    struct number number;
    switch (type) {
    case VALUE_S:
        TRY(typed_read_str(d->r, &bytes));
        put_tagged(d->sink, type, bytes);
        return NULL;
    case VALUE_N:
        TRY(decode_number(d, &number));
        put_tagged(d->sink, type, number_str(&number));
        return NULL;
    case VALUE_B:
        TRY(typed_read_blob(d->r, &bytes));
        put_tagged(d->sink, type, bytes);
        return NULL;
    case VALUE_BOOL:
    case VALUE_NULL:
        return decode_flag(d, type);
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return decode_set(d, type);
    case VALUE_L:
        return decode_list(d, depth + 1);
    case VALUE_M:
        return decode_map(d, depth + 1);
    case VALUE_NONE:
        break;
    }
    return json_skip(d->r) ? NULL : typed_broken(d->r); /* a type that we do not know */
}

/* The type that a member's name stands for; VALUE_NONE for any other name. */
static enum value_type type_of(struct str name)
{
    if (name.len == 1)
        switch (name.data[0]) {
        case 'S':
            return VALUE_S;
        case 'N':
            return VALUE_N;
        case 'B':
            return VALUE_B;
        case 'L':
            return VALUE_L;
        case 'M':
            return VALUE_M;
        }
    enum value_type type;
    return value_type_parse(name, &type) ? type : VALUE_NONE;
}

/* Most values are {"S":"x"} or {"N":"1"}, compact or with a space behind the colon: these are taken
 * without entering the object. False, with nothing read, for everything else. */
static bool decode_plain(struct decoder *d)
{
    struct json_reader *r = d->r, saved = *r;
    const char *at = r->at;
    struct str text;
    struct number number;
    at += at < r->end && *at == ' ';
    if (r->end - at < 9 || at[0] != '{' || at[1] != '"' || (at[2] != 'S' && at[2] != 'N') ||
        at[3] != '"' || at[4] != ':')
        return false;
    r->at = at + 5 + (at[5] == ' ');
    if (*r->at != '"' || !json_read_str(r, &text) || r->at == r->end || *r->at != '}') {
        *r = saved;
        return false;
    }
    r->at++;
    if (at[2] == 'S') {
        put_tagged(d->sink, VALUE_S, text);
        return true;
    }
    parse_number(d, text, &number);
    put_tagged(d->sink, VALUE_N, number_str(&number));
    return true;
}

static struct error *decode_value(struct decoder *d, enum typed_place place, size_t depth)
{
    size_t types = 0;
    struct str name;
    if (decode_plain(d))
        return NULL;
    if (json_peek(d->r) == JSON_NULL) {
        if (!json_read_null(d->r))
            return typed_broken(d->r);
    } else {
        TRY(typed_enter_structure(d->r, place, "AttributeValue"));
        while (json_next_member(d->r, &name)) {
            enum value_type type = type_of(name);
            if (json_peek(d->r) == JSON_NULL)
                type = VALUE_NONE;
            TRY(decode_typed(d, type, depth));
            types += type != VALUE_NONE;
        }
        if (d->r->failure)
            return typed_broken(d->r);
    }
    if (types == 0)
        refuse(d, invalid(d->r->arena, "Supplied AttributeValue is empty, must contain exactly one "
                                       "of the supported datatypes"));
    if (types > 1)
        refuse(d, invalid(d->r->arena, "Supplied AttributeValue has more than one datatypes set, "
                                       "must contain exactly one of the supported datatypes"));
    return NULL;
}

/* Room for all that the rest of the text can need, in most cases: encoded it is shorter. */
static void prepare(struct json_reader *r, struct attribute_sink *sink)
{
    if (!sink->start)
        grow(sink, (size_t)(r->end - r->at) / 2);
    sink->start = sink->at;
}

struct error *attribute_decode_value(struct json_reader *r, struct attribute_sink *sink,
                                     enum typed_place place, struct value_input *out)
{
    *out = (struct value_input){0};
    if (json_peek(r) == JSON_NULL)
        return json_read_null(r) ? NULL : typed_broken(r);
    prepare(r, sink);
    struct decoder d = {.r = r, .sink = sink};
    TRY(decode_value(&d, place, 0));
    out->is_given = true;
    out->error = d.error;
    struct str rest = {sink->start, (size_t)(sink->at - sink->start)};
    if (d.error || !value_take(&rest, &out->value)) {
        out->value = (struct value){0};
        sink->at = sink->start;
    }
    return NULL;
}

struct error *attribute_decode_item(struct json_reader *r, struct attribute_sink *sink,
                                    enum typed_place place, struct item_input *out)
{
    *out = (struct item_input){0};
    if (json_peek(r) == JSON_NULL)
        return json_read_null(r) ? NULL : typed_broken(r);
    prepare(r, sink);
    struct decoder d = {.r = r, .sink = sink};
    TRY(typed_enter_map(r, place, "AttributeValue"));
    TRY(decode_members(&d, 0));
    out->is_given = true;
    out->error = d.name_error ? d.name_error : d.error;
    if (out->error)
        sink->at = sink->start;
    else
        out->item = item_of((struct str){sink->start, (size_t)(sink->at - sink->start)});
    return NULL;
}

/* -- rendering --------------------------------------------------------------------------------- */

/* A literal, where buf_add would be a call with a length that is not known. */
#define ADD(out, literal) add_short((out), "" literal, sizeof(literal) - 1)

static inline void add_short(struct buf *out, const char *text, size_t len)
{
    if (out->cap - out->len < len && !buf_reserve(out, len))
        return;
    memcpy(out->data + out->len, text, len);
    out->len += len;
}

static void render_number(struct buf *out, struct str encoded)
{
    ADD(out, "\"");
    number_print(out, encoded);
    ADD(out, "\"");
}

static void render_bytes(struct buf *out, struct str bytes)
{
    ADD(out, "\"");
    base64_encode(out, bytes);
    ADD(out, "\"");
}

static void render_set(struct buf *out, enum value_type type, struct str elements)
{
    struct str element;
    bool is_first = true;
    ADD(out, "[");
    while (value_next_element(&elements, &element)) {
        if (!is_first)
            ADD(out, ",");
        is_first = false;
        if (type == VALUE_SS)
            json_escape(out, element);
        else if (type == VALUE_NS)
            render_number(out, element);
        else
            render_bytes(out, element);
    }
    ADD(out, "]");
}

static void render_value(struct buf *out, struct value v);

static void render_list(struct buf *out, struct str elements)
{
    struct value element;
    bool is_first = true;
    ADD(out, "[");
    while (value_take(&elements, &element)) {
        if (!is_first)
            ADD(out, ",");
        is_first = false;
        render_value(out, element);
    }
    ADD(out, "]");
}

/* {name: text} in one go, which is what most members are. False, with nothing added, when something
 * in them must be escaped, or there is no room. */
static bool render_text_member(struct buf *out, struct str name, struct str text)
{
    char *at = buf_reserve(out, name.len + text.len + sizeof "\"\":{\"S\":\"\"}");
    if (!at)
        return false;
    *at++ = '"';
    if (!json_copy_plain(at, name.data, name.len))
        return false;
    at = (char *)memcpy(at + name.len, "\":{\"S\":\"", 8) + 8;
    if (!json_copy_plain(at, text.data, text.len))
        return false;
    at = (char *)memcpy(at + text.len, "\"}", 2) + 2;
    out->len = (size_t)(at - out->data);
    return true;
}

static void render_members(struct buf *out, struct str members)
{
    struct str name;
    struct value value;
    bool is_first = true;
    ADD(out, "{");
    while (value_next_member(&members, &name, &value)) {
        if (!is_first)
            ADD(out, ",");
        is_first = false;
        if (value.type == VALUE_S && render_text_member(out, name, value.data))
            continue;
        json_escape(out, name);
        ADD(out, ":");
        render_value(out, value);
    }
    ADD(out, "}");
}

static void render_value(struct buf *out, struct value v)
{
    switch (v.type) {
    case VALUE_S:
        ADD(out, "{\"S\":");
        json_escape(out, v.data);
        break;
    case VALUE_N:
        ADD(out, "{\"N\":");
        render_number(out, v.data);
        break;
    case VALUE_B:
        ADD(out, "{\"B\":");
        render_bytes(out, v.data);
        break;
    case VALUE_BOOL:
        ADD(out, "{\"BOOL\":");
        buf_add(out, v.data.len && v.data.data[0] ? S("true") : S("false"));
        break;
    case VALUE_NULL:
        ADD(out, "{\"NULL\":true");
        break;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        buf_add(out, v.type == VALUE_SS   ? S("{\"SS\":")
                     : v.type == VALUE_NS ? S("{\"NS\":")
                                          : S("{\"BS\":"));
        render_set(out, v.type, v.data);
        break;
    case VALUE_L:
        ADD(out, "{\"L\":");
        render_list(out, v.data);
        break;
    case VALUE_M:
        ADD(out, "{\"M\":");
        render_members(out, v.data);
        break;
    case VALUE_NONE:
        ADD(out, "{");
        break;
    }
    ADD(out, "}");
}

/* The comma that is due before a value, as writer.c keeps it. */
static void begin_value(struct json_writer *w)
{
    if (w->needs_comma)
        buf_add_char(w->out, ',');
    w->needs_comma = true;
}

void attribute_write_value(struct json_writer *w, struct value value)
{
    begin_value(w);
    render_value(w->out, value);
}

void attribute_write_item(struct json_writer *w, struct str attributes)
{
    begin_value(w);
    render_members(w->out, attributes);
}
