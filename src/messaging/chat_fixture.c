#include "messaging/chat_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"
#include "client/local.h"
#include "dynamodb/engine.h"
#include "messaging/follow.h"

/* -- people ------------------------------------------------------------------------------------ */

struct error *users_by_uuid(struct users *users, struct arena *a, struct str uuid, struct user *out,
                            bool *found)
{
    *found = false;
    for (size_t i = 0; i < STRANGER && !*found; i++) { /* the stranger has no row */
        *found = str_eq(users->people[i].uuid, uuid);
        if (*found)
            *out = (struct user){.uuid = arena_str(a, uuid),
                                 .handle = arena_str(a, users->people[i].handle),
                                 .display_name = arena_str(a, users->people[i].display_name)};
    }
    return NULL;
}

static const struct users demo = {{
    {STR_INIT("11111111-1111-4111-8111-111111111111"), STR_INIT("andrewbrown"),
     STR_INIT("Andrew Brown")},
    {STR_INIT("22222222-2222-4222-8222-222222222222"), STR_INIT("bayko"), STR_INIT("Andrew Bayko")},
    {STR_INIT("33333333-3333-4333-8333-333333333333"), STR_INIT("londo"),
     STR_INIT("Londo Mollari")},
    {STR_INIT("44444444-4444-4444-8444-444444444444"), STR_INIT("nobody"), STR_INIT("Nobody")},
}};

const struct user *world_user(struct world *w, enum person_index who)
{
    return &w->users.people[who];
}

/* -- lifetime ---------------------------------------------------------------------------------- */

static bool check_ok(const struct error *e, const char *what)
{
    if (e)
        printf("# %s: %s: %.*s\n", what, e->kind->name, STR_ARG(e->message));
    return CHECK(!e);
}

static void open_with(struct world *w, struct arena *arena, const struct clock *clock,
                      const char *dir)
{
    struct engine_options options = {
        .data_dir = dir, .clock = clock, .rand = &rand_system, .shard_life_ms = w->shard_life_ms};
    w->arena = arena;
    w->users = demo;
    if (!check_ok(engine_open(arena, &options, &w->engine), "engine_open"))
        exit(1);
    w->client = client_local_new(w->engine);
    w->chat = chat_new(&(struct chat_options){.client = w->client,
                                              .users = &w->users,
                                              .table = WORLD_TABLE,
                                              .clock = clock,
                                              .rand = &rand_system});
    check_ok(chat_prepare(w->chat, arena, false), "chat_prepare");
}

void world_open(struct world *w, struct arena *arena)
{
    *w = (struct world){.time = {WORLD_NOW_US}};
    w->clock = clock_manual(&w->time);
    open_with(w, arena, &w->clock, NULL);
}

void world_open_live(struct world *w, struct arena *arena)
{
    *w = (struct world){.clock = clock_system};
    open_with(w, arena, &w->clock, NULL);
}

void world_open_rolling(struct world *w, struct arena *arena, int64_t shard_life_ms)
{
    *w = (struct world){.clock = clock_system, .shard_life_ms = shard_life_ms};
    open_with(w, arena, &w->clock, NULL);
}

void world_open_dir(struct world *w, struct arena *arena, const char *dir)
{
    *w = (struct world){.clock = clock_system};
    open_with(w, arena, &w->clock, dir);
}

void world_close(struct world *w)
{
    chat_free(w->chat);
    client_free(w->client);
    engine_close(w->engine);
}

struct str world_call(struct world *w, struct arena *a, const char *operation, struct str request)
{
    struct str response = {"", 0};
    check_ok(client_call(w->client, a, str_z(operation), request, &response), operation);
    return response;
}

/* -- the chat ---------------------------------------------------------------------------------- */

static struct chat_sent send(struct world *w, enum person_index from, struct chat_send send)
{
    struct chat_sent sent = {0};
    check_ok(chat_send(w->chat, w->arena, world_user(w, from), &send, &sent, NULL), "chat_send");
    return sent;
}

struct chat_sent world_send(struct world *w, enum person_index from, struct str group,
                            const char *text)
{
    return send(w, from, (struct chat_send){.text = str_z(text), .group = group});
}

