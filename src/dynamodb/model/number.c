/* Number: the layout and the arithmetic.
 *
 *     zero      0x80
 *     positive  0xC0  exponent + 130  digits…
 *     negative  0x40  then every byte of the positive form complemented
 *
 * A number is d.ddd × 10^exponent with its first digit not zero. Digits go in pairs from the first
 * on, the last pair filled up with a zero; a pair p (0 to 99) is the byte 2p + 1 when another
 * follows and 2p when it is the last. Hence the invariants:
 *
 * 1. The first pair is at least 10 and the last is not 0, so every value has exactly one encoding.
 * 2. The low bit of a byte says whether it is the last, so no encoding is a prefix of another.
 * 3. memcmp orders by sign, then exponent, then digits; a number that goes on is the larger one
 *    (2p < 2p + 1), and complementing turns the order round for negative numbers.
 *
 * The longest is 2 + 19 bytes. */
#include "dynamodb/model/number.h"

#include "dynamodb/model/errors.h"

#include <assert.h>
#include <string.h>

enum { MAX_DIGITS = 38, LEAST_EXPONENT = -130, MOST_EXPONENT = 125 };
enum { SIGN_NEGATIVE = 0x40, SIGN_ZERO = 0x80, SIGN_POSITIVE = 0xC0 };

/* A number taken apart; count 0 is zero. Two digits of room for a carry and a borrow. */
struct decimal {
    bool is_negative;
    int exponent; /* of the first digit */
    int count;
    uint8_t digits[MAX_DIGITS + 2];
};

static struct error *check_range(struct arena *a, int64_t exponent, bool has_too_many)
{
    if (exponent > MOST_EXPONENT)
        return invalid(a, "Number overflow. Attempting to store a number with magnitude larger "
                          "than supported range");
    if (exponent < LEAST_EXPONENT)
        return invalid(a, "Number underflow. Attempting to store a number with magnitude smaller "
                          "than supported range");
    if (has_too_many)
        return invalid(a, "Attempting to store more than 38 significant digits in a Number");
    return NULL;
}

static void encode(const struct decimal *d, struct number *out)
{
    if (d->count == 0) {
        out->bytes[0] = SIGN_ZERO;
        out->len = 1;
        return;
    }
    int pairs = (d->count + 1) / 2;
    uint8_t mask = d->is_negative ? 0xFF : 0;
    out->bytes[0] = d->is_negative ? SIGN_NEGATIVE : SIGN_POSITIVE;
    out->bytes[1] = (uint8_t)((d->exponent - LEAST_EXPONENT) ^ mask);
    for (int i = 0; i < pairs; i++) {
        int low = 2 * i + 1 < d->count ? d->digits[2 * i + 1] : 0;
        int pair = d->digits[2 * i] * 10 + low;
        out->bytes[2 + i] = (uint8_t)((2 * pair + (i + 1 < pairs)) ^ mask);
    }
    out->len = (uint8_t)(2 + pairs);
}

size_t number_encoded_len(struct str bytes)
{
    const uint8_t *b = (const uint8_t *)bytes.data;
    if (bytes.len == 0)
        return 0;
    if (b[0] == SIGN_ZERO)
        return 1;
    if (b[0] != SIGN_POSITIVE && b[0] != SIGN_NEGATIVE)
        return 0;
    uint8_t mask = b[0] == SIGN_NEGATIVE ? 0xFF : 0;
    for (size_t i = 2; i < bytes.len && i < 2 + (MAX_DIGITS + 1) / 2; i++) {
        unsigned pair = (b[i] ^ mask) >> 1;
        if (pair > 99 || (i == 2 && pair < 10))
            return 0;
        if (((b[i] ^ mask) & 1) == 0)
            return pair == 0 ? 0 : i + 1;
    }
    return 0;
}

/* Only for encodings that are whole: stored bytes are checked when they come from outside. */
static void decode(struct str encoded, struct decimal *out)
{
    const uint8_t *b = (const uint8_t *)encoded.data;
    assert(encoded.len >= 1 && encoded.len <= 2 + (MAX_DIGITS + 1) / 2);
    *out = (struct decimal){0};
    if (b[0] == SIGN_ZERO)
        return;
    assert(encoded.len >= 3);
    uint8_t mask = b[0] == SIGN_NEGATIVE ? 0xFF : 0;
    out->is_negative = mask != 0;
    out->exponent = (b[1] ^ mask) + LEAST_EXPONENT;
    for (size_t i = 2; i < encoded.len; i++) {
        int pair = (b[i] ^ mask) >> 1;
        out->digits[out->count++] = (uint8_t)(pair / 10);
        out->digits[out->count++] = (uint8_t)(pair % 10);
    }
    if (out->digits[out->count - 1] == 0)
        out->count--;
}

/* -- text ---------------------------------------------------------------------------------------
 */

/* The digits of a text as they come: leading zeros are dropped, trailing ones wait for a digit. */
struct digit_reader {
    struct decimal d;
    int64_t zeros_waiting;
    int64_t fraction; /* digits after the point */
    int64_t shift;    /* the exponent as it is written */
    bool has_digit, has_too_many;
};

