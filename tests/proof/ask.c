#include "ask.h"

#include "json/reader.h"

#define KEY "{\"pk\":{\"S\":\"k%d\"}}"
#define REQUEST_MAX (64 * 1024)

struct error *ask_make_table(struct client *client, struct arena *a)
{
    struct str response;
    return client_call(
        client, a, S("CreateTable"),
        S("{\"TableName\":\"" ASK_TABLE "\",\"BillingMode\":\"PAY_PER_REQUEST\","
          "\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"}],"
          "\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"}]}"),
        &response);
}

/* -- requests ---------------------------------------------------------------------------------- */

static void add_values(struct buf *out, const struct action *action)
{
    bool has_arg = action->verb == VERB_ADD;
    bool has_operand = action->condition == IF_EQUALS || action->condition == IF_BELOW;
    if (!has_arg && !has_operand)
        return;
    buf_add_z(out, ",\"ExpressionAttributeValues\":{");
    if (has_arg)
        buf_printf(out, "\":d\":{\"N\":\"%lld\"}", (long long)action->arg);
    if (has_operand)
        buf_printf(out, "%s\":c\":{\"N\":\"%lld\"}", has_arg ? "," : "",
                   (long long)action->operand);
    buf_add_char(out, '}');
}

static void add_condition(struct buf *out, const struct action *action)
{
    static const char *const texts[] = {NULL, "attribute_not_exists(pk)", "attribute_exists(pk)",
                                        "n = :c", "n < :c"};
    if (action->condition != IF_ANY)
        buf_printf(out,
                   ",\"ConditionExpression\":\"%s\","
                   "\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"",
                   texts[action->condition]);
    add_values(out, action);
}

/* The members that a single write and its part of a transaction share. */
static void add_write(struct buf *out, const struct action *action)
{
    buf_add_z(out, "\"TableName\":\"" ASK_TABLE "\",");
    if (action->verb == VERB_PUT)
        buf_printf(out, "\"Item\":{\"pk\":{\"S\":\"k%d\"},\"n\":{\"N\":\"%lld\"}}", action->key,
                   (long long)action->arg);
    else
        buf_printf(out, "\"Key\":" KEY, action->key);
    if (action->verb == VERB_ADD)
        buf_add_z(out, ",\"UpdateExpression\":\"ADD n :d\"");
    add_condition(out, action);
}

static void add_transaction(struct buf *out, const struct operation *o)
{
    static const char *const names[] = {"Get", "ConditionCheck", "Put", "Update", "Delete"};
    buf_add_z(out, "{\"TransactItems\":[");
    for (int i = 0; i < o->action_count; i++) {
        const struct action *action = &o->actions[i];
        buf_printf(out, "%s{\"%s\":{", i ? "," : "", names[action->verb]);
        if (action->verb == VERB_READ)
            buf_printf(out, "\"TableName\":\"" ASK_TABLE "\",\"Key\":" KEY, action->key);
        else
            add_write(out, action);
        buf_add_z(out, "}}");
    }
    buf_add_z(out, "]}");
}

static void add_single(struct buf *out, const struct action *action)
{
    buf_add_char(out, '{');
    if (action->verb == VERB_READ)
        buf_printf(out, "\"TableName\":\"" ASK_TABLE "\",\"ConsistentRead\":true,\"Key\":" KEY,
                   action->key);
    else
        add_write(out, action);
    if (action->verb == VERB_ADD)
        buf_add_z(out, ",\"ReturnValues\":\"UPDATED_NEW\"");
    else if (action->verb != VERB_READ)
        buf_add_z(out, ",\"ReturnValues\":\"ALL_OLD\"");
    buf_add_char(out, '}');
}

static struct str operation_name(const struct operation *o)
{
    static const char *const single[] = {"GetItem", "", "PutItem", "UpdateItem", "DeleteItem"};
    if (o->action_count == 1 && o->actions[0].verb != VERB_CHECK)
        return str_z(single[o->actions[0].verb]);
    return o->actions[0].verb == VERB_READ ? S("TransactGetItems") : S("TransactWriteItems");
}

