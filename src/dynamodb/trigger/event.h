/* Event: what a function is invoked with, and what is told of batches it would not take.
 *
 * Pure. Source: AWS Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB" (event) and
 * "Retain discarded records for a DynamoDB event source" (failure record). */
#pragma once

#include "base/clock.h"
#include "dynamodb/api/record.h"

enum { EVENT_MAX_BYTES = 6 * 1024 * 1024 }; /* Lambda's limit of a payload */

/* Some records of a shard, in order. */
struct event_batch {
    const struct record_source *source;
    const struct stream_record *const *records;
    size_t count;
};

/* {"Records":[…]} of the first *taken records: as many as fit, one at least. */
struct str event_render(struct arena *a, struct event_batch batch, size_t *taken);

struct event_failure {
    struct str request_id;
    struct str function;       /* its URL stands in the place of its ARN */
    struct str condition;      /* "RetryAttemptsExhausted", "RecordAgeExceeded" */
    int64_t invocations;       /* of this batch */
    int status;                /* HTTP, of the last one; 0: no answer */
    struct str function_error; /* "Unhandled"; empty */
    struct str shard;          /* its name */
    int64_t now_us;
};

/* One line: the destination record as Lambda puts it into a bucket, with the event as "payload". */
struct str event_render_failure(struct arena *a, struct event_batch batch,
                                const struct event_failure *failure);
