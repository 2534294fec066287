#include "cli/ddb.h"

#include "base/vec.h"
#include "cli/python.h"
#include "client/remote.h"
#include "json/reader.h"
#include "json/writer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- options and the client ---------------------------------------------------------------------
 */

#define MAX_ROWS 8

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

/* The first of two variables that is set; "" when neither is. */
static const char *either(const char *first, const char *second)
{
    return *variable(first) ? variable(first) : variable(second);
}

/* "prod" may stand last, as in `bin/ddb/seed prod`. */
static bool take_prod(struct option_list *words)
{
    bool is_prod = words->count && strcmp(words->items[words->count - 1], "prod") == 0;
    words->count -= is_prod;
    return is_prod;
}

/* Amazon DynamoDB, as the environment of the AWS tools names it. Source: "AWS SDKs and Tools
 * Reference Guide", environment variables and service-specific endpoints. */
static struct error *aim_at_aws(struct cli *cli, struct client_remote_options *out)
{
    const char *endpoint = either("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL");
    out->region = str_z(either("AWS_REGION", "AWS_DEFAULT_REGION"));
    out->access_key = str_z(variable("AWS_ACCESS_KEY_ID"));
    out->secret_key = str_z(variable("AWS_SECRET_ACCESS_KEY"));
    out->session_token = str_z(variable("AWS_SESSION_TOKEN"));
    if (!out->region.len || !out->access_key.len || !out->secret_key.len)
        return error_new(cli->arena, &error_system,
                         "prod: set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    out->endpoint = *endpoint ? str_z(endpoint)
                              : arena_printf(cli->arena, "https://dynamodb.%.*s.amazonaws.com",
                                             STR_ARG(out->region));
    return NULL;
}

struct error *ddb_open(struct cli *cli, const struct option_row *rows, size_t count,
                       size_t max_words, struct ddb *out)
{
    *out = (struct ddb){.cli = cli};
    const char *endpoint = NULL;
    struct option_row all[MAX_ROWS] = {{"--endpoint", OPTION_TEXT, &endpoint}};
    assert(count < MAX_ROWS);
    for (size_t i = 0; i < count; i++)
        all[i + 1] = rows[i];
    TRY(options_words(cli, all, count + 1, &out->words));
    bool is_prod = take_prod(&out->words);
    if (is_prod && endpoint)
        return error_new(cli->arena, &error_usage, "give --endpoint URL or prod, not both");
    if (out->words.count > max_words)
        return error_new(cli->arena, &error_usage, "unexpected word \"%s\"",
                         out->words.items[max_words]);
    struct client_remote_options options = {
        .endpoint = str_z(endpoint ? endpoint : "http://localhost:8000"),
        .region = S("us-east-1"),
        .access_key = S("local"),
        .secret_key = S("local"),
        .timeout_ms = 30000,
        .attempts = 3,
    };
    if (is_prod)
        TRY(aim_at_aws(cli, &options));
    return client_remote_new(cli->arena, &options, &out->client);
}

struct error *ddb_run(struct cli *cli, struct error *(*work)(struct ddb *ddb))
{
    struct ddb ddb;
    struct error *error = ddb_open(cli, NULL, 0, 0, &ddb);
    if (!error)
        error = work(&ddb);
    ddb_close(&ddb);
    return error;
}

void ddb_close(struct ddb *ddb)
{
    client_free(ddb->client);
    ddb->client = NULL;
}

struct error *ddb_call(struct ddb *ddb, struct arena *a, struct str operation, struct str request,
                       struct str *response)
{
    struct error *error = client_call(ddb->client, a, operation, request, response);
    const char *way_out = "";
    if (!error)
        return NULL;
    if (client_failed_with(error, "ConnectionError"))
        way_out = "; start `cruddur serve`, or name another endpoint with --endpoint URL";
    else if (client_failed_with(error, "ResourceNotFoundException"))
        way_out = "; `cruddur ddb list-tables` shows the tables, `cruddur ddb schema-load` makes "
                  "the one for messages";
    return error_new(a, &error_system, "%s: %.*s%s", error->kind->name, STR_ARG(error->message),
                     way_out);
}

struct error *ddb_print(struct ddb *ddb, struct buf *text)
{
    if (text->overflowed)
        return error_new(ddb->cli->arena, &error_system, "the answer is too large to print");
    if (fwrite(text->data, 1, text->len, stdout) != text->len)
        return error_errno(ddb->cli->arena, "cannot write the output");
    return NULL;
}

/* -- parts of answers ---------------------------------------------------------------------------
 */

bool ddb_member(struct arena *a, struct str object, struct str name, struct str *value)
{
    struct json_reader r;
    struct str found;
    json_reader_init(&r, object, a);
    if (!json_enter_object(&r))
        return false;
    while (json_next_member(&r, &found) && json_read_raw(&r, value))
        if (str_eq(found, name))
            return true;
    return false;
}

struct str ddb_item_str(struct arena *a, struct str item, struct str name)
{
    struct str attribute, raw, text;
    struct json_reader r;
    if (!ddb_member(a, item, name, &attribute) || !ddb_member(a, attribute, S("S"), &raw))
        return S("");
    json_reader_init(&r, raw, a);
    return json_read_str(&r, &text) ? text : S("");
}

/* -- the order of the model ---------------------------------------------------------------------
 */

/* The members of TableDescription and all it holds, merged into one order that agrees with each
 * structure's own. Source: the DynamoDB service model, 2012-08-10. */
static const char *const model_order[] = {
    "AttributeDefinitions",
    "TableName",
    "IndexName",
    "AttributeName",
    "AttributeType",
    "KeySchema",
    "KeyType",
    "Projection",
    "ProjectionType",
    "NonKeyAttributes",
    "IndexStatus",
    "Backfilling",
    "TableStatus",
    "CreationDateTime",
    "ProvisionedThroughput",
    "LastIncreaseDateTime",
    "LastDecreaseDateTime",
    "NumberOfDecreasesToday",
    "ReadCapacityUnits",
    "WriteCapacityUnits",
    "TableSizeBytes",
    "IndexSizeBytes",
    "ItemCount",
    "IndexArn",
    "TableArn",
    "TableId",
    "BillingModeSummary",
    "BillingMode",
    "LastUpdateToPayPerRequestDateTime",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "StreamSpecification",
    "StreamEnabled",
    "StreamViewType",
    "LatestStreamLabel",
    "LatestStreamArn",
    "SSEDescription",
    "TableClassSummary",
    "TableClass",
    "LastUpdateDateTime",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
};

struct ranked {
    size_t rank, position;
    struct str name, value;
};

static size_t rank_of(struct str name)
{
    size_t rank = 0;
    while (rank < countof(model_order) && !str_eq(str_z(model_order[rank]), name))
        rank++;
    return rank;
}

/* By rank; what the list does not know keeps its order behind the rest. */
static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return left->position < right->position ? -1 : 1;
}

