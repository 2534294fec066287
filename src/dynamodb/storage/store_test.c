#include "dynamodb/storage/store.h"

#include "base/vec.h"
#include "dynamodb/storage/catalog.h"
#include "dynamodb/storage/kv_fault.h"
#include "dynamodb/storage/range.h"
#include "dynamodb/storage/test_support.h"
#include "dynamodb/storage/txn.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

/* A store in memory that outlives being closed. */
struct fixture {
    struct clock_manual time;
    struct clock clock;
    struct kv_fault fault;
    struct kv *inner;
    struct store *store;
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
    struct error *error = store_open(a, &options, &f->store);
    if (error)
        printf("# %.*s\n", STR_ARG(error->message));
    CHECK(error == NULL);
}

static struct fixture *begin(struct arena *a, bool is_persistent)
{
    struct fixture *f = arena_new(a, struct fixture);
    f->time.time_us = 1700000000000000;
    f->clock = clock_manual(&f->time);
    f->fault.keeps_inner = true;
    f->fault.is_persistent = is_persistent;
    f->inner = kv_memory_open();
    open_store(f, a);
    return f;
}

static void reopen(struct fixture *f, struct arena *a)
{
    store_close(f->store);
    open_store(f, a);
}

static void end(struct fixture *f, struct arena *a)
{
    CHECK(test_agrees(f->store, a));
    store_close(f->store);
    kv_close(f->inner);
}

/* -- ranges -------------------------------------------------------------------------------------
 */

/* The "sk" of all items in a range, joined by spaces; `last` is the last item. */
static struct str walk(struct store *store, struct arena *a, struct range_options *o, size_t limit,
                       struct item *last)
{
    struct range *r;
    struct item item;
    struct str out = S("");
    bool found;
    uint64_t depends_on;
    CHECK(range_open(store, a, o, &r) == NULL);
    for (size_t i = 0; i < limit && range_next(r, &item, &found) == NULL && found; i++) {
        struct str sk = item_get(item, S("sk")).data;
        out = arena_printf(a, "%.*s%s%.*s", STR_ARG(out), i ? " " : "", STR_ARG(sk));
        if (last)
            *last = item_of(arena_str(a, item.attributes));
    }
    range_close(r, &depends_on);
    return out;
}

static struct str walk_all(struct store *store, struct arena *a, struct range_options o)
{
    return walk(store, a, &o, SIZE_MAX, NULL);
}

static uint32_t fill(struct store *store, struct arena *a)
{
    struct table t = test_table(a, "t");
    uint32_t id = test_create(store, a, &t);
    static const char *const sks[] = {"a", "a1", "a2", "b", "c", "\xc3\xa9"};
    for (size_t i = 0; i < countof(sks); i++) {
        test_put(store, a, id,
                 test_item(a, "pk", test_s("p"), "sk", test_s(sks[i]), "n",
                           test_n(a, 10 - (int64_t)i * 4), "g", test_s("g"), NULL));
        test_put(store, a, id, test_item(a, "pk", test_s("q"), "sk", test_s(sks[i]), NULL));
    }
    return id;
}

static struct range_options partition(const struct table *t, const struct index *index,
                                      struct value v)
{
    struct range_options o = {.table = t, .index = index, .has_partition = true};
    o.partition[0] = v;
    return o;
}

TEST(query_bounds)
{
    struct fixture *f = begin(arena, false);
    const struct table *t = catalog_find_id(f->store, fill(f->store, arena));
    struct range_options o = partition(t, NULL, test_s("p"));
    CHECK_STR(walk_all(f->store, arena, o), S("a a1 a2 b c \xc3\xa9"));
    o.is_backward = true;
    CHECK_STR(walk_all(f->store, arena, o), S("\xc3\xa9 c b a2 a1 a"));
    o.is_backward = false;
    o.low = test_s("a1"), o.high = test_s("c");
    CHECK_STR(walk_all(f->store, arena, o), S("a1 a2 b c"));
    o.is_low_exclusive = o.is_high_exclusive = true;
    CHECK_STR(walk_all(f->store, arena, o), S("a2 b"));
    o.high = (struct value){0};
    CHECK_STR(walk_all(f->store, arena, o), S("a2 b c \xc3\xa9"));
    o.low = test_s("c"), o.high = test_s("a");
    CHECK_STR(walk_all(f->store, arena, o), S(""));
    o = partition(t, NULL, test_s("p"));
    o.is_prefix = true, o.low = test_s("a");
    CHECK_STR(walk_all(f->store, arena, o), S("a a1 a2"));
    o = partition(t, NULL, test_s("p"));
    o.sort_equal[0] = test_s("b"), o.sort_equal_count = 1;
    CHECK_STR(walk_all(f->store, arena, o), S("b"));
    CHECK_STR(walk_all(f->store, arena, partition(t, NULL, test_s("nobody"))), S(""));
    end(f, arena);
}

