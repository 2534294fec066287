/* What ends with time: shard iterators after 15 minutes, ClientRequestTokens after 10. */
#include "base/buf.h"
#include "dynamodb/engine.h"
#include "tap.h"

#include <stdlib.h>

struct fixture {
    struct clock_manual time;
    struct clock clock;
    struct engine *engine;
    struct arena *arena;
};

static void open_fixture(struct fixture *f, struct arena *arena)
{
    f->arena = arena;
    f->time.time_us = 1795236569420 * 1000;
    f->clock = clock_manual(&f->time);
    struct error *e = engine_open(
        arena, &(struct engine_options){.clock = &f->clock, .rand = &rand_system}, &f->engine);
    if (e)
        abort();
}

static void pass_minutes(struct fixture *f, int64_t minutes)
{
    f->time.time_us += minutes * 60 * 1000 * 1000;
}

/* The answer's text; *status its status. */
static struct str ask(struct fixture *f, const char *operation, struct str request, int *status)
{
    struct buf reply;
    buf_init(&reply, 1 << 20);
    struct call call = {
        .operation = str_z(operation), .request = request, .arena = f->arena, .reply = &reply};
    while (engine_call(f->engine, &call) == CALL_MORE)
        ;
    *status = call.status;
    struct str text = arena_str(f->arena, buf_str(&reply));
    buf_clear(&reply);
    return text;
}

/* The value of the first member "name":"value" in a text. */
static struct str member(struct arena *arena, struct str json, const char *name)
{
    struct str key = arena_printf(arena, "\"%s\":\"", name), value;
    for (size_t i = 0; i + key.len < json.len; i++) {
        if (!str_starts(str_from(json, i), key))
            continue;
        struct str rest = str_from(json, i + key.len);
        str_cut(&rest, '"', &value);
        return value;
    }
    return S("");
}

static const char create[] =
    "{\"TableName\":\"expiry\",\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"}],"
    "\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"}],"
    "\"BillingMode\":\"PAY_PER_REQUEST\","
    "\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"KEYS_ONLY\"}}";

/* Makes the table and asks for the first iterator of a shard of its stream. */
static struct str first_iterator(struct fixture *f, struct arena *arena)
{
    int status;
    struct str arn =
        member(arena, ask(f, "CreateTable", str_z(create), &status), "LatestStreamArn");
    struct str request = arena_printf(arena, "{\"StreamArn\":\"%.*s\"}", STR_ARG(arn));
    struct str shard = member(arena, ask(f, "DescribeStream", request, &status), "ShardId");
    request = arena_printf(arena,
                           "{\"StreamArn\":\"%.*s\",\"ShardId\":\"%.*s\",\"ShardIteratorType\":"
                           "\"TRIM_HORIZON\"}",
                           STR_ARG(arn), STR_ARG(shard));
    return member(arena, ask(f, "GetShardIterator", request, &status), "ShardIterator");
}

TEST(a_shard_iterator_lives_15_minutes)
{
    struct fixture f;
    int status;
    open_fixture(&f, arena);
    struct str it = first_iterator(&f, arena), request;
    request = arena_printf(arena, "{\"ShardIterator\":\"%.*s\"}", STR_ARG(it));

    pass_minutes(&f, 15);
    struct str answer = ask(&f, "GetRecords", request, &status);
    CHECK_INT(status, 200);
    struct str next = member(arena, answer, "NextShardIterator");
    pass_minutes(&f, 1);
    answer = ask(&f, "GetRecords", request, &status);
    CHECK_INT(status, 400);
    CHECK(str_contains(answer, S("#ExpiredIteratorException")));
    request = arena_printf(arena, "{\"ShardIterator\":\"%.*s\"}", STR_ARG(next));
    ask(&f, "GetRecords", request, &status); /* the next one is younger */
    CHECK_INT(status, 200);
    engine_close(f.engine);
}

static struct str count_up(struct arena *arena, const char *token)
{
    return arena_printf(
        arena,
        "{\"ClientRequestToken\":\"%s\",\"TransactItems\":[{\"Update\":{\"TableName\":\"expiry\","
        "\"Key\":{\"pk\":{\"S\":\"a\"}},\"UpdateExpression\":\"ADD n :o\","
        "\"ExpressionAttributeValues\":{\":o\":{\"N\":\"1\"}}}}]}",
        token);
}

static void check_count(struct fixture *f, const char *count)
{
    int status;
    struct str answer =
        ask(f, "GetItem", S("{\"TableName\":\"expiry\",\"Key\":{\"pk\":{\"S\":\"a\"}}}"), &status);
    CHECK_STR(member(f->arena, answer, "N"), str_z(count));
}

TEST(a_client_token_lives_10_minutes)
{
    struct fixture f;
    int status;
    open_fixture(&f, arena);
    ask(&f, "CreateTable", str_z(create), &status);
    ask(&f, "TransactWriteItems", count_up(arena, "one"), &status);
    CHECK_INT(status, 200);
    pass_minutes(&f, 9);
    ask(&f, "TransactWriteItems", count_up(arena, "one"), &status);
    CHECK_INT(status, 200);
    check_count(&f, "1");
    ask(&f, "TransactWriteItems", count_up(arena, "two"), &status);
    check_count(&f, "2");
    pass_minutes(&f, 2); /* from the first use on, not the last */
    ask(&f, "TransactWriteItems", count_up(arena, "one"), &status);
    CHECK_INT(status, 200);
    check_count(&f, "3");
    engine_close(f.engine);
}

/* As long as the process runs: nothing of it ends, or lasts, because somebody set the clock. */
TEST(iterators_and_tokens_do_not_mind_a_set_clock)
{
    struct fixture f;
    int status;
    open_fixture(&f, arena);
    struct str it = first_iterator(&f, arena);
    static const int64_t hours[] = {24 * 3650, 0, -24, 0};
    for (size_t i = 0; i < countof(hours); i++) {
        f.time.set_us = hours[i] * 3600 * 1000000;
        ask(&f, "TransactWriteItems", count_up(arena, "one"), &status);
        check_count(&f, "1");
        ask(&f, "GetRecords", arena_printf(arena, "{\"ShardIterator\":\"%.*s\"}", STR_ARG(it)),
            &status);
        CHECK_INT(status, 200);
    }
    f.time.set_us = -24 * 3600 * 1000000LL;
    pass_minutes(&f, 16);
    ask(&f, "TransactWriteItems", count_up(arena, "one"), &status);
    check_count(&f, "2");
    ask(&f, "GetRecords", arena_printf(arena, "{\"ShardIterator\":\"%.*s\"}", STR_ARG(it)),
        &status);
    CHECK_INT(status, 400);
    engine_close(f.engine);
}

TAP_MAIN(T(a_shard_iterator_lives_15_minutes), T(a_client_token_lives_10_minutes),
         T(iterators_and_tokens_do_not_mind_a_set_clock))
