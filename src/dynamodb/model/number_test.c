#include "dynamodb/model/number.h"

#include "base/rand.h"
#include "tap.h"

#include <string.h>

static struct number parsed(struct arena *a, struct str text)
{
    struct number n = {0};
    struct error *error = number_parse(a, text, &n);
    if (!CHECK(!error))
        tap_check_str(error->message, text, __FILE__, __LINE__, "number_parse");
    return n;
}

static struct str printed(struct arena *a, struct str encoded)
{
    struct buf b;
    buf_init(&b, 4096);
    number_print(&b, encoded);
    struct str text = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return text;
}

static struct str message_of(struct error *error)
{
    return error ? error->message : S("(no error)");
}

#define TOO_MANY "Attempting to store more than 38 significant digits in a Number"
#define OVERFLOWS                                                                                  \
    "Number overflow. Attempting to store a number with magnitude larger than supported range"
#define UNDERFLOWS                                                                                 \
    "Number underflow. Attempting to store a number with magnitude smaller than supported range"
#define NINES_37 "9999999999999999999999999999999999999"
#define NINES "9" NINES_37

TEST(prints_as_the_service_does)
{
    static const struct {
        struct str text, want;
    } rows[] = {
        {STR_INIT("0"), STR_INIT("0")},
        {STR_INIT("-0"), STR_INIT("0")},
        {STR_INIT("0.000e125"), STR_INIT("0")},
        {STR_INIT("+7"), STR_INIT("7")},
        {STR_INIT("00042"), STR_INIT("42")},
        {STR_INIT("3.1400"), STR_INIT("3.14")},
        {STR_INIT("1.0"), STR_INIT("1")},
        {STR_INIT("0e125"), STR_INIT("0")},
        {STR_INIT("-0.000e-130"), STR_INIT("0")},
        {STR_INIT("1."), STR_INIT("1")},
        {STR_INIT(".5"), STR_INIT("0.5")},
        {STR_INIT("1.5E2"), STR_INIT("150")},
        {STR_INIT("1.5e-2"), STR_INIT("0.015")},
        {STR_INIT("-12.5"), STR_INIT("-12.5")},
        {STR_INIT("100200"), STR_INIT("100200")},
        {STR_INIT("0.00000000000000000000000000000000000001"),
         STR_INIT("0.00000000000000000000000000000000000001")},
        {STR_INIT("12345678901234567890123456789012345678"),
         STR_INIT("12345678901234567890123456789012345678")},
        {STR_INIT("10000000000000000000000000000000000000000000"),
         STR_INIT("10000000000000000000000000000000000000000000")},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct number n = parsed(arena, rows[i].text);
        CHECK_STR(printed(arena, number_str(&n)), rows[i].want);
    }
    struct number most = parsed(arena, S("9." NINES_37 "E+125"));
    CHECK_INT(printed(arena, number_str(&most)).len, 126);
    struct number least = parsed(arena, S("-1E-130"));
    CHECK_INT(printed(arena, number_str(&least)).len, 133);
}

TEST(refuses_in_the_services_words)
{
    static const struct {
        struct str text, want;
    } rows[] = {
        {STR_INIT(""), STR_INIT("The parameter cannot be converted to a numeric value: ")},
        {STR_INIT("b"), STR_INIT("The parameter cannot be converted to a numeric value: b")},
        {STR_INIT("1 "), STR_INIT("The parameter cannot be converted to a numeric value: 1 ")},
        {STR_INIT("."), STR_INIT("The parameter cannot be converted to a numeric value: .")},
        {STR_INIT("-"), STR_INIT("The parameter cannot be converted to a numeric value: -")},
        {STR_INIT("1e"), STR_INIT("The parameter cannot be converted to a numeric value: 1e")},
        {STR_INIT("1e+"), STR_INIT("The parameter cannot be converted to a numeric value: 1e+")},
        {STR_INIT("1.2.3"),
         STR_INIT("The parameter cannot be converted to a numeric value: 1.2.3")},
        {STR_INIT("0x10"), STR_INIT("The parameter cannot be converted to a numeric value: 0x10")},
        {STR_INIT("NaN"), STR_INIT("The parameter cannot be converted to a numeric value: NaN")},
        {STR_INIT("123456789012345678901234567890123456789"), STR_INIT(TOO_MANY)},
        {STR_INIT("-1.23456789012345678901234567890123456789"), STR_INIT(TOO_MANY)},
        {STR_INIT("1e126"), STR_INIT(OVERFLOWS)},
        {STR_INIT("-1e126"), STR_INIT(OVERFLOWS)},
        {STR_INIT("1e2147483648"), STR_INIT(OVERFLOWS)},
        {STR_INIT("1e9223372036854775807"), STR_INIT(OVERFLOWS)},
        {STR_INIT("1e9223372036854775808"),
         STR_INIT("The parameter cannot be converted to a numeric value: 1e9223372036854775808")},
        {STR_INIT("0e126"), STR_INIT(OVERFLOWS)},
        {STR_INIT("0e-131"), STR_INIT(UNDERFLOWS)},
        {STR_INIT("1e-131"), STR_INIT(UNDERFLOWS)},
        {STR_INIT("-0.1e-130"), STR_INIT(UNDERFLOWS)},
        {STR_INIT("1e-9223372036854775807"), STR_INIT(UNDERFLOWS)},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct number n;
        CHECK_STR(message_of(number_parse(arena, rows[i].text, &n)), rows[i].want);
    }
}

