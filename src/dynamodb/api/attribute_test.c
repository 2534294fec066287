#include "dynamodb/api/attribute.h"

#include "base/rand.h"
#include "dynamodb/model/errors.h"
#include "tap.h"

#include <string.h>

static struct item_input decode(struct arena *a, struct str json, struct error **refused)
{
    struct attribute_sink sink = {.arena = a};
    struct json_reader r;
    struct item_input item = {0};
    json_reader_init(&r, json, a);
    *refused = attribute_decode_item(&r, &sink, TYPED_FIELD, &item);
    return item;
}

static struct str render(struct arena *a, struct str attributes)
{
    struct buf out;
    buf_init(&out, 64 << 20);
    struct json_writer w = json_writer(&out);
    attribute_write_item(&w, attributes);
    struct str text = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return text;
}

/* Decodes and renders; what comes back must be `want`. */
static void check_round(struct arena *a, struct str json, struct str want)
{
    struct error *refused;
    struct item_input item = decode(a, json, &refused);
    CHECK(!refused && !item.error && item.is_given);
    struct value whole = {VALUE_M, item.item.attributes};
    CHECK(value_is_wellformed(whole));
    CHECK_INT(item.item.size_bytes, item_of(item.item.attributes).size_bytes);
    CHECK_STR(render(a, item.item.attributes), want);
}

TEST(every_type_comes_back)
{
    struct str json =
        S("{\"a\":{\"S\":\"x\"},\"b\":{\"N\":\"1\"},\"c\":{\"B\":\"AAE=\"},"
          "\"d\":{\"BOOL\":true},\"e\":{\"BOOL\":false},\"f\":{\"NULL\":true},"
          "\"g\":{\"SS\":[\"p\",\"q\"]},\"h\":{\"NS\":[\"1\",\"2\"]},"
          "\"i\":{\"BS\":[\"AA==\",\"AQ==\"]},\"j\":{\"L\":[{\"S\":\"\"},{\"L\":[]}]},"
          "\"k\":{\"M\":{\"y\":{\"M\":{}}}}}");
    check_round(arena, json, json);
}

TEST(members_and_sets_are_put_in_order)
{
    check_round(arena,
                S("{\"b\":{\"S\":\"2\"},\"a\":{\"M\":{\"z\":{\"N\":\"1\"},\"y\":{\"N\":\"2\"}}},"
                  "\"A\":{\"SS\":[\"q\",\"p\",\"pp\"]}}"),
                S("{\"A\":{\"SS\":[\"p\",\"pp\",\"q\"]},\"a\":{\"M\":{\"y\":{\"N\":\"2\"},"
                  "\"z\":{\"N\":\"1\"}}},\"b\":{\"S\":\"2\"}}"));
}

TEST(numbers_take_one_form)
{
    check_round(arena, S("{\"n\":{\"NS\":[\"1e2\",\"-0\",\"1.50\"]}}"),
                S("{\"n\":{\"NS\":[\"0\",\"1.5\",\"100\"]}}"));
}

TEST(of_two_members_with_one_name_the_later_counts)
{
    check_round(arena, S("{\"a\":{\"S\":\"1\"},\"b\":{\"S\":\"2\"},\"a\":{\"S\":\"3\"}}"),
                S("{\"a\":{\"S\":\"3\"},\"b\":{\"S\":\"2\"}}"));
    check_round(arena, S("{\"a\":{\"S\":\"1\"},\"a\":{\"S\":\"2\"},\"a\":{\"S\":\"3\"}}"),
                S("{\"a\":{\"S\":\"3\"}}"));
}

TEST(lengths_of_every_width_are_filled_in)
{
    static const size_t lengths[] = {0, 1, 126, 127, 128, 129, 16383, 16384, 70000, 2097152};
    for (size_t i = 0; i < countof(lengths); i++) {
        char *text = arena_alloc(arena, lengths[i] + 1);
        memset(text, 'x', lengths[i]);
        struct str json = arena_printf(
            arena, "{\"m\":{\"M\":{\"l\":{\"L\":[{\"S\":\"%.*s\"}]},\"z\":{\"S\":\"\"}}}}",
            (int)lengths[i], text);
        check_round(arena, json, json);
    }
}

TEST(many_items_share_a_sink)
{
    struct attribute_sink sink = {.arena = arena};
    struct item_input items[50];
    for (size_t i = 0; i < countof(items); i++) {
        struct json_reader r;
        json_reader_init(&r, arena_printf(arena, "{\"k\":{\"N\":\"%zu\"},\"a\":{\"L\":[]}}", i),
                         arena);
        CHECK(!attribute_decode_item(&r, &sink, TYPED_FIELD, &items[i]));
    }
    for (size_t i = 0; i < countof(items); i++)
        CHECK_STR(render(arena, items[i].item.attributes),
                  arena_printf(arena, "{\"a\":{\"L\":[]},\"k\":{\"N\":\"%zu\"}}", i));
}

