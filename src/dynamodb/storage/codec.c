/* A definition is a map; lists hold maps. Every member but the ids and names may be absent, which
 * means 0, "" or an empty list: a later format-compatible version may add some.
 *
 *     table   {id version name uuid keys attributes indexes status billing throughput
 *              billing_changed created stream_enabled stream_view stream_id stream_created ttl
 *              protected class sse tags recovery restore}
 *     index   {id name global keys projection included status backfilling throughput}
 *     recovery {since days history}
 *     restore {from source moment backup_arn table_arn}
 *     keys    {partition: [name type …] sort: [name type …]} */
#include "dynamodb/storage/codec.h"

#include "dynamodb/storage/fields.h"

#include <string.h>

/* -- attributes and key schemas -----------------------------------------------------------------
 */

static struct value attributes_value(struct arena *a, const struct key_attribute *attributes,
                                     size_t count)
{
    struct list l;
    list_init(&l);
    for (size_t i = 0; i < count; i++) {
        list_add(&l, (struct value){VALUE_S, attributes[i].name});
        list_add(&l, (struct value){VALUE_S, value_type_name(attributes[i].type)});
    }
    return list_value(&l, a);
}

/* *count is the room in `out` before, what was found after. */
static bool attributes_of(struct arena *a, struct value v, struct key_attribute *out, size_t *count)
{
    size_t room = *count;
    *count = 0;
    if (v.type == VALUE_NONE)
        return true;
    struct str rest = v.data;
    struct value name, type;
    while (rest.len) {
        if (*count == room || !value_take(&rest, &name) || !value_take(&rest, &type) ||
            name.type != VALUE_S || !value_type_parse(type.data, &out[*count].type))
            return false;
        out[(*count)++].name = arena_str(a, name.data);
    }
    return true;
}

struct value key_schema_value(struct arena *a, const struct key_schema *keys)
{
    struct fields f = {.arena = a};
    fields_value(&f, S("partition"), attributes_value(a, keys->partition, keys->partition_count));
    fields_value(&f, S("sort"), attributes_value(a, keys->sort, keys->sort_count));
    return fields_map(&f);
}

bool key_schema_of(struct arena *a, struct value v, struct key_schema *out)
{
    if (v.type != VALUE_M)
        return false;
    size_t partition = LIMIT_KEY_ATTRIBUTES, sort = LIMIT_KEY_ATTRIBUTES;
    *out = (struct key_schema){0};
    if (!attributes_of(a, value_member(v.data, S("partition")), out->partition, &partition) ||
        !attributes_of(a, value_member(v.data, S("sort")), out->sort, &sort) || !partition)
        return false;
    out->partition_count = (uint8_t)partition;
    out->sort_count = (uint8_t)sort;
    return true;
}

/* -- throughput ---------------------------------------------------------------------------------
 */

static struct value throughput_value(struct arena *a, const struct throughput *t)
{
    struct fields f = {.arena = a};
    fields_int(&f, S("read"), t->read_units);
    fields_int(&f, S("write"), t->write_units);
    fields_int(&f, S("increased"), t->last_increase_ms);
    fields_int(&f, S("decreased"), t->last_decrease_ms);
    fields_int(&f, S("decreases"), t->decreases_today);
    fields_int(&f, S("max_read"), t->max_read_units);
    fields_int(&f, S("max_write"), t->max_write_units);
    fields_int(&f, S("warm_read"), t->warm_read_units);
    fields_int(&f, S("warm_write"), t->warm_write_units);
    return fields_map(&f);
}

static struct throughput throughput_of(struct value v)
{
    return (struct throughput){
        .read_units = field_int(v, S("read")),
        .write_units = field_int(v, S("write")),
        .last_increase_ms = field_int(v, S("increased")),
        .last_decrease_ms = field_int(v, S("decreased")),
        .decreases_today = field_int(v, S("decreases")),
        .max_read_units = field_int(v, S("max_read")),
        .max_write_units = field_int(v, S("max_write")),
        .warm_read_units = field_int(v, S("warm_read")),
        .warm_write_units = field_int(v, S("warm_write")),
    };
}

/* -- indexes ------------------------------------------------------------------------------------
 */

static struct value index_value(struct arena *a, const struct index *index)
{
    struct list included;
    list_init(&included);
    for (size_t i = 0; i < index->included_count; i++)
        list_add(&included, (struct value){VALUE_S, index->included[i]});
    struct fields f = {.arena = a};
    fields_int(&f, S("id"), index->id);
    fields_text(&f, S("name"), index->name);
    fields_int(&f, S("global"), index->is_global);
    fields_value(&f, S("keys"), key_schema_value(a, &index->keys));
    fields_int(&f, S("projection"), index->projection);
    fields_value(&f, S("included"), list_value(&included, a));
    fields_int(&f, S("status"), index->status);
    fields_int(&f, S("backfilling"), index->is_backfilling);
    fields_value(&f, S("throughput"), throughput_value(a, &index->throughput));
    return fields_map(&f);
}

