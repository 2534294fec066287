/* Pattern E: rows of somebody else's program, stream records in every order, and upstream's own
 * stream handler at work on the same rows. */
#include "messaging/chat_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "messaging/follow.h"
#include "messaging/record.h"

static struct world w;

#define OPEN() world_open(&w, arena)
#define CLOSE() world_close(&w)
#define GROUP S("5ae290ed-55d1-47a0-bc6d-fe2bc2700399")

/* As upstream's seed: two group rows of one time, then a message a minute, with a local offset. */
static struct str minute(struct arena *arena, int minutes)
{
    return arena_printf(arena, "2026-11-20T%02d:%02d:00.500000+01:00", 20 + minutes / 60,
                        minutes % 60);
}

static void seed(struct arena *arena, int messages)
{
    foreign_group_row(&w, GROUP, minute(arena, 0), ANDREW, BAYKO, "this is a filler message");
    foreign_group_row(&w, GROUP, minute(arena, 0), BAYKO, ANDREW, "this is a filler message");
    for (int i = 0; i < messages; i++)
        foreign_message(&w, GROUP, minute(arena, i), i % 2 ? BAYKO : ANDREW,
                        arena_z(arena, arena_printf(arena, "m%d", i)));
}

/* Invariant 1 of chat_send.c, and what a listing needs. */
static void check_rows(struct arena *arena, struct str group, struct str sk, int64_t seq)
{
    for (enum person_index who = ANDREW; who <= BAYKO; who++) {
        struct group_row row = {0};
        CHECK_INT(world_group_rows(&w, who, group, &row), 1);
        CHECK_STR(row.sk, sk);
        CHECK_INT(row.seq, seq);
        CHECK_STR(row.user_uuid, world_user(&w, who == ANDREW ? BAYKO : ANDREW)->uuid);
    }
    (void)arena;
}

/* -- taking over ------------------------------------------------------------------------------- */

TEST(seeded_conversation_is_adopted)
{
    OPEN();
    seed(arena, 5);
    world_adopt_all(&w);
    check_rows(arena, GROUP, minute(arena, 4), 5);
    CHECK_STR(world_inbox(&w, BAYKO), S("m4(1)")); /* m3 was his own: read up to there */
    CHECK_STR(world_inbox(&w, ANDREW), S("m4(0)"));
    CHECK_STR(world_texts(&w, BAYKO, GROUP), S("m0|m1|m2|m3|m4"));
    struct chat_sent sent = world_send(&w, BAYKO, GROUP, "ours");
    CHECK_INT(sent.message.seq, 6);
    check_rows(arena, GROUP, sent.message.created_at, 6);
    CHECK_STR(world_texts(&w, ANDREW, GROUP), S("m0|m1|m2|m3|m4|ours"));
    CLOSE();
}

TEST(seeded_conversation_is_adopted_when_listed) /* without any stream */
{
    OPEN();
    seed(arena, 3);
    CHECK_STR(world_inbox(&w, BAYKO), S("m2(0)")); /* older history counts as read */
    CHECK_STR(world_texts(&w, BAYKO, GROUP), S("m0|m1|m2"));
    check_rows(arena, GROUP, minute(arena, 2), 0);
    CLOSE();
}

TEST(seeded_conversation_is_adopted_when_opened_or_sent_to)
{
    OPEN();
    seed(arena, 2);
    CHECK_STR(world_texts(&w, LONDO, GROUP), S("!not_found"));
    CHECK_STR(world_texts(&w, BAYKO, GROUP), S("m0|m1"));
    CLOSE();
    OPEN();
    seed(arena, 2);
    struct chat_sent sent = world_send(&w, BAYKO, GROUP, "ours");
    check_rows(arena, GROUP, sent.message.created_at, 1);
    CLOSE();
}

TEST(defect_6_first_message_to_a_seeded_pair_goes_there)
{
    OPEN();
    seed(arena, 2);
    struct chat_sent sent = world_send_to(&w, BAYKO, ANDREW, "ours");
    CHECK_STR(sent.group, GROUP);
    sent = world_send_to(&w, ANDREW, BAYKO, "mine");
    CHECK_STR(sent.group, GROUP);
    CHECK_INT(world_group_rows(&w, BAYKO, GROUP, NULL), 1);
    CLOSE();
}

