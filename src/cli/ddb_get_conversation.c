/* ddb get-conversation: pattern A, the newest messages of one group.
 *
 * Prints the response, the consumed capacity, and the messages, oldest first, one line each. */
#include "base/vec.h"
#include "cli/ddb_patterns.h"
#include "cli/python.h"
#include "json/reader.h"

#include <stdio.h>

#define PAGE 20
#define HANDLE_WIDTH 12
#define TIME_WIDTH 22
#define TEXT_CHARS 40

/* strptime's '%Y-%m-%dT%H:%M:%S.%f%z' printed as '%Y-%m-%d %I:%M %p': the time of the stamp's own
 * zone. A stamp of another form is printed as it is, where the script would stop. */
static struct str short_time(struct arena *a, struct str stamp)
{
    int year, month, day, hour, minute, second, used = 0;
    const char *z = arena_z(a, stamp);
    if (sscanf(z, "%4d-%2d-%2dT%2d:%2d:%2d.%*[0-9]%n", &year, &month, &day, &hour, &minute, &second,
               &used) != 6 ||
        !used || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59)
        return stamp;
    return arena_printf(a, "%04d-%02d-%02d %02d:%02d %s", year, month, day,
                        hour % 12 ? hour % 12 : 12, minute, hour < 12 ? "AM" : "PM");
}

static void add_line(struct buf *out, struct arena *a, struct str item)
{
    python_pad(out, ddb_item_str(a, item, S("user_handle")), HANDLE_WIDTH);
    python_pad(out, short_time(a, ddb_item_str(a, item, S("sk"))), TIME_WIDTH);
    buf_add(out, python_first(ddb_item_str(a, item, S("message")), TEXT_CHARS));
    buf_add(out, S("...\n"));
}

static struct error *print_messages(struct ddb *ddb, struct str response)
{
    struct arena *a = ddb->cli->arena;
    struct str part, item;
    struct buf out;
    VEC(struct str) items = {0};
    buf_init(&out, 1 << 20);
    if (ddb_member(a, response, S("ConsumedCapacity"), &part)) {
        struct python_json style = {.indent = 2, .sorts_keys = true};
        python_json(&out, a, part, style);
        buf_add_char(&out, '\n');
    }
    if (ddb_member(a, response, S("Items"), &part)) {
        struct json_reader r;
        json_reader_init(&r, part, a);
        json_enter_array(&r);
        while (json_next_element(&r) && json_read_raw(&r, &item))
            VEC_PUSH(a, &items, item);
    }
    for (size_t i = items.count; i > 0; i--)
        add_line(&out, a, items.items[i - 1]);
    struct error *error = ddb_print(ddb, &out);
    buf_clear(&out);
    return error;
}

static struct error *show(struct ddb *ddb, const char *group, const char *year)
{
    struct str response;
    struct ddb_pattern pattern = {.limit = PAGE};
    if (!str_is_utf8(str_z(group)))
        return error_new(ddb->cli->arena, &error_usage, "the group is not UTF-8");
    pattern.pk = arena_printf(ddb->cli->arena, "MSG#%s", group);
    TRY(ddb_pattern_year(ddb->cli, year, &pattern.year));
    TRY(ddb_pattern_print(ddb, &pattern, &response));
    return print_messages(ddb, response);
}

static struct error *run(struct cli *cli)
{
    const char *year = NULL;
    const struct option_row rows[] = {{"--year", OPTION_TEXT, &year}};
    struct ddb ddb;
    struct error *error = ddb_open(cli, rows, countof(rows), 1, &ddb);
    if (!error)
        error = show(&ddb, ddb.words.count ? ddb.words.items[0] : DDB_GROUP, year);
    ddb_close(&ddb);
    return error;
}

const struct command command_ddb_get_conversation = {
    .name = "ddb get-conversation",
    .summary = "the newest messages of a group",
    .usage = "usage: cruddur ddb get-conversation [GROUP] [--year YYYY] [--endpoint URL] [prod]\n"
             "  GROUP            a message group (the one that `ddb seed` writes)\n"
             "  --year YYYY      messages of that year (the present one)\n" DDB_USAGE_ENDPOINT,
    .run = run,
};
