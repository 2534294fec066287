#include "dynamodb/api/table_define.h"

#include "base/vec.h"
#include "dynamodb/model/errors.h"
#include "json/writer.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define MAX_UNITS 1000000000000
/* What a table on demand can do from the start. */
#define INITIAL_READ 12000
#define INITIAL_WRITE 4000
#define WRONG "One or more parameter values were invalid: "

/* -- names in messages ------------------------------------------------------------------------- */

typedef VEC(struct str) name_vec;

static struct str show_names(struct arena *a, const name_vec *names)
{
    struct str shown = S("[");
    for (size_t i = 0; i < names->count; i++)
        shown =
            arena_printf(a, "%.*s%s%.*s", STR_ARG(shown), i ? ", " : "", STR_ARG(names->items[i]));
    return arena_join(a, shown, S("]"));
}

static bool has_name(const name_vec *names, struct str name)
{
    for (size_t i = 0; i < names->count; i++)
        if (str_eq(names->items[i], name))
            return true;
    return false;
}

static name_vec defined_names(struct arena *a, const attribute_definition_list *definitions)
{
    name_vec names = {0};
    for (size_t i = 0; i < definitions->count; i++)
        VEC_PUSH(a, &names, definitions->items[i].attribute_name);
    return names;
}

static void add_key_names(struct arena *a, const key_schema_list *keys, name_vec *names)
{
    for (size_t i = 0; i < keys->count; i++)
        if (!has_name(names, keys->items[i].attribute_name))
            VEC_PUSH(a, names, keys->items[i].attribute_name);
}

/* -- words of the API to values of ours -------------------------------------------------------- */

enum value_type scalar_value_type(enum scalar_type type)
{
    return type == SCALAR_B ? VALUE_B : type == SCALAR_N ? VALUE_N : VALUE_S;
}

enum stream_view stream_view_of(enum stream_view_type type)
{
    switch (type) {
    case STREAM_VIEW_NEW_IMAGE:
        return VIEW_NEW_IMAGE;
    case STREAM_VIEW_OLD_IMAGE:
        return VIEW_OLD_IMAGE;
    case STREAM_VIEW_KEYS_ONLY:
        return VIEW_KEYS_ONLY;
    case STREAM_VIEW_ABSENT:
    case STREAM_VIEW_NEW_AND_OLD_IMAGES:
        break;
    }
    return VIEW_NEW_AND_OLD_IMAGES;
}

struct str table_class_of(enum table_class table_class)
{
    switch (table_class) {
    case TABLE_CLASS_STANDARD:
        return S("STANDARD");
    case TABLE_CLASS_INFREQUENT_ACCESS:
        return S("STANDARD_INFREQUENT_ACCESS");
    case TABLE_CLASS_ABSENT:
        break;
    }
    return S("");
}

struct error *sse_check(struct arena *a, const struct sse_specification *in)
{
    bool has_key = in && in->kms_master_key_id.data;
    if (!in)
        return NULL;
    if (!in->enabled.value && in->sse_type)
        return invalid(a, WRONG "SSEType can not be specified if Enabled is false");
    if (!in->enabled.value && has_key)
        return invalid(a, WRONG "KMSMasterKeyId can not be specified if Enabled is false");
    if (in->sse_type == SSE_TYPE_AES256)
        return invalid(a, WRONG "SSEType AES256 is not supported");
    if (has_key && !in->sse_type)
        return invalid(a, WRONG "SSEType KMS is required if KMSMasterKeyId is specified");
    return NULL;
}

struct error *table_class_check(struct arena *a, enum table_class table_class)
{
    if ((int)table_class >= 0)
        return NULL;
    return invalid(a, "Invalid table-class parameter provided. Please try again with a valid "
                      "table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS].");
}

struct str sse_describe(struct arena *a, const struct sse_specification *in, struct str region,
                        struct str account_id)
{
    if (!in || !in->enabled.value)
        return S("");
    struct str key = in->kms_master_key_id.len ? in->kms_master_key_id : S("alias/aws/dynamodb");
    if (!str_starts(key, S("arn:")))
        key = arena_printf(a, "arn:aws:kms:%.*s:%.*s:%s%.*s", STR_ARG(region), STR_ARG(account_id),
                           str_starts(key, S("alias/")) ? "" : "key/", STR_ARG(key));
    struct buf text;
    buf_init(&text, SIZE_MAX);
    struct json_writer w = json_writer(&text);
    json_begin_object(&w);
    json_key(&w, S("Status")), json_str(&w, S("ENABLED"));
    json_key(&w, S("SSEType"));
    json_str(&w, S("KMS"));
    json_key(&w, S("KMSMasterKeyArn")), json_str(&w, key);
    json_end_object(&w);
    struct str description = arena_str(a, buf_str(&text));
    buf_clear(&text);
    return description;
}

