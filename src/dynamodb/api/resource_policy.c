/* PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy. Policies are kept and given back;
 * they restrict nobody here. Source: API reference; words recorded from the service (moto's tests,
 * and probes of 2026). */
#include "dynamodb/api/arn.h"
#include "dynamodb/api/control.h"
#include "dynamodb/api/facts.h"
#include "dynamodb/api/policy_document.h"
#include "dynamodb/api/position.h"
#include "dynamodb/api/state.h"

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

/* A table of this account and Region. */
static struct error *check_place(struct op *op, const struct resource_arn *arn)
{
    if (!str_eq(arn->partition, S("aws")) || !str_eq(arn->region, op->region))
        return invalid(op->arena,
                       "One or more parameter values were invalid: Invalid resource Arn: %.*s",
                       STR_ARG(arn->text));
    if (!str_eq(arn->account, op->account_id))
        return invalid(op->arena, "This action is only supported by accounts that match the "
                                  "resource owner\xe2\x80\x99s account.");
    return NULL;
}

static struct error *check_stream(struct op *op, const struct resource_arn *arn)
{
    struct stream stream;
    struct stream_name name;
    bool found = false;
    if (stream_arn_parse(arn->text, &name))
        TRY(stream_find(op->store, op->arena, name.table_name, name.created_ms, &stream, &found));
    if (found)
        return NULL;
    return error_new(op->arena, &error_ResourceNotFoundException,
                     "Requested resource not found: Stream: %.*s not found for Table: %.*s",
                     STR_ARG(arn->stream), STR_ARG(arn->table));
}

static struct error *load(struct op *op, struct str text, const struct table **t,
                          struct policy_state *out)
{
    struct resource_arn arn;
    TRY(resource_arn_parse(op->arena, text, &arn));
    TRY(check_place(op, &arn));
    TRY(control_table(op, arn.table, t));
    if (arn.stream.len)
        TRY(check_stream(op, &arn));
    return state_load(op, STATE_POLICIES, (*t)->id, &policy_state, out);
}

static const struct policy *find(const struct policy_state *state, struct str arn)
{
    for (size_t i = 0; i < state->policies.count; i++)
        if (str_eq(state->policies.items[i].resource, arn))
            return &state->policies.items[i];
    return NULL;
}

#define NOT_FOUND "Resource-based policy not found for the provided ResourceArn: "

static struct error *not_found(struct op *op, struct str arn)
{
    return error_new(op->arena, &error_PolicyNotFoundException, NOT_FOUND "%.*s", STR_ARG(arn));
}

/* NO_POLICY expects that there is none; another revision expects exactly itself. */
static struct error *check_expected(struct op *op, const struct resource_policy_input *in,
                                    const struct table *t, const struct policy *known)
{
    struct str wanted = in->expected_revision_id;
    struct str have = known ? known->revision : S("NO_POLICY");
    if (!wanted.data || str_eq(wanted, have))
        return NULL;
    if (!known)
        return not_found(op, in->resource_arn);
    if (str_eq(wanted, S("NO_POLICY")))
        return error_new(op->arena, &error_PolicyNotFoundException,
                         NOT_FOUND "Requested policy update expecting none to be present for table "
                                   "%.*s, but a policy exists with revision id %.*s.",
                         STR_ARG(t->name), STR_ARG(have));
    return error_new(op->arena, &error_PolicyNotFoundException,
                     NOT_FOUND "Requested update for policy with revision id %.*s, but the policy "
                               "associated to target table %.*s has revision id %.*s.",
                     STR_ARG(wanted), STR_ARG(t->name), STR_ARG(have));
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
    return policy_document_check(op->arena, text);
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
    TRY(check_expected(op, in, t, known));
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
    TRY(check_expected(op, in, t, known));
    if (!known)
        return NULL;
    TRY(store(op, t, &state, in->resource_arn, NULL));
    json_key(op->reply, S("RevisionId")), json_str(op->reply, known->revision);
    return NULL;
}