struct chat_sent world_send_to(struct world *w, enum person_index from, enum person_index to,
                               const char *text)
{
    return send(w, from, (struct chat_send){.text = str_z(text), .to = world_user(w, to)});
}

struct str world_texts(struct world *w, enum person_index who, struct str group)
{
    struct chat_page page = {.limit = 100};
    const struct chat_message *messages;
    size_t count;
    struct str out = {"", 0};
    struct error *e =
        chat_messages(w->chat, w->arena, world_user(w, who), group, &page, &messages, &count, NULL);
    if (e)
        return arena_printf(w->arena, "!%s", e->kind->name);
    for (size_t i = 0; i < count; i++)
        out = arena_printf(w->arena, "%.*s%s%.*s", STR_ARG(out), i ? "|" : "",
                           STR_ARG(messages[i].message));
    return out;
}

struct str world_inbox(struct world *w, enum person_index who)
{
    struct chat_page page = {.limit = 100};
    const struct chat_group *groups;
    size_t count;
    struct str out = {"", 0};
    struct error *e =
        chat_groups(w->chat, w->arena, world_user(w, who), &page, &groups, &count, NULL);
    if (e)
        return arena_printf(w->arena, "!%s %.*s", e->kind->name, STR_ARG(e->message));
    for (size_t i = 0; i < count; i++)
        out = arena_printf(w->arena, "%.*s%s%.*s(%lld)", STR_ARG(out), i ? "|" : "",
                           STR_ARG(groups[i].message), (long long)groups[i].unread);
    return out;
}

/* -- somebody else's program ------------------------------------------------------------------- */

/* {"TableName":…,"Item":{pk, sk, message, user_uuid, user_display_name, user_handle, <extra>}} */
static void put(struct world *w, struct key key, const char *text, const struct user *user,
                struct str extra_name, struct str extra)
{
    struct buf request;
    buf_init(&request, 1 << 20);
    struct json_writer j = json_writer(&request);
    json_begin_object(&j);
    json_key(&j, S("TableName"));
    json_str(&j, WORLD_TABLE);
    json_key(&j, S("Item"));
    json_begin_object(&j);
    attribute_put_s(&j, S("pk"), key.pk);
    attribute_put_s(&j, S("sk"), key.sk);
    attribute_put_s(&j, S("message"), str_z(text));
    attribute_put_s(&j, S("user_uuid"), user->uuid);
    attribute_put_s(&j, S("user_display_name"), user->display_name);
    attribute_put_s(&j, S("user_handle"), user->handle);
    attribute_put_s(&j, extra_name, extra);
    json_end_object(&j);
    json_end_object(&j);
    world_call(w, w->arena, "PutItem", buf_str(&request));
    buf_clear(&request);
}

void foreign_message(struct world *w, struct str group, struct str sk, enum person_index from,
                     const char *text)
{
    char uuid[RAND_UUID_BYTES];
    put(w, row_message_key(w->arena, group, sk), text, world_user(w, from), S("message_uuid"),
        arena_str(w->arena, rand_uuid(&rand_system, uuid)));
}

void foreign_group_row(struct world *w, struct str group, struct str sk, enum person_index owner,
                       enum person_index other, const char *text)
{
    put(w, row_group_key(w->arena, world_user(w, owner)->uuid, sk), text, world_user(w, other),
        S("message_group_uuid"), group);
}

void foreign_delete(struct world *w, struct key key)
{
    world_call(w, w->arena, "DeleteItem",
               arena_printf(w->arena,
                            "{\"TableName\":\"cruddur-messages\",\"Key\":{\"pk\":{\"S\":\"%.*s\"},"
                            "\"sk\":{\"S\":\"%.*s\"}}}",
                            STR_ARG(key.pk), STR_ARG(key.sk)));
}

/* -- looking at the table ---------------------------------------------------------------------- */

static int compare(const void *x, const void *y)
{
    const struct str *first = x, *second = y;
    return str_compare(*first, *second);
}

