#include "messaging/workers.h"

#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>

static void count_up(void *argument)
{
    atomic_fetch_add((atomic_int *)argument, 1);
}

TEST(every_job_taken_is_run_before_stop_returns)
{
    struct workers *w = NULL;
    atomic_int count = 0;
    int taken = 0;
    CHECK(!workers_start(arena, 4, 64, &w));
    for (int i = 0; i < 10000; i++)
        taken += workers_submit(w, count_up, &count);
    workers_stop(w);
    CHECK_INT(count, taken);
    CHECK(taken >= 64);
}

/* A job that waits until it is let go. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t change;
    int waiting;
    bool is_open;
};

static void wait_at(void *argument)
{
    struct gate *gate = argument;
    pthread_mutex_lock(&gate->lock);
    gate->waiting++;
    pthread_cond_broadcast(&gate->change);
    while (!gate->is_open)
        pthread_cond_wait(&gate->change, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

TEST(full_queue_refuses_and_recovers)
{
    struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER};
    struct workers *w = NULL;
    atomic_int count = 0;
    CHECK(!workers_start(arena, 2, 3, &w));
    CHECK(workers_submit(w, wait_at, &gate) && workers_submit(w, wait_at, &gate));
    pthread_mutex_lock(&gate.lock);
    while (gate.waiting < 2)
        pthread_cond_wait(&gate.change, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    for (int i = 0; i < 3; i++)
        CHECK(workers_submit(w, count_up, &count));
    CHECK(!workers_submit(w, count_up, &count));
    CHECK_INT(workers_stats(w).queued, 3);
    CHECK_INT(workers_stats(w).busy, 2);
    CHECK_INT(workers_stats(w).refused, 1);
    pthread_mutex_lock(&gate.lock);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.change);
    pthread_mutex_unlock(&gate.lock);
    workers_stop(w);
    CHECK_INT(count, 3);
}

TAP_MAIN(T(every_job_taken_is_run_before_stop_returns), T(full_queue_refuses_and_recovers))
