/* What a shard goes through:
 *
 *   found ── its parent is done, or unknown ──> GetShardIterator ──> GetRecords, again and again
 *     its iterator expired              ──> GetShardIterator after the last record read
 *     what comes next was trimmed       ──> GetShardIterator from the oldest record there is
 *     no NextShardIterator              ──> done (the shard is closed and read)
 *
 * Positions: pk FEED#<name>, sk <shard id>, stream <ARN>, position <sequence number>, done 0 or 1,
 * and a ttl, since positions of more than a day ago point at nothing. */
#include "messaging/follow.h"

#include <stdlib.h>

#include "messaging/record.h"
#include "messaging/table_facts.h"

/* How often the table and its list of shards are looked at. */
#define REFRESH_US 1000000
#define PAGE_RECORDS 1000
#define POSITION_LIFE_S (25 * 3600)
#define TEXT_MAX_BYTES 8192

struct shard {
    struct shard *next;
    struct buf id, parent;
    struct buf iterator; /* empty: ask for one */
    struct buf position; /* the last sequence number read; empty: none */
    bool is_done;
    bool from_oldest; /* what came after the position is gone */
    bool is_unsaved;
    bool is_listed; /* by the last DescribeStream */
};

struct follower {
    struct rowstore store;
    struct clock clock;
    struct buf name;
    struct buf stream; /* ARN; empty: none */
    struct shard *shards;
    int64_t refreshed_us;
    bool is_fresh; /* refreshed_us counts */
    bool has_news; /* read something worth storing a position for */
};

/* -- lifetime ---------------------------------------------------------------------------------- */

static void set_text(struct buf *b, struct str text)
{
    buf_reset(b);
    buf_add(b, text);
}

struct follower *follower_new(const struct follower_options *options)
{
    struct follower *f = mem_zalloc(sizeof *f);
    f->store = options->store;
    f->clock = *options->clock;
    buf_init(&f->name, TEXT_MAX_BYTES);
    buf_init(&f->stream, TEXT_MAX_BYTES);
    set_text(&f->name, options->name);
    return f;
}

static void free_shard(struct shard *shard)
{
    buf_clear(&shard->id);
    buf_clear(&shard->parent);
    buf_clear(&shard->iterator);
    buf_clear(&shard->position);
    free(shard);
}

static void forget_stream(struct follower *f)
{
    while (f->shards) {
        struct shard *shard = f->shards;
        f->shards = shard->next;
        free_shard(shard);
    }
    buf_reset(&f->stream);
    f->is_fresh = f->has_news = false;
}

void follower_free(struct follower *f)
{
    if (!f)
        return;
    forget_stream(f);
    buf_clear(&f->name);
    buf_clear(&f->stream);
    free(f);
}

static struct shard *find_shard(const struct follower *f, struct str id)
{
    struct shard *shard = f->shards;
    while (shard && !str_eq(buf_str(&shard->id), id))
        shard = shard->next;
    return shard;
}

static struct shard *add_shard(struct follower *f, struct str id, struct str parent)
{
    struct shard *shard = mem_zalloc(sizeof *shard);
    buf_init(&shard->id, TEXT_MAX_BYTES);
    buf_init(&shard->parent, TEXT_MAX_BYTES);
    buf_init(&shard->iterator, TEXT_MAX_BYTES);
    buf_init(&shard->position, TEXT_MAX_BYTES);
    set_text(&shard->id, id);
    set_text(&shard->parent, parent);
    shard->next = f->shards;
    f->shards = shard;
    return shard;
}

/* Shards that are past their retention: nothing of them can be read any more. */
static void drop_unlisted(struct follower *f)
{
    struct shard **at = &f->shards;
    while (*at) {
        struct shard *shard = *at;
        if (shard->is_listed) {
            at = &shard->next;
            continue;
        }
        *at = shard->next;
        free_shard(shard);
    }
}

/* -- the table's stream ------------------------------------------------------------------------ */

/* A small text value, or skips it. */
static void read_text(struct json_reader *r, struct str *out)
{
    if (json_peek(r) == JSON_STRING)
        json_read_str(r, out);
    else
        json_skip(r);
}

static void read_shard_entry(struct follower *f, struct json_reader *r)
{
    struct str name, id = {"", 0}, parent = {"", 0};
    if (!json_enter_object(r))
        return;
    while (json_next_member(r, &name)) {
        if (str_eq(name, S("ShardId")))
            read_text(r, &id);
        else if (str_eq(name, S("ParentShardId")))
            read_text(r, &parent);
        else
            json_skip(r);
    }
    if (!id.len)
        return;
    struct shard *shard = find_shard(f, id);
    if (!shard)
        shard = add_shard(f, id, parent);
    shard->is_listed = true;
}

