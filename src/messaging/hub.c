/* Hub: who listens, what was told, and in which order.
 *
 *     people:   user uuid ─▶ person ─▶ seat ─▶ seat …      one seat for each live stream
 *     ring:     the last events, each with the people it is for; position rises by one
 *     order:    messages of a group, which may come in any order and twice (order.h)
 *
 * An event is rendered once, when it gets its position, and the same bytes go to every seat:
 *
 *     id: 5f3c09d21be4a771-42
 *     event: message
 *     data: {"message_group_uuid":…}
 *
 * The id is the epoch of this hub (chance, so that an id of another process is never ours) and the
 * position. A client that comes back with it gets the events behind that position which are for it.
 *
 * Invariants, under the lock:
 *   1 the ring holds the positions next - count … next - 1, at most ring_events of them and at most
 *     RING_BYTES;
 *   2 an event belongs to its maker, then perhaps to the order, then to the ring. */
#include "messaging/hub.h"

#include "base/map.h"
#include "http/http.h"
#include "messaging/order.h"
#include "json/writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    RING_BYTES = 8 * 1024 * 1024,
    EVENT_BYTES = 64 * 1024,
    TICK_MS = 200,
};

struct event {
    uint64_t position;
    size_t size_bytes;
    struct str text; /* as sent; it and the members lie behind the struct */
    size_t member_count;
    struct str members[];
};

struct hub_seat {
    struct hub *hub;
    struct person *person;
    struct hub_seat *prev, *next; /* of the person; then of the closed ones */
    struct hub_seat *next_gone;   /* during a sweep */
    struct http_stream *stream;   /* NULL until it sits */
    atomic_bool is_gone;          /* the client has left; the sweep does the rest */
};

struct person {
    struct hub_seat *seats;
    size_t count;
    struct str uuid; /* the map's key, again, behind the struct */
};

struct hub {
    struct hub_options options;
    char epoch[17];
    pthread_mutex_t lock; /* guards all below; streams' own locks come after it */
    struct map people;
    struct event **ring;
    uint64_t next;
    size_t count, ring_bytes;
    struct order *order;
    struct hub_seat *closed; /* after hub_stop: their streams may still call hub_leave */
    struct hub_stats stats;
    int64_t beat_due_us;
    bool is_stopped;
    pthread_cond_t wake;
    pthread_t thread;
};

static size_t or_default(size_t value, size_t fallback)
{
    return value ? value : fallback;
}

/* -- events ------------------------------------------------------------------------------------ */

/* An event for these members. The id's line is put before it when it gets its position. */
static struct event *event_new(const char *name, struct str data, const struct str *members,
                               size_t member_count)
{
    size_t list_bytes = member_count * sizeof *members, len = 0;
    for (size_t i = 0; i < member_count; i++)
        len += members[i].len;
    size_t text_max = strlen(name) + data.len + sizeof "event: \ndata: \n\n";
    struct event *e = mem_zalloc(sizeof *e + list_bytes + len + text_max);
    char *at = (char *)e + sizeof *e + list_bytes;
    e->size_bytes = sizeof *e + list_bytes + len + text_max;
    e->member_count = member_count;
    for (size_t i = 0; i < member_count; i++) {
        e->members[i] = (struct str){at, members[i].len};
        if (members[i].len)
            memcpy(at, members[i].data, members[i].len);
        at += members[i].len;
    }
    int text_len = snprintf(at, text_max, "event: %s\ndata: %.*s\n\n", name, STR_ARG(data));
    e->text = (struct str){at, (size_t)text_len};
    return e;
}

static bool is_for(const struct event *e, struct str uuid)
{
    for (size_t i = 0; i < e->member_count; i++)
        if (str_eq(e->members[i], uuid))
            return true;
    return false;
}

