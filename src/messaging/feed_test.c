/* The feed on a database in memory: what it adopts, whom it tells, and what it survives. */
#include "messaging/feed.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "messaging/chat_fixture.h"

#define GROUP S("5ae290ed-55d1-47a0-bc6d-fe2bc2700399")
#define WAIT_MS 5000

static struct world w;

/* What the feed told, as "text:seq:members|…". */
struct told {
    pthread_mutex_t lock;
    char text[4096];
    size_t len;
};

static struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void on_message(void *context, struct str group, const struct chat_message *message,
                       const struct str *members, size_t member_count)
{
    struct told *t = context;
    (void)group;
    (void)members;
    pthread_mutex_lock(&t->lock);
    int n =
        snprintf(t->text + t->len, sizeof t->text - t->len, "%s%.*s:%lld:%zu", t->len ? "|" : "",
                 STR_ARG(message->message), (long long)message->seq, member_count);
    if (n > 0 && (size_t)n < sizeof t->text - t->len)
        t->len += (size_t)n;
    pthread_mutex_unlock(&t->lock);
}

static void sleep_ms(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static struct str told_now(struct arena *arena)
{
    pthread_mutex_lock(&told.lock);
    struct str out = arena_str(arena, (struct str){told.text, told.len});
    pthread_mutex_unlock(&told.lock);
    return out;
}

/* Waits until the feed has told exactly that. */
static void check_told(struct arena *arena, struct str want)
{
    struct str got = told_now(arena);
    for (int waited_ms = 0; waited_ms < WAIT_MS && !str_eq(got, want); waited_ms += 5) {
        sleep_ms(5);
        got = told_now(arena);
    }
    CHECK_STR(got, want);
}

/* Waits until the conversation stands where it should. */
static void check_inbox(struct arena *arena, enum person_index who, struct str want)
{
    struct group_row row = {0};
    (void)arena;
    for (int waited_ms = 0; waited_ms < WAIT_MS; waited_ms += 5) {
        if (world_group_rows(&w, who, GROUP, &row) == 1 && row.seq > 0)
            break;
        sleep_ms(5);
    }
    CHECK_STR(world_inbox(&w, who), want);
}

static struct feed *start(bool announce_own)
{
    told.len = 0;
    return feed_start(&(struct feed_options){.client = w.client,
                                             .chat = w.chat,
                                             .table = WORLD_TABLE,
                                             .clock = &clock_system,
                                             .on_message = on_message,
                                             .context = &told,
                                             .announce_own = announce_own,
                                             .may_prepare = true,
                                             .idle_ms = 5});
}

static void seed(void)
{
    foreign_group_row(&w, GROUP, S("2026-04-01T10:00:00.000000+00:00"), ANDREW, BAYKO, "f");
    foreign_group_row(&w, GROUP, S("2026-04-01T10:00:00.000000+00:00"), BAYKO, ANDREW, "f");
}

TEST(defect_8_every_record_of_a_batch_is_handled)
{
    world_open_live(&w, arena);
    seed();
    for (int i = 0; i < 9; i++)
        foreign_message(&w, GROUP, arena_printf(arena, "2026-04-01T10:0%d:00.000000+00:00", i),
                        ANDREW, arena_z(arena, arena_printf(arena, "%d", i)));
    struct feed *feed = start(false);
    check_told(arena, S("0:1:2|1:2:2|2:3:2|3:4:2|4:5:2|5:6:2|6:7:2|7:8:2|8:9:2"));
    CHECK_STR(world_inbox(&w, BAYKO), S("8(9)"));
    feed_stop(feed);
    world_close(&w);
}

TEST(a_foreign_message_is_adopted_and_told_once)
{
    world_open_live(&w, arena);
    struct feed *feed = start(false);
    seed();
    foreign_message(&w, GROUP, S("2026-04-01T10:00:00.000000+00:00"), ANDREW, "m0");
    check_told(arena, S("m0:1:2"));
    foreign_message(&w, GROUP, S("2026-04-01T10:01:00.000000+00:00"), BAYKO, "m1");
    check_told(arena, S("m0:1:2|m1:2:2"));
    sleep_ms(50);
    check_told(arena, S("m0:1:2|m1:2:2"));
    check_inbox(arena, ANDREW, S("m1(1)"));
    feed_stop(feed);
    world_close(&w);
}

TEST(a_message_waits_for_its_group_rows)
{
    world_open_live(&w, arena);
    struct feed *feed = start(false);
    foreign_message(&w, GROUP, S("2026-04-01T10:00:00.000000+00:00"), ANDREW, "m0");
    foreign_message(&w, GROUP, S("2026-04-01T10:01:00.000000+00:00"), ANDREW, "m1");
    sleep_ms(60);
    CHECK_STR(told_now(arena), S(""));
    seed();
    check_told(arena, S("m0:1:2|m1:2:2"));
    feed_stop(feed);
    world_close(&w);
}

TEST(own_messages_are_left_to_the_sender)
{
    world_open_live(&w, arena);
    struct feed *feed = start(false);
    struct str group = world_send_to(&w, ANDREW, BAYKO, "mine").group;
    world_send(&w, BAYKO, group, "too");
    foreign_message(&w, group, S("2099-01-01T00:00:00.000000+00:00"), ANDREW, "foreign");
    check_told(arena, S("foreign:3:2"));
    feed_stop(feed);
    world_close(&w);
}

TEST(own_messages_are_told_at_once_when_asked_for)
{
    world_open_live(&w, arena);
    struct feed *feed = start(true);
    struct str group = world_send_to(&w, ANDREW, BAYKO, "mine").group;
    CHECK_STR(told_now(arena), S("mine:1:2"));
    world_send(&w, BAYKO, group, "too");
    CHECK_STR(told_now(arena), S("mine:1:2|too:2:2"));
    sleep_ms(60);
    CHECK_STR(told_now(arena), S("mine:1:2|too:2:2"));
    feed_stop(feed);
    world_send(&w, BAYKO, group, "nobody listens");
    world_close(&w);
}

TEST(messages_of_other_servers_are_told)
{
    world_open_live(&w, arena);
    struct chat *other = chat_new(&(struct chat_options){.client = w.client,
                                                         .users = &w.users,
                                                         .table = WORLD_TABLE,
                                                         .clock = &clock_system,
                                                         .rand = &rand_system});
    struct feed *feed = start(false);
    struct chat_send send = {.text = S("from there"), .to = world_user(&w, BAYKO)};
    struct chat_sent sent;
    CHECK(!chat_send(other, arena, world_user(&w, ANDREW), &send, &sent, NULL));
    check_told(arena, S("from there:1:2"));
    feed_stop(feed);
    chat_free(other);
    world_close(&w);
}

TEST(defect_12_what_came_while_nobody_read_is_adopted)
{
    world_open_live(&w, arena);
    struct feed *feed = start(false);
    seed();
    foreign_message(&w, GROUP, S("2026-04-01T10:00:00.000000+00:00"), ANDREW, "m0");
    check_told(arena, S("m0:1:2"));
    feed_stop(feed);
    foreign_message(&w, GROUP, S("2026-04-01T10:01:00.000000+00:00"), ANDREW, "m1");
    feed = start(false);
    check_told(arena, S("m1:2:2")); /* and not m0: it goes on where it stopped */
    feed_stop(feed);
    CHECK_STR(world_inbox(&w, BAYKO), S("m1(2)"));
    world_close(&w);
}

/* Shards that have closed meanwhile are read to their end, and their children after them. */
TEST(shards_that_roll_over_are_followed)
{
    world_open_rolling(&w, arena, 60);
    seed();
    struct str want = S("");
    struct feed *feed = start(false);
    for (int i = 0; i < 12; i++) {
        struct str sk = arena_printf(arena, "2026-04-01T10:%02d:00.000000+00:00", i);
        struct str text = arena_printf(arena, "m%d", i);
        if (i % 4 == 3) { /* also where a feed stopped, and another goes on */
            feed_stop(feed);
            foreign_message(&w, GROUP, sk, ANDREW, arena_z(arena, text));
            sleep_ms(150);
            feed = start(false);
            want = S("");
        } else {
            foreign_message(&w, GROUP, sk, ANDREW, arena_z(arena, text));
        }
        want = arena_printf(arena, "%.*s%s%.*s:%d:2", STR_ARG(want), want.len ? "|" : "",
                            STR_ARG(text), i + 1);
        check_told(arena, want);
        sleep_ms(20);
    }
    feed_stop(feed);
    CHECK_STR(world_inbox(&w, BAYKO), S("m11(12)"));
    world_close(&w);
}

static void run_for_a_while(int64_t ms)
{
    struct feed *feed = start(false);
    sleep_ms(ms);
    feed_stop(feed);
}

TEST(a_quiet_feed_writes_nothing)
{
    world_open_live(&w, arena);
    world_send_to(&w, ANDREW, BAYKO, "x");
    struct str before = {"", 0}, after = {"", 0};
    bool has_read = false; /* all that there is: what it has saved changes no more */
    for (int waited_ms = 0; waited_ms < WAIT_MS && !has_read; waited_ms += 60) {
        before = after;
        run_for_a_while(60);
        after = world_dump(&w, arena, S(""));
        has_read = str_eq(before, after) && str_contains(after, S("FEED#adopt"));
    }
    CHECK(has_read);
    for (int i = 0; i < 3; i++)
        run_for_a_while(30);
    CHECK_STR(world_dump(&w, arena, S("")), before);
    world_close(&w);
}

TEST(a_table_dropped_and_made_again_is_followed)
{
    world_open_live(&w, arena);
    struct feed *feed = start(false);
    struct str group = world_send_to(&w, ANDREW, BAYKO, "x").group;
    foreign_message(&w, group, S("2099-01-01T00:00:00.000000+00:00"), ANDREW, "m0");
    check_told(arena, S("m0:2:2"));
    world_call(&w, arena, "DeleteTable", S("{\"TableName\":\"cruddur-messages\"}"));
    sleep_ms(1200);
    CHECK(!chat_prepare(w.chat, arena, false));
    seed();
    foreign_message(&w, GROUP, S("2026-04-01T10:00:00.000000+00:00"), ANDREW, "again");
    check_told(arena, S("m0:2:2|again:1:2"));
    feed_stop(feed);
    world_close(&w);
}

TEST(a_stream_that_is_missing_is_switched_on)
{
    world_open_live(&w, arena);
    world_call(&w, arena, "UpdateTable",
               S("{\"TableName\":\"cruddur-messages\",\"StreamSpecification\":"
                 "{\"StreamEnabled\":false}}"));
    struct feed *feed = start(false);
    for (int waited_ms = 0; waited_ms < WAIT_MS && chat_prepare(w.chat, arena, true);
         waited_ms += 20)
        sleep_ms(20);
    CHECK(!chat_prepare(w.chat, arena, true));
    seed();
    foreign_message(&w, GROUP, S("2026-04-01T10:00:00.000000+00:00"), ANDREW, "m0");
    check_told(arena, S("m0:1:2"));
    feed_stop(feed);
    world_close(&w);
}

/* -- a service that counts --------------------------------------------------------------------- */

struct counting {
    struct client client;
    struct client *inner;
    _Atomic int looks, shards;
};

static struct error *counting_call(struct client *c, struct arena *a, struct str operation,
                                   struct str request, struct str *response)
{
    struct counting *counting = (struct counting *)c;
    counting->looks += str_eq(operation, S("GetRecords"));
    counting->shards += str_eq(operation, S("GetShardIterator"));
    return client_call(counting->inner, a, operation, request, response);
}

/* The service takes five GetRecords a second from each shard, however much there is to read. */
TEST(a_busy_stream_is_not_looked_at_more_often)
{
    static const struct client_ops ops = {.call = counting_call};
    world_open_live(&w, arena);
    seed();
    struct counting counting = {.client = {&ops}, .inner = w.client};
    struct feed *feed = feed_start(&(struct feed_options){.client = &counting.client,
                                                          .chat = w.chat,
                                                          .table = WORLD_TABLE,
                                                          .clock = &clock_system,
                                                          .idle_ms = 250,
                                                          .busy_ms = 250});
    for (int i = 0; i < 60; i++) {
        struct str sk = arena_printf(arena, "2026-04-01T10:00:%02d.000000+00:00", i);
        foreign_message(&w, GROUP, sk, ANDREW, "m");
        sleep_ms(10);
    }
    feed_stop(feed);
    CHECK(counting.shards > 0);
    CHECK(counting.looks <= 4 * counting.shards); /* at 0, 250, 500, and perhaps 750 ms */
    world_close(&w);
}

TAP_MAIN(T(defect_8_every_record_of_a_batch_is_handled),
         T(a_foreign_message_is_adopted_and_told_once), T(a_message_waits_for_its_group_rows),
         T(own_messages_are_left_to_the_sender), T(own_messages_are_told_at_once_when_asked_for),
         T(messages_of_other_servers_are_told), T(defect_12_what_came_while_nobody_read_is_adopted),
         T(shards_that_roll_over_are_followed), T(a_quiet_feed_writes_nothing),
         T(a_table_dropped_and_made_again_is_followed), T(a_stream_that_is_missing_is_switched_on),
         T(a_busy_stream_is_not_looked_at_more_often))
