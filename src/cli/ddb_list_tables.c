/* ddb list-tables: the names of all tables, drawn as `aws … --query TableNames --output table`
 * does:
 *
 *     ----------------------
 *     |     ListTables     |
 *     +--------------------+
 *     |  cruddur-messages  |
 *     +--------------------+
 *
 * and nothing at all when there is none. */
#include "base/vec.h"
#include "cli/ddb.h"
#include "cli/python.h"
#include "json/reader.h"
#include "json/writer.h"

#define TITLE S("ListTables")

struct names {
    VEC(struct str) list;
};

/* One page of names; *last is empty when it was the last page. */
static struct error *list_page(struct ddb *ddb, struct names *names, struct str *last)
{
    struct arena *a = ddb->cli->arena;
    struct buf request;
    buf_init(&request, 4096);
    struct json_writer w = json_writer(&request);
    json_begin_object(&w);
    if (last->len)
        json_key(&w, S("ExclusiveStartTableName")), json_str(&w, *last);
    json_end_object(&w);
    struct str response, array, name;
    struct error *error = ddb_call(ddb, a, S("ListTables"), buf_str(&request), &response);
    buf_clear(&request);
    if (error)
        return error;
    struct json_reader r;
    if (ddb_member(a, response, S("TableNames"), &array)) {
        json_reader_init(&r, array, a);
        json_enter_array(&r);
        while (json_next_element(&r) && json_read_str(&r, &name))
            VEC_PUSH(a, &names->list, name);
    }
    *last = S("");
    if (ddb_member(a, response, S("LastEvaluatedTableName"), &array)) {
        json_reader_init(&r, array, a);
        if (!json_read_str(&r, last))
            *last = S("");
    }
    return NULL;
}

static void draw_line(struct buf *out, char corner, size_t width)
{
    buf_add_char(out, corner);
    for (size_t i = 0; i < width; i++)
        buf_add_char(out, '-');
    buf_add_char(out, corner);
    buf_add_char(out, '\n');
}

static void draw(struct buf *out, const struct names *names)
{
    size_t width = TITLE.len;
    for (size_t i = 0; i < names->list.count; i++)
        if (names->list.items[i].len + 4 > width)
            width = names->list.items[i].len + 4;
    draw_line(out, '-', width);
    size_t left = (width - TITLE.len) / 2;
    buf_add_char(out, '|');
    python_pad(out, S(""), left);
    python_pad(out, TITLE, width - left);
    buf_add(out, S("|\n"));
    draw_line(out, '+', width);
    for (size_t i = 0; i < names->list.count; i++) {
        buf_add(out, S("|  "));
        python_pad(out, names->list.items[i], width - 2);
        buf_add(out, S("|\n"));
    }
    draw_line(out, '+', width);
}

static struct error *list(struct ddb *ddb)
{
    struct names names = {0};
    struct str last = S("");
    do
        TRY(list_page(ddb, &names, &last));
    while (last.len);
    if (!names.list.count)
        return NULL;
    struct buf out;
    buf_init(&out, 64 << 20);
    draw(&out, &names);
    struct error *error = ddb_print(ddb, &out);
    buf_clear(&out);
    return error;
}

static struct error *run(struct cli *cli)
{
    return ddb_run(cli, list);
}

const struct command command_ddb_list_tables = {
    .name = "ddb list-tables",
    .summary = "the names of all tables",
    .usage = "usage: cruddur ddb list-tables [--endpoint URL] [prod]\n" DDB_USAGE_ENDPOINT,
    .run = run,
};
