#include "tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int failures_in_test; /* tests run one after another on one thread */

bool tap_check(bool holds, const char *file, int line, const char *what)
{
    if (!holds) {
        failures_in_test++;
        printf("# %s:%d: failed: %s\n", file, line, what);
    }
    return holds;
}

bool tap_check_str(struct str got, struct str want, const char *file, int line, const char *what)
{
    bool same = str_eq(got, want);
    if (!tap_check(same, file, line, what))
        printf("#   got  \"%.*s\"\n#   want \"%.*s\"\n", STR_ARG(got), STR_ARG(want));
    return same;
}

bool tap_check_i64(int64_t got, int64_t want, const char *file, int line, const char *what)
{
    if (!tap_check(got == want, file, line, what))
        printf("#   got %" PRId64 ", want %" PRId64 "\n", got, want);
    return got == want;
}

uint64_t tap_seed(void)
{
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("# TEST_SEED=%" PRIu64 "\n", seed);
    return seed;
}

int tap_run(const struct tap_test *tests, size_t count, int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    size_t number = 0;
    int failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("TAP version 13\n");
    for (size_t i = 0; i < count; i++) {
        if (!strstr(tests[i].name, only))
            continue;
        struct arena arena;
        arena_init(&arena);
        failures_in_test = 0;
        tests[i].run(&arena);
        arena_clear(&arena);
        failed += failures_in_test > 0;
        printf("%s %zu - %s\n", failures_in_test ? "not ok" : "ok", ++number, tests[i].name);
    }
    printf("1..%zu\n", number);
    return failed ? 1 : 0;
}