TEST(older_operations_read_the_exponent_as_an_int)
{
    static const struct {
        struct str text, want;
    } rows[] = {
        {STR_INIT(""), STR_INIT("The parameter cannot be converted to a numeric value")},
        {STR_INIT("b"), STR_INIT("The parameter cannot be converted to a numeric value: b")},
        {STR_INIT("1e126"), STR_INIT(OVERFLOWS)},
        {STR_INIT("1e2147483646"), STR_INIT(OVERFLOWS)},
        {STR_INIT("10e2147483646"), STR_INIT(UNDERFLOWS)},
        {STR_INIT("-1e2147483647"), STR_INIT(UNDERFLOWS)},
        {STR_INIT("1e2147483648"),
         STR_INIT("The parameter cannot be converted to a numeric value: 1e2147483648")},
        {STR_INIT("1e-131"), STR_INIT(UNDERFLOWS)},
        {STR_INIT("1e-2147483647"), STR_INIT(UNDERFLOWS)},
        {STR_INIT("1.5e-2147483647"),
         STR_INIT("The parameter cannot be converted to a numeric value: 1.5e-2147483647")},
        {STR_INIT("1e-2147483648"),
         STR_INIT("The parameter cannot be converted to a numeric value: 1e-2147483648")},
        {STR_INIT("123456789012345678901234567890123456789"), STR_INIT(TOO_MANY)},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct number n;
        CHECK(number_parse(arena, rows[i].text, &n) != NULL);
        CHECK_STR(message_of(number_older_error(arena, rows[i].text)), rows[i].want);
    }
}

TEST(counts_bytes_as_the_service_does)
{
    static const struct {
        struct str text;
        size_t want;
    } rows[] = {
        {STR_INIT("0"), 1},      {STR_INIT("1"), 2},    {STR_INIT("-1"), 3},
        {STR_INIT("10"), 2},     {STR_INIT("100"), 2},  {STR_INIT("12"), 2},
        {STR_INIT("123"), 3},    {STR_INIT("1.2"), 3},  {STR_INIT("1234"), 3},
        {STR_INIT("12345"), 4},  {STR_INIT("0.5"), 2},  {STR_INIT("0.05"), 2},
        {STR_INIT("0.0123"), 3}, {STR_INIT(NINES), 20},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct number n = parsed(arena, rows[i].text);
        CHECK_INT(number_size(number_str(&n)), rows[i].want);
    }
}

TEST(adds_and_subtracts_at_the_limits)
{
    static const struct {
        struct str x, y, sum, difference;
    } rows[] = {
        {STR_INIT("1"), STR_INIT("2"), STR_INIT("3"), STR_INIT("-1")},
        {STR_INIT("0"), STR_INIT("-5"), STR_INIT("-5"), STR_INIT("5")},
        {STR_INIT("5"), STR_INIT("0"), STR_INIT("5"), STR_INIT("5")},
        {STR_INIT("0.1"), STR_INIT("0.2"), STR_INIT("0.3"), STR_INIT("-0.1")},
        {STR_INIT("7"), STR_INIT("7"), STR_INIT("14"), STR_INIT("0")},
        {STR_INIT(NINES), STR_INIT("1"), STR_INIT("100000000000000000000000000000000000000"),
         STR_INIT("99999999999999999999999999999999999998")},
        {STR_INIT("1"), STR_INIT("0." NINES), STR_INIT(OVERFLOWS),
         STR_INIT("0.00000000000000000000000000000000000001")},
        {STR_INIT("1e38"), STR_INIT("1"), STR_INIT(OVERFLOWS), STR_INIT(NINES)},
        {STR_INIT("1e39"), STR_INIT("1"), STR_INIT(OVERFLOWS), STR_INIT(OVERFLOWS)},
        {STR_INIT("1e125"), STR_INIT("1e-130"), STR_INIT(OVERFLOWS), STR_INIT(OVERFLOWS)},
        {STR_INIT("9e125"), STR_INIT("1e125"), STR_INIT(OVERFLOWS), {NULL, 0}},
        {STR_INIT("-9e125"), STR_INIT("-1e125"), STR_INIT(OVERFLOWS), {NULL, 0}},
        {STR_INIT("1.1e-130"), STR_INIT("1e-130"), {NULL, 0}, STR_INIT(UNDERFLOWS)},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct number x = parsed(arena, rows[i].x), y = parsed(arena, rows[i].y), z;
        struct error *error = number_add(arena, number_str(&x), number_str(&y), &z);
        if (rows[i].sum.data)
            CHECK_STR(error ? error->message : printed(arena, number_str(&z)), rows[i].sum);
        error = number_subtract(arena, number_str(&x), number_str(&y), &z);
        if (rows[i].difference.data)
            CHECK_STR(error ? error->message : printed(arena, number_str(&z)), rows[i].difference);
    }
}

