/* Client: the DynamoDB API as messaging and the commands see it.
 *
 * One method, call(operation, request) -> response, both JSON of the service's API, with two
 * implementations: the engine in this process (local.h) and an endpoint over HTTP (remote.h). Both
 * behave alike; tests/client runs one list against both. A call blocks: local until its write is
 * synced, remote for the round trip. Safe from any thread.
 *
 * Errors carry the service's name in error->kind->name ("ConditionalCheckFailedException") and its
 * whole JSON body in error->extra. Retryable failures (throttling, 5xx, lost connections) are
 * retried by the implementation, with backoff, except where a retry could apply a write twice
 * unnoticed. */
#pragma once

#include "base/error.h"

struct client;

struct client_ops {
    struct error *(*call)(struct client *c, struct arena *a, struct str operation,
                          struct str request, struct str *response);
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

static inline void client_free(struct client *c)
{
    if (c)
        c->ops->free(c);
}

/* True when the service answered with that exception: client_failed_with(e,
 * "ResourceInUseException"). */
bool client_failed_with(const struct error *error, const char *exception);
