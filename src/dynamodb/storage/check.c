/* Each table in two walks over one state of the store:
 *
 *     items    -> readable? under its own key? each of its index entries there, with the same
 *                 bytes? its collection as heavy as is kept?
 *     entries  -> as many as the items have: an entry too many belongs to no item
 *
 * An index that is still being filled may lack entries, but has none too many. Then streams, their
 * shards and records, the items of backups, and histories, which are there in two orders. */
#include "dynamodb/storage/check.h"

#include "dynamodb/storage/backup.h"
#include "dynamodb/storage/collection.h"
#include "dynamodb/storage/index.h"
#include "dynamodb/storage/internal.h"
#include "dynamodb/storage/stream_log.h"

enum { MAX_TOLD = 100 };

struct check {
    struct store *store;
    struct kv_read *read;
    struct arena *arena; /* of the walk */
    struct arena step;   /* of one item */
    struct collection_check {
        struct buf key; /* of the item before; empty: none */
        int64_t bytes, count;
    } collection;
    void (*tell)(void *context, struct str problem);
    void *context;
    struct check_report *report;
};

/* What was found of one table or index. */
struct found {
    int64_t items, bytes;
};

static void problem(struct check *c, const char *format, ...) PRINTF_LIKE(2, 3);

static void problem(struct check *c, const char *format, ...)
{
    if (c->report->problems++ >= MAX_TOLD)
        return;
    va_list args;
    va_start(args, format);
    c->tell(c->context, arena_vprintf(&c->step, format, args));
    va_end(args);
}

static struct error *check_entry(struct check *c, const struct table *t, const struct index *index,
                                 struct item item, struct found *found)
{
    struct index_entry entry = index_entry_of(&c->step, t, index, item);
    if (!entry.exists)
        return NULL;
    struct str value;
    bool is_there;
    TRY_KV(c->arena, kv_get(c->read, &c->step, entry.key, &value, &is_there));
    if (!is_there) {
        if (!index->is_backfilling)
            problem(c, "table %.*s: an item has no entry in index %.*s", STR_ARG(t->name),
                    STR_ARG(index->name));
        return NULL;
    }
    found->items++;
    found->bytes += entry.item.size_bytes;
    if (!str_eq(value, item_bytes(&c->step, entry.item)))
        problem(c, "table %.*s: an entry of index %.*s is not what its item says", STR_ARG(t->name),
                STR_ARG(index->name));
    return NULL;
}

/* -- item collections ---------------------------------------------------------------------------
 */

/* All items of it have been seen. */
static struct error *end_collection(struct check *c, const struct table *t)
{
    struct str key = buf_str(&c->collection.key), value;
    bool found;
    if (!key.len)
        return NULL;
    TRY_KV(c->arena, kv_get(c->read, &c->step, key, &value, &found));
    int64_t stored = found && value.len == 8 ? (int64_t)get_u64(value.data) : 0;
    if (stored != c->collection.bytes)
        problem(c, "table %.*s: an item collection is said to have %lld bytes, it has %lld",
                STR_ARG(t->name), (long long)stored, (long long)c->collection.bytes);
    return NULL;
}

static struct error *check_collection(struct check *c, const struct table *t, struct item item)
{
    if (!collection_is_kept(t))
        return NULL;
    struct str key = collection_key(&c->step, t, item.attributes);
    if (!str_eq(key, buf_str(&c->collection.key))) {
        TRY(end_collection(c, t));
        buf_reset(&c->collection.key);
        buf_add(&c->collection.key, key);
        c->collection.bytes = 0;
        c->collection.count++;
    }
    c->collection.bytes += collection_weight(&c->step, t, item);
    return NULL;
}

/* -- tables -------------------------------------------------------------------------------------
 */

