/* cruddur fsck: does what a data folder holds agree with itself?
 *
 *     1. the store: items, index entries, counts, stream records    dynamodb/storage/check.h
 *     2. the messages table, when there is one: conversations       messaging/chat_check.h
 *        with --adopt and --reclock, what other programs wrote is mended before
 *
 * The store is opened bare for the first part, without the engine's background work, so that
 * nothing moves while it is looked at. Opening is what a server's start is: a log that a crash left
 * is replayed, and counts that it left inexact are made anew. A line for each finding on standard
 * output, then what was looked at. Exit status 0: all agrees; 1: findings; 2: it could not be
 * looked at. */
#include "cli/options.h"
#include "cli/people.h"
#include "client/local.h"
#include "dynamodb/engine.h"
#include "dynamodb/storage/check.h"
#include "messaging/chat_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CACHE_BYTES (16u << 20)

const struct error_kind command_cannot_begin = {"CannotBegin", 500, false};

struct settings {
    const char *data, *table;
    bool adopts, reclocks;
};

struct fsck {
    struct cli *cli;
    const struct settings *settings;
    const char *folder;
    const char *part; /* "store" or "messages", before each finding */
    uint64_t findings;
};

static void tell(void *context, struct str finding)
{
    struct fsck *f = context;
    f->findings++;
    printf("%s: %.*s\n", f->part, STR_ARG(finding));
}

static void tell_of_more(struct fsck *f, uint64_t problems)
{
    if (problems > f->findings)
        printf("%s: and %llu more\n", f->part, (unsigned long long)(problems - f->findings));
    f->findings = problems > f->findings ? problems : f->findings;
}

/* The folder's words, with the status of something that was not looked at. */
static struct error *cannot_begin(struct cli *cli, const struct error *cause)
{
    return error_new(cli->arena, &command_cannot_begin, "%.*s", STR_ARG(cause->message));
}

static struct error *require_store(struct fsck *f)
{
    const char *mark = arena_z(f->cli->arena, arena_printf(f->cli->arena, "%s/CURRENT", f->folder));
    if (access(mark, R_OK) == 0)
        return NULL;
    return error_new(f->cli->arena, &command_cannot_begin,
                     "%s holds no data of `cruddur serve` or `cruddur dynamodb`", f->folder);
}

/* -- the store --------------------------------------------------------------------------------- */

static struct error *open_store(struct fsck *f, struct store **out)
{
    struct arena *a = f->cli->arena;
    const struct kv_rocks_options rocks = {.directory = f->folder, .cache_bytes = CACHE_BYTES};
    struct store_options options = {
        .syncs = true, .clock = &clock_system, .rand = &rand_system, .sweep_interval_ms = -1};
    struct error *error = kv_rocks_open(a, &rocks, &options.kv);
    if (!error)
        error = store_open(a, &options, out);
    return error ? cannot_begin(f->cli, error) : NULL;
}

static struct error *check_store(struct fsck *f)
{
    struct store *store = NULL;
    struct check_report report;
    f->part = "store";
    TRY(open_store(f, &store));
    store_work(store); /* after a crash the counts are made anew */
    struct error *error = store_check(store, f->cli->arena, tell, f, &report);
    store_close(store);
    if (error)
        return cannot_begin(f->cli, error);
    tell_of_more(f, report.problems);
    printf("store: %llu tables, %llu items, %llu index entries, %llu stream records\n",
           (unsigned long long)report.tables, (unsigned long long)report.items,
           (unsigned long long)report.entries, (unsigned long long)report.records);
    return NULL;
}

/* -- messages ---------------------------------------------------------------------------------- */

/* Names are for adoption only, and rows show them as well: without a table of people, those do. */
static struct error *open_people(struct fsck *f, struct users **out)
{
    const char *where;
    struct error *error = people_open(f->cli, f->folder, false, out, &where);
    if (!error || getenv("CONNECTION_URL"))
        return error;
    const struct users_options options = {.url = S(":memory:"), .clock = &clock_system};
    TRY(users_open(f->cli->arena, &options, out));
    return users_prepare(*out, f->cli->arena);
}

static struct error *adopt(struct fsck *f, struct chat *chat)
{
    struct chat_adopted adopted;
    TRY(chat_adopt_table(chat, f->cli->arena, &adopted));
    printf("messages: %llu rows adopted, %llu left as they were\n",
           (unsigned long long)adopted.done, (unsigned long long)adopted.left);
    return NULL;
}

