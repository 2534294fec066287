#include "workloads.h"

#include "base/vec.h"
#include "json/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define READ_TABLE "bench-read"
#define WRITE_TABLE "bench-write"
#define INDEX "message-group-sk-index"
#define GROUPS 1000u
#define MESSAGES 98u /* in each group */
#define USERS 500u
#define ITEMS (GROUPS * (MESSAGES + 2))
#define UPDATED_KEYS 5000u

/* -- rows ---------------------------------------------------------------------------------------
 */

/* An identifier of 36 characters that follows from a kind and a number. */
static const char *id_of(char out[37], char kind, uint64_t number)
{
    uint64_t mixed = (number + 1) * 0x9e3779b97f4a7c15u ^ (uint64_t)kind << 56;
    snprintf(out, 37, "%08x-%04x-4%03x-8%03x-%012" PRIx64, (unsigned)(mixed >> 32),
             (unsigned)(mixed >> 16 & 0xffff), (unsigned)(mixed & 0xfff),
             (unsigned)(number & 0xfff), mixed >> 16);
    return out;
}

/* One message a week from July 2022 on: months of 28 days keep the arithmetic plain. */
static void put_time(struct buf *out, uint64_t group, uint64_t index)
{
    uint64_t day = index * 7 + 1, month = day / 28 + 6;
    buf_printf(out, "%04u-%02u-%02uT10:%02u:%02u.%06u+00:00", (unsigned)(2022 + month / 12),
               (unsigned)(month % 12 + 1), (unsigned)(day % 28 + 1), (unsigned)(group / 60 % 60),
               (unsigned)(group % 60), (unsigned)((group * 7919 + index * 104729) % 999999));
}

static void put_text(struct buf *out, uint64_t seed)
{
    buf_printf(
        out, "the quick brown fox jumps over a lazy dog while message %" PRIu64 " of many is sent",
        seed);
}

static void put_sender(struct buf *out, uint64_t number)
{
    char user[37];
    unsigned index = (unsigned)(number % USERS);
    buf_printf(out,
               "\"user_uuid\":{\"S\":\"%s\"},\"user_display_name\":{\"S\":\"Cruddur User %03u\"},"
               "\"user_handle\":{\"S\":\"cruddur_user_%03u\"}}",
               id_of(user, 'u', index), index, index);
}

static void put_key(struct buf *out, char kind, uint64_t owner)
{
    char id[37];
    buf_printf(out, "{\"pk\":{\"S\":\"%s#%s\"},\"sk\":{\"S\":\"", kind == 'g' ? "MSG" : "GRP",
               id_of(id, kind, owner));
}

/* `stamp` other than 0 makes the key unique: writes never hit an item twice. */
static void put_message(struct buf *out, uint64_t group, uint64_t index, uint64_t stamp)
{
    char id[37];
    put_key(out, 'g', group);
    if (stamp)
        buf_printf(out, "2025-01-01T%012" PRIu64 ".000000+00:00", stamp);
    else
        put_time(out, group, index);
    buf_printf(out, "\"},\"message_uuid\":{\"S\":\"%s\"},\"message\":{\"S\":\"",
               id_of(id, 'm', group * 1000 + index + stamp));
    put_text(out, group + index);
    buf_add_z(out, "\"},");
    put_sender(out, group * 3 + index);
}

static void put_group_row(struct buf *out, uint64_t group, uint64_t side, uint64_t stamp)
{
    char id[37];
    put_key(out, 'u', (group * 2 + side) % USERS);
    if (stamp)
        buf_printf(out, "2025-01-01T%012" PRIu64 ".000000+00:00", stamp);
    else
        put_time(out, group, MESSAGES + side);
    buf_printf(out, "\"},\"message_group_uuid\":{\"S\":\"%s\"},\"message\":{\"S\":\"",
               id_of(id, 'g', group));
    put_text(out, group);
    buf_add_z(out, "\"},");
    put_sender(out, group * 2 + 1 - side);
}

/* -- requests -----------------------------------------------------------------------------------
 */

