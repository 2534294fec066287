/* The life of a call:
 *
 *     find row -> decode by its shape -> lock catalog -> run -> unlock -> answer
 *                                            ^            |
 *                                            +--- yield --+   CALL_MORE: reply and op are kept
 *
 * 1. Whatever happens, the reply holds one JSON object and status is set.
 * 2. depends_on is set for errors as for successes: a failed condition tells what was read.
 * 3. The catalog's lock is held within one step only, so that a long read never delays a change of
 *    tables by more than a slice. */
#include "dynamodb/engine.h"

#include "base/log.h"
#include "dynamodb/api/api.h"
#include "dynamodb/api/programs.h"
#include "dynamodb/api/shape.h"
#include "dynamodb/api/throttle.h"
#include "dynamodb/api/transfer.h"
#include "dynamodb/api/transient.h"
#include "dynamodb/storage/kv.h"
#include "dynamodb/storage/store.h"

#include <stdlib.h>

#define DEFAULT_REGION S("us-east-1")
#define DEFAULT_ACCOUNT S("000000000000")
#define DEFAULT_ENDPOINT S("localhost:8000")
#define DEFAULT_CACHE_BYTES (8u << 20)
#define PROGRAM_BYTES (512u << 10) /* some hundred bytes for each text that applications use */

struct engine {
    struct arena arena; /* of the strings below */
    struct store *store;
    const struct clock *clock;
    const struct rand_source *rand;
    struct str region, account_id, endpoint;
    struct programs *programs;   /* compiled expressions */
    struct throttle *throttle;   /* NULL: capacity is not enforced */
    struct transient *transient; /* NULL: states are instant */
    struct transfers *transfers;
};

/* One call between its steps; in the call's arena. */
struct step {
    struct op op;
    struct json_writer writer;
    const struct operation *row;
};

/* -- opening ----------------------------------------------------------------------------------- */

static struct error *open_kv(struct arena *a, const struct engine_options *options, struct kv **out)
{
    if (!options->data_dir) {
        *out = kv_memory_open();
        return NULL;
    }
    struct kv_rocks_options rocks = {
        .directory = options->data_dir,
        .cache_bytes = options->cache_bytes ? options->cache_bytes : DEFAULT_CACHE_BYTES,
        .is_handed_over = options->durability == DURABILITY_OS,
    };
    return kv_rocks_open(a, &rocks, out);
}

/* What all operations are given alike. */
static struct op new_op(struct engine *engine)
{
    return (struct op){
        .engine = engine,
        .store = engine->store,
        .clock = engine->clock,
        .rand = engine->rand,
        .transfers = engine->transfers,
        .region = engine->region,
        .account_id = engine->account_id,
        .endpoint = engine->endpoint,
        .programs = engine->programs,
        .throttle = engine->throttle,
        .transient = engine->transient,
    };
}

struct error *engine_open(struct arena *a, const struct engine_options *options,
                          struct engine **out)
{
    struct kv *kv;
    struct store *store;
    TRY(open_kv(a, options, &kv));
    struct store_options store_options = {
        .kv = kv,
        .syncs = options->durability == DURABILITY_SYNC,
        .clock = options->clock,
        .rand = options->rand,
        .shard_life_ms = options->shard_life_ms,
        .collection_bytes = options->collection_bytes,
    };
    TRY(store_open(a, &store_options, &store));
    struct engine *engine = mem_zalloc(sizeof *engine);
    arena_init(&engine->arena);
    engine->store = store;
    engine->clock = options->clock;
    engine->rand = options->rand;
    engine->region =
        arena_str(&engine->arena, options->region.len ? options->region : DEFAULT_REGION);
    engine->account_id =
        arena_str(&engine->arena, options->account_id.len ? options->account_id : DEFAULT_ACCOUNT);
    engine->endpoint =
        arena_str(&engine->arena, options->endpoint.len ? options->endpoint : DEFAULT_ENDPOINT);
    engine->programs = programs_new(PROGRAM_BYTES);
    if (options->enforces_capacity)
        engine->throttle = throttle_new();
    if (options->transient_ms)
        engine->transient = transient_new(options->transient_ms);
    engine->transfers = transfers_new(&(struct transfers_options){
        .bucket_dir =
            options->bucket_dir ? arena_z(&engine->arena, str_z(options->bucket_dir)) : NULL,
        .op = new_op(engine),
    });
    *out = engine;
    return NULL;
}

void engine_close(struct engine *engine)
{
    transfers_free(engine->transfers);
    store_close(engine->store);
    programs_free(engine->programs);
    throttle_free(engine->throttle);
    transient_free(engine->transient);
    arena_clear(&engine->arena);
    free(engine);
}

struct store *engine_store(struct engine *engine)
{
    return engine->store;
}

struct str engine_region(const struct engine *engine)
{
    return engine->region;
}

struct str engine_account(const struct engine *engine)
{
    return engine->account_id;
}

/* -- errors ------------------------------------------------------------------------------------ */

