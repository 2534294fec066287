/* How the workers of a mapping share its lanes (lane.c has the states of one, follow.c the way
 * through the streams):
 *
 *     lock -> look at the streams now and then -> pick a lane that is due -> busy, unlock
 *          -> read, invoke -> lock -> put the lane back -> store the checkpoint
 *
 * 1. A busy lane belongs to one worker, which works on a copy; `lanes` changes only under the lock.
 * 2. A stream is left for the next one only when no lane is busy and all are done.
 * 3. The checkpoint is stored after the invocation, and after the line in the failure file: what a
 *    crash takes back is delivered again.
 *
 * Workers notice new records by the stream's watermark, one atomic load every POLL_MS. */
#include "dynamodb/trigger/trigger.h"

#include "base/log.h"
#include "dynamodb/api/api.h"
#include "dynamodb/trigger/deliver.h"
#include "dynamodb/trigger/follow.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS 20
#define REFRESH_US (1000 * 1000)
#define GRACE_MS 3000 /* for invocations under way at the end */

struct runner {
    struct triggers *all;
    struct mapping mapping;
    struct deliver deliver; /* source is each lane's own */
    pthread_mutex_t lock;   /* guards follow and refreshed_us */
    struct follow follow;
    int64_t refreshed_us;
    uint64_t refreshed_at; /* the watermark then */
    pthread_t *threads;
    size_t thread_count;
};

struct triggers {
    struct arena arena; /* of the mappings' texts and filters */
    const struct clock *clock;
    struct store *store;
    struct https *https;
    atomic_bool stop;      /* no new invocations */
    atomic_bool break_off; /* nor old ones */
    pthread_mutex_t lock;  /* guards `working` */
    pthread_cond_t stopped;
    size_t working; /* threads */
    struct runner *runners;
    size_t count;
};

/* -- workers ----------------------------------------------------------------------------------- */

static struct timespec after(int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    return until;
}

static void poll_pause(struct triggers *t)
{
    struct timespec until = after(POLL_MS);
    pthread_mutex_lock(&t->lock);
    if (!atomic_load(&t->stop))
        pthread_cond_timedwait(&t->stopped, &t->lock, &until);
    pthread_mutex_unlock(&t->lock);
}

static void report(const struct runner *r, const struct error *e)
{
    if (e)
        log_error("trigger %.*s: %.*s", STR_ARG(r->mapping.table), STR_ARG(e->message));
}

/* Under the lock. New streams and shards come with records, or are found within a second. */
static void refresh(struct arena *a, struct runner *r, uint64_t watermark, int64_t now_us)
{
    if (r->refreshed_at == watermark && now_us - r->refreshed_us < REFRESH_US)
        return;
    r->refreshed_at = watermark;
    r->refreshed_us = now_us;
    report(r, follow_refresh(a, &r->follow));
}

/* Takes a lane that is due; false when there is none. */
static bool take_lane(struct arena *a, struct runner *r, struct lane *copy, struct deliver *d)
{
    struct follow *f = &r->follow;
    pthread_mutex_lock(&r->lock);
    int64_t now_us = clock_monotonic_us(r->all->clock);
    uint64_t watermark = stream_latest(r->all->store, f->stream_id, 0);
    refresh(a, r, watermark, now_us);
    struct lane *lane = follow_pick(f, watermark, now_us);
    if (lane) {
        *d = r->deliver;
        d->source =
            (struct record_source){f->stream_arn, f->region, f->stream_id, lane->shard_id, f->view};
        *copy = *lane;
        lane->is_busy = true;
    }
    pthread_mutex_unlock(&r->lock);
    return lane != NULL;
}

static void give_lane(struct arena *a, struct runner *r, const struct lane *copy)
{
    struct follow *f = &r->follow;
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < f->lane_count; i++) {
        if (f->lanes[i].shard_id != copy->shard_id || f->lanes[i].part != copy->part)
            continue;
        f->lanes[i] = *copy; /* not busy: it was copied before it was taken */
        if (copy->has_passed)
            report(r, follow_save(a, f));
        if (copy->is_done)
            r->refreshed_at = 0; /* perhaps the stream is */
    }
    pthread_mutex_unlock(&r->lock);
}

static void count_working(struct triggers *t, int change)
{
    pthread_mutex_lock(&t->lock);
    t->working += (size_t)change;
    pthread_cond_broadcast(&t->stopped);
    pthread_mutex_unlock(&t->lock);
}

static void *work(void *context)
{
    struct runner *r = context;
    struct arena a;
    arena_init(&a);
    while (!atomic_load(&r->all->stop)) {
        struct lane lane;
        struct deliver d;
        arena_reset(&a);
        if (!take_lane(&a, r, &lane, &d)) {
            poll_pause(r->all);
            continue;
        }
        deliver_step(&a, &d, &lane);
        give_lane(&a, r, &lane);
    }
    arena_clear(&a);
    count_working(r->all, -1);
    return NULL;
}

