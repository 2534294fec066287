/* Many senders at once, several servers on one table, and a store that fails at every possible
 * call. */
#include "messaging/chat_fixture.h"

#include <pthread.h>
#include <stdio.h>

#define THREADS 8

static struct world w;

/* -- what must hold afterwards ----------------------------------------------------------------- */

/* Messages 1..n in the order of their keys, each text once, and one group row each at the newest.
 */
static void check_conversation(struct arena *arena, struct str group, int64_t count)
{
    struct chat_page page = {.limit = 100};
    int64_t seen = 0, expected = count;
    struct str newest = {"", 0};
    bool *texts = arena_array(arena, bool, 10000);
    do {
        const struct chat_message *messages;
        size_t n;
        CHECK(!chat_messages(w.chat, arena, world_user(&w, ANDREW), group, &page, &messages, &n,
                             NULL));
        for (size_t i = n; i > 0; i--, seen++, expected--) {
            uint64_t text = 0;
            CHECK_INT(messages[i - 1].seq, expected);
            CHECK(str_to_u64(messages[i - 1].message, 9999, &text));
            CHECK(!texts[text]);
            texts[text] = true;
            if (!newest.len)
                newest = messages[i - 1].created_at;
        }
        page.before = page.prev;
    } while (page.prev.len);
    CHECK_INT(seen, count);
    for (enum person_index who = ANDREW; who <= BAYKO; who++) {
        struct group_row row = {0};
        CHECK_INT(world_group_rows(&w, who, group, &row), 1);
        CHECK_STR(row.sk, newest);
        CHECK_INT(row.seq, count);
    }
}

/* -- threads ----------------------------------------------------------------------------------- */

/* One sender; the text of message i is `first + i`. */
struct sender {
    pthread_t thread;
    struct chat *chat;
    enum person_index from;
    struct str group; /* or to the other one of Andrew and Bayko */
    int first, count;
    bool same_key;
    struct str sent_group;
    char group_text[64];
    int failures, replays;
};

static void *send_all(void *context)
{
    struct sender *s = context;
    struct arena a;
    arena_init(&a);
    for (int i = 0; i < s->count; i++) {
        struct chat_send send = {
            .text = arena_printf(&a, "%d", s->same_key ? 1 : s->first + i),
            .idempotency_key = s->same_key ? S("same") : arena_printf(&a, "key-%d", s->first + i),
            .group = s->group,
            .to = world_user(&w, s->from == ANDREW ? BAYKO : ANDREW),
        };
        struct chat_sent sent;
        struct error *e = NULL;
        for (int tries = 0; tries < 50; tries++) { /* as a client does on 503 */
            e = chat_send(s->chat, &a, world_user(&w, s->from), &send, &sent, NULL);
            if (!e || e->kind != &chat_unavailable)
                break;
        }
        s->failures += e != NULL;
        if (!e) {
            s->replays += sent.is_replay;
            snprintf(s->group_text, sizeof s->group_text, "%.*s", STR_ARG(sent.group));
        }
        arena_reset(&a);
    }
    s->sent_group = str_z(s->group_text);
    arena_clear(&a);
    return NULL;
}

static void run_all(struct sender *senders, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]) == 0);
    for (size_t i = 0; i < count; i++) {
        pthread_join(senders[i].thread, NULL);
        CHECK_INT(senders[i].failures, 0);
    }
}

