/* cruddur-grow: one table that grows, and whether speed and memory stay.
 *
 *   cruddur-grow [--items 1000000] [--steps 10] [--seconds 2] [--connections 32] [--pid PID]
 * HOST:PORT
 *
 * After each step the table is asked for items and groups from all over it. PID is the server's,
 * for its memory (resident and its own: private pages of smaps_rollup) and its processor time,
 * which a busy machine does not distort as it does rates. Items are messages of about 300 bytes, 50
 * of a group; groups are written in no order of their keys. Exit status 1 when an answer was wrong.
 */
#include "base/arena.h"
#include "load.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE "bench-grow"
enum { BATCH = 25, GROUP = 50 };

struct settings {
    uint64_t items, steps, connections, pid;
    double seconds;
    struct str host;
};

struct growth {
    uint64_t batches; /* made so far */
    uint64_t items;   /* acknowledged */
};

/* -- requests -----------------------------------------------------------------------------------
 */

/* Neighbours in time are strangers in the order of keys: an odd factor only permutes. */
static uint64_t scattered(uint64_t number)
{
    return number * UINT64_C(0x9E3779B97F4A7C15);
}

static void put_key(struct buf *out, uint64_t item)
{
    buf_printf(out,
               "\"pk\":{\"S\":\"MSG#%016" PRIx64 "-5ae2-4e1c\"},"
               "\"sk\":{\"S\":\"2026-11-20T22:31:%02" PRIu64 ".000000+00:00\"}",
               scattered(item / GROUP), item % GROUP);
}

static void make_batch(struct buf *body, uint64_t number, void *context)
{
    struct growth *growth = context;
    uint64_t first = growth->batches++ * BATCH;
    (void)number;
    buf_add_z(body, "{\"RequestItems\":{\"" TABLE "\":[");
    for (uint64_t item = first; item < first + BATCH; item++) {
        buf_add_z(body,
                  item == first ? "{\"PutRequest\":{\"Item\":{" : ",{\"PutRequest\":{\"Item\":{");
        put_key(body, item);
        buf_printf(body,
                   ",\"message\":{\"S\":\"I was thinking about message %" PRIu64
                   " that you sent me last\"},\"message_uuid\":{\"S\":\"%016" PRIx64
                   "-3b1f-4c1d-8e2a\"},\"user_display_name\":{\"S\":\"Andrew Brown\"},"
                   "\"user_handle\":{\"S\":\"andrewbrown\"},\"n\":{\"N\":\"%" PRIu64 "\"}}}}",
                   item, scattered(item), item);
    }
    buf_add_z(body, "]}}");
}

static bool is_whole_batch(struct str body, void *context)
{
    (void)context;
    return str_contains(body, S("\"UnprocessedItems\":{}"));
}

static void make_get(struct buf *body, uint64_t number, void *context)
{
    const struct growth *growth = context;
    buf_add_z(body, "{\"TableName\":\"" TABLE "\",\"Key\":{");
    put_key(body, (scattered(number) >> 16) % growth->items);
    buf_add_z(body, "}}");
}

static bool is_item(struct str body, void *context)
{
    (void)context;
    return str_contains(body, S("\"message_uuid\""));
}

static void make_query(struct buf *body, uint64_t number, void *context)
{
    const struct growth *growth = context;
    buf_printf(body,
               "{\"TableName\":\"" TABLE "\",\"KeyConditionExpression\":\"pk = :pk\",\"Limit\":20,"
               "\"ExpressionAttributeValues\":{\":pk\":{\"S\":\"MSG#%016" PRIx64 "-5ae2-4e1c\"}}}",
               scattered((scattered(number) >> 16) % (growth->items / GROUP)));
}

static bool is_page(struct str body, void *context)
{
    (void)context;
    return str_contains(body, S("\"Count\":20"));
}

/* -- the server's process -----------------------------------------------------------------------
 */

static double memory_mb(uint64_t pid, const char *name)
{
    char path[64], line[256];
    double kb = 0;
    snprintf(path, sizeof path, "/proc/%" PRIu64 "/smaps_rollup", pid);
    FILE *file = pid ? fopen(path, "r") : NULL;
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            kb += strtod(strchr(line, ':') + 1, NULL);
    if (file)
        fclose(file);
    return kb / 1024;
}

static double cpu_seconds(uint64_t pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%" PRIu64 "/stat", pid);
    FILE *file = pid ? fopen(path, "r") : NULL;
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[len] = 0;
    char *at = strrchr(text, ')'); /* the name may hold anything; then field 3 follows */
    for (int field = 2; at && field < 14; field++)
        at = strchr(at + 1, ' ');
    if (!at)
        return 0;
    double ticks = strtod(at, &at);
    return (ticks + strtod(at, NULL)) / (double)sysconf(_SC_CLK_TCK);
}

/* Until the server has tidied up after the writes, half a minute at most: that work would be
 * counted to the reads. */
static void let_rest(uint64_t pid)
{
    double before, now = cpu_seconds(pid);
    for (int i = 0; pid && i < 30; i++) {
        before = now;
        sleep(1);
        now = cpu_seconds(pid);
        if (now - before < 0.03)
            return;
    }
}

/* -- measuring ----------------------------------------------------------------------------------
 */

struct rate {
    double per_s, cpu_us; /* of the server, for one answer */
};