/* -- throughput -------------------------------------------------------------------------------- */

struct error *throughput_check(struct arena *a, const struct provisioned_throughput *in)
{
    if (in->read_capacity_units.value > MAX_UNITS)
        return invalid(a, "Given value %" PRId64 " for ReadCapacityUnits is out of bounds",
                       in->read_capacity_units.value);
    if (in->write_capacity_units.value > MAX_UNITS)
        return invalid(a, "Given value %" PRId64 " for WriteCapacityUnits is out of bounds",
                       in->write_capacity_units.value);
    return NULL;
}

/* At least 1; -1 takes away a bound that is there. */
static bool is_bound(struct opt_i64 units, bool is_new)
{
    return !units.is_given || units.value >= 1 || (units.value == -1 && !is_new);
}

struct error *on_demand_check(struct arena *a, const struct on_demand_throughput *in,
                              struct str place, bool is_new)
{
    const char *member = !is_bound(in->max_read_request_units, is_new)    ? "MaxReadRequestUnits"
                         : !is_bound(in->max_write_request_units, is_new) ? "MaxWriteRequestUnits"
                                                                          : NULL;
    if (!member)
        return NULL;
    return invalid(a,
                   WRONG "Requested %s for OnDemandThroughput for %.*s is outside of valid range",
                   member, STR_ARG(place));
}

static struct warm warm_of(enum billing billing, const struct throughput *t)
{
    bool is_on_demand = billing == BILLING_PAY_PER_REQUEST;
    int64_t read = is_on_demand ? INITIAL_READ : t->read_units;
    int64_t write = is_on_demand ? INITIAL_WRITE : t->write_units;
    return (struct warm){read > t->warm_read_units ? read : t->warm_read_units,
                         write > t->warm_write_units ? write : t->warm_write_units};
}

/* What it may not be lower than, and in which words. */
static struct error *refuse_warm(struct arena *a, const struct warm_check *c, bool is_read)
{
    struct str place = S("table");
    if (c->index_name.len)
        place = arena_join(a, S("index "), c->index_name);
    const char *what = is_read ? "ReadUnitsPerSecond" : "WriteUnitsPerSecond";
    if (c->current)
        return invalid(a,
                       WRONG "Requested %s for WarmThroughput for %.*s is lower than current "
                             "WarmThroughput, decreasing WarmThroughput is not supported",
                       what, STR_ARG(place));
    if (c->provisioned)
        return invalid(a,
                       WRONG "Requested %s for WarmThroughput for %.*s is lower than %s of "
                             "ProvisionedThroughput",
                       what, STR_ARG(place), is_read ? "ReadCapacityUnits" : "WriteCapacityUnits");
    return invalid(a,
                   WRONG "Requested %s for WarmThroughput for %.*s is lower than initial "
                         "throughput for OnDemand. See: https://docs.aws.amazon.com/"
                         "amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
                         "#on-demand-capacity-mode-initial",
                   what, STR_ARG(place));
}

struct error *warm_check(struct arena *a, const struct warm_throughput *in,
                         const struct warm_check *c)
{
    if (!in)
        return NULL;
    struct opt_i64 read = in->read_units_per_second, write = in->write_units_per_second;
    struct throughput given = {0};
    if (c->provisioned) {
        given.read_units = c->provisioned->read_capacity_units.value;
        given.write_units = c->provisioned->write_capacity_units.value;
    }
    struct warm least = warm_of(c->billing, c->current ? c->current : &given);
    if (read.is_given && read.value < least.read)
        return refuse_warm(a, c, true);
    if (write.is_given && write.value < least.write)
        return refuse_warm(a, c, false);
    return NULL;
}

