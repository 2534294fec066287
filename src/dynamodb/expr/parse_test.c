/* Texts and their errors, word for word as the service gives them. */
#include "dynamodb/expr/notation.h"
#include "dynamodb/expr/reserved.h"
#include "tap.h"

#include <string.h>

struct row {
    const char *text, *names, *values, *want;
};

static struct str verdict(struct arena *a, enum expr_kind kind, const struct row *row)
{
    const struct program *program;
    const struct bound *bound;
    struct expr_params params = notation_params(a, row->names, row->values);
    struct error *error = expr_parse(a, kind, str_z(row->text), &program);
    if (!error)
        error = expr_bind(a, program, &params, &bound);
    if (!error)
        error = expr_check_unused(a, &params);
    return error ? error->message : S("ok");
}

static void check_rows(struct arena *a, enum expr_kind kind, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK_STR(verdict(a, kind, &rows[i]), str_z(rows[i].want));
}

#define C "Invalid ConditionExpression: "
#define P "Invalid ProjectionExpression: "
#define U "Invalid UpdateExpression: "
#define SYNTAX(token, near) "Syntax error; token: \"" token "\", near: \"" near "\""

TEST(syntax_errors_show_the_token_and_its_neighbours)
{
    static const struct row conditions[] = {
        {"", NULL, NULL, C "The expression can not be empty;"},
        {"foo", NULL, NULL, C SYNTAX("<EOF>", "foo")},
        {"a > 4", NULL, NULL, C SYNTAX("4", "> 4")},
        {"a > between", NULL, NULL, C SYNTAX("between", "> between")},
        {"a in b, c", NULL, NULL, C SYNTAX("b", "in b,")},
        {"a in (b,c,)", NULL, NULL, C SYNTAX(")", ",)")},
        {"(a)between(b.(c.d))and(c)", NULL, NULL, C SYNTAX("(", ".(c")},
        {"(a)between(b.c.d)and((c)", NULL, NULL, C SYNTAX("<EOF>", ")")},
        {"#$.b > a", NULL, NULL, C SYNTAX("#", "#$")},
        {"a > :things.stuff", NULL, NULL, C SYNTAX(".", ":things.stuff")},
        {"b[:a] > a", NULL, NULL, C SYNTAX(":a", "[:a]")},
        {"b[01] > a", NULL, NULL, C SYNTAX("1", "01]")},
        {"\xc3\xbc > a", NULL, NULL, C SYNTAX("\xc3\xbc", "\xc3\xbc >")},
        {"size(a).b > a", NULL, NULL, C SYNTAX(".", ").b")},
        {"(size(a))[0] > a", NULL, NULL, C SYNTAX("[", ")[0")},
        {"pk = :pk AND __typename = :t", NULL, NULL, C SYNTAX("_", "AND __")},
        {"a AND b = c", NULL, NULL, C SYNTAX("AND", "a AND b")},
        {"(a) AND b = c", NULL, NULL, C SYNTAX("AND", ") AND b")},
        {"(a = b AND c)", NULL, NULL, C SYNTAX(")", "c)")},
        {"a = b + c", NULL, NULL, C SYNTAX("+", "b + c")},
        {"NOT (a)", NULL, NULL, C SYNTAX("<EOF>", ")")},
        {"a = b )", NULL, NULL, C SYNTAX(")", "b )")},
        {"f() = a", NULL, NULL, C SYNTAX(")", "() =")},
    };
    static const struct row updates[] = {
        {"INVALID SYNTAX HERE", NULL, NULL, U SYNTAX("INVALID", "INVALID SYNTAX")},
        {"ADD hits : incr", NULL, NULL, U SYNTAX(":", "hits : incr")},
        {"SET a = :v, ", NULL, NULL, U SYNTAX("<EOF>", ",")},
        {"SET path = VALUE 1", NULL, NULL, U SYNTAX("1", "VALUE 1")},
        {"set {0} = 1", NULL, NULL, U SYNTAX("{", "set {0")},
        {"add a", NULL, NULL, U SYNTAX("<EOF>", "a")},
        {"add a b", NULL, NULL, U SYNTAX("b", "a b")},
        {"set a = set", NULL, NULL, U SYNTAX("set", "= set")},
        {"set a = b + c + d", NULL, NULL, U SYNTAX("+", "c + d")},
        {"set (a = (b + c))", NULL, NULL, U SYNTAX("(", "set (a")},
        {"set a = (b.c).d + e", NULL, NULL, U SYNTAX(".", ").d")},
        {"remove a = b", NULL, NULL, U SYNTAX("=", "a = b")},
    };
    static const struct row projections[] = {
        {"!!!", NULL, NULL, P SYNTAX("!", "!!")},
        {"a b", NULL, NULL, P SYNTAX("b", "a b")},
        {"a,", NULL, NULL, P SYNTAX("<EOF>", ",")},
        {"a,,b", NULL, NULL, P SYNTAX(",", ",,b")},
        {"a..b", NULL, NULL, P SYNTAX(".", "..b")},
        {":a", NULL, NULL, P SYNTAX(":a", ":a")},
        {"(a)", NULL, NULL, P SYNTAX("(", "(a")},
        {"a-b", NULL, NULL, P SYNTAX("-", "a-b")},
        {"a, #, b", NULL, NULL, P SYNTAX("#", ", #,")},
        {"whatever(stuff)", NULL, NULL, P SYNTAX("(", "whatever(stuff")},
    };
    check_rows(arena, EXPR_CONDITION, conditions, countof(conditions));
    check_rows(arena, EXPR_UPDATE, updates, countof(updates));
    check_rows(arena, EXPR_PROJECTION, projections, countof(projections));
}

