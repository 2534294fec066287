/* Several threads on one store. Worth most under ThreadSanitizer. */
#include "dynamodb/model/number.h"
#include "dynamodb/storage/catalog.h"
#include "dynamodb/storage/kv_fault.h"
#include "dynamodb/storage/range.h"
#include "dynamodb/storage/stream.h"
#include "dynamodb/storage/test_support.h"
#include "dynamodb/storage/txn.h"
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { WRITERS = 4, READERS = 2, ROUNDS = 400, COUNTERS = 8 };

struct shared {
    struct store *store;
    uint32_t table_id;
    _Atomic bool is_over;
    _Atomic int problems;
};

struct thread {
    struct shared *shared;
    int number;
};

static struct store *open_memory(struct arena *a, struct kv_fault *fault)
{
    struct store_options options = {
        .kv = kv_fault_open(kv_memory_open(), fault),
        .syncs = true,
        .clock = &clock_system,
        .rand = &rand_system,
        .sweep_interval_ms = 5,
        .shard_life_ms = 10,
    };
    struct store *store = NULL;
    CHECK(store_open(a, &options, &store) == NULL);
    return store;
}

static void expect(struct shared *s, bool holds)
{
    if (!holds)
        atomic_fetch_add(&s->problems, 1);
}

static struct item counter_item(struct arena *a, int number, int64_t n)
{
    struct value pk = {VALUE_S, arena_printf(a, "counter %d", number)};
    return test_item(a, "pk", pk, "sk", test_s("s"), "g", test_s("g"), "n", test_n(a, n), NULL);
}

static int64_t count_of(struct item item)
{
    struct value n = item_get(item, S("n"));
    struct buf text;
    buf_init(&text, 256);
    number_print(&text, n.data);
    uint64_t count = 0;
    bool is_count = str_to_u64(buf_str(&text), UINT64_MAX, &count);
    buf_clear(&text);
    return is_count ? (int64_t)count : -1;
}

/* Reads two counters and raises both by one, if that is what they hold. */
static void raise_two(struct thread *t, struct arena *a, int round)
{
    struct shared *s = t->shared;
    int numbers[2] = {(t->number + round) % COUNTERS, (t->number + 3 * round + 1) % COUNTERS};
    size_t count = numbers[0] == numbers[1] ? 1 : 2;
    catalog_lock_shared(s->store);
    const struct table *table = catalog_find_id(s->store, s->table_id);
    struct item_key keys[2];
    uint64_t hashes[2];
    for (size_t i = 0; i < count; i++) {
        keys[i] = item_key_of(a, table, counter_item(a, numbers[i], 0).attributes);
        hashes[i] = keys[i].hash;
    }
    struct txn txn;
    txn_begin(&txn, s->store, a);
    txn_lock(&txn, hashes, count);
    for (size_t i = 0; i < count; i++) {
        struct item old;
        expect(s, txn_get(&txn, table, &keys[i], &old) == NULL);
        struct item raised = counter_item(a, numbers[i], item_exists(old) ? count_of(old) + 1 : 1);
        txn_put(&txn, table, &keys[i], old, raised, AUTHOR_USER);
    }
    expect(s, txn_commit(&txn) == NULL);
    txn_end(&txn);
    catalog_unlock_shared(s->store);
    if (round % 16 == 0)
        expect(s, store_wait(s->store, txn.depends_on));
}

static void *write_counters(void *context)
{
    struct thread *t = context;
    struct arena a;
    arena_init(&a);
    for (int round = 0; round < ROUNDS; round++) {
        raise_two(t, &a, round);
        arena_reset(&a);
    }
    arena_clear(&a);
    return NULL;
}

/* The sum of all counters, from the index; 0 when one is seen twice or with another's value. */
static int64_t sum(struct shared *s, struct arena *a)
{
    int64_t total = 0;
    catalog_lock_shared(s->store);
    const struct table *t = catalog_find_id(s->store, s->table_id);
    struct range_options o = {.table = t, .index = &t->indexes[0], .has_partition = true};
    o.partition[0] = test_s("g");
    struct range *r;
    struct item item;
    bool found;
    uint64_t depends_on;
    expect(s, range_open(s->store, a, &o, &r) == NULL);
    while (range_next(r, &item, &found) == NULL && found)
        total += count_of(item);
    range_close(r, &depends_on);
    catalog_unlock_shared(s->store);
    return total;
}

