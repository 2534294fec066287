#include "base/buf.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max = max_bytes};
}

void buf_clear(struct buf *b)
{
    free(b->data);
    buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->overflowed = false;
}

static void grow(struct buf *b, size_t needed)
{
    size_t cap = b->cap ? b->cap : FIRST_CAP;
    while (cap < needed)
        cap *= 2;
    if (cap > b->max)
        cap = b->max;
    b->data = mem_realloc(b->data, cap);
    b->cap = cap;
}

char *buf_reserve_slowly(struct buf *b, size_t more)
{
    if (b->overflowed || more > b->max - b->len) {
        b->overflowed = true;
        return NULL;
    }
    if (b->len + more > b->cap || !b->data)
        grow(b, b->len + more);
    return b->data + b->len;
}

void buf_add_z(struct buf *b, const char *text)
{
    buf_add(b, str_z(text));
}

void buf_add_u64(struct buf *b, uint64_t number)
{
    char room[STR_U64_BYTES];
    buf_add(b, str_of_u64(number, room));
}

void buf_add_i64(struct buf *b, int64_t number)
{
    if (number < 0)
        buf_add_char(b, '-');
    buf_add_u64(b, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0)
        abort();
    /* One byte more for the terminator that vsnprintf insists on. */
    char *at = buf_reserve(b, (size_t)len + 1);
    if (at) {
        vsnprintf(at, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_consume(struct buf *b, size_t count)
{
    if (count >= b->len) {
        b->len = 0;
        return;
    }
    memmove(b->data, b->data + count, b->len - count);
    b->len -= count;
}
