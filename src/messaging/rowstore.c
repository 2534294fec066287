#include "messaging/rowstore.h"

#include <assert.h>
#include <stdlib.h>

/* The service takes no more keys in one BatchGetItem. */
#define BATCH_KEYS_MAX 100
/* The largest request is a transaction: 4 MB of items. */
#define REQUEST_MAX_BYTES ((size_t)32 << 20)

/* -- calling ----------------------------------------------------------------------------------- */

/* What may pass becomes chat_unavailable; the rest stays what the service said. */
static struct error *failure(struct arena *a, struct error *e)
{
    if (e->kind->is_retryable || client_failed_with(e, "ResourceNotFoundException") ||
        client_failed_with(e, "ResourceInUseException") ||
        client_failed_with(e, "TransactionConflictException"))
        return error_new(a, &chat_unavailable, "%s: %.*s", e->kind->name, STR_ARG(e->message));
    return e;
}

/* A request under way: every one names the table and asks what it costs. */
struct request {
    struct buf text;
    struct json_writer json;
};

static void begin_bare(struct request *r)
{
    buf_init(&r->text, REQUEST_MAX_BYTES);
    r->json = json_writer(&r->text);
    json_begin_object(&r->json);
    json_key(&r->json, S("ReturnConsumedCapacity"));
    json_str(&r->json, S("TOTAL"));
}

static void begin(struct request *r, const struct rowstore *store)
{
    begin_bare(r);
    json_key(&r->json, S("TableName"));
    json_str(&r->json, store->table);
}

/* Sends and forgets a request that writes; the client's own error, for callers that look at it. */
static struct error *finish_write(struct request *r, const struct rowstore *store, struct arena *a,
                                  struct str operation, struct str *response)
{
    json_end_object(&r->json);
    struct error *e = client_call(store->client, a, operation, buf_str(&r->text), response);
    buf_clear(&r->text);
    return e;
}

/* The same for one that reads. What waits for the sync instead is the write after it, or whoever
 * gave the debt. */
static struct error *finish_read(struct request *r, const struct rowstore *store, struct arena *a,
                                 struct str operation, struct str *response,
                                 const struct chat_cost *cost)
{
    json_end_object(&r->json);
    struct str text = buf_str(&r->text);
    struct error *e;
    if (cost && cost->debt)
        e = client_call_early(store->client, a, operation, text, response, cost->debt);
    else
        e = client_call(store->client, a, operation, text, response);
    buf_clear(&r->text);
    return e ? failure(a, e) : NULL;
}

static struct error *malformed(struct arena *a, struct json_reader *r)
{
    struct str why = json_error(r);
    return error_new(a, &chat_unavailable, "the store's answer cannot be read: %.*s", STR_ARG(why));
}

/* -- answers ----------------------------------------------------------------------------------- */

static double read_double(struct arena *a, struct json_reader *r)
{
    struct str text;
    if (!json_read_number(r, &text))
        return 0;
    return strtod(arena_z(a, text), NULL);
}

/* The units of one ConsumedCapacity object, or of an array of them. */
static double read_units(struct arena *a, struct json_reader *r)
{
    double units = 0;
    struct str name;
    switch (json_peek(r)) {
    case JSON_ARRAY:
        json_enter_array(r);
        while (json_next_element(r))
            units += read_units(a, r);
        break;
    case JSON_OBJECT:
        json_enter_object(r);
        while (json_next_member(r, &name)) {
            if (str_eq(name, S("CapacityUnits")))
                units += read_double(a, r);
            else
                json_skip(r);
        }
        break;
    case JSON_INVALID:
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER:
    case JSON_STRING:
        json_skip(r);
    }
    return units;
}

typedef VEC(struct item) item_vec;

static void read_items(struct arena *a, struct json_reader *r, item_vec *out)
{
    struct item item;
    if (!json_enter_array(r))
        return;
    while (json_next_element(r)) {
        if (!item_decode(a, r, &item))
            return;
        VEC_PUSH(a, out, item);
    }
}

static void add_reads(struct chat_cost *cost, double units)
{
    if (cost)
        cost->read_units += units;
}

static void add_writes(struct chat_cost *cost, double units)
{
    if (cost)
        cost->write_units += units;
}

/* -- reading ----------------------------------------------------------------------------------- */

