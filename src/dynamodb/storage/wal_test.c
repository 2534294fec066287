/* The log gives back what was synced, in order, whatever became of the rest. */
#include "dynamodb/storage/wal.h"

#include "base/rand.h"
#include "dynamodb/storage/test_support.h"
#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A store that keeps numbers: what it was given, and what of that it says to have in files. */
struct numbers {
    struct wal *wal;
    const char *directory;
    uint64_t run, applied;
    uint64_t count; /* records replayed */
    uint64_t first; /* number of the first one; they come one after the other */
    bool is_in_order;
    uint64_t history; /* what the contents are made from: changes when a past is taken back */
};

enum { SIZE = 200, FRAME = 24, BLOCK = 4096, FILES = 16 };

/* The contents of a record: its number, its history, and bytes that follow from both. */
static struct str contents(struct arena *a, uint64_t number, uint64_t history, size_t size)
{
    char *bytes = arena_alloc(a, size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(number * 31 + history * 7 + i);
    memcpy(bytes, &number, sizeof number);
    memcpy(bytes + 8, &history, sizeof history);
    return (struct str){bytes, size};
}

static struct error *take(void *context, struct arena *a, struct str record)
{
    struct numbers *n = context;
    uint64_t number, history;
    CHECK(record.len >= 16);
    memcpy(&number, record.data, sizeof number);
    memcpy(&history, record.data + 8, sizeof history);
    n->is_in_order &= !n->count || number == n->first + n->count;
    n->is_in_order &= str_eq(record, contents(a, number, history, record.len));
    if (!n->count++)
        n->first = number;
    n->history = history;
    return NULL;
}

static struct error *applied(void *context, struct arena *a, uint64_t *out)
{
    (void)a;
    *out = ((struct numbers *)context)->applied;
    return NULL;
}

static bool open_wal(struct arena *a, struct numbers *n)
{
    n->count = n->first = 0;
    n->is_in_order = true;
    struct error *error = wal_open(a,
                                   &(struct wal_options){.directory = n->directory,
                                                         .run = ++n->run,
                                                         .is_direct = true,
                                                         .replay = take,
                                                         .applied = applied,
                                                         .context = n},
                                   &n->wal);
    if (error)
        printf("# %.*s\n", STR_ARG(error->message));
    return CHECK(error == NULL) && CHECK(n->is_in_order);
}

static void append(struct arena *a, struct numbers *n, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++)
        wal_append(n->wal, contents(a, wal_next(n->wal), n->history, size));
}

static void reopen(struct arena *a, struct numbers *n)
{
    wal_close(n->wal);
    open_wal(a, n);
}

static size_t count_files(const char *directory)
{
    size_t count = 0;
    DIR *folder = opendir(directory);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return count;
}

static const char *file_of(struct arena *a, const struct numbers *n, unsigned file)
{
    return arena_z(a, arena_printf(a, "%s/wal.%u", n->directory, file));
}

/* Turns the bits of some bytes over. */
static void damage(struct arena *a, const struct numbers *n, unsigned file, off_t at, size_t count)
{
    int fd = open(file_of(a, n, file), O_RDWR);
    char *bytes = arena_alloc(a, count);
    CHECK(fd >= 0 && pread(fd, bytes, count, at) == (ssize_t)count);
    for (size_t i = 0; i < count; i++)
        bytes[i] = (char)~bytes[i];
    CHECK(pwrite(fd, bytes, count, at) == (ssize_t)count);
    close(fd);
}

TEST(what_was_synced_comes_back_in_order)
{
    struct numbers n = {.directory = test_directory(arena)};
    open_wal(arena, &n);
    CHECK_INT(n.count, 0);
    CHECK_INT(wal_next(n.wal), 1);
    append(arena, &n, 3, SIZE);
    CHECK(wal_sync(n.wal, arena) == NULL);
    append(arena, &n, 4, SIZE + 5000);
    CHECK(wal_sync(n.wal, arena) == NULL && wal_sync(n.wal, arena) == NULL);
    append(arena, &n, 2, SIZE); /* in memory alone */
    reopen(arena, &n);
    CHECK_INT(n.first, 1);
    CHECK_INT(n.count, 7);
    CHECK_INT(wal_next(n.wal), 8);
    append(arena, &n, 1, SIZE);
    CHECK(wal_write(n.wal, arena) == NULL); /* with the system: enough for a process that ends */
    append(arena, &n, 1, SIZE);
    CHECK(wal_sync(n.wal, arena) == NULL);
    reopen(arena, &n);
    CHECK_INT(n.count, 9);
    wal_close(n.wal);
    test_directory_remove(n.directory);
}

