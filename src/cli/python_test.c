#include "cli/python.h"

#include "tap.h"

#include <stdlib.h>
#include <time.h>

/* What Python 3.11 and boto3 1.26 print, found by running them. */

static void check_repr(struct arena *arena, struct str json, struct str want)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    python_repr(&out, arena, json);
    CHECK_STR(buf_str(&out), want);
    buf_clear(&out);
}

static void check_item(struct arena *arena, struct str json, struct str want)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    python_repr_item(&out, arena, json);
    CHECK_STR(buf_str(&out), want);
    buf_clear(&out);
}

static void check_json(struct arena *arena, struct str json, struct python_json style,
                       struct str want)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    python_json(&out, arena, json, style);
    CHECK_STR(buf_str(&out), want);
    buf_clear(&out);
}

TEST(repr_of_plain_values)
{
    check_repr(arena, S("{\"a\": [1, 2.50, true, false, null, {}], \"b\": []}"),
               S("{'a': [1, 2.5, True, False, None, {}], 'b': []}"));
    check_repr(arena, S("1e3"), S("1000.0"));
}

TEST(repr_of_strings)
{
    check_repr(arena, S("\"it's\""), S("\"it's\""));
    check_repr(arena, S("\"it's \\\"so\\\"\""), S("'it\\'s \"so\"'"));
    check_repr(arena, S("\"\\\\ \\n\\t\\r\\u0000\\u001b\\u007f\""),
               S("'\\\\ \\n\\t\\r\\x00\\x1b\\x7f'"));
    check_repr(arena, S("\"caf\\u00e9 \\u2615 \\u00a0\\u200d\\ud83d\\ude00 \\udb40\\udc21\""),
               S("'caf\xC3\xA9 \xE2\x98\x95 \\xa0\\u200d\xF0\x9F\x98\x80 \\U000e0021'"));
}

TEST(repr_of_times_is_local)
{
    setenv("TZ", "UTC", 1);
    tzset();
    check_repr(arena, S("{\"CreationDateTime\":1700000000.123}"),
               S("{'CreationDateTime': datetime.datetime(2023, 11, 14, 22, 13, 20, 123000, "
                 "tzinfo=tzlocal())}"));
    check_repr(arena, S("{\"CreationDateTime\":1699999980}"),
               S("{'CreationDateTime': datetime.datetime(2023, 11, 14, 22, 13, "
                 "tzinfo=tzlocal())}"));
    check_repr(arena, S("{\"CreationDateTime\":\"x\"}"), S("{'CreationDateTime': 'x'}"));
}

TEST(iso_time_has_the_offset)
{
    struct buf out;
    buf_init(&out, 100);
    setenv("TZ", "XXX-05:30", 1);
    tzset();
    CHECK(python_iso_time(&out, S("1700000000.5")));
    CHECK_STR(buf_str(&out), S("2023-11-15T03:43:20.500000+05:30"));
    CHECK(!python_iso_time(&out, S("soon")));
    CHECK(!python_iso_time(&out, S("1e300")));
    buf_clear(&out);
}

TEST(repr_of_an_item)
{
    check_item(arena, S("{\"s\":{\"S\":\"x\"},\"t\":{\"BOOL\":true},\"z\":{\"NULL\":true}}"),
               S("{'s': 'x', 't': True, 'z': None}"));
    check_item(arena,
               S("{\"l\":{\"L\":[{\"N\":\"1\"},{\"M\":{\"a\":{\"B\":\"AGEn\"}}},{\"L\":[]}]}}"),
               S("{'l': [Decimal('1'), {'a': Binary(b\"\\x00a'\")}, []]}"));
    check_item(
        arena,
        S("{\"a\":{\"SS\":[\"x\",\"y\"]},\"b\":{\"NS\":[\"1.5\"]},\"c\":{\"BS\":[\"YQ==\"]}}"),
        S("{'a': {'x', 'y'}, 'b': {Decimal('1.5')}, 'c': {Binary(b'a')}}"));
    check_item(arena, S("{}"), S("{}"));
}

TEST(decimals_turn_scientific_where_python_does)
{
    check_item(arena, S("{\"n\":{\"N\":\"0.000001\"}}"), S("{'n': Decimal('0.000001')}"));
    check_item(arena, S("{\"n\":{\"N\":\"0.0000001\"}}"), S("{'n': Decimal('1E-7')}"));
    check_item(arena, S("{\"n\":{\"N\":\"-0.00000123\"}}"), S("{'n': Decimal('-0.00000123')}"));
    check_item(arena, S("{\"n\":{\"N\":\"-0.000000123\"}}"), S("{'n': Decimal('-1.23E-7')}"));
    check_item(arena, S("{\"n\":{\"N\":\"1200\"}}"), S("{'n': Decimal('1200')}"));
    check_item(arena, S("{\"n\":{\"N\":\"0\"}}"), S("{'n': Decimal('0')}"));
}

TEST(dumps_sorts_and_indents)
{
    struct python_json style = {.indent = 2, .sorts_keys = true};
    check_json(arena, S("{\"b\":[],\"a\":{\"y\":1,\"x\":{}},\"B\":[0.5,\"\"]}"), style,
               S("{\n  \"B\": [\n    0.5,\n    \"\"\n  ],\n  \"a\": {\n    \"x\": {},\n    \"y\": "
                 "1\n  },\n  \"b\": []\n}"));
}

TEST(dumps_escapes_beyond_ascii)
{
    struct python_json ascii = {.indent = 2}, utf8 = {.indent = 2, .keeps_utf8 = true};
    struct str text = S("\"\\u0007\\b\\f\\n\\\"\\\\/\\u000b\\u007f caf\\u00e9 \\ud83d\\ude00\"");
    check_json(arena, text, ascii,
               S("\"\\u0007\\b\\f\\n\\\"\\\\/\\u000b\\u007f caf\\u00e9 \\ud83d\\ude00\""));
    check_json(arena, S("\"caf\\u00e9\\n\""), utf8, S("\"caf\xC3\xA9\\n\""));
}

TEST(pads_and_cuts_by_characters)
{
    struct buf out;
    buf_init(&out, 100);
    python_pad(&out, S("\xC3\xA9"), 3);
    CHECK_STR(buf_str(&out), S("\xC3\xA9  "));
    CHECK_STR(python_first(S("a\xC3\xA9\xF0\x9F\x98\x80z"), 3), S("a\xC3\xA9\xF0\x9F\x98\x80"));
    CHECK_STR(python_first(S("ab"), 3), S("ab"));
    buf_clear(&out);
}

TAP_MAIN(T(repr_of_plain_values), T(repr_of_strings), T(repr_of_times_is_local),
         T(iso_time_has_the_offset), T(repr_of_an_item),
         T(decimals_turn_scientific_where_python_does), T(dumps_sorts_and_indents),
         T(dumps_escapes_beyond_ascii), T(pads_and_cuts_by_characters))
