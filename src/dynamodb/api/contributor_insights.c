/* DescribeContributorInsights, UpdateContributorInsights, ListContributorInsights.
 * Source: API reference; AWS "CloudWatch Contributor Insights for DynamoDB" for the rules' names.
 */
#include "dynamodb/api/control.h"
#include "dynamodb/api/facts.h"
#include "dynamodb/api/state.h"

#define PAGE 100

/* One for the table, whose index name is empty, and one for each index ever changed. */
struct insights {
    struct str index_name, mode;
    struct opt_bool is_enabled;
    struct opt_i64 updated_ms;
};
struct insights_state {
    LIST_OF(struct insights) entries;
};
static const struct shape insights = STRUCTURE(
    insights, "Insights", MEMBER(insights, index_name, "IndexName", NEED_NOTHING, state_text),
    MEMBER(insights, mode, "Mode", NEED_NOTHING, state_text),
    MEMBER(insights, is_enabled, "IsEnabled", NEED_NOTHING, state_flag),
    MEMBER(insights, updated_ms, "UpdatedMs", NEED_NOTHING, state_number));
static const struct shape insights_list = {LIST(insights)};
static const struct shape insights_state =
    STRUCTURE(insights_state, "State",
              MEMBER(insights_state, entries, "Entries", NEED_NOTHING, insights_list));

static struct error *load(struct op *op, const struct table *t, struct insights_state *out)
{
    return state_load(op, STATE_CONTRIBUTOR_INSIGHTS, t->id, &insights_state, out);
}

static struct error *find_resource(struct op *op, struct str table_name, struct str index_name,
                                   const struct table **out)
{
    TRY(control_table(op, table_name, out));
    if (!index_name.data || table_index(*out, index_name))
        return NULL;
    return error_new(op->arena, &error_ResourceNotFoundException,
                     "Requested resource not found: Index: %.*s not found for table: %.*s",
                     STR_ARG(index_name), STR_ARG((*out)->name));
}

static struct insights *find_entry(struct insights_state *state, struct str index_name)
{
    for (size_t i = 0; i < state->entries.count; i++)
        if (str_eq(state->entries.items[i].index_name, index_name))
            return &state->entries.items[i];
    return NULL;
}

static void write_resource(struct json_writer *w, const struct table *t, struct str index_name)
{
    json_key(w, S("TableName")), json_str(w, t->name);
    if (index_name.len)
        json_key(w, S("IndexName")), json_str(w, index_name);
}

/* Partition keys and, with a sort key, sort keys: most accessed (C) and most throttled (T). */
static void write_rules(struct op *op, const struct table *t, const struct insights *entry)
{
    static const char *const kinds[] = {"PKC", "PKT", "SKC", "SKT"};
    const struct index *index = entry->index_name.len ? table_index(t, entry->index_name) : NULL;
    bool has_sort = index ? index->keys.sort_count > 0 : t->keys.sort_count > 0;
    json_key(op->reply, S("ContributorInsightsRuleList"));
    json_begin_array(op->reply);
    for (size_t i = 0; i < (has_sort ? 4u : 2u); i++)
        json_str(op->reply,
                 arena_printf(op->arena, "DynamoDBContributorInsights-%s-%.*s%s%.*s-%lld", kinds[i],
                              STR_ARG(t->name), entry->index_name.len ? "-" : "",
                              STR_ARG(entry->index_name), (long long)entry->updated_ms.value));
    json_end_array(op->reply);
}

struct error *run_describe_contributor_insights(struct op *op)
{
    const struct describe_contributor_insights_input *in = op->input;
    const struct table *t;
    struct insights_state state;
    TRY(find_resource(op, in->table_name, in->index_name, &t));
    TRY(load(op, t, &state));
    const struct insights *entry = find_entry(&state, in->index_name);
    bool is_enabled = entry && entry->is_enabled.value;
    write_resource(op->reply, t, in->index_name);
    if (is_enabled)
        write_rules(op, t, entry);
    json_key(op->reply, S("ContributorInsightsStatus"));
    json_str(op->reply, is_enabled ? S("ENABLED") : S("DISABLED"));
    if (entry) {
        json_key(op->reply, S("LastUpdateDateTime"));
        json_double(op->reply, (double)entry->updated_ms.value / 1000);
    }
    if (is_enabled)
        json_key(op->reply, S("ContributorInsightsMode")), json_str(op->reply, entry->mode);
    return NULL;
}

