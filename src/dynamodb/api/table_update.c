/* UpdateTable: a new definition from the old one and what the request changes.
 *
 *     check the request alone -> find the table -> check against it -> new definition -> catalog
 *
 * The catalog backfills a new index behind the answer and deletes a dropped one; everything else is
 * in force when the answer is given. The answer shows the change under way, as the service does:
 * UPDATING, the throughput that was, CREATING and DELETING indexes. */
#include "dynamodb/api/control.h"
#include "dynamodb/api/requests.h"
#include "dynamodb/api/table_define.h"
#include "dynamodb/api/table_describe.h"
#include "dynamodb/api/table_update_check.h"
#include "dynamodb/api/transient.h"

#include <inttypes.h>
#include <string.h>

#define WRONG "One or more parameter values were invalid: "

/* -- throughput and billing -------------------------------------------------------------------- */

/* The request's values in place of those in force; `what` names them in the message. */
static struct error *change_units(struct op *op, const struct provisioned_throughput *in,
                                  struct str what, struct throughput *t, bool may_stay)
{
    int64_t read = in->read_capacity_units.value, write = in->write_capacity_units.value;
    if (read == t->read_units && write == t->write_units && !may_stay)
        return invalid(op->arena,
                       "The provisioned throughput for the %.*s will not change. The requested "
                       "value equals the current value. Current ReadCapacityUnits provisioned for "
                       "the %.*s: %" PRId64 ". Requested ReadCapacityUnits: %" PRId64
                       ". Current WriteCapacityUnits provisioned for the %.*s: %" PRId64
                       ". Requested WriteCapacityUnits: %" PRId64
                       ". Refer to the Amazon DynamoDB Developer Guide for current limits and how "
                       "to request higher limits.",
                       STR_ARG(what), STR_ARG(what), t->read_units, read, STR_ARG(what),
                       t->write_units, write);
    int64_t now_ms = clock_now_ms(op->clock);
    if (read > t->read_units || write > t->write_units)
        t->last_increase_ms = now_ms;
    if (read < t->read_units || write < t->write_units) {
        bool is_same_day = t->last_decrease_ms / 86400000 == now_ms / 86400000;
        t->decreases_today = is_same_day ? t->decreases_today + 1 : 1;
        t->last_decrease_ms = now_ms;
    }
    t->read_units = read;
    t->write_units = write;
    return NULL;
}

static void change_on_demand(const struct on_demand_throughput *in, struct throughput *t)
{
    struct opt_i64 read = in->max_read_request_units, write = in->max_write_request_units;
    if (read.is_given)
        t->max_read_units = read.value > 0 ? read.value : 0;
    if (write.is_given)
        t->max_write_units = write.value > 0 ? write.value : 0;
}

static struct error *change_billing(struct op *op, const struct update_table_input *in,
                                    struct table *t)
{
    enum billing wanted = in->billing_mode == BILLING_MODE_ABSENT ? t->billing
                          : in->billing_mode == BILLING_MODE_PAY_PER_REQUEST
                              ? BILLING_PAY_PER_REQUEST
                              : BILLING_PROVISIONED;
    bool switches = wanted != t->billing;
    if (in->provisioned_throughput && wanted == BILLING_PAY_PER_REQUEST)
        return invalid(op->arena, WRONG "Neither ReadCapacityUnits nor WriteCapacityUnits can be "
                                        "specified when BillingMode is PAY_PER_REQUEST");
    if (switches) {
        t->billing = wanted;
        t->throughput.max_read_units = t->throughput.max_write_units = 0;
        if (wanted == BILLING_PAY_PER_REQUEST)
            t->billing_changed_ms = clock_now_ms(op->clock);
    }
    if (switches && wanted == BILLING_PAY_PER_REQUEST)
        t->throughput.read_units = t->throughput.write_units = 0;
    if (in->provisioned_throughput)
        TRY(change_units(op, in->provisioned_throughput, S("table"), &t->throughput, switches));
    return NULL;
}

