/* Map: from names to pointers, in memory.
 *
 * Keys are copied; values are the caller's. Not synchronised. */
#pragma once

#include "base/str.h"

struct map_slot;

struct map {
    struct map_slot *slots;
    size_t count, cap;
};

void map_init(struct map *m);
void map_clear(struct map *m);                      /* frees keys and table, not the values */
void *map_get(const struct map *m, struct str key); /* NULL when absent */
void *map_put(struct map *m, struct str key, void *value); /* the old value, or NULL */
void *map_remove(struct map *m, struct str key);           /* the old value, or NULL */
/* Walks in no order: start with *cursor = 0. Not while changing the map. */
bool map_next(const struct map *m, size_t *cursor, struct str *key, void **value);
