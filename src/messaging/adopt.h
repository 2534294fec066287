/* Adopt: conversations that somebody else's program wrote become ours.
 *
 * Such programs know two rows only, the message and the group row, without seq. Adoption makes the
 * missing rows and numbers the messages (pattern E, docs/messaging.md). All of it is conditional
 * and moves forward only. chat_adopt (chat.h) is the way in for stream records; the functions here
 * are for readers that meet such a row first. Errors: chat_not_yet when the index shows no group
 * row. The caller is in the group's queue. */
#pragma once

#include "messaging/chat_core.h"
#include "messaging/record.h"

/* Makes #STATE, members and group rows of a group that has none of ours; nothing when it has.
 * `hint` (may be NULL) is a group row that the index may not show yet. */
MUST_USE struct error *adopt_conversation(struct chat *chat, struct arena *a, struct str group,
                                          const struct group_row *hint, struct chat_cost *cost);

/* A group row without seq: makes its conversation, its membership or its place right. */
MUST_USE struct error *adopt_group_row(struct chat *chat, struct arena *a, struct str member,
                                       struct str sk, struct chat_cost *cost);

/* A message without seq. */
MUST_USE struct error *adopt_message(struct chat *chat, struct arena *a, struct str group,
                                     struct str sk, struct chat_cost *cost);

/* chat_adopt for a record that is decoded already; takes the place in the queue itself. */
MUST_USE struct error *adopt_record(struct chat *chat, struct arena *a,
                                    const struct record *record);