/* The namespace in front of an error's name: the service's front, its validator, or its own. */
static struct str namespace_of(const struct error_kind *kind)
{
    static const struct error_kind *const front[] = {
        &error_SerializationException,       &error_UnknownOperationException,
        &error_AccessDeniedException,        &error_MissingAuthenticationTokenException,
        &error_IncompleteSignatureException, &error_InvalidSignatureException,
        &error_UnrecognizedClientException,
    };
    if (kind == &error_ValidationException)
        return S("com.amazon.coral.validate#");
    for (size_t i = 0; i < countof(front); i++)
        if (kind == front[i])
            return S("com.amazon.coral.service#");
    return S("com.amazonaws.dynamodb.v20120810#");
}

/* Of the front's errors, those about the request's form spell "Message" with a capital. */
static struct str message_key(const struct error_kind *kind)
{
    bool is_capital = kind == &error_SerializationException || kind == &error_AccessDeniedException;
    return is_capital ? S("Message") : S("message");
}

/* Whether clients know the kind; base's own kinds mean trouble on our side. */
static bool is_of_service(const struct error_kind *kind)
{
    return kind != &error_internal && kind != &error_system && kind != &error_usage;
}

/* What clients are told of trouble that is ours; the log has the rest. */
static void write_failure(struct call *call)
{
    buf_reset(call->reply);
    call->status = error_InternalServerError.http_status;
    buf_add(call->reply, S("{\"__type\":\"com.amazonaws.dynamodb.v20120810#InternalServerError\","
                           "\"message\":\"Internal server error\"}"));
}

static void write_error(struct call *call, const struct error *error)
{
    if (error->kind->http_status >= 500 || !is_of_service(error->kind)) {
        log_error("%.*s failed: %.*s", STR_ARG(call->operation), STR_ARG(error->message));
        write_failure(call);
        return;
    }
    struct json_writer w = json_writer(call->reply);
    struct str type = arena_join(call->arena, namespace_of(error->kind), str_z(error->kind->name));
    buf_reset(call->reply);
    call->status = error->kind->http_status;
    json_begin_object(&w);
    json_key(&w, S("__type")), json_str(&w, type);
    if (error->message.len)
        json_key(&w, message_key(error->kind)), json_str(&w, error->message);
    if (error->extra.len) {
        buf_add_char(w.out, ',');
        buf_add(w.out, error->extra);
    }
    json_end_object(&w);
    if (call->reply->overflowed)
        write_failure(call);
}

void engine_fail_call(struct engine *engine, struct call *call)
{
    (void)engine;
    write_failure(call);
}

/* -- calling ----------------------------------------------------------------------------------- */

static struct step *begin(struct engine *engine, struct call *call, const struct operation *row)
{
    struct step *step = arena_new(call->arena, struct step);
    step->row = row;
    step->writer = json_writer(call->reply);
    step->op = new_op(engine);
    if (call->host.len)
        step->op.endpoint = call->host;
    step->op.arena = call->arena;
    step->op.reply = &step->writer;
    return step;
}

static struct error *decode(struct step *step, struct call *call)
{
    void *input = arena_alloc(call->arena, step->row->input->size_bytes);
    step->op.input = input;
    json_begin_object(&step->writer);
    return shape_decode(call->arena, step->row->input, call->request, input);
}

static struct error *run(struct step *step)
{
    struct op *op = &step->op;
    op->is_unfinished = false;
    if (step->row->changes_tables)
        catalog_lock(op->store);
    else
        catalog_lock_shared(op->store);
    struct error *error = step->row->run(op);
    if (step->row->changes_tables)
        catalog_unlock(op->store);
    else
        catalog_unlock_shared(op->store);
    return error;
}

static void finish(struct step *step, struct call *call)
{
    json_end_object(&step->writer);
    call->status = 200;
    if (step->op.answers_nothing)
        buf_reset(call->reply);
    if (!call->reply->overflowed)
        return;
    log_error("%.*s failed: an answer of more than %zu bytes", STR_ARG(call->operation),
              call->reply->max);
    write_failure(call);
}

enum call_state engine_call(struct engine *engine, struct call *call)
{
    struct step *step = call->progress;
    struct error *error = NULL;
    if (!step) {
        const struct operation *row = operation_find(call->operation);
        if (!row) {
            write_error(call, error_new(call->arena, &error_UnknownOperationException, "%s", ""));
            return CALL_DONE;
        }
        step = begin(engine, call, row);
        error = decode(step, call);
    }
    if (!error)
        error = run(step);
    call->depends_on = step->op.depends_on;
    if (!error && step->op.is_unfinished) {
        call->progress = step;
        return CALL_MORE;
    }
    call->progress = NULL;
    if (error)
        write_error(call, layer_tell(call->arena, step->row->layer, error));
    else
        finish(step, call);
    return CALL_DONE;
}

/* -- syncing ----------------------------------------------------------------------------------- */

uint64_t engine_synced(const struct engine *engine)
{
    return store_synced(engine->store);
}

bool engine_failed(const struct engine *engine)
{
    return store_failed(engine->store);
}

bool engine_wait(struct engine *engine, uint64_t sequence)
{
    return store_wait(engine->store, sequence);
}

void engine_set_on_sync(struct engine *engine, engine_on_sync *on_sync, void *context)
{
    store_set_on_sync(engine->store, on_sync, context);
}
