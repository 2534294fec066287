/* Position: the names that streams, shards, sequence numbers and iterators have on the wire.
 *
 *     stream     arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/2026-11-20T22:31:07.012
 *     shard      shardId-00000001763678267012-0000000a    creation (Unix ms, 20 digits), id (hex)
 *     sequence   100000000000000000042                    '1' and 20 digits
 *     iterator   the stream's ARN, "|1|", base64 of what position.c draws
 *
 * Called by streams.c. All are as long and as plain as the service's, and opaque to clients. Pure.
 */
#pragma once

#include "base/arena.h"
#include "dynamodb/storage/stream.h"

struct stream_name {
    struct str table_name;
    int64_t created_ms; /* the label */
};

/* False for what is no stream's ARN. Region and account are not looked at. */
bool stream_arn_parse(struct str arn, struct stream_name *out);
struct str stream_arn(struct arena *a, struct str region, struct str account,
                      const struct stream_name *name);

struct str shard_name(struct arena *a, const struct shard *shard);
/* The id in a shard's name; false when it is none. */
bool shard_name_parse(struct str name, uint32_t *id);

struct str sequence_name(struct arena *a, uint64_t sequence);
bool sequence_name_parse(struct str name, uint64_t *sequence);

struct iterator {
    struct str stream_arn;
    uint32_t stream_id, shard_id;
    bool is_trim_horizon; /* from the oldest record on, whichever that is by then */
    uint64_t next;        /* the first sequence to read */
    int64_t issued_ms;
};
struct str iterator_name(struct arena *a, const struct iterator *it);
bool iterator_parse(struct arena *a, struct str name, struct iterator *out);
