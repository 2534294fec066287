/* BatchExecuteStatement: up to 25 statements, all reads of one item or all writes, each with an
 * answer or an error of its own. Source: AWS "Running batch operations with PartiQL for DynamoDB".
 */
#include "dynamodb/api/admission.h"
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/check.h"
#include "dynamodb/api/data.h"
#include "dynamodb/api/statement.h"

/* A slice of reads: then others have their turn. */
#define SLICE_BYTES (64u << 10)

/* Between two slices. Tables are found again in each. */
struct batch_member {
    const struct statement *statement; /* NULL: it could not be read */
    struct error *error;
    uint64_t halves; /* of a read */
};
struct batch_run {
    struct batch_member *members;
    size_t at;
    struct capacity *costs; /* of writes, one for each table */
    size_t cost_count;
};

/* -- errors -------------------------------------------------------------------------------------
 */

/* The error's name without "Exception"; ValidationException is ValidationError here. */
static struct str error_code(const struct error *e)
{
    struct str name = str_z(e->kind->name);
    if (e->kind == &error_ValidationException)
        return S("ValidationError");
    if (e->kind == &error_ThrottlingException)
        return S("ThrottlingError");
    return str_ends(name, S("Exception")) ? str_slice(name, 0, name.len - 9) : name;
}

/* Trouble of our own fails the whole call. */
static bool is_of_member(const struct error *e)
{
    return e->kind->http_status < 500;
}

static void reply_error(struct op *op, const struct error *e)
{
    json_key(op->reply, S("Error"));
    json_begin_object(op->reply);
    json_key(op->reply, S("Code")), json_str(op->reply, error_code(e));
    json_key(op->reply, S("Message")), json_str(op->reply, e->message);
    json_end_object(op->reply);
}

/* -- reads --------------------------------------------------------------------------------------
 */

static struct error *find_item(struct op *op, const struct statement *s, const struct table **table,
                               struct item *key)
{
    struct select select = {.statement = s};
    struct str needs_key = S("Select statements within BatchExecuteStatement must specify the "
                             "primary key in the where clause.");
    struct reads reads;
    TRY(select_resolve(op, &select));
    *table = select.table;
    if (!s->index.len)
        TRY(reads_plan(op->arena, s, &(struct reads_context){.keys = &select.table->keys}, &reads));
    if (s->index.len || !statement_fixes_item(op, s, select.table, key))
        return invalid(op->arena, "%.*s", STR_ARG(needs_key));
    return check_key(op->arena, select.table, *key);
}

static struct error *run_read(struct op *op, struct batch_member *m, bool is_consistent,
                              uint64_t *bytes)
{
    const struct table *table;
    struct item key, item;
    uint64_t depends_on = 0;
    TRY(find_item(op, m->statement, &table, &key));
    struct item_key place = item_key_of(op->arena, table, key.attributes);
    TRY(store_get(op->store, op->arena, table, &place, &item, &depends_on));
    op_depends(op, depends_on);
    m->halves = capacity_read(item.size_bytes, is_consistent);
    TRY(admit_get(op, table, m->halves));
    *bytes += item.size_bytes;
    json_key(op->reply, S("TableName")), json_str(op->reply, table->name);
    if (!item_exists(item))
        return NULL;
    json_key(op->reply, S("Item"));
    attribute_write_item(op->reply, statement_show(op->arena, m->statement, item).attributes);
    return NULL;
}

/* -- writes -------------------------------------------------------------------------------------
 */

static struct capacity *cost_of(struct batch_run *b, const struct table *table)
{
    for (size_t i = 0; i < b->cost_count; i++)
        if (b->costs[i].table == table)
            return &b->costs[i];
    b->costs[b->cost_count].table = table;
    return &b->costs[b->cost_count++];
}

