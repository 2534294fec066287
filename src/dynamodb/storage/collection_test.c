/* Item collections: what they weigh, what makes them too large, and that what is kept is true. That
 * it stays true over failures is model_test's: fsck looks at them there. */
#include "dynamodb/storage/collection.h"

#include "dynamodb/storage/catalog.h"
#include "dynamodb/storage/check.h"
#include "dynamodb/storage/internal.h"
#include "dynamodb/storage/kv_fault.h"
#include "dynamodb/storage/test_support.h"
#include "dynamodb/storage/txn.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

enum { BOUND = 1000 };

struct fixture {
    struct kv_fault fault;
    struct kv *inner;
    struct store *store;
    uint32_t table_id;
};

static void open_store(struct fixture *f, struct arena *a)
{
    struct store_options options = {
        .kv = kv_fault_open(f->inner, &f->fault),
        .clock = &clock_system,
        .rand = &rand_system,
        .sweep_interval_ms = -1,
        .collection_bytes = BOUND,
    };
    CHECK(store_open(a, &options, &f->store) == NULL);
}

static struct fixture *begin(struct arena *a)
{
    struct fixture *f = arena_new(a, struct fixture);
    f->fault.keeps_inner = true;
    f->inner = kv_memory_open();
    open_store(f, a);
    struct table t = test_table(a, "t");
    f->table_id = test_create(f->store, a, &t);
    return f;
}

static void end(struct fixture *f, struct arena *a)
{
    CHECK(test_agrees(f->store, a));
    store_close(f->store);
    kv_close(f->inner);
}

/* With `pad` bytes that no index holds; in the local index when `n` is not negative. */
static struct item item_of_size(struct arena *a, const char *pk, const char *sk, int64_t n,
                                size_t pad)
{
    char *text = arena_alloc(a, pad + 1);
    memset(text, 'x', pad);
    text[pad] = 0;
    return test_item(a, "pk", test_s(pk), "sk", test_s(sk), "p", test_s(text), n >= 0 ? "n" : NULL,
                     test_n(a, n), NULL);
}

static int64_t weight_of(struct fixture *f, struct arena *a, const char *pk)
{
    const struct table *t = catalog_find_id(f->store, f->table_id);
    int64_t bytes;
    struct str key = collection_key(a, t, item_of_size(a, pk, "s", -1, 0).attributes);
    CHECK(collection_read(f->store, a, key, &bytes) == NULL);
    return bytes;
}

/* Puts items in one transaction; an item without "p" deletes. The error of the commit; *refused has
 * a letter for each change: R or -. */
static struct error *put_all(struct fixture *f, struct arena *a, const struct item *items,
                             size_t count, char *refused)
{
    const struct table *t = catalog_find_id(f->store, f->table_id);
    struct item_key keys[8];
    uint64_t hashes[8];
    struct txn txn;
    for (size_t i = 0; i < count; i++) {
        keys[i] = item_key_of(a, t, items[i].attributes);
        hashes[i] = keys[i].hash;
    }
    catalog_lock_shared(f->store);
    txn_begin(&txn, f->store, a);
    txn_lock(&txn, hashes, count);
    for (size_t i = 0; i < count; i++) {
        struct item old, none = {0};
        bool deletes = !item_get(items[i], S("p")).data.data;
        CHECK(txn_get(&txn, t, &keys[i], &old) == NULL);
        txn_put(&txn, t, &keys[i], old, deletes ? none : items[i], AUTHOR_USER);
        refused[i] = txn_refusal(&txn) ? 'R' : '-';
    }
    refused[count] = 0;
    struct error *error = txn_commit(&txn);
    txn_end(&txn);
    catalog_unlock_shared(f->store);
    return error;
}

static struct error *put_one(struct fixture *f, struct arena *a, struct item item)
{
    char refused[2];
    return put_all(f, a, &item, 1, refused);
}

static bool is_too_large(const struct error *e)
{
    return e && e->kind == &error_ItemCollectionSizeLimitExceededException &&
           str_eq(e->message, S("Collection size exceeded."));
}

TEST(items_and_their_local_entries_are_weighed)
{
    struct fixture *f = begin(arena);
    struct item plain = item_of_size(arena, "p", "a", -1, 10);
    struct item indexed = item_of_size(arena, "p", "b", 7, 10);
    test_put(f->store, arena, f->table_id, plain);
    CHECK_INT(weight_of(f, arena, "p"), plain.size_bytes);
    test_put(f->store, arena, f->table_id, indexed);
    struct item entry = /* keys only */
        test_item(arena, "pk", test_s("p"), "sk", test_s("b"), "n", test_n(arena, 7), NULL);
    CHECK_INT(weight_of(f, arena, "p"), plain.size_bytes + indexed.size_bytes + entry.size_bytes);
    test_put(f->store, arena, f->table_id, item_of_size(arena, "q", "a", -1, 100));
    test_delete(f->store, arena, f->table_id, plain);
    CHECK_INT(weight_of(f, arena, "p"), indexed.size_bytes + entry.size_bytes);
    test_delete(f->store, arena, f->table_id, indexed);
    CHECK_INT(weight_of(f, arena, "p"), 0);
    CHECK_INT(weight_of(f, arena, "q"), item_of_size(arena, "q", "a", -1, 100).size_bytes);
    end(f, arena);
}

