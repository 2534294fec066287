/* Shapes, common: the words in which shapes_*.c write facts, and the types that they share.
 *
 * Included by shapes_*.c only. Sources: service model 2012-08-10; the order of words in enums, and
 * which table names are told about in which words, from recordings of the service. */
#pragma once

#include "dynamodb/api/requests.h"
#include "dynamodb/api/shape.h"

#include <stddef.h>

#define LENGTH(least, most) .has_min = true, .min = (least), .has_max = true, .max = (most)
#define AT_LEAST(least) .has_min = true, .min = (least)
#define AT_MOST(most) .has_max = true, .max = (most)
#define WORDS(...)                                                                                 \
    .kind = SHAPE_ENUM, .words = (const char *const[])                                             \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define LIST(of) .kind = SHAPE_LIST, .element = &(of)
#define MAP(of) .kind = SHAPE_MAP, .element = &(of)
#define MEMBER(type, field, json, need, of)                                                        \
    {                                                                                              \
        STR_INIT(json), offsetof(struct type, field), need, &(of)                                  \
    }
#define STRUCTURE(type, class, ...)                                                                \
    {                                                                                              \
        .kind = SHAPE_STRUCTURE, .size_bytes = sizeof(struct type), .class_name = class,           \
        .members = (const struct shape_member[]){__VA_ARGS__, END},                                \
    }
#define END                                                                                        \
    {                                                                                              \
        {NULL, 0}, 0, NEED_NOTHING, NULL                                                           \
    }

/* -- scalars ----------------------------------------------------------------------------------- */

static const struct shape text = {.kind = SHAPE_STRING};
static const struct shape boolean = {.kind = SHAPE_BOOLEAN};
static const struct shape any_long = {.kind = SHAPE_LONG};
static const struct shape positive_long = {.kind = SHAPE_LONG, AT_LEAST(1)};
static const struct shape limit = {.kind = SHAPE_INTEGER, AT_LEAST(1)};

/* -- names ------------------------------------------------------------------------------------- */

#define NAME_PATTERN "[a-zA-Z0-9_.-]+"

/* Requests on data: a name or an ARN. */
static const struct shape table_name = {
    .kind = SHAPE_STRING, .names_table = true, .pattern = NAME_PATTERN, LENGTH(3, 255)};
/* Requests on tables. */
static const struct shape control_table_name = {.kind = SHAPE_STRING,
                                                .names_table = true,
                                                .is_plain = true,
                                                .pattern = NAME_PATTERN,
                                                LENGTH(3, 255)};
/* Where an ARN names no table. */
static const struct shape plain_name = {
    .kind = SHAPE_STRING, .pattern = NAME_PATTERN, LENGTH(3, 255)};
static const struct shape any_arn = {.kind = SHAPE_STRING, LENGTH(1, 1024)};

/* -- attribute values -------------------------------------------------------------------------- */

static const struct shape value = {.kind = SHAPE_VALUE};
static const struct shape item = {.kind = SHAPE_ITEM};
static const struct shape value_list_shape = {LIST(value)};
static const struct shape values = {MAP(value)};
static const struct shape names = {MAP(text)};