static struct error *change_limits(struct op *op, const struct update_table_input *in,
                                   struct table *t)
{
    const struct on_demand_throughput *wanted = in->on_demand_throughput;
    if (wanted) {
        const char *member = wanted->max_read_request_units.is_given    ? "MaxReadRequestUnits"
                             : wanted->max_write_request_units.is_given ? "MaxWriteRequestUnits"
                                                                        : NULL;
        if (member && t->billing == BILLING_PROVISIONED)
            return invalid(op->arena,
                           WRONG "%s for OnDemandThroughput cannot be specified when the table "
                                 "BillingMode is PROVISIONED",
                           member);
        TRY(on_demand_check(op->arena, wanted, S("table"), false));
        change_on_demand(wanted, &t->throughput);
    }
    TRY(warm_check(op->arena, in->warm_throughput,
                   &(struct warm_check){.billing = t->billing, .current = &t->throughput}));
    warm_apply(in->warm_throughput, &t->throughput);
    return NULL;
}

/* -- indexes ----------------------------------------------------------------------------------- */

static struct index *find_index(struct table *t, struct index *indexes, struct str name)
{
    for (size_t i = 0; i < t->index_count; i++)
        if (indexes[i].is_global && str_eq(indexes[i].name, name))
            return &indexes[i];
    return NULL;
}

/* There is no such global index: none at all, or one that is local. */
static struct error *no_index(struct op *op, const struct table *t, struct str name,
                              const char *action)
{
    if (table_index(t, name))
        return invalid(op->arena, "Cannot %s an index that is not a GlobalSecondaryIndex: %.*s",
                       action, STR_ARG(name));
    return error_new(op->arena, &error_ResourceNotFoundException,
                     "Requested resource not found: Index %.*s for table %.*s", STR_ARG(name),
                     STR_ARG(t->name));
}

static struct error *check_index_change(struct arena *a, const struct update_index *in,
                                        const struct table *t)
{
    bool is_on_demand = t->billing == BILLING_PAY_PER_REQUEST;
    const struct on_demand_throughput *limits = in->on_demand_throughput;
    bool has_limits = limits && (limits->max_read_request_units.is_given ||
                                 limits->max_write_request_units.is_given);
    if (in->provisioned_throughput && is_on_demand)
        return invalid(a,
                       WRONG "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
                             "for index: %.*s when BillingMode is PAY_PER_REQUEST",
                       STR_ARG(in->index_name));
    if (is_on_demand && !has_limits && !in->warm_throughput)
        return invalid(a,
                       WRONG "The only Updates for index: %.*s when TableThroughputMode is "
                             "PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput",
                       STR_ARG(in->index_name));
    if (!is_on_demand && !in->provisioned_throughput && !in->warm_throughput && !has_limits)
        return invalid(a,
                       WRONG "Both ReadCapacityUnits and WriteCapacityUnits must be specified for "
                             "index: %.*s",
                       STR_ARG(in->index_name));
    if (!is_on_demand && has_limits)
        return invalid(a,
                       WRONG "%s for OnDemandThroughput for index : %.*s cannot be specified when "
                             "the table BillingMode is PROVISIONED",
                       limits->max_read_request_units.is_given ? "MaxReadRequestUnits"
                                                               : "MaxWriteRequestUnits",
                       STR_ARG(in->index_name));
    return in->provisioned_throughput ? throughput_check(a, in->provisioned_throughput) : NULL;
}

static struct error *change_index(struct op *op, const struct update_index *in, struct table *t,
                                  struct index *indexes)
{
    struct index *index = find_index(t, indexes, in->index_name);
    if (!index)
        return no_index(op, t, in->index_name, "update");
    TRY(check_index_change(op->arena, in, t));
    if (in->provisioned_throughput)
        TRY(change_units(op, in->provisioned_throughput,
                         arena_join(op->arena, S("index "), in->index_name), &index->throughput,
                         false));
    if (in->on_demand_throughput) {
        TRY(on_demand_check(op->arena, in->on_demand_throughput,
                            arena_join(op->arena, S("index : "), in->index_name), false));
        change_on_demand(in->on_demand_throughput, &index->throughput);
    }
    TRY(warm_check(op->arena, in->warm_throughput,
                   &(struct warm_check){.index_name = in->index_name,
                                        .billing = t->billing,
                                        .current = &index->throughput}));
    warm_apply(in->warm_throughput, &index->throughput);
    return NULL;
}

