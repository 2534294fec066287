/* Order: the messages of many groups, each passed on once and in the order of seq.
 *
 * Called by hub, under its lock: not safe by itself. Two sources tell of the same messages, the
 * sender's thread and the stream, and neither waits for the other. A message that comes early is
 * kept until those before it have come, or are given up. Owns what it keeps. Times are those of the
 * clock's monotonic microseconds. */
#pragma once

#include "base/clock.h"
#include "base/str.h"

struct order;

/* `pass` gets a message whose turn has come and owns it then; `drop` frees one that was passed
 * before. `pass` must not call back. */
struct order *order_new(const struct clock *clock, void (*pass)(void *context, void *message),
                        void (*drop)(void *message), void *context);
/* What still waits is passed. */
void order_free(struct order *order);

/* Takes the message. The first one of a group that is not known begins its order. */
void order_put(struct order *order, struct str group, int64_t seq, void *message);
/* Passes what has waited since that time or longer, though something before it is missing. */
void order_give_up(struct order *order, int64_t since_us);
