/* DescribeTableReplicaAutoScaling, UpdateTableReplicaAutoScaling: a table here has one replica, the
 * one of this Region. */
#include "dynamodb/api/scaling.h"

#include "dynamodb/api/control.h"
#include "dynamodb/api/facts.h"
#include "dynamodb/api/shapes.h"
#include "dynamodb/api/state.h"

#include <string.h>

/* -- settings ---------------------------------------------------------------------------------- */

struct scaling_settings *scaling_merge(struct arena *a, const struct scaling_settings *old,
                                       const struct scaling_settings *changed)
{
    struct scaling_settings *merged = arena_new(a, struct scaling_settings);
    if (!old && !changed)
        return NULL;
    if (old)
        *merged = *old;
    if (!changed)
        return merged;
    if (changed->minimum_units.is_given)
        merged->minimum_units = changed->minimum_units;
    if (changed->maximum_units.is_given)
        merged->maximum_units = changed->maximum_units;
    if (changed->auto_scaling_disabled.is_given)
        merged->auto_scaling_disabled = changed->auto_scaling_disabled;
    if (changed->auto_scaling_role_arn.data)
        merged->auto_scaling_role_arn = changed->auto_scaling_role_arn;
    if (changed->scaling_policy_update)
        merged->scaling_policy_update = changed->scaling_policy_update;
    return merged;
}

static void write_policy(struct json_writer *w, const struct scaling_policy *p)
{
    const struct tracking_configuration *c = p->target_tracking_scaling_policy_configuration;
    json_begin_object(w);
    if (p->policy_name.data)
        json_key(w, S("PolicyName")), json_str(w, p->policy_name);
    json_key(w, S("TargetTrackingScalingPolicyConfiguration"));
    json_begin_object(w);
    if (c->disable_scale_in.is_given)
        json_key(w, S("DisableScaleIn")), json_bool(w, c->disable_scale_in.value);
    if (c->scale_in_cooldown.is_given)
        json_key(w, S("ScaleInCooldown")), json_i64(w, c->scale_in_cooldown.value);
    if (c->scale_out_cooldown.is_given)
        json_key(w, S("ScaleOutCooldown")), json_i64(w, c->scale_out_cooldown.value);
    json_key(w, S("TargetValue")), json_double(w, c->target_value.value);
    json_end_object(w);
    json_end_object(w);
}

static void write_members(struct json_writer *w, const struct scaling_settings *s)
{
    if (s->minimum_units.is_given)
        json_key(w, S("MinimumUnits")), json_i64(w, s->minimum_units.value);
    if (s->maximum_units.is_given)
        json_key(w, S("MaximumUnits")), json_i64(w, s->maximum_units.value);
    if (s->auto_scaling_disabled.is_given)
        json_key(w, S("AutoScalingDisabled")), json_bool(w, s->auto_scaling_disabled.value);
    if (s->auto_scaling_role_arn.data)
        json_key(w, S("AutoScalingRoleArn")), json_str(w, s->auto_scaling_role_arn);
}

void scaling_keep(struct json_writer *w, struct str key, const struct scaling_settings *s)
{
    if (!s)
        return;
    json_key(w, key);
    json_begin_object(w);
    write_members(w, s);
    if (s->scaling_policy_update) {
        json_key(w, S("ScalingPolicyUpdate"));
        write_policy(w, s->scaling_policy_update);
    }
    json_end_object(w);
}

void scaling_describe(struct json_writer *w, struct str key, const struct scaling_settings *s)
{
    json_key(w, key);
    json_begin_object(w);
    if (s)
        write_members(w, s);
    if (s && s->scaling_policy_update) {
        json_key(w, S("ScalingPolicies"));
        json_begin_array(w);
        write_policy(w, s->scaling_policy_update);
        json_end_array(w);
    }
    json_end_object(w);
}

/* -- indexes ----------------------------------------------------------------------------------- */

const struct index_scaling *scaling_find_index(const index_scaling_list *list, struct str name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_eq(list->items[i].index_name, name))
            return &list->items[i];
    return NULL;
}

