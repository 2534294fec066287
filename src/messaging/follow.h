/* Follow: reads a table's stream from where it was left, shard after shard, as long as it is
 * called.
 *
 * A shard is read when its parent has been read to the end, so that one item's changes come in
 * their order. Shards that open are found; a table made again has a new stream and is read from its
 * start. Called by feed, from one thread. Owns what it remembers of the shards; records live in the
 * caller's arena. Positions outlive the process in rows FEED#<name> of the table itself. */
#pragma once

#include "messaging/rowstore.h"

struct follower;

struct follower_options {
    struct rowstore store;
    const struct clock *clock;
    struct str name; /* of the rows with the positions: two followers, two names */
};

struct follower *follower_new(const struct follower_options *options);
void follower_free(struct follower *f);

enum follower_state {
    FOLLOWER_READING,
    FOLLOWER_NO_TABLE,
    FOLLOWER_NO_STREAM, /* the table is there, its stream is not switched on */
};

/* Takes one record, the JSON of an element of GetRecords' Records. */
typedef void follower_take(void *context, struct arena *a, struct str record);

/* One look at each shard; *count is the number of records handed over. */
MUST_USE struct error *follower_poll(struct follower *f, struct arena *a, follower_take *take,
                                     void *context, enum follower_state *state, size_t *count);

/* Stores the positions, if anything but such rows was read since the last time. */
MUST_USE struct error *follower_save(struct follower *f, struct arena *a);
