/* ExecuteTransaction: up to 100 statements, all reads of one item or all writes, all or nothing.
 *
 *     parameters of all       the first that is wrong is the answer
 *     statements              "Validation failed in TransactStatements[n]: …"
 *     tables and keys         what fails here cancels, with a reason for each statement
 *     one transaction         as TransactWriteItems and TransactGetItems (transact.h)
 *
 * Source: AWS "Performing transactions with PartiQL for DynamoDB"; recordings of the service. */
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/check.h"
#include "dynamodb/api/data.h"
#include "dynamodb/api/statement.h"
#include "dynamodb/api/transact.h"

static struct error *failed_in(struct op *op, size_t at, struct error *e)
{
    if (e && e->kind == &error_ValidationException)
        e->message = arena_printf(op->arena, "Validation failed in TransactStatements[%zu]: %.*s",
                                  at, STR_ARG(e->message));
    return e;
}

static struct error *read_all(struct op *op, const struct execute_transaction_input *in,
                              const struct statement **statements, bool *are_reads)
{
    size_t count = in->transact_statements.count, read_count = 0;
    for (size_t i = 0; i < count; i++)
        TRY(statement_check_parameters(&in->transact_statements.items[i].parameters));
    for (size_t i = 0; i < count; i++) {
        const struct transact_statement *s = &in->transact_statements.items[i];
        TRY(failed_in(op, i, statement_bind(op, s->statement, &s->parameters, &statements[i])));
        read_count += statement_is_read(statements[i]);
    }
    *are_reads = read_count > 0;
    if (read_count && read_count < count)
        return invalid(op->arena, "ExecuteTransaction API does not support both read and write "
                                  "operations in the same request.");
    return NULL;
}

/* The table of a statement; NULL when there is none, which cancels. */
static const struct table *find_table(struct op *op, const struct statement *s,
                                      struct cancel_reason *reason)
{
    const struct table *table = NULL;
    struct error *e = op_table(op, s->table, &table);
    if (e)
        *reason = (struct cancel_reason){.code = "ResourceNotFound", .message = e->message};
    return table;
}

/* -- reads --------------------------------------------------------------------------------------
 */

static struct error *check_read(struct op *op, const struct statement *s, const struct table *table,
                                struct item *key)
{
    struct reads reads;
    if (s->index.len)
        return invalid(op->arena, "Reads on indices are not supported within transactions.");
    if (statement_fixes_item(op, s, table, key))
        return NULL;
    TRY(reads_plan(op->arena, s, &(struct reads_context){.keys = &table->keys}, &reads));
    return invalid(op->arena,
                   "Select statements within ExecuteTransaction must specify the primary "
                   "key in the where clause.");
}

static struct error *find_items(struct op *op, const struct statement *const *statements,
                                struct get *gets, size_t count)
{
    struct cancel_reason *reasons = arena_array(op->arena, struct cancel_reason, count);
    bool is_canceled = false;
    for (size_t i = 0; i < count; i++) {
        struct item key;
        gets[i].table = find_table(op, statements[i], &reasons[i]);
        if (gets[i].table) {
            TRY(failed_in(op, i, check_read(op, statements[i], gets[i].table, &key)));
            struct error *e = check_key(op->arena, gets[i].table, key);
            if (e)
                reasons[i] = cancel_reason_of(e);
            else
                gets[i].key = item_key_of(op->arena, gets[i].table, key.attributes);
        }
        is_canceled |= reasons[i].code != NULL;
    }
    if (is_canceled)
        return transaction_canceled(op->arena, reasons, count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (gets[i].key.hash == gets[k].key.hash &&
                str_eq(gets[i].key.bytes, gets[k].key.bytes))
                return invalid(op->arena, "Transaction request cannot include multiple operations "
                                          "on one item");
    return NULL;
}

static struct error *run_reads(struct op *op, const struct execute_transaction_input *in,
                               const struct statement *const *statements)
{
    size_t count = in->transact_statements.count;
    struct get *gets = arena_array(op->arena, struct get, count);
    uint64_t depends_on = 0, bytes = 0;
    TRY(find_items(op, statements, gets, count));
    TRY(store_get_together(op->store, op->arena, gets, count, &depends_on));
    op_depends(op, depends_on);
    for (size_t i = 0; i < count; i++)
        bytes += gets[i].item.size_bytes;
    if (bytes > LIMIT_TRANSACTION_BYTES)
        return invalid(op->arena,
                       "The aggregate size of the items in the transaction exceeds 4 MB");
    TRY(transaction_admit_reads(op, gets, count));
    json_key(op->reply, S("Responses"));
    json_begin_array(op->reply);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(op->reply);
        if (item_exists(gets[i].item)) {
            struct item shown = statement_show(op->arena, statements[i], gets[i].item);
            json_key(op->reply, S("Item"));
            attribute_write_item(op->reply, shown.attributes);
        }
        json_end_object(op->reply);
    }
    json_end_array(op->reply);
    transaction_reply_read_costs(op, gets, count, in->return_consumed_capacity);
    return NULL;
}