static struct error *reclock(struct fsck *f, struct chat *chat)
{
    struct chat_reclocked reclocked;
    TRY(chat_reclock_table(chat, f->cli->arena, &reclocked));
    printf("messages: %llu keys mended, %llu left as they were\n",
           (unsigned long long)reclocked.done, (unsigned long long)reclocked.left);
    return NULL;
}

static struct error *check_rows(struct fsck *f, struct chat *chat)
{
    struct chat_report report;
    uint64_t before = f->findings;
    f->findings = 0;
    TRY(chat_check(chat, f->cli->arena, tell, f, &report));
    tell_of_more(f, report.problems);
    f->findings += before;
    if (report.has_table)
        printf("messages: %llu conversations, %llu messages, %llu group rows\n",
               (unsigned long long)report.conversations, (unsigned long long)report.messages,
               (unsigned long long)report.group_rows);
    return NULL;
}

static struct error *check_messages(struct fsck *f, struct client *client)
{
    struct users *users = NULL;
    f->part = "messages";
    TRY(open_people(f, &users));
    const struct chat_options options = {.client = client,
                                         .users = users,
                                         .table = str_z(f->settings->table),
                                         .clock = &clock_system,
                                         .rand = &rand_system};
    struct chat *chat = chat_new(&options);
    struct error *error = NULL;
    if (f->settings->adopts)
        error = adopt(f, chat);
    if (!error && f->settings->reclocks)
        error = reclock(f, chat);
    if (!error)
        error = check_rows(f, chat);
    chat_free(chat);
    users_close(users);
    return error;
}

static struct error *open_and_check_messages(struct fsck *f)
{
    struct engine *engine = NULL;
    const struct engine_options options = {.data_dir = f->folder,
                                           .cache_bytes = CACHE_BYTES,
                                           .clock = &clock_system,
                                           .rand = &rand_system};
    TRY(engine_open(f->cli->arena, &options, &engine));
    struct client *client = client_local_new(engine);
    struct error *error = check_messages(f, client);
    client_free(client);
    engine_close(engine);
    return error ? cannot_begin(f->cli, error) : NULL;
}

/* -- the command ------------------------------------------------------------------------------- */

static struct error *run(struct cli *cli)
{
    struct settings s = {.table = "cruddur-messages"};
    const struct option_row rows[] = {{"--data", OPTION_TEXT, &s.data},
                                      {"--table", OPTION_TEXT, &s.table},
                                      {"--adopt", OPTION_FLAG, &s.adopts},
                                      {"--reclock", OPTION_FLAG, &s.reclocks}};
    struct fsck f = {.cli = cli, .settings = &s};
    TRY(options_read(cli, rows, countof(rows)));
    TRY(data_dir_find(cli, s.data, &f.folder));
    TRY(require_store(&f));
    TRY(check_store(&f));
    if (f.findings && (s.adopts || s.reclocks))
        return error_new(cli->arena, &error_system,
                         "the store itself is not in order: nothing was mended");
    TRY(open_and_check_messages(&f));
    if (f.findings)
        return error_new(cli->arena, &error_system, "%llu findings in %s",
                         (unsigned long long)f.findings, f.folder);
    puts("all agrees");
    return NULL;
}

const struct command command_fsck = {
    .name = "fsck",
    .summary = "whether what a data folder holds agrees with itself",
    .usage =
        "usage: cruddur fsck [--data DIR] [--table NAME] [--adopt] [--reclock]\n"
        "\n"
        "Looks at every item, index entry, count and stream record of a data folder, and at the\n"
        "conversations of the messages table. No server may hold the folder.\n"
        "\n"
        "  --data DIR    the data folder ($CRUDDUR_DATA, ~/.local/share/cruddur)\n"
        "  --table NAME  the messages table (cruddur-messages)\n"
        "  --adopt       take over what other programs wrote: number their messages, make the\n"
        "                conversations that they began\n"
        "  --reclock     give messages whose time is none, or lies more than a day ahead, a time\n"
        "                in the order of their numbers\n"
        "\n"
        "A line for each finding. Exit status 0: all agrees, 1: findings, 2: it could not be "
        "looked at.\n",
    .run = run,
};
