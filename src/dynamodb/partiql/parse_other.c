/* What the grammar has and DynamoDB has no use for: CASE, CAST, VALUES, the parameters of types,
 * and statements that define things. It is read over, so that what is told is told of the right
 * place. Source: the grammar of PartiQL's reference parser (partiql-lang-kotlin, SqlParser). */
#include "dynamodb/partiql/parser.h"

/* -- types --------------------------------------------------------------------------------------
 */

static const struct type {
    struct str word, name;
    unsigned parameters; /* at most */
} types[] = {
    {STR_INIT("missing"), STR_INIT("MISSING"), 0},
    {STR_INIT("null"), STR_INIT("NULL"), 0},
    {STR_INIT("boolean"), STR_INIT("BOOLEAN"), 0},
    {STR_INIT("bool"), STR_INIT("BOOLEAN"), 0},
    {STR_INIT("smallint"), STR_INIT("SMALLINT"), 0},
    {STR_INIT("int2"), STR_INIT("SMALLINT"), 0},
    {STR_INIT("integer2"), STR_INIT("SMALLINT"), 0},
    {STR_INIT("int4"), STR_INIT("INTEGER4"), 0},
    {STR_INIT("integer4"), STR_INIT("INTEGER4"), 0},
    {STR_INIT("int8"), STR_INIT("INTEGER8"), 0},
    {STR_INIT("integer8"), STR_INIT("INTEGER8"), 0},
    {STR_INIT("bigint"), STR_INIT("INTEGER8"), 0},
    {STR_INIT("int"), STR_INIT("INTEGER"), 0},
    {STR_INIT("integer"), STR_INIT("INTEGER"), 0},
    {STR_INIT("float"), STR_INIT("FLOAT"), 1},
    {STR_INIT("real"), STR_INIT("REAL"), 0},
    {STR_INIT("double"), STR_INIT("DOUBLE_PRECISION"), 0}, /* PRECISION must follow */
    {STR_INIT("decimal"), STR_INIT("DECIMAL"), 2},
    {STR_INIT("dec"), STR_INIT("DECIMAL"), 2},
    {STR_INIT("numeric"), STR_INIT("NUMERIC"), 2},
    {STR_INIT("timestamp"), STR_INIT("TIMESTAMP"), 0},
    {STR_INIT("date"), STR_INIT("DATE"), 0},
    {STR_INIT("time"), STR_INIT("TIME"), 1},
    {STR_INIT("character"), STR_INIT("CHARACTER"), 1}, /* VARYING may follow */
    {STR_INIT("char"), STR_INIT("CHARACTER"), 1},
    {STR_INIT("varchar"), STR_INIT("CHARACTER_VARYING"), 1},
    {STR_INIT("string"), STR_INIT("STRING"), 0},
    {STR_INIT("symbol"), STR_INIT("SYMBOL"), 0},
    {STR_INIT("clob"), STR_INIT("CLOB"), 0},
    {STR_INIT("blob"), STR_INIT("BLOB"), 0},
    {STR_INIT("struct"), STR_INIT("STRUCT"), 0},
    {STR_INIT("tuple"), STR_INIT("TUPLE"), 0},
    {STR_INIT("list"), STR_INIT("LIST"), 0},
    {STR_INIT("sexp"), STR_INIT("SEXP"), 0},
    {STR_INIT("bag"), STR_INIT("BAG"), 0},
    {STR_INIT("any"), STR_INIT("ANY"), 0},
};

static const struct type *find_type(const struct parser *p)
{
    for (size_t i = 0; is_kind(p, LEX_KEYWORD) && i < countof(types); i++)
        if (str_eq_nocase(types[i].word, p->at->text))
            return &types[i];
    return NULL;
}

static struct error *parse_type_parameters(struct parser *p, const char *operation,
                                           const struct type *type)
{
    struct ast *parameters = ast_new(p, AST_LIST, p->at);
    if (!is_kind(p, LEX_OPEN))
        return NULL;
    advance(p);
    TRY(parse_args(p, parameters, LEX_CLOSE, "RIGHT_PAREN"));
    if (parameters->args.count > type->parameters) {
        struct str name = lower_case(p->arena, type->name);
        return not_well_formed(p->arena, "%s type argument %.*s must have arity of 0..%u",
                               operation, STR_ARG(name), type->parameters);
    }
    for (size_t i = 0; i < parameters->args.count; i++) {
        const struct ast *n = parameters->args.items[i];
        uint64_t ignored;
        if (n->kind != AST_NUMBER || n->is_negative ||
            !str_to_u64(n->token.text, UINT64_MAX, &ignored))
            return not_well_formed(p->arena, "Type parameter must be an unsigned integer literal");
    }
    return NULL;
}

struct error *parse_type(struct parser *p, const char *operation, struct str *out)
{
    const struct type *type = find_type(p);
    bool is_double = type && str_eq(type->word, S("double"));
    if (!type || (is_double && !token_is_word(p->at + 1, S("precision"))))
        return not_well_formed(p->arena, "Expected type name");
    *out = type->name;
    advance(p);
    if (is_double)
        advance(p);
    if (str_eq(type->word, S("character")) && take_word(p, "varying"))
        *out = S("CHARACTER_VARYING");
    TRY(parse_type_parameters(p, operation, type));
    if (!str_eq(type->word, S("time")) || !take_word(p, "with"))
        return NULL;
    *out = S("TIME_WITH_TIME_ZONE");
    if (!take_word(p, "time"))
        return not_well_formed(p->arena, "Expected keyword time");
    return take_word(p, "zone") ? NULL : not_well_formed(p->arena, "Expected keyword zone");
}

