/* Deliver: one step of one lane: read a batch, invoke the function, take what comes of it.
 *
 * Called by trigger.c's workers without a lock, on a lane that is theirs. Blocks for as long as the
 * function takes. */
#pragma once

#include "aws/https.h"
#include "base/clock.h"
#include "base/rand.h"
#include "dynamodb/api/record.h"
#include "dynamodb/storage/stream.h"
#include "dynamodb/trigger/filter.h"
#include "dynamodb/trigger/lane.h"

struct deliver {
    const struct mapping *mapping;
    struct store *store;
    struct https *https;
    const struct filter *filter; /* NULL: all records */
    const struct clock *clock;
    const struct rand_source *rand;
    const atomic_bool *stop, *break_off; /* no new invocation; not the present one either */
    int failures_file;                   /* -1: none */
    struct record_source source;
};

/* *lane is changed as lane.c says. */
void deliver_step(struct arena *a, const struct deliver *d, struct lane *lane);
