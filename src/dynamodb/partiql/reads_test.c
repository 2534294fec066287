/* The plan of reads: by example, and by a property that any WHERE must keep. */
#include "dynamodb/partiql/partiql.h"

#include "dynamodb/expr/notation.h"
#include "dynamodb/model/number.h"
#include "tap.h"

static const struct key_schema keys = {.partition = {{STR_INIT("p"), VALUE_S}},
                                       .sort = {{STR_INIT("s"), VALUE_N}},
                                       .partition_count = 1,
                                       .sort_count = 1};

static struct error *plan(struct arena *a, struct str where, const struct statement **s,
                          struct reads *out)
{
    struct str text = arena_printf(a, "SELECT * FROM tbl WHERE %.*s", STR_ARG(where));
    TRY(statement_read(a, text, NULL, 0, s));
    return reads_plan(a, *s, &(struct reads_context){.keys = &keys}, out);
}

static struct str show_bound(struct arena *a, struct value v)
{
    return v.type == VALUE_NONE ? S("") : notation_show(a, v);
}

/* "'a'[1..5)": the partition, and the range of the sort attribute. */
static struct str show(struct arena *a, const char *where)
{
    const struct statement *s;
    struct reads reads;
    struct error *e = plan(a, str_z(where), &s, &reads);
    struct str out = S("");
    if (e)
        return e->message;
    if (!reads.is_keyed)
        return S("scan");
    for (size_t i = 0; i < reads.count; i++) {
        const struct read *r = &reads.items[i];
        struct str low = show_bound(a, r->low), high = show_bound(a, r->high);
        out = arena_printf(a, "%.*s%s%.*s%c%.*s..%.*s%c", STR_ARG(out), i ? " " : "",
                           STR_ARG(r->partition.data), r->is_low_exclusive ? '(' : '[',
                           STR_ARG(low), STR_ARG(high), r->is_high_exclusive ? ')' : ']');
    }
    return out;
}

TEST(conditions_become_ranges)
{
    static const char overlap[] =
        "Overlapping conditions with range keys are not supported in where clause";
    static const struct {
        const char *where, *want;
    } rows[] = {
        {"p = 'a'", "a[..]"},
        {"'a' = p AND x = 1", "a[..]"},
        {"p = 'a' AND s = 1", "a[1..1]"},
        {"p = 'a' AND s > 1 AND s <= 5", "a(1..5]"},
        {"p = 'a' AND 1 < s AND 5 > s", "a(1..5)"},
        {"p = 'a' AND s BETWEEN 2 AND 3 AND s >= 2.5", "a[2.5..3]"},
        {"p = 'a' AND s IN [3, 1]", "a[1..1] a[3..3]"},
        {"p IN ['b', 'a'] AND s < 2", "a[..2) b[..2)"},
        {"p = 'a' AND s = 1 OR p = 'b'", "a[1..1] b[..]"},
        {"p = 'a' AND (s < 1 OR s > 1)", "a[..1) a(1..]"},
        {"p = 'a' AND s > 5 AND s < 2", ""},
        {"p = 'a' AND NOT s = 1", "a[..]"},
        {"p = 'a' AND s <> 1", "a[..]"},
        {"p = 'a' AND NOT s = 1 OR p = 'a' AND s = 7", "a[..]"},
        {"p = 'a' AND s > 3 AND s <> 4 OR p = 'a' AND s = 1", "a[1..1] a(3..]"},
        {"p = 'a' AND (x = 1 OR y = 2)", "a[..]"},
        {"p = 'a' AND s = x", "a[..]"},
        {"p = 'a' AND attribute_exists(s)", "a[..]"},
        {"x = 1", "scan"},
        {"p > 'a'", "scan"},
        {"NOT p = 'a'", "scan"},
        {"p = 'a' OR x = 1", "scan"},
        {"p = 'a' AND p = 'b'", "scan"},
        {"p = 'a' AND (p = 'a' OR p = 'b')", "scan"},
        {"p = x", "scan"},
        {"s = 1", "scan"},
        {"p = 'a' OR p = 'a'", overlap},
        {"p = 'a' AND (s > 1 OR s < 5)", overlap},
        {"p = 'a' AND s <= 1 OR p = 'a' AND s >= 1", overlap},
        {"p = 'a' AND (s = 1 OR x = 1)", overlap},
    };
    for (size_t i = 0; i < countof(rows); i++)
        CHECK_STR(show(arena, rows[i].where), str_z(rows[i].want));
}

