/* RestoreTableFromBackup, RestoreTableToPointInTime.
 *
 *     find the source -> the definition of then, or of now -> overrides -> a table that is CREATING
 *
 * Tags, streams, time to live, deletion protection and recovery are not restored, as with the
 * service. Source: API reference; AWS "Restoring a DynamoDB table from a backup", "Point-in-time
 * recovery". */
#include "dynamodb/api/backups.h"
#include "dynamodb/api/control.h"
#include "dynamodb/api/table_define.h"
#include "dynamodb/api/table_describe.h"
#include "dynamodb/api/transient.h"

#include <string.h>

#define WRONG "One or more parameter values were invalid: "

/* -- overrides: billing ------------------------------------------------------------------------ */

static struct error *override_billing(struct op *op, const struct restore_table_input *in,
                                      struct table *t)
{
    const struct provisioned_throughput *units = in->provisioned_throughput_override;
    bool was_on_demand = t->billing == BILLING_PAY_PER_REQUEST;
    if (in->billing_mode_override)
        t->billing = in->billing_mode_override == BILLING_MODE_PAY_PER_REQUEST
                         ? BILLING_PAY_PER_REQUEST
                         : BILLING_PROVISIONED;
    bool is_on_demand = t->billing == BILLING_PAY_PER_REQUEST;
    if (is_on_demand && units)
        return invalid(op->arena, WRONG "Neither ReadCapacityUnits nor WriteCapacityUnits can be "
                                        "specified when BillingMode is PAY_PER_REQUEST");
    if (!is_on_demand && was_on_demand && !units)
        return invalid(op->arena, WRONG "ReadCapacityUnits and WriteCapacityUnits must both be "
                                        "specified when BillingMode is PROVISIONED");
    struct throughput now = {.max_read_units = is_on_demand ? t->throughput.max_read_units : 0,
                             .max_write_units = is_on_demand ? t->throughput.max_write_units : 0,
                             .read_units = is_on_demand ? 0 : t->throughput.read_units,
                             .write_units = is_on_demand ? 0 : t->throughput.write_units};
    t->throughput = now;
    t->billing_changed_ms = is_on_demand ? clock_now_ms(op->clock) : 0;
    if (!units)
        return NULL;
    TRY(throughput_check(op->arena, units));
    t->throughput.read_units = units->read_capacity_units.value;
    t->throughput.write_units = units->write_capacity_units.value;
    return NULL;
}

static struct error *override_bounds(struct op *op, const struct on_demand_throughput *in,
                                     struct table *t)
{
    if (!in)
        return NULL;
    if (t->billing != BILLING_PAY_PER_REQUEST)
        return invalid(op->arena, WRONG "OnDemandThroughputOverride cannot be specified when table "
                                        "BillingMode is PROVISIONED.");
    TRY(on_demand_check(op->arena, in, S("table"), true));
    if (in->max_read_request_units.is_given)
        t->throughput.max_read_units =
            in->max_read_request_units.value > 0 ? in->max_read_request_units.value : 0;
    if (in->max_write_request_units.is_given)
        t->throughput.max_write_units =
            in->max_write_request_units.value > 0 ? in->max_write_request_units.value : 0;
    return NULL;
}

/* -- overrides: indexes ------------------------------------------------------------------------ */

static bool same_attributes(const struct key_attribute *x, const struct key_attribute *y,
                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!str_eq(x[i].name, y[i].name))
            return false;
    return true;
}

static bool same_keys(const struct key_schema *x, const struct key_schema *y)
{
    return x->partition_count == y->partition_count && x->sort_count == y->sort_count &&
           same_attributes(x->partition, y->partition, x->partition_count) &&
           same_attributes(x->sort, y->sort, x->sort_count);
}

/* Names in any order. */
static bool same_projection(const struct index *x, const struct index *y)
{
    if (x->projection != y->projection || x->included_count != y->included_count)
        return false;
    for (size_t i = 0; i < x->included_count; i++) {
        bool found = false;
        for (size_t j = 0; j < y->included_count && !found; j++)
            found = str_eq(x->included[i], y->included[j]);
        if (!found)
            return false;
    }
    return true;
}

