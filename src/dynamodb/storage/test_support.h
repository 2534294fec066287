/* Test support: folders, tables and items for the tests of this folder. */
#pragma once

#include "base/arena.h"
#include "dynamodb/storage/stream.h"

#include <sys/stat.h>
#include <sys/types.h>

/* A new folder of its own, and away with it. */
char *test_directory(struct arena *a);
void test_directory_remove(const char *directory);

/* Starts this program anew with other arguments (up to 8, NULL at the end): a process that has
 * opened RocksDB has threads, and is not to be forked. The first ends with its exit status, the
 * second gives its pid and the end of a pipe that is its standard output. */
int test_run_again(const char *const *arguments);
pid_t test_start_again(const char *const *arguments, int *output);

struct value test_s(const char *text);
struct value test_n(struct arena *a, int64_t number);

/* Attributes of an item: pairs of name and value, ended by NULL. */
struct item test_item(struct arena *a, ...);

/* A table "t" with keys pk (S) and sk (S), and three indexes:
 *
 *     "all"    global, keys g (S) and sk, whole items
 *     "some"   global, key h (N), includes the attribute "extra"
 *     "local"  local, sort key n (N), keys only */
struct table test_table(struct arena *a, const char *name);

/* Creates it in the store; the id. */
uint32_t test_create(struct store *store, struct arena *a, const struct table *definition);
/* Puts an item in one transaction, whatever was there; gives what the answer depends on. */
uint64_t test_put(struct store *store, struct arena *a, uint32_t table_id, struct item item);
void test_delete(struct store *store, struct arena *a, uint32_t table_id, struct item key);
struct item test_get(struct store *store, struct arena *a, uint32_t table_id, struct item key);
/* store_check without a word of complaint, else the complaints as comments. */
bool test_agrees(struct store *store, struct arena *a);

/* A consumer of a stream: one row of shards after another, parents before children. All zero at
 * first. */
struct test_consumer {
    uint32_t shards[4]; /* that each row is at; 0: not begun */
    uint64_t next[4];
    uint64_t last[4]; /* sequence read in each row */
    bool is_over;     /* all rows have ended */
};
/* Hands over what can be read now, row by row; each may be NULL. The number of records; checks that
 * their sequences rise in a row. */
size_t test_consume(struct store *store, struct arena *a, uint32_t stream_id,
                    struct test_consumer *consumer,
                    void (*each)(void *context, const struct stream_record *record), void *context);
