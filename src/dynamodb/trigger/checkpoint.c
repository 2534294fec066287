/* The form, which is never empty, so that a mapping that was once started is told from a new one:
 *
 *     1 STREAM { " " SHARD ":" NEXT }        decimal numbers; 1 is the version of the form */
#include "dynamodb/trigger/checkpoint.h"

#include "base/buf.h"
#include "base/vec.h"

struct str checkpoint_name(struct arena *a, const struct mapping *m)
{
    return arena_printf(a, "trigger/%.*s %.*s", STR_ARG(m->table), STR_ARG(m->url));
}

struct str checkpoint_encode(struct arena *a, const struct checkpoint *c)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    buf_printf(&out, "1 %u", c->stream_id);
    for (size_t i = 0; i < c->shard_count; i++)
        buf_printf(&out, " %u:%llu", c->shards[i].shard_id, (unsigned long long)c->shards[i].next);
    struct str text = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return text;
}

static bool take_number(struct str text, uint64_t most, uint64_t *out)
{
    return text.len && str_to_u64(text, most, out);
}

bool checkpoint_decode(struct arena *a, struct str text, struct checkpoint *out)
{
    VEC(struct checkpoint_shard) shards = {0};
    struct str version, word, id;
    uint64_t number, next;
    str_cut(&text, ' ', &version);
    str_cut(&text, ' ', &word);
    if (!str_eq(version, S("1")) || !take_number(word, UINT32_MAX, &number))
        return false;
    out->stream_id = (uint32_t)number;
    while (text.len) {
        str_cut(&text, ' ', &word);
        if (!str_cut(&word, ':', &id) || !take_number(id, UINT32_MAX, &number) ||
            !take_number(word, UINT64_MAX, &next))
            return false;
        VEC_PUSH(a, &shards, (struct checkpoint_shard){(uint32_t)number, next});
    }
    out->shards = shards.items;
    out->shard_count = shards.count;
    return true;
}
