/* What a table was, in its history, its backups and the tables restored from them.
 *
 * The random test keeps an array of what each key held and, at moments of chance, a copy of that
 * array; history_read must give each of those copies back, whatever was written since and is
 * written between its pages, on both stores, over restarts and with a clock that is set back.
 * A failure prints its seed: TEST_SEED=123 backup_test */
#include "dynamodb/model/number.h"
#include "dynamodb/storage/backup.h"
#include "dynamodb/storage/history.h"
#include "dynamodb/storage/kv_fault.h"
#include "dynamodb/storage/test_support.h"
#include "dynamodb/storage/txn.h"
#include "tap.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS = 700, STEPS = 6000, MOMENTS = 12, HOT = 3 };
#define START_US INT64_C(1790000000000000)
#define DAY_US INT64_C(86400000000)

struct run {
    struct arena lasting, step;
    struct rand_seeded seed;
    struct rand_source rand;
    struct clock_manual time;
    struct clock clock;
    const char *directory; /* NULL: in memory */
    struct kv *inner;
    struct kv_fault fault;
    struct store *store;
    uint32_t table_id;
    struct item cells[CELLS];
};

struct copy {
    int64_t moment_us;
    struct item cells[CELLS];
};

static void open_store(struct run *r)
{
    struct kv *kv = r->inner;
    if (r->directory) {
        struct kv_rocks_options options = {.directory = r->directory, .cache_bytes = 1 << 20};
        CHECK(kv_rocks_open(&r->step, &options, &kv) == NULL);
    }
    struct store_options options = {.kv = kv_fault_open(kv, &r->fault),
                                    .clock = &r->clock,
                                    .rand = &rand_system,
                                    .sweep_interval_ms = -1};
    struct error *error = store_open(&r->step, &options, &r->store);
    if (error)
        printf("# %.*s\n", STR_ARG(error->message));
    CHECK(error == NULL);
}

static void begin(struct run *r, const char *directory)
{
    memset(r, 0, sizeof *r);
    arena_init(&r->lasting);
    arena_init(&r->step);
    r->seed = (struct rand_seeded){tap_seed()};
    r->rand = rand_seeded(&r->seed);
    r->time.time_us = START_US;
    r->clock = clock_manual(&r->time);
    r->directory = directory;
    r->inner = directory ? NULL : kv_memory_open();
    r->fault.keeps_inner = !directory;
    open_store(r);
    struct table t = test_table(&r->lasting, "t");
    r->table_id = test_create(r->store, &r->lasting, &t);
}

static void reopen(struct run *r)
{
    store_close(r->store);
    atomic_store(&r->fault.fail_write, 0);
    open_store(r);
}

static void end(struct run *r)
{
    store_close(r->store);
    if (r->inner)
        kv_close(r->inner);
    arena_clear(&r->lasting);
    arena_clear(&r->step);
}

/* -- changing ------------------------------------------------------------------------------------
 */

static struct item cell_item(struct run *r, struct arena *a, int cell)
{
    struct value pk = {VALUE_S, arena_printf(a, "p%d", cell % 40)};
    struct value sk = {VALUE_S, arena_printf(a, "%03d", cell)};
    return test_item(a, "pk", pk, "sk", sk, "g", pk, "h", test_n(a, cell % 7), "extra",
                     test_n(a, (int64_t)rand_below(&r->rand, 1000)), NULL);
}

static void change_one(struct run *r)
{
    bool is_hot = rand_below(&r->rand, 4) == 0;
    int cell = (int)rand_below(&r->rand, is_hot ? HOT : CELLS);
    struct item item = cell_item(r, &r->lasting, cell);
    if (rand_below(&r->rand, 3)) {
        test_put(r->store, &r->step, r->table_id, item);
        r->cells[cell] = item;
    } else {
        test_delete(r->store, &r->step, r->table_id, item);
        r->cells[cell] = (struct item){0};
    }
    arena_reset(&r->step);
}

static void set_recovery(struct run *r, int64_t days)
{
    const struct table *t;
    uint64_t sequence;
    catalog_lock(r->store);
    CHECK(recovery_set(r->store, &r->step, catalog_find_id(r->store, r->table_id), days, &t,
                       &sequence) == NULL);
    catalog_unlock(r->store);
}

