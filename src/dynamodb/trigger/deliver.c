#include "dynamodb/trigger/deliver.h"

#include "base/log.h"
#include "base/vec.h"
#include "dynamodb/api/position.h"
#include "dynamodb/trigger/event.h"
#include "dynamodb/trigger/invoke.h"

#include <errno.h>
#include <unistd.h>

/* Records of one read, which may be several pages of the stream. */
struct reading {
    VEC(const struct stream_record *) records; /* those of the batch */
    uint64_t next;                             /* all before it have been looked at */
    uint64_t watermark;                        /* before reading */
    size_t bytes;
    bool is_full; /* no more may be added, or nothing that is there is missing */
    bool is_end;  /* of a closed shard */
};

static int64_t monotonic_us(const struct deliver *d)
{
    return clock_monotonic_us(d->clock);
}

static struct str shard_of(struct arena *a, const struct lane *lane)
{
    return shard_name(a, &(struct shard){.id = lane->shard_id, .created_ms = lane->created_ms});
}

static void warn(struct arena *a, const struct deliver *d, const struct lane *lane, struct str why)
{
    log_warn("trigger %.*s, %.*s: %.*s", STR_ARG(d->mapping->table), STR_ARG(shard_of(a, lane)),
             STR_ARG(why));
}

/* -- reading ----------------------------------------------------------------------------------- */

static bool is_wanted(struct arena *a, const struct deliver *d, const struct stream_record *record)
{
    struct buf text;
    if (!d->filter)
        return true;
    buf_init(&text, (size_t)64 << 20);
    struct json_writer w = json_writer(&text);
    record_write_event(a, &w, &d->source, record);
    bool matches = filter_matches(d->filter, a, buf_str(&text));
    buf_clear(&text);
    return matches;
}

/* An item's records are all in one part. */
static bool is_of_part(const struct deliver *d, const struct lane *lane,
                       const struct stream_record *record)
{
    return d->mapping->parts <= 1 || str_hash(record->keys) % d->mapping->parts == lane->part;
}

static void take_page(struct arena *a, const struct deliver *d, const struct lane *lane,
                      const struct stream_page *page, struct reading *r)
{
    uint64_t end = lane_end(lane);
    r->next = page->next;
    r->is_end = page->is_end;
    for (size_t i = 0; i < page->count; i++) {
        const struct stream_record *record = &page->records[i];
        bool is_beyond = end && record->sequence > end;
        if (is_beyond || r->records.count == d->mapping->batch || r->bytes > EVENT_MAX_BYTES) {
            r->next = record->sequence;
            r->is_full = true;
            r->is_end = false;
            return;
        }
        if (!is_of_part(d, lane, record) || !is_wanted(a, d, record))
            continue;
        r->bytes += record->keys.len + record->new_image.len + record->old_image.len;
        VEC_PUSH(a, &r->records, record);
    }
}

/* What the stream no longer has is passed by. */
static void skip_trimmed(struct arena *a, const struct deliver *d, struct lane *lane,
                         const struct stream_page *page)
{
    if (page->is_gone)
        warn(a, d, lane, S("the shard is past its 24 hours: what was not delivered of it is lost"));
    if (page->is_gone || page->oldest <= lane->next)
        return;
    warn(a, d, lane, S("records were not delivered within 24 hours and are lost"));
    lane_pass(lane, page->oldest - 1);
}

static struct error *read_batch(struct arena *a, const struct deliver *d, struct lane *lane,
                                struct reading *r)
{
    uint64_t end = lane_end(lane);
    r->watermark = stream_latest(d->store, d->source.stream_id, lane->shard_id);
    r->next = lane->next;
    do { /* once at least: only reading tells that a closed shard is at its end */
        struct stream_page page;
        TRY(stream_read(d->store, a, d->source.stream_id, lane->shard_id, r->next,
                        LIMIT_STREAM_RECORDS, &page));
        skip_trimmed(a, d, lane, &page);
        take_page(a, d, lane, &page, r);
        if (r->records.count == d->mapping->batch || (end && r->next > end))
            r->is_full = true;
    } while (!r->is_full && !r->is_end && r->next < r->watermark && !atomic_load(d->stop));
    return NULL;
}

/* -- giving up --------------------------------------------------------------------------------- */

