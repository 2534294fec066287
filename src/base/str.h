/* Str: a piece of bytes that somebody else owns, passed by value.
 *
 * Not terminated, any bytes allowed, never NULL data with a length. It is valid as long as its
 * owner: the request's arena, an input buffer, a literal. str_z gives C strings their way in;
 * arena_z (arena.h) gives them their way out. Pure; safe from any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

struct str str_z(const char *text); /* NULL gives the empty str */
bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
/* Bytewise order, a shorter prefix first: DynamoDB's order of strings and binaries. */
int str_compare(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_contains(struct str s, struct str piece);
/* The part from `from` on, or of `len` bytes; both clamp to the end. */
struct str str_from(struct str s, size_t from);
struct str str_slice(struct str s, size_t from, size_t len);
struct str str_trim(struct str s); /* ASCII space, tab, CR and LF at both ends */
/* Cuts `s` at the first `separator`: *head is what stood before it, `s` what comes after.
 * Without one, *head is all of `s`, `s` becomes empty and the answer is false. */
bool str_cut(struct str *s, char separator, struct str *head);
/* Plain decimal digits only, no sign, no space; false when not that or above `max`. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *out);
uint64_t str_hash(struct str s); /* for tables in memory; not stable over versions */
/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool str_is_utf8(struct str s);
/* Unicode code points of valid UTF-8. */
size_t str_count_chars(struct str s);
