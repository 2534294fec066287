/* ARN: the names that tag and policy operations are given, which may be of what is not there.
 *
 *     arn:aws:dynamodb:REGION:ACCOUNT:table/NAME
 *     arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL
 *
 * Called by tags.c and resource_policy.c. The parts point into the text. Pure.
 * Errors: ValidationException in the service's words (recorded in 2026). */
#pragma once

#include "dynamodb/api/api.h"

struct resource_arn {
    struct str text;
    struct str partition, service, region, account;
    struct str table;
    struct str stream; /* the label; empty: the table itself */
};

/* Takes the text apart and refuses what is not a table or a stream: a bare name, another service, a
 * backup, an index. Where it is (region, account) is left to the caller. */
MUST_USE struct error *resource_arn_parse(struct arena *a, struct str text,
                                          struct resource_arn *out);
