/* Three threads, each one round after another:
 *
 *     upkeep:  fill indexes -> count anew (once, after a crash) -> expire items and notes
 *              -> save the counts -> wait for the interval, or to be woken by a new index
 *     copier:  fill backups -> fill restored tables -> trim histories -> clean up
 *              -> wait for the interval, or to be woken by a new backup or restore
 *     ager:    roll shards over -> trim streams -> wait for the interval
 *
 * Walks rest between their pages as many times as long as the page took, so that a large table
 * costs a twentieth of a core and no more. */
#include "dynamodb/storage/worker.h"

#include "base/log.h"
#include "dynamodb/model/limits.h"
#include "dynamodb/storage/backfill.h"
#include "dynamodb/storage/copy.h"
#include "dynamodb/storage/internal.h"
#include "dynamodb/storage/recount.h"
#include "dynamodb/storage/stream_age.h"
#include "dynamodb/storage/ttl.h"
#include "dynamodb/storage/txn.h"

#include <stdlib.h>
#include <time.h>

enum { REST_TIMES = 20, MAX_REST_MS = 1000, NOTES_PAGE = 200 };

struct worker {
    struct store *store;
    enum worker_kind kind;
    int64_t interval_ms;
    struct arena arena; /* of the step under way */
    bool must_count;
    uint64_t saved_at;     /* the newest write when the counts were last saved */
    int64_t busy_since_us; /* for worker_rest */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    bool is_woken, is_stopping;
    pthread_t thread;
};

struct arena *worker_arena(struct worker *w)
{
    return &w->arena;
}

bool worker_is_stopping(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    bool is_stopping = w->is_stopping;
    pthread_mutex_unlock(&w->lock);
    return is_stopping;
}

/* -- waiting ------------------------------------------------------------------------------------
 */

static int64_t monotonic_us(void)
{
    return clock_monotonic_us(&clock_system);
}

/* With the lock held. Until woken (when that counts), ended or the time is over. */
static void wait_ms(struct worker *w, int64_t ms, bool is_wakeable)
{
    int64_t until_us = monotonic_us() + ms * 1000;
    struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
    int failed = 0;
    while (!failed && !w->is_stopping && !(is_wakeable && w->is_woken))
        failed = pthread_cond_timedwait(&w->wake, &w->lock, &until);
}

void worker_rest(struct worker *w)
{
    if (w->interval_ms < 0)
        return;
    int64_t rest_ms = (monotonic_us() - w->busy_since_us) * REST_TIMES / 1000;
    pthread_mutex_lock(&w->lock);
    wait_ms(w, rest_ms < MAX_REST_MS ? rest_ms : MAX_REST_MS, false);
    pthread_mutex_unlock(&w->lock);
    w->busy_since_us = monotonic_us();
}

void worker_wake(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_woken = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

/* -- notes --------------------------------------------------------------------------------------
 */

/* Notes that expire between two times, and what becomes of them. */
struct ending {
    int64_t from_ms, to_ms;
    int64_t until_ms; /* their new time; 0: they go */
};

/* A note is touched only if this is its time: it may have been put again with a later one. */
static struct error *end_one(struct store *store, struct arena *a, struct str key, int64_t until_ms)
{
    int64_t expires_ms;
    struct str name, value;
    bool found;
    if (!key_expiry_parse(key, &expires_ms, &name))
        return store_damaged(a, "an expiry cannot be read");
    struct str note = key_named(a, SPACE_NOTE, name);
    TRY(store_read(store, a, note, &value, &found));
    bool is_its_time = found && value.len >= 8 && (int64_t)get_u64(value.data) == expires_ms;
    char until[8];
    put_u64(until, (uint64_t)until_ms);
    uint64_t sequence;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    kv_batch_delete(batch, key);
    if (is_its_time && until_ms) {
        kv_batch_put(batch, note,
                     arena_join(a, (struct str){until, sizeof until}, str_from(value, 8)));
        kv_batch_put(batch, key_expiry(a, until_ms, name), S(""));
    } else if (is_its_time) {
        kv_batch_delete(batch, note);
    }
    return commit_end(store->commit, a);
}

static struct error *end_page(struct store *store, struct arena *a, const struct ending *ending,
                              size_t *count)
{
    struct str *keys = arena_array(a, struct str, NOTES_PAGE);
    struct str low = key_expiry(a, ending->from_ms, S(""));
    struct str high = key_expiry(a, ending->to_ms, S(""));
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error = kv_cursor_open(read, a, low, high, true, &cursor);
    *count = 0;
    while (!error && *count < NOTES_PAGE) {
        struct str key, value;
        bool found;
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found)
            break;
        keys[(*count)++] = arena_str(a, key);
    }
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    if (error)
        return store_error(a, error);
    for (size_t i = 0; i < *count && !error; i++) {
        struct str name = str_from(keys[i], 1 + 8);
        struct stripe *stripe = stripe_of(store, txn_note_hash(name));
        pthread_mutex_lock(&stripe->lock);
        error = end_one(store, a, keys[i], ending->until_ms);
        pthread_mutex_unlock(&stripe->lock);
    }
    return error;
}

