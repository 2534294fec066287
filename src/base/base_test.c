#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/library.h"
#include "base/map.h"
#include "base/rand.h"
#include "base/vec.h"
#include "tap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

TEST(str_orders_bytewise_with_the_shorter_first)
{
    CHECK(str_compare(S("a"), S("ab")) < 0);
    CHECK(str_compare(S("b"), S("ab")) > 0);
    CHECK(str_compare(S("\x7f"), S("\x80")) < 0);
    CHECK(str_compare(S(""), S("")) == 0);
}

TEST(str_cut_gives_head_and_rest)
{
    struct str rest = S("a=b=c"), head;
    CHECK(str_cut(&rest, '=', &head));
    CHECK_STR(head, S("a"));
    CHECK_STR(rest, S("b=c"));
    rest = S("abc");
    CHECK(!str_cut(&rest, '=', &head));
    CHECK_STR(head, S("abc"));
    CHECK_STR(rest, S(""));
}

TEST(str_to_u64_takes_plain_digits_only)
{
    uint64_t n = 7;
    CHECK(str_to_u64(S("18446744073709551615"), UINT64_MAX, &n) && n == UINT64_MAX);
    static const struct str bad[] = {STR_INIT(""),   STR_INIT("+1"),
                                     STR_INIT("-1"), STR_INIT(" 1"),
                                     STR_INIT("1a"), STR_INIT("18446744073709551616")};
    for (size_t i = 0; i < countof(bad); i++)
        CHECK(!str_to_u64(bad[i], UINT64_MAX, &n));
    CHECK(!str_to_u64(S("101"), 100, &n));
    CHECK(str_to_u64(S("100"), 100, &n) && n == 100);
}

TEST(str_is_utf8_refuses_what_rfc_3629_refuses)
{
    CHECK(str_is_utf8(S("plain ascii, longer than eight bytes")));
    CHECK(str_is_utf8(S("caf\xc3\xa9 \xe2\x98\x95 \xf0\x9f\x98\x80")));
    static const struct str bad[] = {STR_INIT("\x80"),
                                     STR_INIT("\xc0\x80"),
                                     STR_INIT("\xc3"),
                                     STR_INIT("\xe0\x9f\xbf"),
                                     STR_INIT("\xed\xa0\x80"),
                                     STR_INIT("\xf0\x8f\xbf\xbf"),
                                     STR_INIT("\xf4\x90\x80\x80"),
                                     STR_INIT("\xf8\x88\x80\x80\x80"),
                                     STR_INIT("12345678\xff"),
                                     STR_INIT("\xe2\x98")};
    for (size_t i = 0; i < countof(bad); i++)
        CHECK(!str_is_utf8(bad[i]));
    CHECK_INT(str_count_chars(S("caf\xc3\xa9 \xf0\x9f\x98\x80")), 6);
}

TEST(arena_keeps_pieces_apart_and_aligned)
{
    char *pieces[400];
    for (size_t i = 0; i < countof(pieces); i++) {
        size_t size = i * 37 % 5000 + 1;
        pieces[i] = arena_alloc(arena, size);
        CHECK((uintptr_t)pieces[i] % _Alignof(max_align_t) == 0);
        memset(pieces[i], (int)i, size);
    }
    for (size_t i = 0; i < countof(pieces); i++) {
        size_t size = i * 37 % 5000 + 1;
        if (pieces[i][0] != (char)i || pieces[i][size - 1] != (char)i) {
            CHECK_INT(i, countof(pieces)); /* a piece was overwritten */
            return;
        }
    }
}

TEST(arena_reset_keeps_little)
{
    struct arena a;
    arena_init(&a);
    memset(arena_alloc(&a, 100), 1, 100);
    memset(arena_alloc(&a, 10u << 20), 1, 10u << 20);
    arena_reset(&a);
    CHECK(a.total_bytes <= 64u << 10);
    memset(arena_alloc(&a, 100), 1, 100);
    arena_clear(&a);
    CHECK_INT(a.total_bytes, 0);
}

TEST(buf_never_passes_its_maximum)
{
    struct buf b;
    buf_init(&b, 10);
    buf_add(&b, S("12345678"));
    CHECK(!b.overflowed);
    buf_add(&b, S("abc"));
    CHECK(b.overflowed);
    CHECK_STR(buf_str(&b), S("12345678"));
    buf_add(&b, S("x"));
    CHECK_STR(buf_str(&b), S("12345678"));
    buf_reset(&b);
    buf_add_i64(&b, INT64_MIN / 1000000000000);
    CHECK_STR(buf_str(&b), S("-9223372"));
    buf_consume(&b, 3);
    CHECK_STR(buf_str(&b), S("23372"));
    buf_clear(&b);
}

