#include "dynamodb/api/table_describe.h"

#include <string.h>

/* Warm throughput of a table on demand that nobody has warmed. Source: AWS "Understanding DynamoDB
 * warm throughput". */
#define WARM_READ 12000
#define WARM_WRITE 4000

static const char *status_name(enum status status)
{
    switch (status) {
    case STATUS_CREATING:
        return "CREATING";
    case STATUS_UPDATING:
        return "UPDATING";
    case STATUS_ACTIVE:
        return "ACTIVE";
    case STATUS_DELETING:
        return "DELETING";
    }
    return "";
}

static void text_member(struct json_writer *w, struct str key, struct str text)
{
    json_key(w, key), json_str(w, text);
}

static void int_member(struct json_writer *w, struct str key, int64_t number)
{
    json_key(w, key), json_i64(w, number);
}

static void time_member(struct json_writer *w, struct str key, int64_t ms)
{
    json_key(w, key), json_double(w, (double)ms / 1000);
}

static void write_key_attributes(struct json_writer *w, const struct key_attribute *attributes,
                                 size_t count, struct str type)
{
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        text_member(w, S("AttributeName"), attributes[i].name);
        text_member(w, S("KeyType"), type);
        json_end_object(w);
    }
}

static void write_key_schema(struct json_writer *w, const struct key_schema *keys)
{
    json_key(w, S("KeySchema"));
    json_begin_array(w);
    write_key_attributes(w, keys->partition, keys->partition_count, S("HASH"));
    write_key_attributes(w, keys->sort, keys->sort_count, S("RANGE"));
    json_end_array(w);
}