TEST(what_the_store_has_is_not_replayed)
{
    struct numbers n = {.directory = test_directory(arena)};
    open_wal(arena, &n);
    append(arena, &n, 10, SIZE);
    CHECK(wal_sync(n.wal, arena) == NULL);
    n.applied = 6;
    reopen(arena, &n);
    CHECK_INT(n.first, 7);
    CHECK_INT(n.count, 4);
    n.applied = 25; /* a file was made before its writes were synced */
    reopen(arena, &n);
    CHECK_INT(n.count, 0);
    CHECK_INT(wal_next(n.wal), 26);
    append(arena, &n, 2, SIZE);
    CHECK(wal_sync(n.wal, arena) == NULL);
    reopen(arena, &n);
    CHECK_INT(n.first, 26);
    CHECK_INT(n.count, 2);
    wal_close(n.wal);
    test_directory_remove(n.directory);
}

TEST(files_are_used_again_and_go_at_the_end)
{
    struct numbers n = {.directory = test_directory(arena)};
    open_wal(arena, &n);
    for (int i = 0; i < 400; i++) { /* 40 MB */
        append(arena, &n, 10, 10000);
        CHECK(wal_sync(n.wal, arena) == NULL);
        n.applied = wal_next(n.wal) > 500 ? wal_next(n.wal) - 500 : 0; /* 5 MB are not in files */
    }
    CHECK(count_files(n.directory) <= 4);
    wal_retire(n.wal);
    CHECK(wal_live_bytes(n.wal) < 10u << 20);
    reopen(arena, &n);
    CHECK_INT(n.first, 3502);
    CHECK_INT(n.count, 499);
    n.applied = wal_next(n.wal) - 1;
    wal_close(n.wal);
    CHECK_INT(count_files(n.directory), 1);
    open_wal(arena, &n);
    CHECK_INT(n.count, 0);
    CHECK_INT(wal_next(n.wal), 4001);
    wal_close(n.wal);
    test_directory_remove(n.directory);
}

TEST(a_record_may_be_larger_than_a_file_usually_is)
{
    struct numbers n = {.directory = test_directory(arena)};
    open_wal(arena, &n);
    append(arena, &n, 1, SIZE);
    append(arena, &n, 1, 20 << 20);
    append(arena, &n, 1, SIZE);
    CHECK(wal_sync(n.wal, arena) == NULL);
    append(arena, &n, 1, SIZE);
    CHECK(wal_sync(n.wal, arena) == NULL);
    reopen(arena, &n);
    CHECK_INT(n.count, 4);
    n.applied = 4;
    append(arena, &n, 1, SIZE); /* the large file is used again, and is shorter then */
    CHECK(wal_sync(n.wal, arena) == NULL);
    append(arena, &n, 1, 5 << 20);
    CHECK(wal_sync(n.wal, arena) == NULL);
    append(arena, &n, 1, SIZE);
    CHECK(wal_sync(n.wal, arena) == NULL);
    reopen(arena, &n);
    CHECK_INT(n.first, 5);
    CHECK_INT(n.count, 3);
    wal_close(n.wal);
    test_directory_remove(n.directory);
}

/* Whatever byte of the record behind the first `kept` is damaged: nothing of it is taken, and
 * nothing behind it. What comes after has the same numbers and sizes, perhaps at the same places,
 * and what was cut off never comes back among it. */
