/* The life of a write, and who moves it on:
 *
 *     begun ----------> written ----------> synced ----------> answered
 *         commit_end            the thread           the caller's loop, after on_sync
 *
 * 1. `assigned` rises before the write, `written` after it, `synced` after a sync that began when
 *    the write was `written`. A read that can see a write therefore finds its sequence in
 * `assigned`.
 * 2. The thread takes its target, the records that go with it and a read section of that very state
 *    under the write lock. Only when the sync has succeeded do they become `synced`,
 *    `records_synced` and `durable`.
 * 3. The first failure is final. `durable` then stays as it is, and all reads are given it: nobody
 * is shown what a power cut may take back. Waiters are released and learn of the failure.
 * 4. A sync that begins with the first write after another one finds that write alone, and all who
 *    wrote a moment later wait for two. So the thread waits until most of as many as came together
 *    lately have written, but not long: 16 writers then share a sync, and one has its own at once.
 * 5. Record numbers are handed out below a limit that is in the store, so none comes twice, even
 *    after the newest writes were lost. */
#include "dynamodb/storage/commit.h"

#include "base/log.h"
#include "dynamodb/model/errors.h"
#include "dynamodb/storage/key.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { RECORDS_RESERVED = 1 << 20, GATHER_NS = 200 * 1000 };

struct commit {
    struct kv *kv;
    bool waits;
    _Atomic bool failed;
    _Atomic uint64_t assigned, written, synced;
    _Atomic uint64_t records_taken, records_synced;

    pthread_mutex_t lock; /* the write lock: guards all down to `wake` */
    struct kv_batch *batch;
    struct arena arena; /* of the write under way */
    uint64_t records_limit;
    _Atomic(struct kv_read *) durable;
    bool is_stopping;
    uint64_t usual_group; /* how many writes shared a sync lately */
    uint64_t wake_at;     /* while the thread gathers: the write that wakes it */
    pthread_cond_t wake;  /* of the thread */

    pthread_mutex_t waiters_lock; /* guards all down to `on_sync_context` */
    pthread_cond_t done;
    void (*on_sync)(void *context);
    void *on_sync_context;
    pthread_t thread;
};

static void release_waiters(struct commit *c)
{
    pthread_mutex_lock(&c->waiters_lock);
    pthread_cond_broadcast(&c->done);
    if (c->on_sync)
        c->on_sync(c->on_sync_context);
    pthread_mutex_unlock(&c->waiters_lock);
}

/* With the write lock held. */
static void fail(struct commit *c)
{
    atomic_store(&c->failed, true);
    atomic_store(&c->synced, UINT64_MAX);
    pthread_cond_signal(&c->wake);
}

/* -- the thread ---------------------------------------------------------------------------------
 */

/* Waits until most of the usual group have written (invariant 4). With the write lock. */
static void gather(struct commit *c)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += GATHER_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    c->wake_at = atomic_load(&c->synced) + c->usual_group * 3 / 4;
    while (atomic_load(&c->written) < c->wake_at && !c->is_stopping)
        if (pthread_cond_timedwait(&c->wake, &c->lock, &until) != 0)
            break;
    c->wake_at = 0;
    uint64_t group = atomic_load(&c->written) - atomic_load(&c->synced);
    c->usual_group = group > c->usual_group ? group : (c->usual_group + group) / 2;
}

/* Syncs until nothing is left to sync. Called with the write lock, and returns with it. */
static void sync_all(struct commit *c)
{
    while (!atomic_load(&c->failed) && atomic_load(&c->synced) < atomic_load(&c->written)) {
        gather(c);
        if (atomic_load(&c->failed))
            return;
        uint64_t target = atomic_load(&c->written);
        uint64_t records = atomic_load(&c->records_taken);
        struct kv_read *state = kv_read_begin(c->kv, true);
        pthread_mutex_unlock(&c->lock);

        struct arena a;
        arena_init(&a);
        struct error *error = kv_sync(c->kv, &a);
        if (error)
            log_error("storage: sync failed, writes are refused from now on: %.*s",
                      STR_ARG(error->message));
        arena_clear(&a);

        pthread_mutex_lock(&c->lock);
        struct kv_read *old = state;
        if (error) {
            fail(c);
        } else if (!atomic_load(&c->failed)) {
            old = atomic_exchange(&c->durable, state);
            atomic_store(&c->records_synced, records);
            atomic_store(&c->synced, target);
        }
        pthread_mutex_unlock(&c->lock);
        kv_read_end(old);
        release_waiters(c);
        pthread_mutex_lock(&c->lock);
    }
}

