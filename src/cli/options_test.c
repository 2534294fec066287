#include "cli/options.h"

#include "tap.h"

/* The rows are those a command would have; main.c's table is not linked here. */
const struct command *const commands[] = {NULL};
const size_t command_count = 0;

struct values {
    const char *data;
    uint16_t port;
    uint64_t limit;
    bool in_memory;
    struct option_list origins, words;
};

static struct error *read_words(struct arena *arena, struct values *v, const char *line,
                                bool takes_words)
{
    char *args[16];
    struct str rest = str_z(line), word;
    struct cli cli = {arena, NULL, args, 0};
    for (bool has_more = line[0] != 0; has_more;) {
        has_more = str_cut(&rest, ' ', &word);
        struct str copy = arena_printf(arena, "%.*s", STR_ARG(word));
        char *z = arena_alloc(arena, copy.len + 1);
        for (size_t i = 0; i < copy.len; i++)
            z[i] = copy.data[i];
        z[copy.len] = 0;
        args[cli.arg_count++] = z;
    }
    const struct option_row rows[] = {
        {"--data", OPTION_TEXT, &v->data},           {"-dbPath", OPTION_TEXT, &v->data},
        {"--port", OPTION_PORT, &v->port},           {"--limit", OPTION_COUNT, &v->limit},
        {"--in-memory", OPTION_FLAG, &v->in_memory}, {"--origin", OPTION_LIST, &v->origins},
    };
    if (takes_words)
        return options_words(&cli, rows, countof(rows), &v->words);
    return options_read(&cli, rows, countof(rows));
}

TEST(reads_both_ways_of_giving_a_value)
{
    struct values v = {.port = 8000};
    CHECK(!read_words(arena, &v, "--data /d --port=81 --in-memory", false));
    CHECK_STR(str_z(v.data), S("/d"));
    CHECK_INT(v.port, 81);
    CHECK(v.in_memory);
    CHECK(!read_words(arena, &v, "--data=a=b", false));
    CHECK_STR(str_z(v.data), S("a=b"));
}

TEST(leaves_defaults_when_nothing_is_given)
{
    struct values v = {.port = 8000};
    CHECK(!read_words(arena, &v, "", false));
    CHECK_INT(v.port, 8000);
    CHECK(!v.data && !v.in_memory);
}

TEST(takes_other_programs_flags_as_rows)
{
    struct values v = {0};
    CHECK(!read_words(arena, &v, "-dbPath /x", false));
    CHECK_STR(str_z(v.data), S("/x"));
}

TEST(collects_lists_and_words)
{
    struct values v = {0};
    CHECK(!read_words(arena, &v, "one --origin a two --origin=b -- --three -", true));
    CHECK_INT(v.origins.count, 2);
    CHECK_STR(str_z(v.origins.items[1]), S("b"));
    CHECK_INT(v.words.count, 4);
    CHECK_STR(str_z(v.words.items[2]), S("--three"));
    CHECK_STR(str_z(v.words.items[3]), S("-"));
}

static void check_refused(struct arena *arena, const char *line, struct str message)
{
    struct values v = {0};
    struct error *e = read_words(arena, &v, line, false);
    if (CHECK(e != NULL)) {
        CHECK(e->kind == &error_usage);
        CHECK_STR(e->message, message);
    }
}

TEST(refuses_what_it_does_not_know)
{
    check_refused(arena, "--prot 1", S("unknown flag --prot; did you mean --port?"));
    check_refused(arena, "--in-memroy", S("unknown flag --in-memroy; did you mean --in-memory?"));
    check_refused(arena, "--something", S("unknown flag --something"));
    check_refused(arena, "word", S("unexpected word \"word\""));
}

TEST(refuses_bad_values)
{
    check_refused(arena, "--port", S("--port needs a value"));
    check_refused(arena, "--port=", S("--port needs a value"));
    check_refused(arena, "--port 65536",
                  S("--port takes a port number from 0 to 65535, not \"65536\""));
    check_refused(arena, "--port -1", S("--port takes a port number from 0 to 65535, not \"-1\""));
    check_refused(arena, "--limit 1x", S("--limit takes a whole number, not \"1x\""));
    check_refused(arena, "--in-memory=yes", S("--in-memory takes no value"));
}

TAP_MAIN(T(reads_both_ways_of_giving_a_value), T(leaves_defaults_when_nothing_is_given),
         T(takes_other_programs_flags_as_rows), T(collects_lists_and_words),
         T(refuses_what_it_does_not_know), T(refuses_bad_values))
