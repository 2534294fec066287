/* Sending: patterns C and D in one transaction (docs/messaging.md, "The send transaction").
 *
 *   chat_send ── stored answer for this key? ── yes ──> replay, or conflict
 *       │ no
 *       ├─ C, or D and the pair has a group ──> send_into: load, build, commit ─┐
 *       └─ D, new pair ───────────────────────> send_first: build, commit ──────┤
 *                                                                               │
 *   committed: the answer.   Cancelled, by what failed first in this list:      │
 *     the key's row    somebody used the key meanwhile: from the top            │
 *     the pair's lock  the pair has got a group meanwhile: from the top         │
 *     #STATE, or busy  a lost race: load again, at most CHAT_RACES_MAX times    │
 *     the sender's M#  left meanwhile: load again, which says so                │
 *     an old row       its key holds another group's row: leave that one alone  │
 *     message, new row the time is taken: a later one                           │
 *
 * Invariants: 1. all group rows of a conversation stand at #STATE.last_sk.
 *             2. seq rises by one with each message, and sk with it.
 *             3. one pair has one group, because DM# is put with the group or not at all. */
#include "aws/digest.h"
#include "messaging/adopt.h"
#include "messaging/sortkey.h"

#define KEY_LIFE_S (7 * 24 * 3600)

/* One chat_send. */
struct sending {
    struct chat *chat;
    struct arena *a;
    const struct user *me;
    const struct chat_send *send;
    struct chat_cost *cost;
    struct chat_sent *out;
    struct str request_hash;
    struct str taken_sk; /* the new key must lie after this, too */
    int64_t step_us;     /* how far to go beyond the next taken key */
    int races, tries;
    bool is_admitted; /* by the gate, which is asked once */
    bool is_sent;
};

static struct error *pass_gate(struct sending *s, struct str group, bool is_new_group)
{
    const struct chat_gate *gate = &s->send->gate;
    if (!s->is_admitted && gate->admit && !gate->admit(gate->context, group, is_new_group))
        return error_new(s->a, &chat_throttled, "too many messages; try again later");
    s->is_admitted = true;
    return NULL;
}

/* -- the stored answer ------------------------------------------------------------------------- */

static struct error *hash_request(struct sending *s)
{
    struct sha256 hash;
    bool is_to_group = s->send->group.len > 0;
    struct str target = is_to_group ? s->send->group : s->send->to->uuid;
    struct str text = arena_printf(s->a, "%s\n%zu\n%.*s\n", is_to_group ? "group" : "user",
                                   target.len, STR_ARG(target));
    TRY(sha256_of(s->a, arena_join(s->a, text, s->send->text), &hash));
    s->request_hash = sha256_hex(s->a, &hash);
    return NULL;
}

static struct chat_message own_message(const struct sending *s, struct str uuid, struct str sk,
                                       int64_t seq)
{
    return (struct chat_message){
        .uuid = uuid,
        .message = s->send->text,
        .user_uuid = s->me->uuid,
        .display_name = s->me->display_name,
        .handle = s->me->handle,
        .created_at = sk,
        .seq = seq,
    };
}

/* A row past its time counts as none: the service removes it days later. */
static struct error *replay(struct sending *s)
{
    struct item item;
    struct send_row row;
    bool found;
    struct key key = row_send_key(s->a, s->me->uuid, s->send->idempotency_key);
    TRY(rowstore_get(&s->chat->store, s->a, key, &item, &found, s->cost));
    if (!found)
        return NULL;
    send_row_decode(&item, &row);
    if (row.ttl < clock_now_ms(&s->chat->clock) / 1000)
        return NULL;
    if (!str_eq(row.request_hash, s->request_hash))
        return error_new(s->a, &chat_conflict, "this Idempotency-Key was used for another request");
    *s->out = (struct chat_sent){
        .group = row.group,
        .message = own_message(s, row.message_uuid, row.message_sk, row.seq),
        .is_replay = true,
    };
    s->is_sent = true;
    return NULL;
}

/* -- building ---------------------------------------------------------------------------------- */

static struct str new_sk(struct sending *s, struct str last_sk)
{
    int64_t now_us = clock_now_us(&s->chat->clock), taken_us;
    struct str last = str_compare(s->taken_sk, last_sk) > 0 ? s->taken_sk : last_sk;
    if (s->taken_sk.len && sortkey_shown_time(last, &taken_us) && taken_us + s->step_us > now_us)
        now_us = taken_us + s->step_us;
    return sortkey_next(s->a, now_us, last);
}

