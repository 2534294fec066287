/* Conditions:
 *
 *     or      = and { OR and }
 *     and     = not { AND not }
 *     not     = NOT not | primary
 *     primary = "(" or ")" | operand tail | call
 *     tail    = comparator operand | BETWEEN operand AND operand | IN "(" operand { "," operand }
 * ")"
 *
 * A parenthesis may open a condition or an operand, and only what follows tells which. Trying both
 * would take exponential time, so what stands in parentheses is read as either: an operand alone is
 * let through to the closing parenthesis, and the decision falls behind it. */
#include "dynamodb/expr/parser.h"

static struct error *parse_or(struct parser *p, bool may_be_operand, struct node **out);

static enum op comparator(enum token_type type)
{
    switch ((int)type) {
    case TOKEN_EQ:
        return OP_EQ;
    case TOKEN_NE:
        return OP_NE;
    case TOKEN_LT:
        return OP_LT;
    case TOKEN_LE:
        return OP_LE;
    case TOKEN_GT:
        return OP_GT;
    case TOKEN_GE:
        return OP_GE;
    default:
        return OP_PATH; /* none */
    }
}

static struct error *parse_between(struct parser *p, const struct node *left, struct node **out)
{
    struct node *low = NULL, *high = NULL;
    TRY(parse_operand(p, &low));
    TRY(expect(p, TOKEN_AND));
    TRY(parse_operand(p, &high));
    *out = node_new(p, OP_BETWEEN, (const struct node *[]){left, low, high}, 3);
    return NULL;
}

static struct error *parse_in(struct parser *p, const struct node *left, struct node **out)
{
    VEC(const struct node *) args = {0};
    VEC_PUSH(p->arena, &args, left);
    if (!at(p, TOKEN_OPEN))
        return syntax_error(p);
    do {
        struct node *arg = NULL;
        lexer_advance(&p->lexer); /* the parenthesis, then commas */
        TRY(parse_operand(p, &arg));
        VEC_PUSH(p->arena, &args, arg);
    } while (at(p, TOKEN_COMMA));
    TRY(expect(p, TOKEN_CLOSE));
    *out = node_new(p, OP_IN, args.items, args.count);
    return NULL;
}

/* What follows an operand. A call may stand alone, and so may any operand in parentheses. */
static struct error *parse_tail(struct parser *p, bool may_be_operand, struct node *left,
                                struct node **out)
{
    enum token_type type = p->lexer.current.type;
    enum op op = comparator(type);
    struct node *right = NULL;
    if (op == OP_PATH && type != TOKEN_BETWEEN && type != TOKEN_IN) {
        if (!op_is_function(left->op) && !(may_be_operand && type == TOKEN_CLOSE))
            return syntax_error(p);
        *out = left;
        return NULL;
    }
    p->operators++;
    lexer_advance(&p->lexer);
    if (type == TOKEN_BETWEEN)
        return parse_between(p, left, out);
    if (type == TOKEN_IN)
        return parse_in(p, left, out);
    TRY(parse_operand(p, &right));
    *out = node_new(p, op, (const struct node *[]){left, right}, 2);
    return NULL;
}

static struct error *parse_primary(struct parser *p, bool may_be_operand, struct node **out)
{
    struct node *inner = NULL;
    if (!at(p, TOKEN_OPEN)) {
        TRY(parse_operand(p, &inner));
        return parse_tail(p, may_be_operand, inner, out);
    }
    TRY(enter(p));
    lexer_advance(&p->lexer);
    TRY(parse_or(p, true, &inner));
    TRY(expect(p, TOKEN_CLOSE));
    leave(p);
    TRY(parenthesise(p, inner));
    if (op_is_operand(inner->op))
        return parse_tail(p, may_be_operand, inner, out);
    *out = inner;
    return NULL;
}

static struct error *parse_not(struct parser *p, bool may_be_operand, struct node **out)
{
    if (!at(p, TOKEN_NOT))
        return parse_primary(p, may_be_operand, out);
    struct node *inner = NULL;
    TRY(enter(p));
    lexer_advance(&p->lexer);
    TRY(parse_not(p, false, &inner));
    leave(p);
    p->operators++;
    *out = node_new(p, OP_NOT, (const struct node *[]){inner}, 1);
    return NULL;
}

static struct error *parse_and(struct parser *p, bool may_be_operand, struct node **out)
{
    TRY(parse_not(p, may_be_operand, out));
    if (!at(p, TOKEN_AND))
        return NULL;
    VEC(const struct node *) args = {0};
    VEC_PUSH(p->arena, &args, *out);
    while (at(p, TOKEN_AND)) {
        struct node *arg = NULL;
        lexer_advance(&p->lexer);
        TRY(parse_not(p, false, &arg));
        VEC_PUSH(p->arena, &args, arg);
        p->operators++;
    }
    *out = node_new(p, OP_AND, args.items, args.count);
    return NULL;
}

static struct error *parse_or(struct parser *p, bool may_be_operand, struct node **out)
{
    TRY(parse_and(p, may_be_operand, out));
    if (!at(p, TOKEN_OR))
        return NULL;
    VEC(const struct node *) args = {0};
    VEC_PUSH(p->arena, &args, *out);
    while (at(p, TOKEN_OR)) {
        struct node *arg = NULL;
        lexer_advance(&p->lexer);
        TRY(parse_and(p, false, &arg));
        VEC_PUSH(p->arena, &args, arg);
        p->operators++;
    }
    *out = node_new(p, OP_OR, args.items, args.count);
    return NULL;
}

struct error *parse_condition(struct parser *p, struct node **out)
{
    return parse_or(p, false, out);
}
