/* Stream: the ordered change log of one table, read by GetRecords.
 *
 * txn.c appends inside the write batch; api/streams reads. A stream outlives its being switched off
 * and its table, for STREAM_RETENTION_MS. Sequence numbers rise within a stream and are unique in
 * it. Readers see nothing above the watermark: the highest number below which all is written and
 * synced. Safe from any thread. */
#pragma once

#include "dynamodb/storage/store.h"

struct stream {
    uint32_t id;
    struct str table_name;
    int64_t created_ms;
    bool is_enabled;
    enum stream_view view;
    struct key_schema keys; /* of the table, at that time */
};

struct shard {
    uint32_t id;
    uint32_t parent_id; /* 0: none */
    int64_t created_ms;
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
MUST_USE struct error *stream_shards(struct store *store, struct arena *a, uint32_t stream_id,
                                     const struct shard **out, size_t *count);
/* Records of a shard with sequence >= `from`, in order, at most `limit` and about
 * LIMIT_STREAM_BYTES. *next is where to go on; *is_end says that a closed shard has nothing after
 * it. Trimmed is left to the caller: *oldest is the first sequence still kept. */
struct stream_page {
    const struct stream_record *records;
    size_t count;
    uint64_t next, oldest;
    bool is_end;
};
MUST_USE struct error *stream_read(struct store *store, struct arena *a, uint32_t stream_id,
                                   uint32_t shard_id, uint64_t from, size_t limit,
                                   struct stream_page *out);
/* One above the watermark of the shard: where LATEST begins. */
uint64_t stream_latest(struct store *store, uint32_t stream_id, uint32_t shard_id);