static void cut_off(struct arena *a, uint64_t kept, off_t at)
{
    struct numbers n = {.directory = test_directory(a)};
    open_wal(a, &n);
    append(a, &n, 9, SIZE);
    CHECK(wal_sync(n.wal, a) == NULL);
    wal_close(n.wal);
    damage(a, &n, 1, 64 + (off_t)kept * (FRAME + SIZE) + at, 1);
    open_wal(a, &n);
    CHECK_INT(n.count, kept);
    CHECK_INT(wal_next(n.wal), kept + 1);
    n.history = 1;
    append(a, &n, 2, SIZE);
    CHECK(wal_sync(n.wal, a) == NULL);
    reopen(a, &n);
    CHECK_INT(n.count, kept + 2);
    CHECK_INT(n.history, 1);
    append(a, &n, 1, SIZE);
    CHECK(wal_sync(n.wal, a) == NULL);
    reopen(a, &n);
    CHECK_INT(n.count, kept + 3);
    wal_close(n.wal);
    test_directory_remove(n.directory);
}

TEST(a_past_that_was_cut_off_stays_away)
{
    for (off_t at = 0; at < FRAME + SIZE; at += at < 2 * FRAME ? 1 : 37) {
        cut_off(arena, 0, at);
        cut_off(arena, 5, at);
        arena_reset(arena);
    }
}

/* The same where each record ends with a block, so that no padding of the new ones hides the old.
 */
TEST(a_past_in_whole_blocks_stays_away_from_a_file_that_is_used_again)
{
    enum { FIRST = BLOCK - 64 - FRAME, NEXT = BLOCK - FRAME };
    struct numbers n = {.directory = test_directory(arena)};
    open_wal(arena, &n);
    append(arena, &n, 1, FIRST);
    append(arena, &n, 8, NEXT);
    CHECK(wal_sync(n.wal, arena) == NULL);
    wal_close(n.wal);
    damage(arena, &n, 1, 100, 1);
    open_wal(arena, &n);
    CHECK_INT(n.count, 0);
    append(arena, &n, 1, FIRST);
    CHECK(wal_sync(n.wal, arena) == NULL);
    CHECK_INT(count_files(n.directory), 1);
    reopen(arena, &n);
    CHECK_INT(n.count, 1);
    wal_close(n.wal);
    test_directory_remove(n.directory);
}

TEST(nothing_behind_a_gap_is_taken)
{
    struct numbers n = {.directory = test_directory(arena)};
    open_wal(arena, &n);
    for (int i = 0; i < 12; i++) {
        append(arena, &n, 1, 1 << 20);
        CHECK(wal_sync(n.wal, arena) == NULL);
    }
    wal_close(n.wal);
    CHECK_INT(count_files(n.directory), 3);
    CHECK(unlink(file_of(arena, &n, 2)) == 0);
    open_wal(arena, &n);
    CHECK_INT(n.count, 4);
    n.history = 1;
    append(arena, &n, 6, 1 << 20); /* uses the file behind the gap again, and a new one */
    CHECK(wal_sync(n.wal, arena) == NULL);
    append(arena, &n, 1, SIZE);
    CHECK(wal_sync(n.wal, arena) == NULL);
    reopen(arena, &n);
    CHECK_INT(n.count, 11);
    n.applied = 8;
    reopen(arena, &n);
    CHECK_INT(n.first, 9);
    CHECK_INT(n.count, 3);
    wal_close(n.wal);
    test_directory_remove(n.directory);
}

/* What the files held at a sync. */
struct disk {
    struct str files[FILES];
};

