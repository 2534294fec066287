#include "cli/people.h"

#include "base/clock.h"
#include "base/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct error *data_dir_find(struct cli *cli, const char *given, const char **out)
{
    const char *variable = getenv("CRUDDUR_DATA");
    const char *home = getenv("HOME");
    if (given) {
        *out = given;
    } else if (variable && *variable) {
        *out = variable;
    } else if (home && *home) {
        *out = arena_z(cli->arena, arena_printf(cli->arena, "%s/.local/share/cruddur", home));
    } else {
        return error_new(cli->arena, &error_usage,
                         "no data folder: give --data DIR, or set CRUDDUR_DATA or HOME");
    }
    return NULL;
}

struct error *data_dir_make(struct arena *a, const char *path)
{
    char *copy = memcpy(arena_alloc(a, strlen(path) + 1), path, strlen(path) + 1);
    for (char *at = copy + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = 0;
        TRY(folder_make(a, copy));
        *at = '/';
    }
    return folder_make(a, copy);
}

struct error *people_open(struct cli *cli, const char *data_dir, bool may_create,
                          struct users **out, const char **where)
{
    struct users_options options = {.clock = &clock_system};
    const char *url = getenv("CONNECTION_URL");
    if (url && *url) {
        options.url = str_z(url);
        *where = "PostgreSQL"; /* not the URL, which holds a password */
        return users_open(cli->arena, &options, out);
    }
    const char *folder;
    TRY(data_dir_find(cli, data_dir, &folder));
    *where = arena_z(cli->arena, arena_printf(cli->arena, "%s/users.db", folder));
    struct stat found;
    if (may_create)
        TRY(data_dir_make(cli->arena, folder));
    else if (stat(*where, &found) != 0)
        return error_new(cli->arena, &error_system,
                         "there is no users table at %s; `cruddur db schema-load` and `cruddur db "
                         "seed` make one, or give --data DIR or CONNECTION_URL",
                         *where);
    options.url = str_z(*where);
    return users_open(cli->arena, &options, out);
}

struct error *people_mode(struct cli *cli, const struct option_list *words, const char *label)
{
    bool is_prod = words->count && strcmp(words->items[0], "prod") == 0;
    if (words->count > is_prod)
        return error_new(cli->arena, &error_usage, "unexpected word \"%s\"", words->items[is_prod]);
    const char *url = getenv("PROD_CONNECTION_URL");
    if (is_prod && (!url || !*url))
        return error_new(cli->arena, &error_system, "prod: PROD_CONNECTION_URL is not set");
    if (is_prod && setenv("CONNECTION_URL", url, true) != 0)
        return error_errno(cli->arena, "cannot set CONNECTION_URL");
    printf("\033[1;36m%s\033[0m\nRUNNING IN %s\n", label, is_prod ? "PRODUCTION" : "DEVELOPMENT");
    return NULL;
}
