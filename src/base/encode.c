#include "base/encode.h"

#include <string.h>
#ifdef __x86_64__
#include <wmmintrin.h>
#endif

/* -- base64 ------------------------------------------------------------------------------------ */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t base64_encoded_len(size_t len)
{
    return (len + 2) / 3 * 4;
}

/* Writes without padding; gives the number of characters. */
static size_t encode_groups(const char *letters, struct str bytes, char *out)
{
    const uint8_t *in = (const uint8_t *)bytes.data;
    size_t at = 0, i = 0;
    for (; i + 3 <= bytes.len; i += 3) {
        uint32_t group = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];
        out[at++] = letters[group >> 18];
        out[at++] = letters[group >> 12 & 63];
        out[at++] = letters[group >> 6 & 63];
        out[at++] = letters[group & 63];
    }
    size_t left = bytes.len - i;
    if (left) {
        uint32_t group = (uint32_t)in[i] << 16 | (left == 2 ? (uint32_t)in[i + 1] << 8 : 0);
        out[at++] = letters[group >> 18];
        out[at++] = letters[group >> 12 & 63];
        if (left == 2)
            out[at++] = letters[group >> 6 & 63];
    }
    return at;
}

void base64_encode(struct buf *out, struct str bytes)
{
    size_t len = base64_encoded_len(bytes.len);
    char *at = buf_reserve(out, len);
    if (!at)
        return;
    for (size_t used = encode_groups(alphabet, bytes, at); used < len; used++)
        at[used] = '=';
    out->len += len;
}

void base64url_encode(struct buf *out, struct str bytes)
{
    char *at = buf_reserve(out, base64_encoded_len(bytes.len));
    if (at)
        out->len += encode_groups(alphabet_url, bytes, at);
}

/* The six bits of a letter; 64 when it is none. */
static unsigned bits_of(char c, char letter62, char letter63)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == letter62 ? 62 : c == letter63 ? 63 : 64;
}

/* Text without padding, length mod 4 not 1. */
static ptrdiff_t decode_groups(struct str text, char letter62, char letter63, char *out)
{
    size_t at = 0;
    uint32_t group = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned bits = bits_of(text.data[i], letter62, letter63);
        if (bits > 63)
            return -1;
        group = group << 6 | bits;
        if (i % 4 == 3) {
            out[at++] = (char)(group >> 16);
            out[at++] = (char)(group >> 8);
            out[at++] = (char)group;
            group = 0;
        }
    }
    switch (text.len % 4) {
    case 0:
        return (ptrdiff_t)at;
    case 2:
        out[at++] = (char)(group >> 4);
        return group & 15 ? -1 : (ptrdiff_t)at;
    case 3:
        out[at++] = (char)(group >> 10);
        out[at++] = (char)(group >> 2);
        return group & 3 ? -1 : (ptrdiff_t)at;
    default:
        return -1;
    }
}

ptrdiff_t base64_decode(struct str text, char *out)
{
    if (text.len % 4)
        return -1;
    for (int i = 0; i < 2 && text.len && text.data[text.len - 1] == '='; i++)
        text.len--;
    return decode_groups(text, '+', '/', out);
}

ptrdiff_t base64url_decode(struct str text, char *out)
{
    return decode_groups(text, '-', '_', out);
}

/* -- hex --------------------------------------------------------------------------------------- */

void hex_encode(struct buf *out, struct str bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *at = buf_reserve(out, bytes.len * 2);
    if (!at)
        return;
    for (size_t i = 0; i < bytes.len; i++) {
        *at++ = digits[(uint8_t)bytes.data[i] >> 4];
        *at++ = digits[bytes.data[i] & 15];
    }
    out->len += bytes.len * 2;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

ptrdiff_t hex_decode(struct str text, char *out)
{
    if (text.len % 2)
        return -1;
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_digit(text.data[i]), low = hex_digit(text.data[i + 1]);
        if (high < 0 || low < 0)
            return -1;
        out[i / 2] = (char)(high << 4 | low);
    }
    return (ptrdiff_t)(text.len / 2);
}

/* -- CRC-32 ------------------------------------------------------------------------------------ */

/* Four bits at a time: sixteen words of table stay in the cache beside a busy request. The entries
 * are the CRCs of 0..15 with the reflected polynomial 0xedb88320. */
static const uint32_t crc_nibbles[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint32_t crc_add(uint32_t crc, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ crc_nibbles[crc & 15];
        crc = crc >> 4 ^ crc_nibbles[crc & 15];
    }
    return crc;
}

#ifdef __x86_64__
static inline __m128i crc_load(const char *block)
{
    return _mm_loadu_si128((const __m128i *)(const void *)block);
}

/* Moves 128 bits on by a distance, and adds the block that stands there: a product of each half
 * with a power of x modulo the polynomial. */
__attribute__((target("pclmul"))) static inline __m128i crc_move(__m128i bits, __m128i powers,
                                                                 __m128i block)
{
    __m128i low = _mm_clmulepi64_si128(bits, powers, 0x00);
    __m128i high = _mm_clmulepi64_si128(bits, powers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), block);
}

/* Folds all whole blocks of 16 bytes into one block with the same remainder (Gopal et al., "Fast
 * CRC Computation for Generic Polynomials Using PCLMULQDQ", Intel 2009). Long texts go in four
 * lanes of 64 bytes' distance, so that no product waits for the one before it; the lanes are then
 * folded into each other. The last block goes through the table. At least 16 bytes. */
