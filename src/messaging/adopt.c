/* Pattern E, in three parts (docs/messaging.md, "Adoption").
 *
 *   a group without #STATE   #STATE, one M# for each owner of a group row, the pair's lock, and one
 *                            group row for each at the same key: the greatest usable one among its
 *                            group rows and newest messages. seq 0: older history counts as read.
 *   a message without seq    the next seq, under attribute_not_exists(seq); #STATE forward; the
 * group rows move when its key is usable and greater than last_sk, otherwise they stay and only
 * learn the seq. a group row without seq  its owner becomes a member if there is no M# yet; then
 * the conversation moves forward to it, or the row is brought to where the others are.
 *
 * Invariants: 1. each part begins by reading whether it is done already, and ends at once if so;
 *             2. each is one transaction on condition that #STATE is as read;
 *             3. last_sk and seq only rise.
 * From 1 to 3: all stream records again, shuffled and doubled, change nothing. */
#include "messaging/adopt.h"

#include "messaging/sortkey.h"

static bool is_usable(struct chat *chat, struct str sk)
{
    return sortkey_is_usable(sk, clock_now_us(&chat->clock));
}

/* -- a message without seq --------------------------------------------------------------------- */

static struct error *load_message(struct chat *chat, struct arena *a, struct str group,
                                  struct str sk, struct message_row *out, bool *is_due,
                                  struct chat_cost *cost)
{
    struct item item;
    TRY(rowstore_get(&chat->store, a, row_message_key(a, group, sk), &item, is_due, cost));
    if (*is_due) {
        message_row_decode(&item, out);
        *is_due = out->seq == 0;
    }
    return NULL;
}

/* The group rows stay where they are and learn the new seq. */
static void add_seq_updates(struct arena *a, struct rowstore_transaction *t,
                            const struct conversation *c, int64_t seq, const bool *is_lost)
{
    for (size_t i = 0; i < c->count && c->state.last_sk.len; i++) {
        if (is_lost[i])
            continue;
        struct key key = row_group_key(a, c->members[i].user, c->state.last_sk);
        struct rowstore_action *action =
            rowstore_update(a, t, key, "SET seq = :seq", "message_group_uuid = :g");
        action->role = ROLE_OLD_ROW;
        action->index = i;
        rowstore_bind_n(action, S(":seq"), seq);
        rowstore_bind_s(action, S(":g"), c->group);
    }
}

static void add_message_seq(struct arena *a, struct rowstore_transaction *t,
                            const struct message_row *message, int64_t seq)
{
    struct rowstore_action *action =
        rowstore_update(a, t, row_message_key(a, message->group, message->sk), "SET seq = :seq",
                        "attribute_exists(pk) AND attribute_not_exists(seq)");
    action->role = ROLE_MESSAGE;
    rowstore_bind_n(action, S(":seq"), seq);
}

/* Sending is reading, with whatever program. */
static void add_reader(struct arena *a, struct rowstore_transaction *t,
                       const struct conversation *c, const struct message_row *message, int64_t seq)
{
    struct member_row *sender = conversation_member(c, message->user_uuid);
    if (!sender)
        return;
    struct rowstore_action *action =
        rowstore_update(a, t, row_member_key(a, c->group, sender->user), "SET read_seq = :seq",
                        "attribute_exists(pk)");
    action->role = ROLE_SENDER;
    rowstore_bind_n(action, S(":seq"), seq);
}

/* What one try learned that the next one must heed. */
struct lessons {
    struct str taken_sk;            /* a new group row's key that belongs to another group */
    bool is_lost[CHAT_MEMBERS_MAX]; /* no row of ours at the old key: leave it alone */
};

static void learn(struct lessons *lessons, const struct rowstore_transaction *t,
                  const struct rowstore_outcome *outcome, struct str new_sk)
{
    for (size_t i = 0; i < t->actions.count; i++) {
        if (outcome->reasons[i] != ROWSTORE_REASON_CONDITION)
            continue;
        if (t->actions.items[i].role == ROLE_OLD_ROW)
            lessons->is_lost[t->actions.items[i].index] = true;
        if (t->actions.items[i].role == ROLE_NEW_ROW)
            lessons->taken_sk = new_sk;
    }
}

