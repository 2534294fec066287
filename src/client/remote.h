/* Remote client: a DynamoDB endpoint over HTTP(S), through libcurl (loaded on first use).
 *
 * Requests carry a SigV4 Authorization header; for an endpoint without verification any key does.
 */
#pragma once

#include "client/client.h"

struct client_remote_options {
    struct str endpoint;   /* "http://localhost:8000" */
    struct str region;     /* "us-east-1" */
    struct str access_key; /* any non-empty words will do locally */
    struct str secret_key;
    struct str session_token; /* or empty */
    int64_t timeout_ms;       /* of one attempt */
    int attempts;             /* at least 1 */
};

MUST_USE struct error *client_remote_new(struct arena *a,
                                         const struct client_remote_options *options,
                                         struct client **out);
