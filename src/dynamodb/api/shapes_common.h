/* Shapes, common: the types that the inputs of shapes_*.c share. Included by those only.
 *
 * Sources: service model 2012-08-10; the order of words in enums, and which table names are told
 * about in which words, from recordings of the service. */
#pragma once

#include "dynamodb/api/facts.h"
#include "dynamodb/api/requests.h"

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
                                                .length_first = true,
                                                .pattern = NAME_PATTERN,
                                                LENGTH(3, 255)};
/* Where an ARN names no table. */
static const struct shape plain_name = {
    .kind = SHAPE_STRING, .pattern = NAME_PATTERN, LENGTH(3, 255)};
/* Of operations that tell a wrong length in a sentence of its own. */
static const struct shape sentence_name = {
    .kind = SHAPE_STRING, .is_plain = true, .pattern = NAME_PATTERN, LENGTH(3, 255)};
static const struct shape any_arn = {.kind = SHAPE_STRING, LENGTH(1, 1024)};

/* -- attribute values -------------------------------------------------------------------------- */

static const struct shape value = {.kind = SHAPE_VALUE};
static const struct shape item = {.kind = SHAPE_ITEM};
static const struct shape value_list_shape = {LIST(value)};
static const struct shape values = {MAP(value)};
static const struct shape names = {MAP(text)};
