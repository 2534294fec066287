#include "dynamodb/model/schema.h"

#include "tap.h"

static const struct index by_date = {
    .name = STR_INIT("by-date"),
    .keys = {.partition = {{STR_INIT("day"), VALUE_S}}, .partition_count = 1},
};
static const struct table messages = {
    .name = STR_INIT("messages"),
    .keys = {.partition = {{STR_INIT("pk"), VALUE_S}},
             .sort = {{STR_INIT("sk"), VALUE_S}},
             .partition_count = 1,
             .sort_count = 1},
    .indexes = &by_date,
    .index_count = 1,
};

TEST(knows_its_keys_and_indexes)
{
    CHECK(table_index(&messages, S("by-date")) == &by_date);
    CHECK(table_index(&messages, S("other")) == NULL);
    CHECK(table_has_key(&messages, S("sk")));
    CHECK(!table_has_key(&messages, S("day")));
    CHECK(index_has_key(&messages, &by_date, S("day")));
    CHECK(index_has_key(&messages, &by_date, S("pk")));
    CHECK(!index_has_key(&messages, NULL, S("day")));
}

TEST(names_itself_as_the_service_does)
{
    CHECK_STR(table_arn(arena, &messages, S("us-east-1"), S("000000000000")),
              S("arn:aws:dynamodb:us-east-1:000000000000:table/messages"));
    CHECK_STR(stream_label(arena, 1795213867012), S("2026-11-20T22:31:07.012"));
}

TAP_MAIN(T(knows_its_keys_and_indexes), T(names_itself_as_the_service_does))
