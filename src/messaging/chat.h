/* Chat: messages, groups and members, on the rows of MESSAGING (docs/messaging.md).
 *
 * Called by web (one worker thread per request, blocking) and by feed. Knows the store only through
 * client.h. Results live in the caller's arena. Errors are the kinds below. Safe from any thread.
 */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/rand.h"
#include "client/client.h"
#include "messaging/users.h"

extern const struct error_kind chat_not_found;  /* 404: no such group, or not a member of it */
extern const struct error_kind chat_conflict;   /* 409: the key was used for another request */
extern const struct error_kind chat_bad_cursor; /* 400 */
extern const struct error_kind chat_throttled;  /* 429: the send's gate said no */
extern const struct error_kind
    chat_unavailable; /* 503: table missing, store unreachable, races lost */
extern const struct error_kind chat_not_prepared; /* chat_prepare with only_check: what to run */
/* chat_adopt only: a message whose group has no group row yet; try again when there may be one. */
extern const struct error_kind chat_not_yet;

struct chat;

struct chat_options {
    struct client *client; /* not owned */
    struct users *users;   /* not owned */
    struct str table;      /* "cruddur-messages" */
    const struct clock *clock;
    const struct rand_source *rand;
};

struct chat *chat_new(const struct chat_options *options);
void chat_free(struct chat *chat);

/* Makes the table, its index, stream and TTL setting where missing; with `only_check` the error
 * names the command to run instead. */
MUST_USE struct error *chat_prepare(struct chat *chat, struct arena *a, bool only_check);

struct chat_message {
    struct str uuid, message, user_uuid, display_name, handle, created_at;
    int64_t seq; /* 0: written by somebody else's program and not yet adopted */
};

struct chat_group {
    struct str uuid, display_name, handle, message, created_at;
    struct str user_uuid; /* the other member */
    struct str kind, name;
    int64_t seq, unread;
};

/* Capacity units used by a call, summed (X-Cruddur-Capacity). */
struct chat_cost {
    double read_units, write_units;
    struct client_debt *debt; /* the chat's own, during a call: reads need not wait for syncs */
};

/* A page; cursors are opaque and bound to the group (or the user): one of another is
 * chat_bad_cursor. In: at most one of `before` (older than) and `after` (newer than), empty for the
 * newest page. Out: `prev` is the `before` of the page of what is older, empty when there is none;
 * `next` is the `after` of what is, or will be, newer, empty only when the page is. Groups have no
 * `after`. */
struct chat_page {
    size_t limit; /* 1 to 100 */
    struct str before, after;
    struct str prev, next;
};

/* Pattern A: messages of a group, oldest first. */
MUST_USE struct error *chat_messages(struct chat *chat, struct arena *a, const struct user *me,
                                     struct str group, struct chat_page *page,
                                     const struct chat_message **out, size_t *count,
                                     struct chat_cost *cost);
/* Pattern B: my conversations, newest first. */
MUST_USE struct error *chat_groups(struct chat *chat, struct arena *a, const struct user *me,
                                   struct chat_page *page, const struct chat_group **out,
                                   size_t *count, struct chat_cost *cost);

/* Asked once for each send that is no replay, before anything is written, when it is known whether
 * it makes a new group. False refuses the send with chat_throttled. */
struct chat_gate {
    bool (*admit)(void *context, struct str group, bool is_new_group); /* NULL: all may pass */
    void *context;
};

struct chat_send {
    struct str text;            /* checked: not blank, at most 1024 code points */
    struct str idempotency_key; /* checked: 1-255 visible ASCII; empty: none */
    struct str group;           /* pattern C; or … */
    const struct user *to;      /* … pattern D: somebody, perhaps for the first time */
    struct chat_gate gate;      /* the rate limits of web */
};

struct chat_sent {
    struct str group;
    struct chat_message message;
    bool is_replay;            /* the answer of an earlier send with the same key */
    bool is_new_group;         /* pattern D, the first message */
    const struct str *members; /* user ids, the sender's too, for live delivery; none in a replay */
    size_t member_count;
};

MUST_USE struct error *chat_send(struct chat *chat, struct arena *a, const struct user *me,
                                 const struct chat_send *send, struct chat_sent *out,
                                 struct chat_cost *cost);

/* Mark read up to seq, at most up to the newest message; never goes back. *read_to, if not
 * NULL, gets the seq that was meant, after that bound. */
MUST_USE struct error *chat_mark_read(struct chat *chat, struct arena *a, const struct user *me,
                                      struct str group, int64_t seq, int64_t *read_to,
                                      struct chat_cost *cost);

/* User ids of the group's members, for live delivery. */
MUST_USE struct error *chat_members(struct chat *chat, struct arena *a, struct str group,
                                    const struct str **out, size_t *count);

/* Pattern E for one stream record of this table (JSON of GetRecords): adopts a message or group row
 * that somebody else's program wrote. Idempotent: all records again, in any order, change nothing.
 * Other records are looked at and left. */
MUST_USE struct error *chat_adopt(struct chat *chat, struct arena *a, struct str record);