static void *read_counters(void *context)
{
    struct thread *t = context;
    int64_t before = 0;
    struct test_consumer consumer = {0};
    uint64_t records = 0;
    struct arena a;
    arena_init(&a);
    while (!atomic_load(&t->shared->is_over)) {
        int64_t now = sum(t->shared, &a);
        expect(t->shared, now >= before); /* one state: it only grows */
        before = now;
        catalog_lock_shared(t->shared->store);
        uint32_t id = catalog_find_id(t->shared->store, t->shared->table_id)->stream_id;
        records += test_consume(t->shared->store, &a, id, &consumer, NULL, NULL);
        catalog_unlock_shared(t->shared->store);
        arena_reset(&a);
    }
    expect(t->shared, records <= (uint64_t)2 * WRITERS * ROUNDS);
    arena_clear(&a);
    return NULL;
}

/* Tables come and go, and an index of the table in use too. */
static void *change_catalog(void *context)
{
    struct shared *s = ((struct thread *)context)->shared;
    struct arena a;
    arena_init(&a);
    while (!atomic_load(&s->is_over)) {
        struct table other = test_table(&a, "other");
        const struct table *t;
        uint64_t sequence;
        catalog_lock(s->store);
        expect(s, catalog_create(s->store, &a, &other, &t, &sequence) == NULL);
        expect(s, catalog_delete(s->store, &a, t->id, &sequence) == NULL);
        struct table used = *catalog_find_id(s->store, s->table_id);
        struct table whole = test_table(&a, "t");
        struct index indexes[3] = {used.indexes[0], *table_index(&used, S("local")),
                                   whole.indexes[1]};
        used.indexes = indexes;
        used.index_count = used.index_count == 3 ? 2 : 3;
        expect(s, catalog_update(s->store, &a, &used, &t, &sequence) == NULL);
        catalog_unlock(s->store);
        expect(s, store_wait(s->store, sequence));
        arena_reset(&a);
    }
    arena_clear(&a);
    return NULL;
}

TEST(no_increment_is_lost)
{
    struct kv_fault fault = {.is_persistent = true};
    struct shared s = {.store = open_memory(arena, &fault)};
    struct table t = test_table(arena, "t");
    t.is_stream_enabled = true;
    s.table_id = test_create(s.store, arena, &t);
    pthread_t threads[WRITERS + READERS + 1];
    struct thread contexts[WRITERS + READERS + 1];
    for (int i = 0; i < WRITERS + READERS + 1; i++) {
        contexts[i] = (struct thread){&s, i};
        void *(*run)(void *) = i < WRITERS             ? write_counters
                               : i < WRITERS + READERS ? read_counters
                                                       : change_catalog;
        CHECK(pthread_create(&threads[i], NULL, run, &contexts[i]) == 0);
    }
    for (int i = 0; i < WRITERS + READERS + 1; i++) {
        if (i == WRITERS)
            atomic_store(&s.is_over, true);
        pthread_join(threads[i], NULL);
    }
    int64_t expected = 0;
    for (int w = 0; w < WRITERS; w++) {
        for (int round = 0; round < ROUNDS; round++)
            expected += (w + round) % COUNTERS == (w + 3 * round + 1) % COUNTERS ? 1 : 2;
    }
    CHECK_INT(sum(&s, arena), expected);
    CHECK_INT(s.problems, 0);
    CHECK(store_wait(s.store, store_written(s.store)));
    store_close(s.store);
}

/* What the commit thread says, and when. */
struct watcher {
    struct store *store;
    _Atomic uint64_t last;
    _Atomic int calls, problems;
};

static void watch(void *context)
{
    struct watcher *w = context;
    uint64_t synced = store_synced(w->store);
    if (synced < atomic_load(&w->last))
        atomic_fetch_add(&w->problems, 1);
    atomic_store(&w->last, synced);
    atomic_fetch_add(&w->calls, 1);
}

