#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

const struct error_kind error_internal = {"InternalServerError", 500, true};
const struct error_kind error_system = {"SystemError", 500, false};
const struct error_kind error_usage = {"UsageError", 400, false};

struct error *error_new(struct arena *a, const struct error_kind *kind, const char *format, ...)
{
    struct error *error = arena_new(a, struct error);
    error->kind = kind;
    va_list args;
    va_start(args, format);
    error->message = arena_vprintf(a, format, args);
    va_end(args);
    return error;
}

struct error *error_errno(struct arena *a, const char *format, ...)
{
    char reason[128];
    const char *text = strerror_r(errno, reason, sizeof reason);
    va_list args;
    va_start(args, format);
    struct str what = arena_vprintf(a, format, args);
    va_end(args);
    return error_new(a, &error_system, "%.*s: %s", STR_ARG(what), text);
}
