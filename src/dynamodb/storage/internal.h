/* Internal: what the files of this folder share. Not for others.
 *
 * Locks, in the only order they may be taken: catalog.lock -> stripes, by rising number -> the
 * write lock (commit.c). worker.c's lock is held over none of them and guards only its own fields.
 */
#pragma once

#include "dynamodb/storage/catalog.h"
#include "dynamodb/storage/commit.h"
#include "dynamodb/storage/integers.h"
#include "dynamodb/storage/key.h"
#include "dynamodb/storage/store.h"

#include <pthread.h>
#include <stdatomic.h>

/* -- stripes: who may change an item now, and what its last change was ----------------------------
 */

enum { STRIPES = 4096 };

struct stripe {
    pthread_mutex_t lock;      /* from reading an item to writing it */
    _Atomic uint64_t sequence; /* at least that of the newest write to its items */
};

static inline uint32_t stripe_index(uint64_t hash)
{
    return (uint32_t)(hash >> 52);
}

/* The hash that chooses the stripe: of table and partition. */
static inline uint64_t stripe_hash(uint32_t table_id, uint64_t partition_hash)
{
    return (partition_hash ^ table_id) * 0x9E3779B97F4A7C15u;
}

/* -- catalog --------------------------------------------------------------------------------------
 */

/* Changed under the write lock, read by anybody. */
struct counter {
    _Atomic int64_t items, bytes;
};

/* Where the records of a table's changes go: the newest shards of its stream. Changed under the
 * write lock. */
struct stream_front {
    uint32_t first_shard;
    int64_t opened_ms;
};

/* A table in force. A const struct table * from the catalog is the first member of one. */
struct entry {
    struct table table;
    struct stream_front *front;
    struct arena arena;       /* all of the definition */
    struct counter *counters; /* the table's, then one for each index */
};

static inline struct counter *table_counter(const struct table *t)
{
    return ((const struct entry *)t)->counters;
}

static inline struct counter *index_counter(const struct table *t, const struct index *index)
{
    return &((const struct entry *)t)->counters[1 + (index - t->indexes)];
}

static inline struct stream_front *table_front(const struct table *t)
{
    return ((const struct entry *)t)->front;
}

static inline void counter_add(struct counter *c, int64_t items, int64_t bytes)
{
    atomic_fetch_add_explicit(&c->items, items, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->bytes, bytes, memory_order_relaxed);
}

struct catalog {
    pthread_rwlock_t lock; /* guards all of it; writers go first */
    struct map *by_name;   /* name -> struct entry */
    struct entry **by_id;  /* ids rise */
    size_t count, cap;
    uint32_t next_id; /* of tables, indexes and streams alike */
};

MUST_USE struct error *catalog_open(struct store *store, struct arena *a);
void catalog_close(struct store *store);
/* Under either lock: the counts, as a value of the store; under the write lock. */
struct str catalog_counts_encode(struct store *store, struct arena *a);
/* Under the exclusive lock, in a batch begun: takes the id that is next. */
void catalog_plan_id(struct store *store, struct arena *a, struct kv_batch *batch);
/* Ends what commit_begin began; *sequence is what an answer waits for. */
MUST_USE struct error *catalog_write(struct store *store, struct arena *a, uint64_t *sequence);
/* -- store ----------------------------------------------------------------------------------------
 */

struct worker;

struct store {
    struct kv *kv;
    const struct clock *clock;
    struct clock_steady steady; /* for what lives a fixed time: notes, iterators */
    const struct rand_source *rand;
    struct commit *commit;
    struct stripe *stripes;
    struct catalog catalog;
    struct worker *worker; /* keeps indexes, counts and times */
    struct worker *copier; /* fills backups and restored tables */
    struct worker *ager;   /* rolls shards over, trims streams */
    int64_t shard_life_ms;
    int64_t collection_bytes;
    int64_t moment_us; /* the last one given, see history.h; under the write lock */
};

/* A kv error as an error of this layer. */
struct error *store_error(struct arena *a, const struct error *cause);
struct error *store_damaged(struct arena *a, const char *what);

#define TRY_KV(a, call)                                                                            \
    do {                                                                                           \
        struct error *kv_error_ = (call);                                                          \
        if (kv_error_)                                                                             \
            return store_error((a), kv_error_);                                                    \
    } while (0)

static inline struct stripe *stripe_of(struct store *store, uint64_t hash)
{
    return &store->stripes[stripe_index(hash)];
}

/* What a read of this stripe's items, already made, depends on. */
static inline uint64_t stripe_seen(struct store *store, uint64_t hash)
{
    return commit_waits(store->commit) ? atomic_load(&stripe_of(store, hash)->sequence) : 0;
}

/* One value, copied into the arena. */
MUST_USE struct error *store_read(struct store *store, struct arena *a, struct str key,
                                  struct str *value, bool *found);
/* The stored form of an item, in the arena. */
struct str item_bytes(struct arena *a, struct item item);