static void put_key(struct json_writer *w, struct key key)
{
    json_begin_object(w);
    attribute_put_s(w, S("pk"), key.pk);
    attribute_put_s(w, S("sk"), key.sk);
    json_end_object(w);
}

struct error *rowstore_get(const struct rowstore *store, struct arena *a, struct key key,
                           struct item *out, bool *found, struct chat_cost *cost)
{
    struct request request;
    struct str response, name;
    begin(&request, store);
    json_key(&request.json, S("Key"));
    put_key(&request.json, key);
    json_key(&request.json, S("ConsistentRead"));
    json_bool(&request.json, true);
    TRY(finish_read(&request, store, a, S("GetItem"), &response, cost));

    struct json_reader r;
    *found = false;
    json_reader_init(&r, response, a);
    if (json_enter_object(&r)) {
        while (json_next_member(&r, &name)) {
            if (str_eq(name, S("Item")))
                *found = item_decode(a, &r, out);
            else if (str_eq(name, S("ConsumedCapacity")))
                add_reads(cost, read_units(a, &r));
            else
                json_skip(&r);
        }
    }
    return json_finish(&r) ? NULL : malformed(a, &r);
}

/* {"<table>":[items]} */
static void read_responses(struct arena *a, struct json_reader *r, item_vec *out)
{
    struct str table;
    if (!json_enter_object(r))
        return;
    while (json_next_member(r, &table))
        read_items(a, r, out);
}

/* One BatchGetItem; *rest is the JSON of the keys to ask for again, "{}" when there are none. */
static struct error *batch_get(const struct rowstore *store, struct arena *a,
                               struct str request_items, item_vec *items, struct str *rest,
                               struct chat_cost *cost)
{
    struct request request;
    struct str response, name;
    begin_bare(&request);
    json_key(&request.json, S("RequestItems"));
    json_raw(&request.json, request_items);
    TRY(finish_read(&request, store, a, S("BatchGetItem"), &response, cost));

    struct json_reader r;
    *rest = S("{}");
    json_reader_init(&r, response, a);
    if (json_enter_object(&r)) {
        while (json_next_member(&r, &name)) {
            if (str_eq(name, S("Responses")))
                read_responses(a, &r, items);
            else if (str_eq(name, S("UnprocessedKeys")))
                json_read_raw(&r, rest);
            else if (str_eq(name, S("ConsumedCapacity")))
                add_reads(cost, read_units(a, &r));
            else
                json_skip(&r);
        }
    }
    return json_finish(&r) ? NULL : malformed(a, &r);
}

static struct str batch_request(const struct rowstore *store, struct arena *a,
                                const struct key *keys, size_t count)
{
    struct buf text;
    buf_init(&text, REQUEST_MAX_BYTES);
    struct json_writer w = json_writer(&text);
    json_begin_object(&w);
    json_key(&w, store->table);
    json_begin_object(&w);
    json_key(&w, S("ConsistentRead"));
    json_bool(&w, true);
    json_key(&w, S("Keys"));
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++)
        put_key(&w, keys[i]);
    json_end_array(&w);
    json_end_object(&w);
    json_end_object(&w);
    struct str out = arena_str(a, buf_str(&text));
    buf_clear(&text);
    return out;
}

struct error *rowstore_get_many(const struct rowstore *store, struct arena *a,
                                const struct key *keys, size_t count, struct item **out,
                                size_t *out_count, struct chat_cost *cost)
{
    item_vec items = {0};
    for (size_t from = 0; from < count; from += BATCH_KEYS_MAX) {
        size_t some = count - from < BATCH_KEYS_MAX ? count - from : BATCH_KEYS_MAX;
        struct str rest = batch_request(store, a, keys + from, some);
        /* An answer holds at least one item or key more than the one before it, so this ends; a
         * service that gives none at all is not asked for ever. */
        for (int empty = 0; !str_eq(rest, S("{}"));) {
            size_t before = items.count;
            TRY(batch_get(store, a, rest, &items, &rest, cost));
            if (items.count == before && !str_eq(rest, S("{}")) && ++empty == 5)
                return error_new(a, &chat_unavailable, "the store leaves keys unread");
        }
    }
    *out = items.items;
    *out_count = items.count;
    return NULL;
}

