#include "dynamodb/storage/codec.h"

#include "base/rand.h"
#include "dynamodb/storage/stream_log.h"
#include "dynamodb/storage/test_support.h"
#include "tap.h"

#include <string.h>

static struct table whole_table(struct arena *a)
{
    struct table t = test_table(a, "table");
    struct index *indexes = arena_array(a, struct index, t.index_count);
    for (size_t i = 0; i < t.index_count; i++) {
        indexes[i] = t.indexes[i];
        indexes[i].id = 10 + (uint32_t)i;
    }
    t.indexes = indexes;
    t.id = 7;
    t.ttl_attribute = S("expires");
    return t;
}

TEST(encoding_is_stable)
{
    struct table t = whole_table(arena), back;
    struct str bytes = table_encode(arena, &t);
    CHECK(table_decode(arena, bytes, &back));
    CHECK_STR(table_encode(arena, &back), bytes);
}

TEST(several_key_attributes_survive)
{
    struct key_schema keys = {.partition_count = 4, .sort_count = 3}, back;
    static const char *const names[] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++) {
        keys.partition[i] = (struct key_attribute){str_z(names[i]), VALUE_S};
        keys.sort[i] = (struct key_attribute){str_z(names[3 - i]), i % 2 ? VALUE_N : VALUE_B};
    }
    CHECK(key_schema_of(arena, key_schema_value(arena, &keys), &back));
    CHECK(back.partition_count == 4 && back.sort_count == 3);
    CHECK_STR(back.partition[3].name, S("d"));
    CHECK(back.sort[1].type == VALUE_N && back.sort[2].type == VALUE_B);
}

/* Cut short anywhere, and with bytes changed anywhere: true or false, and nothing worse. */
TEST(damage_is_noticed_or_harmless)
{
    struct rand_seeded seed = {tap_seed()};
    struct rand_source r = rand_seeded(&seed);
    struct table t = whole_table(arena), out;
    struct stream_state s = {.stream = {.id = 3, .table_name = t.name, .keys = t.keys}}, out_s;
    struct str table = table_encode(arena, &t), stream = stream_state_encode(arena, &s);
    struct item item = test_item(arena, "pk", test_s("p"), "sk", test_s("s"), NULL);
    struct str record = stream_record_encode(arena, &t, (struct item){0}, item, false, 1);
    struct str key = key_record(arena, 1, 1, 1);
    struct stream_record out_r;
    CHECK(stream_record_decode(key, record, &out_r));
    CHECK(stream_state_decode(arena, stream, &out_s));
    size_t accepted = 0; /* cut between two members, the later ones of which may be absent */
    for (size_t i = 0; i < table.len; i++)
        accepted += table_decode(arena, str_slice(table, 0, i), &out);
    CHECK(accepted < 8);
    struct arena step;
    arena_init(&step);
    size_t refused = 0;
    for (int i = 0; i < 20000; i++) {
        struct str from = i % 3 == 0 ? table : i % 3 == 1 ? stream : record;
        char *bytes = arena_alloc(&step, from.len);
        memcpy(bytes, from.data, from.len);
        for (uint64_t n = 1 + rand_below(&r, 3); n; n--)
            bytes[rand_below(&r, from.len)] = (char)rand_u64(&r);
        struct str damaged = {bytes, from.len};
        bool is_read = i % 3 == 0   ? table_decode(&step, damaged, &out)
                       : i % 3 == 1 ? stream_state_decode(&step, damaged, &out_s)
                                    : stream_record_decode(key, damaged, &out_r);
        refused += !is_read;
        arena_reset(&step);
    }
    arena_clear(&step);
    CHECK(refused > 1000);
}

TAP_MAIN(T(encoding_is_stable), T(several_key_attributes_survive), T(damage_is_noticed_or_harmless))
