/* Str: a piece of bytes that somebody else owns, passed by value.
 *
 * Not terminated, any bytes allowed, never NULL data with a length. It is valid as long as its
 * owner: the request's arena, an input buffer, a literal. str_z gives C strings their way in;
 * arena_z (arena.h) gives them their way out. Pure; safe from any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *data;
    size_t len;
};

/* A literal as a str: S("pk"). STR_INIT is the same for static initialisers. */
#define S(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
/* For printf: printf("%.*s", STR_ARG(name)). */
#define STR_ARG(s) (int)(s).len, (s).data

struct str str_z(const char *text);             /* NULL gives the empty str */
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
bool str_ends(struct str s, struct str suffix);
bool str_contains(struct str s, struct str piece);
struct str str_trim(struct str s); /* ASCII space, tab, CR and LF at both ends */
/* Cuts `s` at the first `separator`: *head is what stood before it, `s` what comes after.
 * Without one, *head is all of `s`, `s` becomes empty and the answer is false. */
bool str_cut(struct str *s, char separator, struct str *head);
/* Plain decimal digits only, no sign, no space; false when not that or above `max`. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *out);
/* The digits, in the last bytes of `room`. */
#define STR_U64_BYTES 20
struct str str_of_u64(uint64_t number, char room[STR_U64_BYTES]);
uint64_t str_hash(struct str s); /* for tables in memory; not stable over versions */
/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool str_is_utf8(struct str s);
/* Unicode code points of valid UTF-8. */
size_t str_count_chars(struct str s);

/* -- the small ones, which a request calls by the hundred: inlined ------------------------------
 */

/* An empty str may be NULL, which the library's memcmp does not allow. */
static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0);
}

/* Bytewise order, a shorter prefix first: DynamoDB's order of strings and binaries. */
static inline int str_compare(struct str a, struct str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.data, b.data, shared) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && (!prefix.len || memcmp(s.data, prefix.data, prefix.len) == 0);
}

/* The part from `from` on; clamps to the end. */
static inline struct str str_from(struct str s, size_t from)
{
    if (from > s.len)
        from = s.len;
    return (struct str){from ? s.data + from : s.data, s.len - from}; /* data may be NULL */
}

/* The part of `len` bytes from `from` on; clamps to the end. */
static inline struct str str_slice(struct str s, size_t from, size_t len)
{
    s = str_from(s, from);
    if (len < s.len)
        s.len = len;
    return s;
}
