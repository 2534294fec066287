#include "dynamodb/api/programs.h"

#include "tap.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct program *find(struct programs *p, struct arena *a, enum expr_kind kind,
                                  const char *text)
{
    const struct program *program = NULL;
    struct error *error = programs_find(p, a, kind, str_z(text), &program);
    CHECK(!error);
    return program;
}

/* Whether "#n = :v" holds for an item whose attribute a is "1". */
static bool holds(struct arena *a, const struct program *program, const char *name,
                  const char *value)
{
    struct expr_name names[] = {{.placeholder = S("#n"), .name = str_z(name)}};
    struct expr_value values[] = {{.placeholder = S(":v"), .value = {VALUE_S, str_z(value)}}};
    struct expr_params params = {names, 1, values, 1};
    const struct bound *bound;
    struct error *error = expr_bind(a, program, &params, &bound);
    CHECK(!error);
    struct item item = {.attributes = S("\1a\1\1"
                                        "1"),
                        .size_bytes = 2};
    return !error && condition_holds(bound, item);
}

TEST(a_text_is_kept_from_its_second_time_on)
{
    struct programs *p = programs_new(64 << 10);
    const struct program *first = find(p, arena, EXPR_CONDITION, "a = :v");
    CHECK_INT(programs_count(p), 0);
    const struct program *second = find(p, arena, EXPR_CONDITION, "a = :v");
    CHECK_INT(programs_count(p), 1);
    const struct program *third = find(p, arena, EXPR_CONDITION, "a = :v");
    CHECK(first != second && second != third && first != third);
    CHECK(find(p, arena, EXPR_CONDITION, "a = :v") == third);
    CHECK(find(p, arena, EXPR_CONDITION, "a = :w") != third);
    CHECK_INT(programs_count(p), 1);
    programs_free(p);
}

TEST(one_text_is_another_program_in_another_place)
{
    struct programs *p = programs_new(64 << 10);
    const struct program *condition = NULL, *filter = NULL;
    for (int i = 0; i < 3; i++) {
        condition = find(p, arena, EXPR_CONDITION, "a = :v");
        filter = find(p, arena, EXPR_FILTER, "a = :v");
    }
    CHECK(condition != filter);
    CHECK_INT(programs_count(p), 2);
    programs_free(p);
}

TEST(a_kept_program_is_bound_anew_each_time)
{
    struct programs *p = programs_new(64 << 10);
    for (int i = 0; i < 4; i++) {
        const struct program *program = find(p, arena, EXPR_CONDITION, "#n = :v");
        CHECK(holds(arena, program, "a", "1"));
        CHECK(!holds(arena, program, "a", "2"));
        CHECK(!holds(arena, program, "b", "1"));
    }
    programs_free(p);
}

TEST(a_wrong_text_is_wrong_each_time)
{
    struct programs *p = programs_new(64 << 10);
    for (int i = 0; i < 4; i++) {
        const struct program *program;
        struct error *error = programs_find(p, arena, EXPR_CONDITION, S("a = = :v"), &program);
        CHECK(error != NULL);
        CHECK_STR(error->message, S("Invalid ConditionExpression: Syntax error; "
                                    "token: \"=\", near: \"= = :v\""));
    }
    CHECK_INT(programs_count(p), 0);
    programs_free(p);
}

TEST(what_comes_once_is_not_kept)
{
    struct programs *p = programs_new(64 << 10);
    for (int i = 0; i < 5000; i++)
        find(p, arena, EXPR_CONDITION, arena_printf(arena, "a%d = :v%c", i, 0).data);
    CHECK_INT(programs_count(p), 0);
    programs_free(p);
}

TEST(memory_is_bounded_and_all_texts_are_served)
{
    enum { TEXTS = 5000 };
    struct programs *p = programs_new(64 << 10);
    for (int i = 0; i < TEXTS; i++) {
        struct arena request;
        arena_init(&request);
        const char *text = arena_printf(&request, "a%d = :v%c", i, 0).data;
        for (int k = 0; k < 3; k++)
            CHECK(find(p, &request, EXPR_CONDITION, text) != NULL);
        arena_clear(&request);
    }
    size_t kept = programs_count(p);
    CHECK(kept > 50 && kept < 500); /* of some hundred bytes each */
    /* The first are there still, without an arena of the request that brought them. */
    CHECK(find(p, arena, EXPR_CONDITION, "a0 = :v") == find(p, arena, EXPR_CONDITION, "a0 = :v"));
    programs_free(p);
}

TEST(a_long_text_is_compiled_and_not_kept)
{
    struct programs *p = programs_new(64 << 10);
    char text[1200] = "a = :v";
    memset(text + 6, ' ', sizeof text - 7);
    for (int i = 0; i < 3; i++)
        CHECK(find(p, arena, EXPR_CONDITION, text) != NULL);
    CHECK_INT(programs_count(p), 0);
    programs_free(p);
}

static void *find_many(void *argument)
{
    struct programs *p = argument;
    bool *is_right = mem_zalloc(sizeof *is_right);
    *is_right = true;
    for (int i = 0; i < 20000; i++) {
        struct arena a;
        arena_init(&a);
        char text[] = "a = :v00";
        text[6] = (char)('0' + i / 10 % 10), text[7] = (char)('0' + i % 10);
        struct expr_params params = {0};
        const struct program *program = NULL;
        const struct bound *bound;
        struct error *error = programs_find(p, &a, EXPR_FILTER, str_z(text), &program);
        error = error ? error : expr_bind(&a, program, &params, &bound);
        /* ":v07 is not defined": the program is that of the text. */
        *is_right &= error && str_contains(error->message, str_z(text + 4));
        arena_clear(&a);
    }
    return is_right;
}

TEST(threads_find_the_same_programs)
{
    enum { THREADS = 4 };
    struct programs *p = programs_new(1 << 20);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, find_many, p), 0);
    for (int i = 0; i < THREADS; i++) {
        void *is_right;
        CHECK_INT(pthread_join(threads[i], &is_right), 0);
        CHECK(*(bool *)is_right);
        free(is_right);
    }
    CHECK_INT(programs_count(p), 100);
    programs_free(p);
}

TAP_MAIN(T(a_text_is_kept_from_its_second_time_on), T(one_text_is_another_program_in_another_place),
         T(a_kept_program_is_bound_anew_each_time), T(a_wrong_text_is_wrong_each_time),
         T(what_comes_once_is_not_kept), T(memory_is_bounded_and_all_texts_are_served),
         T(a_long_text_is_compiled_and_not_kept), T(threads_find_the_same_programs))