TEST(conditions_are_checked_in_the_services_words)
{
#define FN "Incorrect operand type for operator or function; operator or function: "
#define OPERANDS(name, count)                                                                      \
    "Incorrect number of operands for operator or function; operator or function: " name           \
    ", number of operands: " count
#define MISUSED "The function is not allowed to be used this way in an expression; function: "
#define NO_NAME                                                                                    \
    "An expression attribute name used in the document path is not defined; attribute name: "
#define NO_VALUE                                                                                   \
    "An expression attribute value used in expression is not defined; attribute value: "
#define SAME                                                                                       \
    "The first operand must be distinct from the remaining operands for this operator or "         \
    "function; operator: "
#define BOUNDS "The BETWEEN operator requires "
    static const struct row rows[] = {
        {"a = :v", NULL, "{:v: 1}", "ok"},
        {"(a = :v)", NULL, "{:v: 1}", "ok"},
        {"(a = :v AND (b = :v))", NULL, "{:v: 1}", "ok"},
        {"(a) = (:v)", NULL, "{:v: 1}", "ok"},
        {"((size(b)) = :v)", NULL, "{:v: 1}", "ok"},
        {"(begins_with(a, :v))", NULL, "{:v: 'x'}", "ok"},
        {"NOT NOT a = :v", NULL, "{:v: 1}", "ok"},
        {"(a)between(:lo)and(:hi)", NULL, "{:lo: 1, :hi: 2}", "ok"},
        {":a > :a", NULL, "{:a: 1}", "ok"},

        {"((a = :v))", NULL, NULL, C "The expression has redundant parentheses;"},
        {"b=a and a > ((views))", NULL, NULL, C "The expression has redundant parentheses;"},
        {"((a)) in (b", NULL, NULL, C "The expression has redundant parentheses;"},
        {"a=b AND ((a=b AND (a=b AND a=b)))", NULL, NULL,
         C "The expression has redundant parentheses;"},

        {"b=a and whatever(:things) > a", NULL, NULL,
         C "Invalid function name; function: whatever"},
        {"attRIbute_exIsts((views))", NULL, NULL,
         C "Invalid function name; function: attRIbute_exIsts"},
        {"attribute_exists(a) > b", NULL, NULL, C MISUSED "attribute_exists"},
        {"size(contains(a, b)) > a", NULL, NULL, C MISUSED "contains"},
        {"size(things)", NULL, NULL, C MISUSED "size"},
        {"a in (b, attribute_exists(things))", NULL, NULL, C MISUSED "attribute_exists"},
        {"if_not_exists(a, b) = b", NULL, NULL,
         C "The function is not allowed in a condition expression; function: if_not_exists"},
        {"attribute_exists(views)", NULL, NULL,
         C "Attribute name is a reserved keyword; reserved keyword: views"},
        {":a < abOrT", NULL, NULL,
         C "Attribute name is a reserved keyword; reserved keyword: abOrT"},
        {"a[2147483648] = :v", NULL, NULL,
         C "List index is not within the allowable range; index: [2147483648]"},
        {"attribute_exists(things, a) and a=a", NULL, NULL, C OPERANDS("attribute_exists", "2")},
        {"attribute_type(things)", NULL, NULL, C OPERANDS("attribute_type", "1")},
        {"begins_with(things, size(a), b)", NULL, NULL, C OPERANDS("begins_with", "3")},

        {"(#P between :lo and :hi)", NULL, NULL, C NO_NAME "#P"},
        {"#4g > a", NULL, NULL, C NO_NAME "#4g"},
        {"a = :v", NULL, NULL, C NO_VALUE ":v"},
        {":a < :b", NULL, "{:b: 1}", C NO_VALUE ":a"},

        {"attribute_type(ab.bc[1].a, SS)", NULL, NULL,
         C FN "attribute_type, operand type: {SS,M,DECIMAL,DOUBLESET,HDS,N,B,DICT,INTSET,BOOL,HD,"
              "BS,INT,DECIMALSET,NULL,FLOAT,FS,S,L,NS,DOUBLE}"},
        {"attribute_type(a, size(a))", NULL, NULL, C FN "attribute_type, operand type: N"},
        {"attribute_type(a, :a)", NULL, "{:a: 1}", C FN "attribute_type, operand type: N"},
        {"attribute_type(a, :a)", NULL, "{:a: '1'}",
         C "Invalid attribute type name found; type: 1, valid types: "
           "{N,BS,L,B,NULL,M,S,SS,NS,BOOL}"},
        {"begins_with(a, :a)", NULL, "{:a: 1}", C FN "begins_with, operand type: N"},
        {"begins_with(:a, a)", NULL, "{:a: null}", C FN "begins_with, operand type: NULL"},
        {"begins_with(a, size(a))", NULL, NULL, C FN "begins_with, operand type: N"},
        {"size(size(a)) > :a", NULL, "{:a: 1}", C FN "size, operand type: N"},
        {"size(:a) > a", NULL, "{:a: true}", C FN "size, operand type: BOOL"},
        {"a < :a", NULL, "{:a: ss(x)}", C FN "<, operand type: SS"},
        {"a between :a and :b", NULL, "{:a: [], :b: []}", C FN "BETWEEN, operand type: L"},
        {"attribute_exists(:a)", NULL, "{:a: 1}",
         C "Operator or function requires a document path; operator or function: "
           "attribute_exists"},

        {"a = a", NULL, NULL, C SAME "=, first operand: [a]"},
        {"((a=a) OR (a=a))", NULL, NULL, C SAME "=, first operand: [a]"},
        {"#a <> a", "{#a: 'a'}", NULL, C SAME "<>, first operand: [a]"},
        {"contains(ab.bc[1].a, ab.bc[1].#a)", "{#a: 'a'}", NULL,
         C SAME "contains, first operand: [ab, bc, [1], a]"},
        {"a in (b, a)", NULL, NULL, C SAME "IN, first operand: [a]"},

        {"a between :b and :a", NULL, "{:a: 'a', :b: 1}",
         C BOUNDS "same data type for lower and upper bounds; lower bound operand: AttributeValue: "
                  "{N:1}, upper bound operand: AttributeValue: {S:a}"},
        {"a between :b and :a", NULL, "{:a: 'a', :b: 'b'}",
         C BOUNDS "upper bound to be greater than or equal to lower bound; lower bound operand: "
                  "AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"},
    };
    check_rows(arena, EXPR_CONDITION, rows, countof(rows));
}