static void take_digit(struct digit_reader *r, int digit)
{
    r->has_digit = true;
    if (digit == 0) {
        r->zeros_waiting += r->d.count > 0;
        return;
    }
    if (r->zeros_waiting + r->d.count >= MAX_DIGITS) {
        r->has_too_many = true;
        return;
    }
    for (; r->zeros_waiting > 0; r->zeros_waiting--)
        r->d.digits[r->d.count++] = 0;
    r->d.digits[r->d.count++] = (uint8_t)digit;
}

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

/* "e+12" up to the end. The service reads an exponent as 64 bits: one past them is not a number,
 * one past a number's range is told as such. Here it is cut to 40 bits, for room to add to it. */
static bool take_exponent(const char *at, const char *end, int64_t *exponent)
{
    *exponent = 0;
    if (at == end)
        return true;
    if (*at != 'e' && *at != 'E')
        return false;
    at++;
    bool is_negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (!is_digit(at, end))
        return false;
    for (; is_digit(at, end); at++)
        if (__builtin_mul_overflow(*exponent, 10, exponent) ||
            __builtin_add_overflow(*exponent, *at - '0', exponent))
            return false;
    if (*exponent > INT64_C(1) << 40)
        *exponent = INT64_C(1) << 40;
    if (is_negative)
        *exponent = -*exponent;
    return at == end;
}

static bool take_number(struct str text, struct digit_reader *r, int64_t *exponent)
{
    const char *at = text.data, *end = text.data + text.len;
    r->d.is_negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    int64_t whole = 0; /* digits before the point, from the first that counts */
    int64_t zeros = 0; /* after the point, before the first that counts */
    for (; is_digit(at, end); at++) {
        take_digit(r, *at - '0');
        whole += r->d.count > 0;
    }
    if (at < end && *at == '.')
        for (at++; is_digit(at, end); at++) {
            take_digit(r, *at - '0');
            zeros += r->d.count == 0;
            r->fraction++;
        }
    if (!r->has_digit || !take_exponent(at, end, &r->shift))
        return false;
    if (r->d.count == 0)
        *exponent = r->shift; /* zero has the range that it is written with */
    else
        *exponent = r->shift + (whole > 0 ? whole - 1 : -zeros - 1);
    return true;
}

static struct error *not_numeric(struct arena *a, struct str text)
{
    return invalid(a, "The parameter cannot be converted to a numeric value: %.*s", STR_ARG(text));
}

struct error *number_parse(struct arena *a, struct str text, struct number *out)
{
    struct digit_reader r = {0};
    int64_t exponent;
    if (!take_number(text, &r, &exponent))
        return not_numeric(a, text);
    TRY(check_range(a, exponent, r.has_too_many));
    r.d.exponent = r.d.count ? (int)exponent : 0;
    encode(&r.d, out);
    return NULL;
}

struct error *number_older_error(struct arena *a, struct str text)
{
    struct digit_reader r = {0};
    int64_t exponent;
    if (text.len == 0)
        return invalid(a, "The parameter cannot be converted to a numeric value");
    if (!take_number(text, &r, &exponent))
        return not_numeric(a, text);
    int64_t scale = r.fraction - r.shift;
    if (r.shift != (int32_t)r.shift || scale != (int32_t)scale)
        return not_numeric(a, text);
    /* BigDecimal's precision - scale, which is one more than the exponent, in an int that wraps. */
    int32_t wrapped = (int32_t)(uint32_t)(exponent + 1);
    return check_range(a, (int64_t)wrapped - 1, r.has_too_many);
}

void number_from_u64(uint64_t integer, struct number *out)
{
    struct decimal d = {0};
    uint8_t reversed[20];
    int count = 0;
    for (; integer > 0; integer /= 10)
        reversed[count++] = (uint8_t)(integer % 10);
    d.exponent = count - 1;
    for (int i = 0; i < count; i++)
        d.digits[i] = reversed[count - 1 - i];
    while (count > 0 && d.digits[count - 1] == 0)
        count--;
    d.count = count;
    encode(&d, out);
}

static void add_zeros(struct buf *out, int count)
{
    for (int i = 0; i < count; i++)
        buf_add_char(out, '0');
}

void number_print(struct buf *out, struct str encoded)
{
    struct decimal d;
    decode(encoded, &d);
    if (d.count == 0) {
        buf_add_char(out, '0');
        return;
    }
    for (int i = 0; i < d.count; i++)
        d.digits[i] = (uint8_t)(d.digits[i] + '0');
    if (d.is_negative)
        buf_add_char(out, '-');
    const char *digits = (const char *)d.digits;
    int whole = d.exponent + 1;
    if (whole <= 0) {
        buf_add(out, S("0."));
        add_zeros(out, -whole);
        buf_add(out, (struct str){digits, (size_t)d.count});
    } else if (whole >= d.count) {
        buf_add(out, (struct str){digits, (size_t)d.count});
        add_zeros(out, whole - d.count);
    } else {
        buf_add(out, (struct str){digits, (size_t)whole});
        buf_add_char(out, '.');
        buf_add(out, (struct str){digits + whole, (size_t)(d.count - whole)});
    }
}

