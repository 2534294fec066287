/* Main: finds the command, runs it, and turns its error into words and an exit status. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

const struct command *const commands[] = {
    &command_serve,
    &command_dynamodb,
    &command_tokens,
    &command_ddb_schema_load,
    &command_ddb_seed,
    &command_ddb_scan,
    &command_ddb_list_tables,
    &command_ddb_drop,
    &command_ddb_get_conversation,
    &command_ddb_list_conversations,
    &command_db_schema_load,
    &command_db_seed,
    &command_fsck,
    &command_version,
    &command_help,
};
const size_t command_count = countof(commands);

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CANNOT_BEGIN = 2 };

/* How many of the words spell the command's name; 0 when they do not. */
static size_t words_matched(const char *name, char **words, size_t word_count)
{
    struct str rest = str_z(name), word;
    size_t matched = 0;
    bool has_more = true;
    while (has_more) {
        has_more = str_cut(&rest, ' ', &word);
        if (matched == word_count || !str_eq(word, str_z(words[matched])))
            return 0;
        matched++;
    }
    return matched;
}

static const struct command *find_command(char **words, size_t word_count, size_t *matched)
{
    const struct command *found = NULL;
    *matched = 0;
    for (size_t i = 0; i < command_count; i++) {
        size_t count = words_matched(commands[i]->name, words, word_count);
        if (count > *matched) {
            found = commands[i];
            *matched = count;
        }
    }
    return found;
}

static bool asks_for_help(const struct cli *cli)
{
    for (size_t i = 0; i < cli->arg_count && strcmp(cli->args[i], "--") != 0; i++)
        if (strcmp(cli->args[i], "-h") == 0 || strcmp(cli->args[i], "--help") == 0)
            return true;
    return false;
}

/* The commands that begin with the same first word: "ddb" alone lists the ddb commands. */
static int refuse_unknown(const char *word)
{
    size_t shown = 0, len = strlen(word);
    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i]->name;
        if (strncmp(name, word, len) == 0 && name[len] == ' ') {
            if (!shown++)
                fprintf(stderr, "cruddur: \"%s\" needs one of these:\n", word);
            fprintf(stderr, "  %-24s %s\n", name, commands[i]->summary);
        }
    }
    if (!shown)
        fprintf(stderr, "cruddur: unknown command \"%s\"; `cruddur help` lists them\n", word);
    return EXIT_USAGE;
}

static int run_command(struct cli *cli)
{
    if (asks_for_help(cli)) {
        fputs(cli->command->usage, stdout);
        return EXIT_OK;
    }
    struct error *error = cli->command->run(cli);
    if (!error && fflush(stdout) != 0)
        error = error_errno(cli->arena, "cannot write the output");
    if (!error)
        return EXIT_OK;
    fflush(stdout);
    fprintf(stderr, "cruddur %s: %.*s\n", cli->command->name, STR_ARG(error->message));
    if (error->kind == &command_cannot_begin)
        return EXIT_CANNOT_BEGIN;
    if (error->kind != &error_usage)
        return EXIT_FAILED;
    fprintf(stderr, "`cruddur %s --help` explains its flags\n", cli->command->name);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static char help[] = "help", version[] = "version"; /* for the two words people try first */
    char **words = argv + 1;
    size_t word_count = argc > 1 ? (size_t)argc - 1 : 0;
    if (word_count && (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0))
        words[0] = help;
    if (word_count && strcmp(words[0], "--version") == 0)
        words[0] = version;
    if (!word_count) {
        fputs("cruddur: no command given; `cruddur help` lists them\n", stderr);
        return EXIT_USAGE;
    }
    size_t matched;
    const struct command *command = find_command(words, word_count, &matched);
    if (!command)
        return refuse_unknown(words[0]);
    struct arena arena;
    arena_init(&arena);
    struct cli cli = {&arena, command, words + matched, word_count - matched};
    int status = run_command(&cli);
    arena_clear(&arena);
    return status;
}
