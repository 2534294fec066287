/* Parser: shared by the files that parse. Private to this folder.
 *
 * Recursive descent with operator precedence, over all tokens of the statement. The grammar and the
 * words of its errors are those of PartiQL's reference parser, which the service shows behind
 * "Statement wasn't well formed, can't be processed: ". */
#pragma once

#include "dynamodb/partiql/ast.h"
#include "dynamodb/partiql/words.h"

struct parser {
    struct arena *arena;
    const struct token *at;
    unsigned depth;
};

static inline bool is_kind(const struct parser *p, enum token_kind kind)
{
    return p->at->kind == kind;
}
static inline bool token_is_word(const struct token *t, struct str word)
{
    return t->kind == LEX_KEYWORD && str_eq_nocase(t->text, word);
}
static inline bool is_word(const struct parser *p, const char *word)
{
    return token_is_word(p->at, str_z(word));
}
static inline bool is_operator(const struct parser *p, const char *op)
{
    return p->at->kind == LEX_OPERATOR && str_eq(p->at->text, str_z(op));
}
static inline void advance(struct parser *p)
{
    if (p->at->kind != LEX_END)
        p->at++;
}
/* Moves over the word, if it is there. */
static inline bool take_word(struct parser *p, const char *word)
{
    bool is_here = is_word(p, word);
    if (is_here)
        advance(p);
    return is_here;
}

/* "Expected RIGHT_PAREN" */
MUST_USE struct error *expect_token(struct parser *p, enum token_kind kind, const char *name);
MUST_USE struct error *parse_expression(struct parser *p, const struct ast **out);
/* A name with steps: what DML writes to and reads from. */
MUST_USE struct error *parse_simple_path(struct parser *p, const struct ast **out);
MUST_USE struct error *parse_statement(struct arena *a, struct str text,
                                       const struct statement_ast **out);
