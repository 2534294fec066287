/* ListStreams, DescribeStream, GetShardIterator, GetRecords.
 *
 * Source: AWS API reference, Amazon DynamoDB Streams. */
#include "dynamodb/api/data.h"
#include "dynamodb/api/position.h"
#include "dynamodb/api/record.h"
#include "dynamodb/api/requests.h"

#define ITERATOR_LIFE_MS (15 * 60 * 1000)
#define LIST_LIMIT 100 /* streams, and shards, of one answer */

static struct str arn_of(struct op *op, const struct stream *s)
{
    struct stream_name name = {s->table_name, s->created_ms};
    return stream_arn(op->arena, op->region, op->account_id, &name);
}

static struct error *no_stream(struct op *op, struct str arn)
{
    return error_new(op->arena, &error_ResourceNotFoundException,
                     "Requested resource not found: Stream: %.*s not found", STR_ARG(arn));
}

static struct error *find_stream(struct op *op, struct str arn, struct stream *out)
{
    struct stream_name name;
    if (!stream_arn_parse(arn, &name))
        return invalid(op->arena, "Invalid StreamArn: %.*s", STR_ARG(arn));
    bool found = false;
    TRY(stream_find(op->store, op->arena, name.table_name, name.created_ms, out, &found));
    return found ? NULL : no_stream(op, arn);
}

static size_t limit_of(struct opt_i64 limit)
{
    return limit.is_given && limit.value < LIST_LIMIT ? (size_t)limit.value : LIST_LIMIT;
}

/* -- ListStreams --------------------------------------------------------------------------------
 */

static void write_stream(struct op *op, const struct stream *s)
{
    struct json_writer *w = op->reply;
    json_begin_object(w);
    json_key(w, S("StreamArn")), json_str(w, arn_of(op, s));
    json_key(w, S("TableName")), json_str(w, s->table_name);
    json_key(w, S("StreamLabel")), json_str(w, stream_label(op->arena, s->created_ms));
    json_end_object(w);
}

struct error *run_list_streams(struct op *op)
{
    const struct list_streams_input *in = op->input;
    const struct stream *streams;
    struct stream_name start;
    size_t count, first = 0;
    if (in->exclusive_start_stream_arn.data &&
        !stream_arn_parse(in->exclusive_start_stream_arn, &start))
        return invalid(op->arena, "Invalid StreamArn: %.*s",
                       STR_ARG(in->exclusive_start_stream_arn));
    TRY(stream_list(op->store, op->arena, table_name_of(in->table_name), &streams, &count));
    if (in->exclusive_start_stream_arn.data)
        while (first < count &&
               !str_eq(arn_of(op, &streams[first++]), in->exclusive_start_stream_arn))
            ;
    size_t end = first + limit_of(in->limit);
    if (end > count)
        end = count;
    json_key(op->reply, S("Streams"));
    json_begin_array(op->reply);
    for (size_t i = first; i < end; i++)
        write_stream(op, &streams[i]);
    json_end_array(op->reply);
    if (end < count) {
        json_key(op->reply, S("LastEvaluatedStreamArn"));
        json_str(op->reply, arn_of(op, &streams[end - 1]));
    }
    return NULL;
}

/* -- DescribeStream -----------------------------------------------------------------------------
 */

