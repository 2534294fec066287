/* cruddur serve: the messaging API and the page, on a DynamoDB engine of its own.
 *
 * This is where the two halves of the program meet: the engine and its endpoint on one side, the
 * messaging server with a client on the other. With --dynamodb URL there is no engine, and the
 * client speaks to that endpoint. */
#include "messaging/serve.h"
#include "cli/options.h"
#include "cli/people.h"
#include "cli/signals.h"
#include "cli/triggers.h"
#include "client/local.h"
#include "client/remote.h"
#include "dynamodb/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    GRACE_MS = 5000,
    WORKERS_PER_CORE = 4, /* on our own engine */
    WORKERS_REMOTE = 64,  /* a round trip to elsewhere mostly waits */
    WORKERS_MAX = 1024,
    REMOTE_TIMEOUT_MS = 10000,
    REMOTE_ATTEMPTS = 4,
    REMOTE_STREAM_PAUSE_MS = 250, /* the service takes five GetRecords a second from a shard */
    METRICS_TOKEN_MIN_CHARS = 16,
};

struct settings {
    const char *data, *table, *durability, *region, *limits, *remote_url;
    bool in_memory, is_production;
    uint16_t port, dynamodb_port;
    uint64_t cache_mb, loops, workers;
    struct option_list binds, origins, triggers;
    bool has_endpoint;    /* our own DynamoDB endpoint */
    const char *data_dir; /* NULL: nothing is kept */
};

/* What is running; parts that are not there are NULL. */
struct running {
    struct engine *engine;
    struct client *client;
    struct wire *wire;
    struct triggers *triggers;
    struct serve *serve;
};

#define PORT_UNSET 1 /* no server can have asked for it: it is privileged, and tcpmux's */

static const char usage[] =
    "usage: cruddur serve [options]\n"
    "\n"
    "Serves direct messages: the page and the API on http://localhost:4567, and the DynamoDB API\n"
    "that they stand on, on http://localhost:8000.\n"
    "\n"
    "  --data DIR           keep everything in DIR ($CRUDDUR_DATA, ~/.local/share/cruddur)\n"
    "  --in-memory          keep no messages; with --data, keys and users.db stay in DIR, so that\n"
    "                       `cruddur tokens` works, otherwise sign in on the page\n"
    "  --port N             the page and the API (4567; 0: any free one)\n"
    "  --dynamodb-port N    the DynamoDB API (8000; 0: any free one)\n"
    "  --dynamodb URL       use the DynamoDB API at URL instead of an own one\n"
    "  --table NAME         the table (cruddur-messages)\n"
    "  --region R           region (us-east-1)\n"
    "  --bind ADDR          page and API on ADDR instead of 127.0.0.1 and ::1; may be repeated\n"
    "  --origin ORIGIN      pages of ORIGIN (https://app.example.com) may use the API; may be\n"
    "                       repeated\n"
    "  --production         no demo people, nothing is made that is missing, and the DynamoDB API\n"
    "                       is off unless --dynamodb-port is given\n"
    "  --workers N          requests that wait for the store at the same time (4 per core;\n"
    "                       64 with --dynamodb)\n"
    "  --loops N            threads that hold connections, for each of the two servers (half as "
    "many\n"
    "                       as there are cores)\n"
    "  --limits off         no rate limits, for tests and benches\n"
    "  --durability MODE    sync: an answer is given when its data is on the disk (default);\n"
    "                       os: when the operating system has it\n"
    "  --cache-mb N         memory for blocks read from the disk (8)\n"
    "  --trigger TABLE=URL  invoke a function with the changes of TABLE; may be repeated; options\n"
    "                       are those of `cruddur dynamodb --help`\n"
    "\n"
    "People are in PostgreSQL when CONNECTION_URL is set, else in users.db of the data folder.\n"
    "/metrics takes any access token, and the one in CRUDDUR_METRICS_TOKEN, for Prometheus.\n";

/* -- flags ------------------------------------------------------------------------------------- */

static struct error *read_flags(struct cli *cli, struct settings *s)
{
    const struct option_row rows[] = {
        {"--data", OPTION_TEXT, &s->data},
        {"--in-memory", OPTION_FLAG, &s->in_memory},
        {"--port", OPTION_PORT, &s->port},
        {"--dynamodb-port", OPTION_PORT, &s->dynamodb_port},
        {"--dynamodb", OPTION_TEXT, &s->remote_url},
        {"--table", OPTION_TEXT, &s->table},
        {"--region", OPTION_TEXT, &s->region},
        {"--bind", OPTION_ADDRESSES, &s->binds},
        {"--origin", OPTION_LIST, &s->origins},
        {"--production", OPTION_FLAG, &s->is_production},
        {"--workers", OPTION_COUNT, &s->workers},
        {"--loops", OPTION_COUNT, &s->loops},
        {"--limits", OPTION_TEXT, &s->limits},
        {"--durability", OPTION_TEXT, &s->durability},
        {"--cache-mb", OPTION_COUNT, &s->cache_mb},
        {"--trigger", OPTION_LIST, &s->triggers},
    };
    return options_read(cli, rows, countof(rows));
}