void warm_apply(const struct warm_throughput *in, struct throughput *out)
{
    if (in && in->read_units_per_second.is_given)
        out->warm_read_units = in->read_units_per_second.value;
    if (in && in->write_units_per_second.is_given)
        out->warm_write_units = in->write_units_per_second.value;
}

static void throughput_apply(const struct provisioned_throughput *provisioned,
                             const struct on_demand_throughput *on_demand, struct throughput *out)
{
    if (provisioned) {
        out->read_units = provisioned->read_capacity_units.value;
        out->write_units = provisioned->write_capacity_units.value;
    }
    if (on_demand && on_demand->max_read_request_units.value > 0)
        out->max_read_units = on_demand->max_read_request_units.value;
    if (on_demand && on_demand->max_write_request_units.value > 0)
        out->max_write_units = on_demand->max_write_request_units.value;
}

static struct error *check_billing(struct arena *a, const struct create_table_input *in)
{
    const struct provisioned_throughput *throughput = in->provisioned_throughput;
    if (in->billing_mode == BILLING_MODE_PAY_PER_REQUEST)
        return throughput ? invalid(a, WRONG "Neither ReadCapacityUnits nor WriteCapacityUnits can "
                                             "be specified when BillingMode is PAY_PER_REQUEST")
                          : NULL;
    if (!throughput)
        return invalid(a, WRONG "ReadCapacityUnits and WriteCapacityUnits must both be specified "
                                "when BillingMode is PROVISIONED");
    return throughput_check(a, throughput);
}

static struct error *check_on_demand(struct arena *a, const struct create_table_input *in)
{
    const struct on_demand_throughput *on_demand = in->on_demand_throughput;
    if (!on_demand)
        return NULL;
    const char *member = on_demand->max_read_request_units.is_given    ? "MaxReadRequestUnits"
                         : on_demand->max_write_request_units.is_given ? "MaxWriteRequestUnits"
                                                                       : NULL;
    if (member && in->billing_mode != BILLING_MODE_PAY_PER_REQUEST)
        return invalid(a,
                       WRONG "%s for OnDemandThroughput cannot be specified when table BillingMode "
                             "is PROVISIONED.",
                       member);
    return on_demand_check(a, on_demand, S("table"), true);
}

/* -- keys -------------------------------------------------------------------------------------- */

static const struct attribute_definition *find_definition(const attribute_definition_list *list,
                                                          struct str name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_eq(list->items[i].attribute_name, name))
            return &list->items[i];
    return NULL;
}

static struct error *check_defined(struct arena *a, const key_schema_list *keys,
                                   const attribute_definition_list *definitions)
{
    bool all = true;
    for (size_t i = 0; i < keys->count; i++)
        all &= find_definition(definitions, keys->items[i].attribute_name) != NULL;
    if (all)
        return NULL;
    name_vec used = {0}, defined = defined_names(a, definitions);
    add_key_names(a, keys, &used);
    return invalid(a,
                   WRONG "Some index key attributes are not defined in AttributeDefinitions. Keys: "
                         "%.*s, AttributeDefinitions: %.*s",
                   STR_ARG(show_names(a, &used)), STR_ARG(show_names(a, &defined)));
}

