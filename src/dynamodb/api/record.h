/* Record: a stream record as JSON, for GetRecords and for the functions that triggers invoke.
 *
 * Called by streams.c and trigger/event.c. Pure but for the writer. */
#pragma once

#include "dynamodb/storage/stream.h"
#include "json/writer.h"

/* Where records come from. */
struct record_source {
    struct str stream_arn, region;
    uint32_t stream_id, shard_id;
    enum stream_view view;
};

struct str stream_view_name(enum stream_view view);

/* GetRecords' form. */
void record_write(struct arena *a, struct json_writer *w, const struct record_source *source,
                  const struct stream_record *record);
/* Lambda's: with eventSourceARN, and userIdentity in small letters. */
void record_write_event(struct arena *a, struct json_writer *w, const struct record_source *source,
                        const struct stream_record *record);
