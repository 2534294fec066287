/* Checkpoint: how far a mapping has come in its table's streams.
 *
 * A shard that it does not name though it names a younger one has been read to its end; so has a
 * part that it does not name though it names others of its shard.
 * Kept as a note of the catalog, named by table and URL. The text form is drawn in checkpoint.c. */
#pragma once

#include "dynamodb/trigger/lane.h"

struct checkpoint_shard {
    uint32_t shard_id;
    uint32_t part;
    uint64_t next; /* the first sequence that is not dealt with */
};

struct checkpoint {
    uint32_t stream_id; /* 0: before the first stream */
    uint32_t parts;     /* that each shard has */
    struct checkpoint_shard *shards;
    size_t shard_count;
};

struct str checkpoint_name(struct arena *a, const struct mapping *m);
struct str checkpoint_encode(struct arena *a, const struct checkpoint *c);
bool checkpoint_decode(struct arena *a, struct str text, struct checkpoint *out);
