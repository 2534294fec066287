/* The work of an import: every item in the files with the prefix goes into the new table, which is
 * CREATING meanwhile.
 *
 * DynamoDB JSON is one object {"Item":{…}} after another, usually a line each; CSV has a header
 * line unless the request has one. An item that is wrong is counted, told to the log and passed
 * over. Of items with the same key the last one stays.
 *
 * Source: AWS "Amazon S3 import formats for DynamoDB", "Import format quotas and validation"; what
 * makes an import fail, from moto's tests on the service. */
#include "base/encode.h"
#include "base/log.h"
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/bucket.h"
#include "dynamodb/api/check.h"
#include "dynamodb/api/csv.h"
#include "dynamodb/api/transfer.h"
#include "dynamodb/model/number.h"
#include "dynamodb/storage/txn.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PENDING (16u << 20) /* text of one item, at the most, and what is read at once */
#define READ_BYTES (64u << 10)
#define MAX_LOGGED 10

struct job {
    struct work *work;
    struct transfer *t;
    uint32_t table_id;
    const char *file; /* under way */
    struct buf text;  /* read and not yet taken */
    struct csv_row *header, *row;
    struct buf header_bytes;
    int64_t processed_bytes, processed_items, imported_items, error_count;
    struct error *store_error; /* ends the work; it will be begun again */
};

static void tell(struct job *j, struct str why)
{
    j->error_count++;
    if (j->error_count <= MAX_LOGGED)
        log_warn("import %.*s: %s: item %lld: %.*s", STR_ARG(j->t->id), j->file,
                 (long long)j->processed_items, STR_ARG(why));
}

/* -- one item ---------------------------------------------------------------------------------- */

static struct error *put(struct job *j, const struct table *t, struct item item)
{
    struct op *op = j->work->op;
    struct item_key key = item_key_of(op->arena, t, item.attributes);
    struct item old;
    struct txn txn;
    txn_begin(&txn, op->store, op->arena);
    txn_lock(&txn, &key.hash, 1);
    struct error *error = txn_get(&txn, t, &key, &old);
    if (!error) {
        txn_put(&txn, t, &key, old, item, AUTHOR_USER);
        error = txn_commit(&txn);
    }
    txn_end(&txn);
    return error;
}

/* `wrong` is what was found wrong while the item was read. */
static void take_item(struct job *j, struct item item, struct error *wrong)
{
    struct op *op = j->work->op;
    j->processed_items++;
    catalog_lock_shared(op->store);
    const struct table *t = catalog_find_id(op->store, j->table_id);
    if (t && !wrong)
        wrong = check_item(op->arena, t, item);
    if (t && !wrong)
        wrong = check_item_size(op->arena, item);
    if (t && !wrong)
        j->store_error = put(j, t, item);
    catalog_unlock_shared(op->store);
    if (wrong)
        tell(j, wrong->message);
    else if (!j->store_error)
        j->imported_items++;
}

/* -- DynamoDB JSON ----------------------------------------------------------------------------- */