/* The service counts pairs aligned at the decimal point, one byte for the exponent, and one for a
 * minus: dynalite measured it. */
size_t number_size(struct str encoded)
{
    const uint8_t *b = (const uint8_t *)encoded.data;
    assert(encoded.len >= 1);
    if (b[0] == SIGN_ZERO)
        return 1;
    assert(encoded.len >= 3);
    uint8_t mask = b[0] == SIGN_NEGATIVE ? 0xFF : 0;
    int exponent = (b[1] ^ mask) + LEAST_EXPONENT;
    bool ends_in_zero = ((b[encoded.len - 1] ^ mask) >> 1) % 10 == 0;
    bool starts_in_mid_pair = exponent % 2 == 0;
    size_t digits = 2 * (encoded.len - 2) - ends_in_zero;
    return 1 + (digits + starts_in_mid_pair + 1) / 2 + (mask != 0);
}

/* -- arithmetic ---------------------------------------------------------------------------------
 */

/* The digit of d at 10^exponent. */
static int digit_at(const struct decimal *d, int exponent)
{
    int i = d->exponent - exponent;
    return i >= 0 && i < d->count ? d->digits[i] : 0;
}

static int last_exponent(const struct decimal *d)
{
    return d->exponent - d->count + 1;
}

static int compare_magnitude(const struct decimal *x, const struct decimal *y)
{
    if (x->exponent != y->exponent)
        return x->exponent < y->exponent ? -1 : 1;
    int count = x->count > y->count ? x->count : y->count;
    for (int i = 0; i < count; i++) {
        int difference = digit_at(x, x->exponent - i) - digit_at(y, x->exponent - i);
        if (difference != 0)
            return difference;
    }
    return 0;
}

/* Drops zeros at both ends. The digits may be two more than a number may have. */
static void normalise(struct decimal *d)
{
    int lead = 0;
    while (lead < d->count && d->digits[lead] == 0)
        lead++;
    d->count -= lead;
    d->exponent -= lead;
    memmove(d->digits, d->digits + lead, (size_t)d->count);
    while (d->count > 0 && d->digits[d->count - 1] == 0)
        d->count--;
    if (d->count == 0)
        *d = (struct decimal){0};
}

/* x + sign × y digit by digit, where |x| >= |y|, both not zero and the sum spans at most
 * MAX_DIGITS + 2 places. The result has the sign of x. */
static void combine(const struct decimal *x, const struct decimal *y, int sign, struct decimal *out)
{
    int low = last_exponent(x) < last_exponent(y) ? last_exponent(x) : last_exponent(y);
    *out = (struct decimal){.is_negative = x->is_negative, .exponent = x->exponent + 1};
    out->count = out->exponent - low + 1;
    assert(out->count <= MAX_DIGITS + 2);
    int carry = 0;
    for (int i = out->count - 1; i >= 0; i--) {
        int exponent = out->exponent - i;
        int sum = digit_at(x, exponent) + sign * digit_at(y, exponent) + carry;
        carry = sum < 0 ? -1 : sum > 9;
        out->digits[i] = (uint8_t)(sum - 10 * carry);
    }
    assert(carry == 0);
    normalise(out);
}

static struct error *add(struct arena *a, struct decimal *x, struct decimal *y, struct number *out)
{
    struct decimal sum;
    if (compare_magnitude(x, y) < 0) {
        struct decimal *swap = x;
        x = y;
        y = swap;
    }
    /* When y reaches more than 38 places below the head of x, no cancelling can bring the sum
     * within 38 digits: for that, both would have to begin within one place of each other. */
    if (x->exponent - last_exponent(y) > MAX_DIGITS)
        return check_range(a, MOST_EXPONENT + 1, false);
    combine(x, y, x->is_negative == y->is_negative ? 1 : -1, &sum);
    /* Of a sum with too many digits the service says that it is too large. */
    TRY(check_range(a, sum.count > MAX_DIGITS ? MOST_EXPONENT + 1 : sum.exponent, false));
    encode(&sum, out);
    return NULL;
}

static struct error *add_encoded(struct arena *a, struct str x, struct str y, bool negates_y,
                                 struct number *out)
{
    struct decimal dx, dy;
    decode(x, &dx);
    decode(y, &dy);
    if (negates_y)
        dy.is_negative = !dy.is_negative;
    if (dy.count == 0 || dx.count == 0) {
        encode(dy.count == 0 ? &dx : &dy, out);
        return NULL;
    }
    return add(a, &dx, &dy, out);
}

struct error *number_add(struct arena *a, struct str x, struct str y, struct number *out)
{
    return add_encoded(a, x, y, false, out);
}

struct error *number_subtract(struct arena *a, struct str x, struct str y, struct number *out)
{
    return add_encoded(a, x, y, true, out);
}