TEST(query_indexes)
{
    struct fixture *f = begin(arena, false);
    const struct table *t = catalog_find_id(f->store, fill(f->store, arena));
    CHECK_STR(walk_all(f->store, arena, partition(t, &t->indexes[0], test_s("g"))),
              S("a a1 a2 b c \xc3\xa9"));
    struct range_options o = partition(t, &t->indexes[2], test_s("p"));
    CHECK_STR(walk_all(f->store, arena, o), S("\xc3\xa9 c b a2 a1 a"));
    o.low = test_n(arena, -2), o.high = test_n(arena, 6);
    CHECK_STR(walk_all(f->store, arena, o), S("b a2 a1"));
    o.index = NULL, o.low = o.high = (struct value){0};
    CHECK_STR(
        walk_all(f->store, arena, (struct range_options){.table = t, .index = &t->indexes[1]}),
        S(""));
    CHECK_INT(catalog_counts(f->store, t, NULL).items, 12);
    CHECK_INT(catalog_counts(f->store, t, &t->indexes[0]).items, 6);
    CHECK_INT(catalog_counts(f->store, t, &t->indexes[1]).items, 0);
    end(f, arena);
}

/* Page by page of every size gives what one walk gives, in both directions. */
TEST(pages_join_without_gap)
{
    struct fixture *f = begin(arena, false);
    const struct table *t = catalog_find_id(f->store, fill(f->store, arena));
    struct range_options ways[] = {
        partition(t, NULL, test_s("p")),           partition(t, &t->indexes[0], test_s("g")),
        partition(t, &t->indexes[2], test_s("p")), {.table = t},
        {.table = t, .index = &t->indexes[0]},
    };
    for (size_t w = 0; w < 2 * countof(ways); w++) {
        struct range_options o = ways[w / 2];
        o.is_backward = w % 2;
        struct str whole = walk_all(f->store, arena, o);
        for (size_t size = 1; size <= 4; size++) {
            struct str joined = S("");
            o.start_after = (struct str){"", 0};
            for (;;) {
                struct item last = {0};
                struct str page = walk(f->store, arena, &o, size, &last);
                if (!item_exists(last))
                    break;
                joined = arena_printf(arena, "%.*s%s%.*s", STR_ARG(joined), joined.len ? " " : "",
                                      STR_ARG(page));
                o.start_after = range_key_of(arena, t, o.index, last);
            }
            CHECK_STR(joined, whole);
        }
    }
    end(f, arena);
}

TEST(segments_share_out_all_items)
{
    struct fixture *f = begin(arena, false);
    struct table definition = test_table(arena, "t");
    uint32_t id = test_create(f->store, arena, &definition);
    for (int i = 0; i < 300; i++) {
        struct str pk = arena_printf(arena, "p%d", i);
        test_put(f->store, arena, id,
                 test_item(arena, "pk", (struct value){VALUE_S, pk}, "sk", test_s("x"), NULL));
    }
    const struct table *t = catalog_find_id(f->store, id);
    static const uint32_t segments[] = {1, 2, 3, 7, 4096, 1000000};
    for (size_t s = 0; s < countof(segments); s++) {
        size_t total = 0, most = 0;
        for (uint32_t i = 0; i < segments[s] && i < 5000; i++) {
            struct range_options o = {.table = t, .segment = i, .segments = segments[s]};
            size_t found = (walk_all(f->store, arena, o).len + 1) / 2;
            total += found;
            most = found > most ? found : most;
        }
        if (segments[s] <= 5000)
            CHECK_INT(total, 300);
        CHECK(segments[s] == 1 || most < 200);
    }
    end(f, arena);
}

