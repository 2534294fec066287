/* State: settings of a table that are kept and described, but change nothing here.
 *
 * Called by the operations on contributor insights, Kinesis destinations,
 * resource policies, auto scaling and global tables: on one machine they have no effect, but what
 * was set is what is told. Each kind of setting is one durable note of the catalog (catalog.h),
 * JSON of a shape of its own, and goes with the table. Called under the catalog's lock; changes
 * need the exclusive one. */
#pragma once

#include "dynamodb/api/api.h"
#include "dynamodb/api/shape.h"

/* The kinds of one table; from STATE_GLOBAL_TABLES on, one note for the whole store, with table id
 * 0. */
enum state_kind {
    STATE_CONTRIBUTOR_INSIGHTS,
    STATE_KINESIS,
    STATE_POLICIES,
    STATE_SCALING,
    STATE_GLOBAL_TABLES,
    STATE_TRANSFERS,
};

/* Fills *out as shape_decode does; all absent when nothing was set. */
MUST_USE struct error *state_load(struct op *op, enum state_kind kind, uint32_t table_id,
                                  const struct shape *shape, void *out);

/* state_begin opens the object, the caller writes its members, state_end keeps it. */
struct state_writer {
    struct buf text;
    struct json_writer w;
};
void state_begin(struct state_writer *s);
MUST_USE struct error *state_end(struct op *op, enum state_kind kind, uint32_t table_id,
                                 struct state_writer *s);

/* Shapes of what the notes are made of. */
extern const struct shape state_text, state_number, state_flag;

/* All of a table that is deleted. */
MUST_USE struct error *state_forget(struct op *op, uint32_t table_id);
