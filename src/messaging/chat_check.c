/* A scan gives one partition after another, each whole and in the order of sk. So each partition is
 * looked at when it has passed, and what it says of others is looked up:
 *
 *     MSG#<group>   its numbers have no hole and no double, and end where #STATE does
 *     GRP#<member>  one row for each group, numbered, standing where that group's #STATE does
 *     CNV#<group>   as many members as #STATE says, each with a group row at last_sk
 *     DM#<pair>     names a group that has a #STATE */
#include "messaging/chat_check.h"

#include <stdlib.h>

#include "messaging/chat_core.h"
#include "messaging/sortkey.h"

enum { MAX_TOLD = 100, HOUR_S = 3600 };

struct check {
    struct chat *chat;
    int64_t now_us;
    void (*tell)(void *context, struct str finding);
    void *context;
    struct chat_report *report;

    struct arena part; /* all below: the partition that is passing */
    struct str pk;
    VEC(int64_t) numbers;           /* MSG# */
    uint64_t unnumbered;            /* MSG# */
    VEC(struct group_row) rows;     /* GRP#, without texts */
    VEC(struct member_row) members; /* CNV#, who has not left */
    struct state_row state;         /* CNV# */
    bool has_state;
    struct str pair_group; /* DM# */
};

static void find(struct check *c, const char *format, ...) PRINTF_LIKE(2, 3);

static void find(struct check *c, const char *format, ...)
{
    if (c->report->problems++ >= MAX_TOLD)
        return;
    va_list args;
    va_start(args, format);
    c->tell(c->context, arena_vprintf(&c->part, format, args));
    va_end(args);
}

static struct error *load_state(struct check *c, struct str group, struct state_row *out,
                                bool *found)
{
    struct item item;
    TRY(rowstore_get(&c->chat->store, &c->part, row_state_key(&c->part, group), &item, found,
                     NULL));
    if (*found)
        state_row_decode(&item, out);
    return NULL;
}

/* -- MSG# -------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void find_missing(struct check *c, struct str group, int64_t first, int64_t last)
{
    if (first == last)
        find(c, "conversation %.*s: message %lld is missing", STR_ARG(group), (long long)first);
    else
        find(c, "conversation %.*s: messages %lld to %lld are missing", STR_ARG(group),
             (long long)first, (long long)last);
}

/* Counted from 1; the highest number. */
static int64_t check_numbers(struct check *c, struct str group)
{
    int64_t *numbers = c->numbers.items, before = 0;
    if (c->numbers.count)
        qsort(numbers, c->numbers.count, sizeof *numbers, by_number);
    for (size_t i = 0; i < c->numbers.count; i++) {
        if (numbers[i] == before)
            find(c, "conversation %.*s: number %lld stands twice", STR_ARG(group),
                 (long long)before);
        else if (numbers[i] != before + 1)
            find_missing(c, group, before + 1, numbers[i] - 1);
        before = numbers[i];
    }
    return before;
}

static struct error *check_messages(struct check *c, struct str group)
{
    struct state_row state = {.seq = 0};
    bool has_state;
    if (c->unnumbered)
        find(c, "conversation %.*s: %llu messages have no number; --adopt gives them one",
             STR_ARG(group), (unsigned long long)c->unnumbered);
    int64_t last = check_numbers(c, group);
    TRY(load_state(c, group, &state, &has_state));
    if (!has_state && last)
        find(c, "conversation %.*s: numbered messages, but no #STATE", STR_ARG(group));
    if (has_state && last > state.seq)
        find(c, "conversation %.*s: messages up to %lld, but #STATE knows only %lld",
             STR_ARG(group), (long long)last, (long long)state.seq);
    if (has_state && last < state.seq)
        find_missing(c, group, last + 1, state.seq);
    return NULL;
}

/* -- GRP# -------------------------------------------------------------------------------------- */

static int by_group(const void *a, const void *b)
{
    const struct group_row *x = a, *y = b;
    int order = str_compare(x->group, y->group);
    return order ? order : str_compare(x->sk, y->sk);
}

static void check_group_row(struct check *c, const struct group_row *row, const struct item *item)
{
    struct state_row state;
    if (!item) {
        find(c, "group row of %.*s for %.*s: the conversation has no #STATE; --adopt makes it",
             STR_ARG(row->member), STR_ARG(row->group));
        return;
    }
    state_row_decode(item, &state);
    if (!str_eq(row->sk, state.last_sk))
        find(c, "group row of %.*s for %.*s: stands at %.*s, the conversation at %.*s",
             STR_ARG(row->member), STR_ARG(row->group), STR_ARG(row->sk), STR_ARG(state.last_sk));
    else if (row->seq != state.seq)
        find(c, "group row of %.*s for %.*s: knows message %lld, the conversation %lld",
             STR_ARG(row->member), STR_ARG(row->group), (long long)row->seq, (long long)state.seq);
}

