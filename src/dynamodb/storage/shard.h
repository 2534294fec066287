/* Shard: the parts of a stream as they are stored.
 *
 * Called by stream_log.c (streams open, roll over and close), stream.c (reading), stream_age.c
 * (what is past its time) and upgrade.c. Plans go into the caller's batch, results into its arena.
 * What a reader is shown of a shard is stream.h's. */
#pragma once

#include "dynamodb/storage/internal.h"
#include "dynamodb/storage/stream.h"

/* Open at any time: a quarter of the hash space each. */
enum { STREAM_SHARDS = 4 };

struct shard_state {
    struct shard shard;
    int64_t closed_ms;
    uint64_t trimmed; /* the first sequence kept; 0: all */
};

/* The open shard, from 0, that an item's records go to. */
uint32_t shard_of_item(struct str item_key);

void shard_plan(struct arena *a, struct kv_batch *batch, uint32_t stream_id,
                const struct shard_state *s);
/* The shard and its records. */
void shard_plan_delete(struct arena *a, struct kv_batch *batch, uint32_t stream_id,
                       uint32_t shard_id);
MUST_USE bool shard_decode(struct str key, struct str value, struct shard_state *out);

MUST_USE struct error *shard_read(struct store *store, struct arena *a, uint32_t stream_id,
                                  uint32_t shard_id, struct shard_state *out, bool *found);
/* Those behind `after`, by rising id, at most `limit`; past their time or not. */
MUST_USE struct error *shard_list(struct store *store, struct arena *a, uint32_t stream_id,
                                  uint32_t after, size_t limit, struct shard_state **out,
                                  size_t *count);

/* Closed, and so long ago that nothing of it can be read. */
bool shard_is_past(const struct shard_state *s, int64_t now_ms);
/* The one that goes on where `parent` closes, at that moment; `first` is the sequence it takes. */
struct shard_state shard_child(const struct shard_state *parent, uint64_t first);
