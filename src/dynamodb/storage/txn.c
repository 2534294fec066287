/* A transaction under way:
 *
 *     begun --txn_lock--> locked --txn_put--> planned --txn_commit--> written --txn_end--> over
 *
 * 1. All stripes are taken in one txn_lock, by rising number, each once: two transactions never
 * wait for each other in a circle.
 * 2. A plan touches nothing that others see; it is a list of keys to put and delete, and what the
 *    counters will gain. txn_commit gives all of it to the store in one batch.
 * 3. The stripes' sequences rise before the batch is written: a reader who sees the item finds at
 *    least its sequence.
 * 4. New bytes equal to the old ones are not written: no index entry, no stream record. */
#include "dynamodb/storage/txn.h"

#include "base/vec.h"
#include "dynamodb/model/limits.h"
#include "dynamodb/storage/collection.h"
#include "dynamodb/storage/history.h"
#include "dynamodb/storage/index.h"
#include "dynamodb/storage/internal.h"
#include "dynamodb/storage/stream_log.h"

#include <assert.h>
#include <stdlib.h>

struct op {
    struct str key, value;
    bool is_delete;
};

struct gain {
    struct counter *counter;
    int64_t items, bytes;
};

struct record {
    uint32_t stream_id, quarter; /* of its shards */
    const struct stream_front *front;
    struct str value;
};

/* What an item was, for the history of its table. */
struct was {
    struct str key, old;
};

struct change {
    struct index_writes *writes; /* one for each index that is written */
    size_t count;
};

struct txn_state {
    uint32_t *stripes; /* taken, rising */
    size_t stripe_count;
    VEC(struct op) ops;
    VEC(struct gain) gains;
    VEC(struct record) records;
    VEC(struct was) history;
    VEC(struct change) changes;
    collection_vec collections;
    struct error *error;   /* found while planning */
    struct error *refusal; /* of the last change; `error` has the first one */
};

void txn_begin(struct txn *t, struct store *store, struct arena *a)
{
    *t = (struct txn){.store = store, .arena = a, .state = arena_new(a, struct txn_state)};
}

static int order_stripes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void txn_lock(struct txn *t, const uint64_t *hashes, size_t count)
{
    struct txn_state *s = t->state;
    s->stripes = arena_array(t->arena, uint32_t, count ? count : 1);
    for (size_t i = 0; i < count; i++)
        s->stripes[i] = stripe_index(hashes[i]);
    if (count > 1)
        qsort(s->stripes, count, sizeof *s->stripes, order_stripes);
    for (size_t i = 0; i < count; i++) {
        if (i && s->stripes[i] == s->stripes[s->stripe_count - 1])
            continue;
        pthread_mutex_lock(&t->store->stripes[s->stripes[i]].lock);
        s->stripes[s->stripe_count++] = s->stripes[i];
    }
}

struct error *txn_get(struct txn *t, const struct table *table, const struct item_key *key,
                      struct item *out)
{
    uint64_t depends_on; /* of the stripe, which txn_end looks at */
    return store_get(t->store, t->arena, table, key, out, &depends_on);
}

/* -- planning -----------------------------------------------------------------------------------
 */

static void plan_put(struct txn *t, struct str key, struct str value)
{
    VEC_PUSH(t->arena, &t->state->ops, (struct op){key, value, false});
}

static void plan_delete(struct txn *t, struct str key)
{
    VEC_PUSH(t->arena, &t->state->ops, (struct op){.key = key, .is_delete = true});
}

static void plan_gain(struct txn *t, struct counter *counter, int64_t items, int64_t bytes)
{
    VEC_PUSH(t->arena, &t->state->gains, (struct gain){counter, items, bytes});
}

/* While an index is being filled, an item's old entry may not be there yet. */
static bool is_counted(struct txn *t, const struct index *index, const struct index_entry *entry)
{
    if (!index->is_backfilling)
        return true;
    struct str value;
    bool found = false;
    struct error *error = store_read(t->store, t->arena, entry->key, &value, &found);
    if (error)
        t->state->error = error;
    return found;
}

static void plan_entry_delete(struct txn *t, const struct table *table, const struct index *index,
                              const struct index_entry *entry, struct index_writes *writes)
{
    plan_delete(t, entry->key);
    if (is_counted(t, index, entry))
        plan_gain(t, index_counter(table, index), -1, -(int64_t)entry->item.size_bytes);
    writes->writes++;
    writes->write_units += index_units(entry->item.size_bytes);
}

