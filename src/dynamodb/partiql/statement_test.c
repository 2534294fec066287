/* Statements against items, without a table. Messages are in tests/cases/partiql_errors.case. */
#include "dynamodb/partiql/partiql.h"

#include "dynamodb/expr/notation.h"
#include "dynamodb/expr/program.h"
#include "tap.h"

static const struct key_schema keys = {.partition = {{STR_INIT("p"), VALUE_S}},
                                       .sort = {{STR_INIT("s"), VALUE_N}},
                                       .partition_count = 1,
                                       .sort_count = 1};

static const struct statement *read(struct arena *a, const char *text)
{
    const struct value parameters[] = {{VALUE_S, STR_INIT("one")}, {VALUE_S, STR_INIT("two")}};
    const struct statement *s = NULL;
    struct error *e = statement_read(a, str_z(text), parameters, 2, &s);
    if (!CHECK(!e))
        CHECK_STR(e->message, str_z(text));
    return s;
}

static bool holds(struct arena *a, const char *where, const char *item)
{
    struct str text = arena_printf(a, "SELECT * FROM tbl WHERE %s", where);
    const struct statement *s = read(a, arena_z(a, text));
    return s && condition_holds(s->where, notation_item(a, item));
}

TEST(operators_bind_as_in_sql)
{
    const char *item = "{a: 1, b: 2, t: true}";
    CHECK(holds(arena, "a = 1 OR a = 2 AND b = 3", item));
    CHECK(!holds(arena, "(a = 1 OR a = 2) AND b = 3", item));
    CHECK(holds(arena, "NOT a = 2 AND b = 2", item));
    CHECK(!holds(arena, "NOT (a = 1 AND b = 2)", item));
    CHECK(holds(arena, "NOT NOT a = 1", item));
    CHECK(holds(arena, "a BETWEEN 0 AND 1 AND b BETWEEN 2 AND 3", item));
    CHECK(holds(arena, "t = a < b", item));
    CHECK(!holds(arena, "a NOT BETWEEN 0 AND 1 OR b NOT IN (1, 2)", item));
    CHECK(holds(arena, "a IS NOT MISSING AND c IS MISSING", item));
    CHECK(holds(arena, "((((((((a = 1))))))))", item));
}

TEST(parameters_are_values)
{
    CHECK(holds(arena, "a = ? AND b = ?", "{a: 'one', b: 'two'}"));
    CHECK(holds(arena, "a IN [?, 'x']", "{a: 'one'}"));
    const struct statement *s = read(arena, "INSERT INTO tbl VALUE {'b': ?, 'a': ?}");
    CHECK_STR(notation_show_item(arena, s->item), S("{a: 'two', b: 'one'}"));
}

TEST(a_table_may_have_an_index)
{
    const struct statement *s = read(arena, "SELECT a, b.c[2][1] FROM \"tbl\".\"idx\" ORDER BY k");
    CHECK_STR(s->table, S("tbl"));
    CHECK_STR(s->index, S("idx"));
    CHECK_INT(s->column_count, 2);
    CHECK_STR(s->columns[1].name, S("c[2][1]"));
    CHECK(s->order_count == 1 && !s->order[0].is_descending && !s->where);
    CHECK_STR(read(arena, "DELETE FROM \"arn:aws:dynamodb:x:1:table/tbl\"")->table,
              S("arn:aws:dynamodb:x:1:table/tbl"));
}

TEST(columns_take_what_is_there)
{
    const struct statement *s = read(arena, "SELECT z, m.x, l[1], nope FROM tbl");
    struct item shown =
        statement_show(arena, s, notation_item(arena, "{l: [1, 2], m: {x: 3}, a: 1}"));
    CHECK_STR(notation_show_item(arena, shown), S("{l[1]: 2, x: 3}"));
}