static struct error *check_one_at_a_time(struct op *op, const struct table *t)
{
    for (size_t i = 0; i < t->index_count; i++)
        if (t->indexes[i].status != STATUS_ACTIVE)
            return error_new(op->arena, &error_LimitExceededException,
                             "Subscriber limit exceeded: Only 1 online index can be created or "
                             "deleted simultaneously per table");
    return NULL;
}

/* Attributes that the table knows already keep their types; a definition of one is not looked at.
 */
static void add_definitions(struct arena *a, const attribute_definition_list *in, struct table *t)
{
    struct key_attribute *all =
        arena_array(a, struct key_attribute, t->attribute_count + in->count + 1);
    size_t count = t->attribute_count;
    memcpy(all, t->attributes, count * sizeof *all);
    for (size_t i = 0; i < in->count; i++) {
        bool is_known = false;
        for (size_t j = 0; j < count; j++)
            is_known |= str_eq(all[j].name, in->items[i].attribute_name);
        if (!is_known)
            all[count++] = (struct key_attribute){in->items[i].attribute_name,
                                                  scalar_value_type(in->items[i].attribute_type)};
    }
    t->attributes = all;
    t->attribute_count = count;
}

/* The request's definitions with the types that the table has for them. */
static attribute_definition_list
known_definitions(struct arena *a, const attribute_definition_list *in, const struct table *t)
{
    attribute_definition_list known = {.count = in->count, .is_given = true};
    known.items = arena_array(a, struct attribute_definition, in->count + 1);
    for (size_t i = 0; i < in->count; i++) {
        known.items[i] = in->items[i];
        for (size_t j = 0; j < t->attribute_count; j++)
            if (str_eq(t->attributes[j].name, in->items[i].attribute_name))
                known.items[i].attribute_type = t->attributes[j].type == VALUE_B   ? SCALAR_B
                                                : t->attributes[j].type == VALUE_N ? SCALAR_N
                                                                                   : SCALAR_S;
    }
    return known;
}

/* "Schema:[SchemaElement: key{a:S:HASH}, SchemaElement: key{b:N:RANGE}]" */
static struct str show_schema(struct arena *a, const struct key_schema *keys)
{
    struct str shown = S("");
    for (size_t i = 0; i < (size_t)keys->partition_count + keys->sort_count; i++) {
        bool is_hash = i < keys->partition_count;
        const struct key_attribute *k =
            is_hash ? &keys->partition[i] : &keys->sort[i - keys->partition_count];
        shown = arena_printf(a, "%.*s%sSchemaElement: key{%.*s:%.*s:%s}", STR_ARG(shown),
                             i ? ", " : "", STR_ARG(k->name), STR_ARG(value_type_name(k->type)),
                             is_hash ? "HASH" : "RANGE");
    }
    return arena_printf(a, "Schema:[%.*s]", STR_ARG(shown));
}

static const struct key_schema *schema_with(const struct table *t, struct str name)
{
    for (size_t i = 0; i < t->index_count && !table_has_key(t, name); i++)
        if (index_has_key(t, &t->indexes[i], name))
            return &t->indexes[i].keys;
    return &t->keys;
}

/* What the new index's keys would be by the request's own types. */
static struct str show_wanted(struct arena *a, const struct index_input *wanted,
                              const attribute_definition_list *definitions)
{
    struct key_schema keys = {0};
    for (size_t i = 0; i < wanted->key_schema.count && i < LIMIT_KEY_ATTRIBUTES; i++) {
        const struct key_schema_element *e = &wanted->key_schema.items[i];
        struct key_attribute k = {e->attribute_name, VALUE_S};
        for (size_t j = 0; j < definitions->count; j++)
            if (str_eq(definitions->items[j].attribute_name, k.name))
                k.type = scalar_value_type(definitions->items[j].attribute_type);
        if (e->key_type == KEY_TYPE_HASH)
            keys.partition[keys.partition_count++] = k;
        else
            keys.sort[keys.sort_count++] = k;
    }
    return show_schema(a, &keys);
}

