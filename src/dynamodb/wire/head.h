/* Head: the headers of a request that the endpoint looks at, found in one pass.
 *
 * Called by wire.c for each request. Nothing is copied: the pieces live as long as the exchange. */
#pragma once

#include "http/http.h"

struct wire_head {
    struct str host, origin, target;
    struct str content_type, content_encoding, accept_encoding;
    struct str authorization, date, amz_date;
    struct str cors_method, cors_headers; /* access-control-request-… */
};

/* Absent headers are empty; of one that comes twice the first counts. */
struct wire_head head_of(const struct http_request *request);

/* "application/json ; charset=utf-8" without what follows the ';'. */
struct str head_media_type(struct str content_type);
