/* An undo log: each write leaves what was there before it.
 *
 *     'h' table  rest of the item's key  moment   -> stored item before the write; empty: none
 *     'j' table  moment  rest of the item's key   -> nothing
 *
 *     history of one item      m1: none    m2: A      m3: B          now: C
 *     the item                      |  A       |  B       |  C
 *                              -----+----------+----------+------------> time
 *
 * 1. An item at moment T is the value of its first entry with a moment above T; without one, it is
 *    what it is now.
 * 2. A page reads items and history from one state of the store, so by 1 it is the table at T
 *    whenever it is read: a copy needs no snapshot that lasts, and goes on after a restart.
 * 3. Entries up to moment T say nothing about T or later, and may be trimmed when nobody asks for
 *    an earlier moment any more.
 * 4. Moments rise strictly, also over a restart and when the clock is set back. */
#include "dynamodb/storage/history.h"

#include "base/vec.h"
#include "dynamodb/storage/backup.h"

enum { PAGE_ITEMS = 256, PAGE_WALKED = 4096, PAGE_BYTES = 256 << 10, TRIM_PAGE = 500 };
enum { STEPS_BEFORE_SEEK = 8 };

/* -- moments ------------------------------------------------------------------------------------
 */

int64_t history_moment(struct store *store)
{
    int64_t now_us = clock_now_us(store->clock);
    store->moment_us = now_us > store->moment_us ? now_us : store->moment_us + 1;
    return store->moment_us;
}

static void take_moment(void *context)
{
    history_moment(context);
}

int64_t history_mark(struct store *store)
{
    kv_read_end(commit_snapshot(store->commit, take_moment, store));
    return store->moment_us;
}

static void raise_moment(struct store *store, int64_t moment_us)
{
    if (moment_us > store->moment_us)
        store->moment_us = moment_us;
}

/* The newest write of a table's history. */
static struct error *newest(struct store *store, struct arena *a, uint32_t table_id)
{
    struct str low = key_id(a, SPACE_MOMENT, table_id), key, value, rest;
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    bool found = false;
    int64_t moment_us;
    struct error *error = kv_cursor_open(read, a, low, key_after(a, low), false, &cursor);
    if (!error)
        error = kv_cursor_next(cursor, &key, &value, &found);
    if (!error && found && key_moment_parse(key, &rest, &moment_us))
        raise_moment(store, moment_us);
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    return error ? store_error(a, error) : NULL;
}

struct error *history_open(struct store *store, struct arena *a)
{
    for (size_t i = 0; i < store->catalog.count; i++) {
        const struct table *t = &store->catalog.by_id[i]->table;
        raise_moment(store, t->recovery.history_us);
        raise_moment(store, t->recovery.since_us);
        raise_moment(store, t->restore.moment_us);
        if (t->recovery.history_us)
            TRY(newest(store, a, t->id));
    }
    const struct backup *backups;
    size_t count;
    TRY(backup_list(store, a, 0, SIZE_MAX, &backups, &count));
    for (size_t i = 0; i < count; i++)
        raise_moment(store, backups[i].moment_us);
    return NULL;
}

/* -- writing ------------------------------------------------------------------------------------
 */

void history_plan(struct kv_batch *batch, struct arena *a, struct str item_key, struct str old,
                  int64_t moment_us)
{
    kv_batch_put(batch, key_history(a, item_key, moment_us), old);
    kv_batch_put(batch, key_moment(a, item_key, moment_us), S(""));
}

void history_plan_delete(struct arena *a, struct kv_batch *batch, uint32_t table_id)
{
    struct str entries = key_id(a, SPACE_HISTORY, table_id);
    struct str moments = key_id(a, SPACE_MOMENT, table_id);
    kv_batch_delete_range(batch, entries, key_after(a, entries));
    kv_batch_delete_range(batch, moments, key_after(a, moments));
}

/* -- reading ------------------------------------------------------------------------------------
 */

/* One of the two cursors of a page. */
struct side {
    struct kv_cursor *cursor;
    struct str high;
    struct str key, value; /* where it stands */
    struct str rest;
    int64_t moment_us; /* of a history entry */
    bool is_at_end;
};

struct reader {
    struct kv_read *read;
    struct arena *arena;
    struct side items, history;
    const struct past *past;
};