/* The definitions of a table, as a request has them. */
static attribute_definition_list definitions_of(struct arena *a, const struct table *t)
{
    attribute_definition_list list = {.count = t->attribute_count, .is_given = true};
    list.items = arena_array(a, struct attribute_definition, t->attribute_count + 1);
    for (size_t i = 0; i < t->attribute_count; i++) {
        enum value_type type = t->attributes[i].type;
        list.items[i].attribute_name = t->attributes[i].name;
        list.items[i].attribute_type = type == VALUE_B   ? SCALAR_B
                                       : type == VALUE_N ? SCALAR_N
                                                         : SCALAR_S;
    }
    return list;
}

/* An index that is asked for must be one of the source; only its throughput may differ. */
static struct error *choose_index(struct op *op, const struct table *source,
                                  const struct index_definition *wanted, struct index *out)
{
    struct str name = wanted->in->index_name;
    const struct index *known = table_index(source, name);
    TRY(index_define(op->arena, wanted, out));
    if (!known || known->is_global != wanted->is_global || !same_keys(&known->keys, &out->keys) ||
        !same_projection(known, out))
        return invalid(op->arena,
                       WRONG "%s index %.*s does not match any index of the source table",
                       wanted->is_global ? "Global secondary" : "Local secondary", STR_ARG(name));
    return NULL;
}

static struct error *choose_indexes(struct op *op, const struct table *source, struct table *t,
                                    const index_list *list, bool is_global, struct index *indexes)
{
    attribute_definition_list definitions = definitions_of(op->arena, source);
    for (size_t i = 0; i < list->count; i++) {
        struct index_definition wanted = {.in = &list->items[i],
                                          .definitions = &definitions,
                                          .is_global = is_global,
                                          .billing = t->billing};
        for (size_t j = 0; j < t->index_count; j++)
            if (str_eq(indexes[j].name, wanted.in->index_name))
                return invalid(op->arena, WRONG "Duplicate index name: %.*s",
                               STR_ARG(indexes[j].name));
        TRY(choose_index(op, source, &wanted, &indexes[t->index_count]));
        t->index_count++;
    }
    return NULL;
}

/* All of the source, with throughput that suits the new billing mode. */
static struct error *keep_indexes(struct op *op, const struct table *source, struct table *t,
                                  bool is_global, struct index *indexes)
{
    for (size_t i = 0; i < source->index_count; i++) {
        struct index index = source->indexes[i];
        if (index.is_global != is_global)
            continue;
        bool is_on_demand = t->billing == BILLING_PAY_PER_REQUEST;
        if (is_global && !is_on_demand && !index.throughput.read_units)
            return invalid(op->arena,
                           WRONG "ProvisionedThroughput must be specified for index: %.*s",
                           STR_ARG(index.name));
        index.throughput = (struct throughput){
            .read_units = is_on_demand ? 0 : index.throughput.read_units,
            .write_units = is_on_demand ? 0 : index.throughput.write_units,
            .max_read_units = is_on_demand ? index.throughput.max_read_units : 0,
            .max_write_units = is_on_demand ? index.throughput.max_write_units : 0,
        };
        indexes[t->index_count++] = index;
    }
    return NULL;
}

static struct error *override_indexes(struct op *op, const struct restore_table_input *in,
                                      const struct table *source, struct table *t)
{
    const index_list *local = &in->local_secondary_index_override;
    const index_list *global = &in->global_secondary_index_override;
    size_t room = source->index_count + local->count + global->count + 1;
    struct index *indexes = arena_array(op->arena, struct index, room);
    t->index_count = 0;
    if (local->is_given)
        TRY(choose_indexes(op, source, t, local, false, indexes));
    else
        TRY(keep_indexes(op, source, t, false, indexes));
    if (global->is_given)
        TRY(choose_indexes(op, source, t, global, true, indexes));
    else
        TRY(keep_indexes(op, source, t, true, indexes));
    t->indexes = indexes;
    return NULL;
}

/* Only those that a key of the new table is of. */
static void keep_definitions(struct op *op, const struct table *source, struct table *t)
{
    struct key_attribute *kept =
        arena_array(op->arena, struct key_attribute, source->attribute_count + 1);
    t->attribute_count = 0;
    for (size_t i = 0; i < source->attribute_count; i++) {
        struct str name = source->attributes[i].name;
        bool is_used = table_has_key(t, name);
        for (size_t j = 0; j < t->index_count; j++)
            is_used |= index_has_key(t, &t->indexes[j], name);
        if (is_used)
            kept[t->attribute_count++] = source->attributes[i];
    }
    t->attributes = kept;
}

/* -- the new table ----------------------------------------------------------------------------- */

