/* Stream log: how streams and their records are written. Reading them is stream.h.
 *
 * Called by txn.c (records, inside the write batch), catalog.c (streams switched on and off) and
 * stream_age.c (shards that roll over, and what is past its time). */
#pragma once

#include "dynamodb/storage/internal.h"
#include "dynamodb/storage/shard.h"
#include "dynamodb/storage/stream.h"

/* A stream as it is stored. */
struct stream_state {
    struct stream stream;
    int64_t opened_ms; /* its newest shards */
    int64_t closed_ms;
};

/* A stream and its newest shards. */
struct stream_tip {
    struct stream_state state;
    struct shard_state shards[STREAM_SHARDS];
};

struct str stream_state_encode(struct arena *a, const struct stream_state *s);
MUST_USE bool stream_state_decode(struct arena *a, struct str bytes, struct stream_state *out);
MUST_USE struct error *stream_state_read(struct store *store, struct arena *a, uint32_t stream_id,
                                         struct stream_state *out, bool *found);
/* Closed, and so long ago that nothing of it can be read. */
bool stream_is_past(const struct stream_state *s, int64_t now_ms);

void stream_plan(struct arena *a, struct kv_batch *batch, const struct stream_state *s);
MUST_USE struct error *stream_tip_read(struct store *store, struct arena *a, uint32_t stream_id,
                                       struct stream_tip *out, bool *found);
/* Where a table's records go to, as it is stored. */
struct stream_front stream_front_of(const struct stream_state *s);

/* Under the write lock, into the batch of the catalog's change. */
struct stream_front stream_plan_open(struct store *store, struct arena *a, struct kv_batch *batch,
                                     const struct table *t);
void stream_plan_close(struct store *store, struct arena *a, struct kv_batch *batch,
                       struct stream_tip *tip);
/* Under the write lock: the newest shards close, and their children open. */
struct stream_front stream_plan_roll(struct store *store, struct arena *a, struct kv_batch *batch,
                                     struct stream_tip *tip);

struct str stream_record_encode(struct arena *a, const struct table *t, struct item old,
                                struct item new_item, bool is_ttl, int64_t now_ms);
MUST_USE bool stream_record_decode(struct str key, struct str value, struct stream_record *out);

/* Those past their time too. */
MUST_USE struct error *stream_list_all(struct store *store, struct arena *a,
                                       const struct stream **out, size_t *count);
