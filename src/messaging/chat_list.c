/* Reading: patterns A and B, and how far somebody has read.
 *
 * Every page checks the membership row M#<me> with a consistent read (R6). Group rows may come
 * double for a while when somebody else's program moves them too; the newest of a group is the one
 * that counts. On the first page it is the first met; on later pages a row is a double when #STATE
 * says that the conversation stands at a key which earlier pages have shown. */
#include "messaging/adopt.h"
#include "messaging/cursor.h"

static struct error *decode_cursors(struct arena *a, const struct chat_page *page,
                                    enum cursor_list list, struct str owner, struct str *before,
                                    struct str *after)
{
    bool is_good = !(page->before.len && page->after.len);
    *before = *after = (struct str){"", 0};
    if (page->before.len)
        is_good = is_good && cursor_decode(a, page->before, list, owner, before);
    if (page->after.len)
        is_good =
            is_good && list == CURSOR_MESSAGES && cursor_decode(a, page->after, list, owner, after);
    return is_good ? NULL : error_new(a, &chat_bad_cursor, "not a cursor of this list");
}

/* -- membership -------------------------------------------------------------------------------- */

static bool is_member(const struct item *item)
{
    struct member_row row;
    member_row_decode(item, &row);
    return row.left_at.len == 0;
}

/* A stranger and an unknown group get the same answer. A group that only somebody else's program
 * knows is adopted first. */
static struct error *check_member(struct chat *chat, struct arena *a, const struct user *me,
                                  struct str group, struct chat_cost *cost)
{
    struct item item;
    bool found = false;
    struct error *refusal = error_new(a, &chat_not_found, "no such conversation");
    if (!chat_is_group_id(group))
        return refusal;
    TRY(rowstore_get(&chat->store, a, row_member_key(a, group, me->uuid), &item, &found, cost));
    if (found)
        return is_member(&item) ? NULL : refusal;

    struct conversation c;
    queue_enter(chat->queue, group);
    struct error *e = adopt_and_load(chat, a, group, &c, cost);
    queue_leave(chat->queue, group);
    if (e)
        return e;
    return c.exists && conversation_member(&c, me->uuid) ? NULL : refusal;
}

/* -- pattern A --------------------------------------------------------------------------------- */

static struct error *show_message(struct chat *chat, struct arena *a, struct names *names,
                                  const struct item *item, struct chat_message *out)
{
    struct message_row row;
    message_row_decode(item, &row);
    *out = (struct chat_message){
        .uuid = row.uuid,
        .message = row.text,
        .user_uuid = row.user_uuid,
        .display_name = row.display_name,
        .handle = row.handle,
        .created_at = row.sk,
        .seq = row.seq,
    };
    return names_refresh(names, chat, a, row.user_uuid, &out->handle, &out->display_name);
}

struct error *chat_messages(struct chat *chat, struct arena *a, const struct user *me,
                            struct str group, struct chat_page *page,
                            const struct chat_message **out, size_t *count, struct chat_cost *cost)
{
    struct rowstore_query query = {.pk = row_message_key(a, group, S("")).pk, .limit = page->limit};
    struct item *items;
    struct names names = {0};
    bool more;
    TRY(check_member(chat, a, me, group, cost));
    TRY(decode_cursors(a, page, CURSOR_MESSAGES, group, &query.before, &query.after));
    query.is_descending = query.after.len == 0;
    TRY(rowstore_query(&chat->store, a, &query, &items, count, &more, cost));

    struct chat_message *messages = arena_array(a, struct chat_message, *count + 1);
    for (size_t i = 0; i < *count; i++) {
        const struct item *item = &items[query.is_descending ? *count - 1 - i : i];
        TRY(show_message(chat, a, &names, item, &messages[i]));
    }
    page->prev = page->next = (struct str){"", 0};
    /* What lies before an `after` page is at least the message that the cursor came from. */
    if (*count && (more || query.after.len))
        page->prev = cursor_encode(a, CURSOR_MESSAGES, group, messages[0].created_at);
    if (*count)
        page->next = cursor_encode(a, CURSOR_MESSAGES, group, messages[*count - 1].created_at);
    *out = messages;
    return NULL;
}

/* -- pattern B --------------------------------------------------------------------------------- */

/* One page of pattern B while it is put together. */
struct listing {
    struct chat *chat;
    struct arena *a;
    const struct user *me;
    struct chat_cost *cost;
    struct str before; /* where this page begins; empty on the first */
    struct names names;
    VEC(struct chat_group) groups;
};