/* A definition that differs from the table's is only refused where the new index needs it (ScyllaDB
 * Alternator's test_gsi_updatetable.py); elsewhere it is not looked at. */
static struct error *check_not_redefined(struct arena *a, const attribute_definition_list *in,
                                         const struct index_input *wanted, const struct table *t)
{
    for (size_t i = 0; i < in->count; i++) {
        struct str name = in->items[i].attribute_name;
        bool is_key = false, differs = false;
        for (size_t j = 0; j < wanted->key_schema.count; j++)
            is_key |= str_eq(wanted->key_schema.items[j].attribute_name, name);
        for (size_t j = 0; j < t->attribute_count; j++)
            differs |= str_eq(t->attributes[j].name, name) &&
                       t->attributes[j].type != scalar_value_type(in->items[i].attribute_type);
        if (!is_key || !differs)
            continue;
        return invalid(a,
                       WRONG "Attributes cannot be redefined. Please check that your attribute "
                             "has the same type as previously defined. Existing schema: %.*s New "
                             "schema: %.*s",
                       STR_ARG(show_schema(a, schema_with(t, name))),
                       STR_ARG(show_wanted(a, wanted, in)));
    }
    return NULL;
}

static struct error *create_index(struct op *op, const struct update_table_input *in,
                                  const struct index_input *wanted, struct table *t,
                                  struct index *indexes)
{
    size_t global_count = 0;
    attribute_definition_list known = known_definitions(op->arena, &in->attribute_definitions, t);
    struct index_definition definition = {
        .in = wanted, .definitions = &known, .is_global = true, .billing = t->billing};
    TRY(check_one_at_a_time(op, t));
    if (table_index(t, wanted->index_name))
        return invalid(op->arena, "Attempting to create an index which already exists");
    if (!in->attribute_definitions.count)
        return invalid(op->arena, WRONG "AttributeDefinitions is not specified for index: %.*s",
                       STR_ARG(wanted->index_name));
    TRY(check_not_redefined(op->arena, &in->attribute_definitions, wanted, t));
    for (size_t i = 0; i < t->index_count; i++)
        global_count += indexes[i].is_global;
    if (global_count >= LIMIT_GLOBAL_INDEXES)
        return error_new(op->arena, &error_LimitExceededException,
                         "Subscriber limit exceeded: Number of global secondary indexes exceeds "
                         "per-table limit of %u",
                         LIMIT_GLOBAL_INDEXES);
    TRY(index_define(op->arena, &definition, &indexes[t->index_count]));
    indexes[t->index_count].status = STATUS_CREATING;
    indexes[t->index_count].is_backfilling = true;
    t->index_count++;
    t->status = STATUS_UPDATING; /* until the backfill is through */
    return projections_check(op->arena, indexes, t->index_count);
}

static struct error *delete_index(struct op *op, struct str name, struct table *t,
                                  struct index *indexes)
{
    struct index *index = find_index(t, indexes, name);
    if (!index)
        return no_index(op, t, name, "delete");
    size_t after = t->index_count - 1 - (size_t)(index - indexes);
    memmove(index, index + 1, after * sizeof *index);
    t->index_count--;
    return NULL;
}

static bool is_used(const struct table *t, struct str name)
{
    bool used = table_has_key(t, name);
    for (size_t i = 0; i < t->index_count; i++)
        used |= index_has_key(t, &t->indexes[i], name);
    return used;
}

/* Definitions that no key needs any more go with the index that needed them. */
static void drop_unused_definitions(struct arena *a, struct table *t)
{
    struct key_attribute *kept = arena_array(a, struct key_attribute, t->attribute_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < t->attribute_count; i++)
        if (is_used(t, t->attributes[i].name))
            kept[count++] = t->attributes[i];
    t->attributes = kept;
    t->attribute_count = count;
}

