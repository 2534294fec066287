/* Any text as a statement: no crash, no sanitizer report; what is read can be planned, shown and
 * applied, and what comes out is well formed. */
#include "dynamodb/partiql/partiql.h"

#include "dynamodb/model/number.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_item(struct item item)
{
    require(value_is_wellformed((struct value){VALUE_M, item.attributes}));
    require(item.size_bytes == item_of(item.attributes).size_bytes);
}

static struct item make_item(struct arena *a)
{
    struct number one;
    struct buf b;
    buf_init(&b, 1 << 16);
    require(!number_parse(a, S("1"), &one));
    struct value n = {VALUE_N, arena_str(a, number_str(&one))}, text = {VALUE_S, S("x")};
    struct member all[] = {
        {S("a"), n}, {S("p"), text}, {S("s"), n}, {S("ss"), {VALUE_SS, S("\x01x")}}};
    require(members_build(&b, all, countof(all)));
    struct item item = item_of(arena_str(a, buf_str(&b)));
    buf_clear(&b);
    return item;
}

static void plan(struct arena *a, const struct statement *s)
{
    static const struct key_schema keys = {.partition = {{STR_INIT("p"), VALUE_S}},
                                           .sort = {{STR_INIT("s"), VALUE_N}},
                                           .partition_count = 1,
                                           .sort_count = 1};
    struct reads reads;
    struct where_key key;
    if (s->kind == STATEMENT_SELECT &&
        !reads_plan(a, s, &(struct reads_context){.keys = &keys}, &reads))
        require(reads.is_keyed || !reads.count);
    where_key_of(a, s->where, &keys, true, &key);
    check_item(key.key);
    const struct bound *condition = where_condition(a, s, &key, S("p"));
    if (condition)
        condition_holds(condition, make_item(a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct value parameters[] = {{VALUE_S, STR_INIT("x")}, {VALUE_SS, STR_INIT("\x01x")}};
    struct str text = {(const char *)data, size > 8192 ? 8192 : size};
    const struct statement *s;
    struct arena arena;
    if (!str_is_utf8(text)) /* the JSON reader has seen to it */
        return 0;
    arena_init(&arena);
    if (!statement_read(&arena, text, parameters, countof(parameters), &s)) {
        struct item item = make_item(&arena), after;
        plan(&arena, s);
        check_item(s->item);
        check_item(statement_show(&arena, s, item));
        if (s->where)
            condition_holds(s->where, item);
        if (s->update && !update_apply(&arena, s->update, item, &after))
            check_item(after);
    }
    arena_clear(&arena);
    return 0;
}
