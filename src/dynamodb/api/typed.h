/* Typed: JSON of an expected type, with the service's words for any other.
 *
 * Called by shape.c and attribute.c. Every error is a SerializationException in the reader's arena.
 * Words as the service's Java side gives them, known from dynalite's recordings of it. Pure. */
#pragma once

#include "base/error.h"
#include "json/reader.h"

/* The text is not JSON at all. */
struct error *typed_broken(struct json_reader *r);

MUST_USE struct error *typed_read_str(struct json_reader *r, struct str *out);
/* true, false, or the words that the service takes for them ("true", "1", "no", …). */
MUST_USE struct error *typed_read_bool(struct json_reader *r, bool *out);
/* Fractions are cut off; what does not fit is held at the bounds. `type` is "Integer" or "Long". */
MUST_USE struct error *typed_read_integer(struct json_reader *r, const char *type, int64_t *out);
MUST_USE struct error *typed_read_double(struct json_reader *r, double *out);
/* Base64, decoded into the arena. */
MUST_USE struct error *typed_read_blob(struct json_reader *r, struct str *out);

/* Where a collection stands decides the words. */
enum typed_place {
    TYPED_FIELD,   /* member of a structure */
    TYPED_ELEMENT, /* element of a list, value of a map */
};
/* Enter the object of a structure or map, or an array, or say why not. `name` is the class of the
 * structure, or of the map's values. */
MUST_USE struct error *typed_enter_structure(struct json_reader *r, enum typed_place place,
                                             const char *name);
MUST_USE struct error *typed_enter_map(struct json_reader *r, enum typed_place place,
                                       const char *name);
MUST_USE struct error *typed_enter_list(struct json_reader *r, enum typed_place place);
