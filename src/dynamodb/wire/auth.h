/* Auth: what every request must carry to count as signed, whatever the credentials are.
 *
 * The checks of form come in the service's order and with its words; the signature itself is
 * verified only where credentials are known. Pure. Source: AWS "Common errors" of the DynamoDB API,
 * the tests of dynalite, which were recorded from the service. */
#pragma once

#include "base/error.h"
#include "dynamodb/wire/head.h"

/* MissingAuthenticationTokenException, IncompleteSignatureException or InvalidSignatureException.
 */
MUST_USE struct error *auth_check_form(struct arena *a, const struct http_request *request,
                                       const struct wire_head *head);
