#include "dynamodb/trigger/event.h"

#include "dynamodb/api/position.h"

/* Renders the records from `first` on that fit beside those before; true when all did. */
static bool add_record(struct arena *a, struct json_writer *w, struct event_batch batch, size_t at)
{
    size_t len = w->out->len;
    bool needs_comma = w->needs_comma;
    record_write_event(a, w, batch.source, batch.records[at]);
    if (at == 0 || w->out->len + 2 <= EVENT_MAX_BYTES)
        return true;
    w->out->len = len;
    w->needs_comma = needs_comma;
    return false;
}

struct str event_render(struct arena *a, struct event_batch batch, size_t *taken)
{
    struct buf out;
    buf_init(&out, (size_t)64 << 20);
    struct json_writer w = json_writer(&out);
    json_begin_object(&w);
    json_key(&w, S("Records"));
    json_begin_array(&w);
    *taken = 0;
    while (*taken < batch.count && add_record(a, &w, batch, *taken))
        ++*taken;
    json_end_array(&w);
    json_end_object(&w);
    struct str text = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return text;
}

/* -- failures ---------------------------------------------------------------------------------- */

/* "2026-11-20T22:31:07.012Z", or without the fraction. */
static void write_time(struct json_writer *w, struct str key, int64_t time_us, bool has_fraction)
{
    char stamp[CLOCK_STAMP_BYTES + 1];
    clock_stamp(time_us, stamp);
    size_t len = has_fraction ? 23 : 19;
    stamp[len] = 'Z';
    json_key(w, key);
    json_str(w, (struct str){stamp, len + 1});
}

static void write_request(struct json_writer *w, const struct event_failure *f)
{
    json_key(w, S("requestContext"));
    json_begin_object(w);
    json_key(w, S("requestId")), json_str(w, f->request_id);
    json_key(w, S("functionArn")), json_str(w, f->function);
    json_key(w, S("condition")), json_str(w, f->condition);
    json_key(w, S("approximateInvokeCount")), json_i64(w, f->invocations);
    json_end_object(w);
    if (!f->status) /* there was no answer */
        return;
    json_key(w, S("responseContext"));
    json_begin_object(w);
    json_key(w, S("statusCode")), json_i64(w, f->status);
    json_key(w, S("executedVersion")), json_str(w, S("$LATEST"));
    if (f->function_error.len)
        json_key(w, S("functionError")), json_str(w, f->function_error);
    json_end_object(w);
}

static void write_batch(struct arena *a, struct json_writer *w, struct event_batch batch,
                        struct str shard)
{
    const struct stream_record *first = batch.records[0], *last = batch.records[batch.count - 1];
    json_key(w, S("DDBStreamBatchInfo"));
    json_begin_object(w);
    json_key(w, S("shardId")), json_str(w, shard);
    json_key(w, S("startSequenceNumber")), json_str(w, sequence_name(a, first->sequence));
    json_key(w, S("endSequenceNumber")), json_str(w, sequence_name(a, last->sequence));
    write_time(w, S("approximateArrivalOfFirstRecord"), first->created_ms * 1000, false);
    write_time(w, S("approximateArrivalOfLastRecord"), last->created_ms * 1000, false);
    json_key(w, S("batchSize")), json_i64(w, (int64_t)batch.count);
    json_key(w, S("streamArn")), json_str(w, batch.source->stream_arn);
    json_end_object(w);
}

struct str event_render_failure(struct arena *a, struct event_batch batch,
                                const struct event_failure *failure)
{
    struct buf out;
    size_t taken;
    buf_init(&out, (size_t)256 << 20);
    struct json_writer w = json_writer(&out);
    json_begin_object(&w);
    write_request(&w, failure);
    json_key(&w, S("version")), json_str(&w, S("1.0"));
    write_time(&w, S("timestamp"), failure->now_us, true);
    write_batch(a, &w, batch, failure->shard);
    json_key(&w, S("payload")), json_str(&w, event_render(a, batch, &taken));
    json_end_object(&w);
    buf_add_char(&out, '\n');
    struct str line = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return line;
}
