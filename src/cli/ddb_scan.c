/* ddb scan: every item of the messages table, one line each, as a boto3 resource prints it. */
#include "cli/ddb.h"
#include "cli/python.h"
#include "json/reader.h"
#include "json/writer.h"

static struct error *print_items(struct ddb *ddb, struct arena *a, struct str response)
{
    struct str array, item;
    struct json_reader r;
    struct buf out;
    struct error *error = NULL;
    if (!ddb_member(a, response, S("Items"), &array))
        return NULL;
    buf_init(&out, 64 << 20);
    json_reader_init(&r, array, a);
    json_enter_array(&r);
    while (json_next_element(&r) && json_read_raw(&r, &item)) {
        python_repr_item(&out, a, item);
        buf_add_char(&out, '\n');
    }
    error = ddb_print(ddb, &out);
    buf_clear(&out);
    return error;
}

/* Scans and prints one page; `start` is the key to go on from and becomes the next one, empty at
 * the end. */
static struct error *scan_page(struct ddb *ddb, struct arena *a, struct buf *start)
{
    struct buf request;
    buf_init(&request, 1 << 20);
    struct json_writer w = json_writer(&request);
    json_begin_object(&w);
    json_key(&w, S("TableName")), json_str(&w, S(DDB_TABLE));
    if (start->len)
        json_key(&w, S("ExclusiveStartKey")), json_raw(&w, buf_str(start));
    json_end_object(&w);
    struct str response, next;
    struct error *error = ddb_call(ddb, a, S("Scan"), buf_str(&request), &response);
    buf_clear(&request);
    buf_reset(start);
    if (error)
        return error;
    if (ddb_member(a, response, S("LastEvaluatedKey"), &next))
        buf_add(start, next);
    return print_items(ddb, a, response);
}

/* Each page has an arena of its own, so that a table of any size takes the memory of one page. */
static struct error *scan(struct ddb *ddb)
{
    struct buf start;
    struct error *error;
    buf_init(&start, 1 << 16);
    do {
        struct arena page;
        arena_init(&page);
        error = scan_page(ddb, &page, &start);
        if (error)
            error = error_new(ddb->cli->arena, error->kind, "%.*s", STR_ARG(error->message));
        arena_clear(&page);
    } while (!error && start.len);
    buf_clear(&start);
    return error;
}

static struct error *run(struct cli *cli)
{
    return ddb_run(cli, scan);
}

const struct command command_ddb_scan = {
    .name = "ddb scan",
    .summary = "print every row of the messages table",
    .usage = "usage: cruddur ddb scan [--endpoint URL] [prod]\n" DDB_USAGE_ENDPOINT,
    .run = run,
};