static int64_t mark(struct run *r)
{
    catalog_lock(r->store);
    int64_t moment_us = history_mark(r->store);
    catalog_unlock(r->store);
    return moment_us;
}

/* A write of something new. A store that is opened again knows the moments of writes, and of what
 * was asked to be copied, but not of mere marks. */
static void change_for_sure(struct run *r, int number)
{
    struct item key = cell_item(r, &r->lasting, 0);
    struct item item =
        test_item(&r->lasting, "pk", item_get(key, S("pk")), "sk", item_get(key, S("sk")), "extra",
                  test_n(&r->lasting, 1000 + number), NULL);
    test_put(r->store, &r->step, r->table_id, item);
    r->cells[0] = item;
}

/* -- comparing -----------------------------------------------------------------------------------
 */

static size_t count_of(const struct item *cells)
{
    size_t count = 0;
    for (int i = 0; i < CELLS; i++)
        count += item_exists(cells[i]);
    return count;
}

/* Reads all pages; `between` pages the table changes. */
static bool shows(struct run *r, const struct past *past, const struct item *cells, bool changes)
{
    struct past_page page;
    struct str after = {"", 0};
    size_t count = 0;
    do {
        if (history_read(r->store, &r->step, past, after, &page))
            return false;
        for (size_t i = 0; i < page.count; i++) {
            struct item item;
            if (!item_load(page.items[i].value, &item))
                return false;
            struct str sk = item_get(item, S("sk")).data;
            int cell = atoi(arena_z(&r->step, sk));
            if (!str_eq(item.attributes, cells[cell].attributes)) {
                printf("# cell %d differs\n", cell);
                return false;
            }
            count++;
        }
        after = arena_str(&r->lasting, page.last);
        arena_reset(&r->step);
        for (int i = 0; i < 20 && changes; i++)
            change_one(r);
    } while (after.len);
    if (count != count_of(cells))
        printf("# %zu items, not %zu\n", count, count_of(cells));
    return count == count_of(cells);
}

static size_t count_space(struct run *r, char space)
{
    struct str low = {&space, 1}, key, value;
    struct kv_read *read = commit_read_begin(r->store->commit, false);
    struct kv_cursor *cursor;
    size_t count = 0;
    bool found = true;
    CHECK(kv_cursor_open(read, &r->step, low, key_after(&r->step, low), true, &cursor) == NULL);
    while (!kv_cursor_next(cursor, &key, &value, &found) && found)
        count++;
    kv_cursor_close(cursor);
    commit_read_end(r->store->commit, read);
    return count;
}

/* -- the tests -----------------------------------------------------------------------------------
 */

static void play(const char *directory)
{
    struct run *r = mem_zalloc(sizeof *r);
    struct copy *copies = mem_zalloc(MOMENTS * sizeof *copies);
    begin(r, directory);
    for (int i = 0; i < 500; i++)
        change_one(r);
    set_recovery(r, 35);
    for (int i = 0; i < STEPS; i++) {
        r->time.time_us += (int64_t)rand_below(&r->rand, 3000) - 500;
        if (i % (STEPS / MOMENTS) == 0) {
            struct copy *copy = &copies[i / (STEPS / MOMENTS)];
            copy->moment_us = mark(r);
            memcpy(copy->cells, r->cells, sizeof copy->cells);
            change_for_sure(r, i);
        }
        if (rand_below(&r->rand, 1500) == 0) {
            r->time.time_us -= 50000;
            reopen(r);
        }
        change_one(r);
    }
    for (int i = 0; i < MOMENTS; i++) {
        struct past past = {SPACE_ITEM, r->table_id, copies[i].moment_us};
        CHECK(shows(r, &past, copies[i].cells, true));
    }
    CHECK(test_agrees(r->store, &r->step));
    end(r);
    free(copies);
    free(r);
}

TEST(a_table_is_shown_as_it_was)
{
    play(NULL);
}

TEST(a_table_is_shown_as_it_was_on_disk)
{
    char *directory = test_directory(arena);
    play(directory);
    test_directory_remove(directory);
}

