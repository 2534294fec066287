#include "json/reader.h"

#include "json/scan.h"

#include <string.h>

void json_reader_init(struct json_reader *r, struct str text, struct arena *arena)
{
    *r = (struct json_reader){
        .start = text.data, .at = text.data, .end = text.data + text.len, .arena = arena};
}

static bool fail(struct json_reader *r, const char *why)
{
    if (!r->failure)
        r->failure = why;
    return false;
}

static void skip_space(struct json_reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

enum json_type json_peek(struct json_reader *r)
{
    if (r->failure)
        return JSON_INVALID;
    skip_space(r);
    if (r->at == r->end) {
        fail(r, "unexpected end");
        return JSON_INVALID;
    }
    switch (*r->at) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return JSON_NUMBER;
    default:
        fail(r, "unexpected character");
        return JSON_INVALID;
    }
}

static bool take_word(struct json_reader *r, struct str word)
{
    if (!str_starts((struct str){r->at, (size_t)(r->end - r->at)}, word))
        return fail(r, "unexpected character");
    r->at += word.len;
    return true;
}

bool json_read_null(struct json_reader *r)
{
    if (json_peek(r) != JSON_NULL)
        return fail(r, "expected null");
    return take_word(r, S("null"));
}

bool json_read_bool(struct json_reader *r, bool *out)
{
    if (json_peek(r) != JSON_BOOL)
        return fail(r, "expected true or false");
    *out = *r->at == 't';
    return take_word(r, *out ? S("true") : S("false"));
}

/* -- strings ----------------------------------------------------------------------------------- */

static bool hex4(const char *at, unsigned *out)
{
    unsigned number = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 16;
        if (digit > 15)
            return false;
        number = number << 4 | digit;
    }
    *out = number;
    return true;
}

static char *put_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 63));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 63));
        *out++ = (char)(0x80 | (code & 63));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 63));
        *out++ = (char)(0x80 | (code >> 6 & 63));
        *out++ = (char)(0x80 | (code & 63));
    }
    return out;
}

