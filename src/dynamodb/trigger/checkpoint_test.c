#include "dynamodb/trigger/checkpoint.h"

#include <stdio.h>

#include "tap.h"

TEST(a_checkpoint_comes_back)
{
    struct checkpoint_shard shards[] = {{1, 0, 42}, {2, 0, UINT64_MAX}};
    struct checkpoint c = {7, 1, shards, 2}, out;
    struct str text = checkpoint_encode(arena, &c);
    CHECK_STR(text, S("1 7 1:42 2:18446744073709551615"));
    CHECK(checkpoint_decode(arena, text, &out));
    CHECK_INT(out.stream_id, 7);
    CHECK_INT(out.shard_count, 2);
    CHECK(out.shards[1].shard_id == 2 && out.shards[1].next == UINT64_MAX);
}

TEST(parts_of_shards_have_places_of_their_own)
{
    struct checkpoint_shard shards[] = {{1, 0, 42}, {1, 2, 40}, {5, 1, 50}};
    struct checkpoint c = {7, 3, shards, 3}, out;
    struct str text = checkpoint_encode(arena, &c);
    CHECK_STR(text, S("2 7 3 1.0:42 1.2:40 5.1:50"));
    CHECK(checkpoint_decode(arena, text, &out));
    CHECK(out.stream_id == 7 && out.parts == 3 && out.shard_count == 3);
    CHECK(out.shards[1].shard_id == 1 && out.shards[1].part == 2 && out.shards[1].next == 40);
}

TEST(before_the_first_stream_is_a_checkpoint_too)
{
    struct checkpoint c = {.stream_id = 0}, out;
    CHECK(checkpoint_decode(arena, checkpoint_encode(arena, &c), &out));
    CHECK(out.stream_id == 0 && out.shard_count == 0);
}

TEST(damage_is_noticed)
{
    static const char *const texts[] = {
        "",       "1",         "2 7",         "3 7",        "1 x",           "1 7 1",
        "1 7 1:", "1 7 :4",    "1 7  1:4",    "1 7 1:4:5",  "1 99999999999", "1 7 1.0:4",
        "2 7 1",  "2 7 3 1:4", "2 7 3 1.3:4", "2 7 3 1.:4", "2 7 x 1.0:4",   "2 7 3 .1:4"};
    for (size_t i = 0; i < countof(texts); i++) {
        struct checkpoint out;
        if (!CHECK(!checkpoint_decode(arena, str_z(texts[i]), &out)))
            printf("# taken: %s\n", texts[i]);
    }
}

TAP_MAIN(T(a_checkpoint_comes_back), T(parts_of_shards_have_places_of_their_own),
         T(before_the_first_stream_is_a_checkpoint_too), T(damage_is_noticed))
