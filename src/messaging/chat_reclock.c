/* A message whose key is no time, or lies too far ahead, is listed out of its order. It gets the
 * first free key after the message numbered before it:
 *
 *     seq   1      2      3            4          seq   1      2      3       4
 *     sk    10:01  10:02  "yesterday"  10:05  ->  sk    10:01  10:02  10:02+  10:05
 *
 * One transaction: the row anew under the new key, the old one away, #STATE as it was read; when
 * the new key lies after #STATE.last_sk, the conversation moves there. In the order of the numbers,
 * so that each finds the one before it in place.
 *
 * Then the conversations that stand too far ahead themselves, since our own clock was, go back to
 * their newest message. */
#include "messaging/chat_check.h"

#include <stdlib.h>

#include "messaging/conversation.h"
#include "messaging/sortkey.h"
#include "json/reader.h"
#include "json/writer.h"

#define ROW_MAX_BYTES (4 * 1024 * 1024)

struct misplaced {
    struct message_row row;
    struct str text; /* the whole item's JSON */
};

struct reclock {
    struct chat *chat;
    struct chat_reclocked *out;
    bool is_second;    /* walk: messages are in place */
    struct arena part; /* the partition that is passing */
    struct str pk;
    VEC(struct misplaced) misplaced;
};

static bool is_misplaced(struct chat *chat, struct str sk)
{
    return !sortkey_is_usable(sk, clock_now_us(&chat->clock));
}

/* The item with another sort key. */
static struct str with_sk(struct arena *a, struct str text, struct str sk)
{
    struct buf out;
    struct json_reader r;
    struct str name, value;
    buf_init(&out, ROW_MAX_BYTES);
    struct json_writer w = json_writer(&out);
    json_reader_init(&r, text, a);
    json_begin_object(&w);
    json_enter_object(&r);
    while (json_next_member(&r, &name) && json_read_raw(&r, &value)) {
        if (str_eq(name, S("sk"))) {
            attribute_put_s(&w, name, sk);
        } else {
            json_key(&w, name);
            json_raw(&w, value);
        }
    }
    json_end_object(&w);
    struct str row = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return row;
}

/* The first free key after the message numbered before this one; before all others, the clock or,
 * where that is later than what follows, a moment before it. */
static struct error *choose_sk(struct chat *chat, struct arena *a, const struct message_row *row,
                               struct str *out)
{
    struct rowstore_query query = {.pk = row_message_key(a, row->group, row->sk).pk};
    struct item *items;
    size_t count;
    struct str before = {"", 0}, after = {"", 0};
    int64_t time_us = 0;
    TRY(rowstore_query(&chat->store, a, &query, &items, &count, NULL, NULL));
    for (size_t i = 0; i < count; i++) {
        int64_t number = item_i64(&items[i], S("seq"), 0);
        struct str sk = item_str(&items[i], S("sk"));
        if (is_misplaced(chat, sk))
            continue;
        if (number && number < row->seq && str_compare(sk, before) > 0)
            before = sk;
        if (number > row->seq && (!after.len || str_compare(sk, after) < 0))
            after = sk;
    }
    if (!before.len && after.len && sortkey_shown_time(after, &time_us))
        time_us -= 1000000;
    else if (!before.len)
        time_us = clock_now_us(&chat->clock);
    *out = sortkey_next(a, time_us, before);
    for (size_t i = 0; i < count; i++) /* in the order of sk: those taken follow each other */
        if (str_eq(item_str(&items[i], S("sk")), *out))
            *out = sortkey_next(a, 0, *out);
    return NULL;
}

static void add_place(struct arena *a, struct rowstore_transaction *t, const struct conversation *c,
                      const struct message_row *row, struct str new_sk)
{
    if (str_compare(new_sk, c->state.last_sk) <= 0) {
        struct rowstore_action *state =
            rowstore_expect(a, t, row_state_key(a, c->group), "last_sk = :last_sk AND seq = :seq");
        rowstore_bind_s(state, S(":last_sk"), c->state.last_sk);
        rowstore_bind_n(state, S(":seq"), c->state.seq);
        return;
    }
    const struct move move = {.conversation = c,
                              .new_sk = new_sk,
                              .text = row->text,
                              .sender = {row->user_uuid, row->handle, row->display_name},
                              .seq = c->state.seq,
                              .may_replace = true};
    add_state_update(a, t, c, new_sk, c->state.seq);
    add_moves(a, t, &move);
}

static struct error *place(struct chat *chat, struct arena *a, const struct misplaced *m,
                           bool *is_done)
{
    struct conversation c;
    struct rowstore_transaction t = {0};
    struct rowstore_outcome outcome;
    struct str new_sk;
    *is_done = false;
    TRY(conversation_load(chat, a, m->row.group, &c, NULL));
    if (!m->row.seq || !c.exists || c.count > CHAT_MEMBERS_MAX)
        return NULL;
    TRY(choose_sk(chat, a, &m->row, &new_sk));
    rowstore_put(a, &t, with_sk(a, m->text, new_sk), "attribute_not_exists(pk)")->role =
        ROLE_MESSAGE;
    struct rowstore_action *old =
        rowstore_delete(a, &t, row_message_key(a, m->row.group, m->row.sk), "seq = :seq");
    rowstore_bind_n(old, S(":seq"), m->row.seq);
    add_place(a, &t, &c, &m->row, new_sk);
    TRY(rowstore_commit(&chat->store, a, &t, chat_uuid(chat, a), &outcome, NULL));
    *is_done = outcome.is_committed;
    return NULL;
}

