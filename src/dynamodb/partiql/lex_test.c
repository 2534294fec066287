#include "dynamodb/partiql/lex.h"

#include "tap.h"

/* "kind:text" of every token, by spaces. */
static struct str show(struct arena *a, struct str text)
{
    static const char *const kinds[] = {
        [LEX_END] = "end",
        [LEX_KEYWORD] = "key",
        [LEX_IDENTIFIER] = "id",
        [LEX_STRING] = "str",
        [LEX_NUMBER] = "num",
        [LEX_ION] = "ion",
        [LEX_PARAMETER] = "par",
        [LEX_OPERATOR] = "op",
        [LEX_OPEN] = "open",
        [LEX_CLOSE] = "close",
        [LEX_BRACKET_OPEN] = "bracket",
        [LEX_BRACKET_CLOSE] = "unbracket",
        [LEX_CURLY_OPEN] = "curly",
        [LEX_CURLY_CLOSE] = "uncurly",
        [LEX_BAG_OPEN] = "bag",
        [LEX_BAG_CLOSE] = "unbag",
        [LEX_COMMA] = "comma",
        [LEX_COLON] = "colon",
        [LEX_DOT] = "dot",
        [LEX_SEMICOLON] = "semicolon",
    };
    const struct token *t;
    struct error *e = lex(a, text, &t);
    struct str out = S("");
    if (e)
        return e->message;
    for (; t->kind != LEX_END; t++)
        out = arena_printf(a, "%.*s%s%s:%.*s", STR_ARG(out), out.len ? " " : "", kinds[t->kind],
                           STR_ARG(t->text));
    return out;
}

TEST(tokens_are_told_apart)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"SELECT a FROM \"SELECT\"", "key:SELECT id:a key:FROM id:SELECT"},
        {"select _x$9", "key:select id:_x$9"},
        {"'it''s' \"a\"\"b\" `x`", "str:it's id:a\"b ion:x"},
        {"''", "str:"},
        {"1 1.5 .5 1. 1e3 1E-3 1.5e+3", "num:1 num:1.5 num:.5 num:1. num:1e3 num:1E-3 num:1.5e+3"},
        {"a.b.5", "id:a dot:. id:b num:.5"},
        {"a[0]=?", "id:a bracket:[ num:0 unbracket:] op:= par:?"},
        {"<<1>> < <= <> != >= >", "bag:<< num:1 unbag:>> op:< op:<= op:<> op:<> op:>= op:>"},
        {"{'a':1},(x);", "curly:{ str:a colon:: num:1 uncurly:} comma:, open:( id:x close:) "
                         "semicolon:;"},
        {"a--b\nc", "id:a id:c"},
        {"a/**/b/*/ x */c", "id:a id:b id:c"},
        {"1--2", "num:1"},
    };
    for (size_t i = 0; i < countof(rows); i++)
        CHECK_STR(show(arena, str_z(rows[i].text)), str_z(rows[i].want));
}

TEST(what_has_no_tokens_is_not_well_formed)
{
    static const char *const rows[] = {"'open",
                                       "\"open",
                                       "`open",
                                       "'a''",
                                       "/* open",
                                       "/*/",
                                       "#",
                                       "a ! b",
                                       "\x01",
                                       "\xC3\xA4",
                                       "1x",
                                       "1e",
                                       "1e+",
                                       "1.5e",
                                       "1e2147483648",
                                       "1e99999999999999999999",
                                       "1.5e-2147483647",
                                       "|",
                                       "\\"};
    for (size_t i = 0; i < countof(rows); i++)
        CHECK_STR(show(arena, str_z(rows[i])),
                  S("Statement wasn't well formed, can't be processed: "));
    CHECK_STR(show(arena, S("1e2147483647 1e-2147483647 1e00000000000002147483647")),
              S("num:1e2147483647 num:1e-2147483647 num:1e00000000000002147483647"));
    CHECK_STR(show(arena, ((struct str){"a\0b", 3})),
              S("Statement wasn't well formed, can't be processed: "));
}

TEST(places_count_lines_and_characters)
{
    const struct token *t;
    CHECK(!lex(arena, S("ab\n 'ä\xF0\x9F\x98\x80' x"), &t));
    CHECK(t[0].place.line == 1 && t[0].place.column == 1 && t[0].place.length == 2);
    CHECK(t[1].place.line == 2 && t[1].place.column == 2 && t[1].place.length == 4);
    CHECK(t[2].place.line == 2 && t[2].place.column == 7 && t[2].place.length == 1);
}

TEST(parameters_are_numbered)
{
    const struct token *t;
    CHECK(!lex(arena, S("? '?' ? -- ?\n ?"), &t));
    CHECK_INT(t[0].number, 0);
    CHECK_INT(t[2].number, 1);
    CHECK_INT(t[3].number, 2);
}

TEST(keywords_are_known_in_any_case)
{
    CHECK(is_keyword(S("absolute")) && is_keyword(S("ZONE")) && is_keyword(S("Current_Timestamp")));
    CHECK(is_keyword(S("missing")) && is_keyword(S("pad")) && is_keyword(S("inner")));
    CHECK(!is_keyword(S("data")) && !is_keyword(S("name")) && !is_keyword(S("")));
    CHECK(!is_keyword(S("a_name_longer_than_all_keywords")));
}

TAP_MAIN(T(tokens_are_told_apart), T(what_has_no_tokens_is_not_well_formed),
         T(places_count_lines_and_characters), T(parameters_are_numbered),
         T(keywords_are_known_in_any_case))