TEST(eight_threads_into_one_group)
{
    world_open_live(&w, arena);
    struct str group = world_send_to(&w, ANDREW, BAYKO, "0").group;
    struct sender senders[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        senders[i] = (struct sender){.chat = w.chat,
                                     .from = i % 2 ? ANDREW : BAYKO,
                                     .group = group,
                                     .first = 1 + 40 * i,
                                     .count = 40};
    run_all(senders, THREADS);
    check_conversation(arena, group, 1 + 40 * THREADS);
    /* Whoever sent last has read all; the other one up to his own last message. */
    struct chat_page page = {.limit = 1};
    const struct chat_message *last;
    const struct chat_group *mine;
    size_t count;
    CHECK(!chat_messages(w.chat, arena, world_user(&w, ANDREW), group, &page, &last, &count, NULL));
    bool is_andrews = str_eq(last[0].handle, S("andrewbrown"));
    CHECK(!chat_groups(w.chat, arena, world_user(&w, is_andrews ? ANDREW : BAYKO), &page, &mine,
                       &count, NULL));
    CHECK_INT(mine[0].unread, 0);
    CHECK(!chat_groups(w.chat, arena, world_user(&w, is_andrews ? BAYKO : ANDREW), &page, &mine,
                       &count, NULL));
    CHECK(mine[0].unread > 0);
    world_close(&w);
}

TEST(defect_6_both_directions_of_a_new_pair_at_once)
{
    for (int round = 0; round < 10; round++) {
        world_open_live(&w, arena);
        struct sender senders[THREADS] = {0};
        for (int i = 0; i < THREADS; i++)
            senders[i] = (struct sender){
                .chat = w.chat, .from = i % 2 ? ANDREW : BAYKO, .first = 5 * i, .count = 5};
        run_all(senders, THREADS);
        for (int i = 1; i < THREADS; i++)
            CHECK_STR(senders[i].sent_group, senders[0].sent_group);
        check_conversation(arena, senders[0].sent_group, 5 * THREADS);
        struct chat_page page = {.limit = 10};
        const struct chat_group *groups;
        size_t count;
        CHECK(!chat_groups(w.chat, arena, world_user(&w, ANDREW), &page, &groups, &count, NULL));
        CHECK_INT(count, 1);
        world_close(&w);
    }
}

/* Another process on the same table: nothing is shared but the store. */
static struct chat *another_server(void)
{
    return chat_new(&(struct chat_options){.client = w.client,
                                           .users = &w.users,
                                           .table = WORLD_TABLE,
                                           .clock = &clock_system,
                                           .rand = &rand_system});
}

TEST(several_servers_into_one_group)
{
    world_open_live(&w, arena);
    struct sender senders[4] = {0};
    for (int i = 0; i < 4; i++)
        senders[i] = (struct sender){
            .chat = another_server(), .from = i % 2 ? ANDREW : BAYKO, .first = 20 * i, .count = 20};
    run_all(senders, 4);
    check_conversation(arena, senders[0].sent_group, 80);
    for (int i = 0; i < 4; i++)
        chat_free(senders[i].chat);
    world_close(&w);
}

TEST(defect_17_one_key_from_all_sides_is_one_message)
{
    world_open_live(&w, arena);
    struct sender senders[THREADS] = {0};
    int replays = 0;
    for (int i = 0; i < THREADS; i++)
        senders[i] = (struct sender){.chat = i % 2 ? w.chat : another_server(),
                                     .from = ANDREW,
                                     .same_key = true,
                                     .count = 3};
    run_all(senders, THREADS);
    for (int i = 0; i < THREADS; i++) {
        replays += senders[i].replays;
        if (senders[i].chat != w.chat)
            chat_free(senders[i].chat);
    }
    CHECK_INT(replays, 3 * THREADS - 1);
    check_conversation(arena, senders[0].sent_group, 1);
    world_close(&w);
}

/* Two people of one group each talk in many others: their group rows want the same keys. */
TEST(defect_2_many_conversations_of_one_user_at_one_instant)
{
    world_open(&w, arena); /* the clock stands still */
    struct str groups[4] = {
        world_send_to(&w, ANDREW, BAYKO, "0").group, world_send_to(&w, ANDREW, LONDO, "0").group,
        world_send_to(&w, ANDREW, ANDREW, "0").group, world_send_to(&w, BAYKO, LONDO, "0").group};
    static const enum person_index from[] = {ANDREW, ANDREW, ANDREW, BAYKO};
    struct sender senders[4] = {0};
    for (int i = 0; i < 4; i++)
        senders[i] = (struct sender){
            .chat = w.chat, .from = from[i], .group = groups[i], .first = 1 + 20 * i, .count = 20};
    run_all(senders, 4);
    check_conversation(arena, groups[0], 21);
    struct chat_page page = {.limit = 100};
    const struct chat_group *list;
    size_t count;
    CHECK(!chat_groups(w.chat, arena, world_user(&w, ANDREW), &page, &list, &count, NULL));
    CHECK_INT(count, 3);
    world_close(&w);
}

/* -- a store that fails ------------------------------------------------------------------------ */

/* Passes calls on, except one: that is refused, or done and its answer lost. */
struct failing {
    struct client client;
    struct client *inner;
    int calls_left; /* until the one */
    bool is_lost;   /* done all the same */
};

static struct error *failing_call(struct client *c, struct arena *a, struct str operation,
                                  struct str request, struct str *response)
{
    static const struct error_kind down = {"InternalServerError", 500, true};
    struct failing *f = (struct failing *)c;
    if (f->calls_left-- != 0)
        return client_call(f->inner, a, operation, request, response);
    if (f->is_lost && client_call(f->inner, a, operation, request, response))
        printf("# refused in the dark\n");
    return error_new(a, &down, "the store is down");
}

static const struct client_ops failing_ops = {.call = failing_call};

/* Sends with a key until it works, as a careful client does. */
static struct chat_sent send_stubbornly(struct arena *arena, struct chat *chat, struct failing *f,
                                        struct chat_send send, int fail_at, bool is_lost,
                                        bool *has_failed)
{
    struct chat_sent sent = {0};
    f->calls_left = fail_at;
    f->is_lost = is_lost;
    struct error *e = chat_send(chat, arena, world_user(&w, ANDREW), &send, &sent, NULL);
    *has_failed = e != NULL;
    if (!e)
        return sent;
    CHECK(e->kind == &chat_unavailable);
    f->calls_left = -1;
    CHECK(!chat_send(chat, arena, world_user(&w, ANDREW), &send, &sent, NULL));
    return sent;
}

/* Defects 5 and 9: whatever call fails, nothing is half there, and asking again completes it. */
TEST(defect_9_a_failure_at_any_call_loses_nothing)
{
    for (int variant = 0; variant < 2; variant++) {
        bool has_failed = true;
        for (int fail_at = 0; has_failed; fail_at++) {
            CHECK(fail_at < 30);
            world_open_live(&w, arena);
            struct failing f = {.client = {&failing_ops}, .inner = w.client, .calls_left = -1};
            struct chat *chat = chat_new(&(struct chat_options){.client = &f.client,
                                                                .users = &w.users,
                                                                .table = WORLD_TABLE,
                                                                .clock = &clock_system,
                                                                .rand = &rand_system});
            bool second_failed;
            struct chat_send send = {
                .text = S("1"), .idempotency_key = S("a"), .to = world_user(&w, BAYKO)};
            struct chat_sent first =
                send_stubbornly(arena, chat, &f, send, fail_at, variant, &has_failed);
            send =
                (struct chat_send){.text = S("2"), .idempotency_key = S("b"), .group = first.group};
            send_stubbornly(arena, chat, &f, send, fail_at, variant, &second_failed);
            check_conversation(arena, first.group, 2);
            CHECK_STR(world_inbox(&w, BAYKO), S("2(2)"));
            has_failed |= second_failed;
            chat_free(chat);
            world_close(&w);
        }
    }
}

/* -- a disk that fails ------------------------------------------------------------------------- */

static struct error *early_call(struct client *c, struct arena *a, struct str operation,
                                struct str request, struct str *response, struct client_debt *debt)
{
    debt->sequence = 1;
    return client_call(((struct failing *)c)->inner, a, operation, request, response);
}

static struct error *failing_settle(struct client *c, struct arena *a, struct client_debt *debt)
{
    static const struct error_kind down = {"ConnectionError", 503, true};
    (void)c;
    return debt->sequence ? error_new(a, &down, "the store cannot write any more") : NULL;
}

static const struct client_ops unsynced_ops = {
    .call = failing_call, .call_early = early_call, .settle = failing_settle};

/* What a send has read may be lost again with the power: no answer stands on it, not even "no". */
TEST(nothing_is_answered_from_what_is_not_synced)
{
    world_open_live(&w, arena);
    struct chat_sent sent;
    struct chat_send send = {
        .text = S("1"), .idempotency_key = S("a"), .to = world_user(&w, BAYKO)};
    CHECK(!chat_send(w.chat, arena, world_user(&w, ANDREW), &send, &sent, NULL));
    struct failing f = {.client = {&unsynced_ops}, .inner = w.client, .calls_left = -1};
    struct chat *chat = chat_new(&(struct chat_options){.client = &f.client,
                                                        .users = &w.users,
                                                        .table = WORLD_TABLE,
                                                        .clock = &clock_system,
                                                        .rand = &rand_system});
    struct error *e = chat_send(chat, arena, world_user(&w, ANDREW), &send, &sent, NULL);
    CHECK(e && e->kind == &chat_unavailable);
    send = (struct chat_send){.text = S("2"), .group = S("nowhere")};
    e = chat_send(chat, arena, world_user(&w, ANDREW), &send, &sent, NULL);
    CHECK(e && e->kind == &chat_unavailable);
    chat_free(chat);
    world_close(&w);
}

TAP_MAIN(T(eight_threads_into_one_group), T(defect_6_both_directions_of_a_new_pair_at_once),
         T(several_servers_into_one_group), T(defect_17_one_key_from_all_sides_is_one_message),
         T(defect_2_many_conversations_of_one_user_at_one_instant),
         T(defect_9_a_failure_at_any_call_loses_nothing),
         T(nothing_is_answered_from_what_is_not_synced))