/* -- transactions -------------------------------------------------------------------------------
 */

TEST(items_come_back_after_reopening)
{
    struct fixture *f = begin(arena, true);
    uint32_t id = fill(f->store, arena);
    struct item key = test_item(arena, "pk", test_s("p"), "sk", test_s("b"), NULL);
    struct item before = test_get(f->store, arena, id, key);
    CHECK(item_exists(before));
    test_delete(f->store, arena, id, test_item(arena, "pk", test_s("p"), "sk", test_s("c"), NULL));
    reopen(f, arena);
    CHECK_STR(test_get(f->store, arena, id, key).attributes, before.attributes);
    const struct table *t = catalog_find(f->store, S("t"));
    CHECK(t && t->id == id && t->index_count == 3 && t->attribute_count == 5);
    CHECK_INT(catalog_counts(f->store, t, NULL).items, 11);
    CHECK_STR(walk_all(f->store, arena, partition(t, &t->indexes[0], test_s("g"))),
              S("a a1 a2 b \xc3\xa9"));
    end(f, arena);
}

static void check_writes(const struct txn *t, size_t position, const char *want, struct arena *a)
{
    const struct index_writes *writes = NULL;
    struct str got = S("");
    size_t count = txn_index_writes(t, position, &writes);
    for (size_t i = 0; i < count; i++)
        got = arena_printf(a, "%.*s%.*s:%u/%u ", STR_ARG(got), STR_ARG(writes[i].index->name),
                           writes[i].writes, writes[i].write_units);
    CHECK_STR(got, str_z(want));
}

TEST(index_writes_are_told)
{
    struct fixture *f = begin(arena, false);
    struct table definition = test_table(arena, "t");
    uint32_t id = test_create(f->store, arena, &definition);
    const struct table *t = catalog_find_id(f->store, id);
    static char big[3000];
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = 'x';
    struct value large = {VALUE_S, {big, sizeof big}};
    struct item none = {0}, items[5];
    struct value p = test_s("p"), s = test_s("s"), one = test_n(arena, 1);
    items[0] = test_item(arena, "pk", p, "sk", s, "g", test_s("g"), "n", one, NULL);
    items[1] = test_item(arena, "pk", p, "sk", s, "g", test_s("g"), "n", one, "x", large, NULL);
    items[2] = test_item(arena, "pk", p, "sk", s, "g", test_s("h"), "n", one, "x", large, NULL);
    items[3] = test_item(arena, "pk", p, "sk", s, "x", large, "h", one, NULL);
    items[4] = none;
    static const char *const want[] = {
        "all:1/1 local:1/1 ", /* both new */
        "all:1/3 ",           /* grown where it stands; keys only did not change */
        "all:2/6 ",           /* moved: one deleted, one put */
        "all:1/3 some:1/1 local:1/1 ",
        "some:1/1 ",
    };
    struct item_key key = item_key_of(arena, t, items[0].attributes);
    struct item old = none;
    for (size_t i = 0; i < countof(items); i++) {
        struct txn txn;
        txn_begin(&txn, f->store, arena);
        txn_lock(&txn, &key.hash, 1);
        txn_put(&txn, t, &key, old, items[i], AUTHOR_USER);
        CHECK(txn_commit(&txn) == NULL);
        check_writes(&txn, 0, want[i], arena);
        txn_end(&txn);
        CHECK_INT(txn.depends_on, 0); /* in memory nothing waits */
        old = items[i];
    }
    end(f, arena);
}

