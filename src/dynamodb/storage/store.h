/* Store: items, indexes, streams and tables on one kv. The API's only way to data.
 *
 * Open builds catalog, stripes, commit thread and streams around the kv and owns them all.
 *
 * Locks, in the only order they may be taken: catalog (catalog.h) -> stripes (txn.h) -> the write
 * lock (commit.c). Reads take none of them but the catalog's.
 *
 * Durability: a write gets a store sequence; store_synced tells how far the disk is. Every read and
 * every transaction reports the highest sequence that what it saw depended on; the answer waits for
 * it. Errors below the API are error_InternalServerError, but for what txn.h says. Times are Unix
 * milliseconds. */
#pragma once

#include "base/clock.h"
#include "base/rand.h"
#include "dynamodb/model/errors.h"
#include "dynamodb/model/item.h"
#include "dynamodb/model/schema.h"
#include "dynamodb/storage/kv.h"

struct store;

struct store_options {
    struct kv *kv; /* taken */
    bool syncs;    /* false: durability "os"; ignored without a disk */
    const struct clock *clock;
    const struct rand_source *rand;
    /* How often the background looks for expired items, notes and stream records. 0: 10 seconds.
     * Negative: no background thread; a test calls store_work. */
    int64_t sweep_interval_ms;
    int64_t collection_bytes; /* that an item collection may have; 0: LIMIT_COLLECTION */
    int64_t shard_life_ms; /* of a stream's shard until it closes and has a child; 0: four hours */
};

/* Fails for a folder of a newer format, or with damage in the catalog; the kv is then closed. */
MUST_USE struct error *store_open(struct arena *a, const struct store_options *options,
                                  struct store **out);
void store_close(struct store *store);

/* The time for what lives a fixed time. The clock may be set meanwhile: this one only counts on. */
int64_t store_steady_ms(const struct store *store);

uint64_t store_written(const struct store *store); /* the newest sequence */
uint64_t store_synced(const struct store *store);  /* UINT64_MAX after a failed sync */
bool store_failed(const struct store *store);
MUST_USE bool store_wait(struct store *store, uint64_t sequence);
/* Called by the commit thread after each sync; set once before any write. */
void store_set_on_sync(struct store *store, void (*on_sync)(void *context), void *context);

/* One round of the background's work, to the end: backfills, recounts, expiry. */
void store_work(struct store *store);

/* -- single reads -------------------------------------------------------------------------------
 */

/* An item's place: the encoded key of key.h. */
struct item_key {
    struct str bytes;
    uint64_t hash; /* of table and partition key: chooses the stripe */
};

/* The key of an item, from attributes that hold at least the key's. They must have been checked:
 * present, right type, not empty, within length. */
struct item_key item_key_of(struct arena *a, const struct table *t, struct str attributes);

MUST_USE struct error *store_get(struct store *store, struct arena *a, const struct table *t,
                                 const struct item_key *key, struct item *out,
                                 uint64_t *depends_on);

struct get {
    const struct table *table;
    struct item_key key;
    struct item item; /* out */
};
/* All at one state: TransactGetItems. */
MUST_USE struct error *store_get_together(struct store *store, struct arena *a, struct get *gets,
                                          size_t count, uint64_t *depends_on);