/* The members of StreamDescription; *last is the shard to go on after, or empty. */
static void read_stream(struct follower *f, struct json_reader *r, struct str *last)
{
    struct str name;
    if (!json_enter_object(r))
        return;
    while (json_next_member(r, &name)) {
        if (str_eq(name, S("LastEvaluatedShardId"))) {
            read_text(r, last);
        } else if (str_eq(name, S("Shards")) && json_peek(r) == JSON_ARRAY) {
            json_enter_array(r);
            while (json_next_element(r))
                read_shard_entry(f, r);
        } else {
            json_skip(r);
        }
    }
}

static struct error *list_shards(struct follower *f, struct arena *a)
{
    struct str last = {"", 0};
    for (struct shard *shard = f->shards; shard; shard = shard->next)
        shard->is_listed = false;
    do {
        struct str response, name;
        struct str after =
            last.len ? arena_printf(a, ",\"ExclusiveStartShardId\":\"%.*s\"", STR_ARG(last))
                     : (struct str){"", 0};
        struct str request = arena_printf(a, "{\"StreamArn\":\"%.*s\"%.*s}",
                                          STR_ARG(buf_str(&f->stream)), STR_ARG(after));
        TRY(client_call(f->store.client, a, S("DescribeStream"), request, &response));
        struct json_reader r;
        last = (struct str){"", 0};
        json_reader_init(&r, response, a);
        if (json_enter_object(&r)) {
            while (json_next_member(&r, &name)) {
                if (str_eq(name, S("StreamDescription")))
                    read_stream(f, &r, &last);
                else
                    json_skip(&r);
            }
        }
    } while (last.len);
    drop_unlisted(f);
    return NULL;
}

/* -- positions --------------------------------------------------------------------------------- */

static struct key position_key(struct follower *f, struct arena *a, struct str shard)
{
    return (struct key){arena_join(a, S("FEED#"), buf_str(&f->name)), shard};
}

static struct error *load_positions(struct follower *f, struct arena *a)
{
    struct rowstore_query query = {.pk = position_key(f, a, S("")).pk};
    struct item *items;
    size_t count;
    TRY(rowstore_query(&f->store, a, &query, &items, &count, NULL, NULL));
    for (size_t i = 0; i < count; i++) {
        struct shard *shard = find_shard(f, item_key(&items[i]).sk);
        if (!shard || !str_eq(item_str(&items[i], S("stream")), buf_str(&f->stream)))
            continue;
        set_text(&shard->position, item_str(&items[i], S("position")));
        shard->is_done = item_i64(&items[i], S("done"), 0) != 0;
    }
    return NULL;
}

static struct error *save_position(struct follower *f, struct arena *a, struct shard *shard)
{
    struct rowstore_transaction t = {0};
    struct buf row;
    bool applied;
    buf_init(&row, TEXT_MAX_BYTES * 4);
    struct json_writer w = json_writer(&row);
    struct key key = position_key(f, a, buf_str(&shard->id));
    json_begin_object(&w);
    attribute_put_s(&w, S("pk"), key.pk);
    attribute_put_s(&w, S("sk"), key.sk);
    attribute_put_s(&w, S("stream"), buf_str(&f->stream));
    attribute_put_s(&w, S("position"), buf_str(&shard->position));
    attribute_put_n(&w, S("done"), shard->is_done);
    attribute_put_n(&w, S("ttl"), clock_now_ms(&f->clock) / 1000 + POSITION_LIFE_S);
    json_end_object(&w);
    struct rowstore_action *action = rowstore_put(a, &t, arena_str(a, buf_str(&row)), NULL);
    buf_clear(&row);
    return rowstore_apply(&f->store, a, action, &applied, NULL);
}

struct error *follower_save(struct follower *f, struct arena *a)
{
    if (!f->has_news)
        return NULL;
    for (struct shard *shard = f->shards; shard; shard = shard->next) {
        if (!shard->is_unsaved)
            continue;
        TRY(save_position(f, a, shard));
        shard->is_unsaved = false;
    }
    f->has_news = false;
    return NULL;
}

/* -- reading a shard --------------------------------------------------------------------------- */

static struct error *get_iterator(struct follower *f, struct arena *a, struct shard *shard)
{
    struct str response, name, iterator = {"", 0};
    bool is_after = shard->position.len && !shard->from_oldest;
    struct str number = is_after ? arena_printf(a, ",\"SequenceNumber\":\"%.*s\"",
                                                STR_ARG(buf_str(&shard->position)))
                                 : (struct str){"", 0};
    struct str request = arena_printf(
        a, "{\"StreamArn\":\"%.*s\",\"ShardId\":\"%.*s\",\"ShardIteratorType\":\"%s\"%.*s}",
        STR_ARG(buf_str(&f->stream)), STR_ARG(buf_str(&shard->id)),
        is_after ? "AFTER_SEQUENCE_NUMBER" : "TRIM_HORIZON", STR_ARG(number));
    struct error *e = client_call(f->store.client, a, S("GetShardIterator"), request, &response);
    if (client_failed_with(e, "TrimmedDataAccessException") && is_after) {
        shard->from_oldest = true;
        return NULL;
    }
    if (e)
        return e;
    struct json_reader r;
    json_reader_init(&r, response, a);
    if (json_enter_object(&r)) {
        while (json_next_member(&r, &name)) {
            if (str_eq(name, S("ShardIterator")))
                read_text(&r, &iterator);
            else
                json_skip(&r);
        }
    }
    set_text(&shard->iterator, iterator);
    return NULL;
}