void scaling_merge_index(struct arena *a, index_scaling_list *list,
                         const struct index_scaling *changed)
{
    const struct index_scaling *old = scaling_find_index(list, changed->index_name);
    struct index_scaling *items = arena_array(a, struct index_scaling, list->count + 1);
    struct index_scaling merged = old ? *old : (struct index_scaling){0};
    size_t position = old ? (size_t)(old - list->items) : list->count;
    merged.index_name = changed->index_name;
    if (changed->provisioned_read_capacity_units.is_given)
        merged.provisioned_read_capacity_units = changed->provisioned_read_capacity_units;
    if (changed->provisioned_write_capacity_units.is_given)
        merged.provisioned_write_capacity_units = changed->provisioned_write_capacity_units;
    merged.read_settings = scaling_merge(a, merged.read_settings, changed->read_settings);
    merged.write_settings = scaling_merge(a, merged.write_settings, changed->write_settings);
    if (list->count)
        memcpy(items, list->items, list->count * sizeof *items);
    items[position] = merged;
    list->items = items;
    list->count += !old;
}

void scaling_keep_indexes(struct json_writer *w, struct str key, const index_scaling_list *list)
{
    json_key(w, key);
    json_begin_array(w);
    for (size_t i = 0; i < list->count; i++) {
        const struct index_scaling *s = &list->items[i];
        json_begin_object(w);
        json_key(w, S("IndexName")), json_str(w, s->index_name);
        if (s->provisioned_read_capacity_units.is_given) {
            json_key(w, S("ReadUnits"));
            json_i64(w, s->provisioned_read_capacity_units.value);
        }
        if (s->provisioned_write_capacity_units.is_given) {
            json_key(w, S("WriteUnits"));
            json_i64(w, s->provisioned_write_capacity_units.value);
        }
        scaling_keep(w, S("Read"), s->read_settings);
        scaling_keep(w, S("Write"), s->write_settings);
        json_end_object(w);
    }
    json_end_array(w);
}

const struct shape scaling_index_state = STRUCTURE(
    index_scaling, "Index",
    MEMBER(index_scaling, index_name, "IndexName", NEED_NOTHING, state_text),
    MEMBER(index_scaling, provisioned_read_capacity_units, "ReadUnits", NEED_NOTHING, state_number),
    MEMBER(index_scaling, provisioned_write_capacity_units, "WriteUnits", NEED_NOTHING,
           state_number),
    MEMBER(index_scaling, read_settings, "Read", NEED_NOTHING, shape_scaling_settings),
    MEMBER(index_scaling, write_settings, "Write", NEED_NOTHING, shape_scaling_settings));

/* -- a table's state --------------------------------------------------------------------------- */

struct scaling_state {
    struct scaling_settings *read, *write;
    index_scaling_list indexes;
};
static const struct shape index_states = {LIST(scaling_index_state)};
static const struct shape scaling_state =
    STRUCTURE(scaling_state, "State",
              MEMBER(scaling_state, read, "Read", NEED_NOTHING, shape_scaling_settings),
              MEMBER(scaling_state, write, "Write", NEED_NOTHING, shape_scaling_settings),
              MEMBER(scaling_state, indexes, "Indexes", NEED_NOTHING, index_states));

static void describe_index(struct json_writer *w, const struct index *index,
                           const struct scaling_state *state)
{
    const struct index_scaling *set = scaling_find_index(&state->indexes, index->name);
    json_begin_object(w);
    json_key(w, S("IndexName")), json_str(w, index->name);
    json_key(w, S("IndexStatus"));
    json_str(w, index->status == STATUS_ACTIVE ? S("ACTIVE") : S("CREATING"));
    scaling_describe(w, S("ProvisionedReadCapacityAutoScalingSettings"),
                     set ? set->read_settings : NULL);
    scaling_describe(w, S("ProvisionedWriteCapacityAutoScalingSettings"),
                     set ? set->write_settings : NULL);
    json_end_object(w);
}