__attribute__((target("pclmul"))) static uint32_t crc_fold(uint32_t crc, struct str *rest)
{
    const __m128i by_64 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4); /* x^480, x^544 */
    const __m128i by_16 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0); /* x^96, x^160 */
    const char *at = rest->data, *end = at + (rest->len & ~(size_t)15);
    __m128i folded = _mm_xor_si128(crc_load(at), _mm_cvtsi32_si128((int)crc));
    if (end - at >= 128) {
        __m128i second = crc_load(at + 16), third = crc_load(at + 32), fourth = crc_load(at + 48);
        for (at += 64; end - at >= 64; at += 64) {
            folded = crc_move(folded, by_64, crc_load(at));
            second = crc_move(second, by_64, crc_load(at + 16));
            third = crc_move(third, by_64, crc_load(at + 32));
            fourth = crc_move(fourth, by_64, crc_load(at + 48));
        }
        second = crc_move(folded, by_16, second);
        third = crc_move(second, by_16, third);
        folded = crc_move(third, by_16, fourth);
        at -= 16;
    }
    for (at += 16; at < end; at += 16)
        folded = crc_move(folded, by_16, crc_load(at));
    uint8_t last[16];
    memcpy(last, &folded, sizeof last);
    *rest = str_from(*rest, (size_t)(end - rest->data));
    return crc_add(0, last, sizeof last);
}
#endif

uint32_t crc32_of(struct str bytes)
{
    uint32_t crc = 0xffffffff;
#ifdef __x86_64__
    if (bytes.len >= 32 && __builtin_cpu_supports("pclmul"))
        crc = crc_fold(crc, &bytes);
#endif
    return ~crc_add(crc, (const uint8_t *)bytes.data, bytes.len);
}

/* -- MD5 --------------------------------------------------------------------------------------- */

static const uint32_t md5_sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

/* One step of round ROUND: `mixed` of b, c and d, the word it takes, how far it turns. */
#define MD5_STEP(a, b, mixed, i, word, turn)                                                       \
    do {                                                                                           \
        uint32_t sum = (a) + (mixed) + md5_sines[i] + words[(word)&15];                            \
        (a) = (b) + (sum << (turn) | sum >> (32 - (turn)));                                        \
    } while (0)

/* Four steps, after which the four names mean the same words again. */
#define MD5_FOUR(MIX, i, step, first, t0, t1, t2, t3)                                              \
    MD5_STEP(a, b, MIX(b, c, d), i, (step) * (i) + (first), t0);                                   \
    MD5_STEP(d, a, MIX(a, b, c), (i) + 1, (step) * ((i) + 1) + (first), t1);                       \
    MD5_STEP(c, d, MIX(d, a, b), (i) + 2, (step) * ((i) + 2) + (first), t2);                       \
    MD5_STEP(b, c, MIX(c, d, a), (i) + 3, (step) * ((i) + 3) + (first), t3)

#define MD5_ROUND(MIX, i, step, first, t0, t1, t2, t3)                                             \
    MD5_FOUR(MIX, i, step, first, t0, t1, t2, t3);                                                 \
    MD5_FOUR(MIX, (i) + 4, step, first, t0, t1, t2, t3);                                           \
    MD5_FOUR(MIX, (i) + 8, step, first, t0, t1, t2, t3);                                           \
    MD5_FOUR(MIX, (i) + 12, step, first, t0, t1, t2, t3)

/* RFC 1321's F, G, H and I, the first two without their NOT. */
#define MD5_F(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define MD5_G(x, y, z) ((y) ^ ((z) & ((x) ^ (y))))
#define MD5_H(x, y, z) ((x) ^ (y) ^ (z))
#define MD5_I(x, y, z) ((y) ^ ((x) | ~(z)))

/* Written out, as each key that a request names is hashed once: a loop takes three times as long.
 */
static void md5_block(uint32_t state[4], const uint8_t block[64])
{
    uint32_t words[16], a = state[0], b = state[1], c = state[2], d = state[3];
    memcpy(words, block, 64); /* little endian, as is the machine */
    MD5_ROUND(MD5_F, 0, 1, 0, 7, 12, 17, 22);
    MD5_ROUND(MD5_G, 16, 5, 1, 5, 9, 14, 20);
    MD5_ROUND(MD5_H, 32, 3, 5, 4, 11, 16, 23);
    MD5_ROUND(MD5_I, 48, 7, 0, 6, 10, 15, 21);
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

struct md5_stream {
    uint32_t state[4];
    uint8_t block[64];
    size_t filled;
};

static void md5_add(struct md5_stream *m, struct str bytes)
{
    while (bytes.len) {
        size_t part = sizeof m->block - m->filled;
        if (part > bytes.len)
            part = bytes.len;
        memcpy(m->block + m->filled, bytes.data, part);
        m->filled += part;
        bytes = str_from(bytes, part);
        if (m->filled == sizeof m->block) {
            md5_block(m->state, m->block);
            m->filled = 0;
        }
    }
}

struct md5 md5_of(struct str first, struct str second)
{
    struct md5_stream m = {.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};
    static const char padding[64] = {(char)0x80};
    uint64_t bits = (uint64_t)(first.len + second.len) * 8;
    md5_add(&m, first);
    md5_add(&m, second);
    size_t pad = m.filled < 56 ? 56 - m.filled : 120 - m.filled;
    md5_add(&m, (struct str){padding, pad});
    md5_add(&m, (struct str){(const char *)&bits, sizeof bits});
    struct md5 digest;
    memcpy(digest.bytes, m.state, sizeof digest.bytes);
    return digest;
}