static struct error *measure(struct arena *a, const struct settings *s, struct load load,
                             struct rate *out)
{
    struct load_result result = {0};
    double before = cpu_seconds(s->pid);
    load.host = s->host;
    load.connections = s->connections;
    TRY(load_run(a, &load, &result));
    if (result.wrong)
        return error_new(a, &error_system, "a wrong answer: %.*s", STR_ARG(result.first_wrong));
    out->per_s = (double)result.answers / result.seconds;
    out->cpu_us = (cpu_seconds(s->pid) - before) * 1e6 / (double)result.answers;
    return NULL;
}

/* Loads up to `wanted` items, in slices: a load ends by time. */
static struct error *grow(struct arena *a, const struct settings *s, struct growth *growth,
                          uint64_t wanted, struct rate *out)
{
    const struct load load = {.target = S("DynamoDB_20120810.BatchWriteItem"),
                              .duration_us = 200000,
                              .make = make_batch,
                              .check = is_whole_batch,
                              .context = growth};
    size_t slices = 0;
    struct rate sum = {0}, one;
    while (growth->items < wanted) {
        struct arena slice;
        arena_init(&slice);
        struct error *error = measure(&slice, s, load, &one);
        if (error)
            error = error_new(a, error->kind, "%.*s", STR_ARG(error->message));
        arena_clear(&slice);
        TRY(error);
        growth->items = growth->batches * BATCH;
        sum.per_s += one.per_s;
        sum.cpu_us += one.cpu_us;
        slices++;
    }
    *out = (struct rate){sum.per_s * BATCH / (double)slices, sum.cpu_us / BATCH / (double)slices};
    return NULL;
}

static struct error *step(struct arena *a, const struct settings *s, struct growth *growth,
                          uint64_t wanted)
{
    struct rate put, get, query;
    struct load load = {.target = S("DynamoDB_20120810.GetItem"),
                        .duration_us = (int64_t)(s->seconds * 1e6),
                        .make = make_get,
                        .check = is_item,
                        .context = growth};
    TRY(grow(a, s, growth, wanted, &put));
    let_rest(s->pid);
    TRY(measure(a, s, load, &get));
    load.target = S("DynamoDB_20120810.Query");
    load.make = make_query;
    load.check = is_page;
    TRY(measure(a, s, load, &query));
    printf("| %" PRIu64 " | %.0f (%.1f µs) | %.0f (%.1f µs) | %.0f (%.1f µs) | %.1f | %.1f |\n",
           growth->items, put.per_s, put.cpu_us, get.per_s, get.cpu_us, query.per_s, query.cpu_us,
           memory_mb(s->pid, "Rss:"),
           memory_mb(s->pid, "Private_Clean:") + memory_mb(s->pid, "Private_Dirty:"));
    fflush(stdout);
    return NULL;
}

static struct error *make_table(struct arena *a, struct str host)
{
    int status;
    struct str answer;
    TRY(load_once(a, host, S("DynamoDB_20120810.CreateTable"),
                  S("{\"TableName\":\"" TABLE "\",\"BillingMode\":\"PAY_PER_REQUEST\","
                    "\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"
                    "{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"}],\"KeySchema\":["
                    "{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},"
                    "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}]}"),
                  &status, &answer));
    return status == 200 ? NULL
                         : error_new(a, &error_system, "CreateTable: %d %.*s", status,
                                     STR_ARG(str_slice(answer, 0, 300)));
}

static struct error *run(struct arena *a, const struct settings *s)
{
    struct growth growth = {0};
    TRY(make_table(a, s->host));
    printf("| items | items put/s (CPU each) | get/s (CPU each) | query of 20/s (CPU each) "
           "| resident MB | own MB |\n|---:|---:|---:|---:|---:|---:|\n");
    for (uint64_t i = 1; i <= s->steps; i++)
        TRY(step(a, s, &growth, s->items * i / s->steps));
    return NULL;
}

static bool read_settings(int argc, char **argv, struct settings *s)
{
    static const struct option options[] = {
        {"items", required_argument, NULL, 'i'},       {"steps", required_argument, NULL, 't'},
        {"connections", required_argument, NULL, 'c'}, {"pid", required_argument, NULL, 'p'},
        {"seconds", required_argument, NULL, 's'},     {0}};
    *s = (struct settings){.items = 1000000, .steps = 10, .connections = 32, .seconds = 2};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        uint64_t number = 0;
        if (option == 's')
            s->seconds = strtod(optarg, NULL);
        else if (option == '?' || !str_to_u64(str_z(optarg), 1000000000, &number) || !number)
            return false;
        *(option == 'i'   ? &s->items
          : option == 't' ? &s->steps
          : option == 'c' ? &s->connections
          : option == 'p' ? &s->pid
                          : &number) = number;
    }
    if (optind + 1 != argc || s->seconds <= 0 || s->items < GROUP * s->steps)
        return false;
    s->host = str_z(argv[optind]);
    return true;
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct arena a;
    if (!read_settings(argc, argv, &settings)) {
        fprintf(stderr, "usage: cruddur-grow [--items N] [--steps N] [--seconds S] "
                        "[--connections N] [--pid PID] HOST:PORT\n");
        return 2;
    }
    arena_init(&a);
    struct error *error = run(&a, &settings);
    if (error)
        fprintf(stderr, "cruddur-grow: %.*s\n", STR_ARG(error->message));
    arena_clear(&a);
    return error ? 1 : 0;
}