/* What fails once the statement has come to its item is told with the table. */
static struct error *run_write(struct op *op, struct batch_run *b, const struct statement *s,
                               enum return_capacity mode)
{
    struct write w = {0};
    if (s->kind == STATEMENT_EXISTS)
        return invalid(op->arena, "EXISTS can only be used in ExecuteTransaction write requests.");
    TRY(statement_table(op, s, &w.table));
    TRY(statement_write(op, s, KEY_WORDS_STATEMENT, &w));
    struct capacity cost = {0};
    struct error *e =
        write_commit(op, &w, mode, capacity_is_wanted(mode) ? cost_of(b, w.table) : &cost);
    if (e && !is_of_member(e))
        return e;
    json_key(op->reply, S("TableName")), json_str(op->reply, w.table->name);
    if (e) {
        reply_error(op, e);
        return NULL;
    }
    struct item shown = statement_returned(op, s, &w);
    if (item_exists(shown)) {
        json_key(op->reply, S("Item"));
        attribute_write_item(op->reply, shown.attributes);
    }
    return NULL;
}

/* -- all ----------------------------------------------------------------------------------------
 */

static struct error *run_member(struct op *op, struct batch_run *b, uint64_t *bytes)
{
    const struct batch_execute_statement_input *in = op->input;
    struct batch_member *m = &b->members[b->at];
    struct error *e = m->error;
    json_begin_object(op->reply);
    if (!e && statement_is_read(m->statement))
        e = run_read(op, m, in->statements.items[b->at].consistent_read.value, bytes);
    else if (!e)
        e = run_write(op, b, m->statement, in->return_consumed_capacity);
    if (e && !is_of_member(e))
        return e;
    if (e)
        reply_error(op, e);
    json_end_object(op->reply);
    b->at++;
    return NULL;
}

static struct error *begin(struct op *op, const struct batch_execute_statement_input *in,
                           struct batch_run **out)
{
    struct batch_run *b = arena_new(op->arena, struct batch_run);
    size_t read_count = 0, write_count = 0;
    b->members = arena_array(op->arena, struct batch_member, in->statements.count);
    b->costs = arena_array(op->arena, struct capacity, in->statements.count);
    for (size_t i = 0; i < in->statements.count; i++) {
        struct batch_member *m = &b->members[i];
        m->error = statement_bind(op, in->statements.items[i].statement,
                                  &in->statements.items[i].parameters, &m->statement);
        if (m->error)
            continue;
        read_count += statement_is_read(m->statement);
        write_count += !statement_is_read(m->statement);
    }
    if (read_count && write_count)
        return invalid(op->arena, "BatchExecuteStatement API does not support both read and write "
                                  "operations in the same request.");
    json_key(op->reply, S("Responses"));
    json_begin_array(op->reply);
    *out = b;
    return NULL;
}

/* The reads' cost on each table. */
static struct error *add_read_costs(struct op *op, struct batch_run *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct table *table;
        if (!b->members[i].halves)
            continue;
        TRY(op_table(op, b->members[i].statement->table, &table));
        cost_of(b, table)->table_halves += b->members[i].halves;
    }
    return NULL;
}

static struct error *end(struct op *op, const struct batch_execute_statement_input *in,
                         struct batch_run *b)
{
    json_end_array(op->reply);
    if (!capacity_is_wanted(in->return_consumed_capacity))
        return NULL;
    TRY(add_read_costs(op, b, in->statements.count));
    json_key(op->reply, S("ConsumedCapacity"));
    json_begin_array(op->reply);
    for (size_t i = 0; i < b->cost_count; i++)
        if (capacity_total(&b->costs[i]))
            capacity_write_object(op->reply, &b->costs[i], in->return_consumed_capacity);
    json_end_array(op->reply);
    return NULL;
}

struct error *run_batch_execute_statement(struct op *op)
{
    const struct batch_execute_statement_input *in = op->input;
    struct batch_run *b = op->progress;
    uint64_t bytes = 0;
    if (!b) {
        TRY(begin(op, in, &b));
        op->progress = b;
    }
    while (b->at < in->statements.count && bytes < SLICE_BYTES)
        TRY(run_member(op, b, &bytes));
    op->is_unfinished = b->at < in->statements.count;
    return op->is_unfinished ? NULL : end(op, in, b);
}
