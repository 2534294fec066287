#include "cli/command.h"

#include <stdio.h>

static struct error *run(struct cli *cli)
{
    (void)cli;
    fputs("usage: cruddur COMMAND [FLAGS]\n\n", stdout);
    for (size_t i = 0; i < command_count; i++)
        printf("  %-24s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`cruddur COMMAND --help` shows a command's flags.\n", stdout);
    return NULL;
}

const struct command command_help = {
    .name = "help",
    .summary = "this list",
    .usage = "usage: cruddur help\n",
    .run = run,
};