static bool texts_of(struct arena *a, struct value list, const struct str **out, size_t *count)
{
    VEC(struct str) texts = {0};
    struct str rest = list.data;
    struct value v;
    while (rest.len) {
        if (!value_take(&rest, &v) || v.type != VALUE_S)
            return false;
        VEC_PUSH(a, &texts, arena_str(a, v.data));
    }
    *out = texts.items;
    *count = texts.count;
    return true;
}

static bool index_of(struct arena *a, struct value v, struct index *out)
{
    int64_t projection = field_int(v, S("projection")), status = field_int(v, S("status"));
    if (v.type != VALUE_M || projection < 0 || projection > PROJECTION_INCLUDE || status < 0 ||
        status > STATUS_DELETING)
        return false;
    *out = (struct index){
        .id = (uint32_t)field_int(v, S("id")),
        .name = arena_str(a, field_text(v, S("name"))),
        .is_global = field_int(v, S("global")),
        .projection = (enum projection)projection,
        .status = (enum status)status,
        .is_backfilling = field_int(v, S("backfilling")),
        .throughput = throughput_of(value_member(v.data, S("throughput"))),
    };
    return out->id && key_schema_of(a, value_member(v.data, S("keys")), &out->keys) &&
           texts_of(a, value_member(v.data, S("included")), &out->included, &out->included_count);
}

/* -- recovery and restore -----------------------------------------------------------------------
 */

static struct value recovery_value(struct arena *a, const struct recovery *r)
{
    struct fields f = {.arena = a};
    fields_int(&f, S("since"), r->since_us);
    fields_int(&f, S("days"), r->days);
    fields_int(&f, S("history"), r->history_us);
    return fields_map(&f);
}

static struct recovery recovery_of(struct value v)
{
    return (struct recovery){
        .since_us = field_int(v, S("since")),
        .days = field_int(v, S("days")),
        .history_us = field_int(v, S("history")),
    };
}

static struct value restore_value(struct arena *a, const struct restore *r)
{
    struct fields f = {.arena = a};
    fields_int(&f, S("from"), r->from);
    fields_int(&f, S("source"), r->source_id);
    fields_int(&f, S("moment"), r->moment_us);
    fields_text(&f, S("backup_arn"), r->backup_arn);
    fields_text(&f, S("table_arn"), r->table_arn);
    return fields_map(&f);
}

static bool restore_of(struct arena *a, struct value v, struct restore *out)
{
    int64_t from = field_int(v, S("from"));
    *out = (struct restore){
        .from = (enum restore_from)from,
        .source_id = (uint32_t)field_int(v, S("source")),
        .moment_us = field_int(v, S("moment")),
        .backup_arn = arena_str(a, field_text(v, S("backup_arn"))),
        .table_arn = arena_str(a, field_text(v, S("table_arn"))),
    };
    return from >= 0 && from <= RESTORE_FROM_PAST;
}

/* -- tables -------------------------------------------------------------------------------------
 */

static void put_options(struct fields *f, const struct table *t)
{
    fields_int(f, S("status"), t->status);
    fields_int(f, S("billing"), t->billing);
    fields_value(f, S("throughput"), throughput_value(f->arena, &t->throughput));
    fields_int(f, S("billing_changed"), t->billing_changed_ms);
    fields_int(f, S("created"), t->created_ms);
    fields_int(f, S("stream_enabled"), t->is_stream_enabled);
    fields_int(f, S("stream_view"), t->stream_view);
    fields_int(f, S("stream_id"), t->stream_id);
    fields_int(f, S("stream_created"), t->stream_created_ms);
    fields_text(f, S("ttl"), t->ttl_attribute);
    fields_int(f, S("protected"), t->is_deletion_protected);
    fields_text(f, S("class"), t->table_class);
    fields_text(f, S("sse"), t->sse);
    if (t->recovery.since_us || t->recovery.history_us)
        fields_value(f, S("recovery"), recovery_value(f->arena, &t->recovery));
    if (t->restore.from)
        fields_value(f, S("restore"), restore_value(f->arena, &t->restore));
}