struct reorder {
    struct arena *arena;
    struct json_writer writer;
    bool dates_as_text;
};

static void put_in_order(struct reorder *o, struct str json);

static void put_object(struct reorder *o, struct json_reader *r)
{
    VEC(struct ranked) members = {0};
    struct ranked m;
    json_enter_object(r);
    while (json_next_member(r, &m.name) && json_read_raw(r, &m.value)) {
        m.rank = rank_of(m.name);
        m.position = members.count;
        VEC_PUSH(o->arena, &members, m);
    }
    if (members.count)
        qsort(members.items, members.count, sizeof *members.items, compare_ranked);
    json_begin_object(&o->writer);
    for (size_t i = 0; i < members.count; i++) {
        struct str value = str_trim(members.items[i].value);
        json_key(&o->writer, members.items[i].name);
        struct buf text;
        buf_init(&text, 64);
        if (o->dates_as_text && str_ends(members.items[i].name, S("DateTime")) &&
            python_iso_time(&text, value))
            json_str(&o->writer, buf_str(&text));
        else
            put_in_order(o, value);
        buf_clear(&text);
    }
    json_end_object(&o->writer);
}

static void put_in_order(struct reorder *o, struct str json)
{
    struct json_reader r;
    struct str element;
    json_reader_init(&r, json, o->arena);
    switch (json_peek(&r)) {
    case JSON_OBJECT:
        put_object(o, &r);
        return;
    case JSON_ARRAY:
        json_enter_array(&r);
        json_begin_array(&o->writer);
        while (json_next_element(&r) && json_read_raw(&r, &element))
            put_in_order(o, element);
        json_end_array(&o->writer);
        return;
    case JSON_STRING:
    case JSON_NUMBER:
    case JSON_BOOL:
    case JSON_NULL:
    case JSON_INVALID:
        json_raw(&o->writer, json);
        return;
    }
}

struct str ddb_in_model_order(struct arena *a, struct str response, bool dates_as_text)
{
    struct buf out;
    buf_init(&out, 8 * response.len + 1024);
    struct reorder o = {.arena = a, .writer = json_writer(&out), .dates_as_text = dates_as_text};
    put_in_order(&o, response);
    struct str ordered = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return ordered;
}