static struct backup make_backup(struct run *r)
{
    struct backup b = {.name = S("b")};
    uint64_t sequence;
    catalog_lock(r->store);
    CHECK(backup_create(r->store, &r->lasting, catalog_find_id(r->store, r->table_id), &b,
                        &sequence) == NULL);
    b.table.id = r->table_id; /* what else it points to may go with the lock */
    catalog_unlock(r->store);
    return b;
}

static enum backup_state state_of(struct run *r, uint32_t id)
{
    struct backup b = {.state = BACKUP_STATES};
    bool found;
    CHECK(backup_get(r->store, &r->step, id, &b, &found) == NULL && found);
    return b.state;
}

static uint32_t restore(struct run *r, const char *name, enum restore_from from, uint32_t source_id,
                        int64_t moment_us)
{
    struct table definition = test_table(&r->lasting, name);
    definition.restore =
        (struct restore){.from = from, .source_id = source_id, .moment_us = moment_us};
    const struct table *t = NULL;
    uint64_t sequence;
    catalog_lock(r->store);
    CHECK(backup_restore(r->store, &r->step, &definition, &t, &sequence) == NULL);
    CHECK(t && t->status == STATUS_CREATING);
    uint32_t id = t ? t->id : 0;
    catalog_unlock(r->store);
    return id;
}

static bool is_restored(struct run *r, uint32_t id, const struct item *cells)
{
    struct past now = {SPACE_ITEM, id, INT64_MAX};
    const struct table *t = catalog_find_id(r->store, id);
    return t && t->status == STATUS_ACTIVE && !t->restore.source_id &&
           catalog_counts(r->store, t, NULL).items == (int64_t)count_of(cells) &&
           shows(r, &now, cells, false) && test_agrees(r->store, &r->step);
}

TEST(a_backup_shows_the_moment_it_was_asked_for)
{
    struct run *r = mem_zalloc(sizeof *r);
    struct copy *copy = mem_zalloc(sizeof *copy);
    begin(r, NULL);
    for (int i = 0; i < 2000; i++)
        change_one(r);
    struct backup b = make_backup(r);
    memcpy(copy->cells, r->cells, sizeof copy->cells);
    CHECK_INT(b.items, count_of(copy->cells));
    for (int i = 0; i < 2000; i++)
        change_one(r);
    CHECK(count_space(r, SPACE_HISTORY) > 0);
    CHECK(state_of(r, b.id) == BACKUP_CREATING);
    store_work(r->store);
    CHECK(state_of(r, b.id) == BACKUP_AVAILABLE);
    struct past content = {SPACE_CONTENT, b.id, INT64_MAX};
    CHECK(shows(r, &content, copy->cells, true));
    CHECK_INT(count_space(r, SPACE_HISTORY), 0); /* nobody needs it any more */
    CHECK_INT(count_space(r, SPACE_MOMENT), 0);
    CHECK_INT(count_space(r, SPACE_PROGRESS), 0);
    CHECK(catalog_find_id(r->store, r->table_id)->recovery.history_us == 0);

    uint32_t id = restore(r, "restored", RESTORE_FROM_BACKUP, b.id, b.moment_us);
    CHECK(backup_is_in_use(r->store, b.id));
    store_work(r->store);
    CHECK(!backup_is_in_use(r->store, b.id));
    CHECK(is_restored(r, id, copy->cells));
    uint64_t sequence;
    catalog_lock(r->store);
    CHECK(backup_delete(r->store, &r->step, b.id, &sequence) == NULL);
    catalog_unlock(r->store);
    CHECK_INT(count_space(r, SPACE_CONTENT), 0);
    CHECK_INT(count_space(r, SPACE_BACKUP), 0);
    struct backup next = make_backup(r);
    CHECK(next.id > b.id);
    end(r);
    free(copy);
    free(r);
}

TEST(a_deleted_table_is_still_copied)
{
    struct run *r = mem_zalloc(sizeof *r);
    begin(r, NULL);
    for (int i = 0; i < 2000; i++)
        change_one(r);
    set_recovery(r, 35);
    struct backup b = make_backup(r);
    uint32_t id = restore(r, "restored", RESTORE_FROM_PAST, r->table_id, b.moment_us);
    uint64_t sequence;
    catalog_lock(r->store);
    CHECK(catalog_delete(r->store, &r->step, r->table_id, &sequence) == NULL);
    catalog_unlock(r->store);
    reopen(r);
    store_work(r->store);
    struct past content = {SPACE_CONTENT, b.id, INT64_MAX};
    CHECK(shows(r, &content, r->cells, false));
    CHECK(is_restored(r, id, r->cells));
    CHECK_INT(count_space(r, SPACE_ITEM), count_of(r->cells)); /* of the restored one alone */
    CHECK_INT(count_space(r, SPACE_HISTORY), 0);
    CHECK_INT(count_space(r, SPACE_DROPPED), 0);
    end(r);
    free(r);
}

