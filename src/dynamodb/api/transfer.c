#include "dynamodb/api/transfer.h"

#include "base/log.h"
#include "base/vec.h"
#include "dynamodb/api/facts.h"
#include "dynamodb/api/state.h"
#include "dynamodb/api/table_describe.h"
#include "dynamodb/storage/backup.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)
#define KEPT_DAYS 90 /* as long as the service lists them */
#define KEPT_COUNT 1000
#define RETRY_S 10 /* after an error of the store */

/* -- the note ---------------------------------------------------------------------------------- */

#define TEXT(field, json) MEMBER(transfer, field, json, NEED_NOTHING, state_text)
#define NUMBER(field, json) MEMBER(transfer, field, json, NEED_NOTHING, state_number)

static const struct shape texts = {LIST(state_text)};
static const struct shape transfer = STRUCTURE(
    transfer, "Transfer", NUMBER(kind, "Kind"), NUMBER(state, "State"), TEXT(id, "Id"),
    TEXT(table_name, "TableName"), TEXT(table_uuid, "TableUuid"), NUMBER(table_id, "TableId"),
    TEXT(client_token, "ClientToken"), TEXT(digest, "Digest"), NUMBER(started_ms, "StartedMs"),
    NUMBER(ended_ms, "EndedMs"), TEXT(bucket, "Bucket"), TEXT(owner, "Owner"),
    TEXT(prefix, "Prefix"), TEXT(failure_code, "FailureCode"),
    TEXT(failure_message, "FailureMessage"), NUMBER(hold_id, "HoldId"),
    NUMBER(moment_us, "MomentUs"), NUMBER(from_us, "FromUs"),
    NUMBER(is_incremental, "IsIncremental"), NUMBER(is_new_image_only, "IsNewImageOnly"),
    TEXT(sse_algorithm, "SseAlgorithm"), TEXT(kms_key_id, "KmsKeyId"),
    NUMBER(item_count, "ItemCount"), NUMBER(billed_bytes, "BilledBytes"), NUMBER(format, "Format"),
    NUMBER(compression, "Compression"), TEXT(delimiter, "Delimiter"),
    MEMBER(transfer, headers, "Headers", NEED_NOTHING, texts), TEXT(parameters, "Parameters"),
    NUMBER(error_count, "ErrorCount"), NUMBER(processed_bytes, "ProcessedBytes"),
    NUMBER(processed_items, "ProcessedItems"), NUMBER(imported_items, "ImportedItems"));

struct transfers_state {
    transfer_list transfers;
};
static const struct shape transfer_shapes = {LIST(transfer)};
static const struct shape transfers_state =
    STRUCTURE(transfers_state, "State",
              MEMBER(transfers_state, transfers, "Transfers", NEED_NOTHING, transfer_shapes));

/* Writes what the shape says, so that the two cannot part ways. */
static void keep_member(struct json_writer *w, const struct transfer *t,
                        const struct shape_member *m)
{
    const void *field = (const char *)t + m->offset;
    if (m->shape == &state_text) {
        const struct str *text = field;
        if (text->data)
            json_key(w, m->name), json_str(w, *text);
    } else if (m->shape == &state_number) {
        const struct opt_i64 *number = field;
        if (number->is_given)
            json_key(w, m->name), json_i64(w, number->value);
    } else {
        const string_list *list = field;
        if (!list->is_given)
            return;
        json_key(w, m->name);
        json_begin_array(w);
        for (size_t i = 0; i < list->count; i++)
            json_str(w, list->items[i]);
        json_end_array(w);
    }
}

static void keep_one(struct json_writer *w, const struct transfer *t)
{
    json_begin_object(w);
    for (const struct shape_member *m = transfer.members; m->name.data; m++)
        keep_member(w, t, m);
    json_end_object(w);
}

struct error *transfers_load(struct op *op, transfer_list *out)
{
    struct transfers_state state;
    TRY(state_load(op, STATE_TRANSFERS, 0, &transfers_state, &state));
    *out = state.transfers;
    return NULL;
}

static bool is_forgotten(struct op *op, const transfer_list *list, size_t i)
{
    const struct transfer *t = &list->items[i];
    bool is_old = t->ended_ms.value + KEPT_DAYS * DAY_MS < clock_now_ms(op->clock);
    return t->state.value != TRANSFER_IN_PROGRESS && (is_old || i + KEPT_COUNT < list->count);
}

