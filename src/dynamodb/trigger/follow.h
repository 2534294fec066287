/* Follow: where a mapping is in the streams of its table: one stream, its shards as lanes, or their
 * parts, if the mapping has several.
 *
 * Owned by trigger.c, which holds its lock around every call but follow_open; nothing here waits.
 * Streams are gone through in the order in which they were made. Errors are the store's. */
#pragma once

#include "base/arena.h"
#include "dynamodb/storage/stream.h"
#include "dynamodb/trigger/lane.h"

struct follow {
    const struct mapping *mapping;
    struct store *store;
    struct str region, account_id;
    uint32_t stream_id; /* 0: before the first stream */
    enum stream_view view;
    struct str stream_arn;
    struct arena arena; /* of the ARN */
    struct lane *lanes;
    size_t lane_count, lane_cap;
    size_t turn; /* the lane looked at first, so that none starves */
};

/* Finds the checkpoint; a mapping without one gets it now, at its starting position. */
MUST_USE struct error *follow_open(struct arena *a, struct follow *f);
void follow_close(struct follow *f);

/* Looks for new shards, and goes on to the next stream when this one is done. */
MUST_USE struct error *follow_refresh(struct arena *a, struct follow *f);
/* A lane that is due and whose parent is done; NULL when there is none. */
struct lane *follow_pick(struct follow *f, uint64_t watermark, int64_t now_us);
MUST_USE struct error *follow_save(struct arena *a, struct follow *f);
