/* Sort key: the time of a message as the text that orders it.
 *
 * Ours are UTC with six digits: "2026-11-20T22:31:07.012345+00:00". Other programs write other
 * forms (a local offset, no fraction, "Z"), and all are compared as text, as the store does; so a
 * key that must come after another is found by comparing text, not times. Times are Unix
 * microseconds. Pure. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* How far ahead of the clock somebody else's key may be and still push the conversation forward. */
#define SORTKEY_AHEAD_MAX_US (24 * INT64_C(3600) * 1000000)

/* The time that the text shows, its offset ignored: what stands in the way of a key in UTC. Reads
 * ISO 8601 dates with a time of day ('T' or a space), 0 to 9 digits of fraction and no offset, Z,
 * +hh:mm or +hhmm; false for anything else. */
bool sortkey_shown_time(struct str sk, int64_t *time_us);

/* A time, and at most a day ahead of now: fit to become a group's last_sk. */
bool sortkey_is_usable(struct str sk, int64_t now_us);

/* The key for something that happens now: the first at or after now_us that is greater than `last`
 * as text. `last` is empty or usable. */
struct str sortkey_next(struct arena *a, int64_t now_us, struct str last);