TEST(map_finds_what_was_put_through_growth_and_removal)
{
    struct map m;
    struct rand_seeded seed = {42};
    struct rand_source r = rand_seeded(&seed);
    static int value[1000];
    bool present[1000] = {0};
    map_init(&m);
    for (int step = 0; step < 20000; step++) {
        size_t i = rand_below(&r, 1000);
        struct str key = arena_printf(arena, "key%zu", i);
        if (rand_below(&r, 3)) {
            CHECK((map_put(&m, key, &value[i]) != NULL) == present[i]);
            present[i] = true;
        } else {
            CHECK((map_remove(&m, key) != NULL) == present[i]);
            present[i] = false;
        }
    }
    size_t expected = 0, seen = 0, cursor = 0;
    for (size_t i = 0; i < 1000; i++) {
        expected += present[i];
        CHECK((map_get(&m, arena_printf(arena, "key%zu", i)) == &value[i]) == present[i]);
    }
    struct str key;
    void *found;
    while (map_next(&m, &cursor, &key, &found))
        seen++;
    CHECK_INT(seen, expected);
    CHECK_INT(m.count, expected);
    map_clear(&m);
}

TEST(vec_grows)
{
    VEC(int) numbers = {0};
    for (int i = 0; i < 100; i++)
        VEC_PUSH(arena, &numbers, i);
    CHECK_INT(numbers.count, 100);
    CHECK_INT(numbers.items[99], 99);
}

TEST(clock_stamp_round_trips)
{
    char out[CLOCK_STAMP_BYTES];
    int64_t time;
    CHECK_STR(clock_stamp(1732141867012345, out), S("2024-11-20T22:31:07.012345+00:00"));
    CHECK(clock_parse_stamp(S("2024-11-20T22:31:07.012345+00:00"), &time));
    CHECK_INT(time, 1732141867012345);
    CHECK_STR(clock_stamp(-1, out), S("1969-12-31T23:59:59.999999+00:00"));
    static const struct str bad[] = {STR_INIT("2024-11-20T22:31:07.012345Z"),
                                     STR_INIT("2024-11-20T22:31:07+00:00"),
                                     STR_INIT("2024-11-20T22:31:07.012345+01:00"),
                                     STR_INIT("2024-02-30T22:31:07.012345+00:00"),
                                     STR_INIT("2024-11-20T24:31:07.012345+00:00"),
                                     STR_INIT("2024-11-20T22:31:07.0123456+00:00"),
                                     STR_INIT("")};
    for (size_t i = 0; i < countof(bad); i++)
        CHECK(!clock_parse_stamp(bad[i], &time));
}

TEST(steady_time_is_not_set)
{
    struct clock_manual state = {.time_us = 1732141867012345};
    struct clock clock = clock_manual(&state);
    struct clock_steady steady = clock_steady(&clock);
    CHECK_INT(clock_steady_ms(&steady), 1732141867012);
    state.time_us += 5000;
    state.set_us = -3600 * 1000000LL;
    CHECK_INT(clock_now_us(&clock), 1732138267017345);
    CHECK_INT(clock_steady_ms(&steady), 1732141867017);
    steady = clock_steady(&clock);
    CHECK_INT(clock_steady_ms(&steady), 1732138267017);
}

TEST(uuid_has_version_and_variant)
{
    char a[RAND_UUID_BYTES], b[RAND_UUID_BYTES];
    struct str first = rand_uuid(&rand_system, a), second = rand_uuid(&rand_system, b);
    CHECK_INT(first.len, 36);
    CHECK(a[14] == '4' && strchr("89ab", a[19]));
    CHECK(!str_eq(first, second));
}

