/* Serve: the messaging server as one thing: users, tokens, chat, feed, live events, web.
 *
 * Called by src/cli/serve.c, which has the store (a client of the embedded engine, or of an
 * endpoint elsewhere) and hands it in: messaging does not know what is behind it. The client must
 * outlive the server. */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/rand.h"
#include "client/client.h"

struct serve;

struct serve_options {
    struct client *client; /* not owned */
    struct str table;      /* "cruddur-messages" */
    const char *data_dir;  /* keys/ and users.db; NULL: both in memory */
    struct str users_url;  /* PostgreSQL, or empty: users.db of the data folder */
    const char *const *addresses;
    size_t address_count;
    uint16_t port;
    const char *port_flag;
    size_t workers;
    size_t loops; /* see http.h */
    const struct str *origins;
    size_t origin_count;
    struct str metrics_token;          /* see web.h */
    int64_t stream_pause_ms;           /* between two looks at the table's stream; 0: see feed.h */
    bool is_production;                /* no demo people, nothing is made that is missing */
    bool has_no_limits;                /* rate limits and streams per user off */
    bool (*is_healthy)(void *context); /* see web.h */
    void *health_context;
    const struct clock *clock;
    const struct rand_source *rand;
};

/* Prepares what is missing and listens. What the options point to must live until serve_close. */
MUST_USE struct error *serve_open(struct arena *a, const struct serve_options *options,
                                  struct serve **out);
MUST_USE struct error *serve_start(struct arena *a, struct serve *serve);
uint16_t serve_port(const struct serve *serve);
/* Ends live streams, answers what is under way for at most `grace_ms`, closes. NULL is allowed. */
void serve_close(struct serve *serve, int64_t grace_ms);
