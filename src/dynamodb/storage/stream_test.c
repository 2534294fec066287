#include "dynamodb/storage/stream.h"

#include "base/vec.h"
#include "dynamodb/storage/catalog.h"
#include "dynamodb/storage/kv_fault.h"
#include "dynamodb/storage/test_support.h"
#include "dynamodb/storage/txn.h"
#include "tap.h"

#include <stdio.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

struct fixture {
    struct clock_manual time;
    struct clock clock;
    struct kv_fault fault;
    struct kv *inner;
    struct store *store;
    uint32_t id;
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

static struct fixture *begin(struct arena *a, enum stream_view view)
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
    t.stream_view = view;
    t.ttl_attribute = S("expires");
    f->id = test_create(f->store, a, &t);
    return f;
}

static void end(struct fixture *f, struct arena *a)
{
    CHECK(test_agrees(f->store, a));
    store_close(f->store);
    kv_close(f->inner);
}

static struct item item_of_key(struct arena *a, const char *pk, const char *x)
{
    return test_item(a, "pk", test_s(pk), "sk", test_s("s"), x ? "x" : NULL, test_s(x ? x : ""),
                     NULL);
}

static uint32_t newest_stream(struct fixture *f)
{
    return catalog_find_id(f->store, f->id)->stream_id;
}

/* All records of a stream from its shards' beginnings, by number: "INSERT p", … */
static struct str read_all(struct fixture *f, struct arena *a, uint32_t stream_id)
{
    static const char *const names[] = {"INSERT", "MODIFY", "REMOVE"};
    VEC(struct stream_record) all = {0};
    const struct shard *shards;
    size_t count;
    CHECK(stream_shards(f->store, a, stream_id, 0, 1000, &shards, &count) == NULL);
    for (size_t i = 0; i < count; i++) {
        struct stream_page page = {.next = shards[i].first_sequence};
        do {
            uint64_t from = page.next;
            CHECK(stream_read(f->store, a, stream_id, shards[i].id, from, 2, &page) == NULL);
            for (size_t k = 0; k < page.count; k++) {
                VEC_PUSH(a, &all, page.records[k]);
                for (size_t j = all.count - 1;
                     j && all.items[j].sequence < all.items[j - 1].sequence; j--) {
                    struct stream_record r = all.items[j];
                    all.items[j] = all.items[j - 1];
                    all.items[j - 1] = r;
                }
            }
        } while (page.count);
    }
    struct str out = S("");
    for (size_t i = 0; i < all.count; i++) {
        struct str pk = value_member(all.items[i].keys, S("pk")).data;
        out = arena_printf(a, "%.*s%s%s %.*s%s", STR_ARG(out), i ? ", " : "",
                           names[all.items[i].event], STR_ARG(pk),
                           all.items[i].is_ttl ? " by ttl" : "");
        CHECK(i == 0 || all.items[i].sequence > all.items[i - 1].sequence);
    }
    return out;
}

TEST(changes_are_recorded_in_order)
{
    struct fixture *f = begin(arena, VIEW_NEW_AND_OLD_IMAGES);
    test_put(f->store, arena, f->id, item_of_key(arena, "p", NULL));
    test_put(f->store, arena, f->id, item_of_key(arena, "p", "1"));
    test_put(f->store, arena, f->id, item_of_key(arena, "p", "1")); /* changes nothing */
    test_put(f->store, arena, f->id, item_of_key(arena, "q", NULL));
    test_delete(f->store, arena, f->id, item_of_key(arena, "p", NULL));
    test_delete(f->store, arena, f->id, item_of_key(arena, "nobody", NULL));
    CHECK(store_wait(f->store, store_written(f->store)));
    CHECK_STR(read_all(f, arena, newest_stream(f)), S("INSERT p, MODIFY p, INSERT q, REMOVE p"));
    end(f, arena);
}

