/* Transient: table states that are seen for a moment (--transient-states), as the service's are.
 *
 * Changes of tables are made at once; what lasts is only the look of it. While a change is under
 * way DescribeTable repeats the description that its answer gave, a table that is being created or
 * deleted has no data, and another change is refused. Nothing of it is stored: a restart ends all.
 * Called by the operations on tables, and by those on items for tables that are being created.
 * Without --transient-states nothing is ever under way. A struct transient is safe from any thread.
 */
#pragma once

#include "dynamodb/api/api.h"

struct transient;

struct transient *transient_new(int64_t lasts_ms);
void transient_free(struct transient *t); /* NULL is nothing */

/* A change as it is remembered. */
struct transient_change {
    struct str table;
    enum status status;     /* CREATING, UPDATING, DELETING */
    struct str description; /* JSON */
    uint32_t index_id;      /* the first index that is being created; 0: none */
};

/* Copies it. A change of the same table that is under way is forgotten. */
void transient_begin(struct transient *t, const struct transient_change *change, int64_t now_us);
/* False when nothing is under way with that table; `out` lives in the arena. */
bool transient_find(struct transient *t, struct arena *a, struct str table, int64_t now_us,
                    struct transient_change *out);
/* Names of tables that are being deleted, those after `after`, in order. */
size_t transient_deleted(struct transient *t, struct arena *a, struct str after, int64_t now_us,
                         struct str **out);

/* -- for operations: `name` may be an ARN ---------------------------------------------------------
 */

/* The description that the reply ends with, from byte `start` on, is that of a change under way. */
void change_begin(struct op *op, struct str name, enum status status, uint32_t index_id,
                  size_t start);
/* ResourceInUseException while a change is under way. */
MUST_USE struct error *change_check(struct op *op, struct str name);
/* Writes the description of a change under way; false when there is none. */
bool change_describe(struct op *op, struct str name);
/* Whether the table is under way in that state. */
bool change_is(struct op *op, struct str name, enum status status);
/* The same for a table's time to live, which changes beside whatever else does: the attribute that
 * is being switched on or off is remembered, and told while that lasts. */
void change_ttl_begin(struct op *op, const struct table *t, struct str attribute);
bool change_ttl(struct op *op, const struct table *t, struct str *attribute);
/* Whether the index is being created. */
bool change_creates_index(struct op *op, const struct table *t, const struct index *index);