/* Each round the store fails at a later write of the copy, and is opened again. */
TEST(copies_go_on_after_a_failure)
{
    struct run *r = mem_zalloc(sizeof *r);
    struct copy *copy = mem_zalloc(sizeof *copy);
    begin(r, NULL);
    for (int i = 0; i < 2000; i++)
        change_one(r);
    struct backup b = make_backup(r);
    memcpy(copy->cells, r->cells, sizeof copy->cells);
    uint32_t id = 0;
    bool is_over = false;
    for (int round = 0; round < 60 && !is_over; round++) {
        if (id == 0 && state_of(r, b.id) == BACKUP_AVAILABLE)
            id = restore(r, "restored", RESTORE_FROM_BACKUP, b.id, b.moment_us);
        is_over = id && catalog_find_id(r->store, id)->status == STATUS_ACTIVE;
        uint64_t writes = atomic_load(&r->fault.writes);
        atomic_store(&r->fault.fail_write, writes + 1 + (uint64_t)round % 4);
        store_work(r->store);
        reopen(r);
        store_work(r->store); /* counts anew, so what is made of counts must be right after */
        for (int i = 0; i < 10 && !id; i++)
            change_one(r);
    }
    CHECK(is_over);
    CHECK(is_restored(r, id, copy->cells));
    end(r);
    free(copy);
    free(r);
}

TEST(history_is_trimmed_when_it_is_too_old)
{
    struct run *r = mem_zalloc(sizeof *r);
    struct copy *copy = mem_zalloc(sizeof *copy);
    begin(r, NULL);
    set_recovery(r, 2);
    for (int i = 0; i < 1000; i++)
        change_one(r);
    r->time.time_us += DAY_US;
    copy->moment_us = mark(r);
    memcpy(copy->cells, r->cells, sizeof copy->cells);
    for (int i = 0; i < 1000; i++)
        change_one(r);
    size_t before = count_space(r, SPACE_HISTORY);
    store_work(r->store);
    CHECK_INT(count_space(r, SPACE_HISTORY), before);
    r->time.time_us += 2 * DAY_US - 1000000;
    store_work(r->store);
    CHECK(count_space(r, SPACE_HISTORY) < before);
    CHECK_INT(count_space(r, SPACE_HISTORY), count_space(r, SPACE_MOMENT));
    const struct table *t = catalog_find_id(r->store, r->table_id);
    CHECK(recovery_earliest_us(r->store, t) < copy->moment_us);
    struct past past = {SPACE_ITEM, r->table_id, copy->moment_us};
    CHECK(shows(r, &past, copy->cells, false));
    set_recovery(r, 0);
    store_work(r->store);
    CHECK_INT(count_space(r, SPACE_HISTORY), 0);
    CHECK_INT(count_space(r, SPACE_MOMENT), 0);
    end(r);
    free(copy);
    free(r);
}

TEST(tables_without_recovery_leave_no_history)
{
    struct run *r = mem_zalloc(sizeof *r);
    begin(r, NULL);
    for (int i = 0; i < 100; i++)
        change_one(r);
    CHECK_INT(count_space(r, SPACE_HISTORY), 0);
    CHECK_INT(count_space(r, SPACE_MOMENT), 0);
    end(r);
    free(r);
}

/* -- while others write --------------------------------------------------------------------------
 */

enum { ACCOUNTS = 1000, WRITERS = 3, TOTAL = ACCOUNTS * 100 };

struct writer {
    struct store *store;
    uint32_t table_id;
    uint64_t seed;
    _Atomic bool *is_over;
};

static struct item account(struct arena *a, int number, int64_t amount)
{
    struct value pk = {VALUE_S, arena_printf(a, "a%d", number)};
    return test_item(a, "pk", pk, "sk", test_s("s"), "n", test_n(a, amount), NULL);
}

