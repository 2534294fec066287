/* CreateTable, DeleteTable, DescribeTable, ListTables, and how requests find their table.
 *
 * Tables come and go at once, but the answers show what the service's would: CREATING and DELETING,
 * and ACTIVE only when somebody asks again. */
#include "dynamodb/api/backups.h"
#include "dynamodb/api/control.h"
#include "dynamodb/api/requests.h"
#include "dynamodb/api/state.h"
#include "dynamodb/api/table_define.h"
#include "dynamodb/api/table_describe.h"
#include "dynamodb/api/transient.h"

/* -- finding ----------------------------------------------------------------------------------- */

struct str table_name_of(struct str name_or_arn)
{
    struct str rest = name_or_arn, part;
    if (!str_starts(rest, S("arn:")))
        return name_or_arn;
    for (int i = 0; i < 5; i++) /* arn:aws:dynamodb:REGION:ACCOUNT: */
        if (!str_cut(&rest, ':', &part))
            return name_or_arn;
    if (!str_starts(rest, S("table/")))
        return name_or_arn;
    rest = str_from(rest, 6);
    str_cut(&rest, '/', &part); /* of an index or a stream */
    return part;
}

/* An ARN is of a table of this account and Region. Words: probes of 2026. */
static struct error *check_place(struct op *op, struct str arn)
{
    struct str rest = str_from(arn, 4), partition, service, region, account;
    if (!str_starts(arn, S("arn:")) || !str_cut(&rest, ':', &partition) ||
        !str_cut(&rest, ':', &service) || !str_cut(&rest, ':', &region) ||
        !str_cut(&rest, ':', &account))
        return NULL;
    bool is_table = str_eq(service, S("dynamodb")) && str_starts(rest, S("table/")) &&
                    !str_contains(str_from(rest, 6), S("/"));
    const char *wrong = !str_eq(partition, S("aws"))  ? "AWS partition"
                        : !str_eq(region, op->region) ? "AWS region"
                        : !is_table                   ? "resource type"
                                                      : NULL;
    if (wrong)
        return invalid(op->arena, "1 validation error detected: Invalid %s in '%.*s'", wrong,
                       STR_ARG(arn));
    if (!str_eq(account, op->account_id))
        return error_new(op->arena, &error_AccessDeniedException, "Access is denied");
    return NULL;
}

struct error *op_table(struct op *op, struct str name, const struct table **out)
{
    TRY(check_place(op, name));
    *out = catalog_find(op->store, table_name_of(name));
    if (*out && (*out)->status != STATUS_CREATING && !change_is(op, name, STATUS_CREATING))
        return NULL;
    return error_new(op->arena, &error_ResourceNotFoundException, "Requested resource not found");
}

struct error *control_table(struct op *op, struct str name, const struct table **out)
{
    struct str plain = table_name_of(name);
    TRY(check_place(op, name));
    *out = catalog_find(op->store, plain);
    if (*out)
        return NULL;
    return error_new(op->arena, &error_ResourceNotFoundException,
                     "Requested resource not found: Table: %.*s not found", STR_ARG(plain));
}

/* -- creating ---------------------------------------------------------------------------------- */

struct error *tables_check_room(struct op *op)
{
    const struct str *names;
    if (catalog_names(op->store, op->arena, S(""), LIMIT_TABLES, &names) < LIMIT_TABLES)
        return NULL;
    return error_new(op->arena, &error_LimitExceededException,
                     "Subscriber limit exceeded: There is a limit of %u tables per subscriber",
                     LIMIT_TABLES);
}

