/* A channel remembers of a group what has passed, and holds what came early:
 *
 *     seq:   … first ───────── last   (gap)   early ─▶ early ─▶ …
 *              all passed, once             rising, above last + 1
 *
 * Invariants:
 *   1 of each channel, all messages first_seq … last_seq have passed, each once, in order;
 *   2 a channel with early messages is in the waiting list, once; its early messages rise in seq
 *     and all lie above last_seq + 1.
 *
 * Memory is bounded: at most CHANNELS groups are remembered, then all are forgotten; a channel with
 * more than EARLY_PER_CHANNEL early messages waits no longer. */
#include "messaging/order.h"

#include "base/arena.h"
#include "base/map.h"

#include <stdlib.h>

enum { CHANNELS = 4096, EARLY_PER_CHANNEL = 64 };

struct early {
    struct early *next;
    int64_t seq;
    void *message;
};

struct channel {
    int64_t first_seq, last_seq;
    struct early *early;
    size_t early_count;
    int64_t waits_since_us;
    bool is_waiting; /* in the waiting list, perhaps with nothing early any more */
    struct channel *next_waiting;
};

struct order {
    const struct clock *clock;
    void (*pass)(void *context, void *message);
    void (*drop)(void *message);
    void *context;
    struct map channels; /* group -> struct channel */
    struct channel *waiting;
};

struct order *order_new(const struct clock *clock, void (*pass)(void *context, void *message),
                        void (*drop)(void *message), void *context)
{
    struct order *o = mem_zalloc(sizeof *o);
    o->clock = clock;
    o->pass = pass;
    o->drop = drop;
    o->context = context;
    map_init(&o->channels);
    return o;
}

static void pass_early(struct order *o, struct channel *c)
{
    struct early *first = c->early;
    c->early = first->next;
    c->early_count--;
    if (first->seq != c->last_seq + 1)
        c->first_seq = first->seq; /* those between have been given up, and pass if they come yet */
    c->last_seq = first->seq;
    o->pass(o->context, first->message);
    free(first);
}

/* Passes what has become due by order; with `all` also what waits in vain. */
static void drain(struct order *o, struct channel *c, bool all)
{
    while (c->early && (all || c->early->seq == c->last_seq + 1))
        pass_early(o, c);
}

void order_give_up(struct order *o, int64_t since_us)
{
    for (struct channel **at = &o->waiting; *at;) {
        struct channel *c = *at;
        if (c->early && c->waits_since_us <= since_us)
            drain(o, c, true);
        if (c->early) {
            at = &c->next_waiting;
            continue;
        }
        c->is_waiting = false;
        *at = c->next_waiting;
    }
}

static void forget_all(struct order *o)
{
    order_give_up(o, INT64_MAX);
    size_t cursor = 0;
    struct str key;
    void *channel;
    while (map_next(&o->channels, &cursor, &key, &channel))
        free(channel);
    map_clear(&o->channels);
    map_init(&o->channels);
}

void order_free(struct order *o)
{
    if (!o)
        return;
    forget_all(o);
    map_clear(&o->channels);
    free(o);
}

static struct channel *channel_of(struct order *o, struct str group, int64_t seq)
{
    struct channel *c = map_get(&o->channels, group);
    if (c)
        return c;
    if (o->channels.count >= CHANNELS)
        forget_all(o);
    c = mem_zalloc(sizeof *c);
    *c = (struct channel){.first_seq = seq, .last_seq = seq - 1};
    map_put(&o->channels, group, c);
    return c;
}

static void hold_back(struct order *o, struct channel *c, int64_t seq, void *message)
{
    struct early **at = &c->early;
    while (*at && (*at)->seq < seq)
        at = &(*at)->next;
    if (*at && (*at)->seq == seq) {
        o->drop(message);
        return;
    }
    if (!c->early)
        c->waits_since_us = clock_monotonic_us(o->clock);
    struct early *early = mem_zalloc(sizeof *early);
    *early = (struct early){*at, seq, message};
    *at = early;
    c->early_count++;
    if (!c->is_waiting) {
        c->is_waiting = true;
        c->next_waiting = o->waiting;
        o->waiting = c;
    }
    if (c->early_count > EARLY_PER_CHANNEL)
        c->waits_since_us = 0; /* given up at the next look */
}

void order_put(struct order *o, struct str group, int64_t seq, void *message)
{
    struct channel *c = channel_of(o, group, seq);
    if (seq < c->first_seq) { /* late, but never passed */
        o->pass(o->context, message);
    } else if (seq <= c->last_seq) {
        o->drop(message);
    } else if (seq > c->last_seq + 1) {
        hold_back(o, c, seq, message);
    } else {
        c->last_seq = seq;
        o->pass(o->context, message);
        drain(o, c, false);
    }
}
