/* The feed's loop:
 *
 *   poll the follower ── for each record: adopt it if somebody else's program wrote it, tell of it
 * if │               it is a message that this process did not send itself try again what waits for
 * its group rows store positions now and then pause if nothing came
 *
 * A message whose group has no group row yet waits, and the messages of that group behind it, so
 * that seq follows the order of the stream. */
#include "messaging/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "messaging/adopt.h"
#include "messaging/follow.h"

#define IDLE_MS 100
#define FAILED_MS 500
#define SAVE_EVERY_US (10 * 1000000)
#define ADOPT_TRIES 5
/* Messages stored before the feed began are told only if they are as young as this. */
#define TOLD_BEFORE_START_S 5
#define WAITING_MAX 10000
#define WAITING_LIFE_US (60 * INT64_C(1000000))

/* A message without group rows. */
struct waiting {
    struct waiting *next;
    struct buf group, record;
    int64_t until_us;
};

struct feed {
    struct feed_options options;
    struct follower *follower;
    struct arena work; /* of one record: a page of them would add up */
    pthread_t thread;
    int64_t started_s;
    int64_t saved_us;
    struct waiting *first, *last; /* in the order of the stream */
    size_t waiting_count;
    bool was_failing;
    pthread_mutex_t lock; /* guards is_stopping */
    pthread_cond_t stopped;
    bool is_stopping;
};

/* -- stopping ---------------------------------------------------------------------------------- */

static bool is_stopping(struct feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    bool answer = feed->is_stopping;
    pthread_mutex_unlock(&feed->lock);
    return answer;
}

/* Sleeps, or wakes up to stop. */
static void pause_ms(struct feed *feed, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + ns / 1000000000;
    until.tv_nsec = (long)(ns % 1000000000);
    pthread_mutex_lock(&feed->lock);
    while (!feed->is_stopping &&
           pthread_cond_timedwait(&feed->stopped, &feed->lock, &until) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&feed->lock);
}

/* -- telling ----------------------------------------------------------------------------------- */

static struct error *tell_message(struct feed *feed, struct arena *a, const struct message_row *row)
{
    struct chat *chat = feed->options.chat;
    struct names names = {0};
    struct conversation c;
    struct chat_message message = {
        .uuid = row->uuid,
        .message = row->text,
        .user_uuid = row->user_uuid,
        .display_name = row->display_name,
        .handle = row->handle,
        .created_at = row->sk,
        .seq = row->seq,
    };
    TRY(names_refresh(&names, chat, a, row->user_uuid, &message.handle, &message.display_name));
    TRY(conversation_load(chat, a, row->group, &c, NULL));
    if (c.exists)
        feed->options.on_message(feed->options.context, row->group, &message,
                                 conversation_user_ids(&c, a), c.count);
    return NULL;
}

/* A message that was just adopted has its seq in the table, not in the record. */
static struct error *tell_record(struct feed *feed, struct arena *a, const struct record *record)
{
    struct chat *chat = feed->options.chat;
    struct message_row row;
    struct item item;
    bool found;
    message_row_decode(&record->image, &row);
    struct key key = item_key(&record->keys);
    if (!row_id(key.pk, S("MSG#"), &row.group) || !feed->options.on_message ||
        chat_own_take(chat, row.group, key.sk))
        return NULL;
    if (record->created_s && record->created_s < feed->started_s - TOLD_BEFORE_START_S)
        return NULL;
    if (row.seq == 0) {
        TRY(rowstore_get(&chat->store, a, key, &item, &found, NULL));
        if (!found)
            return NULL;
        message_row_decode(&item, &row);
    }
    return tell_message(feed, a, &row);
}

/* The message that this process just sent, from the sender's thread. */
static void tell_own(void *context, const struct chat_sent *sent)
{
    struct feed *feed = context;
    feed->options.on_message(feed->options.context, sent->group, &sent->message, sent->members,
                             sent->member_count);
}

/* -- taking a record --------------------------------------------------------------------------- */

static struct error *adopt_and_tell(struct feed *feed, struct arena *a, const struct record *record)
{
    TRY(adopt_record(feed->options.chat, a, record));
    return tell_record(feed, a, record);
}

static bool is_waited_for(const struct feed *feed, struct str group)
{
    for (const struct waiting *w = feed->first; w; w = w->next)
        if (str_eq(buf_str(&w->group), group))
            return true;
    return false;
}

static void push_waiting(struct feed *feed, struct str group, struct str text)
{
    if (feed->waiting_count == WAITING_MAX) {
        log_warn("feed: too many messages without a conversation; one is left unnumbered");
        return;
    }
    struct waiting *w = mem_zalloc(sizeof *w);
    buf_init(&w->group, group.len);
    buf_init(&w->record, text.len);
    buf_add(&w->group, group);
    buf_add(&w->record, text);
    w->until_us = clock_monotonic_us(feed->options.clock) + WAITING_LIFE_US;
    if (feed->last)
        feed->last->next = w;
    else
        feed->first = w;
    feed->last = w;
    feed->waiting_count++;
}

