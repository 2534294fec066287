/* Trigger: event source mappings: delivers the changes of tables to functions.
 *
 * Called by `cruddur dynamodb` and `cruddur serve` for their --trigger flags. One struct triggers
 * serves all mappings of an engine, with threads of its own; nothing runs without a mapping, and
 * libcurl is loaded only then. Delivery is at least once, and in order within a shard, parents
 * before their children: an item's changes come in their order. Only changes that are durable are
 * delivered. A mapping follows its table by name: through streams that are switched off and on, and
 * tables that are made anew. */
#pragma once

#include "base/rand.h"
#include "dynamodb/engine.h"
#include "dynamodb/trigger/mapping.h"

struct triggers;

struct triggers_options {
    struct engine *engine; /* outlives the triggers */
    const struct mapping *mappings;
    size_t count;
    const struct clock *clock;
    const struct rand_source *rand;
};

/* Copies the mappings and begins. Refuses two with the same table and URL, and files that cannot be
 * opened. No mappings: *out is NULL. */
MUST_USE struct error *triggers_start(struct arena *a, const struct triggers_options *options,
                                      struct triggers **out);
/* Lets invocations under way end for some seconds, then breaks them off: they will be repeated.
 * NULL is nothing. */
void triggers_stop(struct triggers *triggers);
