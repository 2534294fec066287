/* db schema-load: makes the users table where it is missing. */
#include "cli/options.h"
#include "cli/people.h"

#include <stdio.h>
#include <string.h>

static struct error *run(struct cli *cli)
{
    const char *data_dir = NULL, *where;
    struct users *users = NULL;
    struct option_list words = {0};
    const struct option_row rows[] = {{"--data", OPTION_TEXT, &data_dir}};
    TRY(options_words(cli, rows, countof(rows), &words));
    TRY(people_mode(cli, &words, "DATABASE SCHEMA LOAD"));
    TRY(people_open(cli, data_dir, true, &users, &where));
    struct error *error = users_prepare(users, cli->arena);
    users_close(users);
    if (!error)
        printf("users table ready in %s\n", where);
    return error;
}

const struct command command_db_schema_load = {
    .name = "db schema-load",
    .summary = "make the users table",
    .usage = "usage: cruddur db schema-load [--data DIR] [prod]\n" PEOPLE_USAGE,
    .run = run,
};
