#include "cli/python.h"

#include "base/encode.h"
#include "base/vec.h"
#include "json/reader.h"
#include "json/writer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* -- characters ---------------------------------------------------------------------------------
 */

/* The next code point of valid UTF-8 and the bytes it takes. */
static uint32_t next_char(struct str s, size_t *bytes)
{
    const unsigned char *at = (const unsigned char *)s.data;
    size_t len = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    if (len == 1 || len > s.len) {
        *bytes = 1;
        return at[0];
    }
    uint32_t c = at[0] & (0x7FU >> len);
    for (size_t i = 1; i < len; i++)
        c = c << 6 | (at[i] & 0x3F);
    *bytes = len;
    return c;
}

/* The ranges above ASCII that repr() escapes: separators (Zs, Zl, Zp), format (Cf), private use
 * (Co) and surrogates. Code points without a character yet are taken for printable, since that
 * depends on Python's version. Source: Python's str.isprintable; categories of Unicode 15. */
static const struct {
    uint32_t first, last;
} unprintable[] = {
    {0x7F, 0xA0},       {0xAD, 0xAD},        {0x600, 0x605},     {0x61C, 0x61C},
    {0x6DD, 0x6DD},     {0x70F, 0x70F},      {0x890, 0x891},     {0x8E2, 0x8E2},
    {0x1680, 0x1680},   {0x180E, 0x180E},    {0x2000, 0x200F},   {0x2028, 0x202F},
    {0x205F, 0x206F},   {0x3000, 0x3000},    {0xD800, 0xF8FF},   {0xFEFF, 0xFEFF},
    {0xFFF9, 0xFFFB},   {0xFFFE, 0xFFFF},    {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
    {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3},  {0x1D173, 0x1D17A}, {0xE0001, 0xE0001},
    {0xE0020, 0xE007F}, {0xF0000, 0x10FFFF},
};

static bool is_printable(uint32_t c)
{
    if (c < 0x7F)
        return c >= 0x20;
    for (size_t i = 0; i < countof(unprintable); i++)
        if (c >= unprintable[i].first && c <= unprintable[i].last)
            return false;
    return true;
}

/* repr() takes double quotes only for a text that holds a single quote and no double one. */
static char quote_for(struct str text)
{
    return str_contains(text, S("'")) && !str_contains(text, S("\"")) ? '"' : '\'';
}

/* The short escapes; false when the character has none. */
static bool add_short_escape(struct buf *out, uint32_t c, char quote)
{
    switch (c) {
    case '\n':
        buf_add(out, S("\\n"));
        return true;
    case '\r':
        buf_add(out, S("\\r"));
        return true;
    case '\t':
        buf_add(out, S("\\t"));
        return true;
    default:
        if (c != '\\' && c != (uint32_t)quote)
            return false;
        buf_add_char(out, '\\');
        buf_add_char(out, (char)c);
        return true;
    }
}

void python_repr_str(struct buf *out, struct str text)
{
    char quote = quote_for(text);
    buf_add_char(out, quote);
    while (text.len) {
        size_t bytes;
        uint32_t c = next_char(text, &bytes);
        if (add_short_escape(out, c, quote))
            ;
        else if (is_printable(c))
            buf_add(out, (struct str){text.data, bytes});
        else
            buf_printf(out, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
        text = str_from(text, bytes);
    }
    buf_add_char(out, quote);
}

static void repr_bytes(struct buf *out, struct str bytes)
{
    char quote = quote_for(bytes);
    buf_add_char(out, 'b');
    buf_add_char(out, quote);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        if (add_short_escape(out, c, quote))
            ;
        else if (c >= 0x20 && c < 0x7F)
            buf_add_char(out, (char)c);
        else
            buf_printf(out, "\\x%02x", c);
    }
    buf_add_char(out, quote);
}

/* The two-character escapes of JSON, "\b" for '\b' and so on. */
static char json_short_escape(uint32_t c)
{
    static const char letters[] = "btn\0fr"; /* for the characters 8 to 13 */
    if (c >= 8 && c <= 13)
        return letters[c - 8];
    return c == '"' || c == '\\' ? (char)c : 0;
}

static void json_ascii_str(struct buf *out, struct str text)
{
    buf_add_char(out, '"');
    while (text.len) {
        size_t bytes;
        uint32_t c = next_char(text, &bytes);
        if (json_short_escape(c))
            buf_printf(out, "\\%c", json_short_escape(c));
        else if (c >= 0x20 && c < 0x7F)
            buf_add_char(out, (char)c);
        else if (c < 0x10000)
            buf_printf(out, "\\u%04x", c);
        else
            buf_printf(out, "\\u%04x\\u%04x", 0xD800 + ((c - 0x10000) >> 10),
                       0xDC00 + ((c - 0x10000) & 0x3FF));
        text = str_from(text, bytes);
    }
    buf_add_char(out, '"');
}

void python_pad(struct buf *out, struct str text, size_t width)
{
    buf_add(out, text);
    for (size_t count = str_count_chars(text); count < width; count++)
        buf_add_char(out, ' ');
}

struct str python_first(struct str text, size_t count)
{
    struct str rest = text;
    for (; count && rest.len; count--) {
        size_t bytes;
        next_char(rest, &bytes);
        rest = str_from(rest, bytes);
    }
    return (struct str){text.data, text.len - rest.len};
}

/* -- numbers ------------------------------------------------------------------------------------
 */

/* A JSON number becomes an int when it has neither fraction nor exponent, else a float. */
static void add_number(struct buf *out, struct str text)
{
    bool is_float = false;
    for (size_t i = 0; i < text.len; i++)
        is_float = is_float || strchr(".eE", text.data[i]);
    char z[64];
    if (!is_float || text.len >= sizeof z) {
        buf_add(out, text);
        return;
    }
    memcpy(z, text.data, text.len);
    z[text.len] = 0;
    struct json_writer w = json_writer(out);
    json_double(&w, strtod(z, NULL));
}

/* str(Decimal(text)) of plain decimal digits ("-0.00012", "1200"). Source: the to-scientific-string
 * conversion of the General Decimal Arithmetic Specification: plain while the exponent is not
 * positive and the leading digit stands at most six places after the point. */
static void add_decimal(struct buf *out, struct str text)
{
    struct str fraction = text, whole;
    str_cut(&fraction, '.', &whole);
    bool is_negative = str_starts(whole, S("-"));
    whole = str_from(whole, is_negative);
    size_t leading = 0;
    while (leading + 1 < fraction.len && fraction.data[leading] == '0')
        leading++;
    if (!str_eq(whole, S("0")) || leading < 6 || str_contains(text, S("E"))) {
        buf_add(out, text);
        return;
    }
    struct str digits = str_from(fraction, leading);
    buf_printf(out, "%s%c", is_negative ? "-" : "", digits.data[0]);
    if (digits.len > 1)
        buf_printf(out, ".%.*s", STR_ARG(str_from(digits, 1)));
    buf_printf(out, "E-%zu", leading + 1);
}

/* Local time; times before 1970 do not occur in the API. */
static bool split_time(struct str seconds, struct tm *parts, int *microseconds)
{
    char z[64];
    if (!seconds.len || seconds.len >= sizeof z)
        return false;
    memcpy(z, seconds.data, seconds.len);
    z[seconds.len] = 0;
    char *end;
    double value = strtod(z, &end);
    if (*end || !(value >= 0 && value < 1e11))
        return false;
    int64_t all = (int64_t)(value * 1e6 + 0.5);
    time_t whole = (time_t)(all / 1000000);
    *microseconds = (int)(all % 1000000);
    return localtime_r(&whole, parts) != NULL;
}

/* The same as repr(datetime) with a local time zone. */
static bool repr_time(struct buf *out, struct str seconds)
{
    struct tm t;
    int microseconds;
    if (!split_time(seconds, &t, &microseconds))
        return false;
    buf_printf(out, "datetime.datetime(%d, %d, %d, %d, %d", t.tm_year + 1900, t.tm_mon + 1,
               t.tm_mday, t.tm_hour, t.tm_min);
    if (t.tm_sec || microseconds)
        buf_printf(out, ", %d", t.tm_sec);
    if (microseconds)
        buf_printf(out, ", %d", microseconds);
    buf_add(out, S(", tzinfo=tzlocal())"));
    return true;
}

bool python_iso_time(struct buf *out, struct str seconds)
{
    struct tm t;
    int microseconds;
    if (!split_time(seconds, &t, &microseconds))
        return false;
    buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
               t.tm_hour, t.tm_min, t.tm_sec);
    if (microseconds)
        buf_printf(out, ".%06d", microseconds);
    long minutes = labs(t.tm_gmtoff) / 60;
    buf_printf(out, "%c%02ld:%02ld", t.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
    return true;
}

/* -- json.dumps ---------------------------------------------------------------------------------
 */

struct named {
    struct str name, value;
};

static int compare_members(const void *a, const void *b)
{
    return str_compare(((const struct named *)a)->name, ((const struct named *)b)->name);
}

struct dump {
    struct buf *out;
    struct arena *arena;
    struct python_json style;
    int depth;
};

static void dump_value(struct dump *d, struct str json);

static void new_line(struct dump *d)
{
    buf_add_char(d->out, '\n');
    for (int i = 0; i < d->depth * d->style.indent; i++)
        buf_add_char(d->out, ' ');
}

static void dump_str(struct dump *d, struct str text)
{
    if (d->style.keeps_utf8)
        json_escape(d->out, text);
    else
        json_ascii_str(d->out, text);
}

static void dump_object(struct dump *d, struct json_reader *r)
{
    VEC(struct named) members = {0};
    struct named m;
    json_enter_object(r);
    while (json_next_member(r, &m.name) && json_read_raw(r, &m.value))
        VEC_PUSH(d->arena, &members, m);
    if (d->style.sorts_keys && members.count)
        qsort(members.items, members.count, sizeof *members.items, compare_members);
    buf_add_char(d->out, '{');
    d->depth++;
    for (size_t i = 0; i < members.count; i++) {
        if (i)
            buf_add_char(d->out, ',');
        new_line(d);
        dump_str(d, members.items[i].name);
        buf_add(d->out, S(": "));
        dump_value(d, members.items[i].value);
    }
    d->depth--;
    if (members.count)
        new_line(d);
    buf_add_char(d->out, '}');
}

static void dump_array(struct dump *d, struct json_reader *r)
{
    bool is_empty = true;
    struct str element;
    json_enter_array(r);
    buf_add_char(d->out, '[');
    d->depth++;
    while (json_next_element(r) && json_read_raw(r, &element)) {
        if (!is_empty)
            buf_add_char(d->out, ',');
        is_empty = false;
        new_line(d);
        dump_value(d, element);
    }
    d->depth--;
    if (!is_empty)
        new_line(d);
    buf_add_char(d->out, ']');
}

static void dump_value(struct dump *d, struct str json)
{
    struct json_reader r;
    struct str text;
    json_reader_init(&r, json, d->arena);
    enum json_type type = json_peek(&r);
    if (type == JSON_OBJECT)
        dump_object(d, &r);
    else if (type == JSON_ARRAY)
        dump_array(d, &r);
    else if (type == JSON_STRING && json_read_str(&r, &text))
        dump_str(d, text);
    else if (type == JSON_NUMBER && json_read_number(&r, &text))
        add_number(d->out, text);
    else
        buf_add(d->out, str_trim(json));
}

void python_json(struct buf *out, struct arena *a, struct str json, struct python_json style)
{
    struct dump d = {.out = out, .arena = a, .style = style};
    dump_value(&d, json);
}

/* -- repr ---------------------------------------------------------------------------------------
 */

/* Members of the API that botocore turns into datetime. */
static bool is_time_member(struct str name)
{
    return str_ends(name, S("DateTime"));
}

static void repr_next(struct buf *out, struct json_reader *r)
{
    struct str text, name;
    bool truth, is_first = true;
    switch (json_peek(r)) {
    case JSON_OBJECT:
        json_enter_object(r);
        buf_add_char(out, '{');
        for (; json_next_member(r, &name); is_first = false) {
            buf_add(out, is_first ? S("") : S(", "));
            python_repr_str(out, name);
            buf_add(out, S(": "));
            if (is_time_member(name) && json_peek(r) == JSON_NUMBER && json_read_number(r, &text) &&
                repr_time(out, text))
                continue;
            repr_next(out, r);
        }
        buf_add_char(out, '}');
        return;
    case JSON_ARRAY:
        json_enter_array(r);
        buf_add_char(out, '[');
        for (; json_next_element(r); is_first = false) {
            buf_add(out, is_first ? S("") : S(", "));
            repr_next(out, r);
        }
        buf_add_char(out, ']');
        return;
    case JSON_STRING:
        if (json_read_str(r, &text))
            python_repr_str(out, text);
        return;
    case JSON_NUMBER:
        if (json_read_number(r, &text))
            add_number(out, text);
        return;
    case JSON_BOOL:
        if (json_read_bool(r, &truth))
            buf_add(out, truth ? S("True") : S("False"));
        return;
    case JSON_NULL:
        if (json_read_null(r))
            buf_add(out, S("None"));
        return;
    case JSON_INVALID:
        return;
    }
}

void python_repr(struct buf *out, struct arena *a, struct str json)
{
    struct json_reader r;
    json_reader_init(&r, json, a);
    repr_next(out, &r);
}

/* -- items of a boto3 resource ------------------------------------------------------------------
 */

static void repr_members(struct buf *out, struct json_reader *r);

static void repr_scalar(struct buf *out, struct arena *a, struct str type, struct str text)
{
    if (str_starts(type, S("S"))) {
        python_repr_str(out, text);
    } else if (str_starts(type, S("N"))) {
        buf_add(out, S("Decimal('"));
        add_decimal(out, text);
        buf_add(out, S("')"));
    } else {
        char *bytes = arena_alloc(a, text.len + 1);
        ptrdiff_t len = base64_decode(text, bytes);
        buf_add(out, S("Binary("));
        repr_bytes(out, (struct str){bytes, len < 0 ? 0 : (size_t)len});
        buf_add_char(out, ')');
    }
}

static void repr_attribute(struct buf *out, struct json_reader *r);

/* The elements of a set ("SS", "NS", "BS") or of a list ("L"). */
static void repr_elements(struct buf *out, struct json_reader *r, struct str type)
{
    bool is_list = str_eq(type, S("L")), is_first = true;
    struct str text;
    json_enter_array(r);
    buf_add_char(out, is_list ? '[' : '{');
    for (; json_next_element(r); is_first = false) {
        buf_add(out, is_first ? S("") : S(", "));
        if (is_list)
            repr_attribute(out, r);
        else if (json_read_str(r, &text))
            repr_scalar(out, r->arena, type, text);
    }
    buf_add_char(out, is_list ? ']' : '}');
}

/* {"S": "text"} */
static void repr_attribute(struct buf *out, struct json_reader *r)
{
    struct str type, text;
    bool truth;
    json_enter_object(r);
    while (json_next_member(r, &type)) {
        switch (json_peek(r)) {
        case JSON_STRING:
            if (json_read_str(r, &text))
                repr_scalar(out, r->arena, type, text);
            break;
        case JSON_BOOL:
            if (json_read_bool(r, &truth))
                buf_add(out, str_eq(type, S("NULL")) ? S("None") : truth ? S("True") : S("False"));
            break;
        case JSON_ARRAY:
            repr_elements(out, r, type);
            break;
        case JSON_OBJECT:
            repr_members(out, r);
            break;
        case JSON_NULL:
        case JSON_NUMBER:
        case JSON_INVALID:
            if (!json_skip(r))
                return;
        }
    }
}

static void repr_members(struct buf *out, struct json_reader *r)
{
    bool is_first = true;
    struct str name;
    json_enter_object(r);
    buf_add_char(out, '{');
    for (; json_next_member(r, &name); is_first = false) {
        buf_add(out, is_first ? S("") : S(", "));
        python_repr_str(out, name);
        buf_add(out, S(": "));
        repr_attribute(out, r);
    }
    buf_add_char(out, '}');
}

void python_repr_item(struct buf *out, struct arena *a, struct str item)
{
    struct json_reader r;
    json_reader_init(&r, item, a);
    repr_members(out, &r);
}
