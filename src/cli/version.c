#include "cli/options.h"

#include <stdio.h>

static struct error *run(struct cli *cli)
{
    TRY(options_read(cli, NULL, 0));
    puts("cruddur " CRUDDUR_VERSION);
    return NULL;
}

const struct command command_version = {
    .name = "version",
    .summary = "the version of this program",
    .usage = "usage: cruddur version\n",
    .run = run,
};
