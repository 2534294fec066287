/* The form, which is never empty, so that a mapping that was once started is told from a new one:
 *
 *     1 STREAM { " " SHARD ":" NEXT }                          decimal numbers; 1 and 2 are the
 *     2 STREAM " " PARTS { " " SHARD "." PART ":" NEXT }       versions: without parts, and with */
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
    if (c->parts > 1)
        buf_printf(&out, "2 %u %u", c->stream_id, c->parts);
    else
        buf_printf(&out, "1 %u", c->stream_id);
    for (size_t i = 0; i < c->shard_count; i++) {
        const struct checkpoint_shard *s = &c->shards[i];
        buf_printf(&out, " %u", s->shard_id);
        if (c->parts > 1)
            buf_printf(&out, ".%u", s->part);
        buf_printf(&out, ":%llu", (unsigned long long)s->next);
    }
    struct str text = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return text;
}

static bool take_number(struct str text, uint64_t most, uint64_t *out)
{
    return text.len && str_to_u64(text, most, out);
}

/* SHARD or SHARD "." PART */
static bool take_shard(struct str text, uint32_t parts, struct checkpoint_shard *out)
{
    struct str id;
    uint64_t shard_id, part = 0;
    bool has_part = str_cut(&text, '.', &id);
    if (has_part != (parts > 1) || !take_number(id, UINT32_MAX, &shard_id) ||
        (has_part && !take_number(text, parts - 1, &part)))
        return false;
    out->shard_id = (uint32_t)shard_id;
    out->part = (uint32_t)part;
    return true;
}

bool checkpoint_decode(struct arena *a, struct str text, struct checkpoint *out)
{
    VEC(struct checkpoint_shard) shards = {0};
    struct str version, word, shard;
    uint64_t stream_id, parts = 1;
    str_cut(&text, ' ', &version);
    str_cut(&text, ' ', &word);
    bool has_parts = str_eq(version, S("2"));
    if ((!has_parts && !str_eq(version, S("1"))) || !take_number(word, UINT32_MAX, &stream_id))
        return false;
    if (has_parts) {
        str_cut(&text, ' ', &word);
        if (!take_number(word, UINT32_MAX, &parts) || parts < 2)
            return false;
    }
    *out = (struct checkpoint){.stream_id = (uint32_t)stream_id, .parts = (uint32_t)parts};
    while (text.len) {
        struct checkpoint_shard at;
        str_cut(&text, ' ', &word);
        if (!str_cut(&word, ':', &shard) || !take_shard(shard, out->parts, &at) ||
            !take_number(word, UINT64_MAX, &at.next))
            return false;
        VEC_PUSH(a, &shards, at);
    }
    out->shards = shards.items;
    out->shard_count = shards.count;
    return true;
}