/* The rows that say what a group row is worth, found again by key. */
struct facts {
    struct item *items;
    size_t count;
};

static const struct item *find_fact(const struct facts *facts, struct key key)
{
    for (size_t i = 0; i < facts->count; i++) {
        struct key found = item_key(&facts->items[i]);
        if (str_eq(found.sk, key.sk) && str_eq(found.pk, key.pk))
            return &facts->items[i];
    }
    return NULL;
}

static bool is_listed(const struct listing *l, struct str group)
{
    for (size_t i = 0; i < l->groups.count; i++)
        if (str_eq(l->groups.items[i].uuid, group))
            return true;
    return false;
}

/* #STATE is read only where the group row cannot be trusted to know seq, or to be the only one. */
static bool needs_state(const struct listing *l, const struct group_row *row)
{
    return row->seq == 0 || l->before.len > 0;
}

/* The service refuses the same key twice. */
static void add_key(struct key *keys, size_t *count, struct key key)
{
    for (size_t i = 0; i < *count; i++)
        if (str_eq(keys[i].sk, key.sk) && str_eq(keys[i].pk, key.pk))
            return;
    keys[(*count)++] = key;
}

static struct error *load_facts(struct listing *l, const struct group_row *rows, size_t count,
                                struct facts *out)
{
    struct key *keys = arena_array(l->a, struct key, 2 * count + 1);
    size_t key_count = 0;
    for (size_t i = 0; i < count; i++) {
        add_key(keys, &key_count, row_member_key(l->a, rows[i].group, l->me->uuid));
        if (needs_state(l, &rows[i]))
            add_key(keys, &key_count, row_state_key(l->a, rows[i].group));
    }
    return rowstore_get_many(&l->chat->store, l->a, keys, key_count, &out->items, &out->count,
                             l->cost);
}

/* A row of somebody else's program whose group, or whose member, we do not know yet. */
static struct error *adopt_listed(struct listing *l, const struct group_row *row)
{
    struct key key = row_group_key(l->a, row->member, row->sk);
    struct error *e = adopt_group_row(l->chat, l->a, key, row->group, l->cost);
    /* One conversation that cannot be adopted must not take the whole list away. */
    return e && e->kind != &chat_not_yet && e->kind != &chat_unavailable ? e : NULL;
}

static struct error *list_row(struct listing *l, const struct group_row *row,
                              const struct state_row *state, const struct member_row *member)
{
    int64_t seq = state && state->seq > row->seq ? state->seq : row->seq;
    struct chat_group group = {
        .uuid = row->group,
        .display_name = row->display_name,
        .handle = row->handle,
        .message = row->text,
        .created_at = row->sk,
        .user_uuid = row->user_uuid,
        .kind = row->kind.len ? row->kind
                : state       ? state->kind
                              : KIND_PAIR,
        .name = row->name,
        .seq = seq,
        .unread = seq > member->read_seq ? seq - member->read_seq : 0,
    };
    TRY(names_refresh(&l->names, l->chat, l->a, row->user_uuid, &group.handle,
                      &group.display_name));
    if (row->name.len) {
        group.display_name = row->name;
        group.handle = row->last_handle;
    }
    VEC_PUSH(l->a, &l->groups, group);
    return NULL;
}

/* Rows that are doubles, or not this member's (any more), are passed over. */
static struct error *judge_row(struct listing *l, const struct group_row *row,
                               const struct facts *facts)
{
    const struct item *state_item = find_fact(facts, row_state_key(l->a, row->group));
    const struct item *member_item =
        find_fact(facts, row_member_key(l->a, row->group, l->me->uuid));
    struct state_row state;
    struct member_row member;
    if (is_listed(l, row->group) || !member_item || !is_member(member_item))
        return NULL;
    member_row_decode(member_item, &member);
    if (state_item) {
        state_row_decode(state_item, &state);
        if (l->before.len && str_compare(state.last_sk, l->before) >= 0)
            return NULL;
    }
    return list_row(l, row, state_item ? &state : NULL, &member);
}

