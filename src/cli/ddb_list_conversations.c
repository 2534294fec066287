/* ddb list-conversations: pattern B, the group rows of one person. */
#include "cli/ddb_patterns.h"
#include "cli/people.h"

#include <stdio.h>

static struct error *find_user(struct cli *cli, const char *data_dir, const char *handle,
                               struct user *user)
{
    struct users *users = NULL;
    const char *where;
    bool found = false;
    TRY(people_open(cli, data_dir, false, &users, &where));
    struct error *error = users_by_handle(users, cli->arena, str_z(handle), user, &found);
    users_close(users);
    if (!error && !found)
        error = error_new(cli->arena, &error_system, "there is no user %s in %s", handle, where);
    return error;
}

static struct error *show(struct ddb *ddb, const char *data_dir, const char *handle,
                          const char *year)
{
    struct user me;
    struct str response;
    struct ddb_pattern pattern = {0};
    TRY(ddb_pattern_year(ddb->cli, year, &pattern.year));
    TRY(find_user(ddb->cli, data_dir, handle, &me));
    printf("my-uuid: %.*s\n", STR_ARG(me.uuid));
    pattern.pk = arena_printf(ddb->cli->arena, "GRP#%.*s", STR_ARG(me.uuid));
    return ddb_pattern_print(ddb, &pattern, &response);
}

static struct error *run(struct cli *cli)
{
    const char *year = NULL, *data_dir = NULL;
    const struct option_row rows[] = {
        {"--year", OPTION_TEXT, &year},
        {"--data", OPTION_TEXT, &data_dir},
    };
    struct ddb ddb;
    struct error *error = ddb_open(cli, rows, countof(rows), 1, &ddb);
    if (!error)
        error = show(&ddb, data_dir, ddb.words.count ? ddb.words.items[0] : users_demo_handles[0],
                     year);
    ddb_close(&ddb);
    return error;
}

const struct command command_ddb_list_conversations = {
    .name = "ddb list-conversations",
    .summary = "the conversations of a person",
    .usage = "usage: cruddur ddb list-conversations [HANDLE] [--year YYYY] [--data DIR]\n"
             "         [--endpoint URL] [prod]\n"
             "  HANDLE           whose (andrewbrown)\n"
             "  --year YYYY      with a last message of that year (the present one)\n"
             "  --data DIR       the data folder with users.db; CONNECTION_URL comes before "
             "it\n" DDB_USAGE_ENDPOINT,
    .run = run,
};
