#include "dynamodb/api/shape.h"

#include "dynamodb/api/api.h"
#include "dynamodb/api/pattern.h"
#include "dynamodb/api/requests.h"
#include "dynamodb/api/shapes.h"
#include "dynamodb/model/errors.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static void check_refused(struct arena *a, const struct shape *shape, struct str json,
                          struct str message)
{
    void *input = arena_alloc(a, shape->size_bytes);
    struct error *error = shape_decode(a, shape, json, input);
    if (CHECK(error != NULL) && error)
        CHECK_STR(error->message, message);
}

TEST(members_land_in_their_fields)
{
    struct query_input in;
    CHECK(!shape_decode(arena, &shape_query,
                        S("{\"TableName\":\"abc\",\"Limit\":7,\"Select\":\"COUNT\","
                          "\"ConsistentRead\":true,\"ScanIndexForward\":false,"
                          "\"ExpressionAttributeNames\":{\"#a\":\"x\",\"#b\":\"y\"},"
                          "\"ExpressionAttributeValues\":{\":v\":{\"N\":\"5\"}},"
                          "\"ExclusiveStartKey\":{\"pk\":{\"S\":\"k\"}},"
                          "\"AttributesToGet\":[\"p\",\"q\"],"
                          "\"KeyConditions\":{\"pk\":{\"ComparisonOperator\":\"EQ\","
                          "\"AttributeValueList\":[{\"S\":\"1\"},{\"S\":\"2\"}]}}}"),
                        &in));
    CHECK_STR(in.table_name, S("abc"));
    CHECK(in.limit.is_given && in.limit.value == 7);
    CHECK(in.select == SELECT_COUNT);
    CHECK(in.consistent_read.is_given && in.consistent_read.value);
    CHECK(in.scan_index_forward.is_given && !in.scan_index_forward.value);
    CHECK(in.expression_attribute_names.count == 2);
    CHECK_STR(in.expression_attribute_names.items[1].name, S("#b"));
    CHECK_STR(in.expression_attribute_names.items[1].value, S("y"));
    CHECK(in.expression_attribute_values.items[0].value.value.type == VALUE_N);
    CHECK(in.exclusive_start_key.is_given && item_exists(in.exclusive_start_key.item));
    CHECK_STR(in.attributes_to_get.items[1], S("q"));
    CHECK(in.key_conditions.items[0].value.comparison_operator == COMPARE_EQ);
    CHECK(in.key_conditions.items[0].value.attribute_value_list.count == 2);
}

TEST(absent_members_stay_absent)
{
    struct query_input in;
    CHECK(!shape_decode(arena, &shape_query, S("{\"TableName\":\"abc\",\"Limit\":null}"), &in));
    CHECK(!in.limit.is_given && !in.consistent_read.is_given && !in.select);
    CHECK(!in.index_name.data && !in.exclusive_start_key.is_given);
    CHECK(!in.expression_attribute_values.is_given && !in.attributes_to_get.is_given);
}

TEST(nested_structures_are_pointers)
{
    struct transact_write_items_input in;
    CHECK(!shape_decode(arena, &shape_transact_write_items,
                        S("{\"TransactItems\":[{\"Put\":{\"TableName\":\"abc\",\"Item\":{}}},"
                          "{\"Delete\":{\"TableName\":\"abd\",\"Key\":{}}}]}"),
                        &in));
    CHECK(in.transact_items.count == 2);
    CHECK(in.transact_items.items[0].put && !in.transact_items.items[0].delete);
    CHECK(in.transact_items.items[1].delete &&!in.transact_items.items[1].put);
    CHECK_STR(in.transact_items.items[1].delete->table_name, S("abd"));
}

TEST(maps_of_lists_keep_both)
{
    struct batch_write_item_input in;
    CHECK(!shape_decode(arena, &shape_batch_write_item,
                        S("{\"RequestItems\":{\"abc\":[{\"PutRequest\":{\"Item\":{}}}],"
                          "\"abd\":[{\"DeleteRequest\":{\"Key\":{}}},"
                          "{\"PutRequest\":{\"Item\":{}}}]}}"),
                        &in));
    CHECK(in.request_items.count == 2);
    CHECK_STR(in.request_items.items[1].name, S("abd"));
    CHECK(in.request_items.items[1].value.count == 2);
    CHECK(in.request_items.items[1].value.items[0].delete_request != NULL);
}