/* -- answers ----------------------------------------------------------------------------------- */

/* The number in {"pk":…,"n":{"N":"5"}}, wherever in the text that stands; absent without one. */
static int64_t read_number(struct str text)
{
    const char *at = memmem(text.data, text.len, "\"N\":\"", 5);
    if (!at)
        return HISTORY_ABSENT;
    struct str digits, rest = str_from(text, (size_t)(at + 5 - text.data));
    uint64_t number;
    (void)str_cut(&rest, '"', &digits);
    bool is_negative = str_starts(digits, S("-"));
    if (!str_to_u64(str_from(digits, is_negative), INT64_MAX, &number))
        return HISTORY_ABSENT;
    return is_negative ? -(int64_t)number : (int64_t)number;
}

static void tell(struct action *action, struct str text)
{
    action->tells = true;
    action->told = read_number(text);
}

/* The texts of the elements of a member that is a list; false when there is none as long as that.
 */
static bool read_list(struct arena *a, struct str text, struct str member, struct str *out,
                      int count)
{
    struct json_reader r;
    struct str name;
    int found = 0;
    json_reader_init(&r, text, a);
    if (!json_enter_object(&r))
        return false;
    while (json_next_member(&r, &name)) {
        if (!str_eq(name, member) || json_peek(&r) != JSON_ARRAY) {
            json_skip(&r);
            continue;
        }
        json_enter_array(&r);
        while (json_next_element(&r)) {
            struct str element;
            if (!json_read_raw(&r, &element) || found == count)
                return false;
            out[found++] = element;
        }
    }
    return json_finish(&r) && found == count;
}

static struct error *unexpected(struct arena *a, struct str text)
{
    return error_new(a, &error_internal, "an answer makes no sense: %.*s", STR_ARG(text));
}

static struct error *read_success(struct arena *a, struct operation *o, struct str response)
{
    struct str texts[HISTORY_KEYS];
    o->is_applied = true;
    if (str_eq(operation_name(o), S("TransactWriteItems")))
        return NULL; /* tells nothing but that it was done */
    if (o->action_count == 1 && o->actions[0].verb != VERB_CHECK) {
        tell(&o->actions[0], response);
        return NULL;
    }
    if (!read_list(a, response, S("Responses"), texts, o->action_count))
        return unexpected(a, response);
    for (int i = 0; i < o->action_count; i++)
        tell(&o->actions[i], texts[i]);
    return NULL;
}

static struct error *read_cancellation(struct arena *a, struct operation *o, struct str body,
                                       bool *is_void)
{
    struct str texts[HISTORY_KEYS];
    if (!read_list(a, body, S("CancellationReasons"), texts, o->action_count))
        return unexpected(a, body);
    for (int i = 0; i < o->action_count; i++) {
        *is_void |= str_contains(texts[i], S("\"TransactionConflict\""));
        o->actions[i].has_failed = str_contains(texts[i], S("\"ConditionalCheckFailed\""));
        if (o->actions[i].has_failed)
            tell(&o->actions[i], texts[i]);
    }
    return NULL;
}

struct error *ask(struct client *client, struct arena *a, struct operation *o, bool *is_void)
{
    struct buf request;
    struct str response;
    *is_void = false;
    o->is_applied = false;
    buf_init(&request, REQUEST_MAX);
    if (o->action_count == 1 && o->actions[0].verb != VERB_CHECK)
        add_single(&request, &o->actions[0]);
    else
        add_transaction(&request, o);
    struct error *e = client_call(client, a, operation_name(o), buf_str(&request), &response);
    buf_clear(&request);
    if (!e)
        return read_success(a, o, response);
    *is_void = client_failed_with(e, "TransactionConflictException");
    if (client_failed_with(e, "TransactionCanceledException"))
        return read_cancellation(a, o, e->extra, is_void);
    if (!client_failed_with(e, "ConditionalCheckFailedException"))
        return *is_void ? NULL : e;
    o->actions[0].has_failed = true;
    tell(&o->actions[0], e->extra);
    return NULL;
}
