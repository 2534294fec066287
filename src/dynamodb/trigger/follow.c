#include "dynamodb/trigger/follow.h"

#include "base/log.h"
#include "dynamodb/api/position.h"
#include "dynamodb/storage/catalog.h"
#include "dynamodb/trigger/checkpoint.h"

#include <assert.h>
#include <stdlib.h>

enum { SHARDS_MAX = 64 }; /* at once: a long tree is gone through piece by piece */

/* -- lanes ------------------------------------------------------------------------------------- */

static const struct lane *find_parent(const struct follow *f, const struct lane *lane)
{
    for (size_t i = 0; i < f->lane_count; i++)
        if (f->lanes[i].shard_id == lane->parent_id && f->lanes[i].part == lane->part)
            return &f->lanes[i];
    return NULL;
}

static bool has_child(const struct follow *f, uint32_t shard_id)
{
    for (size_t i = 0; i < f->lane_count; i++)
        if (f->lanes[i].parent_id == shard_id)
            return true;
    return false;
}

/* 0: there is none. */
static uint32_t newest_lane(const struct follow *f)
{
    uint32_t newest = 0;
    for (size_t i = 0; i < f->lane_count; i++)
        if (f->lanes[i].shard_id > newest)
            newest = f->lanes[i].shard_id;
    return newest;
}

static void add_lane(struct follow *f, const struct shard *shard, uint32_t part, uint64_t next)
{
    if (f->lane_count == f->lane_cap) {
        f->lane_cap = f->lane_cap ? 2 * f->lane_cap : 8;
        f->lanes = mem_realloc(f->lanes, f->lane_cap * sizeof *f->lanes);
    }
    f->lanes[f->lane_count++] = (struct lane){.shard_id = shard->id,
                                              .parent_id = shard->parent_id,
                                              .part = part,
                                              .created_ms = shard->created_ms,
                                              .next = next};
}

static void add_lanes(struct follow *f, const struct shard *shard, uint64_t next)
{
    for (uint32_t part = 0; part < f->mapping->parts; part++)
        add_lane(f, shard, part, next);
}

/* Shards behind the newest that has a lane, oldest first: as many as the lanes have room for. They
 * begin where they begin. */
static struct error *add_shards(struct arena *a, struct follow *f)
{
    const struct shard *shards;
    size_t count;
    uint32_t after = newest_lane(f);
    size_t busy = f->lane_count / f->mapping->parts;
    if (busy >= SHARDS_MAX)
        return NULL;
    TRY(stream_shards(f->store, a, f->stream_id, after, SHARDS_MAX - busy, &shards, &count));
    for (size_t i = 0; i < count; i++)
        add_lanes(f, &shards[i], shards[i].first_sequence);
    return NULL;
}

/* The newest shards, with nothing but what comes from now on: no older one has any of that. */
static struct error *add_latest(struct arena *a, struct follow *f, const struct stream *s)
{
    const struct shard *shards;
    size_t count;
    TRY(stream_shards(f->store, a, s->id, s->newest_shard - 1, SHARDS_MAX, &shards, &count));
    for (size_t i = 0; i < count; i++)
        add_lanes(f, &shards[i],
                  shards[i].last_sequence ? shards[i].last_sequence + 1
                                          : stream_latest(f->store, s->id, shards[i].id));
    return NULL;
}

/* A shard that is done is needed no longer when the one after it has a lane: whoever sees that one
 * in the checkpoint knows that this one is done. */
static void drop_done(struct follow *f)
{
    size_t kept = 0;
    uint32_t newest = newest_lane(f);
    for (size_t i = 0; i < f->lane_count; i++) {
        const struct lane *lane = &f->lanes[i];
        if (lane->is_done && !lane->is_busy && has_child(f, lane->shard_id))
            continue;
        f->lanes[kept++] = *lane;
    }
    f->lane_count = kept;
    assert(newest_lane(f) == newest);
}

/* With the shards added that there are: children of those that are done. */
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
    if (!is_past) {
        drop_done(f); /* first: all lanes done, and none added, has to mean that no shard is left */
        TRY(add_shards(a, f));
    }
    for (size_t i = 0; i < f->lane_count; i++) {
        f->lanes[i].idle_at = 0; /* a closing leaves no record that would show it */
        is_past &= !f->lanes[i].is_busy;
    }
    const struct stream *next = next_stream(streams, count, f->stream_id);
    if (!next || !(is_past || is_finished(f)))
        return NULL;
    enter_stream(a, f, next);
    TRY(add_shards(a, f));
    return follow_save(a, f);
}

/* -- picking ----------------------------------------------------------------------------------- */

struct lane *follow_pick(struct follow *f, uint64_t watermark, int64_t now_us)
{
    for (size_t i = 0; i < f->lane_count; i++) {
        struct lane *lane = &f->lanes[(f->turn + i) % f->lane_count];
        const struct lane *parent = find_parent(f, lane);
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
    struct checkpoint c = {.stream_id = f->stream_id,
                           .parts = (uint32_t)f->mapping->parts,
                           .shard_count = f->lane_count};
    uint64_t sequence;
    c.shards = arena_array(a, struct checkpoint_shard, f->lane_count + 1);
    for (size_t i = 0; i < f->lane_count; i++) {
        const struct lane *lane = &f->lanes[i];
        c.shards[i] = (struct checkpoint_shard){lane->shard_id, lane->part, lane->next};
        f->lanes[i].has_passed = false;
    }
    return catalog_note_put(f->store, a, checkpoint_name(a, f->mapping), checkpoint_encode(a, &c),
                            &sequence);
}

/* Where all parts of a shard have been; 0 at its first mention only. */
static uint64_t least_next(const struct checkpoint *c, size_t at)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < c->shard_count; i++) {
        if (c->shards[i].shard_id != c->shards[at].shard_id)
            continue;
        if (i < at)
            return 0;
        if (c->shards[i].next < least)
            least = c->shards[i].next;
    }
    return least;
}

/* Shards that the checkpoint does not know, though it knows a newer one, are done; those that are
 * newer than all it knows come with add_shards. A mapping that has other parts now begins each
 * shard where the least of the old parts was: some records come again, none is left out. */
static struct error *restore_lanes(struct arena *a, struct follow *f, const struct checkpoint *c)
{
    bool has_same_parts = c->parts == f->mapping->parts;
    for (size_t i = 0; i < c->shard_count; i++) {
        const struct checkpoint_shard *at = &c->shards[i];
        uint64_t next = has_same_parts ? at->next : least_next(c, i);
        struct shard shard;
        bool found;
        if (!has_same_parts && !next)
            continue;
        TRY(stream_shard(f->store, a, f->stream_id, at->shard_id, &shard, &found));
        if (!found) /* past its time: reading tells, and its place among the others is kept */
            shard = (struct shard){.id = at->shard_id};
        if (next < shard.first_sequence)
            next = shard.first_sequence;
        if (has_same_parts)
            add_lane(f, &shard, at->part, next);
        else
            add_lanes(f, &shard, next);
    }
    return add_shards(a, f);
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
    return restore_lanes(a, f, c);
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
        TRY(f->mapping->from_latest ? add_latest(a, f, newest) : add_shards(a, f));
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
