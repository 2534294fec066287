#include "cli/ddb_patterns.h"

#include "cli/python.h"
#include "json/writer.h"

#include <time.h>

static void write_query(struct buf *out, const struct ddb_pattern *pattern)
{
    struct json_writer w = json_writer(out);
    json_begin_object(&w);
    json_key(&w, S("TableName")), json_str(&w, S(DDB_TABLE));
    json_key(&w, S("KeyConditionExpression"));
    json_str(&w, S("pk = :pk AND begins_with(sk, :year)"));
    json_key(&w, S("ScanIndexForward")), json_bool(&w, false);
    if (pattern->limit)
        json_key(&w, S("Limit")), json_i64(&w, pattern->limit);
    json_key(&w, S("ReturnConsumedCapacity")), json_str(&w, S("TOTAL"));
    json_key(&w, S("ExpressionAttributeValues"));
    json_begin_object(&w);
    json_key(&w, S(":pk")), json_begin_object(&w);
    json_key(&w, S("S")), json_str(&w, pattern->pk), json_end_object(&w);
    json_key(&w, S(":year")), json_begin_object(&w);
    json_key(&w, S("S")), json_str(&w, pattern->year), json_end_object(&w);
    json_end_object(&w);
    json_end_object(&w);
}

struct error *ddb_pattern_print(struct ddb *ddb, const struct ddb_pattern *pattern,
                                struct str *response)
{
    struct arena *a = ddb->cli->arena;
    struct buf text;
    buf_init(&text, 64 << 20);
    write_query(&text, pattern);
    struct error *error = ddb_call(ddb, a, S("Query"), buf_str(&text), response);
    if (!error) {
        struct python_json style = {.indent = 2, .sorts_keys = true};
        buf_reset(&text);
        python_json(&text, a, *response, style);
        buf_add_char(&text, '\n');
        error = ddb_print(ddb, &text);
    }
    buf_clear(&text);
    return error;
}

struct error *ddb_pattern_year(struct cli *cli, const char *given, struct str *out)
{
    uint64_t year;
    *out = str_z(given);
    if (given && (out->len != 4 || !str_to_u64(*out, 9999, &year)))
        return error_new(cli->arena, &error_usage, "--year takes four digits, not \"%s\"", given);
    if (!given) {
        time_t now = time(NULL);
        struct tm local;
        localtime_r(&now, &local);
        *out = arena_printf(cli->arena, "%04d", local.tm_year + 1900);
    }
    return NULL;
}
