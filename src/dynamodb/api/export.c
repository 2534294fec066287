/* The work of an export: what a table was at one moment, or what became of it between two.
 *
 *     [PREFIX/]AWSDynamoDB/ID/_started
 *                            /data/NAME.json.gz       {"Item":{…}} a line; of full exports
 *                        /data/NAME.json.gz           {"Metadata":…,"Keys":…,…}; of incremental
 * ones /ID/manifest-files.json      a line for each file above /manifest-files.md5
 *                           /manifest-summary.json    comes last
 *                           /manifest-summary.md5
 *
 * Source: AWS "DynamoDB table export output format"; names of the checksum files as moto's tests
 * saw them in the service's buckets. */
#include "base/encode.h"
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/bucket.h"
#include "dynamodb/api/check.h"
#include "dynamodb/api/transfer.h"
#include "dynamodb/storage/backup.h"
#include "dynamodb/storage/history.h"

#include <inttypes.h>

#define FILE_BYTES (8u << 20) /* of one data file, not packed */
#define MAX_LINE (16u << 20)
#define MAX_MANIFEST (64u << 20)

struct job {
    struct work *work;
    struct transfer *t;
    const struct backup *hold; /* with the table's definition */
    struct buf lines;          /* of the data file under way */
    struct buf files;          /* manifest-files.json */
    int64_t line_count, item_count, bytes;
    size_t file_count;
};

/* -- files ------------------------------------------------------------------------------------- */

static struct str key_of(struct job *e, const char *rest)
{
    struct str prefix = e->t->prefix;
    bool is_cut = prefix.len && prefix.data[prefix.len - 1] == '/';
    return arena_printf(e->work->op->arena, "%.*s%sAWSDynamoDB/%s", STR_ARG(prefix),
                        prefix.len && !is_cut ? "/" : "", rest);
}

static struct str own_key(struct job *e, const char *name)
{
    struct arena *a = e->work->op->arena;
    return key_of(e, arena_z(a, arena_printf(a, "%.*s/%s", STR_ARG(e->t->id), name)));
}

static struct error *put(struct job *e, struct str key, struct str bytes)
{
    return bucket_put(e->work->op->arena, e->work->bucket_dir, e->t->bucket, key, bytes);
}

static struct str base64_of(struct arena *a, struct md5 sum)
{
    struct buf b;
    buf_init(&b, 64);
    base64_encode(&b, (struct str){(const char *)sum.bytes, sizeof sum.bytes});
    struct str text = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return text;
}

static struct str hex_of(struct arena *a, struct md5 sum)
{
    struct buf b;
    buf_init(&b, 64);
    hex_encode(&b, (struct str){(const char *)sum.bytes, sizeof sum.bytes});
    struct str text = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return text;
}

static void list_file(struct job *e, struct str key, struct str packed)
{
    struct arena *a = e->work->op->arena;
    struct md5 sum = md5_of(packed, S(""));
    struct json_writer w = json_writer(&e->files);
    json_begin_object(&w);
    json_key(&w, S("itemCount")), json_i64(&w, e->line_count);
    json_key(&w, S("md5Checksum")), json_str(&w, base64_of(a, sum));
    json_key(&w, S("etag")), json_str(&w, arena_printf(a, "%.*s-1", STR_ARG(hex_of(a, sum))));
    json_key(&w, S("dataFileS3Key")), json_str(&w, key);
    json_end_object(&w);
    buf_add_char(&e->files, '\n');
}

/* Its name is made of the export's, so that one that is begun again writes the same files. */
static struct str data_key(struct job *e)
{
    struct arena *a = e->work->op->arena;
    struct str name = arena_printf(a, "%.*s/%zu", STR_ARG(e->t->id), e->file_count);
    struct str hex = hex_of(a, md5_of(name, S("")));
    const char *path = arena_z(a, arena_printf(a, "data/%.*s.json.gz", 26, hex.data));
    return e->t->is_incremental.value ? key_of(e, path) : own_key(e, path);
}

static struct error *end_file(struct job *e)
{
    struct str key = data_key(e);
    struct buf packed;
    buf_init(&packed, SIZE_MAX);
    struct error *error = bucket_pack(e->work->op->arena, buf_str(&e->lines), &packed);
    if (!error)
        error = put(e, key, buf_str(&packed));
    if (!error)
        list_file(e, key, buf_str(&packed));
    buf_clear(&packed);
    buf_reset(&e->lines);
    e->line_count = 0;
    e->file_count++;
    return error;
}

/* -- lines ------------------------------------------------------------------------------------- */

static void write_image(struct json_writer *w, struct str name, struct str attributes)
{
    json_key(w, name);
    attribute_write_item(w, attributes);
}

