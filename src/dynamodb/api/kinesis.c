/* Enable-, Disable-, Describe- and UpdateKinesisStreamingDestination. There is no Kinesis here:
 * what was asked for is kept and described. Source: API reference; AWS "Kinesis Data Streams". */
#include "dynamodb/api/control.h"
#include "dynamodb/api/facts.h"
#include "dynamodb/api/state.h"

#define MAX_ACTIVE 2

struct destination {
    struct str stream_arn, precision;
    struct opt_bool is_active;
};
struct kinesis_state {
    LIST_OF(struct destination) destinations;
};
static const struct shape destination =
    STRUCTURE(destination, "Destination",
              MEMBER(destination, stream_arn, "StreamArn", NEED_NOTHING, state_text),
              MEMBER(destination, precision, "Precision", NEED_NOTHING, state_text),
              MEMBER(destination, is_active, "IsActive", NEED_NOTHING, state_flag));
static const struct shape destinations = {LIST(destination)};
static const struct shape kinesis_state =
    STRUCTURE(kinesis_state, "State",
              MEMBER(kinesis_state, destinations, "Destinations", NEED_NOTHING, destinations));

static struct error *load(struct op *op, struct str name, const struct table **t,
                          struct kinesis_state *out)
{
    TRY(control_table(op, name, t));
    return state_load(op, STATE_KINESIS, (*t)->id, &kinesis_state, out);
}

static void keep(struct json_writer *w, const struct destination *d)
{
    json_begin_object(w);
    json_key(w, S("StreamArn")), json_str(w, d->stream_arn);
    json_key(w, S("Precision")), json_str(w, d->precision);
    json_key(w, S("IsActive")), json_bool(w, d->is_active.value);
    json_end_object(w);
}

static struct error *store(struct op *op, const struct table *t, const struct kinesis_state *state,
                           const struct destination *changed)
{
    struct state_writer kept;
    state_begin(&kept);
    json_key(&kept.w, S("Destinations"));
    json_begin_array(&kept.w);
    for (size_t i = 0; i < state->destinations.count; i++)
        if (!str_eq(state->destinations.items[i].stream_arn, changed->stream_arn))
            keep(&kept.w, &state->destinations.items[i]);
    keep(&kept.w, changed);
    json_end_array(&kept.w);
    return state_end(op, STATE_KINESIS, t->id, &kept);
}

static const struct destination *find(const struct kinesis_state *state, struct str arn)
{
    for (size_t i = 0; i < state->destinations.count; i++)
        if (str_eq(state->destinations.items[i].stream_arn, arn))
            return &state->destinations.items[i];
    return NULL;
}

/* What nobody has set is not shown. */
static void write_precision(struct json_writer *w, const struct destination *d)
{
    if (d->precision.len)
        json_key(w, S("ApproximateCreationDateTimePrecision")), json_str(w, d->precision);
}

/* An answer to a change: what it is on the way to. */
static void answer(struct op *op, const struct table *t, const struct destination *d,
                   struct str status, struct str configuration_key)
{
    struct json_writer *w = op->reply;
    json_key(w, S("TableName")), json_str(w, t->name);
    json_key(w, S("StreamArn")), json_str(w, d->stream_arn);
    json_key(w, S("DestinationStatus")), json_str(w, status);
    if (!configuration_key.len)
        return;
    json_key(w, configuration_key);
    json_begin_object(w);
    write_precision(w, d);
    json_end_object(w);
}

static struct str precision_of(const struct kinesis_configuration *configuration)
{
    if (!configuration || !configuration->approximate_creation_date_time_precision)
        return S("");
    bool is_micro =
        configuration->approximate_creation_date_time_precision == PRECISION_MICROSECOND;
    return is_micro ? S("MICROSECOND") : S("MILLISECOND");
}

static bool is_set_to(const struct destination *d, struct str precision)
{
    return str_eq(d->precision.len ? d->precision : S("MILLISECOND"), precision);
}

static struct error *refuse_state(struct op *op, const char *action, const char *needed)
{
    return invalid(op->arena,
                   "Table is not in a valid state to %s Kinesis Streaming Destination: "
                   "KinesisStreamingDestination must be %s to perform the operation.",
                   action, needed);
}