static struct str read_file(struct arena *a, const char *name)
{
    int fd = open(name, O_RDONLY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return S("");
    char *bytes = arena_alloc(a, (size_t)status.st_size);
    CHECK(pread(fd, bytes, (size_t)status.st_size, 0) == status.st_size);
    close(fd);
    return (struct str){bytes, (size_t)status.st_size};
}

static void copy_disk(struct arena *a, const struct numbers *n, struct disk *disk)
{
    arena_reset(a);
    for (unsigned i = 0; i < FILES; i++)
        disk->files[i] = read_file(a, file_of(a, n, i));
}

/* Each block that has changed since is as it was, or as it is. */
static void cut_power(struct arena *a, const struct numbers *n, const struct disk *disk,
                      const struct rand_source *r)
{
    for (unsigned i = 0; i < FILES; i++) {
        struct str now = read_file(a, file_of(a, n, i));
        int fd = now.len ? open(file_of(a, n, i), O_WRONLY) : -1;
        for (size_t at = 0; at < now.len; at += BLOCK) {
            char old[BLOCK] = {0};
            struct str was = str_slice(disk->files[i], at, BLOCK);
            size_t len = now.len - at < BLOCK ? now.len - at : BLOCK;
            if (was.len)
                memcpy(old, was.data, was.len);
            if (memcmp(old, now.data + at, len) != 0 && rand_below(r, 2))
                CHECK(pwrite(fd, old, len, (off_t)at) == (ssize_t)len);
        }
        if (fd >= 0)
            close(fd);
    }
}

TEST(after_a_power_cut_there_is_a_prefix_with_all_that_was_synced)
{
    struct rand_seeded seed = {tap_seed()};
    struct rand_source r = rand_seeded(&seed);
    struct numbers n = {.directory = test_directory(arena)};
    struct arena copies, now;
    arena_init(&copies), arena_init(&now);
    open_wal(arena, &n);
    for (int round = 0; round < 40; round++) {
        struct disk disk;
        uint64_t begun = wal_next(n.wal), synced = begun - 1;
        copy_disk(&copies, &n, &disk);
        for (uint64_t i = rand_below(&r, 9); i > 0; i--) {
            append(&now, &n, 1 + rand_below(&r, 5), 16 + rand_below(&r, 700000));
            bool syncs = rand_below(&r, 3) == 0;
            CHECK((syncs ? wal_sync : wal_write)(n.wal, arena) == NULL);
            if (syncs) {
                synced = wal_next(n.wal) - 1;
                copy_disk(&copies, &n, &disk);
            }
        }
        uint64_t next = wal_next(n.wal);
        wal_close(n.wal);
        cut_power(&now, &n, &disk, &r);
        if (rand_below(&r, 2)) /* and the store had made a file of some */
            n.applied = begun - 1 + rand_below(&r, next - begun + 1);
        n.history++;
        if (!open_wal(&now, &n))
            break;
        CHECK(wal_next(n.wal) > synced && wal_next(n.wal) > n.applied && wal_next(n.wal) <= next);
        CHECK_INT(n.count, wal_next(n.wal) - 1 - n.applied);
        CHECK(!n.count || n.first == n.applied + 1);
        arena_reset(&now);
    }
    CHECK(count_files(n.directory) < FILES);
    wal_close(n.wal);
    test_directory_remove(n.directory);
    arena_clear(&copies), arena_clear(&now);
}

TEST(a_failure_is_final)
{
    struct numbers n = {.directory = test_directory(arena)};
    struct rlimit before, small = {.rlim_cur = 64 << 10};
    signal(SIGXFSZ, SIG_IGN);
    open_wal(arena, &n);
    append(arena, &n, 1, SIZE);
    CHECK(wal_sync(n.wal, arena) == NULL);
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    small.rlim_max = before.rlim_max;
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
    append(arena, &n, 1, 300000);
    struct error *error = wal_sync(n.wal, arena);
    CHECK(error && str_starts(error->message, S("cannot write to the log: ")));
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    append(arena, &n, 1, SIZE);
    error = wal_sync(n.wal, arena);
    CHECK(error && str_eq(error->message, S("the log has failed")));
    reopen(arena, &n);
    CHECK_INT(n.count, 1);
    wal_close(n.wal);
    test_directory_remove(n.directory);
}

TAP_MAIN(T(what_was_synced_comes_back_in_order), T(what_the_store_has_is_not_replayed),
         T(files_are_used_again_and_go_at_the_end),
         T(a_record_may_be_larger_than_a_file_usually_is), T(a_past_that_was_cut_off_stays_away),
         T(a_past_in_whole_blocks_stays_away_from_a_file_that_is_used_again),
         T(nothing_behind_a_gap_is_taken),
         T(after_a_power_cut_there_is_a_prefix_with_all_that_was_synced), T(a_failure_is_final))
