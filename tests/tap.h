/* TAP: unit tests that print the Test Anything Protocol, version 13.
 *
 *     TEST(put_rejects_empty_key)
 *     {
 *         CHECK(find(x) == NULL);
 *         CHECK_STR(name, S("pk"));
 *     }
 *     TAP_MAIN(T(put_rejects_empty_key), T(other))
 *
 * A failed CHECK says where and what, and the test goes on; a test name is the behaviour. The first
 * argument of the program, if any, runs only the tests whose name contains it. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tap_test {
    const char *name;
    void (*run)(struct arena *arena);
};

int tap_run(const struct tap_test *tests, size_t count, int argc, char **argv);
bool tap_check(bool holds, const char *file, int line, const char *what);
bool tap_check_str(struct str got, struct str want, const char *file, int line, const char *what);
bool tap_check_i64(int64_t got, int64_t want, const char *file, int line, const char *what);
/* The seed of random tests: $TEST_SEED, else from the clock; printed as a comment. */
uint64_t tap_seed(void);

/* `arena` is the test's own. */
#define TEST(name) static void name(__attribute__((unused)) struct arena *arena)
#define T(test)                                                                                    \
    {                                                                                              \
#test, test                                                                                \
    }
#define CHECK(condition) tap_check((condition), __FILE__, __LINE__, #condition)
#define CHECK_STR(got, want) tap_check_str((got), (want), __FILE__, __LINE__, #got)
#define CHECK_INT(got, want)                                                                       \
    tap_check_i64((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, #got)
#define TAP_MAIN(...)                                                                              \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        static const struct tap_test tests[] = {__VA_ARGS__};                                      \
        return tap_run(tests, sizeof tests / sizeof *tests, argc, argv);                           \
    }