TEST(syncs_are_told_in_order)
{
    struct kv_fault fault = {.is_persistent = true};
    struct store *store = open_memory(arena, &fault);
    struct watcher w = {.store = store};
    store_set_on_sync(store, watch, &w);
    struct table t = test_table(arena, "t");
    uint32_t id = test_create(store, arena, &t);
    uint64_t last = 0;
    for (int i = 0; i < 200; i++) {
        struct value sk = {VALUE_S, arena_printf(arena, "%d", i)};
        last = test_put(store, arena, id, test_item(arena, "pk", test_s("p"), "sk", sk, NULL));
        if (i % 10 == 0)
            CHECK(store_wait(store, last));
    }
    CHECK(store_wait(store, last));
    store_close(store);
    CHECK_INT(w.problems, 0);
    CHECK(w.calls > 20 && w.last >= last);
}

struct late {
    _Atomic bool is_under_way, is_seen, is_gone, was_late;
};

static void look_late(void *context)
{
    struct late *l = context;
    atomic_store(&l->is_under_way, true);
    while (!atomic_load(&l->is_seen))
        sched_yield();
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    if (atomic_load(&l->is_gone))
        atomic_store(&l->was_late, true);
    atomic_store(&l->is_under_way, false);
}

TEST(whoever_took_its_hook_back_is_not_called_any_more)
{
    struct kv_fault fault = {.is_persistent = true};
    struct store *store = open_memory(arena, &fault);
    struct table t = test_table(arena, "t");
    uint32_t id = test_create(store, arena, &t);
    for (int i = 0; i < 20; i++) {
        struct late l = {.is_gone = false};
        store_set_on_sync(store, look_late, &l);
        struct value sk = {VALUE_S, arena_printf(arena, "%d", i)};
        test_put(store, arena, id, test_item(arena, "pk", test_s("p"), "sk", sk, NULL));
        while (!atomic_load(&l.is_under_way))
            sched_yield();
        atomic_store(&l.is_seen, true); /* it is under way for a while yet */
        store_set_on_sync(store, NULL, NULL);
        CHECK(!atomic_load(&l.is_under_way));
        atomic_store(&l.is_gone, true);
        test_put(store, arena, id, test_item(arena, "pk", test_s("q"), "sk", sk, NULL));
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        CHECK(!atomic_load(&l.was_late));
    }
    store_close(store);
}

/* Readers hold old states while a writer replaces everything again and again. */
struct spin {
    struct kv *kv;
    _Atomic bool is_over;
    _Atomic int problems;
};

static void *read_states(void *context)
{
    struct spin *s = context;
    struct arena a;
    arena_init(&a);
    while (!atomic_load(&s->is_over)) {
        struct kv_read *read = kv_read_begin(s->kv, true);
        struct kv_cursor *c;
        struct str key, value, first = S("");
        bool found;
        int count = 0;
        struct error *error = kv_cursor_open(read, &a, S("k"), S("l"), true, &c);
        while (!error && !kv_cursor_next(c, &key, &value, &found) && found) {
            if (!count++)
                first = arena_str(&a, value);
            else if (!str_eq(first, value)) /* all of one batch */
                atomic_fetch_add(&s->problems, 1);
        }
        if (count != 0 && count != 200)
            atomic_fetch_add(&s->problems, 1);
        kv_cursor_close(c);
        kv_read_end(read);
        arena_reset(&a);
    }
    arena_clear(&a);
    return NULL;
}

TEST(readers_see_whole_batches)
{
    struct spin s = {.kv = kv_memory_open()};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, read_states, &s) == 0);
    struct kv_batch *b = kv_batch_new(s.kv);
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < 200; k++)
            kv_batch_put(b, arena_printf(arena, "k%d", k), arena_printf(arena, "value %d", i));
        if (i % 50 == 49)
            kv_batch_delete_range(b, S("k"), S("l"));
        CHECK(kv_write(s.kv, arena, b) == NULL);
        kv_batch_reset(b);
        arena_reset(arena);
    }
    atomic_store(&s.is_over, true);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(s.problems, 0);
    kv_batch_free(b);
    kv_close(s.kv);
}

TAP_MAIN(T(no_increment_is_lost), T(syncs_are_told_in_order),
         T(whoever_took_its_hook_back_is_not_called_any_more), T(readers_see_whole_batches))