/* Where a conversation stands after something happened at `sk`. */
static struct str plan_last_sk(struct chat *chat, struct arena *a, const struct conversation *c,
                               struct str sk, const struct lessons *lessons)
{
    if (!is_usable(chat, sk) || str_compare(sk, c->state.last_sk) <= 0)
        return c->state.last_sk;
    return str_compare(sk, lessons->taken_sk) > 0 ? sk : sortkey_next(a, 0, lessons->taken_sk);
}

static struct error *number_message(struct chat *chat, struct arena *a,
                                    const struct conversation *c, const struct message_row *message,
                                    struct lessons *lessons, bool *is_done, struct chat_cost *cost)
{
    struct rowstore_transaction t = {0};
    struct rowstore_outcome outcome;
    struct str new_sk = plan_last_sk(chat, a, c, message->sk, lessons);
    struct move move = {
        .conversation = c,
        .new_sk = new_sk,
        .text = message->text,
        .sender = {message->user_uuid, message->handle, message->display_name},
        .seq = c->state.seq + 1,
        .keep_old = lessons->is_lost,
        .may_replace = true,
    };
    add_message_seq(a, &t, message, move.seq);
    add_state_update(a, &t, c, new_sk, move.seq);
    add_reader(a, &t, c, message, move.seq);
    if (str_eq(new_sk, c->state.last_sk))
        add_seq_updates(a, &t, c, move.seq, lessons->is_lost);
    else
        add_moves(a, &t, &move);
    TRY(rowstore_commit(&chat->store, a, &t, chat_uuid(chat, a), &outcome, cost));
    *is_done = outcome.is_committed;
    if (!*is_done)
        learn(lessons, &t, &outcome, new_sk);
    return NULL;
}

static struct error *adopt_message(struct chat *chat, struct arena *a, struct str group,
                                   struct str sk, struct chat_cost *cost)
{
    struct lessons lessons = {.taken_sk = {"", 0}};
    for (int tries = 0; tries < CHAT_TRIES_MAX; tries++) {
        struct message_row message;
        struct conversation c;
        bool is_due, is_done;
        TRY(load_message(chat, a, group, sk, &message, &is_due, cost));
        if (!is_due)
            return NULL;
        TRY(adopt_conversation(chat, a, group, NULL, cost));
        TRY(conversation_load(chat, a, group, &c, cost));
        if (!c.exists || c.count > CHAT_MEMBERS_MAX)
            return adopt_lost(a);
        TRY(number_message(chat, a, &c, &message, &lessons, &is_done, cost));
        if (is_done)
            return NULL;
        chat_back_off(chat, tries);
    }
    return adopt_lost(a);
}

/* -- a group row without seq ------------------------------------------------------------------- */

static struct error *load_group_row(struct chat *chat, struct arena *a, struct str member,
                                    struct str sk, struct group_row *out, bool *is_due,
                                    struct chat_cost *cost)
{
    struct item item;
    TRY(rowstore_get(&chat->store, a, row_group_key(a, member, sk), &item, is_due, cost));
    if (*is_due) {
        group_row_decode(&item, out);
        *is_due = out->seq == 0 && out->group.len > 0;
    }
    return NULL;
}

static struct error *read_member(struct chat *chat, struct arena *a, struct str group,
                                 struct str user, bool *found, struct chat_cost *cost)
{
    struct item item;
    return rowstore_get(&chat->store, a, row_member_key(a, group, user), &item, found, cost);
}