TEST(defect_1_lists_know_no_year)
{
    OPEN();
    foreign_group_row(&w, GROUP, S("2023-04-01T00:00:00.000000+00:00"), ANDREW, BAYKO, "f");
    foreign_group_row(&w, GROUP, S("2023-04-01T00:00:00.000000+00:00"), BAYKO, ANDREW, "f");
    foreign_message(&w, GROUP, S("2023-04-01T00:00:00.000000+00:00"), ANDREW, "then");
    world_adopt_all(&w);
    CHECK_STR(world_inbox(&w, BAYKO), S("then(1)"));
    CHECK_STR(world_texts(&w, BAYKO, GROUP), S("then"));
    world_send(&w, BAYKO, GROUP, "now");
    CHECK_STR(world_texts(&w, BAYKO, GROUP), S("then|now"));
    CLOSE();
}

TEST(defect_3_local_and_missing_offsets_do_not_break_the_order)
{
    OPEN();
    foreign_group_row(&w, GROUP, S("2026-11-20T23:31:07+01:00"), ANDREW, BAYKO, "f");
    foreign_group_row(&w, GROUP, S("2026-11-20T23:31:07+01:00"), BAYKO, ANDREW, "f");
    foreign_message(&w, GROUP, S("2026-11-20T23:31:07+01:00"), ANDREW, "an hour ahead");
    foreign_message(&w, GROUP, S("2026-11-20T23:31:08Z"), ANDREW, "zulu");
    foreign_message(&w, GROUP, S("2026-11-20T23:31:09"), ANDREW, "naive");
    world_adopt_all(&w);
    world_send(&w, BAYKO, GROUP, "ours");
    CHECK_STR(world_texts(&w, ANDREW, GROUP), S("an hour ahead|zulu|naive|ours"));
    CHECK_STR(world_inbox(&w, ANDREW), S("ours(1)"));
    CLOSE();
}

TEST(what_is_no_time_or_far_ahead_is_listed_and_never_leads)
{
    OPEN();
    seed(arena, 1);
    foreign_message(&w, GROUP, S("zzz"), ANDREW, "no time");
    foreign_message(&w, GROUP, S("2099-01-01T00:00:00.000000+00:00"), BAYKO, "future");
    world_adopt_all(&w);
    check_rows(arena, GROUP, minute(arena, 0), 3);
    struct chat_sent sent = world_send(&w, BAYKO, GROUP, "ours");
    CHECK_STR(sent.message.created_at, WORLD_NOW);
    CHECK_INT(sent.message.seq, 4);
    CHECK_STR(world_texts(&w, ANDREW, GROUP), S("m0|ours|future|no time"));
    check_rows(arena, GROUP, WORLD_NOW, 4);
    CLOSE();
}

TEST(group_rows_without_a_usable_key_are_brought_to_one)
{
    OPEN();
    foreign_group_row(&w, GROUP, S("never"), ANDREW, BAYKO, "f");
    foreign_group_row(&w, GROUP, S("2099-01-01T00:00:00+00:00"), BAYKO, ANDREW, "f");
    CHECK_STR(world_inbox(&w, ANDREW), S("f(0)"));
    CHECK_STR(world_inbox(&w, BAYKO), S("f(0)"));
    check_rows(arena, GROUP, WORLD_NOW, 0);
    CLOSE();
}

TEST(a_message_before_its_group_rows_waits)
{
    OPEN();
    foreign_message(&w, GROUP, minute(arena, 0), ANDREW, "first");
    size_t count;
    const struct str *records = world_records(&w, arena, &count);
    CHECK_INT(count, 1);
    struct error *e = chat_adopt(w.chat, arena, records[0]);
    CHECK(e && e->kind == &chat_not_yet);
    foreign_group_row(&w, GROUP, minute(arena, 0), ANDREW, BAYKO, "first");
    foreign_group_row(&w, GROUP, minute(arena, 0), BAYKO, ANDREW, "first");
    world_adopt_all(&w);
    check_rows(arena, GROUP, minute(arena, 0), 1);
    CLOSE();
}