TEST(of_two_members_with_one_name_the_later_counts)
{
    struct scan_input in;
    CHECK(!shape_decode(arena, &shape_scan,
                        S("{\"TableName\":\"abc\",\"Limit\":1,\"TableName\":\"abd\",\"Limit\":2,"
                          "\"ExpressionAttributeNames\":{\"#a\":\"x\",\"#a\":\"y\"}}"),
                        &in));
    CHECK_STR(in.table_name, S("abd"));
    CHECK_INT(in.limit.value, 2);
    CHECK_INT(in.expression_attribute_names.count, 1);
    CHECK_STR(in.expression_attribute_names.items[0].value, S("y"));
}

TEST(numbers_are_cut_and_held_at_their_bounds)
{
    struct scan_input in;
    CHECK(!shape_decode(arena, &shape_scan, S("{\"TableName\":\"abc\",\"Limit\":1.9}"), &in));
    CHECK_INT(in.limit.value, 1);
    CHECK(!shape_decode(arena, &shape_scan, S("{\"TableName\":\"abc\",\"Limit\":1e30}"), &in));
    CHECK_INT(in.limit.value, 2147483647);
    CHECK(!shape_decode(arena, &shape_scan,
                        S("{\"TableName\":\"abc\",\"Limit\":99999999999999999999999}"), &in));
    CHECK_INT(in.limit.value, 2147483647);
}

/* The text is not terminated: a number at its very end must not be read beyond it. */
TEST(a_number_at_the_end_is_read_to_the_end)
{
    static const char bytes[] = {'{', '"', 'L', 'i', 'm', 'i', 't', '"', ':', '1', '7'};
    struct scan_input in;
    char *text = mem_alloc(sizeof bytes);
    memcpy(text, bytes, sizeof bytes);
    struct error *error = shape_decode(arena, &shape_scan, (struct str){text, sizeof bytes}, &in);
    CHECK(error && error->kind == &error_SerializationException);
    CHECK_INT(in.limit.value, 17);
    free(text);
}

TEST(words_stand_for_booleans)
{
    struct scan_input in;
    CHECK(!shape_decode(arena, &shape_scan, S("{\"TableName\":\"abc\",\"ConsistentRead\":\"Yes\"}"),
                        &in));
    CHECK(in.consistent_read.is_given && in.consistent_read.value);
    CHECK(!shape_decode(arena, &shape_scan, S("{\"TableName\":\"abc\",\"ConsistentRead\":\"0\"}"),
                        &in));
    CHECK(in.consistent_read.is_given && !in.consistent_read.value);
}

TEST(violations_are_counted_up_to_ten)
{
    struct str json = S("{\"TransactItems\":[");
    for (int i = 0; i < 20; i++)
        json = arena_printf(arena, "%.*s%s{\"Get\":{}}", STR_ARG(json), i ? "," : "");
    json = arena_join(arena, json, S("]}"));
    void *input = arena_alloc(arena, shape_transact_get_items.size_bytes);
    struct error *error = shape_decode(arena, &shape_transact_get_items, json, input);
    CHECK(error && str_starts(error->message, S("10 validation errors detected: Value null at "
                                                "'transactItems.1.member.get.key' failed")));
}

TEST(lengths_are_of_characters)
{
    check_refused(arena, &shape_update_time_to_live,
                  arena_printf(arena,
                               "{\"TableName\":\"abc\",\"TimeToLiveSpecification\":{\"Enabled\":"
                               "true,\"AttributeName\":\"\"}}"),
                  S("1 validation error detected: Value '' at "
                    "'timeToLiveSpecification.attributeName' failed to satisfy constraint: Member "
                    "must have length greater than or equal to 1"));
    struct update_time_to_live_input in;
    struct str name = S("");
    for (int i = 0; i < 255; i++)
        name = arena_join(arena, name, S("\xc3\xa9"));
    CHECK(!shape_decode(arena, &shape_update_time_to_live,
                        arena_printf(arena,
                                     "{\"TableName\":\"abc\",\"TimeToLiveSpecification\":{"
                                     "\"Enabled\":true,\"AttributeName\":\"%.*s\"}}",
                                     STR_ARG(name)),
                        &in));
}

