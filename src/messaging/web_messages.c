/* Web messages: conversations and what is said in them (patterns A to D). */
#include "base/vec.h"
#include "messaging/web_request.h"

enum { MESSAGE_MAX_CHARS = 1024, GROUP_MAX_BYTES = 255 };

/* What cannot be a group's id is no group; the store is not even asked. */
static struct error *check_group(struct web_request *r, struct str group)
{
    bool is_possible = group.len && group.len <= GROUP_MAX_BYTES && str_is_utf8(group);
    return is_possible ? NULL : error_new(r->arena, &chat_not_found, "there is no such group");
}

/* -- links ------------------------------------------------------------------------------------- */

static struct str add_link(struct web_request *r, struct str links, struct str path,
                           const char *name, struct str cursor, const char *rel)
{
    if (!cursor.len)
        return links;
    struct str limit;
    bool has_limit = http_query_of(r->arena, r->http, S("limit"), &limit);
    cursor = web_escape(r->arena, cursor);
    return arena_printf(r->arena, "%.*s%s<%.*s?%s%.*s%s%s=%.*s>; rel=\"%s\"", STR_ARG(links),
                        links.len ? ", " : "", STR_ARG(path), has_limit ? "limit=" : "",
                        has_limit ? (int)limit.len : 0, limit.data, has_limit ? "&" : "", name,
                        STR_ARG(cursor), rel);
}

/* -- lists ------------------------------------------------------------------------------------- */

static void write_message(struct json_writer *w, const struct chat_message *m)
{
    json_key(w, S("uuid")), json_str(w, m->uuid);
    json_key(w, S("display_name")), json_str(w, m->display_name);
    json_key(w, S("handle")), json_str(w, m->handle);
    json_key(w, S("message")), json_str(w, m->message);
    json_key(w, S("created_at")), json_str(w, m->created_at);
    if (m->seq)
        json_key(w, S("seq")), json_i64(w, m->seq);
}

struct error *web_list_messages(struct web_request *r)
{
    struct str group = r->params[0];
    struct chat_page page;
    const struct chat_message *messages;
    size_t count;
    TRY(web_read_page(r, &page));
    TRY(check_group(r, group));
    TRY(chat_messages(r->web->options.chat, r->arena, &r->me, group, &page, &messages, &count,
                      &r->cost));
    struct buf out;
    struct json_writer w = web_json_begin(&out);
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&w);
        write_message(&w, &messages[i]);
        json_end_object(&w);
    }
    json_end_array(&w);
    struct str escaped = web_escape(r->arena, group);
    struct str path = arena_printf(r->arena, "/api/messages/%.*s", STR_ARG(escaped));
    struct str links = add_link(r, S(""), path, "before", page.prev, "prev");
    links = add_link(r, links, path, "after", page.next, "next");
    if (links.len)
        web_header(r, S("Link"), links);
    return web_json_end(r, &out);
}

static void write_group(struct json_writer *w, const struct chat_group *g)
{
    json_begin_object(w);
    json_key(w, S("uuid")), json_str(w, g->uuid);
    json_key(w, S("display_name")), json_str(w, g->display_name);
    json_key(w, S("handle")), json_str(w, g->handle);
    json_key(w, S("message")), json_str(w, g->message);
    json_key(w, S("created_at")), json_str(w, g->created_at);
    json_key(w, S("unread")), json_i64(w, g->unread);
    json_key(w, S("seq")), json_i64(w, g->seq);
    json_key(w, S("kind")), json_str(w, g->kind);
    json_key(w, S("name"));
    if (g->name.len)
        json_str(w, g->name);
    else
        json_null(w);
    json_end_object(w);
}

/* The list runs from new to old, so its next page is what is older. */
struct error *web_list_groups(struct web_request *r)
{
    struct chat_page page;
    const struct chat_group *groups;
    size_t count;
    TRY(web_read_page(r, &page));
    if (page.after.len)
        return error_new(r->arena, &web_bad_cursor, "this list has no after");
    TRY(chat_groups(r->web->options.chat, r->arena, &r->me, &page, &groups, &count, &r->cost));
    struct buf out;
    struct json_writer w = web_json_begin(&out);
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++)
        write_group(&w, &groups[i]);
    json_end_array(&w);
    struct str links = add_link(r, S(""), S("/api/message_groups"), "before", page.prev, "next");
    if (links.len)
        web_header(r, S("Link"), links);
    return web_json_end(r, &out);
}

/* -- sending ----------------------------------------------------------------------------------- */

struct new_message {
    struct str message, group, handle;
    bool has_message, has_group, has_handle;
};