static bool write_all(int file, struct str text)
{
    while (text.len) {
        ssize_t count = write(file, text.data, text.len);
        if (count < 0 && errno != EINTR)
            return false;
        text = str_from(text, count > 0 ? (size_t)count : 0);
    }
    return true;
}

/* Writes the batch to the failure file, for good; false when that cannot be done. */
static bool give_up(struct arena *a, const struct deliver *d, const struct lane *lane,
                    struct event_batch batch, struct str condition, const struct verdict *v)
{
    char id[RAND_UUID_BYTES];
    struct event_failure failure = {
        .request_id = rand_uuid(d->rand, id),
        .function = d->mapping->url,
        .condition = condition,
        .invocations = lane->invocations,
        .status = v ? v->status : 0,
        .function_error = v ? v->function_error : S(""),
        .shard = shard_of(a, lane),
        .now_us = clock_now_us(d->clock),
    };
    warn(a, d, lane,
         arena_printf(a, "%zu records are given up: %.*s%s", batch.count, STR_ARG(condition),
                      d->failures_file < 0 ? "; there is no failures=FILE to keep them" : ""));
    if (d->failures_file < 0)
        return true;
    struct str line = event_render_failure(a, batch, &failure);
    if (write_all(d->failures_file, line) && fdatasync(d->failures_file) == 0)
        return true;
    struct error *e = error_errno(a, "cannot write %.*s", STR_ARG(d->mapping->failures));
    warn(a, d, lane, e->message);
    return false;
}

/* Records at the head of the batch that are too old; true when the step is over with them. */
static bool drop_aged(struct arena *a, const struct deliver *d, struct lane *lane,
                      struct event_batch batch)
{
    int64_t oldest_ms = clock_now_ms(d->clock) - d->mapping->max_age_ms;
    size_t aged = 0;
    if (d->mapping->max_age_ms < 0)
        return false;
    while (aged < batch.count && batch.records[aged]->created_ms < oldest_ms)
        aged++;
    if (!aged)
        return false;
    batch.count = aged;
    if (give_up(a, d, lane, batch, S("RecordAgeExceeded"), NULL))
        lane_pass(lane, batch.records[aged - 1]->sequence);
    else
        lane_pause(lane, monotonic_us(d));
    return true;
}

/* -- a step ------------------------------------------------------------------------------------ */

static void settle(struct arena *a, const struct deliver *d, struct lane *lane,
                   struct event_batch batch, const struct verdict *v)
{
    uint64_t *sequences = arena_array(a, uint64_t, batch.count);
    for (size_t i = 0; i < batch.count; i++)
        sequences[i] = batch.records[i]->sequence;
    if (v->outcome != OUTCOME_SUCCESS && !atomic_load(d->break_off))
        warn(a, d, lane, v->why);
    if (!lane_settle(lane, d->mapping, (struct lane_batch){sequences, batch.count}, v->outcome,
                     v->failed_sequence, monotonic_us(d)))
        return;
    if (give_up(a, d, lane, batch, S("RetryAttemptsExhausted"), v))
        lane_pass(lane, sequences[batch.count - 1]);
    else
        lane_pause(lane, monotonic_us(d));
}

/* Nothing to invoke with: passes what was looked at. */
static void rest(struct lane *lane, const struct reading *r)
{
    if (lane->end_count && r->next > lane->next)
        lane_pass(lane, r->next - 1);
    lane->next = r->next;
    lane->is_done = r->is_end;
    lane->idle_at = r->is_full ? 0 : r->watermark;
}

void deliver_step(struct arena *a, const struct deliver *d, struct lane *lane)
{
    struct reading r = {.next = 0};
    struct error *e = read_batch(a, d, lane, &r);
    if (e) {
        warn(a, d, lane, e->message);
        lane_pause(lane, monotonic_us(d));
        return;
    }
    struct event_batch batch = {&d->source, r.records.items, r.records.count};
    if (!batch.count) {
        rest(lane, &r);
        return;
    }
    if (drop_aged(a, d, lane, batch))
        return;
    bool is_full = r.is_full || r.is_end || r.bytes > EVENT_MAX_BYTES;
    if (lane_gathers(lane, d->mapping, batch.count, is_full, monotonic_us(d))) {
        lane->idle_at = r.watermark;
        return;
    }
    struct str event = event_render(a, batch, &batch.count);
    struct verdict v = invoke(d->https, a, d->mapping, event, d->break_off);
    settle(a, d, lane, batch, &v);
}
