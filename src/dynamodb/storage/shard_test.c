/* Shards that roll over: what is written, what is seen, and what time does to the tree. The clock
 * is the test's. */
#include "dynamodb/storage/shard.h"

#include "dynamodb/storage/catalog.h"
#include "dynamodb/storage/check.h"
#include "dynamodb/storage/fields.h"
#include "dynamodb/storage/kv_fault.h"
#include "dynamodb/storage/stream_log.h"
#include "dynamodb/storage/test_support.h"
#include "dynamodb/storage/txn.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR_US (3600 * INT64_C(1000000))

struct fixture {
    struct clock_manual time;
    struct clock clock;
    struct kv_fault fault;
    struct kv *inner;
    struct store *store;
    uint32_t table_id, stream_id;
};

static void open_store(struct fixture *f, struct arena *a)
{
    struct store_options options = {
        .kv = kv_fault_open(f->inner, &f->fault),
        .syncs = true,
        .clock = &f->clock,
        .rand = &rand_system,
        .sweep_interval_ms = -1,
    };
    CHECK(store_open(a, &options, &f->store) == NULL);
}

static struct fixture *begin(struct arena *a)
{
    struct fixture *f = arena_new(a, struct fixture);
    f->time.time_us = 1700000000000000;
    f->clock = clock_manual(&f->time);
    f->fault.keeps_inner = true;
    f->fault.is_persistent = true;
    f->inner = kv_memory_open();
    open_store(f, a);
    struct table t = test_table(a, "t");
    t.is_stream_enabled = true;
    t.stream_view = VIEW_NEW_IMAGE;
    f->table_id = test_create(f->store, a, &t);
    f->stream_id = catalog_find_id(f->store, f->table_id)->stream_id;
    return f;
}

static void end(struct fixture *f, struct arena *a)
{
    CHECK(test_agrees(f->store, a));
    store_close(f->store);
    kv_close(f->inner);
}

/* Moves the clock and lets the background work. */
static void pass(struct fixture *f, int64_t us)
{
    f->time.time_us += us;
    store_work(f->store);
    CHECK(store_wait(f->store, store_written(f->store)));
}

static void put(struct fixture *f, struct arena *a, int partition, int64_t n)
{
    struct value pk = {VALUE_S, arena_printf(a, "p%d", partition)};
    uint64_t depends_on =
        test_put(f->store, a, f->table_id,
                 test_item(a, "pk", pk, "sk", test_s("s"), "count", test_n(a, n), NULL));
    CHECK(store_wait(f->store, depends_on));
}

static const struct shard *list(struct fixture *f, struct arena *a, size_t *count)
{
    const struct shard *shards;
    CHECK(stream_shards(f->store, a, f->stream_id, 0, SIZE_MAX, &shards, count) == NULL);
    return shards;
}

/* Of an item's records, that they come in order: n rises by one each time. */
struct order {
    struct arena *arena;
    int64_t seen[16];
    bool holds;
};

static void check_order(void *context, const struct stream_record *record)
{
    struct order *o = context;
    int partition = atoi(arena_z(o->arena, value_member(record->keys, S("pk")).data) + 1);
    struct value n = value_member(record->new_image, S("count"));
    o->seen[partition]++;
    o->holds &= str_eq(n.data, test_n(o->arena, o->seen[partition]).data);
}

TEST(shards_close_after_four_hours_and_have_children)
{
    struct fixture *f = begin(arena);
    size_t count;
    put(f, arena, 1, 1);
    pass(f, 4 * HOUR_US - 1000);
    list(f, arena, &count);
    CHECK_INT(count, 4);
    pass(f, 1000);
    const struct shard *s = list(f, arena, &count);
    CHECK_INT(count, 8);
    for (size_t i = 0; i < 4; i++) {
        const struct shard *parent = &s[i], *child = &s[4 + i];
        CHECK(parent->last_sequence > parent->first_sequence && !parent->parent_id);
        CHECK(child->first_sequence > parent->last_sequence && !child->last_sequence);
        CHECK(child->parent_id == parent->id && child->id > s[3].id);
        CHECK_INT(child->parent_created_ms, parent->created_ms);
        CHECK_INT(child->created_ms, f->time.time_us / 1000);
    }
    put(f, arena, 1, 2);
    size_t in_parents = 0, in_children = 0;
    struct stream_page page;
    for (size_t i = 0; i < 8; i++) {
        CHECK(stream_read(f->store, arena, f->stream_id, s[i].id, s[i].first_sequence, 9, &page) ==
              NULL);
        CHECK(page.is_end == (i < 4) && !page.is_gone);
        *(i < 4 ? &in_parents : &in_children) += page.count;
    }
    CHECK(in_parents == 1 && in_children == 1);
    end(f, arena);
}

