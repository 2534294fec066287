/* Chat check: whether the rows of the messages table agree with each other, and mending of what
 * other programs left.
 *
 * Called by `cruddur fsck`, when nobody else writes. All walk the table page by page through
 * client.h, so memory is bounded by its largest partition's keys. */
#pragma once

#include "messaging/chat.h"

struct chat_report {
    bool has_table;
    uint64_t conversations, messages, group_rows;
    uint64_t problems;
};

/* `tell` is given a line for each finding, at most 100:
 *
 *     a message without seq; a seq that is missing or stands twice; messages beyond #STATE
 *     a group row without #STATE or seq, twice for one group, or not where its #STATE stands
 *     a member without a group row; a pair's lock without its conversation
 *     a sort key that is no time, or lies more than 24 hours ahead */
MUST_USE struct error *chat_check(struct chat *chat, struct arena *a,
                                  void (*tell)(void *context, struct str finding), void *context,
                                  struct chat_report *out);

struct chat_adopted {
    uint64_t done, left; /* rows without seq */
};

/* chat_adopt for every message and group row without seq that is in the table. What cannot be
 * adopted (messages of a group without any group row) is left. */
MUST_USE struct error *chat_adopt_table(struct chat *chat, struct arena *a,
                                        struct chat_adopted *out);

struct chat_reclocked {
    /* Messages, and conversations, whose key is no time, or lies more than 24 hours ahead. */
    uint64_t done, left;
};

/* Gives messages a key in the order of their numbers; those without a number are left. Then
 * conversations stand at their newest message again. */
MUST_USE struct error *chat_reclock_table(struct chat *chat, struct arena *a,
                                          struct chat_reclocked *out);
