/* Web input: what comes in with a request, checked before anybody works with it. */
#include "messaging/web_request.h"
#include "json/reader.h"

enum { LIMIT_DEFAULT = 20, LIMIT_MAX = 100, KEY_MAX_BYTES = 255, CURSOR_MAX_BYTES = 2048 };

/* -- the body ---------------------------------------------------------------------------------- */

static bool is_json(struct str content_type)
{
    struct str type;
    str_cut(&content_type, ';', &type);
    return str_eq_nocase(str_trim(type), S("application/json"));
}

/* Reads one value of a member; false when it has another type. */
static bool read_member(struct json_reader *r, const struct web_member *m)
{
    enum json_type type = json_peek(r);
    if (type == JSON_NULL)
        return json_read_null(r);
    if (m->is_given)
        *m->is_given = true;
    if (m->type == WEB_TEXT)
        return type == JSON_STRING && json_read_str(r, m->text);
    return type == JSON_NUMBER && json_read_i64(r, m->number);
}

static struct error *wrong_type(struct web_request *r, const struct web_member *m)
{
    return error_new(r->arena, &web_bad_request, "%.*s must be a %s", STR_ARG(m->name),
                     m->type == WEB_TEXT ? "string" : "whole number");
}

static struct error *read_members(struct web_request *r, struct json_reader *reader,
                                  const struct web_member *members, size_t count)
{
    struct str name;
    uint64_t seen = 0;
    while (json_next_member(reader, &name)) {
        size_t i = 0;
        while (i < count && !str_eq(name, members[i].name))
            i++;
        if (i == count) {
            json_skip(reader);
            continue;
        }
        if (seen & (1u << i)) /* which of the two did the client mean? */
            return error_new(r->arena, &web_bad_request, "%.*s stands twice", STR_ARG(name));
        seen |= 1u << i;
        enum json_type type = json_peek(reader);
        /* A string that cannot be read is no string: the reader says why, at the end. */
        bool is_unreadable =
            type == JSON_INVALID || (type == JSON_STRING && members[i].type == WEB_TEXT);
        if (!read_member(reader, &members[i]) && !is_unreadable)
            return wrong_type(r, &members[i]);
    }
    return NULL;
}

struct error *web_read_body(struct web_request *r, const struct web_member *members, size_t count)
{
    struct str body = r->http->body;
    if (body.len && !is_json(http_header_of(r->http, S("Content-Type"))))
        return error_new(r->arena, &web_not_json, "the body must be application/json");
    struct json_reader reader;
    json_reader_init(&reader, body, r->arena);
    enum json_type type = json_peek(&reader);
    if (type != JSON_OBJECT && type != JSON_INVALID)
        return error_new(r->arena, &web_bad_request, "the body must be a JSON object");
    if (json_enter_object(&reader))
        TRY(read_members(r, &reader, members, count));
    if (!json_finish(&reader))
        return error_new(r->arena, &web_bad_request, "the body is not JSON: %.*s",
                         STR_ARG(json_error(&reader)));
    return NULL;
}

/* -- query and headers ------------------------------------------------------------------------- */

static struct error *read_cursor(struct web_request *r, struct str name, struct str *cursor)
{
    if (!http_query_of(r->arena, r->http, name, cursor))
        *cursor = S("");
    else if (!cursor->len || cursor->len > CURSOR_MAX_BYTES)
        return error_new(r->arena, &web_bad_cursor, "%.*s is no cursor of ours", STR_ARG(name));
    return NULL;
}

struct error *web_read_page(struct web_request *r, struct chat_page *page)
{
    struct str text;
    uint64_t limit = LIMIT_DEFAULT;
    if (http_query_of(r->arena, r->http, S("limit"), &text) &&
        (!str_to_u64(text, LIMIT_MAX, &limit) || limit == 0))
        return error_new(r->arena, &web_bad_limit, "limit must be 1 to %d", LIMIT_MAX);
    *page = (struct chat_page){.limit = (size_t)limit};
    TRY(read_cursor(r, S("before"), &page->before));
    TRY(read_cursor(r, S("after"), &page->after));
    if (page->before.len && page->after.len)
        return error_new(r->arena, &web_bad_cursor, "before and after exclude each other");
    return NULL;
}

struct error *web_read_key(struct web_request *r, struct str *key)
{
    size_t count = 0;
    *key = S("");
    for (size_t i = 0; i < r->http->header_count; i++)
        if (str_eq_nocase(r->http->headers[i].name, S("Idempotency-Key"))) {
            *key = r->http->headers[i].value;
            count++;
        }
    bool is_good = count == 0 || (count == 1 && key->len >= 1 && key->len <= KEY_MAX_BYTES);
    for (size_t i = 0; i < key->len && is_good; i++)
        is_good = key->data[i] > ' ' && key->data[i] < 0x7f;
    return is_good ? NULL
                   : error_new(r->arena, &web_bad_key,
                               "Idempotency-Key must be 1 to %d visible ASCII characters",
                               KEY_MAX_BYTES);
}

/* -- text -------------------------------------------------------------------------------------- */

/* The code point at `at` of valid UTF-8; *len is its bytes. */
static uint32_t code_point(const unsigned char *at, size_t *len)
{
    static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    *len = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    uint32_t code = at[0] & mask[*len];
    for (size_t i = 1; i < *len; i++)
        code = code << 6 | (at[i] & 0x3f);
    return code;
}

/* Unicode's White_Space, and what has no width: it can be seen as little. */
static bool is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200d) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x2060 || c == 0x3000 || c == 0xfeff;
}

bool web_is_blank(struct str text)
{
    for (size_t at = 0, len; at < text.len; at += len)
        if (!is_space(code_point((const unsigned char *)text.data + at, &len)))
            return false;
    return true;
}

struct str web_escape(struct arena *a, struct str text)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = arena_alloc(a, text.len * 3 + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (is_plain) {
            out[len++] = (char)c;
            continue;
        }
        out[len++] = '%';
        out[len++] = hex[c >> 4];
        out[len++] = hex[c & 15];
    }
    return (struct str){out, len};
}