/* Nothing is written all day: the shards roll over all the same, as the service's do. */
TEST(the_tree_is_as_long_as_a_day)
{
    struct fixture *f = begin(arena);
    size_t count;
    for (int hour = 0; hour < 72; hour++)
        pass(f, HOUR_US);
    const struct shard *s = list(f, arena, &count);
    CHECK_INT(count, 4 * 7); /* closed 20, 16, 12, 8, 4, 0 hours ago, and open */
    CHECK(s[0].parent_id && s[0].parent_created_ms < s[0].created_ms);
    struct stream_page page;
    CHECK(stream_read(f->store, arena, f->stream_id, s[0].parent_id, 1, 9, &page) == NULL);
    CHECK(page.is_gone && page.is_end && !page.count);
    bool found;
    struct shard gone;
    CHECK(stream_shard(f->store, arena, f->stream_id, s[0].parent_id, &gone, &found) == NULL);
    CHECK(!found);
    /* What is past its time is not seen even before it is removed. */
    f->time.time_us += 4 * HOUR_US;
    CHECK(stream_shards(f->store, arena, f->stream_id, 0, 5, &s, &count) == NULL);
    CHECK(count == 5 && s[0].id > 4 * 12);
    end(f, arena);
}

TEST(an_items_records_keep_their_order)
{
    struct fixture *f = begin(arena);
    struct order order = {.arena = arena, .holds = true};
    struct test_consumer consumer = {0}, late = {0};
    size_t records = 0;
    for (int64_t n = 1; n <= 20; n++) {
        for (int p = 0; p < 16; p++)
            put(f, arena, p, n);
        if (n % 3 == 0)
            records += test_consume(f->store, arena, f->stream_id, &consumer, check_order, &order);
        pass(f, HOUR_US);
    }
    records += test_consume(f->store, arena, f->stream_id, &consumer, check_order, &order);
    CHECK_INT(records, 20 * 16);
    CHECK(order.holds);
    CHECK(!consumer.is_over);
    CHECK_INT(consumer.shards[3], 4 + 5 * 4);
    order = (struct order){.arena = arena, .holds = true};
    CHECK_INT(test_consume(f->store, arena, f->stream_id, &late, check_order, &order), 20 * 16);
    CHECK(order.holds);
    end(f, arena);
}

TEST(a_roll_over_is_seen_when_it_is_synced)
{
    struct fixture *f = begin(arena);
    size_t count;
    put(f, arena, 1, 1);
    f->fault.holds_sync = true;
    f->time.time_us += 4 * HOUR_US;
    store_work(f->store);
    uint64_t latest = stream_latest(f->store, f->stream_id, 1);
    const struct shard *s = list(f, arena, &count);
    CHECK(count == 4 && !s[0].last_sequence);
    struct stream_page page;
    struct shard child;
    bool found;
    CHECK(stream_read(f->store, arena, f->stream_id, 1, latest, 9, &page) == NULL);
    CHECK(!page.is_end && !page.is_gone);
    CHECK(stream_child(f->store, arena, f->stream_id, 1, &child, &found) == NULL && !found);
    f->fault.holds_sync = false;
    CHECK(store_wait(f->store, store_written(f->store)));
    CHECK(stream_read(f->store, arena, f->stream_id, 1, latest, 9, &page) == NULL);
    CHECK(page.is_end);
    CHECK(stream_child(f->store, arena, f->stream_id, 1, &child, &found) == NULL && found);
    list(f, arena, &count);
    CHECK_INT(count, 8);
    end(f, arena);
}

/* A sync that fails takes the roll over back: what is read from then on has the old shards. */
TEST(a_roll_over_that_was_lost_is_made_again)
{
    struct fixture *f = begin(arena);
    size_t count;
    put(f, arena, 1, 1);
    f->time.time_us += 4 * HOUR_US;
    atomic_store(&f->fault.fail_write, atomic_load(&f->fault.writes) + 1);
    store_work(f->store);
    CHECK(store_failed(f->store));
    const struct shard *s = list(f, arena, &count);
    CHECK(count == 4 && !s[0].last_sequence);
    store_close(f->store);
    atomic_store(&f->fault.fail_write, 0);
    open_store(f, arena);
    pass(f, 0);
    put(f, arena, 1, 2);
    list(f, arena, &count);
    CHECK_INT(count, 8);
    struct order order = {.arena = arena, .holds = true};
    struct test_consumer consumer = {0};
    CHECK_INT(test_consume(f->store, arena, f->stream_id, &consumer, check_order, &order), 2);
    CHECK(order.holds);
    end(f, arena);
}

