#include "client/local.h"

#include <stdlib.h>

#include "client/failure.h"
#include "dynamodb/engine.h"

/* The largest answer is BatchGetItem's 16 MB, which JSON may swell sixfold (escapes, base64). */
#define REPLY_MAX_BYTES ((size_t)128 << 20)

struct local {
    struct client client;
    struct engine *engine;
};

/* Waits for the sync itself when there is no debt to remember it in. */
static struct error *call(struct local *local, struct arena *a, struct str operation,
                          struct str request, struct str *response, struct client_debt *debt)
{
    struct buf reply;
    buf_init(&reply, REPLY_MAX_BYTES);
    struct call call = {.operation = operation, .request = request, .arena = a, .reply = &reply};
    while (engine_call(local->engine, &call) == CALL_MORE)
        ;
    if (debt)
        debt->sequence = call.depends_on > debt->sequence ? call.depends_on : debt->sequence;
    else if (call.depends_on && !engine_wait(local->engine, call.depends_on))
        engine_fail_call(local->engine, &call);
    *response = arena_str(a, buf_str(&reply));
    buf_clear(&reply);
    return call.status == 200 ? NULL : client_refused(a, call.status, *response);
}

static struct error *local_call(struct client *c, struct arena *a, struct str operation,
                                struct str request, struct str *response)
{
    return call((struct local *)c, a, operation, request, response, NULL);
}

static struct error *local_call_early(struct client *c, struct arena *a, struct str operation,
                                      struct str request, struct str *response,
                                      struct client_debt *debt)
{
    return call((struct local *)c, a, operation, request, response, debt);
}

static struct error *local_settle(struct client *c, struct arena *a, struct client_debt *debt)
{
    const struct local *local = (const struct local *)c;
    bool is_synced = !debt->sequence || engine_wait(local->engine, debt->sequence);
    return is_synced ? NULL : client_unreachable(a, S("the store cannot write any more"));
}

static void local_free(struct client *c)
{
    free(c);
}

static const struct client_ops local_ops = {
    .call = local_call, .call_early = local_call_early, .settle = local_settle, .free = local_free};

struct client *client_local_new(struct engine *engine)
{
    struct local *local = mem_zalloc(sizeof *local);
    local->client.ops = &local_ops;
    local->engine = engine;
    return &local->client;
}