static struct error *define(struct op *op, const struct restore_table_input *in,
                            const struct table *source, const struct restore *restore,
                            struct table *out)
{
    *out = (struct table){
        .name = in->target_table_name,
        .keys = source->keys,
        .billing = source->billing,
        .throughput = source->throughput,
        .table_class = source->table_class,
        .sse = source->sse,
        .restore = *restore,
    };
    TRY(override_billing(op, in, out));
    TRY(override_bounds(op, in->on_demand_throughput_override, out));
    TRY(override_indexes(op, in, source, out));
    keep_definitions(op, source, out);
    if (in->sse_specification_override)
        out->sse =
            sse_describe(op->arena, in->sse_specification_override, op->region, op->account_id);
    return NULL;
}

static struct error *restore(struct op *op, const struct restore_table_input *in,
                             const struct table *source, const struct restore *from)
{
    struct table definition;
    const struct table *created;
    uint64_t sequence;
    if (catalog_find(op->store, in->target_table_name) ||
        change_is(op, in->target_table_name, STATUS_DELETING))
        return error_new(op->arena, &error_TableAlreadyExistsException,
                         "Table already exists: %.*s", STR_ARG(in->target_table_name));
    TRY(tables_check_room(op));
    TRY(define(op, in, source, from, &definition));
    TRY(backup_restore(op->store, op->arena, &definition, &created, &sequence));
    op_depends(op, sequence);
    json_key(op->reply, S("TableDescription"));
    table_describe(op, created);
    return NULL;
}

struct error *run_restore_table_from_backup(struct op *op)
{
    const struct restore_table_input *in = op->input;
    struct backup b;
    TRY(backup_of_arn(op, in->backup_arn, &b));
    if (b.state == BACKUP_CREATING)
        return error_new(op->arena, &error_BackupInUseException, "Backup is being created: %.*s",
                         STR_ARG(in->backup_arn));
    struct restore from = {
        .from = RESTORE_FROM_BACKUP,
        .source_id = b.id,
        .moment_us = b.moment_us,
        .backup_arn = backup_arn(op, &b),
        .table_arn = table_arn(op->arena, &b.table, op->region, op->account_id),
    };
    return restore(op, in, &b.table, &from);
}

/* -- to a point in time ------------------------------------------------------------------------ */

static struct error *find_source(struct op *op, const struct restore_table_input *in,
                                 const struct table **out)
{
    if (!in->source_table_name.data == !in->source_table_arn.data)
        return invalid(op->arena, WRONG "Exactly one of SourceTableName and SourceTableArn must be "
                                        "specified");
    TRY(backup_table(op, in->source_table_name.data ? in->source_table_name : in->source_table_arn,
                     out));
    return recovery_check(op, *out);
}

struct error *recovery_check(struct op *op, const struct table *t)
{
    if (t->recovery.since_us)
        return NULL;
    return error_new(op->arena, &error_PointInTimeRecoveryUnavailableException,
                     "Point in time recovery is not enabled for table '%.*s'", STR_ARG(t->name));
}

/* All that was written up to the end of that millisecond, which must be over. */
static struct error *find_moment(struct op *op, const struct restore_table_input *in,
                                 const struct table *t, int64_t *moment_us)
{
    bool is_latest = in->use_latest_restorable_time.value;
    if (is_latest == in->restore_date_time.is_given)
        return invalid(op->arena,
                       WRONG "Exactly one of UseLatestRestorableTime and RestoreDateTime "
                             "must be specified");
    *moment_us = recovery_latest_us(op->store);
    if (is_latest)
        return NULL;
    int64_t wanted_ms = in->restore_date_time.value;
    if (wanted_ms < recovery_earliest_us(op->store, t) / 1000 || wanted_ms > *moment_us / 1000)
        return error_new(op->arena, &error_InvalidRestoreTimeException,
                         "An invalid restore time was specified. RestoreDateTime must be between "
                         "EarliestRestorableDateTime and LatestRestorableDateTime.");
    if (wanted_ms * 1000 + 999 < *moment_us)
        *moment_us = wanted_ms * 1000 + 999;
    return NULL;
}

struct error *run_restore_table_to_point_in_time(struct op *op)
{
    const struct restore_table_input *in = op->input;
    const struct table *source;
    struct restore from = {.from = RESTORE_FROM_PAST};
    TRY(find_source(op, in, &source));
    TRY(find_moment(op, in, source, &from.moment_us));
    from.source_id = source->id;
    from.table_arn = table_arn(op->arena, source, op->region, op->account_id);
    return restore(op, in, source, &from);
}