/* The length of the JSON value that the text begins with; 0: it does not end here. */
static size_t value_len(struct str text)
{
    size_t depth = 0;
    bool is_in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (is_in_string) {
            i += c == '\\';
            is_in_string = c != '"';
        } else if (c == '"') {
            is_in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

static struct error *decode(struct arena *a, struct str json, struct item_input *out)
{
    struct json_reader r;
    struct attribute_sink sink = {.arena = a};
    struct str name;
    json_reader_init(&r, json, a);
    if (!json_enter_object(&r))
        return typed_broken(&r);
    while (json_next_member(&r, &name)) {
        if (str_eq(name, S("Item")))
            TRY(attribute_decode_item(&r, &sink, TYPED_FIELD, out));
        else
            json_skip(&r);
    }
    if (!json_finish(&r))
        return typed_broken(&r);
    if (!out->is_given)
        return error_new(a, &error_ValidationException, "There is no Item");
    return out->error;
}

static struct str skip_space(struct str s)
{
    size_t i = 0;
    while (i < s.len && (s.data[i] == ' ' || (s.data[i] >= '\t' && s.data[i] <= '\r')))
        i++;
    return str_from(s, i);
}

/* False when the text must grow first. */
static bool take_json(struct job *j, struct str *text, bool is_last)
{
    struct arena *a = j->work->op->arena;
    *text = skip_space(*text);
    if (!text->len)
        return false;
    bool is_object = text->data[0] == '{';
    size_t len = is_object ? value_len(*text) : 0;
    if (!len && is_object && !is_last)
        return false;
    struct item_input in = {0};
    struct error *wrong;
    if (len) {
        wrong = decode(a, str_slice(*text, 0, len), &in);
        *text = str_from(*text, len);
    } else {
        struct str line;
        if (!is_last && !memchr(text->data, '\n', text->len))
            return false;
        str_cut(text, '\n', &line);
        wrong = error_new(a, &error_ValidationException, "The line is not an item");
    }
    take_item(j, in.item, wrong);
    return true;
}

/* -- CSV --------------------------------------------------------------------------------------- */

/* The type that a column has: that of its definition for keys, else a string. */
static enum value_type column_type(const struct table *t, struct str name)
{
    for (size_t i = 0; i < t->attribute_count; i++)
        if (str_eq(t->attributes[i].name, name))
            return t->attributes[i].type;
    return VALUE_S;
}

static struct error *column_value(struct arena *a, enum value_type type, struct str text,
                                  struct value *out)
{
    if (type == VALUE_N) {
        struct number n;
        TRY(number_parse(a, text, &n));
        *out = (struct value){VALUE_N, arena_str(a, number_str(&n))};
        return NULL;
    }
    *out = (struct value){type, text};
    if (type != VALUE_B)
        return str_is_utf8(text) ? NULL
                                 : error_new(a, &error_ValidationException, "Not valid UTF-8");
    char *bytes = arena_alloc(a, text.len + 1);
    ptrdiff_t len = base64_decode(text, bytes);
    out->data = (struct str){bytes, len < 0 ? 0 : (size_t)len};
    return len < 0 ? error_new(a, &error_ValidationException, "Not valid base64") : NULL;
}

static struct error *row_item(struct job *j, const struct csv_row *row, struct item *out)
{
    struct op *op = j->work->op;
    struct member *members = arena_array(op->arena, struct member, row->count + 1);
    if (row->count != j->header->count)
        return error_new(op->arena, &error_ValidationException,
                         "%zu columns where the header has %zu", row->count, j->header->count);
    catalog_lock_shared(op->store);
    const struct table *t = catalog_find_id(op->store, j->table_id);
    struct error *error = NULL;
    for (size_t i = 0; i < row->count && t && !error; i++) {
        members[i].name = j->header->fields[i];
        error = column_value(op->arena, column_type(t, members[i].name), row->fields[i],
                             &members[i].value);
    }
    catalog_unlock_shared(op->store);
    TRY(error);
    struct buf attributes;
    buf_init(&attributes, MAX_PENDING);
    bool is_built = t && members_build(&attributes, members, row->count);
    *out = item_of(arena_str(op->arena, buf_str(&attributes)));
    buf_clear(&attributes);
    return is_built
               ? NULL
               : error_new(op->arena, &error_ValidationException, "Two columns have the same name");
}

/* Kept beyond the arena of one step. */
static void keep_header(struct job *j, const struct csv_row *row)
{
    size_t at = 0;
    buf_reset(&j->header_bytes);
    for (size_t i = 0; i < row->count; i++)
        buf_add(&j->header_bytes, row->fields[i]);
    j->header->count = row->count;
    for (size_t i = 0; i < row->count; i++) {
        j->header->fields[i] = str_slice(buf_str(&j->header_bytes), at, row->fields[i].len);
        at += row->fields[i].len;
    }
}

static bool take_csv(struct job *j, struct str *text, bool is_last)
{
    struct arena *a = j->work->op->arena;
    struct item item = {0};
    char delimiter = j->t->delimiter.len ? j->t->delimiter.data[0] : ',';
    enum csv_result result = csv_take(a, text, delimiter, is_last, j->row);
    if (result == CSV_MORE)
        return false;
    if (result == CSV_ROW && j->row->count == 1 && !j->row->fields[0].len)
        return true; /* an empty line */
    if (result == CSV_ROW && !j->header->count) {
        keep_header(j, j->row);
        return true;
    }
    struct error *wrong =
        result == CSV_WRONG ? error_new(a, &error_ValidationException, "A quote where none may be")
                            : row_item(j, j->row, &item);
    take_item(j, item, wrong);
    return true;
}

/* -- files ------------------------------------------------------------------------------------- */

/* Takes what can be taken; what is left waits for more. */
static void take_all(struct job *j, bool is_last)
{
    bool is_csv = j->t->format.value == IMPORT_CSV;
    struct str text = buf_str(&j->text);
    do {
        arena_reset(j->work->op->arena);
    } while (!j->store_error &&
             (is_csv ? take_csv(j, &text, is_last) : take_json(j, &text, is_last)));
    buf_consume(&j->text, j->text.len - text.len);
}

static void begin_file(struct job *j, struct str key)
{
    j->file = arena_z(j->work->lasting, key);
    buf_reset(&j->text);
    j->header->count = 0;
    for (size_t i = 0; i < j->t->headers.count && i < CSV_FIELDS; i++)
        j->header->fields[j->header->count++] = j->t->headers.items[i];
}

/* A file that cannot be read, or whose item does not end, is one error more. */
static void import_file(struct job *j, struct str key)
{
    struct arena *a = j->work->lasting;
    struct bucket_file *file = NULL;
    bool is_end = false;
    begin_file(j, key);
    struct error *error = bucket_open(a, j->work->bucket_dir, j->t->bucket, key,
                                      j->t->compression.value == IMPORT_COMPRESSION_GZIP, &file);
    while (!error && !is_end && !j->store_error && !transfers_are_stopping(j->work->transfers)) {
        size_t before = j->text.len;
        error = bucket_read(a, file, &j->text, &is_end);
        j->processed_bytes += (int64_t)(j->text.len - before);
        if (!error)
            take_all(j, is_end);
        if (!error && !is_end && j->text.len > MAX_PENDING - READ_BYTES)
            error = error_new(a, &error_system, "an item does not end");
    }
    bucket_close(file);
    if (error) {
        j->processed_items++;
        tell(j, error->message);
    }
}

static struct error *import_files(struct job *j, bool *is_done)
{
    const struct str *keys;
    size_t count;
    *is_done = false;
    struct error *error = bucket_list(j->work->lasting, j->work->bucket_dir, j->t->bucket,
                                      j->t->prefix, &keys, &count);
    if (error) {
        transfer_fail(j->work, j->t, "S3ReadFailed", error->message);
        *is_done = true;
        return NULL;
    }
    for (size_t i = 0; i < count && !j->store_error; i++) {
        import_file(j, keys[i]);
        if (transfers_are_stopping(j->work->transfers))
            return NULL;
    }
    *is_done = !j->store_error;
    return j->store_error;
}

/* -- the whole --------------------------------------------------------------------------------- */

static void leave_results(struct job *j)
{
    struct transfer *t = j->t;
    t->error_count = (struct opt_i64){j->error_count, true};
    t->processed_bytes = (struct opt_i64){j->processed_bytes, true};
    t->processed_items = (struct opt_i64){j->processed_items, true};
    t->imported_items = (struct opt_i64){j->imported_items, true};
    if (j->error_count)
        transfer_fail(j->work, t, "ItemValidationError",
                      S("Some of the items failed validation checks. Please check CloudWatch error "
                        "logs for more details."));
    else if (t->state.value == TRANSFER_IN_PROGRESS)
        t->state = (struct opt_i64){TRANSFER_COMPLETED, true};
}

struct error *import_work(struct work *w, struct transfer *t)
{
    if (!bucket_exists(w->op->arena, w->bucket_dir, t->bucket)) {
        transfer_fail(w, t, "S3NoSuchBucket", S("The specified bucket does not exist"));
        return NULL;
    }
    struct job j = {.work = w, .t = t, .table_id = (uint32_t)t->table_id.value};
    bool is_done;
    buf_init(&j.text, MAX_PENDING + READ_BYTES);
    buf_init(&j.header_bytes, MAX_PENDING + READ_BYTES);
    j.header = mem_zalloc(2 * sizeof *j.header);
    j.row = j.header + 1;
    struct error *error = import_files(&j, &is_done);
    buf_clear(&j.text);
    buf_clear(&j.header_bytes);
    free(j.header);
    if (!error && is_done)
        leave_results(&j);
    return error;
}