static struct error *check_item(struct check *c, const struct table *t, struct str key,
                                struct str value, struct found *found)
{
    struct item item;
    uint64_t hash;
    if (!item_load(value, &item) ||
        !value_is_wellformed((struct value){VALUE_M, item.attributes}) ||
        !key_fits(&t->keys, item.attributes)) {
        problem(c, "table %.*s: an item cannot be read", STR_ARG(t->name));
        return NULL;
    }
    if (!str_eq(key, key_item(&c->step, t->id, &t->keys, item.attributes, &hash)))
        problem(c, "table %.*s: an item lies under another key than its own", STR_ARG(t->name));
    if (item.size_bytes != item_of(item.attributes).size_bytes)
        problem(c, "table %.*s: an item has another size than it says", STR_ARG(t->name));
    found[0].items++;
    found[0].bytes += item.size_bytes;
    for (size_t i = 0; i < t->index_count; i++)
        TRY(check_entry(c, t, &t->indexes[i], item, &found[1 + i]));
    return check_collection(c, t, item);
}

/* Calls `each` for all keys that begin with the id; `each` NULL: only counts them. */
static struct error *walk(struct check *c, enum key_space space, uint32_t id, const struct table *t,
                          struct found *found, int64_t *count)
{
    struct str low = key_id(c->arena, space, id);
    struct kv_cursor *cursor = NULL;
    struct error *error =
        kv_cursor_open(c->read, c->arena, low, key_after(c->arena, low), true, &cursor);
    *count = 0;
    while (!error) {
        struct str key, value;
        bool is_there;
        error = kv_cursor_next(cursor, &key, &value, &is_there);
        if (error || !is_there)
            break;
        ++*count;
        if (space == SPACE_ITEM)
            error = check_item(c, t, key, value, found);
        arena_reset(&c->step);
    }
    kv_cursor_close(cursor);
    return error && error->kind != &error_InternalServerError ? store_error(c->arena, error)
                                                              : error;
}

static void check_counts(struct check *c, const struct table *t, const struct index *index,
                         struct found found)
{
    struct counts counts = catalog_counts(c->store, t, index);
    if (counts.items != found.items || counts.bytes != found.bytes)
        problem(c, "table %.*s%s%.*s: counted %lld items of %lld bytes, there are %lld of %lld",
                STR_ARG(t->name), index ? ", index " : "", index ? (int)index->name.len : 0,
                index ? index->name.data : "", (long long)counts.items, (long long)counts.bytes,
                (long long)found.items, (long long)found.bytes);
}

static struct error *check_table(struct check *c, const struct table *t)
{
    struct found *found = arena_array(c->arena, struct found, 1 + t->index_count);
    int64_t count;
    buf_reset(&c->collection.key);
    TRY(walk(c, SPACE_ITEM, t->id, t, found, &count));
    TRY(end_collection(c, t));
    check_counts(c, t, NULL, found[0]);
    c->report->tables++;
    c->report->items += (uint64_t)count;
    for (size_t i = 0; i < t->index_count; i++) {
        const struct index *index = &t->indexes[i];
        TRY(walk(c, SPACE_INDEX, index->id, t, NULL, &count));
        c->report->entries += (uint64_t)count;
        if (count != found[1 + i].items)
            problem(c, "table %.*s: index %.*s has %lld entries for %lld items", STR_ARG(t->name),
                    STR_ARG(index->name), (long long)count, (long long)found[1 + i].items);
        check_counts(c, t, index, found[1 + i]);
    }
    return NULL;
}

/* -- streams ------------------------------------------------------------------------------------
 */

/* Calls `each` for all keys of a space. */
static struct error *walk_space(struct check *c, enum key_space space,
                                struct error *(*each)(struct check *c, struct str key,
                                                      struct str value))
{
    struct str low = {(const char[]){(char)space}, 1}, key, value;
    struct kv_cursor *cursor = NULL;
    bool found = true;
    struct error *error =
        kv_cursor_open(c->read, c->arena, low, key_after(c->arena, low), true, &cursor);
    while (!error && found) {
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found)
            break;
        error = each(c, key, value);
        arena_reset(&c->step);
    }
    kv_cursor_close(cursor);
    return error ? store_error(c->arena, error) : NULL;
}

static struct error *find_shard(struct check *c, uint32_t stream_id, uint32_t shard_id,
                                struct shard_state *out, bool *found)
{
    struct str key = key_shard(&c->step, stream_id, shard_id), value;
    TRY(kv_get(c->read, &c->step, key, &value, found));
    *found = *found && shard_decode(key, value, out);
    return NULL;
}