static void put_values(struct json_writer *w, const struct rowstore_value *values, size_t count)
{
    if (count == 0)
        return;
    json_key(w, S("ExpressionAttributeValues"));
    json_begin_object(w);
    for (size_t i = 0; i < count; i++) {
        if (values[i].type == 'N')
            attribute_put_n(w, values[i].name, values[i].number);
        else
            attribute_put_s(w, values[i].name, values[i].text);
    }
    json_end_object(w);
}

/* Key condition, filter and their values. */
static void put_query(struct json_writer *w, const struct rowstore_query *query)
{
    bool is_index = query->group.len > 0;
    struct rowstore_value values[3] = {
        {.name = S(":h"), .type = 'S', .text = is_index ? query->group : query->pk}};
    size_t count = 1;
    const char *bound = "";
    if (query->before.len || query->after.len) {
        bool is_before = query->before.len > 0;
        bound = is_before ? " AND sk < :b" : " AND sk > :b";
        values[count++] = (struct rowstore_value){
            .name = S(":b"), .type = 'S', .text = is_before ? query->before : query->after};
    }
    if (query->filter) {
        values[count++] =
            (struct rowstore_value){.name = S(":x"), .type = 'S', .text = query->filter_arg};
        json_key(w, S("FilterExpression"));
        json_str(w, str_z(query->filter));
    }
    char condition[64];
    struct buf text = {.data = condition, .cap = sizeof condition, .max = sizeof condition};
    buf_add_z(&text, is_index ? "message_group_uuid = :h" : "pk = :h");
    buf_add_z(&text, bound);
    json_key(w, S("KeyConditionExpression"));
    json_str(w, buf_str(&text));
    put_values(w, values, count);
}

/* One page; *start is the JSON of the key to go on after, and becomes the next one, or empty. */
static struct error *query_page(const struct rowstore *store, struct arena *a,
                                const struct rowstore_query *query, item_vec *items,
                                struct str *start, struct chat_cost *cost)
{
    struct request request;
    struct str response, name;
    begin(&request, store);
    struct json_writer *w = &request.json;
    json_key(w, query->group.len ? S("IndexName") : S("ConsistentRead"));
    if (query->group.len)
        json_str(w, ROWSTORE_INDEX);
    else
        json_bool(w, true);
    put_query(w, query);
    json_key(w, S("ScanIndexForward"));
    json_bool(w, !query->is_descending);
    if (query->limit) {
        json_key(w, S("Limit"));
        json_i64(w, (int64_t)(query->limit - items->count));
    }
    if (start->len) {
        json_key(w, S("ExclusiveStartKey"));
        json_raw(w, *start);
    }
    TRY(finish_read(&request, store, a, S("Query"), &response, cost));

    struct json_reader r;
    *start = (struct str){"", 0};
    json_reader_init(&r, response, a);
    if (json_enter_object(&r)) {
        while (json_next_member(&r, &name)) {
            if (str_eq(name, S("Items")))
                read_items(a, &r, items);
            else if (str_eq(name, S("LastEvaluatedKey")))
                json_read_raw(&r, start);
            else if (str_eq(name, S("ConsumedCapacity")))
                add_reads(cost, read_units(a, &r));
            else
                json_skip(&r);
        }
    }
    return json_finish(&r) ? NULL : malformed(a, &r);
}

struct error *rowstore_query(const struct rowstore *store, struct arena *a,
                             const struct rowstore_query *query, struct item **out, size_t *count,
                             bool *more, struct chat_cost *cost)
{
    /* One more than asked for is the only sure sign that there is more: a page that ends exactly at
     * its limit has a LastEvaluatedKey also when nothing follows. */
    struct rowstore_query wider = *query;
    wider.limit = query->limit ? query->limit + 1 : 0;
    item_vec items = {0};
    struct str start = {"", 0};
    do {
        TRY(query_page(store, a, &wider, &items, &start, cost));
    } while (start.len && (wider.limit == 0 || items.count < wider.limit));
    bool has_more = wider.limit && items.count == wider.limit;
    if (more)
        *more = has_more;
    *out = items.items;
    *count = items.count - has_more;
    return NULL;
}

static struct error *read_scanned(struct arena *a, struct json_reader *r, item_vec *items,
                                  struct str **texts)
{
    VEC(struct str) raw = {0};
    struct str text;
    struct item item;
    if (json_enter_array(r)) {
        while (json_next_element(r) && json_read_raw(r, &text)) {
            struct json_reader one;
            json_reader_init(&one, text, a);
            if (!item_decode(a, &one, &item))
                return malformed(a, &one);
            VEC_PUSH(a, items, item);
            VEC_PUSH(a, &raw, text);
        }
    }
    *texts = raw.items;
    return NULL;
}

