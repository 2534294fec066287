/* Verify: whether a request was signed with a secret that we know (--credentials).
 *
 * Called by wire.c after auth.c has found the form right. Signing keys, the same for a day, are
 * kept. Signatures are compared in constant time. Safe from any thread.
 * Source: AWS General Reference, "Signature Version 4 signing process", "Troubleshooting AWS
 * Signature Version 4 errors" (the words). */
#pragma once

#include "aws/credentials.h"
#include "base/clock.h"
#include "dynamodb/wire/head.h"

struct verify;

/* Both are borrowed. */
struct verify *verify_new(const struct credentials *credentials, const struct clock *clock);
void verify_free(struct verify *v); /* NULL is nothing */

/* UnrecognizedClientException, IncompleteSignatureException or InvalidSignatureException. The
 * request has passed auth_check_form. */
MUST_USE struct error *verify_request(struct verify *v, struct arena *a,
                                      const struct http_request *request,
                                      const struct wire_head *head);
