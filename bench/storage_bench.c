/* The storage layer alone: operations a second and memory, without HTTP or JSON.
 *
 *     ninja -C build src/dynamodb/storage/storage_bench
 *     storage_bench [--disk DIRECTORY] [--items 100000] [--threads 2] [--in-flight 32] [--plain]
 *
 * Items of about 320 bytes as a message is, with a sparse global index of whole items on every
 * second one; --plain leaves the index out. A write is acknowledged when it is synced; each thread
 * keeps --in-flight writes unacknowledged, as a server's loop does. "net" leaves out the time that
 * making the items takes. */
#include "dynamodb/model/number.h"
#include "dynamodb/storage/catalog.h"
#include "dynamodb/storage/range.h"
#include "dynamodb/storage/txn.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_THREADS = 64, PER_GROUP = 50 };

struct bench {
    struct store *store;
    uint32_t table_id;
    uint32_t items, threads, in_flight;
    bool is_plain;
};

struct worker {
    const struct bench *bench;
    uint32_t number;
    void (*run)(struct worker *w, struct arena *a, uint32_t i);
    uint64_t pending[1024]; /* sequences of writes in flight, a ring */
    uint64_t found;
};

static struct value text(struct arena *a, const char *format, uint32_t x, uint32_t y)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return (struct value){VALUE_S, arena_printf(a, format, x, y)};
#pragma GCC diagnostic pop
}

static struct item message(struct arena *a, uint32_t i)
{
    static const char words[] = "I was thinking about the message you sent me last";
    uint32_t group = i / PER_GROUP;
    struct member members[] = {
        {S("pk"), text(a, "MSG#%08x-5ae2-4e1c-9f4b-%012x", group, group * 7)},
        {S("sk"), text(a, "2026-11-20T22:%02u:%06u", i % 60, i)},
        {S("message"), {VALUE_S, {words, sizeof words - 1}}},
        {S("message_uuid"), text(a, "%08x-3b1f-4c1d-8e2a-%012x", i, i * 11)},
        {S("user_display_name"), {VALUE_S, S("Andrew Brown")}},
        {S("user_handle"), {VALUE_S, S("andrewbrown")}},
        {S("user_uuid"), text(a, "%08x-77aa-4f5e-9c3d-%012x", i % 100, i % 100)},
        {S("message_group_uuid"), text(a, "%08x-1111-4222-8333-%012x", group, group * 3)},
    };
    size_t count = sizeof members / sizeof *members;
    struct buf attributes;
    buf_init(&attributes, 4096);
    if (!members_build(&attributes, members, i % 2 ? count - 1 : count))
        abort();
    struct item item = item_of(arena_str(a, buf_str(&attributes)));
    buf_clear(&attributes);
    return item;
}

static void die(const struct error *error)
{
    fprintf(stderr, "storage_bench: %.*s\n", STR_ARG(error->message));
    exit(1);
}

static void must(struct error *error)
{
    if (error)
        die(error);
}

/* -- what is measured ---------------------------------------------------------------------------
 */

static void run_put(struct worker *w, struct arena *a, uint32_t i)
{
    const struct bench *b = w->bench;
    struct item item = message(a, i), old;
    catalog_lock_shared(b->store);
    const struct table *t = catalog_find_id(b->store, b->table_id);
    struct item_key key = item_key_of(a, t, item.attributes);
    struct txn txn;
    txn_begin(&txn, b->store, a);
    txn_lock(&txn, &key.hash, 1);
    must(txn_get(&txn, t, &key, &old));
    txn_put(&txn, t, &key, old, item, AUTHOR_USER);
    must(txn_commit(&txn));
    txn_end(&txn);
    catalog_unlock_shared(b->store);
    uint64_t *slot = &w->pending[(i / b->threads) % b->in_flight];
    if (!store_wait(b->store, *slot))
        exit(1);
    *slot = txn.depends_on;
}

static void run_get(struct worker *w, struct arena *a, uint32_t i)
{
    const struct bench *b = w->bench;
    uint32_t any = (uint32_t)((uint64_t)i * 2654435761u % b->items);
    struct item item;
    uint64_t depends_on;
    struct item wanted = message(a, any);
    catalog_lock_shared(b->store);
    const struct table *t = catalog_find_id(b->store, b->table_id);
    struct item_key key = item_key_of(a, t, wanted.attributes);
    must(store_get(b->store, a, t, &key, &item, &depends_on));
    catalog_unlock_shared(b->store);
    w->found += item_exists(item);
}

static void run_query(struct worker *w, struct arena *a, uint32_t i)
{
    const struct bench *b = w->bench;
    struct item item = message(a, (uint32_t)((uint64_t)i * 2654435761u % b->items));
    catalog_lock_shared(b->store);
    struct range_options o = {.table = catalog_find_id(b->store, b->table_id),
                              .has_partition = true,
                              .is_backward = true};
    o.partition[0] = item_get(item, S("pk"));
    struct range *r;
    bool found = true;
    uint64_t depends_on;
    must(range_open(b->store, a, &o, &r));
    for (int k = 0; k < 20 && found; k++) {
        must(range_next(r, &item, &found));
        w->found += found;
    }
    range_close(r, &depends_on);
    catalog_unlock_shared(b->store);
}

