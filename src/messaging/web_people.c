/* Web people: who has a handle, and signing in as a demo person on the page. */
#include "messaging/web_request.h"

enum { SESSION_LIFE_S = 24 * 3600 };

static struct error *limit_address(struct web_request *r, enum limit limit)
{
    if (limits_take(r->web->options.limits, limit, r->http->peer, &r->retry_after_s))
        return NULL;
    return error_new(r->arena, &web_too_often, "too many requests from this address");
}

static void write_user(struct json_writer *w, const struct user *user)
{
    json_begin_object(w);
    json_key(w, S("uuid")), json_str(w, user->uuid);
    json_key(w, S("handle")), json_str(w, user->handle);
    json_key(w, S("display_name")), json_str(w, user->display_name);
    json_end_object(w);
}

struct error *web_user_short(struct web_request *r)
{
    struct user user;
    bool found;
    TRY(limit_address(r, LIMIT_OPEN_ROUTE));
    TRY(users_by_handle(r->web->options.users, r->arena, r->params[0], &user, &found));
    if (!found)
        return error_new(r->arena, &web_user_not_found, "nobody has this handle");
    struct buf out;
    struct json_writer w = web_json_begin(&out);
    write_user(&w, &user);
    return web_json_end(r, &out);
}

/* -- the demo sign-in: no password, so only for pages that are ours ---------------------------- */

static struct error *check_host(struct web_request *r)
{
    struct str host = http_header_of(r->http, S("Host"));
    if (web_host_is_ours(r->web, host))
        return NULL;
    return error_new(r->arena, &web_forbidden,
                     "the demo sign-in is for localhost, addresses and the hosts of --origin");
}

struct error *web_demo_people(struct web_request *r)
{
    const struct user *all;
    size_t count;
    TRY(check_host(r));
    TRY(limit_address(r, LIMIT_OPEN_ROUTE));
    TRY(users_list(r->web->options.users, r->arena, &all, &count));
    struct buf out;
    struct json_writer w = web_json_begin(&out);
    json_begin_object(&w);
    json_key(&w, S("people"));
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++)
        if (users_is_demo(all[i].handle))
            write_user(&w, &all[i]);
    json_end_array(&w);
    json_end_object(&w);
    return web_json_end(r, &out);
}

static struct error *find_demo_user(struct web_request *r, struct user *user)
{
    struct str handle = S("");
    const struct web_member members[] = {{S("handle"), WEB_TEXT, &handle}};
    bool found = false;
    TRY(web_read_body(r, members, countof(members)));
    if (users_is_demo(handle))
        TRY(users_by_handle(r->web->options.users, r->arena, handle, user, &found));
    return found ? NULL
                 : error_new(r->arena, &web_user_not_found, "no demo person has this handle");
}

struct error *web_demo_sign_in(struct web_request *r)
{
    struct user user;
    struct str token;
    TRY(check_host(r));
    TRY(limit_address(r, LIMIT_SIGN_IN));
    TRY(find_demo_user(r, &user));
    TRY(tokens_issue(r->web->options.tokens, r->arena, users_subject(r->arena, &user), user.handle,
                     SESSION_LIFE_S, &token));
    struct buf out;
    struct json_writer w = web_json_begin(&out);
    json_begin_object(&w);
    json_key(&w, S("token")), json_str(&w, token);
    json_key(&w, S("expires_in")), json_i64(&w, SESSION_LIFE_S);
    json_key(&w, S("user")), write_user(&w, &user);
    json_end_object(&w);
    return web_json_end(r, &out);
}
