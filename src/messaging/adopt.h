/* Adopt: conversations that somebody else's program wrote become ours.
 *
 * Such programs know two rows only, the message and the group row, without seq. Adoption makes the
 * missing rows and numbers the messages (pattern E, docs/messaging.md). All of it is conditional
 * and moves forward only. chat_adopt (chat.h) is the way in for stream records; the functions here
 * are for readers that meet such a row first. Errors: chat_not_yet when the index shows no group
 * row. */
#pragma once

#include "messaging/conversation.h"
#include "messaging/record.h"

/* -- for who is in the group's queue: adopt_conversation.c ------------------------------------- */

/* Makes #STATE, members and group rows of a group that has none of ours; nothing when it has.
 * `hint` (may be NULL) is a group row that the index may not show yet. */
MUST_USE struct error *adopt_conversation(struct chat *chat, struct arena *a, struct str group,
                                          const struct group_row *hint, struct chat_cost *cost);

/* conversation_load, after adopting a group of which only group rows are there. */
MUST_USE struct error *adopt_and_load(struct chat *chat, struct arena *a, struct str group,
                                      struct conversation *out, struct chat_cost *cost);

/* Adds the lock of a pair that has both its members now, so that pattern D finds this conversation;
 * not when there is one that names another. */
MUST_USE struct error *adopt_pair_lock(struct chat *chat, struct arena *a,
                                       struct rowstore_transaction *t, const struct conversation *c,
                                       struct chat_cost *cost);

/* The error of adoption that gives up its turn after many lost races, to be asked for again. */
struct error *adopt_lost(struct arena *a);

/* -- for who is not: adopt.c ------------------------------------------------------------------- */

/* The group row of that key and group, if it has no seq: makes its conversation, its membership or
 * its place right. */
MUST_USE struct error *adopt_group_row(struct chat *chat, struct arena *a, struct key key,
                                       struct str group, struct chat_cost *cost);

/* Any row of the table. *is_due tells whether it is a message or a group row without seq; other
 * rows are left alone. */
MUST_USE struct error *adopt_row(struct chat *chat, struct arena *a, struct key key,
                                 const struct item *row, bool *is_due);

/* The same for the row that a stream record tells of. */
MUST_USE struct error *adopt_record(struct chat *chat, struct arena *a,
                                    const struct record *record);
