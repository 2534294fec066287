#include "messaging/conversation.h"

/* A pair of which only one is a member shows the other one as its group row does. */
static struct error *load_absent_peer(struct chat *chat, struct arena *a, struct conversation *c,
                                      struct chat_cost *cost)
{
    struct item item;
    bool found;
    if (!str_eq(c->state.kind, KIND_PAIR) || c->count != 1 || c->state.last_sk.len == 0)
        return NULL;
    struct key key = row_group_key(a, c->members[0].user, c->state.last_sk);
    TRY(rowstore_get(&chat->store, a, key, &item, &found, cost));
    if (found) {
        struct group_row row;
        group_row_decode(&item, &row);
        c->absent_peer = (struct person){row.user_uuid, row.handle, row.display_name};
    }
    return NULL;
}

struct error *conversation_load(struct chat *chat, struct arena *a, struct str group,
                                struct conversation *out, struct chat_cost *cost)
{
    *out = (struct conversation){.group = group};
    if (!chat_is_group_id(group))
        return NULL;
    struct rowstore_query query = {.pk = row_state_key(a, group).pk};
    struct item *items;
    size_t count;
    TRY(rowstore_query(&chat->store, a, &query, &items, &count, NULL, cost));

    out->members = arena_array(a, struct member_row, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct str sk = item_key(&items[i]).sk;
        struct member_row *member = &out->members[out->count];
        if (str_eq(sk, ROW_STATE_SK)) {
            out->exists = true;
            state_row_decode(&items[i], &out->state);
        } else if (str_starts(sk, S("M#"))) {
            member_row_decode(&items[i], member);
            out->count += member->left_at.len == 0;
        }
    }
    return load_absent_peer(chat, a, out, cost);
}

struct member_row *conversation_member(const struct conversation *c, struct str user)
{
    for (size_t i = 0; i < c->count; i++)
        if (str_eq(c->members[i].user, user))
            return &c->members[i];
    return NULL;
}

const struct str *conversation_user_ids(const struct conversation *c, struct arena *a)
{
    struct str *ids = arena_array(a, struct str, c->count + 1);
    for (size_t i = 0; i < c->count; i++)
        ids[i] = c->members[i].user;
    return ids;
}

struct error *chat_members(struct chat *chat, struct arena *a, struct str group,
                           const struct str **out, size_t *count)
{
    struct conversation c;
    TRY(conversation_load(chat, a, group, &c, NULL));
    if (!c.exists)
        return error_new(a, &chat_not_found, "no such conversation");
    *out = conversation_user_ids(&c, a);
    *count = c.count;
    return NULL;
}

/* -- transactions ------------------------------------------------------------------------------ */

bool outcome_has(const struct rowstore_transaction *t, const struct rowstore_outcome *outcome,
                 enum role role, enum rowstore_reason reason)
{
    for (size_t i = 0; i < t->actions.count; i++)
        if (t->actions.items[i].role == (int)role && outcome->reasons[i] == reason)
            return true;
    return false;
}

bool outcome_is_busy(const struct rowstore_transaction *t, const struct rowstore_outcome *outcome)
{
    for (size_t i = 0; i < t->actions.count; i++)
        if (outcome->reasons[i] == ROWSTORE_REASON_BUSY)
            return true;
    return false;
}

void add_state_update(struct arena *a, struct rowstore_transaction *t, const struct conversation *c,
                      struct str last_sk, int64_t seq)
{
    struct rowstore_action *action =
        rowstore_update(a, t, row_state_key(a, c->group), "SET last_sk = :new_sk, seq = :new_seq",
                        "last_sk = :last_sk AND seq = :seq AND members_ver = :members_ver");
    action->role = ROLE_STATE;
    rowstore_bind_s(action, S(":new_sk"), last_sk);
    rowstore_bind_n(action, S(":new_seq"), seq);
    rowstore_bind_s(action, S(":last_sk"), c->state.last_sk);
    rowstore_bind_n(action, S(":seq"), c->state.seq);
    rowstore_bind_n(action, S(":members_ver"), c->state.members_ver);
}

/* Whom a member's row shows: themself, the other of two, or of more the one who wrote last. */
static struct person other_of(const struct move *move, const struct member_row *member)
{
    const struct conversation *c = move->conversation;
    const struct member_row *other = member;
    if (c->count == 1 && c->absent_peer.uuid.len)
        return c->absent_peer;
    if (c->count > 2)
        return move->sender;
    if (c->count == 2)
        other = &c->members[member == &c->members[0]];
    return (struct person){other->user, other->handle, other->display_name};
}

struct group_row moved_row(const struct move *move, const struct member_row *member)
{
    const struct conversation *c = move->conversation;
    struct person other = other_of(move, member);
    return (struct group_row){
        .member = member->user,
        .sk = move->new_sk,
        .group = c->group,
        .text = chat_preview(move->text),
        .user_uuid = other.uuid,
        .display_name = other.display_name,
        .handle = other.handle,
        .kind = c->state.kind,
        .name = c->state.name,
        .last_handle = move->sender.handle,
        .seq = move->seq,
        .n = (int64_t)c->count,
    };
}

void add_group_row_put(struct arena *a, struct rowstore_transaction *t, const struct group_row *row,
                       bool may_replace, size_t index)
{
    struct rowstore_action *action =
        rowstore_put(a, t, group_row_encode(a, row),
                     may_replace ? "attribute_not_exists(pk) OR message_group_uuid = :g"
                                 : "attribute_not_exists(pk)");
    action->role = ROLE_NEW_ROW;
    action->index = index;
    if (may_replace)
        rowstore_bind_s(action, S(":g"), row->group);
}

void add_group_row_delete(struct arena *a, struct rowstore_transaction *t, struct str member,
                          struct str sk, struct str group, size_t index)
{
    struct rowstore_action *action = rowstore_delete(
        a, t, row_group_key(a, member, sk), "attribute_not_exists(pk) OR message_group_uuid = :g");
    action->role = ROLE_OLD_ROW;
    action->index = index;
    rowstore_bind_s(action, S(":g"), group);
}

void add_moves(struct arena *a, struct rowstore_transaction *t, const struct move *move)
{
    const struct conversation *c = move->conversation;
    bool has_old = c->state.last_sk.len > 0 && !str_eq(c->state.last_sk, move->new_sk);
    for (size_t i = 0; i < c->count; i++) {
        struct group_row row = moved_row(move, &c->members[i]);
        if (has_old && !(move->keep_old && move->keep_old[i]))
            add_group_row_delete(a, t, row.member, c->state.last_sk, c->group, i);
        add_group_row_put(a, t, &row, move->may_replace, i);
    }
}