static void keep_entry(struct json_writer *w, const struct insights *entry)
{
    json_begin_object(w);
    json_key(w, S("IndexName")), json_str(w, entry->index_name);
    json_key(w, S("Mode")), json_str(w, entry->mode);
    json_key(w, S("IsEnabled")), json_bool(w, entry->is_enabled.value);
    json_key(w, S("UpdatedMs")), json_i64(w, entry->updated_ms.value);
    json_end_object(w);
}

static struct error *store_entry(struct op *op, const struct table *t,
                                 const struct insights_state *state, const struct insights *changed)
{
    struct state_writer kept;
    state_begin(&kept);
    json_key(&kept.w, S("Entries"));
    json_begin_array(&kept.w);
    for (size_t i = 0; i < state->entries.count; i++)
        if (!str_eq(state->entries.items[i].index_name, changed->index_name))
            keep_entry(&kept.w, &state->entries.items[i]);
    keep_entry(&kept.w, changed);
    json_end_array(&kept.w);
    return state_end(op, STATE_CONTRIBUTOR_INSIGHTS, t->id, &kept);
}

struct error *run_update_contributor_insights(struct op *op)
{
    const struct update_contributor_insights_input *in = op->input;
    bool enables = in->contributor_insights_action == INSIGHTS_ENABLE;
    const struct table *t;
    struct insights_state state;
    TRY(find_resource(op, in->table_name, in->index_name, &t));
    TRY(load(op, t, &state));
    struct insights changed = {
        .index_name = in->index_name,
        .mode = in->contributor_insights_mode == INSIGHTS_THROTTLED_KEYS
                    ? S("THROTTLED_KEYS")
                    : S("ACCESSED_AND_THROTTLED_KEYS"),
        .is_enabled = {enables, true},
        .updated_ms = {clock_now_ms(op->clock), true},
    };
    TRY(store_entry(op, t, &state, &changed));
    write_resource(op->reply, t, in->index_name);
    json_key(op->reply, S("ContributorInsightsStatus"));
    json_str(op->reply, enables ? S("ENABLING") : S("DISABLING"));
    json_key(op->reply, S("ContributorInsightsMode")), json_str(op->reply, changed.mode);
    return NULL;
}

static struct error *list_table(struct op *op, struct str name)
{
    const struct table *t = catalog_find(op->store, name);
    struct insights_state state;
    TRY(load(op, t, &state));
    for (size_t i = 0; i < state.entries.count; i++) {
        const struct insights *entry = &state.entries.items[i];
        json_begin_object(op->reply);
        write_resource(op->reply, t, entry->index_name);
        json_key(op->reply, S("ContributorInsightsStatus"));
        json_str(op->reply, entry->is_enabled.value ? S("ENABLED") : S("DISABLED"));
        json_key(op->reply, S("ContributorInsightsMode")), json_str(op->reply, entry->mode);
        json_end_object(op->reply);
    }
    return NULL;
}

/* A page is so many tables; the token is the name of the last. */
struct error *run_list_contributor_insights(struct op *op)
{
    const struct list_contributor_insights_input *in = op->input;
    size_t limit = in->max_results.is_given && in->max_results.value > 0
                       ? (size_t)in->max_results.value
                       : PAGE;
    const struct table *t;
    const struct str *names;
    struct str one;
    size_t count = 1;
    if (in->table_name.data) {
        TRY(control_table(op, in->table_name, &t));
        one = t->name;
        names = &one;
    } else {
        count = catalog_names(op->store, op->arena, in->next_token, limit + 1, &names);
    }
    json_key(op->reply, S("ContributorInsightsSummaries"));
    json_begin_array(op->reply);
    for (size_t i = 0; i < count && i < limit; i++)
        TRY(list_table(op, names[i]));
    json_end_array(op->reply);
    if (count > limit)
        json_key(op->reply, S("NextToken")), json_str(op->reply, names[limit - 1]);
    return NULL;
}
