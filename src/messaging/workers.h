/* Workers: threads that run one job after another, for work that blocks.
 *
 * The unit of messaging's work is a round trip to a store, which a loop thread must not wait for.
 * The queue is bounded: a job that finds it full is not taken, and its owner says so to the client
 * (503). Safe from any thread. */
#pragma once

#include "base/error.h"

struct workers;

typedef void workers_job(void *argument);

MUST_USE struct error *workers_start(struct arena *a, size_t threads, size_t queue_max,
                                     struct workers **out);
/* False when the queue is full or the workers are stopping: the job will not run. */
MUST_USE bool workers_submit(struct workers *workers, workers_job *job, void *argument);
/* Runs what has been taken, ends the threads, frees. NULL is allowed. */
void workers_stop(struct workers *workers);

struct workers_stats {
    uint64_t threads, busy, queued, done, refused;
};
struct workers_stats workers_stats(struct workers *workers);