/* -- starting ---------------------------------------------------------------------------------- */

static struct error *check_different(struct arena *a, const struct triggers_options *options)
{
    for (size_t i = 0; i < options->count; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq(options->mappings[i].table, options->mappings[k].table) &&
                str_eq(options->mappings[i].url, options->mappings[k].url))
                return error_new(a, &error_usage, "--trigger: %.*s is mapped to %.*s twice",
                                 STR_ARG(options->mappings[i].table),
                                 STR_ARG(options->mappings[i].url));
    return NULL;
}

static void copy_mapping(struct arena *a, const struct mapping *m, struct mapping *out)
{
    *out = *m;
    out->table = arena_str(a, m->table);
    out->url = arena_str(a, m->url);
    out->failures = arena_str(a, m->failures);
    out->filter = arena_str(a, m->filter);
}

static struct error *open_files(struct arena *a, struct triggers *t, struct runner *r)
{
    const struct mapping *m = &r->mapping;
    r->deliver.failures_file = -1;
    if (m->failures.len) {
        const char *path = arena_z(a, m->failures);
        r->deliver.failures_file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (r->deliver.failures_file < 0)
            return error_errno(a, "cannot open %s", path);
    }
    return m->filter.len ? filter_load(a, &t->arena, arena_z(a, m->filter), &r->deliver.filter)
                         : NULL;
}

static struct error *open_runner(struct arena *a, struct triggers *t,
                                 const struct triggers_options *options, const struct mapping *m)
{
    struct runner *r = &t->runners[t->count];
    *r = (struct runner){.all = t};
    copy_mapping(&t->arena, m, &r->mapping);
    pthread_mutex_init(&r->lock, NULL);
    r->follow = (struct follow){.mapping = &r->mapping,
                                .store = t->store,
                                .region = engine_region(options->engine),
                                .account_id = engine_account(options->engine)};
    arena_init(&r->follow.arena);
    r->deliver = (struct deliver){.mapping = &r->mapping,
                                  .store = t->store,
                                  .https = t->https,
                                  .clock = options->clock,
                                  .rand = options->rand,
                                  .stop = &t->stop,
                                  .break_off = &t->break_off};
    t->count++; /* from here on triggers_stop clears it */
    TRY(open_files(a, t, r));
    return follow_open(a, &r->follow);
}

static struct error *start_threads(struct arena *a, struct runner *r)
{
    size_t wanted = r->mapping.parallel * r->mapping.parts;
    r->threads = mem_zalloc(wanted * sizeof *r->threads);
    for (; r->thread_count < wanted; r->thread_count++) {
        count_working(r->all, 1);
        int failure = pthread_create(&r->threads[r->thread_count], NULL, work, r);
        if (!failure)
            continue;
        count_working(r->all, -1);
        return error_new(a, &error_system, "cannot start a thread: %s", strerror(failure));
    }
    return NULL;
}

static struct error *start_all(struct arena *a, struct triggers *t,
                               const struct triggers_options *options)
{
    TRY(https_open(a, &t->https));
    for (size_t i = 0; i < options->count; i++)
        TRY(open_runner(a, t, options, &options->mappings[i]));
    for (size_t i = 0; i < t->count; i++)
        TRY(start_threads(a, &t->runners[i]));
    return NULL;
}

struct error *triggers_start(struct arena *a, const struct triggers_options *options,
                             struct triggers **out)
{
    *out = NULL;
    if (!options->count)
        return NULL;
    TRY(check_different(a, options));
    struct triggers *t = mem_zalloc(sizeof *t);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->stopped, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&t->lock, NULL);
    arena_init(&t->arena);
    t->clock = options->clock;
    t->store = engine_store(options->engine);
    t->runners = mem_zalloc(options->count * sizeof *t->runners);
    struct error *e = start_all(a, t, options);
    if (e)
        triggers_stop(t);
    else
        *out = t;
    return e;
}

static void close_runner(struct runner *r)
{
    for (size_t i = 0; i < r->thread_count; i++)
        pthread_join(r->threads[i], NULL);
    if (r->deliver.failures_file >= 0)
        close(r->deliver.failures_file);
    follow_close(&r->follow);
    free(r->threads);
    pthread_mutex_destroy(&r->lock);
}

void triggers_stop(struct triggers *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->stop, true);
    pthread_cond_broadcast(&t->stopped);
    struct timespec until = after(GRACE_MS);
    int status = 0;
    while (t->working && status == 0)
        status = pthread_cond_timedwait(&t->stopped, &t->lock, &until);
    atomic_store(&t->break_off, true);
    pthread_mutex_unlock(&t->lock);
    for (size_t i = 0; i < t->count; i++)
        close_runner(&t->runners[i]);
    https_close(t->https);
    arena_clear(&t->arena);
    pthread_cond_destroy(&t->stopped);
    pthread_mutex_destroy(&t->lock);
    free(t->runners);
    free(t);
}
