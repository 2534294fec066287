/* Cancel: the TransactionCanceledException and its reasons, one for each action in order.
 *
 * Source: AWS API reference, TransactWriteItems, "Errors". */
#pragma once

#include "base/error.h"
#include "dynamodb/model/item.h"

struct cancel_reason {
    const char *code; /* NULL: None */
    struct str message;
    struct str item; /* attributes to show; empty: none */
};

struct error *transaction_canceled(struct arena *a, const struct cancel_reason *reasons,
                                   size_t count);
/* The reason that an error of one action becomes; a NULL code when it is none of an action's own
 * and the request as a whole has failed. */
struct cancel_reason cancel_reason_of(const struct error *e);
