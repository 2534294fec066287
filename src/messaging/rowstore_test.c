/* Requests as they are built, and answers as a service may give them: in pages, in parts, refused.
 */
#include "messaging/rowstore.h"

#include "client/failure.h"
#include "tap.h"

/* Answers with the next text each time, and keeps what was asked. */
struct scripted {
    struct client client;
    const char *const *answers; /* one that begins with '!' is a refusal's body */
    size_t count, used;
    struct str asked[8], operations[8];
    struct arena *arena;
};

static struct error *scripted_call(struct client *c, struct arena *a, struct str operation,
                                   struct str request, struct str *response)
{
    struct scripted *s = (struct scripted *)c;
    if (!CHECK(s->used < s->count))
        return client_unreachable(a, S("nothing more to say"));
    s->asked[s->used] = arena_str(s->arena, request);
    s->operations[s->used] = arena_str(s->arena, operation);
    *response = str_z(s->answers[s->used++]);
    if (!str_starts(*response, S("!")))
        return NULL;
    return client_refused(a, 400, str_from(*response, 1));
}

static const struct client_ops scripted_ops = {.call = scripted_call};

#define SCRIPT(...)                                                                                \
    static const char *const answers[] = {__VA_ARGS__};                                            \
    struct scripted script = {                                                                     \
        .client = {&scripted_ops}, .answers = answers, .count = countof(answers), .arena = arena}; \
    const struct rowstore store = {&script.client, S("t")}

TEST(get_reads_an_item_and_its_cost)
{
    SCRIPT("{\"ConsumedCapacity\":{\"CapacityUnits\":1.0,\"TableName\":\"t\"},"
           "\"Item\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"S\":\"s\"}}}",
           "{}");
    struct item item;
    struct chat_cost cost = {0};
    bool found;
    CHECK(!rowstore_get(&store, arena, (struct key){S("p"), S("s")}, &item, &found, &cost));
    CHECK(found);
    CHECK_STR(item_key(&item).sk, S("s"));
    CHECK(cost.read_units > 0.99 && cost.read_units < 1.01);
    CHECK_STR(script.asked[0],
              S("{\"ReturnConsumedCapacity\":\"TOTAL\",\"TableName\":\"t\",\"Key\":{\"pk\":{\"S\":"
                "\"p\"},\"sk\":{\"S\":\"s\"}},\"ConsistentRead\":true}"));
    CHECK(!rowstore_get(&store, arena, (struct key){S("p"), S("s")}, &item, &found, &cost));
    CHECK(!found);
}

TEST(defect_11_a_query_goes_on_over_pages)
{
    SCRIPT("{\"Items\":[{\"pk\":{\"S\":\"1\"}}],\"LastEvaluatedKey\":{\"pk\":{\"S\":\"1\"}}}",
           "{\"Items\":[],\"LastEvaluatedKey\":{\"pk\":{\"S\":\"2\"}}}",
           "{\"Items\":[{\"pk\":{\"S\":\"3\"}}]}");
    struct rowstore_query query = {.group = S("g")};
    struct item *items;
    size_t count;
    CHECK(!rowstore_query(&store, arena, &query, &items, &count, NULL, NULL));
    CHECK_INT(count, 2);
    CHECK(str_contains(script.asked[0], S("\"IndexName\":\"message-group-sk-index\"")));
    CHECK(!str_contains(script.asked[0], S("ConsistentRead")));
    CHECK(str_contains(script.asked[1], S("\"ExclusiveStartKey\":{\"pk\":{\"S\":\"1\"}}")));
    CHECK(str_contains(script.asked[2], S("\"ExclusiveStartKey\":{\"pk\":{\"S\":\"2\"}}")));
}

