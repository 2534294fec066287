/* Global tables of the older version (2017.11.29): CreateGlobalTable, DescribeGlobalTable,
 * ListGlobalTables, UpdateGlobalTable, and their settings. Nothing is replicated: groups and
 * settings are kept and described. Source: API reference. */
#include "dynamodb/api/control.h"
#include "dynamodb/api/facts.h"
#include "dynamodb/api/scaling.h"
#include "dynamodb/api/shapes.h"
#include "dynamodb/api/state.h"

#include <string.h>

#define PAGE 100

struct global_replica {
    struct str region;
    struct opt_i64 read_units;
    struct scaling_settings *read;
    index_scaling_list indexes; /* reads */
    struct str table_class;
};
struct global_table {
    struct str name;
    struct opt_i64 created_ms, write_units;
    struct opt_bool is_on_demand;
    struct scaling_settings *write;
    index_scaling_list indexes; /* writes */
    LIST_OF(struct global_replica) replicas;
};
struct global_state {
    LIST_OF(struct global_table) tables; /* in order of their names */
};

static const struct shape index_states = {LIST(scaling_index_state)};
static const struct shape global_replica = STRUCTURE(
    global_replica, "Replica", MEMBER(global_replica, region, "Region", NEED_NOTHING, state_text),
    MEMBER(global_replica, read_units, "ReadUnits", NEED_NOTHING, state_number),
    MEMBER(global_replica, read, "Read", NEED_NOTHING, shape_scaling_settings),
    MEMBER(global_replica, indexes, "Indexes", NEED_NOTHING, index_states),
    MEMBER(global_replica, table_class, "TableClass", NEED_NOTHING, state_text));
static const struct shape global_replicas = {LIST(global_replica)};
static const struct shape global_table =
    STRUCTURE(global_table, "Table", MEMBER(global_table, name, "Name", NEED_NOTHING, state_text),
              MEMBER(global_table, created_ms, "CreatedMs", NEED_NOTHING, state_number),
              MEMBER(global_table, write_units, "WriteUnits", NEED_NOTHING, state_number),
              MEMBER(global_table, is_on_demand, "IsOnDemand", NEED_NOTHING, state_flag),
              MEMBER(global_table, write, "Write", NEED_NOTHING, shape_scaling_settings),
              MEMBER(global_table, indexes, "Indexes", NEED_NOTHING, index_states),
              MEMBER(global_table, replicas, "Replicas", NEED_NOTHING, global_replicas));
static const struct shape global_tables = {LIST(global_table)};
static const struct shape global_state = STRUCTURE(
    global_state, "State", MEMBER(global_state, tables, "Tables", NEED_NOTHING, global_tables));

/* -- state ------------------------------------------------------------------------------------- */

static struct error *load(struct op *op, struct global_state *out)
{
    return state_load(op, STATE_GLOBAL_TABLES, 0, &global_state, out);
}

static void keep_replica(struct json_writer *w, const struct global_replica *r)
{
    json_begin_object(w);
    json_key(w, S("Region")), json_str(w, r->region);
    if (r->read_units.is_given)
        json_key(w, S("ReadUnits")), json_i64(w, r->read_units.value);
    scaling_keep(w, S("Read"), r->read);
    scaling_keep_indexes(w, S("Indexes"), &r->indexes);
    if (r->table_class.data)
        json_key(w, S("TableClass")), json_str(w, r->table_class);
    json_end_object(w);
}

static void keep_table(struct json_writer *w, const struct global_table *t)
{
    json_begin_object(w);
    json_key(w, S("Name")), json_str(w, t->name);
    json_key(w, S("CreatedMs")), json_i64(w, t->created_ms.value);
    if (t->write_units.is_given)
        json_key(w, S("WriteUnits")), json_i64(w, t->write_units.value);
    if (t->is_on_demand.is_given)
        json_key(w, S("IsOnDemand")), json_bool(w, t->is_on_demand.value);
    scaling_keep(w, S("Write"), t->write);
    scaling_keep_indexes(w, S("Indexes"), &t->indexes);
    json_key(w, S("Replicas"));
    json_begin_array(w);
    for (size_t i = 0; i < t->replicas.count; i++)
        keep_replica(w, &t->replicas.items[i]);
    json_end_array(w);
    json_end_object(w);
}

