/* Sources: words and combinations as probed at the service in October 2026 by the authors of AWS
 * Controllers for Kubernetes: most changes must come alone. Older words: dynalite's recordings. */
#include "dynamodb/api/table_update_check.h"

#include "dynamodb/api/table_define.h"
#include "dynamodb/model/errors.h"

#define WRONG "One or more parameter values were invalid: "

/* What a request changes. Empty structures of throughput count as not there. */
struct wanted {
    bool units, billing, stream, indexes, sse, replicas, protection, table_class, on_demand, warm;
    bool replication, consistency, witnesses;
    size_t count;
};

static struct wanted wanted_of(const struct update_table_input *in)
{
    const struct on_demand_throughput *limits = in->on_demand_throughput;
    const struct warm_throughput *warm = in->warm_throughput;
    struct wanted w = {
        .units = in->provisioned_throughput,
        .billing = in->billing_mode,
        .stream = in->stream_specification,
        .indexes = in->global_secondary_index_updates.count,
        .sse = in->sse_specification,
        .replicas = in->replica_updates.count,
        .protection = in->deletion_protection_enabled.is_given,
        .table_class = in->table_class,
        .on_demand = limits && (limits->max_read_request_units.is_given ||
                                limits->max_write_request_units.is_given),
        .warm =
            warm && (warm->read_units_per_second.is_given || warm->write_units_per_second.is_given),
        .replication = in->global_table_settings_replication_mode,
        .consistency = in->multi_region_consistency,
        .witnesses = in->global_table_witness_updates.count,
    };
    w.count = (size_t)w.units + w.billing + w.stream + w.indexes + w.sse + w.replicas +
              w.protection + w.table_class + w.on_demand + w.warm + w.replication + w.consistency +
              w.witnesses;
    return w;
}

static struct error *check_any(struct arena *a, const struct wanted *w)
{
    /* What was sent and changes nothing by itself is not named among what is missing. */
    if (w->count > (size_t)w->consistency)
        return NULL;
    return invalid(a,
                   "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
                   "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, "
                   "MultiAccountReplicaReady, ReplicaTransitRoleArn, %sDeletionProtectionEnabled, "
                   "OnDemandThroughput, WarmThroughput or TableClass is required",
                   w->consistency ? "" : "MultiRegionConsistency, ");
}

static struct error *check_alone(struct arena *a, const struct wanted *w)
{
    const struct {
        bool is_wanted;
        const char *what;
    } alone[] = {
        {w->sse, "Server-Side Encryption modification"},
        {w->table_class, "TableClass modification"},
        {w->protection, "DeletionProtection modification"},
        {w->replicas, "Replica modification"},
        {w->warm, "WarmThroughput"},
    };
    for (size_t i = 0; i < countof(alone) && w->count > 1; i++)
        if (alone[i].is_wanted)
            return invalid(a, WRONG "%s must be the only operation in the request", alone[i].what);
    if (w->on_demand && w->count > (size_t)w->on_demand + w->billing)
        return invalid(a, WRONG "OnDemandThroughput can only be combined with BillingMode in an "
                                "UpdateTable request");
    return NULL;
}

static struct error *check_together(struct arena *a, const struct update_table_input *in,
                                    const struct wanted *w)
{
    bool changes_indexes = false, creates = false, warms = false;
    for (size_t i = 0; i < in->global_secondary_index_updates.count; i++) {
        const struct index_update *u = &in->global_secondary_index_updates.items[i];
        changes_indexes |= u->create || u->delete;
        creates |= u->create != NULL;
        warms |= u->update && u->update->warm_throughput;
    }
    if (w->stream && w->units)
        return invalid(a, WRONG "You cannot modify stream status while updating table IOPS");
    if (changes_indexes && w->units)
        return invalid(a, WRONG "You cannot create or delete index while updating table IOPS");
    if (changes_indexes && w->stream)
        return invalid(a, WRONG "You cannot create or delete index while changing stream status");
    if (creates && warms)
        return invalid(a, WRONG "Create global secondary index cannot be specified when updating "
                                "WarmThroughput");
    return NULL;
}

/* -- indexes ------------------------------------------------------------------------------------
 */

static struct str name_of(const struct index_update *u)
{
    return u->update   ? u->update->index_name
           : u->create ? u->create->index_name
                       : u->delete->index_name;
}

static struct error *check_index_update(struct arena *a, const struct index_update *u)
{
    size_t actions = (size_t)(u->update != NULL) + (u->create != NULL) + (u->delete != NULL);
    if (!actions)
        return invalid(a, WRONG "One of GlobalSecondaryIndexUpdate.Update, "
                                "GlobalSecondaryIndexUpdate.Create, "
                                "GlobalSecondaryIndexUpdate.Delete must not be null");
    if (actions > 1)
        return invalid(a, WRONG "Only one global secondary index action is allowed per "
                                "GlobalSecondaryIndexUpdate object");
    const struct warm_throughput *warm = u->update ? u->update->warm_throughput : NULL;
    if (warm && !warm->read_units_per_second.is_given && !warm->write_units_per_second.is_given)
        return invalid(a,
                       WRONG "WarmThroughput must have at least one of ReadUnitsPerSecond or "
                             "WriteUnitsPerSecond specified for index: %.*s",
                       STR_ARG(u->update->index_name));
    return NULL;
}

static struct error *check_index_updates(struct arena *a, const struct update_table_input *in)
{
    const struct index_update *updates = in->global_secondary_index_updates.items;
    size_t changes = 0;
    if (in->global_secondary_index_updates.is_given && !in->global_secondary_index_updates.count)
        return invalid(a, WRONG "List of GlobalSecondaryIndexUpdates is empty");
    for (size_t i = 0; i < in->global_secondary_index_updates.count; i++) {
        TRY(check_index_update(a, &updates[i]));
        for (size_t j = 0; j < i; j++)
            if (str_eq(name_of(&updates[i]), name_of(&updates[j])))
                return invalid(a,
                               WRONG "Only one global secondary index update per index is allowed "
                                     "simultaneously. Index: %.*s",
                               STR_ARG(name_of(&updates[i])));
        changes += updates[i].create || updates[i].delete;
    }
    if (changes > 1)
        return error_new(a, &error_LimitExceededException,
                         "Subscriber limit exceeded: Only 1 online index can be created or "
                         "deleted simultaneously per table");
    return NULL;
}

struct error *table_update_check(struct arena *a, const struct update_table_input *in)
{
    const struct wanted w = wanted_of(in);
    if (in->billing_mode == BILLING_MODE_PAY_PER_REQUEST && in->provisioned_throughput)
        return invalid(a, WRONG "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
                                "when BillingMode is PAY_PER_REQUEST");
    if (in->billing_mode == BILLING_MODE_PROVISIONED && !in->provisioned_throughput)
        return invalid(a, WRONG "ProvisionedThroughput must be specified when BillingMode is "
                                "PROVISIONED");
    if (in->provisioned_throughput)
        TRY(throughput_check(a, in->provisioned_throughput));
    TRY(check_index_updates(a, in));
    TRY(check_any(a, &w));
    TRY(table_class_check(a, in->table_class));
    TRY(check_alone(a, &w));
    TRY(check_together(a, in, &w));
    TRY(sse_check(a, in->sse_specification));
    if (w.replicas || w.witnesses)
        return invalid(a, WRONG "Replicas in other Regions are not supported by this endpoint");
    return NULL;
}