static struct error *seek(struct reader *r, struct side *side, struct str low)
{
    kv_cursor_close(side->cursor);
    side->cursor = NULL;
    return kv_cursor_open(r->read, r->arena, low, side->high, true, &side->cursor);
}

static struct error *next_item(struct reader *r)
{
    struct side *s = &r->items;
    bool found;
    TRY(kv_cursor_next(s->cursor, &s->key, &s->value, &found));
    s->is_at_end = !found;
    if (found)
        s->rest = key_rest(s->key);
    return NULL;
}

static struct error *next_entry(struct reader *r)
{
    struct side *s = &r->history;
    bool found;
    TRY(kv_cursor_next(s->cursor, &s->key, &s->value, &found));
    s->is_at_end = !found;
    if (found && !key_history_parse(s->key, &s->rest, &s->moment_us))
        return store_damaged(r->arena, "a history entry cannot be read");
    return NULL;
}

static struct error *open_reader(struct reader *r, struct str after)
{
    struct arena *a = r->arena;
    struct str items = key_id(a, r->past->space, r->past->id);
    struct str history = key_id(a, SPACE_HISTORY, r->past->id);
    r->items.high = key_after(a, items);
    r->history.high = key_after(a, history);
    if (after.len) {
        items = key_successor(a, after);
        history = key_after(a, key_history(a, after, INT64_MAX));
    }
    TRY(seek(r, &r->items, items));
    TRY(seek(r, &r->history, history));
    TRY(next_item(r));
    return next_entry(r);
}

/* What the history says of the item it stands at, and past all its entries. An item that has been
 * written often is jumped over. */
static struct error *decide(struct reader *r, struct str key, bool *is_decided, struct str *value)
{
    struct side *s = &r->history;
    struct str rest = key_rest(key);
    *is_decided = false;
    for (int steps = 0; !s->is_at_end && str_eq(s->rest, rest); steps++) {
        bool is_after = s->moment_us > r->past->moment_us;
        if (is_after && !*is_decided) {
            *is_decided = true;
            *value = arena_str(r->arena, s->value);
            steps = 0;
        }
        if (steps >= STEPS_BEFORE_SEEK)
            TRY(seek(r, s,
                     key_history(r->arena, key, *is_decided ? INT64_MAX : r->past->moment_us + 1)));
        TRY(next_entry(r));
    }
    return NULL;
}

/* The item with the lowest key that either side stands at; *value is empty when it did not exist.
 */
static struct error *next(struct reader *r, struct str *key, struct str *value)
{
    struct side *items = &r->items, *history = &r->history;
    int order = items->is_at_end     ? 1
                : history->is_at_end ? -1
                                     : str_compare(items->rest, history->rest);
    bool is_decided = false;
    *value = S("");
    *key = key_moved(r->arena, order <= 0 ? items->key : history->key, r->past->space, r->past->id);
    if (order > 0) /* without the moment */
        key->len -= history->key.len - (1 + 4) - history->rest.len;
    if (order >= 0)
        TRY(decide(r, *key, &is_decided, value));
    if (order <= 0) {
        if (!is_decided)
            *value = arena_str(r->arena, items->value);
        TRY(next_item(r));
    }
    return NULL;
}

static struct error *read_page(struct reader *r, struct str after, struct past_page *out)
{
    VEC(struct past_item) found = {0};
    struct str key = {"", 0}, value;
    size_t bytes = 0, walked = 0;
    TRY(open_reader(r, after));
    while (!(r->items.is_at_end && r->history.is_at_end) && found.count < PAGE_ITEMS &&
           walked < PAGE_WALKED && bytes < PAGE_BYTES) {
        TRY(next(r, &key, &value));
        walked++;
        bytes += value.len;
        if (value.len)
            VEC_PUSH(r->arena, &found, (struct past_item){key, value});
    }
    bool is_last = r->items.is_at_end && r->history.is_at_end;
    *out = (struct past_page){found.items, found.count, is_last ? S("") : key};
    return NULL;
}

struct error *history_read(struct store *store, struct arena *a, const struct past *past,
                           struct str after, struct past_page *out)
{
    struct reader r = {.arena = a, .past = past};
    r.read = commit_read_begin(store->commit, true);
    struct error *error = read_page(&r, after, out);
    kv_cursor_close(r.items.cursor);
    kv_cursor_close(r.history.cursor);
    commit_read_end(store->commit, r.read);
    return error ? store_error(a, error) : NULL;
}

/* -- changes ------------------------------------------------------------------------------------
 */

