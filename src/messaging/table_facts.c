#include "messaging/table_facts.h"

#include "json/reader.h"

static void read_str_member(struct json_reader *r, struct str *out)
{
    if (json_peek(r) == JSON_STRING)
        json_read_str(r, out);
    else
        json_skip(r);
}

/* [{"AttributeName":…,"KeyType":…},…] is exactly hash and range. */
static bool read_key_schema(struct json_reader *r, struct str hash, struct str range)
{
    size_t seen = 0, right = 0;
    struct str member;
    if (!json_enter_array(r))
        return false;
    while (json_next_element(r)) {
        struct str name = {"", 0}, type = {"", 0};
        if (!json_enter_object(r))
            return false;
        while (json_next_member(r, &member)) {
            if (str_eq(member, S("AttributeName")))
                read_str_member(r, &name);
            else if (str_eq(member, S("KeyType")))
                read_str_member(r, &type);
            else
                json_skip(r);
        }
        seen++;
        right += (str_eq(type, S("HASH")) && str_eq(name, hash)) ||
                 (str_eq(type, S("RANGE")) && str_eq(name, range));
    }
    return seen == 2 && right == 2;
}

static void read_index(struct json_reader *r, struct table_facts *out)
{
    struct str member, name = {"", 0}, status = {"", 0};
    bool has_keys = false;
    if (!json_enter_object(r))
        return;
    while (json_next_member(r, &member)) {
        if (str_eq(member, S("IndexName")))
            read_str_member(r, &name);
        else if (str_eq(member, S("IndexStatus")))
            read_str_member(r, &status);
        else if (str_eq(member, S("KeySchema")))
            has_keys = read_key_schema(r, S("message_group_uuid"), S("sk"));
        else
            json_skip(r);
    }
    if (has_keys && str_eq(name, ROWSTORE_INDEX)) {
        out->has_index = true;
        out->index_is_active = str_eq(status, S("ACTIVE"));
    }
}

static void read_stream(struct json_reader *r, struct table_facts *out)
{
    struct str member, view = {"", 0};
    bool is_on = false;
    if (!json_enter_object(r))
        return;
    while (json_next_member(r, &member)) {
        if (str_eq(member, S("StreamEnabled")))
            json_read_bool(r, &is_on);
        else if (str_eq(member, S("StreamViewType")))
            read_str_member(r, &view);
        else
            json_skip(r);
    }
    if (is_on)
        out->stream_view = view;
}

static void read_table(struct json_reader *r, struct table_facts *out)
{
    struct str member, status = {"", 0};
    if (!json_enter_object(r))
        return;
    while (json_next_member(r, &member)) {
        if (str_eq(member, S("TableStatus"))) {
            read_str_member(r, &status);
        } else if (str_eq(member, S("KeySchema"))) {
            out->has_keys = read_key_schema(r, S("pk"), S("sk"));
        } else if (str_eq(member, S("LatestStreamArn"))) {
            read_str_member(r, &out->stream_arn);
        } else if (str_eq(member, S("StreamSpecification"))) {
            read_stream(r, out);
        } else if (str_eq(member, S("GlobalSecondaryIndexes")) && json_peek(r) == JSON_ARRAY) {
            json_enter_array(r);
            while (json_next_element(r))
                read_index(r, out);
        } else {
            json_skip(r);
        }
    }
    out->is_active = str_eq(status, S("ACTIVE"));
    if (!out->stream_view.len) /* the latest stream may be one that is switched off */
        out->stream_arn = S("");
}

struct error *table_facts_read(const struct rowstore *store, struct arena *a,
                               struct table_facts *out)
{
    struct str response, member;
    struct str request = arena_printf(a, "{\"TableName\":\"%.*s\"}", STR_ARG(store->table));
    struct error *e = client_call(store->client, a, S("DescribeTable"), request, &response);
    *out = (struct table_facts){0};
    if (e)
        return client_failed_with(e, "ResourceNotFoundException") ? NULL : e;
    struct json_reader r;
    json_reader_init(&r, response, a);
    if (json_enter_object(&r)) {
        while (json_next_member(&r, &member)) {
            if (str_eq(member, S("Table"))) {
                out->exists = true;
                read_table(&r, out);
            } else {
                json_skip(&r);
            }
        }
    }
    return json_finish(&r) ? NULL
                           : error_new(a, &chat_unavailable, "DescribeTable's answer is cut");
}