/* Keeps the list with `changed` in the place of its name. */
static struct error *store(struct op *op, const struct global_state *state,
                           const struct global_table *changed)
{
    struct state_writer kept;
    bool is_kept = false;
    state_begin(&kept);
    json_key(&kept.w, S("Tables"));
    json_begin_array(&kept.w);
    for (size_t i = 0; i < state->tables.count; i++) {
        int order = str_compare(state->tables.items[i].name, changed->name);
        if (order >= 0 && !is_kept) {
            keep_table(&kept.w, changed);
            is_kept = true;
        }
        if (order != 0)
            keep_table(&kept.w, &state->tables.items[i]);
    }
    if (!is_kept)
        keep_table(&kept.w, changed);
    json_end_array(&kept.w);
    return state_end(op, STATE_GLOBAL_TABLES, 0, &kept);
}

static struct global_table *find(const struct global_state *state, struct str name)
{
    for (size_t i = 0; i < state->tables.count; i++)
        if (str_eq(state->tables.items[i].name, name))
            return &state->tables.items[i];
    return NULL;
}

static struct error *find_or_refuse(struct op *op, const struct global_state *state,
                                    struct str name, struct global_table **out)
{
    *out = find(state, name);
    if (*out)
        return NULL;
    return error_new(op->arena, &error_GlobalTableNotFoundException,
                     "Global table not found: Global table with name: '%.*s' does not exist.",
                     STR_ARG(name));
}

static struct global_replica *find_replica(const struct global_table *t, struct str region)
{
    for (size_t i = 0; i < t->replicas.count; i++)
        if (str_eq(t->replicas.items[i].region, region))
            return &t->replicas.items[i];
    return NULL;
}

/* -- groups ------------------------------------------------------------------------------------ */

static void describe(struct op *op, const struct global_table *t, struct str status)
{
    struct json_writer *w = op->reply;
    json_key(w, S("GlobalTableDescription"));
    json_begin_object(w);
    json_key(w, S("ReplicationGroup"));
    json_begin_array(w);
    for (size_t i = 0; i < t->replicas.count; i++) {
        json_begin_object(w);
        json_key(w, S("RegionName")), json_str(w, t->replicas.items[i].region);
        json_key(w, S("ReplicaStatus")), json_str(w, S("ACTIVE"));
        json_end_object(w);
    }
    json_end_array(w);
    json_key(w, S("GlobalTableArn"));
    json_str(w, arena_printf(op->arena, "arn:aws:dynamodb::%.*s:global-table/%.*s",
                             STR_ARG(op->account_id), STR_ARG(t->name)));
    json_key(w, S("CreationDateTime")), json_double(w, (double)t->created_ms.value / 1000);
    json_key(w, S("GlobalTableStatus")), json_str(w, status);
    json_key(w, S("GlobalTableName")), json_str(w, t->name);
    json_end_object(w);
}

static void add_replica(struct arena *a, struct global_table *t, struct str region)
{
    struct global_replica *all = arena_array(a, struct global_replica, t->replicas.count + 1);
    if (t->replicas.count)
        memcpy(all, t->replicas.items, t->replicas.count * sizeof *all);
    all[t->replicas.count].region = region;
    t->replicas.items = all;
    t->replicas.count++;
}

