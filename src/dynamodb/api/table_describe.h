/* Table description: what the service tells about a table, as JSON.
 *
 * Called by the operations on tables. Pure but for the counts, which it asks the catalog for.
 * Source: API reference, TableDescription. */
#pragma once

#include "dynamodb/api/api.h"

/* One object. The caller has set the statuses that this answer shows in a copy of the table. */
void table_describe(struct op *op, const struct table *t);
/* What DeleteTable tells of the table: no keys, no indexes. */
void table_describe_gone(struct op *op, const struct table *t);
/* The members SourceTableDetails and SourceTableFeatureDetails of a backup: the table as it was. */
void table_describe_source(struct op *op, const struct table *t, struct counts counts);
/* TableCreationParameters: what an import's table was asked to be. */
void table_describe_creation(struct json_writer *w, const struct table *t);
/* A copy whose own status and that of its indexes is `status`: an answer shows what is under way.
 */
struct table *table_with_status(struct arena *a, const struct table *t, enum status status);
