/* HTTPS: requests to other servers, http:// or https://, through libcurl (loaded on first use).
 *
 * Called by client/remote.c and dynamodb/trigger; the only file that knows libcurl. A struct https
 * keeps connections open between calls. An answer of any status is a success here: what a status
 * means is the caller's. Redirects are not followed. Safe from any thread. */
#pragma once

#include "base/error.h"

#include <stdatomic.h>

struct https;

MUST_USE struct error *https_open(struct arena *a, struct https **out);
void https_close(struct https *https); /* no call may be under way; NULL is nothing */

struct https_header {
    struct str name, value;
};

struct https_request {
    struct str url;
    const struct https_header *headers;
    size_t header_count;
    struct str body; /* posted */
    int64_t timeout_ms;
    size_t response_max_bytes; /* a longer answer is a failure */
    const atomic_bool *stop;   /* when it becomes true the call fails within a second; or NULL */
};

struct https_response {
    int status;
    struct str body;
    const struct https_header *headers; /* names as the server spelled them */
    size_t header_count;
};

/* Posts, and waits for the whole answer, which lives in the arena. On a failure (error_system,
 * "URL: why") *was_sent tells whether the server may have seen the request. */
MUST_USE struct error *https_post(struct https *https, struct arena *a,
                                  const struct https_request *request, struct https_response *out,
                                  bool *was_sent);
/* The value of a header, by name in any case; empty when it is absent. */
struct str https_header_of(const struct https_response *response, struct str name);