TEST(a_hundred_items_all_or_nothing)
{
    struct fixture *f = begin(arena, true);
    struct table definition = test_table(arena, "t");
    uint32_t id = test_create(f->store, arena, &definition);
    const struct table *t = catalog_find_id(f->store, id);
    struct item_key keys[100];
    struct item items[100], none = {0};
    uint64_t hashes[100];
    for (int i = 0; i < 100; i++) {
        struct value pk = {VALUE_S, arena_printf(arena, "p%d", i / 2)};
        items[i] = test_item(arena, "pk", pk, "sk", test_s(i % 2 ? "a" : "b"), "g", pk, NULL);
        keys[i] = item_key_of(arena, t, items[i].attributes);
        hashes[i] = keys[i].hash;
    }
    for (int round = 0; round < 2; round++) {
        if (round)
            f->fault.fail_write = f->fault.writes + 1;
        struct txn txn;
        txn_begin(&txn, f->store, arena);
        txn_lock(&txn, hashes, 100);
        for (int i = 0; i < 100; i++)
            txn_put(&txn, t, &keys[i], round ? items[i] : none, round ? none : items[i],
                    AUTHOR_USER);
        struct error *error = txn_commit(&txn);
        CHECK(round ? error && error->kind == &error_InternalServerError : !error);
        txn_end(&txn);
        if (!round)
            CHECK(store_wait(f->store, txn.depends_on));
    }
    CHECK(store_failed(f->store));
    CHECK_INT(store_synced(f->store), UINT64_MAX);
    f->fault.fail_write = 0;
    reopen(f, arena);
    t = catalog_find_id(f->store, id);
    struct str all = walk_all(f->store, arena, (struct range_options){.table = t});
    CHECK_INT((all.len + 1) / 2, 100);
    store_work(f->store); /* counts anew: it was not closed well */
    end(f, arena);
}

TEST(together_is_one_state)
{
    struct fixture *f = begin(arena, false);
    uint32_t id = fill(f->store, arena);
    const struct table *t = catalog_find_id(f->store, id);
    struct get gets[2] = {{.table = t}, {.table = t}};
    struct item here = test_item(arena, "pk", test_s("p"), "sk", test_s("a"), NULL);
    struct item away = test_item(arena, "pk", test_s("p"), "sk", test_s("zz"), NULL);
    gets[0].key = item_key_of(arena, t, here.attributes);
    gets[1].key = item_key_of(arena, t, away.attributes);
    uint64_t depends_on;
    CHECK(store_get_together(f->store, arena, gets, 2, &depends_on) == NULL);
    CHECK(item_exists(gets[0].item) && !item_exists(gets[1].item));
    end(f, arena);
}

TEST(notes_expire)
{
    struct fixture *f = begin(arena, true);
    struct str value;
    bool found;
    uint64_t hash = txn_note_hash(S("token")), sequence;
    struct txn txn;
    txn_begin(&txn, f->store, arena);
    txn_lock(&txn, &hash, 1);
    CHECK(txn_note_get(&txn, S("token"), &value, &found) == NULL && !found);
    txn_note_put(&txn, S("token"), S("value"), 1000);
    CHECK(txn_commit(&txn) == NULL);
    txn_end(&txn);
    CHECK(catalog_note_put(f->store, arena, S("for ever"), S("x"), &sequence) == NULL);
    reopen(f, arena);
    CHECK(catalog_note_get(f->store, arena, S("token"), &value, &found) == NULL && found);
    CHECK_STR(value, S("value"));
    f->time.time_us += 1000 * 1000;
    CHECK(catalog_note_get(f->store, arena, S("token"), &value, &found) == NULL && !found);
    store_work(f->store);
    f->time.time_us -= 1000 * 1000;
    CHECK(catalog_note_get(f->store, arena, S("token"), &value, &found) == NULL && !found);
    CHECK(catalog_note_get(f->store, arena, S("for ever"), &value, &found) == NULL && found);
    CHECK(catalog_note_put(f->store, arena, S("for ever"), S(""), &sequence) == NULL);
    CHECK(catalog_note_get(f->store, arena, S("for ever"), &value, &found) == NULL && !found);
    end(f, arena);
}

static void put_note(struct fixture *f, struct arena *a, struct str name)
{
    uint64_t hash = txn_note_hash(name);
    struct txn txn;
    txn_begin(&txn, f->store, a);
    txn_lock(&txn, &hash, 1);
    txn_note_put(&txn, name, S("value"), IDEMPOTENCY_WINDOW_MS);
    CHECK(txn_commit(&txn) == NULL);
    txn_end(&txn);
}

static bool has_note(struct fixture *f, struct arena *a, struct str name)
{
    struct str value;
    bool found;
    CHECK(catalog_note_get(f->store, a, name, &value, &found) == NULL);
    return found && CHECK_STR(value, S("value"));
}

