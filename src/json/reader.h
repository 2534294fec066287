/* JSON reader: pulls one value after another out of a text, without a tree.
 *
 *     json_reader_init(&r, text, arena);
 *     if (json_enter_object(&r))
 *         while (json_next_member(&r, &name))
 *             if (str_eq(name, S("Limit"))) json_read_str(&r, &limit); else json_skip(&r);
 *     if (!json_finish(&r)) refuse(json_error(&r));
 *
 * Strict RFC 8259 with what we decided beside it: UTF-8 is checked, a lone surrogate escape is an
 * error, so is text after the value; duplicate member names are given as they come. Strings without
 * escapes point into the text; others live in the arena. The first failure sticks: every later call
 * answers false (JSON_INVALID from json_peek) and changes nothing. Depth is limited to
 * JSON_MAX_DEPTH. Pure. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

#define JSON_MAX_DEPTH 512

enum json_type {
    JSON_INVALID, /* malformed, or the reader has failed before */
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_reader {
    const char *start, *at, *end;
    struct arena *arena;
    int depth;
    bool is_first; /* no comma is due before the next member or element */
    const char *failure;
};

void json_reader_init(struct json_reader *r, struct str text, struct arena *arena);

/* The type of the value that comes next; reads nothing but white space. */
enum json_type json_peek(struct json_reader *r);

bool json_read_null(struct json_reader *r);
bool json_read_bool(struct json_reader *r, bool *out);
bool json_read_str(struct json_reader *r, struct str *out);
bool json_read_number(struct json_reader *r, struct str *text); /* as written */
bool json_read_i64(struct json_reader *r, int64_t *out);        /* fails unless a whole number */

/* Enters; then the next call gives the first member or element, false at the end (which is then
 * consumed) or on failure. Every member's value must be read or skipped. */
bool json_enter_object(struct json_reader *r);
bool json_next_member(struct json_reader *r, struct str *name);
bool json_enter_array(struct json_reader *r);
bool json_next_element(struct json_reader *r);

bool json_skip(struct json_reader *r);                       /* any value */
bool json_read_raw(struct json_reader *r, struct str *text); /* any value, as its text */

/* True when the text ended after one whole value. */
bool json_finish(struct json_reader *r);
/* Why it failed and where ("expected ':' at byte 17"), in the arena; "" when it did not. */
struct str json_error(struct json_reader *r);
