/* Command: one thing that `cruddur` does, named by one or two words after it.
 *
 * Each command is one file of this folder and one row of the table in src/main.c. main finds the
 * row by the longest match ("ddb seed" before "ddb"), answers -h and --help itself, and calls run
 * with what is left. run gives NULL for success (exit status 0); error_usage prints the message and
 * where the flags are explained (status 2); command_cannot_begin prints its message (status 2, as
 * diff and grep have it); any other error prints its message (status 1). Results go
 * to standard output, everything else to standard error. One thread, unless the command starts
 * more. */
#pragma once

#include "base/error.h"

struct cli {
    struct arena *arena; /* lives until the program ends */
    const struct command *command;
    char **args; /* what follows the command's name */
    size_t arg_count;
};

struct command {
    const char *name;    /* "serve", "ddb seed" */
    const char *summary; /* one line of `cruddur help` */
    const char *usage;   /* whole lines, from "usage: cruddur …" on; ends with a newline */
    struct error *(*run)(struct cli *cli);
};

/* What the command was to look at could not be opened: its answer is neither yes nor no. */
extern const struct error_kind command_cannot_begin;

/* The table of main.c, for `cruddur help`. */
extern const struct command *const commands[];
extern const size_t command_count;

extern const struct command command_db_schema_load;
extern const struct command command_db_seed;
extern const struct command command_ddb_drop;
extern const struct command command_ddb_get_conversation;
extern const struct command command_ddb_list_conversations;
extern const struct command command_ddb_list_tables;
extern const struct command command_ddb_scan;
extern const struct command command_ddb_schema_load;
extern const struct command command_ddb_seed;
extern const struct command command_dynamodb;
extern const struct command command_fsck;
extern const struct command command_help;
extern const struct command command_serve;
extern const struct command command_tokens;
extern const struct command command_version;
