/* The same tests on every implementation of kv.h, and what only the one on disk can do wrong. */
#include "dynamodb/storage/kv.h"

#include "base/rand.h"
#include "dynamodb/storage/kv_fault.h"
#include "dynamodb/storage/test_support.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct kv *open_disk(struct arena *a, const char *directory)
{
    struct kv_rocks_options options = {.directory = directory, .cache_bytes = 1 << 20};
    struct kv *kv = NULL;
    struct error *error = kv_rocks_open(a, &options, &kv);
    if (error)
        printf("# %.*s\n", STR_ARG(error->message));
    CHECK(error == NULL);
    return kv;
}

static void put(struct kv_batch *b, const char *key, const char *value)
{
    kv_batch_put(b, str_z(key), str_z(value));
}

static void write_out(struct kv *kv, struct arena *a, struct kv_batch *b)
{
    CHECK(kv_write(kv, a, b) == NULL);
    kv_batch_reset(b);
}

static struct str get(struct kv *kv, struct arena *a, const char *key)
{
    struct kv_read *read = kv_read_begin(kv, false);
    struct str value;
    bool found;
    CHECK(kv_get(read, a, str_z(key), &value, &found) == NULL);
    struct str copy = found ? arena_str(a, value) : S("(none)");
    kv_read_end(read);
    return copy;
}

/* "k1=v1 k2=v2 …" of what a cursor has before it, which is closed. */
static struct str list_cursor(struct kv_cursor *c, struct arena *a)
{
    struct str out = S(""), key, value;
    bool found;
    while (kv_cursor_next(c, &key, &value, &found) == NULL && found)
        out = arena_printf(a, "%.*s%s%.*s=%.*s", STR_ARG(out), out.len ? " " : "", STR_ARG(key),
                           STR_ARG(value));
    CHECK(kv_cursor_next(c, &key, &value, &found) == NULL && !found);
    kv_cursor_close(c);
    return out;
}

/* The same of a range; a walk finds what a cursor finds. */
static struct str list(struct kv_read *read, struct arena *a, const char *low, const char *high,
                       bool is_forward)
{
    struct kv_cursor *c;
    CHECK(kv_cursor_open(read, a, str_z(low), str_z(high), is_forward, &c) == NULL);
    struct str out = list_cursor(c, a);
    CHECK(kv_walk_open(read, a, str_z(low), str_z(high), is_forward, &c) == NULL);
    CHECK_STR(list_cursor(c, a), out);
    return out;
}

static void check_basics(struct kv *kv, struct arena *a)
{
    struct kv_batch *b = kv_batch_new(kv);
    put(b, "b", "2"), put(b, "a", "1"), put(b, "d", "4"), put(b, "c", "3"), put(b, "empty", "");
    write_out(kv, a, b);
    CHECK_STR(get(kv, a, "a"), S("1"));
    CHECK_STR(get(kv, a, "empty"), S(""));
    CHECK_STR(get(kv, a, "nothing"), S("(none)"));

    struct kv_read *old = kv_read_begin(kv, true);
    put(b, "a", "new"), kv_batch_delete(b, S("b")), kv_batch_delete(b, S("not there"));
    write_out(kv, a, b);
    CHECK_STR(list(old, a, "a", "e", true), S("a=1 b=2 c=3 d=4"));
    struct kv_read *read = kv_read_begin(kv, false);
    CHECK_STR(list(read, a, "a", "e", true), S("a=new c=3 d=4"));
    CHECK_STR(list(read, a, "a", "d", false), S("c=3 a=new"));
    CHECK_STR(list(read, a, "b", "", true), S("c=3 d=4 empty="));
    CHECK_STR(list(read, a, "d", "", false), S("empty= d=4"));
    CHECK_STR(list(read, a, "x", "y", true), S(""));
    CHECK_STR(list(read, a, "x", "y", false), S(""));
    kv_read_end(read);
    kv_read_end(old);

    put(b, "c2", "x"), kv_batch_delete_range(b, S("b"), S("d")), put(b, "c3", "y");
    write_out(kv, a, b);
    read = kv_read_begin(kv, false);
    CHECK_STR(list(read, a, "a", "e", true), S("a=new c3=y d=4"));
    kv_read_end(read);
    CHECK(kv_sync(kv, a) == NULL);
    kv_batch_free(b);
}

TEST(memory_basics)
{
    struct kv *kv = kv_memory_open();
    CHECK(!kv_is_persistent(kv));
    check_basics(kv, arena);
    kv_close(kv);
}

TEST(fault_basics)
{
    struct kv_fault fault = {.is_persistent = true};
    struct kv *kv = kv_fault_open(kv_memory_open(), &fault);
    CHECK(kv_is_persistent(kv));
    check_basics(kv, arena);
    CHECK(fault.writes == 3 && fault.syncs == 1);
    fault.fail_write = 4;
    struct kv_batch *b = kv_batch_new(kv);
    put(b, "k", "v");
    struct error *error = kv_write(kv, arena, b);
    CHECK(error && error->kind == &error_system);
    CHECK_STR(get(kv, arena, "k"), S("(none)"));
    kv_batch_free(b);
    kv_close(kv);
}

TEST(disk_basics_and_reopening)
{
    char *directory = test_directory(arena);
    struct kv *kv = open_disk(arena, directory);
    CHECK(kv_is_persistent(kv));
    check_basics(kv, arena);
    kv_close(kv);
    kv = open_disk(arena, directory);
    CHECK_STR(get(kv, arena, "c3"), S("y"));
    CHECK_STR(get(kv, arena, "c2"), S("(none)"));
    kv_close(kv);
    test_directory_remove(directory);
}