TEST(a_limit_counts_over_pages_and_sees_one_more)
{
    SCRIPT("{\"Items\":[{\"pk\":{\"S\":\"1\"}}],\"LastEvaluatedKey\":{\"pk\":{\"S\":\"1\"}}}",
           "{\"Items\":[{\"pk\":{\"S\":\"2\"}},{\"pk\":{\"S\":\"3\"}}],"
           "\"LastEvaluatedKey\":{\"pk\":{\"S\":\"3\"}}}");
    struct rowstore_query query = {
        .pk = S("p"), .before = S("z"), .is_descending = true, .limit = 2};
    struct item *items;
    size_t count;
    bool more;
    CHECK(!rowstore_query(&store, arena, &query, &items, &count, &more, NULL));
    CHECK_INT(count, 2);
    CHECK(more);
    CHECK(str_contains(script.asked[0], S("\"Limit\":3")));
    CHECK(str_contains(script.asked[1], S("\"Limit\":2")));
    CHECK(str_contains(script.asked[0], S("pk = :h AND sk < :b")));
    CHECK(str_contains(script.asked[0], S("\"ScanIndexForward\":false")));
}

TEST(unprocessed_keys_are_asked_for_again)
{
    SCRIPT("{\"Responses\":{\"t\":[{\"pk\":{\"S\":\"1\"}}]},\"UnprocessedKeys\":{\"t\":{\"Keys\":["
           "{\"pk\":{\"S\":\"2\"}}]}}}",
           "{\"Responses\":{\"t\":[{\"pk\":{\"S\":\"2\"}}]},\"UnprocessedKeys\":{},"
           "\"ConsumedCapacity\":[{\"CapacityUnits\":0.5},{\"CapacityUnits\":1.5}]}");
    struct key keys[] = {{S("1"), S("")}, {S("2"), S("")}};
    struct item *items;
    struct chat_cost cost = {0};
    size_t count;
    CHECK(!rowstore_get_many(&store, arena, keys, 2, &items, &count, &cost));
    CHECK_INT(count, 2);
    CHECK(cost.read_units > 1.99 && cost.read_units < 2.01);
    CHECK(str_contains(script.asked[1],
                       S("\"RequestItems\":{\"t\":{\"Keys\":[{\"pk\":{\"S\":\"2\"}}]}}")));
}

TEST(keys_that_stay_unread_are_given_up)
{
#define NONE "{\"Responses\":{},\"UnprocessedKeys\":{\"t\":{}}}"
    SCRIPT(NONE, NONE, NONE, NONE, NONE);
    struct key key = {S("1"), S("")};
    struct item *items;
    size_t count;
    struct error *e = rowstore_get_many(&store, arena, &key, 1, &items, &count, NULL);
    CHECK(e && e->kind == &chat_unavailable);
}

static struct rowstore_transaction three_actions(struct arena *arena)
{
    struct rowstore_transaction t = {0};
    rowstore_put(arena, &t, S("{\"pk\":{\"S\":\"1\"}}"), "attribute_not_exists(pk)");
    struct rowstore_action *update = rowstore_update(arena, &t, (struct key){S("2"), S("x")},
                                                     "SET seq = :seq", "attribute_exists(pk)");
    rowstore_bind_n(update, S(":seq"), 5);
    rowstore_delete(arena, &t, (struct key){S("3"), S("x")}, NULL);
    return t;
}

TEST(a_transaction_is_written_in_order)
{
    SCRIPT("{\"ConsumedCapacity\":[{\"CapacityUnits\":6.0}]}");
    struct rowstore_transaction t = three_actions(arena);
    struct rowstore_outcome outcome;
    struct chat_cost cost = {0};
    CHECK(!rowstore_commit(&store, arena, &t, S("token"), &outcome, &cost));
    CHECK(outcome.is_committed);
    CHECK(cost.write_units > 5.99);
    CHECK_STR(
        script.asked[0],
        S("{\"ReturnConsumedCapacity\":\"TOTAL\",\"ClientRequestToken\":\"token\","
          "\"TransactItems\":["
          "{\"Put\":{\"TableName\":\"t\",\"Item\":{\"pk\":{\"S\":\"1\"}},\"ConditionExpression\":"
          "\"attribute_not_exists(pk)\"}},"
          "{\"Update\":{\"TableName\":\"t\",\"Key\":{\"pk\":{\"S\":\"2\"},\"sk\":{\"S\":\"x\"}},"
          "\"UpdateExpression\":\"SET seq = "
          ":seq\",\"ConditionExpression\":\"attribute_exists(pk)\","
          "\"ExpressionAttributeValues\":{\":seq\":{\"N\":\"5\"}}}},"
          "{\"Delete\":{\"TableName\":\"t\",\"Key\":{\"pk\":{\"S\":\"3\"},\"sk\":{\"S\":\"x\"}}}}]"
          "}"));
}

