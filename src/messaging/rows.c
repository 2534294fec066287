#include "messaging/rows.h"

/* Beyond any item that the service takes (400 KB), escapes included. */
#define ROW_MAX_BYTES (4 * 1024 * 1024)

/* -- items ------------------------------------------------------------------------------------- */

/* One attribute value, {"S":"…"}; anything but a string or a number becomes type '?'. */
static bool value_decode(struct json_reader *r, struct field *field)
{
    struct str type;
    if (!json_enter_object(r))
        return false;
    while (json_next_member(r, &type)) {
        bool is_scalar = type.len == 1 && (type.data[0] == 'S' || type.data[0] == 'N');
        if (is_scalar && json_peek(r) == JSON_STRING) {
            field->type = type.data[0];
            json_read_str(r, &field->text);
        } else {
            json_skip(r);
        }
    }
    return !r->failure;
}

bool item_decode(struct arena *a, struct json_reader *r, struct item *out)
{
    VEC(struct field) fields = {0};
    struct field field = {0};
    if (!json_enter_object(r))
        return false;
    while (json_next_member(r, &field.name)) {
        field.type = '?';
        field.text = (struct str){"", 0};
        if (!value_decode(r, &field))
            return false;
        VEC_PUSH(a, &fields, field);
    }
    out->fields = fields.items;
    out->count = fields.count;
    return !r->failure;
}

static const struct field *find(const struct item *item, struct str name, char type)
{
    for (size_t i = 0; i < item->count; i++)
        if (str_eq(item->fields[i].name, name))
            return item->fields[i].type == type ? &item->fields[i] : NULL;
    return NULL;
}

struct str item_str(const struct item *item, struct str name)
{
    const struct field *field = find(item, name, 'S');
    return field ? field->text : (struct str){"", 0};
}

int64_t item_i64(const struct item *item, struct str name, int64_t fallback)
{
    const struct field *field = find(item, name, 'N');
    uint64_t number;
    if (!field)
        return fallback;
    bool is_negative = str_starts(field->text, S("-"));
    if (!str_to_u64(str_from(field->text, is_negative), INT64_MAX, &number))
        return fallback;
    return is_negative ? -(int64_t)number : (int64_t)number;
}

struct key item_key(const struct item *item)
{
    return (struct key){item_str(item, S("pk")), item_str(item, S("sk"))};
}

/* -- keys -------------------------------------------------------------------------------------- */

struct key row_message_key(struct arena *a, struct str group, struct str sk)
{
    return (struct key){arena_join(a, S("MSG#"), group), sk};
}

struct key row_group_key(struct arena *a, struct str user, struct str sk)
{
    return (struct key){arena_join(a, S("GRP#"), user), sk};
}

struct key row_state_key(struct arena *a, struct str group)
{
    return (struct key){arena_join(a, S("CNV#"), group), ROW_STATE_SK};
}

struct key row_member_key(struct arena *a, struct str group, struct str user)
{
    return (struct key){arena_join(a, S("CNV#"), group), arena_join(a, S("M#"), user)};
}

struct key row_pair_key(struct arena *a, struct str user, struct str other)
{
    bool in_order = str_compare(user, other) <= 0;
    struct str low = in_order ? user : other, high = in_order ? other : user;
    return (struct key){arena_printf(a, "DM#%.*s#%.*s", STR_ARG(low), STR_ARG(high)), ROW_PAIR_SK};
}

struct key row_send_key(struct arena *a, struct str user, struct str client_id)
{
    return (struct key){arena_join(a, S("IDM#"), user), client_id};
}

bool row_id(struct str key, struct str prefix, struct str *id)
{
    if (!str_starts(key, prefix))
        return false;
    *id = str_from(key, prefix.len);
    return true;
}

static struct str id_of(const struct item *item, struct str attribute, struct str prefix)
{
    struct str id = {"", 0};
    (void)row_id(item_str(item, attribute), prefix, &id);
    return id;
}

/* -- decoding ---------------------------------------------------------------------------------- */

