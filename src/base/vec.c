#include "base/vec.h"

void *vec_grow(struct arena *a, const void *items, size_t item_size, size_t count, size_t *cap)
{
    *cap = *cap ? *cap * 2 : 8;
    void *grown = arena_alloc(a, *cap * item_size);
    if (count)
        memcpy(grown, items, count * item_size);
    return grown;
}
