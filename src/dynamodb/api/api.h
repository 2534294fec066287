/* API: the operation table and what every operation is given.
 *
 * engine.c finds the row, decodes the request by its shape into the operation's own struct, and
 * runs it under the catalog's shared lock (exclusive for rows that change tables). Adding an
 * operation is one shape (shapes.c), one row (operations.c) and one function. */
#pragma once

#include "base/buf.h"
#include "dynamodb/api/layer.h"
#include "dynamodb/engine.h"
#include "dynamodb/model/errors.h"
#include "dynamodb/storage/catalog.h"
#include "json/writer.h"

struct programs;  /* programs.h */
struct throttle;  /* throttle.h */
struct transient; /* transient.h */
struct transfers; /* transfer.h */
struct shape;     /* shape.h: members, types and constraints of a request */

/* One operation under way. */
struct op {
    struct engine *engine;
    struct store *store;
    struct arena *arena;
    struct json_writer *reply; /* the answer's members go here; the object is already open */
    const void *input;         /* the row's input struct, filled by the decoder */
    uint64_t depends_on;       /* raise it with op_depends */
    void *progress;            /* NULL in the first step */
    bool is_unfinished;        /* set to be called again: the reply so far is kept */
    bool answers_nothing;      /* the answer is no JSON object but no body at all */
    const struct clock *clock;
    const struct rand_source *rand;
    struct transfers *transfers;
    struct str region, account_id;
    struct str endpoint;         /* host and port that clients reach this server at */
    struct programs *programs;   /* compiled expressions */
    struct throttle *throttle;   /* NULL: capacity is only counted */
    struct transient *transient; /* NULL: changes of tables are instant */
};

/* What the parts beside the operations (trigger/) work on. */
struct store *engine_store(struct engine *engine);
struct str engine_region(const struct engine *engine);
struct str engine_account(const struct engine *engine);

static inline void op_depends(struct op *op, uint64_t sequence)
{
    if (sequence > op->depends_on)
        op->depends_on = sequence;
}

/* The table that a request names, by name or by ARN ("arn:aws:dynamodb:…:table/NAME").
 * ResourceNotFoundException in the data plane's words: "Requested resource not found". */
MUST_USE struct error *op_table(struct op *op, struct str name, const struct table **out);
/* The name in a table's ARN; a name is given back as it is. */
struct str table_name_of(struct str name_or_arn);

/* On an error the reply is thrown away and the error is answered. */
typedef struct error *operation_run(struct op *op);

struct operation {
    struct str name;
    const struct shape *input;
    operation_run *run;
    bool changes_tables;    /* runs under the catalog's exclusive lock */
    bool is_stream;         /* of DynamoDBStreams_20120810 */
    enum value_layer layer; /* in which it tells what is wrong with values */
};

const struct operation *operation_find(struct str name); /* NULL: unknown */
const struct operation *operation_list(size_t *count);