TEST(a_restart_goes_on_with_the_newest_shards)
{
    struct fixture *f = begin(arena);
    struct order order = {.arena = arena, .holds = true};
    struct test_consumer consumer = {0};
    size_t count;
    put(f, arena, 1, 1);
    pass(f, 4 * HOUR_US);
    put(f, arena, 1, 2);
    store_close(f->store);
    open_store(f, arena);
    put(f, arena, 1, 3);
    list(f, arena, &count);
    CHECK_INT(count, 8);
    store_close(f->store);
    f->time.time_us += 15 * HOUR_US; /* closed for so long: one roll over, not three */
    open_store(f, arena);
    pass(f, 0);
    put(f, arena, 1, 4);
    list(f, arena, &count);
    CHECK_INT(count, 12);
    CHECK_INT(test_consume(f->store, arena, f->stream_id, &consumer, check_order, &order), 4);
    CHECK(order.holds);
    end(f, arena);
}

/* Other changes of the table leave its shards as they are. */
TEST(a_table_that_changes_keeps_its_shards)
{
    struct fixture *f = begin(arena);
    struct test_consumer consumer = {0};
    uint64_t sequence;
    const struct table *out;
    pass(f, 4 * HOUR_US);
    struct table t = *catalog_find_id(f->store, f->table_id);
    struct index indexes[2] = {t.indexes[0], *table_index(&t, S("local"))};
    t.indexes = indexes;
    t.index_count = 2;
    catalog_lock(f->store);
    CHECK(catalog_update(f->store, arena, &t, &out, &sequence) == NULL);
    catalog_unlock(f->store);
    put(f, arena, 1, 1);
    CHECK_INT(test_consume(f->store, arena, f->stream_id, &consumer, NULL, NULL), 1);
    CHECK_INT(consumer.shards[0], 5);
    t = *catalog_find_id(f->store, f->table_id);
    t.is_stream_enabled = false;
    catalog_lock(f->store);
    CHECK(catalog_update(f->store, arena, &t, &out, &sequence) == NULL);
    catalog_unlock(f->store);
    pass(f, 5 * HOUR_US);
    CHECK_INT(test_consume(f->store, arena, f->stream_id, &consumer, NULL, NULL), 0);
    CHECK(consumer.is_over);
    CHECK_INT(consumer.shards[0], 5);
    end(f, arena);
}

TEST(shards_are_listed_in_pages)
{
    struct fixture *f = begin(arena);
    const struct shard *s;
    size_t count, all;
    for (int i = 0; i < 5; i++)
        pass(f, 4 * HOUR_US);
    list(f, arena, &all);
    uint32_t after = 0;
    for (size_t seen = 0; seen < all; seen += count, after = s[count - 1].id) {
        CHECK(stream_shards(f->store, arena, f->stream_id, after, 7, &s, &count) == NULL);
        CHECK_INT(count, all - seen < 7 ? all - seen : 7);
        CHECK(s[0].id > after);
    }
    CHECK(stream_shards(f->store, arena, f->stream_id, after, 7, &s, &count) == NULL && !count);
    CHECK(stream_shards(f->store, arena, f->stream_id, UINT32_MAX, 7, &s, &count) == NULL);
    CHECK_INT(count, 0);
    end(f, arena);
}

TEST(a_clock_that_was_ahead_leaves_no_shards)
{
    struct fixture *f = begin(arena);
    struct test_consumer consumer = {0};
    size_t count;
    int64_t years_us = 10 * 365 * 24 * HOUR_US;
    put(f, arena, 1, 1);
    pass(f, years_us); /* years old, and gone */
    put(f, arena, 1, 2);
    pass(f, -years_us);
    put(f, arena, 1, 3);
    CHECK_INT(test_consume(f->store, arena, f->stream_id, &consumer, NULL, NULL), 2);
    CHECK_INT(consumer.shards[0], 9);
    for (int hour = 0; hour < 50; hour++)
        pass(f, HOUR_US);
    const struct shard *s = list(f, arena, &count);
    CHECK_INT(count, 4 * 7);
    CHECK(s[0].id >= 9);
    end(f, arena);
}

