#include "dynamodb/api/layer.h"

#include "dynamodb/model/errors.h"

static struct error *in_envelope(struct arena *a, const struct error *error)
{
    return invalid(a, "1 validation error detected: %.*s", STR_ARG(error->message));
}

struct error *layer_tell(struct arena *a, enum value_layer layer, struct error *error)
{
    if (!error->newer || layer == LAYER_OLDER)
        return error;
    if (layer == LAYER_WRITE)
        return in_envelope(a, error->newer);
    return invalid(a, "%.*s", STR_ARG(error->newer->message));
}

bool layer_is_left_to_older(const struct error *error)
{
    return error && !error->newer && str_starts(error->message, S("Nesting Levels"));
}

struct error *layer_envelope(struct arena *a, unsigned parts, enum layer_part part,
                             struct error *error)
{
    if (!error || error->newer || !(parts & part))
        return error; /* with newer words it is layer_tell's */
    return in_envelope(a, error);
}