/* -- expressions --------------------------------------------------------------------------------
 */

static struct ast *other(struct parser *p, const struct token *token, struct str type,
                         struct str operation)
{
    struct ast *ast = ast_new(p, AST_OTHER, token);
    ast->type = type;
    ast->operation = operation;
    return ast;
}

static struct error *parse_arg(struct parser *p, struct ast *into)
{
    const struct ast *arg;
    TRY(parse_expression(p, &arg));
    return add_arg(p, into, arg);
}

struct error *parse_case(struct parser *p, struct ast **out)
{
    bool is_simple = !token_is_word(p->at + 1, S("when"));
    *out = other(p, p->at, S("CASE"), is_simple ? S("SimpleCase") : S("SearchedCase"));
    advance(p);
    if (is_simple)
        TRY(parse_arg(p, *out));
    if (!is_word(p, "when"))
        return not_well_formed(p->arena, "Expected a WHEN clause in CASE");
    while (take_word(p, "when")) {
        TRY(parse_arg(p, *out));
        if (!take_word(p, "then"))
            return not_well_formed(p->arena, "Expected keyword then");
        TRY(parse_arg(p, *out));
    }
    if (take_word(p, "else"))
        TRY(parse_arg(p, *out));
    return take_word(p, "end") ? NULL : not_well_formed(p->arena, "Expected keyword end");
}

/* It is told where its parenthesis is. */
struct error *parse_cast(struct parser *p, struct ast **out)
{
    struct str ignored;
    advance(p);
    if (!is_kind(p, LEX_OPEN))
        return not_well_formed(p->arena, "Missing left parenthesis after cast");
    *out = other(p, p->at, S("cast"), S("Cast"));
    advance(p);
    TRY(parse_arg(p, *out));
    if (!take_word(p, "as"))
        return not_well_formed(p->arena, "Expected AS");
    TRY(parse_type(p, "cast", &ignored));
    return expect_token(p, LEX_CLOSE, "RIGHT_PAREN");
}

struct error *parse_values(struct parser *p, struct ast **out)
{
    *out = ast_new(p, AST_BAG, p->at);
    do {
        advance(p);
        if (!is_kind(p, LEX_OPEN))
            return not_well_formed(p->arena, "Expected LEFT_PAREN for row value constructor");
        struct ast *row = ast_new(p, AST_LIST, p->at);
        advance(p);
        TRY(parse_args(p, row, LEX_CLOSE, "RIGHT_PAREN"));
        TRY(add_arg(p, *out, row));
    } while (is_kind(p, LEX_COMMA));
    return NULL;
}

/* -- definitions --------------------------------------------------------------------------------
 */

static struct error *parse_name(struct parser *p, const char *message)
{
    if (!is_kind(p, LEX_IDENTIFIER))
        return not_well_formed(p->arena, "%s", message);
    advance(p);
    return NULL;
}

static struct error *parse_on(struct parser *p, const char *message)
{
    if (!take_word(p, "on"))
        return not_well_formed(p->arena, "Expected ON");
    return parse_name(p, message);
}

static struct error *parse_index_keys(struct parser *p)
{
    TRY(parse_on(p, "Index target must be an identifier"));
    if (!is_kind(p, LEX_OPEN))
        return not_well_formed(p->arena, "Expected parenthesis for keys");
    do {
        const struct ast *ignored;
        advance(p);
        TRY(parse_simple_path(p, &ignored));
    } while (is_kind(p, LEX_COMMA));
    return expect_token(p, LEX_CLOSE, "RIGHT_PAREN");
}

static struct error *parse_exec(struct parser *p)
{
    if (is_kind(p, LEX_END))
        return not_well_formed(p->arena, "No stored procedure provided");
    advance(p);
    if (is_kind(p, LEX_OPEN))
        return not_well_formed(p->arena,
                               "Unexpected LEFT_PAREN found following stored procedure call");
    while (!is_kind(p, LEX_END)) {
        const struct ast *ignored;
        TRY(parse_expression(p, &ignored));
        if (!is_kind(p, LEX_COMMA))
            break;
        advance(p);
    }
    return NULL;
}

struct error *parse_definition(struct parser *p, struct str *name)
{
    bool is_create = is_word(p, "create");
    *name = S("Exec");
    if (take_word(p, "exec"))
        return parse_exec(p);
    const char *word = is_create ? "CREATE" : "DROP";
    advance(p);
    if (take_word(p, "table")) {
        *name = is_create ? S("CreateTable") : S("DropTable");
        TRY(parse_name(p, "Expected identifier!"));
    } else if (take_word(p, "index")) {
        *name = is_create ? S("CreateIndex") : S("DropIndex");
        if (is_create) {
            TRY(parse_index_keys(p));
        } else {
            TRY(parse_name(p, "Expected identifier!"));
            TRY(parse_on(p, "Table target must be an identifier"));
        }
    } else {
        return not_well_formed(p->arena, "Unexpected token following %s", word);
    }
    if (is_kind(p, LEX_SEMICOLON))
        advance(p);
    if (!is_kind(p, LEX_END))
        return not_well_formed(p->arena, "Unexpected tokens after %s statement!", word);
    return NULL;
}
