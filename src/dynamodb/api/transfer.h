/* Transfer: exports and imports under way and done, and the thread that does them.
 *
 * What was asked for is one durable note for the whole store (state.h), changed under the catalog's
 * exclusive lock:
 *
 *     asked for --> IN_PROGRESS --the thread--> COMPLETED or FAILED
 *
 * One that is IN_PROGRESS when the store is opened is begun again from its start: files of an
 * export are written again, items of an import are put again. Those that ended long ago are
 * forgotten. Called by transfers.c (operations), export.c and import.c (the work). Times are Unix
 * milliseconds. */
#pragma once

#include "dynamodb/api/api.h"
#include "dynamodb/api/requests.h"

enum transfer_kind { TRANSFER_EXPORT, TRANSFER_IMPORT };
enum transfer_state { TRANSFER_IN_PROGRESS, TRANSFER_COMPLETED, TRANSFER_FAILED };

/* Its members are those of the note; numbers that are absent are 0. */
struct transfer {
    struct opt_i64 kind, state; /* of the two above */
    struct str id;              /* "01489602797149-73d8d5bc" */
    struct str table_name, table_uuid;
    struct opt_i64 table_id;
    struct str client_token, digest; /* of the request, to tell a repetition */
    struct opt_i64 started_ms, ended_ms;
    struct str bucket, owner, prefix;
    struct str failure_code, failure_message;

    struct opt_i64 hold_id; /* of the export's hold on the table's past (backup.h) */
    struct opt_i64 moment_us, from_us;
    struct opt_i64 is_incremental, is_new_image_only;
    struct str sse_algorithm, kms_key_id;
    struct opt_i64 item_count, billed_bytes;

    struct opt_i64 format, compression; /* enums of requests.h */
    struct str delimiter;
    string_list headers;
    struct str parameters; /* TableCreationParameters, JSON */
    struct opt_i64 error_count, processed_bytes, processed_items, imported_items;
};
typedef LIST_OF(struct transfer) transfer_list;

struct str transfer_arn(struct op *op, const struct transfer *t);
/* A new id: the time, and eight digits of chance. */
struct str transfer_new_id(struct op *op);

/* All, oldest first. */
MUST_USE struct error *transfers_load(struct op *op, transfer_list *out);
/* Keeps it: instead of the one with its id, or behind all others. Under the exclusive lock. */
MUST_USE struct error *transfer_keep(struct op *op, const struct transfer *t);

/* -- the thread ---------------------------------------------------------------------------------
 */

struct transfers;

struct transfers_options {
    const char *bucket_dir; /* NULL: there are no buckets; outlives the transfers */
    struct op op;           /* what the work is given: store, clock, names; no reply */
};
/* Begins at once when something is left to do. */
struct transfers *transfers_new(const struct transfers_options *options);
/* Waits for the step under way. */
void transfers_free(struct transfers *t);
/* There is something to do. */
void transfers_wake(struct transfers *t);
bool transfers_are_stopping(struct transfers *t);

/* The work of one, outside all locks: leaves its results in *t, whose state it decides. An error
 * is one of the store: the transfer stays IN_PROGRESS. */
struct work {
    struct transfers *transfers;
    const char *bucket_dir;
    struct op *op; /* its arena is the work's own, reset between steps */
    struct arena *lasting;
};
MUST_USE struct error *export_work(struct work *w, struct transfer *t);
MUST_USE struct error *import_work(struct work *w, struct transfer *t);
void transfer_fail(struct work *w, struct transfer *t, const char *code, struct str message);