TEST(updates_are_checked_in_the_services_words)
{
#define ONCE(clause) "The \"" clause "\" section can only be used once in an update expression;"
#define PATHS(what, one, two)                                                                      \
    "Two document paths " what " with each other; must remove or rewrite one of these paths; "     \
    "path one: " one ", path two: " two
    static const struct row rows[] = {
        {"set a = (b + c)", NULL, NULL, "ok"},
        {"set a = ((b.c.d)+(e))", NULL, NULL, "ok"},
        {"SET a = if_not_exists(a, :z) + :o", NULL, "{:z: 0, :o: 1}", "ok"},
        {"SET a = if_not_exists(b, if_not_exists(c, d))", NULL, NULL, "ok"},
        {"remove b delete c :c add d :d, e :d set f = :d", NULL, "{:c: ss(x), :d: 1}", "ok"},

        {"", NULL, NULL, U "The expression can not be empty;"},
        {" set #c = :c set abOrt = true ", NULL, NULL,
         U "Attribute name is a reserved keyword; reserved keyword: abOrt"},
        {"set #c = if_not_exist(:c) set c = d", NULL, NULL,
         U "Invalid function name; function: if_not_exist"},
        {"set a = size(b)", NULL, NULL,
         U "The function is not allowed in an update expression; function: size"},
        {"set a = #c set c = :d", NULL, NULL, U ONCE("SET")},
        {"remove #d set a = b remove e", NULL, NULL, U ONCE("REMOVE")},
        {"add #d :e set a = b add e :f", NULL, NULL, U ONCE("ADD")},
        {"delete #d :e set a = b delete #e :f", NULL, NULL, U ONCE("DELETE")},
        {"SET #c = if_not_exists(:c)", NULL, NULL, U NO_NAME "#c"},
        {"SET attr1 = :v", NULL, NULL, U NO_VALUE ":v"},
        {"SET a = :a, b = :b", NULL, NULL, U NO_VALUE ":b"},
        {"set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)", "{#c: 'c'}", NULL,
         U PATHS("overlap", "[c, [1], a]", "[c]")},
        {"set #c[3].#d = a, #c[3] = a", "{#c: 'c', #d: '[3]'}", NULL,
         U PATHS("overlap", "[c, [3], [3]]", "[c, [3]]")},
        {"set a = b remove a", NULL, NULL, U PATHS("overlap", "[a]", "[a]")},
        {"remove a.#c set a[1] = #d", "{#c: 'c', #d: 'd'}", NULL,
         U PATHS("conflict", "[a, c]", "[a, [1]]")},
        {"add a.b :a", NULL, "{:a: 'x'}",
         U "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, "
           "typeSet: ALLOWED_FOR_ADD_OPERAND"},
        {"delete a.b :a", NULL, "{:a: 1}",
         U "Incorrect operand type for operator or function; operator: DELETE, operand type: "
           "NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"},
        {"set a = if_not_exists(c)", NULL, NULL, U OPERANDS("if_not_exists", "1")},
        {"set a = list_append(c)", NULL, NULL, U OPERANDS("list_append", "1")},
        {"set a = if_not_exists(:a, c)", NULL, "{:a: 1}",
         U "Operator or function requires a document path; operator or function: if_not_exists"},
        {"set a = list_append(:a, a)", NULL, "{:a: 'x'}", U FN "list_append, operand type: S"},
        {"set a = a + :a", NULL, "{:a: ns(1)}", U FN "+, operand type: NS"},
        {"set a = :a - b", NULL, "{:a: b'x'}", U FN "-, operand type: B"},
        {"set a = :a", NULL, "{:a: 1, :unused: 1}",
         "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}"},
    };
    check_rows(arena, EXPR_UPDATE, rows, countof(rows));
}

