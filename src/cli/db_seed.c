/* db seed: adds the three people of the demonstration to the users table. */
#include "cli/options.h"
#include "cli/people.h"

#include <stdio.h>

static struct error *add(struct cli *cli, struct users *users, const char *where)
{
    size_t added, count;
    const struct user *all;
    TRY(users_prepare(users, cli->arena));
    TRY(users_add_demo(users, cli->arena, &rand_system, &added));
    TRY(users_list(users, cli->arena, &all, &count));
    printf("added %zu, now %zu users in %s\n", added, count, where);
    for (size_t i = 0; i < count; i++)
        printf("  %.*s  %-16.*s %.*s\n", STR_ARG(all[i].uuid), STR_ARG(all[i].handle),
               STR_ARG(all[i].display_name));
    return NULL;
}

static struct error *run(struct cli *cli)
{
    const char *data_dir = NULL, *where;
    struct users *users = NULL;
    struct option_list words = {0};
    const struct option_row rows[] = {{"--data", OPTION_TEXT, &data_dir}};
    TRY(options_words(cli, rows, countof(rows), &words));
    TRY(people_mode(cli, &words, "DATABASE SEED"));
    TRY(people_open(cli, data_dir, true, &users, &where));
    struct error *error = add(cli, users, where);
    users_close(users);
    return error;
}

const struct command command_db_seed = {
    .name = "db seed",
    .summary = "add the people of the demonstration",
    .usage = "usage: cruddur db seed [--data DIR] [prod]\n" PEOPLE_USAGE,
    .run = run,
};
