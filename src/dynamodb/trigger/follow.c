#include "dynamodb/trigger/follow.h"

#include "base/log.h"
#include "dynamodb/api/position.h"
#include "dynamodb/storage/catalog.h"
#include "dynamodb/trigger/checkpoint.h"

#include <stdlib.h>
#include <string.h>

/* -- lanes ------------------------------------------------------------------------------------- */

static struct lane *find_lane(const struct follow *f, uint32_t shard_id)
{
    for (size_t i = 0; i < f->lane_count; i++)
        if (f->lanes[i].shard_id == shard_id)
            return &f->lanes[i];
    return NULL;
}

static void add_lane(struct follow *f, const struct shard *shard, uint64_t next)
{
    if (f->lane_count == f->lane_cap) {
        f->lane_cap = f->lane_cap ? 2 * f->lane_cap : 8;
        f->lanes = mem_realloc(f->lanes, f->lane_cap * sizeof *f->lanes);
    }
    f->lanes[f->lane_count++] = (struct lane){.shard_id = shard->id,
                                              .parent_id = shard->parent_id,
                                              .created_ms = shard->created_ms,
                                              .next = next};
}

/* Shards that have no lane yet begin where they begin. */
static struct error *add_shards(struct arena *a, struct follow *f, bool from_latest)
{
    const struct shard *shards;
    size_t count;
    TRY(stream_shards(f->store, a, f->stream_id, &shards, &count));
    for (size_t i = 0; i < count; i++) {
        uint64_t next = shards[i].first_sequence;
        if (from_latest)
            next = shards[i].last_sequence ? shards[i].last_sequence + 1
                                           : stream_latest(f->store, f->stream_id, shards[i].id);
        if (!find_lane(f, shards[i].id))
            add_lane(f, &shards[i], next);
    }
    return NULL;
}

static bool is_finished(const struct follow *f)
{
    for (size_t i = 0; i < f->lane_count; i++)
        if (!f->lanes[i].is_done || f->lanes[i].is_busy)
            return false;
    return true;
}

/* -- streams ----------------------------------------------------------------------------------- */

static void enter_stream(struct arena *a, struct follow *f, const struct stream *s)
{
    struct stream_name name = {s->table_name, s->created_ms};
    arena_reset(&f->arena);
    f->stream_arn = arena_str(&f->arena, stream_arn(a, f->region, f->account_id, &name));
    f->stream_id = s->id;
    f->view = s->view;
    f->lane_count = 0;
}

static const struct stream *find_stream(const struct stream *streams, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (streams[i].id == id)
            return &streams[i];
    return NULL;
}

/* The oldest of those made after `id`: ids only rise. */
static const struct stream *next_stream(const struct stream *streams, size_t count, uint32_t id)
{
    const struct stream *next = NULL;
    for (size_t i = 0; i < count; i++)
        if (streams[i].id > id && (!next || streams[i].id < next->id))
            next = &streams[i];
    return next;
}

struct error *follow_refresh(struct arena *a, struct follow *f)
{
    const struct stream *streams;
    size_t count;
    TRY(stream_list(f->store, a, f->mapping->table, &streams, &count));
    bool is_past = !find_stream(streams, count, f->stream_id);
    if (!is_past)
        TRY(add_shards(a, f, false));
    for (size_t i = 0; i < f->lane_count; i++) {
        f->lanes[i].idle_at = 0; /* a closing leaves no record that would show it */
        is_past &= !f->lanes[i].is_busy;
    }
    const struct stream *next = next_stream(streams, count, f->stream_id);
    if (!next || !(is_past || is_finished(f)))
        return NULL;
    enter_stream(a, f, next);
    TRY(add_shards(a, f, false));
    return follow_save(a, f);
}

/* -- picking ----------------------------------------------------------------------------------- */

struct lane *follow_pick(struct follow *f, uint64_t watermark, int64_t now_us)
{
    for (size_t i = 0; i < f->lane_count; i++) {
        struct lane *lane = &f->lanes[(f->turn + i) % f->lane_count];
        const struct lane *parent = find_lane(f, lane->parent_id);
        if ((parent && !parent->is_done) || !lane_is_due(lane, f->mapping, watermark, now_us))
            continue;
        f->turn = (size_t)(lane - f->lanes) + 1;
        return lane;
    }
    return NULL;
}

/* -- the checkpoint ---------------------------------------------------------------------------- */

struct error *follow_save(struct arena *a, struct follow *f)
{
    struct checkpoint c = {.stream_id = f->stream_id, .shard_count = f->lane_count};
    uint64_t sequence;
    c.shards = arena_array(a, struct checkpoint_shard, f->lane_count + 1);
    for (size_t i = 0; i < f->lane_count; i++) {
        c.shards[i] = (struct checkpoint_shard){f->lanes[i].shard_id, f->lanes[i].next};
        f->lanes[i].has_passed = false;
    }
    return catalog_note_put(f->store, a, checkpoint_name(a, f->mapping), checkpoint_encode(a, &c),
                            &sequence);
}

static void restore_lanes(struct follow *f, const struct checkpoint *c)
{
    for (size_t i = 0; i < c->shard_count; i++) {
        struct lane *lane = find_lane(f, c->shards[i].shard_id);
        if (lane && lane->next < c->shards[i].next)
            lane->next = c->shards[i].next;
    }
}

static struct error *resume(struct arena *a, struct follow *f, const struct checkpoint *c)
{
    const struct stream *streams;
    size_t count;
    TRY(stream_list(f->store, a, f->mapping->table, &streams, &count));
    const struct stream *s = find_stream(streams, count, c->stream_id);
    f->stream_id = c->stream_id;
    if (!s)
        return NULL; /* none yet, or past its time: refreshing finds the next */
    enter_stream(a, f, s);
    TRY(add_shards(a, f, false));
    restore_lanes(f, c);
    return NULL;
}

/* The newest stream, where the mapping wants to begin; without one, the first that comes. */
static struct error *begin(struct arena *a, struct follow *f)
{
    const struct stream *streams, *newest = NULL;
    size_t count;
    TRY(stream_list(f->store, a, f->mapping->table, &streams, &count));
    for (size_t i = 0; i < count; i++)
        if (!newest || streams[i].id > newest->id)
            newest = &streams[i];
    if (newest) {
        enter_stream(a, f, newest);
        TRY(add_shards(a, f, f->mapping->from_latest));
    }
    return follow_save(a, f);
}

struct error *follow_open(struct arena *a, struct follow *f)
{
    struct checkpoint c;
    struct str text;
    bool found;
    TRY(catalog_note_get(f->store, a, checkpoint_name(a, f->mapping), &text, &found));
    if (!found)
        return begin(a, f);
    if (checkpoint_decode(a, text, &c))
        return resume(a, f, &c);
    return error_new(a, &error_InternalServerError, "the checkpoint of %.*s cannot be read",
                     STR_ARG(checkpoint_name(a, f->mapping)));
}

void follow_close(struct follow *f)
{
    free(f->lanes);
    arena_clear(&f->arena);
}
