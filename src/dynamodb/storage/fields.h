/* Fields: small records of the store itself, written as a map of model/value.h.
 *
 * Called by codec.c and stream_log.c, so that definitions need no second format: a name that is
 * absent has its default, and names that are not known are passed over. Everything is in the
 * caller's arena. Pure. */
#pragma once

#include "base/vec.h"
#include "dynamodb/model/value.h"

struct fields {
    struct arena *arena;
    VEC(struct member) members;
};

/* Empty text, 0, false and an empty list are left out. */
void fields_text(struct fields *f, struct str name, struct str text);
void fields_int(struct fields *f, struct str name, int64_t number);
void fields_value(struct fields *f, struct str name, struct value v);
struct value fields_map(struct fields *f);

/* A list of values of any type. */
struct list {
    struct buf buf;
};
void list_init(struct list *l);
void list_add(struct list *l, struct value v);
/* The list's value in the arena; ends the builder. */
struct value list_value(struct list *l, struct arena *a);

struct str field_text(struct value map, struct str name);
int64_t field_int(struct value map, struct str name);
