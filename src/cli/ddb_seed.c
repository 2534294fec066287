/* ddb seed: writes a conversation between two people, for trying the queries out.
 *
 * The rows have the shape of the application's own seed script: one group row for each of the two,
 * then one message row for each line, a minute apart, from three hours ago on. A group row stands
 * at the time of the last message and shows its text, as it would after that message had been sent.
 */
#include "base/rand.h"
#include "cli/ddb.h"
#include "cli/people.h"
#include "cli/python.h"
#include "json/writer.h"

#include <stdio.h>
#include <string.h>

/* Who speaks: 0 is the first person. */
struct seed_line {
    int speaker;
    const char *text;
};

static const struct seed_line conversation[] = {
    {0, "Did you get the table running on your laptop?"},
    {1, "I did! It was up before I had let go of the return key."},
    {0, "And your old scripts, did you have to change them?"},
    {1, "Not a line. They still think they are talking to port 8000 of something much larger."},
    {0, "Good. How many access patterns are we down to?"},
    {1, "Five. List the messages of a group, list my groups, send into a group, send to somebody "
        "new, and keep the group rows fresh."},
    {0, "One table for all of it?"},
    {1, "One table and one index. The partition key says whose row it is, the sort key says when."},
    {0, "What happens when two messages arrive in the same microsecond?"},
    {1, "The second one waits its turn and gets the next microsecond. Nothing is overwritten."},
    {0, "I pulled the plug on mine in the middle of a write, by the way."},
    {1, "On purpose?"},
    {0, "The cat was very sure about it."},
    {1, "And the message?"},
    {0, "Still there. It had been acknowledged, so it had been synced."},
    {1, "Give that cat a job in quality assurance \xF0\x9F\x90\x88"},
    {0, "She asks for provisioned capacity: five tins read, five tins written."},
    {1, "Tell her that consumed capacity is billed by the kilogram, rounded up."},
    {0, "Shall we look at the stream handler next?"},
    {1, "After lunch. It should move the group rows without losing any, even when it sees the same "
        "record twice."},
    {0, "Every record, not only the first of the batch?"},
    {1, "Every record. I have read that chapter."},
    {0, "See you at two, then."},
    {1, "See you at two!"},
};

struct seed {
    struct ddb *ddb;
    struct user people[2];
    int64_t start_us;
};

static void put_text(struct json_writer *w, struct str name, struct str text)
{
    json_key(w, name);
    json_begin_object(w);
    json_key(w, S("S")), json_str(w, text);
    json_end_object(w);
}

/* The part that both kinds of row share; `who` is the sender, or the other member. */
static void put_person(struct json_writer *w, const struct user *who)
{
    put_text(w, S("user_uuid"), who->uuid);
    put_text(w, S("user_display_name"), who->display_name);
    put_text(w, S("user_handle"), who->handle);
}

static void begin_put(struct json_writer *w, struct str pk, struct str sk)
{
    json_begin_object(w);
    json_key(w, S("TableName")), json_str(w, S(DDB_TABLE));
    json_key(w, S("Item")), json_begin_object(w);
    put_text(w, S("pk"), pk);
    put_text(w, S("sk"), sk);
}

static struct error *end_put(struct seed *seed, struct json_writer *w)
{
    json_end_object(w);
    json_end_object(w);
    struct str response;
    TRY(ddb_call(seed->ddb, seed->ddb->cli->arena, S("PutItem"), buf_str(w->out), &response));
    puts("{'ResponseMetadata': {'HTTPStatusCode': 200}}");
    return NULL;
}

static struct str time_of_line(const struct seed *seed, size_t line, char *stamp)
{
    return clock_stamp(seed->start_us + (int64_t)line * 60 * 1000000, stamp);
}

static struct error *put_group_row(struct seed *seed, struct buf *request, int member)
{
    char stamp[CLOCK_STAMP_BYTES];
    size_t last = countof(conversation) - 1;
    struct arena *a = seed->ddb->cli->arena;
    struct json_writer w = json_writer(request);
    begin_put(&w, arena_printf(a, "GRP#%.*s", STR_ARG(seed->people[member].uuid)),
              time_of_line(seed, last, stamp));
    put_text(&w, S("message_group_uuid"), S(DDB_GROUP));
    put_text(&w, S("message"), str_z(conversation[last].text));
    put_person(&w, &seed->people[1 - member]);
    return end_put(seed, &w);
}