static void *run(void *context)
{
    struct commit *c = context;
    bool has_told = false;
    pthread_mutex_lock(&c->lock);
    while (!c->is_stopping) {
        sync_all(c);
        if (atomic_load(&c->failed) && !has_told) { /* a failed write: nobody has told yet */
            has_told = true;
            pthread_mutex_unlock(&c->lock);
            release_waiters(c);
            pthread_mutex_lock(&c->lock);
        } else if (!c->is_stopping) {
            pthread_cond_wait(&c->wake, &c->lock);
        }
    }
    sync_all(c);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

struct commit *commit_new(struct kv *kv, bool syncs, uint64_t next_record)
{
    struct commit *c = mem_zalloc(sizeof *c);
    c->kv = kv;
    c->waits = syncs && kv_is_persistent(kv);
    c->batch = kv_batch_new(kv);
    arena_init(&c->arena);
    atomic_store(&c->records_taken, next_record - 1);
    atomic_store(&c->records_synced, next_record - 1);
    c->records_limit = next_record;
    /* Held for a few microseconds, wanted by all loops: spinning a little is cheaper than sleeping.
     */
    c->lock = (pthread_mutex_t)PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
    pthread_mutex_init(&c->waiters_lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&c->done, NULL);
    if (c->waits) {
        atomic_store(&c->durable, kv_read_begin(kv, true));
        if (pthread_create(&c->thread, NULL, run, c) != 0)
            abort();
    }
    return c;
}

void commit_free(struct commit *c)
{
    if (c->waits) {
        pthread_mutex_lock(&c->lock);
        c->is_stopping = true;
        pthread_cond_signal(&c->wake);
        pthread_mutex_unlock(&c->lock);
        pthread_join(c->thread, NULL);
        kv_read_end(atomic_load(&c->durable));
    }
    kv_batch_free(c->batch);
    arena_clear(&c->arena);
    pthread_cond_destroy(&c->wake);
    pthread_cond_destroy(&c->done);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->waiters_lock);
    free(c);
}

/* -- writing ------------------------------------------------------------------------------------
 */

struct kv_batch *commit_begin(struct commit *c, uint64_t *sequence)
{
    pthread_mutex_lock(&c->lock);
    kv_batch_reset(c->batch);
    arena_reset(&c->arena);
    *sequence = atomic_fetch_add(&c->assigned, 1) + 1;
    return c->batch;
}

uint64_t commit_take_records(struct commit *c, size_t count)
{
    uint64_t first = atomic_fetch_add(&c->records_taken, count) + 1;
    if (first + count > c->records_limit) {
        c->records_limit = first + count + RECORDS_RESERVED;
        char limit[8];
        for (int i = 0; i < 8; i++)
            limit[i] = (char)(c->records_limit >> (56 - 8 * i));
        kv_batch_put(c->batch, key_named(&c->arena, SPACE_META, S("records")),
                     (struct str){limit, sizeof limit});
    }
    return first;
}

struct error *commit_check(struct commit *c, struct arena *a)
{
    if (!atomic_load(&c->failed))
        return NULL;
    return error_new(a, &error_InternalServerError,
                     "The store has failed and takes no more writes");
}

struct error *commit_end(struct commit *c, struct arena *a)
{
    struct error *error = commit_check(c, a);
    if (!error) {
        struct error *cause = kv_write(c->kv, a, c->batch);
        if (!cause && !c->waits)
            cause = kv_hand_over(c->kv, a);
        if (cause) {
            log_error("storage: write failed, writes are refused from now on: %.*s",
                      STR_ARG(cause->message));
            error = error_new(a, &error_InternalServerError, "The store failed to write: %.*s",
                              STR_ARG(cause->message));
            fail(c);
        }
    }
    bool wakes = false;
    if (!error) {
        atomic_store(&c->written, atomic_load(&c->assigned));
        if (!c->waits) {
            atomic_store(&c->records_synced, atomic_load(&c->records_taken));
            atomic_store(&c->synced, atomic_load(&c->written));
        }
        wakes = c->waits && atomic_load(&c->written) >= c->wake_at;
    }
    pthread_mutex_unlock(&c->lock);
    if (wakes) /* only now, or it would wake to wait for the lock */
        pthread_cond_signal(&c->wake);
    return error;
}

struct kv_read *commit_snapshot(struct commit *c, void (*under)(void *context), void *context)
{
    pthread_mutex_lock(&c->lock);
    struct kv_read *read = kv_read_begin(c->kv, true);
    under(context);
    pthread_mutex_unlock(&c->lock);
    return read;
}

/* -- looking ------------------------------------------------------------------------------------
 */

bool commit_waits(const struct commit *c)
{
    return c->waits;
}

uint64_t commit_seen(const struct commit *c)
{
    return c->waits ? atomic_load(&c->assigned) : 0;
}

uint64_t commit_written(const struct commit *c)
{
    return atomic_load(&c->written);
}

uint64_t commit_synced(const struct commit *c)
{
    return atomic_load(&c->synced);
}

bool commit_failed(const struct commit *c)
{
    return atomic_load(&c->failed);
}

uint64_t commit_records_synced(const struct commit *c)
{
    return atomic_load(&c->records_synced);
}

bool commit_wait(struct commit *c, uint64_t sequence)
{
    if (atomic_load(&c->synced) < sequence) {
        pthread_mutex_lock(&c->waiters_lock);
        while (atomic_load(&c->synced) < sequence)
            pthread_cond_wait(&c->done, &c->waiters_lock);
        pthread_mutex_unlock(&c->waiters_lock);
    }
    return !atomic_load(&c->failed);
}

void commit_set_on_sync(struct commit *c, void (*on_sync)(void *context), void *context)
{
    pthread_mutex_lock(&c->waiters_lock);
    c->on_sync = on_sync;
    c->on_sync_context = context;
    pthread_mutex_unlock(&c->waiters_lock);
}

struct kv_read *commit_read_begin(struct commit *c, bool needs_snapshot)
{
    if (atomic_load(&c->failed) && c->waits)
        return atomic_load(&c->durable);
    return kv_read_begin(c->kv, needs_snapshot);
}

bool commit_read_is_durable(const struct commit *c, const struct kv_read *read)
{
    return read == atomic_load(&c->durable);
}

void commit_read_end(struct commit *c, struct kv_read *read)
{
    if (read != atomic_load(&c->durable))
        kv_read_end(read);
}
