#include "tap.h"
#include "json/reader.h"
#include "json/writer.h"

#include "base/attributes.h"

static bool is_json(struct arena *a, struct str text)
{
    struct json_reader r;
    json_reader_init(&r, text, a);
    return json_skip(&r) && json_finish(&r);
}

TEST(accepts_every_kind_of_value)
{
    static const struct str good[] = {STR_INIT("null"),
                                      STR_INIT(" true "),
                                      STR_INIT("-0"),
                                      STR_INIT("1.5e+10"),
                                      STR_INIT("\"\""),
                                      STR_INIT("[]"),
                                      STR_INIT("{}"),
                                      STR_INIT("[1,[2,{\"a\":[]}],\"x\"]"),
                                      STR_INIT("{\"a\":{\"b\":null},\"c\":false}\n"),
                                      STR_INIT("\"\\u00e9\\ud83d\\ude00\\n\"")};
    for (size_t i = 0; i < countof(good); i++)
        if (!CHECK(is_json(arena, good[i])))
            CHECK_STR(good[i], S("accepted"));
}

TEST(refuses_what_rfc_8259_refuses)
{
    static const struct str bad[] = {STR_INIT(""),
                                     STR_INIT("nul"),
                                     STR_INIT("True"),
                                     STR_INIT("01"),
                                     STR_INIT("1."),
                                     STR_INIT(".5"),
                                     STR_INIT("+1"),
                                     STR_INIT("1e"),
                                     STR_INIT("-"),
                                     STR_INIT("\"a"),
                                     STR_INIT("\"\\x\""),
                                     STR_INIT("\"\\u12\""),
                                     STR_INIT("\"\\ud800\""),
                                     STR_INIT("\"\\udc00\""),
                                     STR_INIT("\"\t\""),
                                     STR_INIT("\"\xff\""),
                                     STR_INIT("[1,]"),
                                     STR_INIT("[,1]"),
                                     STR_INIT("[1 2]"),
                                     STR_INIT("{\"a\"}"),
                                     STR_INIT("{\"a\":}"),
                                     STR_INIT("{a:1}"),
                                     STR_INIT("{\"a\":1,}"),
                                     STR_INIT("[1}"),
                                     STR_INIT("1 2"),
                                     STR_INIT("[1"),
                                     STR_INIT("{\"a\":1"),
                                     STR_INIT("\"\\"),
                                     STR_INIT("\"a\\\"")};
    for (size_t i = 0; i < countof(bad); i++)
        if (!CHECK(!is_json(arena, bad[i])))
            CHECK_STR(bad[i], S("refused"));
}

TEST(depth_is_limited_and_costs_no_stack)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        buf_add_char(&b, '[');
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        buf_add_char(&b, ']');
    CHECK(is_json(arena, buf_str(&b)));
    buf_reset(&b);
    for (int i = 0; i < 100000; i++)
        buf_add_char(&b, '[');
    CHECK(!is_json(arena, buf_str(&b)));
    buf_clear(&b);
}

TEST(reads_members_in_order_and_unescapes)
{
    struct json_reader r;
    struct str name, text = S("");
    int64_t number = 0;
    json_reader_init(
        &r, S("{\"plain\":\"abc\",\"esc\":\"a\\\\\\\"\\u00e9\\ud83d\\ude00b\",\"n\":-12}"), arena);
    CHECK(json_enter_object(&r));
    CHECK(json_next_member(&r, &name) && str_eq(name, S("plain")));
    CHECK(json_read_str(&r, &text));
    CHECK_STR(text, S("abc"));
    CHECK(json_next_member(&r, &name));
    CHECK(json_read_str(&r, &text));
    CHECK_STR(text, S("a\\\"\xc3\xa9\xf0\x9f\x98\x80"
                      "b"));
    CHECK(json_next_member(&r, &name));
    CHECK(json_read_i64(&r, &number));
    CHECK_INT(number, -12);
    CHECK(!json_next_member(&r, &name));
    CHECK(json_finish(&r));
}

TEST(a_failure_sticks_and_says_where)
{
    struct json_reader r;
    bool truth;
    int64_t number;
    json_reader_init(&r, S("{\"a\" 1}"), arena);
    struct str name;
    CHECK(json_enter_object(&r));
    CHECK(!json_next_member(&r, &name));
    CHECK(!json_read_bool(&r, &truth));
    CHECK(!json_read_i64(&r, &number));
    CHECK(json_peek(&r) == JSON_INVALID);
    CHECK_STR(json_error(&r), S("expected ':' at byte 5"));
}

TEST(raw_gives_the_text_of_a_value)
{
    struct json_reader r;
    struct str raw = S("");
    json_reader_init(&r, S(" [1, {\"a\":[2]} ] "), arena);
    CHECK(json_read_raw(&r, &raw) && json_finish(&r));
    CHECK_STR(raw, S("[1, {\"a\":[2]} ]"));
}

TEST(writer_puts_commas_and_escapes)
{
    struct buf b;
    buf_init(&b, 1000);
    struct json_writer w = json_writer(&b);
    json_begin_object(&w);
    json_key(&w, S("a")), json_i64(&w, -1);
    json_key(&w, S("b")), json_begin_array(&w);
    json_str(&w, S("x\"\\\n\x01")), json_bool(&w, true), json_null(&w), json_double(&w, 0.5);
    json_double(&w, 2), json_double(&w, 1732141867.012);
    json_end_array(&w);
    json_key(&w, S("c")), json_begin_object(&w), json_end_object(&w);
    json_key(&w, S("d")), json_raw(&w, S("[]"));
    json_end_object(&w);
    CHECK_STR(buf_str(&b),
              S("{\"a\":-1,\"b\":[\"x\\\"\\\\\\n\\u0001\",true,null,0.5,2.0,1732141867.012],"
                "\"c\":{},\"d\":[]}"));
    CHECK(is_json(arena, buf_str(&b)));
    buf_clear(&b);
}

TAP_MAIN(T(accepts_every_kind_of_value), T(refuses_what_rfc_8259_refuses),
         T(depth_is_limited_and_costs_no_stack), T(reads_members_in_order_and_unescapes),
         T(a_failure_sticks_and_says_where), T(raw_gives_the_text_of_a_value),
         T(writer_puts_commas_and_escapes))
