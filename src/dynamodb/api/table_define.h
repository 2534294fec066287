/* Table definition: from CreateTable's and UpdateTable's input to struct table, checked.
 *
 * Called by tables.c and table_update.c under the catalog's lock. The checks stand in the service's
 * order and in its words. Everything lives in the arena or in the request. Pure.
 * Source: API reference of CreateTable and UpdateTable; words and order from recordings of the
 * service (dynalite, the public conformance suite). */
#pragma once

#include "base/error.h"
#include "dynamodb/api/requests.h"
#include "dynamodb/model/schema.h"

/* A new table: ids, uuid and times are left 0 for the catalog. */
MUST_USE struct error *table_define(struct arena *a, const struct create_table_input *in,
                                    struct table *out);

/* One index. `definitions` must name its key's attributes. */
struct index_definition {
    const struct index_input *in;
    const attribute_definition_list *definitions;
    bool is_global, is_of_new_table;
    enum billing billing;
};
MUST_USE struct error *index_define(struct arena *a, const struct index_definition *definition,
                                    struct index *out);

MUST_USE struct error *throughput_check(struct arena *a, const struct provisioned_throughput *in);
/* `place` is "table" or "index : NAME". */
MUST_USE struct error *on_demand_check(struct arena *a, const struct on_demand_throughput *in,
                                       struct str place, bool is_new);

/* What a table or index can take at once, at least: it only rises. */
struct warm {
    int64_t read, write;
};
struct warm_check {
    struct str index_name; /* empty: the table */
    enum billing billing;
    const struct provisioned_throughput *provisioned; /* of what is created */
    const struct throughput *current;                 /* NULL: it is created */
};
MUST_USE struct error *warm_check(struct arena *a, const struct warm_throughput *in,
                                  const struct warm_check *check);
void warm_apply(const struct warm_throughput *in, struct throughput *out);
/* Non-key attributes of all indexes together. */
MUST_USE struct error *projections_check(struct arena *a, const struct index *indexes,
                                         size_t count);

enum value_type scalar_value_type(enum scalar_type type);
enum stream_view stream_view_of(enum stream_view_type type);
struct str table_class_of(enum table_class table_class);
MUST_USE struct error *table_class_check(struct arena *a, enum table_class table_class);
MUST_USE struct error *sse_check(struct arena *a, const struct sse_specification *in);
/* The SSEDescription that a specification leads to; empty for the default encryption. */
struct str sse_describe(struct arena *a, const struct sse_specification *in, struct str region,
                        struct str account_id);