/* One GetRecords as texts. */
struct page {
    VEC(struct str) records;
    struct str next; /* empty: the shard has ended */
};

static struct error *get_records(struct follower *f, struct arena *a, struct str iterator,
                                 struct page *out)
{
    struct str response, name, record;
    struct str request = arena_printf(a, "{\"ShardIterator\":\"%.*s\",\"Limit\":%d}",
                                      STR_ARG(iterator), PAGE_RECORDS);
    TRY(client_call(f->store.client, a, S("GetRecords"), request, &response));
    struct json_reader r;
    *out = (struct page){.next = {"", 0}};
    json_reader_init(&r, response, a);
    if (json_enter_object(&r)) {
        while (json_next_member(&r, &name)) {
            if (str_eq(name, S("NextShardIterator"))) {
                read_text(&r, &out->next);
            } else if (str_eq(name, S("Records"))) {
                json_enter_array(&r);
                while (json_next_element(&r) && json_read_raw(&r, &record))
                    VEC_PUSH(a, &out->records, record);
            } else {
                json_skip(&r);
            }
        }
    }
    return json_finish(&r) ? NULL
                           : error_new(a, &chat_unavailable, "GetRecords' answer cannot be read");
}

/* True for an error that only means "ask for another iterator". */
static bool is_iterator_lost(struct shard *shard, const struct error *e)
{
    bool is_trimmed = client_failed_with(e, "TrimmedDataAccessException");
    if (!is_trimmed && !client_failed_with(e, "ExpiredIteratorException"))
        return false;
    shard->from_oldest |= is_trimmed;
    buf_reset(&shard->iterator);
    return true;
}

/* The record's place, and whether it is more than one of our own positions. */
static struct str look_at(struct arena *a, struct str text, bool *is_news)
{
    struct record record;
    if (!record_decode(a, text, &record))
        return (struct str){"", 0};
    *is_news |= !str_starts(item_key(&record.keys).pk, S("FEED#"));
    return record.sequence_number;
}

static struct error *read_shard(struct follower *f, struct arena *a, struct shard *shard,
                                follower_take *take, void *context, size_t *count)
{
    struct page page;
    if (!shard->iterator.len)
        TRY(get_iterator(f, a, shard));
    if (!shard->iterator.len)
        return NULL; /* trimmed; the next look asks from the oldest on */
    struct error *e = get_records(f, a, buf_str(&shard->iterator), &page);
    if (e)
        return is_iterator_lost(shard, e) ? NULL : e;
    for (size_t i = 0; i < page.records.count; i++) {
        struct str position = look_at(a, page.records.items[i], &f->has_news);
        take(context, a, page.records.items[i]);
        if (position.len) {
            set_text(&shard->position, position);
            shard->from_oldest = false;
        }
    }
    *count += page.records.count;
    set_text(&shard->iterator, page.next);
    shard->is_done = page.next.len == 0;
    shard->is_unsaved |= page.records.count > 0 || shard->is_done;
    return NULL;
}

/* -- polling ----------------------------------------------------------------------------------- */

static struct error *refresh(struct follower *f, struct arena *a, enum follower_state *state)
{
    struct table_facts facts;
    int64_t now_us = clock_monotonic_us(&f->clock);
    *state = FOLLOWER_READING;
    if (f->is_fresh && now_us - f->refreshed_us < REFRESH_US)
        return NULL;
    TRY(table_facts_read(&f->store, a, &facts));
    if (!facts.stream_arn.len) {
        forget_stream(f);
        *state = facts.exists ? FOLLOWER_NO_STREAM : FOLLOWER_NO_TABLE;
        return NULL;
    }
    bool is_new = !str_eq(facts.stream_arn, buf_str(&f->stream));
    if (is_new) {
        forget_stream(f);
        set_text(&f->stream, facts.stream_arn);
    }
    TRY(list_shards(f, a));
    if (is_new)
        TRY(load_positions(f, a));
    f->refreshed_us = now_us;
    f->is_fresh = true;
    return NULL;
}

static bool may_read(const struct follower *f, const struct shard *shard)
{
    const struct shard *parent = find_shard(f, buf_str(&shard->parent));
    return !shard->is_done && (!parent || parent->is_done);
}

struct error *follower_poll(struct follower *f, struct arena *a, follower_take *take, void *context,
                            enum follower_state *state, size_t *count)
{
    *count = 0;
    TRY(refresh(f, a, state));
    for (struct shard *shard = f->shards; shard; shard = shard->next) {
        if (!may_read(f, shard))
            continue;
        struct error *e = read_shard(f, a, shard, take, context, count);
        if (e) {
            f->is_fresh = false; /* look at the table first */
            return e;
        }
        if (shard->is_done)
            f->is_fresh = false; /* it may have children */
    }
    return NULL;
}