static struct error *end_line(struct job *e)
{
    buf_add_char(&e->lines, '\n');
    e->line_count++;
    e->item_count++;
    return e->lines.len > FILE_BYTES ? end_file(e) : NULL;
}

static struct error *load(struct job *e, struct str stored, struct item *out)
{
    *out = (struct item){0};
    if (!stored.len || item_load(stored, out))
        return NULL;
    return error_new(e->work->op->arena, &error_InternalServerError, "an item cannot be read");
}

static struct error *write_item(struct job *e, struct item item)
{
    struct json_writer w = json_writer(&e->lines);
    json_begin_object(&w);
    write_image(&w, S("Item"), item.attributes);
    json_end_object(&w);
    e->bytes += item.size_bytes;
    return end_line(e);
}

static struct error *write_change(struct job *e, const struct past_change *change, struct item old,
                                  struct item new_item)
{
    struct json_writer w = json_writer(&e->lines);
    struct arena *a = e->work->op->arena;
    struct item any = item_exists(new_item) ? new_item : old;
    bool shows_old = item_exists(old) && !e->t->is_new_image_only.value;
    json_begin_object(&w);
    json_key(&w, S("Metadata"));
    json_begin_object(&w);
    json_key(&w, S("WriteTimestampMicros"));
    json_begin_object(&w);
    json_key(&w, S("N")), json_str(&w, arena_printf(a, "%" PRId64, change->moment_us));
    json_end_object(&w);
    json_end_object(&w);
    write_image(&w, S("Keys"), key_of_item(a, &e->hold->table, any.attributes));
    if (shows_old)
        write_image(&w, S("OldImage"), old.attributes);
    if (item_exists(new_item))
        write_image(&w, S("NewImage"), new_item.attributes);
    json_end_object(&w);
    e->bytes += (int64_t)old.size_bytes + new_item.size_bytes;
    return end_line(e);
}

/* -- pages ------------------------------------------------------------------------------------- */

/* *bucket_error is what the bucket said. */
static struct error *export_page(struct job *e, struct str *after, struct error **bucket_error)
{
    struct op *op = e->work->op;
    struct past past = {SPACE_ITEM, e->hold->table.id, e->t->moment_us.value};
    struct past_page page;
    TRY(history_read(op->store, op->arena, &past, *after, &page));
    for (size_t i = 0; i < page.count && !*bucket_error; i++) {
        struct item item;
        TRY(load(e, page.items[i].value, &item));
        *bucket_error = write_item(e, item);
    }
    *after = page.last;
    return NULL;
}

static struct error *export_changes(struct job *e, struct str *after, struct error **bucket_error)
{
    struct op *op = e->work->op;
    struct past_changes page;
    TRY(history_read_changes(op->store, op->arena, e->hold->table.id, e->t->from_us.value,
                             e->t->moment_us.value, *after, &page));
    for (size_t i = 0; i < page.count && !*bucket_error; i++) {
        struct item old, new_item;
        TRY(load(e, page.items[i].old_image, &old));
        TRY(load(e, page.items[i].new_image, &new_item));
        if (item_exists(old) || item_exists(new_item))
            *bucket_error = write_change(e, &page.items[i], old, new_item);
    }
    *after = page.last;
    return NULL;
}

/* *is_done is false when the server ends. */
static struct error *export_pages(struct job *e, struct error **bucket_error, bool *is_done)
{
    struct str after = {"", 0};
    do {
        *is_done = !transfers_are_stopping(e->work->transfers);
        if (!*is_done)
            return NULL;
        char key[2 * (LIMIT_PARTITION_KEY + LIMIT_SORT_KEY) + 64];
        memcpy(key, after.data, after.len);
        arena_reset(e->work->op->arena);
        after.data = key;
        TRY(e->t->is_incremental.value ? export_changes(e, &after, bucket_error)
                                       : export_page(e, &after, bucket_error));
    } while (after.len && !*bucket_error);
    return NULL;
}

/* -- manifests --------------------------------------------------------------------------------- */

static void time_member(struct json_writer *w, struct arena *a, struct str key, int64_t ms)
{
    char stamp[CLOCK_STAMP_BYTES];
    struct str text = clock_stamp(ms * 1000, stamp); /* "2026-11-20T22:31:07.012000+00:00" */
    json_key(w, key);
    json_str(w, arena_printf(a, "%.*sZ", 23, text.data));
}

static void text_member(struct json_writer *w, struct str key, struct str text)
{
    json_key(w, key);
    if (text.len)
        json_str(w, text);
    else
        json_null(w);
}

