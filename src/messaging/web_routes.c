/* Web routes: the API as one table. Adding a route is one row and one handler. */
#include "messaging/web_request.h"

#include "base/vec.h"

const struct web_route web_routes[] = {
    {"GET", "/api/health-check", WEB_OPEN | WEB_QUICK, web_health_check,
     "Is the API there? Upstream's form.", NULL, NULL, "HealthCheck", ""},
    {"GET", "/api/message_groups", 0, web_list_groups,
     "My conversations, newest first. Link: rel=\"next\" leads to older ones.", "limit before",
     NULL, "[]MessageGroup", "400 401 503"},
    {"GET", "/api/messages/{group}", 0, web_list_messages,
     "Messages of a conversation, oldest first: the newest page, or the one before or after a "
     "cursor. Link: rel=\"prev\" is older, rel=\"next\" newer.",
     "limit before after", NULL, "[]Message", "400 401 404 503"},
    {"POST", "/api/messages", 0, web_send,
     "Send into a conversation (message_group_uuid), or to a person, perhaps for the first time "
     "(handle). The answer to the latter holds message_group_uuid only.",
     "Idempotency-Key", "NewMessage", "SentMessage", "400 401 404 409 413 415 422 429 503"},
    {"PUT", "/api/messages/{group}/read", 0, web_mark_read,
     "I have read the conversation up to the message with this seq.", NULL, "ReadMark", "ReadMark",
     "400 401 404 415 503"},
    {"GET", "/api/users/@{handle}/short", WEB_OPEN, web_user_short, "Who has this handle?", NULL,
     NULL, "User", "404 429 503"},
    {"GET", "/api/events", WEB_STREAM, web_events,
     "Live events of mine: message, read, group, reset.", "Last-Event-ID", NULL,
     "text/event-stream", "401 429 503"},
    {"GET", "/api/session", WEB_OPEN | WEB_DEMO, web_demo_people,
     "The demo people, to sign in as one of them. Absent under --production.", NULL, NULL, "People",
     "403 404 503"},
    {"POST", "/api/session", WEB_OPEN | WEB_DEMO, web_demo_sign_in,
     "Sign in as a demo person. Absent under --production.", NULL, "SignIn", "Session",
     "400 403 404 415 429 503"},
    {"GET", "/healthz", WEB_OPEN | WEB_QUICK, web_healthz, "Can the server store and answer?", NULL,
     NULL, "Health", "503"},
    {"GET", "/metrics", WEB_QUICK | WEB_SCRAPED, web_metrics, "Numbers for Prometheus.", NULL, NULL,
     "text/plain", "401"},
    {"GET", "/openapi.json", WEB_OPEN | WEB_QUICK, web_openapi, "This description.", NULL, NULL,
     "application/json", ""},
    {"GET", "/", WEB_OPEN | WEB_QUICK, web_asset, "The page.", NULL, NULL, "text/html", "304"},
    {"GET", "/{file}", WEB_OPEN | WEB_QUICK, web_asset, "What the page is made of.", NULL, NULL,
     "application/octet-stream", "304 404"},
};
const size_t web_route_count = countof(web_routes);

/* "@{handle}" fits "@bayko" and gives "bayko"; no parameter is empty. */
static bool fit_segment(struct str want, struct str got, struct str *param)
{
    struct str before;
    if (!str_cut(&want, '{', &before))
        return str_eq(before, got);
    if (!str_starts(got, before) || got.len == before.len)
        return false;
    *param = str_from(got, before.len);
    return true;
}

static bool fit(const char *pattern, struct str path, struct str *params)
{
    struct str want = str_z(pattern), a, b;
    size_t found = 0;
    for (bool has_more = true; has_more;) {
        has_more = str_cut(&want, '/', &a);
        if (str_cut(&path, '/', &b) != has_more)
            return false;
        struct str param = S("");
        if (!fit_segment(a, b, &param))
            return false;
        if (param.len)
            params[found++] = param;
    }
    return true;
}

static struct str add_method(struct arena *a, struct str list, const char *method)
{
    return arena_printf(a, "%.*s%s%s", STR_ARG(list), list.len ? ", " : "", method);
}

const struct web_route *web_route_find(struct arena *a, const struct web *web, struct str method,
                                       struct str path, struct str *params, struct str *allow)
{
    bool is_head = str_eq(method, S("HEAD"));
    struct str wanted = is_head ? S("GET") : method;
    *allow = S("");
    for (size_t i = 0; i < web_route_count; i++) {
        const struct web_route *route = &web_routes[i];
        if ((route->flags & WEB_DEMO) && !web->options.has_demo_sign_in)
            continue;
        if (!fit(route->pattern, path, params))
            continue;
        if (str_eq(wanted, str_z(route->method)) && !(is_head && (route->flags & WEB_STREAM)))
            return route;
        *allow = add_method(a, *allow, route->method);
    }
    return NULL;
}
