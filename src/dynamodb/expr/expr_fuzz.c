/* Any text as every kind of expression, against one item and parameters: no crash, no sanitizer
 * report, and what comes out is well formed. */
#include "dynamodb/expr/expr.h"
#include "dynamodb/model/number.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct value number(struct arena *a, const char *text)
{
    struct number n;
    require(!number_parse(a, str_z(text), &n));
    return (struct value){VALUE_N, arena_str(a, number_str(&n))};
}

static struct str members(struct arena *a, struct member *list, size_t count)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    require(members_build(&b, list, count));
    struct str bytes = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return bytes;
}

/* {a: 1, b: {a: 'x', b: 2}, c: [1, {…}], d: ss(x)} */
static struct item make_item(struct arena *a)
{
    struct value one = number(a, "1"), text = {VALUE_S, S("x")};
    struct value map = {VALUE_M, members(a, (struct member[]){{S("a"), text}, {S("b"), one}}, 2)};
    struct value set = {VALUE_SS, S("\x01x")};
    struct buf b;
    buf_init(&b, 1 << 16);
    value_put(&b, one);
    value_put(&b, map);
    struct value list = {VALUE_L, arena_str(a, buf_str(&b))};
    buf_clear(&b);
    struct member all[] = {{S("a"), one}, {S("b"), map}, {S("c"), list}, {S("d"), set}};
    return item_of(members(a, all, 4));
}

static void check_item(struct item item)
{
    require(value_is_wellformed((struct value){VALUE_M, item.attributes}));
    require(item.size_bytes == item_of(item.attributes).size_bytes);
}

static void run(struct arena *a, const struct bound *bound, enum expr_kind kind)
{
    static const struct key_schema keys = {.partition = {{STR_INIT("a"), VALUE_N}},
                                           .sort = {{STR_INIT("b"), VALUE_S}},
                                           .partition_count = 1,
                                           .sort_count = 1};
    struct item item = make_item(a), out;
    struct key_condition fitted;
    const struct str *roots;
    switch (kind) {
    case EXPR_CONDITION:
    case EXPR_FILTER:
        (void)condition_holds(bound, item);
        break;
    case EXPR_KEY_CONDITION:
        if (!key_condition_check(a, bound))
            (void)!key_condition_of(a, bound, &keys, &fitted);
        break;
    case EXPR_PROJECTION:
        check_item(projection_apply(a, bound, item));
        (void)projection_roots(a, bound, &roots);
        break;
    case EXPR_UPDATE:
        if (!update_apply(a, bound, item, &out)) {
            check_item(out);
            check_item(update_project(a, bound, out));
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena);
    for (int kind = EXPR_CONDITION; kind <= EXPR_UPDATE; kind++) {
        struct expr_name names[] = {{.placeholder = S("#a"), .name = S("a")}};
        struct expr_value values[] = {
            {.placeholder = S(":n"), .value = number(&arena, "2")},
            {.placeholder = S(":s"), .value = {VALUE_S, S("N")}},
            {.placeholder = S(":l"), .value = {VALUE_L, S("\x05\x00")}},
            {.placeholder = S(":t"), .value = {VALUE_SS, S("\x01x\x01y")}},
        };
        struct expr_params params = {names, 1, values, 4};
        const struct program *program;
        const struct bound *bound;
        struct str text = {(const char *)data, size};
        if (expr_parse(&arena, (enum expr_kind)kind, text, &program))
            continue;
        if (expr_bind(&arena, program, &params, &bound))
            continue;
        (void)!expr_check_unused(&arena, &params);
        run(&arena, bound, (enum expr_kind)kind);
    }
    arena_clear(&arena);
    return 0;
}
