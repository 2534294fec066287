/* Vec: a growing array in an arena.
 *
 *     VEC(struct str) names = {0};
 *     VEC_PUSH(arena, &names, name);
 *     for (size_t i = 0; i < names.count; i++) use(names.items[i]);
 *
 * Old storage stays in the arena until the arena goes. */
#pragma once

#include "base/arena.h"

#include <string.h>

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count, cap;                                                                         \
    }

#define VEC_PUSH(arena, vec, ...)                                                                  \
    do {                                                                                           \
        if ((vec)->count == (vec)->cap)                                                            \
            (vec)->items =                                                                         \
                vec_grow((arena), (vec)->items, sizeof *(vec)->items, (vec)->count, &(vec)->cap);  \
        (vec)->items[(vec)->count++] = (__VA_ARGS__);                                              \
    } while (0)

/* Storage for twice as many, with what was there copied. */
void *vec_grow(struct arena *a, const void *items, size_t item_size, size_t count, size_t *cap);
