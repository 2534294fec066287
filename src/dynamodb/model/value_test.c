#include "dynamodb/model/value.h"

#include "base/rand.h"
#include "dynamodb/model/item.h"
#include "dynamodb/model/limits.h"
#include "dynamodb/model/number.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static struct str taken(struct arena *a, struct buf *b)
{
    struct str bytes = arena_str(a, buf_str(b));
    buf_reset(b);
    return bytes;
}

static struct value number(struct arena *a, const char *text)
{
    struct number n;
    CHECK(!number_parse(a, str_z(text), &n));
    return (struct value){VALUE_N, arena_str(a, number_str(&n))};
}

static struct value string(const char *text)
{
    return (struct value){VALUE_S, str_z(text)};
}

TEST(varints_take_only_the_shortest_form)
{
    static const uint32_t numbers[] = {0, 1, 127, 128, 16383, 16384, 1u << 28, UINT32_MAX};
    struct buf b;
    buf_init(&b, 100);
    for (size_t i = 0; i < countof(numbers); i++) {
        varint_put(&b, numbers[i]);
        struct str rest = buf_str(&b);
        uint32_t got = 1;
        CHECK(varint_take(&rest, &got));
        CHECK_INT(got, numbers[i]);
        CHECK_INT(rest.len, 0);
        buf_reset(&b);
    }
    static const struct str bad[] = {
        STR_INIT(""),
        STR_INIT("\x80"),
        STR_INIT("\x80\x00"),
        STR_INIT("\xff\xff\xff\xff\x10"),
        STR_INIT("\xff\xff\xff\xff\xff\x01"),
    };
    for (size_t i = 0; i < countof(bad); i++) {
        struct str rest = bad[i];
        uint32_t got;
        CHECK(!varint_take(&rest, &got));
        CHECK_INT(rest.len, bad[i].len);
    }
    buf_clear(&b);
}

TEST(type_names_go_both_ways)
{
    for (int type = VALUE_S; type <= VALUE_M; type++) {
        enum value_type back = VALUE_NONE;
        CHECK(value_type_parse(value_type_name((enum value_type)type), &back));
        CHECK_INT(back, type);
    }
    enum value_type none;
    CHECK(!value_type_parse(S("s"), &none));
    CHECK(!value_type_parse(S(""), &none));
}

TEST(members_are_sorted_and_found)
{
    struct buf b;
    buf_init(&b, 1000);
    struct member members[] = {
        {S("b"), string("two")}, {S("a"), string("one")}, {S("ab"), number(arena, "3")}};
    CHECK(members_build(&b, members, 3));
    struct value map = {VALUE_M, taken(arena, &b)};
    CHECK(value_is_wellformed(map));
    CHECK_INT(value_count(map), 3);
    CHECK_STR(value_member(map.data, S("a")).data, S("one"));
    CHECK_STR(value_member(map.data, S("b")).data, S("two"));
    CHECK_INT(value_member(map.data, S("ab")).type, VALUE_N);
    CHECK_INT(value_member(map.data, S("aa")).type, VALUE_NONE);
    CHECK_INT(value_member(map.data, S("c")).type, VALUE_NONE);
    members[0].name = S("ab");
    CHECK(!members_build(&b, members, 3));
    buf_clear(&b);
}

TEST(sets_are_sorted_and_without_duplicates)
{
    struct buf b;
    buf_init(&b, 1000);
    struct str elements[] = {S("b"), S("a"), S("ab")};
    CHECK(set_build(&b, elements, 3));
    struct value set = {VALUE_SS, taken(arena, &b)};
    CHECK(value_is_wellformed(set));
    CHECK(value_set_contains(set, S("ab")));
    CHECK(!value_set_contains(set, S("aa")));
    CHECK_INT(value_count(set), 3);
    struct str twice[] = {S("a"), S("b"), S("a")};
    CHECK(!set_build(&b, twice, 3));
    buf_clear(&b);
}

