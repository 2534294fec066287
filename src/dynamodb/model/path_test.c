#include "dynamodb/model/path.h"

#include "tap.h"

#define NAME(text)                                                                                 \
    {                                                                                              \
        .name = STR_INIT(text)                                                                     \
    }
#define AT(i)                                                                                      \
    {                                                                                              \
        .index = i, .is_index = true                                                               \
    }
#define PATH(steps) ((struct path){steps, countof(steps)})

static const struct path_step a_b[] = {NAME("a"), NAME("b")};
static const struct path_step a_b_3[] = {NAME("a"), NAME("b"), AT(3)};
static const struct path_step a_b_1[] = {NAME("a"), NAME("b"), AT(1)};
static const struct path_step a_b_c[] = {NAME("a"), NAME("b"), NAME("c")};
static const struct path_step x[] = {NAME("x")};

TEST(paths_overlap_conflict_or_stand_apart)
{
    CHECK_INT(path_compare(PATH(a_b), PATH(a_b)), PATHS_OVERLAP);
    CHECK_INT(path_compare(PATH(a_b), PATH(a_b_3)), PATHS_OVERLAP);
    CHECK_INT(path_compare(PATH(a_b_3), PATH(a_b)), PATHS_OVERLAP);
    CHECK_INT(path_compare(PATH(a_b_3), PATH(a_b_1)), PATHS_APART);
    CHECK_INT(path_compare(PATH(a_b_3), PATH(a_b_c)), PATHS_CONFLICT);
    CHECK_INT(path_compare(PATH(x), PATH(a_b)), PATHS_APART);
}

TEST(shows_as_the_service_does)
{
    CHECK_STR(path_show(arena, PATH(a_b_3)), S("[a, b, [3]]"));
    CHECK_STR(path_show(arena, PATH(x)), S("[x]"));
}

TEST(finds_what_is_there)
{
    struct buf b;
    buf_init(&b, 1000);
    value_put(&b, (struct value){VALUE_S, S("zero")});
    value_put(&b, (struct value){VALUE_S, S("one")});
    struct value list = {VALUE_L, arena_str(arena, buf_str(&b))};
    buf_reset(&b);
    value_put_member(&b, S("b"), list);
    struct value map = {VALUE_M, arena_str(arena, buf_str(&b))};
    buf_reset(&b);
    value_put_member(&b, S("a"), map);
    struct str item = buf_str(&b);
    CHECK_STR(path_get(PATH(a_b_1), item).data, S("one"));
    CHECK_INT(path_get(PATH(a_b), item).type, VALUE_L);
    CHECK_INT(path_get(PATH(a_b_3), item).type, VALUE_NONE);
    CHECK_INT(path_get(PATH(a_b_c), item).type, VALUE_NONE);
    CHECK_INT(path_get(PATH(x), item).type, VALUE_NONE);
    buf_clear(&b);
}

TAP_MAIN(T(paths_overlap_conflict_or_stand_apart), T(shows_as_the_service_does),
         T(finds_what_is_there))
