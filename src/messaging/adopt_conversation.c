/* The first part of adoption: a group that has no #STATE row is founded; see adopt.c. */
#include "messaging/adopt.h"

#include "messaging/sortkey.h"

/* Among so many newest messages there is one with a usable key, or the group rows decide. */
#define NEWEST_MESSAGES 10
/* Stale group rows cleared in the founding transaction; more are left to their own stream records.
 */
#define STALE_ROWS_MAX 20

struct error *adopt_lost(struct arena *a)
{
    return error_new(a, &chat_unavailable, "a conversation changes too fast to be adopted");
}

static bool is_usable(struct chat *chat, struct str sk)
{
    return sortkey_is_usable(sk, clock_now_us(&chat->clock));
}

/* What somebody else's program left of a conversation. */
struct remains {
    struct group_row *rows; /* of all owners, stale ones too */
    size_t row_count;
    struct group_row **newest; /* of each owner */
    size_t owner_count;
    struct str last_sk, text; /* where it stands, and with what */
    struct person sender;
    int64_t seq; /* of messages that were ours once */
};

static void add_row(struct remains *remains, const struct group_row *row)
{
    for (size_t i = 0; i < remains->row_count; i++)
        if (str_eq(remains->rows[i].member, row->member) && str_eq(remains->rows[i].sk, row->sk))
            return;
    struct group_row *kept = &remains->rows[remains->row_count++];
    *kept = *row;
    for (size_t i = 0; i < remains->owner_count; i++) {
        if (str_eq(remains->newest[i]->member, row->member)) {
            if (str_compare(row->sk, remains->newest[i]->sk) > 0)
                remains->newest[i] = kept;
            return;
        }
    }
    remains->newest[remains->owner_count++] = kept;
}

static struct error *collect_rows(struct chat *chat, struct arena *a, struct str group,
                                  const struct group_row *hint, struct remains *out,
                                  struct chat_cost *cost)
{
    struct rowstore_query query = {.group = group};
    struct item *items;
    size_t count;
    TRY(rowstore_query(&chat->store, a, &query, &items, &count, NULL, cost));
    out->rows = arena_array(a, struct group_row, count + 1);
    out->newest = arena_array(a, struct group_row *, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct group_row row;
        group_row_decode(&items[i], &row);
        if (row.member.len)
            add_row(out, &row);
    }
    if (hint)
        add_row(out, hint);
    if (out->row_count == 0)
        return error_new(a, &chat_not_yet, "no group row of this conversation yet");
    if (out->owner_count > CHAT_MEMBERS_MAX)
        return error_new(a, &chat_unavailable, "more than %d members", CHAT_MEMBERS_MAX);
    return NULL;
}

static void stand_at(struct remains *remains, struct str sk, struct str text, struct person sender)
{
    if (str_compare(sk, remains->last_sk) <= 0 && remains->last_sk.len)
        return;
    remains->last_sk = sk;
    remains->text = text;
    remains->sender = sender;
}

/* The greatest usable key; a message before a group row of the same key, because it has the text
 * and the sender. */
static struct error *find_standing(struct chat *chat, struct arena *a, struct str group,
                                   struct remains *out, struct chat_cost *cost)
{
    struct rowstore_query query = {
        .pk = row_message_key(a, group, S("")).pk, .is_descending = true, .limit = NEWEST_MESSAGES};
    struct item *items;
    size_t count;
    TRY(rowstore_query(&chat->store, a, &query, &items, &count, NULL, cost));
    out->last_sk = out->text = (struct str){"", 0};
    for (size_t i = 0; i < count; i++) {
        struct message_row message;
        message_row_decode(&items[i], &message);
        if (is_usable(chat, message.sk))
            stand_at(out, message.sk, message.text,
                     (struct person){message.user_uuid, message.handle, message.display_name});
        if (message.seq > out->seq)
            out->seq = message.seq;
    }
    for (size_t i = 0; i < out->row_count; i++)
        if (is_usable(chat, out->rows[i].sk))
            stand_at(out, out->rows[i].sk, out->rows[i].text, (struct person){0});
    if (!out->last_sk.len)
        stand_at(out, chat_now(chat, a), out->newest[0]->text, (struct person){0});
    return NULL;
}

/* Names of an owner, as the rows of the others show them, or from the users. */
static struct error *name_owner(struct chat *chat, struct arena *a, const struct remains *remains,
                                struct str owner, struct member_row *out)
{
    struct names names = {0};
    out->handle = out->display_name = (struct str){"", 0};
    for (size_t i = 0; i < remains->row_count; i++) {
        if (str_eq(remains->rows[i].user_uuid, owner)) {
            out->handle = remains->rows[i].handle;
            out->display_name = remains->rows[i].display_name;
        }
    }
    return names_refresh(&names, chat, a, owner, &out->handle, &out->display_name);
}

