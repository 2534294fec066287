#include "messaging/rows.h"

#include "messaging/record.h"
#include "tap.h"

static struct item decode(struct arena *arena, struct str text)
{
    struct json_reader r;
    struct item item = {0};
    json_reader_init(&r, text, arena);
    CHECK(item_decode(arena, &r, &item));
    return item;
}

TEST(rows_come_back_as_they_were)
{
    struct message_row message = {.group = S("g"),
                                  .sk = S("2026"),
                                  .uuid = S("u"),
                                  .text = S("\"caf\xc3\xa9\"\n"),
                                  .user_uuid = S("me"),
                                  .display_name = S("Me"),
                                  .handle = S("m"),
                                  .sent_at = S("2025"),
                                  .seq = 7};
    struct message_row back;
    struct item item = decode(arena, message_row_encode(arena, &message));
    message_row_decode(&item, &back);
    CHECK_STR(back.group, message.group);
    CHECK_STR(back.sk, message.sk);
    CHECK_STR(back.text, message.text);
    CHECK_STR(back.sent_at, message.sent_at);
    CHECK_INT(back.seq, 7);

    struct state_row state = {.group = S("g"),
                              .last_sk = S(""),
                              .kind = KIND_PAIR,
                              .seq = 3,
                              .members_ver = 2,
                              .n = 2},
                     state_back;
    item = decode(arena, state_row_encode(arena, &state));
    state_row_decode(&item, &state_back);
    CHECK_STR(state_back.last_sk, S(""));
    CHECK_STR(state_back.kind, KIND_PAIR);
    CHECK_INT(state_back.seq, 3);
    CHECK_INT(state_back.members_ver, 2);
}

TEST(upstreams_rows_read_as_not_adopted) /* R4 */
{
    struct item item = decode(
        arena, S("{\"pk\":{\"S\":\"GRP#me\"},\"sk\":{\"S\":\"2026\"},\"message_group_uuid\":{\"S\":"
                 "\"g\"},\"message\":{\"S\":\"hi\"},\"user_uuid\":{\"S\":\"you\"},"
                 "\"user_display_name\":{\"S\":\"You\"},\"user_handle\":{\"S\":\"y\"}}"));
    struct group_row row;
    group_row_decode(&item, &row);
    CHECK_STR(row.member, S("me"));
    CHECK_STR(row.group, S("g"));
    CHECK_STR(row.handle, S("y"));
    CHECK_INT(row.seq, 0);
    CHECK_STR(row.kind, S(""));
}

TEST(attributes_of_other_types_read_as_missing)
{
    struct item item = decode(
        arena, S("{\"pk\":{\"N\":\"1\"},\"sk\":{\"S\":\"x\"},\"seq\":{\"S\":\"5\"},\"message\":"
                 "{\"NULL\":true},\"user_uuid\":{\"L\":[{\"M\":{\"a\":{\"B\":\"AA==\"}}}]},"
                 "\"n\":{\"N\":\"1.5\"},\"read_seq\":{\"N\":\"-3\"}}"));
    struct message_row row;
    message_row_decode(&item, &row);
    CHECK_STR(row.group, S(""));
    CHECK_STR(row.text, S(""));
    CHECK_STR(row.user_uuid, S(""));
    CHECK_INT(row.seq, 0);
    CHECK_INT(item_i64(&item, S("n"), -1), -1);
    CHECK_INT(item_i64(&item, S("read_seq"), 0), -3);
    CHECK_INT(item_i64(&item, S("nothing"), 9), 9);
}

TEST(what_is_no_item_is_refused)
{
    static const struct str bad[] = {STR_INIT(""), STR_INIT("[]"), STR_INIT("{\"a\":1}"),
                                     STR_INIT("{\"a\":{\"S\":\"x\"}"), STR_INIT("{\"a\":{\"S\"}}")};
    for (size_t i = 0; i < countof(bad); i++) {
        struct json_reader r;
        struct item item;
        json_reader_init(&r, bad[i], arena);
        CHECK(!item_decode(arena, &r, &item));
    }
}

TEST(a_pair_has_one_key_from_both_sides)
{
    struct key one = row_pair_key(arena, S("b"), S("a")),
               other = row_pair_key(arena, S("a"), S("b"));
    CHECK_STR(one.pk, S("DM#a#b"));
    CHECK_STR(one.pk, other.pk);
    CHECK_STR(row_pair_key(arena, S("a"), S("a")).pk, S("DM#a#a"));
}

TEST(records_give_event_place_and_images)
{
    struct record record;
    CHECK(record_decode(
        arena,
        S("{\"awsRegion\":\"us-east-1\",\"dynamodb\":{\"ApproximateCreationDateTime\":1."
          "795213867E9,"
          "\"Keys\":{\"pk\":{\"S\":\"MSG#g\"},\"sk\":{\"S\":\"x\"}},\"NewImage\":{\"pk\":{\"S\":"
          "\"MSG#g\"},\"seq\":{\"N\":\"4\"}},\"SequenceNumber\":\"000123\",\"SizeBytes\":9},"
          "\"eventName\":\"INSERT\",\"userIdentity\":{\"type\":\"Service\"}}"),
        &record));
    CHECK_STR(record.event, S("INSERT"));
    CHECK_STR(record.sequence_number, S("000123"));
    CHECK_INT(record.created_s, 1795213867);
    CHECK_STR(item_key(&record.keys).pk, S("MSG#g"));
    CHECK_INT(item_i64(&record.image, S("seq"), 0), 4);
    CHECK(!record_decode(arena, S("[1]"), &record));
    CHECK(!record_decode(arena, S("{\"dynamodb\":"), &record));
}

TAP_MAIN(T(rows_come_back_as_they_were), T(upstreams_rows_read_as_not_adopted),
         T(attributes_of_other_types_read_as_missing), T(what_is_no_item_is_refused),
         T(a_pair_has_one_key_from_both_sides), T(records_give_event_place_and_images))