TEST(keys_and_values_hold_any_bytes)
{
    char *directory = test_directory(arena);
    struct kv *kvs[] = {kv_memory_open(), open_disk(arena, directory)};
    for (size_t i = 0; i < countof(kvs); i++) {
        struct kv_batch *b = kv_batch_new(kvs[i]);
        char *big = arena_alloc(arena, 1 << 20);
        memset(big, 0xFF, 1 << 20);
        struct str key = {big, 10000}, value = {big, 1 << 20};
        kv_batch_put(b, key, value);
        kv_batch_put(b, (struct str){"\0", 1}, (struct str){"\0", 1});
        CHECK(kv_write(kvs[i], arena, b) == NULL);
        struct kv_read *read = kv_read_begin(kvs[i], false);
        struct str got;
        bool found;
        CHECK(kv_get(read, arena, key, &got, &found) == NULL && found && str_eq(got, value));
        CHECK(kv_get(read, arena, (struct str){"\0", 1}, &got, &found) == NULL && found);
        CHECK_INT(got.len, 1);
        kv_read_end(read);
        kv_batch_free(b);
        kv_close(kvs[i]);
    }
    test_directory_remove(directory);
}

/* Many batches on both, the same in the end. */
TEST(memory_and_disk_agree)
{
    char *directory = test_directory(arena);
    struct rand_seeded seed = {tap_seed()};
    struct rand_source r = rand_seeded(&seed);
    struct kv *kvs[] = {kv_memory_open(), open_disk(arena, directory)};
    struct kv_batch *b[] = {kv_batch_new(kvs[0]), kv_batch_new(kvs[1])};
    for (int i = 0; i < 3000; i++) {
        char key[16], high[16], value[16];
        int len = snprintf(key, sizeof key, "%llu", (unsigned long long)rand_below(&r, 500));
        int high_len = snprintf(high, sizeof high, "%s%d", key, 1);
        snprintf(value, sizeof value, "%d", i);
        uint64_t kind = rand_below(&r, 10);
        for (int k = 0; k < 2; k++) {
            if (kind < 6)
                put(b[k], key, value);
            else if (kind < 9)
                kv_batch_delete(b[k], (struct str){key, (size_t)len});
            else
                kv_batch_delete_range(b[k], (struct str){key, (size_t)len},
                                      (struct str){high, (size_t)high_len});
            if (i % 7 == 0)
                write_out(kvs[k], arena, b[k]);
        }
    }
    struct str all[2];
    for (int k = 0; k < 2; k++) {
        write_out(kvs[k], arena, b[k]);
        struct kv_read *read = kv_read_begin(kvs[k], true);
        all[k] = list(read, arena, "0", "", true);
        kv_read_end(read);
        kv_batch_free(b[k]);
        kv_close(kvs[k]);
    }
    CHECK(all[0].len > 100);
    CHECK_STR(all[0], all[1]);
    test_directory_remove(directory);
}

/* -- the folder ---------------------------------------------------------------------------------
 */

static struct str open_failure(struct arena *a, const char *directory)
{
    struct kv_rocks_options options = {.directory = directory, .cache_bytes = 1 << 20};
    struct kv *kv = NULL;
    struct error *error = kv_rocks_open(a, &options, &kv);
    if (!error)
        kv_close(kv);
    return error ? error->message : S("(opened)");
}

TEST(folder_in_use_is_refused)
{
    char *directory = test_directory(arena);
    struct kv *kv = open_disk(arena, directory);
    struct str want = arena_printf(arena, "%s is in use by another process", directory);
    CHECK(str_starts(open_failure(arena, directory), want));
    CHECK_INT(test_run_again((const char *[]){"--is-in-use", directory, NULL}), 0);
    kv_close(kv);
    test_directory_remove(directory);
}

TEST(bad_folders_are_refused_in_words)
{
    char *directory = test_directory(arena);
    const char *file = arena_z(arena, arena_printf(arena, "%s/file", directory));
    FILE *f = fopen(file, "w");
    if (f)
        fclose(f);
    CHECK_STR(open_failure(arena, file), arena_printf(arena, "%s is not a directory", file));
    const char *below = arena_z(arena, arena_printf(arena, "%s/no/parent", directory));
    CHECK(
        str_starts(open_failure(arena, below), arena_printf(arena, "%s cannot be made: ", below)));
    if (geteuid() != 0) { /* root may write anywhere */
        const char *closed = arena_z(arena, arena_printf(arena, "%s/closed", directory));
        CHECK(mkdir(closed, 0500) == 0);
        CHECK(str_starts(open_failure(arena, closed),
                         arena_printf(arena, "%s cannot be written to: ", closed)));
    }
    test_directory_remove(directory);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        T(memory_basics),
        T(fault_basics),
        T(disk_basics_and_reopening),
        T(keys_and_values_hold_any_bytes),
        T(memory_and_disk_agree),
        T(folder_in_use_is_refused),
        T(bad_folders_are_refused_in_words),
    };
    if (argc == 3 && strcmp(argv[1], "--is-in-use") == 0) { /* the other process */
        struct arena a;
        arena_init(&a);
        bool is_refused =
            str_contains(open_failure(&a, argv[2]), S(" is in use by another process"));
        arena_clear(&a);
        return is_refused ? 0 : 1;
    }
    return tap_run(tests, countof(tests), argc, argv);
}