/* -- against a slow reference: fixed-point digits from 10^126 down to 10^-168 --------------------
 */

enum { TOP = 126, BOTTOM = -168, PLACES = TOP - BOTTOM + 1 };

struct fixed {
    int sign; /* -1, 0, 1 */
    int8_t digits[PLACES];
};

static struct str random_text(struct arena *a, const struct rand_source *r, struct fixed *f)
{
    *f = (struct fixed){.sign = rand_below(r, 2) ? 1 : -1};
    int count = (int)(rand_below(r, 3) ? 1 + rand_below(r, 5) : 1 + rand_below(r, 38));
    int exponent = (int)(rand_below(r, 4) ? rand_below(r, 80) - 40 : rand_below(r, 256) - 130);
    char digits[39] = {0};
    for (int i = 0; i < count; i++) {
        int digit = (int)rand_below(r, 3) ? (int)rand_below(r, 10) : (int)rand_below(r, 2) * 9;
        if (i == 0 && digit == 0)
            digit = 1;
        digits[i] = (char)('0' + digit);
        f->digits[TOP - exponent + i] = (int8_t)digit;
    }
    /* The point may stand anywhere; the exponent makes up for it. */
    int point = (int)rand_below(r, (uint64_t)count + 1);
    return arena_printf(a, "%s%.*s.%se%d", f->sign < 0 ? "-" : "", point, digits, digits + point,
                        exponent - point + 1);
}

static int fixed_compare_digits(const struct fixed *x, const struct fixed *y)
{
    return memcmp(x->digits, y->digits, PLACES);
}

static int fixed_compare(const struct fixed *x, const struct fixed *y)
{
    if (x->sign != y->sign)
        return x->sign - y->sign;
    return x->sign * fixed_compare_digits(x, y);
}

static struct fixed fixed_add(const struct fixed *x, const struct fixed *y)
{
    if (fixed_compare_digits(x, y) < 0) {
        const struct fixed *swap = x;
        x = y;
        y = swap;
    }
    struct fixed sum = {.sign = x->sign};
    int carry = 0;
    bool is_zero = true;
    for (int i = PLACES - 1; i >= 0; i--) {
        int digit = x->digits[i] + (x->sign == y->sign ? 1 : -1) * y->digits[i] + carry;
        carry = digit < 0 ? -1 : digit / 10;
        sum.digits[i] = (int8_t)((digit + 10) % 10);
        is_zero = is_zero && sum.digits[i] == 0;
    }
    if (is_zero)
        sum.sign = 0;
    return sum;
}

/* The number as text, or the error the service gives for it. */
static struct str fixed_show(struct arena *a, const struct fixed *f)
{
    int first = 0, last = PLACES - 1;
    if (f->sign == 0)
        return S("0");
    while (f->digits[first] == 0)
        first++;
    while (f->digits[last] == 0)
        last--;
    if (TOP - first > 125)
        return S(OVERFLOWS);
    if (TOP - first < -130)
        return S(UNDERFLOWS);
    if (last - first + 1 > 38)
        return S(OVERFLOWS);
    struct str text = f->sign < 0 ? S("-") : S("");
    int start = first < TOP ? first : TOP;
    int end = last > TOP ? last : TOP;
    for (int i = start; i <= end; i++) {
        if (i == TOP + 1)
            text = arena_join(a, text, S("."));
        char digit = (char)('0' + f->digits[i]);
        text = arena_join(a, text, (struct str){&digit, 1});
    }
    return text;
}

static int sign_of(int order)
{
    return (order > 0) - (order < 0);
}

