/* The hub with streams that are buffers: http_stream_write and _close are defined here and stand in
 * for the server's. */
#include "messaging/hub.h"

#include "http/http.h"
#include "tap.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct http_stream {
    struct buf got;
    bool is_gone;
    int closed;
};

bool http_stream_write(struct http_stream *s, struct str bytes)
{
    if (!s->is_gone)
        buf_add(&s->got, bytes);
    return !s->is_gone;
}

void http_stream_close(struct http_stream *s)
{
    s->closed++;
}

struct bench {
    struct clock_manual time;
    struct clock clock;
    struct hub *hub;
    struct http_stream *streams[32];
    size_t count;
};

static void set_up(struct bench *b, size_t ring_events)
{
    *b = (struct bench){.time = {1790000000000000}};
    b->clock = clock_manual(&b->time);
    const struct hub_options options = {&b->clock, &rand_system, .ring_events = ring_events};
    b->hub = hub_new(&options);
}

static void tear_down(struct bench *b)
{
    hub_free(b->hub);
    for (size_t i = 0; i < b->count; i++) {
        CHECK_INT(b->streams[i]->closed, 1);
        buf_clear(&b->streams[i]->got);
        free(b->streams[i]);
    }
}

static struct http_stream *sit(struct bench *b, const char *user, struct str last_event_id,
                               struct hub_seat **out)
{
    struct hub_seat *seat = hub_take_seat(b->hub, str_z(user));
    struct http_stream *s = calloc(1, sizeof *s);
    CHECK(seat != NULL);
    buf_init(&s->got, 1 << 20);
    b->streams[b->count++] = s;
    hub_sit(b->hub, seat, s, last_event_id);
    if (out)
        *out = seat;
    return s;
}

static const struct str both[] = {STR_INIT("ann"), STR_INIT("bob")};

static void say(struct bench *b, const char *group, int64_t seq, const char *text)
{
    const struct chat_message m = {S("m-uuid"), str_z(text), S("ann"), S("Ann"),
                                   S("ann"),    S("now"),    seq};
    hub_tell_message(b->hub, both, 2, str_z(group), &m);
}

/* The texts of the messages that came, joined: "one two ". */
static struct str heard(struct arena *a, const struct http_stream *s)
{
    struct str rest = buf_str(&s->got), line, out = S("");
    for (bool more = true; more;) {
        more = str_cut(&rest, '\n', &line);
        const char *at = memmem(line.data, line.len, "\"message\":\"", 11);
        if (!at)
            continue;
        struct str text = str_from(line, (size_t)(at - line.data) + 11);
        str_cut(&text, '"', &line);
        out = arena_printf(a, "%.*s%.*s ", STR_ARG(out), STR_ARG(line));
    }
    return out;
}

/* What a client keeps: the last id that it saw. */
static struct str last_id(struct arena *a, const struct http_stream *s)
{
    struct str rest = buf_str(&s->got), line, id = S("");
    for (bool more = true; more;) {
        more = str_cut(&rest, '\n', &line);
        if (str_starts(line, S("id: ")))
            id = str_from(line, 4);
    }
    return arena_str(a, id);
}

TEST(message_reaches_its_members_and_nobody_else)
{
    struct bench b;
    set_up(&b, 0);
    struct http_stream *ann = sit(&b, "ann", S(""), NULL), *ann2 = sit(&b, "ann", S(""), NULL),
                       *bob = sit(&b, "bob", S(""), NULL), *eve = sit(&b, "eve", S(""), NULL);
    say(&b, "g", 5, "hello \\\"\n<b>");
    say(&b, "g", 6, "again");
    CHECK(
        str_contains(buf_str(&ann->got), S("event: message\ndata: {\"message_group_uuid\":\"g\"")));
    CHECK(str_contains(buf_str(&ann->got), S("\"seq\":5}\n\n")));
    CHECK_STR(buf_str(&ann2->got), buf_str(&bob->got));
    CHECK_STR(heard(arena, eve), S(""));
    CHECK_INT(hub_stats(b.hub).streams, 4);
    tear_down(&b);
}

