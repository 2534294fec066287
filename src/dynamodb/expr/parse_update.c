/* Updates:
 *
 *     update = clause { clause }
 *     clause = SET set { "," set } | REMOVE path { "," path }
 *            | ADD path value { "," path value } | DELETE path value { "," path value }
 *     set    = path "=" sum
 *     sum    = term [ ("+" | "-") term ]
 *     term   = "(" sum ")" | operand
 *
 * That each clause comes only once is told by parse_check, after syntax errors. */
#include "dynamodb/expr/parser.h"

static struct error *parse_sum(struct parser *p, struct node **out);

static struct error *parse_term(struct parser *p, struct node **out)
{
    if (!at(p, TOKEN_OPEN))
        return parse_operand(p, out);
    TRY(enter(p));
    lexer_advance(&p->lexer);
    TRY(parse_sum(p, out));
    TRY(expect(p, TOKEN_CLOSE));
    leave(p);
    return parenthesise(p, *out);
}

static struct error *parse_sum(struct parser *p, struct node **out)
{
    struct node *left = NULL, *right = NULL;
    TRY(parse_term(p, &left));
    *out = left;
    if (!at(p, TOKEN_PLUS) && !at(p, TOKEN_MINUS))
        return NULL;
    enum op op = at(p, TOKEN_PLUS) ? OP_PLUS : OP_MINUS;
    lexer_advance(&p->lexer);
    TRY(parse_term(p, &right));
    p->operators++;
    *out = node_new(p, op, (const struct node *[]){left, right}, 2);
    return NULL;
}

static struct error *parse_action(struct parser *p, enum clause clause, uint32_t ordinal)
{
    struct action action = {.clause = clause, .ordinal = ordinal};
    struct node *value = NULL;
    TRY(parse_path(p, &action.path));
    if (clause == CLAUSE_SET) {
        TRY(expect(p, TOKEN_EQ));
        TRY(parse_sum(p, &value));
    } else if (clause != CLAUSE_REMOVE) {
        TRY(parse_value(p, &value));
    }
    action.value = value;
    VEC_PUSH(p->arena, &p->actions, action);
    return NULL;
}

static bool clause_of(enum token_type type, enum clause *out)
{
    switch ((int)type) {
    case TOKEN_SET:
        *out = CLAUSE_SET;
        return true;
    case TOKEN_REMOVE:
        *out = CLAUSE_REMOVE;
        return true;
    case TOKEN_ADD:
        *out = CLAUSE_ADD;
        return true;
    case TOKEN_DELETE:
        *out = CLAUSE_DELETE;
        return true;
    default:
        return false;
    }
}

struct error *parse_update(struct parser *p)
{
    for (uint32_t ordinal = 0; ordinal == 0 || !at(p, TOKEN_END); ordinal++) {
        enum clause clause;
        if (!clause_of(p->lexer.current.type, &clause))
            return syntax_error(p);
        do {
            lexer_advance(&p->lexer); /* the keyword, then commas */
            TRY(parse_action(p, clause, ordinal));
        } while (at(p, TOKEN_COMMA));
    }
    return NULL;
}