void message_row_decode(const struct item *item, struct message_row *out)
{
    *out = (struct message_row){
        .group = id_of(item, S("pk"), S("MSG#")),
        .sk = item_str(item, S("sk")),
        .uuid = item_str(item, S("message_uuid")),
        .text = item_str(item, S("message")),
        .user_uuid = item_str(item, S("user_uuid")),
        .display_name = item_str(item, S("user_display_name")),
        .handle = item_str(item, S("user_handle")),
        .sent_at = item_str(item, S("sent_at")),
        .seq = item_i64(item, S("seq"), 0),
    };
}

void group_row_decode(const struct item *item, struct group_row *out)
{
    *out = (struct group_row){
        .member = id_of(item, S("pk"), S("GRP#")),
        .sk = item_str(item, S("sk")),
        .group = item_str(item, S("message_group_uuid")),
        .text = item_str(item, S("message")),
        .user_uuid = item_str(item, S("user_uuid")),
        .display_name = item_str(item, S("user_display_name")),
        .handle = item_str(item, S("user_handle")),
        .kind = item_str(item, S("kind")),
        .name = item_str(item, S("name")),
        .last_handle = item_str(item, S("last_user_handle")),
        .seq = item_i64(item, S("seq"), 0),
        .n = item_i64(item, S("n"), 0),
    };
}

void state_row_decode(const struct item *item, struct state_row *out)
{
    *out = (struct state_row){
        .group = id_of(item, S("pk"), S("CNV#")),
        .last_sk = item_str(item, S("last_sk")),
        .kind = item_str(item, S("kind")),
        .name = item_str(item, S("name")),
        .owner = item_str(item, S("owner")),
        .seq = item_i64(item, S("seq"), 0),
        .members_ver = item_i64(item, S("members_ver"), 0),
        .n = item_i64(item, S("n"), 0),
    };
}

void member_row_decode(const struct item *item, struct member_row *out)
{
    *out = (struct member_row){
        .group = id_of(item, S("pk"), S("CNV#")),
        .user = id_of(item, S("sk"), S("M#")),
        .handle = item_str(item, S("handle")),
        .display_name = item_str(item, S("display_name")),
        .role = item_str(item, S("role")),
        .joined_sk = item_str(item, S("joined_sk")),
        .read_sk = item_str(item, S("read_sk")),
        .left_at = item_str(item, S("left_at")),
        .read_seq = item_i64(item, S("read_seq"), 0),
    };
}

void send_row_decode(const struct item *item, struct send_row *out)
{
    *out = (struct send_row){
        .user = id_of(item, S("pk"), S("IDM#")),
        .client_id = item_str(item, S("sk")),
        .group = item_str(item, S("group")),
        .message_sk = item_str(item, S("message_sk")),
        .message_uuid = item_str(item, S("message_uuid")),
        .request_hash = item_str(item, S("request_hash")),
        .seq = item_i64(item, S("seq"), 0),
        .ttl = item_i64(item, S("ttl"), 0),
    };
}

/* -- encoding ---------------------------------------------------------------------------------- */

void attribute_put_s(struct json_writer *w, struct str name, struct str text)
{
    json_key(w, name);
    json_begin_object(w);
    json_key(w, S("S"));
    json_str(w, text);
    json_end_object(w);
}

void attribute_put_n(struct json_writer *w, struct str name, int64_t number)
{
    char digits[32];
    struct buf text = {.data = digits, .cap = sizeof digits, .max = sizeof digits};
    buf_add_i64(&text, number);
    json_key(w, name);
    json_begin_object(w);
    json_key(w, S("N"));
    json_str(w, buf_str(&text));
    json_end_object(w);
}

/* Optional attributes are left out when there is nothing to say. */
static void put_some(struct json_writer *w, struct str name, struct str text)
{
    if (text.len)
        attribute_put_s(w, name, text);
}

/* Keeps begin and end of an item in one place: row_begin(&row, key), attributes, row_end(&row, a).
 */
struct row_writer {
    struct buf text;
    struct json_writer json;
};