TEST(projections_are_checked_in_the_services_words)
{
    static const struct row rows[] = {
        {"a, b[1].c, #d", "{#d: 'x y'}", NULL, "ok"},
        {"", NULL, NULL, P "The expression can not be empty;"},
        {"a.abORt", NULL, NULL, P "Attribute name is a reserved keyword; reserved keyword: abORt"},
        {"a,b,a,#a", NULL, NULL, P NO_NAME "#a"},
        {"b[1], b.a, #a.b, a", "{#a: 'a'}", NULL, P PATHS("overlap", "[a, b]", "[a]")},
        {"a, #a[1]", "{#a: 'a'}", NULL, P PATHS("overlap", "[a]", "[a, [1]]")},
        {"a.b, #a[1], #b", "{#a: 'a', #b: '[3]'}", NULL, P PATHS("conflict", "[a, b]", "[a, [1]]")},
        {"a[3].b, #a.#b.b", "{#a: 'a', #b: '[3]'}", NULL,
         P PATHS("conflict", "[a, [3], b]", "[a, [3], b]")},
        {"a", "{#a: 'a', #b: 'b'}", NULL,
         "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"},
    };
    check_rows(arena, EXPR_PROJECTION, rows, countof(rows));
}

static struct str repeated(struct arena *a, const char *first, const char *piece, size_t count,
                           const char *last)
{
    struct buf b;
    buf_init(&b, 100000);
    buf_add_z(&b, first);
    for (size_t i = 0; i < count; i++)
        buf_add_z(&b, piece);
    buf_add_z(&b, last);
    struct str text = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return text;
}

