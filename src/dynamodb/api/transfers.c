/* ExportTableToPointInTime, ImportTable, and what lists and describes them. The work is export.c's
 * and import.c's, in a thread of its own (transfer.h).
 *
 * Source: API reference; AWS "Requesting a table export", "Requesting a table import"; words of
 * errors recorded from the service by the moto project. */
#include "base/encode.h"
#include "dynamodb/api/backups.h"
#include "dynamodb/api/bucket.h"
#include "dynamodb/api/control.h"
#include "dynamodb/api/table_define.h"
#include "dynamodb/api/table_describe.h"
#include "dynamodb/api/transfer.h"
#include "dynamodb/api/transient.h"

#include <inttypes.h>
#include <string.h>

#define WRONG "One or more parameter values were invalid: "
#define PAGE 25
#define TOKEN_HOURS 8 /* so long the same token means the same transfer */
#define DAY_MS INT64_C(86400000)
#define TOKEN_BYTES 64 /* of a NextToken, before hex: the service's are 112 digits and more */

static struct opt_i64 number(int64_t value)
{
    return (struct opt_i64){value, true};
}

/* -- describing -------------------------------------------------------------------------------- */

static struct str state_name(const struct transfer *t)
{
    return t->state.value == TRANSFER_IN_PROGRESS ? S("IN_PROGRESS")
           : t->state.value == TRANSFER_COMPLETED ? S("COMPLETED")
                                                  : S("FAILED");
}

static void text_member(struct json_writer *w, struct str key, struct str text)
{
    if (text.len)
        json_key(w, key), json_str(w, text);
}

static void number_member(struct json_writer *w, struct str key, struct opt_i64 value)
{
    if (value.is_given)
        json_key(w, key), json_i64(w, value.value);
}

static void time_member(struct json_writer *w, struct str key, struct opt_i64 ms)
{
    if (ms.is_given)
        json_key(w, key), json_double(w, (double)ms.value / 1000);
}

static struct str table_arn_of(struct op *op, const struct transfer *t)
{
    struct table named = {.name = t->table_name};
    return table_arn(op->arena, &named, op->region, op->account_id);
}

static void write_failure(struct json_writer *w, const struct transfer *t)
{
    text_member(w, S("FailureCode"), t->failure_code);
    text_member(w, S("FailureMessage"), t->failure_message);
}

static void write_window(struct json_writer *w, const struct transfer *t)
{
    if (!t->is_incremental.value)
        return;
    json_key(w, S("IncrementalExportSpecification"));
    json_begin_object(w);
    time_member(w, S("ExportFromTime"), number((t->from_us.value + 1) / 1000));
    time_member(w, S("ExportToTime"), number((t->moment_us.value + 1) / 1000));
    text_member(w, S("ExportViewType"),
                t->is_new_image_only.value ? S("NEW_IMAGE") : S("NEW_AND_OLD_IMAGES"));
    json_end_object(w);
}

static struct str manifest_of(struct op *op, const struct transfer *t)
{
    bool is_cut = t->prefix.len && t->prefix.data[t->prefix.len - 1] == '/';
    return arena_printf(op->arena, "%.*s%sAWSDynamoDB/%.*s/manifest-summary.json",
                        STR_ARG(t->prefix), t->prefix.len && !is_cut ? "/" : "", STR_ARG(t->id));
}

static struct str export_type(const struct transfer *t)
{
    return t->is_incremental.value ? S("INCREMENTAL_EXPORT") : S("FULL_EXPORT");
}

static void write_export(struct op *op, const struct transfer *t)
{
    struct json_writer *w = op->reply;
    json_key(w, S("ExportDescription"));
    json_begin_object(w);
    text_member(w, S("ExportArn"), transfer_arn(op, t));
    text_member(w, S("ExportStatus"), state_name(t));
    time_member(w, S("StartTime"), t->started_ms);
    time_member(w, S("EndTime"), t->ended_ms);
    if (t->state.value == TRANSFER_COMPLETED)
        text_member(w, S("ExportManifest"), manifest_of(op, t));
    text_member(w, S("TableArn"), table_arn_of(op, t));
    text_member(w, S("TableId"), t->table_uuid);
    if (!t->is_incremental.value)
        time_member(w, S("ExportTime"), number(t->moment_us.value / 1000));
    text_member(w, S("ClientToken"), t->client_token);
    text_member(w, S("S3Bucket"), t->bucket);
    text_member(w, S("S3BucketOwner"), t->owner);
    text_member(w, S("S3Prefix"), t->prefix);
    text_member(w, S("S3SseAlgorithm"), t->sse_algorithm);
    text_member(w, S("S3SseKmsKeyId"), t->kms_key_id);
    write_failure(w, t);
    text_member(w, S("ExportFormat"), S("DYNAMODB_JSON"));
    number_member(w, S("BilledSizeBytes"), t->billed_bytes);
    number_member(w, S("ItemCount"), t->item_count);
    text_member(w, S("ExportType"), export_type(t));
    write_window(w, t);
    json_end_object(w);
}