static struct error *check_flags(struct cli *cli, const struct settings *s)
{
    struct str metrics_token = str_z(getenv("CRUDDUR_METRICS_TOKEN"));
    const struct {
        bool is_wrong;
        const char *words;
    } rules[] = {
        {strcmp(s->durability, "sync") != 0 && strcmp(s->durability, "os") != 0,
         "--durability is sync or os"},
        {s->limits && strcmp(s->limits, "off") != 0, "--limits knows only off"},
        {s->cache_mb > 1 << 20, "--cache-mb is at most 1048576"},
        {s->workers > WORKERS_MAX, "--workers is at most 1024"},
        {s->loops > LOOPS_MAX, "--loops is at most 256"},
        {metrics_token.len && metrics_token.len < METRICS_TOKEN_MIN_CHARS,
         "CRUDDUR_METRICS_TOKEN is too short to be a secret: 16 characters at least"},
        {s->remote_url && s->dynamodb_port != PORT_UNSET,
         "--dynamodb-port is for the own store: with --dynamodb there is none"},
        {s->remote_url && s->in_memory, "--in-memory is for the own store: with --dynamodb there "
                                        "is none"},
        {s->remote_url && s->triggers.count, "--trigger is for the own store: with --dynamodb "
                                             "there is none"},
    };
    for (size_t i = 0; i < countof(rules); i++)
        if (rules[i].is_wrong)
            return error_new(cli->arena, &error_usage, "%s", rules[i].words);
    for (size_t i = 0; i < s->origins.count; i++) {
        struct str origin = str_z(s->origins.items[i]);
        if ((!str_starts(origin, S("http://")) && !str_starts(origin, S("https://"))) ||
            str_ends(origin, S("/")))
            return error_new(cli->arena, &error_usage,
                             "--origin is a scheme and a host, as in https://app.example.com; not "
                             "\"%s\"",
                             s->origins.items[i]);
    }
    return NULL;
}

static struct error *settle(struct cli *cli, struct settings *s)
{
    s->has_endpoint = !s->remote_url && (!s->is_production || s->dynamodb_port != PORT_UNSET);
    if (s->dynamodb_port == PORT_UNSET)
        s->dynamodb_port = 8000;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (!s->workers)
        s->workers =
            s->remote_url ? WORKERS_REMOTE : (uint64_t)(cores > 0 ? cores : 1) * WORKERS_PER_CORE;
    if (s->in_memory && !s->data)
        return NULL;
    TRY(data_dir_find(cli, s->data, &s->data_dir));
    return data_dir_make(cli->arena, s->data_dir);
}

/* -- the store --------------------------------------------------------------------------------- */

static const char *variable_or(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return value && *value ? value : fallback;
}

static struct error *open_remote(struct cli *cli, const struct settings *s, struct running *run)
{
    const struct client_remote_options options = {
        .endpoint = str_z(s->remote_url),
        .region = str_z(s->region),
        .access_key = str_z(variable_or("AWS_ACCESS_KEY_ID", "cruddur")),
        .secret_key = str_z(variable_or("AWS_SECRET_ACCESS_KEY", "cruddur")),
        .session_token = str_z(variable_or("AWS_SESSION_TOKEN", "")),
        .timeout_ms = REMOTE_TIMEOUT_MS,
        .attempts = REMOTE_ATTEMPTS,
    };
    return client_remote_new(cli->arena, &options, &run->client);
}

static struct error *open_endpoint(struct cli *cli, const struct settings *s, struct running *run)
{
    static const char *const loopback[] = {"127.0.0.1", "::1"};
    const struct wire_options options = {
        .engine = run->engine,
        .addresses = loopback,
        .address_count = countof(loopback),
        .port = s->dynamodb_port,
        .port_flag = "--dynamodb-port",
        .loops = (size_t)s->loops,
        .region = str_z(s->region),
        .clock = &clock_system,
        .rand = &rand_system,
    };
    return wire_open(cli->arena, &options, &run->wire);
}

static struct error *open_store(struct cli *cli, const struct settings *s, struct running *run)
{
    if (s->remote_url)
        return open_remote(cli, s, run);
    const struct engine_options options = {
        .data_dir = s->in_memory ? NULL : s->data_dir,
        .durability = strcmp(s->durability, "os") == 0 ? DURABILITY_OS : DURABILITY_SYNC,
        .region = str_z(s->region),
        .cache_bytes = (size_t)s->cache_mb << 20,
        .clock = &clock_system,
        .rand = &rand_system,
    };
    TRY(engine_open(cli->arena, &options, &run->engine));
    run->client = client_local_new(run->engine);
    return s->has_endpoint ? open_endpoint(cli, s, run) : NULL;
}