struct error *run_enable_kinesis_destination(struct op *op)
{
    const struct kinesis_destination_input *in = op->input;
    const struct table *t;
    struct kinesis_state state;
    size_t active = 0;
    TRY(load(op, in->table_name, &t, &state));
    const struct destination *known = find(&state, in->stream_arn);
    if (known && known->is_active.value)
        return refuse_state(op, "enable", "DISABLED or ENABLE_FAILED");
    for (size_t i = 0; i < state.destinations.count; i++)
        active += state.destinations.items[i].is_active.value;
    if (active >= MAX_ACTIVE)
        return error_new(op->arena, &error_LimitExceededException,
                         "Subscriber limit exceeded: A table can have at most %d active Kinesis "
                         "streaming destinations",
                         MAX_ACTIVE);
    struct destination changed = {
        in->stream_arn, precision_of(in->enable_kinesis_streaming_configuration), {true, true}};
    TRY(store(op, t, &state, &changed));
    answer(op, t, &changed, S("ENABLING"), S("EnableKinesisStreamingConfiguration"));
    return NULL;
}

static struct error *find_active(struct op *op, const struct table *t,
                                 const struct kinesis_state *state, struct str arn,
                                 const char *action, struct destination *out)
{
    const struct destination *known = find(state, arn);
    if (!known) /* an update, too, is told to "enable" */
        return invalid(op->arena,
                       "Table is not in a valid state to %s Kinesis Streaming Destination: No "
                       "streaming destination with streamArn: %.*s found for table with tableName: "
                       "%.*s",
                       str_eq(str_z(action), S("update")) ? "enable" : action, STR_ARG(arn),
                       STR_ARG(t->name));
    if (!known->is_active.value)
        return refuse_state(op, action, "ACTIVE");
    *out = *known;
    return NULL;
}

struct error *run_disable_kinesis_destination(struct op *op)
{
    const struct kinesis_destination_input *in = op->input;
    const struct table *t;
    struct kinesis_state state;
    struct destination changed;
    TRY(load(op, in->table_name, &t, &state));
    TRY(find_active(op, t, &state, in->stream_arn, "disable", &changed));
    changed.is_active.value = false;
    TRY(store(op, t, &state, &changed));
    answer(op, t, &changed, S("DISABLING"), S(""));
    return NULL;
}

struct error *run_update_kinesis_destination(struct op *op)
{
    const struct kinesis_destination_input *in = op->input;
    const struct table *t;
    struct kinesis_state state;
    struct destination changed;
    TRY(load(op, in->table_name, &t, &state));
    TRY(find_active(op, t, &state, in->stream_arn, "update", &changed));
    if (!in->update_kinesis_streaming_configuration ||
        !in->update_kinesis_streaming_configuration->approximate_creation_date_time_precision)
        return invalid(op->arena, "Streaming destination cannot be updated with given parameters: "
                                  "UpdateKinesisStreamingConfiguration cannot be null or contain "
                                  "only null values");
    struct str wanted = precision_of(in->update_kinesis_streaming_configuration);
    if (is_set_to(&changed, wanted))
        return invalid(op->arena,
                       "Invalid Request: Precision is already set to the desired value of %.*s for "
                       "tableId: %s, kdsArn: %.*s",
                       STR_ARG(wanted), t->uuid, STR_ARG(changed.stream_arn));
    changed.precision = wanted;
    TRY(store(op, t, &state, &changed));
    answer(op, t, &changed, S("UPDATING"), S("UpdateKinesisStreamingConfiguration"));
    return NULL;
}

struct error *run_describe_kinesis_destination(struct op *op)
{
    const struct table_name_input *in = op->input;
    struct json_writer *w = op->reply;
    const struct table *t;
    struct kinesis_state state;
    TRY(load(op, in->table_name, &t, &state));
    json_key(w, S("TableName")), json_str(w, t->name);
    json_key(w, S("KinesisDataStreamDestinations"));
    json_begin_array(w);
    for (size_t i = 0; i < state.destinations.count; i++) {
        const struct destination *d = &state.destinations.items[i];
        json_begin_object(w);
        json_key(w, S("StreamArn")), json_str(w, d->stream_arn);
        json_key(w, S("DestinationStatus"));
        json_str(w, d->is_active.value ? S("ACTIVE") : S("DISABLED"));
        write_precision(w, d);
        json_end_object(w);
    }
    json_end_array(w);
    return NULL;
}