TEST(a_collection_grows_to_its_bound_and_not_beyond)
{
    struct fixture *f = begin(arena);
    struct item first = item_of_size(arena, "p", "a", -1, 500);
    size_t left = BOUND - first.size_bytes - item_of_size(arena, "p", "b", -1, 0).size_bytes;
    CHECK(!put_one(f, arena, first));
    CHECK(is_too_large(put_one(f, arena, item_of_size(arena, "p", "b", -1, left + 1))));
    CHECK(is_too_large(put_one(f, arena, item_of_size(arena, "p", "b", 1, left)))); /* its entry */
    CHECK(!put_one(f, arena, item_of_size(arena, "p", "b", -1, left)));
    CHECK_INT(weight_of(f, arena, "p"), BOUND);
    CHECK(is_too_large(put_one(f, arena, item_of_size(arena, "p", "c", -1, 0))));
    CHECK(!put_one(f, arena, item_of_size(arena, "other", "c", -1, 900)));
    CHECK(!put_one(f, arena, item_of_size(arena, "p", "a", -1, 499))); /* lighter */
    CHECK(!put_one(f, arena, item_of_size(arena, "p", "a", -1, 500)));
    test_delete(f->store, arena, f->table_id, first);
    CHECK(!put_one(f, arena, item_of_size(arena, "p", "c", -1, 100)));
    end(f, arena);
}

TEST(changes_of_one_transaction_are_weighed_together)
{
    struct fixture *f = begin(arena);
    char refused[8];
    struct item items[] = {
        item_of_size(arena, "p", "a", -1, 400),
        item_of_size(arena, "q", "a", -1, 400),
        item_of_size(arena, "p", "b", -1, 600),
        test_item(arena, "pk", test_s("p"), "sk", test_s("c"), NULL),
    };
    CHECK(!put_one(f, arena, item_of_size(arena, "p", "c", -1, 300)));
    CHECK(is_too_large(put_all(f, arena, items, 4, refused)));
    CHECK_STR(str_z(refused), S("--R-"));
    CHECK_INT(weight_of(f, arena, "q"), 0);
    struct item first = items[3]; /* the lighter comes first: there is room */
    items[3] = items[2];
    items[2] = items[0];
    items[0] = first;
    items[3] = item_of_size(arena, "p", "b", -1, 500);
    CHECK(!put_all(f, arena, items, 4, refused));
    CHECK_STR(str_z(refused), S("----"));
    CHECK_INT(weight_of(f, arena, "p"), items[2].size_bytes + items[3].size_bytes);
    end(f, arena);
}

TEST(tables_without_local_indexes_keep_none)
{
    struct fixture *f = begin(arena);
    struct table t = test_table(arena, "global");
    t.index_count = 2;
    f->table_id = test_create(f->store, arena, &t);
    CHECK(!put_one(f, arena, item_of_size(arena, "p", "a", 1, 5000)));
    CHECK(!put_one(f, arena, item_of_size(arena, "p", "b", 1, 5000)));
    CHECK_INT(weight_of(f, arena, "p"), 0);
    end(f, arena);
}

TEST(a_deleted_table_leaves_none)
{
    struct fixture *f = begin(arena);
    uint64_t sequence;
    test_put(f->store, arena, f->table_id, item_of_size(arena, "p", "a", 1, 10));
    catalog_lock(f->store);
    CHECK(catalog_delete(f->store, arena, f->table_id, &sequence) == NULL);
    catalog_unlock(f->store);
    end(f, arena);
}

/* -- folders of format 2 ------------------------------------------------------------------------
 */

static void forget_collections(struct fixture *f, struct arena *a, uint32_t format)
{
    char number[4];
    struct str all = key_id(a, SPACE_COLLECTION, f->table_id);
    struct kv_batch *batch = kv_batch_new(f->inner);
    put_u32(number, format);
    kv_batch_delete_range(batch, all, key_after(a, all));
    kv_batch_put(batch, key_named(a, SPACE_META, S("format")), (struct str){number, 4});
    CHECK(kv_write(f->inner, a, batch) == NULL);
    kv_batch_free(batch);
}

TEST(collections_of_the_format_before_are_counted)
{
    struct fixture *f = begin(arena);
    for (int p = 0; p < 1500; p++) {
        const char *pk = arena_z(arena, arena_printf(arena, "p%d", p));
        for (int i = 0; i < (p % 50 ? 1 : 5); i++)
            test_put(f->store, arena, f->table_id,
                     item_of_size(arena, pk, arena_z(arena, arena_printf(arena, "%d", i)),
                                  i % 2 ? i : -1, 10));
    }
    int64_t bytes = weight_of(f, arena, "p50");
    store_close(f->store);
    forget_collections(f, arena, 2);
    open_store(f, arena);
    CHECK_INT(weight_of(f, arena, "p50"), bytes);
    CHECK(test_agrees(f->store, arena));
    store_close(f->store);
    open_store(f, arena);
    end(f, arena);
}

/* -- fsck ---------------------------------------------------------------------------------------
 */

static void count_problem(void *context, struct str problem)
{
    printf("# %.*s\n", STR_ARG(problem));
    ++*(int *)context;
}

TEST(wrong_weights_are_found)
{
    struct fixture *f = begin(arena);
    struct check_report report;
    int problems = 0;
    test_put(f->store, arena, f->table_id, item_of_size(arena, "p", "a", 1, 10));
    forget_collections(f, arena, KEY_FORMAT);
    CHECK(store_check(f->store, arena, count_problem, &problems, &report) == NULL);
    CHECK_INT(problems, 2);
    store_close(f->store);
    kv_close(f->inner);
}

TAP_MAIN(T(items_and_their_local_entries_are_weighed),
         T(a_collection_grows_to_its_bound_and_not_beyond),
         T(changes_of_one_transaction_are_weighed_together),
         T(tables_without_local_indexes_keep_none), T(a_deleted_table_leaves_none),
         T(collections_of_the_format_before_are_counted), T(wrong_weights_are_found))
