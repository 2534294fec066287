/* Expressions by operator precedence (Pratt): an operand, then as long as an operator binds more
 * tightly than what stands before, the operator and its right side.
 *
 *     OR 10   AND 20   NOT 30   = <> IS IN 40   < <= > >= BETWEEN LIKE 50   + - || 60   * / % 70
 *
 * Source: the PartiQL specification; the table of its reference parser. */
#include "dynamodb/partiql/parser.h"

enum precedence {
    BINDS_NOTHING = 0,
    BINDS_OR = 10,
    BINDS_AND = 20,
    BINDS_NOT = 30,
    BINDS_EQUALITY = 40,
    BINDS_COMPARISON = 50,
    BINDS_SUM = 60,
    BINDS_PRODUCT = 70,
};

static struct error *parse_binding(struct parser *p, enum precedence above, struct ast **out);

struct error *expect_token(struct parser *p, enum token_kind kind, const char *name)
{
    if (!is_kind(p, kind))
        return not_well_formed(p->arena, "Expected %s", name);
    advance(p);
    return NULL;
}

static struct ast *ast_new(struct parser *p, enum ast_kind kind, const struct token *token)
{
    struct ast *ast = arena_new(p->arena, struct ast);
    ast->kind = kind;
    ast->token = *token;
    ast->depth = 1;
    return ast;
}

/* Chains of one operator, such as 1+1+1, grow a tree without the parser recursing. */
static struct error *add_arg(struct parser *p, struct ast *ast, const struct ast *arg)
{
    VEC_PUSH(p->arena, &ast->args, arg);
    if (ast->depth <= arg->depth)
        ast->depth = arg->depth + 1;
    if (ast->depth > AST_DEPTH_MAX)
        return not_well_formed(p->arena, "Expression nested too deeply");
    return NULL;
}

/* -- terms --------------------------------------------------------------------------------------
 */

/* Expressions between commas, up to what closes them, which is passed over. */
static struct error *parse_args(struct parser *p, struct ast *into, enum token_kind close,
                                const char *close_name)
{
    do {
        struct ast *arg;
        TRY(parse_binding(p, BINDS_NOTHING, &arg));
        TRY(add_arg(p, into, arg));
        if (!is_kind(p, LEX_COMMA))
            break;
        advance(p);
    } while (true);
    return expect_token(p, close, close_name);
}

static struct error *parse_collection(struct parser *p, enum ast_kind kind, enum token_kind close,
                                      const char *close_name, struct ast **out)
{
    *out = ast_new(p, kind, p->at);
    advance(p);
    if (is_kind(p, close)) {
        advance(p);
        return NULL;
    }
    return parse_args(p, *out, close, close_name);
}

static struct error *parse_struct(struct parser *p, struct ast **out)
{
    *out = ast_new(p, AST_STRUCT, p->at);
    advance(p);
    if (is_kind(p, LEX_CURLY_CLOSE)) {
        advance(p);
        return NULL;
    }
    do {
        struct ast *name, *value;
        TRY(parse_binding(p, BINDS_NOTHING, &name));
        TRY(expect_token(p, LEX_COLON, "COLON"));
        TRY(parse_binding(p, BINDS_NOTHING, &value));
        TRY(add_arg(p, *out, name));
        TRY(add_arg(p, *out, value));
        if (!is_kind(p, LEX_COMMA))
            break;
        advance(p);
    } while (true);
    return expect_token(p, LEX_CURLY_CLOSE, "RIGHT_CURLY");
}

/* In parentheses: an expression, or a list of several. */
static struct error *parse_group(struct parser *p, struct ast **out)
{
    struct ast *list = ast_new(p, AST_LIST, p->at);
    advance(p);
    if (is_kind(p, LEX_CLOSE))
        return not_well_formed(p->arena, "Expression group cannot be empty");
    struct ast *first;
    TRY(parse_binding(p, BINDS_NOTHING, &first));
    if (!is_kind(p, LEX_COMMA)) {
        *out = first;
        return expect_token(p, LEX_CLOSE, "RIGHT_PAREN");
    }
    advance(p);
    TRY(add_arg(p, list, first));
    *out = list;
    return parse_args(p, list, LEX_CLOSE, "RIGHT_PAREN");
}

/* At the parenthesis behind a function's name. */
static struct error *parse_call(struct parser *p, const struct token *name, struct ast **out)
{
    *out = ast_new(p, AST_CALL, name);
    advance(p);
    if (is_operator(p, "*") && p->at[1].kind == LEX_CLOSE) { /* count(*) */
        if (!str_eq_nocase(name->text, S("count")))
            return not_well_formed(p->arena, "%.*s(*) is not allowed", STR_ARG(name->text));
        advance(p);
    }
    if (is_kind(p, LEX_CLOSE)) {
        advance(p);
        return NULL;
    }
    return parse_args(p, *out, LEX_CLOSE, "RIGHT_PAREN");
}

