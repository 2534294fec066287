/* Txn: read, decide, write, for one item or a hundred.
 *
 *     txn_begin(&t, store, arena);
 *     txn_lock(&t, hashes, count);              stripes, in order: others on these items wait
 *     TRY(txn_get(&t, table, &key, &old));      as often as needed
 *     txn_put(&t, table, &key, old, new);       plans the item, its index entries, its stream
 * record TRY(txn_commit(&t));                      one batch, all or nothing, written, not yet
 * synced txn_end(&t);                              always, releases the stripes
 *
 * After txn_end, t.depends_on is what the answer must wait for, whether something was written or
 * not: a condition that failed tells as much as a read. A write that changes nothing leaves no
 * stream record. A plan that would make an item collection larger than it may be is refused by
 * txn_commit with ItemCollectionSizeLimitExceededException. Used under the catalog's shared lock.
 */
#pragma once

#include "dynamodb/storage/store.h"

struct txn {
    struct store *store;
    struct arena *arena;
    uint64_t depends_on;
    struct txn_state *state; /* plan and stripes */
};

/* Who makes a change, for the stream record. */
enum txn_author { AUTHOR_USER, AUTHOR_TTL };

void txn_begin(struct txn *t, struct store *store, struct arena *a);
/* Takes the stripes of all keys (item_key.hash); once for each transaction. */
void txn_lock(struct txn *t, const uint64_t *hashes, size_t count);
MUST_USE struct error *txn_get(struct txn *t, const struct table *table, const struct item_key *key,
                               struct item *out);
/* `old` is what txn_get gave; a `new` that does not exist deletes. Each key at most once. */
void txn_put(struct txn *t, const struct table *table, const struct item_key *key, struct item old,
             struct item new_item, enum txn_author author);
/* A durable fact in the same batch, for life_ms, at most IDEMPOTENCY_WINDOW_MS. Read with
 * txn_note_get, which does not find what has expired. */
void txn_note_put(struct txn *t, struct str name, struct str value, int64_t life_ms);
uint64_t txn_note_hash(struct str name); /* for txn_lock: others on this note wait */
MUST_USE struct error *txn_note_get(struct txn *t, struct str name, struct str *out, bool *found);
/* Why the change that was planned last is refused, or NULL; a transaction tells it of each action.
 */
struct error *txn_refusal(const struct txn *t);
MUST_USE struct error *txn_commit(struct txn *t);
void txn_end(struct txn *t);

/* What the transaction wrote to each index, for ConsumedCapacity: index entries put and deleted. */
struct index_writes {
    const struct index *index;
    uint32_t writes;      /* entries put, replaced or deleted */
    uint32_t write_units; /* of their sizes, each rounded up to KB */
};
/* For the planned change at `position` (order of txn_put). */
size_t txn_index_writes(const struct txn *t, size_t position, const struct index_writes **out);
