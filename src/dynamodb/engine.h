/* Engine: the database of one process, from a request's JSON to its answer's JSON.
 *
 * The HTTP endpoint (wire/), the local client and tests all enter at engine_call. Nothing here is
 * global: a test opens two engines in one process. Safe from any thread. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/rand.h"

struct engine;

enum durability {
    DURABILITY_SYNC, /* an answer is given when all it depended on is on the disk */
    DURABILITY_OS,   /* when it is with the operating system: a power cut may take it */
};

struct engine_options {
    const char *data_dir; /* NULL: in memory */
    enum durability durability;
    struct str region;        /* empty: us-east-1 */
    struct str account_id;    /* empty: 000000000000 */
    struct str endpoint;      /* for DescribeEndpoints; empty: localhost:8000 */
    size_t cache_bytes;       /* block cache of the store on disk; 0: 8 MB */
    bool enforces_capacity;   /* provisioned tables throttle */
    const char *bucket_dir;   /* exports and imports: the bucket NAME is its folder NAME; or NULL */
    int64_t shard_life_ms;    /* until a stream's shard closes and has a child; 0: four hours */
    int64_t collection_bytes; /* that an item collection may have; 0: 10 GB */
    int64_t transient_ms;     /* how long CREATING, UPDATING and DELETING are seen; 0: not at all */
    const struct clock *clock;
    const struct rand_source *rand;
};

MUST_USE struct error *engine_open(struct arena *a, const struct engine_options *options,
                                   struct engine **out);
/* Waits for background work, flushes, closes. No call may be under way. */
void engine_close(struct engine *engine);

/* One request. Set by the caller: operation, request, arena, reply. */
struct call {
    struct str operation; /* "PutItem"; streams operations have names of their own: "GetRecords" */
    struct str request;   /* JSON */
    struct str host;      /* that the client reached us at, for DescribeEndpoints; may be empty */
    struct arena *arena;  /* all that the call allocates; lives until the call is over */
    struct buf *reply;    /* receives the answer's JSON */
    int status;           /* HTTP status of the answer */
    uint64_t depends_on;  /* the answer may be given when engine_synced reaches this */
    void *progress;       /* the operation's own between two steps */
};

enum call_state {
    CALL_DONE, /* status, reply and depends_on are set */
    CALL_MORE, /* call again to go on: long reads yield, so that they stall nobody */
};

/* Does not block but for short locks. Whatever the request holds, the outcome is an answer. */
enum call_state engine_call(struct engine *engine, struct call *call);

/* The highest store sequence that is durable; UINT64_MAX after a failed sync, when
 * engine_failed is true and waiting answers become InternalServerError. Without a disk nothing ever
 * waits: calls have depends_on 0. */
uint64_t engine_synced(const struct engine *engine);
bool engine_failed(const struct engine *engine);
/* Blocks until engine_synced >= sequence; false after a failed sync. */
MUST_USE bool engine_wait(struct engine *engine, uint64_t sequence);
/* Called from the commit thread after each completed or failed sync. NULL for none: when
 * engine_set_on_sync returns, no call of the one before is under way, nor will another come. The
 * function must not call back into the engine's waiting or setting. */
typedef void engine_on_sync(void *context);
void engine_set_on_sync(struct engine *engine, engine_on_sync *on_sync, void *context);
/* Writes the InternalServerError answer that a call waiting on a failed sync gets instead of its
 * own. */
void engine_fail_call(struct engine *engine, struct call *call);
