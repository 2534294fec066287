/* Limits: token buckets in the form of GCRA, the generic cell rate algorithm (ITU-T I.371).
 *
 * A key's whole state is one number, `due_us`: the time at which its bucket will be full again.
 * Each event moves it `interval_us` on; it may run ahead of now by burst × interval. A key whose
 * due_us has passed is as good as unknown, so its slot is free for others.
 *
 * The table is split into sets of SLOTS_PER_SET by the key's hash, each set in one cache line pair.
 * In a full set the key that is due first is replaced: it has used least. Keys are told apart by a
 * seeded 64-bit hash: two that collide share a bucket, which nobody can arrange from outside. */
#include "messaging/limits.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdlib.h>

enum { SETS = 4096, SLOTS_PER_SET = 8, LOCKS = 16 };

static const struct {
    int64_t interval_us, burst;
} rules[] = {
    [LIMIT_SEND_USER] = {200000, 60},    [LIMIT_SEND_GROUP] = {20000, 100},
    [LIMIT_NEW_GROUP] = {180000000, 20}, [LIMIT_OPEN_ROUTE] = {50000, 100},
    [LIMIT_SIGN_IN] = {1000000, 30},
};

struct slot {
    uint64_t key;
    int64_t due_us;
};

struct limits {
    const struct clock *clock;
    bool is_off;
    uint64_t seed;
    pthread_mutex_t locks[LOCKS]; /* a set is guarded by its number modulo LOCKS */
    struct slot slots[SETS][SLOTS_PER_SET];
};

struct limits *limits_new(const struct clock *clock, const struct rand_source *rand, bool is_off)
{
    struct limits *l = mem_zalloc(sizeof *l);
    l->clock = clock;
    l->is_off = is_off;
    l->seed = rand_u64(rand) | 1;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&l->locks[i], NULL);
    return l;
}

void limits_free(struct limits *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&l->locks[i]);
    free(l);
}

/* Seeded FNV-1a with a final mix (the constants are those of FNV and of MurmurHash3's fmix64). */
static uint64_t hash_key(const struct limits *l, enum limit limit, struct str key)
{
    uint64_t hash = 0xcbf29ce484222325u ^ l->seed ^ (uint64_t)limit;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.data[i]) * 0x100000001b3u;
    hash = (hash ^ l->seed) * 0xff51afd7ed558ccdu;
    hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
    return hash ^ (hash >> 33);
}

/* The key's slot; one that held another key is emptied. */
static struct slot *slot_of(struct slot *set, uint64_t key)
{
    struct slot *oldest = &set[0];
    for (size_t i = 0; i < SLOTS_PER_SET; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].due_us < oldest->due_us)
            oldest = &set[i];
    }
    *oldest = (struct slot){.key = key};
    return oldest;
}

bool limits_take(struct limits *l, enum limit limit, struct str key, int64_t *retry_after_s)
{
    if (l->is_off)
        return true;
    uint64_t hash = hash_key(l, limit, key), set = hash % SETS;
    int64_t now = clock_monotonic_us(l->clock), interval = rules[limit].interval_us;
    pthread_mutex_lock(&l->locks[set % LOCKS]);
    struct slot *slot = slot_of(l->slots[set], hash);
    int64_t due = (slot->due_us > now ? slot->due_us : now) + interval;
    int64_t too_far = due - now - rules[limit].burst * interval;
    if (too_far <= 0)
        slot->due_us = due;
    pthread_mutex_unlock(&l->locks[set % LOCKS]);
    if (too_far > 0)
        *retry_after_s = (too_far + 999999) / 1000000;
    return too_far <= 0;
}

void limits_give_back(struct limits *l, enum limit limit, struct str key)
{
    if (l->is_off)
        return;
    uint64_t hash = hash_key(l, limit, key), set = hash % SETS;
    pthread_mutex_lock(&l->locks[set % LOCKS]);
    struct slot *slot = slot_of(l->slots[set], hash);
    slot->due_us -= slot->due_us ? rules[limit].interval_us : 0;
    pthread_mutex_unlock(&l->locks[set % LOCKS]);
}