TEST(sizes_are_what_the_service_counts)
{
    struct buf b;
    buf_init(&b, 1000);
    CHECK_INT(value_size(string("h\xc3\xa9")), 3);
    CHECK_INT(value_size((struct value){VALUE_BOOL, S("\x01")}), 1);
    CHECK_INT(value_size((struct value){VALUE_NULL, S("")}), 1);
    struct value list = {VALUE_L, S("")};
    CHECK_INT(value_size(list), 3);
    value_put(&b, string("ab"));
    value_put(&b, number(arena, "12"));
    list.data = taken(arena, &b);
    CHECK_INT(value_size(list), 3 + (1 + 2) + (1 + 2));
    CHECK_INT(value_count(list), 2);
    CHECK_STR(value_at(list.data, 0).data, S("ab"));
    CHECK_INT(value_at(list.data, 2).type, VALUE_NONE);
    value_put_member(&b, S("key"), list);
    struct value map = {VALUE_M, taken(arena, &b)};
    CHECK_INT(value_size(map), 3 + 1 + 3 + 9);
    CHECK_INT(value_depth(map), 2);
    CHECK_INT(value_depth(string("x")), 0);
    struct item item = item_of(map.data);
    CHECK_INT(item.size_bytes, 3 + 9);
    buf_clear(&b);
}

TEST(items_are_stored_with_their_size)
{
    struct buf b;
    buf_init(&b, 1000);
    value_put_member(&b, S("pk"), string("x"));
    struct item item = item_of(taken(arena, &b)), back;
    item_store(&b, item);
    CHECK(item_load(buf_str(&b), &back));
    CHECK_STR(back.attributes, item.attributes);
    CHECK_INT(back.size_bytes, 3);
    CHECK(item_exists(back));
    CHECK_STR(item_get(back, S("pk")).data, S("x"));
    CHECK(!item_load(S("\xff"), &back));
    buf_clear(&b);
}

/* -- random trees -------------------------------------------------------------------------------
 */

static void put_random(struct arena *a, const struct rand_source *r, int depth, struct buf *out);

static struct str random_name(struct arena *a, const struct rand_source *r)
{
    return arena_printf(a, "n%u", (unsigned)rand_below(r, 1000));
}

static struct str random_body(struct arena *a, const struct rand_source *r, int depth,
                              enum value_type type)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    size_t count = rand_below(r, 5);
    struct member members[4];
    switch (type) {
    case VALUE_S:
    case VALUE_B:
        buf_add(&b, random_name(a, r));
        break;
    case VALUE_N:
        buf_add(&b, number(a, arena_z(a, arena_printf(a, "%d", (int)rand_below(r, 9999)))).data);
        break;
    case VALUE_BOOL:
        buf_add_char(&b, (char)rand_below(r, 2));
        break;
    case VALUE_SS:
    case VALUE_BS:
        value_put_element(&b, random_name(a, r));
        break;
    case VALUE_NS:
        value_put_element(&b, number(a, "7").data);
        break;
    case VALUE_L:
        for (size_t i = 0; i < count; i++)
            put_random(a, r, depth - 1, &b);
        break;
    case VALUE_M:
        for (size_t i = 0; i < 4; i++) {
            struct buf child;
            buf_init(&child, 1 << 20);
            put_random(a, r, depth - 1, &child);
            struct str rest = taken(a, &child);
            buf_clear(&child);
            members[i].name = arena_printf(a, "%u%s", (unsigned)i, i % 2 ? "" : "x");
            CHECK(value_take(&rest, &members[i].value));
        }
        CHECK(members_build(&b, members, 4));
        break;
    case VALUE_NONE:
    case VALUE_NULL:
        break;
    }
    struct str body = taken(a, &b);
    buf_clear(&b);
    return body;
}