static void take_insert(struct feed *feed, struct arena *a, struct str text)
{
    struct record record;
    struct str group;
    if (!record_decode(a, text, &record) || !str_eq(record.event, S("INSERT")))
        return;
    struct str pk = item_key(&record.keys).pk;
    bool is_message = row_id(pk, S("MSG#"), &group);
    if (!is_message && !str_starts(pk, S("GRP#")))
        return;
    if (is_message && is_waited_for(feed, group)) {
        push_waiting(feed, group, text);
        return;
    }
    for (int tries = 0; tries < ADOPT_TRIES && !is_stopping(feed); tries++) {
        struct error *e = adopt_and_tell(feed, a, &record);
        if (!e)
            return;
        if (e->kind == &chat_not_yet) {
            if (is_message)
                push_waiting(feed, group, text);
            return;
        }
        if (tries == ADOPT_TRIES - 1)
            log_warn("feed: a row stays as it is: %.*s", STR_ARG(e->message));
        else
            pause_ms(feed, 20 << tries);
    }
}

static void take_record(void *context, struct arena *a, struct str text)
{
    struct feed *feed = context;
    (void)a;
    take_insert(feed, &feed->work, text);
    arena_reset(&feed->work);
}

/* -- what waits -------------------------------------------------------------------------------- */

static void free_waiting(struct waiting *w)
{
    buf_clear(&w->group);
    buf_clear(&w->record);
    free(w);
}

/* True when the entry is over with: adopted, or not to be waited for any longer. */
static bool try_waiting(struct feed *feed, struct arena *a, struct waiting *w)
{
    struct record record;
    if (!record_decode(a, buf_str(&w->record), &record))
        return true;
    struct error *e = adopt_and_tell(feed, a, &record);
    if (!e)
        return true;
    /* Listed all the same, without a seq; its conversation is adopted when somebody opens it. */
    return clock_monotonic_us(feed->options.clock) > w->until_us;
}

/* In order; a group's later messages wait for its first. */
static void try_all_waiting(struct feed *feed)
{
    struct waiting *all = feed->first;
    feed->first = feed->last = NULL;
    while (all) {
        struct waiting *w = all;
        all = w->next;
        w->next = NULL;
        bool is_over =
            !is_waited_for(feed, buf_str(&w->group)) && try_waiting(feed, &feed->work, w);
        arena_reset(&feed->work);
        if (is_over) {
            feed->waiting_count--;
            free_waiting(w);
            continue;
        }
        if (feed->last)
            feed->last->next = w;
        else
            feed->first = w;
        feed->last = w;
    }
}

/* -- the loop ---------------------------------------------------------------------------------- */

static void report(struct feed *feed, const struct error *e)
{
    if (e && !feed->was_failing)
        log_warn("feed: %s: %.*s; trying again", e->kind->name, STR_ARG(e->message));
    if (!e && feed->was_failing)
        log_info("feed: reading the stream again");
    feed->was_failing = e != NULL;
}

static struct error *save_if_due(struct feed *feed, struct arena *a)
{
    int64_t now_us = clock_monotonic_us(feed->options.clock);
    if (now_us - feed->saved_us < SAVE_EVERY_US)
        return NULL;
    feed->saved_us = now_us;
    return follower_save(feed->follower, a);
}

/* How long to pause. */
static int64_t one_round(struct feed *feed, struct arena *a)
{
    enum follower_state state = FOLLOWER_READING;
    size_t count;
    struct error *e = follower_poll(feed->follower, a, take_record, feed, &state, &count);
    if (!e && state == FOLLOWER_NO_STREAM && feed->options.may_prepare)
        e = chat_prepare(feed->options.chat, a, false);
    if (!e && state == FOLLOWER_READING)
        e = save_if_due(feed, a);
    try_all_waiting(feed);
    report(feed, e);
    if (e)
        return FAILED_MS;
    return count ? feed->options.busy_ms : feed->options.idle_ms;
}

static void *run(void *context)
{
    struct feed *feed = context;
    struct arena a;
    arena_init(&a);
    while (!is_stopping(feed)) {
        int64_t idle_ms = one_round(feed, &a);
        if (idle_ms)
            pause_ms(feed, idle_ms);
        arena_reset(&a);
    }
    struct error *e = follower_save(feed->follower, &a);
    if (e)
        log_warn("feed: its position is not stored: %.*s", STR_ARG(e->message));
    arena_clear(&a);
    return NULL;
}

struct feed *feed_start(const struct feed_options *options)
{
    struct feed *feed = mem_zalloc(sizeof *feed);
    pthread_condattr_t monotonic;
    feed->options = *options;
    arena_init(&feed->work);
    if (!feed->options.idle_ms)
        feed->options.idle_ms = IDLE_MS;
    feed->follower = follower_new(&(struct follower_options){
        .store = {options->client, options->table},
        .clock = options->clock,
        .name = S("adopt"),
    });
    feed->started_s = clock_now_ms(options->clock) / 1000;
    feed->saved_us = clock_monotonic_us(options->clock);
    pthread_mutex_init(&feed->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&feed->stopped, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (options->announce_own && options->on_message)
        chat_listen(options->chat, tell_own, feed);
    if (pthread_create(&feed->thread, NULL, run, feed) != 0)
        abort(); /* no memory for a thread, as for anything else */
    return feed;
}

void feed_stop(struct feed *feed)
{
    if (!feed)
        return;
    if (feed->options.announce_own)
        chat_listen(feed->options.chat, NULL, NULL);
    pthread_mutex_lock(&feed->lock);
    feed->is_stopping = true;
    pthread_cond_broadcast(&feed->stopped);
    pthread_mutex_unlock(&feed->lock);
    pthread_join(feed->thread, NULL);
    while (feed->first) {
        struct waiting *w = feed->first;
        feed->first = w->next;
        free_waiting(w);
    }
    follower_free(feed->follower);
    arena_clear(&feed->work);
    pthread_cond_destroy(&feed->stopped);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
}
