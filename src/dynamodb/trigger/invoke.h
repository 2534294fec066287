/* Invoke: calls a function with an event, and reads from the answer how it went.
 *
 * Source: AWS Lambda API reference, Invoke; developer guide, "Configuring partial batch response".
 * The Runtime Interface Emulator answers 200 without X-Amz-Function-Error to a function that
 * failed, so the body is looked at too. */
#pragma once

#include "aws/https.h"
#include "dynamodb/trigger/lane.h"

struct verdict {
    enum outcome outcome;
    uint64_t failed_sequence; /* OUTCOME_FROM */
    int status;               /* HTTP; 0: no answer */
    struct str function_error;
    struct str why; /* for the log; in the arena */
};

struct verdict invoke(struct https *https, struct arena *a, const struct mapping *m,
                      struct str event, const atomic_bool *stop);
/* Pure: what an answer means. */
struct verdict invoke_judge(struct arena *a, const struct mapping *m,
                            const struct https_response *answer);