/* -- folders of format 1 ------------------------------------------------------------------------
 */

/* The stream as that format had it: with its four shards inside. */
static struct str old_stream(struct fixture *f, struct arena *a)
{
    struct stream_state s;
    struct shard_state shard;
    bool found;
    CHECK(stream_state_read(f->store, a, f->stream_id, &s, &found) == NULL && found);
    CHECK(shard_read(f->store, a, f->stream_id, 1, &shard, &found) == NULL && found);
    struct str now = stream_state_encode(a, &s), name;
    struct fields old = {.arena = a};
    struct value v;
    while (value_next_member(&now, &name, &v))
        if (!str_eq(name, S("newest")) && !str_eq(name, S("opened")))
            fields_value(&old, name, v);
    fields_int(&old, S("first"), (int64_t)shard.shard.first_sequence);
    fields_int(&old, S("trimmed2"), (int64_t)shard.shard.first_sequence + 1);
    return fields_map(&old).data;
}

static void make_old(struct fixture *f, struct arena *a)
{
    struct str shards = key_id(a, SPACE_SHARD, f->stream_id), stream = old_stream(f, a);
    store_close(f->store);
    struct kv_batch *batch = kv_batch_new(f->inner);
    kv_batch_delete_range(batch, shards, key_after(a, shards));
    kv_batch_put(batch, key_id(a, SPACE_STREAM, f->stream_id), stream);
    kv_batch_put(batch, key_named(a, SPACE_META, S("format")), (struct str){"\0\0\0\1", 4});
    CHECK(kv_write(f->inner, a, batch) == NULL);
    kv_batch_free(batch);
}

TEST(streams_of_the_format_before_get_their_shards)
{
    struct fixture *f = begin(arena);
    size_t count;
    for (int p = 0; p < 16; p++)
        put(f, arena, p, 1);
    make_old(f, arena);
    open_store(f, arena);
    const struct shard *s = list(f, arena, &count);
    CHECK_INT(count, 4);
    struct stream_page page;
    CHECK(stream_read(f->store, arena, f->stream_id, 2, 0, 9, &page) == NULL);
    CHECK_INT(page.oldest, s[0].first_sequence + 1);
    CHECK(test_agrees(f->store, arena));
    store_close(f->store);
    open_store(f, arena); /* nothing is done twice */
    pass(f, 4 * HOUR_US);
    for (int p = 0; p < 16; p++)
        put(f, arena, p, 2);
    struct order order = {.arena = arena, .holds = true};
    struct test_consumer consumer = {0};
    CHECK_INT(test_consume(f->store, arena, f->stream_id, &consumer, check_order, &order), 32);
    CHECK(order.holds);
    end(f, arena);
}

/* -- fsck ---------------------------------------------------------------------------------------
 */

static void count_problem(void *context, struct str problem)
{
    printf("# %.*s\n", STR_ARG(problem));
    ++*(int *)context;
}

TEST(damage_to_the_tree_is_found)
{
    struct fixture *f = begin(arena);
    struct check_report report;
    struct shard_state s;
    bool found;
    int problems = 0;
    put(f, arena, 1, 1);
    pass(f, 4 * HOUR_US);
    put(f, arena, 1, 2);
    CHECK(shard_read(f->store, arena, f->stream_id, 3, &s, &found) == NULL && found);
    struct kv_batch *batch = kv_batch_new(f->inner);
    kv_batch_delete(batch, key_shard(arena, f->stream_id, 5)); /* a newest one */
    s.shard.last_sequence = 0;                                 /* open, and has a child */
    shard_plan(arena, batch, f->stream_id, &s);
    CHECK(kv_write(f->inner, arena, batch) == NULL);
    kv_batch_free(batch);
    CHECK(store_check(f->store, arena, count_problem, &problems, &report) == NULL);
    CHECK(problems >= 2);
    store_close(f->store);
    kv_close(f->inner);
}

TAP_MAIN(T(shards_close_after_four_hours_and_have_children), T(the_tree_is_as_long_as_a_day),
         T(an_items_records_keep_their_order), T(a_roll_over_is_seen_when_it_is_synced),
         T(a_roll_over_that_was_lost_is_made_again), T(a_restart_goes_on_with_the_newest_shards),
         T(a_table_that_changes_keeps_its_shards), T(shards_are_listed_in_pages),
         T(a_clock_that_was_ahead_leaves_no_shards),
         T(streams_of_the_format_before_get_their_shards), T(damage_to_the_tree_is_found))