TEST(messages_of_a_group_come_in_order_and_once)
{
    struct bench b;
    set_up(&b, 0);
    struct http_stream *bob = sit(&b, "bob", S(""), NULL);
    say(&b, "g", 3, "three");
    say(&b, "g", 6, "six");
    say(&b, "g", 5, "five");
    say(&b, "h", 1, "other");
    CHECK_STR(heard(arena, bob), S("three other "));
    say(&b, "g", 4, "four");
    say(&b, "g", 4, "four");
    say(&b, "g", 6, "six");
    say(&b, "g", 3, "three");
    CHECK_STR(heard(arena, bob), S("three other four five six "));
    CHECK(
        str_contains(buf_str(&bob->got), S("event: group\ndata: {\"message_group_uuid\":\"h\"}")));
    tear_down(&b);
}

TEST(message_that_never_comes_holds_the_others_up_for_a_second_only)
{
    struct bench b;
    set_up(&b, 0);
    struct http_stream *bob = sit(&b, "bob", S(""), NULL);
    say(&b, "g", 1, "one");
    say(&b, "g", 4, "four");
    say(&b, "g", 3, "three");
    b.time.time_us += 999000;
    hub_tick(b.hub);
    CHECK_STR(heard(arena, bob), S("one "));
    b.time.time_us += 1000;
    hub_tick(b.hub);
    CHECK_STR(heard(arena, bob), S("one three four "));
    say(&b, "g", 2, "two"); /* late is better than never */
    say(&b, "g", 5, "five");
    CHECK_STR(heard(arena, bob), S("one three four two five "));
    say(&b, "g", 0, "unnumbered");
    CHECK_STR(heard(arena, bob), S("one three four two five unnumbered "));
    tear_down(&b);
}

/* The list of groups that wait must hold such a group once, or it never ends. */
TEST(gap_after_a_gap_is_waited_for_like_the_first)
{
    struct bench b;
    set_up(&b, 0);
    struct http_stream *bob = sit(&b, "bob", S(""), NULL);
    say(&b, "h", 1, "h1");
    say(&b, "h", 3, "h3");
    say(&b, "g", 1, "one");
    say(&b, "g", 3, "three");
    say(&b, "g", 2, "two");
    say(&b, "g", 5, "five");
    hub_tick(b.hub);
    CHECK_STR(heard(arena, bob), S("h1 one two three "));
    b.time.time_us += 1000000;
    hub_tick(b.hub);
    CHECK(str_contains(heard(arena, bob), S("h3 ")) && str_contains(heard(arena, bob), S("five ")));
    say(&b, "g", 7, "seven");
    b.time.time_us += 1000000;
    hub_tick(b.hub);
    CHECK(str_ends(heard(arena, bob), S("seven ")));
    tear_down(&b);
}

TEST(client_that_comes_back_gets_what_it_missed)
{
    struct bench b;
    set_up(&b, 0);
    struct http_stream *bob = sit(&b, "bob", S(""), NULL);
    struct str place = last_id(arena, bob); /* before any event there is a place to come back to */
    say(&b, "g", 2, "one");
    say(&b, "g", 3, "two");
    CHECK_STR(heard(arena, sit(&b, "bob", place, NULL)), S("one two "));
    CHECK_STR(heard(arena, sit(&b, "eve", place, NULL)), S(""));
    place = last_id(arena, bob);
    say(&b, "g", 4, "three");
    struct http_stream *back = sit(&b, "bob", place, NULL);
    CHECK_STR(heard(arena, back), S("three "));
    CHECK(!str_contains(buf_str(&back->got), S("reset")));
    CHECK_STR(heard(arena, sit(&b, "bob", last_id(arena, back), NULL)), S(""));
    tear_down(&b);
}

