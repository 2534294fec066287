/* DescribeContinuousBackups, UpdateContinuousBackups. Source: API reference. */
#include "dynamodb/api/control.h"
#include "dynamodb/api/facts.h"
#include "dynamodb/api/state.h"

#include <inttypes.h>

#define DEFAULT_DAYS 35
#define DAY_MS INT64_C(86400000)
#define LAG_MS INT64_C(300000) /* the newest restorable moment is some five minutes ago */

struct recovery_state {
    struct opt_i64 enabled_ms, days; /* enabled_ms is absent while it is off */
};
static const struct shape recovery_state =
    STRUCTURE(recovery_state, "State",
              MEMBER(recovery_state, enabled_ms, "EnabledMs", NEED_NOTHING, state_number),
              MEMBER(recovery_state, days, "Days", NEED_NOTHING, state_number));

static struct error *backup_table(struct op *op, struct str name, const struct table **out)
{
    *out = catalog_find(op->store, table_name_of(name));
    if (*out)
        return NULL;
    return error_new(op->arena, &error_TableNotFoundException, "Table not found: %.*s",
                     STR_ARG(table_name_of(name)));
}

static void describe(struct op *op, const struct recovery_state *state)
{
    struct json_writer *w = op->reply;
    bool is_enabled = state->enabled_ms.is_given;
    json_key(w, S("ContinuousBackupsDescription"));
    json_begin_object(w);
    json_key(w, S("ContinuousBackupsStatus")), json_str(w, S("ENABLED"));
    json_key(w, S("PointInTimeRecoveryDescription"));
    json_begin_object(w);
    json_key(w, S("PointInTimeRecoveryStatus"));
    json_str(w, is_enabled ? S("ENABLED") : S("DISABLED"));
    if (is_enabled) {
        int64_t now_ms = clock_now_ms(op->clock);
        int64_t earliest_ms = now_ms - state->days.value * DAY_MS;
        int64_t latest_ms = now_ms - LAG_MS;
        if (earliest_ms < state->enabled_ms.value)
            earliest_ms = state->enabled_ms.value;
        if (latest_ms < earliest_ms)
            latest_ms = earliest_ms;
        json_key(w, S("RecoveryPeriodInDays")), json_i64(w, state->days.value);
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
    struct recovery_state state;
    TRY(backup_table(op, in->table_name, &t));
    TRY(state_load(op, STATE_CONTINUOUS_BACKUPS, t->id, &recovery_state, &state));
    describe(op, &state);
    return NULL;
}

struct error *run_update_continuous_backups(struct op *op)
{
    const struct update_continuous_backups_input *in = op->input;
    const struct recovery_specification *wanted = in->point_in_time_recovery_specification;
    const struct table *t;
    struct recovery_state state;
    struct state_writer kept;
    TRY(backup_table(op, in->table_name, &t));
    TRY(state_load(op, STATE_CONTINUOUS_BACKUPS, t->id, &recovery_state, &state));
    if (!wanted->point_in_time_recovery_enabled.value && wanted->recovery_period_in_days.is_given)
        return invalid(op->arena, "One or more parameter values were invalid: RecoveryPeriodInDays "
                                  "cannot be specified when PointInTimeRecoveryEnabled is false");
    if (!wanted->point_in_time_recovery_enabled.value)
        state = (struct recovery_state){0};
    else if (!state.enabled_ms.is_given)
        state.enabled_ms = (struct opt_i64){clock_now_ms(op->clock), true};
    if (wanted->recovery_period_in_days.is_given)
        state.days = wanted->recovery_period_in_days;
    else if (!state.days.is_given)
        state.days = (struct opt_i64){DEFAULT_DAYS, true};
    state_begin(&kept);
    if (state.enabled_ms.is_given) {
        json_key(&kept.w, S("EnabledMs")), json_i64(&kept.w, state.enabled_ms.value);
        json_key(&kept.w, S("Days")), json_i64(&kept.w, state.days.value);
    }
    TRY(state_end(op, STATE_CONTINUOUS_BACKUPS, t->id, &kept));
    describe(op, &state);
    return NULL;
}
