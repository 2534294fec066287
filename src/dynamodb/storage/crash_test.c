/* What was acknowledged is there after kill -9, and everything that is there is whole.
 *
 * A child opens the store on disk, writes numbered items from two threads and says each number that
 * is synced on a pipe. The parent reads along, kills it in the middle, opens the folder and looks:
 * every number that was said is there; the last one may be there without having been said; the
 * store agrees with itself. Then again, on the same folder. */
#include "dynamodb/storage/catalog.h"
#include "dynamodb/storage/test_support.h"
#include "tap.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 4, ACKNOWLEDGED = 300, WRITERS = 2 };

static struct store *open_disk(struct arena *a, const char *directory)
{
    struct kv_rocks_options disk = {.directory = directory, .cache_bytes = 1 << 20};
    struct store_options options = {
        .syncs = true, .clock = &clock_system, .rand = &rand_system, .sweep_interval_ms = -1};
    struct store *store = NULL;
    struct error *error = kv_rocks_open(a, &disk, &options.kv);
    if (!error)
        error = store_open(a, &options, &store);
    if (error)
        printf("# %.*s\n", STR_ARG(error->message));
    return store;
}

static struct item numbered(struct arena *a, uint32_t number)
{
    struct value pk = {VALUE_S, arena_printf(a, "p%u", number % 10)};
    struct value sk = {VALUE_S, arena_printf(a, "%08u", number)};
    return test_item(a, "pk", pk, "sk", sk, "g", pk, "n", test_n(a, number), NULL);
}

struct writer {
    struct store *store;
    uint32_t table_id, next;
};

static void *write_numbers(void *context)
{
    struct writer *w = context;
    struct arena a;
    arena_init(&a);
    for (;; w->next += WRITERS) {
        uint64_t depends_on = test_put(w->store, &a, w->table_id, numbered(&a, w->next));
        if (!store_wait(w->store, depends_on) ||
            write(STDOUT_FILENO, &w->next, sizeof w->next) != sizeof w->next)
            _exit(1);
        arena_reset(&a);
    }
    return NULL;
}

static int write_until_killed(const char *directory, uint32_t first)
{
    struct arena a;
    arena_init(&a);
    struct store *store = open_disk(&a, directory);
    if (!store)
        return 1;
    const struct table *t = catalog_find(store, S("t"));
    uint32_t id = t ? t->id : 0;
    if (!id) {
        struct table definition = test_table(&a, "t");
        definition.is_stream_enabled = true;
        id = test_create(store, &a, &definition);
    }
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    for (uint32_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){store, id, first + i};
        if (pthread_create(&threads[i], NULL, write_numbers, &writers[i]) != 0)
            return 1;
    }
    pause();
    return 1;
}

/* Runs a child until enough is acknowledged, kills it; marks what was said. The highest number. */
static uint32_t run_and_kill(struct arena *arena, const char *directory, uint32_t first, bool *said,
                             size_t room)
{
    int output;
    uint32_t number, highest = first;
    const char *number_text = arena_z(arena, arena_printf(arena, "%u", first));
    pid_t pid =
        test_start_again((const char *[]){"--write", directory, number_text, NULL}, &output);
    for (int count = 0; read(output, &number, sizeof number) == sizeof number; count++) {
        if (number < room)
            said[number] = true;
        highest = number > highest ? number : highest;
        if (count == ACKNOWLEDGED)
            kill(pid, SIGKILL);
    }
    close(output);
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return highest;
}

TEST(acknowledged_writes_survive_a_kill)
{
    char *directory = test_directory(arena);
    size_t room = 1000000;
    bool *said = arena_array(arena, bool, room);
    uint32_t next = 1;
    for (int round = 0; round < ROUNDS; round++) {
        next = run_and_kill(arena, directory, next, said, room) + 10;
        struct store *store = open_disk(arena, directory);
        if (!CHECK(store != NULL))
            break;
        store_work(store); /* counts anew */
        CHECK(test_agrees(store, arena));
        uint32_t id = catalog_find(store, S("t"))->id;
        size_t lost = 0, acknowledged = 0;
        for (uint32_t number = 0; number < next && number < room; number++) {
            struct item want = numbered(arena, number);
            struct item item = test_get(store, arena, id, want);
            acknowledged += said[number];
            lost += said[number] && !str_eq(item.attributes, want.attributes);
        }
        CHECK_INT(lost, 0);
        CHECK(acknowledged > (size_t)ACKNOWLEDGED * (size_t)(round + 1));
        store_close(store);
    }
    test_directory_remove(directory);
}

/* The log's file may grow no further, as on a full disk: writes are refused, nothing ends. */
static int fill_up(const char *directory)
{
    struct arena a;
    arena_init(&a);
    struct store *store = open_disk(&a, directory);
    if (!store)
        return 2;
    struct table definition = test_table(&a, "t");
    uint32_t id = test_create(store, &a, &definition);
    if (!store_wait(store, test_put(store, &a, id, numbered(&a, 1))))
        return 3;
    struct rlimit limit = {64 << 10, 64 << 10};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    uint32_t number = 2;
    while (number < 100000 && store_wait(store, test_put(store, &a, id, numbered(&a, number))))
        number++;
    if (!store_failed(store) || number == 100000)
        return 4;
    if (!item_exists(test_get(store, &a, id, numbered(&a, 1))))
        return 5;
    store_close(store);
    arena_clear(&a);
    return 0;
}

TEST(full_disk_is_an_error_and_no_end)
{
    char *directory = test_directory(arena);
    CHECK_INT(test_run_again((const char *[]){"--fill-up", directory, NULL}), 0);
    struct store *store = open_disk(arena, directory);
    if (CHECK(store != NULL)) {
        store_work(store);
        CHECK(test_agrees(store, arena));
        uint32_t id = catalog_find(store, S("t"))->id;
        CHECK(item_exists(test_get(store, arena, id, numbered(arena, 1))));
        store_close(store);
    }
    test_directory_remove(directory);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        T(acknowledged_writes_survive_a_kill),
        T(full_disk_is_an_error_and_no_end),
    };
    if (argc == 4 && strcmp(argv[1], "--write") == 0)
        return write_until_killed(argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
    if (argc == 3 && strcmp(argv[1], "--fill-up") == 0)
        return fill_up(argv[2]);
    return tap_run(tests, countof(tests), argc, argv);
}
