/* Source of the words: AWS API reference, TransactionCanceledException and its examples; of the
 * reasons: API reference, ThrottlingReason (resource, operation and limit in one word). */
#include "dynamodb/api/admission.h"

#include "json/writer.h"

static int64_t units_of(const struct table *t, const struct throughput *own,
                        enum throttle_kind kind)
{
    bool is_read = kind == THROTTLE_READS;
    if (t->billing == BILLING_PAY_PER_REQUEST)
        return is_read ? own->max_read_units : own->max_write_units;
    return is_read ? own->read_units : own->write_units;
}

static struct str reasons_of(struct op *op, const struct table *t, const struct index *index,
                             enum throttle_kind kind)
{
    bool is_on_demand = t->billing == BILLING_PAY_PER_REQUEST;
    struct str arn = table_arn(op->arena, t, op->region, op->account_id);
    if (index)
        arn = arena_printf(op->arena, "%.*s/index/%.*s", STR_ARG(arn), STR_ARG(index->name));
    return arena_printf(op->arena,
                        "\"%s\":[{\"reason\":\"%s%s%sThroughputExceeded\",\"resource\":\"%.*s\"}]",
                        is_on_demand ? "throttlingReasons" : "ThrottlingReasons",
                        index ? "Index" : "Table", kind == THROTTLE_READS ? "Read" : "Write",
                        is_on_demand ? "MaxOnDemand" : "Provisioned", STR_ARG(arn));
}

static struct error *refuse(struct op *op, const struct table *t, const struct index *index,
                            enum throttle_kind kind)
{
    struct error *e;
    if (t->billing == BILLING_PAY_PER_REQUEST)
        e = error_new(op->arena, &error_ThrottlingException,
                      "Throughput exceeds the maximum OnDemandThroughput configured on table or "
                      "index");
    else if (index)
        e = error_new(op->arena, &error_ProvisionedThroughputExceededException,
                      "The level of configured provisioned throughput for one or more global "
                      "secondary indexes of the table was exceeded. Consider increasing your "
                      "provisioning level for the under-provisioned global secondary indexes with "
                      "the UpdateTable API");
    else
        e = error_new(op->arena, &error_ProvisionedThroughputExceededException,
                      "The level of configured provisioned throughput for the table was exceeded. "
                      "Consider increasing your provisioning level with the UpdateTable API.");
    e->extra = reasons_of(op, t, index, kind);
    return e;
}

struct error *admit(struct op *op, enum throttle_kind kind, const struct capacity *cost)
{
    if (!op->throttle)
        return NULL;
    const struct table *t = cost->table;
    const struct index *indexes[LIMIT_GLOBAL_INDEXES + 1]; /* NULL: the table */
    struct demand demands[LIMIT_GLOBAL_INDEXES + 1];
    size_t count = 0;
    uint64_t table_halves = cost->table_halves;
    for (size_t i = 0; i < cost->index_count; i++) {
        const struct index *index = cost->indexes[i].index;
        int64_t units = units_of(t, &index->throughput, kind);
        if (!index->is_global)
            table_halves += cost->indexes[i].halves;
        if (!index->is_global || !units)
            continue;
        indexes[count] = index;
        demands[count++] = (struct demand){index->id, units, cost->indexes[i].halves};
    }
    int64_t units = units_of(t, &t->throughput, kind);
    if (units && table_halves) {
        indexes[count] = NULL;
        demands[count++] = (struct demand){t->id, units, table_halves};
    }
    size_t refused =
        throttle_take(op->throttle, kind, demands, count, clock_monotonic_us(op->clock));
    return refused == SIZE_MAX ? NULL : refuse(op, t, indexes[refused], kind);
}

struct error *admit_write(struct op *op, const struct write *w, const struct txn *t,
                          size_t position, uint64_t factor)
{
    if (!op->throttle)
        return NULL;
    struct capacity cost = {.table = w->table,
                            .table_halves = factor * capacity_write(w->old, w->new_item)};
    if (w->is_write)
        capacity_add_writes(op->arena, &cost, t, position);
    return admit(op, THROTTLE_WRITES, &cost);
}

struct error *admit_get(struct op *op, const struct table *table, uint64_t halves)
{
    return admit(op, THROTTLE_READS, &(struct capacity){.table = table, .table_halves = halves});
}

bool is_throttled(const struct error *e)
{
    return e->kind == &error_ProvisionedThroughputExceededException ||
           e->kind == &error_ThrottlingException;
}
