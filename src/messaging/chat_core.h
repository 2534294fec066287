/* Chat core: what the chat's own files share. Private to chat*.c, adopt.c and feed.c.
 *
 * A conversation is read whole (state and members, one consistent query), changed by one
 * transaction that holds only if the state is still as read, and read anew when it is not. Every
 * writer takes the group's place in the queue first. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "messaging/chat.h"
#include "messaging/queue.h"
#include "messaging/rowstore.h"

/* A transaction has 100 actions, and sending takes 4 + 2N. */
#define CHAT_MEMBERS_MAX 48
/* Lost races before giving up. */
#define CHAT_RACES_MAX 5
/* Transactions tried in all: races, and keys found taken. */
#define CHAT_TRIES_MAX 40
#define CHAT_OWN_SLOTS 8192

/* Told of each message that chat_send stored, in the order of seq within a group. */
typedef void chat_listener(void *context, const struct chat_sent *sent);

struct chat {
    struct rowstore store;
    struct users *users;
    struct clock clock;
    struct rand_source rand;
    struct queue *queue;
    /* Hashes of the messages that this process stored and the stream has not shown it yet: a table
     * that forgets by overwriting. What it forgets, the hub recognises by seq. */
    _Atomic uint64_t own[CHAT_OWN_SLOTS];
    pthread_rwlock_t listener_lock; /* guards the two below; held for reading during a call */
    chat_listener *listener;
    void *listener_context;
};

void chat_listen(struct chat *chat, chat_listener *listener, void *context);
void chat_tell(struct chat *chat, const struct chat_sent *sent);

/* Notes a message before it is stored; forgets it when it was not stored after all. */
void chat_own_add(struct chat *chat, struct str group, struct str sk);
void chat_own_remove(struct chat *chat, struct str group, struct str sk);
/* Whether it was noted; forgets it. */
bool chat_own_take(struct chat *chat, struct str group, struct str sk);

/* Whether a conversation of ours can have that id at all: ids come from outside. */
bool chat_is_group_id(struct str group);
/* The text that a group row shows of a message: other programs' may be long. */
struct str chat_preview(struct str text);
/* The clock as a stamp. */
struct str chat_now(struct chat *chat, struct arena *a);
/* A fresh transaction token, group id or message id. */
struct str chat_uuid(struct chat *chat, struct arena *a);
/* Sleeps a random time before the next try; `tries` from 0. */
void chat_back_off(struct chat *chat, int tries);

/* -- names ------------------------------------------------------------------------------------- */

/* Who people are at answer time; each is looked up once. */
struct names {
    VEC(struct user) known;
};

/* Handle and display name of a user now; left as they are when there is no such user any more. */
MUST_USE struct error *names_refresh(struct names *names, struct chat *chat, struct arena *a,
                                     struct str user_uuid, struct str *handle,
                                     struct str *display_name);

/* -- conversations ----------------------------------------------------------------------------- */

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
/* Adopts the group first when only its group rows are there; the caller is in its queue. */
MUST_USE struct error *conversation_load_adopted(struct chat *chat, struct arena *a,
                                                 struct str group, struct conversation *out,
                                                 struct chat_cost *cost);
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
