/* Nest: writing a list or map whose length is known only when it is written. Private to this
 * folder.
 *
 *     size_t start = nest_open(out, VALUE_L);
 *     … the payload …
 *     nest_close(out, start);
 *
 * The longest possible length is left free before the payload, which moves up when it is closed. */
#pragma once

#include "base/arena.h"
#include "dynamodb/model/value.h"

#include <string.h>

enum { NEST_BYTES = 6 }; /* a tag and a varint */

static inline size_t nest_open(struct buf *out, enum value_type type)
{
    char *at = buf_reserve(out, NEST_BYTES);
    if (!at)
        return out->len;
    at[0] = (char)type;
    out->len += NEST_BYTES;
    return out->len;
}

static inline void nest_close(struct buf *out, size_t start)
{
    if (out->overflowed)
        return;
    size_t len = out->len - start;
    out->len = start - NEST_BYTES + 1;
    varint_put(out, (uint32_t)len);
    memmove(out->data + out->len, out->data + start, len);
    out->len += len;
}

/* A buf on arena memory that is known to suffice: nothing to give back. */
static inline struct buf nest_buf(struct arena *a, size_t max_bytes)
{
    return (struct buf){.data = arena_alloc(a, max_bytes + 1), .cap = max_bytes, .max = max_bytes};
}