struct error *transfer_keep(struct op *op, const struct transfer *t)
{
    transfer_list list;
    struct state_writer kept;
    bool is_known = false;
    TRY(transfers_load(op, &list));
    state_begin(&kept);
    json_key(&kept.w, S("Transfers"));
    json_begin_array(&kept.w);
    for (size_t i = 0; i < list.count; i++) {
        bool is_it = str_eq(list.items[i].id, t->id);
        is_known |= is_it;
        if (is_it || !is_forgotten(op, &list, i))
            keep_one(&kept.w, is_it ? t : &list.items[i]);
    }
    if (!is_known)
        keep_one(&kept.w, t);
    json_end_array(&kept.w);
    return state_end(op, STATE_TRANSFERS, 0, &kept);
}

/* -- names ------------------------------------------------------------------------------------- */

struct str transfer_new_id(struct op *op)
{
    return arena_printf(op->arena, "%014" PRId64 "-%08" PRIx32, clock_now_ms(op->clock),
                        (uint32_t)rand_u64(op->rand));
}

struct str transfer_arn(struct op *op, const struct transfer *t)
{
    struct table named = {.name = t->table_name};
    struct str arn = table_arn(op->arena, &named, op->region, op->account_id);
    return arena_printf(op->arena, "%.*s/%s/%.*s", STR_ARG(arn),
                        t->kind.value == TRANSFER_EXPORT ? "export" : "import", STR_ARG(t->id));
}

/* -- the thread -------------------------------------------------------------------------------- */

struct transfers {
    const char *bucket_dir;
    struct op op;
    struct arena lasting, step; /* of the transfer under way */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    bool is_running, is_woken, is_stopping;
    pthread_t thread;
};

bool transfers_are_stopping(struct transfers *t)
{
    pthread_mutex_lock(&t->lock);
    bool is_stopping = t->is_stopping;
    pthread_mutex_unlock(&t->lock);
    return is_stopping;
}

void transfer_fail(struct work *w, struct transfer *t, const char *code, struct str message)
{
    t->state = (struct opt_i64){TRANSFER_FAILED, true};
    t->failure_code = str_z(code);
    t->failure_message = arena_str(w->lasting, message);
}

/* The oldest that is under way, in the lasting arena. */
static struct error *next_transfer(struct transfers *t, struct transfer *out, bool *found)
{
    transfer_list list = {0};
    struct op op = t->op;
    op.arena = &t->lasting;
    catalog_lock_shared(op.store);
    struct error *error = transfers_load(&op, &list);
    catalog_unlock_shared(op.store);
    *found = false;
    for (size_t i = 0; i < list.count && !*found && !error; i++) {
        *found = list.items[i].state.value == TRANSFER_IN_PROGRESS;
        *out = list.items[i];
    }
    return error;
}

static bool is_held(const transfer_list *list, uint32_t hold_id)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct transfer *t = &list->items[i];
        if (t->state.value == TRANSFER_IN_PROGRESS && t->hold_id.value == hold_id)
            return true;
    }
    return false;
}

/* The table of an import that has ended: ACTIVE with what was imported; gone, when there was
 * nothing to import from. */
static struct error *end_table(struct op *op, const struct transfer *t)
{
    const struct table *old = catalog_find_id(op->store, (uint32_t)t->table_id.value), *changed;
    uint64_t sequence;
    if (!old || old->status != STATUS_CREATING)
        return NULL;
    if (str_eq(t->failure_code, S("S3NoSuchBucket")))
        return catalog_delete(op->store, op->arena, old->id, &sequence);
    struct table *active = table_with_status(op->arena, old, STATUS_ACTIVE);
    return catalog_update(op->store, op->arena, active, &changed, &sequence);
}

/* What is left to do once a transfer is kept as ended: tables of imports, holds of exports. Done
 * again when the store is opened. Under the exclusive lock. */
static struct error *settle(struct op *op)
{
    transfer_list list;
    const struct backup *backups;
    size_t count;
    TRY(transfers_load(op, &list));
    for (size_t i = 0; i < list.count; i++) {
        const struct transfer *t = &list.items[i];
        if (t->kind.value == TRANSFER_IMPORT && t->state.value != TRANSFER_IN_PROGRESS)
            TRY(end_table(op, t));
    }
    TRY(backup_list(op->store, op->arena, 0, SIZE_MAX, &backups, &count));
    for (size_t i = 0; i < count; i++) {
        uint64_t sequence;
        if (backups[i].kind == BACKUP_HOLD && !is_held(&list, backups[i].id))
            TRY(backup_delete(op->store, op->arena, backups[i].id, &sequence));
    }
    return NULL;
}