/* \uXXXX, or the two of a surrogate pair; r->at stands behind the 'u'. */
static bool take_unicode(struct json_reader *r, char **out)
{
    unsigned code, low;
    if (r->end - r->at < 4 || !hex4(r->at, &code))
        return fail(r, "bad \\u escape");
    r->at += 4;
    if (code >= 0xdc00 && code <= 0xdfff)
        return fail(r, "lone surrogate");
    if (code >= 0xd800 && code <= 0xdbff) {
        if (r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u' || !hex4(r->at + 2, &low) ||
            low < 0xdc00 || low > 0xdfff)
            return fail(r, "lone surrogate");
        r->at += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    *out = put_utf8(*out, code);
    return true;
}

/* r->at stands at the backslash. */
static bool take_escape(struct json_reader *r, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (r->end - r->at < 2)
        return fail(r, "unexpected end in a string");
    char c = r->at[1];
    r->at += 2;
    if (c == 'u')
        return take_unicode(r, out);
    const char *found = c ? strchr(from, c) : NULL;
    if (!found)
        return fail(r, "bad escape");
    *(*out)++ = to[found - from];
    return true;
}

/* Where the string that r->at is inside of ends, so that its copy is allocated once. */
static const char *find_end_quote(struct json_reader *r)
{
    const char *at = r->at;
    for (;;) {
        at = json_find_special(at, r->end);
        if (r->end - at < 2 && (at == r->end || *at == '\\'))
            return NULL;
        if (*at != '\\')
            return at;
        at += 2;
    }
}

static bool read_escaped(struct json_reader *r, const char *start, struct str *out)
{
    const char *quote = find_end_quote(r);
    if (!quote || *quote != '"')
        return fail(r, quote ? "control character in a string" : "unexpected end in a string");
    /* An escape never grows: six characters give at most three bytes. */
    char *copy = arena_alloc(r->arena, (size_t)(quote - start)), *at = copy;
    const char *plain = start;
    while (r->at < quote) {
        if (*r->at != '\\') {
            r->at = json_find_special(r->at, quote);
            continue;
        }
        memcpy(at, plain, (size_t)(r->at - plain));
        at += r->at - plain;
        if (!take_escape(r, &at))
            return false;
        plain = r->at;
    }
    memcpy(at, plain, (size_t)(quote - plain));
    at += quote - plain;
    r->at = quote + 1;
    *out = (struct str){copy, (size_t)(at - copy)};
    return true;
}

bool json_read_str(struct json_reader *r, struct str *out)
{
    if (json_peek(r) != JSON_STRING)
        return fail(r, "expected a string");
    const char *start = ++r->at;
    r->at = json_find_special(start, r->end);
    if (r->at == r->end)
        return fail(r, "unexpected end in a string");
    if (*r->at == '"') {
        *out = (struct str){start, (size_t)(r->at - start)};
        r->at++;
    } else if (*r->at == '\\') {
        if (!read_escaped(r, start, out))
            return false;
    } else {
        return fail(r, "control character in a string");
    }
    return str_is_utf8(*out) || fail(r, "invalid UTF-8");
}

/* -- numbers ----------------------------------------------------------------------------------- */

static bool take_digits(struct json_reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return r->at > start || fail(r, "bad number");
}

static bool take_char(struct json_reader *r, char a, char b)
{
    if (r->at == r->end || (*r->at != a && *r->at != b))
        return false;
    r->at++;
    return true;
}

bool json_read_number(struct json_reader *r, struct str *text)
{
    if (json_peek(r) != JSON_NUMBER)
        return fail(r, "expected a number");
    const char *start = r->at;
    take_char(r, '-', '-');
    if (take_char(r, '0', '0')) {
        if (r->at < r->end && *r->at >= '0' && *r->at <= '9')
            return fail(r, "bad number");
    } else if (!take_digits(r)) {
        return false;
    }
    if (take_char(r, '.', '.') && !take_digits(r))
        return false;
    if (take_char(r, 'e', 'E')) {
        take_char(r, '+', '-');
        if (!take_digits(r))
            return false;
    }
    *text = (struct str){start, (size_t)(r->at - start)};
    return true;
}

bool json_read_i64(struct json_reader *r, int64_t *out)
{
    struct str text;
    if (!json_read_number(r, &text))
        return false;
    bool is_negative = text.data[0] == '-';
    uint64_t magnitude;
    if (!str_to_u64(str_from(text, is_negative), INT64_MAX, &magnitude))
        return fail(r, "expected a whole number");
    *out = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

/* -- containers -------------------------------------------------------------------------------- */

static bool enter(struct json_reader *r, enum json_type type, const char *why)
{
    if (json_peek(r) != type)
        return fail(r, why);
    if (++r->depth > JSON_MAX_DEPTH)
        return fail(r, "nested too deeply");
    r->at++;
    r->is_first = true;
    return true;
}

bool json_enter_object(struct json_reader *r)
{
    return enter(r, JSON_OBJECT, "expected an object");
}

bool json_enter_array(struct json_reader *r)
{
    return enter(r, JSON_ARRAY, "expected an array");
}

/* Takes the comma before the next entry, or the closing bracket; false at the end. */
static bool next_entry(struct json_reader *r, char close)
{
    if (r->failure)
        return false;
    skip_space(r);
    bool is_first = r->is_first;
    r->is_first = false;
    if (r->at == r->end)
        return fail(r, "unexpected end");
    if (*r->at == close) {
        r->at++;
        r->depth--;
        return false;
    }
    if (is_first)
        return true;
    if (*r->at != ',')
        return fail(r, "expected ','");
    r->at++;
    return true;
}

bool json_next_member(struct json_reader *r, struct str *name)
{
    if (!next_entry(r, '}'))
        return false;
    if (!json_read_str(r, name))
        return false;
    skip_space(r);
    if (r->at == r->end || *r->at != ':')
        return fail(r, "expected ':'");
    r->at++;
    return true;
}

bool json_next_element(struct json_reader *r)
{
    return next_entry(r, ']');
}

static bool skip_scalar(struct json_reader *r, enum json_type type)
{
    struct str text;
    bool truth;
    switch (type) {
    case JSON_NULL:
        return json_read_null(r);
    case JSON_BOOL:
        return json_read_bool(r, &truth);
    case JSON_NUMBER:
        return json_read_number(r, &text);
    case JSON_STRING:
        return json_read_str(r, &text);
    case JSON_INVALID:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return false;
}

/* Without recursion: the kinds of the open containers are bits of a stack as deep as is allowed. */
bool json_skip(struct json_reader *r)
{
    bool is_object[JSON_MAX_DEPTH + 1];
    const int outside = r->depth;
    struct str name;
    do {
        enum json_type type = json_peek(r);
        if (type == JSON_OBJECT || type == JSON_ARRAY) {
            if (!enter(r, type, ""))
                return false;
            is_object[r->depth] = type == JSON_OBJECT;
        } else if (!skip_scalar(r, type)) {
            return false;
        }
        while (r->depth > outside &&
               !(is_object[r->depth] ? json_next_member(r, &name) : json_next_element(r)))
            if (r->failure)
                return false;
    } while (r->depth > outside);
    return true;
}

bool json_read_raw(struct json_reader *r, struct str *text)
{
    json_peek(r);
    const char *start = r->at;
    if (!json_skip(r))
        return false;
    *text = (struct str){start, (size_t)(r->at - start)};
    return true;
}

bool json_finish(struct json_reader *r)
{
    if (r->failure)
        return false;
    skip_space(r);
    return r->at == r->end || fail(r, "text after the value");
}

struct str json_error(struct json_reader *r)
{
    if (!r->failure)
        return S("");
    return arena_printf(r->arena, "%s at byte %zu", r->failure, (size_t)(r->at - r->start));
}
