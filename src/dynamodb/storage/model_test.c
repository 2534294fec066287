/* Random transactions against the store and against an array, with failing calls and reopening in
 * between; then both must agree, and the store with itself. A failure prints its seed:
 *
 *     TEST_SEED=123 model_test
 *
 * The array holds one cell for each possible key. Strings of two letters make collisions of index
 * keys, moves and ties likely. */
#include "dynamodb/storage/catalog.h"
#include "dynamodb/storage/kv_fault.h"
#include "dynamodb/storage/range.h"
#include "dynamodb/storage/stream.h"
#include "dynamodb/storage/test_support.h"
#include "dynamodb/storage/txn.h"
#include "tap.h"

#include <stdio.h>

enum { PARTITIONS = 6, SORTS = 12, CELLS = PARTITIONS * SORTS, STEPS = 3000 };
#define SHARD_LIFE_US (40 * 60 * INT64_C(1000000))

struct run {
    struct arena lasting; /* of the model */
    struct arena step;
    struct rand_seeded seed;
    struct rand_source rand;
    struct clock_manual time;
    struct clock clock;
    struct kv_fault fault;
    const char *directory; /* NULL: in memory */
    struct kv *inner;      /* of the memory */
    struct store *store;
    uint32_t table_id;
    struct item cells[CELLS];
    uint64_t changes; /* since the table was made: its stream has one record for each */
    bool agrees;
};

static uint64_t below(struct run *r, uint64_t limit)
{
    return rand_below(&r->rand, limit);
}

static void expect(struct run *r, bool holds, const char *what)
{
    if (!holds && r->agrees)
        printf("# disagreement: %s\n", what);
    r->agrees &= holds;
}

/* -- opening ------------------------------------------------------------------------------------
 */

static void open_store(struct run *r)
{
    struct kv *kv = r->inner;
    if (r->directory) {
        struct kv_rocks_options options = {.directory = r->directory, .cache_bytes = 1 << 20};
        struct error *error = kv_rocks_open(&r->step, &options, &kv);
        CHECK(error == NULL);
    }
    struct store_options options = {
        .kv = kv_fault_open(kv, &r->fault),
        .syncs = true,
        .clock = &r->clock,
        .rand = &rand_system,
        .sweep_interval_ms = -1,
        .shard_life_ms = SHARD_LIFE_US / 1000,
    };
    struct error *error = store_open(&r->step, &options, &r->store);
    if (error)
        printf("# %.*s\n", STR_ARG(error->message));
    CHECK(error == NULL);
}

/* After a failure the next opening is without one. */
static void reopen(struct run *r)
{
    store_close(r->store);
    atomic_store(&r->fault.fail_write, 0);
    atomic_store(&r->fault.fail_sync, 0);
    open_store(r);
    store_work(r->store);
}

static void make_table(struct run *r)
{
    struct table t = test_table(&r->step, "t");
    t.is_stream_enabled = true;
    t.stream_view = VIEW_NEW_AND_OLD_IMAGES;
    r->table_id = test_create(r->store, &r->step, &t);
    r->changes = 0;
    for (int i = 0; i < CELLS; i++)
        r->cells[i] = (struct item){0};
}

/* -- random items -------------------------------------------------------------------------------
 */

static struct value letters(struct run *r, struct arena *a, int count)
{
    char *text = arena_alloc(a, (size_t)count);
    for (int i = 0; i < count; i++)
        text[i] = "a\0z~"[below(r, 4)]; /* valid UTF-8, all of it */
    return (struct value){VALUE_S, {text, (size_t)count}};
}

static struct value cell_pk(struct arena *a, int cell)
{
    return (struct value){VALUE_S, arena_printf(a, "p%d", cell / SORTS)};
}

static struct value cell_sk(struct arena *a, int cell)
{
    return (struct value){VALUE_S, arena_printf(a, "%02d", cell % SORTS)};
}

static struct item cell_key(struct arena *a, int cell)
{
    return test_item(a, "pk", cell_pk(a, cell), "sk", cell_sk(a, cell), NULL);
}