static void add_send_key(struct sending *s, struct rowstore_transaction *t,
                         const struct message_row *message)
{
    if (!s->send->idempotency_key.len)
        return;
    int64_t now_s = clock_now_ms(&s->chat->clock) / 1000;
    struct send_row row = {
        .user = s->me->uuid,
        .client_id = s->send->idempotency_key,
        .group = message->group,
        .message_sk = message->sk,
        .message_uuid = message->uuid,
        .request_hash = s->request_hash,
        .seq = message->seq,
        .ttl = now_s + KEY_LIFE_S,
    };
    struct rowstore_action *action = rowstore_put(s->a, t, send_row_encode(s->a, &row),
                                                  "attribute_not_exists(pk) OR #ttl < :now");
    action->role = ROLE_SEND_KEY;
    action->name_of_ttl = S("ttl");
    rowstore_bind_n(action, S(":now"), now_s);
}

static void add_message(struct sending *s, struct rowstore_transaction *t,
                        const struct message_row *message)
{
    struct rowstore_action *action =
        rowstore_put(s->a, t, message_row_encode(s->a, message), "attribute_not_exists(pk)");
    action->role = ROLE_MESSAGE;
}

/* Sending is reading. The names are those of today, for the programs that show stored ones. */
static void add_sender(struct sending *s, struct rowstore_transaction *t,
                       const struct message_row *message)
{
    struct rowstore_action *action = rowstore_update(
        s->a, t, row_member_key(s->a, message->group, s->me->uuid),
        "SET read_seq = :seq, read_sk = :sk, handle = :handle, display_name = :display_name",
        "attribute_exists(pk) AND attribute_not_exists(left_at)");
    action->role = ROLE_SENDER;
    rowstore_bind_n(action, S(":seq"), message->seq);
    rowstore_bind_s(action, S(":sk"), message->sk);
    rowstore_bind_s(action, S(":handle"), s->me->handle);
    rowstore_bind_s(action, S(":display_name"), s->me->display_name);
}

static struct message_row new_message(struct sending *s, struct str group, struct str sk,
                                      int64_t seq)
{
    return (struct message_row){
        .group = group,
        .sk = sk,
        .uuid = chat_uuid(s->chat, s->a),
        .text = s->send->text,
        .user_uuid = s->me->uuid,
        .display_name = s->me->display_name,
        .handle = s->me->handle,
        .sent_at = chat_now(s->chat, s->a),
        .seq = seq,
    };
}

static struct person sender_of(const struct sending *s)
{
    return (struct person){s->me->uuid, s->me->handle, s->me->display_name};
}

/* -- committing -------------------------------------------------------------------------------- */

static void sent(struct sending *s, const struct conversation *c, const struct message_row *message,
                 bool is_new_group)
{
    *s->out = (struct chat_sent){
        .group = c->group,
        .message = own_message(s, message->uuid, message->sk, message->seq),
        .is_new_group = is_new_group,
        .members = conversation_user_ids(c, s->a),
        .member_count = c->count,
    };
    s->is_sent = true;
    chat_tell(s->chat, s->out);
}

/* The stream may show the message before the commit returns, so it is noted before. */
static struct error *commit(struct sending *s, const struct rowstore_transaction *t,
                            const struct message_row *message, struct rowstore_outcome *outcome)
{
    chat_own_add(s->chat, message->group, message->sk);
    struct error *e =
        rowstore_commit(&s->chat->store, s->a, t, chat_uuid(s->chat, s->a), outcome, s->cost);
    if (e || !outcome->is_committed)
        chat_own_remove(s->chat, message->group, message->sk);
    return e;
}

enum next {
    NEXT_TOP,  /* look for the stored answer and the pair's group again */
    NEXT_LOAD, /* read the conversation again, or try another time */
};

/* Decides what a cancelled transaction means; see the top of this file. */
static enum next plan_next(struct sending *s, const struct rowstore_transaction *t,
                           const struct rowstore_outcome *outcome, struct str sk, bool *keep_old)
{
    if (outcome_has(t, outcome, ROLE_SEND_KEY, ROWSTORE_REASON_CONDITION) ||
        outcome_has(t, outcome, ROLE_PAIR, ROWSTORE_REASON_CONDITION))
        return NEXT_TOP;
    if (outcome_is_busy(t, outcome) ||
        outcome_has(t, outcome, ROLE_STATE, ROWSTORE_REASON_CONDITION)) {
        chat_back_off(s->chat, s->races++);
        return NEXT_LOAD;
    }
    for (size_t i = 0; keep_old && i < t->actions.count; i++)
        if (t->actions.items[i].role == ROLE_OLD_ROW &&
            outcome->reasons[i] == ROWSTORE_REASON_CONDITION)
            keep_old[t->actions.items[i].index] = true;
    if (outcome_has(t, outcome, ROLE_MESSAGE, ROWSTORE_REASON_CONDITION) ||
        outcome_has(t, outcome, ROLE_NEW_ROW, ROWSTORE_REASON_CONDITION)) {
        /* The next microsecond first; then further, since what is taken tends to be a whole run. */
        s->step_us = s->taken_sk.len ? s->step_us * 2 : 1;
        s->taken_sk = sk;
    }
    return NEXT_LOAD;
}