/* It can be read, and lies within what its shard says. */
static struct error *check_record(struct check *c, struct str key, struct str value)
{
    struct stream_record record;
    struct shard_state s;
    bool found;
    c->report->records++;
    if (!stream_record_decode(key, value, &record)) {
        problem(c, "a stream record cannot be read");
        return NULL;
    }
    TRY(find_shard(c, key_id_of(key), key_record_shard(key), &s, &found));
    if (!found)
        problem(c, "a stream record belongs to no shard");
    else if (record.sequence <= s.shard.first_sequence || record.sequence < s.trimmed ||
             (s.shard.last_sequence && record.sequence >= s.shard.last_sequence))
        problem(c, "a stream record lies outside of its shard");
    return NULL;
}

/* It belongs to a stream, and its child goes on where it ended. */
static struct error *check_shard(struct check *c, struct str key, struct str value)
{
    struct shard_state s, child;
    struct str stream;
    bool found;
    if (!shard_decode(key, value, &s)) {
        problem(c, "a shard cannot be read");
        return NULL;
    }
    TRY(kv_get(c->read, &c->step, key_id(&c->step, SPACE_STREAM, key_id_of(key)), &stream, &found));
    if (!found)
        problem(c, "a shard belongs to no stream");
    if (s.shard.last_sequence && s.shard.last_sequence < s.shard.first_sequence)
        problem(c, "a shard ends before it begins");
    TRY(find_shard(c, key_id_of(key), s.shard.id + STREAM_SHARDS, &child, &found));
    if (found && (!s.shard.last_sequence || child.shard.first_sequence <= s.shard.last_sequence))
        problem(c, "a shard has a child that begins before its end");
    return NULL;
}

static struct error *count_collection(struct check *c, struct str key, struct str value)
{
    (void)key, (void)value;
    c->collection.count--;
    return NULL;
}

/* After all tables: there are no more collections than were found. */
static struct error *check_collections(struct check *c)
{
    TRY(walk_space(c, SPACE_COLLECTION, count_collection));
    if (c->collection.count)
        problem(c, "%lld item collections are kept too %s",
                (long long)(c->collection.count < 0 ? -c->collection.count : c->collection.count),
                c->collection.count < 0 ? "many" : "few");
    return NULL;
}

/* Of an enabled stream the newest shards, and no others, are open. */
static struct error *check_stream(struct check *c, struct str key, struct str value)
{
    struct stream_state s;
    if (!stream_state_decode(&c->step, value, &s) || s.stream.id != key_id_of(key)) {
        problem(c, "a stream cannot be read");
        return NULL;
    }
    for (uint32_t i = 0; i < 2 * STREAM_SHARDS; i++) {
        bool is_newest = i < STREAM_SHARDS, found;
        struct shard_state shard;
        TRY(find_shard(c, s.stream.id, s.stream.newest_shard + i, &shard, &found));
        if (found != is_newest)
            problem(c, "stream of table %.*s: %s", STR_ARG(s.stream.table_name),
                    found ? "a shard is newer than it knows"
                          : "one of its newest shards is missing");
        else if (found && !shard.shard.last_sequence != s.stream.is_enabled)
            problem(c, "stream of table %.*s: a newest shard is %s", STR_ARG(s.stream.table_name),
                    s.stream.is_enabled ? "closed" : "open");
    }
    return NULL;
}

static struct error *check_streams(struct check *c)
{
    TRY(walk_space(c, SPACE_STREAM, check_stream));
    TRY(walk_space(c, SPACE_SHARD, check_shard));
    return walk_space(c, SPACE_RECORD, check_record);
}

/* -- the past -----------------------------------------------------------------------------------
 */

struct past_check {
    struct check *check;
    struct error *(*each)(struct check *c, struct str key, struct str value);
    enum key_space space;
    uint32_t id; /* 0: all */
};

