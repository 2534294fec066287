/* Web reply: the answer's head and body, errors in the API's form, and who may read it (CORS). */
#include "base/log.h"
#include "messaging/web_request.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

const struct error_kind web_bad_request = {"bad_request", 400, false};
const struct error_kind web_bad_limit = {"bad_limit", 400, false};
const struct error_kind web_bad_cursor = {"bad_cursor", 400, false};
const struct error_kind web_bad_key = {"bad_idempotency_key", 400, false};
const struct error_kind web_unauthorized = {"unauthorized", 401, false};
const struct error_kind web_forbidden = {"forbidden", 403, false};
const struct error_kind web_not_found = {"not_found", 404, false};
const struct error_kind web_user_not_found = {"user_not_found", 404, false};
const struct error_kind web_bad_method = {"method_not_allowed", 405, false};
const struct error_kind web_not_json = {"unsupported_media_type", 415, false};
const struct error_kind web_too_often = {"too_many_requests", 429, true};
const struct error_kind web_busy = {"unavailable", 503, true};

enum { BODY_MAX_BYTES = 8 * 1024 * 1024 };

static const struct str json_type = STR_INIT("application/json; charset=utf-8");

void web_header(struct web_request *r, struct str name, struct str value)
{
    assert(r->reply.header_count < WEB_HEADERS);
    r->reply.headers[r->reply.header_count++] = (struct http_header){name, value};
}

struct json_writer web_json_begin(struct buf *out)
{
    buf_init(out, BODY_MAX_BYTES);
    return json_writer(out);
}

struct error *web_json_end(struct web_request *r, struct buf *out)
{
    struct error *error = NULL;
    if (out->overflowed)
        error = error_new(r->arena, &error_internal, "the answer is over %d bytes", BODY_MAX_BYTES);
    r->reply.content_type = json_type;
    r->reply.body = arena_str(r->arena, buf_str(out));
    buf_clear(out);
    return error;
}

/* -- errors ------------------------------------------------------------------------------------ */

/* {"error":"name","message":"words"}; the words of what failed inside are for the log only. */
static struct str render_error(struct arena *a, const char *name, struct str message)
{
    struct buf out;
    buf_init(&out, 64 * 1024);
    struct json_writer w = json_writer(&out);
    json_begin_object(&w);
    json_key(&w, S("error")), json_str(&w, str_z(name));
    if (message.len && str_is_utf8(message))
        json_key(&w, S("message")), json_str(&w, message);
    json_end_object(&w);
    struct str body = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return body;
}

static bool is_ours_to_hide(int status)
{
    return status >= 500;
}

/* The kinds that are told to clients. Whatever else comes up from below (the store's own errors,
 * too, which speak of requests that we made) is our failure. */
static int status_of(const struct error *error)
{
    static const struct error_kind *const told[] = {
        &web_bad_request,  &web_bad_limit, &web_bad_cursor,   &web_bad_key,
        &web_unauthorized, &web_forbidden, &web_not_found,    &web_user_not_found,
        &web_bad_method,   &web_not_json,  &web_too_often,    &web_busy,
        &chat_not_found,   &chat_conflict, &chat_bad_cursor,  &chat_throttled,
        &chat_unavailable, &chat_not_yet,  &users_unavailable};
    for (size_t i = 0; i < countof(told); i++)
        if (error->kind == told[i])
            return error->kind->http_status;
    return 500;
}

static void reply_error(struct web_request *r, const struct error *error)
{
    int status = status_of(error);
    const char *name = status == 500   ? "internal"
                       : status == 503 ? web_busy.name
                                       : error->kind->name;
    r->reply.status = status;
    r->reply.content_type = json_type;
    r->reply.body = status == 401 ? S("{}")
                                  : render_error(r->arena, name,
                                                 is_ours_to_hide(status) ? S("") : error->message);
    if (status == 401)
        web_header(r, S("WWW-Authenticate"), S("Bearer"));
    if (status == 429 || status == 503)
        web_header(
            r, S("Retry-After"),
            arena_printf(r->arena, "%lld", (long long)(r->retry_after_s ? r->retry_after_s : 1)));
    if (is_ours_to_hide(status))
        log_error("web: %.*s %.*s: %d %s: %.*s", STR_ARG(r->http->method), STR_ARG(r->http->path),
                  status, error->kind->name, STR_ARG(error->message));
}