TEST(notes_live_their_time_whatever_the_clock_is_set_to)
{
    struct fixture *f = begin(arena, true);
    const int64_t year_us = 365 * 86400 * 1000000LL, jumps[] = {0, year_us, -year_us, 0};
    for (size_t i = 0; i < countof(jumps); i++) {
        f->time.set_us = jumps[i];
        put_note(f, arena, arena_printf(arena, "%zu", i));
        store_work(f->store);
        for (size_t k = 0; k <= i; k++)
            CHECK(has_note(f, arena, arena_printf(arena, "%zu", k)));
    }
    f->time.time_us += IDEMPOTENCY_WINDOW_MS * 1000LL;
    for (size_t i = 0; i < countof(jumps); i++)
        CHECK(!has_note(f, arena, arena_printf(arena, "%zu", i)));

    /* A whole run ahead: its notes are known to the next one, and no longer than others. */
    f->time.set_us = year_us;
    reopen(f, arena);
    put_note(f, arena, S("ahead"));
    f->time.set_us = 0;
    reopen(f, arena);
    CHECK(has_note(f, arena, S("ahead")));
    store_work(f->store);
    f->time.time_us += IDEMPOTENCY_WINDOW_MS * 1000LL - 1000;
    store_work(f->store);
    CHECK(has_note(f, arena, S("ahead")));
    f->time.time_us += 1000;
    CHECK(!has_note(f, arena, S("ahead")));
    end(f, arena);
}

/* -- the catalog --------------------------------------------------------------------------------
 */

TEST(definitions_survive_whole)
{
    struct fixture *f = begin(arena, true);
    struct table t = test_table(arena, "whole");
    struct member tags[] = {{S("k"), test_s("v")}, {S("empty"), test_s("")}};
    t.throughput = (struct throughput){5, 6, -1, 1700000000000, 2, 7, 8};
    t.billing = BILLING_PROVISIONED;
    t.is_stream_enabled = true;
    t.stream_view = VIEW_OLD_IMAGE;
    t.ttl_attribute = S("expires");
    t.is_deletion_protected = true;
    t.table_class = S("STANDARD_INFREQUENT_ACCESS");
    t.sse = S("{\"Enabled\":true}");
    t.tags = tags, t.tag_count = 2;
    test_create(f->store, arena, &t);
    const struct table *made = catalog_find(f->store, S("whole"));
    struct str uuid = arena_str(arena, str_z(made->uuid));
    int64_t stream_created_ms = made->stream_created_ms;
    CHECK_INT(uuid.len, 36);
    reopen(f, arena);
    const struct table *back = catalog_find(f->store, S("whole"));
    CHECK_STR(str_z(back->uuid), uuid);
    CHECK_INT(back->created_ms, f->time.time_us / 1000);
    CHECK_INT(back->throughput.read_units, 5);
    CHECK_INT(back->throughput.last_increase_ms, -1);
    CHECK_INT(back->throughput.max_write_units, 8);
    CHECK_INT(back->billing, BILLING_PROVISIONED);
    CHECK(back->is_stream_enabled && back->stream_view == VIEW_OLD_IMAGE && back->stream_id);
    CHECK_INT(back->stream_created_ms, stream_created_ms);
    CHECK_STR(back->ttl_attribute, S("expires"));
    CHECK(back->is_deletion_protected);
    CHECK_STR(back->table_class, t.table_class);
    CHECK_STR(back->sse, t.sse);
    CHECK_INT(back->tag_count, 2);
    CHECK_STR(back->tags[0].value.data, S("v"));
    CHECK_STR(back->indexes[1].included[0], S("extra"));
    CHECK(back->indexes[1].projection == PROJECTION_INCLUDE && back->indexes[1].is_global);
    CHECK(!back->indexes[2].is_global && back->indexes[2].keys.sort[0].type == VALUE_N);
    end(f, arena);
}

