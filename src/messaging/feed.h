/* Feed: a thread that follows the table's stream.
 *
 * It adopts rows that somebody else's program wrote (pattern E, chat_adopt), and tells the web of
 * messages that appeared in the table: those of other programs, and of other servers on the same
 * table. What chat_send of this process stored the web knows already; the feed leaves it out,
 * unless `announce_own` is set: then on_message is called for it too, from the sending thread,
 * before chat_send returns and in the order of seq within a group. (Set it, or announce by
 * yourself.)
 *
 * Every message is told once per process, with one exception: messages of the last seconds before
 * feed_start may be told again after a restart; clients drop doubles by the message's uuid.
 * The feed survives a table that is dropped and made again, throttling and lost connections. It
 * starts where the last one stopped (rows FEED#, docs/messaging.md), else at the oldest record.
 * Owns its thread and its arenas; the client and the chat are the caller's and must outlive it. */
#pragma once

#include "messaging/chat.h"

struct feed;

/* A message appeared. Called from the feed's thread (from senders' threads too with announce_own);
 * must not block for long and must not call feed_stop. All strings are valid during the call only.
 */
typedef void feed_on_message(void *context, struct str group, const struct chat_message *message,
                             const struct str *members, size_t member_count);

struct feed_options {
    struct client *client;
    struct chat *chat;
    struct str table; /* the chat's */
    const struct clock *clock;
    feed_on_message *on_message; /* or NULL: adopt only */
    void *context;
    bool announce_own;
    bool may_prepare; /* chat_prepare for a table that was made again without its stream */
    int64_t idle_ms;  /* pause between two looks at a quiet stream; 0: 100 */
    int64_t busy_ms;  /* … and at one that had news; 0: none */
};

/* Never fails: what is not there yet is waited for. */
struct feed *feed_start(const struct feed_options *options);
/* Ends the thread after the record at hand, stores how far it got, frees. NULL is allowed. */
void feed_stop(struct feed *feed);