static bool may_try(const struct sending *s)
{
    return s->races < CHAT_RACES_MAX && s->tries < CHAT_TRIES_MAX;
}

/* -- pattern C --------------------------------------------------------------------------------- */

static struct error *load_for_sender(struct sending *s, struct str group, struct conversation *c)
{
    TRY(adopt_and_load(s->chat, s->a, group, c, s->cost));
    struct member_row *sender = conversation_member(c, s->me->uuid);
    if (!c->exists || !sender)
        return error_new(s->a, &chat_not_found, "no such conversation");
    sender->handle = s->me->handle;
    sender->display_name = s->me->display_name;
    return NULL;
}

static void build_next(struct sending *s, const struct conversation *c,
                       const struct message_row *message, const bool *keep_old,
                       struct rowstore_transaction *t)
{
    struct move move = {
        .conversation = c,
        .new_sk = message->sk,
        .text = message->text,
        .sender = sender_of(s),
        .seq = message->seq,
        .keep_old = keep_old,
    };
    add_send_key(s, t, message);
    add_state_update(s->a, t, c, message->sk, message->seq);
    add_message(s, t, message);
    add_sender(s, t, message);
    add_moves(s->a, t, &move);
}

/* The caller is in the group's queue. Ends with the message sent, an error, or for the top. */
static struct error *send_into_queued(struct sending *s, struct str group)
{
    struct conversation c;
    bool keep_old[CHAT_MEMBERS_MAX] = {false};
    while (may_try(s)) {
        struct rowstore_transaction t = {0};
        struct rowstore_outcome outcome;
        s->tries++;
        TRY(load_for_sender(s, group, &c));
        TRY(pass_gate(s, group, false));
        if (c.count > CHAT_MEMBERS_MAX)
            return error_new(s->a, &chat_unavailable, "groups of more than %d cannot be sent to",
                             CHAT_MEMBERS_MAX);
        struct message_row message =
            new_message(s, group, new_sk(s, c.state.last_sk), c.state.seq + 1);
        build_next(s, &c, &message, keep_old, &t);
        TRY(commit(s, &t, &message, &outcome));
        if (outcome.is_committed) {
            sent(s, &c, &message, false);
            return NULL;
        }
        if (plan_next(s, &t, &outcome, message.sk, keep_old) == NEXT_TOP)
            return NULL;
    }
    return NULL;
}

static struct error *send_into(struct sending *s, struct str group)
{
    queue_enter(s->chat->queue, group);
    struct error *e = send_into_queued(s, group);
    queue_leave(s->chat->queue, group);
    return e;
}

/* -- pattern D --------------------------------------------------------------------------------- */

static struct error *find_pair(struct sending *s, struct str *group, bool *found)
{
    struct item item;
    struct key key = row_pair_key(s->a, s->me->uuid, s->send->to->uuid);
    TRY(rowstore_get(&s->chat->store, s->a, key, &item, found, s->cost));
    if (*found)
        *group = item_str(&item, S("group"));
    return NULL;
}

/* Somebody else's program may have made the pair's conversation without the lock that we look for.
 */
static struct error *adopt_pair(struct sending *s)
{
    struct rowstore_query query = {
        .pk = row_group_key(s->a, s->me->uuid, S("")).pk,
        .filter = "attribute_not_exists(seq) AND user_uuid = :x",
        .filter_arg = s->send->to->uuid,
    };
    struct item *items;
    size_t count;
    TRY(rowstore_query(&s->chat->store, s->a, &query, &items, &count, NULL, s->cost));
    for (size_t i = 0; i < count; i++) {
        struct str group = item_str(&items[i], S("message_group_uuid"));
        queue_enter(s->chat->queue, group);
        struct error *e = adopt_conversation(s->chat, s->a, group, NULL, s->cost);
        queue_leave(s->chat->queue, group);
        if (e && e->kind != &chat_not_yet)
            return e;
    }
    return NULL;
}

/* A conversation of two, or of one with themself, that is about to exist. */
static struct conversation new_pair(struct sending *s, struct str group)
{
    const struct user *people[] = {s->me, s->send->to};
    bool is_self = str_eq(s->me->uuid, s->send->to->uuid);
    struct conversation c = {
        .group = group,
        .count = is_self ? 1 : 2,
        .members = arena_array(s->a, struct member_row, 2),
        .state = {.group = group, .kind = is_self ? KIND_SELF : KIND_PAIR, .members_ver = 1},
    };
    for (size_t i = 0; i < c.count; i++)
        c.members[i] = (struct member_row){
            .group = group,
            .user = people[i]->uuid,
            .handle = people[i]->handle,
            .display_name = people[i]->display_name,
            .role = S("member"),
        };
    return c;
}

