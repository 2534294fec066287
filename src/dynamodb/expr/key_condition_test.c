#include "dynamodb/expr/notation.h"
#include "tap.h"

static const struct key_schema hash_only = {.partition = {{STR_INIT("a"), VALUE_S}},
                                            .partition_count = 1};
static const struct key_schema hash_range = {.partition = {{STR_INIT("a"), VALUE_S}},
                                             .sort = {{STR_INIT("b"), VALUE_S}},
                                             .partition_count = 1,
                                             .sort_count = 1};
static const struct key_schema several = {
    .partition = {{STR_INIT("p"), VALUE_S}, {STR_INIT("q"), VALUE_N}},
    .sort = {{STR_INIT("x"), VALUE_S}, {STR_INIT("y"), VALUE_N}},
    .partition_count = 2,
    .sort_count = 2};

static struct error *fit(struct arena *a, const char *text, const char *values,
                         const struct key_schema *keys, struct key_condition *out)
{
    const struct program *program;
    const struct bound *bound;
    struct expr_params params = notation_params(a, "{#n: 'b'}", values);
    TRY(expr_parse(a, EXPR_KEY_CONDITION, str_z(text), &program));
    TRY(expr_bind(a, program, &params, &bound));
    TRY(key_condition_check(a, bound));
    return key_condition_of(a, bound, keys, out);
}

static const struct key_schema three_sorts = {
    .partition = {{STR_INIT("a"), VALUE_S}},
    .sort = {{STR_INIT("b"), VALUE_S}, {STR_INIT("c"), VALUE_S}, {STR_INIT("d"), VALUE_S}},
    .partition_count = 1,
    .sort_count = 3};

#define K "Invalid KeyConditionExpression: "
#define C "Invalid condition in KeyConditionExpression: "
#define E " must have equality conditions specified in the query"
#define H "HASH key attributes "
#define R "RANGE key attributes "
#define B E " because a condition is present on key attribute "