static void write_source(struct json_writer *w, const struct transfer *t)
{
    json_key(w, S("S3BucketSource"));
    json_begin_object(w);
    text_member(w, S("S3BucketOwner"), t->owner);
    text_member(w, S("S3Bucket"), t->bucket);
    text_member(w, S("S3KeyPrefix"), t->prefix);
    json_end_object(w);
}

static struct str format_name(const struct transfer *t)
{
    return t->format.value == IMPORT_CSV ? S("CSV") : S("DYNAMODB_JSON");
}

static struct str log_group(struct op *op)
{
    return arena_printf(op->arena, "arn:aws:logs:%.*s:%.*s:log-group:/aws-dynamodb/imports:*",
                        STR_ARG(op->region), STR_ARG(op->account_id));
}

static void write_csv_options(struct json_writer *w, const struct transfer *t)
{
    if (!t->delimiter.len && !t->headers.is_given)
        return;
    json_key(w, S("InputFormatOptions"));
    json_begin_object(w);
    json_key(w, S("Csv"));
    json_begin_object(w);
    text_member(w, S("Delimiter"), t->delimiter);
    if (t->headers.is_given) {
        json_key(w, S("HeaderList"));
        json_begin_array(w);
        for (size_t i = 0; i < t->headers.count; i++)
            json_str(w, t->headers.items[i]);
        json_end_array(w);
    }
    json_end_object(w);
    json_end_object(w);
}

static void write_import(struct op *op, const struct transfer *t)
{
    struct json_writer *w = op->reply;
    json_key(w, S("ImportTableDescription"));
    json_begin_object(w);
    text_member(w, S("ImportArn"), transfer_arn(op, t));
    text_member(w, S("ImportStatus"), state_name(t));
    text_member(w, S("TableArn"), table_arn_of(op, t));
    text_member(w, S("TableId"), t->table_uuid);
    text_member(w, S("ClientToken"), t->client_token);
    write_source(w, t);
    number_member(w, S("ErrorCount"), number(t->error_count.value));
    text_member(w, S("CloudWatchLogGroupArn"), log_group(op));
    text_member(w, S("InputFormat"), format_name(t));
    write_csv_options(w, t);
    text_member(w, S("InputCompressionType"),
                t->compression.value == IMPORT_COMPRESSION_GZIP ? S("GZIP") : S("NONE"));
    json_key(w, S("TableCreationParameters")), json_raw(w, t->parameters);
    time_member(w, S("StartTime"), t->started_ms);
    time_member(w, S("EndTime"), t->ended_ms);
    number_member(w, S("ProcessedSizeBytes"), number(t->processed_bytes.value));
    number_member(w, S("ProcessedItemCount"), number(t->processed_items.value));
    number_member(w, S("ImportedItemCount"), number(t->imported_items.value));
    write_failure(w, t);
    json_end_object(w);
}

static void write_any(struct op *op, const struct transfer *t)
{
    if (t->kind.value == TRANSFER_EXPORT)
        write_export(op, t);
    else
        write_import(op, t);
}

/* -- finding and listing ----------------------------------------------------------------------- */

static struct error *find(struct op *op, enum transfer_kind kind, struct str arn,
                          const struct transfer **out)
{
    transfer_list list;
    TRY(transfers_load(op, &list));
    *out = NULL;
    for (size_t i = 0; i < list.count && !*out; i++)
        if (list.items[i].kind.value == kind && str_eq(transfer_arn(op, &list.items[i]), arn))
            *out = &list.items[i];
    return NULL;
}

