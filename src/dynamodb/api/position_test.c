#include "dynamodb/api/position.h"

#include "tap.h"

#include <string.h>

static const struct stream_name name = {STR_INIT("Music"), 1795236569420};

TEST(stream_arns_go_both_ways)
{
    struct str arn = stream_arn(arena, S("eu-west-1"), S("123456789012"), &name);
    struct stream_name back = {0};
    CHECK(str_starts(arn, S("arn:aws:dynamodb:eu-west-1:123456789012:table/Music/stream/2026-")));
    CHECK(stream_arn_parse(arn, &back));
    CHECK_STR(back.table_name, name.table_name);
    CHECK_INT(back.created_ms, name.created_ms);
}

TEST(what_is_no_stream_arn_is_refused)
{
    static const char *const wrong[] = {
        "",
        "arn",
        "arn:aws:dynamodb:r:1:table/Music",
        "arn:aws:dynamodb:r:1:table/Music/stream/",
        "arn:aws:dynamodb:r:1:table/Music/stream/2026-11-20",
        "arn:aws:dynamodb:r:1:table/Music/index/2026-11-20T22:31:07.012",
        "arn:aws:dynamodb:r:1:table/Music/stream/2026-13-20T22:31:07.012",
        "arn:aws:s3:r:1:table/Music/stream/2026-11-20T22:31:07.012",
    };
    struct stream_name back;
    for (size_t i = 0; i < countof(wrong); i++)
        CHECK(!stream_arn_parse(str_z(wrong[i]), &back));
}

TEST(shards_and_sequence_numbers_go_both_ways)
{
    struct shard shard = {.id = 0xfedc1234, .created_ms = name.created_ms};
    uint32_t id = 0;
    uint64_t sequence = 0;
    CHECK_STR(shard_name(arena, &shard), S("shardId-00000001795236569420-fedc1234"));
    CHECK(shard_name_parse(shard_name(arena, &shard), &id));
    CHECK_INT(id, shard.id);
    CHECK(!shard_name_parse(S("shardId-00000001795236569420-fedc123"), &id));
    CHECK(!shard_name_parse(S("shardId-0000000179523656942x-fedc1234"), &id));

    CHECK_STR(sequence_name(arena, 42), S("100000000000000000042"));
    CHECK(sequence_name_parse(sequence_name(arena, UINT64_MAX), &sequence));
    CHECK(sequence == UINT64_MAX);
    CHECK(!sequence_name_parse(S("000000000000000000042"), &sequence));
    CHECK(!sequence_name_parse(S("199999999999999999999"), &sequence));
    CHECK(!sequence_name_parse(S("42"), &sequence));
}

static struct iterator sample(struct arena *arena)
{
    return (struct iterator){.stream_arn = stream_arn(arena, S("r"), S("1"), &name),
                             .stream_id = 7,
                             .shard_id = 3,
                             .is_trim_horizon = true,
                             .next = 1234567890123456789u,
                             .issued_ms = 1795236569421};
}

TEST(iterators_go_both_ways)
{
    struct iterator it = sample(arena), back;
    CHECK(iterator_parse(arena, iterator_name(arena, &it), &back));
    CHECK_STR(back.stream_arn, it.stream_arn);
    CHECK_INT(back.stream_id, 7);
    CHECK_INT(back.shard_id, 3);
    CHECK(back.is_trim_horizon);
    CHECK(back.next == it.next);
    CHECK_INT(back.issued_ms, it.issued_ms);
}

TEST(a_changed_iterator_is_none)
{
    struct iterator it = sample(arena), back;
    struct str good = iterator_name(arena, &it);
    for (size_t i = 0; i < good.len; i++) {
        char *bytes = arena_alloc(arena, good.len);
        memcpy(bytes, good.data, good.len);
        bytes[i] = bytes[i] == 'A' ? 'B' : 'A';
        CHECK(!iterator_parse(arena, (struct str){bytes, good.len}, &back));
        CHECK(!iterator_parse(arena, str_slice(good, 0, i), &back));
    }
}

TAP_MAIN(T(stream_arns_go_both_ways), T(what_is_no_stream_arn_is_refused),
         T(shards_and_sequence_numbers_go_both_ways), T(iterators_go_both_ways),
         T(a_changed_iterator_is_none))
