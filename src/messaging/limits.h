/* Limits: how often somebody may do something.
 *
 * Called by web. Each rule has a rate and a burst; who it is for is told apart by a key (a user, a
 * group, an address). Memory is bounded and taken at once: a table of fixed size, in which a key
 * that has rested is the first to be replaced. Safe from any thread. */
#pragma once

#include "base/clock.h"
#include "base/rand.h"
#include "base/str.h"

enum limit {
    LIMIT_SEND_USER,  /* 5 a second, burst 60 */
    LIMIT_SEND_GROUP, /* 50 a second, burst 100 */
    LIMIT_NEW_GROUP,  /* 20 an hour */
    LIMIT_OPEN_ROUTE, /* 20 a second, burst 100, per address: routes without a token */
    LIMIT_SIGN_IN,    /* 1 a second, burst 30, per address */
};

struct limits;

/* is_off: everything may pass. */
struct limits *limits_new(const struct clock *clock, const struct rand_source *rand, bool is_off);
void limits_free(struct limits *limits);

/* May it happen now? Then it is counted. Otherwise *retry_after_s, at least 1, is when to ask
 * again. */
bool limits_take(struct limits *limits, enum limit limit, struct str key, int64_t *retry_after_s);
/* Takes one back, for what did not happen after all. */
void limits_give_back(struct limits *limits, enum limit limit, struct str key);
