/* Failure: the errors that both clients make, so that they read alike.
 *
 * Called by local.c and remote.c only. Everything lives in the caller's arena. Pure. */
#pragma once

#include "base/error.h"

/* From the service's answer: its exception's bare name as the kind, its message, and the whole body
 * in `extra`, where CancellationReasons and Item are read from. */
struct error *client_refused(struct arena *a, int http_status, struct str body);
/* No answer came. The kind is "ConnectionError", 503. */
struct error *client_unreachable(struct arena *a, struct str message);