/* The table must be here, with a stream of both images, for its Region to be in the group. */
static struct error *check_local_table(struct op *op, struct str name)
{
    const struct table *t = catalog_find(op->store, name);
    if (!t)
        return error_new(op->arena, &error_TableNotFoundException, "Table not found: %.*s",
                         STR_ARG(name));
    if (!t->is_stream_enabled || t->stream_view != VIEW_NEW_AND_OLD_IMAGES)
        return invalid(op->arena,
                       "One or more parameter values were invalid: Table %.*s must have a stream "
                       "enabled with StreamViewType NEW_AND_OLD_IMAGES",
                       STR_ARG(name));
    return NULL;
}

struct error *run_create_global_table(struct op *op)
{
    const struct global_table_input *in = op->input;
    struct global_state state;
    struct global_table created = {.name = in->global_table_name,
                                   .created_ms = {clock_now_ms(op->clock), true}};
    TRY(load(op, &state));
    if (find(&state, in->global_table_name))
        return error_new(op->arena, &error_GlobalTableAlreadyExistsException,
                         "Global table with name: '%.*s' already exists.",
                         STR_ARG(in->global_table_name));
    for (size_t i = 0; i < in->replication_group.count; i++) {
        struct str region = in->replication_group.items[i].region_name;
        if (!region.len || find_replica(&created, region))
            return invalid(op->arena, "One or more parameter values were invalid: Regions of a "
                                      "replication group must be named, and each once");
        if (str_eq(region, op->region))
            TRY(check_local_table(op, created.name));
        add_replica(op->arena, &created, region);
    }
    if (!created.replicas.count)
        return invalid(op->arena, "One or more parameter values were invalid: ReplicationGroup "
                                  "must not be empty");
    TRY(store(op, &state, &created));
    describe(op, &created, S("CREATING"));
    return NULL;
}

struct error *run_describe_global_table(struct op *op)
{
    const struct global_table_input *in = op->input;
    struct global_state state;
    struct global_table *t;
    TRY(load(op, &state));
    TRY(find_or_refuse(op, &state, in->global_table_name, &t));
    describe(op, t, S("ACTIVE"));
    return NULL;
}

static struct error *update_replica(struct op *op, const struct global_replica_update *u,
                                    struct global_table *t)
{
    struct str region = u->create   ? u->create->region_name
                        : u->delete ? u->delete->region_name
                                    : S("");
    if (!u->create == !u->delete)
        return invalid(op->arena, "One or more parameter values were invalid: Exactly one of "
                                  "ReplicaUpdate.Create, ReplicaUpdate.Delete must be given");
    struct global_replica *known = find_replica(t, region);
    if (u->create && known)
        return error_new(op->arena, &error_ReplicaAlreadyExistsException,
                         "Global table '%.*s' already has a replica in Region: '%.*s'",
                         STR_ARG(t->name), STR_ARG(region));
    if (u->create) {
        if (str_eq(region, op->region))
            TRY(check_local_table(op, t->name));
        add_replica(op->arena, t, region);
        return NULL;
    }
    if (!known)
        return error_new(op->arena, &error_ReplicaNotFoundException,
                         "Global table '%.*s' has no replica in Region: '%.*s'", STR_ARG(t->name),
                         STR_ARG(region));
    size_t after = t->replicas.count - 1 - (size_t)(known - t->replicas.items);
    memmove(known, known + 1, after * sizeof *known);
    t->replicas.count--;
    return NULL;
}

struct error *run_update_global_table(struct op *op)
{
    const struct global_table_input *in = op->input;
    struct global_state state;
    struct global_table *t;
    TRY(load(op, &state));
    TRY(find_or_refuse(op, &state, in->global_table_name, &t));
    for (size_t i = 0; i < in->replica_updates.count; i++)
        TRY(update_replica(op, &in->replica_updates.items[i], t));
    TRY(store(op, &state, t));
    describe(op, t, S("UPDATING"));
    return NULL;
}

