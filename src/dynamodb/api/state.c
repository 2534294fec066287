#include "dynamodb/api/state.h"

#define MAX_STATE (4u << 20)

const struct shape state_text = {.kind = SHAPE_STRING};
const struct shape state_number = {.kind = SHAPE_LONG};
const struct shape state_flag = {.kind = SHAPE_BOOLEAN};

static struct str name_of(struct op *op, enum state_kind kind, uint32_t table_id)
{
    static const char *const kinds[] = {
        [STATE_CONTRIBUTOR_INSIGHTS] = "contributor_insights",
        [STATE_KINESIS] = "kinesis",
        [STATE_POLICIES] = "policies",
        [STATE_SCALING] = "scaling",
        [STATE_GLOBAL_TABLES] = "global_tables",
        [STATE_TRANSFERS] = "transfers",
    };
    return arena_printf(op->arena, "%s/%u", kinds[kind], table_id);
}

static struct error *load_text(struct op *op, struct str name, struct str *out, bool *found)
{
    uint64_t written = store_written(op->store);
    TRY(catalog_note_get(op->store, op->arena, name, out, found));
    if (store_synced(op->store) < written)
        op_depends(op, written); /* what was read may not be on the disk yet */
    return NULL;
}

struct error *state_load(struct op *op, enum state_kind kind, uint32_t table_id,
                         const struct shape *shape, void *out)
{
    struct str text;
    bool found;
    TRY(load_text(op, name_of(op, kind, table_id), &text, &found));
    struct error *error = shape_decode(op->arena, shape, found ? text : S("{}"), out);
    if (!error)
        return NULL;
    return error_new(op->arena, &error_InternalServerError, "a kept setting cannot be read: %.*s",
                     STR_ARG(error->message));
}

void state_begin(struct state_writer *s)
{
    buf_init(&s->text, MAX_STATE);
    s->w = json_writer(&s->text);
    json_begin_object(&s->w);
}

struct error *state_end(struct op *op, enum state_kind kind, uint32_t table_id,
                        struct state_writer *s)
{
    uint64_t sequence;
    json_end_object(&s->w);
    bool overflowed = s->text.overflowed;
    struct str text = arena_str(op->arena, buf_str(&s->text));
    buf_clear(&s->text);
    if (overflowed)
        return error_new(op->arena, &error_LimitExceededException,
                         "The settings of one resource exceed %u bytes", MAX_STATE);
    TRY(catalog_note_put(op->store, op->arena, name_of(op, kind, table_id), text, &sequence));
    op_depends(op, sequence);
    return NULL;
}

struct error *state_forget(struct op *op, uint32_t table_id)
{
    for (enum state_kind kind = 0; kind < STATE_GLOBAL_TABLES; kind++) {
        struct str name = name_of(op, kind, table_id), text;
        uint64_t sequence;
        bool found;
        TRY(load_text(op, name, &text, &found));
        if (!found)
            continue;
        TRY(catalog_note_put(op->store, op->arena, name, S(""), &sequence));
        op_depends(op, sequence);
    }
    return NULL;
}