/* `whole` is the new item's stored form, which an index of whole items shares. */
static void plan_entry_put(struct txn *t, const struct table *table, const struct index *index,
                           const struct index_entry *entry, const struct index_entry *replaced,
                           struct str whole, struct index_writes *writes)
{
    plan_put(t, entry->key,
             index->projection == PROJECTION_ALL ? whole : item_bytes(t->arena, entry->item));
    bool is_old = replaced && is_counted(t, index, replaced);
    uint32_t old_size = replaced ? replaced->item.size_bytes : 0, size = entry->item.size_bytes;
    plan_gain(t, index_counter(table, index), is_old ? 0 : 1,
              (int64_t)size - (is_old ? (int64_t)old_size : 0));
    writes->writes++;
    writes->write_units += index_units(size > old_size ? size : old_size);
}

/* The bytes that the index gains. */
static int64_t plan_index(struct txn *t, const struct table *table, const struct index *index,
                          struct item old, struct item new_item, struct str whole,
                          struct index_writes *writes)
{
    struct index_entry before = index_entry_of(t->arena, table, index, old);
    struct index_entry after = index_entry_of(t->arena, table, index, new_item);
    int64_t gain = (after.exists ? (int64_t)after.item.size_bytes : 0) -
                   (before.exists ? (int64_t)before.item.size_bytes : 0);
    if (before.exists && after.exists && str_eq(before.key, after.key)) {
        if (!str_eq(before.item.attributes, after.item.attributes))
            plan_entry_put(t, table, index, &after, &before, whole, writes);
        return gain;
    }
    if (before.exists)
        plan_entry_delete(t, table, index, &before, writes);
    if (after.exists)
        plan_entry_put(t, table, index, &after, NULL, whole, writes);
    return gain;
}

/* The bytes that the local indexes gain. */
static int64_t plan_indexes(struct txn *t, const struct table *table, struct item old,
                            struct item new_item, struct str whole, struct change *change)
{
    int64_t local = 0;
    if (!table->index_count)
        return 0;
    change->writes = arena_array(t->arena, struct index_writes, table->index_count);
    for (size_t i = 0; i < table->index_count; i++) {
        struct index_writes *writes = &change->writes[change->count];
        writes->index = &table->indexes[i];
        int64_t gain = plan_index(t, table, &table->indexes[i], old, new_item, whole, writes);
        change->count += writes->writes > 0;
        if (!table->indexes[i].is_global)
            local += gain;
    }
    return local;
}

/* The stripe of the partition is held, so what is read stays so. */
static void plan_collection(struct txn *t, const struct table *table, struct str attributes,
                            int64_t gain)
{
    struct txn_state *s = t->state;
    struct str key = collection_key(t->arena, table, attributes);
    struct collection *c;
    struct error *error = collection_gain(t->store, t->arena, &s->collections, key, gain, &c);
    if (!error && gain > 0 && c->bytes + c->gain > t->store->collection_bytes)
        error = s->refusal = error_new(t->arena, &error_ItemCollectionSizeLimitExceededException,
                                       "Collection size exceeded.");
    if (error && !s->error)
        s->error = error;
}

static void plan_record(struct txn *t, const struct table *table, const struct item_key *key,
                        struct item old, struct item new_item, enum txn_author author)
{
    struct record r = {.stream_id = table->stream_id, .front = table_front(table)};
    r.quarter = shard_of_item(key->bytes);
    r.value = stream_record_encode(t->arena, table, old, new_item, author == AUTHOR_TTL,
                                   clock_now_ms(t->store->clock));
    VEC_PUSH(t->arena, &t->state->records, r);
}

void txn_put(struct txn *t, const struct table *table, const struct item_key *key, struct item old,
             struct item new_item, enum txn_author author)
{
    struct change change = {0};
    bool is_there = item_exists(new_item), was_there = item_exists(old);
    t->state->refusal = NULL;
    if (is_there ? !str_eq(old.attributes, new_item.attributes) : was_there) {
        struct str whole = is_there ? item_bytes(t->arena, new_item) : (struct str){"", 0};
        if (is_there)
            plan_put(t, key->bytes, whole);
        else
            plan_delete(t, key->bytes);
        int64_t gain = (int64_t)new_item.size_bytes - (int64_t)old.size_bytes;
        plan_gain(t, table_counter(table), (int64_t)is_there - (int64_t)was_there, gain);
        gain += plan_indexes(t, table, old, new_item, whole, &change);
        if (gain && collection_is_kept(table))
            plan_collection(t, table, is_there ? new_item.attributes : old.attributes, gain);
        if (table->is_stream_enabled)
            plan_record(t, table, key, old, new_item, author);
        if (table->recovery.history_us)
            VEC_PUSH(t->arena, &t->state->history,
                     (struct was){key->bytes, was_there ? item_bytes(t->arena, old) : S("")});
    }
    VEC_PUSH(t->arena, &t->state->changes, change);
}