TEST(views_hold_what_they_say)
{
    static const struct {
        enum stream_view view;
        bool has_new, has_old;
    } views[] = {{VIEW_KEYS_ONLY, false, false},
                 {VIEW_NEW_IMAGE, true, false},
                 {VIEW_OLD_IMAGE, false, true},
                 {VIEW_NEW_AND_OLD_IMAGES, true, true}};
    for (size_t i = 0; i < countof(views); i++) {
        struct fixture *f = begin(arena, views[i].view);
        struct item before = item_of_key(arena, "p", "1"), after = item_of_key(arena, "p", "2");
        test_put(f->store, arena, f->id, before);
        uint64_t depends_on = test_put(f->store, arena, f->id, after);
        CHECK(store_wait(f->store, depends_on));
        struct stream_record found = {0};
        for (uint32_t shard = 1; shard <= 4; shard++) {
            struct stream_page page;
            CHECK(stream_read(f->store, arena, newest_stream(f), shard, 1, 100, &page) == NULL);
            if (page.count == 2)
                found = page.records[1];
        }
        CHECK_INT(found.event, EVENT_MODIFY);
        CHECK_INT(found.created_ms, f->time.time_us / 1000);
        CHECK_STR(found.keys, item_of_key(arena, "p", NULL).attributes);
        CHECK_STR(found.new_image, views[i].has_new ? after.attributes : S(""));
        CHECK_STR(found.old_image, views[i].has_old ? before.attributes : S(""));
        end(f, arena);
    }
}

TEST(nothing_above_the_watermark_is_shown)
{
    struct fixture *f = begin(arena, VIEW_KEYS_ONLY);
    uint64_t depends_on = test_put(f->store, arena, f->id, item_of_key(arena, "p", NULL));
    CHECK(store_wait(f->store, depends_on));
    f->fault.holds_sync = true;
    depends_on = test_put(f->store, arena, f->id, item_of_key(arena, "q", NULL));
    uint64_t latest[5];
    for (uint32_t shard = 1; shard <= 4; shard++)
        latest[shard] = stream_latest(f->store, newest_stream(f), shard);
    CHECK_STR(read_all(f, arena, newest_stream(f)), S("INSERT p"));
    f->fault.holds_sync = false;
    CHECK(store_wait(f->store, depends_on));
    CHECK_STR(read_all(f, arena, newest_stream(f)), S("INSERT p, INSERT q"));
    /* Where LATEST began before the sync, what was synced after it is new. */
    size_t count = 0;
    for (uint32_t shard = 1; shard <= 4; shard++) {
        struct stream_page page;
        CHECK(stream_read(f->store, arena, newest_stream(f), shard, latest[shard], 9, &page) ==
              NULL);
        count += page.count;
        CHECK(page.next > latest[shard] && !page.is_end);
    }
    CHECK_INT(count, 1);
    end(f, arena);
}

TEST(numbers_are_never_used_again)
{
    struct fixture *f = begin(arena, VIEW_KEYS_ONLY);
    uint64_t highest = 0;
    for (int i = 0; i < 5; i++) {
        struct value pk = {VALUE_S, arena_printf(arena, "p%d", i)};
        uint64_t depends_on =
            test_put(f->store, arena, f->id, test_item(arena, "pk", pk, "sk", test_s("s"), NULL));
        CHECK(store_wait(f->store, depends_on));
        uint64_t latest = stream_latest(f->store, newest_stream(f), 1);
        CHECK(latest > highest);
        highest = latest;
        store_close(f->store);
        open_store(f, arena);
    }
    CHECK_STR(read_all(f, arena, newest_stream(f)),
              S("INSERT p0, INSERT p1, INSERT p2, INSERT p3, INSERT p4"));
    end(f, arena);
}

static void set_stream(struct fixture *f, struct arena *a, bool is_enabled)
{
    struct table t = *catalog_find_id(f->store, f->id);
    const struct table *out;
    uint64_t sequence;
    t.is_stream_enabled = is_enabled;
    catalog_lock(f->store);
    CHECK(catalog_update(f->store, a, &t, &out, &sequence) == NULL);
    catalog_unlock(f->store);
    CHECK(store_wait(f->store, sequence));
}