/* Partition attributes first, then sort attributes; a table and a local index have one of each. */
static struct error *check_key_order(struct arena *a, const key_schema_list *keys,
                                     bool may_have_several)
{
    size_t partition_count = 0, sort_count = 0;
    for (size_t i = 0; i < keys->count; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq(keys->items[i].attribute_name, keys->items[j].attribute_name))
                return keys->count == 2
                           ? invalid(a, "Both the Hash Key and the Range Key element in the "
                                        "KeySchema have the same name")
                           : invalid(a, "The KeySchema contains multiple key attributes with the "
                                        "same name");
    if (keys->items[0].key_type != KEY_TYPE_HASH)
        return invalid(a, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    for (size_t i = 0; i < keys->count; i++) {
        bool is_partition = keys->items[i].key_type == KEY_TYPE_HASH;
        if (is_partition && (sort_count || (i > 0 && !may_have_several)))
            return keys->count == 2
                       ? invalid(a, "Invalid KeySchema: The second KeySchemaElement is not a RANGE "
                                    "key type")
                       : invalid(a, WRONG "All HASH key attributes must precede RANGE key "
                                          "attributes in the KeySchema");
        partition_count += is_partition;
        sort_count += !is_partition;
    }
    if (partition_count > LIMIT_KEY_ATTRIBUTES || sort_count > LIMIT_KEY_ATTRIBUTES)
        return invalid(a,
                       WRONG "The KeySchema exceeds the maximum allowed number of %s key "
                             "attributes",
                       partition_count > LIMIT_KEY_ATTRIBUTES ? "HASH" : "RANGE");
    return NULL;
}

/* Of keys that were checked. */
static struct key_schema build_keys(const key_schema_list *keys,
                                    const attribute_definition_list *definitions)
{
    struct key_schema schema = {0};
    for (size_t i = 0; i < keys->count; i++) {
        const struct attribute_definition *found =
            find_definition(definitions, keys->items[i].attribute_name);
        assert(found); /* check_defined */
        struct key_attribute attribute = {found->attribute_name,
                                          scalar_value_type(found->attribute_type)};
        if (keys->items[i].key_type == KEY_TYPE_HASH)
            schema.partition[schema.partition_count++] = attribute;
        else
            schema.sort[schema.sort_count++] = attribute;
    }
    return schema;
}

static struct error *check_defined_once(struct arena *a, const attribute_definition_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (find_definition(list, list->items[i].attribute_name) != &list->items[i])
            return invalid(a, "Attribute Name is duplicated: %.*s",
                           STR_ARG(list->items[i].attribute_name));
    return NULL;
}

static struct error *check_table_keys(struct arena *a, const struct create_table_input *in)
{
    TRY(check_defined_once(a, &in->attribute_definitions));
    if (in->key_schema.count > in->attribute_definitions.count)
        return invalid(a, "Invalid KeySchema: Some index key attribute have no definition");
    TRY(check_defined(a, &in->key_schema, &in->attribute_definitions));
    return check_key_order(a, &in->key_schema, false);
}

/* -- indexes ----------------------------------------------------------------------------------- */

static struct error *check_projection(struct arena *a, const struct projection_input *in)
{
    static const char *const names[] = {"null", "ALL", "INCLUDE", "KEYS_ONLY"};
    bool is_include = in->projection_type == PROJECTION_TYPE_INCLUDE;
    if (in->projection_type == PROJECTION_TYPE_ABSENT)
        return invalid(a, WRONG "Unknown ProjectionType: null");
    if (in->non_key_attributes.is_given && !is_include)
        return invalid(a, WRONG "ProjectionType is %s, but NonKeyAttributes is specified",
                       names[in->projection_type]);
    if (is_include && !in->non_key_attributes.is_given)
        return invalid(a, WRONG "ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
    for (size_t i = 0; i < in->non_key_attributes.count; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq(in->non_key_attributes.items[i], in->non_key_attributes.items[j]))
                return invalid(a, WRONG "Duplicate element in NonKeyAttributes: %.*s",
                               STR_ARG(in->non_key_attributes.items[i]));
    return NULL;
}

static struct error *check_index_throughput(struct arena *a, const struct index_definition *d)
{
    const struct index_input *in = d->in;
    bool is_on_demand = d->billing == BILLING_PAY_PER_REQUEST;
    if (!d->is_global)
        return NULL;
    if (in->provisioned_throughput && is_on_demand)
        return invalid(a,
                       WRONG "ProvisionedThroughput should not be specified for index: %.*s when "
                             "BillingMode is PAY_PER_REQUEST",
                       STR_ARG(in->index_name));
    if (in->provisioned_throughput)
        TRY(throughput_check(a, in->provisioned_throughput));
    if (!in->provisioned_throughput && !is_on_demand)
        return invalid(a, WRONG "ProvisionedThroughput %s specified for index: %.*s",
                       d->is_of_new_table ? "is not" : "must be", STR_ARG(in->index_name));
    if (in->on_demand_throughput)
        TRY(on_demand_check(a, in->on_demand_throughput,
                            arena_join(a, S("index : "), in->index_name), true));
    return NULL;
}

struct error *index_define(struct arena *a, const struct index_definition *d, struct index *out)
{
    const struct index_input *in = d->in;
    TRY(check_defined(a, &in->key_schema, d->definitions));
    TRY(check_key_order(a, &in->key_schema, d->is_global));
    TRY(check_projection(a, in->projection));
    TRY(check_index_throughput(a, d));
    *out = (struct index){
        .name = in->index_name,
        .is_global = d->is_global,
        .keys = build_keys(&in->key_schema, d->definitions),
        .projection = in->projection->projection_type == PROJECTION_TYPE_ALL ? PROJECTION_ALL
                      : in->projection->projection_type == PROJECTION_TYPE_INCLUDE
                          ? PROJECTION_INCLUDE
                          : PROJECTION_KEYS_ONLY,
        .included = in->projection->non_key_attributes.items,
        .included_count = in->projection->non_key_attributes.count,
        .status = STATUS_ACTIVE,
    };
    TRY(warm_check(a, in->warm_throughput,
                   &(struct warm_check){.index_name = in->index_name,
                                        .billing = d->billing,
                                        .provisioned = in->provisioned_throughput}));
    throughput_apply(in->provisioned_throughput, in->on_demand_throughput, &out->throughput);
    warm_apply(in->warm_throughput, &out->throughput);
    return NULL;
}

/* A local index shares the table's partition key and has a sort key of its own. */
static struct error *check_local(struct arena *a, const struct create_table_input *in,
                                 const struct index_input *index)
{
    struct str table_key = in->key_schema.items[0].attribute_name;
    struct str index_key = index->key_schema.items[0].attribute_name;
    TRY(check_defined(a, &index->key_schema, &in->attribute_definitions));
    TRY(check_key_order(a, &index->key_schema, false));
    if (index->key_schema.count != 2)
        return invalid(a, WRONG "Index KeySchema does not have a range key for index: %.*s",
                       STR_ARG(index->index_name));
    if (!str_eq(table_key, index_key))
        return invalid(a,
                       WRONG "Index KeySchema does not have the same leading hash key as table "
                             "KeySchema for index: %.*s. index hash key: %.*s, table hash key: "
                             "%.*s",
                       STR_ARG(index->index_name), STR_ARG(index_key), STR_ARG(table_key));
    return NULL;
}

static struct error *check_unique(struct arena *a, const struct index *indexes, size_t count,
                                  struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(indexes[i].name, name))
            return invalid(a, WRONG "Duplicate index name: %.*s", STR_ARG(name));
    return NULL;
}

/* Appends the indexes of one kind. */
static struct error *define_indexes(struct arena *a, const struct create_table_input *in,
                                    const index_list *list, bool is_global, struct index *indexes,
                                    size_t *count)
{
    for (size_t i = 0; i < list->count; i++) {
        struct index_definition definition = {
            .in = &list->items[i],
            .definitions = &in->attribute_definitions,
            .is_global = is_global,
            .is_of_new_table = true,
            .billing = in->billing_mode == BILLING_MODE_PAY_PER_REQUEST ? BILLING_PAY_PER_REQUEST
                                                                        : BILLING_PROVISIONED,
        };
        if (!is_global)
            TRY(check_local(a, in, &list->items[i]));
        TRY(index_define(a, &definition, &indexes[*count]));
        TRY(check_unique(a, indexes, *count, list->items[i].index_name));
        ++*count;
    }
    return NULL;
}

struct error *projections_check(struct arena *a, const struct index *indexes, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += indexes[i].included_count;
    if (total > LIMIT_PROJECTED_ATTRIBUTES)
        return invalid(a,
                       WRONG "Total number of non-key attributes projected into all indexes "
                             "exceeds the per-table limit of %u",
                       LIMIT_PROJECTED_ATTRIBUTES);
    return NULL;
}

static struct error *define_all_indexes(struct arena *a, const struct create_table_input *in,
                                        struct table *out)
{
    const index_list *local = &in->local_secondary_indexes;
    const index_list *global = &in->global_secondary_indexes;
    struct index *indexes = arena_array(a, struct index, local->count + global->count + 1);
    size_t count = 0;
    if (local->is_given && !local->count)
        return invalid(a, WRONG "List of LocalSecondaryIndexes is empty");
    if (local->is_given && in->key_schema.count != 2)
        return invalid(a, WRONG "Table KeySchema does not have a range key, which is required when "
                                "specifying a LocalSecondaryIndex");
    TRY(define_indexes(a, in, local, false, indexes, &count));
    if (local->count > LIMIT_LOCAL_INDEXES)
        return invalid(a, WRONG "Number of LocalSecondaryIndexes exceeds per-table limit of %u",
                       LIMIT_LOCAL_INDEXES);
    if (global->is_given && !global->count)
        return invalid(a, WRONG "List of GlobalSecondaryIndexes is empty");
    TRY(define_indexes(a, in, global, true, indexes, &count));
    if (global->count > LIMIT_GLOBAL_INDEXES)
        return invalid(a, WRONG "GlobalSecondaryIndex count exceeds the per-table limit of %u",
                       LIMIT_GLOBAL_INDEXES);
    TRY(projections_check(a, indexes, count));
    out->indexes = indexes;
    out->index_count = count;
    return NULL;
}

/* Every definition is of a key attribute, and none comes twice. */
static struct error *check_definitions_used(struct arena *a, const struct create_table_input *in)
{
    name_vec used = {0}, defined = defined_names(a, &in->attribute_definitions);
    bool has_indexes = in->local_secondary_indexes.count || in->global_secondary_indexes.count;
    add_key_names(a, &in->key_schema, &used);
    for (size_t i = 0; i < in->local_secondary_indexes.count; i++)
        add_key_names(a, &in->local_secondary_indexes.items[i].key_schema, &used);
    for (size_t i = 0; i < in->global_secondary_indexes.count; i++)
        add_key_names(a, &in->global_secondary_indexes.items[i].key_schema, &used);
    if (defined.count == used.count)
        return NULL;
    if (!has_indexes)
        return invalid(a, WRONG "Number of attributes in KeySchema does not exactly match number "
                                "of attributes defined in AttributeDefinitions");
    return invalid(a,
                   WRONG "Some AttributeDefinitions are not used. AttributeDefinitions: %.*s, keys "
                         "used: %.*s",
                   STR_ARG(show_names(a, &defined)), STR_ARG(show_names(a, &used)));
}

/* -- the table --------------------------------------------------------------------------------- */

static struct error *define_stream(struct arena *a, const struct stream_specification *in,
                                   struct table *out)
{
    if (!in)
        return NULL;
    if (!in->stream_enabled.value && in->stream_view_type)
        return invalid(a, WRONG "Table is being created with a stream disabled, UpdateViewType "
                                "should not be specified");
    if (in->stream_enabled.value && !in->stream_view_type)
        return invalid(a, WRONG "Table is being created with a stream enabled, UpdateViewType "
                                "is required");
    out->is_stream_enabled = in->stream_enabled.value;
    out->stream_view = stream_view_of(in->stream_view_type);
    return NULL;
}

static void define_attributes(struct arena *a, const attribute_definition_list *in,
                              struct table *out)
{
    struct key_attribute *attributes = arena_array(a, struct key_attribute, in->count + 1);
    for (size_t i = 0; i < in->count; i++)
        attributes[i] = (struct key_attribute){in->items[i].attribute_name,
                                               scalar_value_type(in->items[i].attribute_type)};
    out->attributes = attributes;
    out->attribute_count = in->count;
}

struct error *table_define(struct arena *a, const struct create_table_input *in, struct table *out)
{
    *out = (struct table){
        .name = in->table_name,
        .status = STATUS_ACTIVE,
        .billing = in->billing_mode == BILLING_MODE_PAY_PER_REQUEST ? BILLING_PAY_PER_REQUEST
                                                                    : BILLING_PROVISIONED,
        .is_deletion_protected = in->deletion_protection_enabled.value,
        .table_class = table_class_of(in->table_class),
    };
    TRY(table_class_check(a, in->table_class));
    TRY(sse_check(a, in->sse_specification));
    TRY(check_billing(a, in));
    TRY(check_on_demand(a, in));
    TRY(warm_check(
        a, in->warm_throughput,
        &(struct warm_check){.billing = out->billing, .provisioned = in->provisioned_throughput}));
    TRY(check_table_keys(a, in));
    TRY(define_all_indexes(a, in, out));
    TRY(check_definitions_used(a, in));
    TRY(define_stream(a, in->stream_specification, out));
    out->keys = build_keys(&in->key_schema, &in->attribute_definitions);
    define_attributes(a, &in->attribute_definitions, out);
    throughput_apply(in->provisioned_throughput, in->on_demand_throughput, &out->throughput);
    warm_apply(in->warm_throughput, &out->throughput);
    return NULL;
}
