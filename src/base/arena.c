#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)8 << 10)
#define LARGEST_CHUNK_BYTES ((size_t)256 << 10)
#define KEPT_BYTES ((size_t)64 << 10)

struct arena_chunk {
    struct arena_chunk *next;
    size_t size_bytes; /* of what follows the header */
    _Alignas(max_align_t) char bytes[];
};

static NO_RETURN void die_out_of_memory(size_t size_bytes)
{
    fprintf(stderr, "cruddur: out of memory (%zu bytes)\n", size_bytes);
    abort();
}

void *mem_alloc(size_t size_bytes)
{
    void *memory = malloc(size_bytes ? size_bytes : 1);
    if (!memory)
        die_out_of_memory(size_bytes);
    return memory;
}

void *mem_zalloc(size_t size_bytes)
{
    void *memory = calloc(1, size_bytes ? size_bytes : 1);
    if (!memory)
        die_out_of_memory(size_bytes);
    return memory;
}

void *mem_realloc(void *old, size_t size_bytes)
{
    void *memory = realloc(old, size_bytes ? size_bytes : 1);
    if (!memory)
        die_out_of_memory(size_bytes);
    return memory;
}

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

void arena_clear(struct arena *a)
{
    for (struct arena_chunk *chunk = a->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    arena_init(a);
}

static void use_chunk(struct arena *a, struct arena_chunk *chunk)
{
    a->at = chunk->bytes;
    a->end = chunk->bytes + chunk->size_bytes;
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *kept = NULL;
    for (struct arena_chunk *chunk = a->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        if (!kept && chunk->size_bytes <= KEPT_BYTES)
            kept = chunk;
        else
            free(chunk);
    }
    arena_init(a);
    if (!kept)
        return;
    kept->next = NULL;
    a->chunks = kept;
    a->total_bytes = kept->size_bytes;
    use_chunk(a, kept);
}

/* Chunks double with what the arena holds, so that a large request makes few of them. A piece
 * larger than the next chunk gets one of its own behind the newest, whose free rest stays in use.
 */
void *arena_alloc_slowly(struct arena *a, size_t size_bytes)
{
    const size_t align = _Alignof(max_align_t);
    if (size_bytes > SIZE_MAX / 2)
        die_out_of_memory(size_bytes);
    size_bytes = size_bytes ? (size_bytes + align - 1) & ~(align - 1) : align;
    size_t usual = a->total_bytes < CHUNK_BYTES ? CHUNK_BYTES : a->total_bytes;
    if (usual > LARGEST_CHUNK_BYTES)
        usual = LARGEST_CHUNK_BYTES;
    bool is_own = size_bytes > usual / 2;
    size_t chunk_bytes = is_own ? size_bytes : usual;
    struct arena_chunk *chunk = mem_alloc(sizeof *chunk + chunk_bytes);
    chunk->size_bytes = chunk_bytes;
    a->total_bytes += chunk_bytes;
    if (is_own && a->chunks) {
        chunk->next = a->chunks->next;
        a->chunks->next = chunk;
        return chunk->bytes;
    }
    chunk->next = a->chunks;
    a->chunks = chunk;
    use_chunk(a, chunk);
    a->at += size_bytes;
    return chunk->bytes;
}

void *arena_zalloc(struct arena *a, size_t size_bytes)
{
    return memset(arena_alloc(a, size_bytes), 0, size_bytes);
}

struct str arena_str(struct arena *a, struct str s)
{
    if (s.len == 0)
        return S("");
    return (struct str){memcpy(arena_alloc(a, s.len), s.data, s.len), s.len};
}

const char *arena_z(struct arena *a, struct str s)
{
    char *text = arena_alloc(a, s.len + 1);
    if (s.len)
        memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    return text;
}

struct str arena_vprintf(struct arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0)
        abort();
    char *text = arena_alloc(a, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return (struct str){text, (size_t)len};
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str text = arena_vprintf(a, format, args);
    va_end(args);
    return text;
}

struct str arena_join(struct arena *a, struct str first, struct str second)
{
    char *text = arena_alloc(a, first.len + second.len + 1);
    if (first.len)
        memcpy(text, first.data, first.len);
    if (second.len)
        memcpy(text + first.len, second.data, second.len);
    return (struct str){text, first.len + second.len};
}
