/* Rand: chance as a parameter, so that one seed repeats a run.
 *
 * The system's source for keys and identifiers, or a seeded one for tests. A struct rand_source is
 * safe from any thread when its fill is. */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct rand_source {
    void (*fill)(void *context, void *out, size_t count);
    void *context;
};

extern const struct rand_source rand_system; /* getrandom(2) */

struct rand_seeded {
    uint64_t state;
};
struct rand_source rand_seeded(struct rand_seeded *state); /* one thread only */

void rand_fill(const struct rand_source *r, void *out, size_t count);
uint64_t rand_u64(const struct rand_source *r);
uint64_t rand_below(const struct rand_source *r, uint64_t limit);
/* A version 4 UUID (RFC 9562), 36 characters in lower case; `out` holds RAND_UUID_BYTES. */
#define RAND_UUID_BYTES 37
struct str rand_uuid(const struct rand_source *r, char *out);
