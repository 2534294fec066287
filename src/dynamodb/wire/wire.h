/* Wire: the DynamoDB endpoint over HTTP.
 *
 *     target -> authenticate -> engine_call -> gate -> answer
 *
 * POST / with an X-Amz-Target calls the engine on the connection's loop; long reads go on by
 * http_post; the answer leaves when what it depended on is durable (gate.h). GET / is the service's
 * health line, GET /healthz ours (503 once a sync has failed).
 *
 * Called by `cruddur dynamodb` and `cruddur serve`. Ends in the order: wire_stop (all is answered),
 * engine_close (no sync comes any more), wire_free.
 * Source: the DynamoDB low-level API; what it answers to malformed requests is recorded in the
 * tests of dynalite. */
#pragma once

#include "base/clock.h"
#include "base/rand.h"
#include "dynamodb/engine.h"
#include "dynamodb/wire/origin.h"
#include "http/http.h"

struct credentials; /* aws/credentials.h */
struct wire;

struct wire_options {
    struct engine *engine; /* not owned; its on_sync becomes the wire's */
    const char *const *addresses;
    size_t address_count;
    uint16_t port;
    const char *port_flag; /* named when the port is taken */
    size_t loops;          /* see http.h */
    struct str region;     /* of the health line; empty: us-east-1 */
    struct origin_rules origin;
    const struct credentials *credentials; /* NULL: signatures are not verified */
    struct http_limits limits; /* zero fields: the defaults; body_bytes is the service's 16 MB */
    const struct clock *clock;
    const struct rand_source *rand; /* seeds the request ids */
};

/* Binds and listens. What the options point to must live until wire_free. */
MUST_USE struct error *wire_open(struct arena *a, const struct wire_options *options,
                                 struct wire **out);
/* Starts answering. */
MUST_USE struct error *wire_start(struct arena *a, struct wire *wire);
uint16_t wire_port(const struct wire *wire);
/* Answers what is under way for at most `grace_ms`, then closes. */
void wire_stop(struct wire *wire, int64_t grace_ms);
void wire_free(struct wire *wire);
