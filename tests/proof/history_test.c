/* The judge is judged: histories that hold, histories that do not, and random ones of both kinds.
 */
#include "base/rand.h"
#include "history.h"
#include "tap.h"

#include <stdio.h>

#define STEPS 1000000

#define PUT(k, v)                                                                                  \
    {                                                                                              \
        .key = (k), .verb = VERB_PUT, .arg = (v)                                                   \
    }
#define ADD(k, v, new)                                                                             \
    {                                                                                              \
        .key = (k), .verb = VERB_ADD, .arg = (v), .tells = true, .told = (new)                     \
    }
#define READ(k, v)                                                                                 \
    {                                                                                              \
        .key = (k), .verb = VERB_READ, .tells = true, .told = (v)                                  \
    }
#define PUT_IF(k, v, was)                                                                          \
    {                                                                                              \
        .key = (k), .verb = VERB_PUT, .arg = (v), .condition = IF_EQUALS, .operand = (was)         \
    }
#define REFUSED_IF(k, v, was, shown)                                                               \
    {                                                                                              \
        .key = (k), .verb = VERB_PUT, .arg = (v), .condition = IF_EQUALS, .operand = (was),        \
        .has_failed = true, .tells = true, .told = (shown)                                         \
    }
#define DELETE(k, old)                                                                             \
    {                                                                                              \
        .key = (k), .verb = VERB_DELETE, .tells = true, .told = (old)                              \
    }
#define DONE(from, to, n, ...)                                                                     \
    {                                                                                              \
        .asked = (from), .answered = (to), .is_applied = true, .actions = {__VA_ARGS__},           \
        .action_count = (n)                                                                        \
    }
#define REFUSED(from, to, n, ...)                                                                  \
    {                                                                                              \
        .asked = (from), .answered = (to), .actions = {__VA_ARGS__}, .action_count = (n)           \
    }
#define LOST(from, n, ...)                                                                         \
    {                                                                                              \
        .asked = (from), .answered = HISTORY_PENDING, .actions = {__VA_ARGS__},                    \
        .action_count = (n)                                                                        \
    }
#define NONE HISTORY_ABSENT

static enum verdict judge(struct operation *operations, size_t count)
{
    struct history history = {.operations = operations, .count = count, .start = {0, 0, 0, 0}};
    return history_check(&history, STEPS);
}

#define HOLDS(...)                                                                                 \
    do {                                                                                           \
        struct operation list[] = {__VA_ARGS__};                                                   \
        CHECK_INT(judge(list, sizeof list / sizeof *list), HISTORY_HOLDS);                         \
    } while (0)
#define BROKEN(...)                                                                                \
    do {                                                                                           \
        struct operation list[] = {__VA_ARGS__};                                                   \
        CHECK_INT(judge(list, sizeof list / sizeof *list), HISTORY_BROKEN);                        \
    } while (0)

TEST(one_after_another)
{
    HOLDS(DONE(1, 2, 1, PUT(0, 5)), DONE(3, 4, 1, READ(0, 5)));
    BROKEN(DONE(1, 2, 1, PUT(0, 5)), DONE(3, 4, 1, READ(0, 0)));
    BROKEN(DONE(1, 2, 1, PUT(0, 5)), DONE(3, 4, 1, READ(1, 5)));
    HOLDS(DONE(1, 2, 1, DELETE(0, 0)), DONE(3, 4, 1, READ(0, NONE)), DONE(5, 6, 1, ADD(0, 3, 3)));
    BROKEN(DONE(1, 2, 1, DELETE(0, 0)), DONE(3, 4, 1, DELETE(0, 0)));
}

TEST(at_the_same_time_either_order_will_do)
{
    HOLDS(DONE(1, 4, 1, PUT(0, 5)), DONE(2, 3, 1, READ(0, 0)));
    HOLDS(DONE(1, 4, 1, PUT(0, 5)), DONE(2, 3, 1, READ(0, 5)));
    HOLDS(DONE(1, 4, 1, PUT(0, 5)), DONE(2, 5, 1, PUT(0, 6)), DONE(6, 7, 1, READ(0, 5)));
}

TEST(what_was_seen_cannot_be_unseen)
{
    /* Two reads while a put is under way: the new value, then the old one. */
    BROKEN(DONE(1, 9, 1, PUT(0, 5)), DONE(2, 3, 1, READ(0, 5)), DONE(4, 5, 1, READ(0, 0)));
    HOLDS(DONE(1, 9, 1, PUT(0, 5)), DONE(2, 3, 1, READ(0, 0)), DONE(4, 5, 1, READ(0, 5)));
}

TEST(a_lost_update)
{
    BROKEN(DONE(1, 4, 1, ADD(0, 1, 1)), DONE(2, 3, 1, ADD(0, 1, 1)));
    HOLDS(DONE(1, 4, 1, ADD(0, 1, 2)), DONE(2, 3, 1, ADD(0, 1, 1)));
}

TEST(only_one_wins_a_condition)
{
    BROKEN(DONE(1, 4, 1, PUT_IF(0, 7, 0)), DONE(2, 3, 1, PUT_IF(0, 8, 0)));
    HOLDS(DONE(1, 4, 1, PUT_IF(0, 7, 0)), REFUSED(2, 3, 1, REFUSED_IF(0, 8, 0, 7)));
    BROKEN(DONE(1, 4, 1, PUT_IF(0, 7, 0)), REFUSED(2, 3, 1, REFUSED_IF(0, 8, 0, 9)));
    BROKEN(REFUSED(2, 3, 1, REFUSED_IF(0, 8, 0, 0))); /* refused though it held */
}

