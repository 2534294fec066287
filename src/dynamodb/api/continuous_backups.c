/* DescribeContinuousBackups, UpdateContinuousBackups. What is kept of a table's past is storage's
 * (storage/history.h). Source: API reference.
 *
 * The service's newest restorable moment is some five minutes ago; here it is now. */
#include "dynamodb/api/backups.h"
#include "dynamodb/api/control.h"

#define DEFAULT_DAYS 35

static void describe(struct op *op, const struct table *t)
{
    struct json_writer *w = op->reply;
    bool is_enabled = t->recovery.since_us != 0;
    json_key(w, S("ContinuousBackupsDescription"));
    json_begin_object(w);
    json_key(w, S("ContinuousBackupsStatus")), json_str(w, S("ENABLED"));
    json_key(w, S("PointInTimeRecoveryDescription"));
    json_begin_object(w);
    json_key(w, S("PointInTimeRecoveryStatus"));
    json_str(w, is_enabled ? S("ENABLED") : S("DISABLED"));
    if (is_enabled) {
        int64_t earliest_ms = recovery_earliest_us(op->store, t) / 1000;
        int64_t latest_ms = clock_now_ms(op->clock);
        if (latest_ms < earliest_ms)
            latest_ms = earliest_ms;
        json_key(w, S("RecoveryPeriodInDays")), json_i64(w, t->recovery.days);
        json_key(w, S("EarliestRestorableDateTime")), json_double(w, (double)earliest_ms / 1000);
        json_key(w, S("LatestRestorableDateTime")), json_double(w, (double)latest_ms / 1000);
    }
    json_end_object(w);
    json_end_object(w);
}

struct error *run_describe_continuous_backups(struct op *op)
{
    const struct table_name_input *in = op->input;
    const struct table *t;
    TRY(backup_table(op, in->table_name, &t));
    describe(op, t);
    return NULL;
}

struct error *run_update_continuous_backups(struct op *op)
{
    const struct update_continuous_backups_input *in = op->input;
    const struct recovery_specification *wanted = in->point_in_time_recovery_specification;
    const struct table *t;
    uint64_t sequence;
    bool is_enabled = wanted->point_in_time_recovery_enabled.value;
    TRY(backup_table(op, in->table_name, &t));
    if (!is_enabled && wanted->recovery_period_in_days.is_given)
        return invalid(op->arena, "One or more parameter values were invalid: RecoveryPeriodInDays "
                                  "cannot be specified when PointInTimeRecoveryEnabled is false");
    if (t->status == STATUS_CREATING)
        return error_new(op->arena, &error_ContinuousBackupsUnavailableException,
                         "Backups are being enabled for the table: %.*s. Please retry later",
                         STR_ARG(t->name));
    int64_t days = wanted->recovery_period_in_days.is_given ? wanted->recovery_period_in_days.value
                   : t->recovery.days                       ? t->recovery.days
                                                            : DEFAULT_DAYS;
    TRY(recovery_set(op->store, op->arena, t, is_enabled ? days : 0, &t, &sequence));
    op_depends(op, sequence);
    describe(op, t);
    return NULL;
}
