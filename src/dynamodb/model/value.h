/* Value: an attribute value, as a view of its stored bytes.
 *
 *     value  = tag (1 byte)  length (varint)  payload
 *     S, B   = the bytes               N    = model/number.h
 *     BOOL   = 0 or 1                  NULL = nothing
 *     SS, NS, BS = { length (varint) element }, sorted bytewise, no element twice
 *     L      = { value }
 *     M      = { length (varint) name  value }, sorted by name bytewise, no name twice
 *
 * The form is canonical: two values are equal when their bytes are. An item is the payload of an M.
 * Stored bytes are walked in place; nothing here allocates unless it takes an arena or a buf.
 * Varints are LEB128, at most five bytes. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* The tags of format 1: never renumber. */
enum value_type {
    VALUE_NONE = 0, /* no value: an absent attribute */
    VALUE_S = 1,
    VALUE_N = 2,
    VALUE_B = 3,
    VALUE_BOOL = 4,
    VALUE_NULL = 5,
    VALUE_SS = 6,
    VALUE_NS = 7,
    VALUE_BS = 8,
    VALUE_L = 9,
    VALUE_M = 10,
};

struct value {
    enum value_type type;
    struct str data; /* the payload */
};

struct str value_type_name(enum value_type type); /* "S", "NULL", … */
bool value_type_parse(struct str name, enum value_type *out);
bool value_equal(struct value a, struct value b);
/* Order of two values of the same type S, N or B, as keys and comparisons have it. */
int value_compare(struct value a, struct value b);
/* Bytes the service counts for it, without its name. Source: AWS "DynamoDB item sizes and formats".
 */
size_t value_size(struct value v);
/* Depth of nesting: 0 for a scalar or set, 1 for an empty list or map. */
size_t value_depth(struct value v);

void varint_put(struct buf *out, uint32_t number);
bool varint_take(struct str *rest, uint32_t *out); /* false at the end or when damaged */

void value_put(struct buf *out, struct value v);                /* tag, length, payload */
bool value_next_element(struct str *rest, struct str *element); /* of a set, from rest = v.data */
void value_put_element(struct buf *out, struct str element);
void value_put_member(struct buf *out, struct str name, struct value v);
/* The value of a name in an M's payload or an item; type VALUE_NONE when absent. */
struct value value_member(struct str members, struct str name);
/* The value at an index of an L's payload. */
struct value value_at(struct str list, size_t index);
size_t value_count(struct value v); /* elements of a set or L, members of an M */
bool value_set_contains(struct value set, struct str element);
/* Whether bytes are a whole well-formed value list / member list: for bytes read from outside. */
bool value_is_wellformed(struct value v);

/* Builds an M's payload from members in any order: sorts, and says when a name came twice. */
struct member {
    struct str name;
    struct value value;
};
bool members_build(struct buf *out, struct member *members, size_t count);
/* Builds a set's payload from elements in any order; false when one came twice. */
bool set_build(struct buf *out, struct str *elements, size_t count);

/* -- walking ------------------------------------------------------------------------------------
 *
 * Reading happens at `at`, before `end`; each step answers where it ended, NULL at the end or at
 * damage. These few lines are most of what reading an item costs, and are inlined into every walk.
 */

const char *value_read_long_varint(const char *at, const char *end, uint32_t *out);

static inline const char *value_read_varint(const char *at, const char *end, uint32_t *out)
{
    if (at < end && (uint8_t)*at < 0x80) {
        *out = (uint8_t)*at;
        return at + 1;
    }
    return value_read_long_varint(at, end, out);
}

/* A length and that many bytes. */
static inline const char *value_read_piece(const char *at, const char *end, struct str *piece)
{
    uint32_t len;
    at = value_read_varint(at, end, &len);
    if (!at || len > (size_t)(end - at))
        return NULL;
    *piece = (struct str){at, len};
    return at + len;
}

static inline const char *value_read(const char *at, const char *end, struct value *out)
{
    if (at == end || *at < VALUE_S || *at > VALUE_M)
        return NULL;
    out->type = (enum value_type) * at;
    return value_read_piece(at + 1, end, &out->data);
}

static inline const char *value_read_member(const char *at, const char *end, struct str *name,
                                            struct value *out)
{
    at = value_read_piece(at, end, name);
    return at ? value_read(at, end, out) : NULL;
}

/* An item that does not exist may have no address at all. */
static inline const char *value_end_of(struct str s)
{
    return s.len ? s.data + s.len : s.data;
}

static inline bool value_advance(struct str *rest, const char *end, const char *at)
{
    if (!at)
        return false;
    *rest = (struct str){at, (size_t)(end - at)};
    return true;
}

/* The next value of an L's payload: start with rest = v.data. */
static inline bool value_take(struct str *rest, struct value *out)
{
    const char *end = value_end_of(*rest);
    return value_advance(rest, end, value_read(rest->data, end, out));
}

/* The next member of an M's payload or an item. */
static inline bool value_next_member(struct str *rest, struct str *name, struct value *v)
{
    const char *end = value_end_of(*rest);
    return value_advance(rest, end, value_read_member(rest->data, end, name, v));
}