struct error *run_describe_export(struct op *op)
{
    const struct describe_transfer_input *in = op->input;
    const struct transfer *t;
    TRY(find(op, TRANSFER_EXPORT, in->export_arn, &t));
    if (!t)
        return error_new(op->arena, &error_ExportNotFoundException, "Export not found: %.*s",
                         STR_ARG(in->export_arn));
    write_export(op, t);
    return NULL;
}

struct error *run_describe_import(struct op *op)
{
    const struct describe_transfer_input *in = op->input;
    const struct transfer *t;
    TRY(find(op, TRANSFER_IMPORT, in->import_arn, &t));
    if (!t)
        return error_new(op->arena, &error_ImportNotFoundException, "Import not found: %.*s",
                         STR_ARG(in->import_arn));
    write_import(op, t);
    return NULL;
}

/* A token is the last id shown and zeros, in hex. */
static struct str token_of(struct arena *a, struct str id)
{
    char bytes[TOKEN_BYTES] = {0};
    struct buf text;
    buf_init(&text, 2 * TOKEN_BYTES);
    memcpy(bytes, id.data, id.len < TOKEN_BYTES ? id.len : TOKEN_BYTES);
    hex_encode(&text, (struct str){bytes, sizeof bytes});
    struct str token = arena_str(a, buf_str(&text));
    buf_clear(&text);
    return token;
}

static struct error *read_token(struct op *op, struct str token, struct str *id)
{
    *id = (struct str){NULL, 0};
    if (!token.data)
        return NULL;
    char *bytes = arena_alloc(op->arena, TOKEN_BYTES);
    if (token.len != 2 * TOKEN_BYTES || hex_decode(token, bytes) != TOKEN_BYTES)
        return invalid(op->arena, "Invalid NextToken");
    struct str rest = {bytes, TOKEN_BYTES};
    str_cut(&rest, 0, id);
    return NULL;
}

static void write_summary(struct op *op, const struct transfer *t)
{
    struct json_writer *w = op->reply;
    bool is_export = t->kind.value == TRANSFER_EXPORT;
    json_begin_object(w);
    text_member(w, is_export ? S("ExportArn") : S("ImportArn"), transfer_arn(op, t));
    text_member(w, is_export ? S("ExportStatus") : S("ImportStatus"), state_name(t));
    if (is_export) {
        text_member(w, S("ExportType"), export_type(t));
    } else {
        text_member(w, S("TableArn"), table_arn_of(op, t));
        write_source(w, t);
        text_member(w, S("CloudWatchLogGroupArn"), log_group(op));
        text_member(w, S("InputFormat"), format_name(t));
        time_member(w, S("StartTime"), t->started_ms);
        time_member(w, S("EndTime"), t->ended_ms);
    }
    json_end_object(w);
}

/* The newest first; ids begin with their time. */
static struct error *list(struct op *op, enum transfer_kind kind, struct str key,
                          struct opt_i64 limit)
{
    const struct list_transfers_input *in = op->input;
    size_t room = limit.is_given ? (size_t)limit.value : PAGE, shown = 0;
    const struct transfer *last = NULL;
    transfer_list all;
    struct str after;
    bool goes_on = false, is_behind;
    TRY(read_token(op, in->next_token, &after));
    TRY(transfers_load(op, &all));
    is_behind = !after.data;
    json_key(op->reply, key);
    json_begin_array(op->reply);
    for (size_t i = all.count; i-- > 0 && !goes_on;) {
        const struct transfer *t = &all.items[i];
        bool is_shown = is_behind && t->kind.value == kind &&
                        (!in->table_arn.data || str_eq(in->table_arn, table_arn_of(op, t)));
        is_behind |= str_eq(t->id, after);
        if (!is_shown)
            continue;
        goes_on = shown++ == room;
        if (goes_on)
            break;
        write_summary(op, t);
        last = t;
    }
    json_end_array(op->reply);
    if (goes_on && last)
        text_member(op->reply, S("NextToken"), token_of(op->arena, last->id));
    return NULL;
}

struct error *run_list_exports(struct op *op)
{
    const struct list_transfers_input *in = op->input;
    return list(op, TRANSFER_EXPORT, S("ExportSummaries"), in->max_results);
}