/* Keywords that are names of functions too. */
static bool names_function(struct str word)
{
    static const struct str names[] = {
        STR_INIT("exists"),     STR_INIT("count"),       STR_INIT("avg"),
        STR_INIT("max"),        STR_INIT("min"),         STR_INIT("sum"),
        STR_INIT("substring"),  STR_INIT("char_length"), STR_INIT("octet_length"),
        STR_INIT("upper"),      STR_INIT("lower"),       STR_INIT("size"),
        STR_INIT("nullif"),     STR_INIT("trim"),        STR_INIT("coalesce"),
        STR_INIT("sexp"),       STR_INIT("list"),        STR_INIT("bag"),
        STR_INIT("bit_length"), STR_INIT("cast"),        STR_INIT("date_add"),
        STR_INIT("extract"),    STR_INIT("date_diff"),   STR_INIT("character_length"),
    };
    for (size_t i = 0; i < countof(names); i++)
        if (str_eq_nocase(names[i], word))
            return true;
    return false;
}

/* Keywords that are operators. */
static bool names_operator(struct str word)
{
    static const struct str names[] = {
        STR_INIT("and"),   STR_INIT("or"),      STR_INIT("is"),
        STR_INIT("in"),    STR_INIT("between"), STR_INIT("like"),
        STR_INIT("union"), STR_INIT("except"),  STR_INIT("intersect"),
    };
    for (size_t i = 0; i < countof(names); i++)
        if (str_eq_nocase(names[i], word))
            return true;
    return false;
}

static struct error *parse_keyword(struct parser *p, struct ast **out)
{
    static const struct {
        const char *word;
        enum ast_kind kind;
    } literals[] = {{"true", AST_BOOLEAN},
                    {"false", AST_BOOLEAN},
                    {"null", AST_NULL},
                    {"missing", AST_MISSING}};
    const struct token *word = p->at;
    for (size_t i = 0; i < countof(literals); i++) {
        if (!is_word(p, literals[i].word))
            continue;
        *out = ast_new(p, literals[i].kind, word);
        advance(p);
        return NULL;
    }
    if (word[1].kind == LEX_OPEN && names_function(word->text)) {
        advance(p);
        return parse_call(p, word, out);
    }
    if (is_word(p, "from"))
        return not_well_formed(p->arena, "Expected data manipulation");
    if (names_operator(word->text))
        return not_well_formed(p->arena, "Unexpected operator");
    return not_well_formed(p->arena, "Unexpected keyword");
}

static struct error *parse_term(struct parser *p, struct ast **out)
{
    static const enum ast_kind literals[] = {[LEX_STRING] = AST_STRING,
                                             [LEX_NUMBER] = AST_NUMBER,
                                             [LEX_ION] = AST_ION,
                                             [LEX_PARAMETER] = AST_PARAMETER};
    const struct token *token = p->at;
    switch ((int)token->kind) {
    case LEX_STRING:
    case LEX_NUMBER:
    case LEX_ION:
    case LEX_PARAMETER:
        *out = ast_new(p, literals[token->kind], token);
        advance(p);
        return NULL;
    case LEX_IDENTIFIER:
        advance(p);
        if (is_kind(p, LEX_OPEN))
            return parse_call(p, token, out);
        *out = ast_new(p, AST_PATH, token);
        VEC_PUSH(p->arena, &(*out)->steps, (struct ast_step){.name = token->text});
        return NULL;
    case LEX_KEYWORD:
        return parse_keyword(p, out);
    case LEX_OPEN:
        return parse_group(p, out);
    case LEX_BRACKET_OPEN:
        return parse_collection(p, AST_LIST, LEX_BRACKET_CLOSE, "RIGHT_BRACKET", out);
    case LEX_BAG_OPEN:
        return parse_collection(p, AST_BAG, LEX_BAG_CLOSE, "RIGHT_DOUBLE_ANGLE_BRACKET", out);
    case LEX_CURLY_OPEN:
        return parse_struct(p, out);
    case LEX_OPERATOR:
        return not_well_formed(p->arena, "Unexpected operator");
    default:
        return not_well_formed(p->arena, "Unexpected term");
    }
}

/* -- paths --------------------------------------------------------------------------------------
 */

static struct error *parse_dot(struct parser *p, struct ast *path)
{
    advance(p);
    struct ast_step step = {.kind = STEP_NAME, .name = p->at->text};
    if (is_operator(p, "*"))
        step.kind = STEP_EVERY_NAME;
    else if (!is_kind(p, LEX_IDENTIFIER))
        return not_well_formed(p->arena, "Invalid path dot component");
    advance(p);
    VEC_PUSH(p->arena, &path->steps, step);
    return NULL;
}

