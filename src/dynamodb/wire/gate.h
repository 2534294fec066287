/* Gate: answers that wait until what they depended on is on the disk.
 *
 * One waiting list for each loop. wire.c passes every finished call through gate_wait on its loop;
 * the commit thread calls gate_on_sync after each sync, which posts one release to each loop that
 * has waiters. A list is as long as the loop has connections at most, since a connection has one
 * request under way. gate_on_sync may be called from any thread, all else on the loop's own.
 *
 * The gate knows its surroundings by three functions, so that its test needs no server. */
#pragma once

#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gate;

/* Embedded in whatever waits. */
struct gate_waiter {
    struct gate_waiter *next;
    uint64_t depends_on;
};

struct gate_options {
    size_t loops;
    /* The highest durable sequence; UINT64_MAX after a failed sync. */
    uint64_t (*synced)(void *context);
    /* Runs task(argument) on the thread of that loop, later. */
    void (*post)(void *context, size_t loop, void (*task)(void *argument), void *argument);
    /* The waiter may go: called on its loop's thread. */
    void (*release)(struct gate_waiter *waiter, void *context);
    void *context;
};

struct gate *gate_new(const struct gate_options *options);
/* Nobody may be waiting, and no sync may come. */
void gate_free(struct gate *gate);

/* Releases the waiter: at once when what it depends on is durable, else when it is. */
void gate_wait(struct gate *gate, size_t loop, struct gate_waiter *waiter);
/* After each sync, whether it succeeded or not. */
void gate_on_sync(struct gate *gate);