struct error *run_list_imports(struct op *op)
{
    const struct list_transfers_input *in = op->input;
    return list(op, TRANSFER_IMPORT, S("ImportSummaryList"), in->page_size);
}

/* -- asking for one ---------------------------------------------------------------------------- */

/* *known is the transfer that the token stands for. */
static struct error *find_repetition(struct op *op, const struct transfer *wanted,
                                     const struct transfer **known)
{
    transfer_list all;
    int64_t oldest_ms = clock_now_ms(op->clock) - TOKEN_HOURS * 3600 * INT64_C(1000);
    TRY(transfers_load(op, &all));
    *known = NULL;
    for (size_t i = 0; i < all.count; i++) {
        const struct transfer *t = &all.items[i];
        bool is_valid = t->state.value == TRANSFER_IN_PROGRESS || t->ended_ms.value > oldest_ms;
        if (t->kind.value == wanted->kind.value && is_valid &&
            str_eq(t->client_token, wanted->client_token))
            *known = t;
    }
    if (!*known || str_eq((*known)->digest, wanted->digest))
        return NULL;
    return error_new(op->arena,
                     wanted->kind.value == TRANSFER_EXPORT ? &error_ExportConflictException
                                                           : &error_ImportConflictException,
                     "The request conflicts with a previous one that had the same client token: "
                     "%.*s",
                     STR_ARG(wanted->client_token));
}

static struct str digest_of(struct arena *a, struct str text)
{
    struct md5 sum = md5_of(text, S(""));
    struct buf hex;
    buf_init(&hex, 64);
    hex_encode(&hex, (struct str){(const char *)sum.bytes, sizeof sum.bytes});
    struct str digest = arena_str(a, buf_str(&hex));
    buf_clear(&hex);
    return digest;
}

static struct str given_token(struct op *op, struct str token)
{
    char uuid[RAND_UUID_BYTES];
    return token.len ? token : arena_str(op->arena, rand_uuid(op->rand, uuid));
}

static void set_times(struct op *op, struct transfer *t)
{
    t->state = number(TRANSFER_IN_PROGRESS);
    t->id = transfer_new_id(op);
    t->started_ms = number(clock_now_ms(op->clock));
}

static struct error *start(struct op *op, const struct transfer *t)
{
    TRY(transfer_keep(op, t));
    transfers_wake(op->transfers);
    write_any(op, t);
    return NULL;
}

/* -- exports ----------------------------------------------------------------------------------- */

static struct error *refuse_time(struct op *op)
{
    return error_new(op->arena, &error_InvalidExportTimeException,
                     "The specified ExportTime is outside of the point in time recovery window.");
}

/* Of that millisecond all that was written, as with a restore. */
static struct error *find_moment(struct op *op, const struct export_table_input *in,
                                 const struct table *t, struct transfer *out)
{
    int64_t latest_us = recovery_latest_us(op->store), moment_us = latest_us;
    int64_t earliest_ms = recovery_earliest_us(op->store, t) / 1000;
    if (in->export_time.is_given) {
        int64_t wanted_ms = in->export_time.value;
        if (wanted_ms < earliest_ms || wanted_ms > latest_us / 1000)
            return refuse_time(op);
        moment_us = wanted_ms * 1000 + 999 < latest_us ? wanted_ms * 1000 + 999 : latest_us;
    }
    out->moment_us = number(moment_us);
    return NULL;
}

/* From the beginning of one millisecond to the beginning of another. */
static struct error *find_window(struct op *op, const struct export_table_input *in,
                                 const struct table *t, struct transfer *out)
{
    const struct incremental_export *window = in->incremental_export_specification;
    int64_t latest_ms = recovery_latest_us(op->store) / 1000;
    int64_t earliest_ms = recovery_earliest_us(op->store, t) / 1000;
    if (!window || !window->export_from_time.is_given)
        return invalid(op->arena,
                       WRONG "IncrementalExportSpecification with ExportFromTime must be "
                             "specified when ExportType is INCREMENTAL_EXPORT");
    int64_t from_ms = window->export_from_time.value;
    int64_t to_ms = window->export_to_time.is_given ? window->export_to_time.value : latest_ms;
    if (from_ms >= to_ms)
        return invalid(op->arena, WRONG "ExportFromTime must be before ExportToTime");
    if (to_ms - from_ms > DAY_MS)
        return invalid(op->arena, WRONG "The export period must not be longer than 24 hours");
    if (from_ms < earliest_ms || to_ms > latest_ms)
        return refuse_time(op);
    out->is_incremental = number(1);
    out->is_new_image_only = number(window->export_view_type == EXPORT_NEW_IMAGE);
    out->from_us = number(from_ms * 1000 - 1);
    out->moment_us = number(to_ms * 1000 - 1);
    return NULL;
}

