#include "cli/options.h"

#include "base/vec.h"

#include <arpa/inet.h>
#include <string.h>

static const struct option_row *find_row(const struct option_row *rows, size_t count,
                                         struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(str_z(rows[i].name), name))
            return &rows[i];
    return NULL;
}

/* How many single-character edits lie between two names, for "did you mean"; long names count as
 * far apart, which only costs the hint. */
static size_t edit_distance(struct str a, struct str b)
{
    size_t row[64];
    if (a.len >= countof(row) || b.len >= countof(row))
        return countof(row);
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (a.data[i - 1] != b.data[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b.len];
}

static struct error *unknown_flag(struct cli *cli, const struct option_row *rows, size_t count,
                                  struct str name)
{
    const char *nearest = NULL;
    size_t nearest_distance = 4; /* further off than this is another word */
    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(str_z(rows[i].name), name);
        if (distance < nearest_distance) {
            nearest = rows[i].name;
            nearest_distance = distance;
        }
    }
    if (nearest)
        return error_new(cli->arena, &error_usage, "unknown flag %.*s; did you mean %s?",
                         STR_ARG(name), nearest);
    return error_new(cli->arena, &error_usage, "unknown flag %.*s", STR_ARG(name));
}

static bool is_address(const char *text)
{
    struct in6_addr out;
    return inet_pton(AF_INET, text, &out) == 1 || inet_pton(AF_INET6, text, &out) == 1;
}

static struct error *store(struct cli *cli, const struct option_row *row, const char *value)
{
    uint64_t number = 0;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)row->target = true;
        return NULL;
    case OPTION_TEXT:
        *(const char **)row->target = value;
        return NULL;
    case OPTION_ADDRESSES:
        if (!is_address(value))
            return error_new(cli->arena, &error_usage,
                             "%s takes an IP address such as 127.0.0.1 or ::, not \"%s\"",
                             row->name, value);
        VEC_PUSH(cli->arena, (struct option_list *)row->target, value);
        return NULL;
    case OPTION_LIST:
        VEC_PUSH(cli->arena, (struct option_list *)row->target, value);
        return NULL;
    case OPTION_PORT:
        if (!str_to_u64(str_z(value), UINT16_MAX, &number))
            return error_new(cli->arena, &error_usage,
                             "%s takes a port number from 0 to 65535, not \"%s\"", row->name,
                             value);
        *(uint16_t *)row->target = (uint16_t)number;
        return NULL;
    case OPTION_COUNT:
        if (!str_to_u64(str_z(value), UINT64_MAX, &number))
            return error_new(cli->arena, &error_usage, "%s takes a whole number, not \"%s\"",
                             row->name, value);
        *(uint64_t *)row->target = number;
        return NULL;
    }
    return NULL;
}

/* Reads the flag at args[*at] and moves *at behind it and its value. */
static struct error *take_flag(struct cli *cli, const struct option_row *rows, size_t count,
                               size_t *at)
{
    const char *word = cli->args[(*at)++];
    const char *equals = strchr(word, '=');
    struct str name = equals ? (struct str){word, (size_t)(equals - word)} : str_z(word);
    const struct option_row *row = find_row(rows, count, name);
    if (!row)
        return unknown_flag(cli, rows, count, name);
    if (row->kind == OPTION_FLAG) {
        if (equals)
            return error_new(cli->arena, &error_usage, "%s takes no value", row->name);
        return store(cli, row, NULL);
    }
    const char *value = equals ? equals + 1 : *at < cli->arg_count ? cli->args[(*at)++] : "";
    if (!*value)
        return error_new(cli->arena, &error_usage, "%s needs a value", row->name);
    return store(cli, row, value);
}

struct error *options_words(struct cli *cli, const struct option_row *rows, size_t count,
                            struct option_list *words)
{
    bool flags_ended = false;
    for (size_t at = 0; at < cli->arg_count;) {
        const char *word = cli->args[at];
        if (!flags_ended && strcmp(word, "--") == 0) {
            flags_ended = true;
            at++;
        } else if (!flags_ended && word[0] == '-' && word[1]) {
            TRY(take_flag(cli, rows, count, &at));
        } else if (words) {
            VEC_PUSH(cli->arena, words, word);
            at++;
        } else {
            return error_new(cli->arena, &error_usage, "unexpected word \"%s\"", word);
        }
    }
    return NULL;
}

struct error *options_read(struct cli *cli, const struct option_row *rows, size_t count)
{
    return options_words(cli, rows, count, NULL);
}
