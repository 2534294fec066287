/* Web: from a whole HTTP request to its route's handler. The route, CORS and the token are looked
 * at on the loop's thread, because that costs microseconds; whatever may wait for a store goes to a
 * worker. */
#include "messaging/web.h"

#include "messaging/crypto.h"
#include "messaging/web_request.h"

#include <stdlib.h>

enum { BODY_MAX_BYTES = 64 * 1024, QUEUE_PER_WORKER = 64 };

/* -- a worker's part --------------------------------------------------------------------------- */

static struct error *find_me(struct web_request *r)
{
    bool found;
    TRY(users_by_subject(r->web->options.users, r->arena, r->claims.sub, &r->me, &found));
    return found ? NULL : error_new(r->arena, &web_unauthorized, "no user has this identity");
}

static struct error *run_handler(struct web_request *r)
{
    if (!(r->route->flags & WEB_OPEN))
        TRY(find_me(r));
    return r->route->handler(r);
}

static void run_on_worker(void *argument)
{
    struct web_request *r = argument;
    bool is_stream = r->route->flags & WEB_STREAM;
    struct error *error = run_handler(r);
    if (error || !is_stream) /* once there is a stream, the exchange and r are gone */
        web_answer(r, error);
}

/* -- the loop's part --------------------------------------------------------------------------- */

/* "Bearer <token>" (RFC 6750); the scheme's name in any case. */
static struct str bearer_token(const struct http_request *http)
{
    struct str rest = http_header_of(http, S("Authorization")), scheme;
    if (!str_cut(&rest, ' ', &scheme) || !str_eq_nocase(scheme, S("Bearer")))
        return S("");
    return rest;
}

/* A scraper is nobody: it has no account, and a token of its own that does not end. */
static bool is_scraper(const struct web_request *r, struct str token)
{
    struct str wanted = r->web->options.metrics_token;
    return (r->route->flags & WEB_SCRAPED) && wanted.len && crypto_equal(token, wanted);
}

static struct error *check_token(struct web_request *r)
{
    struct str token = bearer_token(r->http);
    if (is_scraper(r, token))
        return NULL;
    if (token.len && tokens_verify(r->web->options.tokens, r->arena, token, &r->claims, NULL))
        return NULL;
    return error_new(r->arena, &web_unauthorized, "token refused");
}

/* What can be decided without a store. *is_done: the request is to be answered now. */
static struct error *decide(struct web_request *r, bool *is_done)
{
    struct str allow;
    *is_done = true;
    r->route = web_route_find(r->arena, r->web, r->http->method, r->http->path, r->params, &allow);
    if (!r->route && allow.len && str_eq(r->http->method, S("OPTIONS"))) {
        web_preflight(r, allow);
        return NULL;
    }
    if (!r->route && allow.len) {
        web_header(r, S("Allow"), arena_printf(r->arena, "%.*s, OPTIONS", STR_ARG(allow)));
        return error_new(r->arena, &web_bad_method, "this path takes %.*s", STR_ARG(allow));
    }
    if (!r->route)
        return error_new(r->arena, &web_not_found, "there is nothing here");
    if (!(r->route->flags & WEB_OPEN))
        TRY(check_token(r));
    if (r->route->flags & WEB_QUICK)
        return r->route->handler(r);
    *is_done = false;
    return NULL;
}

static void handle(struct http_exchange *x, void *context)
{
    struct web *web = context;
    struct arena *a = http_arena(x);
    struct web_request *r = arena_new(a, struct web_request);
    r->web = web;
    r->x = x;
    r->http = http_request_of(x);
    r->arena = a;
    r->started_us = clock_monotonic_us(web->options.clock);
    bool is_done;
    struct error *error = decide(r, &is_done);
    if (!is_done && !error && workers_submit(web->workers, run_on_worker, r))
        return;
    if (!is_done && !error)
        error = error_new(a, &web_busy, "all workers are busy and the queue is full");
    web_answer(r, error);
}

/* -- life -------------------------------------------------------------------------------------- */

struct error *web_open(struct arena *a, const struct web_options *options, struct web **out)
{
    struct web *web = mem_zalloc(sizeof *web);
    web->options = *options;
    arena_init(&web->arena);
    web->started_us = clock_monotonic_us(options->clock);
    web->openapi = web_openapi_render(&web->arena, web);
    web->etags = web_asset_tags(&web->arena);
    const struct http_options http = {
        .addresses = options->addresses,
        .address_count = options->address_count,
        .port = options->port,
        .loops = options->loops,
        .limits.body_bytes = BODY_MAX_BYTES,
        .handler = handle,
        .context = web,
        .refusal = web_refusal,
        .clock = options->clock,
        .port_flag = options->port_flag,
    };
    struct error *error =
        workers_start(a, options->workers, options->workers * QUEUE_PER_WORKER, &web->workers);
    if (!error)
        error = http_open(a, &http, &web->server);
    if (error) {
        workers_stop(web->workers);
        arena_clear(&web->arena);
        free(web);
        return error;
    }
    *out = web;
    return NULL;
}

struct error *web_start(struct arena *a, struct web *web)
{
    return http_start(a, web->server);
}

uint16_t web_port(const struct web *web)
{
    return http_port(web->server);
}

void web_close(struct web *web, int64_t grace_ms)
{
    if (!web)
        return;
    http_close(web->server, grace_ms); /* the workers still answer what is under way */
    workers_stop(web->workers);
    arena_clear(&web->arena);
    free(web);
}
