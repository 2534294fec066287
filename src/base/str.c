#include "base/str.h"

#include <string.h>

struct str str_z(const char *text)
{
    return text ? (struct str){text, strlen(text)} : S("");
}

/* memcmp that lets an empty str be NULL, which the library's own does not. */
static int compare_bytes(const char *a, const char *b, size_t len)
{
    return len ? memcmp(a, b, len) : 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    if (str_eq(a, b)) /* as it mostly is where it matters */
        return true;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len &&
           compare_bytes(s.data + (s.len - suffix.len), suffix.data, suffix.len) == 0;
}

bool str_contains(struct str s, struct str piece)
{
    return memmem(s.data, s.len, piece.data, piece.len) != NULL;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len && is_space(s.data[0]))
        s.data++, s.len--;
    while (s.len && is_space(s.data[s.len - 1]))
        s.len--;
    return s;
}

bool str_cut(struct str *s, char separator, struct str *head)
{
    const char *found = s->len ? memchr(s->data, separator, s->len) : NULL;
    if (!found) {
        *head = *s;
        *s = str_from(*s, s->len);
        return false;
    }
    size_t at = (size_t)(found - s->data);
    *head = str_slice(*s, 0, at);
    *s = str_from(*s, at + 1);
    return true;
}

bool str_to_u64(struct str s, uint64_t max, uint64_t *out)
{
    uint64_t number = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned char)s.data[i] - '0';
        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (number > max)
        return false;
    *out = number;
    return true;
}

struct str str_of_u64(uint64_t number, char room[STR_U64_BYTES])
{
    size_t at = STR_U64_BYTES;
    do
        room[--at] = (char)('0' + number % 10);
    while (number /= 10);
    return (struct str){room + at, STR_U64_BYTES - at};
}

/* Eight bytes at a time, folded through a 128-bit product (the mixing step of wyhash). */
__extension__ typedef unsigned __int128 wide; /* ISO C has no name for it */

static uint64_t mix(uint64_t a, uint64_t b)
{
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t str_hash(struct str s)
{
    uint64_t hash = 0x9e3779b97f4a7c15u ^ s.len;
    size_t at = 0;
    for (; at + 8 <= s.len; at += 8) {
        uint64_t word;
        memcpy(&word, s.data + at, 8);
        hash = mix(hash ^ word, 0xa0761d6478bd642fu);
    }
    uint64_t tail = 0;
    if (at < s.len)
        memcpy(&tail, s.data + at, s.len - at);
    return mix(hash ^ tail, 0xe7037ed1a0b428dbu);
}

/* How long the character at `at` is, 0 when it is not valid UTF-8. */
static size_t char_len(const unsigned char *at, size_t left)
{
    unsigned lead = at[0];
    if (lead < 0x80)
        return 1;
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool is_overlong = (lead == 0xe0 && at[1] < 0xa0) || (lead == 0xf0 && at[1] < 0x90);
    bool is_surrogate = lead == 0xed && at[1] > 0x9f;
    bool is_too_high = lead == 0xf4 && at[1] > 0x8f;
    return is_overlong || is_surrogate || is_too_high ? 0 : len;
}

bool str_is_utf8(struct str s)
{
    const unsigned char *at = (const unsigned char *)s.data;
    size_t left = s.len;
    while (left) {
        uint64_t word;
        if (left >= 8 && (memcpy(&word, at, 8), (word & 0x8080808080808080u) == 0)) {
            at += 8;
            left -= 8;
            continue;
        }
        size_t len = char_len(at, left);
        if (!len)
            return false;
        at += len;
        left -= len;
    }
    return true;
}

size_t str_count_chars(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.data[i] & 0xc0) != 0x80;
    return count;
}