static const struct item *find_item(const struct item *items, size_t count, struct key key)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(item_str(&items[i], S("pk")), key.pk) &&
            str_eq(item_str(&items[i], S("sk")), key.sk))
            return &items[i];
    return NULL;
}

/* A few at a time, so that looking for each among the answers costs little. */
static struct error *check_group_rows(struct check *c)
{
    enum { SOME = 50 };
    struct group_row *rows = c->rows.items;
    struct key keys[SOME];
    size_t from = 0;
    if (c->rows.count)
        qsort(rows, c->rows.count, sizeof *rows, by_group);
    while (from < c->rows.count) {
        struct item *items;
        size_t key_count = 0, count, to = from;
        for (; to < c->rows.count && key_count < SOME; to++) {
            bool is_double = to > 0 && str_eq(rows[to].group, rows[to - 1].group);
            if (is_double)
                find(c, "group rows of %.*s: two for %.*s, at %.*s and %.*s",
                     STR_ARG(rows[to].member), STR_ARG(rows[to].group), STR_ARG(rows[to - 1].sk),
                     STR_ARG(rows[to].sk));
            if (!is_double || to == from)
                keys[key_count++] = row_state_key(&c->part, rows[to].group);
        }
        TRY(rowstore_get_many(&c->chat->store, &c->part, keys, key_count, &items, &count, NULL));
        for (; from < to; from++)
            check_group_row(c, &rows[from],
                            find_item(items, count, row_state_key(&c->part, rows[from].group)));
    }
    return NULL;
}

/* -- CNV#, DM# --------------------------------------------------------------------------------- */

static struct error *check_members(struct check *c, struct str group)
{
    size_t count = c->members.count, found;
    struct item *items;
    if (!c->has_state) {
        find(c, "conversation %.*s: members, but no #STATE", STR_ARG(group));
        return NULL;
    }
    c->report->conversations++;
    if (c->state.n != (int64_t)count)
        find(c, "conversation %.*s: #STATE counts %lld members, there are %zu", STR_ARG(group),
             (long long)c->state.n, count);
    struct key *keys = arena_array(&c->part, struct key, count + 1);
    for (size_t i = 0; i < count; i++)
        keys[i] = row_group_key(&c->part, c->members.items[i].user, c->state.last_sk);
    TRY(rowstore_get_many(&c->chat->store, &c->part, keys, count, &items, &found, NULL));
    for (size_t i = 0; i < count; i++) {
        const struct member_row *member = &c->members.items[i];
        const struct item *row = find_item(items, found, keys[i]);
        if (!row || !str_eq(item_str(row, S("message_group_uuid")), group))
            find(c, "conversation %.*s: member %.*s has no group row where it stands",
                 STR_ARG(group), STR_ARG(member->user));
        if (member->read_seq > c->state.seq)
            find(c, "conversation %.*s: member %.*s has read %lld messages of %lld", STR_ARG(group),
                 STR_ARG(member->user), (long long)member->read_seq, (long long)c->state.seq);
    }
    return NULL;
}

static struct error *check_pair(struct check *c)
{
    struct state_row state;
    bool has_state;
    TRY(load_state(c, c->pair_group, &state, &has_state));
    if (!has_state)
        find(c, "%.*s: names %.*s, which has no #STATE", STR_ARG(c->pk), STR_ARG(c->pair_group));
    return NULL;
}

/* -- the walk ---------------------------------------------------------------------------------- */

static struct error *check_partition(struct check *c)
{
    struct str id;
    struct error *error = NULL;
    if (row_id(c->pk, S("MSG#"), &id))
        error = check_messages(c, id);
    else if (row_id(c->pk, S("GRP#"), &id))
        error = check_group_rows(c);
    else if (row_id(c->pk, S("CNV#"), &id))
        error = check_members(c, id);
    else if (row_id(c->pk, S("DM#"), &id))
        error = check_pair(c);
    return error;
}

static void begin_partition(struct check *c, struct str pk)
{
    arena_reset(&c->part);
    c->pk = arena_str(&c->part, pk);
    memset(&c->numbers, 0, sizeof c->numbers);
    memset(&c->rows, 0, sizeof c->rows);
    memset(&c->members, 0, sizeof c->members);
    c->unnumbered = 0;
    c->has_state = false;
    c->pair_group = (struct str){"", 0};
}

