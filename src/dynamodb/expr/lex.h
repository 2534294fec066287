/* Lex: the tokens of one expression, one at a time.
 *
 * Called by the parsers. The lexer looks one token ahead and remembers the one before, because a
 * syntax error shows all three. Tokens point into the text. Pure. */
#pragma once

#include "base/str.h"

enum token_type {
    TOKEN_END,
    TOKEN_NAME,        /* a bare attribute or function name */
    TOKEN_PLACEHOLDER, /* #name */
    TOKEN_VALUE,       /* :value */
    TOKEN_INTEGER,
    TOKEN_AND, /* the keywords, in any case */
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_BETWEEN,
    TOKEN_IN,
    TOKEN_SET,
    TOKEN_REMOVE,
    TOKEN_ADD,
    TOKEN_DELETE,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_OPEN, /* ( */
    TOKEN_CLOSE,
    TOKEN_BRACKET_OPEN, /* [ */
    TOKEN_BRACKET_CLOSE,
    TOKEN_COMMA,
    TOKEN_DOT,
    TOKEN_UNKNOWN, /* one character that belongs nowhere */
};

struct token {
    enum token_type type;
    struct str text; /* as written; "" at the end */
};

struct lexer {
    const char *at, *end;
    struct token previous, current, next;
};

void lexer_init(struct lexer *lexer, struct str text);
void lexer_advance(struct lexer *lexer);
/* The text from the previous token to the next: what a syntax error shows as "near". */
struct str lexer_near(const struct lexer *lexer);
