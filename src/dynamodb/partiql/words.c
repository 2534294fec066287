#include "dynamodb/partiql/words.h"

#include "dynamodb/partiql/lex.h"

struct error *invalid_behind(struct arena *a, const char *head, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str message = arena_vprintf(a, format, args);
    va_end(args);
    struct error *error = invalid(a, "%s", head);
    error->message = arena_join(a, error->message, message);
    return error;
}

struct error *at_place(struct arena *a, struct place place, struct error *error)
{
    error->message = arena_printf(a, "%.*s at %u:%u:%u", STR_ARG(error->message), place.line,
                                  place.column, place.length);
    return error;
}

struct str lower_case(struct arena *a, struct str text)
{
    char *out = arena_alloc(a, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        out[i] = text.data[i] >= 'A' && text.data[i] <= 'Z' ? (char)(text.data[i] + 'a' - 'A')
                                                            : text.data[i];
    return (struct str){out, text.len};
}
