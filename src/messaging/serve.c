#include "messaging/serve.h"

#include "messaging/feed.h"
#include "messaging/web.h"

#include <stdlib.h>

struct serve {
    struct serve_options options;
    struct users *users;
    struct tokens *tokens;
    struct chat *chat;
    struct hub *hub;
    struct limits *limits;
    struct web *web;
    struct feed *feed;
};

/* -- people ------------------------------------------------------------------------------------ */

/* Ours are made where there is nothing; a table of somebody else's is left as it is. */
static struct error *prepare_users(struct serve *s, struct arena *a)
{
    bool is_there, is_ours = !s->options.users_url.len;
    TRY(users_has_table(s->users, a, &is_there));
    if (!is_there && !is_ours && s->options.is_production)
        return error_new(a, &error_usage,
                         "the database of CONNECTION_URL has no table users; "
                         "`cruddur db schema-load` makes it");
    if (!is_there)
        TRY(users_prepare(s->users, a));
    const struct user *all;
    size_t count;
    TRY(users_list(s->users, a, &all, &count));
    bool wants_demo = !s->options.is_production && count == 0 && (is_ours || !is_there);
    return wants_demo ? users_add_demo(s->users, a, s->options.rand, NULL) : NULL;
}

static struct error *refuse_demo_users(struct serve *s, struct arena *a)
{
    bool has_demo = false;
    TRY(users_has_demo(s->users, a, &has_demo));
    if (!has_demo)
        return NULL;
    return error_new(a, &error_usage,
                     "--production refuses the demo people (andrewbrown, bayko, londo) of this "
                     "store: use a new data folder or database");
}

static struct error *open_users(struct serve *s, struct arena *a)
{
    const struct serve_options *o = &s->options;
    struct users_options users = {
        .url = o->users_url, .clock = o->clock, .connections = o->workers};
    if (!users.url.len)
        users.url = o->data_dir ? arena_printf(a, "%s/users.db", o->data_dir) : S(":memory:");
    TRY(users_open(a, &users, &s->users));
    TRY(prepare_users(s, a));
    return o->is_production ? refuse_demo_users(s, a) : NULL;
}

/* -- the parts --------------------------------------------------------------------------------- */

static void tell_of_message(void *context, struct str group, const struct chat_message *message,
                            const struct str *members, size_t member_count)
{
    const struct serve *s = context;
    hub_tell_message(s->hub, members, member_count, group, message);
}

static struct error *open_tokens(struct serve *s, struct arena *a)
{
    const struct tokens_options tokens = {
        .data_dir = s->options.data_dir,
        .may_create = true,
        .clock = s->options.clock,
        .rand = s->options.rand,
    };
    return tokens_open(a, &tokens, &s->tokens);
}

static struct error *open_chat(struct serve *s, struct arena *a)
{
    const struct chat_options chat = {
        .client = s->options.client,
        .users = s->users,
        .table = s->options.table,
        .clock = s->options.clock,
        .rand = s->options.rand,
    };
    s->chat = chat_new(&chat);
    return chat_prepare(s->chat, a, s->options.is_production);
}

static struct error *open_web(struct serve *s, struct arena *a)
{
    const struct serve_options *o = &s->options;
    const struct hub_options hub = {.clock = o->clock,
                                    .rand = o->rand,
                                    .streams_per_user = o->has_no_limits ? SIZE_MAX : 0,
                                    .has_thread = true};
    s->hub = hub_new(&hub);
    s->limits = limits_new(o->clock, o->rand, o->has_no_limits);
    const struct web_options web = {
        .addresses = o->addresses,
        .address_count = o->address_count,
        .port = o->port,
        .port_flag = o->port_flag,
        .workers = o->workers,
        .loops = o->loops,
        .chat = s->chat,
        .users = s->users,
        .tokens = s->tokens,
        .hub = s->hub,
        .limits = s->limits,
        .clock = o->clock,
        .origins = o->origins,
        .origin_count = o->origin_count,
        .metrics_token = o->metrics_token,
        .has_demo_sign_in = !o->is_production,
        .is_healthy = o->is_healthy,
        .health_context = o->health_context,
    };
    return web_open(a, &web, &s->web);
}

/* -- life -------------------------------------------------------------------------------------- */

struct error *serve_open(struct arena *a, const struct serve_options *options, struct serve **out)
{
    struct serve *s = mem_zalloc(sizeof *s);
    s->options = *options;
    struct error *error = open_users(s, a);
    if (!error)
        error = open_tokens(s, a);
    if (!error)
        error = open_chat(s, a);
    if (!error)
        error = open_web(s, a);
    if (error) {
        serve_close(s, 0);
        return error;
    }
    *out = s;
    return NULL;
}

struct error *serve_start(struct arena *a, struct serve *s)
{
    const struct feed_options feed = {
        .client = s->options.client,
        .chat = s->chat,
        .table = s->options.table,
        .clock = s->options.clock,
        .on_message = tell_of_message,
        .context = s,
        .announce_own = true,
        .may_prepare = !s->options.is_production,
        .idle_ms = s->options.stream_pause_ms,
        .busy_ms = s->options.stream_pause_ms,
    };
    s->feed = feed_start(&feed);
    return web_start(a, s->web);
}

uint16_t serve_port(const struct serve *s)
{
    return web_port(s->web);
}

void serve_close(struct serve *s, int64_t grace_ms)
{
    if (!s)
        return;
    if (s->hub)
        hub_stop(s->hub);
    web_close(s->web, grace_ms);
    feed_stop(s->feed); /* it tells the hub of messages that a worker has just sent */
    if (s->chat)
        chat_free(s->chat);
    hub_free(s->hub);
    limits_free(s->limits);
    tokens_close(s->tokens);
    users_close(s->users);
    free(s);
}