/* -- the messaging server ---------------------------------------------------------------------- */

static bool is_healthy(void *context)
{
    return !engine_failed(context);
}

static struct error *open_messaging(struct cli *cli, const struct settings *s, struct running *run)
{
    static const char *const loopback[] = {"127.0.0.1", "::1"};
    struct str *origins = arena_array(cli->arena, struct str, s->origins.count + 1);
    for (size_t i = 0; i < s->origins.count; i++)
        origins[i] = str_z(s->origins.items[i]);
    bool is_bound = s->binds.count > 0;
    const struct serve_options options = {
        .client = run->client,
        .table = str_z(s->table),
        .data_dir = s->data_dir,
        .users_url = str_z(getenv("CONNECTION_URL")),
        .addresses = is_bound ? s->binds.items : loopback,
        .address_count = is_bound ? s->binds.count : countof(loopback),
        .port = s->port,
        .port_flag = "--port",
        .workers = (size_t)s->workers,
        .loops = (size_t)s->loops,
        .origins = origins,
        .origin_count = s->origins.count,
        .metrics_token = str_z(getenv("CRUDDUR_METRICS_TOKEN")),
        .stream_pause_ms = s->remote_url ? REMOTE_STREAM_PAUSE_MS : 0,
        .is_production = s->is_production,
        .has_no_limits = s->limits != NULL,
        .is_healthy = run->engine ? is_healthy : NULL,
        .health_context = run->engine,
        .clock = &clock_system,
        .rand = &rand_system,
    };
    struct error *error = serve_open(cli->arena, &options, &run->serve);
    if (s->remote_url && client_failed_with(error, "ConnectionError"))
        return error_new(cli->arena, &error_system, "--dynamodb %.*s", STR_ARG(error->message));
    return error;
}

/* -- running ----------------------------------------------------------------------------------- */

static void announce(const struct settings *s, const struct running *run)
{
    const char *host = s->binds.count ? s->binds.items[0] : "localhost";
    bool is_v6 = strchr(host, ':') != NULL;
    printf("cruddur serve listens on http://%s%s%s:%u\n", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
           serve_port(run->serve));
    if (run->wire)
        printf("  DynamoDB API   http://localhost:%u\n", wire_port(run->wire));
    else if (s->remote_url)
        printf("  DynamoDB API   %s\n", s->remote_url);
    if (!s->remote_url)
        printf("  messages       %s\n", s->in_memory ? "in memory" : s->data_dir);
    printf("  people         %s\n", *variable_or("CONNECTION_URL", "") ? "in PostgreSQL"
                                    : s->data_dir                      ? s->data_dir
                                                                       : "in memory");
    if (s->is_production)
        return;
    printf("Sign in on the page as andrewbrown, bayko or londo");
    if (s->data_dir)
        printf("; `cruddur tokens --data %s` prints their tokens", s->data_dir);
    printf(".\n");
}

static struct error *run_until_signal(struct cli *cli, const struct settings *s,
                                      struct running *run)
{
    if (run->wire)
        TRY(wire_start(cli->arena, run->wire));
    TRY(serve_start(cli->arena, run->serve));
    announce(s, run);
    if (fflush(stdout) != 0)
        return error_errno(cli->arena, "cannot write the output");
    signals_wait();
    return NULL;
}

/* Messaging first, because it uses the engine; then the endpoint, whose answers wait for syncs. */
static void close_all(struct running *run)
{
    serve_close(run->serve, GRACE_MS);
    client_free(run->client);
    triggers_stop(run->triggers);
    if (run->wire)
        wire_stop(run->wire, GRACE_MS);
    if (run->engine)
        engine_close(run->engine);
    if (run->wire)
        wire_free(run->wire);
}

static struct error *run(struct cli *cli)
{
    struct settings s = {.port = 4567,
                         .dynamodb_port = PORT_UNSET,
                         .table = "cruddur-messages",
                         .region = "us-east-1",
                         .durability = "sync"};
    struct running running = {.engine = NULL};
    TRY(read_flags(cli, &s));
    TRY(check_flags(cli, &s));
    TRY(settle(cli, &s));
    signals_block();
    struct error *error = open_store(cli, &s, &running);
    if (!error && running.engine)
        error = triggers_open(cli, &s.triggers, running.engine, &running.triggers);
    if (!error)
        error = open_messaging(cli, &s, &running);
    if (!error)
        error = run_until_signal(cli, &s, &running);
    close_all(&running);
    return error;
}

const struct command command_serve = {
    .name = "serve",
    .summary = "direct messages: page and API on :4567, DynamoDB API on :8000",
    .usage = usage,
    .run = run,
};