/* Of the item whose entries begin here, and past them. */
static struct error *take_change(struct reader *r, int64_t from_us, int64_t until_us,
                                 struct past_change *out)
{
    struct side *s = &r->history;
    struct str item = key_moved(r->arena, s->key, SPACE_ITEM, r->past->id), rest;
    bool is_changed = false, is_decided = false, found;
    item.len -= s->key.len - (1 + 4) - s->rest.len;
    *out = (struct past_change){.key = item};
    rest = key_rest(item);
    for (; !s->is_at_end && str_eq(s->rest, rest);) {
        bool is_between = s->moment_us > from_us && s->moment_us <= until_us;
        if (is_between && !is_changed)
            out->old_image = arena_str(r->arena, s->value);
        if (is_between)
            out->moment_us = s->moment_us;
        if (s->moment_us > until_us && !is_decided)
            out->new_image = arena_str(r->arena, s->value);
        is_changed |= is_between;
        is_decided |= s->moment_us > until_us;
        TRY(next_entry(r));
    }
    if (!is_changed || is_decided)
        return NULL;
    struct str now;
    TRY(kv_get(r->read, r->arena, item, &now, &found));
    if (found)
        out->new_image = arena_str(r->arena, now);
    return NULL;
}

static struct error *read_changes(struct reader *r, int64_t from_us, int64_t until_us,
                                  struct str after, struct past_changes *out)
{
    VEC(struct past_change) changes = {0};
    struct past_change change = {0};
    size_t bytes = 0, walked = 0;
    struct str history = key_id(r->arena, SPACE_HISTORY, r->past->id);
    r->history.high = key_after(r->arena, history);
    if (after.len)
        history = key_after(r->arena, key_history(r->arena, after, INT64_MAX));
    TRY(seek(r, &r->history, history));
    TRY(next_entry(r));
    while (!r->history.is_at_end && changes.count < PAGE_ITEMS && walked < PAGE_WALKED &&
           bytes < PAGE_BYTES) {
        TRY(take_change(r, from_us, until_us, &change));
        walked++;
        bytes += change.old_image.len + change.new_image.len;
        if (change.moment_us)
            VEC_PUSH(r->arena, &changes, change);
    }
    *out = (struct past_changes){changes.items, changes.count,
                                 r->history.is_at_end ? S("") : change.key};
    return NULL;
}

struct error *history_read_changes(struct store *store, struct arena *a, uint32_t table_id,
                                   int64_t from_us, int64_t until_us, struct str after,
                                   struct past_changes *out)
{
    struct past past = {SPACE_ITEM, table_id, until_us};
    struct reader r = {.arena = a, .past = &past};
    r.read = commit_read_begin(store->commit, true);
    struct error *error = read_changes(&r, from_us, until_us, after, out);
    kv_cursor_close(r.history.cursor);
    commit_read_end(store->commit, r.read);
    return error ? store_error(a, error) : NULL;
}

/* -- trimming -----------------------------------------------------------------------------------
 */

struct error *history_trim(struct store *store, struct arena *a, uint32_t table_id,
                           int64_t until_us, bool *is_done)
{
    struct str *keys = arena_array(a, struct str, TRIM_PAGE), key, value, rest;
    size_t count = 0;
    int64_t moment_us;
    bool found = true;
    struct kv_read *read = commit_read_begin(store->commit, false);
    struct kv_cursor *cursor = NULL;
    struct error *error = kv_cursor_open(read, a, key_id(a, SPACE_MOMENT, table_id),
                                         key_moment_after(a, table_id, until_us), true, &cursor);
    while (!error && found && count < TRIM_PAGE) {
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (!error && found)
            keys[count++] = arena_str(a, key);
    }
    kv_cursor_close(cursor);
    commit_read_end(store->commit, read);
    *is_done = count < TRIM_PAGE;
    if (error || !count)
        return error ? store_error(a, error) : NULL;
    uint64_t sequence;
    struct kv_batch *batch = commit_begin(store->commit, &sequence);
    for (size_t i = 0; i < count; i++) {
        if (key_moment_parse(keys[i], &rest, &moment_us)) {
            struct str item = arena_join(a, key_id(a, SPACE_ITEM, table_id), rest);
            kv_batch_delete(batch, key_history(a, item, moment_us));
        }
        kv_batch_delete(batch, keys[i]);
    }
    return commit_end(store->commit, a);
}
