/*     record = event(1) created(8) keys new old      each: length (varint), attributes
 *     event  = 1 INSERT, 2 MODIFY, 3 REMOVE; with 0x80 when time to live removed it
 *     stream = {id table created enabled view keys newest opened closed}
 *
 * A stream's life:
 *
 *     open --switched off, table deleted--> closed --STREAM_RETENTION_MS--> gone
 *       |  ^
 *       +--+ its shards roll over
 *
 * 1. A stream opens and closes under the catalog's exclusive lock: no transaction is in between.
 *    Its shards roll over under the write lock, which every batch of records is written under.
 * 2. Records are trimmed from the old end only. The number of the first one kept goes into the
 *    shard in the same batch. */
#include "dynamodb/storage/stream_log.h"

#include "dynamodb/storage/codec.h"
#include "dynamodb/storage/fields.h"

#include <string.h>

enum { EVENT_TTL = 0x80, RECORD_HEAD = 9 };

/* -- streams ------------------------------------------------------------------------------------
 */

struct str stream_state_encode(struct arena *a, const struct stream_state *s)
{
    struct fields f = {.arena = a};
    fields_int(&f, S("id"), s->stream.id);
    fields_text(&f, S("table"), s->stream.table_name);
    fields_int(&f, S("created"), s->stream.created_ms);
    fields_int(&f, S("enabled"), s->stream.is_enabled);
    fields_int(&f, S("view"), s->stream.view);
    fields_value(&f, S("keys"), key_schema_value(a, &s->stream.keys));
    fields_int(&f, S("newest"), s->stream.newest_shard);
    fields_int(&f, S("opened"), s->opened_ms);
    fields_int(&f, S("closed"), s->closed_ms);
    return fields_map(&f).data;
}

bool stream_state_decode(struct arena *a, struct str bytes, struct stream_state *out)
{
    struct value v = {VALUE_M, bytes};
    if (!value_is_wellformed(v))
        return false;
    int64_t view = field_int(v, S("view"));
    *out = (struct stream_state){
        .stream = {.id = (uint32_t)field_int(v, S("id")),
                   .table_name = arena_str(a, field_text(v, S("table"))),
                   .created_ms = field_int(v, S("created")),
                   .is_enabled = field_int(v, S("enabled")),
                   .view = (enum stream_view)view,
                   .newest_shard = (uint32_t)field_int(v, S("newest"))},
        .opened_ms = field_int(v, S("opened")),
        .closed_ms = field_int(v, S("closed")),
    };
    return view >= 0 && view <= VIEW_NEW_AND_OLD_IMAGES && out->stream.id &&
           key_schema_of(a, value_member(bytes, S("keys")), &out->stream.keys);
}

struct error *stream_state_read(struct store *store, struct arena *a, uint32_t stream_id,
                                struct stream_state *out, bool *found)
{
    struct str value;
    TRY(store_read(store, a, key_id(a, SPACE_STREAM, stream_id), &value, found));
    if (*found && !stream_state_decode(a, value, out))
        return store_damaged(a, "a stream cannot be read");
    return NULL;
}

struct error *stream_tip_read(struct store *store, struct arena *a, uint32_t stream_id,
                              struct stream_tip *out, bool *found)
{
    TRY(stream_state_read(store, a, stream_id, &out->state, found));
    for (uint32_t i = 0; i < STREAM_SHARDS && *found; i++) {
        bool has_shard;
        TRY(shard_read(store, a, stream_id, out->state.stream.newest_shard + i, &out->shards[i],
                       &has_shard));
        if (!has_shard)
            return store_damaged(a, "an open shard is missing");
    }
    return NULL;
}

struct stream_front stream_front_of(const struct stream_state *s)
{
    return (struct stream_front){s->stream.newest_shard, s->opened_ms};
}

bool stream_is_past(const struct stream_state *s, int64_t now_ms)
{
    return !s->stream.is_enabled && s->closed_ms + STREAM_RETENTION_MS <= now_ms;
}

void stream_plan(struct arena *a, struct kv_batch *batch, const struct stream_state *s)
{
    kv_batch_put(batch, key_id(a, SPACE_STREAM, s->stream.id), stream_state_encode(a, s));
}

struct stream_front stream_plan_open(struct store *store, struct arena *a, struct kv_batch *batch,
                                     const struct table *t)
{
    struct stream_state s = {
        .stream = {.id = t->stream_id,
                   .table_name = t->name,
                   .created_ms = t->stream_created_ms,
                   .is_enabled = true,
                   .view = t->stream_view,
                   .keys = t->keys,
                   .newest_shard = 1},
        .opened_ms = t->stream_created_ms,
    };
    struct shard_state shard = {
        .shard = {.created_ms = t->stream_created_ms,
                  .first_sequence = commit_take_records(store->commit, 1)},
    };
    for (shard.shard.id = 1; shard.shard.id <= STREAM_SHARDS; shard.shard.id++)
        shard_plan(a, batch, t->stream_id, &shard);
    stream_plan(a, batch, &s);
    return stream_front_of(&s);
}