static struct error *plan_conversation(struct chat *chat, struct arena *a, struct str group,
                                       const struct remains *remains, struct conversation *out)
{
    const struct group_row *first = remains->newest[0];
    bool is_self = remains->owner_count == 1 && str_eq(first->user_uuid, first->member);
    *out = (struct conversation){
        .group = group,
        .members = arena_array(a, struct member_row, remains->owner_count),
        .count = remains->owner_count,
        .state = {.group = group,
                  .last_sk = remains->last_sk,
                  .kind = is_self                    ? KIND_SELF
                          : remains->owner_count > 2 ? S("group")
                                                     : KIND_PAIR,
                  .seq = remains->seq,
                  .members_ver = 1,
                  .n = (int64_t)remains->owner_count},
    };
    if (remains->owner_count == 1 && !is_self)
        out->absent_peer = (struct person){first->user_uuid, first->handle, first->display_name};
    for (size_t i = 0; i < remains->owner_count; i++) {
        struct member_row *member = &out->members[i];
        *member = (struct member_row){.group = group,
                                      .user = remains->newest[i]->member,
                                      .role = S("member"),
                                      .joined_sk = remains->last_sk,
                                      .read_seq = remains->seq};
        TRY(name_owner(chat, a, remains, member->user, member));
    }
    return NULL;
}

struct error *adopt_pair_lock(struct chat *chat, struct arena *a, struct rowstore_transaction *t,
                              const struct conversation *c, struct chat_cost *cost)
{
    struct item item;
    bool is_pair = str_eq(c->state.kind, KIND_PAIR) && c->count == 2;
    bool is_self = str_eq(c->state.kind, KIND_SELF) && c->count == 1;
    bool found = false;
    if (!is_pair && !is_self)
        return NULL;
    struct pair_row pair = {c->members[0].user, c->members[c->count - 1].user, c->group};
    TRY(rowstore_get(&chat->store, a, row_pair_key(a, pair.user, pair.other), &item, &found, cost));
    if (!found)
        rowstore_put(a, t, pair_row_encode(a, &pair), "attribute_not_exists(pk)")->role = ROLE_PAIR;
    return NULL;
}

static void add_stale_deletes(struct arena *a, struct rowstore_transaction *t,
                              const struct remains *remains, struct str group)
{
    size_t count = 0;
    for (size_t i = 0; i < remains->row_count && count < STALE_ROWS_MAX; i++) {
        const struct group_row *row = &remains->rows[i];
        if (str_eq(row->sk, remains->last_sk))
            continue;
        add_group_row_delete(a, t, row->member, row->sk, group, i);
        count++;
    }
}

static struct error *found_once(struct chat *chat, struct arena *a, struct str group,
                                const struct remains *remains, bool *is_done, bool *is_taken,
                                struct chat_cost *cost)
{
    struct conversation c;
    struct rowstore_transaction t = {0};
    struct rowstore_outcome outcome;
    TRY(plan_conversation(chat, a, group, remains, &c));
    struct move move = {.conversation = &c,
                        .new_sk = remains->last_sk, /* nothing of ours stands anywhere yet */
                        .text = remains->text,
                        .sender = remains->sender,
                        .seq = c.state.seq,
                        .may_replace = true};
    rowstore_put(a, &t, state_row_encode(a, &c.state), "attribute_not_exists(pk)")->role =
        ROLE_STATE;
    for (size_t i = 0; i < c.count; i++)
        rowstore_put(a, &t, member_row_encode(a, &c.members[i]), NULL)->role = ROLE_MEMBER;
    TRY(adopt_pair_lock(chat, a, &t, &c, cost));
    add_moves(a, &t, &move);
    add_stale_deletes(a, &t, remains, group);
    TRY(rowstore_commit(&chat->store, a, &t, chat_uuid(chat, a), &outcome, cost));
    *is_done =
        outcome.is_committed || outcome_has(&t, &outcome, ROLE_STATE, ROWSTORE_REASON_CONDITION);
    *is_taken = !*is_done && outcome_has(&t, &outcome, ROLE_NEW_ROW, ROWSTORE_REASON_CONDITION);
    return NULL;
}

struct error *adopt_conversation(struct chat *chat, struct arena *a, struct str group,
                                 const struct group_row *hint, struct chat_cost *cost)
{
    struct item item;
    bool is_done;
    struct str taken = {"", 0};
    TRY(rowstore_get(&chat->store, a, row_state_key(a, group), &item, &is_done, cost));
    for (int tries = 0; !is_done; tries++) {
        struct remains remains = {0};
        bool is_taken;
        if (tries == CHAT_TRIES_MAX)
            return adopt_lost(a);
        TRY(collect_rows(chat, a, group, hint, &remains, cost));
        TRY(find_standing(chat, a, group, &remains, cost));
        if (str_compare(remains.last_sk, taken) <= 0)
            remains.last_sk = sortkey_next(a, 0, taken);
        TRY(found_once(chat, a, group, &remains, &is_done, &is_taken, cost));
        if (is_taken)
            taken = remains.last_sk;
        else if (!is_done)
            chat_back_off(chat, tries);
    }
    return NULL;
}

struct error *adopt_and_load(struct chat *chat, struct arena *a, struct str group,
                             struct conversation *out, struct chat_cost *cost)
{
    TRY(conversation_load(chat, a, group, out, cost));
    if (out->exists || !chat_is_group_id(group))
        return NULL;
    struct error *e = adopt_conversation(chat, a, group, NULL, cost);
    if (e)
        return e->kind == &chat_not_yet ? NULL : e;
    return conversation_load(chat, a, group, out, cost);
}
