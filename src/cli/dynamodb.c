/* cruddur dynamodb: the DynamoDB-compatible endpoint alone.
 *
 * A drop-in for DynamoDB Local, whose own flags it takes. It is root over all data it serves, so it
 * listens on the loopback only, unless told otherwise by two flags that say what they do. */
#include "aws/credentials.h"
#include "cli/options.h"
#include "cli/people.h"
#include "cli/signals.h"
#include "cli/triggers.h"
#include "dynamodb/wire/wire.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define GRACE_MS 5000
#define DELAYED_MS 1000 /* -delayTransientStatuses */
#define MAX_TRANSIENT_MS (60 * 60 * 1000)
#define COLLECTION_MB (10 * 1024)
#define MAX_COLLECTION_MB (1 << 30)
#define SHARD_SECONDS (4 * 60 * 60)
#define MAX_SHARD_SECONDS (24 * 60 * 60)

struct settings {
    const char *data_dir, *durability, *region, *credentials_file, *bucket_dir;
    struct credentials *credentials; /* NULL: any will do */
    bool in_memory, any_credentials, is_any_origin, enforces_capacity;
    uint16_t port;
    uint64_t cache_mb, loops, transient_ms, shard_seconds, collection_mb;
    struct option_list binds, hosts, triggers;
};

static const char usage[] =
    "usage: cruddur dynamodb [options]\n"
    "\n"
    "Serves the DynamoDB API on http://localhost:8000, in memory unless --data is given.\n"
    "\n"
    "  --port N           listen on port N (8000; 0: any free one)\n"
    "  --data DIR         keep the data in DIR; it is made when missing\n"
    "  --in-memory        keep nothing (the default)\n"
    "  --durability MODE  sync: an answer is given when its data is on the disk (default);\n"
    "                     os: when the operating system has it\n"
    "  --cache-mb N       memory for blocks read from the disk (8)\n"
    "  --loops N          threads that answer requests (half as many as there are cores); as many\n"
    "                     as cores where clients are on other machines\n"
    "  --region R         region in ARNs and stream records (us-east-1)\n"
    "  --bind ADDR        listen on ADDR instead of 127.0.0.1 and ::1; may be repeated;\n"
    "                     an address that is no loopback needs --credentials or\n"
    "                     --any-credentials\n"
    "  --credentials FILE verify signatures; FILE has lines of ACCESS_KEY SECRET, or is one that\n"
    "                     AWS's tools write\n"
    "  --any-credentials  let whoever reaches the port read and write everything\n"
    "  --host NAME        also answer requests whose Host is NAME; may be repeated\n"
    "  --cors             let pages of every origin read the answers, not only local ones\n"
    "  --enforce-capacity throttle tables and indexes at their provisioned capacity, with five\n"
    "                     minutes of burst, as AWS does\n"
    "  --transient-states MS\n"
    "                     let CREATING, UPDATING, DELETING, ENABLING and DISABLING be seen for\n"
    "                     that long (0)\n"
    "  --collection-mb N  let the items of a partition, with their entries in local indexes, have\n"
    "                     N MB (10240, as AWS)\n"
    "  --shard-seconds N  close the shards of streams after that long, and let others follow "
    "them,\n"
    "                     to see how a consumer takes it (14400: every four hours, as AWS)\n"
    "  --bucket-dir DIR   exports and imports find the bucket NAME in the folder DIR/NAME\n"
    "  --trigger TABLE=URL[,OPTION=VALUE…]\n"
    "                     invoke a function with the changes of TABLE; may be repeated\n"
    "\n" TRIGGERS_USAGE "\n"
    "DynamoDB Local's flags work too: -port N, -inMemory, -dbPath DIR, -sharedDb, -cors LIST,\n"
    "-disableTelemetry, -optimizeDbBeforeStartup, -delayTransientStatuses, -help.\n";

