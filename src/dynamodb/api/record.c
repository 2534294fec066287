/* Source: AWS API reference of DynamoDB Streams, "Record"; AWS Lambda developer guide, "Using AWS
 * Lambda with Amazon DynamoDB". */
#include "dynamodb/api/record.h"

#include "base/encode.h"
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/position.h"

#include <inttypes.h>

struct str stream_view_name(enum stream_view view)
{
    switch (view) {
    case VIEW_KEYS_ONLY:
        return S("KEYS_ONLY");
    case VIEW_NEW_IMAGE:
        return S("NEW_IMAGE");
    case VIEW_OLD_IMAGE:
        return S("OLD_IMAGE");
    case VIEW_NEW_AND_OLD_IMAGES:
        return S("NEW_AND_OLD_IMAGES");
    }
    return S("");
}

/* 32 hex digits that are the record's for good. */
static struct str event_id(struct arena *a, const struct record_source *source, uint64_t sequence)
{
    struct str name = arena_printf(a, "%" PRIu32 "/%" PRIu32 "/%" PRIu64, source->stream_id,
                                   source->shard_id, sequence);
    struct md5 sum = md5_of(source->stream_arn, name);
    struct buf b;
    buf_init(&b, 64);
    hex_encode(&b, (struct str){(const char *)sum.bytes, sizeof sum.bytes});
    struct str id = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return id;
}

static struct str event_name(enum stream_event event)
{
    switch (event) {
    case EVENT_INSERT:
        return S("INSERT");
    case EVENT_MODIFY:
        return S("MODIFY");
    case EVENT_REMOVE:
        return S("REMOVE");
    }
    return S("");
}

static void write_image(struct json_writer *w, struct str name, struct str attributes)
{
    if (!attributes.len)
        return;
    json_key(w, name);
    attribute_write_item(w, attributes);
}

static void write_change(struct arena *a, struct json_writer *w, enum stream_view view,
                         const struct stream_record *r)
{
    int64_t size = (int64_t)item_of(r->keys).size_bytes + item_of(r->new_image).size_bytes +
                   item_of(r->old_image).size_bytes;
    json_begin_object(w);
    json_key(w, S("ApproximateCreationDateTime")), json_i64(w, r->created_ms / 1000);
    write_image(w, S("Keys"), r->keys);
    write_image(w, S("NewImage"), r->new_image);
    write_image(w, S("OldImage"), r->old_image);
    json_key(w, S("SequenceNumber")), json_str(w, sequence_name(a, r->sequence));
    json_key(w, S("SizeBytes")), json_i64(w, size);
    json_key(w, S("StreamViewType")), json_str(w, stream_view_name(view));
    json_end_object(w);
}

/* Opens the record's object, and leaves it open. */
static void write_members(struct arena *a, struct json_writer *w,
                          const struct record_source *source, const struct stream_record *r)
{
    json_begin_object(w);
    json_key(w, S("eventID")), json_str(w, event_id(a, source, r->sequence));
    json_key(w, S("eventName")), json_str(w, event_name(r->event));
    json_key(w, S("eventVersion")), json_str(w, S("1.1"));
    json_key(w, S("eventSource")), json_str(w, S("aws:dynamodb"));
    json_key(w, S("awsRegion")), json_str(w, source->region);
    json_key(w, S("dynamodb"));
    write_change(a, w, source->view, r);
}

static void write_identity(struct json_writer *w, struct str principal_key, struct str type_key)
{
    json_key(w, S("userIdentity"));
    json_begin_object(w);
    json_key(w, principal_key), json_str(w, S("dynamodb.amazonaws.com"));
    json_key(w, type_key), json_str(w, S("Service"));
    json_end_object(w);
}

void record_write(struct arena *a, struct json_writer *w, const struct record_source *source,
                  const struct stream_record *record)
{
    write_members(a, w, source, record);
    if (record->is_ttl)
        write_identity(w, S("PrincipalId"), S("Type"));
    json_end_object(w);
}

void record_write_event(struct arena *a, struct json_writer *w, const struct record_source *source,
                        const struct stream_record *record)
{
    write_members(a, w, source, record);
    if (record->is_ttl)
        write_identity(w, S("principalId"), S("type"));
    json_key(w, S("eventSourceARN")), json_str(w, source->stream_arn);
    json_end_object(w);
}