/* A change of billing changes it for the indexes too. */
static struct error *bill_indexes(struct arena *a, const struct table *t, bool switches,
                                  struct index *indexes)
{
    for (size_t i = 0; switches && i < t->index_count; i++) {
        struct index *index = &indexes[i];
        if (!index->is_global)
            continue;
        if (t->billing == BILLING_PAY_PER_REQUEST)
            index->throughput.read_units = index->throughput.write_units = 0;
        else if (!index->throughput.read_units)
            return invalid(a, WRONG "ProvisionedThroughput must be specified for index: %.*s",
                           STR_ARG(index->name));
        else
            index->throughput.max_read_units = index->throughput.max_write_units = 0;
    }
    return NULL;
}

static struct error *change_indexes(struct op *op, const struct update_table_input *in,
                                    enum billing was, struct table *t)
{
    size_t update_count = in->global_secondary_index_updates.count;
    struct index *indexes = arena_array(op->arena, struct index, t->index_count + update_count + 1);
    if (t->index_count)
        memcpy(indexes, t->indexes, t->index_count * sizeof *indexes);
    t->indexes = indexes;
    add_definitions(op->arena, &in->attribute_definitions, t);
    for (size_t i = 0; i < update_count; i++) {
        const struct index_update *u = &in->global_secondary_index_updates.items[i];
        if (u->update)
            TRY(change_index(op, u->update, t, indexes));
        else if (u->create)
            TRY(create_index(op, in, u->create, t, indexes));
        else
            TRY(delete_index(op, u->delete->index_name, t, indexes));
    }
    drop_unused_definitions(op->arena, t);
    return bill_indexes(op->arena, t, t->billing != was, indexes);
}

/* -- the rest ---------------------------------------------------------------------------------- */

static struct error *change_stream(struct op *op, const struct stream_specification *in,
                                   struct table *t)
{
    if (!in)
        return NULL;
    if (in->stream_enabled.value && !in->stream_view_type)
        return invalid(op->arena, WRONG "If stream is being enabled then UpdateViewType is "
                                        "required");
    if (!in->stream_enabled.value && in->stream_view_type)
        return invalid(op->arena, WRONG "If stream is being disabled, then UpdateViewType must not "
                                        "be specified");
    if (in->stream_enabled.value && t->is_stream_enabled)
        return invalid(op->arena, "Table already has an enabled stream: TableName: %.*s",
                       STR_ARG(t->name));
    if (!in->stream_enabled.value && !t->is_stream_enabled)
        return invalid(op->arena, "Table has no stream to disable: TableName: %.*s",
                       STR_ARG(t->name));
    t->is_stream_enabled = in->stream_enabled.value;
    if (t->is_stream_enabled)
        t->stream_view = stream_view_of(in->stream_view_type);
    return NULL;
}

static struct error *change_sse(struct op *op, const struct sse_specification *in, struct table *t)
{
    if (!in)
        return NULL;
    struct str wanted = sse_describe(op->arena, in, op->region, op->account_id);
    if (str_eq(wanted, t->sse))
        return wanted.len ? invalid(op->arena,
                                    WRONG "Table is already encrypted with given KMSMasterKeyId. "
                                          "Use KMSMasterKeyId parameter if you want to change "
                                          "Master Key")
                          : invalid(op->arena, WRONG "Table is already encrypted by default");
    t->sse = wanted;
    return NULL;
}

static struct error *change_all(struct op *op, const struct update_table_input *in, struct table *t)
{
    enum billing was = t->billing;
    TRY(change_billing(op, in, t));
    TRY(change_limits(op, in, t));
    TRY(change_indexes(op, in, was, t));
    TRY(change_stream(op, in->stream_specification, t));
    TRY(change_sse(op, in->sse_specification, t));
    if (in->deletion_protection_enabled.is_given)
        t->is_deletion_protected = in->deletion_protection_enabled.value;
    if (in->table_class)
        t->table_class = table_class_of(in->table_class);
    return NULL;
}

/* -- the answer -------------------------------------------------------------------------------- */

