#include "json/writer.h"

#include "json/scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void before_value(struct json_writer *w)
{
    if (w->needs_comma)
        buf_add_char(w->out, ',');
    w->needs_comma = true;
}

void json_begin_object(struct json_writer *w)
{
    before_value(w);
    buf_add_char(w->out, '{');
    w->needs_comma = false;
}

void json_end_object(struct json_writer *w)
{
    buf_add_char(w->out, '}');
    w->needs_comma = true;
}

void json_begin_array(struct json_writer *w)
{
    before_value(w);
    buf_add_char(w->out, '[');
    w->needs_comma = false;
}

void json_end_array(struct json_writer *w)
{
    buf_add_char(w->out, ']');
    w->needs_comma = true;
}

void json_key(struct json_writer *w, struct str name)
{
    before_value(w);
    json_escape(w->out, name);
    buf_add_char(w->out, ':');
    w->needs_comma = false;
}

void json_str(struct json_writer *w, struct str text)
{
    before_value(w);
    json_escape(w->out, text);
}

void json_i64(struct json_writer *w, int64_t number)
{
    before_value(w);
    buf_add_i64(w->out, number);
}

void json_double(struct json_writer *w, double number)
{
    char text[40];
    if (!isfinite(number))
        abort(); /* JSON has no word for it: a mistake of the caller */
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, number);
        if (strtod(text, NULL) == number)
            break;
    }
    before_value(w);
    buf_add_z(w->out, text);
    if (!strpbrk(text, ".e"))
        buf_add(w->out, S(".0"));
}

void json_bool(struct json_writer *w, bool value)
{
    before_value(w);
    buf_add(w->out, value ? S("true") : S("false"));
}

void json_null(struct json_writer *w)
{
    before_value(w);
    buf_add(w->out, S("null"));
}

void json_raw(struct json_writer *w, struct str json)
{
    before_value(w);
    buf_add(w->out, json);
}

static void escape_char(struct buf *out, char c)
{
    switch (c) {
    case '"':
        buf_add(out, S("\\\""));
        break;
    case '\\':
        buf_add(out, S("\\\\"));
        break;
    case '\n':
        buf_add(out, S("\\n"));
        break;
    case '\r':
        buf_add(out, S("\\r"));
        break;
    case '\t':
        buf_add(out, S("\\t"));
        break;
    default:
        buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
    }
}

/* Pieces of plain text and what must be written otherwise. */
static void escape_slowly(struct buf *out, struct str text)
{
    const char *at = text.data, *end = at + text.len;
    for (;;) {
        const char *special = json_find_special(at, end);
        buf_add(out, (struct str){at, (size_t)(special - at)});
        if (special == end)
            return;
        escape_char(out, *special);
        at = special + 1;
    }
}

void json_escape(struct buf *out, struct str text)
{
    char *to = buf_reserve(out, text.len + 2);
    if (!to)
        return;
    *to = '"';
    if (json_copy_plain(to + 1, text.data, text.len)) {
        to[text.len + 1] = '"';
        out->len += text.len + 2;
        return;
    }
    out->len++;
    escape_slowly(out, text);
    buf_add_char(out, '"');
}
