/* A bucket between `full` and debt:
 *
 *     full   = 300 s of units     unused seconds are kept up to here
 *     second = 1 s of units       where a new bucket starts: nothing has been left unused yet
 *     0
 *     debt                        after a request of more than a second's worth
 *
 * 1. Over any time a bucket gives no more than its start, its filling, and one request's debt. */
#include "dynamodb/api/throttle.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdlib.h>

#define MILLION 1000000
#define MAX_UNITS 1000000000 /* keeps a full bucket within 64 bits */

static int64_t second_of(const struct bucket *b)
{
    return 2 * b->units * MILLION;
}

static void cap(struct bucket *b)
{
    int64_t full = THROTTLE_BURST_SECONDS * second_of(b);
    if (b->level > full)
        b->level = full;
}

void bucket_fill(struct bucket *b, int64_t units, int64_t now_us)
{
    bool is_new = !b->units;
    int64_t elapsed_us = now_us - b->filled_us;
    if (elapsed_us > THROTTLE_BURST_SECONDS * (int64_t)MILLION)
        elapsed_us = THROTTLE_BURST_SECONDS * (int64_t)MILLION; /* fills it from zero */
    if (!is_new && elapsed_us > 0) {
        b->level += elapsed_us * 2 * b->units;
        cap(b);
    }
    b->filled_us = now_us;
    b->units = units < MAX_UNITS ? units : MAX_UNITS;
    if (is_new)
        b->level = second_of(b);
    cap(b);
}

bool bucket_has(const struct bucket *b, uint64_t halves)
{
    int64_t second = second_of(b);
    bool is_large = halves > (uint64_t)second / MILLION;
    return b->level >= (is_large ? second : (int64_t)halves * MILLION);
}

void bucket_take(struct bucket *b, uint64_t halves)
{
    b->level -= (int64_t)halves * MILLION;
}

/* -- all buckets ------------------------------------------------------------------------------- */

/* Of one table or index. */
struct pair {
    uint32_t id;
    struct bucket buckets[2]; /* by throttle_kind */
};

struct throttle {
    pthread_mutex_t lock; /* guards all below */
    struct pair *pairs;   /* by rising id */
    size_t count, cap;
};

struct throttle *throttle_new(void)
{
    struct throttle *t = mem_zalloc(sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void throttle_free(struct throttle *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    free(t->pairs);
    free(t);
}

static size_t place_of(const struct throttle *t, uint32_t id)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->pairs[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct pair *pair_of(struct throttle *t, uint32_t id)
{
    size_t at = place_of(t, id);
    if (at < t->count && t->pairs[at].id == id)
        return &t->pairs[at];
    if (t->count == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 16;
        t->pairs = mem_realloc(t->pairs, t->cap * sizeof *t->pairs);
    }
    for (size_t i = t->count++; i > at; i--)
        t->pairs[i] = t->pairs[i - 1];
    t->pairs[at] = (struct pair){.id = id};
    return &t->pairs[at];
}

size_t throttle_take(struct throttle *t, enum throttle_kind kind, const struct demand *demands,
                     size_t count, int64_t now_us)
{
    size_t refused = SIZE_MAX;
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < count && refused == SIZE_MAX; i++) {
        struct bucket *b = &pair_of(t, demands[i].id)->buckets[kind];
        bucket_fill(b, demands[i].units, now_us);
        if (!bucket_has(b, demands[i].halves))
            refused = i;
    }
    for (size_t i = 0; i < count && refused == SIZE_MAX; i++)
        bucket_take(&pair_of(t, demands[i].id)->buckets[kind], demands[i].halves);
    pthread_mutex_unlock(&t->lock);
    return refused;
}
