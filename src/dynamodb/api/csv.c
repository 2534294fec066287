#include "dynamodb/api/csv.h"

#include "base/buf.h"

#include <string.h>

struct scan {
    const char *at, *end;
    char delimiter;
    bool is_last;
};

/* Skips the line, which must be there to its end. */
static enum csv_result wrong(struct str *text, bool is_last)
{
    struct str line;
    if (!is_last && !memchr(text->data, '\n', text->len))
        return CSV_MORE;
    str_cut(text, '\n', &line);
    return CSV_WRONG;
}

/* Behind the opening quote. What it says with pairs of quotes undone. */
static enum csv_result take_quoted(struct arena *a, struct scan *s, struct str *out)
{
    const char *start = s->at;
    size_t pairs = 0;
    for (;; s->at++) {
        s->at = s->at < s->end ? memchr(s->at, '"', (size_t)(s->end - s->at)) : NULL;
        if (!s->at || (s->at + 1 == s->end && !s->is_last))
            return CSV_MORE; /* the next byte tells what this quote means */
        if (s->at + 1 == s->end || s->at[1] != '"')
            break;
        pairs++;
        s->at++;
    }
    *out = (struct str){start, (size_t)(s->at - start)};
    s->at++;
    if (!pairs)
        return CSV_ROW;
    char *text = arena_alloc(a, out->len), *to = text;
    for (size_t i = 0; i < out->len; i++) {
        *to++ = out->data[i];
        i += out->data[i] == '"';
    }
    *out = (struct str){text, (size_t)(to - text)};
    return CSV_ROW;
}

static enum csv_result take_plain(struct scan *s, struct str *out)
{
    const char *start = s->at;
    while (s->at < s->end && *s->at != s->delimiter && *s->at != '\n' && *s->at != '"')
        s->at++;
    if (s->at == s->end && !s->is_last)
        return CSV_MORE;
    if (s->at < s->end && *s->at == '"')
        return CSV_WRONG;
    *out = (struct str){start, (size_t)(s->at - start)};
    bool ends_row = s->at == s->end || *s->at == '\n';
    if (ends_row && out->len && out->data[out->len - 1] == '\r')
        out->len--;
    return CSV_ROW;
}

/* What stands behind a field: CSV_ROW with *ends_row, or what else the row comes to. */
static enum csv_result take_end(struct scan *s, bool was_quoted, bool *ends_row)
{
    bool is_return = was_quoted && s->at < s->end && *s->at == '\r';
    if (is_return && s->at + 1 == s->end && !s->is_last)
        return CSV_MORE;
    if (is_return && (s->at + 1 == s->end || s->at[1] == '\n'))
        s->at++;
    if (s->at == s->end && !s->is_last)
        return CSV_MORE;
    *ends_row = s->at == s->end || *s->at == '\n';
    if (*ends_row)
        return CSV_ROW;
    return *s->at++ == s->delimiter ? CSV_ROW : CSV_WRONG;
}

static enum csv_result take_field(struct arena *a, struct scan *s, struct csv_row *out,
                                  bool *ends_row)
{
    struct str field = {"", 0};
    bool is_quoted = s->at < s->end && *s->at == '"';
    s->at += is_quoted;
    enum csv_result result = is_quoted ? take_quoted(a, s, &field) : take_plain(s, &field);
    if (result != CSV_ROW)
        return result;
    if (out->count == CSV_FIELDS)
        return CSV_WRONG;
    out->fields[out->count++] = field;
    return take_end(s, is_quoted, ends_row);
}

enum csv_result csv_take(struct arena *a, struct str *text, char delimiter, bool is_last,
                         struct csv_row *out)
{
    struct scan s = {text->data, text->data + text->len, delimiter, is_last};
    bool ends_row = false;
    out->count = 0;
    if (s.at == s.end)
        return CSV_MORE;
    while (!ends_row) {
        enum csv_result result = take_field(a, &s, out, &ends_row);
        if (result == CSV_WRONG || (result == CSV_MORE && is_last))
            return wrong(text, is_last);
        if (result == CSV_MORE)
            return CSV_MORE;
    }
    *text = str_from(*text, (size_t)(s.at - text->data) + (s.at < s.end));
    return CSV_ROW;
}
