/* Path: a document path, names resolved: a.b[3].c
 *
 * Source: AWS "Referring to item attributes when using expressions". */
#pragma once

#include "base/arena.h"
#include "dynamodb/model/value.h"

struct path_step {
    struct str name; /* of a map's member, when !is_index */
    uint32_t index;  /* of a list's element */
    bool is_index;
};

struct path {
    const struct path_step *steps; /* the first is a name */
    size_t count;
};

/* The value at a path in an item's attributes; VALUE_NONE when there is none. */
struct value path_get(struct path p, struct str attributes);
enum path_relation {
    PATHS_APART,
    PATHS_OVERLAP,  /* one is the other, or a prefix of it */
    PATHS_CONFLICT, /* the same place as a list in one and a map in the other */
};
enum path_relation path_compare(struct path a, struct path b);
/* "[a, b, [3]]", as the service shows paths in messages. */
struct str path_show(struct arena *a, struct path p);