static void describe(struct op *op, const struct table *t, const struct scaling_state *state)
{
    struct json_writer *w = op->reply;
    struct str status = t->status == STATUS_ACTIVE ? S("ACTIVE") : S("UPDATING");
    json_key(w, S("TableAutoScalingDescription"));
    json_begin_object(w);
    json_key(w, S("TableName")), json_str(w, t->name);
    json_key(w, S("TableStatus")), json_str(w, status);
    json_key(w, S("Replicas"));
    json_begin_array(w);
    json_begin_object(w);
    json_key(w, S("RegionName")), json_str(w, op->region);
    json_key(w, S("GlobalSecondaryIndexes"));
    json_begin_array(w);
    for (size_t i = 0; i < t->index_count; i++)
        if (t->indexes[i].is_global)
            describe_index(w, &t->indexes[i], state);
    json_end_array(w);
    scaling_describe(w, S("ReplicaProvisionedReadCapacityAutoScalingSettings"), state->read);
    scaling_describe(w, S("ReplicaProvisionedWriteCapacityAutoScalingSettings"), state->write);
    json_key(w, S("ReplicaStatus")), json_str(w, status);
    json_end_object(w);
    json_end_array(w);
    json_end_object(w);
}

struct error *run_describe_table_replica_auto_scaling(struct op *op)
{
    const struct table_name_input *in = op->input;
    const struct table *t;
    struct scaling_state state;
    TRY(control_table(op, in->table_name, &t));
    TRY(state_load(op, STATE_SCALING, t->id, &scaling_state, &state));
    describe(op, t, &state);
    return NULL;
}

static struct error *merge_indexes(struct op *op, const struct table *t,
                                   const index_scaling_list *changed, struct scaling_state *state)
{
    for (size_t i = 0; i < changed->count; i++) {
        struct str name = changed->items[i].index_name;
        const struct index *index = name.data ? table_index(t, name) : NULL;
        if (!index || !index->is_global)
            return error_new(op->arena, &error_ResourceNotFoundException,
                             "Requested resource not found: Index: %.*s not found for table: %.*s",
                             STR_ARG(name), STR_ARG(t->name));
        scaling_merge_index(op->arena, &state->indexes, &changed->items[i]);
    }
    return NULL;
}

static struct error *merge_replica(struct op *op, const struct table *t,
                                   const struct replica_scaling *changed,
                                   struct scaling_state *state)
{
    if (!str_eq(changed->region_name, op->region))
        return invalid(op->arena,
                       "One or more parameter values were invalid: Table %.*s has no replica in "
                       "Region: %.*s",
                       STR_ARG(t->name), STR_ARG(changed->region_name));
    state->read = scaling_merge(op->arena, state->read, changed->read_settings);
    return merge_indexes(op, t, &changed->indexes, state);
}

struct error *run_update_table_replica_auto_scaling(struct op *op)
{
    const struct update_table_replica_auto_scaling_input *in = op->input;
    const struct table *t;
    struct scaling_state state;
    struct state_writer kept;
    TRY(control_table(op, in->table_name, &t));
    if (t->billing == BILLING_PAY_PER_REQUEST)
        return invalid(op->arena, "One or more parameter values were invalid: Auto scaling "
                                  "settings cannot be updated when BillingMode is "
                                  "PAY_PER_REQUEST");
    TRY(state_load(op, STATE_SCALING, t->id, &scaling_state, &state));
    state.write = scaling_merge(op->arena, state.write, in->write_settings);
    TRY(merge_indexes(op, t, &in->global_secondary_index_updates, &state));
    for (size_t i = 0; i < in->replica_updates.count; i++)
        TRY(merge_replica(op, t, &in->replica_updates.items[i], &state));
    state_begin(&kept);
    scaling_keep(&kept.w, S("Read"), state.read);
    scaling_keep(&kept.w, S("Write"), state.write);
    scaling_keep_indexes(&kept.w, S("Indexes"), &state.indexes);
    TRY(state_end(op, STATE_SCALING, t->id, &kept));
    describe(op, t, &state);
    return NULL;
}
