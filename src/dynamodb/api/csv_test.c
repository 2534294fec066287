#include "dynamodb/api/csv.h"

#include "base/rand.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

/* A row as text: fields in brackets. */
static struct str shown(struct arena *a, const struct csv_row *row)
{
    struct str all = S("");
    for (size_t i = 0; i < row->count; i++)
        all = arena_printf(a, "%.*s[%.*s]", STR_ARG(all), STR_ARG(row->fields[i]));
    return all;
}

/* All rows of a text, a wrong one as "!". `step` bytes come at a time; 0: all of it. */
static struct str rows_of(struct arena *a, struct str text, char delimiter, size_t step)
{
    struct csv_row *row = arena_new(a, struct csv_row);
    struct str all = S(""), rest = {text.data, step ? 0 : text.len};
    const char *end = text.data + text.len;
    for (;;) {
        bool is_last = rest.data + rest.len == end;
        enum csv_result result = csv_take(a, &rest, delimiter, is_last, row);
        if (result == CSV_MORE && is_last)
            return all;
        if (result == CSV_MORE) {
            size_t left = (size_t)(end - rest.data) - rest.len;
            rest.len += step < left ? step : left;
            continue;
        }
        all = arena_printf(a, "%.*s%.*s\n", STR_ARG(all),
                           STR_ARG(result == CSV_WRONG ? S("!") : shown(a, row)));
    }
}

TEST(rows_end_with_their_lines)
{
    CHECK_STR(rows_of(arena, S("a,b\nc,d\n"), ',', 0), S("[a][b]\n[c][d]\n"));
    CHECK_STR(rows_of(arena, S("a,b\r\nc,d"), ',', 0), S("[a][b]\n[c][d]\n"));
    CHECK_STR(rows_of(arena, S("a,,\n\n,"), ',', 0), S("[a][][]\n[]\n[][]\n"));
    CHECK_STR(rows_of(arena, S("a\tb,c\n"), '\t', 0), S("[a][b,c]\n"));
    CHECK_STR(rows_of(arena, S(""), ',', 0), S(""));
}

TEST(quotes_hold_delimiters_and_lines)
{
    CHECK_STR(rows_of(arena, S("\"a,b\n\",c\n"), ',', 0), S("[a,b\n][c]\n"));
    CHECK_STR(rows_of(arena, S("\"a \"\"b\"\"\",\"\"\r\nx"), ',', 0), S("[a \"b\"][]\n[x]\n"));
    CHECK_STR(rows_of(arena, S("\"\"\"123\"\"\""), ',', 0), S("[\"123\"]\n"));
}

TEST(a_quote_elsewhere_spoils_its_row)
{
    CHECK_STR(rows_of(arena, S("id,value \"123\",text\nb\n"), ',', 0), S("!\n[b]\n"));
    CHECK_STR(rows_of(arena, S("\"a\"b,c\nd\n"), ',', 0), S("!\n[d]\n"));
    CHECK_STR(rows_of(arena, S("a\n\"open,b\nc"), ',', 0), S("[a]\n!\n[c]\n"));
}

TEST(a_row_has_a_bound)
{
    char line[CSV_FIELDS + 1];
    memset(line, ',', sizeof line);
    struct str most = rows_of(arena, (struct str){line, CSV_FIELDS - 1}, ',', 0);
    CHECK_INT(most.len, 2 * CSV_FIELDS + 1);
    CHECK_STR(rows_of(arena, (struct str){line, CSV_FIELDS}, ',', 0), S("!\n"));
}

/* Where the text is cut while it is read makes no difference; but what follows a quote that is
 * never closed is only known at the end. */
TEST(text_may_come_in_pieces)
{
    struct rand_seeded seed = {tap_seed()};
    struct rand_source r = rand_seeded(&seed);
    for (int i = 0; i < 3000; i++) {
        char text[24];
        size_t len = rand_below(&r, sizeof text);
        for (size_t k = 0; k < len; k++)
            text[k] = "ab,\"\"\r\n\n"[rand_below(&r, 8)];
        char *exact = malloc(len + !len); /* so that a sanitizer sees a step too far */
        memcpy(exact, text, len);
        struct str all = {exact, len}, whole = rows_of(arena, all, ',', 0);
        for (size_t step = 1; step < 4; step++)
            CHECK_STR(rows_of(arena, all, ',', step), whole);
        free(exact);
    }
}

TAP_MAIN(T(rows_end_with_their_lines), T(quotes_hold_delimiters_and_lines),
         T(a_quote_elsewhere_spoils_its_row), T(a_row_has_a_bound), T(text_may_come_in_pieces))