static void show_old_units(const struct throughput *old, struct throughput *shown)
{
    shown->read_units = old->read_units;
    shown->write_units = old->write_units;
}

static void copy_names(struct arena *a, struct key_attribute *attributes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        attributes[i].name = arena_str(a, attributes[i].name);
}

/* The catalog drops the old table with all its strings when it swaps in the new one; the answer
 * still needs its indexes and throughput. */
static const struct table *copy_for_answer(struct arena *a, const struct table *t)
{
    struct table *copy = arena_new(a, struct table);
    struct index *indexes = arena_array(a, struct index, t->index_count + 1);
    *copy = *t;
    copy->indexes = indexes;
    for (size_t i = 0; i < t->index_count; i++) {
        struct str *included = arena_array(a, struct str, t->indexes[i].included_count + 1);
        indexes[i] = t->indexes[i];
        indexes[i].name = arena_str(a, indexes[i].name);
        copy_names(a, indexes[i].keys.partition, indexes[i].keys.partition_count);
        copy_names(a, indexes[i].keys.sort, indexes[i].keys.sort_count);
        for (size_t j = 0; j < indexes[i].included_count; j++)
            included[j] = arena_str(a, indexes[i].included[j]);
        indexes[i].included = included;
    }
    return copy;
}

/* The table as the service shows it while the change is under way. */
static const struct table *under_way(struct arena *a, const struct table *old,
                                     const struct table *stored)
{
    struct table *shown = arena_new(a, struct table);
    struct index *indexes = arena_array(a, struct index, stored->index_count + old->index_count);
    *shown = *stored;
    shown->status = STATUS_UPDATING;
    if (stored->billing == BILLING_PROVISIONED && old->billing == BILLING_PROVISIONED)
        show_old_units(&old->throughput, &shown->throughput);
    for (size_t i = 0; i < stored->index_count; i++) {
        const struct index *was = table_index(old, stored->indexes[i].name);
        indexes[i] = stored->indexes[i];
        if (!was) {
            indexes[i].status = STATUS_CREATING;
            indexes[i].is_backfilling = false;
        } else if (memcmp(&was->throughput, &indexes[i].throughput, sizeof was->throughput) != 0) {
            indexes[i].status = STATUS_UPDATING;
            show_old_units(&was->throughput, &indexes[i].throughput);
        }
    }
    shown->indexes = indexes;
    for (size_t i = 0; i < old->index_count; i++) {
        if (table_index(stored, old->indexes[i].name))
            continue;
        indexes[shown->index_count] = old->indexes[i];
        indexes[shown->index_count++].status = STATUS_DELETING;
    }
    return shown;
}

/* Ids only rise: those from it on are new. 0: none. */
static uint32_t first_new_index(const struct table *old, const struct table *stored)
{
    uint32_t first = 0;
    for (size_t i = 0; i < stored->index_count; i++) {
        const struct index *index = &stored->indexes[i];
        if (!table_index(old, index->name) && (!first || index->id < first))
            first = index->id;
    }
    return first;
}

struct error *run_update_table(struct op *op)
{
    const struct update_table_input *in = op->input;
    const struct table *current, *stored;
    uint64_t sequence;
    TRY(table_update_check(op->arena, in));
    TRY(change_check(op, in->table_name));
    TRY(control_table(op, in->table_name, &current));
    if (current->status != STATUS_ACTIVE && current->status != STATUS_UPDATING)
        return error_new(op->arena, &error_ResourceInUseException,
                         "Attempt to change a resource which is still in use: Table is being "
                         "created: %.*s",
                         STR_ARG(current->name));
    struct table changed = *current;
    TRY(change_all(op, in, &changed));
    const struct table *old = copy_for_answer(op->arena, current);
    TRY(catalog_update(op->store, op->arena, &changed, &stored, &sequence));
    op_depends(op, sequence);
    json_key(op->reply, S("TableDescription"));
    size_t start = op->reply->out->len;
    table_describe(op, under_way(op->arena, old, stored));
    change_begin(op, in->table_name, STATUS_UPDATING, first_new_index(old, stored), start);
    return NULL;
}