static void plan_shards_close(struct arena *a, struct kv_batch *batch, struct stream_tip *tip,
                              uint64_t last, int64_t now_ms)
{
    for (int i = 0; i < STREAM_SHARDS; i++) {
        tip->shards[i].shard.last_sequence = last;
        tip->shards[i].closed_ms = now_ms;
        shard_plan(a, batch, tip->state.stream.id, &tip->shards[i]);
    }
}

void stream_plan_close(struct store *store, struct arena *a, struct kv_batch *batch,
                       struct stream_tip *tip)
{
    tip->state.stream.is_enabled = false;
    tip->state.closed_ms = clock_now_ms(store->clock);
    plan_shards_close(a, batch, tip, commit_take_records(store->commit, 1), tip->state.closed_ms);
    stream_plan(a, batch, &tip->state);
}

struct stream_front stream_plan_roll(struct store *store, struct arena *a, struct kv_batch *batch,
                                     struct stream_tip *tip)
{
    uint64_t last = commit_take_records(store->commit, 2);
    tip->state.opened_ms = clock_now_ms(store->clock);
    tip->state.stream.newest_shard += STREAM_SHARDS;
    plan_shards_close(a, batch, tip, last, tip->state.opened_ms);
    for (int i = 0; i < STREAM_SHARDS; i++) {
        struct shard_state child = shard_child(&tip->shards[i], last + 1);
        shard_plan(a, batch, tip->state.stream.id, &child);
    }
    stream_plan(a, batch, &tip->state);
    return stream_front_of(&tip->state);
}

/* -- records ------------------------------------------------------------------------------------
 */

static void put_attributes(struct buf *out, struct str attributes)
{
    varint_put(out, (uint32_t)attributes.len);
    buf_add(out, attributes);
}

static void put_keys(struct buf *out, const struct table *t, struct str attributes)
{
    struct buf keys;
    buf_init(&keys, LIMIT_ITEM);
    struct str rest = attributes, name;
    struct value v;
    while (value_next_member(&rest, &name, &v)) {
        if (table_has_key(t, name))
            value_put_member(&keys, name, v);
    }
    put_attributes(out, buf_str(&keys));
    buf_clear(&keys);
}

struct str stream_record_encode(struct arena *a, const struct table *t, struct item old,
                                struct item new_item, bool is_ttl, int64_t now_ms)
{
    enum stream_event event = !item_exists(new_item) ? EVENT_REMOVE
                              : item_exists(old)     ? EVENT_MODIFY
                                                     : EVENT_INSERT;
    char head[RECORD_HEAD];
    head[0] = (char)((int)event + 1 + (is_ttl ? EVENT_TTL : 0));
    put_u64(head + 1, (uint64_t)now_ms);
    struct buf out;
    buf_init(&out, 8 * LIMIT_ITEM);
    buf_add(&out, (struct str){head, sizeof head});
    put_keys(&out, t, item_exists(new_item) ? new_item.attributes : old.attributes);
    bool has_new = t->stream_view == VIEW_NEW_IMAGE || t->stream_view == VIEW_NEW_AND_OLD_IMAGES;
    bool has_old = t->stream_view == VIEW_OLD_IMAGE || t->stream_view == VIEW_NEW_AND_OLD_IMAGES;
    put_attributes(&out, has_new ? new_item.attributes : S(""));
    put_attributes(&out, has_old ? old.attributes : S(""));
    struct str record = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return record;
}

static bool take_attributes(struct str *rest, struct str *out)
{
    uint32_t len;
    if (!varint_take(rest, &len) || len > rest->len)
        return false;
    *out = str_slice(*rest, 0, len);
    *rest = str_from(*rest, len);
    return true;
}

bool stream_record_decode(struct str key, struct str value, struct stream_record *out)
{
    if (value.len < RECORD_HEAD)
        return false;
    int event = (uint8_t)value.data[0] & ~EVENT_TTL;
    if (event < 1 || event > 3)
        return false;
    *out = (struct stream_record){
        .sequence = key_record_sequence(key),
        .created_ms = (int64_t)get_u64(value.data + 1),
        .event = (enum stream_event)(event - 1),
        .is_ttl = (uint8_t)value.data[0] & EVENT_TTL,
    };
    struct str rest = str_from(value, RECORD_HEAD);
    return take_attributes(&rest, &out->keys) && take_attributes(&rest, &out->new_image) &&
           take_attributes(&rest, &out->old_image);
}