TEST(random_numbers_agree_with_a_slow_reference)
{
    struct rand_seeded state = {tap_seed()};
    struct rand_source r = rand_seeded(&state);
    for (int round = 0; round < 4000; round++) {
        struct fixed fx, fy;
        struct number x = parsed(arena, random_text(arena, &r, &fx));
        struct number y = parsed(arena, random_text(arena, &r, &fy));
        if (rand_below(&r, 20) == 0)
            y = x, fy = fx;
        CHECK_STR(printed(arena, number_str(&x)), fixed_show(arena, &fx));
        struct number again = parsed(arena, printed(arena, number_str(&x)));
        CHECK_STR(number_str(&again), number_str(&x));
        CHECK_INT(number_encoded_len(number_str(&x)), x.len);
        CHECK_INT(sign_of(str_compare(number_str(&x), number_str(&y))),
                  sign_of(fixed_compare(&fx, &fy)));

        struct number z;
        struct fixed sum = fixed_add(&fx, &fy);
        struct error *error = number_add(arena, number_str(&x), number_str(&y), &z);
        CHECK_STR(error ? error->message : printed(arena, number_str(&z)), fixed_show(arena, &sum));
        fy.sign = -fy.sign;
        sum = fixed_add(&fx, &fy);
        error = number_subtract(arena, number_str(&x), number_str(&y), &z);
        CHECK_STR(error ? error->message : printed(arena, number_str(&z)), fixed_show(arena, &sum));
        arena_reset(arena);
    }
}

/* What number_encoded_len accepts is canonical: it prints and parses to the same bytes. */
TEST(damaged_encodings_are_refused)
{
    struct rand_seeded state = {tap_seed()};
    struct rand_source r = rand_seeded(&state);
    CHECK_INT(number_encoded_len(S("")), 0);
    CHECK_INT(number_encoded_len(S("\x80")), 1);
    CHECK_INT(number_encoded_len(S("\xC0\x82")), 0);         /* no digits */
    CHECK_INT(number_encoded_len(S("\xC0\x82\x02")), 0);     /* first digit zero */
    CHECK_INT(number_encoded_len(S("\xC0\x82\x15\x00")), 0); /* last pair zero */
    CHECK_INT(number_encoded_len(S("\xC0\x82\xC8")), 0);     /* pair 100 */
    size_t accepted = 0;
    for (int round = 0; round < 100000; round++) {
        uint8_t bytes[30];
        size_t len = rand_below(&r, sizeof bytes);
        rand_fill(&r, bytes, len);
        if (len > 0)
            bytes[0] = (uint8_t)(rand_below(&r, 4) << 6);
        struct str text = {(const char *)bytes, len};
        size_t encoded_len = number_encoded_len(text);
        if (encoded_len == 0)
            continue;
        accepted++;
        struct str encoded = str_slice(text, 0, encoded_len);
        struct number again = parsed(arena, printed(arena, encoded));
        CHECK_STR(number_str(&again), encoded);
        CHECK(number_size(encoded) >= 1);
        arena_reset(arena);
    }
    CHECK(accepted > 1000);
}

TEST(integers_are_encoded_as_their_text)
{
    static const uint64_t integers[] = {0, 1, 9, 10, 100, 101, 12345, 1000000, UINT64_MAX};
    for (size_t i = 0; i < countof(integers); i++) {
        struct number n;
        number_from_u64(integers[i], &n);
        struct str text = arena_printf(arena, "%llu", (unsigned long long)integers[i]);
        struct number want = parsed(arena, text);
        CHECK_STR(number_str(&n), number_str(&want));
    }
}

TEST(no_encoding_is_a_prefix_of_another)
{
    static const char *const texts[] = {"0",     "1",      "10",     "12",   "120",
                                        "1.2",   "1.23",   "1.234",  "-1",   "-1.2",
                                        "-1.23", "-1.234", "1e-130", "9e125"};
    struct number n[countof(texts)];
    for (size_t i = 0; i < countof(texts); i++)
        n[i] = parsed(arena, str_z(texts[i]));
    for (size_t i = 0; i < countof(texts); i++)
        for (size_t j = 0; j < countof(texts); j++)
            if (!str_eq(number_str(&n[i]), number_str(&n[j])))
                CHECK(!str_starts(number_str(&n[i]), number_str(&n[j])));
}

TAP_MAIN(T(prints_as_the_service_does), T(refuses_in_the_services_words),
         T(older_operations_read_the_exponent_as_an_int), T(counts_bytes_as_the_service_does),
         T(adds_and_subtracts_at_the_limits), T(random_numbers_agree_with_a_slow_reference),
         T(damaged_encodings_are_refused), T(integers_are_encoded_as_their_text),
         T(no_encoding_is_a_prefix_of_another))