TEST(names_are_sorted_and_paged)
{
    struct fixture *f = begin(arena, false);
    static const char *const names[] = {"b.1", "a", "c", "B", "a-1"};
    for (size_t i = 0; i < countof(names); i++) {
        struct table t = test_table(arena, names[i]);
        test_create(f->store, arena, &t);
    }
    const struct str *got;
    CHECK_INT(catalog_names(f->store, arena, S(""), 100, &got), 5);
    CHECK_STR(got[0], S("B"));
    CHECK_STR(got[4], S("c"));
    CHECK_INT(catalog_names(f->store, arena, S("a"), 2, &got), 2);
    CHECK_STR(got[0], S("a-1"));
    CHECK_STR(got[1], S("b.1"));
    CHECK_INT(catalog_names(f->store, arena, S("c"), 2, &got), 0);
    end(f, arena);
}

TEST(deleted_table_leaves_nothing)
{
    struct fixture *f = begin(arena, true);
    uint32_t id = fill(f->store, arena);
    uint64_t sequence;
    catalog_lock(f->store);
    CHECK(catalog_delete(f->store, arena, id, &sequence) == NULL);
    CHECK(catalog_find(f->store, S("t")) == NULL);
    CHECK(catalog_find_id(f->store, id) == NULL);
    catalog_unlock(f->store);
    CHECK(store_wait(f->store, sequence));
    uint32_t next = fill(f->store, arena);
    CHECK(next > id);
    const struct table *t = catalog_find_id(f->store, next);
    CHECK_INT(catalog_counts(f->store, t, NULL).items, 12);
    store_close(f->store);
    size_t items = 0;
    struct kv_read *read = kv_read_begin(f->inner, false);
    struct kv_cursor *c;
    struct str key, value;
    bool found;
    CHECK(kv_cursor_open(read, arena, S("d"), S("j"), true, &c) == NULL);
    while (kv_cursor_next(c, &key, &value, &found) == NULL && found)
        items++;
    kv_cursor_close(c);
    kv_read_end(read);
    CHECK_INT(items, 12 + 6 + 6);
    open_store(f, arena);
    end(f, arena);
}

static void update(struct fixture *f, struct arena *a, const struct table *definition)
{
    const struct table *t;
    uint64_t sequence;
    catalog_lock(f->store);
    struct error *error = catalog_update(f->store, a, definition, &t, &sequence);
    catalog_unlock(f->store);
    CHECK(error == NULL);
}

TEST(new_index_is_filled)
{
    struct fixture *f = begin(arena, true);
    struct table definition = test_table(arena, "t");
    const struct index *all = definition.indexes;
    definition.index_count = 0;
    uint32_t id = test_create(f->store, arena, &definition);
    for (int64_t i = 0; i < 1000; i++) {
        struct value sk = {VALUE_S, arena_printf(arena, "%04d", (int)i)};
        if (i % 3)
            test_put(f->store, arena, id, test_item(arena, "pk", test_s("p"), "sk", sk, NULL));
        else
            test_put(f->store, arena, id,
                     test_item(arena, "pk", test_s("p"), "sk", sk, "g", test_s("g"), NULL));
    }
    /* What is too long for the index's key stays out of the index. */
    struct str long_key = arena_printf(arena, "%0*d", (int)LIMIT_PARTITION_KEY + 1, 0);
    test_put(f->store, arena, id,
             test_item(arena, "pk", test_s("p"), "sk", test_s("long"), "g",
                       (struct value){VALUE_S, long_key}, NULL));
    struct table changed = *catalog_find_id(f->store, id);
    changed.indexes = all;
    changed.index_count = 1;
    changed.status = STATUS_UPDATING;
    update(f, arena, &changed);
    const struct table *t = catalog_find_id(f->store, id);
    CHECK(t->indexes[0].is_backfilling && t->indexes[0].status == STATUS_CREATING);
    CHECK_INT(t->version, 2);
    /* Meanwhile: an item that was there goes, one that was there changes, one comes. */
    test_delete(f->store, arena, id,
                test_item(arena, "pk", test_s("p"), "sk", test_s("0003"), NULL));
    test_put(f->store, arena, id,
             test_item(arena, "pk", test_s("p"), "sk", test_s("0006"), "g", test_s("g"), "more",
                       test_s("x"), NULL));
    test_put(f->store, arena, id,
             test_item(arena, "pk", test_s("p"), "sk", test_s("x"), "g", test_s("g"), NULL));
    CHECK(test_agrees(f->store, arena));
    reopen(f, arena);
    CHECK(catalog_find_id(f->store, id)->indexes[0].is_backfilling);
    store_work(f->store);
    t = catalog_find_id(f->store, id);
    CHECK(!t->indexes[0].is_backfilling && t->indexes[0].status == STATUS_ACTIVE);
    CHECK_INT(t->status, STATUS_ACTIVE);
    CHECK_INT(catalog_counts(f->store, t, &t->indexes[0]).items, 334);

    changed = *t;
    changed.index_count = 0;
    update(f, arena, &changed);
    CHECK(test_agrees(f->store, arena));
    end(f, arena);
}