TEST(a_second_member_may_appear_later)
{
    OPEN();
    foreign_group_row(&w, GROUP, minute(arena, 0), ANDREW, BAYKO, "f");
    foreign_message(&w, GROUP, minute(arena, 0), ANDREW, "m0");
    world_adopt_all(&w);
    struct group_row row = {0};
    CHECK_INT(world_group_rows(&w, ANDREW, GROUP, &row), 1);
    CHECK_STR(row.user_uuid, world_user(&w, BAYKO)->uuid);
    CHECK_STR(world_texts(&w, BAYKO, GROUP), S("!not_found"));
    /* Alone for now, the row still shows the other one. */
    struct chat_sent sent = world_send(&w, ANDREW, GROUP, "m1");
    CHECK_INT(world_group_rows(&w, ANDREW, GROUP, &row), 1);
    CHECK_STR(row.user_uuid, world_user(&w, BAYKO)->uuid);
    foreign_group_row(&w, GROUP, minute(arena, 0), BAYKO, ANDREW, "f");
    world_adopt_all(&w);
    check_rows(arena, GROUP, sent.message.created_at, 2);
    CHECK_STR(world_texts(&w, BAYKO, GROUP), S("m0|m1"));
    CHECK_STR(world_send_to(&w, BAYKO, ANDREW, "m2").group, GROUP);
    CLOSE();
}

TEST(a_group_of_three_shows_who_wrote_last)
{
    OPEN();
    static const enum person_index people[] = {ANDREW, BAYKO, LONDO};
    for (size_t i = 0; i < countof(people); i++)
        foreign_group_row(&w, GROUP, minute(arena, 0), people[i], ANDREW, "f");
    foreign_message(&w, GROUP, minute(arena, 1), ANDREW, "m0");
    world_adopt_all(&w);
    struct chat_sent sent = world_send(&w, LONDO, GROUP, "ours");
    CHECK_INT(sent.member_count, 3);
    for (size_t i = 0; i < countof(people); i++) {
        struct group_row row = {0};
        CHECK_INT(world_group_rows(&w, people[i], GROUP, &row), 1);
        CHECK_STR(row.handle, S("londo"));
        CHECK_STR(row.kind, S("group"));
        CHECK_INT(row.n, 3);
    }
    CHECK_STR(world_inbox(&w, ANDREW), S("ours(1)"));
    CHECK_STR(world_inbox(&w, BAYKO), S("ours(2)"));
    /* Not the pair's own conversation. */
    CHECK(!str_eq(world_send_to(&w, ANDREW, LONDO, "aside").group, GROUP));
    CLOSE();
}

/* Forty-nine owners are more than one transaction takes. */
TEST(a_group_that_is_too_large_does_not_hide_the_others)
{
    OPEN();
    world_send_to(&w, ANDREW, BAYKO, "ours");
    foreign_group_row(&w, GROUP, minute(arena, 0), ANDREW, BAYKO, "large");
    for (int i = 0; i < 48; i++)
        world_call(&w, arena, "PutItem",
                   arena_printf(arena,
                                "{\"TableName\":\"cruddur-messages\",\"Item\":{\"pk\":{\"S\":"
                                "\"GRP#u%d\"},\"sk\":{\"S\":\"2026\"},\"message_group_uuid\":"
                                "{\"S\":\"%s\"},\"message\":{\"S\":\"x\"}}}",
                                i, GROUP.data));
    CHECK_STR(world_inbox(&w, ANDREW), S("ours(0)"));
    CLOSE();
}

TEST(two_seeded_groups_of_one_user_may_share_a_time) /* defect 2, for seeds of our own making */
{
    OPEN();
    foreign_group_row(&w, GROUP, minute(arena, 0), BAYKO, ANDREW, "a");
    foreign_group_row(&w, GROUP, minute(arena, 0), ANDREW, BAYKO, "a");
    foreign_message(&w, GROUP, minute(arena, 1), ANDREW, "m1");
    world_adopt_all(&w);
    foreign_group_row(&w, S("other"), minute(arena, 0), ANDREW, LONDO, "b");
    foreign_group_row(&w, S("other"), minute(arena, 0), LONDO, ANDREW, "b");
    foreign_message(&w, S("other"), minute(arena, 1), LONDO, "m1 too");
    world_adopt_all(&w);
    CHECK_STR(world_inbox(&w, ANDREW), S("m1 too(1)|m1(0)"));
    CHECK_INT(world_group_rows(&w, ANDREW, GROUP, NULL), 1);
    CHECK_INT(world_group_rows(&w, ANDREW, S("other"), NULL), 1);
    CLOSE();
}

