/* Options: the flags of a command, read from its words.
 *
 *     const char *data = NULL; uint16_t port = 8000; bool in_memory = false;
 *     const struct option_row rows[] = {
 *         {"--data", OPTION_TEXT, &data},
 *         {"--port", OPTION_PORT, &port},
 *         {"--in-memory", OPTION_FLAG, &in_memory},
 *     };
 *     TRY(options_read(cli, rows, countof(rows)));
 *
 * Names are written with their dashes, so other programs' flags ("-inMemory") can be rows too; two
 * rows may share a target. `--name value` and `--name=value` are the same. `--` ends the flags.
 * What is no flag is collected by options_words, else refused. A flag given twice: the last one
 * counts, except in lists. Failures are error_usage. Values point into argv. */
#pragma once

#include "cli/command.h"

#include <stdint.h>

#define LOOPS_MAX 256 /* of --loops, which both servers have */

enum option_kind {
    OPTION_FLAG,      /* bool: no value */
    OPTION_TEXT,      /* const char *: not empty */
    OPTION_PORT,      /* uint16_t: 0 to 65535 */
    OPTION_COUNT,     /* uint64_t: plain decimal digits */
    OPTION_LIST,      /* struct option_list: may be given many times */
    OPTION_ADDRESSES, /* struct option_list: each an IPv4 or IPv6 address */
};

struct option_list {
    const char **items; /* in the cli's arena */
    size_t count, cap;
};

struct option_row {
    const char *name;
    enum option_kind kind;
    void *target; /* of the type above; untouched when the flag is absent */
};

MUST_USE struct error *options_read(struct cli *cli, const struct option_row *rows, size_t count);
/* The same, for commands that take plain words too. */
MUST_USE struct error *options_words(struct cli *cli, const struct option_row *rows, size_t count,
                                     struct option_list *words);