struct error *run_list_global_tables(struct op *op)
{
    const struct list_global_tables_input *in = op->input;
    struct json_writer *w = op->reply;
    struct global_state state;
    size_t limit = in->limit.is_given ? (size_t)in->limit.value : PAGE, shown = 0;
    struct str last = {0};
    bool has_more = false;
    TRY(load(op, &state));
    json_key(w, S("GlobalTables"));
    json_begin_array(w);
    for (size_t i = 0; i < state.tables.count; i++) {
        const struct global_table *t = &state.tables.items[i];
        if (str_compare(t->name, in->exclusive_start_global_table_name) <= 0 ||
            (in->region_name.data && !find_replica(t, in->region_name)))
            continue;
        has_more = shown == limit;
        if (has_more)
            break;
        json_begin_object(w);
        json_key(w, S("GlobalTableName")), json_str(w, t->name);
        json_key(w, S("ReplicationGroup"));
        json_begin_array(w);
        for (size_t j = 0; j < t->replicas.count; j++) {
            json_begin_object(w);
            json_key(w, S("RegionName")), json_str(w, t->replicas.items[j].region);
            json_end_object(w);
        }
        json_end_array(w);
        json_end_object(w);
        last = t->name;
        shown++;
    }
    json_end_array(w);
    if (has_more)
        json_key(w, S("LastEvaluatedGlobalTableName")), json_str(w, last);
    return NULL;
}

/* -- settings ---------------------------------------------------------------------------------- */

static int64_t units_or(struct opt_i64 units, int64_t other)
{
    return units.is_given ? units.value : other;
}

static void describe_index(struct json_writer *w, const struct index *index,
                           const struct index_scaling *writes, const struct index_scaling *reads)
{
    struct opt_i64 none = {0};
    int64_t read = units_or(reads ? reads->provisioned_read_capacity_units : none,
                            index->throughput.read_units);
    int64_t write = units_or(writes ? writes->provisioned_write_capacity_units : none,
                             index->throughput.write_units);
    json_begin_object(w);
    json_key(w, S("IndexName")), json_str(w, index->name);
    json_key(w, S("IndexStatus")), json_str(w, S("ACTIVE"));
    if (read)
        json_key(w, S("ProvisionedReadCapacityUnits")), json_i64(w, read);
    scaling_describe(w, S("ProvisionedReadCapacityAutoScalingSettings"),
                     reads ? reads->read_settings : NULL);
    if (write)
        json_key(w, S("ProvisionedWriteCapacityUnits")), json_i64(w, write);
    scaling_describe(w, S("ProvisionedWriteCapacityAutoScalingSettings"),
                     writes ? writes->write_settings : NULL);
    json_end_object(w);
}

static void describe_replica(struct op *op, const struct global_table *t,
                             const struct global_replica *r)
{
    struct json_writer *w = op->reply;
    const struct table *local = catalog_find(op->store, t->name);
    int64_t read = local ? local->throughput.read_units : 0;
    int64_t write = local ? local->throughput.write_units : 0;
    bool is_on_demand = t->is_on_demand.is_given
                            ? t->is_on_demand.value
                            : local && local->billing == BILLING_PAY_PER_REQUEST;
    json_begin_object(w);
    json_key(w, S("RegionName")), json_str(w, r->region);
    json_key(w, S("ReplicaStatus")), json_str(w, S("ACTIVE"));
    if (is_on_demand) {
        json_key(w, S("ReplicaBillingModeSummary"));
        json_begin_object(w);
        json_key(w, S("BillingMode")), json_str(w, S("PAY_PER_REQUEST"));
        json_end_object(w);
    }
    json_key(w, S("ReplicaProvisionedReadCapacityUnits"));
    json_i64(w, is_on_demand ? 0 : units_or(r->read_units, read));
    scaling_describe(w, S("ReplicaProvisionedReadCapacityAutoScalingSettings"), r->read);
    json_key(w, S("ReplicaProvisionedWriteCapacityUnits"));
    json_i64(w, is_on_demand ? 0 : units_or(t->write_units, write));
    scaling_describe(w, S("ReplicaProvisionedWriteCapacityAutoScalingSettings"), t->write);
    json_key(w, S("ReplicaGlobalSecondaryIndexSettings"));
    json_begin_array(w);
    for (size_t i = 0; local && i < local->index_count; i++)
        if (local->indexes[i].is_global)
            describe_index(w, &local->indexes[i],
                           scaling_find_index(&t->indexes, local->indexes[i].name),
                           scaling_find_index(&r->indexes, local->indexes[i].name));
    json_end_array(w);
    if (r->table_class.len) {
        json_key(w, S("ReplicaTableClassSummary"));
        json_begin_object(w);
        json_key(w, S("TableClass")), json_str(w, r->table_class);
        json_end_object(w);
    }
    json_end_object(w);
}