static struct item random_item(struct run *r, struct arena *a, int cell)
{
    struct member members[8];
    size_t count = 0;
    members[count++] = (struct member){S("pk"), cell_pk(a, cell)};
    members[count++] = (struct member){S("sk"), cell_sk(a, cell)};
    if (below(r, 2))
        members[count++] = (struct member){S("g"), letters(r, a, 1)};
    if (below(r, 2))
        members[count++] = (struct member){S("h"), test_n(a, (int64_t)below(r, 5) - 2)};
    if (below(r, 2))
        members[count++] = (struct member){S("n"), test_n(a, (int64_t)below(r, 50) - 25)};
    if (below(r, 2))
        members[count++] = (struct member){S("extra"), letters(r, a, 2)};
    if (below(r, 4) == 0)
        members[count++] = (struct member){S("more"), letters(r, a, (int)below(r, 3000))};
    struct buf attributes;
    buf_init(&attributes, 1 << 20);
    CHECK(members_build(&attributes, members, count));
    struct item item = item_of(arena_str(a, buf_str(&attributes)));
    buf_clear(&attributes);
    return item;
}

/* A sync may fail at any time; reads then show what was synced before, which may be less. */

/* -- steps --------------------------------------------------------------------------------------
 */

static void transaction(struct run *r)
{
    enum { MAX = 6 };
    struct item_key keys[MAX];
    struct item items[MAX];
    int cells[MAX];
    uint64_t hashes[MAX];
    size_t count = 1 + below(r, MAX), changed = 0;
    int first = (int)below(r, CELLS);
    catalog_lock_shared(r->store);
    const struct table *t = catalog_find_id(r->store, r->table_id);
    for (size_t i = 0; i < count; i++) {
        cells[i] = (first + (int)i * 7) % CELLS; /* each once */
        keys[i] = item_key_of(&r->step, t, cell_key(&r->step, cells[i]).attributes);
        hashes[i] = keys[i].hash;
        items[i] = below(r, 3) ? random_item(r, &r->lasting, cells[i]) : (struct item){0};
    }
    struct txn txn;
    txn_begin(&txn, r->store, &r->step);
    txn_lock(&txn, hashes, count);
    for (size_t i = 0; i < count; i++) {
        struct item old;
        expect(r, txn_get(&txn, t, &keys[i], &old) == NULL, "a read failed");
        bool is_same = str_eq(old.attributes, r->cells[cells[i]].attributes);
        expect(r, is_same || store_failed(r->store), "an item in a transaction");
        changed += !str_eq(old.attributes, items[i].attributes);
        txn_put(&txn, t, &keys[i], old, items[i], AUTHOR_USER);
    }
    struct error *error = txn_commit(&txn);
    txn_end(&txn);
    catalog_unlock_shared(r->store);
    for (size_t i = 0; i < count && !error; i++)
        r->cells[cells[i]] = items[i];
    r->changes += error ? 0 : changed;
    if (error)
        reopen(r); /* nothing of it may be there */
}

static void check_query(struct run *r)
{
    int pk = (int)below(r, PARTITIONS);
    catalog_lock_shared(r->store);
    struct range_options o = {
        .table = catalog_find_id(r->store, r->table_id),
        .has_partition = true,
        .is_backward = below(r, 2),
        .is_low_exclusive = below(r, 2),
        .is_high_exclusive = below(r, 2),
    };
    o.partition[0] = cell_pk(&r->step, pk * SORTS);
    int low = (int)below(r, SORTS), high = (int)below(r, SORTS);
    o.low = cell_sk(&r->step, low);
    o.high = cell_sk(&r->step, high);
    low += o.is_low_exclusive;
    high -= o.is_high_exclusive;
    struct range *range;
    struct item item;
    bool found = false;
    expect(r, range_open(r->store, &r->step, &o, &range) == NULL, "a query failed");
    for (int i = 0; i < SORTS; i++) {
        int sort = o.is_backward ? SORTS - 1 - i : i;
        struct item want = r->cells[pk * SORTS + sort];
        if (sort < low || sort > high || !item_exists(want))
            continue;
        expect(r, range_next(range, &item, &found) == NULL && found, "a query ends early");
        expect(r, found && str_eq(item.attributes, want.attributes), "an item in a query");
    }
    expect(r, range_next(range, &item, &found) == NULL && !found, "a query goes on");
    range_close(range, NULL);
    catalog_unlock_shared(r->store);
}