TEST(updates_write)
{
    static const struct {
        const char *actions, *want;
    } rows[] = {
        {"SET a = 2", "{a: 2, l: [1], p: 'x', ss: ss(a)}"},
        {"SET a = a + 1, b = a - 1", "{a: 2, b: 0, l: [1], p: 'x', ss: ss(a)}"},
        {"SET l = list_append(l, [{'k': 2}])", "{a: 1, l: [1, {k: 2}], p: 'x', ss: ss(a)}"},
        {"SET l[0] = 7 REMOVE a SET ss = set_add(ss, <<'b'>>)", "{l: [7], p: 'x', ss: ss(a b)}"},
        {"REMOVE l[0] SET ss = SET_DELETE(\"ss\", <<'a'>>)", "{a: 1, l: [], p: 'x'}"},
        {"SET b = if_not_exists(b, 5)", "{a: 1, b: 5, l: [1], p: 'x', ss: ss(a)}"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct str text = arena_printf(arena, "UPDATE tbl %s WHERE p = 'x'", rows[i].actions);
        const struct statement *s = read(arena, arena_z(arena, text));
        struct item after;
        CHECK(!update_apply(arena, s->update,
                            notation_item(arena, "{p: 'x', a: 1, l: [1], ss: ss(a)}"), &after));
        CHECK_STR(notation_show_item(arena, after), str_z(rows[i].want));
    }
}

/* The key, and how many conditions are left: "{p: 'x'} whole 1". */
static struct str key_of(struct arena *a, const char *where, bool takes_one_in)
{
    struct str text = arena_printf(a, "SELECT * FROM tbl WHERE %s", where);
    struct where_key key;
    where_key_of(a, read(a, arena_z(a, text))->where, &keys, takes_one_in, &key);
    struct str shown = notation_show_item(a, key.key);
    return arena_printf(a, "%.*s%s%s %zu", STR_ARG(shown), key.is_whole ? " whole" : "",
                        key.twice.len ? " twice" : "", key.rest_count);
}

TEST(a_where_fixes_a_key)
{
    CHECK_STR(key_of(arena, "p = 'x' AND s = 1", false), S("{p: 'x', s: 1} whole 0"));
    CHECK_STR(key_of(arena, "1 = s AND (a = 1 AND 'x' = p)", false), S("{p: 'x', s: 1} whole 1"));
    CHECK_STR(key_of(arena, "p = 'x' AND p = 'x'", false), S("{p: 'x'} 0"));
    CHECK_STR(key_of(arena, "p = 'x' AND p = 'y' AND s = 1", false),
              S("{p: 'x', s: 1} whole twice 1"));
    CHECK_STR(key_of(arena, "p IN ['x'] AND s = 1", false), S("{s: 1} 1"));
    CHECK_STR(key_of(arena, "p IN ['x'] AND s = 1", true), S("{p: 'x', s: 1} whole 0"));
    CHECK_STR(key_of(arena, "p = 'x' OR s = 1", false), S("{} 1"));
    CHECK_STR(key_of(arena, "p.a = 'x' AND s = p", false), S("{} 2"));
}

TEST(writes_have_conditions)
{
    static const struct {
        const char *text, *item;
        bool want;
    } rows[] = {
        {"INSERT INTO tbl VALUE {'p': 'x'}", "{}", true},
        {"INSERT INTO tbl VALUE {'p': 'x'}", "{p: 'x'}", false},
        {"UPDATE tbl SET a = 1 WHERE p = 'x' AND s = 1", "{}", false},
        {"UPDATE tbl SET a = 1 WHERE p = 'x' AND s = 1", "{p: 'x'}", true},
        {"UPDATE tbl SET a = 1 WHERE p = 'x' AND s = 1 AND b = 2", "{p: 'x'}", false},
        {"UPDATE tbl SET a = 1 WHERE p = 'x' AND s = 1 AND b = 2", "{p: 'x', b: 2}", true},
        {"DELETE FROM tbl WHERE p = 'x' AND s = 1 AND b = 2", "{}", true},
        {"DELETE FROM tbl WHERE p = 'x' AND s = 1 AND b = 2", "{p: 'x'}", false},
        {"EXISTS(SELECT * FROM tbl WHERE p = 'x' AND s = 1 AND b IS MISSING)", "{}", true},
        {"EXISTS(SELECT * FROM tbl WHERE p = 'x' AND s = 1 AND b IS MISSING)", "{b: 1}", false},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        const struct statement *s = read(arena, rows[i].text);
        struct where_key key;
        where_key_of(arena, s->where, &keys, false, &key);
        const struct bound *condition = where_condition(arena, s, &key, S("p"));
        CHECK(condition_holds(condition, notation_item(arena, rows[i].item)) == rows[i].want);
    }
    const struct statement *s = read(arena, "DELETE FROM tbl WHERE p = 'x' AND s = 1");
    struct where_key key;
    where_key_of(arena, s->where, &keys, false, &key);
    CHECK(!where_condition(arena, s, &key, S("p")));
}

TEST(every_cut_of_a_statement_is_read_or_refused)
{
    static const char select[] =
        "SELECT a, m.k[0], \"q\" FROM \"tbl\".\"idx\" WHERE p = 'it''s' AND s BETWEEN -1 AND "
        "+2.5e1 "
        "AND NOT (x IN [1, ?] OR begins_with(y, 'z') = true) ORDER BY p DESC, s ASC;";
    static const char insert[] =
        "INSERT INTO tbl VALUE {'p': ?, 'm': {'a': [1, <<'x', 'y'>>, null, {}]}, 'b': false}";
    static const char update[] =
        "UPDATE tbl SET a = b + 1, c[1].d = list_append(c, ['x']) REMOVE e.f SET s = set_add(s, "
        "<<1>>) WHERE p = 'x' AND s = 2 RETURNING MODIFIED NEW *";
    static const char exists[] = "EXISTS(SELECT * FROM tbl WHERE p = 'x' AND a IS NOT MISSING)";
    static const char *const texts[] = {select, insert, update, exists};
    for (size_t i = 0; i < countof(texts); i++) {
        struct str text = str_z(texts[i]);
        const struct statement *s;
        for (size_t len = 0; len <= text.len; len++) {
            struct error *e = statement_read(arena, str_slice(text, 0, len), NULL, 0, &s);
            CHECK(!e || e->kind == &error_ValidationException);
        }
    }
}

TAP_MAIN(T(operators_bind_as_in_sql), T(parameters_are_values), T(a_table_may_have_an_index),
         T(columns_take_what_is_there), T(updates_write), T(a_where_fixes_a_key),
         T(writes_have_conditions), T(every_cut_of_a_statement_is_read_or_refused))
