#include "dynamodb/trigger/invoke.h"

#include <stdio.h>

#include "tap.h"

static const struct mapping mapping = {.reports_items = true};

static struct verdict judge(struct arena *a, int status, const char *body)
{
    const struct https_response answer = {.status = status, .body = str_z(body)};
    return invoke_judge(a, &mapping, &answer);
}

TEST(whatever_a_function_returns_is_success)
{
    static const char *const bodies[] = {
        "",
        "null",
        "\"ok\"",
        "12",
        "[]",
        "{}",
        "not JSON {",
        "{\"statusCode\":500}",
        "{\"batchItemFailures\":[]}",
        "{\"batchItemFailures\":null}",
        "{\"errorMessage\":\"only half of an error\"}",
    };
    for (size_t i = 0; i < countof(bodies); i++)
        if (!CHECK_INT(judge(arena, 200, bodies[i]).outcome, OUTCOME_SUCCESS))
            printf("# %s\n", bodies[i]);
    CHECK_INT(judge(arena, 202, "").outcome, OUTCOME_SUCCESS);
}

TEST(failures_are_told_in_many_ways)
{
    static const struct https_header error = {STR_INIT("x-amz-function-error"),
                                              STR_INIT("Unhandled")};
    const struct https_response answer = {200, S("{}"), &error, 1};
    CHECK_INT(invoke_judge(arena, &mapping, &answer).outcome, OUTCOME_FAILED);
    CHECK_STR(invoke_judge(arena, &mapping, &answer).function_error, S("Unhandled"));
    CHECK_INT(judge(arena, 500, "").outcome, OUTCOME_FAILED);
    CHECK_INT(judge(arena, 302, "").outcome, OUTCOME_FAILED);
    CHECK_INT(judge(arena, 429, "").outcome, OUTCOME_UNREACHED);
    struct verdict v = judge(arena, 200, "{\"errorType\":\"Error\",\"errorMessage\":\"failure\"}");
    CHECK_INT(v.outcome, OUTCOME_FAILED);
    CHECK_STR(v.function_error, S("Unhandled"));
    CHECK_INT(judge(arena, 200, "Task timed out after 1.00 seconds").outcome, OUTCOME_FAILED);
}

TEST(the_lowest_failed_item_counts)
{
    struct verdict v =
        judge(arena, 200,
              "{\"batchItemFailures\":[{\"itemIdentifier\":\"100000000000000000042\"},"
              "{\"itemIdentifier\":\"100000000000000000007\"}]}");
    CHECK_INT(v.outcome, OUTCOME_FROM);
    CHECK_INT(v.failed_sequence, 7);
}

TEST(an_item_failure_that_names_nothing_fails_all)
{
    static const char *const bodies[] = {
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":null}]}",
        "{\"batchItemFailures\":[{\"wrongKey\":\"100000000000000000007\"}]}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"seven\"}]}",
        "{\"batchItemFailures\":[\"100000000000000000007\"]}",
        "{\"batchItemFailures\":\"all\"}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"100000000000000000007\"},{}]}",
    };
    for (size_t i = 0; i < countof(bodies); i++)
        if (!CHECK_INT(judge(arena, 200, bodies[i]).outcome, OUTCOME_FAILED))
            printf("# %s\n", bodies[i]);
}

TEST(reports_count_only_where_they_are_wanted)
{
    const struct mapping deaf = {.reports_items = false};
    const struct https_response answer = {
        .status = 200, .body = S("{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}")};
    CHECK_INT(invoke_judge(arena, &deaf, &answer).outcome, OUTCOME_SUCCESS);
}

TAP_MAIN(T(whatever_a_function_returns_is_success), T(failures_are_told_in_many_ways),
         T(the_lowest_failed_item_counts), T(an_item_failure_that_names_nothing_fails_all),
         T(reports_count_only_where_they_are_wanted))