static void write_definitions(struct json_writer *w, const struct table *t)
{
    json_key(w, S("AttributeDefinitions"));
    json_begin_array(w);
    for (size_t i = 0; i < t->attribute_count; i++) {
        json_begin_object(w);
        text_member(w, S("AttributeName"), t->attributes[i].name);
        text_member(w, S("AttributeType"), value_type_name(t->attributes[i].type));
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_throughput(struct json_writer *w, const struct throughput *t)
{
    json_key(w, S("ProvisionedThroughput"));
    json_begin_object(w);
    if (t->last_increase_ms)
        time_member(w, S("LastIncreaseDateTime"), t->last_increase_ms);
    if (t->last_decrease_ms)
        time_member(w, S("LastDecreaseDateTime"), t->last_decrease_ms);
    int_member(w, S("NumberOfDecreasesToday"), t->decreases_today);
    int_member(w, S("ReadCapacityUnits"), t->read_units);
    int_member(w, S("WriteCapacityUnits"), t->write_units);
    json_end_object(w);
}

static void write_on_demand(struct json_writer *w, const struct throughput *t)
{
    if (!t->max_read_units && !t->max_write_units)
        return;
    json_key(w, S("OnDemandThroughput"));
    json_begin_object(w);
    if (t->max_read_units)
        int_member(w, S("MaxReadRequestUnits"), t->max_read_units);
    if (t->max_write_units)
        int_member(w, S("MaxWriteRequestUnits"), t->max_write_units);
    json_end_object(w);
}

static int64_t larger(int64_t x, int64_t y)
{
    return x > y ? x : y;
}

static void write_warm(struct json_writer *w, const struct table *t, const struct throughput *own,
                       enum status status)
{
    /* A table that is being made tells only what was asked for (LocalStack's snapshots of the
     * service, test_table_crud and test_table_warm_throughput). */
    if (t->status == STATUS_CREATING && !own->warm_read_units && !own->warm_write_units)
        return;
    bool is_on_demand = t->billing == BILLING_PAY_PER_REQUEST;
    int64_t read = is_on_demand ? WARM_READ : own->read_units;
    int64_t write = is_on_demand ? WARM_WRITE : own->write_units;
    json_key(w, S("WarmThroughput"));
    json_begin_object(w);
    int_member(w, S("ReadUnitsPerSecond"), larger(read, own->warm_read_units));
    int_member(w, S("WriteUnitsPerSecond"), larger(write, own->warm_write_units));
    text_member(w, S("Status"), status == STATUS_ACTIVE ? S("ACTIVE") : S("UPDATING"));
    json_end_object(w);
}

static void write_projection(struct json_writer *w, const struct index *index)
{
    json_key(w, S("Projection"));
    json_begin_object(w);
    text_member(w, S("ProjectionType"),
                index->projection == PROJECTION_ALL         ? S("ALL")
                : index->projection == PROJECTION_KEYS_ONLY ? S("KEYS_ONLY")
                                                            : S("INCLUDE"));
    if (index->projection == PROJECTION_INCLUDE) {
        json_key(w, S("NonKeyAttributes"));
        json_begin_array(w);
        for (size_t i = 0; i < index->included_count; i++)
            json_str(w, index->included[i]);
        json_end_array(w);
    }
    json_end_object(w);
}

/* What is described may be a copy; counts are kept with the catalog's own. */
static struct counts count_items(struct op *op, const struct table *t, const struct index *index)
{
    const struct table *own = catalog_find_id(op->store, t->id);
    const struct index *own_index = own && index ? table_index(own, index->name) : NULL;
    if (!own || t->status == STATUS_CREATING || (index && !own_index))
        return (struct counts){0};
    return catalog_counts(op->store, own, own_index);
}

static void write_index(struct op *op, const struct table *t, const struct index *index)
{
    struct json_writer *w = op->reply;
    struct str arn = table_arn(op->arena, t, op->region, op->account_id);
    struct counts counts = count_items(op, t, index);
    json_begin_object(w);
    text_member(w, S("IndexName"), index->name);
    write_key_schema(w, &index->keys);
    write_projection(w, index);
    if (index->is_global) {
        text_member(w, S("IndexStatus"), str_z(status_name(index->status)));
        if (index->status == STATUS_CREATING && t->status != STATUS_CREATING)
            json_key(w, S("Backfilling")), json_bool(w, index->is_backfilling);
        write_throughput(w, &index->throughput);
        write_on_demand(w, &index->throughput);
        write_warm(w, t, &index->throughput, index->status);
    }
    int_member(w, S("IndexSizeBytes"), counts.bytes);
    int_member(w, S("ItemCount"), counts.items);
    text_member(w, S("IndexArn"),
                arena_printf(op->arena, "%.*s/index/%.*s", STR_ARG(arn), STR_ARG(index->name)));
    json_end_object(w);
}

static void write_indexes(struct op *op, const struct table *t, bool is_global, struct str key)
{
    bool has_any = false;
    for (size_t i = 0; i < t->index_count; i++) {
        if (t->indexes[i].is_global != is_global)
            continue;
        if (!has_any) {
            json_key(op->reply, key);
            json_begin_array(op->reply);
        }
        has_any = true;
        write_index(op, t, &t->indexes[i]);
    }
    if (has_any)
        json_end_array(op->reply);
}

static struct str view_name(enum stream_view view)
{
    switch (view) {
    case VIEW_KEYS_ONLY:
        return S("KEYS_ONLY");
    case VIEW_NEW_IMAGE:
        return S("NEW_IMAGE");
    case VIEW_OLD_IMAGE:
        return S("OLD_IMAGE");
    case VIEW_NEW_AND_OLD_IMAGES:
        return S("NEW_AND_OLD_IMAGES");
    }
    return S("");
}

static void write_stream_specification(struct json_writer *w, struct str key, const struct table *t)
{
    if (!t->is_stream_enabled)
        return;
    json_key(w, key);
    json_begin_object(w);
    json_key(w, S("StreamEnabled")), json_bool(w, true);
    text_member(w, S("StreamViewType"), view_name(t->stream_view));
    json_end_object(w);
}

static void write_stream(struct op *op, const struct table *t, struct str arn)
{
    struct json_writer *w = op->reply;
    write_stream_specification(w, S("StreamSpecification"), t);
    if (!t->stream_id)
        return;
    struct str label = stream_label(op->arena, t->stream_created_ms);
    text_member(w, S("LatestStreamLabel"), label);
    text_member(w, S("LatestStreamArn"),
                arena_printf(op->arena, "%.*s/stream/%.*s", STR_ARG(arn), STR_ARG(label)));
}

static void write_billing(struct json_writer *w, const struct table *t)
{
    bool is_on_demand = t->billing == BILLING_PAY_PER_REQUEST;
    if (!is_on_demand && !t->billing_changed_ms)
        return; /* a table that was always provisioned has no summary */
    json_key(w, S("BillingModeSummary"));
    json_begin_object(w);
    text_member(w, S("BillingMode"), is_on_demand ? S("PAY_PER_REQUEST") : S("PROVISIONED"));
    if (t->billing_changed_ms && t->status != STATUS_CREATING)
        time_member(w, S("LastUpdateToPayPerRequestDateTime"), t->billing_changed_ms);
    json_end_object(w);
}

static void write_options(struct op *op, const struct table *t)
{
    struct json_writer *w = op->reply;
    if (t->sse.len)
        json_key(w, S("SSEDescription")), json_raw(w, t->sse);
    if (t->table_class.len) {
        json_key(w, S("TableClassSummary"));
        json_begin_object(w);
        text_member(w, S("TableClass"), t->table_class);
        json_end_object(w);
    }
    json_key(w, S("DeletionProtectionEnabled")), json_bool(w, t->is_deletion_protected);
    write_on_demand(w, &t->throughput);
    write_warm(w, t, &t->throughput, t->status);
}

static void write_restore(struct json_writer *w, const struct restore *r)
{
    if (r->from == RESTORE_NONE)
        return;
    json_key(w, S("RestoreSummary"));
    json_begin_object(w);
    if (r->from == RESTORE_FROM_BACKUP)
        text_member(w, S("SourceBackupArn"), r->backup_arn);
    text_member(w, S("SourceTableArn"), r->table_arn);
    time_member(w, S("RestoreDateTime"), r->moment_us / 1000);
    json_key(w, S("RestoreInProgress")), json_bool(w, r->source_id != 0);
    json_end_object(w);
}

void table_describe_gone(struct op *op, const struct table *t)
{
    struct json_writer *w = op->reply;
    struct counts counts = count_items(op, t, NULL);
    json_begin_object(w);
    text_member(w, S("TableName"), t->name);
    text_member(w, S("TableStatus"), str_z(status_name(t->status)));
    write_throughput(w, &t->throughput);
    int_member(w, S("TableSizeBytes"), counts.bytes);
    int_member(w, S("ItemCount"), counts.items);
    text_member(w, S("TableArn"), table_arn(op->arena, t, op->region, op->account_id));
    text_member(w, S("TableId"), str_z(t->uuid));
    write_billing(w, t);
    json_key(w, S("DeletionProtectionEnabled")), json_bool(w, t->is_deletion_protected);
    json_end_object(w);
}

void table_describe(struct op *op, const struct table *t)
{
    struct json_writer *w = op->reply;
    struct str arn = table_arn(op->arena, t, op->region, op->account_id);
    struct counts counts = count_items(op, t, NULL);
    json_begin_object(w);
    write_definitions(w, t);
    text_member(w, S("TableName"), t->name);
    write_key_schema(w, &t->keys);
    text_member(w, S("TableStatus"), str_z(status_name(t->status)));
    time_member(w, S("CreationDateTime"), t->created_ms);
    write_throughput(w, &t->throughput);
    int_member(w, S("TableSizeBytes"), counts.bytes);
    int_member(w, S("ItemCount"), counts.items);
    text_member(w, S("TableArn"), arn);
    text_member(w, S("TableId"), str_z(t->uuid));
    write_billing(w, t);
    write_indexes(op, t, false, S("LocalSecondaryIndexes"));
    write_indexes(op, t, true, S("GlobalSecondaryIndexes"));
    write_stream(op, t, arn);
    write_restore(w, &t->restore);
    write_options(op, t);
    json_end_object(w);
}

/* -- a table as it was when a backup was made ---------------------------------------------------
 */

static void write_units(struct json_writer *w, const struct throughput *t)
{
    json_key(w, S("ProvisionedThroughput"));
    json_begin_object(w);
    int_member(w, S("ReadCapacityUnits"), t->read_units);
    int_member(w, S("WriteCapacityUnits"), t->write_units);
    json_end_object(w);
}

static void write_source(struct op *op, const struct table *t, struct counts counts)
{
    struct json_writer *w = op->reply;
    bool is_on_demand = t->billing == BILLING_PAY_PER_REQUEST;
    json_key(w, S("SourceTableDetails"));
    json_begin_object(w);
    text_member(w, S("TableName"), t->name);
    text_member(w, S("TableId"), str_z(t->uuid));
    text_member(w, S("TableArn"), table_arn(op->arena, t, op->region, op->account_id));
    int_member(w, S("TableSizeBytes"), counts.bytes);
    write_key_schema(w, &t->keys);
    time_member(w, S("TableCreationDateTime"), t->created_ms);
    write_units(w, &t->throughput);
    write_on_demand(w, &t->throughput);
    int_member(w, S("ItemCount"), counts.items);
    text_member(w, S("BillingMode"), is_on_demand ? S("PAY_PER_REQUEST") : S("PROVISIONED"));
    json_end_object(w);
}

static void write_source_indexes(struct json_writer *w, const struct table *t, bool is_global,
                                 struct str key)
{
    bool has_any = false;
    for (size_t i = 0; i < t->index_count; i++) {
        const struct index *index = &t->indexes[i];
        if (index->is_global != is_global)
            continue;
        if (!has_any)
            json_key(w, key), json_begin_array(w);
        has_any = true;
        json_begin_object(w);
        text_member(w, S("IndexName"), index->name);
        write_key_schema(w, &index->keys);
        write_projection(w, index);
        if (is_global) {
            write_units(w, &index->throughput);
            write_on_demand(w, &index->throughput);
        }
        json_end_object(w);
    }
    if (has_any)
        json_end_array(w);
}

void table_describe_source(struct op *op, const struct table *t, struct counts counts)
{
    struct json_writer *w = op->reply;
    write_source(op, t, counts);
    json_key(w, S("SourceTableFeatureDetails"));
    json_begin_object(w);
    write_source_indexes(w, t, false, S("LocalSecondaryIndexes"));
    write_source_indexes(w, t, true, S("GlobalSecondaryIndexes"));
    write_stream_specification(w, S("StreamDescription"), t);
    if (t->ttl_attribute.len) {
        json_key(w, S("TimeToLiveDescription"));
        json_begin_object(w);
        text_member(w, S("TimeToLiveStatus"), S("ENABLED"));
        text_member(w, S("AttributeName"), t->ttl_attribute);
        json_end_object(w);
    }
    if (t->sse.len)
        json_key(w, S("SSEDescription")), json_raw(w, t->sse);
    json_end_object(w);
}

void table_describe_creation(struct json_writer *w, const struct table *t)
{
    bool is_on_demand = t->billing == BILLING_PAY_PER_REQUEST;
    json_begin_object(w);
    text_member(w, S("TableName"), t->name);
    write_definitions(w, t);
    write_key_schema(w, &t->keys);
    text_member(w, S("BillingMode"), is_on_demand ? S("PAY_PER_REQUEST") : S("PROVISIONED"));
    if (!is_on_demand)
        write_units(w, &t->throughput);
    write_on_demand(w, &t->throughput);
    write_source_indexes(w, t, true, S("GlobalSecondaryIndexes"));
    json_end_object(w);
}

struct table *table_with_status(struct arena *a, const struct table *t, enum status status)
{
    struct table *copy = arena_new(a, struct table);
    struct index *indexes = arena_array(a, struct index, t->index_count + 1);
    *copy = *t;
    if (t->index_count)
        memcpy(indexes, t->indexes, t->index_count * sizeof *indexes);
    for (size_t i = 0; i < t->index_count; i++)
        indexes[i].status = status;
    copy->indexes = indexes;
    copy->status = status;
    return copy;
}