/* The row's owner becomes a member; whoever left stays away. */
static struct error *join_once(struct chat *chat, struct arena *a, struct conversation *c,
                               const struct group_row *row, bool *is_done, struct chat_cost *cost)
{
    struct rowstore_transaction t = {0};
    struct rowstore_outcome outcome;
    struct names names = {0};
    struct member_row member = {.group = c->group,
                                .user = row->member,
                                .role = S("member"),
                                .joined_sk = c->state.last_sk,
                                .handle = {"", 0},
                                .display_name = {"", 0}};
    TRY(names_refresh(&names, chat, a, member.user, &member.handle, &member.display_name));
    c->members[c->count++] = member; /* conversation_load leaves room for one */
    struct rowstore_action *state =
        rowstore_update(a, &t, row_state_key(a, c->group), "SET members_ver = :new_ver, n = :n",
                        "last_sk = :last_sk AND seq = :seq AND members_ver = :members_ver");
    state->role = ROLE_STATE;
    rowstore_bind_n(state, S(":new_ver"), c->state.members_ver + 1);
    rowstore_bind_n(state, S(":n"), (int64_t)c->count);
    rowstore_bind_s(state, S(":last_sk"), c->state.last_sk);
    rowstore_bind_n(state, S(":seq"), c->state.seq);
    rowstore_bind_n(state, S(":members_ver"), c->state.members_ver);
    rowstore_put(a, &t, member_row_encode(a, &member), "attribute_not_exists(pk)")->role =
        ROLE_MEMBER;
    TRY(adopt_pair_lock(chat, a, &t, c, cost));
    TRY(rowstore_commit(&chat->store, a, &t, chat_uuid(chat, a), &outcome, cost));
    *is_done = outcome.is_committed;
    return NULL;
}

static struct error *newest_message(struct chat *chat, struct arena *a, struct str group,
                                    const struct group_row *fallback, struct str *text,
                                    struct person *sender, struct chat_cost *cost)
{
    struct rowstore_query query = {
        .pk = row_message_key(a, group, S("")).pk, .is_descending = true, .limit = 1};
    struct item *items;
    size_t count;
    TRY(rowstore_query(&chat->store, a, &query, &items, &count, NULL, cost));
    *text = fallback->text;
    *sender = (struct person){fallback->user_uuid, fallback->handle, fallback->display_name};
    if (count) {
        struct message_row message;
        message_row_decode(&items[0], &message);
        *text = message.text;
        *sender = (struct person){message.user_uuid, message.handle, message.display_name};
    }
    return NULL;
}

/* The conversation moves forward to a row that lies after it, as when the message's own record has
 * not come yet. */
static struct error *move_forward(struct chat *chat, struct arena *a, const struct conversation *c,
                                  const struct group_row *row, struct str new_sk,
                                  struct lessons *lessons, bool *is_done, struct chat_cost *cost)
{
    struct rowstore_transaction t = {0};
    struct rowstore_outcome outcome;
    struct move move = {.conversation = c,
                        .new_sk = new_sk,
                        .text = row->text,
                        .sender = {row->user_uuid, row->handle, row->display_name},
                        .seq = c->state.seq,
                        .keep_old = lessons->is_lost,
                        .may_replace = true};
    add_state_update(a, &t, c, new_sk, c->state.seq);
    add_moves(a, &t, &move);
    if (!str_eq(new_sk, row->sk)) /* its own key is another group's now */
        add_group_row_delete(a, &t, row->member, row->sk, c->group, 0);
    TRY(rowstore_commit(&chat->store, a, &t, chat_uuid(chat, a), &outcome, cost));
    *is_done = outcome.is_committed;
    if (!*is_done)
        learn(lessons, &t, &outcome, new_sk);
    return NULL;
}

/* The row is brought to where the conversation stands: written anew there, deleted elsewhere. */
static struct error *bring_home(struct chat *chat, struct arena *a, const struct conversation *c,
                                const struct group_row *row, bool *is_done, struct chat_cost *cost)
{
    struct rowstore_transaction t = {0};
    struct rowstore_outcome outcome;
    struct move move = {.conversation = c, .new_sk = c->state.last_sk, .seq = c->state.seq};
    TRY(newest_message(chat, a, c->group, row, &move.text, &move.sender, cost));
    struct group_row home = moved_row(&move, conversation_member(c, row->member));
    struct rowstore_action *state =
        rowstore_expect(a, &t, row_state_key(a, c->group), "last_sk = :last_sk AND seq = :seq");
    state->role = ROLE_STATE;
    rowstore_bind_s(state, S(":last_sk"), c->state.last_sk);
    rowstore_bind_n(state, S(":seq"), c->state.seq);
    if (!str_eq(row->sk, home.sk))
        add_group_row_delete(a, &t, row->member, row->sk, c->group, 0);
    add_group_row_put(a, &t, &home, true, 0);
    TRY(rowstore_commit(&chat->store, a, &t, chat_uuid(chat, a), &outcome, cost));
    *is_done = outcome.is_committed;
    return NULL;
}

