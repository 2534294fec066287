/* The waiting lists, and how no wake-up is lost.
 *
 *     loop:    append the waiter, is_waiting = true, fence, look at synced
 *     commit:  raise synced, fence, is_waiting: true -> false, post the release
 *
 * 1. Of a waiter and the sync that covers it, one sees the other: either the loop sees the raised
 *    `synced` after it has set is_waiting, or the commit thread sees is_waiting.
 * 2. A list is released from its head. A later waiter may depend on less than the head does; it
 *    leaves with the head, one sync later at most.
 * 3. At most one release of a loop is under way for each time is_waiting was set. */
#include "dynamodb/wire/gate.h"

#include "base/arena.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct gate_loop {
    struct gate *gate;
    size_t number;
    struct gate_waiter *first, *last; /* the loop's thread only */
    atomic_bool is_waiting;
} __attribute__((aligned(64))); /* loops do not share a cache line */

struct gate {
    struct gate_options options;
    struct gate_loop loops[];
};

struct gate *gate_new(const struct gate_options *options)
{
    size_t size = sizeof(struct gate) + options->loops * sizeof(struct gate_loop);
    struct gate *gate = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!gate)
        abort();
    gate->options = *options;
    for (size_t i = 0; i < options->loops; i++) {
        gate->loops[i] = (struct gate_loop){.gate = gate, .number = i};
        atomic_init(&gate->loops[i].is_waiting, false);
    }
    return gate;
}

void gate_free(struct gate *gate)
{
    if (!gate)
        return;
    for (size_t i = 0; i < gate->options.loops; i++)
        assert(!gate->loops[i].first);
    free(gate);
}

static uint64_t synced_of(const struct gate *gate)
{
    return gate->options.synced(gate->options.context);
}

static void release_ready(struct gate_loop *loop, uint64_t synced)
{
    const struct gate_options *options = &loop->gate->options;
    while (loop->first && loop->first->depends_on <= synced) {
        struct gate_waiter *waiter = loop->first;
        loop->first = waiter->next;
        if (!loop->first)
            loop->last = NULL;
        waiter->next = NULL;
        options->release(waiter, options->context);
    }
}

/* Releases what may go, and makes sure that a sync will be told of the rest. */
static void settle(struct gate_loop *loop)
{
    release_ready(loop, synced_of(loop->gate));
    while (loop->first) {
        atomic_store(&loop->is_waiting, true);
        atomic_thread_fence(memory_order_seq_cst);
        uint64_t synced = synced_of(loop->gate);
        if (loop->first->depends_on > synced)
            return;
        release_ready(loop, synced);
    }
}

static void release_task(void *argument)
{
    settle(argument);
}

void gate_wait(struct gate *gate, size_t loop_number, struct gate_waiter *waiter)
{
    assert(loop_number < gate->options.loops);
    struct gate_loop *loop = &gate->loops[loop_number];
    waiter->next = NULL;
    if (waiter->depends_on == 0 || waiter->depends_on <= synced_of(gate)) {
        gate->options.release(waiter, gate->options.context);
        return;
    }
    if (loop->last)
        loop->last->next = waiter;
    else
        loop->first = waiter;
    loop->last = waiter;
    if (!atomic_load_explicit(&loop->is_waiting, memory_order_relaxed) || loop->first == waiter)
        settle(loop);
}

void gate_on_sync(struct gate *gate)
{
    atomic_thread_fence(memory_order_seq_cst);
    for (size_t i = 0; i < gate->options.loops; i++) {
        struct gate_loop *loop = &gate->loops[i];
        if (atomic_exchange(&loop->is_waiting, false))
            gate->options.post(gate->options.context, i, release_task, loop);
    }
}
