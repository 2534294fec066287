/* Chat fixture: a chat on a database in memory, for tests.
 *
 * People are a list in the test instead of a table, so that names can change under the chat.
 * Writing as somebody else's program means putting rows with upstream's attributes only. A step
 * that should work and does not fails the test and says why. One world a test; threads may share
 * it. */
#pragma once

#include "base/clock.h"
#include "messaging/chat.h"
#include "messaging/rows.h"
#include "tap.h"

#define WORLD_TABLE S("cruddur-messages")

enum person_index { ANDREW, BAYKO, LONDO, STRANGER, PEOPLE };

struct users { /* this test's own */
    struct user people[PEOPLE];
};

struct world {
    struct arena *arena; /* the test's */
    struct engine *engine;
    struct client *client;
    struct chat *chat;
    struct users users;
    struct clock_manual time; /* 2026-11-20T22:31:07.012345+00:00, and stands still */
    struct clock clock;
    int64_t shard_life_ms; /* 0: as ever */
};

#define WORLD_NOW S("2026-11-20T22:31:07.012345+00:00")
#define WORLD_NOW_US INT64_C(1795213867012345)

/* With an empty table, made by chat_prepare. */
void world_open(struct world *w, struct arena *arena);
/* The same with the system's clock, for feeds and threads. */
void world_open_live(struct world *w, struct arena *arena);
/* The same with a stream whose shards close after that long. */
void world_open_rolling(struct world *w, struct arena *arena, int64_t shard_life_ms);
/* The same in a folder, to be opened again. */
void world_open_dir(struct world *w, struct arena *arena, const char *dir);
void world_close(struct world *w);

const struct user *world_user(struct world *w, enum person_index who);

/* A request of the service; fails the test unless it works. */
struct str world_call(struct world *w, struct arena *a, const char *operation, struct str request);

/* Sends to a group or to somebody; fails the test unless it works. */
struct chat_sent world_send(struct world *w, enum person_index from, struct str group,
                            const char *text);
struct chat_sent world_send_to(struct world *w, enum person_index from, enum person_index to,
                               const char *text);

/* Newest page of messages, as "text|text|…", oldest first; "!<kind>" when refused. */
struct str world_texts(struct world *w, enum person_index who, struct str group);
/* First page of groups as "text(unread)|…", newest first. */
struct str world_inbox(struct world *w, enum person_index who);

/* Rows as upstream's programs write them. */
void foreign_message(struct world *w, struct str group, struct str sk, enum person_index from,
                     const char *text);
void foreign_group_row(struct world *w, struct str group, struct str sk, enum person_index owner,
                       enum person_index other, const char *text);
void foreign_delete(struct world *w, struct key key);

/* All rows of the table as sorted JSON lines, without those whose pk begins with `but`. */
struct str world_dump(struct world *w, struct arena *a, struct str but);
/* Group rows that a member has for a group: their number, and the last one. */
size_t world_group_rows(struct world *w, enum person_index who, struct str group,
                        struct group_row *out);
/* All stream records so far, parents before children, as JSON texts. */
const struct str *world_records(struct world *w, struct arena *a, size_t *count);
/* Feeds all records to chat_adopt, in order. */
void world_adopt_all(struct world *w);