/* -- writes -------------------------------------------------------------------------------------
 */

/* What refuses the whole request. */
static struct error *check_write(struct op *op, const struct statement *s)
{
    if (s->kind == STATEMENT_EXISTS && s->index.len)
        return invalid(op->arena, "Operations on indices are not supported in transactions");
    if (s->late_error)
        return s->late_error;
    if (s->returning != RETURNING_NOTHING)
        return invalid(op->arena, "RETURNING clause is not supported in ExecuteTransaction.");
    return NULL;
}

static struct error *find_writes(struct op *op, const struct execute_transaction_input *in,
                                 const struct statement *const *statements, struct transaction *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct write *w = &t->writes[i];
        w->table = find_table(op, statements[i], &t->reasons[i]);
        t->is_canceled |= !w->table;
        if (!w->table)
            continue;
        TRY(failed_in(op, i, check_write(op, statements[i])));
        w->shows_old_on_failure =
            in->transact_statements.items[i].return_values_on_condition_check_failure ==
            ON_FAILURE_ALL_OLD;
        struct error *e = statement_write(op, statements[i], KEY_WORDS_OPERATION, w);
        if (e && str_starts(e->message, S("EXISTS() must contain")))
            return failed_in(op, i, e);
        /* Empty key values are malformed input, not a statement that fails. */
        if (e && str_starts(e->message, S("One or more parameter values are not valid.")))
            return e;
        if (e)
            transaction_cancel(t, i, cancel_reason_of(e));
    }
    return transaction_check(op, t);
}

static struct md5 fingerprint_of(const struct execute_transaction_input *in)
{
    struct buf b;
    buf_init(&b, 4 * LIMIT_REQUEST_BODY);
    for (size_t i = 0; i < in->transact_statements.count; i++) {
        const struct transact_statement *s = &in->transact_statements.items[i];
        buf_add_char(&b, (char)s->return_values_on_condition_check_failure);
        varint_put(&b, (uint32_t)s->statement.len);
        buf_add(&b, s->statement);
        varint_put(&b, (uint32_t)s->parameters.count);
        for (size_t k = 0; k < s->parameters.count; k++)
            value_put(&b, s->parameters.items[k].value);
    }
    struct md5 sum = md5_of(buf_str(&b), S("statements"));
    buf_clear(&b);
    return sum;
}

static struct error *run_writes(struct op *op, const struct execute_transaction_input *in,
                                const struct statement *const *statements)
{
    struct transaction t =
        transaction_of(op, in->transact_statements.count, in->return_consumed_capacity);
    TRY(find_writes(op, in, statements, &t));
    if (in->client_request_token.data)
        transaction_set_token(op, &t, in->client_request_token, fingerprint_of(in));
    TRY(transaction_commit(op, &t));
    json_key(op->reply, S("Responses"));
    json_begin_array(op->reply);
    json_end_array(op->reply);
    transaction_reply_costs(op, &t);
    return NULL;
}

struct error *run_execute_transaction(struct op *op)
{
    const struct execute_transaction_input *in = op->input;
    const struct statement **statements =
        arena_array(op->arena, const struct statement *, in->transact_statements.count);
    bool are_reads;
    TRY(read_all(op, in, statements, &are_reads));
    return are_reads ? run_reads(op, in, statements) : run_writes(op, in, statements);
}
