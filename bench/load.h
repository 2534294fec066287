/* Load: keeps a number of HTTP/1.1 connections busy with one request each, and times the answers.
 *
 * One thread, epoll, keep-alive. The maker writes the body of request `number` into a buf; the
 * checker looks at an answer's body and says whether it is right. Times are microseconds. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

struct load {
    struct str host;   /* "127.0.0.1:8000" */
    struct str target; /* "DynamoDB_20120810.GetItem" */
    size_t connections;
    int64_t duration_us;
    uint64_t first_number; /* of the first request; each takes the next */
    void (*make)(struct buf *body, uint64_t number, void *context);
    bool (*check)(struct str body, void *context);
    void *context;
};

struct load_result {
    uint64_t answers;
    uint64_t wrong; /* not 200, not what the checker wants, or a lost connection */
    double seconds;
    int64_t p50_us, p99_us;
    uint64_t bytes;         /* of bodies */
    struct str first_wrong; /* an answer that was wrong, in the arena */
};

MUST_USE struct error *load_run(struct arena *a, const struct load *load, struct load_result *out);
/* One request on a connection of its own. */
MUST_USE struct error *load_once(struct arena *a, struct str host, struct str target,
                                 struct str body, int *status, struct str *answer);