TEST(refuses_in_the_services_words)
{
    static const struct {
        const char *text, *values;
        const struct key_schema *keys;
        const char *want;
    } rows[] = {
        {"", NULL, &hash_only, K "The expression can not be empty;"},
        {"((a = :v))", "{:v: 'x'}", &hash_only, K "The expression has redundant parentheses;"},
        {"a > b and size(b) > c or a > c", NULL, &hash_range,
         "Invalid operator used in KeyConditionExpression: OR"},
        {"a in (b, size(c), d)", NULL, &hash_range,
         "Invalid operator used in KeyConditionExpression: IN"},
        {"attribute_exists(a)", NULL, &hash_range,
         "Invalid operator used in KeyConditionExpression: attribute_exists"},
        {"contains(a.d, b)", NULL, &hash_range,
         "Invalid operator used in KeyConditionExpression: contains"},
        {"not a > b", NULL, &hash_range, "Invalid operator used in KeyConditionExpression: NOT"},
        {"a <> b", NULL, &hash_range, "Invalid operator used in KeyConditionExpression: <>"},
        {":a between size(b) and size(a) and b > :a", "{:a: '1'}", &hash_range,
         C "BETWEEN operator must have the key attribute as its first operand"},
        {"begins_with(:a, b) and a > :a", "{:a: '1'}", &hash_range,
         C "begins_with operator must have the key attribute as its first operand"},
        {"size(b) > a AND a.b > b AND b > c", NULL, &hash_range,
         "KeyConditionExpressions cannot contain nested operations"},
        {"a > size(b.d)", NULL, &hash_range,
         "KeyConditionExpressions cannot contain nested operations"},
        {"b > a.b", NULL, &hash_range, C "Multiple attribute names used in one condition"},
        {"begins_with(a, b)", NULL, &hash_range,
         C "Multiple attribute names used in one condition"},
        {"b[0] > a", NULL, &hash_range,
         "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested "
         "attributes"},
        {":b > :a AND a < :b", "{:a: 1, :b: 1}", &hash_range, C "No key attribute specified"},
        {"(a > :a and b > :a) and (b > :a and c > :a)", "{:a: 1}", &hash_range,
         "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition "
         "per key"},
        {":a = a and b = :a and :a = c", "{:a: 'a'}", &hash_range,
         "The number of query conditions (3) exceeds the number of key attributes defined in the "
         "schema (2)"},
        {"b = :v", "{:v: 'x'}", &hash_range, "Query condition missed key schema element: a"},
        {"a = :v and c = :v", "{:v: 'x'}", &hash_range,
         "Query condition missed key schema element: b"},
        {":a > a", "{:a: 1}", &hash_only,
         "One or more parameter values were invalid: Condition parameter type does not match "
         "schema type"},
        {"a > :a", "{:a: 'x'}", &hash_only, "Query key condition not supported"},
        {"a = :a and b = :a", "{:a: 'x'}", &hash_only, "Query key condition not supported"},
        {"begins_with(a, :a)", "{:a: 'x'}", &hash_range, "Query key condition not supported"},
        {"a = :a", "{:a: ''}", &hash_only,
         "One or more parameter values are not valid. The AttributeValue for a key attribute "
         "cannot contain an empty string value. Key: a"},
        {"x = :s", "{:s: 'x'}", &several, H "p, q" E},
        {"p > :s", "{:s: 'x'}", &several, H "q" E},
        {"q < :n and p > :s", "{:s: 'x', :n: 1}", &several, H "p, q" E},
        {"p = :s and q = :n and y = :n", "{:s: 'x', :n: 1}", &several, R "x" B "y"},
        {"p = :s and q = :s and y = :n", "{:s: 'x', :n: 1}", &several,
         "One or more parameter values were invalid: Condition parameter type does not match "
         "schema type"},
        {"p = :s and q = :n and x > :n and y = :n", "{:s: 'x', :n: 1}", &several, R "x" B "y"},
        {"p = :s and q = :n and x = :s and z = :n", "{:s: 'x', :n: 1}", &several,
         "Query condition missed key schema element: y"},
        {"p = :s and q = :n and x = :s and y = :n and z = :n", "{:s: 'x', :n: 1}", &several,
         "Query key condition not supported"},
        {"a = :s and d = :s", "{:s: 'x'}", &three_sorts, R "b, c" B "d"},
        {"a = :s and c = :s and d = :s", "{:s: 'x'}", &three_sorts, R "b" B "c"},
        {"a = :s and b > :s and d = :s", "{:s: 'x'}", &three_sorts, R "c" B "d"},
        {"a = :s and b > :s and c > :s and d = :s", "{:s: 'x'}", &three_sorts, R "b, c" B "d"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct key_condition got;
        struct error *error = fit(arena, rows[i].text, rows[i].values, rows[i].keys, &got);
        CHECK_STR(error ? error->message : S("ok"), str_z(rows[i].want));
    }
}

TEST(fits_table_and_index_keys)
{
    static const struct {
        const char *text;
        enum sort_operator sort;
        const char *low;
    } rows[] = {
        {"a = :p", SORT_ANY, "none"},
        {"(a = :p AND (#n = :v))", SORT_EQ, "'v'"},
        {":p = a and b < :v", SORT_LT, "'v'"},
        {":v < b and a = :p", SORT_GT, "'v'"},
        {":v >= b and a = :p", SORT_LE, "'v'"},
        {"a = :p and b >= :v", SORT_GE, "'v'"},
        {"a = :p and b between :v and :w", SORT_BETWEEN, "'v'"},
        {"begins_with(b, :v) and a = :p", SORT_PREFIX, "'v'"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct key_condition got = {0};
        CHECK(!fit(arena, rows[i].text, "{:p: 'p', :v: 'v', :w: 'w'}", &hash_range, &got));
        CHECK_STR(notation_show(arena, got.partition[0]), S("'p'"));
        CHECK_INT(got.sort, rows[i].sort);
        CHECK_INT(got.sort_equal_count, rows[i].sort == SORT_EQ);
        CHECK_STR(notation_show(arena, got.low), str_z(rows[i].low));
    }
}

TEST(fits_indexes_with_several_key_attributes)
{
    struct key_condition got = {0};
    CHECK(!fit(arena, "q = :n and p = :s", "{:s: 's', :n: 1}", &several, &got));
    CHECK_STR(notation_show(arena, got.partition[1]), S("1"));
    CHECK_INT(got.sort, SORT_ANY);
    CHECK(
        !fit(arena, "q = :n and p = :s and y > :n and x = :s", "{:s: 's', :n: 1}", &several, &got));
    CHECK_INT(got.sort_equal_count, 1);
    CHECK_STR(notation_show(arena, got.sort_equal[0]), S("'s'"));
    CHECK_INT(got.sort, SORT_GT);
    CHECK(
        !fit(arena, "q = :n and p = :s and y = :n and x = :s", "{:s: 's', :n: 1}", &several, &got));
    CHECK_INT(got.sort_equal_count, 2);
    CHECK_INT(got.sort, SORT_EQ);
}

TAP_MAIN(T(refuses_in_the_services_words), T(fits_table_and_index_keys),
         T(fits_indexes_with_several_key_attributes))
