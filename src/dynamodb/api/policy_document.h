/* Policy document: what a resource policy must look like to be kept.
 *
 * Called by resource_policy.c. Policies are not evaluated here, so only their form is checked: what
 * the service refuses of that, in its words. Pure. */
#pragma once

#include "base/error.h"

MUST_USE struct error *policy_document_check(struct arena *a, struct str text);