static struct error *parse_bracket(struct parser *p, struct ast *path)
{
    advance(p);
    struct ast_step step = {.kind = STEP_INDEX};
    struct ast *index = NULL;
    if (is_operator(p, "*")) {
        step.kind = STEP_EVERY_INDEX;
        advance(p);
    } else {
        TRY(parse_binding(p, BINDS_NOTHING, &index));
        step.index = index;
    }
    VEC_PUSH(p->arena, &path->steps, step);
    return expect_token(p, LEX_BRACKET_CLOSE, "RIGHT_BRACKET");
}

static struct error *parse_steps(struct parser *p, struct ast *path)
{
    while (true) {
        if (is_kind(p, LEX_DOT))
            TRY(parse_dot(p, path));
        else if (is_kind(p, LEX_BRACKET_OPEN))
            TRY(parse_bracket(p, path));
        else
            return NULL;
    }
}

struct error *parse_simple_path(struct parser *p, const struct ast **out)
{
    if (!is_kind(p, LEX_IDENTIFIER))
        return not_well_formed(p->arena, "Expected identifier for simple path");
    struct ast *path = ast_new(p, AST_PATH, p->at);
    VEC_PUSH(p->arena, &path->steps, (struct ast_step){.name = p->at->text});
    advance(p);
    *out = path;
    return parse_steps(p, path);
}

static struct error *parse_path_term(struct parser *p, struct ast **out)
{
    TRY(parse_term(p, out));
    if ((*out)->kind == AST_PATH)
        return parse_steps(p, *out);
    if (is_kind(p, LEX_DOT) || is_kind(p, LEX_BRACKET_OPEN))
        return not_well_formed(p->arena, "Invalid path component");
    return NULL;
}

/* -- operators ----------------------------------------------------------------------------------
 */

static struct error *parse_prefix(struct parser *p, struct ast **out)
{
    const struct token *op = p->at;
    if (++p->depth > AST_DEPTH_MAX)
        return not_well_formed(p->arena, "Expression nested too deeply");
    struct ast *arg;
    advance(p);
    if (op->kind == LEX_KEYWORD)
        TRY(parse_binding(p, BINDS_NOT, &arg));
    else if (is_operator(p, "+") || is_operator(p, "-"))
        TRY(parse_prefix(p, &arg));
    else
        TRY(parse_path_term(p, &arg));
    p->depth--;
    *out = arg;
    if (op->kind == LEX_OPERATOR && arg->kind == AST_NUMBER) {
        arg->is_negative ^= op->text.data[0] == '-';
        return NULL;
    }
    *out = ast_new(p, op->kind == LEX_KEYWORD ? AST_NOT : AST_SIGN, op);
    return add_arg(p, *out, arg);
}

static struct error *parse_unary(struct parser *p, struct ast **out)
{
    if (is_word(p, "not") || is_operator(p, "+") || is_operator(p, "-"))
        return parse_prefix(p, out);
    return parse_path_term(p, out);
}

struct infix {
    const char *name;
    enum precedence binds;
    enum ast_kind kind;
};

/* The infix operator here; NULL: none. NOT IN and its like are two tokens. */
static const struct infix *find_infix(const struct parser *p, bool *is_negated)
{
    static const struct infix table[] = {
        {"or", BINDS_OR, AST_OR},
        {"and", BINDS_AND, AST_AND},
        {"=", BINDS_EQUALITY, AST_BINARY},
        {"<>", BINDS_EQUALITY, AST_BINARY},
        {"is", BINDS_EQUALITY, AST_IS},
        {"in", BINDS_EQUALITY, AST_IN},
        {"<", BINDS_COMPARISON, AST_BINARY},
        {"<=", BINDS_COMPARISON, AST_BINARY},
        {">", BINDS_COMPARISON, AST_BINARY},
        {">=", BINDS_COMPARISON, AST_BINARY},
        {"between", BINDS_COMPARISON, AST_BETWEEN},
        {"like", BINDS_COMPARISON, AST_BINARY},
        {"+", BINDS_SUM, AST_BINARY},
        {"-", BINDS_SUM, AST_BINARY},
        {"||", BINDS_SUM, AST_BINARY},
        {"*", BINDS_PRODUCT, AST_BINARY},
        {"/", BINDS_PRODUCT, AST_BINARY},
        {"%", BINDS_PRODUCT, AST_BINARY},
    };
    *is_negated = is_word(p, "not");
    const struct token *op = p->at + *is_negated;
    if (op->kind != LEX_OPERATOR && op->kind != LEX_KEYWORD)
        return NULL;
    for (size_t i = 0; i < countof(table); i++) {
        const struct infix *x = &table[i];
        bool can_negate =
            x->kind == AST_IN || x->kind == AST_BETWEEN || str_eq(str_z(x->name), S("like"));
        if (str_eq_nocase(op->text, str_z(x->name)) && (!*is_negated || can_negate))
            return x;
    }
    return NULL;
}

