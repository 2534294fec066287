/* Ask: an operation of a history, asked of a store through the client seam.
 *
 * Key i is the item {"pk":{"S":"k<i>"},"n":{"N":"<value>"}}. Called by linear_test.c. */
#pragma once

#include "client/client.h"
#include "history.h"

#define ASK_TABLE "history"

MUST_USE struct error *ask_make_table(struct client *client, struct arena *a);

/* Fills in what the answer said (not the times). *is_void is set when the answer says that nothing
 * was done and nothing looked at: a conflict of transactions. Errors are answers that there should
 * not be. */
MUST_USE struct error *ask(struct client *client, struct arena *a, struct operation *operation,
                           bool *is_void);