static void run_nothing(struct worker *w, struct arena *a, uint32_t i)
{
    w->found += message(a, i).size_bytes;
}

/* -- running ------------------------------------------------------------------------------------
 */

static void *run_worker(void *context)
{
    struct worker *w = context;
    struct arena a;
    arena_init(&a);
    for (uint32_t i = w->number; i < w->bench->items; i += w->bench->threads) {
        w->run(w, &a, i);
        arena_reset(&a);
    }
    for (uint32_t i = 0; i < w->bench->in_flight; i++) {
        if (!store_wait(w->bench->store, w->pending[i]))
            exit(1);
    }
    arena_clear(&a);
    return NULL;
}

static double measure(const struct bench *b, void (*run)(struct worker *, struct arena *, uint32_t))
{
    static struct worker workers[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    int64_t start_us = clock_monotonic_us(&clock_system);
    for (uint32_t i = 0; i < b->threads; i++) {
        workers[i] = (struct worker){.bench = b, .number = i, .run = run};
        if (pthread_create(&threads[i], NULL, run_worker, &workers[i]) != 0)
            abort();
    }
    for (uint32_t i = 0; i < b->threads; i++)
        pthread_join(threads[i], NULL);
    return (double)(clock_monotonic_us(&clock_system) - start_us) / 1e6;
}

static double resident_mb(void)
{
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%ld %ld", &pages, &resident) != 2)
            resident = 0;
        fclose(f);
    }
    return (double)(resident * sysconf(_SC_PAGESIZE)) / (1 << 20);
}

static void create_table(struct bench *b, struct arena *a)
{
    struct key_attribute attributes[3] = {
        {S("pk"), VALUE_S}, {S("sk"), VALUE_S}, {S("message_group_uuid"), VALUE_S}};
    struct index index = {.name = S("message-group-sk-index"), .is_global = true};
    index.keys.partition[0] = attributes[2];
    index.keys.sort[0] = attributes[1];
    index.keys.partition_count = index.keys.sort_count = 1;
    struct table t = {.name = S("messages"), .attributes = attributes, .attribute_count = 3};
    t.keys.partition[0] = attributes[0];
    t.keys.sort[0] = attributes[1];
    t.keys.partition_count = t.keys.sort_count = 1;
    t.indexes = &index;
    t.index_count = !b->is_plain;
    const struct table *made;
    uint64_t sequence;
    catalog_lock(b->store);
    must(catalog_create(b->store, a, &t, &made, &sequence));
    b->table_id = made->id;
    catalog_unlock(b->store);
}

static uint32_t number_argument(const char *text, uint32_t most)
{
    uint64_t number;
    if (!text || !str_to_u64(str_z(text), most, &number) || !number) {
        fprintf(stderr, "storage_bench: a number from 1 to %u is needed\n", most);
        exit(2);
    }
    return (uint32_t)number;
}

int main(int argc, char **argv)
{
    struct bench b = {.items = 100000, .threads = 2, .in_flight = 32};
    const char *directory = NULL;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--plain"))
            b.is_plain = true;
        else if (!strcmp(argv[i], "--disk"))
            directory = argv[++i];
        else if (!strcmp(argv[i], "--items"))
            b.items = number_argument(argv[++i], 100000000);
        else if (!strcmp(argv[i], "--threads"))
            b.threads = number_argument(argv[++i], MAX_THREADS);
        else if (!strcmp(argv[i], "--in-flight"))
            b.in_flight = number_argument(argv[++i], 1024);
        else
            return fprintf(stderr, "storage_bench: what is %s?\n", argv[i]), 2;
    }
    struct arena a;
    arena_init(&a);
    struct store_options options = {.syncs = true, .clock = &clock_system, .rand = &rand_system};
    if (directory)
        must(kv_rocks_open(&a, &(struct kv_rocks_options){.directory = directory}, &options.kv));
    else
        options.kv = kv_memory_open();
    must(store_open(&a, &options, &b.store));
    create_table(&b, &a);
    printf("%s, %u items of %u bytes, %u threads, %u in flight, %s index\n",
           directory ? "disk" : "memory", b.items, message(&a, 0).size_bytes, b.threads,
           b.in_flight, b.is_plain ? "no" : "one");
    static const struct {
        const char *name;
        void (*run)(struct worker *, struct arena *, uint32_t);
    } parts[] = {
        {"make the items", run_nothing}, {"put new", run_put},
        {"put again", run_put},          {"get", run_get},
        {"query 20", run_query},
    };
    double making = measure(&b, run_nothing); /* the first time warms up */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        double seconds = measure(&b, parts[i].run);
        if (i == 0)
            making = seconds;
        double net = seconds > making ? seconds - making : seconds;
        printf("%-16s %10.0f/s   net %10.0f/s   %6.1f MB\n", parts[i].name, b.items / seconds,
               b.items / net, resident_mb());
    }
    store_close(b.store);
    arena_clear(&a);
    return 0;
}