static struct error *check_export(struct op *op, const struct export_table_input *in)
{
    struct str prefix = in->s3_prefix;
    bool is_cut = prefix.len && prefix.data[prefix.len - 1] == '/';
    if (in->export_format == EXPORT_ION)
        return invalid(op->arena, WRONG "ExportFormat ION is not supported by this endpoint");
    if (prefix.len && !bucket_key_is_plain(str_slice(prefix, 0, prefix.len - is_cut)))
        return invalid(op->arena, WRONG "S3Prefix has an empty part, or one of dots, which this "
                                        "endpoint does not support");
    if (in->export_type == EXPORT_INCREMENTAL && in->export_time.is_given)
        return invalid(op->arena, WRONG "ExportTime cannot be specified when ExportType is "
                                        "INCREMENTAL_EXPORT");
    if (in->export_type != EXPORT_INCREMENTAL && in->incremental_export_specification)
        return invalid(op->arena, WRONG "IncrementalExportSpecification cannot be specified when "
                                        "ExportType is FULL_EXPORT");
    return NULL;
}

static struct str export_digest(struct op *op, const struct export_table_input *in)
{
    const struct incremental_export *window = in->incremental_export_specification;
    return digest_of(
        op->arena,
        arena_printf(
            op->arena, "%.*s\n%.*s\n%.*s\n%.*s\n%" PRId64 " %d %d %" PRId64 " %" PRId64 " %d",
            STR_ARG(in->table_arn), STR_ARG(in->s3_bucket), STR_ARG(in->s3_prefix),
            STR_ARG(in->s3_bucket_owner), in->export_time.value, in->export_type,
            in->s3_sse_algorithm, window ? window->export_from_time.value : 0,
            window ? window->export_to_time.value : 0, window ? (int)window->export_view_type : 0));
}

/* The table's past stays as long as the export needs it. */
static struct error *hold(struct op *op, const struct table *table, struct transfer *t)
{
    struct backup b = {
        .kind = BACKUP_HOLD,
        .name = t->id,
        .moment_us = t->is_incremental.value ? t->from_us.value : t->moment_us.value,
    };
    uint64_t sequence;
    TRY(backup_create(op->store, op->arena, table, &b, &sequence));
    op_depends(op, sequence);
    t->hold_id = number(b.id);
    return NULL;
}

struct error *run_export_table(struct op *op)
{
    const struct export_table_input *in = op->input;
    const struct table *table;
    const struct transfer *known;
    TRY(check_export(op, in));
    TRY(backup_table(op, in->table_arn, &table));
    TRY(recovery_check(op, table));
    struct transfer t = {
        .kind = number(TRANSFER_EXPORT),
        .table_name = table->name,
        .table_uuid = str_z(table->uuid),
        .table_id = number(table->id),
        .client_token = given_token(op, in->client_token),
        .digest = export_digest(op, in),
        .bucket = in->s3_bucket,
        .owner = in->s3_bucket_owner,
        .prefix = in->s3_prefix,
        .sse_algorithm = in->s3_sse_algorithm == SSE_TYPE_KMS ? S("KMS") : S("AES256"),
        .kms_key_id = in->s3_sse_kms_key_id,
    };
    TRY(find_repetition(op, &t, &known));
    if (known) {
        write_any(op, known);
        return NULL;
    }
    set_times(op, &t);
    TRY(in->export_type == EXPORT_INCREMENTAL ? find_window(op, in, table, &t)
                                              : find_moment(op, in, table, &t));
    TRY(hold(op, table, &t));
    return start(op, &t);
}

/* -- imports ----------------------------------------------------------------------------------- */

