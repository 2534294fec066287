#include "dynamodb/storage/key.h"

#include "base/rand.h"
#include "dynamodb/model/number.h"
#include "tap.h"

static struct value text(const char *bytes, size_t len)
{
    return (struct value){VALUE_S, {bytes, len}};
}

static struct value number(struct arena *a, const char *digits)
{
    struct number n;
    struct error *error = number_parse(a, str_z(digits), &n);
    CHECK(error == NULL);
    return (struct value){VALUE_N, arena_str(a, number_str(&n))};
}

TEST(strings_sort_by_bytes)
{
    const struct value sorted[] = {
        text("", 0),       text("\0", 1),      text("\0\0", 2),      text("\0\1", 2),
        text("\0\xff", 2), text("\1", 1),      text("a", 1),         text("a\0", 2),
        text("a\0\0", 3),  text("a\0b", 3),    text("a\1", 2),       text("ab", 2),
        text("a\xff", 2),  text("a\xff\0", 3), text("a\xff\xff", 3), text("b", 1),
        text("\xff", 1),   text("\xff\0", 2),  text("\xff\xff", 2),
    };
    struct str base = key_id(arena, SPACE_ITEM, 7);
    for (size_t i = 0; i + 1 < countof(sorted); i++) {
        struct str low = key_with_value(arena, base, sorted[i]);
        struct str high = key_with_value(arena, base, sorted[i + 1]);
        CHECK(str_compare(low, high) < 0);
        /* Whatever follows the lower one stays below the higher one. */
        CHECK(str_compare(key_with_value(arena, low, text("\xff\xff", 2)), high) < 0);
        CHECK(str_compare(key_after(arena, low), high) <= 0);
    }
}

TEST(numbers_sort_by_value)
{
    static const char *const sorted[] = {
        "-9.9999999999999999999999999999999999999E+125",
        "-1E+100",
        "-1000",
        "-999.5",
        "-10",
        "-9",
        "-2",
        "-1.5",
        "-1",
        "-0.5",
        "-1E-130",
        "0",
        "1E-130",
        "1E-100",
        "0.5",
        "1",
        "1.00000000000000000000000000000000001",
        "1.5",
        "2",
        "9",
        "10",
        "11",
        "99",
        "100",
        "999.5",
        "1000",
        "1E+100",
        "9.9999999999999999999999999999999999999E+125",
    };
    struct str base = key_id(arena, SPACE_ITEM, 7);
    for (size_t i = 0; i + 1 < countof(sorted); i++) {
        struct str low = key_with_value(arena, base, number(arena, sorted[i]));
        struct str high = key_with_value(arena, base, number(arena, sorted[i + 1]));
        CHECK(str_compare(low, high) < 0);
        CHECK(str_compare(key_with_value(arena, low, text("\xff\xff", 2)), high) < 0);
        CHECK(str_compare(key_after(arena, low), high) <= 0);
    }
}

TEST(prefix_holds_exactly_what_begins_with_it)
{
    struct rand_seeded seed = {tap_seed()};
    struct rand_source r = rand_seeded(&seed);
    struct str base = key_id(arena, SPACE_INDEX, 9);
    for (int i = 0; i < 20000; i++) {
        char bytes[2][4];
        size_t len[2];
        for (int k = 0; k < 2; k++) {
            len[k] = rand_below(&r, 5);
            for (size_t j = 0; j < len[k]; j++)
                bytes[k][j] = "\0\1\xff"[rand_below(&r, 3)];
        }
        struct value v = text(bytes[0], len[0]), prefix = text(bytes[1], len[1]);
        struct str low = key_with_prefix(arena, base, prefix);
        struct str high = key_after(arena, low);
        struct str key = key_with_value(arena, key_with_value(arena, base, v), text("x", 1));
        bool is_within = str_compare(low, key) <= 0 && str_compare(key, high) < 0;
        if (is_within != str_starts(v.data, prefix.data)) {
            CHECK(false);
            return;
        }
    }
}

/* From the project that found the rule (dynalite): MD5("Outliers" + bytes), numbers in the form
 * that begins 0xC1 for 1 to 99. */
TEST(hash_is_the_services)
{
    static const struct {
        const char *digits;
        const char *bytes;
        size_t len;
    } numbers[] = {
        {"0", "\x80", 1},        {"1", "\xc1\x02", 2},      {"5", "\xc1\x06", 2},
        {"10", "\xc1\x0b", 2},   {"-1", "\x3e\x64\x66", 3}, {"123", "\xc2\x02\x18", 3},
        {"0.01", "\xc0\x02", 2}, {"0.1", "\xc0\x0b", 2},    {"-123.45", "\x3d\x64\x4e\x38\x66", 5},
    };
    for (size_t i = 0; i < countof(numbers); i++) {
        struct value n = number(arena, numbers[i].digits);
        struct value same = {VALUE_B, {numbers[i].bytes, numbers[i].len}};
        CHECK(key_hash(arena, &n, 1) == key_hash(arena, &same, 1));
    }
    struct value a = text("a", 1);
    CHECK(key_hash(arena, &a, 1) >> 40 == 0xf6558e);
}

TEST(expiry_round_trip)
{
    int64_t expires_ms;
    struct str name;
    struct str key = key_expiry(arena, 1234567890123, S("token\0x"));
    CHECK(key_expiry_parse(key, &expires_ms, &name));
    CHECK_INT(expires_ms, 1234567890123);
    CHECK_STR(name, S("token\0x"));
    CHECK(!key_expiry_parse(S("x123"), &expires_ms, &name));
}

TEST(record_keys_sort_by_number)
{
    struct str low = key_record(arena, 1, 1, 255), high = key_record(arena, 1, 1, 256);
    CHECK(str_compare(low, high) < 0);
    CHECK_INT(key_record_sequence(high), 256);
    CHECK_INT(key_id_of(high), 1);
    CHECK(str_compare(key_record(arena, 1, 1, UINT64_MAX), key_record(arena, 1, 2, 0)) < 0);
}

TEST(nothing_follows_the_last_key)
{
    CHECK_STR(key_after(arena, (struct str){"\xff\xff", 2}), S(""));
    CHECK_STR(key_after(arena, (struct str){"a\xff", 2}), S("b"));
}

TAP_MAIN(T(strings_sort_by_bytes), T(numbers_sort_by_value),
         T(prefix_holds_exactly_what_begins_with_it), T(hash_is_the_services), T(expiry_round_trip),
         T(record_keys_sort_by_number), T(nothing_follows_the_last_key))
