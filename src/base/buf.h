/* Buf: bytes that grow, up to a maximum set at birth.
 *
 * Owned by whoever called buf_init; buf_clear gives it back. What would pass the maximum is not
 * added and sets `overflowed`, which stays: check it once at the end instead of at each call. */
#pragma once

#include "base/attributes.h"
#include "base/str.h"

#include <stdarg.h>

struct buf {
    char *data;
    size_t len, cap, max;
    bool overflowed;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_clear(struct buf *b);
void buf_reset(struct buf *b);                        /* empties it and keeps its memory */
char *buf_reserve_slowly(struct buf *b, size_t more); /* buf_reserve with more memory */
/* Room for `more` bytes at the returned place, NULL past the maximum. Raise `len` afterwards. */
static inline char *buf_reserve(struct buf *b, size_t more)
{
    if (b->cap - b->len < more || b->overflowed || !b->data)
        return buf_reserve_slowly(b, more);
    return b->data + b->len;
}
static inline void buf_add(struct buf *b, struct str s)
{
    char *at = buf_reserve(b, s.len);
    if (!at || !s.len)
        return;
    memcpy(at, s.data, s.len);
    b->len += s.len;
}
void buf_add_z(struct buf *b, const char *text);
static inline void buf_add_char(struct buf *b, char c)
{
    buf_add(b, (struct str){&c, 1});
}
void buf_add_u64(struct buf *b, uint64_t number);
void buf_add_i64(struct buf *b, int64_t number);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *format, va_list args) PRINTF_LIKE(2, 0);
/* Drops the first `count` bytes. */
void buf_consume(struct buf *b, size_t count);

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->len ? b->data : "", b->len};
}
