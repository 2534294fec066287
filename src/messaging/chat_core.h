/* Chat core: what the chat's own files share: the chat itself, who is told of its messages, names.
 *
 * Private to chat*.c, conversation.c, adopt*.c and feed.c. Safe from any thread. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "messaging/chat.h"
#include "messaging/queue.h"
#include "messaging/rowstore.h"

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