TEST(limits_hold)
{
    struct row row = {.values = "{:a: 1}", .want = ""};
    row.text = arena_z(arena, repeated(arena, "a = :a", " ", 4090, ""));
    CHECK_STR(verdict(arena, EXPR_FILTER, &row), S("ok"));
    row.text = arena_z(arena, repeated(arena, "a = :a", " ", 4091, ""));
    CHECK_STR(verdict(arena, EXPR_FILTER, &row),
              S("Invalid FilterExpression: Expression size has exceeded the maximum allowed size; "
                "expression size: 4097"));
    row.text = arena_z(arena, repeated(arena, "SET a = :a", " ", 4087, ""));
    CHECK_STR(
        verdict(arena, EXPR_UPDATE, &row),
        S("Invalid UpdateExpression: Expression size has exceeded the maximum allowed size;"));
    row.text = arena_z(arena, repeated(arena, "a IN (:a", ",:a", 99, ")"));
    CHECK_STR(verdict(arena, EXPR_FILTER, &row), S("ok"));
    row.text = arena_z(arena, repeated(arena, "a IN (:a", ",:a", 100, ")"));
    CHECK_STR(verdict(arena, EXPR_FILTER, &row),
              S("Invalid FilterExpression: The IN operator is provided with too many operands; "
                "number of operands: 101"));
    row.text = arena_z(arena, repeated(arena, "a=:a", " OR a=:a", 200, ""));
    CHECK_STR(verdict(arena, EXPR_FILTER, &row),
              S("Invalid FilterExpression: The expression contains too many operators; operator "
                "count: 401"));
    row.text = arena_z(arena, repeated(arena, "a", ".a", 32, " = :a"));
    CHECK_STR(verdict(arena, EXPR_FILTER, &row),
              S("Invalid FilterExpression: The document path has too many nesting levels; nesting "
                "levels: 33"));
    static const char *const deep[] = {"(", "NOT ", "(a=:a AND ", "size(", "(NOT "};
    for (size_t i = 0; i < countof(deep); i++) {
        size_t count = 4000 / strlen(deep[i]);
        row.text = arena_z(arena, repeated(arena, "", deep[i], count, "a=:a"));
        CHECK(str_starts(verdict(arena, EXPR_FILTER, &row),
                         S("Invalid FilterExpression: The expression has exceeded the maximum "
                           "nesting depth")));
    }
}

TEST(many_placeholders_are_found_and_marked)
{
    struct buf text, values;
    buf_init(&text, 100000);
    buf_init(&values, 100000);
    buf_add_z(&values, "{");
    for (int i = 0; i < 90; i++) {
        buf_printf(&text, "%s:v%d", i ? "," : "a IN (", i);
        buf_printf(&values, ":v%d: %d, ", 89 - i, i);
    }
    buf_add_z(&text, ")");
    buf_add_z(&values, "}");
    struct row row = {arena_z(arena, buf_str(&text)), NULL, arena_z(arena, buf_str(&values)), ""};
    CHECK_STR(verdict(arena, EXPR_CONDITION, &row), S("ok"));
    buf_clear(&text);
    buf_clear(&values);
}

TEST(a_program_does_not_point_into_its_text)
{
    char text[] = "a.b = :v AND #n = :v";
    const struct program *program;
    CHECK(!expr_parse(arena, EXPR_CONDITION, str_z(text), &program));
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 2; i++) {
        struct expr_params params = notation_params(arena, "{#n: 'c'}", "{:v: 1}");
        const struct bound *bound = NULL;
        CHECK(!expr_bind(arena, program, &params, &bound));
        CHECK(condition_holds(bound, notation_item(arena, "{a: {b: 1}, c: 1}")));
        CHECK(condition_uses(bound, S("c")));
        CHECK(!condition_uses(bound, S("b")));
        CHECK(expr_looks_inside(bound, S("a")));
        CHECK(!expr_looks_inside(bound, S("c")));
    }
}

TEST(reserved_words_are_known_in_any_case)
{
    CHECK(is_reserved_word(S("ABORT")));
    CHECK(is_reserved_word(S("zone")));
    CHECK(is_reserved_word(S("Status")));
    CHECK(!is_reserved_word(S("")));
    CHECK(!is_reserved_word(S("abor")));
    CHECK(!is_reserved_word(S("zonee")));
    CHECK(!is_reserved_word(S("a_much_longer_word_than_any")));
}

TAP_MAIN(T(syntax_errors_show_the_token_and_its_neighbours),
         T(conditions_are_checked_in_the_services_words),
         T(updates_are_checked_in_the_services_words),
         T(projections_are_checked_in_the_services_words), T(limits_hold),
         T(many_placeholders_are_found_and_marked), T(a_program_does_not_point_into_its_text),
         T(reserved_words_are_known_in_any_case))
