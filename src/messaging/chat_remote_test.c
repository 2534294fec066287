/* The chat on an endpoint over HTTP: the same answers as on the engine in this process. */
#include <stdio.h>
#include <stdlib.h>

#include "client/remote.h"
#include "dynamodb/wire/wire.h"
#include "messaging/chat_fixture.h"
#include "messaging/feed.h"

static struct world w;

/* The world's engine behind a URL, and a chat that knows nothing else. */
struct remote_side {
    struct wire *wire;
    struct client *client, *local;
    struct chat *chat, *local_chat;
    bool is_stopped;
};

static void go_remote(struct remote_side *r, struct arena *arena)
{
    static const char *const addresses[] = {"127.0.0.1"};
    struct wire_options wire = {.engine = w.engine,
                                .addresses = addresses,
                                .address_count = 1,
                                .port_flag = "--port",
                                .loops = 1,
                                .clock = &clock_system,
                                .rand = &rand_system};
    if (wire_open(arena, &wire, &r->wire) || wire_start(arena, r->wire))
        exit(1);
    struct client_remote_options options = {
        .endpoint = arena_printf(arena, "http://127.0.0.1:%u", wire_port(r->wire)),
        .region = S("us-east-1"),
        .access_key = S("any"),
        .secret_key = S("words"),
        .timeout_ms = 10000,
        .attempts = 3,
    };
    if (client_remote_new(arena, &options, &r->client))
        exit(1);
    r->chat = chat_new(&(struct chat_options){.client = r->client,
                                              .users = &w.users,
                                              .table = WORLD_TABLE,
                                              .clock = &clock_system,
                                              .rand = &rand_system});
    r->local = w.client;
    r->local_chat = w.chat;
    w.client = r->client;
    w.chat = r->chat;
}

static void go_home(struct remote_side *r)
{
    chat_free(r->chat);
    client_free(r->client);
    if (!r->is_stopped)
        wire_stop(r->wire, 1000);
    w.client = r->local;
    w.chat = r->local_chat;
    world_close(&w);
    wire_free(r->wire);
}

TEST(the_chat_works_over_http)
{
    struct remote_side r = {0};
    world_open_live(&w, arena);
    go_remote(&r, arena);
    CHECK(!chat_prepare(w.chat, arena, true));
    struct str group = world_send_to(&w, ANDREW, BAYKO, "one").group;
    world_send(&w, BAYKO, group, "two \xe2\x98\x95 \"quoted\"");
    CHECK_STR(world_send_to(&w, BAYKO, ANDREW, "three").group, group);
    CHECK_STR(world_texts(&w, ANDREW, group), S("one|two \xe2\x98\x95 \"quoted\"|three"));
    CHECK_STR(world_inbox(&w, ANDREW), S("three(2)"));
    CHECK_STR(world_texts(&w, LONDO, group), S("!not_found"));
    struct chat_send send = {.text = S("four"), .idempotency_key = S("k"), .group = group};
    struct chat_sent first, again;
    CHECK(!chat_send(w.chat, arena, world_user(&w, ANDREW), &send, &first, NULL));
    CHECK(!chat_send(w.chat, arena, world_user(&w, ANDREW), &send, &again, NULL));
    CHECK(again.is_replay);
    CHECK_STR(again.message.uuid, first.message.uuid);
    go_home(&r);
}

TEST(adoption_works_over_http)
{
    struct remote_side r = {0};
    struct str group = S("5ae290ed-55d1-47a0-bc6d-fe2bc2700399");
    world_open_live(&w, arena);
    go_remote(&r, arena);
    foreign_group_row(&w, group, S("2026-04-01T10:00:00+00:00"), ANDREW, BAYKO, "f");
    foreign_group_row(&w, group, S("2026-04-01T10:00:00+00:00"), BAYKO, ANDREW, "f");
    foreign_message(&w, group, S("2026-04-01T10:00:00+00:00"), ANDREW, "m0");
    world_adopt_all(&w);
    CHECK_STR(world_inbox(&w, BAYKO), S("m0(1)"));
    CHECK_INT(world_send(&w, BAYKO, group, "ours").message.seq, 2);
    go_home(&r);
}

TEST(an_endpoint_that_is_gone_is_unavailable)
{
    struct remote_side r = {0};
    world_open_live(&w, arena);
    go_remote(&r, arena);
    struct str group = world_send_to(&w, ANDREW, BAYKO, "one").group;
    wire_stop(r.wire, 0);
    r.is_stopped = true;
    CHECK_STR(world_texts(&w, ANDREW, group), S("!unavailable"));
    struct chat_send send = {.text = S("two"), .group = group};
    struct chat_sent sent;
    struct error *e = chat_send(w.chat, arena, world_user(&w, ANDREW), &send, &sent, NULL);
    CHECK(e && e->kind == &chat_unavailable);
    go_home(&r);
}

TAP_MAIN(T(the_chat_works_over_http), T(adoption_works_over_http),
         T(an_endpoint_that_is_gone_is_unavailable))