size_t txn_index_writes(const struct txn *t, size_t position, const struct index_writes **out)
{
    if (position >= t->state->changes.count)
        return 0;
    *out = t->state->changes.items[position].writes;
    return t->state->changes.items[position].count;
}

/* -- notes --------------------------------------------------------------------------------------
 */

uint64_t txn_note_hash(struct str name)
{
    return str_hash(name) * 0x9E3779B97F4A7C15u;
}

void txn_note_put(struct txn *t, struct str name, struct str value, int64_t life_ms)
{
    assert(life_ms > 0 && life_ms <= IDEMPOTENCY_WINDOW_MS);
    int64_t expires_ms = store_steady_ms(t->store) + life_ms;
    char *stored = arena_alloc(t->arena, 8);
    put_u64(stored, (uint64_t)expires_ms);
    plan_put(t, key_named(t->arena, SPACE_NOTE, name),
             arena_join(t->arena, (struct str){stored, 8}, value));
    plan_put(t, key_expiry(t->arena, expires_ms, name), S(""));
}

struct error *txn_note_get(struct txn *t, struct str name, struct str *out, bool *found)
{
    return catalog_note_get(t->store, t->arena, name, out, found);
}

/* -- writing ------------------------------------------------------------------------------------
 */

static void fill(struct txn *t, struct kv_batch *batch)
{
    struct txn_state *s = t->state;
    for (size_t i = 0; i < s->ops.count; i++) {
        if (s->ops.items[i].is_delete)
            kv_batch_delete(batch, s->ops.items[i].key);
        else
            kv_batch_put(batch, s->ops.items[i].key, s->ops.items[i].value);
    }
    collection_plan(t->arena, batch, &s->collections);
    int64_t moment_us = s->history.count ? history_moment(t->store) : 0;
    for (size_t i = 0; i < s->history.count; i++)
        history_plan(batch, t->arena, s->history.items[i].key, s->history.items[i].old, moment_us);
    if (!s->records.count)
        return;
    uint64_t sequence = commit_take_records(t->store->commit, s->records.count);
    for (size_t i = 0; i < s->records.count; i++) {
        const struct record *r = &s->records.items[i];
        uint32_t shard_id = r->front->first_shard + r->quarter;
        kv_batch_put(batch, key_record(t->arena, r->stream_id, shard_id, sequence + i), r->value);
    }
}

struct error *txn_refusal(const struct txn *t)
{
    return t->state->refusal;
}

struct error *txn_commit(struct txn *t)
{
    struct txn_state *s = t->state;
    if (s->error)
        return s->error;
    if (!s->ops.count)
        return commit_check(t->store->commit, t->arena);
    uint64_t sequence;
    struct kv_batch *batch = commit_begin(t->store->commit, &sequence);
    for (size_t i = 0; i < s->stripe_count; i++)
        atomic_store(&t->store->stripes[s->stripes[i]].sequence, sequence);
    fill(t, batch);
    /* Counted under the write lock. A write that fails is the last one: no count is looked at. */
    for (size_t i = 0; i < s->gains.count; i++)
        counter_add(s->gains.items[i].counter, s->gains.items[i].items, s->gains.items[i].bytes);
    return commit_end(t->store->commit, t->arena);
}

void txn_end(struct txn *t)
{
    struct txn_state *s = t->state;
    for (size_t i = 0; i < s->stripe_count; i++) {
        struct stripe *stripe = &t->store->stripes[s->stripes[i]];
        uint64_t sequence = atomic_load(&stripe->sequence);
        if (sequence > t->depends_on && commit_waits(t->store->commit))
            t->depends_on = sequence;
        pthread_mutex_unlock(&stripe->lock);
    }
    s->stripe_count = 0;
}