struct error *rowstore_scan(const struct rowstore *store, struct arena *a, struct str *start,
                            struct item **out, struct str **texts, size_t *count)
{
    struct request request;
    struct str response, name;
    begin(&request, store);
    json_key(&request.json, S("ConsistentRead"));
    json_bool(&request.json, true);
    if (start->len) {
        json_key(&request.json, S("ExclusiveStartKey"));
        json_raw(&request.json, *start);
    }
    TRY(finish_read(&request, store, a, S("Scan"), &response, NULL));

    struct json_reader r;
    item_vec items = {0};
    *start = (struct str){"", 0};
    *texts = NULL;
    json_reader_init(&r, response, a);
    if (json_enter_object(&r)) {
        while (json_next_member(&r, &name)) {
            if (str_eq(name, S("Items")))
                TRY(read_scanned(a, &r, &items, texts));
            else if (str_eq(name, S("LastEvaluatedKey")))
                json_read_raw(&r, start);
            else
                json_skip(&r);
        }
    }
    *out = items.items;
    *count = items.count;
    return json_finish(&r) ? NULL : malformed(a, &r);
}

/* -- writing ----------------------------------------------------------------------------------- */

static struct rowstore_action *add(struct arena *a, struct rowstore_transaction *t,
                                   struct rowstore_action action)
{
    VEC_PUSH(a, &t->actions, action);
    return &t->actions.items[t->actions.count - 1];
}

struct rowstore_action *rowstore_put(struct arena *a, struct rowstore_transaction *t,
                                     struct str row, const char *condition)
{
    return add(a, t,
               (struct rowstore_action){.verb = ROWSTORE_PUT, .row = row, .condition = condition});
}

struct rowstore_action *rowstore_update(struct arena *a, struct rowstore_transaction *t,
                                        struct key key, const char *update, const char *condition)
{
    return add(a, t,
               (struct rowstore_action){
                   .verb = ROWSTORE_UPDATE, .key = key, .update = update, .condition = condition});
}

struct rowstore_action *rowstore_delete(struct arena *a, struct rowstore_transaction *t,
                                        struct key key, const char *condition)
{
    return add(
        a, t,
        (struct rowstore_action){.verb = ROWSTORE_DELETE, .key = key, .condition = condition});
}

struct rowstore_action *rowstore_expect(struct arena *a, struct rowstore_transaction *t,
                                        struct key key, const char *condition)
{
    return add(
        a, t, (struct rowstore_action){.verb = ROWSTORE_CHECK, .key = key, .condition = condition});
}

static void bind(struct rowstore_action *action, struct rowstore_value value)
{
    assert(action->value_count < ROWSTORE_VALUES_MAX);
    action->values[action->value_count++] = value;
}

void rowstore_bind_s(struct rowstore_action *action, struct str name, struct str text)
{
    bind(action, (struct rowstore_value){.name = name, .type = 'S', .text = text});
}

void rowstore_bind_n(struct rowstore_action *action, struct str name, int64_t number)
{
    bind(action, (struct rowstore_value){.name = name, .type = 'N', .number = number});
}

/* The members that an action has alone and within a transaction alike. */
static void put_action(struct json_writer *w, const struct rowstore_action *action)
{
    if (action->verb == ROWSTORE_PUT) {
        json_key(w, S("Item"));
        json_raw(w, action->row);
    } else {
        json_key(w, S("Key"));
        put_key(w, action->key);
    }
    if (action->update) {
        json_key(w, S("UpdateExpression"));
        json_str(w, str_z(action->update));
    }
    if (action->condition) {
        json_key(w, S("ConditionExpression"));
        json_str(w, str_z(action->condition));
    }
    if (action->name_of_ttl.len) {
        json_key(w, S("ExpressionAttributeNames"));
        json_begin_object(w);
        json_key(w, S("#ttl"));
        json_str(w, action->name_of_ttl);
        json_end_object(w);
    }
    put_values(w, action->values, action->value_count);
}