TEST(switched_off_and_on_is_another_stream)
{
    struct fixture *f = begin(arena, VIEW_KEYS_ONLY);
    uint32_t first = newest_stream(f);
    test_put(f->store, arena, f->id, item_of_key(arena, "p", NULL));
    set_stream(f, arena, false);
    CHECK(!catalog_find_id(f->store, f->id)->is_stream_enabled);
    CHECK_INT(newest_stream(f), first);
    test_put(f->store, arena, f->id, item_of_key(arena, "unseen", NULL));
    set_stream(f, arena, true);
    uint32_t second = newest_stream(f);
    CHECK(second != first);
    test_put(f->store, arena, f->id, item_of_key(arena, "q", NULL));
    CHECK(store_wait(f->store, store_written(f->store)));
    CHECK_STR(read_all(f, arena, first), S("INSERT p"));
    CHECK_STR(read_all(f, arena, second), S("INSERT q"));

    const struct stream *streams;
    const struct shard *shards;
    size_t count;
    CHECK(stream_list(f->store, arena, S("t"), &streams, &count) == NULL);
    CHECK_INT(count, 2);
    CHECK(streams[0].id == first && !streams[0].is_enabled && streams[1].is_enabled);
    CHECK(streams[0].created_ms < streams[1].created_ms);
    CHECK_STR(streams[0].keys.sort[0].name, S("sk"));
    CHECK(stream_shards(f->store, arena, first, 0, 100, &shards, &count) == NULL);
    struct stream_page page;
    for (size_t i = 0; i < count; i++) {
        CHECK(shards[i].last_sequence >= shards[i].first_sequence);
        CHECK(stream_read(f->store, arena, first, shards[i].id, 1, 100, &page) == NULL);
        CHECK(page.is_end);
    }
    struct stream found;
    bool is_found;
    CHECK(stream_find(f->store, arena, S("t"), streams[1].created_ms, &found, &is_found) == NULL);
    CHECK(is_found && found.id == second);
    CHECK(stream_find(f->store, arena, S("t"), 1, &found, &is_found) == NULL && !is_found);
    end(f, arena);
}

TEST(streams_outlive_their_table_for_a_day)
{
    struct fixture *f = begin(arena, VIEW_KEYS_ONLY);
    uint32_t stream = newest_stream(f);
    test_put(f->store, arena, f->id, item_of_key(arena, "p", NULL));
    uint64_t sequence;
    catalog_lock(f->store);
    CHECK(catalog_delete(f->store, arena, f->id, &sequence) == NULL);
    catalog_unlock(f->store);
    CHECK(store_wait(f->store, sequence));
    f->time.time_us += (DAY_MS - 1000) * 1000LL;
    store_work(f->store);
    CHECK_STR(read_all(f, arena, stream), S("INSERT p"));
    f->time.time_us += 1000 * 1000;
    const struct stream *streams;
    size_t count;
    CHECK(stream_list(f->store, arena, S(""), &streams, &count) == NULL);
    CHECK_INT(count, 0);
    store_work(f->store);
    const struct shard *shards;
    CHECK(stream_shards(f->store, arena, stream, 0, 100, &shards, &count) == NULL);
    CHECK_INT(count, 0);
    end(f, arena);
}

TEST(records_are_trimmed_after_a_day)
{
    struct fixture *f = begin(arena, VIEW_KEYS_ONLY);
    test_put(f->store, arena, f->id, item_of_key(arena, "p", "1"));
    f->time.time_us += 1000LL * DAY_MS / 2;
    test_put(f->store, arena, f->id, item_of_key(arena, "p", "2"));
    store_work(f->store);
    CHECK(store_wait(f->store, store_written(f->store)));
    CHECK_STR(read_all(f, arena, newest_stream(f)), S("INSERT p, MODIFY p"));
    f->time.time_us += 1000LL * DAY_MS / 2;
    store_work(f->store);
    CHECK_STR(read_all(f, arena, newest_stream(f)), S("MODIFY p"));
    size_t trimmed = 0;
    for (uint32_t shard = 1; shard <= 4; shard++) {
        struct stream_page page;
        CHECK(stream_read(f->store, arena, newest_stream(f), shard, 1, 9, &page) == NULL);
        const struct shard *shards;
        size_t count;
        CHECK(stream_shards(f->store, arena, newest_stream(f), 0, 100, &shards, &count) == NULL);
        CHECK(page.oldest >= shards[shard - 1].first_sequence);
        if (page.count) {
            CHECK(page.oldest <= page.records[0].sequence);
            trimmed += page.oldest > shards[shard - 1].first_sequence;
        }
    }
    CHECK_INT(trimmed, 1);
    end(f, arena);
}

/* What was written while the clock was ten years ahead goes with what was written after it. */
TEST(records_of_a_clock_ahead_are_not_kept_for_ever)
{
    struct fixture *f = begin(arena, VIEW_KEYS_ONLY);
    test_put(f->store, arena, f->id, item_of_key(arena, "p", "1"));
    f->time.set_us = 3650LL * DAY_MS * 1000;
    test_put(f->store, arena, f->id, item_of_key(arena, "p", "2"));
    f->time.set_us = 0;
    f->time.time_us += 1000;
    test_put(f->store, arena, f->id, item_of_key(arena, "p", "3"));
    store_work(f->store);
    CHECK(store_wait(f->store, store_written(f->store)));
    CHECK_STR(read_all(f, arena, newest_stream(f)), S("INSERT p, MODIFY p, MODIFY p"));
    f->time.time_us += (DAY_MS - 1) * 1000LL;
    store_work(f->store);
    CHECK_STR(read_all(f, arena, newest_stream(f)), S("MODIFY p, MODIFY p"));
    f->time.time_us += 1000;
    store_work(f->store);
    CHECK_STR(read_all(f, arena, newest_stream(f)), S(""));
    end(f, arena);
}

