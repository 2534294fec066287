#include "dynamodb/trigger/event.h"

#include "base/vec.h"
#include "tap.h"
#include "json/reader.h"

static const struct record_source source = {
    .stream_arn = STR_INIT("arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/x"),
    .region = STR_INIT("us-east-1"),
    .stream_id = 3,
    .shard_id = 1,
    .view = VIEW_NEW_IMAGE,
};

/* A record whose image holds one text of that many bytes. */
static struct stream_record *record_of(struct arena *a, uint64_t sequence, size_t bytes)
{
    struct stream_record *r = arena_new(a, struct stream_record);
    struct buf keys, image;
    char *text = arena_alloc(a, bytes + 1);
    for (size_t i = 0; i < bytes; i++)
        text[i] = 'x';
    buf_init(&keys, 1 << 10);
    buf_init(&image, 1 << 20);
    value_put_member(&keys, S("pk"), (struct value){VALUE_S, S("k")});
    value_put_member(&image, S("big"), (struct value){VALUE_S, {text, bytes}});
    *r = (struct stream_record){.sequence = sequence,
                                .created_ms = 1795213867012,
                                .keys = arena_str(a, buf_str(&keys)),
                                .new_image = arena_str(a, buf_str(&image))};
    buf_clear(&keys);
    buf_clear(&image);
    return r;
}

static bool is_json(struct arena *a, struct str text)
{
    struct json_reader r;
    json_reader_init(&r, text, a);
    return json_skip(&r) && json_finish(&r);
}

TEST(an_event_stays_below_six_megabytes)
{
    const struct stream_record *records[40];
    for (size_t i = 0; i < countof(records); i++)
        records[i] = record_of(arena, i + 1, 400 << 10);
    size_t taken;
    struct str event =
        event_render(arena, (struct event_batch){&source, records, countof(records)}, &taken);
    CHECK_INT(taken, 15);
    CHECK(event.len <= EVENT_MAX_BYTES && is_json(arena, event));
}

TEST(a_failure_record_is_lambdas)
{
    const struct stream_record *records[] = {record_of(arena, 7, 3), record_of(arena, 9, 3)};
    const struct event_failure failure = {.request_id = S("id"),
                                          .function = S("http://h/x"),
                                          .condition = S("RetryAttemptsExhausted"),
                                          .invocations = 4,
                                          .status = 200,
                                          .function_error = S("Unhandled"),
                                          .shard = S("shardId-1"),
                                          .now_us = 1795213867012345};
    struct str line =
        event_render_failure(arena, (struct event_batch){&source, records, 2}, &failure);
    struct str head =
        S("{\"requestContext\":{\"requestId\":\"id\",\"functionArn\":\"http://h/x\","
          "\"condition\":\"RetryAttemptsExhausted\",\"approximateInvokeCount\":4},"
          "\"responseContext\":{\"statusCode\":200,\"executedVersion\":\"$LATEST\","
          "\"functionError\":\"Unhandled\"},\"version\":\"1.0\","
          "\"timestamp\":\"2026-11-20T22:31:07.012Z\",\"DDBStreamBatchInfo\":{"
          "\"shardId\":\"shardId-1\",\"startSequenceNumber\":\"100000000000000000007\","
          "\"endSequenceNumber\":\"100000000000000000009\","
          "\"approximateArrivalOfFirstRecord\":\"2026-11-20T22:31:07Z\","
          "\"approximateArrivalOfLastRecord\":\"2026-11-20T22:31:07Z\",\"batchSize\":2,"
          "\"streamArn\":\"arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/x\"},"
          "\"payload\":\"{\\\"Records\\\":[");
    CHECK_STR(str_slice(line, 0, head.len), head);
    CHECK(str_ends(line, S("\n")) && is_json(arena, line));
}

TAP_MAIN(T(an_event_stays_below_six_megabytes), T(a_failure_record_is_lambdas))