static struct error *end_all(struct store *store, struct worker *w, const struct ending *ending)
{
    size_t count;
    do {
        TRY(end_page(store, &w->arena, ending, &count));
        arena_reset(&w->arena);
    } while (count == NOTES_PAGE && !worker_is_stopping(w));
    return NULL;
}

/* Those whose time is over go. Those that would outlive every new one were put by a run whose clock
 * was ahead: they get the longest life there is, from now on. */
static struct error *end_notes(struct store *store, struct worker *w)
{
    int64_t now_ms = store_steady_ms(store), latest_ms = now_ms + IDEMPOTENCY_WINDOW_MS;
    TRY(end_all(store, w, &(struct ending){0, now_ms + 1, 0}));
    return end_all(store, w, &(struct ending){latest_ms + 1, INT64_MAX, latest_ms});
}

/* -- rounds -------------------------------------------------------------------------------------
 */

static struct error *count_anew(struct store *store, struct worker *w)
{
    if (!w->must_count)
        return NULL;
    bool is_done;
    TRY(recount_run(store, w, &is_done));
    w->must_count = !is_done;
    return NULL;
}

/* What a crash would otherwise leave at the values of the last clean close. */
static struct error *save_counts(struct store *store, struct worker *w)
{
    if (!kv_is_persistent(store->kv) || commit_written(store->commit) == w->saved_at)
        return NULL;
    catalog_lock_shared(store);
    struct str counts = catalog_counts_encode(store, &w->arena);
    struct kv_batch *batch = commit_begin(store->commit, &w->saved_at);
    kv_batch_put(batch, key_named(&w->arena, SPACE_META, S("counts")), counts);
    struct error *error = commit_end(store->commit, &w->arena);
    catalog_unlock_shared(store);
    return error;
}

static struct error *roll_streams(struct store *store, struct worker *w)
{
    return stream_roll(store, &w->arena);
}

static struct error *trim_streams(struct store *store, struct worker *w)
{
    return stream_trim(store, &w->arena);
}

enum { MAX_JOBS = 5 };

static const struct job {
    const char *name; /* NULL: no more */
    struct error *(*run)(struct store *store, struct worker *w);
} jobs_of[][MAX_JOBS + 1] = {
    [WORKER_UPKEEP] = {{"filling an index", backfill_run},
                       {"counting items", count_anew},
                       {"expiring items", ttl_sweep},
                       {"expiring notes", end_notes},
                       {"saving counts", save_counts}},
    [WORKER_COPIER] = {{"making a backup", copy_backups},
                       {"restoring a table", copy_tables},
                       {"trimming a history", copy_trim},
                       {"cleaning up", copy_clean}},
    [WORKER_AGER] = {{"rolling shards over", roll_streams}, {"trimming streams", trim_streams}},
};

void worker_round(struct worker *w)
{
    for (const struct job *job = jobs_of[w->kind]; job->name; job++) {
        if (store_failed(w->store) || worker_is_stopping(w))
            return;
        w->busy_since_us = monotonic_us();
        struct error *error = job->run(w->store, w);
        if (error && !store_failed(w->store))
            log_error("storage: %s: %.*s", job->name, STR_ARG(error->message));
        arena_reset(&w->arena);
    }
}

static void *run(void *context)
{
    struct worker *w = context;
    pthread_mutex_lock(&w->lock);
    while (!w->is_stopping) {
        w->is_woken = false;
        pthread_mutex_unlock(&w->lock);
        worker_round(w);
        pthread_mutex_lock(&w->lock);
        wait_ms(w, w->interval_ms, true);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct worker *worker_new(struct store *store, enum worker_kind kind, int64_t interval_ms,
                          bool must_count)
{
    struct worker *w = mem_zalloc(sizeof *w);
    w->store = store;
    w->kind = kind;
    w->interval_ms = interval_ms ? interval_ms : WORKER_INTERVAL_MS;
    w->must_count = must_count;
    arena_init(&w->arena);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (w->interval_ms > 0 && pthread_create(&w->thread, NULL, run, w) != 0)
        abort();
    return w;
}

bool worker_free(struct worker *w)
{
    if (w->interval_ms > 0) {
        pthread_mutex_lock(&w->lock);
        w->is_stopping = true;
        pthread_cond_signal(&w->wake);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
    }
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    arena_clear(&w->arena);
    bool is_exact = !w->must_count;
    free(w);
    return is_exact;
}