/* The words that may stand behind IS. */
static bool names_type(struct str word)
{
    static const char *const types[] = {
        "missing", "null", "boolean",   "bool",     "smallint", "integer",  "int",
        "float",   "real", "double",    "decimal",  "dec",      "numeric",  "timestamp",
        "date",    "time", "character", "char",     "varchar",  "string",   "symbol",
        "clob",    "blob", "struct",    "tuple",    "list",     "sexp",     "bag",
        "int2",    "int4", "int8",      "integer2", "integer4", "integer8", "bigint"};
    for (size_t i = 0; i < countof(types); i++)
        if (str_eq_nocase(word, str_z(types[i])))
            return true;
    return false;
}

static struct error *parse_is(struct parser *p, struct ast *is)
{
    bool is_name = is_kind(p, LEX_KEYWORD) || is_kind(p, LEX_IDENTIFIER); /* INT4 is no keyword */
    if (!is_name || !names_type(p->at->text))
        return not_well_formed(p->arena, "Expected type name");
    is->type = p->at->text;
    advance(p);
    if (str_eq_nocase(is->type, S("double")))
        take_word(p, "precision");
    else if (str_eq_nocase(is->type, S("character")))
        take_word(p, "varying");
    return NULL;
}

/* IN (…) takes a list in parentheses, even of one. */
static struct error *parse_in(struct parser *p, struct ast *in)
{
    struct ast *list;
    if (is_kind(p, LEX_OPEN) && !token_is_word(p->at + 1, S("select")))
        TRY(parse_collection(p, AST_LIST, LEX_CLOSE, "RIGHT_PAREN", &list));
    else
        TRY(parse_binding(p, BINDS_EQUALITY, &list));
    return add_arg(p, in, list);
}

static struct error *parse_right(struct parser *p, const struct infix *x, struct ast *ast)
{
    struct ast *right;
    if (is_kind(p, LEX_END) && x->kind != AST_IS)
        return not_well_formed(p->arena, "Missing right-hand side expression of infix operator");
    if (x->kind == AST_IN)
        return parse_in(p, ast);
    TRY(parse_binding(p, x->binds, &right));
    TRY(add_arg(p, ast, right));
    if (x->kind != AST_BETWEEN)
        return NULL;
    if (!take_word(p, "and"))
        return not_well_formed(p->arena, "Expected keyword and");
    if (is_kind(p, LEX_END))
        return not_well_formed(p->arena, "Expected expression after AND");
    TRY(parse_binding(p, x->binds, &right));
    return add_arg(p, ast, right);
}

static struct error *negate(struct parser *p, const struct token *token, struct ast **ast)
{
    struct ast *positive = *ast;
    *ast = ast_new(p, AST_NOT, token);
    return add_arg(p, *ast, positive);
}

/* Puts the operator here and its right side around *left. a AND b AND c is one node. */
static struct error *parse_infix(struct parser *p, const struct infix *x, bool is_negated,
                                 struct ast **left)
{
    const struct token *token = p->at;
    p->at += is_negated ? 2 : 1;
    struct ast *ast = *left;
    if (ast->kind != x->kind || (x->kind != AST_AND && x->kind != AST_OR)) {
        ast = ast_new(p, x->kind, token + is_negated);
        TRY(add_arg(p, ast, *left));
    }
    if (x->kind == AST_IS) {
        is_negated = take_word(p, "not");
        TRY(parse_is(p, ast));
    } else {
        TRY(parse_right(p, x, ast));
    }
    *left = ast;
    return is_negated ? negate(p, token, left) : NULL;
}

static struct error *parse_binding(struct parser *p, enum precedence above, struct ast **out)
{
    if (++p->depth > AST_DEPTH_MAX)
        return not_well_formed(p->arena, "Expression nested too deeply");
    TRY(parse_unary(p, out));
    while (true) {
        bool is_negated;
        const struct infix *x = find_infix(p, &is_negated);
        if (!x || x->binds <= above)
            break;
        TRY(parse_infix(p, x, is_negated, out));
    }
    p->depth--;
    return NULL;
}

struct error *parse_expression(struct parser *p, const struct ast **out)
{
    struct ast *ast;
    TRY(parse_binding(p, BINDS_NOTHING, &ast));
    *out = ast;
    return NULL;
}
