/* Web request: one request on its way through the routes. Private to web*.c.
 *
 * It lives in the exchange's arena and belongs to the thread that holds the exchange: the loop's,
 * then perhaps a worker's. A handler answers by filling `reply` (or by web_* helpers below) and
 * returning NULL, or by returning an error, whose kind says the status. */
#pragma once

#include "messaging/web.h"
#include "messaging/workers.h"
#include "json/writer.h"

#define WEB_PARAMS 2
#define WEB_HEADERS 16
#define WEB_ROUTES_MAX 32
#define WEB_STATUSES 20
#define WEB_BUCKETS 7

/* -- errors of this layer ---------------------------------------------------------------------- */

extern const struct error_kind web_bad_request;    /* 400 */
extern const struct error_kind web_bad_limit;      /* 400 */
extern const struct error_kind web_bad_cursor;     /* 400 */
extern const struct error_kind web_bad_key;        /* 400: Idempotency-Key */
extern const struct error_kind web_unauthorized;   /* 401; the body is {} */
extern const struct error_kind web_forbidden;      /* 403 */
extern const struct error_kind web_not_found;      /* 404 */
extern const struct error_kind web_user_not_found; /* 404 */
extern const struct error_kind web_bad_method;     /* 405 */
extern const struct error_kind web_not_json;       /* 415 */
extern const struct error_kind web_too_often;      /* 429 */
extern const struct error_kind web_busy;           /* 503 */

/* -- routes ------------------------------------------------------------------------------------ */

struct web_request;
typedef struct error *web_handler(struct web_request *r);

enum web_route_flags {
    WEB_OPEN = 1,     /* no token */
    WEB_QUICK = 2,    /* runs on the loop's thread: no store, no user */
    WEB_STREAM = 4,   /* without an error the handler has opened a stream; no HEAD */
    WEB_DEMO = 8,     /* only with the demo sign-in */
    WEB_SCRAPED = 16, /* the metrics token will do, too */
};

struct web_route {
    const char *method;
    const char *pattern; /* "/api/messages/{group}": a {name} takes one segment, or its rest */
    unsigned flags;
    web_handler *handler;
    /* For /openapi.json: words of one table row. */
    const char *summary;
    const char *query;    /* names of parameters, separated by spaces; or NULL */
    const char *request;  /* schema of the body, or NULL */
    const char *response; /* schema of the answer; "[]Name" is a list; or a media type */
    const char *errors;   /* statuses beside 200: "400 401" */
};

extern const struct web_route web_routes[];
extern const size_t web_route_count;

/* The route for this path and method. NULL: there is none; then *allow lists the methods that the
 * path does have, or is empty. HEAD is taken for GET. */
const struct web_route *web_route_find(struct arena *a, const struct web *web, struct str method,
                                       struct str path, struct str *params, struct str *allow);

/* -- the request ------------------------------------------------------------------------------- */

struct web_reply {
    int status; /* 200 unless set */
    struct str content_type;
    struct http_header headers[WEB_HEADERS];
    size_t header_count;
    struct str body;
};

struct web_request {
    struct web *web;
    struct http_exchange *x;
    const struct http_request *http;
    struct arena *arena;
    const struct web_route *route; /* NULL: none fits */
    struct str params[WEB_PARAMS];
    struct token_claims claims;
    struct user me;
    struct chat_cost cost;
    struct web_reply reply;
    int64_t retry_after_s;
    int64_t started_us;
};

struct web_count {
    _Atomic uint64_t statuses[WEB_STATUSES];
    _Atomic uint64_t buckets[WEB_BUCKETS];
    _Atomic uint64_t total_us;
};

struct web {
    struct web_options options;
    struct http_server *server;
    struct workers *workers;
    struct str openapi;      /* JSON, in the arena */
    const struct str *etags; /* of the assets, in the arena */
    struct arena arena;      /* filled at the start, read-only afterwards */
    int64_t started_us;
    struct web_count counts[WEB_ROUTES_MAX + 1]; /* the last: no route */
};

/* -- helpers of web_reply.c -------------------------------------------------------------------- */

void web_header(struct web_request *r, struct str name, struct str value);
/* A JSON answer is written into a buf of the handler's, which web_json_end moves to the arena. */
struct json_writer web_json_begin(struct buf *out);
MUST_USE struct error *web_json_end(struct web_request *r, struct buf *out);
/* Answers the exchange with the reply, or with the error. */
void web_answer(struct web_request *r, struct error *error);
/* The headers that a stream's head has in common with answers. */
void web_stream_headers(struct web_request *r);
/* What the HTTP layer refuses by itself, as JSON. */
http_refusal web_refusal;

/* Is this Origin one of ours? */
bool web_origin_is_ours(const struct web *web, const struct http_request *http, struct str origin);
/* Is the Host a name under which nobody else's page can reach us (DNS rebinding)? */
bool web_host_is_ours(const struct web *web, struct str host);
/* The answer to OPTIONS; `allow` lists the path's methods. */
void web_preflight(struct web_request *r, struct str allow);

/* -- numbers: web_metrics.c -------------------------------------------------------------------- */

void web_count(struct web_request *r, int status);

/* -- /openapi.json: web_openapi.c -------------------------------------------------------------- */

struct str web_openapi_render(struct arena *a, const struct web *web);

/* -- the page: web_page.c ---------------------------------------------------------------------- */

/* The entity tags of the assets, in their order. */
const struct str *web_asset_tags(struct arena *a);

/* -- reading requests: web_input.c ------------------------------------------------------------- */

/* The members of a JSON body that a route knows; others are passed over. */
struct web_member {
    struct str name;
    enum { WEB_TEXT, WEB_NUMBER } type;
    struct str *text; /* WEB_TEXT */
    int64_t *number;  /* WEB_NUMBER: a whole number */
    bool *is_given;   /* set when it is there and not null; may be NULL */
};

/* 415 unless the content is JSON, 400 unless it is one object with members of these types. */
MUST_USE struct error *web_read_body(struct web_request *r, const struct web_member *members,
                                     size_t count);
MUST_USE struct error *web_read_page(struct web_request *r, struct chat_page *page);
MUST_USE struct error *web_read_key(struct web_request *r, struct str *key);
/* Nothing in it that can be seen (Unicode's white space). */
bool web_is_blank(struct str text);
/* For a path or a query: everything but unreserved characters (RFC 3986) escaped. */
struct str web_escape(struct arena *a, struct str text);

/* -- handlers ---------------------------------------------------------------------------------- */

web_handler web_health_check, web_healthz, web_metrics, web_openapi, web_asset, web_user_short,
    web_demo_people, web_demo_sign_in, web_list_groups, web_list_messages, web_send, web_mark_read,
    web_events;
