/* Throttle: token buckets for provisioned capacity.
 *
 * Called by admission.c. A bucket fills with the provisioned units of each second and keeps those
 * of BURST_SECONDS at most; a request takes what it costs. Amounts are halves of units, as in
 * capacity.h; times are microseconds of the monotonic clock, given by the caller. A struct throttle
 * is safe from any thread, a struct bucket is a plain value.
 * Source: AWS "Burst and adaptive capacity": up to five minutes of unused capacity are kept. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { THROTTLE_BURST_SECONDS = 300 };

/* What is left, in millionths of a half. Zeroed: never used. */
struct bucket {
    int64_t level;
    int64_t filled_us;
    int64_t units; /* of each second, 0: never used */
};

/* Brings it up to now, at the rate that was; then the rate is `units`. */
void bucket_fill(struct bucket *b, int64_t units, int64_t now_us);
/* Whether a filled bucket has what the request costs. One that costs more than a second's worth is
 * let through with that, and leaves a debt that later seconds pay. */
bool bucket_has(const struct bucket *b, uint64_t halves);
void bucket_take(struct bucket *b, uint64_t halves);

enum throttle_kind { THROTTLE_READS, THROTTLE_WRITES };

/* What a request needs of one table or index. */
struct demand {
    uint32_t id; /* of the table or index: never used again */
    int64_t units;
    uint64_t halves;
};

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle); /* NULL is nothing */
/* Takes all demands or none: SIZE_MAX, or which one cannot be met. */
size_t throttle_take(struct throttle *throttle, enum throttle_kind kind,
                     const struct demand *demands, size_t count, int64_t now_us);
