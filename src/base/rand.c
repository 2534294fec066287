#include "base/rand.h"

#include "base/attributes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void fill_from_system(void *context, void *out, size_t count)
{
    (void)context;
    char *at = out;
    while (count) {
        ssize_t got = getrandom(at, count, 0);
        if (got < 0 && errno != EINTR)
            abort(); /* without chance there are no keys and no identifiers */
        if (got > 0) {
            at += got;
            count -= (size_t)got;
        }
    }
}

const struct rand_source rand_system = {fill_from_system, NULL};

/* SplitMix64 (Steele, Lea, Flood 2014): one word of state, every seed is good. */
static uint64_t next_word(struct rand_seeded *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void fill_from_seed(void *context, void *out, size_t count)
{
    char *at = out;
    while (count) {
        uint64_t word = next_word(context);
        size_t part = count < sizeof word ? count : sizeof word;
        memcpy(at, &word, part);
        at += part;
        count -= part;
    }
}

struct rand_source rand_seeded(struct rand_seeded *state)
{
    return (struct rand_source){fill_from_seed, state};
}

void rand_fill(const struct rand_source *r, void *out, size_t count)
{
    r->fill(r->context, out, count);
}

uint64_t rand_u64(const struct rand_source *r)
{
    uint64_t word;
    rand_fill(r, &word, sizeof word);
    return word;
}

uint64_t rand_below(const struct rand_source *r, uint64_t limit)
{
    /* Drops the top of the range that would favour small numbers. */
    uint64_t top = UINT64_MAX - UINT64_MAX % limit, word;
    do
        word = rand_u64(r);
    while (word >= top);
    return word % limit;
}

struct str rand_uuid(const struct rand_source *r, char *out)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t bytes[16];
    rand_fill(r, bytes, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80); /* variant 10 */
    char *at = out;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = hex[bytes[i] >> 4];
        *at++ = hex[bytes[i] & 15];
    }
    *at = '\0';
    return (struct str){out, RAND_UUID_BYTES - 1};
}
