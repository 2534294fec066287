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

struct ast *ast_new(struct parser *p, enum ast_kind kind, const struct token *token);
MUST_USE struct error *add_arg(struct parser *p, struct ast *ast, const struct ast *arg);
/* Expressions between commas, up to what closes them, which is passed over. */
MUST_USE struct error *parse_args(struct parser *p, struct ast *into, enum token_kind close,
                                  const char *close_name);
/* "Expected RIGHT_PAREN" */
MUST_USE struct error *expect_token(struct parser *p, enum token_kind kind, const char *name);
MUST_USE struct error *parse_expression(struct parser *p, const struct ast **out);
/* A name with steps: what DML writes to and reads from. */
MUST_USE struct error *parse_simple_path(struct parser *p, const struct ast **out);
/* The name of a type and its parameters. The name is the type's own: INTEGER for INT. */
MUST_USE struct error *parse_type(struct parser *p, const char *operation, struct str *out);
/* At CASE, CAST and VALUES. */
MUST_USE struct error *parse_case(struct parser *p, struct ast **out);
MUST_USE struct error *parse_cast(struct parser *p, struct ast **out);
MUST_USE struct error *parse_values(struct parser *p, struct ast **out);
/* A statement where an expression is expected. Only a SELECT may be there, as far as the grammar
 * goes. */
bool begins_statement(const struct parser *p);
MUST_USE struct error *parse_nested(struct parser *p, struct ast **out);
/* CREATE, DROP and EXEC, which parse and are no operations here; their name. */
MUST_USE struct error *parse_definition(struct parser *p, struct str *name);
MUST_USE struct error *parse_statement(struct arena *a, struct str text,
                                       const struct statement_ast **out);
