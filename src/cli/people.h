/* People: the data folder and the users table that commands share.
 *
 * The users table is PostgreSQL when the environment has CONNECTION_URL, else users.db in the data
 * folder, which may be open in a server at the same time. Results live in the cli's arena. */
#pragma once

#include "cli/options.h"
#include "messaging/users.h"

/* Lines for the usage text of the db commands. */
#define PEOPLE_USAGE                                                                               \
    "  --data DIR  the data folder with users.db ($CRUDDUR_DATA, ~/.local/share/cruddur)\n"        \
    "  prod        use PROD_CONNECTION_URL\n"                                                      \
    "PostgreSQL is used instead when CONNECTION_URL is set.\n"

/* Prints the label and the mode as the scripts bin/db do, and takes the only word that they know:
 * "prod" makes PROD_CONNECTION_URL the CONNECTION_URL of this process. */
MUST_USE struct error *people_mode(struct cli *cli, const struct option_list *words,
                                   const char *label);

/* `given` (from --data, or NULL), else $CRUDDUR_DATA, else ~/.local/share/cruddur. */
MUST_USE struct error *data_dir_find(struct cli *cli, const char *given, const char **out);
/* Makes the folder, mode 0700, and its parents where they are missing. */
MUST_USE struct error *data_dir_make(struct arena *a, const char *path);

/* Opens the users table; with `may_create` the data folder is made where missing. *where is words
 * for the person: "PostgreSQL", or the file. */
MUST_USE struct error *people_open(struct cli *cli, const char *data_dir, bool may_create,
                                   struct users **out, const char **where);