struct error *run_create_table(struct op *op)
{
    const struct create_table_input *in = op->input;
    struct table definition;
    const struct table *created;
    uint64_t sequence;
    TRY(table_define(op->arena, in, &definition));
    TRY(tags_define(op->arena, &in->tags, &definition));
    if (str_starts(in->table_name, S("arn:")))
        return invalid(op->arena,
                       "1 validation error detected: Value '%.*s' at 'tableName' failed to satisfy "
                       "constraint: Member must satisfy regular expression pattern: "
                       "[a-zA-Z0-9_.-]+",
                       STR_ARG(in->table_name));
    if (catalog_find(op->store, in->table_name) || change_is(op, in->table_name, STATUS_DELETING))
        return error_new(op->arena, &error_ResourceInUseException, "Table already exists: %.*s",
                         STR_ARG(in->table_name));
    TRY(tables_check_room(op));
    if (in->resource_policy.data)
        TRY(policy_check(op, in->resource_policy));
    definition.sse = sse_describe(op->arena, in->sse_specification, op->region, op->account_id);
    if (definition.billing == BILLING_PAY_PER_REQUEST)
        definition.billing_changed_ms = clock_now_ms(op->clock);
    TRY(catalog_create(op->store, op->arena, &definition, &created, &sequence));
    op_depends(op, sequence);
    if (in->resource_policy.data)
        TRY(policy_create(op, created, in->resource_policy));
    json_key(op->reply, S("TableDescription"));
    size_t start = op->reply->out->len;
    table_describe(op, table_with_status(op->arena, created, STATUS_CREATING));
    change_begin(op, in->table_name, STATUS_CREATING, 0, start);
    return NULL;
}

/* -- deleting ---------------------------------------------------------------------------------- */

struct error *run_delete_table(struct op *op)
{
    const struct table_name_input *in = op->input;
    const struct table *t;
    uint64_t sequence;
    TRY(change_check(op, in->table_name));
    TRY(control_table(op, in->table_name, &t));
    if (t->is_deletion_protected)
        return invalid(op->arena, "Resource cannot be deleted as it is currently protected against "
                                  "deletion. Disable deletion protection first.");
    TRY(check_created(op, t));
    json_key(op->reply, S("TableDescription"));
    size_t start = op->reply->out->len;
    table_describe_gone(op, table_with_status(op->arena, t, STATUS_DELETING));
    TRY(state_forget(op, t->id));
    if (t->recovery.since_us)
        TRY(backup_last(op, t));
    TRY(catalog_delete(op->store, op->arena, t->id, &sequence));
    op_depends(op, sequence);
    change_begin(op, in->table_name, STATUS_DELETING, 0, start);
    return NULL;
}

/* -- describing -------------------------------------------------------------------------------- */

struct error *run_describe_table(struct op *op)
{
    const struct table_name_input *in = op->input;
    const struct table *t;
    json_key(op->reply, S("Table"));
    if (change_describe(op, in->table_name))
        return NULL;
    TRY(control_table(op, in->table_name, &t));
    table_describe(op, t);
    return NULL;
}

/* Tables that are being deleted are listed until they are seen to be gone. */
static size_t list_names(struct op *op, struct str after, size_t limit, const struct str **out)
{
    struct str *deleted;
    size_t count = catalog_names(op->store, op->arena, after, limit, out), extra = 0;
    if (op->transient)
        extra = transient_deleted(op->transient, op->arena, after, clock_monotonic_us(op->clock),
                                  &deleted);
    if (!extra)
        return count;
    struct str *both = arena_array(op->arena, struct str, count + extra);
    size_t filled = 0, i = 0, k = 0;
    while (filled < limit && (i < count || k < extra)) {
        bool is_deleted = i == count || (k < extra && str_compare(deleted[k], (*out)[i]) < 0);
        both[filled++] = is_deleted ? deleted[k++] : (*out)[i++];
    }
    *out = both;
    return filled;
}

struct error *run_list_tables(struct op *op)
{
    const struct list_tables_input *in = op->input;
    size_t limit = in->limit.is_given ? (size_t)in->limit.value : 100;
    const struct str *names;
    size_t count = list_names(op, in->exclusive_start_table_name, limit + 1, &names);
    size_t shown = count > limit ? limit : count;
    json_key(op->reply, S("TableNames"));
    json_begin_array(op->reply);
    for (size_t i = 0; i < shown; i++)
        json_str(op->reply, names[i]);
    json_end_array(op->reply);
    if (count > limit) {
        json_key(op->reply, S("LastEvaluatedTableName"));
        json_str(op->reply, names[limit - 1]);
    }
    return NULL;
}