/* Drops an index, or adds the missing ones; sometimes with time to fill them, sometimes not. */
static void change_indexes(struct run *r)
{
    struct table whole = test_table(&r->step, "t");
    catalog_lock(r->store);
    struct table t = *catalog_find_id(r->store, r->table_id);
    const struct table *out;
    uint64_t sequence;
    struct index indexes[3];
    size_t count = 0, dropped = below(r, 3); /* 2, the local one, stays */
    for (size_t i = 0; i < whole.index_count; i++) {
        const struct index *old = table_index(&t, whole.indexes[i].name);
        if (i != dropped || !whole.indexes[i].is_global)
            indexes[count++] = old ? *old : whole.indexes[i];
    }
    t.indexes = indexes;
    t.index_count = count;
    struct error *error = catalog_update(r->store, &r->step, &t, &out, &sequence);
    catalog_unlock(r->store);
    if (error)
        reopen(r);
    else if (below(r, 2))
        store_work(r->store);
}

static void check_stream(struct run *r)
{
    const struct table *t = catalog_find_id(r->store, r->table_id);
    expect(r, store_wait(r->store, store_written(r->store)), "a sync failed");
    struct test_consumer consumer = {0};
    uint64_t records = test_consume(r->store, &r->step, t->stream_id, &consumer, NULL, NULL);
    expect(r, records == r->changes, "the number of stream records");
}

static void check_all(struct run *r)
{
    for (int i = 0; i < CELLS; i++) {
        struct item item = test_get(r->store, &r->step, r->table_id, cell_key(&r->step, i));
        expect(r, str_eq(item.attributes, r->cells[i].attributes), "an item");
    }
    expect(r, test_agrees(r->store, &r->step), "the store with itself");
    check_stream(r);
}

static void inject(struct run *r)
{
    if (below(r, 2))
        atomic_store(&r->fault.fail_write, atomic_load(&r->fault.writes) + 1 + below(r, 20));
    else
        atomic_store(&r->fault.fail_sync, atomic_load(&r->fault.syncs) + 1 + below(r, 20));
}

static void step(struct run *r)
{
    uint64_t kind = below(r, 1000);
    if (kind < 900) {
        transaction(r);
    } else if (kind < 970) {
        if (!store_wait(r->store, store_written(r->store)))
            reopen(r);
        check_query(r);
    } else if (kind < 980) {
        change_indexes(r);
    } else if (kind < 987) {
        inject(r);
    } else if (kind < 990) {
        r->time.time_us += SHARD_LIFE_US / 2;
        store_work(r->store);
    } else if (kind < 997) {
        reopen(r);
        check_all(r);
    } else {
        uint64_t sequence;
        atomic_store(&r->fault.fail_write, 0);
        atomic_store(&r->fault.fail_sync, 0);
        if (!store_wait(r->store, store_written(r->store)))
            reopen(r);
        catalog_lock(r->store);
        struct error *error = catalog_delete(r->store, &r->step, r->table_id, &sequence);
        catalog_unlock(r->store);
        if (error)
            reopen(r);
        else
            make_table(r);
    }
}

static void run_steps(struct arena *arena, const char *directory, int steps)
{
    struct run *r = arena_new(arena, struct run);
    arena_init(&r->lasting);
    arena_init(&r->step);
    r->seed.state = tap_seed();
    r->rand = rand_seeded(&r->seed);
    r->time.time_us = 1700000000000000;
    r->clock = clock_manual(&r->time);
    r->directory = directory;
    r->inner = directory ? NULL : kv_memory_open();
    r->fault.is_persistent = true;
    r->fault.keeps_inner = !directory;
    r->agrees = true;
    open_store(r);
    make_table(r);
    for (int i = 0; i < steps && r->agrees; i++) {
        step(r);
        arena_reset(&r->step);
    }
    reopen(r);
    check_all(r);
    CHECK(r->agrees);
    store_close(r->store);
    kv_close(r->inner);
    arena_clear(&r->lasting);
    arena_clear(&r->step);
}

TEST(memory_agrees_with_the_model)
{
    run_steps(arena, NULL, STEPS);
}

TEST(disk_agrees_with_the_model)
{
    char *directory = test_directory(arena);
    run_steps(arena, directory, STEPS / 3);
    test_directory_remove(directory);
}

TAP_MAIN(T(memory_agrees_with_the_model), T(disk_agrees_with_the_model))