static void make_put(struct buf *body, uint64_t number, void *context)
{
    (void)context;
    buf_add_z(body, "{\"TableName\":\"" WRITE_TABLE "\",\"Item\":");
    put_message(body, number * 7 % GROUPS, number % MESSAGES, number + 1);
    buf_add_z(body, "}");
}

static void make_put_gsi(struct buf *body, uint64_t number, void *context)
{
    (void)context;
    buf_add_z(body, "{\"TableName\":\"" WRITE_TABLE "\",\"Item\":");
    put_group_row(body, number * 7 % GROUPS, number % 2, number + 1);
    buf_add_z(body, "}");
}

static void make_get(struct buf *body, uint64_t number, void *context)
{
    uint64_t group = number * 13 % GROUPS, index = number * 31 % MESSAGES;
    (void)context;
    buf_add_z(body, "{\"TableName\":\"" READ_TABLE "\",\"Key\":");
    put_key(body, 'g', group);
    put_time(body, group, index);
    buf_add_z(body, "\"}}}");
}

static void make_query(struct buf *body, uint64_t number, void *context)
{
    char id[37];
    (void)context;
    buf_printf(body,
               "{\"TableName\":\"" READ_TABLE "\",\"KeyConditionExpression\":\"pk = :pk AND "
               "begins_with(sk, :year)\",\"ScanIndexForward\":false,\"Limit\":20,"
               "\"ExpressionAttributeValues\":{\":year\":{\"S\":\"2023\"},"
               "\":pk\":{\"S\":\"MSG#%s\"}}}",
               id_of(id, 'g', number * 13 % GROUPS));
}

static void make_query_gsi(struct buf *body, uint64_t number, void *context)
{
    char id[37];
    (void)context;
    buf_printf(body,
               "{\"TableName\":\"" READ_TABLE "\",\"IndexName\":\"" INDEX "\","
               "\"KeyConditionExpression\":\"message_group_uuid = :g\","
               "\"ExpressionAttributeValues\":{\":g\":{\"S\":\"%s\"}}}",
               id_of(id, 'g', number * 13 % GROUPS));
}

static void make_update(struct buf *body, uint64_t number, void *context)
{
    uint64_t key = number % UPDATED_KEYS, group = key % GROUPS, index = key / GROUPS * 10;
    (void)context;
    buf_add_z(body, "{\"TableName\":\"" READ_TABLE "\",\"Key\":");
    put_key(body, 'g', group);
    put_time(body, group, index);
    buf_add_z(body, "\"}},\"UpdateExpression\":\"SET message=:m ADD n :one\","
                    "\"ExpressionAttributeValues\":{\":m\":{\"S\":\"");
    put_text(body, number);
    buf_add_z(body, "\"},\":one\":{\"N\":\"1\"}}}");
}

static void make_batch_of(struct buf *body, uint64_t number, const char *table, bool is_load)
{
    buf_printf(body, "{\"RequestItems\":{\"%s\":[", table);
    for (uint64_t i = 0; i < 25; i++) {
        uint64_t item = number * 25 + i, group = item / (MESSAGES + 2) % GROUPS,
                 index = item % (MESSAGES + 2);
        buf_add_z(body, i ? ",{\"PutRequest\":{\"Item\":" : "{\"PutRequest\":{\"Item\":");
        if (index < MESSAGES)
            put_message(body, group, index, is_load ? 0 : item + 1);
        else
            put_group_row(body, group, index - MESSAGES, is_load ? 0 : item + 1);
        buf_add_z(body, "}}");
    }
    buf_add_z(body, "]}}");
}

static void make_batch(struct buf *body, uint64_t number, void *context)
{
    (void)context;
    make_batch_of(body, number, WRITE_TABLE, false);
}