static void write_event(struct hub *h, struct hub_seat *seat, const struct event *e)
{
    char id[64];
    int len = snprintf(id, sizeof id, "id: %s-%llu\n", h->epoch, (unsigned long long)e->position);
    if (!seat->stream || atomic_load(&seat->is_gone))
        return;
    /* Two writes, one event: the stream keeps them together, for only we write, under our lock. */
    if (http_stream_write(seat->stream, (struct str){id, (size_t)len}) &&
        http_stream_write(seat->stream, e->text))
        h->stats.written++;
}

static struct event **ring_slot(struct hub *h, uint64_t position)
{
    return &h->ring[position % h->options.ring_events];
}

static void drop_oldest(struct hub *h)
{
    struct event **oldest = ring_slot(h, h->next - h->count);
    h->ring_bytes -= (*oldest)->size_bytes;
    free(*oldest);
    *oldest = NULL;
    h->count--;
}

/* Takes the event: gives it its position, keeps it in the ring and sends it. Locked. */
static void publish(struct hub *h, struct event *e)
{
    while (h->count && (h->count == h->options.ring_events ||
                        h->ring_bytes + e->size_bytes > (size_t)RING_BYTES))
        drop_oldest(h);
    e->position = h->next++;
    *ring_slot(h, e->position) = e;
    h->count++;
    h->ring_bytes += e->size_bytes;
    h->stats.events++;
    for (size_t i = 0; i < e->member_count; i++) {
        const struct person *person = map_get(&h->people, e->members[i]);
        for (struct hub_seat *seat = person ? person->seats : NULL; seat; seat = seat->next)
            write_event(h, seat, e);
    }
}

static void publish_ordered(void *hub, void *event)
{
    publish(hub, event);
}

/* -- what is told ------------------------------------------------------------------------------ */

static void write_message(struct buf *out, struct str group, const struct chat_message *m)
{
    struct json_writer w = json_writer(out);
    json_begin_object(&w);
    json_key(&w, S("message_group_uuid")), json_str(&w, group);
    json_key(&w, S("uuid")), json_str(&w, m->uuid);
    json_key(&w, S("display_name")), json_str(&w, m->display_name);
    json_key(&w, S("handle")), json_str(&w, m->handle);
    json_key(&w, S("message")), json_str(&w, m->message);
    json_key(&w, S("created_at")), json_str(&w, m->created_at);
    if (m->seq)
        json_key(&w, S("seq")), json_i64(&w, m->seq);
    json_end_object(&w);
}

/* The group, and perhaps who and up to where. */
static struct event *group_event(const char *name, const struct str *members, size_t count,
                                 struct str group, struct str handle, int64_t seq)
{
    struct buf data;
    buf_init(&data, EVENT_BYTES);
    struct json_writer w = json_writer(&data);
    json_begin_object(&w);
    json_key(&w, S("message_group_uuid")), json_str(&w, group);
    if (handle.len)
        json_key(&w, S("handle")), json_str(&w, handle);
    if (seq)
        json_key(&w, S("seq")), json_i64(&w, seq);
    json_end_object(&w);
    struct event *e = event_new(name, buf_str(&data), members, count);
    buf_clear(&data);
    return e;
}

void hub_tell_message(struct hub *h, const struct str *members, size_t count, struct str group,
                      const struct chat_message *m)
{
    struct buf data;
    buf_init(&data, EVENT_BYTES);
    write_message(&data, group, m);
    /* A row of somebody else's program may be too long for an event: the client fetches it then. */
    struct event *e = data.overflowed ? group_event("group", members, count, group, S(""), 0)
                                      : event_new("message", buf_str(&data), members, count);
    buf_clear(&data);
    pthread_mutex_lock(&h->lock);
    if (m->seq > 0)
        order_put(h->order, group, m->seq, e);
    else
        publish(h, e);
    pthread_mutex_unlock(&h->lock);
    if (m->seq == 1)
        hub_tell_group(h, members, count, group);
}

static void tell(struct hub *h, struct event *e)
{
    pthread_mutex_lock(&h->lock);
    publish(h, e);
    pthread_mutex_unlock(&h->lock);
}

void hub_tell_read(struct hub *h, const struct str *members, size_t count, struct str group,
                   struct str reader, int64_t seq)
{
    tell(h, group_event("read", members, count, group, reader, seq));
}

