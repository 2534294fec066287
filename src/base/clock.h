/* Clock: time as a parameter, so that a test can turn it.
 *
 * now_us is Unix time in microseconds and may jump; monotonic_us never goes back and means nothing
 * else. Safe from any thread. */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct clock {
    int64_t (*now_us)(void *context);
    int64_t (*monotonic_us)(void *context);
    void *context;
};

extern const struct clock clock_system;

int64_t clock_now_us(const struct clock *c);
int64_t clock_now_ms(const struct clock *c);
int64_t clock_monotonic_us(const struct clock *c);

/* A clock that stands still until it is moved, by any thread. */
struct clock_manual {
    _Atomic int64_t time_us; /* what passes */
    _Atomic int64_t set_us;  /* somebody set it so far: moves now_us only; clock_manual() clears */
};
struct clock clock_manual(struct clock_manual *state);

/* A time for lifetimes: Unix time as it was when the counting began, and only counted on since. A
 * step of the clock neither ends what is measured by it nor prolongs it. Copied freely. */
struct clock_steady {
    const struct clock *clock;
    int64_t ahead_us; /* of the monotonic time */
};
struct clock_steady clock_steady(const struct clock *c);
int64_t clock_steady_ms(const struct clock_steady *s);

/* "2026-11-20T22:31:07.012345+00:00", always 32 bytes; `out` holds at least CLOCK_STAMP_BYTES. */
#define CLOCK_STAMP_BYTES 33
struct str clock_stamp(int64_t time_us, char *out);
/* The reverse, for exactly that form; false for anything else. */
bool clock_parse_stamp(struct str stamp, int64_t *time_us);