TEST(streams_closed_by_a_clock_ahead_are_not_kept_for_ever)
{
    struct fixture *f = begin(arena, VIEW_KEYS_ONLY);
    const struct stream *streams;
    uint64_t sequence;
    size_t count;
    f->time.set_us = 3650LL * DAY_MS * 1000;
    catalog_lock(f->store);
    CHECK(catalog_delete(f->store, arena, f->id, &sequence) == NULL);
    catalog_unlock(f->store);
    f->time.set_us = 0;
    store_work(f->store);
    f->time.time_us += (DAY_MS - 1) * 1000LL;
    CHECK(stream_list(f->store, arena, S(""), &streams, &count) == NULL);
    CHECK_INT(count, 1);
    f->time.time_us += 1000;
    CHECK(stream_list(f->store, arena, S(""), &streams, &count) == NULL);
    CHECK_INT(count, 0);
    end(f, arena);
}

TEST(expired_items_go)
{
    struct fixture *f = begin(arena, VIEW_NEW_AND_OLD_IMAGES);
    int64_t now_s = f->time.time_us / 1000000, year_s = 365 * 24 * 3600;
    struct {
        const char *pk;
        struct value expires;
    } items[] = {
        {"past", test_n(arena, now_s - 1)},
        {"now", test_n(arena, now_s)},
        {"later", test_n(arena, now_s + 60)},
        {"long ago", test_n(arena, now_s - 6 * year_s)},
        {"some years", test_n(arena, now_s - 4 * year_s)},
        {"text", test_s("1")},
        {"negative", test_n(arena, -5)},
    };
    for (size_t i = 0; i < countof(items); i++)
        test_put(f->store, arena, f->id,
                 test_item(arena, "pk", test_s(items[i].pk), "sk", test_s("s"), "expires",
                           items[i].expires, NULL));
    store_work(f->store);
    static const bool stays[] = {false, true, true, true, false, true, true};
    for (size_t i = 0; i < countof(items); i++)
        CHECK_INT(
            item_exists(test_get(f->store, arena, f->id, item_of_key(arena, items[i].pk, NULL))),
            stays[i]);
    CHECK(store_wait(f->store, store_written(f->store)));
    CHECK(str_contains(read_all(f, arena, newest_stream(f)), S("REMOVE past by ttl")));
    f->time.time_us += 61 * 1000000;
    store_work(f->store);
    CHECK(!item_exists(test_get(f->store, arena, f->id, item_of_key(arena, "later", NULL))));
    end(f, arena);
}

/* More than a page of items, a third of them expired. */
TEST(expiry_walks_large_tables)
{
    struct fixture *f = begin(arena, VIEW_KEYS_ONLY);
    int64_t now_s = f->time.time_us / 1000000;
    for (int64_t i = 0; i < 2000; i++) {
        struct value pk = {VALUE_S, arena_printf(arena, "p%d", (int)i)};
        test_put(f->store, arena, f->id,
                 test_item(arena, "pk", pk, "sk", test_s("s"), "expires",
                           test_n(arena, i % 3 ? now_s + 5 : now_s - 5), NULL));
    }
    store_work(f->store);
    const struct table *t = catalog_find_id(f->store, f->id);
    CHECK_INT(catalog_counts(f->store, t, NULL).items, 2000 - 667);
    end(f, arena);
}

TAP_MAIN(T(changes_are_recorded_in_order), T(views_hold_what_they_say),
         T(nothing_above_the_watermark_is_shown), T(numbers_are_never_used_again),
         T(switched_off_and_on_is_another_stream), T(streams_outlive_their_table_for_a_day),
         T(records_are_trimmed_after_a_day), T(records_of_a_clock_ahead_are_not_kept_for_ever),
         T(streams_closed_by_a_clock_ahead_are_not_kept_for_ever), T(expired_items_go),
         T(expiry_walks_large_tables))
