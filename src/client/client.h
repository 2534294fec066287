/* Client: the DynamoDB API as messaging and the commands see it.
 *
 * One method, call(operation, request) -> response, both JSON of the service's API, with two
 * implementations: the engine in this process (local.h) and an endpoint over HTTP (remote.h). Both
 * behave alike; client_test.c runs one list against both. A call blocks: local until its write is
 * synced, remote for the round trip. Safe from any thread.
 *
 * Errors carry the service's name in error->kind->name ("ConditionalCheckFailedException") and its
 * whole JSON body in error->extra. Retryable failures (throttling, 5xx, lost connections) are
 * retried by the implementation, with backoff, except where a retry could apply a write twice
 * unnoticed. */
#pragma once

#include "base/error.h"

struct client;

/* What answers that came early depend on; starts as {0}. */
struct client_debt {
    uint64_t sequence;
};

struct client_ops {
    struct error *(*call)(struct client *c, struct arena *a, struct str operation,
                          struct str request, struct str *response);
    /* Both NULL where no answer ever waits for a sync. */
    struct error *(*call_early)(struct client *c, struct arena *a, struct str operation,
                                struct str request, struct str *response, struct client_debt *debt);
    struct error *(*settle)(struct client *c, struct arena *a, struct client_debt *debt);
    void (*free)(struct client *c);
};

/* Embedded first in each implementation. */
struct client {
    const struct client_ops *ops;
};

/* `operation` is the bare name: "PutItem", "GetRecords". `response` lives in the arena. */
MUST_USE static inline struct error *client_call(struct client *c, struct arena *a,
                                                 struct str operation, struct str request,
                                                 struct str *response)
{
    return c->ops->call(c, a, operation, request, response);
}

/* The same for one of several calls in a row: the answer, good or bad, may tell of what is not
 * synced yet. It is enough to wait once, by client_settle or by a client_call that comes later,
 * before anybody is told anything. */
MUST_USE static inline struct error *client_call_early(struct client *c, struct arena *a,
                                                       struct str operation, struct str request,
                                                       struct str *response,
                                                       struct client_debt *debt)
{
    return c->ops->call_early ? c->ops->call_early(c, a, operation, request, response, debt)
                              : c->ops->call(c, a, operation, request, response);
}

/* Waits for all that the early answers depended on; an error when it will never be synced. */
MUST_USE static inline struct error *client_settle(struct client *c, struct arena *a,
                                                   struct client_debt *debt)
{
    return c->ops->settle ? c->ops->settle(c, a, debt) : NULL;
}

static inline void client_free(struct client *c)
{
    if (c)
        c->ops->free(c);
}

/* True when the service answered with that exception: client_failed_with(e,
 * "ResourceInUseException"). */
bool client_failed_with(const struct error *error, const char *exception);
