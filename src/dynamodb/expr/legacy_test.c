#include "dynamodb/expr/legacy.h"

#include "base/vec.h"
#include "dynamodb/expr/notation.h"
#include "tap.h"

static bool holds(struct arena *a, enum legacy_operator op, const char *name, const char *values)
{
    VEC(struct value) list = {0};
    struct str rest = notation_value(a, values).data;
    struct value v;
    while (value_take(&rest, &v))
        VEC_PUSH(a, &list, v);
    struct legacy_condition c = {str_z(name), op, list.items, list.count};
    return condition_holds(legacy_conditions(a, EXPR_FILTER, &c, 1, false),
                           notation_item(a, "{n: 5, s: 'hello', ss: ss(a b), a.b: 1}"));
}

TEST(each_operator_compares)
{
    static const struct {
        enum legacy_operator op;
        const char *name, *values;
        bool want;
    } rows[] = {
        {LEGACY_EQ, "n", "[5]", true},
        {LEGACY_EQ, "a.b", "[1]", true},
        {LEGACY_NE, "zz", "[5]", true},
        {LEGACY_LT, "n", "[6]", true},
        {LEGACY_LE, "n", "[4]", false},
        {LEGACY_GT, "n", "[4]", true},
        {LEGACY_GE, "n", "['4']", false},
        {LEGACY_BETWEEN, "n", "[5, 9]", true},
        {LEGACY_IN, "n", "[1, 2, 5]", true},
        {LEGACY_BEGINS_WITH, "s", "['he']", true},
        {LEGACY_CONTAINS, "ss", "['b']", true},
        {LEGACY_NOT_CONTAINS, "ss", "['b']", false},
        {LEGACY_NOT_CONTAINS, "ss", "['c']", true},
        {LEGACY_NULL, "zz", "[]", true},
        {LEGACY_NOT_NULL, "zz", "[]", false},
    };
    for (size_t i = 0; i < countof(rows); i++)
        CHECK(holds(arena, rows[i].op, rows[i].name, rows[i].values) == rows[i].want);
}

TEST(conditions_are_joined_by_and_or_or)
{
    struct value five = notation_value(arena, "5"), six = notation_value(arena, "6");
    struct legacy_condition c[] = {{S("n"), LEGACY_EQ, &five, 1}, {S("m"), LEGACY_EQ, &six, 1}};
    struct item item = notation_item(arena, "{n: 5, m: 5}");
    CHECK(!condition_holds(legacy_conditions(arena, EXPR_CONDITION, c, 2, false), item));
    const struct bound *any = legacy_conditions(arena, EXPR_CONDITION, c, 2, true);
    CHECK(condition_holds(any, item));
    CHECK(condition_uses(any, S("m")));
    CHECK(!condition_uses(any, S("x")));
}

TEST(key_conditions_fit_keys)
{
    static const struct key_schema keys = {.partition = {{STR_INIT("p"), VALUE_S}},
                                           .sort = {{STR_INIT("s"), VALUE_N}},
                                           .partition_count = 1,
                                           .sort_count = 1};
    struct value p = notation_value(arena, "'p'"), bounds[2];
    bounds[0] = notation_value(arena, "1");
    bounds[1] = notation_value(arena, "2");
    struct legacy_condition c[] = {{S("s"), LEGACY_BETWEEN, bounds, 2}, {S("p"), LEGACY_EQ, &p, 1}};
    struct key_condition got = {0};
    const struct bound *bound = legacy_conditions(arena, EXPR_KEY_CONDITION, c, 2, false);
    CHECK(!key_condition_check(arena, bound));
    CHECK(!key_condition_of(arena, bound, &keys, &got));
    CHECK_INT(got.sort, SORT_BETWEEN);
    CHECK_STR(notation_show(arena, got.high), S("2"));
    struct error *error = key_condition_of(
        arena, legacy_conditions(arena, EXPR_KEY_CONDITION, c, 1, false), &keys, &got);
    CHECK_STR(error->message, S("Query condition missed key schema element: p"));
}

TEST(updates_apply_to_top_level_attributes)
{
    struct legacy_update updates[] = {
        {S("put"), LEGACY_PUT, notation_value(arena, "'new'")},
        {S("a.b"), LEGACY_PUT, notation_value(arena, "1")},
        {S("count"), LEGACY_ADD, notation_value(arena, "5")},
        {S("list"), LEGACY_ADD, notation_value(arena, "[3]")},
        {S("fresh"), LEGACY_ADD, notation_value(arena, "[4]")},
        {S("set"), LEGACY_DELETE, notation_value(arena, "ss(a)")},
        {S("gone"), LEGACY_DELETE, {0}},
    };
    struct item item = notation_item(arena,
                                     "{count: 1, gone: 1, list: [1], put: 'old', set: ss(a b)}"),
                got;
    const struct bound *bound = legacy_updates(arena, updates, countof(updates));
    CHECK(update_touches(bound, S("a.b")));
    CHECK(!update_apply(arena, bound, item, &got));
    CHECK_STR(notation_show_item(arena, got),
              S("{a.b: 1, count: 6, fresh: [4], list: [1, 3], put: 'new', set: ss(b)}"));
    CHECK_INT(got.size_bytes, item_of(got.attributes).size_bytes);
    CHECK_STR(notation_show_item(arena, update_project(arena, bound, item)),
              S("{count: 1, gone: 1, list: [1], put: 'old', set: ss(a b)}"));
    item = notation_item(arena, "{count: 'text'}");
    CHECK_STR(update_apply(arena, bound, item, &got)->message,
              S("Type mismatch for attribute to update"));
}

TEST(thousands_of_attributes_pass)
{
    enum { MANY = 5000 };
    struct legacy_update *updates = arena_array(arena, struct legacy_update, MANY);
    for (size_t i = 0; i < MANY; i++)
        updates[i] = (struct legacy_update){arena_printf(arena, "attribute-%zu", i), LEGACY_PUT,
                                            notation_value(arena, "1")};
    struct item got, none = {0};
    CHECK(!update_apply(arena, legacy_updates(arena, updates, MANY), none, &got));
    CHECK(value_is_wellformed((struct value){VALUE_M, got.attributes}));
    CHECK_INT(value_count((struct value){VALUE_M, got.attributes}), MANY);
}

TAP_MAIN(T(each_operator_compares), T(conditions_are_joined_by_and_or_or),
         T(key_conditions_fit_keys), T(updates_apply_to_top_level_attributes),
         T(thousands_of_attributes_pass))
