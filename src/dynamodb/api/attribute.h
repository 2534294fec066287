/* Attribute: DynamoDB JSON ({"S":"x"}) to stored bytes and back, each in one pass without a tree.
 *
 * Called by shape.c (requests) and by whoever answers with items. Decoded bytes are canonical
 * (value.h): names and sets sorted, numbers in one form. They live in a sink, which is memory of
 * the arena shared by all items of a request. Pure. */
#pragma once

#include "base/error.h"
#include "dynamodb/api/shape.h"
#include "dynamodb/api/typed.h"
#include "json/reader.h"
#include "json/writer.h"

struct attribute_span;

/* Where encoded bytes go. Zero it once for each request, with the arena set. */
struct attribute_sink {
    struct arena *arena;
    char *start; /* of the value under way */
    char *at, *end;
    struct attribute_span *spans; /* attribute.c's own */
    size_t span_count, span_cap;
};

/* Reads the value that comes next in the reader. A wrong JSON type is the answer, a
 * SerializationException; a wrong attribute value goes to out->error, and reading goes on behind
 * it. A JSON null leaves *out absent. */
MUST_USE struct error *attribute_decode_value(struct json_reader *r, struct attribute_sink *sink,
                                              enum typed_place place, struct value_input *out);
MUST_USE struct error *attribute_decode_item(struct json_reader *r, struct attribute_sink *sink,
                                             enum typed_place place, struct item_input *out);

/* What every attribute's name keeps to, where a member of the request or an item names it. */
MUST_USE struct error *attribute_check_name(struct arena *a, struct str name);

/* One value: {"N":"1"}. */
void attribute_write_value(struct json_writer *w, struct value value);
/* An item's or a map's members: {"pk":{"S":"x"},…}. */
void attribute_write_item(struct json_writer *w, struct str attributes);