void hub_tell_group(struct hub *h, const struct str *members, size_t count, struct str group)
{
    tell(h, group_event("group", members, count, group, S(""), 0));
}

/* -- seats ------------------------------------------------------------------------------------- */

static struct person *person_of(struct hub *h, struct str uuid)
{
    struct person *person = map_get(&h->people, uuid);
    if (person)
        return person;
    person = mem_zalloc(sizeof *person + uuid.len);
    person->uuid = (struct str){(char *)(person + 1), uuid.len};
    if (uuid.len)
        memcpy(person + 1, uuid.data, uuid.len);
    map_put(&h->people, uuid, person);
    return person;
}

struct hub_seat *hub_take_seat(struct hub *h, struct str user_uuid)
{
    struct hub_seat *seat = NULL;
    pthread_mutex_lock(&h->lock);
    struct person *person = h->is_stopped ? NULL : person_of(h, user_uuid);
    if (person && person->count < h->options.streams_per_user) {
        seat = mem_zalloc(sizeof *seat);
        *seat = (struct hub_seat){h, person, .next = person->seats};
        if (seat->next)
            seat->next->prev = seat;
        person->seats = seat;
        person->count++;
        h->stats.streams++;
    }
    pthread_mutex_unlock(&h->lock);
    return seat;
}

/* Takes it out of its person's list, and the person out of the map when it was the last. */
static void unlink_seat(struct hub *h, struct hub_seat *seat)
{
    struct person *person = seat->person;
    if (seat->prev)
        seat->prev->next = seat->next;
    else
        person->seats = seat->next;
    if (seat->next)
        seat->next->prev = seat->prev;
    h->stats.streams--;
    if (--person->count == 0) {
        map_remove(&h->people, person->uuid);
        free(person);
    }
}

/* "<epoch>-<position>", where the position is in the ring or just before it. */
static bool parse_id(const struct hub *h, struct str id, uint64_t *position)
{
    struct str rest = id, epoch;
    return str_cut(&rest, '-', &epoch) && str_eq(epoch, str_z(h->epoch)) &&
           str_to_u64(rest, UINT64_MAX - 1, position) && *position < h->next &&
           *position + 1 >= h->next - h->count;
}

/* Gives the client a place to come back to, without an event. */
static void write_place(struct hub *h, struct hub_seat *seat, const char *what)
{
    char text[128];
    int len = snprintf(text, sizeof text, "id: %s-%llu\n%s\n", h->epoch,
                       (unsigned long long)(h->next - 1), what);
    http_stream_write(seat->stream, (struct str){text, (size_t)len});
}

static void replay(struct hub *h, struct hub_seat *seat, uint64_t position)
{
    for (uint64_t at = position + 1; at < h->next; at++) {
        const struct event *e = *ring_slot(h, at);
        if (is_for(e, seat->person->uuid))
            write_event(h, seat, e);
    }
}

void hub_sit(struct hub *h, struct hub_seat *seat, struct http_stream *stream,
             struct str last_event_id)
{
    uint64_t position;
    pthread_mutex_lock(&h->lock);
    seat->stream = stream;
    if (h->is_stopped) {
        http_stream_close(stream); /* hub_stop has moved the seat to the closed ones already */
        seat->stream = NULL;
    } else if (!last_event_id.len) {
        write_place(h, seat, ": welcome\nretry: 2000\n");
    } else if (parse_id(h, last_event_id, &position)) {
        replay(h, seat, position);
        write_place(h, seat, ": welcome back\n");
    } else {
        h->stats.resets++;
        write_place(h, seat, "event: reset\ndata: {}\n");
    }
    pthread_mutex_unlock(&h->lock);
}

void hub_leave(struct hub_seat *seat)
{
    atomic_store(&seat->is_gone, true);
}

/* -- time -------------------------------------------------------------------------------------- */

