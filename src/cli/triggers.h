/* Triggers: the --trigger flags of `cruddur dynamodb` and `cruddur serve`. */
#pragma once

#include "cli/options.h"
#include "dynamodb/trigger/trigger.h"

#define TRIGGERS_USAGE                                                                             \
    "Triggers post the changes of a table's stream to URL as Lambda does, at least once and in\n"  \
    "order; a URL without a path gets /2015-03-31/functions/function/invocations. Options:\n"      \
    "  batch=100           records of one invocation, at most\n"                                   \
    "  window=0            seconds to wait for a full batch\n"                                     \
    "  retries=-1          how often a batch that fails is tried again; -1: without end\n"         \
    "  max-age=-1          seconds after which records are given up; -1: a day\n"                  \
    "  bisect=0            1: a batch that fails is tried in halves\n"                             \
    "  partial=1           0: do not look at batchItemFailures in answers\n"                       \
    "  failures=FILE       append what is given up to FILE, a line of JSON for each batch\n"       \
    "  filter=FILE         deliver only what the filter criteria in FILE match\n"                  \
    "  position=P          where a new trigger begins: TRIM_HORIZON (default) or LATEST\n"         \
    "  parallel=1          shards that are delivered at the same time, at most\n"                  \
    "  parallelization=1   batches of one shard at the same time: its items are dealt out to as\n" \
    "                      many, each with its changes in order\n"                                 \
    "  timeout=900         seconds that an invocation may take\n"

/* Reads and starts them; *out is NULL when there are none. */
MUST_USE struct error *triggers_open(struct cli *cli, const struct option_list *flags,
                                     struct engine *engine, struct triggers **out);