/* A message is sent: put it, move two rows forward, and check that the group was not closed. */
static void make_txn(struct buf *body, uint64_t number, void *context)
{
    (void)context;
    buf_add_z(body, "{\"TransactItems\":[{\"Put\":{\"TableName\":\"" WRITE_TABLE "\",\"Item\":");
    put_message(body, number * 7 % GROUPS, number % MESSAGES, number + 1);
    buf_add_z(body, ",\"ConditionExpression\":\"attribute_not_exists(pk)\"}}");
    for (unsigned side = 0; side < 2; side++)
        buf_printf(body,
                   ",{\"Update\":{\"TableName\":\"" WRITE_TABLE "\",\"Key\":{\"pk\":{\"S\":"
                   "\"GRP#%05u-%u\"},\"sk\":{\"S\":\"last\"}},\"UpdateExpression\":"
                   "\"SET message=:m ADD n :one\",\"ExpressionAttributeValues\":"
                   "{\":m\":{\"S\":\"the newest message\"},\":one\":{\"N\":\"1\"}}}}",
                   (unsigned)(number % 2000), side);
    buf_printf(body,
               ",{\"ConditionCheck\":{\"TableName\":\"" WRITE_TABLE "\",\"Key\":{\"pk\":{\"S\":"
               "\"CLS#%05u\"},\"sk\":{\"S\":\"info\"}},\"ConditionExpression\":"
               "\"attribute_not_exists(pk)\"}}]}",
               (unsigned)(number % 2000));
}

struct pages {
    struct str *bodies;
    size_t count;
};

static void make_scan(struct buf *body, uint64_t number, void *context)
{
    const struct pages *pages = context;
    buf_add(body, pages->bodies[number % pages->count]);
}

/* -- answers ------------------------------------------------------------------------------------
 */

static bool is_empty_object(struct str body, void *context)
{
    (void)context;
    return str_eq(str_trim(body), S("{}"));
}

static bool has_item(struct str body, void *context)
{
    (void)context;
    return str_contains(body, S("\"Item\"")) && str_contains(body, S("\"user_handle\""));
}

static bool has_twenty(struct str body, void *context)
{
    (void)context;
    return str_contains(body, S("\"Count\":20")) && str_contains(body, S("\"LastEvaluatedKey\""));
}

static bool has_two(struct str body, void *context)
{
    (void)context;
    return str_contains(body, S("\"Count\":2"));
}

static bool has_no_rest(struct str body, void *context)
{
    (void)context;
    return str_contains(body, S("\"UnprocessedItems\":{}"));
}

static bool is_page(struct str body, void *context)
{
    (void)context;
    return body.len > 1u << 20 && str_contains(body, S("\"LastEvaluatedKey\""));
}

#define TARGET(operation) STR_INIT("DynamoDB_20120810." operation)

static const struct workload workloads[] = {
    {"get", TARGET("GetItem"), false, 0, make_get, has_item},
    {"put", TARGET("PutItem"), true, 0, make_put, is_empty_object},
    {"put_gsi", TARGET("PutItem"), true, 0, make_put_gsi, is_empty_object},
    {"query20", TARGET("Query"), false, 0, make_query, has_twenty},
    {"query_gsi", TARGET("Query"), false, 0, make_query_gsi, has_two},
    {"update", TARGET("UpdateItem"), false, 0, make_update, is_empty_object},
    {"batch25", TARGET("BatchWriteItem"), true, 0, make_batch, has_no_rest},
    {"txn4", TARGET("TransactWriteItems"), true, 0, make_txn, is_empty_object},
    {"scan1mb", TARGET("Scan"), false, 4, make_scan, is_page},
};

const struct workload *workload_list(size_t *count)
{
    *count = countof(workloads);
    return workloads;
}

/* -- tables -------------------------------------------------------------------------------------
 */

static struct error *ask(struct arena *a, struct str host, const char *operation, struct str body,
                         int *status, struct str *answer)
{
    return load_once(a, host, arena_printf(a, "DynamoDB_20120810.%s", operation), body, status,
                     answer);
}

static struct error *must(struct arena *a, struct str host, const char *operation, struct str body,
                          struct str *answer)
{
    int status;
    TRY(ask(a, host, operation, body, &status, answer));
    if (status != 200)
        return error_new(a, &error_system, "%s: %d %.*s", operation, status,
                         STR_ARG(str_slice(*answer, 0, 300)));
    return NULL;
}