static void put_random(struct arena *a, const struct rand_source *r, int depth, struct buf *out)
{
    enum value_type type = (enum value_type)(1 + rand_below(r, depth > 0 ? 10 : 8));
    value_put(out, (struct value){type, random_body(a, r, depth, type)});
}

/* A change of one byte is either noticed or gives another well-formed value; nothing reads past the
 * end (the sanitizers watch: the bytes lie in an allocation of exactly their length). */
TEST(damaged_bytes_are_noticed_or_harmless)
{
    struct rand_seeded state = {tap_seed()};
    struct rand_source r = rand_seeded(&state);
    for (int round = 0; round < 3000; round++) {
        struct value v = {VALUE_M, random_body(arena, &r, 3, VALUE_M)};
        CHECK(value_is_wellformed(v));
        char *bytes = mem_alloc(v.data.len);
        memcpy(bytes, v.data.data, v.data.len);
        struct str cut = {bytes, v.data.len};
        if (rand_below(&r, 2))
            bytes[rand_below(&r, cut.len)] = (char)rand_below(&r, 256);
        else
            cut.len = rand_below(&r, cut.len + 1);
        struct value damaged = {VALUE_M, cut};
        (void)value_count(damaged);
        (void)value_member(cut, S("3"));
        if (value_is_wellformed(damaged)) {
            CHECK(value_size(damaged) >= 3);
            CHECK(value_depth(damaged) <= LIMIT_NESTING + 1);
        }
        free(bytes);
        arena_reset(arena);
    }
}

TEST(nesting_past_the_limit_is_refused)
{
    struct buf b;
    buf_init(&b, 100000);
    struct value v = {VALUE_L, S("")};
    for (unsigned depth = 1; depth < 3 * LIMIT_NESTING; depth++) {
        CHECK_INT(value_depth(v), depth);
        CHECK_INT(value_is_wellformed(v), depth <= LIMIT_NESTING + 1);
        value_put(&b, v);
        v.data = taken(arena, &b);
    }
    buf_clear(&b);
}

TEST(forms_that_are_not_canonical_are_refused)
{
    static const struct value bad[] = {
        {VALUE_BOOL, STR_INIT("\x02")},
        {VALUE_BOOL, STR_INIT("")},
        {VALUE_NULL, STR_INIT("x")},
        {VALUE_S, STR_INIT("\xff")},
        {VALUE_N, STR_INIT("")},
        {VALUE_N, STR_INIT("\x80\x80")},
        {VALUE_SS, STR_INIT("")},
        {VALUE_SS, STR_INIT("\x01"
                            "b"
                            "\x01"
                            "a")},
        {VALUE_SS, STR_INIT("\x01"
                            "a"
                            "\x01"
                            "a")},
        {VALUE_NS, STR_INIT("\x01"
                            "a")},
        {VALUE_L, STR_INIT("\x01\x05"
                           "a")},
        {VALUE_L, STR_INIT("\x00\x00")},
        {VALUE_L, STR_INIT("\x0b\x00")},
        {VALUE_M, STR_INIT("\x01"
                           "b"
                           "\x05\x00"
                           "\x01"
                           "a"
                           "\x05\x00")},
        {VALUE_M, STR_INIT("\x01"
                           "a"
                           "\x05\x00"
                           "\x01"
                           "a"
                           "\x05\x00")},
        {VALUE_NONE, STR_INIT("")},
    };
    for (size_t i = 0; i < countof(bad); i++)
        CHECK(!value_is_wellformed(bad[i]));
}

TAP_MAIN(T(varints_take_only_the_shortest_form), T(type_names_go_both_ways),
         T(members_are_sorted_and_found), T(sets_are_sorted_and_without_duplicates),
         T(sizes_are_what_the_service_counts), T(items_are_stored_with_their_size),
         T(damaged_bytes_are_noticed_or_harmless), T(nesting_past_the_limit_is_refused),
         T(forms_that_are_not_canonical_are_refused))