/* One step towards the row's right place; *is_done when nothing is left to do. */
static struct error *settle_row(struct chat *chat, struct arena *a, const struct group_row *row,
                                struct lessons *lessons, bool *is_done, struct chat_cost *cost)
{
    struct conversation c;
    bool was_member;
    TRY(adopt_conversation(chat, a, row->group, row, cost));
    TRY(conversation_load(chat, a, row->group, &c, cost));
    if (!c.exists)
        return adopt_lost(a);
    if (!conversation_member(&c, row->member)) {
        TRY(read_member(chat, a, row->group, row->member, &was_member, cost));
        *is_done = was_member || c.count >= CHAT_MEMBERS_MAX;
        return *is_done ? NULL : join_once(chat, a, &c, row, &was_member, cost);
    }
    struct str new_sk = plan_last_sk(chat, a, &c, row->sk, lessons);
    if (!str_eq(new_sk, c.state.last_sk))
        return move_forward(chat, a, &c, row, new_sk, lessons, is_done, cost);
    return bring_home(chat, a, &c, row, is_done, cost);
}

static struct error *settle_group_row(struct chat *chat, struct arena *a, struct str member,
                                      struct str sk, struct chat_cost *cost)
{
    struct lessons lessons = {.taken_sk = {"", 0}};
    for (int tries = 0; tries < CHAT_TRIES_MAX; tries++) {
        struct group_row row;
        bool is_due, is_done = false;
        TRY(load_group_row(chat, a, member, sk, &row, &is_due, cost));
        if (!is_due)
            return NULL;
        TRY(settle_row(chat, a, &row, &lessons, &is_done, cost));
        if (is_done)
            return NULL;
        if (tries > 2)
            chat_back_off(chat, tries);
    }
    return adopt_lost(a);
}

/* -- both -------------------------------------------------------------------------------------- */

struct error *adopt_group_row(struct chat *chat, struct arena *a, struct key key, struct str group,
                              struct chat_cost *cost)
{
    struct str member;
    if (!row_id(key.pk, S("GRP#"), &member) || !member.len || !chat_is_group_id(group))
        return NULL;
    queue_enter(chat->queue, group);
    struct error *e = settle_group_row(chat, a, member, key.sk, cost);
    queue_leave(chat->queue, group);
    return e;
}

struct error *adopt_row(struct chat *chat, struct arena *a, struct key key, const struct item *row,
                        bool *is_due)
{
    struct str group;
    bool is_message = row_id(key.pk, S("MSG#"), &group);
    if (!is_message)
        group = item_str(row, S("message_group_uuid"));
    *is_due = (is_message || (str_starts(key.pk, S("GRP#")) && key.pk.len > 4)) &&
              chat_is_group_id(group) && !item_i64(row, S("seq"), 0);
    if (!*is_due)
        return NULL;
    if (!is_message)
        return adopt_group_row(chat, a, key, group, NULL);
    queue_enter(chat->queue, group);
    struct error *e = adopt_message(chat, a, group, key.sk, NULL);
    queue_leave(chat->queue, group);
    return e;
}

struct error *adopt_record(struct chat *chat, struct arena *a, const struct record *record)
{
    bool is_due;
    if (!str_eq(record->event, S("INSERT")))
        return NULL;
    return adopt_row(chat, a, item_key(&record->keys), &record->image, &is_due);
}

struct error *chat_adopt(struct chat *chat, struct arena *a, struct str text)
{
    struct record record;
    if (!record_decode(a, text, &record))
        return error_new(a, &chat_unavailable, "a stream record cannot be read");
    return adopt_record(chat, a, &record);
}