TEST(half_a_transaction)
{
    HOLDS(DONE(1, 4, 2, PUT(0, 5), PUT(1, 5)), DONE(2, 3, 2, READ(0, 5), READ(1, 5)));
    BROKEN(DONE(1, 4, 2, PUT(0, 5), PUT(1, 5)), DONE(2, 3, 2, READ(0, 5), READ(1, 0)));
    /* Two reads after each other see one half each, in the wrong order. */
    BROKEN(DONE(1, 9, 2, PUT(0, 5), PUT(1, 5)), DONE(2, 3, 1, READ(0, 5)),
           DONE(4, 5, 1, READ(1, 0)));
    BROKEN(REFUSED(1, 2, 2, PUT(0, 5), REFUSED_IF(1, 1, 9, 0)), DONE(3, 4, 1, READ(0, 5)));
}

TEST(keys_that_hold_alone_can_break_together)
{
    /* Each client sees its own write and not yet the other's. */
    BROKEN(DONE(1, 2, 1, PUT(0, 1)), DONE(3, 4, 1, READ(1, 0)), DONE(1, 2, 1, PUT(1, 1)));
}

TEST(an_operation_without_an_answer_may_be_done_or_not)
{
    HOLDS(LOST(1, 1, PUT(0, 5)), DONE(2, 3, 1, READ(0, 0)));
    HOLDS(LOST(1, 1, PUT(0, 5)), DONE(2, 3, 1, READ(0, 5)));
    HOLDS(LOST(1, 1, PUT(0, 5)), DONE(2, 3, 1, READ(0, 0)), DONE(4, 5, 1, READ(0, 5)));
    BROKEN(LOST(1, 1, PUT(0, 5)), DONE(2, 3, 1, READ(0, 5)), DONE(4, 5, 1, READ(0, 0)));
    BROKEN(DONE(2, 3, 1, READ(0, 5)), LOST(4, 1, PUT(0, 5)));
}

TEST(a_broken_history_is_cut_to_what_matters)
{
    struct operation list[] = {DONE(1, 2, 1, READ(1, 0)),  DONE(3, 4, 1, PUT(0, 5)),
                               DONE(5, 6, 1, READ(2, 0)),  DONE(7, 8, 1, READ(0, 4)),
                               DONE(9, 10, 1, PUT(3, 1)),  DONE(11, 12, 1, READ(3, 1)),
                               DONE(13, 14, 1, PUT(0, 9)), DONE(15, 16, 1, READ(0, 1))};
    struct history history = {.operations = list, .count = 8};
    struct history cut = history_shorten(arena, &history, STEPS);
    struct buf text;
    buf_init(&text, 10000);
    history_print(&cut, &text);
    CHECK_STR(buf_str(&text), S("client 0 asked 3 answered 4 done: put k0 5;\n"
                                "client 0 asked 7 answered 8 done: read k0 -> 4;\n"));
    buf_clear(&text);
}

/* -- random ones ------------------------------------------------------------------------------- */

enum { CLIENTS = 5, OPERATIONS = 300 };

/* Clients that take turns at a real register; each operation is done somewhere between its question
 * and its answer. */
static struct history random_history(struct arena *arena, const struct rand_source *rand)
{
    struct history h = {.operations = arena_array(arena, struct operation, OPERATIONS),
                        .count = OPERATIONS};
    int64_t state[HISTORY_KEYS] = {0}, free_at[CLIENTS] = {0}, now = 0;
    for (size_t i = 0; i < OPERATIONS; i++) {
        struct operation *o = &h.operations[i];
        o->client = (int)rand_below(rand, CLIENTS);
        o->is_applied = true;
        o->action_count = 1;
        now += 2;
        if (now <= free_at[o->client])
            now = free_at[o->client] + 1;
        int64_t earliest = free_at[o->client] + 1;
        o->asked = now - (int64_t)rand_below(rand, (uint64_t)(now - earliest) % 20 + 1);
        o->answered = now + 1 + (int64_t)rand_below(rand, 20);
        free_at[o->client] = o->answered;
        struct action *action = &o->actions[0];
        action->key = (int)rand_below(rand, HISTORY_KEYS);
        action->tells = true;
        if (rand_below(rand, 2)) {
            action->verb = VERB_ADD;
            action->arg = 1;
            state[action->key]++;
        } else {
            action->verb = VERB_READ;
        }
        action->told = state[action->key];
    }
    return h;
}

TEST(random_histories_hold_until_one_answer_is_changed)
{
    uint64_t seed = tap_seed();
    for (uint64_t i = 0; i < 200; i++) {
        struct rand_seeded state = {seed + i};
        struct rand_source rand = rand_seeded(&state);
        struct history h = random_history(arena, &rand);
        if (!CHECK_INT(history_check(&h, STEPS), HISTORY_HOLDS))
            break;
        struct operation *o = &h.operations[rand_below(&rand, OPERATIONS)];
        o->actions[0].told += o->actions[0].verb == VERB_ADD ? -1 : 1 + OPERATIONS;
        if (!CHECK_INT(history_check(&h, STEPS), HISTORY_BROKEN))
            break;
        arena_reset(arena);
    }
}

TAP_MAIN(T(one_after_another), T(at_the_same_time_either_order_will_do),
         T(what_was_seen_cannot_be_unseen), T(a_lost_update), T(only_one_wins_a_condition),
         T(half_a_transaction), T(keys_that_hold_alone_can_break_together),
         T(an_operation_without_an_answer_may_be_done_or_not),
         T(a_broken_history_is_cut_to_what_matters),
         T(random_histories_hold_until_one_answer_is_changed))
