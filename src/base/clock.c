#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t system_now(void *context)
{
    (void)context;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic(void *context)
{
    (void)context;
    return read_clock(CLOCK_MONOTONIC);
}

const struct clock clock_system = {system_now, system_monotonic, NULL};

int64_t clock_now_us(const struct clock *c)
{
    return c->now_us(c->context);
}

int64_t clock_now_ms(const struct clock *c)
{
    return clock_now_us(c) / 1000;
}

int64_t clock_monotonic_us(const struct clock *c)
{
    return c->monotonic_us(c->context);
}

static int64_t manual_now(void *context)
{
    const struct clock_manual *state = context;
    return state->time_us + state->set_us;
}

static int64_t manual_monotonic(void *context)
{
    return ((const struct clock_manual *)context)->time_us;
}

struct clock clock_manual(struct clock_manual *state)
{
    state->set_us = 0;
    return (struct clock){manual_now, manual_monotonic, state};
}

struct clock_steady clock_steady(const struct clock *c)
{
    return (struct clock_steady){c, clock_now_us(c) - clock_monotonic_us(c)};
}

int64_t clock_steady_ms(const struct clock_steady *s)
{
    return (clock_monotonic_us(s->clock) + s->ahead_us) / 1000;
}

struct str clock_stamp(int64_t time_us, char *out)
{
    int64_t seconds = time_us / 1000000, fraction = time_us % 1000000;
    if (fraction < 0)
        fraction += 1000000, seconds--;
    time_t t = (time_t)seconds;
    struct tm parts;
    gmtime_r(&t, &parts);
    char date[32];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out, CLOCK_STAMP_BYTES, "%.19s.%06d+00:00", date, (int)fraction);
    return str_z(out);
}

/* Reads the digits that stand where the form has 'd'; everything else must be as written. */
static bool match_digits(struct str text, const char *form, int *numbers)
{
    if (text.len != strlen(form))
        return false;
    int at = -1;
    for (size_t i = 0; i < text.len; i++) {
        if (form[i] != 'd') {
            if (text.data[i] != form[i])
                return false;
            continue;
        }
        unsigned digit = (unsigned char)text.data[i] - '0';
        if (digit > 9)
            return false;
        if (i == 0 || form[i - 1] != 'd')
            numbers[++at] = 0;
        numbers[at] = numbers[at] * 10 + (int)digit;
    }
    return true;
}

bool clock_parse_stamp(struct str stamp, int64_t *time_us)
{
    int n[7];
    if (!match_digits(stamp, "dddd-dd-ddTdd:dd:dd.dddddd+00:00", n))
        return false;
    struct tm parts = {.tm_year = n[0] - 1900,
                       .tm_mon = n[1] - 1,
                       .tm_mday = n[2],
                       .tm_hour = n[3],
                       .tm_min = n[4],
                       .tm_sec = n[5]};
    time_t seconds = timegm(&parts);
    /* timegm mends impossible dates instead of refusing them: the stamp must come out again. */
    char again[CLOCK_STAMP_BYTES];
    int64_t time = (int64_t)seconds * 1000000 + n[6];
    if (!str_eq(clock_stamp(time, again), stamp))
        return false;
    *time_us = time;
    return true;
}
