/* Ast: a statement as it was written, before anything of it is judged. Private to this folder.
 *
 * Everything points into the tokens' text and lives in the parser's arena. Depth is bounded: what
 * walks a tree may recurse. */
#pragma once

#include "base/vec.h"
#include "dynamodb/partiql/lex.h"
#include "dynamodb/partiql/partiql.h"

enum { AST_DEPTH_MAX = 200 };

enum ast_kind {
    AST_NUMBER,
    AST_STRING,
    AST_BOOLEAN,
    AST_NULL,
    AST_MISSING,
    AST_ION,
    AST_PARAMETER,
    AST_PATH, /* a name, or a name and steps */
    AST_LIST, /* [a, b], (a, b) */
    AST_BAG,
    AST_STRUCT, /* names and values by turns */
    AST_CALL,
    AST_OTHER, /* parses, and is never allowed: SELECT, CASE, CAST, aggregates; `type` names it */
    AST_SIGN,  /* + or - before what is no number */
    AST_NOT,
    AST_AND, /* two or more */
    AST_OR,
    AST_BINARY,  /* the operator is the token's text; LIKE too */
    AST_BETWEEN, /* three */
    AST_IN,
    AST_IS, /* one; `type` is the name of the type behind IS, "INTEGER" for INT */
};

enum step_kind { STEP_NAME, STEP_INDEX, STEP_EVERY_NAME, STEP_EVERY_INDEX };

struct ast_step {
    enum step_kind kind;
    struct str name;
    struct place place;
    const struct ast *index; /* STEP_INDEX: any expression */
};

struct ast {
    enum ast_kind kind;
    struct token token;         /* where it is told to be; of an operator the operator */
    bool is_negative;           /* AST_NUMBER */
    struct str type, operation; /* AST_OTHER: as a token of an expression, as a statement */
    unsigned depth;
    VEC(const struct ast *) args;
    VEC(struct ast_step) steps;
};

enum dml_kind { DML_SET, DML_REMOVE, DML_INSERT };
struct dml {
    enum dml_kind kind;
    const struct ast *path, *value;
};

struct order_ast {
    const struct ast *key;
    bool is_descending;
};

/* A clause that parses, and is refused: LIMIT, HAVING; GROUP BY, which is told without a place. */
struct clause_ast {
    struct str name;
    struct place place; /* line 0: none */
};

struct statement_ast {
    enum statement_kind kind;
    const struct ast *target; /* the table or index; NULL without one */
    struct place place;       /* of the statement's first word */
    bool has_alias, has_many_sources;
    const struct ast *where;

    /* SELECT, EXISTS */
    bool is_star, is_distinct, is_value; /* is_value: SELECT VALUE, PIVOT */
    VEC(const struct ast *) columns;
    VEC(struct order_ast) order;
    struct clause_ast refused;

    /* INSERT */
    bool is_one_value; /* VALUE … */
    const struct ast *value;
    bool has_conflict_action, has_position;

    /* UPDATE, DELETE */
    VEC(struct dml) actions;
    enum returning returning;
    size_t returning_count;
    bool returns_columns; /* … instead of a star */
};

/* names.c: what an expression is called where no expression can be ("foo", "+", "PATH", "LIST"),
 * and the kind of a node in the words of PartiQL's syntax tree ("IsType", "Id"). */
struct str shown_name(const struct ast *ast);
struct str kind_name(const struct ast *ast);
