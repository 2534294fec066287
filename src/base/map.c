/* Open addressing with linear probing; a removal moves later entries of the run back, so that there
 * are no tombstones. At most three quarters full. */
#include "base/map.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

struct map_slot {
    struct str key; /* data NULL: free */
    uint64_t hash;
    void *value;
};

void map_init(struct map *m)
{
    *m = (struct map){0};
}

void map_clear(struct map *m)
{
    for (size_t i = 0; i < m->cap; i++)
        free((void *)(uintptr_t)m->slots[i].key.data);
    free(m->slots);
    map_init(m);
}

/* The slot of the key, or the free one where it would go. */
static struct map_slot *slot_of(const struct map *m, struct str key, uint64_t hash)
{
    size_t at = hash & (m->cap - 1);
    while (m->slots[at].key.data && !(m->slots[at].hash == hash && str_eq(m->slots[at].key, key)))
        at = (at + 1) & (m->cap - 1);
    return &m->slots[at];
}

void *map_get(const struct map *m, struct str key)
{
    return m->cap ? slot_of(m, key, str_hash(key))->value : NULL;
}

static void grow(struct map *m)
{
    struct map grown = {.cap = m->cap ? m->cap * 2 : 8, .count = m->count};
    grown.slots = mem_zalloc(grown.cap * sizeof *grown.slots);
    for (size_t i = 0; i < m->cap; i++)
        if (m->slots[i].key.data)
            *slot_of(&grown, m->slots[i].key, m->slots[i].hash) = m->slots[i];
    free(m->slots);
    *m = grown;
}

void *map_put(struct map *m, struct str key, void *value)
{
    if ((m->count + 1) * 4 > m->cap * 3)
        grow(m);
    uint64_t hash = str_hash(key);
    struct map_slot *slot = slot_of(m, key, hash);
    void *old = slot->value;
    if (!slot->key.data) {
        char *copy = mem_alloc(key.len);
        if (key.len)
            memcpy(copy, key.data, key.len);
        slot->key = (struct str){copy, key.len};
        slot->hash = hash;
        m->count++;
    }
    slot->value = value;
    return old;
}

void *map_remove(struct map *m, struct str key)
{
    struct map_slot *slot = m->cap ? slot_of(m, key, str_hash(key)) : NULL;
    if (!slot || !slot->key.data)
        return NULL;
    void *old = slot->value;
    free((void *)(uintptr_t)slot->key.data);
    size_t mask = m->cap - 1, hole = (size_t)(slot - m->slots);
    for (size_t at = (hole + 1) & mask; m->slots[at].key.data; at = (at + 1) & mask) {
        size_t home = m->slots[at].hash & mask;
        /* It may move back to the hole unless its home lies between the two. */
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            m->slots[hole] = m->slots[at];
            hole = at;
        }
    }
    m->slots[hole] = (struct map_slot){0};
    m->count--;
    return old;
}

bool map_next(const struct map *m, size_t *cursor, struct str *key, void **value)
{
    for (; *cursor < m->cap; (*cursor)++) {
        const struct map_slot *slot = &m->slots[*cursor];
        if (!slot->key.data)
            continue;
        *key = slot->key;
        *value = slot->value;
        (*cursor)++;
        return true;
    }
    return false;
}