static void write_key_schema(struct json_writer *w, const struct key_schema *keys)
{
    json_key(w, S("KeySchema"));
    json_begin_array(w);
    for (size_t i = 0; i < (size_t)keys->partition_count + keys->sort_count; i++) {
        bool is_hash = i < keys->partition_count;
        json_begin_object(w);
        json_key(w, S("AttributeName"));
        json_str(w, is_hash ? keys->partition[i].name : keys->sort[i - keys->partition_count].name);
        json_key(w, S("KeyType"));
        json_str(w, is_hash ? S("HASH") : S("RANGE"));
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_shard(struct op *op, const struct shard *shard)
{
    struct json_writer *w = op->reply;
    json_begin_object(w);
    json_key(w, S("ShardId")), json_str(w, shard_name(op->arena, shard));
    json_key(w, S("SequenceNumberRange"));
    json_begin_object(w);
    json_key(w, S("StartingSequenceNumber"));
    json_str(w, sequence_name(op->arena, shard->first_sequence));
    if (shard->last_sequence) {
        json_key(w, S("EndingSequenceNumber"));
        json_str(w, sequence_name(op->arena, shard->last_sequence));
    }
    json_end_object(w);
    if (shard->parent_id) { /* also when it is not listed any more */
        struct shard parent = {.id = shard->parent_id, .created_ms = shard->parent_created_ms};
        json_key(w, S("ParentShardId")), json_str(w, shard_name(op->arena, &parent));
    }
    json_end_object(w);
}

/* The shards that are asked for, and one more if there are more than the limit. */
static struct error *list_shards(struct op *op, const struct describe_stream_input *in,
                                 uint32_t stream_id, const struct shard **out, size_t *count)
{
    uint32_t after = 0, parent;
    struct str start = in->exclusive_start_shard_id;
    if (start.data && !shard_name_parse(start, &after)) /* it sorts among names all the same */
        after = str_compare(start, S("shardId-")) > 0 ? UINT32_MAX : 0;
    if (!in->shard_filter)
        return stream_shards(op->store, op->arena, stream_id, after, limit_of(in->limit) + 1, out,
                             count);
    struct shard *child = arena_new(op->arena, struct shard);
    bool found = false;
    if (shard_name_parse(in->shard_filter->shard_id, &parent))
        TRY(stream_child(op->store, op->arena, stream_id, parent, child, &found));
    *out = child;
    *count = found && child->id > after;
    return NULL;
}

static void write_shards(struct op *op, const struct describe_stream_input *in,
                         const struct shard *shards, size_t count)
{
    struct json_writer *w = op->reply;
    size_t limit = limit_of(in->limit), shown = count < limit ? count : limit;
    json_key(w, S("Shards"));
    json_begin_array(w);
    for (size_t i = 0; i < shown; i++)
        write_shard(op, &shards[i]);
    json_end_array(w);
    if (shown < count) {
        json_key(w, S("LastEvaluatedShardId"));
        json_str(w, shard_name(op->arena, &shards[shown - 1]));
    }
}

/* A filter is whole or not there. */
static struct error *check_filter(struct op *op, const struct shard_filter *filter)
{
    const char *missing = !filter                  ? NULL
                          : !filter->type          ? "type"
                          : !filter->shard_id.data ? "shardId"
                                                   : NULL;
    if (!missing)
        return NULL;
    return invalid(op->arena,
                   "1 validation error detected: Value null at 'shardFilter.%s' failed to satisfy "
                   "constraint: Member must not be null",
                   missing);
}

struct error *run_describe_stream(struct op *op)
{
    const struct describe_stream_input *in = op->input;
    struct stream s;
    const struct shard *shards;
    size_t count;
    TRY(check_filter(op, in->shard_filter));
    TRY(find_stream(op, in->stream_arn, &s));
    TRY(list_shards(op, in, s.id, &shards, &count));
    struct json_writer *w = op->reply;
    json_key(w, S("StreamDescription"));
    json_begin_object(w);
    json_key(w, S("StreamArn")), json_str(w, arn_of(op, &s));
    json_key(w, S("StreamLabel")), json_str(w, stream_label(op->arena, s.created_ms));
    json_key(w, S("StreamStatus")), json_str(w, s.is_enabled ? S("ENABLED") : S("DISABLED"));
    json_key(w, S("StreamViewType")), json_str(w, stream_view_name(s.view));
    json_key(w, S("CreationRequestDateTime")), json_double(w, (double)s.created_ms / 1000);
    json_key(w, S("TableName")), json_str(w, s.table_name);
    write_key_schema(w, &s.keys);
    write_shards(op, in, shards, count);
    json_end_object(w);
    return NULL;
}

/* -- GetShardIterator ---------------------------------------------------------------------------
 */

static struct error *find_shard(struct op *op, const struct stream *s, struct str name,
                                struct shard *out)
{
    uint32_t id;
    bool found = false;
    if (shard_name_parse(name, &id))
        TRY(stream_shard(op->store, op->arena, s->id, id, out, &found));
    if (found && str_eq(shard_name(op->arena, out), name))
        return NULL;
    return error_new(op->arena, &error_ResourceNotFoundException,
                     "Requested resource not found: Shard does not exist");
}

static struct error *trimmed(struct op *op)
{
    return error_new(op->arena, &error_TrimmedDataAccessException,
                     "The operation attempted to read past the oldest stream record in a shard.");
}

/* The position that a sequence number of the request names. */
static struct error *sequence_of(struct op *op, const struct get_shard_iterator_input *in,
                                 const struct shard *shard, uint64_t *out)
{
    if (!in->sequence_number.data)
        return invalid(op->arena, "SequenceNumber is required for this ShardIteratorType");
    if (!sequence_name_parse(in->sequence_number, out))
        return invalid(op->arena, "Invalid SequenceNumber: %.*s", STR_ARG(in->sequence_number));
    bool is_outside =
        *out < shard->first_sequence || (shard->last_sequence && *out > shard->last_sequence);
    if (is_outside)
        return invalid(op->arena, "Invalid SequenceNumber: %.*s is not within the shard's range",
                       STR_ARG(in->sequence_number));
    return NULL;
}

static struct error *check_no_sequence(struct op *op, const struct get_shard_iterator_input *in)
{
    if (!in->sequence_number.data)
        return NULL;
    return invalid(op->arena, "SequenceNumber must not be given for this ShardIteratorType: %.*s",
                   STR_ARG(in->sequence_number));
}

struct error *run_get_shard_iterator(struct op *op)
{
    const struct get_shard_iterator_input *in = op->input;
    struct stream s;
    struct shard shard;
    TRY(find_stream(op, in->stream_arn, &s));
    TRY(find_shard(op, &s, in->shard_id, &shard));
    struct iterator it = {.stream_arn = in->stream_arn,
                          .stream_id = s.id,
                          .shard_id = shard.id,
                          .issued_ms = store_steady_ms(op->store)};
    switch (in->shard_iterator_type) {
    case ITERATOR_ABSENT:
    case ITERATOR_TRIM_HORIZON:
        TRY(check_no_sequence(op, in));
        it.is_trim_horizon = true;
        it.next = shard.first_sequence;
        break;
    case ITERATOR_LATEST:
        TRY(check_no_sequence(op, in));
        it.next = shard.last_sequence ? shard.last_sequence + 1
                                      : stream_latest(op->store, s.id, shard.id);
        break;
    case ITERATOR_AT_SEQUENCE_NUMBER:
    case ITERATOR_AFTER_SEQUENCE_NUMBER:
        TRY(sequence_of(op, in, &shard, &it.next));
        if (in->shard_iterator_type == ITERATOR_AFTER_SEQUENCE_NUMBER)
            it.next++;
        break;
    }
    json_key(op->reply, S("ShardIterator"));
    json_str(op->reply, iterator_name(op->arena, &it));
    return NULL;
}

/* -- GetRecords ---------------------------------------------------------------------------------
 */

static struct error *check_iterator(struct op *op, struct str name, struct iterator *it,
                                    struct stream *s)
{
    if (!iterator_parse(op->arena, name, it))
        return invalid(op->arena, "Invalid ShardIterator");
    int64_t age_ms = store_steady_ms(op->store) - it->issued_ms; /* below 0: an earlier run's */
    if (age_ms > ITERATOR_LIFE_MS || age_ms < -ITERATOR_LIFE_MS)
        return error_new(op->arena, &error_ExpiredIteratorException,
                         "The shard iterator has expired. Shard iterators expire 15 minutes after "
                         "they are retrieved.");
    TRY(find_stream(op, it->stream_arn, s));
    /* A table made anew in the same millisecond: the name is the same, the stream is not. */
    return s->id == it->stream_id ? NULL : no_stream(op, it->stream_arn);
}

struct error *run_get_records(struct op *op)
{
    const struct get_records_input *in = op->input;
    struct iterator it;
    struct stream s;
    TRY(check_iterator(op, in->shard_iterator, &it, &s));
    size_t limit = in->limit.is_given ? (size_t)in->limit.value : LIMIT_STREAM_RECORDS;
    struct stream_page page = {0};
    TRY(stream_read(op->store, op->arena, s.id, it.shard_id, it.next, limit, &page));
    if (!it.is_trim_horizon && (page.is_gone || it.next < page.oldest))
        return trimmed(op);
    json_key(op->reply, S("Records"));
    json_begin_array(op->reply);
    const struct record_source source = {it.stream_arn, op->region, s.id, it.shard_id, s.view};
    for (size_t i = 0; i < page.count; i++)
        record_write(op->arena, op->reply, &source, &page.records[i]);
    json_end_array(op->reply);
    if (page.is_end)
        return NULL;
    struct iterator next = it;
    next.next = page.next;
    /* An iterator that has found nothing yet stays at the horizon. */
    next.is_trim_horizon = it.is_trim_horizon && !page.count;
    next.issued_ms = store_steady_ms(op->store);
    json_key(op->reply, S("NextShardIterator"));
    json_str(op->reply, iterator_name(op->arena, &next));
    return NULL;
}
