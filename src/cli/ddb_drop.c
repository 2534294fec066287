/* ddb drop: deletes a table; prints the answer as the AWS CLI does. */
#include "cli/ddb.h"
#include "cli/python.h"
#include "json/writer.h"

#include <stdio.h>

static struct error *drop(struct ddb *ddb, struct str table)
{
    struct arena *a = ddb->cli->arena;
    printf("deleting table: %.*s\n", STR_ARG(table));
    struct buf request, out;
    buf_init(&request, 1 << 16);
    buf_init(&out, 1 << 20);
    struct json_writer w = json_writer(&request);
    json_begin_object(&w);
    json_key(&w, S("TableName")), json_str(&w, table);
    json_end_object(&w);
    struct str response;
    struct error *error = ddb_call(ddb, a, S("DeleteTable"), buf_str(&request), &response);
    if (!error) {
        struct python_json style = {.indent = 4, .keeps_utf8 = true};
        python_json(&out, a, ddb_in_model_order(a, response, true), style);
        buf_add_char(&out, '\n');
        error = ddb_print(ddb, &out);
    }
    buf_clear(&request);
    buf_clear(&out);
    return error;
}

static struct error *run(struct cli *cli)
{
    struct ddb ddb;
    struct error *error = ddb_open(cli, NULL, 0, 1, &ddb);
    if (!error && !ddb.words.count)
        error = error_new(cli->arena, &error_usage, "no table name given");
    if (!error && !str_is_utf8(str_z(ddb.words.items[0])))
        error = error_new(cli->arena, &error_usage, "the table name is not UTF-8");
    if (!error)
        error = drop(&ddb, str_z(ddb.words.items[0]));
    ddb_close(&ddb);
    return error;
}

const struct command command_ddb_drop = {
    .name = "ddb drop",
    .summary = "delete a table and all that is in it",
    .usage = "usage: cruddur ddb drop TABLE [--endpoint URL] [prod]\n" DDB_USAGE_ENDPOINT,
    .run = run,
};
