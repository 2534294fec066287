/* Conversation: a group as it stands in the table, and the parts of the transactions that move it.
 *
 * A conversation is read whole (state and members, one consistent query), changed by one
 * transaction that holds only if the state is still as read, and read anew when it is not. Every
 * writer takes the group's place in the queue first. Called by chat*.c, adopt*.c and feed.c; all
 * results live in the caller's arena. */
#pragma once

#include "messaging/chat_core.h"

/* A transaction has 100 actions, and sending takes 4 + 2N. */
#define CHAT_MEMBERS_MAX 48

struct person {
    struct str uuid, handle, display_name;
};

struct conversation {
    struct str group;
    bool exists; /* has its #STATE row */
    struct state_row state;
    struct member_row *members; /* those who left are not among them */
    size_t count;
    struct person absent_peer; /* of a pair of which one is no member (yet); uuid empty otherwise */
};

MUST_USE struct error *conversation_load(struct chat *chat, struct arena *a, struct str group,
                                         struct conversation *out, struct chat_cost *cost);
/* NULL when not a member. */
struct member_row *conversation_member(const struct conversation *c, struct str user);
/* User ids of all members. */
const struct str *conversation_user_ids(const struct conversation *c, struct arena *a);

/* -- transactions ------------------------------------------------------------------------------ */

/* What an action is for; rowstore_action.role. */
enum role {
    ROLE_SEND_KEY,
    ROLE_STATE,
    ROLE_MESSAGE,
    ROLE_SENDER,
    ROLE_PAIR,
    ROLE_MEMBER,
    ROLE_OLD_ROW,
    ROLE_NEW_ROW,
};

/* True when an action of that role failed in this way. */
bool outcome_has(const struct rowstore_transaction *t, const struct rowstore_outcome *outcome,
                 enum role role, enum rowstore_reason reason);
/* True when one of any role was busy. */
bool outcome_is_busy(const struct rowstore_transaction *t, const struct rowstore_outcome *outcome);

/* #STATE goes on, if it is still what was read. */
void add_state_update(struct arena *a, struct rowstore_transaction *t, const struct conversation *c,
                      struct str last_sk, int64_t seq);

/* What the group rows of a conversation become. */
struct move {
    const struct conversation *conversation;
    struct str new_sk, text;
    struct person sender; /* of the message; for rows of more than two members */
    int64_t seq;
    const bool *keep_old; /* by member: the key of the old row holds another group's */
    /* Adoption may find the new key taken by the same group, written by somebody else's program. */
    bool may_replace;
};

/* For each member: delete the row at #STATE.last_sk, put the new one. */
void add_moves(struct arena *a, struct rowstore_transaction *t, const struct move *move);
/* The row of one member as it shall be. */
struct group_row moved_row(const struct move *move, const struct member_row *member);
void add_group_row_put(struct arena *a, struct rowstore_transaction *t, const struct group_row *row,
                       bool may_replace, size_t index);
void add_group_row_delete(struct arena *a, struct rowstore_transaction *t, struct str member,
                          struct str sk, struct str group, size_t index);