TEST(a_long_foreign_text_is_previewed_and_kept)
{
    OPEN();
    char *text = arena_zalloc(arena, 5001);
    memset(text, 'x', 5000);
    seed(arena, 1);
    foreign_message(&w, GROUP, minute(arena, 1), ANDREW, text);
    world_adopt_all(&w);
    struct group_row row = {0};
    CHECK_INT(world_group_rows(&w, BAYKO, GROUP, &row), 1);
    CHECK_INT(row.text.len, 1024);
    CHECK_INT(world_texts(&w, BAYKO, GROUP).len, 5000 + 3);
    CLOSE();
}

TEST(rows_of_other_kinds_are_left_alone)
{
    OPEN();
    world_call(&w, arena, "PutItem",
               S("{\"TableName\":\"cruddur-messages\",\"Item\":{\"pk\":{\"S\":\"MSG#\"},\"sk\":{"
                 "\"S\":\"x\"}}}"));
    world_call(&w, arena, "PutItem",
               S("{\"TableName\":\"cruddur-messages\",\"Item\":{\"pk\":{\"S\":\"GRP#u\"},\"sk\":{"
                 "\"S\":\"x\"}}}"));
    world_call(&w, arena, "PutItem",
               S("{\"TableName\":\"cruddur-messages\",\"Item\":{\"pk\":{\"S\":\"OTHER\"},\"sk\":{"
                 "\"S\":\"x\"},\"seq\":{\"L\":[{\"M\":{\"a\":{\"BOOL\":true}}}]}}}"));
    struct str before = world_dump(&w, arena, S(""));
    size_t count;
    const struct str *records = world_records(&w, arena, &count);
    CHECK_INT(count, 3);
    for (size_t i = 0; i < count; i++) {
        struct error *e = chat_adopt(w.chat, arena, records[i]);
        CHECK(!e || e->kind == &chat_not_yet);
    }
    CHECK_STR(world_dump(&w, arena, S("")), before);
    CHECK(chat_adopt(w.chat, arena, S("{\"eventName\":")) != NULL);
    CHECK(!chat_adopt(w.chat, arena, S("{}")));
    CHECK(chat_adopt(w.chat, arena, S("{\"eventName\":\"INSERT\",\"dynamodb\":{\"Keys\":7}}")) !=
          NULL);
    CLOSE();
}

/* -- again and again --------------------------------------------------------------------------- */

static void shuffle(const struct str *records, struct str *out, size_t count, uint64_t *state)
{
    memcpy(out, records, count * sizeof *out);
    memcpy(out + count, records, count * sizeof *out);
    for (size_t i = 2 * count; i > 1; i--) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        size_t other = (*state >> 33) % i;
        struct str swapped = out[i - 1];
        out[i - 1] = out[other];
        out[other] = swapped;
    }
}

/* "Replaying the whole stream, shuffled and doubled, changes nothing." Also defects 8 and 10. */
TEST(defect_10_the_stream_again_shuffled_and_doubled_changes_nothing)
{
    uint64_t state = tap_seed();
    OPEN();
    seed(arena, 6);
    foreign_message(&w, GROUP, S("zzz"), ANDREW, "no time");
    world_adopt_all(&w);
    struct chat_sent sent = world_send(&w, BAYKO, GROUP, "ours");
    foreign_message(&w, GROUP, S("2026-11-20T22:31:09.000000+00:00"), ANDREW, "foreign");
    world_adopt_all(&w);
    world_send_to(&w, LONDO, ANDREW, "another");
    world_send(&w, ANDREW, sent.group, "last");
    struct str before = world_dump(&w, arena, S(""));
    for (int round = 0; round < 3; round++) {
        size_t count;
        const struct str *records = world_records(&w, arena, &count);
        struct str *order = arena_array(arena, struct str, 2 * count);
        shuffle(records, order, count, &state);
        for (size_t i = 0; i < 2 * count; i++)
            CHECK(!chat_adopt(w.chat, arena, order[i]));
        CHECK_STR(world_dump(&w, arena, S("")), before);
    }
    CLOSE();
}