TEST(what_is_wrong_is_kept_and_reading_goes_on)
{
    struct attribute_sink sink = {.arena = arena};
    struct json_reader r;
    struct value_input first, second;
    json_reader_init(&r, S("[{\"N\":\"x\",\"S\":\"y\"},{\"S\":\"fine\"}]"), arena);
    CHECK(json_enter_array(&r) && json_next_element(&r));
    CHECK(!attribute_decode_value(&r, &sink, TYPED_ELEMENT, &first));
    CHECK(json_next_element(&r));
    CHECK(!attribute_decode_value(&r, &sink, TYPED_ELEMENT, &second));
    CHECK(first.is_given && first.error && first.value.type == VALUE_NONE);
    CHECK_STR(first.error->message, S("The parameter cannot be converted to a numeric value: x"));
    CHECK(second.is_given && !second.error);
    CHECK_STR(second.value.data, S("fine"));
}

TEST(absent_and_empty_are_told_apart)
{
    struct error *refused;
    struct item_input none = decode(arena, S("null"), &refused);
    CHECK(!refused && !none.is_given);
    struct item_input empty = decode(arena, S("{}"), &refused);
    CHECK(!refused && empty.is_given && !item_exists(empty.item));
}

TEST(nesting_is_held_at_32_levels)
{
    for (size_t depth = 31; depth <= 34; depth++) {
        struct str json = S("{\"S\":\"\"}");
        struct error *refused;
        for (size_t i = 0; i < depth; i++)
            json = arena_printf(arena, "{\"L\":[%.*s]}", STR_ARG(json));
        struct item_input item =
            decode(arena, arena_printf(arena, "{\"a\":%.*s}", STR_ARG(json)), &refused);
        CHECK(!refused);
        CHECK((item.error != NULL) == (depth >= 32));
    }
}

TEST(deeper_json_than_the_reader_takes_is_refused)
{
    struct buf text;
    struct error *refused;
    buf_init(&text, 1 << 20);
    buf_add_z(&text, "{\"a\":");
    for (int i = 0; i < 5000; i++)
        buf_add_z(&text, "{\"L\":[");
    (void)decode(arena, buf_str(&text), &refused);
    CHECK(refused && refused->kind == &error_SerializationException);
    buf_clear(&text);
}

/* -- random items ------------------------------------------------------------------------------ */

static void add_random_value(struct buf *out, const struct rand_source *rand, int depth)
{
    switch (rand_below(rand, depth > 4 ? 5 : 7)) {
    case 0:
        buf_printf(out, "{\"S\":\"s%u\"}", (unsigned)rand_below(rand, 1000));
        break;
    case 1:
        buf_printf(out, "{\"N\":\"%d\"}", (int)rand_below(rand, 2000) - 1000);
        break;
    case 2:
        buf_add_z(out, rand_below(rand, 2) ? "{\"BOOL\":true}" : "{\"NULL\":true}");
        break;
    case 3:
        buf_printf(out, "{\"SS\":[\"z%u\",\"a\",\"m\"]}", (unsigned)rand_below(rand, 9));
        break;
    case 4:
        buf_printf(out, "{\"NS\":[\"%u\",\"-1\"]}", (unsigned)rand_below(rand, 99));
        break;
    case 5:
        buf_add_z(out, "{\"L\":[");
        for (uint64_t i = 0, n = rand_below(rand, 4); i < n; i++) {
            buf_add_z(out, i ? "," : "");
            add_random_value(out, rand, depth + 1);
        }
        buf_add_z(out, "]}");
        break;
    default:
        buf_add_z(out, "{\"M\":{");
        for (uint64_t i = 0, n = rand_below(rand, 5); i < n; i++) {
            buf_printf(out, "%s\"k%u\":", i ? "," : "", (unsigned)rand_below(rand, 40));
            add_random_value(out, rand, depth + 1);
        }
        buf_add_z(out, "}}");
    }
}

/* What was rendered decodes to the same bytes: the form is canonical. */
TEST(rendered_items_decode_to_the_same_bytes)
{
    struct rand_seeded seed = {tap_seed()};
    struct rand_source rand = rand_seeded(&seed);
    for (int i = 0; i < 500; i++) {
        struct buf text;
        struct error *refused;
        buf_init(&text, 1 << 20);
        buf_add_z(&text, "{\"z\":");
        add_random_value(&text, &rand, 0);
        buf_add_z(&text, ",\"a\":");
        add_random_value(&text, &rand, 0);
        buf_add_z(&text, "}");
        struct item_input first = decode(arena, arena_str(arena, buf_str(&text)), &refused);
        CHECK(!refused && !first.error);
        CHECK(value_is_wellformed((struct value){VALUE_M, first.item.attributes}));
        struct item_input second = decode(arena, render(arena, first.item.attributes), &refused);
        CHECK(!refused && str_eq(first.item.attributes, second.item.attributes));
        buf_clear(&text);
    }
}

TAP_MAIN(T(every_type_comes_back), T(members_and_sets_are_put_in_order), T(numbers_take_one_form),
         T(of_two_members_with_one_name_the_later_counts), T(lengths_of_every_width_are_filled_in),
         T(many_items_share_a_sink), T(what_is_wrong_is_kept_and_reading_goes_on),
         T(absent_and_empty_are_told_apart), T(nesting_is_held_at_32_levels),
         T(deeper_json_than_the_reader_takes_is_refused),
         T(rendered_items_decode_to_the_same_bytes))