static struct str verb_name(enum rowstore_verb verb)
{
    switch (verb) {
    case ROWSTORE_PUT:
        return S("Put");
    case ROWSTORE_UPDATE:
        return S("Update");
    case ROWSTORE_DELETE:
        return S("Delete");
    case ROWSTORE_CHECK:
        return S("ConditionCheck");
    }
    return S("");
}

static enum rowstore_reason reason_of(struct str code, bool *is_known)
{
    *is_known = true;
    if (str_eq(code, S("None")))
        return ROWSTORE_REASON_NONE;
    if (str_eq(code, S("ConditionalCheckFailed")))
        return ROWSTORE_REASON_CONDITION;
    if (str_eq(code, S("TransactionConflict")) || str_eq(code, S("ThrottlingError")) ||
        str_eq(code, S("ProvisionedThroughputExceeded")))
        return ROWSTORE_REASON_BUSY;
    *is_known = false;
    return ROWSTORE_REASON_NONE;
}

/* The reasons of a TransactionCanceledException, by position. False when they do not say what to
 * do: another number of them, or one that trying again cannot mend. */
static bool read_reasons(struct arena *a, struct str body, size_t count, enum rowstore_reason *out)
{
    struct json_reader r;
    struct str name, code;
    size_t seen = 0;
    bool is_known = true;
    json_reader_init(&r, body, a);
    if (!json_enter_object(&r))
        return false;
    while (json_next_member(&r, &name)) {
        if (!str_eq(name, S("CancellationReasons"))) {
            json_skip(&r);
            continue;
        }
        json_enter_array(&r);
        for (; json_next_element(&r); seen++) {
            code = S("None");
            if (!json_enter_object(&r))
                return false;
            while (json_next_member(&r, &name)) {
                if (str_eq(name, S("Code")))
                    json_read_str(&r, &code);
                else
                    json_skip(&r);
            }
            if (seen == count || !is_known)
                return false;
            out[seen] = reason_of(code, &is_known);
        }
    }
    return json_finish(&r) && is_known && seen == count;
}

static struct error *read_write_cost(struct arena *a, struct str response, struct chat_cost *cost)
{
    struct json_reader r;
    struct str name;
    json_reader_init(&r, response, a);
    if (json_enter_object(&r)) {
        while (json_next_member(&r, &name)) {
            if (str_eq(name, S("ConsumedCapacity")))
                add_writes(cost, read_units(a, &r));
            else
                json_skip(&r);
        }
    }
    return json_finish(&r) ? NULL : malformed(a, &r);
}

struct error *rowstore_commit(const struct rowstore *store, struct arena *a,
                              const struct rowstore_transaction *t, struct str token,
                              struct rowstore_outcome *out, struct chat_cost *cost)
{
    struct request request;
    struct str response;
    begin_bare(&request);
    struct json_writer *w = &request.json;
    json_key(w, S("ClientRequestToken"));
    json_str(w, token);
    json_key(w, S("TransactItems"));
    json_begin_array(w);
    for (size_t i = 0; i < t->actions.count; i++) {
        const struct rowstore_action *action = &t->actions.items[i];
        json_begin_object(w);
        json_key(w, verb_name(action->verb));
        json_begin_object(w);
        json_key(w, S("TableName"));
        json_str(w, store->table);
        put_action(w, action);
        json_end_object(w);
        json_end_object(w);
    }
    json_end_array(w);
    struct error *e = finish_write(&request, store, a, S("TransactWriteItems"), &response);
    *out = (struct rowstore_outcome){.is_committed = !e};
    if (!e)
        return read_write_cost(a, response, cost);
    out->reasons = arena_array(a, enum rowstore_reason, t->actions.count);
    if (client_failed_with(e, "TransactionCanceledException") &&
        read_reasons(a, e->extra, t->actions.count, out->reasons))
        return NULL;
    return failure(a, e);
}

struct error *rowstore_apply(const struct rowstore *store, struct arena *a,
                             const struct rowstore_action *action, bool *applied,
                             struct chat_cost *cost)
{
    struct request request;
    struct str response;
    assert(action->verb != ROWSTORE_CHECK);
    begin(&request, store);
    put_action(&request.json, action);
    struct str operation = arena_join(a, verb_name(action->verb), S("Item"));
    struct error *e = finish_write(&request, store, a, operation, &response);
    *applied = !e;
    if (!e)
        return read_write_cost(a, response, cost);
    return client_failed_with(e, "ConditionalCheckFailedException") ? NULL : failure(a, e);
}
