/* A token comes back as it went, and nothing else does. */
#include "dynamodb/api/statement.h"

#include "base/encode.h"
#include "tap.h"

static const struct table table = {.keys = {.partition = {{STR_INIT("p"), VALUE_S}},
                                            .sort = {{STR_INIT("s"), VALUE_S}},
                                            .partition_count = 1,
                                            .sort_count = 1}};
static const value_list no_parameters;

static struct str key(struct arena *a, const char *p, const char *s)
{
    struct buf b;
    buf_init(&b, 4096);
    members_build(
        &b, (struct member[]){{S("p"), {VALUE_S, str_z(p)}}, {S("s"), {VALUE_S, str_z(s)}}}, 2);
    struct str bytes = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return bytes;
}

static struct select select_of(struct arena *a)
{
    return (struct select){.table = &table,
                           .text = S("SELECT"),
                           .parameters = &no_parameters,
                           .read_count = 3,
                           .at = 2,
                           .start_after = key(a, "x", "y")};
}

TEST(a_token_comes_back)
{
    struct op op = {.arena = arena};
    struct select s = select_of(arena), back = select_of(arena);
    back.token = next_token_of(&op, &s);
    back.at = 0;
    back.start_after = S("");
    CHECK(!next_token_read(&op, &back));
    CHECK_INT(back.at, 2);
    CHECK_STR(back.start_after, s.start_after);
}

TEST(a_token_is_bound_to_its_statement)
{
    struct op op = {.arena = arena};
    struct select s = select_of(arena);
    s.token = next_token_of(&op, &s);
    s.text = S("SELECT ");
    CHECK_STR(next_token_read(&op, &s)->message, S("NextToken does not match request"));
    struct value_input one = {.value = {VALUE_S, S("x")}, .is_given = true};
    const value_list parameters = {&one, 1, true};
    s = select_of(arena);
    s.token = next_token_of(&op, &s);
    s.parameters = &parameters;
    CHECK_STR(next_token_read(&op, &s)->message, S("NextToken does not match request"));
}

TEST(a_changed_character_is_refused)
{
    struct op op = {.arena = arena};
    struct select s = select_of(arena);
    struct str token = next_token_of(&op, &s);
    for (size_t i = 0; i < token.len; i++) {
        struct str changed = arena_str(arena, token);
        char *bytes = arena_alloc(arena, token.len);
        memcpy(bytes, changed.data, token.len);
        bytes[i] = bytes[i] == 'B' ? 'C' : 'B';
        s.token = (struct str){bytes, token.len};
        CHECK(next_token_read(&op, &s));
        s.token = str_slice(token, 0, i);
        CHECK(i == 0 || next_token_read(&op, &s));
    }
}

TEST(a_made_up_place_is_checked)
{
    struct op op = {.arena = arena};
    struct select s = select_of(arena);
    struct str good = arena_join(arena, S("\x01"), key(arena, "x", "y"));
    CHECK(!next_token_place(&op, &s, good));
    CHECK_INT(s.at, 1);
    CHECK(next_token_place(&op, &s, arena_join(arena, S("\x03"), key(arena, "x", "y"))));
    CHECK(next_token_place(&op, &s, arena_join(arena, S("\x01"), key(arena, "x", ""))));
    CHECK(next_token_place(&op, &s, S("\x01\x01p\x01\x01x")));
    CHECK(next_token_place(&op, &s, S("\x01")));
    CHECK(next_token_place(&op, &s, S("")));
    CHECK(next_token_place(&op, &s, str_slice(good, 0, good.len - 1)));
}

TAP_MAIN(T(a_token_comes_back), T(a_token_is_bound_to_its_statement),
         T(a_changed_character_is_refused), T(a_made_up_place_is_checked))