/* Out of order from the start, all is numbered once, and the rows stand at the newest. */
TEST(a_shuffled_stream_is_adopted_whole)
{
    uint64_t state = tap_seed();
    for (int round = 0; round < 5; round++) {
        OPEN();
        seed(arena, 8);
        size_t count;
        const struct str *records = world_records(&w, arena, &count);
        struct str *order = arena_array(arena, struct str, 2 * count);
        shuffle(records, order, count, &state);
        for (size_t i = 0; i < 2 * count; i++)
            CHECK(!chat_adopt(w.chat, arena, order[i]));
        check_rows(arena, GROUP, minute(arena, 7), 8);
        CHECK_STR(world_texts(&w, BAYKO, GROUP), S("m0|m1|m2|m3|m4|m5|m6|m7"));
        CLOSE();
    }
}

TEST(an_edit_does_not_move_the_conversation) /* defect 10: MODIFY */
{
    OPEN();
    seed(arena, 3);
    world_adopt_all(&w);
    world_call(
        &w, arena, "UpdateItem",
        arena_printf(arena,
                     "{\"TableName\":\"cruddur-messages\",\"Key\":{\"pk\":{\"S\":\"MSG#%s\"},"
                     "\"sk\":{\"S\":\"%.*s\"}},\"UpdateExpression\":\"SET message = :m\","
                     "\"ExpressionAttributeValues\":{\":m\":{\"S\":\"edited\"}}}",
                     GROUP.data, STR_ARG(minute(arena, 0))));
    world_adopt_all(&w);
    check_rows(arena, GROUP, minute(arena, 2), 3);
    CHECK_STR(world_texts(&w, BAYKO, GROUP), S("edited|m1|m2"));
    CLOSE();
}

/* -- upstream's stream handler beside us ------------------------------------------------------- */

/* What the handler does with one record: for a message that was put or changed, every group row in
 * the index is deleted and put again at the message's key, with upstream's attributes only. */
static void handle_as_upstream(struct arena *arena, struct str text)
{
    struct record record;
    struct str group, request;
    CHECK(record_decode(arena, text, &record));
    struct key key = item_key(&record.keys);
    if (str_eq(record.event, S("REMOVE")) || !row_id(key.pk, S("MSG#"), &group))
        return;
    request = arena_printf(arena,
                           "{\"TableName\":\"cruddur-messages\",\"IndexName\":"
                           "\"message-group-sk-index\",\"KeyConditionExpression\":"
                           "\"message_group_uuid = :g\",\"ExpressionAttributeValues\":"
                           "{\":g\":{\"S\":\"%.*s\"}}}",
                           STR_ARG(group));
    struct json_reader r;
    struct str name;
    VEC(struct group_row) rows = {0};
    json_reader_init(&r, world_call(&w, arena, "Query", request), arena);
    json_enter_object(&r);
    while (json_next_member(&r, &name)) {
        if (!str_eq(name, S("Items"))) {
            json_skip(&r);
            continue;
        }
        json_enter_array(&r);
        while (json_next_element(&r)) {
            struct item item;
            struct group_row row;
            CHECK(item_decode(arena, &r, &item));
            group_row_decode(&item, &row);
            VEC_PUSH(arena, &rows, row);
        }
    }
    for (size_t i = 0; i < rows.count; i++) {
        const struct group_row *row = &rows.items[i];
        bool is_andrews = str_eq(row->member, world_user(&w, ANDREW)->uuid);
        foreign_delete(&w, row_group_key(arena, row->member, row->sk));
        foreign_group_row(&w, group, key.sk, is_andrews ? ANDREW : BAYKO,
                          is_andrews ? BAYKO : ANDREW,
                          arena_z(arena, item_str(&record.image, S("message"))));
    }
}