/* -- a conversation ahead ---------------------------------------------------------------------- */

static struct error *newest_message(struct chat *chat, struct arena *a, struct str group,
                                    struct message_row *out, bool *found)
{
    struct rowstore_query query = {.pk = row_message_key(a, group, S("")).pk};
    struct item *items;
    size_t count;
    TRY(rowstore_query(&chat->store, a, &query, &items, &count, NULL, NULL));
    *found = false;
    for (size_t i = 0; i < count; i++) {
        struct message_row row;
        message_row_decode(&items[i], &row);
        if (row.seq && (!*found || row.seq > out->seq)) {
            *out = row;
            *found = true;
        }
    }
    return NULL;
}

static struct error *pull_back(struct chat *chat, struct arena *a, struct str group, bool *is_done)
{
    struct conversation c;
    struct rowstore_transaction t = {0};
    struct rowstore_outcome outcome;
    struct message_row newest;
    bool found;
    *is_done = false;
    TRY(conversation_load(chat, a, group, &c, NULL));
    TRY(newest_message(chat, a, group, &newest, &found));
    if (!c.exists || c.count > CHAT_MEMBERS_MAX || !found || is_misplaced(chat, newest.sk))
        return NULL;
    const struct move move = {.conversation = &c,
                              .new_sk = newest.sk,
                              .text = newest.text,
                              .sender = {newest.user_uuid, newest.handle, newest.display_name},
                              .seq = c.state.seq,
                              .may_replace = true};
    add_state_update(a, &t, &c, newest.sk, c.state.seq);
    add_moves(a, &t, &move);
    TRY(rowstore_commit(&chat->store, a, &t, chat_uuid(chat, a), &outcome, NULL));
    *is_done = outcome.is_committed;
    return NULL;
}

/* -- the walk ---------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    const struct misplaced *x = a, *y = b;
    return (x->row.seq > y->row.seq) - (x->row.seq < y->row.seq);
}

static struct error *end_partition(struct reclock *r)
{
    struct arena a;
    struct error *error = NULL;
    arena_init(&a);
    if (r->misplaced.count)
        qsort(r->misplaced.items, r->misplaced.count, sizeof *r->misplaced.items, by_number);
    for (size_t i = 0; i < r->misplaced.count && !error; i++) {
        bool is_done;
        error = place(r->chat, &a, &r->misplaced.items[i], &is_done);
        if (error)
            error = error_new(&r->part, error->kind, "%.*s", STR_ARG(error->message));
        else if (is_done)
            r->out->done++;
        else
            r->out->left++;
        arena_reset(&a);
    }
    arena_clear(&a);
    return error;
}

/* In the second walk. */
static struct error *take_state(struct reclock *r, const struct item *item)
{
    struct key key = item_key(item);
    struct str group, last_sk = item_str(item, S("last_sk"));
    bool is_done;
    if (!row_id(key.pk, S("CNV#"), &group) || !str_eq(key.sk, S("#STATE")) || !last_sk.len ||
        !is_misplaced(r->chat, last_sk))
        return NULL;
    arena_reset(&r->part);
    TRY(pull_back(r->chat, &r->part, arena_str(&r->part, group), &is_done));
    is_done ? r->out->done++ : r->out->left++;
    return NULL;
}

static struct error *take_row(struct reclock *r, const struct item *item, struct str text)
{
    struct key key = item_key(item);
    struct str group;
    if (!str_eq(key.pk, r->pk)) {
        TRY(end_partition(r));
        arena_reset(&r->part);
        memset(&r->misplaced, 0, sizeof r->misplaced);
        r->pk = arena_str(&r->part, key.pk);
    }
    if (!row_id(key.pk, S("MSG#"), &group) || !is_misplaced(r->chat, key.sk))
        return NULL;
    struct misplaced found = {.text = arena_str(&r->part, text)};
    struct json_reader reader;
    struct item kept;
    json_reader_init(&reader, found.text, &r->part);
    if (item_decode(&r->part, &reader, &kept)) {
        message_row_decode(&kept, &found.row);
        VEC_PUSH(&r->part, &r->misplaced, found);
    }
    return NULL;
}

static struct error *walk(struct reclock *r, struct arena *page, struct buf *start)
{
    do {
        struct item *items;
        struct str *texts, from = arena_str(page, buf_str(start));
        size_t count;
        TRY(rowstore_scan(&r->chat->store, page, &from, &items, &texts, &count));
        buf_reset(start);
        buf_add(start, from);
        for (size_t i = 0; i < count; i++)
            TRY(r->is_second ? take_state(r, &items[i]) : take_row(r, &items[i], texts[i]));
        arena_reset(page);
    } while (start->len);
    return end_partition(r);
}

struct error *chat_reclock_table(struct chat *chat, struct arena *a, struct chat_reclocked *out)
{
    struct reclock r = {.chat = chat, .out = out, .pk = {"", 0}};
    struct arena page;
    struct buf start;
    *out = (struct chat_reclocked){0};
    arena_init(&r.part);
    arena_init(&page);
    buf_init(&start, 1 << 16);
    struct error *error = walk(&r, &page, &start);
    r.is_second = true;
    memset(&r.misplaced, 0, sizeof r.misplaced);
    if (!error)
        error = walk(&r, &page, &start);
    if (error)
        error = error_new(a, error->kind, "%.*s", STR_ARG(error->message));
    buf_clear(&start);
    arena_clear(&page);
    arena_clear(&r.part);
    return error;
}
