/* CreateBackup, DescribeBackup, ListBackups, DeleteBackup.
 *
 * Source: API reference; AWS "Using DynamoDB backup and restore" for what a deleted table leaves.
 */
#include "dynamodb/api/backups.h"

#include "base/vec.h"
#include "dynamodb/api/control.h"
#include "dynamodb/api/table_describe.h"
#include "dynamodb/api/transient.h"

#include <inttypes.h>

#define DAY_MS INT64_C(86400000)
#define SYSTEM_BACKUP_DAYS 35
#define LIST_LIMIT 100
#define LIST_PAGE 100

/* -- names ------------------------------------------------------------------------------------- */

/* Ids are small numbers; these two make them look like the service's eight random digits, no two of
 * them alike. The numbers are odd, and inverse to each other modulo 2^32. */
#define SCATTER UINT32_C(0x9E3779B1)
#define GATHER UINT32_C(0x0E8B2F51)

static struct str table_arn_of(struct op *op, const struct backup *b)
{
    return table_arn(op->arena, &b->table, op->region, op->account_id);
}

struct str backup_arn(struct op *op, const struct backup *b)
{
    return arena_printf(op->arena, "%.*s/backup/%014" PRId64 "-%08" PRIx32,
                        STR_ARG(table_arn_of(op, b)), b->moment_us / 1000, b->id * SCATTER);
}

