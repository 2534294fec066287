/* Lex: the tokens of one statement.
 *
 * Called by the parser. A statement is short (8192 characters), so all of it is read at once.
 * Tokens point into the text, but for quoted texts with doubled quotes, which are copied. Positions
 * count lines and characters from 1, as the service's messages do ("at 1:8:5"). Private to this
 * folder. Source: the PartiQL specification, "Lexical structure"; SQL-92 keywords. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

enum token_kind {
    LEX_END,
    LEX_KEYWORD,    /* in any case */
    LEX_IDENTIFIER, /* name or "name" */
    LEX_STRING,     /* 'text' */
    LEX_NUMBER,
    LEX_ION,       /* `…`: read, then refused */
    LEX_PARAMETER, /* ? */
    LEX_OPERATOR,  /* + - * / % = <> < <= > >= || @ */
    LEX_OPEN,      /* ( */
    LEX_CLOSE,
    LEX_BRACKET_OPEN, /* [ */
    LEX_BRACKET_CLOSE,
    LEX_CURLY_OPEN, /* { */
    LEX_CURLY_CLOSE,
    LEX_BAG_OPEN, /* << */
    LEX_BAG_CLOSE,
    LEX_COMMA,
    LEX_COLON,
    LEX_DOT,
    LEX_SEMICOLON,
};

struct place {
    unsigned line, column, length; /* in characters */
};

struct token {
    enum token_kind kind;
    struct str text;    /* as written, without quotes; operators in one spelling: "<>" for "!=" */
    struct place place; /* of the whole token, quotes included */
    unsigned number;    /* LEX_PARAMETER: the how many-th, from 0 */
};

/* The tokens, LEX_END last, twice. The error is that of a statement that is not well formed. */
MUST_USE struct error *lex(struct arena *a, struct str text, const struct token **out);

/* In any case. */
bool is_keyword(struct str word);
