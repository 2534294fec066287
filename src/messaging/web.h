/* Web: the messaging API and the page over HTTP.
 *
 *     loop's thread:  route ─▶ CORS ─▶ token ─┬▶ quick answer (page, health)
 *                                             └▶ a worker: user ─▶ handler ─▶ answer
 *
 * Called by serve. The routes stand in one table (web_routes.c), from which /openapi.json is made,
 * too. The token is checked before the body is looked at. Owns its HTTP server and its workers;
 * everything else in the options belongs to the caller and must outlive it. */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/rand.h"
#include "http/http.h"
#include "messaging/chat.h"
#include "messaging/hub.h"
#include "messaging/limits.h"
#include "messaging/tokens.h"
#include "messaging/users.h"

struct web;

struct web_options {
    const char *const *addresses;
    size_t address_count;
    uint16_t port;
    const char *port_flag; /* "--port" */
    size_t loops;          /* see http.h */
    size_t workers;        /* at least 1 */
    struct chat *chat;
    struct users *users;
    struct tokens *tokens;
    struct hub *hub;
    struct limits *limits;
    const struct clock *clock;
    const struct str *origins; /* "https://app.example.com", beside our own and localhost:3000 */
    size_t origin_count;
    struct str metrics_token; /* also opens /metrics, for a scraper; empty: only access tokens do */
    bool has_demo_sign_in;
    /* NULL: always. Must not block. */
    bool (*is_healthy)(void *context);
    void *health_context;
};

/* Binds and listens. */
MUST_USE struct error *web_open(struct arena *a, const struct web_options *options,
                                struct web **out);
MUST_USE struct error *web_start(struct arena *a, struct web *web);
uint16_t web_port(const struct web *web);
/* Answers what is under way for at most `grace_ms`, closes, frees. hub_stop comes before. */
void web_close(struct web *web, int64_t grace_ms);
