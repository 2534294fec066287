/* Key: where everything lies in the kv. The only place that knows a layout.
 *
 * Called by the rest of this folder. Keys come from the caller's arena. All layouts are drawn in
 * key.c; bytewise order of the keys is the order of the service. Pure. */
#pragma once

#include "base/arena.h"
#include "dynamodb/model/schema.h"

/* Rises with any change of a layout here, of model/value.h, model/number.h or the log (wal.c). */
#define KEY_FORMAT 4u

/* The space byte that a key begins with. */
enum key_space {
    SPACE_BACKUP = 'a',   /* backup id -> what it is of */
    SPACE_BACKFILL = 'b', /* index id -> the cursor of its backfill */
    SPACE_CONTENT = 'c',  /* the items of a backup */
    SPACE_ITEM = 'd',
    SPACE_SHARD = 'g',   /* the shards of a stream */
    SPACE_HISTORY = 'h', /* what an item was before each write to it */
    SPACE_INDEX = 'i',
    SPACE_MOMENT = 'j',     /* the same writes in the order of time */
    SPACE_COLLECTION = 'l', /* what the items of a partition weigh */
    SPACE_META = 'm',       /* name -> fact of the store itself */
    SPACE_NOTE = 'n',       /* name -> fact of the layers above */
    SPACE_DROPPED = 'o',  /* id of a deleted table whose items are still being copied -> nothing */
    SPACE_PROGRESS = 'p', /* id of a backup or table -> the cursor of the copy that fills it */
    SPACE_RECORD = 'r',
    SPACE_STREAM = 's',
    SPACE_TABLE = 't',  /* table id -> its definition */
    SPACE_EXPIRY = 'x', /* time, name -> nothing: which notes expire when */
};

struct str key_named(struct arena *a, enum key_space space, struct str name);
/* Space and id: a whole key, or what all keys of one table, index or stream begin with. */
struct str key_id(struct arena *a, enum key_space space, uint32_t id);
uint32_t key_id_of(struct str key); /* of a key made by key_id; 0 when too short */
struct str key_expiry(struct arena *a, int64_t expires_ms, struct str name);
bool key_expiry_parse(struct str key, int64_t *expires_ms, struct str *name);
struct str key_record(struct arena *a, uint32_t stream_id, uint32_t shard_id, uint64_t sequence);
uint64_t key_record_sequence(struct str key);
uint32_t key_record_shard(struct str key);
struct str key_shard(struct arena *a, uint32_t stream_id, uint32_t shard_id);
uint32_t key_shard_id(struct str key); /* 0 when too short */

/* An item's key as one of another table or backup with the same key schema. */
struct str key_moved(struct arena *a, struct str key, enum key_space space, uint32_t id);
/* The entries that a write at that moment leaves of an item: of its history, and in the order of
 * time. Moments are Unix microseconds. */
struct str key_history(struct arena *a, struct str item_key, int64_t moment_us);
struct str key_moment(struct arena *a, struct str item_key, int64_t moment_us);
/* Where the writes of a table after that moment begin. */
struct str key_moment_after(struct arena *a, uint32_t table_id, int64_t moment_us);
/* What tells items of one table apart, in an item's key and in the key of a history entry. */
struct str key_rest(struct str item_key);
bool key_history_parse(struct str key, struct str *rest, int64_t *moment_us);
bool key_moment_parse(struct str key, struct str *rest, int64_t *moment_us);

/* The service's hash of a partition key: its first 8 bytes. Values are S, N or B. */
uint64_t key_hash(struct arena *a, const struct value *partition, size_t count);

/* Of an item's or index entry's key. */
uint64_t key_partition_hash(struct str key);

/* Values of the schema's attributes, from an item that has them all. */
void key_values(const struct key_attribute *schema, size_t count, struct str attributes,
                struct value *out);
/* Whether all key attributes are there, of the right type, not empty and not too long: whether a
 * sparse index holds the item. */
bool key_fits(const struct key_schema *schema, struct str attributes);

/* What all items of a partition (of a table, or of an index) begin with. */
struct str key_partition(struct arena *a, enum key_space space, uint32_t id,
                         const struct value *partition, size_t count, uint64_t *hash);
struct str key_item(struct arena *a, uint32_t table_id, const struct key_schema *keys,
                    struct str attributes, uint64_t *hash);
/* `attributes` holds the keys of both. */
struct str key_index_entry(struct arena *a, const struct key_schema *table_keys,
                           const struct index *index, struct str attributes);
/* Where a slice of the hash space begins. */
struct str key_at_hash(struct arena *a, enum key_space space, uint32_t id, uint64_t hash);

/* A key followed by one sort value; by the beginning of one. */
struct str key_with_value(struct arena *a, struct str key, struct value v);
struct str key_with_prefix(struct arena *a, struct str key, struct value v);
/* The first key behind all that begin with `prefix`; empty: there is none. */
struct str key_after(struct arena *a, struct str prefix);
/* The key right behind `key` itself. */
struct str key_successor(struct arena *a, struct str key);