static int64_t amount_of(struct item item)
{
    struct buf text;
    buf_init(&text, 64);
    number_print(&text, item_get(item, S("n")).data);
    buf_add_char(&text, 0);
    int64_t amount = strtoll(text.data, NULL, 10);
    buf_clear(&text);
    return amount;
}

/* Moves an amount from one item to another, in one transaction. */
static void move(struct writer *w, struct arena *a, int from, int to)
{
    const struct table *t = catalog_find_id(w->store, w->table_id);
    struct item items[2] = {account(a, from, 0), account(a, to, 0)}, old[2];
    struct item_key keys[2];
    uint64_t hashes[2];
    for (int i = 0; i < 2; i++) {
        keys[i] = item_key_of(a, t, items[i].attributes);
        hashes[i] = keys[i].hash;
    }
    struct txn txn;
    txn_begin(&txn, w->store, a);
    txn_lock(&txn, hashes, 2);
    struct error *error = NULL;
    for (int i = 0; i < 2 && !error; i++)
        error = txn_get(&txn, t, &keys[i], &old[i]);
    for (int i = 0; i < 2 && !error; i++) {
        int number = i ? to : from;
        txn_put(&txn, t, &keys[i], old[i], account(a, number, amount_of(old[i]) + (i ? 7 : -7)),
                AUTHOR_USER);
    }
    if (!error)
        error = txn_commit(&txn);
    txn_end(&txn);
    CHECK(error == NULL);
}

static void *move_amounts(void *context)
{
    struct writer *w = context;
    struct rand_seeded seed = {w->seed};
    struct rand_source rand = rand_seeded(&seed);
    struct arena a;
    arena_init(&a);
    while (!atomic_load(w->is_over)) {
        int from = (int)rand_below(&rand, ACCOUNTS);
        int to = (from + 1 + (int)rand_below(&rand, ACCOUNTS - 1)) % ACCOUNTS;
        catalog_lock_shared(w->store);
        move(w, &a, from, to);
        catalog_unlock_shared(w->store);
        arena_reset(&a);
    }
    arena_clear(&a);
    return NULL;
}

static int64_t sum_of(struct run *r, uint32_t backup_id)
{
    struct past content = {SPACE_CONTENT, backup_id, INT64_MAX};
    struct past_page page = {.last = S("")};
    int64_t sum = 0;
    do {
        CHECK(history_read(r->store, &r->step, &content, page.last, &page) == NULL);
        for (size_t i = 0; i < page.count; i++) {
            struct item item;
            CHECK(item_load(page.items[i].value, &item));
            sum += amount_of(item);
        }
    } while (page.last.len);
    return sum;
}

TEST(backups_are_of_one_moment_while_others_write)
{
    struct run *r = mem_zalloc(sizeof *r);
    begin(r, NULL);
    for (int i = 0; i < ACCOUNTS; i++)
        test_put(r->store, &r->step, r->table_id, account(&r->step, i, TOTAL / ACCOUNTS));
    store_close(r->store);
    struct store_options options = {
        .kv = kv_fault_open(r->inner, &r->fault), .clock = &clock_system, .rand = &rand_system};
    CHECK(store_open(&r->lasting, &options, &r->store) == NULL);
    _Atomic bool is_over = false;
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){r->store, r->table_id, rand_u64(&r->rand), &is_over};
        CHECK(pthread_create(&threads[i], NULL, move_amounts, &writers[i]) == 0);
    }
    for (int i = 0; i < 6; i++) {
        struct backup b = make_backup(r);
        while (state_of(r, b.id) == BACKUP_CREATING)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        CHECK_INT(sum_of(r, b.id), TOTAL);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    end(r);
    free(r);
}

TAP_MAIN(T(a_table_is_shown_as_it_was), T(a_table_is_shown_as_it_was_on_disk),
         T(a_backup_shows_the_moment_it_was_asked_for), T(a_deleted_table_is_still_copied),
         T(copies_go_on_after_a_failure), T(history_is_trimmed_when_it_is_too_old),
         T(tables_without_recovery_leave_no_history),
         T(backups_are_of_one_moment_while_others_write))
