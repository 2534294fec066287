#include "dynamodb/api/transient.h"

#include "base/map.h"
#include "base/vec.h"

#include <pthread.h>
#include <stdlib.h>

struct under_way {
    struct transient_change change;
    int64_t until_us;
    struct arena arena; /* of the change's texts */
};

struct transient {
    int64_t lasts_us;
    pthread_mutex_t lock; /* guards the map */
    struct map by_table;  /* name -> struct under_way; those that are over go when they are met */
};

struct transient *transient_new(int64_t lasts_ms)
{
    struct transient *t = mem_zalloc(sizeof *t);
    t->lasts_us = lasts_ms * 1000;
    pthread_mutex_init(&t->lock, NULL);
    map_init(&t->by_table);
    return t;
}

static void forget(struct under_way *u)
{
    if (!u)
        return;
    arena_clear(&u->arena);
    free(u);
}

void transient_free(struct transient *t)
{
    size_t cursor = 0;
    struct str name;
    void *value;
    if (!t)
        return;
    while (map_next(&t->by_table, &cursor, &name, &value))
        forget(value);
    map_clear(&t->by_table);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static void copy_change(struct arena *a, const struct transient_change *from,
                        struct transient_change *to)
{
    *to = *from;
    to->table = arena_str(a, from->table);
    to->description = arena_str(a, from->description);
}

void transient_begin(struct transient *t, const struct transient_change *change, int64_t now_us)
{
    struct under_way *u = mem_zalloc(sizeof *u);
    arena_init(&u->arena);
    copy_change(&u->arena, change, &u->change);
    u->until_us = now_us + t->lasts_us;
    pthread_mutex_lock(&t->lock);
    forget(map_put(&t->by_table, change->table, u));
    pthread_mutex_unlock(&t->lock);
}

bool transient_find(struct transient *t, struct arena *a, struct str table, int64_t now_us,
                    struct transient_change *out)
{
    pthread_mutex_lock(&t->lock);
    struct under_way *u = map_get(&t->by_table, table);
    bool is_over = u && now_us >= u->until_us;
    if (is_over)
        forget(map_remove(&t->by_table, table));
    else if (u)
        copy_change(a, &u->change, out);
    pthread_mutex_unlock(&t->lock);
    return u && !is_over;
}

static int compare_names(const void *x, const void *y)
{
    return str_compare(*(const struct str *)x, *(const struct str *)y);
}

size_t transient_deleted(struct transient *t, struct arena *a, struct str after, int64_t now_us,
                         struct str **out)
{
    VEC(struct str) names = {0};
    size_t cursor = 0;
    struct str name;
    void *value;
    pthread_mutex_lock(&t->lock);
    while (map_next(&t->by_table, &cursor, &name, &value)) {
        const struct under_way *u = value;
        if (u->change.status == STATUS_DELETING && now_us < u->until_us &&
            str_compare(name, after) > 0)
            VEC_PUSH(a, &names, arena_str(a, name));
    }
    pthread_mutex_unlock(&t->lock);
    if (names.count)
        qsort(names.items, names.count, sizeof *names.items, compare_names);
    *out = names.items;
    return names.count;
}

/* -- for operations ------------------------------------------------------------------------------
 */

static bool find(struct op *op, struct str name, struct transient_change *out)
{
    return op->transient && transient_find(op->transient, op->arena, table_name_of(name),
                                           clock_monotonic_us(op->clock), out);
}

void change_begin(struct op *op, struct str name, enum status status, uint32_t index_id,
                  size_t start)
{
    if (!op->transient)
        return;
    const struct transient_change change = {
        .table = table_name_of(name),
        .status = status,
        .description = str_from(buf_str(op->reply->out), start),
        .index_id = index_id,
    };
    transient_begin(op->transient, &change, clock_monotonic_us(op->clock));
}

struct error *change_check(struct op *op, struct str name)
{
    struct transient_change c;
    if (!find(op, name, &c))
        return NULL;
    return error_new(op->arena, &error_ResourceInUseException,
                     "Attempt to change a resource which is still in use: Table is being %s: %.*s",
                     c.status == STATUS_CREATING   ? "created"
                     : c.status == STATUS_DELETING ? "deleted"
                                                   : "updated",
                     STR_ARG(c.table));
}

bool change_describe(struct op *op, struct str name)
{
    struct transient_change c;
    if (!find(op, name, &c))
        return false;
    json_raw(op->reply, c.description);
    return true;
}

bool change_is(struct op *op, struct str name, enum status status)
{
    struct transient_change c;
    return find(op, name, &c) && c.status == status;
}

bool change_creates_index(struct op *op, const struct table *t, const struct index *index)
{
    struct transient_change c;
    return op->transient && index->is_global && find(op, t->name, &c) && c.index_id &&
           index->id >= c.index_id;
}

/* Ids are not used again, and no table's name has a slash. */
static struct str ttl_name(struct op *op, const struct table *t)
{
    return arena_printf(op->arena, "ttl/%u", t->id);
}

void change_ttl_begin(struct op *op, const struct table *t, struct str attribute)
{
    if (!op->transient)
        return;
    const struct transient_change change = {
        .table = ttl_name(op, t), .status = STATUS_UPDATING, .description = attribute};
    transient_begin(op->transient, &change, clock_monotonic_us(op->clock));
}

bool change_ttl(struct op *op, const struct table *t, struct str *attribute)
{
    struct transient_change c;
    if (!op->transient || !transient_find(op->transient, op->arena, ttl_name(op, t),
                                          clock_monotonic_us(op->clock), &c))
        return false;
    *attribute = c.description;
    return true;
}
