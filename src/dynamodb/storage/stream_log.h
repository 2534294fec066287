/* Stream log: how streams and their records are written. Reading them is stream.h.
 *
 * Called by txn.c (records, inside the write batch), catalog.c (streams switched on and off) and
 * worker.c (what is past its time). */
#pragma once

#include "dynamodb/storage/internal.h"
#include "dynamodb/storage/stream.h"

enum { STREAM_SHARDS = 4 };

/* A stream as it is stored. */
struct stream_state {
    struct stream stream;
    uint64_t first_sequence;
    uint64_t last_sequence; /* 0: open */
    int64_t closed_ms;
    uint64_t trimmed[STREAM_SHARDS]; /* the first sequence kept in each shard; 0: all */
};

struct str stream_state_encode(struct arena *a, const struct stream_state *s);
MUST_USE bool stream_state_decode(struct arena *a, struct str bytes, struct stream_state *out);
MUST_USE struct error *stream_state_read(struct store *store, struct arena *a, uint32_t stream_id,
                                         struct stream_state *out, bool *found);
/* Closed, and so long ago that nothing of it can be read. */
bool stream_is_past(const struct stream_state *s, int64_t now_ms);

/* Under the write lock, into the batch of the catalog's change. */
void stream_plan_open(struct store *store, struct arena *a, struct kv_batch *batch,
                      const struct table *t);
void stream_plan_close(struct store *store, struct arena *a, struct kv_batch *batch,
                       struct stream_state *s);

/* The shard, from 1, that an item's records go to: a quarter of the hash space each. */
uint32_t stream_shard_of(struct str item_key);
struct str stream_record_encode(struct arena *a, const struct table *t, struct item old,
                                struct item new_item, bool is_ttl, int64_t now_ms);
MUST_USE bool stream_record_decode(struct str key, struct str value, struct stream_record *out);

/* Those past their time too. */
MUST_USE struct error *stream_list_all(struct store *store, struct arena *a,
                                       const struct stream **out, size_t *count);
/* Removes records older than STREAM_RETENTION_MS and streams of which nothing is left. */
MUST_USE struct error *stream_trim(struct store *store, struct arena *a);
