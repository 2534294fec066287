/* Transact: what the operations on several items at once share.
 *
 * TransactWriteItems and ExecuteTransaction turn their requests into writes, tables and keys found;
 * from there on both are one transaction. Everything lives in the operation's arena. */
#pragma once

#include "base/encode.h"
#include "dynamodb/api/cancel.h"
#include "dynamodb/api/write.h"

struct transaction {
    struct write *writes;
    size_t count;
    enum return_capacity capacity;

    struct cancel_reason *reasons; /* one for each write */
    bool is_canceled;
    bool is_replay;  /* the token has been seen with the same request */
    struct str note; /* the name of the token's note; empty: no token */
    struct md5 fingerprint;
    struct capacity *costs; /* of each table, in the order of first mention */
    size_t cost_count;
};

/* Room for so many writes. */
struct transaction transaction_of(struct op *op, size_t count, enum return_capacity capacity);
void transaction_cancel(struct transaction *t, size_t at, struct cancel_reason reason);
/* Once all keys are found: the cancellation, if a write was canceled, or what is wrong with them
 * together. */
MUST_USE struct error *transaction_check(struct op *op, struct transaction *t);
/* The ClientRequestToken, and all that makes two requests the same. */
void transaction_set_token(struct op *op, struct transaction *t, struct str token,
                           struct md5 fingerprint);
MUST_USE struct error *transaction_commit(struct op *op, struct transaction *t);
/* The member "ConsumedCapacity", when the mode asks for it. */
void transaction_reply_costs(struct op *op, const struct transaction *t);

/* The same of a transaction of reads. */
void transaction_reply_read_costs(struct op *op, const struct get *gets, size_t count,
                                  enum return_capacity mode);
/* Before a transaction of reads is answered: lets it pass, or cancels it as throttled. */
MUST_USE struct error *transaction_admit_reads(struct op *op, const struct get *gets, size_t count);
