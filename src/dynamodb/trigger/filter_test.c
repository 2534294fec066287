/* The rules are those of the table in AWS's "Control which events Lambda sends to your function".
 */
#include "dynamodb/trigger/filter.h"

#include <stdio.h>

#include "tap.h"

static const char record[] =
    "{\"eventName\":\"INSERT\",\"count\":7,\"flag\":true,\"nothing\":null,\"list\":[\"a\",\"b\"],"
    "\"dynamodb\":{\"Keys\":{\"pk\":{\"S\":\"MSG#12\"}},\"NewImage\":{\"state\":{\"S\":\"Open\"},"
    "\"price\":{\"N\":\"12\"}}}}";

static bool matches(struct arena *arena, const char *pattern)
{
    const struct filter *filter = NULL;
    struct error *e = filter_parse(arena, str_z(pattern), &filter);
    CHECK(!e);
    if (e)
        printf("# %s: %.*s\n", pattern, STR_ARG(e->message));
    return !e && filter_matches(filter, arena, str_z(record));
}

TEST(rules_hold)
{
    static const char *const patterns[] = {
        "{\"eventName\":[\"INSERT\"]}",
        "{\"eventName\":[\"MODIFY\",\"INSERT\"]}",
        "{\"eventName\":[\"INSERT\"],\"count\":[7]}",
        "{\"count\":[7.0]}",
        "{\"flag\":[true]}",
        "{\"nothing\":[null]}",
        "{\"list\":[\"b\"]}",
        "{\"dynamodb\":{\"Keys\":{\"pk\":{\"S\":[{\"prefix\":\"MSG#\"}]}}}}",
        "{\"dynamodb\":{\"Keys\":{\"pk\":{\"S\":[{\"suffix\":\"12\"}]}}}}",
        ("{\"dynamodb\":{\"Keys\":{\"pk\":{\"S\":[{\"prefix\":{\"equals-ignore-case\":\"msg\"}}]}}}"
         "}"),
        "{\"dynamodb\":{\"NewImage\":{\"state\":{\"S\":[{\"equals-ignore-case\":\"OPEN\"}]}}}}",
        "{\"dynamodb\":{\"NewImage\":{\"state\":{\"S\":[{\"exists\":true}]}}}}",
        "{\"dynamodb\":{\"OldImage\":{\"state\":{\"S\":[{\"exists\":false}]}}}}",
        "{\"eventName\":[{\"anything-but\":[\"MODIFY\",\"REMOVE\"]}]}",
        "{\"eventName\":[{\"anything-but\":{\"prefix\":\"M\"}}]}",
        "{\"count\":[{\"numeric\":[\"=\",7]}]}",
        "{\"count\":[{\"numeric\":[\">\",6,\"<=\",7]}]}",
        "{\"$or\":[{\"eventName\":[\"MODIFY\"]},{\"count\":[7]}]}",
        ("{\"Filters\":[{\"Pattern\":\"{\\\"eventName\\\":[\\\"MODIFY\\\"]}\"},"
         "{\"Pattern\":\"{\\\"eventName\\\":[\\\"INSERT\\\"]}\"}]}"),
        "{\"Filters\":[{\"Pattern\":{\"eventName\":[\"INSERT\"]}}]}",
        "{\"Filters\":[]}",
    };
    for (size_t i = 0; i < countof(patterns); i++)
        if (!CHECK(matches(arena, patterns[i])))
            printf("# %s\n", patterns[i]);
}

TEST(rules_do_not_hold)
{
    static const char *const patterns[] = {
        "{\"eventName\":[\"MODIFY\"]}",
        "{\"eventName\":[\"insert\"]}",
        "{\"eventName\":[\"INSERT\"],\"count\":[8]}",
        "{\"count\":[\"7\"]}",
        "{\"list\":[\"c\"]}",
        "{\"list\":{\"a\":[\"b\"]}}",
        "{\"dynamodb\":{\"NewImage\":{\"missing\":{\"S\":[\"x\"]}}}}",
        "{\"dynamodb\":{\"NewImage\":{\"state\":{\"S\":[{\"exists\":false}]}}}}",
        "{\"eventName\":[{\"anything-but\":\"INSERT\"}]}",
        "{\"eventName\":[{\"suffix\":\"a longer text than there is\"}]}",
        "{\"count\":[{\"numeric\":[\">\",7]}]}",
        "{\"dynamodb\":{\"NewImage\":{\"price\":{\"N\":[{\"numeric\":[\">\",1]}]}}}}",
        "{\"$or\":[{\"eventName\":[\"MODIFY\"]},{\"count\":[8]}]}",
    };
    for (size_t i = 0; i < countof(patterns); i++)
        if (!CHECK(!matches(arena, patterns[i])))
            printf("# %s\n", patterns[i]);
}

TEST(wrong_patterns_are_refused)
{
    static const char *const patterns[] = {
        "",
        "[]",
        "{}",
        "{\"a\":[]}",
        "{\"a\":\"b\"}",
        "{\"a\":{}}",
        "{\"a\":[{}]}",
        "{\"a\":[[1]]}",
        "{\"a\":[{\"like\":\"x\"}]}",
        "{\"a\":[{\"prefix\":1}]}",
        "{\"a\":[{\"exists\":\"yes\"}]}",
        "{\"a\":[{\"numeric\":[]}]}",
        "{\"a\":[{\"numeric\":[\"~\",1]}]}",
        "{\"a\":[{\"numeric\":[\">\"]}]}",
        "{\"a\":[{\"numeric\":[\"\",1]}]}",
        "{\"a\":[{\"prefix\":\"x\",\"suffix\":\"y\"}]}",
        "{\"a\":[{\"anything-but\":[]}]}",
        "{\"$or\":{}}",
        "{\"$or\":[]}",
        "{\"a\":[1]",
        "{\"a\":[1]} x",
        "{\"Filters\":{}}",
        "{\"Filters\":[{}]}",
        "{\"Filters\":[{\"Pattern\":\"{\"}]}",
        "{\"Filters\":[{\"Pattern\":{\"a\":[1]},\"More\":1}]}",
        "{\"Filters\":[],\"More\":1}",
    };
    for (size_t i = 0; i < countof(patterns); i++) {
        const struct filter *filter;
        struct error *e = filter_parse(arena, str_z(patterns[i]), &filter);
        if (!CHECK(e && e->kind == &error_usage))
            printf("# taken: %s\n", patterns[i]);
    }
}

TAP_MAIN(T(rules_hold), T(rules_do_not_hold), T(wrong_patterns_are_refused))
