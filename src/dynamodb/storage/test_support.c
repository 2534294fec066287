#include "dynamodb/storage/test_support.h"

#include "dynamodb/model/number.h"
#include "dynamodb/storage/catalog.h"
#include "dynamodb/storage/check.h"
#include "dynamodb/storage/txn.h"
#include "tap.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char *test_directory(struct arena *a)
{
    const char *root = getenv("TMPDIR");
    struct str pattern = arena_printf(a, "%s/cruddur-test-XXXXXX", root ? root : "/tmp");
    char *directory = arena_alloc(a, pattern.len + 1);
    memcpy(directory, pattern.data, pattern.len);
    directory[pattern.len] = 0;
    CHECK(mkdtemp(directory) != NULL);
    return directory;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status, (void)type, (void)ftw;
    return remove(path);
}

void test_directory_remove(const char *directory)
{
    nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

pid_t test_start_again(const char *const *arguments, int *output)
{
    char name[] = "test", *argv[10] = {name};
    for (size_t i = 0; arguments[i] && i < 8; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i]; /* execv writes to none of them */
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execv("/proc/self/exe", argv);
        _exit(127);
    }
    close(ends[1]);
    *output = ends[0];
    return pid;
}

int test_run_again(const char *const *arguments)
{
    int output, status = -1;
    char bytes[256];
    pid_t pid = test_start_again(arguments, &output);
    while (read(output, bytes, sizeof bytes) > 0)
        continue;
    close(output);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct value test_s(const char *text)
{
    return (struct value){VALUE_S, str_z(text)};
}

struct value test_n(struct arena *a, int64_t number)
{
    struct number n;
    struct error *error = number_parse(a, arena_printf(a, "%lld", (long long)number), &n);
    CHECK(error == NULL);
    return (struct value){VALUE_N, arena_str(a, number_str(&n))};
}

struct item test_item(struct arena *a, ...)
{
    struct member members[16];
    size_t count = 0;
    va_list args;
    va_start(args, a);
    for (const char *name; count < countof(members) && (name = va_arg(args, const char *));)
        members[count++] = (struct member){str_z(name), va_arg(args, struct value)};
    va_end(args);
    struct buf attributes;
    buf_init(&attributes, 1 << 20);
    CHECK(members_build(&attributes, members, count));
    struct item item = item_of(arena_str(a, buf_str(&attributes)));
    buf_clear(&attributes);
    return item;
}

static struct key_attribute attribute(const char *name, enum value_type type)
{
    return (struct key_attribute){str_z(name), type};
}

/* A sort attribute without a name is none. */
static struct key_schema key_schema(struct key_attribute partition, struct key_attribute sort)
{
    struct key_schema keys = {.partition_count = 1, .sort_count = sort.name.len > 0};
    keys.partition[0] = partition;
    keys.sort[0] = sort;
    return keys;
}

struct table test_table(struct arena *a, const char *name)
{
    struct index *indexes = arena_array(a, struct index, 3);
    indexes[0] = (struct index){.name = S("all"), .is_global = true, .status = STATUS_ACTIVE};
    indexes[0].keys = key_schema(attribute("g", VALUE_S), attribute("sk", VALUE_S));
    indexes[1] = (struct index){.name = S("some"), .is_global = true, .status = STATUS_ACTIVE};
    indexes[1].keys = key_schema(attribute("h", VALUE_N), (struct key_attribute){0});
    indexes[1].projection = PROJECTION_INCLUDE;
    struct str *included = arena_new(a, struct str);
    *included = S("extra");
    indexes[1].included = included;
    indexes[1].included_count = 1;
    indexes[2] = (struct index){.name = S("local"), .status = STATUS_ACTIVE};
    indexes[2].keys = key_schema(attribute("pk", VALUE_S), attribute("n", VALUE_N));
    indexes[2].projection = PROJECTION_KEYS_ONLY;

    struct key_attribute *attributes = arena_array(a, struct key_attribute, 5);
    attributes[0] = attribute("pk", VALUE_S);
    attributes[1] = attribute("sk", VALUE_S);
    attributes[2] = attribute("g", VALUE_S);
    attributes[3] = attribute("h", VALUE_N);
    attributes[4] = attribute("n", VALUE_N);
    return (struct table){
        .name = str_z(name),
        .keys = key_schema(attributes[0], attributes[1]),
        .attributes = attributes,
        .attribute_count = 5,
        .indexes = indexes,
        .index_count = 3,
        .status = STATUS_ACTIVE,
        .billing = BILLING_PAY_PER_REQUEST,
    };
}

uint32_t test_create(struct store *store, struct arena *a, const struct table *definition)
{
    const struct table *t = NULL;
    uint64_t sequence;
    catalog_lock(store);
    struct error *error = catalog_create(store, a, definition, &t, &sequence);
    uint32_t id = error ? 0 : t->id;
    catalog_unlock(store);
    CHECK(error == NULL);
    return id;
}

static uint64_t change(struct store *store, struct arena *a, uint32_t table_id, struct item key,
                       struct item new_item)
{
    catalog_lock_shared(store);
    const struct table *t = catalog_find_id(store, table_id);
    struct item_key place = item_key_of(a, t, key.attributes);
    struct item old;
    struct txn txn;
    txn_begin(&txn, store, a);
    txn_lock(&txn, &place.hash, 1);
    struct error *error = txn_get(&txn, t, &place, &old);
    if (!error) {
        txn_put(&txn, t, &place, old, new_item, AUTHOR_USER);
        error = txn_commit(&txn);
    }
    txn_end(&txn);
    catalog_unlock_shared(store);
    if (error)
        printf("# %.*s\n", STR_ARG(error->message));
    CHECK(error == NULL);
    return txn.depends_on;
}

uint64_t test_put(struct store *store, struct arena *a, uint32_t table_id, struct item item)
{
    return change(store, a, table_id, item, item);
}

void test_delete(struct store *store, struct arena *a, uint32_t table_id, struct item key)
{
    change(store, a, table_id, key, (struct item){0});
}

struct item test_get(struct store *store, struct arena *a, uint32_t table_id, struct item key)
{
    catalog_lock_shared(store);
    const struct table *t = catalog_find_id(store, table_id);
    struct item_key place = item_key_of(a, t, key.attributes);
    struct item item = {0};
    uint64_t depends_on;
    CHECK(store_get(store, a, t, &place, &item, &depends_on) == NULL);
    catalog_unlock_shared(store);
    return item;
}

static void tell(void *context, struct str problem)
{
    (void)context;
    printf("# check: %.*s\n", STR_ARG(problem));
}

bool test_agrees(struct store *store, struct arena *a)
{
    struct check_report report;
    struct error *error = store_check(store, a, tell, NULL, &report);
    if (error)
        printf("# check: %.*s\n", STR_ARG(error->message));
    return !error && !report.problems;
}

/* Goes on in the child of a shard that has ended; false when there is none. */
static bool enter_child(struct store *store, struct arena *a, uint32_t stream_id,
                        uint32_t *shard_id, uint64_t *next)
{
    struct shard child;
    bool found;
    CHECK(stream_child(store, a, stream_id, *shard_id, &child, &found) == NULL);
    if (found) {
        *shard_id = child.id;
        *next = child.first_sequence;
    }
    return found;
}

size_t test_consume(struct store *store, struct arena *a, uint32_t stream_id,
                    struct test_consumer *consumer,
                    void (*each)(void *context, const struct stream_record *record), void *context)
{
    size_t records = 0;
    consumer->is_over = true;
    for (uint32_t row = 0; row < 4; row++) {
        struct stream_page page;
        uint64_t *next = &consumer->next[row];
        if (!consumer->shards[row])
            consumer->shards[row] = row + 1;
        do {
            CHECK(stream_read(store, a, stream_id, consumer->shards[row], *next, 50, &page) ==
                  NULL);
            for (size_t i = 0; i < page.count; i++) {
                CHECK(page.records[i].sequence > consumer->last[row]);
                consumer->last[row] = page.records[i].sequence;
                if (each)
                    each(context, &page.records[i]);
            }
            records += page.count;
            CHECK(page.next >= *next);
            *next = page.next;
        } while (page.is_end ? enter_child(store, a, stream_id, &consumer->shards[row], next)
                             : page.count > 0);
        consumer->is_over &= page.is_end;
    }
    return records;
}
