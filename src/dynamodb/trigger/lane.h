/* Lane: one shard on its way through a mapping, or one part of its items: what to do next, and what
 * an outcome means.
 *
 * trigger.c does what a lane says; nothing here reads, posts or waits. A batch is described by its
 * sequence numbers. Times are microseconds of the monotonic clock. Pure. */
#pragma once

#include "dynamodb/trigger/mapping.h"

enum {
    LANE_MAX_SPLITS = 15, /* 10,000 records come to one in 14 */
};

struct lane {
    uint32_t shard_id, parent_id;
    uint32_t part;      /* of the mapping's parts: an item is in the same one in each shard */
    int64_t created_ms; /* of the shard */
    uint64_t next;      /* the checkpoint: all records before it are dealt with */
    uint64_t idle_at;   /* the watermark at which there was nothing more to do; 0: look again */
    /* The last record of the batch being tried, and of the batches that it was cut from, the
     * outermost first. None: the next batch is whatever comes. */
    uint64_t ends[LANE_MAX_SPLITS];
    size_t end_count;
    int64_t attempts;    /* of this batch, that failed in the function */
    int64_t failures;    /* in a row, of any sort: how long to pause */
    int64_t invocations; /* of this batch */
    int64_t not_before_us;
    int64_t gathering_since_us; /* 0: nothing gathered */
    bool is_done;               /* a closed shard that has been read to its end */
    bool is_busy;               /* a thread is at it */
    bool has_passed;            /* records, since the checkpoint was stored */
};

/* Records that stand to be invoked with: their sequence numbers, rising. */
struct lane_batch {
    const uint64_t *sequences;
    size_t count;
};

/* Whether there may be something to do. `watermark` is where the stream is; parents are the
 * caller's. */
bool lane_is_due(const struct lane *lane, const struct mapping *m, uint64_t watermark,
                 int64_t now_us);
/* The last record that a read for the next batch may give; 0: no limit. */
uint64_t lane_end(const struct lane *lane);
/* Whether to wait for more before invoking, with `count` records at hand. `is_full`: no more would
 * fit. */
bool lane_gathers(struct lane *lane, const struct mapping *m, size_t count, bool is_full,
                  int64_t now_us);

enum outcome {
    OUTCOME_SUCCESS,
    OUTCOME_FROM,      /* records before `failed_sequence` succeeded */
    OUTCOME_FAILED,    /* the function said so, or answered what no function answers */
    OUTCOME_UNREACHED, /* it was not invoked: nobody there, or it is throttled */
};

/* Takes the outcome of an invocation. True: the batch is to be given up with lane_pass, because its
 * retries are used up. */
MUST_USE bool lane_settle(struct lane *lane, const struct mapping *m, struct lane_batch batch,
                          enum outcome outcome, uint64_t failed_sequence, int64_t now_us);
/* Everything up to and with `sequence` is dealt with. */
void lane_pass(struct lane *lane, uint64_t sequence);
/* Something else went wrong (the store, the failure file): again later. */
void lane_pause(struct lane *lane, int64_t now_us);
