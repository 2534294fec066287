/* What expressions are called in messages, where an expression cannot be.
 *
 *     shown_name   as the statement shows it: an operator, a function's or variable's name
 *     kind_name    the kind of node in the syntax tree that the service's parser builds
 *
 * Sources: DynamoDB Local for the former; the node names of PartiQL's syntax tree ("Unsupported
 * operation: IsType" is recorded of the service) for the latter. */
#include "dynamodb/partiql/ast.h"

struct str shown_name(const struct ast *ast)
{
    switch ((int)ast->kind) {
    case AST_PATH:
        return ast->steps.count > 1 ? S("PATH") : ast->token.text;
    case AST_PARAMETER:
        return S("PARAMETER");
    case AST_MISSING:
        return S("MISSING");
    case AST_NULL:
        return S("null");
    case AST_LIST:
        return S("LIST");
    case AST_BAG:
        return S("BAG");
    case AST_STRUCT:
        return S("STRUCT");
    case AST_OTHER:
        return ast->type;
    default:
        return ast->token.text;
    }
}

static struct str operator_kind(struct str operator_)
{
    static const struct {
        struct str text, kind;
    } kinds[] = {
        {STR_INIT("+"), STR_INIT("Plus")},    {STR_INIT("-"), STR_INIT("Minus")},
        {STR_INIT("*"), STR_INIT("Times")},   {STR_INIT("/"), STR_INIT("Divide")},
        {STR_INIT("%"), STR_INIT("Modulo")},  {STR_INIT("||"), STR_INIT("Concat")},
        {STR_INIT("="), STR_INIT("Eq")},      {STR_INIT("<>"), STR_INIT("Ne")},
        {STR_INIT("<"), STR_INIT("Lt")},      {STR_INIT("<="), STR_INIT("Lte")},
        {STR_INIT(">"), STR_INIT("Gt")},      {STR_INIT(">="), STR_INIT("Gte")},
        {STR_INIT("like"), STR_INIT("Like")},
    };
    for (size_t i = 0; i < countof(kinds); i++)
        if (str_eq_nocase(kinds[i].text, operator_))
            return kinds[i].kind;
    return operator_;
}

struct str kind_name(const struct ast *ast)
{
    static const struct str names[] = {
        [AST_NUMBER] = STR_INIT("Lit"),      [AST_STRING] = STR_INIT("Lit"),
        [AST_BOOLEAN] = STR_INIT("Lit"),     [AST_NULL] = STR_INIT("Lit"),
        [AST_MISSING] = STR_INIT("Missing"), [AST_ION] = STR_INIT("Lit"),
        [AST_LIST] = STR_INIT("List"),       [AST_PARAMETER] = STR_INIT("Parameter"),
        [AST_BAG] = STR_INIT("Bag"),         [AST_STRUCT] = STR_INIT("Struct"),
        [AST_CALL] = STR_INIT("Call"),       [AST_NOT] = STR_INIT("Not"),
        [AST_AND] = STR_INIT("And"),         [AST_OR] = STR_INIT("Or"),
        [AST_BETWEEN] = STR_INIT("Between"), [AST_IN] = STR_INIT("InCollection"),
        [AST_IS] = STR_INIT("IsType"),
    };
    switch ((int)ast->kind) {
    case AST_PATH:
        return ast->steps.count > 1 ? S("Path") : S("Id");
    case AST_SIGN:
        return str_eq(ast->token.text, S("-")) ? S("Neg") : S("Pos");
    case AST_BINARY:
        return operator_kind(ast->token.text);
    case AST_OTHER:
        return ast->operation;
    default:
        return names[ast->kind];
    }
}
