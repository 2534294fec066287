/* Stream: the ordered change log of one table, read by GetRecords.
 *
 * txn.c appends inside the write batch; api/streams reads. A stream outlives its being switched off
 * and its table, for STREAM_RETENTION_MS. Sequence numbers rise within a stream and are unique in
 * it. Readers see nothing above the watermark: the highest number below which all is written and
 * synced; a shard, and that it closed, are seen from then on too. A shard closes after some hours,
 * and another goes on where it ended: its child (shard.c has the tree). Safe from any thread. */
#pragma once

#include "dynamodb/storage/store.h"

struct stream {
    uint32_t id;
    struct str table_name;
    int64_t created_ms;
    bool is_enabled;
    enum stream_view view;
    struct key_schema keys; /* of the table, at that time */
    uint32_t newest_shard;  /* the first of those that were opened last */
};

struct shard {
    uint32_t id;
    uint32_t parent_id; /* 0: none */
    int64_t created_ms, parent_created_ms;
    uint64_t first_sequence;
    uint64_t last_sequence; /* 0: open */
};

enum stream_event { EVENT_INSERT, EVENT_MODIFY, EVENT_REMOVE };

struct stream_record {
    uint64_t sequence;
    int64_t created_ms;
    enum stream_event event;
    bool is_ttl;                     /* deleted by time to live */
    struct str keys;                 /* attributes */
    struct str new_image, old_image; /* attributes; empty when the view leaves them out */
};

/* Streams that can still be read, oldest first; of one table when `table_name` is not empty. */
MUST_USE struct error *stream_list(struct store *store, struct arena *a, struct str table_name,
                                   const struct stream **out, size_t *count);
/* *found is false for a stream that never was or is past retention. */
MUST_USE struct error *stream_find(struct store *store, struct arena *a, struct str table_name,
                                   int64_t created_ms, struct stream *out, bool *found);
/* The shards behind `after`, oldest first, at most `limit`. Ids rise: a shard's are above those of
 * all before it. */
MUST_USE struct error *stream_shards(struct store *store, struct arena *a, uint32_t stream_id,
                                     uint32_t after, size_t limit, const struct shard **out,
                                     size_t *count);
MUST_USE struct error *stream_shard(struct store *store, struct arena *a, uint32_t stream_id,
                                    uint32_t shard_id, struct shard *out, bool *found);
/* The shard that goes on where that one closed. */
MUST_USE struct error *stream_child(struct store *store, struct arena *a, uint32_t stream_id,
                                    uint32_t shard_id, struct shard *out, bool *found);
/* Records of a shard with sequence >= `from`, in order, at most `limit` and about
 * LIMIT_STREAM_BYTES. *next is where to go on; *is_end says that a closed shard has nothing after
 * it. Trimmed is left to the caller: *oldest is the first sequence still kept. */
struct stream_page {
    const struct stream_record *records;
    size_t count;
    uint64_t next, oldest;
    bool is_end;
    bool is_gone; /* there is no such shard, or no longer */
};
MUST_USE struct error *stream_read(struct store *store, struct arena *a, uint32_t stream_id,
                                   uint32_t shard_id, uint64_t from, size_t limit,
                                   struct stream_page *out);
/* One above the watermark of the shard: where LATEST begins. */
uint64_t stream_latest(struct store *store, uint32_t stream_id, uint32_t shard_id);