void web_refusal(struct arena *a, const struct error *why, struct http_response *response)
{
    response->content_type = json_type;
    response->body =
        render_error(a, why->kind->http_status == 413 ? "too_large" : "bad_request", why->message);
}

/* -- who may read the answer ------------------------------------------------------------------- */

/* "http://host:port" without the scheme; empty when it is none of http and https. */
static struct str host_of_origin(struct str origin)
{
    if (str_starts(origin, S("http://")))
        return str_from(origin, 7);
    return str_starts(origin, S("https://")) ? str_from(origin, 8) : S("");
}

static bool is_named_origin(const struct web *web, struct str origin)
{
    if (str_eq(origin, S("http://localhost:3000")))
        return true;
    for (size_t i = 0; i < web->options.origin_count; i++)
        if (str_eq_nocase(origin, web->options.origins[i]))
            return true;
    return false;
}

bool web_origin_is_ours(const struct web *web, const struct http_request *http, struct str origin)
{
    struct str host = http_header_of(http, S("Host"));
    bool is_own =
        host.len && str_eq_nocase(host_of_origin(origin), host) && web_host_is_ours(web, host);
    return is_own || is_named_origin(web, origin);
}

static struct str without_port(struct str host)
{
    struct str name;
    if (str_starts(host, S("["))) {
        host = str_from(host, 1);
        str_cut(&host, ']', &name);
        return name;
    }
    str_cut(&host, ':', &name);
    return name;
}

/* A page of somebody else's can make its own name lead to our address, but neither the name
 * localhost nor an address. Other names are ours when --origin says so. */
bool web_host_is_ours(const struct web *web, struct str host)
{
    struct str name = without_port(host);
    char text[64] = "";
    unsigned char address[16];
    if (str_eq_nocase(name, S("localhost")))
        return true;
    if (name.len && name.len < sizeof text) {
        memcpy(text, name.data, name.len);
        if (inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1)
            return true;
    }
    for (size_t i = 0; i < web->options.origin_count; i++)
        if (str_eq_nocase(name, without_port(host_of_origin(web->options.origins[i]))))
            return true;
    return false;
}

static void allow_origin(struct web_request *r)
{
    struct str origin = http_header_of(r->http, S("Origin"));
    web_header(r, S("Vary"), S("Origin"));
    if (!origin.len || !web_origin_is_ours(r->web, r->http, origin))
        return;
    web_header(r, S("Access-Control-Allow-Origin"), origin);
    web_header(r, S("Access-Control-Expose-Headers"),
               S("Link, Retry-After, X-Cruddur-Capacity, Idempotent-Replay"));
}

void web_preflight(struct web_request *r, struct str allow)
{
    r->reply.status = 204;
    web_header(r, S("Allow"), arena_printf(r->arena, "%.*s, OPTIONS", STR_ARG(allow)));
    struct str origin = http_header_of(r->http, S("Origin"));
    if (!origin.len || !web_origin_is_ours(r->web, r->http, origin))
        return;
    web_header(r, S("Access-Control-Allow-Methods"), allow);
    web_header(r, S("Access-Control-Allow-Headers"),
               S("Authorization, Content-Type, Idempotency-Key, Last-Event-ID"));
    web_header(r, S("Access-Control-Max-Age"), S("600"));
}

/* -- the answer -------------------------------------------------------------------------------- */

static void add_common_headers(struct web_request *r)
{
    bool is_api = str_starts(r->http->path, S("/api/"));
    web_header(r, S("X-Content-Type-Options"), S("nosniff"));
    if (is_api)
        web_header(r, S("Cache-Control"), S("no-store"));
    allow_origin(r);
    if (r->cost.read_units > 0 || r->cost.write_units > 0)
        web_header(r, S("X-Cruddur-Capacity"),
                   arena_printf(r->arena, "r=%g w=%g", r->cost.read_units, r->cost.write_units));
}

void web_stream_headers(struct web_request *r)
{
    add_common_headers(r);
    web_header(r, S("X-Accel-Buffering"),
               S("no")); /* a proxy that buffers would hold events back */
}

void web_answer(struct web_request *r, struct error *error)
{
    if (error)
        reply_error(r, error);
    add_common_headers(r);
    const struct http_response response = {
        .status = r->reply.status ? r->reply.status : 200,
        .content_type = r->reply.content_type,
        .headers = r->reply.headers,
        .header_count = r->reply.header_count,
        .body = r->reply.body,
        .body_stays = true,
    };
    web_count(r, response.status);
    http_respond(r->x, &response);
}