/* The id that an ARN ends with; 0: none. */
static uint32_t id_of(struct str arn)
{
    uint32_t scattered = 0;
    if (arn.len < 9 || arn.data[arn.len - 9] != '-')
        return 0;
    for (size_t i = arn.len - 8; i < arn.len; i++) {
        char c = arn.data[i];
        bool is_digit = c >= '0' && c <= '9', is_letter = c >= 'a' && c <= 'f';
        if (!is_digit && !is_letter)
            return 0;
        scattered = scattered << 4 | (uint32_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    return scattered * GATHER;
}

/* What was read may not be on the disk yet. */
static void depend_on_written(struct op *op)
{
    uint64_t written = store_written(op->store);
    if (store_synced(op->store) < written)
        op_depends(op, written);
}

struct error *backup_of_arn(struct op *op, struct str arn, struct backup *out)
{
    bool found = false;
    uint32_t id = id_of(arn);
    if (id)
        TRY(backup_get(op->store, op->arena, id, out, &found));
    depend_on_written(op);
    if (found && out->kind != BACKUP_HOLD && str_eq(arn, backup_arn(op, out)))
        return NULL;
    return error_new(op->arena, &error_BackupNotFoundException, "Backup not found: %.*s",
                     STR_ARG(arn));
}

struct error *backup_table(struct op *op, struct str name, const struct table **out)
{
    *out = catalog_find(op->store, table_name_of(name));
    if (*out)
        return NULL;
    return error_new(op->arena, &error_TableNotFoundException, "Table not found: %.*s",
                     STR_ARG(name));
}

/* -- describing -------------------------------------------------------------------------------- */

static struct str state_name(enum backup_state state)
{
    return state == BACKUP_CREATING ? S("CREATING") : S("AVAILABLE");
}

static void write_time(struct json_writer *w, struct str key, int64_t ms)
{
    json_key(w, key), json_double(w, (double)ms / 1000);
}

/* The members that a backup's details and its summary have alike. */
static void write_members(struct op *op, const struct backup *b, struct str status)
{
    struct json_writer *w = op->reply;
    json_key(w, S("BackupArn")), json_str(w, backup_arn(op, b));
    json_key(w, S("BackupName")), json_str(w, b->name);
    json_key(w, S("BackupSizeBytes")), json_i64(w, b->bytes);
    json_key(w, S("BackupStatus")), json_str(w, status);
    json_key(w, S("BackupType"));
    json_str(w, b->kind == BACKUP_OF_USER ? S("USER") : S("SYSTEM"));
    write_time(w, S("BackupCreationDateTime"), b->moment_us / 1000);
    if (b->expires_ms)
        write_time(w, S("BackupExpiryDateTime"), b->expires_ms);
}

static void write_details(struct op *op, const struct backup *b, struct str status)
{
    json_key(op->reply, S("BackupDetails"));
    json_begin_object(op->reply);
    write_members(op, b, status);
    json_end_object(op->reply);
}

static void write_description(struct op *op, const struct backup *b, struct str status)
{
    struct counts counts = {b->items, b->bytes};
    json_key(op->reply, S("BackupDescription"));
    json_begin_object(op->reply);
    write_details(op, b, status);
    table_describe_source(op, &b->table, counts);
    json_end_object(op->reply);
}

static void write_summary(struct op *op, const struct backup *b)
{
    struct json_writer *w = op->reply;
    json_begin_object(w);
    json_key(w, S("TableName")), json_str(w, b->table.name);
    json_key(w, S("TableId")), json_str(w, str_z(b->table.uuid));
    json_key(w, S("TableArn")), json_str(w, table_arn_of(op, b));
    write_members(op, b, state_name(b->state));
    json_end_object(w);
}

/* -- creating and deleting --------------------------------------------------------------------- */

struct error *check_created(struct op *op, const struct table *t)
{
    if (t->status != STATUS_CREATING)
        return NULL;
    return error_new(op->arena, &error_ResourceInUseException,
                     "Attempt to change a resource which is still in use: Table is being created: "
                     "%.*s",
                     STR_ARG(t->name));
}

struct error *run_create_backup(struct op *op)
{
    const struct create_backup_input *in = op->input;
    const struct table *t;
    uint64_t sequence;
    TRY(backup_table(op, in->table_name, &t));
    if (t->status == STATUS_CREATING || change_is(op, in->table_name, STATUS_CREATING))
        return error_new(op->arena, &error_TableInUseException, "Table is being created: %.*s",
                         STR_ARG(t->name));
    struct backup b = {.kind = BACKUP_OF_USER, .name = in->backup_name};
    TRY(backup_create(op->store, op->arena, t, &b, &sequence));
    op_depends(op, sequence);
    write_details(op, &b, state_name(b.state));
    return NULL;
}

struct error *backup_last(struct op *op, const struct table *t)
{
    uint64_t sequence;
    struct backup b = {
        .kind = BACKUP_OF_SYSTEM,
        .name = arena_join(op->arena, t->name, S("$DeletedTableBackup")),
        .expires_ms = clock_now_ms(op->clock) + SYSTEM_BACKUP_DAYS * DAY_MS,
    };
    TRY(backup_create(op->store, op->arena, t, &b, &sequence));
    op_depends(op, sequence);
    return NULL;
}

struct error *run_describe_backup(struct op *op)
{
    const struct backup_arn_input *in = op->input;
    struct backup b;
    TRY(backup_of_arn(op, in->backup_arn, &b));
    write_description(op, &b, state_name(b.state));
    return NULL;
}

struct error *run_delete_backup(struct op *op)
{
    const struct backup_arn_input *in = op->input;
    struct backup b;
    uint64_t sequence;
    TRY(backup_of_arn(op, in->backup_arn, &b));
    if (b.state == BACKUP_CREATING)
        return error_new(op->arena, &error_BackupInUseException, "Backup is being created: %.*s",
                         STR_ARG(in->backup_arn));
    if (backup_is_in_use(op->store, b.id))
        return error_new(op->arena, &error_BackupInUseException,
                         "Backup is being restored to a table: %.*s", STR_ARG(in->backup_arn));
    TRY(backup_delete(op->store, op->arena, b.id, &sequence));
    op_depends(op, sequence);
    write_description(op, &b, S("DELETED"));
    return NULL;
}

/* -- listing ----------------------------------------------------------------------------------- */

static bool is_wanted(const struct list_backups_input *in, const struct backup *b)
{
    int64_t made_ms = b->moment_us / 1000;
    if (b->kind == BACKUP_HOLD)
        return false;
    if (in->table_name.data && !str_eq(table_name_of(in->table_name), b->table.name))
        return false;
    if (in->time_range_lower_bound.is_given && made_ms < in->time_range_lower_bound.value)
        return false;
    if (in->time_range_upper_bound.is_given && made_ms >= in->time_range_upper_bound.value)
        return false;
    switch (in->backup_type) {
    case BACKUP_TYPE_USER:
        return b->kind == BACKUP_OF_USER;
    case BACKUP_TYPE_SYSTEM:
        return b->kind == BACKUP_OF_SYSTEM;
    case BACKUP_TYPE_AWS_BACKUP:
        return false;
    case BACKUP_TYPE_ABSENT:
    case BACKUP_TYPE_ALL:
        break;
    }
    return true;
}

static struct error *start_of(struct op *op, struct str arn, uint32_t *id)
{
    *id = arn.data ? id_of(arn) : 0;
    if (arn.data && !*id)
        return invalid(op->arena, "Invalid ExclusiveStartBackupArn: %.*s", STR_ARG(arn));
    return NULL;
}

/* Backups in the order of making. One more than asked for is looked at, to know whether the list
 * goes on. */
struct error *run_list_backups(struct op *op)
{
    const struct list_backups_input *in = op->input;
    size_t limit = in->limit.is_given ? (size_t)in->limit.value : LIST_LIMIT, shown = 0;
    struct str last = {NULL, 0};
    uint32_t id;
    size_t count;
    bool goes_on = false;
    TRY(start_of(op, in->exclusive_start_backup_arn, &id));
    json_key(op->reply, S("BackupSummaries"));
    json_begin_array(op->reply);
    do {
        const struct backup *page;
        TRY(backup_list(op->store, op->arena, id, LIST_PAGE, &page, &count));
        for (size_t i = 0; i < count && !goes_on; i++) {
            id = page[i].id;
            if (!is_wanted(in, &page[i]))
                continue;
            goes_on = shown == limit;
            if (goes_on)
                break;
            write_summary(op, &page[i]);
            last = backup_arn(op, &page[i]);
            shown++;
        }
    } while (count == LIST_PAGE && !goes_on);
    json_end_array(op->reply);
    if (goes_on)
        json_key(op->reply, S("LastEvaluatedBackupArn")), json_str(op->reply, last);
    depend_on_written(op);
    return NULL;
}
