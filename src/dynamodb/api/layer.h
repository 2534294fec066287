/* Layer: in which words an operation tells what is wrong with a request.
 *
 * The service checks attribute values in one of two layers, and which of them an operation runs
 * decides how it tells of a malformed number, a set with duplicates, NULL that is false, a value
 * nested too deeply, a name or an expression that is too long:
 *
 *     layer        operations                         words   form
 *     LAYER_OLDER  batch writes, transactions, Scan,  older   as they are; an expression's value
 *                  PartiQL                                    "… invalid value: … for key :v"
 *     LAYER_READ   GetItem, BatchGetItem, Query       newer   as they are
 *     LAYER_WRITE  PutItem, UpdateItem, DeleteItem    newer   "1 validation error detected: …"
 *
 * Who finds such an error gives it both words (error->newer); each row of the operation table names
 * its layer, and the engine tells the error in it. All other errors have one wording everywhere. A
 * value nested past LAYER_NESTING makes newer operations leave the request to the older layer.
 *
 * The operations of LAYER_WRITE put what else they find before they look for the table into the
 * same envelope, part by part: enum layer_part.
 *
 * Source: the public conformance suite's recordings of October 2026 ("valueLayers", "request
 * validation envelope", "deepRequests"); names, measured in September 2026: ExtendDB's issue 365;
 * the length of expressions, the same month: floci's pull request 3447. Pure. */
#pragma once

#include "base/error.h"

#define LAYER_NESTING 62u

enum value_layer { LAYER_OLDER, LAYER_READ, LAYER_WRITE };

MUST_USE struct error *layer_tell(struct arena *a, enum value_layer layer, struct error *error);
/* Whether it is a value nested so deeply that the older layer tells all of the request. */
bool layer_is_left_to_older(const struct error *error);

/* What a request is checked for in parts. */
enum layer_part {
    PART_MIXED = 1 << 0,         /* members of the older form beside expressions */
    PART_LONE_NAMES = 1 << 1,    /* ExpressionAttributeNames without an expression */
    PART_LONE_VALUES = 1 << 2,   /* ExpressionAttributeValues without one */
    PART_PARAMETERS = 1 << 3,    /* the two maps themselves */
    PART_UPDATE = 1 << 4,        /* UpdateExpression */
    PART_CONDITION = 1 << 5,     /* ConditionExpression */
    PART_UNUSED = 1 << 6,        /* names and values that no expression uses */
    PART_OLDER = 1 << 7,         /* Expected, AttributeUpdates */
    PART_RETURN_VALUES = 1 << 8, /* words that the operation does not take */
};
#define PART_ALL 0x1FFu

/* The error in the envelope, when it is of one of the parts that are told in it. NULL for NULL. */
MUST_USE struct error *layer_envelope(struct arena *a, unsigned parts, enum layer_part part,
                                      struct error *error);