/* -- durability ---------------------------------------------------------------------------------
 */

static void count_sync(void *context)
{
    atomic_fetch_add((_Atomic int *)context, 1);
}

TEST(answers_wait_for_the_sync)
{
    struct fixture *f = begin(arena, true);
    _Atomic int told = 0;
    store_set_on_sync(f->store, count_sync, &told);
    struct table definition = test_table(arena, "t");
    uint32_t id = test_create(f->store, arena, &definition);
    CHECK(store_wait(f->store, store_written(f->store)));
    f->fault.holds_sync = true;
    struct item item = test_item(arena, "pk", test_s("p"), "sk", test_s("s"), NULL);
    uint64_t depends_on = test_put(f->store, arena, id, item);
    CHECK_INT(depends_on, store_written(f->store));
    CHECK(store_synced(f->store) < depends_on);
    /* What a read saw of it waits too; what has nothing to do with it does not. */
    const struct table *t = catalog_find_id(f->store, id);
    struct item_key key = item_key_of(arena, t, item.attributes);
    uint64_t read_depends_on, scan_depends_on;
    CHECK(store_get(f->store, arena, t, &key, &item, &read_depends_on) == NULL);
    CHECK_INT(read_depends_on, depends_on);
    CHECK_INT(test_put(f->store, arena, id, item), depends_on); /* changes nothing */
    struct item other = test_item(arena, "pk", test_s("other"), "sk", test_s("s"), NULL);
    key = item_key_of(arena, t, other.attributes);
    CHECK(store_get(f->store, arena, t, &key, &item, &read_depends_on) == NULL);
    CHECK(read_depends_on <= store_synced(f->store));
    struct range *r;
    CHECK(range_open(f->store, arena, &(struct range_options){.table = t}, &r) == NULL);
    range_close(r, &scan_depends_on);
    CHECK_INT(scan_depends_on, depends_on);
    f->fault.holds_sync = false;
    CHECK(store_wait(f->store, depends_on));
    CHECK(store_synced(f->store) >= depends_on);
    CHECK(told > 0);
    end(f, arena);
}

TEST(failed_sync_is_final)
{
    struct fixture *f = begin(arena, true);
    struct table definition = test_table(arena, "t");
    uint32_t id = test_create(f->store, arena, &definition);
    struct item key = test_item(arena, "pk", test_s("p"), "sk", test_s("s"), NULL);
    uint64_t first = test_put(f->store, arena, id, key);
    CHECK(store_wait(f->store, first));
    f->fault.holds_sync = true;
    struct item lost =
        test_item(arena, "pk", test_s("p"), "sk", test_s("s"), "x", test_s("lost"), NULL);
    uint64_t second = test_put(f->store, arena, id, lost);
    CHECK_STR(test_get(f->store, arena, id, key).attributes, lost.attributes);
    f->fault.fail_sync = f->fault.syncs + 1;
    f->fault.holds_sync = false;
    CHECK(!store_wait(f->store, second));
    CHECK(store_failed(f->store));
    /* Reads go on, with what is on the disk. */
    CHECK_STR(test_get(f->store, arena, id, key).attributes, key.attributes);
    const struct table *t = catalog_find_id(f->store, id);
    struct item_key place = item_key_of(arena, t, key.attributes);
    struct txn txn;
    txn_begin(&txn, f->store, arena);
    txn_lock(&txn, &place.hash, 1);
    txn_put(&txn, t, &place, key, lost, AUTHOR_USER);
    struct error *error = txn_commit(&txn);
    CHECK(error && error->kind == &error_InternalServerError);
    txn_end(&txn);
    CHECK(!store_wait(f->store, txn.depends_on));
    /* Also a write that would change nothing: the next start may find the lost one. */
    txn_begin(&txn, f->store, arena);
    txn_lock(&txn, &place.hash, 1);
    txn_put(&txn, t, &place, key, key, AUTHOR_USER);
    CHECK(txn_commit(&txn) != NULL);
    txn_end(&txn);
    store_close(f->store);
    kv_close(f->inner);
}