static bool is_imported(const transfer_list *list, uint32_t table_id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].table_id.value == table_id)
            return true;
    return false;
}

/* Tables that were created for an import which then was not kept: the server died in between. Only
 * when the store is opened. */
static struct error *drop_unknown_tables(struct op *op)
{
    transfer_list list;
    const struct str *names;
    size_t count = catalog_names(op->store, op->arena, S(""), SIZE_MAX, &names);
    TRY(transfers_load(op, &list));
    for (size_t i = 0; i < count; i++) {
        const struct table *t = catalog_find(op->store, names[i]);
        uint64_t sequence;
        if (t->status == STATUS_CREATING && !t->restore.source_id && !is_imported(&list, t->id))
            TRY(catalog_delete(op->store, op->arena, t->id, &sequence));
    }
    return NULL;
}

static struct error *run_one(struct transfers *t, struct transfer *one)
{
    struct op op = t->op;
    struct work w = {
        .transfers = t, .bucket_dir = t->bucket_dir, .op = &op, .lasting = &t->lasting};
    op.arena = &t->step;
    TRY(one->kind.value == TRANSFER_EXPORT ? export_work(&w, one) : import_work(&w, one));
    if (one->state.value == TRANSFER_IN_PROGRESS)
        return NULL; /* the server is ending */
    one->ended_ms = (struct opt_i64){clock_now_ms(op.clock), true};
    catalog_lock(op.store);
    struct error *error = transfer_keep(&op, one);
    if (!error)
        error = settle(&op);
    catalog_unlock(op.store);
    return error;
}

static struct error *run_all(struct transfers *t)
{
    bool found = true;
    while (found && !transfers_are_stopping(t)) {
        struct transfer one;
        arena_reset(&t->lasting);
        arena_reset(&t->step);
        TRY(next_transfer(t, &one, &found));
        if (found)
            TRY(run_one(t, &one));
    }
    return NULL;
}

/* With the lock held. */
static void wait_for_more(struct transfers *t, bool has_failed)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RETRY_S;
    int over = 0;
    while (!t->is_stopping && !t->is_woken && !over)
        over = has_failed ? pthread_cond_timedwait(&t->wake, &t->lock, &until)
                          : pthread_cond_wait(&t->wake, &t->lock);
}

static void *run(void *context)
{
    struct transfers *t = context;
    pthread_mutex_lock(&t->lock);
    while (!t->is_stopping) {
        t->is_woken = false;
        pthread_mutex_unlock(&t->lock);
        struct error *error = run_all(t);
        if (error)
            log_error("api: an export or import: %.*s", STR_ARG(error->message));
        pthread_mutex_lock(&t->lock);
        wait_for_more(t, error != NULL);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

struct transfers *transfers_new(const struct transfers_options *options)
{
    struct transfers *t = mem_zalloc(sizeof *t);
    t->bucket_dir = options->bucket_dir;
    t->op = options->op;
    arena_init(&t->lasting);
    arena_init(&t->step);
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&t->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    struct transfer one;
    bool found = false;
    struct op op = t->op;
    op.arena = &t->step;
    catalog_lock(op.store);
    struct error *error = settle(&op);
    if (!error)
        error = drop_unknown_tables(&op);
    catalog_unlock(op.store);
    if (!error)
        error = next_transfer(t, &one, &found);
    if (error)
        log_error("api: exports and imports: %.*s", STR_ARG(error->message));
    if (found)
        transfers_wake(t);
    return t;
}

/* The thread begins with the first one: most servers never have any. */
void transfers_wake(struct transfers *t)
{
    pthread_mutex_lock(&t->lock);
    t->is_woken = true;
    if (!t->is_running && pthread_create(&t->thread, NULL, run, t) != 0)
        abort();
    t->is_running = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

void transfers_free(struct transfers *t)
{
    pthread_mutex_lock(&t->lock);
    t->is_stopping = true;
    bool is_running = t->is_running;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    if (is_running)
        pthread_join(t->thread, NULL);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
    arena_clear(&t->lasting);
    arena_clear(&t->step);
    free(t);
}
