#include "dynamodb/trigger/lane.h"

#include "tap.h"

static const struct mapping endless = {.batch = 10, .retries = -1, .max_age_ms = -1};

/* A batch of the sequences first … last. */
static struct lane_batch batch_of(struct arena *a, uint64_t first, uint64_t last)
{
    size_t count = (size_t)(last - first + 1);
    uint64_t *sequences = arena_array(a, uint64_t, count);
    for (size_t i = 0; i < count; i++)
        sequences[i] = first + i;
    return (struct lane_batch){sequences, count};
}

TEST(success_passes_the_batch)
{
    struct lane lane = {.next = 5};
    CHECK(!lane_settle(&lane, &endless, batch_of(arena, 5, 9), OUTCOME_SUCCESS, 0, 0));
    CHECK_INT(lane.next, 10);
    CHECK(lane_is_due(&lane, &endless, 100, 0) && lane.has_passed);
}

TEST(a_failed_batch_stays_as_it_is)
{
    struct lane lane = {.next = 5};
    CHECK(!lane_settle(&lane, &endless, batch_of(arena, 5, 6), OUTCOME_FAILED, 0, 1000));
    CHECK_INT(lane.next, 5);
    CHECK_INT(lane_end(&lane), 6);
    CHECK(!lane_is_due(&lane, &endless, 100, 1000));
    CHECK(lane_is_due(&lane, &endless, 100, 1000 + 100 * 1000));
}

TEST(pauses_grow_to_ten_seconds)
{
    struct lane lane = {.next = 1};
    int64_t last_us = 0;
    for (int i = 0; i < 20; i++) {
        CHECK(!lane_settle(&lane, &endless, batch_of(arena, 1, 1), OUTCOME_FAILED, 0, 0));
        CHECK(lane.not_before_us >= last_us);
        last_us = lane.not_before_us;
    }
    CHECK_INT(last_us, 10 * 1000 * 1000);
}

TEST(retries_are_counted_and_the_unreached_is_not)
{
    struct mapping m = endless;
    m.retries = 2;
    struct lane lane = {.next = 1};
    struct lane_batch batch = batch_of(arena, 1, 3);
    CHECK(!lane_settle(&lane, &m, batch, OUTCOME_FAILED, 0, 0));
    CHECK(!lane_settle(&lane, &m, batch, OUTCOME_UNREACHED, 0, 0));
    CHECK(!lane_settle(&lane, &m, batch, OUTCOME_FAILED, 0, 0));
    CHECK(lane_settle(&lane, &m, batch, OUTCOME_FAILED, 0, 0));
    CHECK_INT(lane.invocations, 3);
    lane_pass(&lane, 3);
    CHECK_INT(lane.attempts, 0);
    CHECK_INT(lane_end(&lane), 0);
}

TEST(halves_are_tried_in_order)
{
    struct mapping m = endless;
    m.bisects = true;
    struct lane lane = {.next = 1};
    CHECK(!lane_settle(&lane, &m, batch_of(arena, 1, 8), OUTCOME_FAILED, 0, 0));
    CHECK_INT(lane_end(&lane), 4);
    CHECK(!lane_settle(&lane, &m, batch_of(arena, 1, 4), OUTCOME_SUCCESS, 0, 0));
    CHECK_INT(lane.next, 5);
    CHECK_INT(lane_end(&lane), 8);
    CHECK(!lane_settle(&lane, &m, batch_of(arena, 5, 8), OUTCOME_FAILED, 0, 0));
    CHECK_INT(lane_end(&lane), 6);
    CHECK(!lane_settle(&lane, &m, batch_of(arena, 5, 6), OUTCOME_SUCCESS, 0, 0));
    CHECK(!lane_settle(&lane, &m, batch_of(arena, 7, 8), OUTCOME_SUCCESS, 0, 0));
    CHECK_INT(lane.next, 9);
    CHECK_INT(lane_end(&lane), 0);
}

TEST(the_largest_batch_can_be_halved_to_one)
{
    struct mapping m = endless;
    m.bisects = true;
    m.retries = 0;
    /* The bad record is always in the part that comes last: the deepest stack of ends. */
    for (uint64_t bad = 1; bad <= 10000; bad += 3333) {
        struct lane lane = {.next = 1};
        uint64_t given_up = 0, last = 10000;
        while (lane.next <= 10000) {
            last = lane_end(&lane) ? lane_end(&lane) : 10000;
            bool is_bad = lane.next <= bad && bad <= last;
            struct lane_batch batch = batch_of(arena, lane.next, last);
            if (lane_settle(&lane, &m, batch, is_bad ? OUTCOME_FAILED : OUTCOME_SUCCESS, 0, 0)) {
                CHECK_INT(batch.count, 1);
                given_up = batch.sequences[0];
                lane_pass(&lane, given_up);
            }
        }
        CHECK_INT(given_up, bad);
    }
}

TEST(a_part_of_a_batch_may_succeed)
{
    struct lane lane = {.next = 1};
    CHECK(!lane_settle(&lane, &endless, batch_of(arena, 1, 8), OUTCOME_FROM, 4, 0));
    CHECK_INT(lane.next, 4);
    CHECK_INT(lane_end(&lane), 8);
    /* No progress, or a record of another batch: all of it failed. */
    CHECK(!lane_settle(&lane, &endless, batch_of(arena, 4, 8), OUTCOME_FROM, 4, 0));
    CHECK_INT(lane.attempts, 1);
    CHECK(!lane_settle(&lane, &endless, batch_of(arena, 4, 8), OUTCOME_FROM, 99, 0));
    CHECK_INT(lane.attempts, 2);
    CHECK_INT(lane.next, 4);
}

TEST(a_window_ends_when_it_is_over_or_full)
{
    struct mapping m = endless;
    m.window_ms = 1000;
    struct lane lane = {.next = 1};
    CHECK(!lane_gathers(&lane, &m, 0, false, 10));
    CHECK(lane_gathers(&lane, &m, 2, false, 10));
    lane.idle_at = 7;
    CHECK(!lane_is_due(&lane, &m, 7, 500 * 1000));
    CHECK(lane_is_due(&lane, &m, 8, 500 * 1000));
    CHECK(lane_is_due(&lane, &m, 7, 1000 * 1000 + 10));
    CHECK(!lane_gathers(&lane, &m, 2, false, 1000 * 1000 + 10));
    CHECK(!lane_gathers(&lane, &m, 10, true, 20));
}

TAP_MAIN(T(success_passes_the_batch), T(a_failed_batch_stays_as_it_is),
         T(pauses_grow_to_ten_seconds), T(retries_are_counted_and_the_unreached_is_not),
         T(halves_are_tried_in_order), T(the_largest_batch_can_be_halved_to_one),
         T(a_part_of_a_batch_may_succeed), T(a_window_ends_when_it_is_over_or_full))
