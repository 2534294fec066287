/* UpdateTimeToLive, DescribeTimeToLive. What expires items is storage's. Source: API reference. */
#include "dynamodb/api/backups.h"
#include "dynamodb/api/control.h"
#include "dynamodb/api/transient.h"

static struct error *check(struct op *op, const struct table *t,
                           const struct time_to_live_specification *in)
{
    struct str changing;
    if (!in->enabled.value && !t->ttl_attribute.len)
        return invalid(op->arena, "TimeToLive is already disabled");
    if (in->enabled.value && str_eq(t->ttl_attribute, in->attribute_name))
        return invalid(op->arena, "TimeToLive is already enabled");
    if (t->ttl_attribute.len && !str_eq(t->ttl_attribute, in->attribute_name))
        return invalid(op->arena,
                       "TimeToLive is active on a different AttributeName: current AttributeName "
                       "is %.*s",
                       STR_ARG(t->ttl_attribute));
    if (change_ttl(op, t, &changing))
        return invalid(op->arena,
                       "Time to live has been modified multiple times within a fixed interval");
    return NULL;
}

struct error *run_update_time_to_live(struct op *op)
{
    const struct update_time_to_live_input *in = op->input;
    const struct time_to_live_specification *wanted = in->time_to_live_specification;
    const struct table *t, *stored;
    uint64_t sequence;
    TRY(change_check(op, in->table_name));
    TRY(control_table(op, in->table_name, &t));
    TRY(check_created(op, t));
    TRY(check(op, t, wanted));
    struct table changed = *t;
    changed.ttl_attribute = wanted->enabled.value ? wanted->attribute_name : S("");
    TRY(catalog_update(op->store, op->arena, &changed, &stored, &sequence));
    op_depends(op, sequence);
    change_ttl_begin(op, stored, wanted->attribute_name);
    json_key(op->reply, S("TimeToLiveSpecification"));
    json_begin_object(op->reply);
    json_key(op->reply, S("Enabled")), json_bool(op->reply, wanted->enabled.value);
    json_key(op->reply, S("AttributeName")), json_str(op->reply, wanted->attribute_name);
    json_end_object(op->reply);
    return NULL;
}

struct error *run_describe_time_to_live(struct op *op)
{
    const struct table_name_input *in = op->input;
    const struct table *t;
    TRY(control_table(op, in->table_name, &t));
    json_key(op->reply, S("TimeToLiveDescription"));
    json_begin_object(op->reply);
    json_key(op->reply, S("TimeToLiveStatus"));
    struct str attribute = t->ttl_attribute;
    bool is_on = attribute.len > 0, is_changing = change_ttl(op, t, &attribute);
    json_str(op->reply, is_changing ? is_on ? S("ENABLING") : S("DISABLING")
                        : is_on ? S("ENABLED")
                                    : S("DISABLED"));
    if (attribute.len)
        json_key(op->reply, S("AttributeName")), json_str(op->reply, attribute);
    json_end_object(op->reply);
    return NULL;
}
