/* cruddur tokens: access tokens for the demo people, as a JSON object.
 *
 * Reads the key and the people of a data folder, never its store, so it works while `serve` holds
 * the folder. The members that begin with '_' are for tests: tokens that must be refused, and a
 * good one of somebody who is no user. */
#include "messaging/tokens.h"
#include "cli/options.h"
#include "cli/people.h"
#include "json/writer.h"

#include <stdio.h>

enum { DAY_S = 24 * 3600 };

struct printing {
    struct cli *cli;
    struct tokens *tokens;
    struct users *users;
    struct json_writer json;
    uint64_t life_s;
};

static struct error *add_token(struct printing *p, struct str name, struct str sub)
{
    struct str token;
    TRY(tokens_issue(p->tokens, p->cli->arena, sub, name, (int64_t)p->life_s, &token));
    json_key(&p->json, name);
    json_str(&p->json, token);
    return NULL;
}

static struct error *add_flawed(struct printing *p, struct str name, enum token_flaw flaw,
                                const struct user *user)
{
    struct arena *a = p->cli->arena;
    struct str token;
    TRY(tokens_issue_flawed(p->tokens, a, flaw, users_subject(a, user), user->handle, &token));
    json_key(&p->json, name);
    json_str(&p->json, token);
    return NULL;
}

static struct error *find_demo_users(struct printing *p, struct user *out, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < USERS_DEMO_COUNT; i++) {
        bool found;
        TRY(users_by_handle(p->users, p->cli->arena, str_z(users_demo_handles[i]), &out[*count],
                            &found));
        *count += found;
    }
    return *count ? NULL
                  : error_new(p->cli->arena, &error_system,
                              "there are no demo people: `cruddur serve` makes them on an empty "
                              "store, but not with --production");
}

static struct error *write_tokens(struct printing *p)
{
    struct user users[USERS_DEMO_COUNT];
    size_t count;
    char stranger[RAND_UUID_BYTES];
    TRY(find_demo_users(p, users, &count));
    json_begin_object(&p->json);
    for (size_t i = 0; i < count; i++)
        TRY(add_token(p, users[i].handle, users_subject(p->cli->arena, &users[i])));
    TRY(add_flawed(p, S("_expired"), TOKEN_EXPIRED, &users[0]));
    TRY(add_flawed(p, S("_audience"), TOKEN_AUDIENCE, &users[0]));
    TRY(add_flawed(p, S("_forged"), TOKEN_FORGED, &users[0]));
    TRY(add_token(p, S("_stranger"), rand_uuid(&rand_system, stranger)));
    json_end_object(&p->json);
    return NULL;
}

static struct error *print_tokens(struct printing *p, const char *data_dir, const char *folder)
{
    const struct tokens_options options = {
        .data_dir = folder, .clock = &clock_system, .rand = &rand_system};
    const char *where;
    TRY(tokens_open(p->cli->arena, &options, &p->tokens));
    TRY(people_open(p->cli, data_dir, false, &p->users, &where));
    bool has_table;
    TRY(users_has_table(p->users, p->cli->arena, &has_table));
    if (!has_table)
        return error_new(p->cli->arena, &error_system, "there is no users table in %s", where);
    TRY(write_tokens(p));
    return NULL;
}

static struct error *run(struct cli *cli)
{
    const char *data_dir = NULL, *folder;
    struct printing p = {.cli = cli, .life_s = DAY_S};
    const struct option_row rows[] = {{"--data", OPTION_TEXT, &data_dir},
                                      {"--seconds", OPTION_COUNT, &p.life_s}};
    TRY(options_read(cli, rows, countof(rows)));
    if (p.life_s < 1 || p.life_s > 366 * DAY_S)
        return error_new(cli->arena, &error_usage, "--seconds is 1 to %d", 366 * DAY_S);
    TRY(data_dir_find(cli, data_dir, &folder));
    struct buf out;
    buf_init(&out, 1024 * 1024);
    p.json = json_writer(&out);
    struct error *error = print_tokens(&p, data_dir, folder);
    if (!error) {
        buf_add_char(&out, '\n');
        fwrite(out.data, 1, out.len, stdout); /* main looks whether that went well */
    }
    buf_clear(&out);
    users_close(p.users);
    tokens_close(p.tokens);
    return error;
}

const struct command command_tokens = {
    .name = "tokens",
    .summary = "access tokens for the demo people, as JSON",
    .usage =
        "usage: cruddur tokens [--data DIR] [--seconds N]\n"
        "\n"
        "Prints a JSON object of access tokens for andrewbrown, bayko and londo, also while\n"
        "`cruddur serve` runs. _expired, _audience and _forged are to be refused; _stranger is\n"
        "a good token of somebody who is no user.\n"
        "\n"
        "  --data DIR   the data folder ($CRUDDUR_DATA, ~/.local/share/cruddur)\n"
        "  --seconds N  how long they are good (86400)\n"
        "People are in PostgreSQL when CONNECTION_URL is set.\n",
    .run = run,
};
