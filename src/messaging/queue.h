/* Queue: one at a time for each group, in the order of arrival.
 *
 * Senders into one group of one process stand in line here rather than lose races against each
 * other in the store. It is a help, not a promise: other processes are kept apart by conditions.
 * Groups share a fixed number of lines, so two of them may now and then wait for each other;
 * therefore nobody may stand in two lines at once. Safe from any thread. */
#pragma once

#include "base/str.h"

struct queue;

struct queue *queue_new(void);
void queue_free(struct queue *queue); /* nobody may be in it */

/* Waits for the turn; give the same name to leave. */
void queue_enter(struct queue *queue, struct str name);
void queue_leave(struct queue *queue, struct str name);
