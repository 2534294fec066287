/* Table facts: what DescribeTable says of the messages table, as far as it matters here.
 *
 * Called by chat_prepare.c, which makes what is missing, and follow.c, which reads the stream.
 * Texts live in the arena. Errors: the client's, and chat_unavailable for an answer that is cut. */
#pragma once

#include "messaging/rowstore.h"

struct table_facts {
    bool exists, is_active;
    bool has_keys; /* pk and sk */
    bool has_index, index_is_active;
    struct str stream_view, stream_arn; /* empty: no stream */
};

/* A table that is not there is no error. */
MUST_USE struct error *table_facts_read(const struct rowstore *store, struct arena *a,
                                        struct table_facts *out);