struct str table_encode(struct arena *a, const struct table *t)
{
    struct fields f = {.arena = a};
    fields_int(&f, S("id"), t->id);
    fields_int(&f, S("version"), t->version);
    fields_text(&f, S("name"), t->name);
    fields_text(&f, S("uuid"), str_z(t->uuid));
    fields_value(&f, S("keys"), key_schema_value(a, &t->keys));
    fields_value(&f, S("attributes"), attributes_value(a, t->attributes, t->attribute_count));
    put_options(&f, t);
    struct list indexes, tags;
    list_init(&indexes);
    for (size_t i = 0; i < t->index_count; i++)
        list_add(&indexes, index_value(a, &t->indexes[i]));
    fields_value(&f, S("indexes"), list_value(&indexes, a));
    list_init(&tags);
    for (size_t i = 0; i < t->tag_count; i++) {
        list_add(&tags, (struct value){VALUE_S, t->tags[i].name});
        list_add(&tags, t->tags[i].value);
    }
    fields_value(&f, S("tags"), list_value(&tags, a));
    return fields_map(&f).data;
}

static bool take_options(struct arena *a, struct value v, struct table *out)
{
    int64_t status = field_int(v, S("status")), billing = field_int(v, S("billing"));
    int64_t view = field_int(v, S("stream_view"));
    if (status < 0 || status > STATUS_DELETING || billing < 0 ||
        billing > BILLING_PAY_PER_REQUEST || view < 0 || view > VIEW_NEW_AND_OLD_IMAGES)
        return false;
    out->status = (enum status)status;
    out->billing = (enum billing)billing;
    out->throughput = throughput_of(value_member(v.data, S("throughput")));
    out->billing_changed_ms = field_int(v, S("billing_changed"));
    out->created_ms = field_int(v, S("created"));
    out->is_stream_enabled = field_int(v, S("stream_enabled"));
    out->stream_view = (enum stream_view)view;
    out->stream_id = (uint32_t)field_int(v, S("stream_id"));
    out->stream_created_ms = field_int(v, S("stream_created"));
    out->ttl_attribute = arena_str(a, field_text(v, S("ttl")));
    out->is_deletion_protected = field_int(v, S("protected"));
    out->table_class = arena_str(a, field_text(v, S("class")));
    out->sse = arena_str(a, field_text(v, S("sse")));
    out->recovery = recovery_of(value_member(v.data, S("recovery")));
    return restore_of(a, value_member(v.data, S("restore")), &out->restore);
}

static bool take_indexes(struct arena *a, struct value list, struct table *out)
{
    VEC(struct index) indexes = {0};
    struct str rest = list.data;
    struct value v;
    struct index one;
    while (rest.len) {
        if (!value_take(&rest, &v) || !index_of(a, v, &one))
            return false;
        VEC_PUSH(a, &indexes, one);
    }
    out->indexes = indexes.items;
    out->index_count = indexes.count;
    return true;
}

static bool take_tags(struct arena *a, struct value list, struct table *out)
{
    VEC(struct member) tags = {0};
    struct str rest = list.data;
    struct value name, v;
    while (rest.len) {
        if (!value_take(&rest, &name) || !value_take(&rest, &v) || v.type != VALUE_S)
            return false;
        v.data = arena_str(a, v.data);
        VEC_PUSH(a, &tags, (struct member){arena_str(a, name.data), v});
    }
    out->tags = tags.items;
    out->tag_count = tags.count;
    return true;
}

static bool take_attributes(struct arena *a, struct value list, struct table *out)
{
    size_t count = value_count(list) / 2;
    struct key_attribute *attributes = arena_array(a, struct key_attribute, count ? count : 1);
    if (!attributes_of(a, list, attributes, &count))
        return false;
    out->attributes = attributes;
    out->attribute_count = count;
    return true;
}

bool table_decode(struct arena *a, struct str bytes, struct table *out)
{
    struct value v = {VALUE_M, bytes};
    if (!value_is_wellformed(v))
        return false;
    *out = (struct table){
        .id = (uint32_t)field_int(v, S("id")),
        .version = (uint32_t)field_int(v, S("version")),
        .name = arena_str(a, field_text(v, S("name"))),
    };
    struct str uuid = field_text(v, S("uuid"));
    if (!out->id || !out->name.len || uuid.len >= sizeof out->uuid)
        return false;
    memcpy(out->uuid, uuid.data, uuid.len);
    return key_schema_of(a, value_member(bytes, S("keys")), &out->keys) &&
           take_attributes(a, value_member(bytes, S("attributes")), out) &&
           take_options(a, v, out) && take_indexes(a, value_member(bytes, S("indexes")), out) &&
           take_tags(a, value_member(bytes, S("tags")), out);
}