static struct error *check_import(struct op *op, const struct import_table_input *in)
{
    const struct csv_options *csv = in->input_format_options ? in->input_format_options->csv : NULL;
    if (in->input_format == IMPORT_ION)
        return invalid(op->arena, WRONG "InputFormat ION is not supported by this endpoint");
    if (in->input_compression_type == IMPORT_COMPRESSION_ZSTD)
        return invalid(op->arena,
                       WRONG "InputCompressionType ZSTD is not supported by this endpoint");
    if (csv && in->input_format != IMPORT_CSV)
        return invalid(op->arena, WRONG "Csv options cannot be specified when InputFormat is not "
                                        "CSV");
    for (size_t i = 0; csv && i < csv->header_list.count; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq(csv->header_list.items[i], csv->header_list.items[j]))
                return invalid(op->arena, WRONG "HeaderList has a name twice: %.*s",
                               STR_ARG(csv->header_list.items[i]));
    return NULL;
}

static struct str creation_parameters(struct op *op, const struct table *definition)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    struct json_writer w = json_writer(&text);
    table_describe_creation(&w, definition);
    struct str json = arena_str(op->arena, buf_str(&text));
    buf_clear(&text);
    return json;
}

static struct error *define_import(struct op *op, const struct create_table_input *in,
                                   struct table *out)
{
    TRY(table_define(op->arena, in, out));
    struct index *indexes = arena_array(op->arena, struct index, out->index_count + 1);
    for (size_t i = 0; i < out->index_count; i++) {
        indexes[i] = out->indexes[i];
        indexes[i].status = STATUS_CREATING;
    }
    out->indexes = indexes;
    out->status = STATUS_CREATING;
    out->sse = sse_describe(op->arena, in->sse_specification, op->region, op->account_id);
    if (out->billing == BILLING_PAY_PER_REQUEST)
        out->billing_changed_ms = clock_now_ms(op->clock);
    return NULL;
}

static void describe_source(const struct import_table_input *in, struct transfer *t)
{
    const struct csv_options *csv = in->input_format_options ? in->input_format_options->csv : NULL;
    t->bucket = in->s3_bucket_source->s3_bucket;
    t->owner = in->s3_bucket_source->s3_bucket_owner;
    t->prefix = in->s3_bucket_source->s3_key_prefix;
    t->format = number(in->input_format);
    t->compression = number(in->input_compression_type);
    if (csv) {
        t->delimiter = csv->delimiter;
        t->headers = csv->header_list;
    }
}

static struct str import_digest(struct op *op, const struct transfer *t)
{
    struct str headers = S("");
    for (size_t i = 0; i < t->headers.count; i++)
        headers =
            arena_printf(op->arena, "%.*s\n%.*s", STR_ARG(headers), STR_ARG(t->headers.items[i]));
    return digest_of(op->arena,
                     arena_printf(op->arena,
                                  "%.*s\n%.*s\n%.*s\n%.*s\n%.*s\n%" PRId64 " %" PRId64 "\n%.*s",
                                  STR_ARG(t->bucket), STR_ARG(t->prefix), STR_ARG(t->owner),
                                  STR_ARG(t->parameters), STR_ARG(t->delimiter), t->format.value,
                                  t->compression.value, STR_ARG(headers)));
}

struct error *run_import_table(struct op *op)
{
    const struct import_table_input *in = op->input;
    struct table definition;
    const struct table *created;
    const struct transfer *known;
    uint64_t sequence;
    TRY(check_import(op, in));
    TRY(define_import(op, in->table_creation_parameters, &definition));
    struct transfer t = {
        .kind = number(TRANSFER_IMPORT),
        .table_name = definition.name,
        .client_token = given_token(op, in->client_token),
        .parameters = creation_parameters(op, &definition),
    };
    describe_source(in, &t);
    t.digest = import_digest(op, &t);
    TRY(find_repetition(op, &t, &known));
    if (known) {
        write_any(op, known);
        return NULL;
    }
    if (catalog_find(op->store, definition.name) || change_is(op, definition.name, STATUS_DELETING))
        return error_new(op->arena, &error_ResourceInUseException, "Table already exists: %.*s",
                         STR_ARG(definition.name));
    TRY(tables_check_room(op));
    set_times(op, &t);
    TRY(catalog_create(op->store, op->arena, &definition, &created, &sequence));
    op_depends(op, sequence);
    t.table_id = number(created->id);
    t.table_uuid = str_z(created->uuid);
    return start(op, &t);
}