static void write_summary(struct job *e, struct buf *out)
{
    const struct transfer *t = e->t;
    struct op *op = e->work->op;
    struct json_writer w = json_writer(out);
    json_begin_object(&w);
    text_member(&w, S("version"), t->is_incremental.value ? S("2023-08-01") : S("2020-06-30"));
    text_member(&w, S("exportArn"), transfer_arn(op, t));
    time_member(&w, op->arena, S("startTime"), t->started_ms.value);
    time_member(&w, op->arena, S("endTime"), clock_now_ms(op->clock));
    text_member(&w, S("tableArn"),
                table_arn(op->arena, &e->hold->table, op->region, op->account_id));
    text_member(&w, S("tableId"), t->table_uuid);
    if (t->is_incremental.value) {
        time_member(&w, op->arena, S("exportFromTime"), (t->from_us.value + 1) / 1000);
        time_member(&w, op->arena, S("exportToTime"), (t->moment_us.value + 1) / 1000);
    } else {
        time_member(&w, op->arena, S("exportTime"), t->moment_us.value / 1000);
    }
    text_member(&w, S("s3Bucket"), t->bucket);
    text_member(&w, S("s3Prefix"), t->prefix);
    text_member(&w, S("s3SseAlgorithm"), t->sse_algorithm);
    text_member(&w, S("s3SseKmsKeyId"), t->kms_key_id);
    text_member(&w, S("manifestFilesS3Key"), own_key(e, "manifest-files.json"));
    json_key(&w, S("billedSizeBytes")), json_i64(&w, e->bytes);
    json_key(&w, S("itemCount")), json_i64(&w, e->item_count);
    text_member(&w, S("outputFormat"), S("DYNAMODB_JSON"));
    if (t->is_incremental.value) {
        text_member(&w, S("outputView"),
                    t->is_new_image_only.value ? S("NEW_IMAGE") : S("NEW_AND_OLD_IMAGES"));
        text_member(&w, S("exportType"), S("INCREMENTAL_EXPORT"));
    }
    json_end_object(&w);
}

static struct error *put_summed(struct job *e, const char *name, const char *sum_name,
                                struct str bytes)
{
    TRY(put(e, own_key(e, name), bytes));
    return put(e, own_key(e, sum_name), base64_of(e->work->op->arena, md5_of(bytes, S(""))));
}

static struct error *put_manifests(struct job *e)
{
    TRY(put_summed(e, "manifest-files.json", "manifest-files.md5", buf_str(&e->files)));
    struct buf summary;
    buf_init(&summary, MAX_MANIFEST);
    write_summary(e, &summary);
    struct error *error =
        put_summed(e, "manifest-summary.json", "manifest-summary.md5", buf_str(&summary));
    buf_clear(&summary);
    return error;
}

/* -- the whole --------------------------------------------------------------------------------- */

static struct error *export_all(struct job *e, struct error **bucket_error)
{
    bool is_done = false;
    *bucket_error = put(e, own_key(e, "_started"), S(""));
    if (!*bucket_error)
        TRY(export_pages(e, bucket_error, &is_done));
    if (!*bucket_error && !is_done)
        return NULL;
    if (!*bucket_error && (e->line_count || !e->file_count))
        *bucket_error = end_file(e);
    if (!*bucket_error)
        *bucket_error = put_manifests(e);
    if (*bucket_error)
        return NULL;
    e->t->state = (struct opt_i64){TRANSFER_COMPLETED, true};
    e->t->item_count = (struct opt_i64){e->item_count, true};
    e->t->billed_bytes = (struct opt_i64){e->bytes, true};
    return NULL;
}

struct error *export_work(struct work *w, struct transfer *t)
{
    struct op *op = w->op;
    struct error *bucket_error = NULL;
    struct backup hold;
    bool found;
    TRY(backup_get(op->store, w->lasting, (uint32_t)t->hold_id.value, &hold, &found));
    if (!found)
        transfer_fail(w, t, "UNKNOWN", S("The table's past is no longer there"));
    else if (!bucket_exists(op->arena, w->bucket_dir, t->bucket))
        transfer_fail(w, t, "S3NoSuchBucket", S("The specified bucket does not exist"));
    if (found && t->state.value == TRANSFER_IN_PROGRESS) {
        struct job e = {.work = w, .t = t, .hold = &hold};
        buf_init(&e.lines, FILE_BYTES + MAX_LINE);
        buf_init(&e.files, MAX_MANIFEST);
        struct error *error = export_all(&e, &bucket_error);
        buf_clear(&e.lines);
        buf_clear(&e.files);
        TRY(error);
    }
    if (bucket_error)
        transfer_fail(w, t, "S3WriteFailed", bucket_error->message);
    return NULL;
}