#define CANCELLED(reasons)                                                                         \
    "!{\"__type\":\"com.amazonaws.dynamodb.v20120810#TransactionCanceledException\","              \
    "\"Message\":\"Transaction cancelled\",\"CancellationReasons\":[" reasons "]}"

TEST(reasons_are_read_by_position)
{
    SCRIPT(CANCELLED("{\"Code\":\"None\"},{\"Code\":\"ConditionalCheckFailed\",\"Message\":\"no\"},"
                     "{\"Code\":\"TransactionConflict\"}"));
    struct rowstore_transaction t = three_actions(arena);
    struct rowstore_outcome outcome;
    CHECK(!rowstore_commit(&store, arena, &t, S("token"), &outcome, NULL));
    CHECK(!outcome.is_committed);
    CHECK(outcome.reasons[0] == ROWSTORE_REASON_NONE);
    CHECK(outcome.reasons[1] == ROWSTORE_REASON_CONDITION);
    CHECK(outcome.reasons[2] == ROWSTORE_REASON_BUSY);
}

TEST(reasons_that_trying_again_cannot_mend_are_errors)
{
    SCRIPT(CANCELLED("{\"Code\":\"None\"},{\"Code\":\"ValidationError\",\"Message\":\"no\"},"
                     "{\"Code\":\"None\"}"),
           CANCELLED("{\"Code\":\"None\"}"),
           "!{\"__type\":\"x#ValidationException\",\"message\":\"bad\"}",
           "!{\"__type\":\"x#ResourceNotFoundException\",\"message\":\"no table\"}");
    struct rowstore_transaction t = three_actions(arena);
    struct rowstore_outcome outcome;
    for (int i = 0; i < 2; i++)
        CHECK(client_failed_with(rowstore_commit(&store, arena, &t, S("token"), &outcome, NULL),
                                 "TransactionCanceledException"));
    CHECK(client_failed_with(rowstore_commit(&store, arena, &t, S("token"), &outcome, NULL),
                             "ValidationException"));
    struct error *e = rowstore_commit(&store, arena, &t, S("token"), &outcome, NULL);
    CHECK(e && e->kind == &chat_unavailable);
}

TEST(a_condition_that_fails_is_an_outcome)
{
    SCRIPT("!{\"__type\":\"x#ConditionalCheckFailedException\",\"message\":\"no\"}", "{}");
    struct rowstore_transaction t = three_actions(arena);
    bool applied = true;
    CHECK(!rowstore_apply(&store, arena, &t.actions.items[1], &applied, NULL));
    CHECK(!applied);
    CHECK_STR(script.operations[0], S("UpdateItem"));
    CHECK(!rowstore_apply(&store, arena, &t.actions.items[2], &applied, NULL));
    CHECK(applied);
    CHECK_STR(script.operations[1], S("DeleteItem"));
}

TEST(answers_that_cannot_be_read_are_unavailable)
{
    SCRIPT("<html>", "{\"Items\":[{\"pk\":7}]}", "{\"Item\":{\"pk\":{\"S\":\"1\"}}");
    struct item item, *items;
    size_t count;
    bool found;
    struct rowstore_query query = {.pk = S("p")};
    struct error *e = rowstore_query(&store, arena, &query, &items, &count, NULL, NULL);
    CHECK(e && e->kind == &chat_unavailable);
    e = rowstore_query(&store, arena, &query, &items, &count, NULL, NULL);
    CHECK(e && e->kind == &chat_unavailable);
    e = rowstore_get(&store, arena, (struct key){S("p"), S("s")}, &item, &found, NULL);
    CHECK(e && e->kind == &chat_unavailable);
}

TAP_MAIN(T(get_reads_an_item_and_its_cost), T(defect_11_a_query_goes_on_over_pages),
         T(a_limit_counts_over_pages_and_sees_one_more), T(unprocessed_keys_are_asked_for_again),
         T(keys_that_stay_unread_are_given_up), T(a_transaction_is_written_in_order),
         T(reasons_are_read_by_position), T(reasons_that_trying_again_cannot_mend_are_errors),
         T(a_condition_that_fails_is_an_outcome), T(answers_that_cannot_be_read_are_unavailable))
