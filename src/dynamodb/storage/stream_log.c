/*     record = event(1) created(8) keys new old      each: length (varint), attributes
 *     event  = 1 INSERT, 2 MODIFY, 3 REMOVE; with 0x80 when time to live removed it
 *     stream = {id table created enabled view keys first last closed trimmed1 … trimmed4}
 *
 * A stream's life:
 *
 *     open --switched off, table deleted--> closed --STREAM_RETENTION_MS--> gone
 *
 * 1. Opening and closing each take a record number of their own, so that first <= last, and a
 * stream that is closed shares no number with another.
 * 2. A stream opens and closes under the catalog's exclusive lock: no transaction is in between.
 * 3. Records are trimmed from the old end only. The number of the first one kept goes into the
 *    stream in the same batch. */
#include "dynamodb/storage/stream_log.h"

#include "dynamodb/storage/codec.h"
#include "dynamodb/storage/fields.h"

#include <string.h>

enum { EVENT_TTL = 0x80, RECORD_HEAD = 9 };

/* -- streams ------------------------------------------------------------------------------------
 */

static struct str trimmed_name(struct arena *a, int shard)
{
    return arena_printf(a, "trimmed%d", shard + 1);
}

struct str stream_state_encode(struct arena *a, const struct stream_state *s)
{
    struct fields f = {.arena = a};
    fields_int(&f, S("id"), s->stream.id);
    fields_text(&f, S("table"), s->stream.table_name);
    fields_int(&f, S("created"), s->stream.created_ms);
    fields_int(&f, S("enabled"), s->stream.is_enabled);
    fields_int(&f, S("view"), s->stream.view);
    fields_value(&f, S("keys"), key_schema_value(a, &s->stream.keys));
    fields_int(&f, S("first"), (int64_t)s->first_sequence);
    fields_int(&f, S("last"), (int64_t)s->last_sequence);
    fields_int(&f, S("closed"), s->closed_ms);
    for (int i = 0; i < STREAM_SHARDS; i++)
        fields_int(&f, trimmed_name(a, i), (int64_t)s->trimmed[i]);
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
                   .view = (enum stream_view)view},
        .first_sequence = (uint64_t)field_int(v, S("first")),
        .last_sequence = (uint64_t)field_int(v, S("last")),
        .closed_ms = field_int(v, S("closed")),
    };
    for (int i = 0; i < STREAM_SHARDS; i++)
        out->trimmed[i] = (uint64_t)field_int(v, trimmed_name(a, i));
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

bool stream_is_past(const struct stream_state *s, int64_t now_ms)
{
    return !s->stream.is_enabled && s->closed_ms + STREAM_RETENTION_MS <= now_ms;
}

static void plan(struct arena *a, struct kv_batch *batch, const struct stream_state *s)
{
    kv_batch_put(batch, key_id(a, SPACE_STREAM, s->stream.id), stream_state_encode(a, s));
}

void stream_plan_open(struct store *store, struct arena *a, struct kv_batch *batch,
                      const struct table *t)
{
    struct stream_state s = {
        .stream = {.id = t->stream_id,
                   .table_name = t->name,
                   .created_ms = t->stream_created_ms,
                   .is_enabled = true,
                   .view = t->stream_view,
                   .keys = t->keys},
        .first_sequence = commit_take_records(store->commit, 1),
    };
    plan(a, batch, &s);
}

void stream_plan_close(struct store *store, struct arena *a, struct kv_batch *batch,
                       struct stream_state *s)
{
    s->stream.is_enabled = false;
    s->closed_ms = clock_now_ms(store->clock);
    s->last_sequence = commit_take_records(store->commit, 1);
    plan(a, batch, s);
}

/* -- records ------------------------------------------------------------------------------------
 */

uint32_t stream_shard_of(struct str item_key)
{
    return 1 + (uint32_t)(key_partition_hash(item_key) >> 62);
}

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

/* -- trimming -----------------------------------------------------------------------------------
 */

/* The first record of a shard that is younger than `cutoff_ms`, or what comes after the last one.
 */
static struct error *first_kept(struct store *store, struct arena *a, uint32_t stream_id, int shard,
                                int64_t cutoff_ms, uint64_t *out)
{
    uint32_t id = (uint32_t)shard + 1;
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error = kv_cursor_open(read, a, key_record(a, stream_id, id, 0),
                                         key_record(a, stream_id, id, UINT64_MAX), true, &cursor);
    *out = 0;
    while (!error) {
        struct str key, value;
        struct stream_record record;
        bool found;
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found)
            break;
        if (!stream_record_decode(key, value, &record))
            error = store_damaged(a, "a stream record cannot be read");
        else if (record.created_ms > cutoff_ms)
            break;
        else
            *out = record.sequence + 1;
    }
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    return error;
}

static struct error *trim_one(struct store *store, struct arena *a, uint32_t stream_id)
{
    struct stream_state s;
    bool found;
    TRY(stream_state_read(store, a, stream_id, &s, &found));
    if (!found)
        return NULL;
    int64_t now_ms = clock_now_ms(store->clock);
    uint64_t kept[STREAM_SHARDS], sequence;
    bool is_past = stream_is_past(&s, now_ms), has_old = is_past;
    for (int i = 0; i < STREAM_SHARDS && !is_past; i++) {
        TRY(first_kept(store, a, stream_id, i, now_ms - STREAM_RETENTION_MS, &kept[i]));
        has_old |= kept[i] != 0;
    }
    if (!has_old)
        return NULL;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    for (int i = 0; i < STREAM_SHARDS; i++) {
        if (!is_past && !kept[i])
            continue;
        uint32_t id = (uint32_t)i + 1;
        kv_batch_delete_range(batch, key_record(a, stream_id, id, 0),
                              key_record(a, stream_id, id, is_past ? UINT64_MAX : kept[i]));
        s.trimmed[i] = is_past ? 0 : kept[i];
    }
    if (is_past)
        kv_batch_delete(batch, key_id(a, SPACE_STREAM, stream_id));
    else
        plan(a, batch, &s);
    return commit_end(store->commit, a);
}

struct error *stream_trim(struct store *store, struct arena *a)
{
    const struct stream *streams;
    size_t count;
    VEC(uint32_t) ids = {0};
    TRY(stream_list_all(store, a, &streams, &count));
    for (size_t i = 0; i < count; i++)
        VEC_PUSH(a, &ids, streams[i].id);
    for (size_t i = 0; i < ids.count; i++) {
        catalog_lock_shared(store); /* nobody opens or closes the stream meanwhile */
        struct error *error = trim_one(store, a, ids.items[i]);
        catalog_unlock_shared(store);
        TRY(error);
    }
    return NULL;
}
