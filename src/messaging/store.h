/* Store: the service's operations as the chat uses them, typed, over the client seam.
 *
 * Builds request JSON, reads answers into items, goes on over pages and unprocessed keys, and adds
 * up the capacity units used. Called by the chat's files and by feed. Results live in the arena.
 * Errors: chat_unavailable when trying later may help (no table, throttling, no connection), else
 * the service's own kind. A condition that fails is an outcome here, not an error. Safe from any
 * thread. */
#pragma once

#include "client/client.h"
#include "messaging/chat.h"
#include "messaging/rows.h"

#define STORE_INDEX S("message-group-sk-index")

struct store {
    struct client *client; /* not owned */
    struct str table;
};

/* -- reading ----------------------------------------------------------------------------------- */

/* Consistent. */
MUST_USE struct error *store_get(const struct store *store, struct arena *a, struct key key,
                                 struct item *out, bool *found, struct chat_cost *cost);

/* Consistent, any number of keys, no doubles among them. `out` receives what there is, in no order.
 */
MUST_USE struct error *store_get_many(const struct store *store, struct arena *a,
                                      const struct key *keys, size_t count, struct item **out,
                                      size_t *out_count, struct chat_cost *cost);

struct store_query {
    struct str pk;            /* of the table, consistent; or … */
    struct str group;         /* … of the index, eventually consistent */
    struct str before, after; /* exclusive bounds of sk; at most one of them */
    bool is_descending;
    size_t limit;          /* 0: to the end */
    const char *filter;    /* or NULL */
    struct str filter_arg; /* :x in the filter */
};

/* *more (may be NULL) tells whether something lies beyond the limit. */
MUST_USE struct error *store_query(const struct store *store, struct arena *a,
                                   const struct store_query *query, struct item **out,
                                   size_t *count, bool *more, struct chat_cost *cost);

/* -- writing ----------------------------------------------------------------------------------- */

enum store_verb { STORE_PUT, STORE_UPDATE, STORE_DELETE, STORE_CHECK };

struct store_value {
    struct str name; /* ":seq" */
    char type;       /* 'S' or 'N' */
    struct str text;
    int64_t number;
};

#define STORE_VALUES_MAX 8

/* One conditional write. Made by the functions below; conditions and updates are literals. */
struct store_action {
    enum store_verb verb;
    struct key key;         /* not of STORE_PUT, whose row has it */
    struct str row;         /* STORE_PUT: the item's JSON */
    const char *update;     /* STORE_UPDATE */
    const char *condition;  /* or NULL */
    struct str name_of_ttl; /* the attribute that #ttl stands for, or empty */
    struct store_value values[STORE_VALUES_MAX];
    size_t value_count;
    int role;     /* what the caller calls it, to tell failures apart */
    size_t index; /* of the member it is for */
};

/* At most 100 actions, each on another item. */
struct store_transaction {
    VEC(struct store_action) actions;
};

/* The action stands in the transaction; the pointer is good until the next one is added. */
struct store_action *store_put(struct arena *a, struct store_transaction *t, struct str row,
                               const char *condition);
struct store_action *store_update(struct arena *a, struct store_transaction *t, struct key key,
                                  const char *update, const char *condition);
struct store_action *store_delete(struct arena *a, struct store_transaction *t, struct key key,
                                  const char *condition);
struct store_action *store_check(struct arena *a, struct store_transaction *t, struct key key,
                                 const char *condition);
void store_bind_s(struct store_action *action, struct str name, struct str text);
void store_bind_n(struct store_action *action, struct str name, int64_t number);

/* Why an action of a cancelled transaction failed. */
enum store_reason {
    STORE_REASON_NONE,
    STORE_REASON_CONDITION, /* its condition did not hold */
    STORE_REASON_BUSY,      /* another transaction had the item, or throttling: try again */
};

struct store_outcome {
    bool is_committed;
    enum store_reason *reasons; /* as many as actions, when not committed */
};

/* All or nothing, once: `token` (a UUID) makes repeating it safe. */
MUST_USE struct error *store_commit(const struct store *store, struct arena *a,
                                    const struct store_transaction *t, struct str token,
                                    struct store_outcome *out, struct chat_cost *cost);

/* One action of its own; *applied is false when its condition did not hold. Not STORE_CHECK. */
MUST_USE struct error *store_apply(const struct store *store, struct arena *a,
                                   const struct store_action *action, bool *applied,
                                   struct chat_cost *cost);

/* -- the rest ---------------------------------------------------------------------------------- */

/* An operation with a request of its own; errors as above. */
MUST_USE struct error *store_call(const struct store *store, struct arena *a, struct str operation,
                                  struct str request, struct str *response);
