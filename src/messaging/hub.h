/* Hub: live events, from whoever makes them to every stream of the people they are for.
 *
 * Called by web (subscribe; events of the API) and by feed (messages that arrived by the stream).
 * Both may tell of the same message: the hub lets a message of a group through once, and in the
 * order of `seq`. It keeps the last events in a ring, from which a client that comes back with
 * Last-Event-ID gets what it missed; when that is no longer there it gets `reset` and asks anew.
 *
 * Owns the streams handed to it. Safe from any thread; one lock, under which only http_stream_*
 * is called. */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/rand.h"
#include "messaging/chat.h"

struct hub;
struct http_stream;

struct hub_options {
    const struct clock *clock;
    const struct rand_source *rand;
    size_t ring_events;      /* 0: 4096 */
    size_t streams_per_user; /* 0: 20 */
    int64_t heartbeat_ms;    /* 0: 15000; a comment line on each stream */
    int64_t gap_ms;          /* 0: 1000; how long a message waits for the one before it */
    bool has_thread;         /* ticks by itself; without one the owner calls hub_tick */
};

struct hub *hub_new(const struct hub_options *options);
/* Ends the thread and all streams; from then on there are no seats. Before http_close. */
void hub_stop(struct hub *hub);
/* After http_close, when no stream can call back any more. */
void hub_free(struct hub *hub);

/* A message of a group for these members (user uuids). One with `seq` 0 passes as it comes; one
 * that was told already is dropped; one that comes early waits `gap_ms` for those before it. A
 * message with seq 1 is followed by `group`. */
void hub_tell_message(struct hub *hub, const struct str *members, size_t count, struct str group,
                      const struct chat_message *message);
/* `reader` (handle) has read the group up to seq. */
void hub_tell_read(struct hub *hub, const struct str *members, size_t count, struct str group,
                   struct str reader, int64_t seq);
/* The group is new or has changed: list it anew. */
void hub_tell_group(struct hub *hub, const struct str *members, size_t count, struct str group);

/* -- streams ----------------------------------------------------------------------------------- */

struct hub_seat; /* a place for one stream of one user */

/* Reserves a place; NULL when the user holds `streams_per_user` already, or after hub_stop. */
struct hub_seat *hub_take_seat(struct hub *hub, struct str user_uuid);
/* The seat's stream begins: writes what was missed since `last_event_id` (empty: nothing), then
 * events as they come. The hub closes the stream. */
void hub_sit(struct hub *hub, struct hub_seat *seat, struct http_stream *stream,
             struct str last_event_id);
/* For the stream's gone callback: the client has left. Takes no lock. */
void hub_leave(struct hub_seat *seat);

/* Heartbeats, streams whose client has left, and messages that waited for a lost one. */
void hub_tick(struct hub *hub);

struct hub_stats {
    uint64_t streams, events, written, resets;
};
struct hub_stats hub_stats(struct hub *hub);
