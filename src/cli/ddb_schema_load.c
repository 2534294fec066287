/* ddb schema-load: makes the messages table and its index. */
#include "cli/ddb.h"
#include "cli/python.h"

static const struct str table_request =
    STR_INIT("{\"TableName\":\"" DDB_TABLE "\","
             "\"AttributeDefinitions\":["
             "{\"AttributeName\":\"message_group_uuid\",\"AttributeType\":\"S\"},"
             "{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"
             "{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"}],"
             "\"KeySchema\":["
             "{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},"
             "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"
             "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"" DDB_INDEX "\","
             "\"KeySchema\":["
             "{\"AttributeName\":\"message_group_uuid\",\"KeyType\":\"HASH\"},"
             "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"
             "\"Projection\":{\"ProjectionType\":\"ALL\"},"
             "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":5,\"WriteCapacityUnits\":5}}],"
             "\"BillingMode\":\"PROVISIONED\","
             "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":5,\"WriteCapacityUnits\":5},"
             "\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"NEW_IMAGE\"}}");

static struct error *load(struct ddb *ddb)
{
    struct arena *a = ddb->cli->arena;
    struct str response;
    TRY(ddb_call(ddb, a, S("CreateTable"), table_request, &response));
    struct buf out;
    buf_init(&out, 1 << 20);
    python_repr(&out, a, ddb_in_model_order(a, response, false));
    buf_add_char(&out, '\n');
    struct error *error = ddb_print(ddb, &out);
    buf_clear(&out);
    return error;
}

static struct error *run(struct cli *cli)
{
    return ddb_run(cli, load);
}

const struct command command_ddb_schema_load = {
    .name = "ddb schema-load",
    .summary = "make the messages table",
    .usage = "usage: cruddur ddb schema-load [--endpoint URL] [prod]\n" DDB_USAGE_ENDPOINT,
    .run = run,
};