/* Frees the seats of those who have left; beats on the others when it is time. Locked. */
static void sweep(struct hub *h, bool beats)
{
    struct hub_seat *gone = NULL;
    size_t cursor = 0;
    struct str uuid;
    void *value;
    while (map_next(&h->people, &cursor, &uuid, &value)) {
        const struct person *person = value;
        for (struct hub_seat *seat = person->seats, *next; seat; seat = next) {
            next = seat->next;
            if (seat->stream && beats && !atomic_load(&seat->is_gone))
                http_stream_write(seat->stream, S(": beat\n\n"));
            if (!seat->stream || !atomic_load(&seat->is_gone))
                continue;
            http_stream_close(seat->stream);
            seat->next_gone = gone;
            gone = seat;
        }
    }
    while (gone) { /* afterwards, because it may change the map */
        struct hub_seat *seat = gone;
        gone = seat->next_gone;
        unlink_seat(h, seat);
        free(seat);
    }
}

static void tick(struct hub *h)
{
    int64_t now = clock_monotonic_us(h->options.clock);
    bool beats = now >= h->beat_due_us;
    if (beats)
        h->beat_due_us = now + h->options.heartbeat_ms * 1000;
    sweep(h, beats);
    order_give_up(h->order, now - h->options.gap_ms * 1000);
}

void hub_tick(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    tick(h);
    pthread_mutex_unlock(&h->lock);
}

static void *tick_until_stopped(void *context)
{
    struct hub *h = context;
    pthread_mutex_lock(&h->lock);
    while (!h->is_stopped) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&h->wake, &h->lock, &until);
        if (!h->is_stopped)
            tick(h);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* -- life -------------------------------------------------------------------------------------- */

struct hub *hub_new(const struct hub_options *options)
{
    struct hub *h = mem_zalloc(sizeof *h);
    h->options = *options;
    h->options.ring_events = or_default(options->ring_events, 4096);
    h->options.streams_per_user = or_default(options->streams_per_user, 20);
    h->options.heartbeat_ms = (int64_t)or_default((size_t)options->heartbeat_ms, 15000);
    h->options.gap_ms = (int64_t)or_default((size_t)options->gap_ms, 1000);
    h->beat_due_us = clock_monotonic_us(options->clock) + h->options.heartbeat_ms * 1000;
    snprintf(h->epoch, sizeof h->epoch, "%016llx", (unsigned long long)rand_u64(options->rand));
    h->next = 1;
    h->ring = mem_zalloc(h->options.ring_events * sizeof(struct event *));
    map_init(&h->people);
    h->order = order_new(options->clock, publish_ordered, free, h);
    pthread_mutex_init(&h->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&h->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (options->has_thread && pthread_create(&h->thread, NULL, tick_until_stopped, h) != 0)
        abort(); /* no thread for the process: as out of memory */
    return h;
}

static void close_all_seats(struct hub *h)
{
    size_t cursor = 0;
    struct str uuid;
    void *value;
    while (map_next(&h->people, &cursor, &uuid, &value)) {
        struct person *person = value;
        for (struct hub_seat *seat = person->seats, *next; seat; seat = next) {
            next = seat->next;
            if (seat->stream)
                http_stream_close(seat->stream);
            seat->stream = NULL;
            seat->next = h->closed;
            h->closed = seat;
        }
        free(person);
    }
    map_clear(&h->people);
    map_init(&h->people);
    h->stats.streams = 0;
}

void hub_stop(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    bool was_stopped = h->is_stopped;
    h->is_stopped = true;
    close_all_seats(h);
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
    if (h->options.has_thread && !was_stopped)
        pthread_join(h->thread, NULL);
}

void hub_free(struct hub *h)
{
    if (!h)
        return;
    hub_stop(h);
    order_free(h->order);
    map_clear(&h->people);
    while (h->count)
        drop_oldest(h);
    while (h->closed) {
        struct hub_seat *seat = h->closed;
        h->closed = seat->next;
        free(seat);
    }
    free(h->ring);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

struct hub_stats hub_stats(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    struct hub_stats stats = h->stats;
    pthread_mutex_unlock(&h->lock);
    return stats;
}