/* The elements of Items as texts, and what comes after them. */
static struct str read_items(struct arena *a, struct str response, struct str but,
                             const struct str **out, size_t *count)
{
    VEC(struct str) lines = {0};
    struct json_reader r, of_item;
    struct str name, text, last = {"", 0};
    struct item item;
    json_reader_init(&r, response, a);
    json_enter_object(&r);
    while (json_next_member(&r, &name)) {
        if (str_eq(name, S("LastEvaluatedKey"))) {
            json_read_raw(&r, &last);
        } else if (str_eq(name, S("Items"))) {
            json_enter_array(&r);
            while (json_next_element(&r) && json_read_raw(&r, &text)) {
                json_reader_init(&of_item, text, a);
                if (item_decode(a, &of_item, &item) &&
                    !(but.len && str_starts(item_key(&item).pk, but)))
                    VEC_PUSH(a, &lines, text);
            }
        } else {
            json_skip(&r);
        }
    }
    CHECK(json_finish(&r));
    *out = lines.items;
    *count = lines.count;
    return last;
}

struct str world_dump(struct world *w, struct arena *a, struct str but)
{
    VEC(struct str) lines = {0};
    struct str last = {"", 0}, out = {"", 0};
    do {
        struct str start =
            last.len ? arena_join(a, S(",\"ExclusiveStartKey\":"), last) : (struct str){"", 0};
        struct str request = arena_printf(
            a, "{\"TableName\":\"cruddur-messages\",\"ConsistentRead\":true%.*s}", STR_ARG(start));
        const struct str *some;
        size_t count;
        last = read_items(a, world_call(w, a, "Scan", request), but, &some, &count);
        for (size_t i = 0; i < count; i++)
            VEC_PUSH(a, &lines, some[i]);
    } while (last.len);
    if (lines.count)
        qsort(lines.items, lines.count, sizeof *lines.items, compare);
    for (size_t i = 0; i < lines.count; i++)
        out = arena_printf(a, "%.*s%.*s\n", STR_ARG(out), STR_ARG(lines.items[i]));
    return out;
}

size_t world_group_rows(struct world *w, enum person_index who, struct str group,
                        struct group_row *out)
{
    struct str response = world_call(
        w, w->arena, "Query",
        arena_printf(w->arena,
                     "{\"TableName\":\"cruddur-messages\",\"ConsistentRead\":true,"
                     "\"KeyConditionExpression\":\"pk = :p\",\"ExpressionAttributeValues\":"
                     "{\":p\":{\"S\":\"GRP#%.*s\"}}}",
                     STR_ARG(world_user(w, who)->uuid)));
    const struct str *lines;
    size_t count, found = 0;
    read_items(w->arena, response, S(""), &lines, &count);
    for (size_t i = 0; i < count; i++) {
        struct json_reader r;
        struct item item;
        struct group_row row;
        json_reader_init(&r, lines[i], w->arena);
        if (!item_decode(w->arena, &r, &item))
            continue;
        group_row_decode(&item, &row);
        if (!str_eq(row.group, group))
            continue;
        found++;
        if (out)
            *out = row;
    }
    return found;
}

/* -- the stream -------------------------------------------------------------------------------- */

struct collected {
    VEC(struct str) records;
    struct arena *arena;
};

static void collect(void *context, struct arena *a, struct str record)
{
    struct collected *collected = context;
    (void)a;
    VEC_PUSH(collected->arena, &collected->records, arena_str(collected->arena, record));
}

const struct str *world_records(struct world *w, struct arena *a, size_t *count)
{
    struct collected collected = {.arena = a};
    struct follower *follower =
        follower_new(&(struct follower_options){{w->client, WORLD_TABLE}, &w->clock, S("test")});
    enum follower_state state;
    size_t some;
    do {
        some = 0;
        check_ok(follower_poll(follower, a, collect, &collected, &state, &some), "follower_poll");
    } while (some);
    follower_free(follower);
    *count = collected.records.count;
    return collected.records.items;
}

void world_adopt_all(struct world *w)
{
    size_t count;
    const struct str *records = world_records(w, w->arena, &count);
    for (size_t i = 0; i < count; i++)
        check_ok(chat_adopt(w->chat, w->arena, records[i]), "chat_adopt");
}
