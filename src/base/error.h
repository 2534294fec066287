/* Error: why a call failed, as it will be told to the user.
 *
 * A fallible function returns struct error *, NULL for success; results go to out-parameters,
 * last. The error lives in the caller's arena. Each layer has one table of its kinds (the
 * database's is dynamodb/model/errors.h); a kind is compared by address. An error is logged once,
 * where it becomes a response. */
#pragma once

#include "base/arena.h"
#include "base/attributes.h"
#include "base/str.h"

struct error_kind {
    const char *name; /* on the wire: "ValidationException" */
    int http_status;
    bool is_retryable;
};

struct error {
    const struct error_kind *kind;
    struct str message; /* for the user */
    struct str extra;   /* further members of the JSON body, rendered: "\"Item\":{...}"; or empty */
    const struct error *newer; /* the same failure in other callers' words; NULL: one wording */
};

/* Kinds that belong to no layer. */
extern const struct error_kind error_internal; /* InternalServerError, 500 */
extern const struct error_kind error_system;   /* a call of the operating system failed */
extern const struct error_kind error_usage;    /* a wrong flag or value on the command line */

struct error *error_new(struct arena *a, const struct error_kind *kind, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* error_system with ": " and the text of errno behind the message. */
struct error *error_errno(struct arena *a, const char *format, ...) PRINTF_LIKE(2, 3);

/* Passes a failure on to the caller; only where nothing is held. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        struct error *try_error_ = (call);                                                         \
        if (try_error_)                                                                            \
            return try_error_;                                                                     \
    } while (0)