TEST(failed_reads_are_errors)
{
    struct fixture *f = begin(arena, true);
    uint32_t id = fill(f->store, arena);
    const struct table *t = catalog_find_id(f->store, id);
    struct item item = test_item(arena, "pk", test_s("p"), "sk", test_s("a"), NULL);
    struct item_key key = item_key_of(arena, t, item.attributes);
    uint64_t depends_on;
    f->fault.fail_get = f->fault.gets + 1;
    struct error *error = store_get(f->store, arena, t, &key, &item, &depends_on);
    CHECK(error && error->kind == &error_InternalServerError);
    CHECK(store_get(f->store, arena, t, &key, &item, &depends_on) == NULL);
    struct range *r;
    bool found;
    CHECK(range_open(f->store, arena, &(struct range_options){.table = t}, &r) == NULL);
    CHECK(range_next(r, &item, &found) == NULL && found);
    f->fault.fail_cursor = f->fault.cursors + 1;
    error = range_next(r, &item, &found);
    CHECK(error && error->kind == &error_InternalServerError);
    range_close(r, NULL);
    CHECK(!store_failed(f->store));
    end(f, arena);
}

TEST(newer_format_is_refused)
{
    struct kv *inner = kv_memory_open();
    struct kv_batch *b = kv_batch_new(inner);
    kv_batch_put(b, S("mformat"), (struct str){"\1\0\0\0", 4});
    CHECK(kv_write(inner, arena, b) == NULL);
    kv_batch_free(b);
    struct store_options options = {
        .kv = inner, .clock = &clock_system, .rand = &rand_system, .sweep_interval_ms = -1};
    struct store *store = NULL;
    struct error *error = store_open(arena, &options, &store);
    CHECK(error && error->kind == &error_system);
    CHECK(str_contains(error->message, S("format 16777216")));
}

TEST(damaged_catalog_is_refused)
{
    struct kv *inner = kv_memory_open();
    struct kv_batch *b = kv_batch_new(inner);
    kv_batch_put(b, S("t\0\0\0\1"), S("garbage"));
    CHECK(kv_write(inner, arena, b) == NULL);
    kv_batch_free(b);
    struct store_options options = {
        .kv = inner, .clock = &clock_system, .rand = &rand_system, .sweep_interval_ms = -1};
    struct store *store = NULL;
    CHECK(store_open(arena, &options, &store) != NULL);
}

TEST(counts_are_made_exact_after_a_crash)
{
    struct fixture *f = begin(arena, true);
    uint32_t id = fill(f->store, arena);
    f->fault.fail_write = f->fault.writes + 1; /* the closing mark does not arrive */
    reopen(f, arena);
    const struct table *t = catalog_find_id(f->store, id);
    CHECK_INT(catalog_counts(f->store, t, NULL).items, 0);
    test_put(f->store, arena, id, test_item(arena, "pk", test_s("p"), "sk", test_s("new"), NULL));
    store_work(f->store);
    CHECK_INT(catalog_counts(f->store, t, NULL).items, 13);
    end(f, arena);
}

TAP_MAIN(T(query_bounds), T(query_indexes), T(pages_join_without_gap),
         T(segments_share_out_all_items), T(items_come_back_after_reopening),
         T(index_writes_are_told), T(a_hundred_items_all_or_nothing), T(together_is_one_state),
         T(notes_expire), T(notes_live_their_time_whatever_the_clock_is_set_to),
         T(definitions_survive_whole), T(names_are_sorted_and_paged),
         T(deleted_table_leaves_nothing), T(new_index_is_filled), T(answers_wait_for_the_sync),
         T(failed_sync_is_final), T(failed_reads_are_errors), T(newer_format_is_refused),
         T(damaged_catalog_is_refused), T(counts_are_made_exact_after_a_crash))
