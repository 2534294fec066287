#include "messaging/sortkey.h"

#include "base/clock.h"
#include "tap.h"

/* 2026-11-20T22:31:07.012345+00:00 */
#define NOW_US INT64_C(1795213867012345)

TEST(now_is_written_in_utc_with_six_digits)
{
    CHECK_STR(sortkey_next(arena, NOW_US, (struct str){0}), S("2026-11-20T22:31:07.012345+00:00"));
}

TEST(isoformat_keeps_its_zeros) /* defect 4 */
{
    CHECK_STR(sortkey_next(arena, NOW_US - 12345, (struct str){0}),
              S("2026-11-20T22:31:07.000000+00:00"));
}

TEST(same_time_moves_on_by_a_microsecond) /* defect 2 */
{
    struct str first = sortkey_next(arena, NOW_US, (struct str){0});
    CHECK_STR(sortkey_next(arena, NOW_US, first), S("2026-11-20T22:31:07.012346+00:00"));
    CHECK_STR(sortkey_next(arena, NOW_US, S("2026-11-20T22:31:07.999999+00:00")),
              S("2026-11-20T22:31:08.000000+00:00"));
}

TEST(clock_going_backwards_does_not_matter)
{
    CHECK_STR(sortkey_next(arena, 0, S("2026-11-20T22:31:07.012345+00:00")),
              S("2026-11-20T22:31:07.012346+00:00"));
}

TEST(next_is_greater_than_every_form_of_time) /* defect 3 */
{
    static const struct str forms[] = {
        STR_INIT("2026-11-20T22:31:07.012345+02:00"),
        STR_INIT("2026-11-20T22:31:07-05:00"),
        STR_INIT("2026-11-20T22:31:07Z"),
        STR_INIT("2026-11-20T22:31:07.0123Z"),
        STR_INIT("2026-11-20T22:31:07.0123456+00:00"),
        STR_INIT("2026-11-20 22:31:07.5"),
        STR_INIT("2026-11-20T22:31:59Z"),
        STR_INIT("2026-12-31T23:59:59.999999999Z"),
        STR_INIT("2026-11-20T22:31:07.012345"),
        STR_INIT("2026-11-20T22:31:07+0200"),
    };
    for (size_t i = 0; i < countof(forms); i++) {
        int64_t shown_us = 0;
        CHECK(sortkey_shown_time(forms[i], &shown_us));
        struct str next = sortkey_next(arena, shown_us, forms[i]);
        int64_t next_us = 0;
        CHECK(str_compare(next, forms[i]) > 0);
        CHECK(clock_parse_stamp(next, &next_us));
        CHECK(next_us - shown_us <= 1000000);
    }
}

TEST(random_chains_only_rise)
{
    uint64_t state = tap_seed();
    struct str last = {0};
    for (int i = 0; i < 2000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        int64_t now_us = NOW_US + (int64_t)((state >> 33) % 1000) - 500;
        struct str next = sortkey_next(arena, now_us, last);
        CHECK(str_compare(next, last) > 0);
        last = next;
    }
}

TEST(what_is_no_time_is_not_usable)
{
    static const struct str bad[] = {
        STR_INIT(""),
        STR_INIT("hello"),
        STR_INIT("#STATE"),
        STR_INIT("2026-11-20"),
        STR_INIT("2026-11-20T22:31"),
        STR_INIT("2026-13-20T22:31:07Z"),
        STR_INIT("2026-02-29T22:31:07Z"),
        STR_INIT("2026-11-20T24:00:00Z"),
        STR_INIT("2026-11-20T22:31:07."),
        STR_INIT("2026-11-20T22:31:07.0123456789Z"),
        STR_INIT("2026-11-20T22:31:07+00:00 "),
        STR_INIT("2026-11-20T22:31:07+0"),
        STR_INIT("20261120T223107Z"),
        STR_INIT("1795213867"),
    };
    for (size_t i = 0; i < countof(bad); i++)
        CHECK(!sortkey_is_usable(bad[i], NOW_US));
}

TEST(more_than_a_day_ahead_is_not_usable)
{
    CHECK(sortkey_is_usable(S("2026-11-20T22:31:07.012345+00:00"), NOW_US));
    CHECK(sortkey_is_usable(S("2026-11-21T22:31:07.012345+00:00"), NOW_US));
    CHECK(!sortkey_is_usable(S("2026-11-21T22:31:07.012346+00:00"), NOW_US));
    CHECK(sortkey_is_usable(S("1999-12-31T23:59:59+00:00"), NOW_US));
    CHECK(!sortkey_is_usable(S("9999-12-31T23:59:59+00:00"), NOW_US));
}

TEST(shown_time_agrees_with_the_clock)
{
    for (int64_t us = 0; us < INT64_C(4102444800000000); us += INT64_C(7919000000001)) {
        char stamp[CLOCK_STAMP_BYTES];
        int64_t shown_us = -1;
        CHECK(sortkey_shown_time(clock_stamp(us, stamp), &shown_us));
        CHECK_INT(shown_us, us);
    }
}

TAP_MAIN(T(now_is_written_in_utc_with_six_digits), T(isoformat_keeps_its_zeros),
         T(same_time_moves_on_by_a_microsecond), T(clock_going_backwards_does_not_matter),
         T(next_is_greater_than_every_form_of_time), T(random_chains_only_rise),
         T(what_is_no_time_is_not_usable), T(more_than_a_day_ahead_is_not_usable),
         T(shown_time_agrees_with_the_clock))
