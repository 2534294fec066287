#include "messaging/limits.h"

#include "tap.h"

#include <pthread.h>

struct bench {
    struct clock_manual time;
    struct clock clock;
    struct limits *limits;
};

static void set_up(struct bench *b)
{
    b->time.time_us = 1790000000000000;
    b->clock = clock_manual(&b->time);
    b->limits = limits_new(&b->clock, &rand_system, false);
}

/* How many pass at once, and what the first refusal says. */
static int passing(struct bench *b, enum limit limit, const char *key, int64_t *retry_after_s)
{
    int count = 0;
    *retry_after_s = 0;
    while (count < 1000 && limits_take(b->limits, limit, str_z(key), retry_after_s))
        count++;
    return count;
}

TEST(burst_passes_and_then_the_rate)
{
    struct bench b;
    int64_t wait;
    set_up(&b);
    static const struct {
        enum limit limit;
        int burst, refill_ms;
        int64_t retry_after_s;
    } rows[] = {
        {LIMIT_SEND_USER, 60, 200, 1},      {LIMIT_SEND_GROUP, 100, 20, 1},
        {LIMIT_NEW_GROUP, 20, 180000, 180}, {LIMIT_OPEN_ROUTE, 100, 50, 1},
        {LIMIT_SIGN_IN, 30, 1000, 1},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        CHECK_INT(passing(&b, rows[i].limit, "k", &wait), rows[i].burst);
        CHECK_INT(wait, rows[i].retry_after_s);
        b.time.time_us += rows[i].refill_ms * 1000 - 1;
        CHECK_INT(passing(&b, rows[i].limit, "k", &wait), 0);
        b.time.time_us += 1;
        CHECK_INT(passing(&b, rows[i].limit, "k", &wait), 1);
        b.time.time_us += rows[i].refill_ms * 5000;
        CHECK_INT(passing(&b, rows[i].limit, "k", &wait), 5);
        b.time.time_us += 24LL * 3600 * 1000000; /* a rest never saves up more than the burst */
        CHECK_INT(passing(&b, rows[i].limit, "k", &wait), rows[i].burst);
    }
    limits_free(b.limits);
}

TEST(keys_and_rules_are_apart)
{
    struct bench b;
    int64_t wait;
    set_up(&b);
    CHECK_INT(passing(&b, LIMIT_SEND_USER, "ann", &wait), 60);
    CHECK_INT(passing(&b, LIMIT_SEND_USER, "bob", &wait), 60);
    CHECK_INT(passing(&b, LIMIT_SIGN_IN, "ann", &wait), 30);
    limits_give_back(b.limits, LIMIT_SEND_USER, S("ann"));
    CHECK_INT(passing(&b, LIMIT_SEND_USER, "ann", &wait), 1);
    limits_free(b.limits);
}

TEST(flood_of_keys_does_not_free_the_busy_one)
{
    struct bench b;
    int64_t wait;
    set_up(&b);
    CHECK_INT(passing(&b, LIMIT_NEW_GROUP, "busy", &wait), 20);
    for (int i = 0; i < 10000; i++)
        CHECK(limits_take(b.limits, LIMIT_OPEN_ROUTE,
                          arena_printf(arena, "2001:db8::%x", (unsigned)i), &wait));
    CHECK_INT(passing(&b, LIMIT_NEW_GROUP, "busy", &wait), 0); /* the busiest stays known */
    limits_free(b.limits);
}

TEST(off_means_off)
{
    struct limits *limits = limits_new(&clock_system, &rand_system, true);
    int64_t wait;
    for (int i = 0; i < 1000; i++)
        CHECK(limits_take(limits, LIMIT_NEW_GROUP, S("k"), &wait));
    limits_give_back(limits, LIMIT_NEW_GROUP, S("k"));
    limits_free(limits);
}

static void *take_many(void *context)
{
    struct bench *b = context;
    int64_t wait;
    return (void *)(intptr_t)passing(b, LIMIT_SEND_GROUP, "shared", &wait);
}

TEST(threads_share_one_bucket)
{
    struct bench b;
    pthread_t threads[4];
    intptr_t total = 0;
    set_up(&b);
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, take_many, &b), 0);
    for (int i = 0; i < 4; i++) {
        void *passed;
        pthread_join(threads[i], &passed);
        total += (intptr_t)passed;
    }
    CHECK_INT(total, 100);
    limits_free(b.limits);
}

TAP_MAIN(T(burst_passes_and_then_the_rate), T(keys_and_rules_are_apart),
         T(flood_of_keys_does_not_free_the_busy_one), T(off_means_off), T(threads_share_one_bucket))