static void row_begin(struct row_writer *row, struct key key)
{
    buf_init(&row->text, ROW_MAX_BYTES);
    row->json = json_writer(&row->text);
    json_begin_object(&row->json);
    attribute_put_s(&row->json, S("pk"), key.pk);
    attribute_put_s(&row->json, S("sk"), key.sk);
}

static struct str row_end(struct row_writer *row, struct arena *a)
{
    json_end_object(&row->json);
    struct str out = arena_str(a, buf_str(&row->text));
    buf_clear(&row->text);
    return out;
}

struct str message_row_encode(struct arena *a, const struct message_row *row)
{
    struct row_writer item;
    row_begin(&item, row_message_key(a, row->group, row->sk));
    attribute_put_s(&item.json, S("message_uuid"), row->uuid);
    attribute_put_s(&item.json, S("message"), row->text);
    attribute_put_s(&item.json, S("user_uuid"), row->user_uuid);
    attribute_put_s(&item.json, S("user_display_name"), row->display_name);
    attribute_put_s(&item.json, S("user_handle"), row->handle);
    put_some(&item.json, S("sent_at"), row->sent_at);
    attribute_put_n(&item.json, S("seq"), row->seq);
    return row_end(&item, a);
}

struct str group_row_encode(struct arena *a, const struct group_row *row)
{
    struct row_writer item;
    row_begin(&item, row_group_key(a, row->member, row->sk));
    attribute_put_s(&item.json, S("message_group_uuid"), row->group);
    attribute_put_s(&item.json, S("message"), row->text);
    attribute_put_s(&item.json, S("user_uuid"), row->user_uuid);
    attribute_put_s(&item.json, S("user_display_name"), row->display_name);
    attribute_put_s(&item.json, S("user_handle"), row->handle);
    attribute_put_n(&item.json, S("seq"), row->seq);
    attribute_put_s(&item.json, S("kind"), row->kind);
    put_some(&item.json, S("name"), row->name);
    attribute_put_n(&item.json, S("n"), row->n);
    put_some(&item.json, S("last_user_handle"), row->last_handle);
    return row_end(&item, a);
}

struct str state_row_encode(struct arena *a, const struct state_row *row)
{
    struct row_writer item;
    row_begin(&item, row_state_key(a, row->group));
    attribute_put_s(&item.json, S("last_sk"), row->last_sk);
    attribute_put_n(&item.json, S("seq"), row->seq);
    attribute_put_s(&item.json, S("kind"), row->kind);
    put_some(&item.json, S("name"), row->name);
    put_some(&item.json, S("owner"), row->owner);
    attribute_put_n(&item.json, S("members_ver"), row->members_ver);
    attribute_put_n(&item.json, S("n"), row->n);
    return row_end(&item, a);
}

struct str member_row_encode(struct arena *a, const struct member_row *row)
{
    struct row_writer item;
    row_begin(&item, row_member_key(a, row->group, row->user));
    attribute_put_s(&item.json, S("handle"), row->handle);
    attribute_put_s(&item.json, S("display_name"), row->display_name);
    attribute_put_s(&item.json, S("role"), row->role);
    put_some(&item.json, S("joined_sk"), row->joined_sk);
    attribute_put_n(&item.json, S("read_seq"), row->read_seq);
    put_some(&item.json, S("read_sk"), row->read_sk);
    return row_end(&item, a);
}

struct str pair_row_encode(struct arena *a, const struct pair_row *row)
{
    struct row_writer item;
    row_begin(&item, row_pair_key(a, row->user, row->other));
    attribute_put_s(&item.json, S("group"), row->group);
    return row_end(&item, a);
}

struct str send_row_encode(struct arena *a, const struct send_row *row)
{
    struct row_writer item;
    row_begin(&item, row_send_key(a, row->user, row->client_id));
    attribute_put_s(&item.json, S("group"), row->group);
    attribute_put_s(&item.json, S("message_sk"), row->message_sk);
    attribute_put_s(&item.json, S("message_uuid"), row->message_uuid);
    attribute_put_n(&item.json, S("seq"), row->seq);
    attribute_put_s(&item.json, S("request_hash"), row->request_hash);
    attribute_put_n(&item.json, S("ttl"), row->ttl);
    return row_end(&item, a);
}
