/* JSON writer: appends compact JSON to a buf; puts the commas itself.
 *
 *     struct json_writer w = json_writer(&reply);
 *     json_begin_object(&w);
 *     json_key(&w, S("Count")), json_i64(&w, count);
 *     json_end_object(&w);
 *
 * Strings must be UTF-8; control characters, quote and backslash are escaped, nothing else. */
#pragma once

#include "base/buf.h"

struct json_writer {
    struct buf *out;
    bool needs_comma;
};

static inline struct json_writer json_writer(struct buf *out)
{
    return (struct json_writer){.out = out};
}

void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, struct str name);
void json_str(struct json_writer *w, struct str text);
void json_i64(struct json_writer *w, int64_t number);
void json_double(struct json_writer *w, double number); /* shortest form; 2 is written 2.0 */
void json_bool(struct json_writer *w, bool value);
void json_null(struct json_writer *w);
void json_raw(struct json_writer *w, struct str json); /* one value, already JSON */
/* One string with its quotes, without the writer's commas. */
void json_escape(struct buf *out, struct str text);