/* The stream so far, in an order that a consumer could see it. */
struct tail {
    struct follower *follower;
    struct arena *arena;
    VEC(struct str) records;
};

static void keep_record(void *context, struct arena *a, struct str record)
{
    struct tail *tail = context;
    (void)a;
    VEC_PUSH(tail->arena, &tail->records, arena_str(tail->arena, record));
}

static void poll(struct tail *tail)
{
    enum follower_state state;
    size_t some;
    CHECK(!follower_poll(tail->follower, tail->arena, keep_record, tail, &state, &some));
}

/* One thing that happens; `choice` 0 and 1 write, 2 and 3 let a consumer go on. */
static void take_step(struct arena *arena, struct tail *tail, unsigned choice, int step,
                      size_t *theirs, size_t *ours)
{
    w.time.time_us += 1000;
    if (choice == 0)
        world_send(&w, step % 2 ? ANDREW : BAYKO, GROUP, "ours");
    if (choice == 1)
        foreign_message(&w, GROUP, minute(arena, 3 + step), ANDREW, "foreign");
    if (choice == 2 && *theirs < tail->records.count)
        handle_as_upstream(arena, tail->records.items[(*theirs)++]);
    if (choice == 3 && *ours < tail->records.count)
        CHECK(!chat_adopt(w.chat, arena, tail->records.items[(*ours)++]));
    poll(tail);
}

/* Both consumers follow the stream, each at its own pace, while messages of both kinds come in;
 * when the stream is dry, everything must have settled. */
TEST(upstreams_handler_and_ours_settle_on_the_same_rows)
{
    uint64_t state = tap_seed();
    for (int round = 0; round < 6; round++) {
        OPEN();
        seed(arena, 2);
        struct tail tail = {.arena = arena};
        tail.follower =
            follower_new(&(struct follower_options){{w.client, WORLD_TABLE}, &w.clock, S("test")});
        size_t theirs = 0, ours = 0;
        int step = 0;
        poll(&tail);
        for (; step < 5000; step++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            bool is_dry = theirs == tail.records.count && ours == tail.records.count;
            if (step >= 30 && is_dry)
                break;
            unsigned chance = (unsigned)(state >> 33);
            take_step(arena, &tail, step < 30 ? chance % 4 : 2 + chance % 2, step, &theirs, &ours);
        }
        CHECK(step < 5000);
        struct group_row row = {0}, other = {0};
        CHECK_INT(world_group_rows(&w, ANDREW, GROUP, &row), 1);
        CHECK_INT(world_group_rows(&w, BAYKO, GROUP, &other), 1);
        CHECK_STR(row.sk, other.sk);
        CHECK(row.seq > 0 && row.seq == other.seq);
        struct chat_sent sent = world_send(&w, ANDREW, GROUP, "end");
        check_rows(arena, GROUP, sent.message.created_at, row.seq + 1);
        follower_free(tail.follower);
        CLOSE();
    }
}

TAP_MAIN(T(seeded_conversation_is_adopted), T(seeded_conversation_is_adopted_when_listed),
         T(seeded_conversation_is_adopted_when_opened_or_sent_to),
         T(defect_6_first_message_to_a_seeded_pair_goes_there), T(defect_1_lists_know_no_year),
         T(defect_3_local_and_missing_offsets_do_not_break_the_order),
         T(what_is_no_time_or_far_ahead_is_listed_and_never_leads),
         T(group_rows_without_a_usable_key_are_brought_to_one),
         T(a_message_before_its_group_rows_waits), T(a_second_member_may_appear_later),
         T(a_group_of_three_shows_who_wrote_last),
         T(a_group_that_is_too_large_does_not_hide_the_others),
         T(two_seeded_groups_of_one_user_may_share_a_time),
         T(a_long_foreign_text_is_previewed_and_kept), T(rows_of_other_kinds_are_left_alone),
         T(defect_10_the_stream_again_shuffled_and_doubled_changes_nothing),
         T(a_shuffled_stream_is_adopted_whole), T(an_edit_does_not_move_the_conversation),
         T(upstreams_handler_and_ours_settle_on_the_same_rows))
