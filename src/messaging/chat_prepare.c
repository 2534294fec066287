/* The table: what it must have, and making it so.
 *
 * Upstream's schema-load makes the table without its stream, in some versions without its index,
 * and never with a time to live, so each part is looked at by itself. A stream of another view is
 * taken as it is when it holds new images. */
#include <time.h>

#include "messaging/chat_core.h"
#include "messaging/table_facts.h"

#define WAIT_STEP_MS 50
#define WAIT_MAX_MS 600000 /* an index over a large table takes its time */

/* One part that may be missing: what it is, the request that makes it, the command that does. */
struct part {
    const char *what;
    struct str operation, request;
    struct str command;
};

/* -- waiting ----------------------------------------------------------------------------------- */

/* Until the table and, if it has it, the index are ready. */
static struct error *await(struct chat *chat, struct arena *a, struct table_facts *out)
{
    for (int64_t waited_ms = 0; waited_ms < WAIT_MAX_MS; waited_ms += WAIT_STEP_MS) {
        TRY(table_facts_read(&chat->store, a, out));
        if (out->is_active && (!out->has_index || out->index_is_active))
            return NULL;
        nanosleep(&(struct timespec){.tv_nsec = WAIT_STEP_MS * 1000000L}, NULL);
    }
    return error_new(a, &chat_unavailable, "the table %.*s does not become ACTIVE",
                     STR_ARG(chat->store.table));
}

/* -- the parts --------------------------------------------------------------------------------- */

#define THROUGHPUT "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":5,\"WriteCapacityUnits\":5}"
#define INDEX                                                                                      \
    "\"IndexName\":\"message-group-sk-index\",\"KeySchema\":["                                     \
    "{\"AttributeName\":\"message_group_uuid\",\"KeyType\":\"HASH\"},"                             \
    "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"                                           \
    "\"Projection\":{\"ProjectionType\":\"ALL\"}," THROUGHPUT
#define ATTRIBUTES                                                                                 \
    "\"AttributeDefinitions\":["                                                                   \
    "{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"                                          \
    "{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"},"                                          \
    "{\"AttributeName\":\"message_group_uuid\",\"AttributeType\":\"S\"}]"
#define STREAM "\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"NEW_IMAGE\"}"

static struct part table_part(struct arena *a, struct str table)
{
    return (struct part){
        .what = "the table",
        .operation = S("CreateTable"),
        .request =
            arena_printf(a,
                         "{\"TableName\":\"%.*s\",\"BillingMode\":\"PROVISIONED\",\"KeySchema\":["
                         "{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},"
                         "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}]," ATTRIBUTES
                         "," THROUGHPUT "," STREAM ",\"GlobalSecondaryIndexes\":[{" INDEX "}]}",
                         STR_ARG(table)),
        .command =
            S("cruddur ddb schema-load prod (for a data folder: without prod, while `cruddur "
              "dynamodb --data DIR` serves it)"),
    };
}

static struct part index_part(struct arena *a, struct str table)
{
    return (struct part){
        .what = "the index message-group-sk-index",
        .operation = S("UpdateTable"),
        .request = arena_printf(a,
                                "{\"TableName\":\"%.*s\"," ATTRIBUTES
                                ",\"GlobalSecondaryIndexUpdates\":[{\"Create\":{" INDEX "}}]}",
                                STR_ARG(table)),
        .command = arena_printf(
            a,
            "aws dynamodb update-table --table-name %.*s --attribute-definitions "
            "AttributeName=message_group_uuid,AttributeType=S AttributeName=sk,AttributeType=S "
            "--global-secondary-index-updates '[{\"Create\":{" INDEX "}}]'",
            STR_ARG(table)),
    };
}

static struct part stream_part(struct arena *a, struct str table)
{
    return (struct part){
        .what = "its stream",
        .operation = S("UpdateTable"),
        .request = arena_printf(a, "{\"TableName\":\"%.*s\"," STREAM "}", STR_ARG(table)),
        .command =
            arena_printf(a,
                         "aws dynamodb update-table --table-name %.*s --stream-specification "
                         "StreamEnabled=true,StreamViewType=NEW_IMAGE",
                         STR_ARG(table)),
    };
}

static struct part ttl_part(struct arena *a, struct str table)
{
    return (struct part){
        .what = "time to live on its attribute ttl",
        .operation = S("UpdateTimeToLive"),
        .request = arena_printf(a,
                                "{\"TableName\":\"%.*s\",\"TimeToLiveSpecification\":"
                                "{\"Enabled\":true,\"AttributeName\":\"ttl\"}}",
                                STR_ARG(table)),
        .command = arena_printf(a,
                                "aws dynamodb update-time-to-live --table-name %.*s "
                                "--time-to-live-specification Enabled=true,AttributeName=ttl",
                                STR_ARG(table)),
    };
}

static struct error *make_part(struct chat *chat, struct arena *a, struct part part,
                               bool only_check)
{
    struct str response;
    if (only_check)
        return error_new(a, &chat_not_prepared, "%.*s: %s is missing; run: %.*s",
                         STR_ARG(chat->store.table), part.what, STR_ARG(part.command));
    struct error *e = client_call(chat->store.client, a, part.operation, part.request, &response);
    /* Another server that starts at the same time may have been first. */
    return client_failed_with(e, "ResourceInUseException") ? NULL : e;
}

/* A view without new images cannot be adopted from, and changing it would cut off whoever reads it.
 */
static struct error *check_view(struct chat *chat, struct arena *a, struct str view)
{
    if (str_eq(view, S("NEW_IMAGE")) || str_eq(view, S("NEW_AND_OLD_IMAGES")))
        return NULL;
    return error_new(a, &chat_not_prepared,
                     "%.*s: its stream has the view %.*s, which holds no new images; run: aws "
                     "dynamodb update-table --table-name %.*s --stream-specification "
                     "StreamEnabled=false, and start again",
                     STR_ARG(chat->store.table), STR_ARG(view), STR_ARG(chat->store.table));
}

static struct error *ttl_is_on(struct chat *chat, struct arena *a, bool *is_on)
{
    struct str response;
    struct str request = arena_printf(a, "{\"TableName\":\"%.*s\"}", STR_ARG(chat->store.table));
    TRY(client_call(chat->store.client, a, S("DescribeTimeToLive"), request, &response));
    /* On another attribute it stays: expired rows are recognised by their time in any case, and
     * deleting them only saves room. */
    *is_on = str_contains(response, S("\"ENABLED\"")) || str_contains(response, S("\"ENABLING\""));
    return NULL;
}

struct error *chat_prepare(struct chat *chat, struct arena *a, bool only_check)
{
    struct str table = chat->store.table;
    struct table_facts facts;
    bool has_ttl = false;
    TRY(table_facts_read(&chat->store, a, &facts));
    if (!facts.exists)
        TRY(make_part(chat, a, table_part(a, table), only_check));
    TRY(await(chat, a, &facts));
    if (!facts.has_keys)
        return error_new(a, &chat_not_prepared,
                         "%.*s: its keys are not pk and sk; this is another application's table",
                         STR_ARG(table));
    if (!facts.has_index) {
        TRY(make_part(chat, a, index_part(a, table), only_check));
        TRY(await(chat, a, &facts));
    }
    if (!facts.stream_view.len) {
        TRY(make_part(chat, a, stream_part(a, table), only_check));
        TRY(await(chat, a, &facts));
    }
    TRY(check_view(chat, a, facts.stream_view));
    TRY(ttl_is_on(chat, a, &has_ttl));
    return has_ttl ? NULL : make_part(chat, a, ttl_part(a, table), only_check);
}
