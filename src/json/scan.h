/* Scan: where plain text ends. Shared by reader.c and writer.c, and with the one writer outside of
 * this folder that knows what comes next better than they do (api/attribute.c). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The first byte from `at` on that a string cannot hold as it is: quote, backslash, control. */
static inline const char *json_find_special(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1f);
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
        __m128i is_special =
            _mm_or_si128(is_control, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote),
                                                  _mm_cmpeq_epi8(bytes, backslash)));
        int mask = _mm_movemask_epi8(is_special);
        if (mask)
            return at + __builtin_ctz((unsigned)mask);
    }
#endif
    while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
        at++;
    return at;
}

/* Copies text that a string can hold as it is; false when it cannot, and what was copied is of no
 * use. Looks and copies in one go, sixteen bytes at a time: the last ones overlap those before, and
 * short texts are taken from both ends. */
static inline bool json_copy_plain(char *to, const char *from, size_t len)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1f);
    __m128i special = _mm_setzero_si128(), bytes;
#define LOOK(bytes)                                                                                \
    special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes)),     \
    special = _mm_or_si128(                                                                        \
        special, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)))
    if (len >= 16) {
        for (size_t at = 0;; at = at + 32 <= len ? at + 16 : len - 16) {
            bytes = _mm_loadu_si128((const __m128i *)(const void *)(from + at));
            _mm_storeu_si128((__m128i *)(void *)(to + at), bytes);
            LOOK(bytes);
            if (at + 16 == len)
                return !_mm_movemask_epi8(special);
        }
    }
    uint64_t first, last;
    if (len >= 8) {
        memcpy(&first, from, 8), memcpy(&last, from + len - 8, 8);
        memcpy(to, &first, 8), memcpy(to + len - 8, &last, 8);
        bytes = _mm_set_epi64x((int64_t)last, (int64_t)first);
        LOOK(bytes);
        return !_mm_movemask_epi8(special);
    }
#undef LOOK
#endif
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)from[i];
        if (c < 0x20 || c == '"' || c == '\\')
            return false;
        to[i] = from[i];
    }
    return true;
}
