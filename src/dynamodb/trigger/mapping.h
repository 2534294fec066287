/* Mapping: what `--trigger` says, as a value: which table's changes go to which function, and how.
 *
 *     TABLE=URL[,batch=100][,window=0][,retries=-1][,bisect=1][,failures=FILE][,parallel=1]
 *              [,parallelization=1][,position=TRIM_HORIZON][,max-age=-1][,partial=1][,timeout=900][,filter=FILE]
 *
 * The words and limits are those of Lambda's event source mappings. Pure. Source: AWS Lambda API
 * reference, CreateEventSourceMapping. */
#pragma once

#include "base/error.h"

struct mapping {
    struct str table;
    struct str url;      /* of one invocation; one without a path got the invocation path */
    size_t batch;        /* records of an invocation, at most */
    int64_t window_ms;   /* how long to wait for a full batch */
    int64_t retries;     /* invocations that may fail after the first; -1: no end */
    int64_t max_age_ms;  /* older records are given up; -1: as long as the stream has them */
    int64_t timeout_ms;  /* of one invocation */
    size_t parallel;     /* shards that are read at the same time, at most */
    size_t parts;        /* of a shard, by item, each with batches of its own: parallelization */
    bool bisects;        /* a batch that fails is tried in halves */
    bool reports_items;  /* ReportBatchItemFailures: answers may name where a batch failed */
    bool from_latest;    /* a mapping that is new begins with what is written from now on */
    struct str failures; /* a file for what is given up; empty: none */
    struct str filter;   /* a file with filter criteria; empty: none */
};

/* Pieces point into `text` or live in the arena. error_usage. */
MUST_USE struct error *mapping_parse(struct arena *a, struct str text, struct mapping *out);