static struct error *walk_past(const struct past_check *p, int64_t *count)
{
    struct check *c = p->check;
    struct str low = {(const char[]){(char)p->space}, 1}, key, value;
    struct kv_cursor *cursor = NULL;
    bool found = true;
    if (p->id)
        low = key_id(c->arena, p->space, p->id);
    struct error *error =
        kv_cursor_open(c->read, c->arena, low, key_after(c->arena, low), true, &cursor);
    *count = 0;
    while (!error && found) {
        error = kv_cursor_next(cursor, &key, &value, &found);
        if (error || !found)
            break;
        ++*count;
        error = p->each(c, key, value);
        arena_reset(&c->step);
    }
    kv_cursor_close(cursor);
    return error ? store_error(c->arena, error) : NULL;
}

static struct error *check_content(struct check *c, struct str key, struct str value)
{
    (void)key;
    struct item item;
    if (!item_load(value, &item) || !value_is_wellformed((struct value){VALUE_M, item.attributes}))
        problem(c, "an item of a backup cannot be read");
    return NULL;
}

/* An AVAILABLE backup has as many items as it says. */
static struct error *check_backups(struct check *c)
{
    const struct backup *backups;
    size_t backup_count;
    int64_t all = 0, known = 0, count;
    TRY(backup_list(c->store, c->arena, 0, SIZE_MAX, &backups, &backup_count));
    for (size_t i = 0; i < backup_count; i++) {
        const struct backup *b = &backups[i];
        struct past_check content = {c, check_content, SPACE_CONTENT, b->id};
        TRY(walk_past(&content, &count));
        known += count;
        c->report->backups += b->kind != BACKUP_HOLD;
        if (b->state == BACKUP_AVAILABLE && count != b->items)
            problem(c, "backup %.*s of table %.*s: has %lld items, not %lld", STR_ARG(b->name),
                    STR_ARG(b->table.name), (long long)count, (long long)b->items);
    }
    struct past_check content = {c, check_content, SPACE_CONTENT, 0};
    TRY(walk_past(&content, &all));
    if (all != known)
        problem(c, "%lld items belong to no backup", (long long)(all - known));
    return NULL;
}

/* It is in the order of time too. */
static struct error *check_history_entry(struct check *c, struct str key, struct str value)
{
    struct str rest, stored;
    struct item item;
    int64_t moment_us;
    bool found;
    if (!key_history_parse(key, &rest, &moment_us) || (value.len && !item_load(value, &item))) {
        problem(c, "an entry of a history cannot be read");
        return NULL;
    }
    struct str of = arena_join(&c->step, key_id(&c->step, SPACE_ITEM, key_id_of(key)), rest);
    TRY(kv_get(c->read, &c->step, key_moment(&c->step, of, moment_us), &stored, &found));
    if (!found)
        problem(c, "an entry of a history is missing in the order of time");
    return NULL;
}

static struct error *count_moment(struct check *c, struct str key, struct str value)
{
    (void)c, (void)key, (void)value;
    return NULL;
}

static struct error *check_history(struct check *c)
{
    struct past_check entries = {c, check_history_entry, SPACE_HISTORY, 0};
    struct past_check moments = {c, count_moment, SPACE_MOMENT, 0};
    int64_t entry_count, moment_count;
    TRY(walk_past(&entries, &entry_count));
    TRY(walk_past(&moments, &moment_count));
    if (entry_count != moment_count)
        problem(c, "%lld entries of histories, but %lld in the order of time",
                (long long)entry_count, (long long)moment_count);
    return NULL;
}

struct error *store_check(struct store *store, struct arena *a,
                          void (*tell)(void *context, struct str problem), void *context,
                          struct check_report *out)
{
    *out = (struct check_report){0};
    struct check c = {.store = store, .arena = a, .tell = tell, .context = context, .report = out};
    arena_init(&c.step);
    buf_init(&c.collection.key, 8 * (LIMIT_PARTITION_KEY + 64));
    struct error *error = NULL;
    catalog_lock_shared(store);
    c.read = commit_read_begin(store->commit, true);
    for (size_t i = 0; i < store->catalog.count && !error; i++)
        error = check_table(&c, &store->catalog.by_id[i]->table);
    if (!error)
        error = check_collections(&c);
    if (!error)
        error = check_streams(&c);
    if (!error)
        error = check_backups(&c);
    if (!error)
        error = check_history(&c);
    commit_read_end(store->commit, c.read);
    catalog_unlock_shared(store);
    arena_clear(&c.step);
    buf_clear(&c.collection.key);
    return error;
}