/* Upstream's names for what is wrong, all of them at once (422). */
static struct error *check_new_message(struct web_request *r, const struct new_message *m,
                                       bool *is_good)
{
    const struct {
        bool holds;
        struct str name;
    } rows[] = {
        {m->has_group && web_is_blank(m->group), S("message_group_uuid_blank")},
        {!m->has_group && (!m->has_handle || web_is_blank(m->handle)),
         S("user_reciever_handle_blank")},
        {!m->has_message || web_is_blank(m->message), S("message_blank")},
        {m->has_message && str_count_chars(m->message) > MESSAGE_MAX_CHARS,
         S("message_exceed_max_chars")},
    };
    struct buf out;
    struct json_writer w = web_json_begin(&out);
    *is_good = true;
    json_begin_array(&w);
    for (size_t i = 0; i < countof(rows); i++)
        if (rows[i].holds) {
            json_str(&w, rows[i].name);
            *is_good = false;
        }
    json_end_array(&w);
    r->reply.status = *is_good ? 0 : 422;
    return web_json_end(r, &out);
}

/* The rate limits, asked by the chat when it knows what the send will be. */
static bool admit(void *context, struct str group, bool is_new_group)
{
    struct web_request *r = context;
    struct limits *limits = r->web->options.limits;
    if (!limits_take(limits, LIMIT_SEND_USER, r->me.uuid, &r->retry_after_s))
        return false;
    bool may_pass = is_new_group
                        ? limits_take(limits, LIMIT_NEW_GROUP, r->me.uuid, &r->retry_after_s)
                        : limits_take(limits, LIMIT_SEND_GROUP, group, &r->retry_after_s);
    if (!may_pass)
        limits_give_back(limits, LIMIT_SEND_USER, r->me.uuid);
    return may_pass;
}

static struct error *write_sent(struct web_request *r, const struct chat_sent *sent,
                                bool is_to_group)
{
    struct buf out;
    struct json_writer w = web_json_begin(&out);
    json_begin_object(&w);
    json_key(&w, S("message_group_uuid")), json_str(&w, sent->group);
    if (is_to_group)
        write_message(&w, &sent->message);
    json_end_object(&w);
    if (sent->is_replay)
        web_header(r, S("Idempotent-Replay"), S("true"));
    return web_json_end(r, &out);
}

static struct error *find_receiver(struct web_request *r, struct str handle, struct user *to)
{
    bool found;
    TRY(users_by_handle(r->web->options.users, r->arena, handle, to, &found));
    return found ? NULL : error_new(r->arena, &web_user_not_found, "nobody has this handle");
}

struct error *web_send(struct web_request *r)
{
    struct new_message m = {.has_message = false};
    const struct web_member members[] = {
        {S("message"), WEB_TEXT, &m.message, .is_given = &m.has_message},
        {S("message_group_uuid"), WEB_TEXT, &m.group, .is_given = &m.has_group},
        {S("handle"), WEB_TEXT, &m.handle, .is_given = &m.has_handle},
    };
    struct chat_send send = {.gate = {admit, r}};
    struct user to;
    bool is_good;
    TRY(web_read_body(r, members, countof(members)));
    TRY(web_read_key(r, &send.idempotency_key));
    TRY(check_new_message(r, &m, &is_good));
    if (!is_good)
        return NULL;
    send.text = m.message;
    if (m.has_group) {
        send.group = m.group;
        TRY(check_group(r, m.group));
    } else {
        send.to = &to;
        TRY(find_receiver(r, m.handle, &to));
    }
    struct chat_sent sent = {.is_replay = false};
    TRY(chat_send(r->web->options.chat, r->arena, &r->me, &send, &sent, &r->cost));
    return write_sent(r, &sent, m.has_group);
}

/* -- reading ----------------------------------------------------------------------------------- */

struct error *web_mark_read(struct web_request *r)
{
    struct str group = r->params[0];
    int64_t seq = -1;
    const struct web_member members[] = {{S("seq"), WEB_NUMBER, .number = &seq}};
    TRY(web_read_body(r, members, countof(members)));
    if (seq < 0)
        return error_new(r->arena, &web_bad_request, "seq must be a whole number from 0 on");
    TRY(check_group(r, group));
    struct chat *chat = r->web->options.chat;
    TRY(chat_mark_read(chat, r->arena, &r->me, group, seq, &seq, &r->cost));
    const struct str *readers;
    size_t count;
    TRY(chat_members(chat, r->arena, group, &readers, &count));
    hub_tell_read(r->web->options.hub, readers, count, group, r->me.handle, seq);
    struct buf out;
    struct json_writer w = web_json_begin(&out);
    json_begin_object(&w);
    json_key(&w, S("seq")), json_i64(&w, seq);
    json_end_object(&w);
    return web_json_end(r, &out);
}
