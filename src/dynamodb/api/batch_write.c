/* BatchWriteItem: up to 25 puts and deletes.
 *
 * The service promises no atomicity for the batch; here it is one transaction all the same, since
 * one batch in the store is cheaper than 25. Only where capacity is enforced are they written one
 * by one, and those that are throttled left unprocessed. */
#include "dynamodb/api/admission.h"
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/check.h"
#include "dynamodb/api/data.h"
#include "dynamodb/api/write.h"

/* All writes of the request in a row. */
struct batch {
    const struct batch_write_item_input *in;
    struct write *writes;
    size_t count;
    size_t *tables;         /* of each write: which entry of RequestItems */
    struct capacity *costs; /* of each entry of RequestItems, where the answer wants it */
    bool *refused;          /* of each write: it was throttled, and is not processed */
};

static struct error *take_request(struct op *op, struct batch *b, size_t table_at,
                                  const struct write_request *request)
{
    if (!request->put_request == !request->delete_request)
        return invalid(op->arena, "Supplied AttributeValue has more than one datatypes set, must "
                                  "contain exactly one of the supported datatypes");
    bool is_put = request->put_request;
    const struct item_input *input =
        is_put ? &request->put_request->item : &request->delete_request->key;
    if (input->error)
        return input->error;
    if (is_put)
        TRY(check_item_size(op->arena, input->item));
    b->tables[b->count] = table_at;
    b->writes[b->count++] = (struct write){.kind = is_put ? WRITE_PUT : WRITE_DELETE,
                                           .table_name = b->in->request_items.items[table_at].name,
                                           .input = input};
    return NULL;
}

static struct error *take_requests(struct op *op, struct batch *b)
{
    const struct batch_write_item_input *in = b->in;
    if (!in->request_items.count)
        return invalid(op->arena, "The requestItems parameter is required for BatchWriteItem");
    size_t count = 0;
    for (size_t i = 0; i < in->request_items.count; i++)
        count += in->request_items.items[i].value.count;
    if (count > LIMIT_BATCH_WRITES)
        return invalid(op->arena, "Too many items requested for the BatchWriteItem call");
    b->writes = arena_array(op->arena, struct write, count);
    b->tables = arena_array(op->arena, size_t, count);
    b->refused = arena_array(op->arena, bool, count);
    b->costs = arena_array(op->arena, struct capacity, in->request_items.count);
    for (size_t i = 0; i < in->request_items.count; i++) {
        const write_request_list *requests = &in->request_items.items[i].value;
        for (size_t k = 0; k < requests->count; k++)
            TRY(take_request(op, b, i, &requests->items[k]));
    }
    return NULL;
}

/* The service tells a missing key attribute, or one of the wrong type, as it does for a delete. */
static struct error *resolve(struct op *op, struct write *w)
{
    struct error *e = write_resolve(op, w);
    if (e && (str_contains(e->message, S("Missing the key")) ||
              str_contains(e->message, S("Type mismatch for key"))))
        return invalid(op->arena, "The provided key element does not match the schema");
    return e;
}

static struct error *resolve_all(struct op *op, struct batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        TRY(resolve(op, &b->writes[i]));
        for (size_t k = 0; k < i; k++)
            if (b->writes[k].key.hash == b->writes[i].key.hash &&
                str_eq(b->writes[k].key.bytes, b->writes[i].key.bytes))
                return invalid(op->arena, "Provided list of item keys contains duplicates");
    }
    return NULL;
}

static struct error *write_all(struct op *op, struct batch *b, struct txn *t)
{
    for (size_t i = 0; i < b->count; i++) {
        struct write *w = &b->writes[i];
        TRY(txn_get(t, w->table, &w->key, &w->old));
        TRY(write_decide(op, w));
        write_plan(t, w);
    }
    return txn_commit(t);
}

/* The cost on each table of the request, in its order. */
static void add_costs(struct op *op, struct batch *b, const struct txn *t)
{
    for (size_t i = 0; i < b->count; i++) {
        struct capacity *c = &b->costs[b->tables[i]];
        c->table = b->writes[i].table;
        c->table_halves += capacity_write(b->writes[i].old, b->writes[i].new_item);
        capacity_add_writes(op->arena, c, t, i);
    }
}

