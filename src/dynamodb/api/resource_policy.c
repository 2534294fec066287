/* PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy. Policies are kept and given back;
 * they restrict nobody here. Source: API reference; AWS "Resource-based policies" for the size. */
#include "dynamodb/api/control.h"
#include "dynamodb/api/facts.h"
#include "dynamodb/api/state.h"
#include "json/reader.h"

#define MAX_POLICY 20480 /* bytes, white space counted */

/* A table's own policy has the table's ARN as resource, a stream's the stream's. */
struct policy {
    struct str resource, text, revision;
};
struct policy_state {
    LIST_OF(struct policy) policies;
};
static const struct shape policy =
    STRUCTURE(policy, "Policy", MEMBER(policy, resource, "Resource", NEED_NOTHING, state_text),
              MEMBER(policy, text, "Text", NEED_NOTHING, state_text),
              MEMBER(policy, revision, "Revision", NEED_NOTHING, state_text));
static const struct shape policies = {LIST(policy)};
static const struct shape policy_state = STRUCTURE(
    policy_state, "State", MEMBER(policy_state, policies, "Policies", NEED_NOTHING, policies));

static struct error *load(struct op *op, struct str arn, const struct table **t,
                          struct policy_state *out)
{
    struct str name = table_name_of(arn);
    if (!str_starts(arn, S("arn:aws:dynamodb:")) || name.data == arn.data)
        return invalid(op->arena, "Invalid ResourceArn: %.*s", STR_ARG(arn));
    *t = catalog_find(op->store, name);
    if (!*t)
        return error_new(op->arena, &error_ResourceNotFoundException,
                         "Requested resource not found: ResourceArn: %.*s not found", STR_ARG(arn));
    return state_load(op, STATE_POLICIES, (*t)->id, &policy_state, out);
}

static const struct policy *find(const struct policy_state *state, struct str arn)
{
    for (size_t i = 0; i < state->policies.count; i++)
        if (str_eq(state->policies.items[i].resource, arn))
            return &state->policies.items[i];
    return NULL;
}

static struct error *not_found(struct op *op, struct str arn)
{
    return error_new(op->arena, &error_PolicyNotFoundException,
                     "Resource-based policy not found for the provided ResourceArn: "
                     "Requested policy update ResourceArn %.*s",
                     STR_ARG(arn));
}

/* NO_POLICY expects that there is none; another revision expects exactly itself. */
static struct error *check_expected(struct op *op, const struct resource_policy_input *in,
                                    const struct policy *known)
{
    if (!in->expected_revision_id.data)
        return NULL;
    struct str have = known ? known->revision : S("NO_POLICY");
    if (str_eq(in->expected_revision_id, have))
        return NULL;
    return error_new(op->arena, &error_PolicyNotFoundException,
                     "Resource-based policy not found for the provided ResourceArn: Requested "
                     "policy update RevisionId %.*s does not match the current one",
                     STR_ARG(in->expected_revision_id));
}

static void keep(struct json_writer *w, const struct policy *p)
{
    json_begin_object(w);
    json_key(w, S("Resource")), json_str(w, p->resource);
    json_key(w, S("Text")), json_str(w, p->text);
    json_key(w, S("Revision")), json_str(w, p->revision);
    json_end_object(w);
}

/* All but the one of that resource, and `changed` when it is not NULL. */
static struct error *store(struct op *op, const struct table *t, const struct policy_state *state,
                           struct str arn, const struct policy *changed)
{
    struct state_writer kept;
    state_begin(&kept);
    json_key(&kept.w, S("Policies"));
    json_begin_array(&kept.w);
    for (size_t i = 0; i < state->policies.count; i++)
        if (!str_eq(state->policies.items[i].resource, arn))
            keep(&kept.w, &state->policies.items[i]);
    if (changed)
        keep(&kept.w, changed);
    json_end_array(&kept.w);
    return state_end(op, STATE_POLICIES, t->id, &kept);
}

struct error *policy_check(struct op *op, struct str text)
{
    struct json_reader r;
    json_reader_init(&r, text, op->arena);
    bool is_object = json_peek(&r) == JSON_OBJECT && json_skip(&r) && json_finish(&r);
    if (!is_object)
        return invalid(op->arena, "Invalid policy document: Syntax errors in policy");
    if (text.len > MAX_POLICY)
        return error_new(op->arena, &error_LimitExceededException,
                         "Resource-based policy size exceeds the limit of %d bytes", MAX_POLICY);
    return NULL;
}

static struct str policy_revision(struct op *op)
{
    return arena_printf(op->arena, "%lld", (long long)(clock_now_us(op->clock)));
}

struct error *policy_create(struct op *op, const struct table *t, struct str text)
{
    struct policy_state none = {0};
    struct policy created = {table_arn(op->arena, t, op->region, op->account_id), text,
                             policy_revision(op)};
    return store(op, t, &none, created.resource, &created);
}

struct error *run_put_resource_policy(struct op *op)
{
    const struct resource_policy_input *in = op->input;
    const struct table *t;
    struct policy_state state;
    TRY(load(op, in->resource_arn, &t, &state));
    TRY(policy_check(op, in->policy));
    const struct policy *known = find(&state, in->resource_arn);
    TRY(check_expected(op, in, known));
    bool is_same = known && str_eq(known->text, in->policy);
    struct policy changed = {in->resource_arn, in->policy,
                             is_same ? known->revision : policy_revision(op)};
    TRY(store(op, t, &state, in->resource_arn, &changed));
    json_key(op->reply, S("RevisionId")), json_str(op->reply, changed.revision);
    return NULL;
}

struct error *run_get_resource_policy(struct op *op)
{
    const struct resource_policy_input *in = op->input;
    const struct table *t;
    struct policy_state state;
    TRY(load(op, in->resource_arn, &t, &state));
    const struct policy *known = find(&state, in->resource_arn);
    if (!known)
        return not_found(op, in->resource_arn);
    json_key(op->reply, S("Policy")), json_str(op->reply, known->text);
    json_key(op->reply, S("RevisionId")), json_str(op->reply, known->revision);
    return NULL;
}

/* Idempotent: deleting what is not there is no error, unless a revision is expected. */
struct error *run_delete_resource_policy(struct op *op)
{
    const struct resource_policy_input *in = op->input;
    const struct table *t;
    struct policy_state state;
    TRY(load(op, in->resource_arn, &t, &state));
    const struct policy *known = find(&state, in->resource_arn);
    TRY(check_expected(op, in, known));
    if (!known)
        return NULL;
    TRY(store(op, t, &state, in->resource_arn, NULL));
    json_key(op->reply, S("RevisionId")), json_str(op->reply, known->revision);
    return NULL;
}
