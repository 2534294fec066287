#include "messaging/sortkey.h"

#include "base/clock.h"

/* Days from 1970-01-01 of a date in the Gregorian calendar: the year is taken to begin in March, so
 * that the leap day comes last; eras of 400 years (146097 days) repeat. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int64_t days_of_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

/* Exactly `count` digits, up to `max`; moves past them. */
static bool take_digits(struct str *s, size_t count, uint64_t max, int64_t *out)
{
    uint64_t number = 0;
    if (s->len < count || !str_to_u64(str_slice(*s, 0, count), max, &number))
        return false;
    *out = (int64_t)number;
    *s = str_from(*s, count);
    return true;
}

static bool take_char(struct str *s, char c)
{
    if (s->len == 0 || s->data[0] != c)
        return false;
    *s = str_from(*s, 1);
    return true;
}

static bool take_date(struct str *s, int64_t *days)
{
    int64_t year, month, day;
    if (!take_digits(s, 4, 9999, &year) || !take_char(s, '-') || !take_digits(s, 2, 12, &month) ||
        !take_char(s, '-') || !take_digits(s, 2, 31, &day))
        return false;
    if (year < 1970 || month < 1 || day < 1 || day > days_of_month(year, month))
        return false;
    *days = days_from_date(year, month, day);
    return true;
}

static bool take_time_of_day(struct str *s, int64_t *time_us)
{
    int64_t hour, minute, second, fraction = 0;
    if (!take_digits(s, 2, 23, &hour) || !take_char(s, ':') || !take_digits(s, 2, 59, &minute) ||
        !take_char(s, ':') || !take_digits(s, 2, 59, &second))
        return false;
    if (take_char(s, '.')) {
        size_t count = 0;
        while (count < s->len && s->data[count] >= '0' && s->data[count] <= '9')
            count++;
        if (count == 0 || count > 9)
            return false;
        for (size_t i = 0; i < 6; i++) /* what lies beyond microseconds is cut off */
            fraction = fraction * 10 + (i < count ? s->data[i] - '0' : 0);
        *s = str_from(*s, count);
    }
    *time_us = ((hour * 60 + minute) * 60 + second) * 1000000 + fraction;
    return true;
}

static bool is_offset(struct str s)
{
    int64_t hours, minutes;
    if (s.len == 0 || str_eq(s, S("Z")))
        return true;
    if (!take_char(&s, '+') && !take_char(&s, '-'))
        return false;
    if (!take_digits(&s, 2, 23, &hours))
        return false;
    take_char(&s, ':');
    return take_digits(&s, 2, 59, &minutes) && s.len == 0;
}

bool sortkey_shown_time(struct str sk, int64_t *time_us)
{
    int64_t days, time_of_day_us;
    if (!take_date(&sk, &days) || (!take_char(&sk, 'T') && !take_char(&sk, ' ')) ||
        !take_time_of_day(&sk, &time_of_day_us) || !is_offset(sk))
        return false;
    *time_us = days * 86400 * 1000000 + time_of_day_us;
    return true;
}

bool sortkey_is_usable(struct str sk, int64_t now_us)
{
    int64_t shown_us;
    return sortkey_shown_time(sk, &shown_us) && shown_us - now_us <= SORTKEY_AHEAD_MAX_US;
}

/* The smallest step forward that the text order sees. One microsecond does for our own form. For
 * others it can fall short: "…07Z" is greater than all of "…07.999999+00:00", because 'Z' is
 * greater than '.', and there only the next second will do. */
static struct str step_after(struct arena *a, int64_t shown_us, struct str last)
{
    static const int64_t units_us[] = {1,      10,      100,      1000,       10000,
                                       100000, 1000000, 60000000, 3600000000, 86400000000};
    char stamp[CLOCK_STAMP_BYTES];
    struct str found = {0};
    for (size_t i = 0; i < countof(units_us); i++) {
        int64_t unit_us = units_us[i];
        found = clock_stamp((shown_us / unit_us + 1) * unit_us, stamp);
        if (str_compare(found, last) > 0)
            break;
    }
    return arena_str(a, found);
}

struct str sortkey_next(struct arena *a, int64_t now_us, struct str last)
{
    char stamp[CLOCK_STAMP_BYTES];
    int64_t shown_us;
    struct str now = clock_stamp(now_us, stamp);
    if (str_compare(now, last) > 0 || !sortkey_shown_time(last, &shown_us))
        return arena_str(a, now);
    return step_after(a, shown_us, last);
}