static struct error *commit_together(struct op *op, struct batch *b)
{
    uint64_t hashes[LIMIT_BATCH_WRITES];
    for (size_t i = 0; i < b->count; i++)
        hashes[i] = b->writes[i].key.hash;
    struct txn t;
    txn_begin(&t, op->store, op->arena);
    txn_lock(&t, hashes, b->count);
    struct error *e = write_all(op, b, &t);
    if (!e && capacity_is_wanted(b->in->return_consumed_capacity))
        add_costs(op, b, &t);
    txn_end(&t);
    op_depends(op, t.depends_on);
    return e;
}

/* Fails only when no write at all passed. */
static struct error *commit_singly(struct op *op, struct batch *b)
{
    struct error *throttled = NULL;
    bool has_passed = false;
    for (size_t i = 0; i < b->count; i++) {
        struct error *e = write_commit(op, &b->writes[i], b->in->return_consumed_capacity,
                                       &b->costs[b->tables[i]]);
        if (e && !is_throttled(e))
            return e;
        b->refused[i] = e;
        has_passed |= !e;
        if (e)
            throttled = e;
    }
    return has_passed ? NULL : throttled;
}

static void reply_unprocessed(struct op *op, const struct batch *b)
{
    struct json_writer *w = op->reply;
    json_key(w, S("UnprocessedItems"));
    json_begin_object(w);
    for (size_t table_at = 0; table_at < b->in->request_items.count; table_at++) {
        bool is_open = false;
        for (size_t i = 0; i < b->count; i++) {
            if (b->tables[i] != table_at || !b->refused[i])
                continue;
            if (!is_open) {
                json_key(w, b->in->request_items.items[table_at].name);
                json_begin_array(w);
                is_open = true;
            }
            bool is_put = b->writes[i].kind == WRITE_PUT;
            json_begin_object(w);
            json_key(w, is_put ? S("PutRequest") : S("DeleteRequest"));
            json_begin_object(w);
            json_key(w, is_put ? S("Item") : S("Key"));
            attribute_write_item(w, b->writes[i].input->item.attributes);
            json_end_object(w);
            json_end_object(w);
        }
        if (is_open)
            json_end_array(w);
    }
    json_end_object(w);
}

static struct error *reply_metrics(struct op *op, const struct batch *b)
{
    struct json_writer *w = op->reply;
    json_key(w, S("ItemCollectionMetrics"));
    json_begin_object(w);
    for (size_t table_at = 0; table_at < b->in->request_items.count; table_at++) {
        bool is_open = false;
        for (size_t i = 0; i < b->count; i++) {
            if (b->tables[i] != table_at || b->refused[i] || !write_has_metrics(&b->writes[i]))
                continue;
            if (!is_open) {
                json_key(w, b->in->request_items.items[table_at].name);
                json_begin_array(w);
                is_open = true;
            }
            TRY(write_metrics_object(op, w, &b->writes[i]));
        }
        if (is_open)
            json_end_array(w);
    }
    json_end_object(w);
    return NULL;
}

struct error *run_batch_write_item(struct op *op)
{
    struct batch b = {.in = op->input};
    TRY(take_requests(op, &b));
    TRY(resolve_all(op, &b));
    TRY(op->throttle ? commit_singly(op, &b) : commit_together(op, &b));

    struct json_writer *w = op->reply;
    reply_unprocessed(op, &b);
    if (b.in->return_item_collection_metrics == METRICS_SIZE)
        TRY(reply_metrics(op, &b));
    if (!capacity_is_wanted(b.in->return_consumed_capacity))
        return NULL;
    json_key(w, S("ConsumedCapacity"));
    json_begin_array(w);
    for (size_t i = 0; i < b.in->request_items.count; i++)
        if (b.costs[i].table)
            capacity_write_object(w, &b.costs[i], b.in->return_consumed_capacity);
    json_end_array(w);
    return NULL;
}