TEST(base64_follows_rfc_4648)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    char out[16];
    struct buf b;
    buf_init(&b, 100);
    for (size_t i = 0; i < countof(pairs); i++) {
        buf_reset(&b);
        base64_encode(&b, str_z(pairs[i][0]));
        CHECK_STR(buf_str(&b), str_z(pairs[i][1]));
        ptrdiff_t len = base64_decode(str_z(pairs[i][1]), out);
        CHECK_INT(len, strlen(pairs[i][0]));
        CHECK(len >= 0 && memcmp(out, pairs[i][0], (size_t)len) == 0);
    }
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Zg===", "Zh==", "Z===", "Zg==Zg==", "Zm9 ", "Zm-_"};
    for (size_t i = 0; i < countof(bad); i++)
        CHECK(base64_decode(str_z(bad[i]), out) < 0);
    CHECK(base64url_decode(S("__-_"), out) == 3);
    CHECK(base64url_decode(S("Zg=="), out) < 0);
    CHECK(hex_decode(S("00fFa"), out) < 0);
    CHECK(hex_decode(S("00fFa1"), out) == 3 && out[1] == (char)0xff);
    buf_clear(&b);
}

TEST(crc32_and_md5_match_their_published_values)
{
    CHECK_INT(crc32_of(S("123456789")), 0xcbf43926);
    char zeros[100] = {0};
    CHECK_INT(crc32_of((struct str){zeros, 32}), 0x190a55ad);
    CHECK_INT(crc32_of((struct str){zeros, 100}), 0x9988c6ca);
    for (size_t i = 0; i < sizeof zeros; i++)
        zeros[i] = (char)(i * 7 + 1);
    CHECK_INT(crc32_of((struct str){zeros, 77}), 0x2e645685);
    CHECK_INT(crc32_of((struct str){zeros + 1, 33}), 0x2ed6b645);
    char long_text[777]; /* in four lanes, and what is left of them */
    for (size_t i = 0; i < sizeof long_text; i++)
        long_text[i] = (char)(i * i + 3);
    CHECK_INT(crc32_of((struct str){long_text, 128}), 0x2b78e301);
    CHECK_INT(crc32_of((struct str){long_text + 5, 256 + 37}), 0xac8d2628);
    CHECK_INT(crc32_of((struct str){long_text, sizeof long_text}), 0x3d9b8032);
    static const char *const cases[][3] = {
        {"", "", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "bc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message ", "digest", "f96b697d7cb7938d525a2f31aaf161d0"},
        {"1234567890123456789012345678901234567890123456789012345678901234567890", "1234567890",
         "57edf4a22be3c955ac49da2e2107b67a"}};
    for (size_t i = 0; i < countof(cases); i++) {
        struct md5 digest = md5_of(str_z(cases[i][0]), str_z(cases[i][1]));
        struct buf b;
        buf_init(&b, 64);
        hex_encode(&b, (struct str){(const char *)digest.bytes, 16});
        CHECK_STR(buf_str(&b), str_z(cases[i][2]));
        buf_clear(&b);
    }
}

TEST(errors_carry_kind_and_text)
{
    struct error *error = error_new(arena, &error_usage, "unknown flag %s", "--x");
    CHECK(error->kind == &error_usage);
    CHECK_STR(error->message, S("unknown flag --x"));
    errno = ENOENT;
    CHECK_STR(error_errno(arena, "open")->message, S("open: No such file or directory"));
}

TEST(library_open_names_the_package)
{
    static const char *const names[] = {"cos"};
    struct {
        double (*cos)(double);
    } math;
    struct error *error = library_open(arena, "libm.so.6", "libc6", names, 1, &math);
    CHECK(!error);
    CHECK(!error && math.cos(0) == 1);
    error = library_open(arena, "libnone.so.1", "libnone1", names, 1, &math);
    CHECK(error && str_contains(error->message, S("libnone1")));
    static const char *const missing[] = {"no_such_function"};
    CHECK(library_open(arena, "libm.so.6", "libc6", missing, 1, &math) != NULL);
}

TAP_MAIN(T(str_orders_bytewise_with_the_shorter_first), T(str_cut_gives_head_and_rest),
         T(str_to_u64_takes_plain_digits_only), T(str_is_utf8_refuses_what_rfc_3629_refuses),
         T(arena_keeps_pieces_apart_and_aligned), T(arena_reset_keeps_little),
         T(buf_never_passes_its_maximum), T(map_finds_what_was_put_through_growth_and_removal),
         T(vec_grows), T(clock_stamp_round_trips), T(steady_time_is_not_set),
         T(uuid_has_version_and_variant), T(base64_follows_rfc_4648),
         T(crc32_and_md5_match_their_published_values), T(errors_carry_kind_and_text),
         T(library_open_names_the_package))
