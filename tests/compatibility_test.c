/* docs/compatibility.md tells of every operation that the program has, and of no other.
 *
 *     compatibility_test FILE */
#include "base/arena.h"
#include "base/vec.h"
#include "dynamodb/api/api.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPERATIONS = 61 }; /* 57 of DynamoDB, 4 of its streams */

struct row {
    struct str operation, word, note;
};
typedef VEC(struct row) row_vec;

static struct str read_file(struct arena *a)
{
    const char *path = getenv("COMPATIBILITY_MD");
    FILE *file = path ? fopen(path, "rb") : NULL;
    char *bytes = arena_alloc(a, 1 << 20);
    size_t len = file ? fread(bytes, 1, 1 << 20, file) : 0;
    if (file)
        fclose(file);
    return (struct str){bytes, len};
}

/* The rows of the table under a heading. */
static row_vec rows_under(struct arena *a, struct str heading)
{
    row_vec rows = {0};
    struct str text = read_file(a), line, cell;
    bool is_inside = false;
    while (text.len) {
        str_cut(&text, '\n', &line);
        if (str_starts(line, S("## ")))
            is_inside = str_eq(line, heading);
        if (!is_inside || !str_starts(line, S("| ")))
            continue;
        struct row row;
        str_cut(&line, '|', &cell);
        str_cut(&line, '|', &row.operation);
        str_cut(&line, '|', &row.word);
        str_cut(&line, '|', &row.note);
        row.operation = str_trim(row.operation);
        row.word = str_trim(row.word);
        row.note = str_trim(row.note);
        if (row.word.len)
            VEC_PUSH(a, &rows, row);
    }
    return rows;
}

static bool is_told(const row_vec *rows, struct str operation)
{
    for (size_t i = 0; i < rows->count; i++)
        if (str_eq(rows->items[i].operation, operation))
            return true;
    return false;
}

TEST(every_operation_is_told_of)
{
    row_vec rows = rows_under(arena, S("## Operations"));
    size_t count;
    const struct operation *list = operation_list(&count);
    CHECK_INT(count, OPERATIONS);
    for (size_t i = 0; i < count; i++)
        if (!CHECK(is_told(&rows, list[i].name)))
            printf("# missing: %.*s\n", STR_ARG(list[i].name));
}

TEST(no_other_operation_is_told_of)
{
    row_vec rows = rows_under(arena, S("## Operations"));
    CHECK_INT(rows.count, OPERATIONS);
    for (size_t i = 0; i < rows.count; i++) {
        if (!CHECK(operation_find(rows.items[i].operation) != NULL))
            printf("# unknown: %.*s\n", STR_ARG(rows.items[i].operation));
        CHECK(i == 0 || str_compare(rows.items[i - 1].operation, rows.items[i].operation) < 0);
    }
}

/* What differs says how. */
static void check_words(const row_vec *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *r = &rows->items[i];
        bool differs = str_eq(r->word, S("differs"));
        CHECK(differs || str_eq(r->word, S("exact")) || str_eq(r->word, S("kept")));
        if (!CHECK(!differs || r->note.len))
            printf("# no note: %.*s\n", STR_ARG(r->operation));
    }
}

TEST(what_differs_says_how)
{
    row_vec operations = rows_under(arena, S("## Operations"));
    row_vec features = rows_under(arena, S("## Features"));
    CHECK(features.count > 20);
    check_words(&operations);
    check_words(&features);
}

TAP_MAIN(T(every_operation_is_told_of), T(no_other_operation_is_told_of), T(what_differs_says_how))
