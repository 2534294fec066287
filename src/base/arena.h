/* Arena: memory of one request, given back at once.
 *
 * Everything that lives as long as a request (or a connection's event) comes from its arena, which
 * is passed as a parameter. There is no free of single objects. Out of memory aborts. Not safe to
 * share between threads; hand the whole arena over instead. */
#pragma once

#include "base/attributes.h"
#include "base/str.h"

#include <stdarg.h>

struct arena_chunk;

struct arena {
    char *at, *end;             /* free part of the newest chunk */
    struct arena_chunk *chunks; /* newest first */
    size_t total_bytes;         /* what all chunks hold */
};

void arena_init(struct arena *a); /* takes no memory before the first use */
void arena_clear(struct arena *a);
/* Forgets everything; keeps one chunk of at most 64 KB for the next use. */
void arena_reset(struct arena *a);

void *arena_alloc_slowly(struct arena *a, size_t size_bytes); /* arena_alloc with a new chunk */
/* Aligned for any type, not zeroed, never NULL. */
static inline void *arena_alloc(struct arena *a, size_t size_bytes)
{
    const size_t align = _Alignof(max_align_t);
    size_t rounded = size_bytes ? (size_bytes + align - 1) & ~(align - 1) : align;
    if (rounded < size_bytes || rounded > (size_t)(a->end - a->at))
        return arena_alloc_slowly(a, size_bytes);
    void *memory = a->at;
    a->at += rounded;
    return memory;
}
void *arena_zalloc(struct arena *a, size_t size_bytes);
#define arena_new(a, type) ((type *)arena_zalloc((a), sizeof(type)))
#define arena_array(a, type, count) ((type *)arena_zalloc((a), sizeof(type) * (count)))

struct str arena_str(struct arena *a, struct str s); /* a copy */
const char *arena_z(struct arena *a, struct str s);  /* a copy with a terminator */
struct str arena_printf(struct arena *a, const char *format, ...) PRINTF_LIKE(2, 3);
struct str arena_vprintf(struct arena *a, const char *format, va_list args) PRINTF_LIKE(2, 0);
struct str arena_join(struct arena *a, struct str first, struct str second);

/* The plain allocator, which dies rather than return NULL. */
void *mem_alloc(size_t size_bytes);
void *mem_zalloc(size_t size_bytes);
void *mem_realloc(void *old, size_t size_bytes);
