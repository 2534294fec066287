/* Shape: what a request looks like, as facts, and the decoder that fills C structs from them.
 *
 * shapes.c describes every input of the API 2012-08-10 with the service model's facts (members,
 * types, required, lengths, ranges, words, patterns); shape_decode reads a request's JSON in one
 * pass straight into the operation's struct of requests.h, then checks the constraints in the
 * service's order and words. Members that the shape does not know are ignored; a null member is an
 * absent one. Everything decoded lives in the arena or points into the text. Pure.
 *
 * How each kind is held in C, and how absence shows:
 *
 *     SHAPE_STRING            struct str             data is NULL
 *     SHAPE_ENUM              an enum of requests.h  0; else 1 + position among the words
 *     SHAPE_INTEGER, _LONG    struct opt_i64         !is_given
 *     SHAPE_TIMESTAMP         struct opt_i64 (ms)    !is_given
 *     SHAPE_DOUBLE            struct opt_double      !is_given
 *     SHAPE_BOOLEAN           struct opt_bool        !is_given
 *     SHAPE_VALUE             struct value_input     !is_given   AttributeValue, encoded
 *     SHAPE_ITEM              struct item_input      !is_given   map of AttributeValue, encoded
 *     SHAPE_STRUCTURE         pointer, or inline as an element   NULL
 *     SHAPE_LIST              LIST_OF(element)       !is_given
 *     SHAPE_MAP               MAP_OF(element)        !is_given   entries in the order sent */
#pragma once

#include "base/error.h"
#include "dynamodb/model/item.h"

enum shape_kind {
    SHAPE_STRING,
    SHAPE_ENUM,
    SHAPE_INTEGER,
    SHAPE_LONG,
    SHAPE_TIMESTAMP,
    SHAPE_DOUBLE,
    SHAPE_BOOLEAN,
    SHAPE_VALUE,
    SHAPE_ITEM,
    SHAPE_STRUCTURE,
    SHAPE_LIST,
    SHAPE_MAP,
};

struct opt_i64 {
    int64_t value;
    bool is_given;
};
struct opt_double {
    double value;
    bool is_given;
};
struct opt_bool {
    bool value;
    bool is_given;
};

/* An AttributeValue. What is wrong with it (the service's ValidationException) is kept in `error`,
 * because each operation checks its values at a place of its own in the order of checks. */
struct value_input {
    struct value value; /* VALUE_NONE when absent or wrong */
    struct error *error;
    bool is_given;
};
/* A map of attribute values: an item or a key. */
struct item_input {
    struct item item; /* empty when absent, wrong, or {} */
    struct error *error;
    bool is_given;
};

#define LIST_OF(type)                                                                              \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
        bool is_given;                                                                             \
    }
#define MAP_OF(type)                                                                               \
    struct {                                                                                       \
        struct {                                                                                   \
            struct str name;                                                                       \
            type value;                                                                            \
        } * items;                                                                                 \
        size_t count;                                                                              \
        bool is_given;                                                                             \
    }

struct shape_member;

/* Facts of one type. Lengths are of strings (characters), lists and maps (entries). */
struct shape {
    enum shape_kind kind;
    bool has_min, has_max;
    int64_t min, max;         /* of a length, or of a number's value */
    const char *pattern;      /* as the service shows it; see pattern.h for what is understood */
    const char *const *words; /* SHAPE_ENUM: ends with NULL, in the order the service shows */
    bool is_free;             /* SHAPE_ENUM: the operation looks at other words (below 0) itself */

    bool names_table;  /* a table's name, or its ARN, which the pattern and length are not of */
    bool is_plain;     /* its length is refused in a sentence of its own, before all else */
    bool length_first; /* told before the pattern; also of an empty name */
    bool is_terse;     /* violations are told without the value, and with the path as sent */
    bool shows_json;   /* SHAPE_MAP: violations show it as it was sent */
    bool yields;  /* SHAPE_MAP: what is wrong with its keys is told only when all else is well */
    size_t joins; /* SHAPE_ENUM: where the map is whose conditions the word joins, or 0; with
                     several of them an unknown word is told in a sentence of its own */

    size_t size_bytes;                  /* SHAPE_STRUCTURE: of the C struct */
    const char *class_name;             /* SHAPE_STRUCTURE: as the service's messages name it */
    const struct shape_member *members; /* in the order of checks */

    const struct shape *element; /* of a list, or value of a map */
    const struct shape *key;     /* SHAPE_MAP: constraints of its keys, or NULL */
};

enum need {
    NEED_NOTHING,
    NEED_MEMBER, /* "Value null at 'key' failed to satisfy constraint: Member must not be null" */
    NEED_NAME,   /* the same; what is wrong with it is told alone, unless members are missing */
    NEED_PARAMETER, /* "The parameter 'TableName' is required but was not present in the request" */
};

struct shape_member {
    struct str name; /* as in the JSON; ends with NULL data */
    uint32_t offset;
    enum need need;
    const struct shape *shape;
};

/* Fills *out, which holds shape->size_bytes bytes (zeroed here). Errors: SerializationException,
 * ValidationException ("N validation errors detected: …"). */
MUST_USE struct error *shape_decode(struct arena *a, const struct shape *shape, struct str json,
                                    void *out);