static void check_sk(struct check *c, struct key key)
{
    int64_t time_us;
    if (!sortkey_shown_time(key.sk, &time_us))
        find(c, "%.*s: the key %.*s is no time", STR_ARG(key.pk), STR_ARG(key.sk));
    else if (time_us > c->now_us + SORTKEY_AHEAD_MAX_US)
        find(c, "%.*s: the key %.*s lies %lld hours ahead", STR_ARG(key.pk), STR_ARG(key.sk),
             (long long)((time_us - c->now_us) / 1000000 / HOUR_S));
}

static void take_message(struct check *c, const struct item *item)
{
    int64_t number = item_i64(item, S("seq"), 0);
    c->report->messages++;
    check_sk(c, item_key(item));
    if (number)
        VEC_PUSH(&c->part, &c->numbers, number);
    else
        c->unnumbered++;
}

static void take_group_row(struct check *c, const struct item *item)
{
    struct group_row row;
    group_row_decode(item, &row);
    c->report->group_rows++;
    check_sk(c, item_key(item));
    struct group_row kept = {.member = arena_str(&c->part, row.member),
                             .sk = arena_str(&c->part, row.sk),
                             .group = arena_str(&c->part, row.group),
                             .seq = row.seq};
    VEC_PUSH(&c->part, &c->rows, kept);
}

static void take_member(struct check *c, const struct item *item)
{
    struct member_row row;
    member_row_decode(item, &row);
    struct member_row kept = {.user = arena_str(&c->part, row.user), .read_seq = row.read_seq};
    if (!row.left_at.len)
        VEC_PUSH(&c->part, &c->members, kept);
}

static void take_state(struct check *c, const struct item *item)
{
    state_row_decode(item, &c->state);
    c->state.last_sk = arena_str(&c->part, c->state.last_sk);
    c->has_state = true;
}

static struct error *take_row(struct check *c, const struct item *item)
{
    struct key key = item_key(item);
    struct str id;
    if (!str_eq(key.pk, c->pk)) {
        TRY(check_partition(c));
        begin_partition(c, key.pk);
    }
    if (row_id(key.pk, S("MSG#"), &id))
        take_message(c, item);
    else if (row_id(key.pk, S("GRP#"), &id))
        take_group_row(c, item);
    else if (row_id(key.pk, S("CNV#"), &id) && str_eq(key.sk, ROW_STATE_SK))
        take_state(c, item);
    else if (row_id(key.pk, S("CNV#"), &id) && str_starts(key.sk, S("M#")))
        take_member(c, item);
    else if (row_id(key.pk, S("DM#"), &id))
        c->pair_group = arena_str(&c->part, item_str(item, S("group")));
    return NULL;
}

static struct error *walk(struct check *c, struct arena *page, struct buf *start)
{
    do {
        struct item *items;
        struct str *texts, from = arena_str(page, buf_str(start));
        size_t count;
        TRY(rowstore_scan(&c->chat->store, page, &from, &items, &texts, &count));
        buf_reset(start);
        buf_add(start, from);
        for (size_t i = 0; i < count; i++)
            TRY(take_row(c, &items[i]));
        arena_reset(page);
    } while (start->len);
    return check_partition(c);
}

static struct error *has_table(struct chat *chat, struct arena *a, bool *out)
{
    struct str response;
    struct str request = arena_printf(a, "{\"TableName\":\"%.*s\"}", STR_ARG(chat->store.table));
    struct error *error =
        client_call(chat->store.client, a, S("DescribeTable"), request, &response);
    *out = !error;
    return error && client_failed_with(error, "ResourceNotFoundException") ? NULL : error;
}

struct error *chat_check(struct chat *chat, struct arena *a,
                         void (*tell)(void *context, struct str finding), void *context,
                         struct chat_report *out)
{
    struct check c = {.chat = chat,
                      .now_us = clock_now_us(&chat->clock),
                      .tell = tell,
                      .context = context,
                      .report = out};
    *out = (struct chat_report){0};
    TRY(has_table(chat, a, &out->has_table));
    if (!out->has_table)
        return NULL;
    struct arena page;
    struct buf start;
    arena_init(&c.part);
    arena_init(&page);
    buf_init(&start, 1 << 16);
    begin_partition(&c, S(""));
    struct error *error = walk(&c, &page, &start);
    if (error)
        error = error_new(a, error->kind, "%.*s", STR_ARG(error->message));
    buf_clear(&start);
    arena_clear(&page);
    arena_clear(&c.part);
    return error;
}
