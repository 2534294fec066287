/* Parser: shared by the files that parse one kind of expression each. Private to this folder.
 *
 * Recursive descent over the lexer's tokens; the depth is bounded, so no text can exhaust the
 * stack. The service tells the first error of a text in this order: syntax and redundant
 * parentheses as met, then (parse_check.c) names and places of functions and reserved words. */
#pragma once

#include "base/vec.h"
#include "dynamodb/expr/lex.h"
#include "dynamodb/expr/program.h"

struct parser {
    struct arena *arena;
    struct lexer lexer;
    enum expr_kind kind;
    unsigned depth;
    unsigned operators;
    VEC(struct program_path) paths;
    VEC(struct str) names;
    VEC(struct str) values;
    VEC(struct action) actions;
};

struct error *syntax_error(struct parser *p); /* at the current token */
MUST_USE struct error *expect(struct parser *p, enum token_type type);
static inline bool at(const struct parser *p, enum token_type type)
{
    return p->lexer.current.type == type;
}
/* Pairs with leave: around everything that recurses. */
MUST_USE struct error *enter(struct parser *p);
static inline void leave(struct parser *p)
{
    p->depth--;
}

struct node *node_new(struct parser *p, enum op op, const struct node *const *args, size_t count);
/* Marks a node as parenthesised, which it must not be already. */
MUST_USE struct error *parenthesise(struct parser *p, struct node *node);

MUST_USE struct error *parse_path(struct parser *p, uint32_t *out);
MUST_USE struct error *parse_value(struct parser *p, struct node **out);
/* A value, path, call, or one of them in parentheses. */
MUST_USE struct error *parse_operand(struct parser *p, struct node **out);
MUST_USE struct error *parse_condition(struct parser *p, struct node **out);
MUST_USE struct error *parse_update(struct parser *p);

/* What can be told from the text alone, once it is known to be well formed. */
MUST_USE struct error *parse_check(struct arena *a, const struct program *program);