static struct error *make_table(struct arena *a, struct str host, const char *name)
{
    struct str answer;
    return must(a, host, "CreateTable",
                arena_printf(a,
                             "{\"TableName\":\"%s\",\"AttributeDefinitions\":["
                             "{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"
                             "{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"},"
                             "{\"AttributeName\":\"message_group_uuid\",\"AttributeType\":\"S\"}],"
                             "\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},"
                             "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"
                             "\"BillingMode\":\"PAY_PER_REQUEST\",\"GlobalSecondaryIndexes\":[{"
                             "\"IndexName\":\"" INDEX "\",\"KeySchema\":["
                             "{\"AttributeName\":\"message_group_uuid\",\"KeyType\":\"HASH\"},"
                             "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"
                             "\"Projection\":{\"ProjectionType\":\"ALL\"}}]}",
                             name),
                &answer);
}

static struct error *table_exists(struct arena *a, struct str host, const char *name, bool *out)
{
    int status;
    struct str answer;
    TRY(ask(a, host, "DescribeTable", arena_printf(a, "{\"TableName\":\"%s\"}", name), &status,
            &answer));
    *out = status == 200;
    return NULL;
}

struct error *workload_load(struct arena *a, struct str host)
{
    bool is_there;
    TRY(table_exists(a, host, READ_TABLE, &is_there));
    if (is_there)
        return NULL;
    TRY(make_table(a, host, READ_TABLE));
    struct buf body;
    buf_init(&body, 1u << 20);
    struct error *error = NULL;
    struct str answer;
    for (uint64_t batch = 0; batch < ITEMS / 25 && !error; batch++) {
        struct arena scratch;
        arena_init(&scratch);
        buf_reset(&body);
        make_batch_of(&body, batch, READ_TABLE, true);
        error = must(&scratch, host, "BatchWriteItem", buf_str(&body), &answer);
        if (error)
            error = error_new(a, error->kind, "%.*s", STR_ARG(error->message));
        arena_clear(&scratch);
    }
    buf_clear(&body);
    return error;
}

/* The raw LastEvaluatedKey of a page; false when there is none. */
static bool last_key(struct arena *a, struct str answer, struct str *key)
{
    struct json_reader r;
    struct str name;
    bool found = false;
    json_reader_init(&r, answer, a);
    json_enter_object(&r);
    while (json_next_member(&r, &name)) {
        if (str_eq(name, S("LastEvaluatedKey")))
            found = json_read_raw(&r, key);
        else
            json_skip(&r);
    }
    return found && json_finish(&r);
}

/* Walks the table once; a full page is one that has another after it. */
static struct error *find_pages(struct arena *a, struct str host, struct pages **out)
{
    VEC(struct str) bodies = {0};
    struct str body = S("{\"TableName\":\"" READ_TABLE "\"}"), answer, key;
    for (;;) {
        TRY(must(a, host, "Scan", body, &answer));
        if (!last_key(a, answer, &key))
            break;
        VEC_PUSH(a, &bodies, body);
        body = arena_printf(a, "{\"TableName\":\"" READ_TABLE "\",\"ExclusiveStartKey\":%.*s}",
                            STR_ARG(key));
    }
    if (!bodies.count)
        return error_new(a, &error_system, "Scan gave one page: no 1 MB limit?");
    *out = arena_new(a, struct pages);
    **out = (struct pages){bodies.items, bodies.count};
    return NULL;
}

struct error *workload_prepare(struct arena *a, struct str host, const struct workload *workload,
                               void **context)
{
    *context = NULL;
    if (workload->make == make_scan)
        return find_pages(a, host, (struct pages **)context);
    if (!workload->writes)
        return NULL;
    bool is_there;
    struct str answer;
    TRY(table_exists(a, host, WRITE_TABLE, &is_there));
    if (is_there)
        TRY(must(a, host, "DeleteTable", S("{\"TableName\":\"" WRITE_TABLE "\"}"), &answer));
    do
        TRY(table_exists(a, host, WRITE_TABLE, &is_there));
    while (is_there);
    return make_table(a, host, WRITE_TABLE);
}
