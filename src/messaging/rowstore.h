/* Rowstore: the service's operations as the chat uses them, typed, over the client seam.
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

#define ROWSTORE_INDEX S("message-group-sk-index")

struct rowstore {
    struct client *client; /* not owned */
    struct str table;
};

/* -- reading ----------------------------------------------------------------------------------- */

/* Consistent. */
MUST_USE struct error *rowstore_get(const struct rowstore *store, struct arena *a, struct key key,
                                    struct item *out, bool *found, struct chat_cost *cost);

/* Consistent, any number of keys, no doubles among them. `out` receives what there is, in no order.
 */
MUST_USE struct error *rowstore_get_many(const struct rowstore *store, struct arena *a,
                                         const struct key *keys, size_t count, struct item **out,
                                         size_t *out_count, struct chat_cost *cost);

struct rowstore_query {
    struct str pk;            /* of the table, consistent; or … */
    struct str group;         /* … of the index, eventually consistent */
    struct str before, after; /* exclusive bounds of sk; at most one of them */
    bool is_descending;
    size_t limit;          /* 0: to the end */
    const char *filter;    /* or NULL */
    struct str filter_arg; /* :x in the filter */
};

/* *more (may be NULL) tells whether something lies beyond the limit. */
MUST_USE struct error *rowstore_query(const struct rowstore *store, struct arena *a,
                                      const struct rowstore_query *query, struct item **out,
                                      size_t *count, bool *more, struct chat_cost *cost);

/* One page of the whole table, consistent: partition after partition, each in the order of sk.
 * *start is empty for the first page, and becomes what to go on from, empty at the end. `texts`
 * receives the items' own JSON, with all that item_decode passes over. */
MUST_USE struct error *rowstore_scan(const struct rowstore *store, struct arena *a,
                                     struct str *start, struct item **out, struct str **texts,
                                     size_t *count);

/* -- writing ----------------------------------------------------------------------------------- */

enum rowstore_verb { ROWSTORE_PUT, ROWSTORE_UPDATE, ROWSTORE_DELETE, ROWSTORE_CHECK };

struct rowstore_value {
    struct str name; /* ":seq" */
    char type;       /* 'S' or 'N' */
    struct str text;
    int64_t number;
};

#define ROWSTORE_VALUES_MAX 8

/* One conditional write. Made by the functions below; conditions and updates are literals. */
struct rowstore_action {
    enum rowstore_verb verb;
    struct key key;         /* not of ROWSTORE_PUT, whose row has it */
    struct str row;         /* ROWSTORE_PUT: the item's JSON */
    const char *update;     /* ROWSTORE_UPDATE */
    const char *condition;  /* or NULL */
    struct str name_of_ttl; /* the attribute that #ttl stands for, or empty */
    struct rowstore_value values[ROWSTORE_VALUES_MAX];
    size_t value_count;
    int role;     /* what the caller calls it, to tell failures apart */
    size_t index; /* of the member it is for */
};

/* At most 100 actions, each on another item. */
struct rowstore_transaction {
    VEC(struct rowstore_action) actions;
};

/* The action stands in the transaction; the pointer is good until the next one is added. */
struct rowstore_action *rowstore_put(struct arena *a, struct rowstore_transaction *t,
                                     struct str row, const char *condition);
struct rowstore_action *rowstore_update(struct arena *a, struct rowstore_transaction *t,
                                        struct key key, const char *update, const char *condition);
struct rowstore_action *rowstore_delete(struct arena *a, struct rowstore_transaction *t,
                                        struct key key, const char *condition);
struct rowstore_action *rowstore_expect(struct arena *a, struct rowstore_transaction *t,
                                        struct key key, const char *condition);
void rowstore_bind_s(struct rowstore_action *action, struct str name, struct str text);
void rowstore_bind_n(struct rowstore_action *action, struct str name, int64_t number);

/* Why an action of a cancelled transaction failed. */
enum rowstore_reason {
    ROWSTORE_REASON_NONE,
    ROWSTORE_REASON_CONDITION, /* its condition did not hold */
    ROWSTORE_REASON_BUSY,      /* another transaction had the item, or throttling: try again */
};

struct rowstore_outcome {
    bool is_committed;
    enum rowstore_reason *reasons; /* as many as actions, when not committed */
};

/* All or nothing, once: `token` (a UUID) makes repeating it safe. */
MUST_USE struct error *rowstore_commit(const struct rowstore *store, struct arena *a,
                                       const struct rowstore_transaction *t, struct str token,
                                       struct rowstore_outcome *out, struct chat_cost *cost);

/* One action of its own; *applied is false when its condition did not hold. Not ROWSTORE_CHECK. */
MUST_USE struct error *rowstore_apply(const struct rowstore *store, struct arena *a,
                                      const struct rowstore_action *action, bool *applied,
                                      struct chat_cost *cost);

/* -- the rest ---------------------------------------------------------------------------------- */
