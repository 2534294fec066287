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

/* Words that are operators, which cannot begin an expression; NOT can. */
static bool is_operator_word(struct str word)
{
    static const char *const words[] = {"and",  "or",    "is",     "in",       "between",
                                        "like", "union", "except", "intersect"};
    for (size_t i = 0; i < countof(words); i++)
        if (str_eq_nocase(word, str_z(words[i])))
            return true;
    return false;
}

/* Words that are punctuation to the parser, no keywords. */
static bool is_delimiter_word(struct str word)
{
    static const char *const words[] = {"as",   "at",    "by",    "for", "asc",
                                        "desc", "nulls", "first", "last"};
    for (size_t i = 0; i < countof(words); i++)
        if (str_eq_nocase(word, str_z(words[i])))
            return true;
    return false;
}

struct error *expect_token(struct parser *p, enum token_kind kind, const char *name)
{
    if (!is_kind(p, kind))
        return not_well_formed(p->arena, "Expected %s", name);
    advance(p);
    return NULL;
}

struct ast *ast_new(struct parser *p, enum ast_kind kind, const struct token *token)
{
    struct ast *ast = arena_new(p->arena, struct ast);
    ast->kind = kind;
    ast->token = *token;
    ast->depth = 1;
    return ast;
}

/* Chains of one operator, such as 1+1+1, grow a tree without the parser recursing. */
struct error *add_arg(struct parser *p, struct ast *ast, const struct ast *arg)
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
struct error *parse_args(struct parser *p, struct ast *into, enum token_kind close,
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

static bool is_aggregate(struct str name)
{
    static const char *const names[] = {"count", "avg", "max", "min", "sum"};
    for (size_t i = 0; i < countof(names); i++)
        if (str_eq_nocase(name, str_z(names[i])))
            return true;
    return false;
}

/* Behind the parenthesis: DISTINCT and ALL, and the star of COUNT. Nothing is made of them. */
static struct error *parse_aggregate(struct parser *p, const struct token *name, struct ast **out)
{
    struct str lower = lower_case(p->arena, name->text);
    struct ast *call = ast_new(p, AST_OTHER, name);
    call->type = lower;
    call->operation = S("CallAgg");
    *out = call;
    bool is_count = str_eq(lower, S("count"));
    const char *which = is_word(p, "distinct") ? "DISTINCT " : is_word(p, "all") ? "ALL " : "";
    if (which[0])
        advance(p);
    if (is_operator(p, "*") && is_count && which[0])
        return not_well_formed(p->arena, "COUNT(%s*) is not supported", which);
    if (is_operator(p, "*") && !is_count)
        return not_well_formed(p->arena, "%.*s(*) is not allowed", STR_ARG(lower));
    if (is_operator(p, "*")) {
        advance(p);
        return expect_token(p, LEX_CLOSE, "RIGHT_PAREN");
    }
    if (!is_kind(p, LEX_CLOSE))
        TRY(parse_args(p, call, LEX_CLOSE, "RIGHT_PAREN"));
    if (call->args.count != 1 && !(is_count && call->args.count))
        return not_well_formed(p->arena, "Aggregate functions are always unary");
    return NULL;
}

/* At the parenthesis behind a function's name. */
static struct error *parse_call(struct parser *p, const struct token *name, struct ast **out)
{
    advance(p);
    if (is_aggregate(name->text))
        return parse_aggregate(p, name, out);
    *out = ast_new(p, AST_CALL, name);
    if (is_operator(p, "*")) {
        struct str lower = lower_case(p->arena, name->text);
        return not_well_formed(p->arena, "%.*s(*) is not allowed", STR_ARG(lower));
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
        STR_INIT("exists"),
        STR_INIT("count"),
        STR_INIT("avg"),
        STR_INIT("max"),
        STR_INIT("min"),
        STR_INIT("sum"),
        STR_INIT("substring"),
        STR_INIT("char_length"),
        STR_INIT("octet_length"),
        STR_INIT("upper"),
        STR_INIT("lower"),
        STR_INIT("size"),
        STR_INIT("nullif"),
        STR_INIT("trim"),
        STR_INIT("coalesce"),
        STR_INIT("sexp"),
        STR_INIT("list"),
        STR_INIT("bag"),
        STR_INIT("bit_length"),
        STR_INIT("date_diff"),
        STR_INIT("date_add"),
        STR_INIT("extract"),
        STR_INIT("character_length"),
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
    if (is_operator_word(word->text))
        return not_well_formed(p->arena, "Unexpected operator");
    if (is_delimiter_word(word->text))
        return not_well_formed(p->arena, "Unexpected term");
    if (is_word(p, "case"))
        return parse_case(p, out);
    if (is_word(p, "cast"))
        return parse_cast(p, out);
    if (is_word(p, "values"))
        return parse_values(p, out);
    if (begins_statement(p))
        return parse_nested(p, out);
    return not_well_formed(p->arena, "Unexpected keyword");
}

/* @name: the name, looked up in the nearest scope first, of which there is one. */
static struct error *parse_scoped(struct parser *p, struct ast **out)
{
    if (p->at[1].kind != LEX_IDENTIFIER)
        return not_well_formed(p->arena, "Identifier must follow @-operator");
    advance(p);
    *out = ast_new(p, AST_PATH, p->at);
    VEC_PUSH(p->arena, &(*out)->steps, (struct ast_step){.name = p->at->text});
    advance(p);
    return NULL;
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
        if (is_operator(p, "@"))
            return parse_scoped(p, out);
        if (!is_operator(p, "*"))
            return not_well_formed(p->arena, "Unexpected operator");
        return not_well_formed(p->arena, "Unexpected term");
    default:
        return not_well_formed(p->arena, "Unexpected term");
    }
}

/* -- paths --------------------------------------------------------------------------------------
 */

static struct error *parse_dot(struct parser *p, struct ast *path, bool is_simple)
{
    advance(p);
    struct ast_step step = {.kind = STEP_NAME, .name = p->at->text, .place = p->at->place};
    if (is_operator(p, "*") && is_simple)
        return not_well_formed(p->arena, "Invalid path dot component for simple path");
    if (is_operator(p, "*"))
        step.kind = STEP_EVERY_NAME;
    else if (!is_kind(p, LEX_IDENTIFIER))
        return not_well_formed(p->arena, "Invalid path dot component");
    advance(p);
    VEC_PUSH(p->arena, &path->steps, step);
    return NULL;
}

static struct error *parse_bracket(struct parser *p, struct ast *path, bool is_simple)
{
    advance(p);
    struct ast_step step = {.kind = STEP_INDEX, .place = p->at->place};
    struct ast *index = NULL;
    if (is_operator(p, "*")) {
        step.kind = STEP_EVERY_INDEX;
        advance(p);
    } else {
        TRY(parse_binding(p, BINDS_NOTHING, &index));
        step.index = index;
    }
    VEC_PUSH(p->arena, &path->steps, step);
    TRY(expect_token(p, LEX_BRACKET_CLOSE, "RIGHT_BRACKET"));
    bool is_literal = index && (index->kind <= AST_ION || index->kind == AST_PATH);
    if (is_simple && !is_literal)
        return not_well_formed(p->arena, "Invalid path component for simple path");
    return NULL;
}

static struct error *parse_steps(struct parser *p, struct ast *path, bool is_simple)
{
    while (true) {
        if (is_kind(p, LEX_DOT))
            TRY(parse_dot(p, path, is_simple));
        else if (is_kind(p, LEX_BRACKET_OPEN))
            TRY(parse_bracket(p, path, is_simple));
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
    return parse_steps(p, path, true);
}

static struct error *parse_path_term(struct parser *p, struct ast **out)
{
    TRY(parse_term(p, out));
    if ((*out)->kind == AST_PATH)
        return parse_steps(p, *out, false);
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

/* IN (…) takes a list in parentheses, even of one. */
static struct error *parse_in(struct parser *p, struct ast *in)
{
    struct ast *list;
    if (is_kind(p, LEX_OPEN) && !token_is_word(p->at + 1, S("select")) &&
        !token_is_word(p->at + 1, S("values"))) {
        list = ast_new(p, AST_LIST, p->at);
        advance(p);
        TRY(parse_args(p, list, LEX_CLOSE, "RIGHT_PAREN"));
    } else
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
    if (str_eq(str_z(x->name), S("like")) && take_word(p, "escape")) {
        if (is_kind(p, LEX_END) || is_kind(p, LEX_SEMICOLON))
            return not_well_formed(p->arena, "Expected expression after ESCAPE");
        return parse_binding(p, x->binds, &right);
    }
    if (x->kind != AST_BETWEEN)
        return NULL;
    if (!take_word(p, "and"))
        return not_well_formed(p->arena, "Expected keyword and");
    if (is_kind(p, LEX_END) || is_kind(p, LEX_SEMICOLON))
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
        TRY(parse_type(p, "is", &ast->type));
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
