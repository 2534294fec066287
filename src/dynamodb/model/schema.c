#include "dynamodb/model/schema.h"

#include "base/clock.h"

const struct index *table_index(const struct table *t, struct str name)
{
    for (size_t i = 0; i < t->index_count; i++)
        if (str_eq(t->indexes[i].name, name))
            return &t->indexes[i];
    return NULL;
}

struct str table_arn(struct arena *a, const struct table *t, struct str region, struct str account)
{
    return arena_printf(a, "arn:aws:dynamodb:%.*s:%.*s:table/%.*s", STR_ARG(region),
                        STR_ARG(account), STR_ARG(t->name));
}

static bool schema_has(const struct key_schema *keys, struct str name)
{
    for (size_t i = 0; i < keys->partition_count; i++)
        if (str_eq(keys->partition[i].name, name))
            return true;
    for (size_t i = 0; i < keys->sort_count; i++)
        if (str_eq(keys->sort[i].name, name))
            return true;
    return false;
}

bool table_has_key(const struct table *t, struct str name)
{
    return schema_has(&t->keys, name);
}

bool index_has_key(const struct table *t, const struct index *index, struct str name)
{
    return schema_has(&t->keys, name) || (index && schema_has(&index->keys, name));
}

/* An ISO 8601 time in UTC, to the millisecond and without a zone. */
struct str stream_label(struct arena *a, int64_t created_ms)
{
    char stamp[CLOCK_STAMP_BYTES];
    return arena_str(a, str_slice(clock_stamp(created_ms * 1000, stamp), 0, 23));
}