TEST(huge_violations_are_told_whole)
{
    char *name = arena_zalloc(arena, 3000001);
    for (int i = 0; i < 3000000; i++)
        name[i] = 'n';
    void *input = arena_alloc(arena, shape_get_item.size_bytes);
    struct error *error =
        shape_decode(arena, &shape_get_item,
                     arena_printf(arena, "{\"TableName\":\"%s\",\"Key\":{}}", name), input);
    CHECK(error && error->message.len > 3000000);
}

TEST(tables_are_named_by_arn_too)
{
    struct get_item_input in;
    CHECK(!shape_decode(arena, &shape_get_item,
                        S("{\"TableName\":\"arn:aws:dynamodb:eu-west-1:000000000000:table/abc\","
                          "\"Key\":{}}"),
                        &in));
    CHECK_STR(table_name_of(in.table_name), S("abc"));
    CHECK_STR(table_name_of(S("abc")), S("abc"));
    CHECK_STR(table_name_of(S("arn:aws:dynamodb:r:a:table/abc/index/i")), S("abc"));
    CHECK_STR(table_name_of(S("arn:aws:s3:x")), S("arn:aws:s3:x"));
}

TEST(every_operation_has_a_sound_shape)
{
    size_t count;
    const struct operation *rows = operation_list(&count);
    for (size_t i = 0; i < count; i++) {
        void *input = arena_alloc(arena, rows[i].input->size_bytes);
        struct error *error = shape_decode(arena, rows[i].input, S("[]"), input);
        CHECK(error && error->kind == &error_SerializationException);
        error = shape_decode(arena, rows[i].input, S("{}"), input);
        CHECK(!error || error->kind == &error_ValidationException);
        CHECK(operation_find(rows[i].name) == &rows[i]);
        for (const struct shape_member *m = rows[i].input->members; m->name.data; m++)
            CHECK(m->offset < rows[i].input->size_bytes);
    }
    CHECK(!operation_find(S("")));
    CHECK(!operation_find(S("getItem")));
}

TEST(patterns_match_whole_texts)
{
    CHECK(pattern_matches("[a-zA-Z0-9_.-]+", S("a.B-9_")));
    CHECK(!pattern_matches("[a-zA-Z0-9_.-]+", S("a b")));
    CHECK(!pattern_matches("[a-zA-Z0-9_.-]+", S("")));
    CHECK(pattern_matches("[0-9]{12}", S("123456789012")));
    CHECK(!pattern_matches("[0-9]{12}", S("1234567890123")));
    CHECK(pattern_matches("[,;:|\\t ]", S("\t")));
    CHECK(!pattern_matches("[,;:|\\t ]", S("t")));
    CHECK(pattern_matches("^[^\\$]+$", S("abc")));
    CHECK(!pattern_matches("^[^\\$]+$", S("a$c")));
    CHECK(pattern_matches("^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$", S("my.bucket-1")));
    CHECK(!pattern_matches("^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$", S("my.bucket-")));
    CHECK(!pattern_matches("^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$", S("m")));
}

TEST(patterns_take_time_by_length_only)
{
    char *text = arena_alloc(arena, 1000001);
    memset(text, 'a', 1000000);
    text[999999] = '-';
    CHECK(!pattern_matches("^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$", (struct str){text, 1000000}));
    text[999999] = 'b';
    CHECK(pattern_matches("^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$", (struct str){text, 1000000}));
}

TAP_MAIN(T(members_land_in_their_fields), T(absent_members_stay_absent),
         T(nested_structures_are_pointers), T(maps_of_lists_keep_both),
         T(of_two_members_with_one_name_the_later_counts),
         T(numbers_are_cut_and_held_at_their_bounds), T(a_number_at_the_end_is_read_to_the_end),
         T(words_stand_for_booleans), T(violations_are_counted_up_to_ten),
         T(lengths_are_of_characters), T(huge_violations_are_told_whole),
         T(tables_are_named_by_arn_too), T(every_operation_has_a_sound_shape),
         T(patterns_match_whole_texts), T(patterns_take_time_by_length_only))