TEST(place_that_is_gone_or_foreign_gets_reset)
{
    struct bench b;
    set_up(&b, 4);
    struct http_stream *bob = sit(&b, "bob", S(""), NULL);
    struct str start = last_id(arena, bob);
    for (int i = 2; i < 8; i++)
        say(&b, "g", i, "x");
    struct str here = last_id(arena, bob);
    const struct str places[] = {start,
                                 S("0000000000000000-1"),
                                 S("garbage"),
                                 S("-"),
                                 arena_printf(arena, "%.*s9999999", STR_ARG(here)),
                                 arena_printf(arena, "%.*s99999999999999999999", STR_ARG(here)),
                                 arena_printf(arena, "%.*s-6", STR_ARG(str_slice(here, 0, 16))),
                                 arena_printf(arena, "%.*s--1", STR_ARG(str_slice(here, 0, 16)))};
    for (size_t i = 0; i < countof(places); i++) {
        struct http_stream *s = sit(&b, "bob", places[i], NULL);
        bool wants_reset = i != 6;
        CHECK_INT(str_contains(buf_str(&s->got), S("event: reset\ndata: {}\n\n")), wants_reset);
        CHECK_STR(heard(arena, s), S(""));
    }
    CHECK_STR(heard(arena, sit(&b, "bob", here, NULL)), S(""));
    tear_down(&b);
}

TEST(streams_beat_and_those_who_left_are_swept)
{
    struct bench b;
    struct hub_seat *seat;
    set_up(&b, 0);
    struct http_stream *ann = sit(&b, "ann", S(""), &seat), *bob = sit(&b, "bob", S(""), NULL);
    b.time.time_us += 14999000;
    hub_tick(b.hub);
    CHECK(!str_contains(buf_str(&bob->got), S(": beat\n\n")));
    b.time.time_us += 1000;
    hub_tick(b.hub);
    CHECK(str_contains(buf_str(&bob->got), S(": beat\n\n")));
    ann->is_gone = true;
    hub_leave(seat);
    hub_tick(b.hub);
    CHECK_INT(ann->closed, 1);
    CHECK_INT(hub_stats(b.hub).streams, 1);
    say(&b, "g", 9, "still here");
    CHECK_STR(heard(arena, bob), S("still here "));
    tear_down(&b);
}

TEST(user_has_twenty_seats)
{
    struct bench b;
    struct hub_seat *first = NULL;
    set_up(&b, 0);
    for (int i = 0; i < 20; i++)
        sit(&b, "ann", S(""), i ? NULL : &first);
    CHECK(!hub_take_seat(b.hub, S("ann")));
    sit(&b, "bob", S(""), NULL);
    hub_leave(first);
    hub_tick(b.hub);
    sit(&b, "ann", S(""), NULL);
    CHECK(!hub_take_seat(b.hub, S("ann")));
    hub_stop(b.hub);
    CHECK(!hub_take_seat(b.hub, S("bob")));
    tear_down(&b);
}

TEST(ring_and_channels_stay_within_their_bounds)
{
    struct bench b;
    set_up(&b, 0);
    struct http_stream *bob = sit(&b, "bob", S(""), NULL);
    for (int i = 0; i < 10000; i++)
        say(&b, arena_printf(arena, "g%d%c", i, 0).data, 7, "x");
    CHECK_INT(hub_stats(b.hub).events, 10000);
    for (int i = 0; i < 200; i++) /* one missing, many waiting */
        say(&b, "late", i ? i + 2 : 1, "y");
    hub_tick(b.hub);
    CHECK(bob->got.len > 0);
    CHECK(hub_stats(b.hub).events >= 10200);
    tear_down(&b);
}

static void *chatter(void *context)
{
    struct bench *b = context;
    for (int i = 1; i <= 2000; i++) {
        say(b, "shared", i, "x"); /* four threads tell the same: each is told once */
        if (i % 100 == 0)
            hub_tick(b->hub);
    }
    return NULL;
}

TEST(many_threads_tell_each_message_once)
{
    struct bench b;
    set_up(&b, 0);
    struct http_stream *bob = sit(&b, "bob", S(""), NULL);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, chatter, &b), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(heard(arena, bob).len, 4000);
    tear_down(&b);
}

TAP_MAIN(T(message_reaches_its_members_and_nobody_else),
         T(messages_of_a_group_come_in_order_and_once),
         T(message_that_never_comes_holds_the_others_up_for_a_second_only),
         T(gap_after_a_gap_is_waited_for_like_the_first),
         T(client_that_comes_back_gets_what_it_missed), T(place_that_is_gone_or_foreign_gets_reset),
         T(streams_beat_and_those_who_left_are_swept), T(user_has_twenty_seats),
         T(ring_and_channels_stay_within_their_bounds), T(many_threads_tell_each_message_once))