/* Adopts what only somebody else's program knows; then the rows may stand elsewhere. */
static struct error *adopt_rows(struct listing *l, const struct group_row *rows, size_t count,
                                const struct facts *facts, bool *changed)
{
    for (size_t i = 0; i < count; i++) {
        bool is_known = find_fact(facts, row_member_key(l->a, rows[i].group, l->me->uuid)) &&
                        find_fact(facts, row_state_key(l->a, rows[i].group));
        if (rows[i].seq || is_known)
            continue;
        TRY(adopt_listed(l, &rows[i]));
        *changed = true;
    }
    return NULL;
}

/* Lists these rows, unless something was adopted: then nothing, and *changed is set. */
static struct error *list_rows(struct listing *l, const struct item *items, size_t count,
                               bool may_adopt, bool *changed)
{
    struct group_row *rows = arena_array(l->a, struct group_row, count + 1);
    struct facts facts;
    size_t row_count = 0;
    for (size_t i = 0; i < count; i++) {
        group_row_decode(&items[i], &rows[row_count]);
        row_count += rows[row_count].group.len > 0;
    }
    *changed = false;
    TRY(load_facts(l, rows, row_count, &facts));
    if (may_adopt)
        TRY(adopt_rows(l, rows, row_count, &facts, changed));
    for (size_t i = 0; i < row_count && !*changed; i++)
        TRY(judge_row(l, &rows[i], &facts));
    return NULL;
}

struct error *chat_groups(struct chat *chat, struct arena *a, const struct user *me,
                          struct chat_page *page, const struct chat_group **out, size_t *count,
                          struct chat_cost *cost)
{
    struct listing l = {.chat = chat, .a = a, .me = me, .cost = cost};
    struct rowstore_query query = {.pk = row_group_key(a, me->uuid, S("")).pk,
                                   .is_descending = true};
    struct str after;
    bool more = true, may_adopt = true;
    TRY(decode_cursors(a, page, CURSOR_GROUPS, me->uuid, &l.before, &after));
    query.before = l.before;
    while (more && l.groups.count < page->limit) {
        struct item *items;
        size_t item_count;
        bool changed;
        query.limit = page->limit - l.groups.count;
        TRY(rowstore_query(&chat->store, a, &query, &items, &item_count, &more, cost));
        TRY(list_rows(&l, items, item_count, may_adopt, &changed));
        /* Once for each stretch: what cannot be adopted must not hold up the list. */
        may_adopt = !changed;
        if (changed)
            more = true;
        else if (item_count)
            query.before = item_key(&items[item_count - 1]).sk;
    }
    page->prev = page->next = (struct str){"", 0};
    if (more && l.groups.count)
        page->prev = cursor_encode(a, CURSOR_GROUPS, me->uuid, query.before);
    *out = l.groups.items;
    *count = l.groups.count;
    return NULL;
}

/* -- reading along ----------------------------------------------------------------------------- */

static struct error *raise_read_seq(struct chat *chat, struct arena *a, struct key key, int64_t seq,
                                    bool *applied, struct chat_cost *cost)
{
    struct rowstore_transaction t = {0};
    struct rowstore_action *action =
        rowstore_update(a, &t, key, "SET read_seq = :seq",
                        "attribute_exists(pk) AND attribute_not_exists(left_at) AND "
                        "(attribute_not_exists(read_seq) OR read_seq < :seq)");
    rowstore_bind_n(action, S(":seq"), seq);
    return rowstore_apply(&chat->store, a, action, applied, cost);
}

struct error *chat_mark_read(struct chat *chat, struct arena *a, const struct user *me,
                             struct str group, int64_t seq, int64_t *read_to,
                             struct chat_cost *cost)
{
    struct item item;
    bool found, applied;
    struct error *e = NULL;
    TRY(check_member(chat, a, me, group, cost));
    TRY(rowstore_get(&chat->store, a, row_state_key(a, group), &item, &found, cost));
    /* Nobody can have read what is not there yet: it would hide the messages to come. */
    struct state_row state = {0};
    if (found)
        state_row_decode(&item, &state);
    if (seq > state.seq)
        seq = state.seq;
    if (read_to)
        *read_to = seq;
    if (seq <= 0)
        return NULL;
    /* A send that changes the same row meanwhile makes it busy, not wrong. */
    for (int tries = 0; tries < CHAT_RACES_MAX; tries++) {
        e = raise_read_seq(chat, a, row_member_key(a, group, me->uuid), seq, &applied, cost);
        if (!e || e->kind != &chat_unavailable)
            return e;
        chat_back_off(chat, tries);
    }
    return e;
}