static struct error *put_message(struct seed *seed, struct buf *request, size_t line)
{
    char stamp[CLOCK_STAMP_BYTES], uuid[RAND_UUID_BYTES];
    struct json_writer w = json_writer(request);
    begin_put(&w, S("MSG#" DDB_GROUP), time_of_line(seed, line, stamp));
    put_text(&w, S("message_uuid"), rand_uuid(&rand_system, uuid));
    put_text(&w, S("message"), str_z(conversation[line].text));
    put_person(&w, &seed->people[conversation[line].speaker]);
    return end_put(seed, &w);
}

static void print_people(const struct seed *seed, struct buf *out)
{
    static const char *const roles[] = {"my_user", "other_user"};
    buf_add(out, S("get_user_uuids\n{"));
    for (int i = 0; i < 2; i++) {
        buf_printf(out, "%s'%s': {'uuid': ", i ? ", " : "", roles[i]);
        python_repr_str(out, seed->people[i].uuid);
        buf_add(out, S(", 'display_name': "));
        python_repr_str(out, seed->people[i].display_name);
        buf_add(out, S(", 'handle': "));
        python_repr_str(out, seed->people[i].handle);
        buf_add_char(out, '}');
    }
    buf_add(out, S("}\n"));
}

static struct error *find_people(struct cli *cli, const char *data_dir, struct option_list *handles,
                                 struct user *people)
{
    struct users *users = NULL;
    const char *where;
    TRY(people_open(cli, data_dir, false, &users, &where));
    struct error *error = NULL;
    for (size_t i = 0; i < 2 && !error; i++) {
        bool found = false;
        const char *handle = handles->count ? handles->items[i] : users_demo_handles[i];
        error = users_by_handle(users, cli->arena, str_z(handle), &people[i], &found);
        if (!error && !found)
            error = error_new(cli->arena, &error_system,
                              "there is no user %s in %s; `cruddur db seed` adds the people of the "
                              "demonstration",
                              handle, where);
    }
    users_close(users);
    return error;
}

static struct error *write_rows(struct seed *seed)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    print_people(seed, &text);
    struct error *error = ddb_print(seed->ddb, &text);
    for (int i = 0; i < 2 && !error; i++) {
        buf_reset(&text);
        error = put_group_row(seed, &text, i);
    }
    for (size_t i = 0; i < countof(conversation) && !error; i++) {
        buf_reset(&text);
        error = put_message(seed, &text, i);
    }
    buf_clear(&text);
    return error;
}

static struct error *run(struct cli *cli)
{
    const char *data_dir = NULL;
    const struct option_row rows[] = {{"--data", OPTION_TEXT, &data_dir}};
    struct ddb ddb;
    struct seed seed = {.ddb = &ddb};
    struct error *error = ddb_open(cli, rows, countof(rows), 2, &ddb);
    if (!error && ddb.words.count == 1)
        error = error_new(cli->arena, &error_usage, "give two handles, or none");
    if (!error)
        error = find_people(cli, data_dir, &ddb.words, seed.people);
    if (!error) {
        seed.start_us = clock_now_us(&clock_system) - 3 * 3600 * (int64_t)1000000;
        error = write_rows(&seed);
    }
    ddb_close(&ddb);
    return error;
}

const struct command command_ddb_seed = {
    .name = "ddb seed",
    .summary = "write a conversation to try things out",
    .usage = "usage: cruddur ddb seed [HANDLE HANDLE] [--data DIR] [--endpoint URL] [prod]\n"
             "  HANDLE HANDLE    who talk to each other (andrewbrown bayko)\n"
             "  --data DIR       the data folder with users.db; CONNECTION_URL comes before "
             "it\n" DDB_USAGE_ENDPOINT,
    .run = run,
};