static void build_first(struct sending *s, const struct conversation *c,
                        const struct message_row *message, struct rowstore_transaction *t)
{
    struct state_row state = c->state;
    struct pair_row pair = {s->me->uuid, s->send->to->uuid, c->group};
    struct move move = {
        .conversation = c,
        .new_sk = message->sk,
        .text = message->text,
        .sender = sender_of(s),
        .seq = message->seq,
    };
    state.last_sk = message->sk;
    state.seq = message->seq;
    state.n = (int64_t)c->count;
    add_send_key(s, t, message);
    rowstore_put(s->a, t, state_row_encode(s->a, &state), "attribute_not_exists(pk)")->role =
        ROLE_STATE;
    add_message(s, t, message);
    rowstore_put(s->a, t, pair_row_encode(s->a, &pair), "attribute_not_exists(pk)")->role =
        ROLE_PAIR;
    for (size_t i = 0; i < c->count; i++) {
        struct member_row member = c->members[i];
        member.joined_sk = message->sk;
        if (str_eq(member.user, s->me->uuid)) {
            member.read_seq = message->seq;
            member.read_sk = message->sk;
        }
        rowstore_put(s->a, t, member_row_encode(s->a, &member), "attribute_not_exists(pk)")->role =
            ROLE_MEMBER;
    }
    add_moves(s->a, t, &move);
}

/* The caller is in the pair's queue. */
static struct error *send_first_queued(struct sending *s, struct str *group, bool *has_group)
{
    TRY(find_pair(s, group, has_group));
    while (!*has_group && !s->is_sent && may_try(s)) {
        struct rowstore_transaction t = {0};
        struct rowstore_outcome outcome;
        s->tries++;
        struct conversation c = new_pair(s, chat_uuid(s->chat, s->a));
        TRY(pass_gate(s, c.group, true));
        struct message_row message = new_message(s, c.group, new_sk(s, S("")), 1);
        build_first(s, &c, &message, &t);
        TRY(commit(s, &t, &message, &outcome));
        if (outcome.is_committed)
            sent(s, &c, &message, true);
        else if (plan_next(s, &t, &outcome, message.sk, NULL) == NEXT_TOP)
            return NULL;
    }
    return NULL;
}

static struct error *send_first(struct sending *s, struct str *group, bool *has_group)
{
    TRY(adopt_pair(s));
    struct str pair = row_pair_key(s->a, s->me->uuid, s->send->to->uuid).pk;
    queue_enter(s->chat->queue, pair);
    struct error *e = send_first_queued(s, group, has_group);
    queue_leave(s->chat->queue, pair);
    return e;
}

static struct error *send_to_user(struct sending *s)
{
    struct str group;
    bool has_group;
    TRY(find_pair(s, &group, &has_group));
    if (!has_group)
        TRY(send_first(s, &group, &has_group));
    return has_group ? send_into(s, group) : NULL;
}

/* -- both -------------------------------------------------------------------------------------- */

static struct error *send_until_sent(struct sending *s)
{
    if (s->send->idempotency_key.len)
        TRY(hash_request(s));
    while (may_try(s)) {
        s->tries++;
        if (s->send->idempotency_key.len)
            TRY(replay(s));
        if (!s->is_sent && s->send->group.len)
            TRY(send_into(s, s->send->group));
        else if (!s->is_sent)
            TRY(send_to_user(s));
        if (s->is_sent)
            return NULL;
    }
    return error_new(s->a, &chat_unavailable,
                     "too many are writing to this conversation; try again");
}

/* One wait for the disk: a send reads twice or thrice and then writes, and the write's own wait
 * covers what the reads have seen. What ends without a write waits here. */
struct error *chat_send(struct chat *chat, struct arena *a, const struct user *me,
                        const struct chat_send *send, struct chat_sent *out, struct chat_cost *cost)
{
    struct client_debt debt = {0};
    struct chat_cost own = {.debt = &debt};
    struct sending s = {.chat = chat,
                        .a = a,
                        .me = me,
                        .send = send,
                        .cost = &own,
                        .out = out,
                        .taken_sk = {"", 0}};
    struct error *e = send_until_sent(&s);
    if (cost) {
        cost->read_units += own.read_units;
        cost->write_units += own.write_units;
    }
    struct error *unsettled = client_settle(chat->store.client, a, &debt);
    return unsettled ? error_new(a, &chat_unavailable, "%.*s", STR_ARG(unsettled->message)) : e;
}
