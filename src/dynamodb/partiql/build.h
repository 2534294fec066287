/* Build: from trees as written to values, and to the programs of expr. Private to this folder.
 *
 * A builder collects the paths and values of one expression, whose nodes refer to them by number
 * (expr/program.h), and ends in a bound expression: there is nothing left to resolve. */
#pragma once

#include "dynamodb/expr/program.h"
#include "dynamodb/partiql/ast.h"
#include "dynamodb/partiql/words.h"

/* What the question marks stand for. */
struct reader {
    struct arena *arena;
    const struct value *parameters;
    size_t parameter_count;
};

/* A literal or parameter. Elements of collections are literals only. */
MUST_USE struct error *literal_value(const struct reader *r, const struct ast *ast,
                                     struct value *out);
/* {'name': value, …}, as the item of an INSERT. */
MUST_USE struct error *literal_item(const struct reader *r, const struct ast *ast,
                                    struct item *out);
MUST_USE struct error *literal_path(struct arena *a, const struct ast *ast, struct path *out);
/* A step that is a name: .a, ['a'], [a]. */
bool step_names(const struct ast_step *step, struct str *name);

struct builder {
    const struct reader *reader;
    struct arena *arena;
    enum expr_kind kind;
    VEC(struct path) paths;
    VEC(struct value) values;
};

struct builder builder_of(const struct reader *r, enum expr_kind kind);
const struct node *build_branch(struct builder *b, enum op op, const struct node *const *args,
                                size_t count);
const struct node *build_value(struct builder *b, struct value value);
MUST_USE struct error *build_path(struct builder *b, const struct ast *ast,
                                  const struct node **out);
MUST_USE struct error *build_literal(struct builder *b, const struct ast *ast,
                                     const struct node **out);
/* Functions that the kind of expression does not know, or not here. */
MUST_USE struct error *unknown_function(struct builder *b, const struct ast *call);
MUST_USE struct error *unsupported_operator(struct builder *b, const struct ast *ast);
/* The program is filled but for its paths and values. */
const struct bound *build_bound(struct builder *b, struct program *program);
/* Statements are told without the expression that would be wrong: "Invalid UpdateExpression: " goes
 * from the head of an error of expr. */
MUST_USE struct error *bare(struct error *error);

/* where.c, set.c */
MUST_USE struct error *build_where(const struct reader *r, const struct ast *ast,
                                   const struct bound **out);
MUST_USE struct error *build_update(const struct reader *r, const struct dml *actions, size_t count,
                                    const struct bound **out);

/* key.c: what a key attribute can be compared with, and that nothing lies inside of it. */
MUST_USE struct error *check_key_value(struct arena *a, const struct key_attribute *key,
                                       struct value v);
MUST_USE struct error *check_key_paths(struct arena *a, const struct bound *where,
                                       const struct key_schema *keys);
