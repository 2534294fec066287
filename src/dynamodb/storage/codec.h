/* Codec: table definitions and key schemas as stored bytes, and back.
 *
 * Called by catalog.c and stream_log.c. Decoded text is copied into the given arena, so the bytes
 * may go. Decoding damaged bytes gives false, and never anything worse. Pure. */
#pragma once

#include "dynamodb/model/schema.h"

struct str table_encode(struct arena *a, const struct table *t);
MUST_USE bool table_decode(struct arena *a, struct str bytes, struct table *out);

struct value key_schema_value(struct arena *a, const struct key_schema *keys);
MUST_USE bool key_schema_of(struct arena *a, struct value v, struct key_schema *out);
