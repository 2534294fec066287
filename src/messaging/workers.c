#include "messaging/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct job {
    workers_job *run;
    void *argument;
};

struct workers {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t has_work;
    struct job *queue; /* a ring of `max`, from `first` on */
    size_t first, count, max;
    bool is_stopping;
    struct workers_stats stats;
    size_t thread_count;
    pthread_t threads[];
};

static void *work(void *context)
{
    struct workers *w = context;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->count && !w->is_stopping)
            pthread_cond_wait(&w->has_work, &w->lock);
        if (!w->count)
            break;
        struct job job = w->queue[w->first];
        w->first = (w->first + 1) % w->max;
        w->count--;
        w->stats.busy++;
        pthread_mutex_unlock(&w->lock);
        job.run(job.argument);
        pthread_mutex_lock(&w->lock);
        w->stats.busy--;
        w->stats.done++;
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct error *workers_start(struct arena *a, size_t threads, size_t queue_max, struct workers **out)
{
    struct workers *w = mem_zalloc(sizeof *w + threads * sizeof(pthread_t));
    w->max = queue_max;
    w->queue = mem_zalloc(queue_max * sizeof *w->queue);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->has_work, NULL);
    for (; w->thread_count < threads; w->thread_count++) {
        int failure = pthread_create(&w->threads[w->thread_count], NULL, work, w);
        if (failure) {
            workers_stop(w);
            return error_new(a, &error_system, "cannot start %zu worker threads: %s", threads,
                             strerror(failure));
        }
    }
    *out = w;
    return NULL;
}

bool workers_submit(struct workers *w, workers_job *job, void *argument)
{
    pthread_mutex_lock(&w->lock);
    bool is_taken = w->count < w->max && !w->is_stopping;
    if (is_taken) {
        w->queue[(w->first + w->count++) % w->max] = (struct job){job, argument};
        pthread_cond_signal(&w->has_work);
    } else {
        w->stats.refused++;
    }
    pthread_mutex_unlock(&w->lock);
    return is_taken;
}

void workers_stop(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->is_stopping = true;
    pthread_cond_broadcast(&w->has_work);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->thread_count; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->has_work);
    pthread_mutex_destroy(&w->lock);
    free(w->queue);
    free(w);
}

struct workers_stats workers_stats(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    struct workers_stats stats = w->stats;
    stats.threads = w->thread_count;
    stats.queued = w->count;
    pthread_mutex_unlock(&w->lock);
    return stats;
}