static void describe_settings(struct op *op, const struct global_table *t)
{
    json_key(op->reply, S("GlobalTableName")), json_str(op->reply, t->name);
    json_key(op->reply, S("ReplicaSettings"));
    json_begin_array(op->reply);
    for (size_t i = 0; i < t->replicas.count; i++)
        describe_replica(op, t, &t->replicas.items[i]);
    json_end_array(op->reply);
}

struct error *run_describe_global_table_settings(struct op *op)
{
    const struct global_table_input *in = op->input;
    struct global_state state;
    struct global_table *t;
    TRY(load(op, &state));
    TRY(find_or_refuse(op, &state, in->global_table_name, &t));
    describe_settings(op, t);
    return NULL;
}

static struct error *change_indexes(struct op *op, struct str table_name,
                                    const index_scaling_list *changed, index_scaling_list *list)
{
    const struct table *local = catalog_find(op->store, table_name);
    for (size_t i = 0; i < changed->count; i++) {
        struct str name = changed->items[i].index_name;
        const struct index *index = local ? table_index(local, name) : NULL;
        if (!index || !index->is_global)
            return error_new(op->arena, &error_IndexNotFoundException, "Index not found: %.*s",
                             STR_ARG(name));
        scaling_merge_index(op->arena, list, &changed->items[i]);
    }
    return NULL;
}

static struct error *change_replica(struct op *op, const struct replica_scaling *changed,
                                    struct global_table *t)
{
    struct global_replica *r = find_replica(t, changed->region_name);
    if (!r)
        return error_new(op->arena, &error_ReplicaNotFoundException,
                         "Global table '%.*s' has no replica in Region: '%.*s'", STR_ARG(t->name),
                         STR_ARG(changed->region_name));
    if (changed->replica_provisioned_read_capacity_units.is_given)
        r->read_units = changed->replica_provisioned_read_capacity_units;
    r->read = scaling_merge(op->arena, r->read, changed->read_settings);
    if (changed->replica_table_class)
        r->table_class = changed->replica_table_class == TABLE_CLASS_STANDARD
                             ? S("STANDARD")
                             : S("STANDARD_INFREQUENT_ACCESS");
    return change_indexes(op, t->name, &changed->indexes, &r->indexes);
}

struct error *run_update_global_table_settings(struct op *op)
{
    const struct update_global_table_settings_input *in = op->input;
    struct global_state state;
    struct global_table *t;
    TRY(load(op, &state));
    TRY(find_or_refuse(op, &state, in->global_table_name, &t));
    if (in->global_table_billing_mode)
        t->is_on_demand =
            (struct opt_bool){in->global_table_billing_mode == BILLING_MODE_PAY_PER_REQUEST, true};
    if (in->global_table_provisioned_write_capacity_units.is_given)
        t->write_units = in->global_table_provisioned_write_capacity_units;
    t->write = scaling_merge(op->arena, t->write, in->write_settings);
    TRY(change_indexes(op, t->name, &in->indexes, &t->indexes));
    for (size_t i = 0; i < in->replica_settings_update.count; i++)
        TRY(change_replica(op, &in->replica_settings_update.items[i], t));
    TRY(store(op, &state, t));
    describe_settings(op, t);
    return NULL;
}
