/* A table of entries with open addressing, which only fills up:
 *
 *     slots[hash], slots[hash + 1], …, PROBES of them: the entry, or NULL: not kept
 *     seen[hash][…]: the upper halves of the hashes of the last texts that were not found, the
 *                    newest first; a mark lost to a race is made again the next time
 *
 * Entries are complete when they are put into their slot, and never change. */
#include "dynamodb/api/programs.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SLOTS = 2048, PROBES = 8, SETS = 256, WAYS = 4, LONGEST_TEXT = 1024 };

struct entry {
    enum expr_kind kind;
    struct str text;
    const struct program *program;
};

struct programs {
    _Atomic(const struct entry *) slots[SLOTS];
    _Atomic uint32_t seen[SETS][WAYS];
    size_t max_bytes;
    pthread_mutex_t lock; /* guards the members below, and filling slots */
    struct arena arena;   /* of entries and their programs */
    size_t count;
};

struct programs *programs_new(size_t max_bytes)
{
    struct programs *p = mem_zalloc(sizeof *p);
    p->max_bytes = max_bytes;
    pthread_mutex_init(&p->lock, NULL);
    arena_init(&p->arena);
    return p;
}

void programs_free(struct programs *programs)
{
    if (!programs)
        return;
    pthread_mutex_destroy(&programs->lock);
    arena_clear(&programs->arena);
    free(programs);
}

size_t programs_count(struct programs *programs)
{
    pthread_mutex_lock(&programs->lock);
    size_t count = programs->count;
    pthread_mutex_unlock(&programs->lock);
    return count;
}

/* The program, or NULL with the free slot where it would be; *slot is NULL when there is none. */
static const struct program *look_up(struct programs *p, uint64_t hash, enum expr_kind kind,
                                     struct str text, _Atomic(const struct entry *) **slot)
{
    for (size_t i = 0; i < PROBES; i++) {
        *slot = &p->slots[(hash + i) % SLOTS];
        const struct entry *e = atomic_load_explicit(*slot, memory_order_acquire);
        if (!e)
            return NULL;
        if (e->kind == kind && str_eq(e->text, text))
            return e->program;
    }
    *slot = NULL;
    return NULL;
}

/* Whether a text came lately. Now it has. */
static bool came_before(struct programs *p, uint64_t hash)
{
    _Atomic uint32_t *set = p->seen[hash % SETS];
    uint32_t mark = (uint32_t)(hash >> 32);
    for (size_t i = 0; i < WAYS; i++)
        if (atomic_load_explicit(&set[i], memory_order_relaxed) == mark)
            return true;
    for (size_t i = WAYS - 1; i > 0; i--)
        atomic_store_explicit(&set[i], atomic_load_explicit(&set[i - 1], memory_order_relaxed),
                              memory_order_relaxed);
    atomic_store_explicit(&set[0], mark, memory_order_relaxed);
    return false;
}

static size_t used_bytes(const struct programs *p)
{
    return p->arena.total_bytes - (size_t)(p->arena.end - p->arena.at);
}

static void keep(struct programs *p, uint64_t hash, enum expr_kind kind, struct str text)
{
    _Atomic(const struct entry *) *slot;
    pthread_mutex_lock(&p->lock);
    if (!look_up(p, hash, kind, text, &slot) && slot && used_bytes(p) < p->max_bytes) {
        struct entry *e = arena_new(&p->arena, struct entry);
        e->kind = kind;
        e->text = arena_str(&p->arena, text);
        struct error *error = expr_parse(&p->arena, kind, text, &e->program);
        assert(!error); /* it has been parsed already */
        atomic_store_explicit(slot, e, memory_order_release);
        p->count++;
    }
    pthread_mutex_unlock(&p->lock);
}

struct error *programs_find(struct programs *programs, struct arena *a, enum expr_kind kind,
                            struct str text, const struct program **out)
{
    _Atomic(const struct entry *) *slot;
    if (text.len > LONGEST_TEXT)
        return expr_parse(a, kind, text, out);
    uint64_t hash = str_hash(text) + kind;
    *out = look_up(programs, hash, kind, text, &slot);
    if (*out)
        return NULL;
    TRY(expr_parse(a, kind, text, out));
    if (slot && came_before(programs, hash))
        keep(programs, hash, kind, text);
    return NULL;
}