static struct error *read_flags(struct cli *cli, struct settings *s, bool *wants_help)
{
    bool ignored, delays = false;
    const char *cors_list = NULL;
    const struct option_row rows[] = {
        {"--port", OPTION_PORT, &s->port},
        {"--data", OPTION_TEXT, &s->data_dir},
        {"--in-memory", OPTION_FLAG, &s->in_memory},
        {"--durability", OPTION_TEXT, &s->durability},
        {"--cache-mb", OPTION_COUNT, &s->cache_mb},
        {"--loops", OPTION_COUNT, &s->loops},
        {"--region", OPTION_TEXT, &s->region},
        {"--bind", OPTION_ADDRESSES, &s->binds},
        {"--any-credentials", OPTION_FLAG, &s->any_credentials},
        {"--credentials", OPTION_TEXT, &s->credentials_file},
        {"--host", OPTION_LIST, &s->hosts},
        {"--cors", OPTION_FLAG, &s->is_any_origin},
        {"--enforce-capacity", OPTION_FLAG, &s->enforces_capacity},
        {"--transient-states", OPTION_COUNT, &s->transient_ms},
        {"--collection-mb", OPTION_COUNT, &s->collection_mb},
        {"--shard-seconds", OPTION_COUNT, &s->shard_seconds},
        {"--bucket-dir", OPTION_TEXT, &s->bucket_dir},
        {"--trigger", OPTION_LIST, &s->triggers},
        {"-port", OPTION_PORT, &s->port},
        {"-inMemory", OPTION_FLAG, &s->in_memory},
        {"-dbPath", OPTION_TEXT, &s->data_dir},
        {"-cors", OPTION_TEXT, &cors_list},
        {"-help", OPTION_FLAG, wants_help},
        /* One database for all credentials and regions is what there is; nothing is sent home;
         * there is nothing to optimise. */
        {"-sharedDb", OPTION_FLAG, &ignored},
        {"-disableTelemetry", OPTION_FLAG, &ignored},
        {"-optimizeDbBeforeStartup", OPTION_FLAG, &ignored},
        {"-delayTransientStatuses", OPTION_FLAG, &delays},
    };
    TRY(options_read(cli, rows, countof(rows)));
    if (delays && !s->transient_ms)
        s->transient_ms = DELAYED_MS;
    s->is_any_origin |= cors_list && strcmp(cors_list, "*") == 0;
    return NULL;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static struct error *check_flags(struct cli *cli, const struct settings *s, bool *is_exposed)
{
    *is_exposed = false;
    if (s->data_dir && s->in_memory)
        return error_new(cli->arena, &error_usage,
                         "data is kept either in a folder (--data) or in memory (--in-memory)");
    if (strcmp(s->durability, "sync") != 0 && strcmp(s->durability, "os") != 0)
        return error_new(cli->arena, &error_usage, "--durability is sync or os, not \"%s\"",
                         s->durability);
    if (s->any_credentials && s->credentials_file)
        return error_new(cli->arena, &error_usage,
                         "credentials are verified (--credentials) or not (--any-credentials)");
    if (s->transient_ms > MAX_TRANSIENT_MS)
        return error_new(cli->arena, &error_usage, "--transient-states is at most an hour: %d",
                         MAX_TRANSIENT_MS);
    if (!s->collection_mb || s->collection_mb > MAX_COLLECTION_MB)
        return error_new(cli->arena, &error_usage, "--collection-mb is a number from 1 to %d",
                         MAX_COLLECTION_MB);
    if (!s->shard_seconds || s->shard_seconds > MAX_SHARD_SECONDS)
        return error_new(cli->arena, &error_usage, "--shard-seconds is a number from 1 to %d",
                         MAX_SHARD_SECONDS);
    if (s->cache_mb > 1 << 20)
        return error_new(cli->arena, &error_usage, "--cache-mb is at most %d", 1 << 20);
    if (s->loops > LOOPS_MAX)
        return error_new(cli->arena, &error_usage, "--loops is at most %d", LOOPS_MAX);
    struct stat found;
    if (s->bucket_dir && (stat(s->bucket_dir, &found) != 0 || !S_ISDIR(found.st_mode)))
        return error_new(cli->arena, &error_usage, "--bucket-dir %s is no folder", s->bucket_dir);
    for (size_t i = 0; i < s->binds.count; i++) {
        if (is_loopback(s->binds.items[i]))
            continue;
        *is_exposed = true;
        if (!s->any_credentials && !s->credentials_file)
            return error_new(cli->arena, &error_usage,
                             "--bind %s lets others reach all data; give --credentials FILE, or "
                             "confirm with --any-credentials",
                             s->binds.items[i]);
    }
    return NULL;
}

static struct error *open_engine(struct cli *cli, const struct settings *s, struct engine **out)
{
    return engine_open(cli->arena,
                       &(struct engine_options){.data_dir = s->data_dir,
                                                .durability = strcmp(s->durability, "os") == 0
                                                                  ? DURABILITY_OS
                                                                  : DURABILITY_SYNC,
                                                .region = str_z(s->region),
                                                .cache_bytes = (size_t)s->cache_mb << 20,
                                                .enforces_capacity = s->enforces_capacity,
                                                .bucket_dir = s->bucket_dir,
                                                .collection_bytes = (int64_t)s->collection_mb << 20,
                                                .shard_life_ms = (int64_t)s->shard_seconds * 1000,
                                                .transient_ms = (int64_t)s->transient_ms,
                                                .clock = &clock_system,
                                                .rand = &rand_system},
                       out);
}

static struct error *open_wire(struct cli *cli, const struct settings *s, bool is_exposed,
                               struct engine *engine, struct wire **out)
{
    static const char *const loopback[] = {"127.0.0.1", "::1"};
    struct str *hosts = arena_array(cli->arena, struct str, s->hosts.count);
    for (size_t i = 0; i < s->hosts.count; i++)
        hosts[i] = str_z(s->hosts.items[i]);
    bool is_bound = s->binds.count > 0;
    return wire_open(
        cli->arena,
        &(struct wire_options){.engine = engine,
                               .addresses = is_bound ? s->binds.items : loopback,
                               .address_count = is_bound ? s->binds.count : countof(loopback),
                               .port = s->port,
                               .port_flag = "--port",
                               .loops = (size_t)s->loops,
                               .region = str_z(s->region),
                               .credentials = s->credentials,
                               .origin = {.hosts = hosts,
                                          .host_count = s->hosts.count,
                                          .is_any_host = is_exposed,
                                          .is_any_origin = s->is_any_origin},
                               .clock = &clock_system,
                               .rand = &rand_system},
        out);
}

static struct error *serve(struct cli *cli, const struct settings *s, struct wire *wire)
{
    TRY(wire_start(cli->arena, wire));
    const char *host = s->binds.count ? s->binds.items[0] : "localhost";
    bool is_v6 = strchr(host, ':') != NULL;
    printf("cruddur dynamodb listens on http://%s%s%s:%u, %s%s\n", is_v6 ? "[" : "", host,
           is_v6 ? "]" : "", wire_port(wire), s->data_dir ? "data in " : "in memory",
           s->data_dir ? s->data_dir : "");
    if (fflush(stdout) != 0)
        return error_errno(cli->arena, "cannot write the output");
    signals_wait();
    return NULL;
}

static struct error *run_server(struct cli *cli, const struct settings *s, bool is_exposed)
{
    struct engine *engine = NULL;
    struct wire *wire = NULL;
    struct triggers *triggers = NULL;
    if (s->data_dir)
        TRY(data_dir_make(cli->arena, s->data_dir));
    signals_block();
    TRY(open_engine(cli, s, &engine));
    struct error *e = open_wire(cli, s, is_exposed, engine, &wire);
    if (!e) {
        e = triggers_open(cli, &s->triggers, engine, &triggers);
        if (!e)
            e = serve(cli, s, wire);
        wire_stop(wire, GRACE_MS);
        triggers_stop(triggers);
    }
    engine_close(engine);
    wire_free(wire);
    return e;
}

static struct error *run(struct cli *cli)
{
    struct settings s = {.port = 8000,
                         .durability = "sync",
                         .shard_seconds = SHARD_SECONDS,
                         .collection_mb = COLLECTION_MB};
    bool wants_help = false, is_exposed;
    TRY(read_flags(cli, &s, &wants_help));
    if (wants_help) {
        fputs(usage, stdout);
        return NULL;
    }
    TRY(check_flags(cli, &s, &is_exposed));
    if (s.credentials_file)
        TRY(credentials_load(cli->arena, s.credentials_file, &s.credentials));
    struct error *e = run_server(cli, &s, is_exposed);
    credentials_free(s.credentials);
    return e;
}

const struct command command_dynamodb = {
    .name = "dynamodb",
    .summary = "the DynamoDB-compatible server alone, on :8000",
    .usage = usage,
    .run = run,
};
