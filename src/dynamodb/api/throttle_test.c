#include "dynamodb/api/throttle.h"

#include "tap.h"

#define SECOND 1000000

static bool take(struct bucket *b, int64_t units, uint64_t halves, int64_t now_us)
{
    bucket_fill(b, units, now_us);
    if (!bucket_has(b, halves))
        return false;
    bucket_take(b, halves);
    return true;
}

/* How many requests of one unit pass at that moment. */
static int drain(struct bucket *b, int64_t units, int64_t now_us)
{
    int count = 0;
    while (count < 100000 && take(b, units, 2, now_us))
        count++;
    return count;
}

TEST(a_new_bucket_has_one_second)
{
    struct bucket b = {0};
    CHECK_INT(drain(&b, 5, 12345), 5);
}

TEST(seconds_fill_it)
{
    struct bucket b = {0};
    CHECK_INT(drain(&b, 5, 0), 5);
    CHECK_INT(drain(&b, 5, SECOND / 5 - 1), 0);
    CHECK_INT(drain(&b, 5, SECOND / 5), 1);
    CHECK_INT(drain(&b, 5, SECOND), 4);
    CHECK_INT(drain(&b, 5, 11 * SECOND), 50);
}

TEST(five_minutes_are_kept)
{
    struct bucket b = {0};
    CHECK_INT(drain(&b, 5, 0), 5);
    CHECK_INT(drain(&b, 5, 3600 * (int64_t)SECOND), 1500);
}

TEST(half_units_count)
{
    struct bucket b = {0};
    CHECK(take(&b, 1, 1, 0));
    CHECK(take(&b, 1, 1, 0));
    CHECK(!take(&b, 1, 1, 0));
    CHECK(take(&b, 1, 1, SECOND / 2));
}

TEST(a_large_request_leaves_a_debt)
{
    struct bucket b = {0};
    CHECK(take(&b, 5, 2 * 40, 0)); /* 40 units: 8 seconds' worth */
    CHECK(!take(&b, 5, 2, 7 * SECOND));
    CHECK(take(&b, 5, 2, 8 * SECOND));
    struct bucket used = {0};
    CHECK(take(&used, 5, 2, 0));
    CHECK(!take(&used, 5, 2 * 40, 0)); /* needs a whole second's worth to begin */
    CHECK(take(&used, 5, 2 * 40, SECOND / 5));
}

TEST(another_rate_begins_at_once)
{
    struct bucket b = {0};
    CHECK_INT(drain(&b, 1, 0), 1);
    CHECK_INT(drain(&b, 100, SECOND), 1); /* that second was filled at the old rate */
    CHECK_INT(drain(&b, 100, 2 * SECOND), 100);
    bucket_fill(&b, 100, 1000 * (int64_t)SECOND);
    bucket_fill(&b, 1, 1000 * (int64_t)SECOND); /* a lower rate keeps less */
    CHECK_INT(drain(&b, 1, 1000 * (int64_t)SECOND), 300);
}

TEST(time_that_stands_still_or_jumps_is_harmless)
{
    struct bucket b = {0};
    CHECK_INT(drain(&b, 1000000000, 0), 100000);
    bucket_fill(&b, INT64_MAX, INT64_MAX / 2);
    CHECK(b.level > 0);
    bucket_fill(&b, 1, 0);
    CHECK(b.level >= 0);
}

TEST(demands_are_met_together_or_not_at_all)
{
    struct throttle *t = throttle_new();
    struct demand both[] = {{1, 10, 2}, {2, 1, 2}}, table = {1, 10, 2 * 9};
    CHECK(throttle_take(t, THROTTLE_WRITES, both, 2, 0) == SIZE_MAX);
    CHECK_INT(throttle_take(t, THROTTLE_WRITES, both, 2, 0), 1);
    CHECK(throttle_take(t, THROTTLE_WRITES, &table, 1, 0) == SIZE_MAX); /* nothing was taken */
    CHECK_INT(throttle_take(t, THROTTLE_WRITES, &table, 1, 0), 0);
    CHECK(throttle_take(t, THROTTLE_READS, both, 2, 0) == SIZE_MAX);
    throttle_free(t);
}

TEST(every_id_has_its_own_buckets)
{
    struct throttle *t = throttle_new();
    for (uint32_t i = 0; i < 1000; i++) {
        struct demand d = {i * 7919 % 1000, 1, 2};
        CHECK(throttle_take(t, THROTTLE_READS, &d, 1, 0) == SIZE_MAX);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        struct demand d = {i, 1, 2};
        CHECK(throttle_take(t, THROTTLE_READS, &d, 1, 0) == 0);
    }
    throttle_free(t);
}

TAP_MAIN(T(a_new_bucket_has_one_second), T(seconds_fill_it), T(five_minutes_are_kept),
         T(half_units_count), T(a_large_request_leaves_a_debt), T(another_rate_begins_at_once),
         T(time_that_stands_still_or_jumps_is_harmless), T(demands_are_met_together_or_not_at_all),
         T(every_id_has_its_own_buckets))