TEST(a_prefix_is_a_range)
{
    static const struct key_schema text_keys = {.partition = {{STR_INIT("p"), VALUE_S}},
                                                .sort = {{STR_INIT("s"), VALUE_S}},
                                                .partition_count = 1,
                                                .sort_count = 1};
    const struct reads_context context = {.keys = &text_keys};
    const struct statement *s;
    struct reads reads;
    CHECK(!statement_read(arena, S("SELECT * FROM tbl WHERE p = 'a' AND begins_with(s, 'ab')"),
                          NULL, 0, &s));
    CHECK(!reads_plan(arena, s, &context, &reads));
    CHECK_STR(reads.items[0].low.data, S("ab"));
    CHECK_STR(reads.items[0].high.data, S("ac"));
    CHECK(!reads.items[0].is_low_exclusive && reads.items[0].is_high_exclusive);
}

/* As many conditions as a statement can hold, of many branches. */
TEST(a_long_where_costs_little)
{
    struct buf b;
    buf_init(&b, 8192);
    buf_add(&b, S("p IN ['a', 'b', 'c', 'd', 'e'] AND s IN [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"));
    while (!b.overflowed)
        buf_add(&b, S(" AND s>0"));
    size_t before = arena->total_bytes;
    const struct statement *s;
    struct reads reads;
    CHECK(!plan(arena, buf_str(&b), &s, &reads));
    CHECK_INT(reads.count, 45);
    CHECK(arena->total_bytes - before < (16u << 20));
    buf_clear(&b);
}

/* -- any WHERE ----------------------------------------------------------------------------------
 */

static uint32_t random_below(uint64_t *seed, uint32_t end)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % end;
}

static struct str random_where(struct arena *a, uint64_t *seed, unsigned depth)
{
    static const char *const ops[] = {"=", "<", "<=", ">", ">=", "<>"};
    unsigned n = random_below(seed, 5);
    if (depth && random_below(seed, 2)) {
        struct str x = random_where(a, seed, depth - 1), y = random_where(a, seed, depth - 1);
        const char *op = random_below(seed, 3) ? "AND" : "OR";
        return arena_printf(a, "(%.*s %s %.*s)", STR_ARG(x), op, STR_ARG(y));
    }
    switch (random_below(seed, 8)) {
    case 0:
    case 1:
    case 2:
        return arena_printf(a, "p = '%c'", 'a' + (int)random_below(seed, 3));
    case 3:
        return arena_printf(a, "p IN ['%c', 'z']", 'a' + (int)random_below(seed, 3));
    case 4:
        return arena_printf(a, "s BETWEEN %u AND %u", n, n + random_below(seed, 3));
    case 5:
        return arena_printf(a, "NOT s = %u", n);
    case 6:
        return arena_printf(a, "x %s %u", ops[random_below(seed, 6)], n);
    default:
        return arena_printf(a, "s %s %u", ops[random_below(seed, 6)], n);
    }
}

static bool is_in(const struct read *r, struct item item)
{
    struct value s = item_get(item, S("s"));
    int low = r->low.type ? value_compare(s, r->low) : 1;
    int high = r->high.type ? value_compare(s, r->high) : -1;
    return value_equal(item_get(item, S("p")), r->partition) &&
           (low > 0 || (low == 0 && !r->is_low_exclusive)) &&
           (high < 0 || (high == 0 && !r->is_high_exclusive));
}

/* Every item that the WHERE chooses is in one read, and none is in two. */
TEST(reads_hold_what_the_where_chooses_once)
{
    uint64_t seed = tap_seed();
    size_t keyed = 0;
    for (unsigned round = 0; round < 3000; round++) {
        struct str where = random_where(arena, &seed, 3);
        const struct statement *s;
        struct reads reads;
        if (plan(arena, where, &s, &reads) || !reads.is_keyed)
            continue;
        keyed++;
        for (unsigned i = 0; i < 3 * 7 * 2; i++) {
            struct str text = arena_printf(arena, "{p: '%c', s: %u, x: %u}", 'a' + (int)(i % 3),
                                           i / 3 % 7, i / 21 + 1);
            struct item item = notation_item(arena, arena_z(arena, text));
            size_t count = 0;
            for (size_t k = 0; k < reads.count; k++)
                count += is_in(&reads.items[k], item);
            bool is_chosen = condition_holds(s->where, item);
            if (!CHECK(count <= 1 && (count == 1 || !is_chosen)))
                CHECK_STR(where, text);
        }
    }
    CHECK(keyed > 100);
}

TAP_MAIN(T(conditions_become_ranges), T(a_prefix_is_a_range), T(a_long_where_costs_little),
         T(reads_hold_what_the_where_chooses_once))
