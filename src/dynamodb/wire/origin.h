/* Origin: who may talk to the endpoint from a browser.
 *
 * The endpoint is root over every table, so a web page must not reach it by a name of its own that
 * resolves to 127.0.0.1 (DNS rebinding), nor read its answers (CORS). Pure. */
#pragma once

#include "base/str.h"

#include <stddef.h>

struct origin_rules {
    const struct str *hosts; /* names that are answered beside the loopback's */
    size_t host_count;
    bool is_any_host;   /* bound to other addresses on purpose: the Host says nothing */
    bool is_any_origin; /* --cors */
};

/* Whether a Host header ("localhost:8000", "[::1]:8000", "127.0.0.1") may be answered. */
bool origin_allows_host(const struct origin_rules *rules, struct str host);
/* Whether a page of that Origin ("http://localhost:3000") may read the answer. */
bool origin_allows(const struct origin_rules *rules, struct str origin);
