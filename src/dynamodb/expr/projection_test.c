#include "dynamodb/expr/notation.h"
#include "tap.h"

static const struct bound *bound_of(struct arena *a, const char *text)
{
    const struct program *program = NULL;
    const struct bound *bound = NULL;
    struct expr_params params = notation_params(a, "{#d: 'a.b'}", NULL);
    CHECK(!expr_parse(a, EXPR_PROJECTION, str_z(text), &program));
    CHECK(!expr_bind(a, program, &params, &bound));
    return bound;
}

TEST(chooses_parts_and_closes_lists_up)
{
    static const char item[] =
        "{a: 1, a.b: 2, l: [10, 11, [20, 21], {x: 1, y: 2}], m: {p: {q: 1, r: 2}, s: 3}, z: 'z'}";
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"a", "{a: 1}"},
        {"z, a", "{a: 1, z: 'z'}"},
        {"absent", "{}"},
        {"absent, z", "{z: 'z'}"},
        {"#d", "{a.b: 2}"},
        {"m.p.q", "{m: {p: {q: 1}}}"},
        {"m.s, m.p.r", "{m: {p: {r: 2}, s: 3}}"},
        {"m.nothing", "{}"},
        {"m.p.nothing, m.s", "{m: {s: 3}}"},
        {"l[1]", "{l: [11]}"},
        {"l[3].y, l[0]", "{l: [10, {y: 2}]}"},
        {"l[2][1], l[2][0], l[9]", "{l: [[20, 21]]}"},
        {"l[2][5]", "{}"},
        {"l.x, m[0], a.b, z[1]", "{}"},
        {"l, m", "{l: [10, 11, [20, 21], {x: 1, y: 2}], m: {p: {q: 1, r: 2}, s: 3}}"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct item got =
            projection_apply(arena, bound_of(arena, rows[i].text), notation_item(arena, item));
        CHECK_STR(notation_show_item(arena, got), str_z(rows[i].want));
        CHECK(value_is_wellformed((struct value){VALUE_M, got.attributes}));
        CHECK_INT(got.size_bytes, item_of(got.attributes).size_bytes);
    }
}

TEST(knows_its_roots)
{
    const struct str *roots;
    CHECK_INT(projection_roots(arena, bound_of(arena, "m.p.q, a, m.s, #d"), &roots), 3);
    CHECK_STR(roots[0], S("a"));
    CHECK_STR(roots[1], S("a.b"));
    CHECK_STR(roots[2], S("m"));
}

TEST(an_item_that_does_not_exist_has_no_parts)
{
    CHECK(!item_exists(projection_apply(arena, bound_of(arena, "a, b[1]"), (struct item){0})));
}

/* Long parts need longer lengths than short ones: their places move when they are closed. */
TEST(long_parts_keep_their_lengths)
{
    for (size_t len = 1; len < 40000; len = len * 3 + 1) {
        char *text = arena_alloc(arena, len);
        for (size_t i = 0; i < len; i++)
            text[i] = 'x';
        struct buf b;
        buf_init(&b, 1 << 20);
        value_put_member(&b, S("s"), (struct value){VALUE_S, {text, len}});
        struct str inner = arena_str(arena, buf_str(&b));
        buf_reset(&b);
        value_put_member(&b, S("m"), (struct value){VALUE_M, inner});
        struct item item = item_of(arena_str(arena, buf_str(&b)));
        buf_clear(&b);
        struct item got = projection_apply(arena, bound_of(arena, "m.s"), item);
        CHECK(str_eq(got.attributes, item.attributes));
    }
}

TAP_MAIN(T(chooses_parts_and_closes_lists_up), T(knows_its_roots),
         T(an_item_that_does_not_exist_has_no_parts), T(long_parts_keep_their_lengths))
