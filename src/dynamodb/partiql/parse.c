/* Statements:
 *
 *     SELECT columns FROM table[.index] [WHERE …] [ORDER BY key [ASC | DESC], …]
 *     INSERT INTO table VALUE {…}
 *     UPDATE table {SET path = value, … | REMOVE path} … WHERE … [RETURNING …]
 *     FROM table WHERE … {SET … | REMOVE …} … [RETURNING …]
 *     DELETE FROM table WHERE … [RETURNING ALL OLD *]
 *     EXISTS(SELECT …)
 *
 * What parses and means nothing here (aliases, joins, LIMIT, GROUP BY) is noted, and refused in
 * words of its own once the whole statement has been read (statement.c).
 * Source: AWS "PartiQL statements for DynamoDB"; the order of errors is the service's. */
#include "dynamodb/partiql/parser.h"

static struct error *unexpected_token(struct parser *p)
{
    return not_well_formed(p->arena, "Unexpected token after expression");
}

/* -- what is read or written --------------------------------------------------------------------
 */

static struct error *parse_alias(struct parser *p, struct statement_ast *s)
{
    bool has_as = take_word(p, "as");
    if (has_as && !is_kind(p, LEX_IDENTIFIER))
        return not_well_formed(p->arena, "Expected identifier for AS-alias");
    if (is_kind(p, LEX_IDENTIFIER)) {
        s->has_alias = true;
        advance(p);
    }
    static const char *const others[] = {"at", "by"};
    for (size_t i = 0; i < countof(others); i++) {
        if (!take_word(p, others[i]))
            continue;
        if (!is_kind(p, LEX_IDENTIFIER))
            return not_well_formed(p->arena, "Expected identifier for %s-alias", others[i]);
        s->has_alias = true;
        advance(p);
    }
    return NULL;
}

static struct error *parse_target(struct parser *p, struct statement_ast *s)
{
    s->target_place = p->at->place;
    TRY(parse_simple_path(p, &s->target));
    return parse_alias(p, s);
}

/* The source of a SELECT may be any expression, or several. */
static struct error *parse_source(struct parser *p, struct statement_ast *s)
{
    s->target_place = p->at->place;
    TRY(parse_expression(p, &s->target));
    TRY(parse_alias(p, s));
    while (is_kind(p, LEX_COMMA)) {
        const struct ast *other;
        advance(p);
        s->has_many_sources = true;
        TRY(parse_expression(p, &other));
        TRY(parse_alias(p, s));
    }
    return NULL;
}

static struct error *parse_where(struct parser *p, struct statement_ast *s)
{
    return take_word(p, "where") ? parse_expression(p, &s->where) : NULL;
}

/* -- SELECT -------------------------------------------------------------------------------------
 */

static struct error *parse_columns(struct parser *p, struct statement_ast *s)
{
    size_t count = 0;
    while (true) {
        const struct ast *column;
        count++;
        if (is_operator(p, "*")) {
            s->is_star = true;
            advance(p);
        } else {
            TRY(parse_expression(p, &column));
            VEC_PUSH(p->arena, &s->columns, column);
            TRY(parse_alias(p, s));
        }
        if (!is_kind(p, LEX_COMMA))
            break;
        advance(p);
    }
    if (s->is_star && count > 1)
        return not_well_formed(p->arena, "Other expressions may not be present in the select list "
                                         "when '*' is used without dot notation.");
    return NULL;
}

static struct error *parse_order(struct parser *p, struct statement_ast *s)
{
    if (!take_word(p, "order"))
        return NULL;
    if (!take_word(p, "by"))
        return not_well_formed(p->arena, "Expected BY");
    do {
        struct order_ast order = {0};
        TRY(parse_expression(p, &order.key));
        order.is_descending = is_word(p, "desc");
        if (order.is_descending || is_word(p, "asc"))
            advance(p);
        VEC_PUSH(p->arena, &s->order, order);
        if (!is_kind(p, LEX_COMMA))
            return NULL;
        advance(p);
    } while (true);
}

/* A clause of SQL that is refused later, for now read over. The first counts. */
static struct error *parse_refused(struct parser *p, struct statement_ast *s, const char *word,
                                   struct str name)
{
    if (!take_word(p, word))
        return NULL;
    if (str_eq(name, S("GROUP BY")) && !take_word(p, "by"))
        return not_well_formed(p->arena, "Expected BY");
    const struct ast *ignored;
    do {
        TRY(parse_expression(p, &ignored));
        if (!s->refused.name.len)
            s->refused = (struct clause_ast){name, ignored->token.place};
        if (!is_kind(p, LEX_COMMA))
            return NULL;
        advance(p);
    } while (true);
}

static struct error *parse_select(struct parser *p, struct statement_ast *s)
{
    s->kind = STATEMENT_SELECT;
    if (is_word(p, "distinct")) {
        s->refused = (struct clause_ast){S("DISTINCT"), p->at->place};
        advance(p);
    } else {
        take_word(p, "all");
    }
    TRY(parse_columns(p, s));
    if (!take_word(p, "from"))
        return not_well_formed(p->arena, "Expected FROM after SELECT list");
    TRY(parse_source(p, s));
    TRY(parse_where(p, s));
    TRY(parse_order(p, s));
    TRY(parse_refused(p, s, "group", S("GROUP BY")));
    TRY(parse_refused(p, s, "having", S("HAVING")));
    return parse_refused(p, s, "limit", S("LIMIT"));
}

static struct error *parse_exists(struct parser *p, struct statement_ast *s)
{
    TRY(expect_token(p, LEX_OPEN, "LEFT_PAREN"));
    if (!take_word(p, "select"))
        return not_well_formed(p->arena, "Unexpected keyword");
    TRY(parse_select(p, s));
    s->kind = STATEMENT_EXISTS;
    return expect_token(p, LEX_CLOSE, "RIGHT_PAREN");
}

/* -- INSERT -------------------------------------------------------------------------------------
 */

static struct error *parse_insert(struct parser *p, struct statement_ast *s)
{
    s->kind = STATEMENT_INSERT;
    if (!take_word(p, "into"))
        return not_well_formed(p->arena, "Unexpected keyword");
    s->target_place = p->at->place;
    TRY(parse_simple_path(p, &s->target));
    s->is_one_value = take_word(p, "value");
    if (!s->is_one_value && take_word(p, "values")) {
        do {
            TRY(parse_expression(p, &s->value));
            if (!is_kind(p, LEX_COMMA))
                return NULL;
            advance(p);
        } while (true);
    }
    TRY(parse_expression(p, &s->value));
    if (take_word(p, "on")) { /* ON CONFLICT … DO NOTHING */
        s->has_conflict_action = true;
        while (!is_kind(p, LEX_END) && !is_kind(p, LEX_SEMICOLON))
            advance(p);
    }
    return NULL;
}

/* -- UPDATE, DELETE -----------------------------------------------------------------------------
 */

static struct error *parse_assignments(struct parser *p, struct statement_ast *s)
{
    do {
        struct dml dml = {.kind = DML_SET};
        TRY(parse_simple_path(p, &dml.path));
        if (!is_operator(p, "="))
            return not_well_formed(p->arena, "Expected '='");
        advance(p);
        TRY(parse_expression(p, &dml.value));
        VEC_PUSH(p->arena, &s->actions, dml);
        if (!is_kind(p, LEX_COMMA))
            return NULL;
        advance(p);
    } while (true);
}

static struct error *parse_actions(struct parser *p, struct statement_ast *s)
{
    if (!is_word(p, "set") && !is_word(p, "remove"))
        return not_well_formed(p->arena, "Expected data manipulation");
    while (true) {
        if (take_word(p, "set")) {
            TRY(parse_assignments(p, s));
        } else if (take_word(p, "remove")) {
            struct dml dml = {.kind = DML_REMOVE};
            TRY(parse_simple_path(p, &dml.path));
            VEC_PUSH(p->arena, &s->actions, dml);
        } else {
            return NULL;
        }
    }
}

static struct error *parse_returning(struct parser *p, struct statement_ast *s)
{
    if (!take_word(p, "returning"))
        return NULL;
    do {
        bool is_all = is_word(p, "all");
        if (!is_all && !is_word(p, "modified"))
            return not_well_formed(p->arena, "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in "
                                             "RETURNING clause");
        advance(p);
        bool is_old = is_word(p, "old");
        if (!is_old && !is_word(p, "new"))
            return not_well_formed(p->arena, "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in "
                                             "RETURNING clause");
        advance(p);
        if (!is_operator(p, "*"))
            return invalid(p->arena, "Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in "
                                     "RETURNING clause");
        advance(p);
        s->returning = is_all ? (is_old ? RETURNING_ALL_OLD : RETURNING_ALL_NEW)
                              : (is_old ? RETURNING_MODIFIED_OLD : RETURNING_MODIFIED_NEW);
        s->returning_count++;
        if (!is_kind(p, LEX_COMMA))
            return NULL;
        advance(p);
    } while (true);
}

static struct error *parse_update(struct parser *p, struct statement_ast *s)
{
    s->kind = STATEMENT_UPDATE;
    TRY(parse_target(p, s));
    TRY(parse_actions(p, s));
    return parse_where(p, s);
}

/* FROM first: the WHERE stands before what it is for. */
static struct error *parse_from(struct parser *p, struct statement_ast *s)
{
    s->kind = STATEMENT_UPDATE;
    TRY(parse_source(p, s));
    TRY(parse_where(p, s));
    return parse_actions(p, s);
}

static struct error *parse_delete(struct parser *p, struct statement_ast *s)
{
    s->kind = STATEMENT_DELETE;
    if (!take_word(p, "from"))
        return not_well_formed(p->arena, "Expected FROM after DELETE");
    TRY(parse_target(p, s));
    return parse_where(p, s);
}

/* -- all ----------------------------------------------------------------------------------------
 */

/* No statement. Of an expression standing alone the service says what it cannot do; known is only
 * what it calls IS. */
static struct error *refuse_bare(struct parser *p)
{
    const struct ast *bare;
    bool is_whole =
        !parse_expression(p, &bare) && (is_kind(p, LEX_END) || is_kind(p, LEX_SEMICOLON));
    if (is_whole && bare->kind == AST_IS)
        return invalid(p->arena, "Unsupported operation: IsType");
    return not_well_formed(p->arena, "Expected data manipulation");
}

static struct error *parse_any(struct parser *p, struct statement_ast *s)
{
    static const struct {
        const char *word;
        struct error *(*parse)(struct parser *p, struct statement_ast *s);
    } forms[] = {{"select", parse_select}, {"insert", parse_insert}, {"update", parse_update},
                 {"delete", parse_delete}, {"from", parse_from},     {"exists", parse_exists}};
    for (size_t i = 0; i < countof(forms); i++)
        if (take_word(p, forms[i].word))
            return forms[i].parse(p, s);
    return refuse_bare(p);
}

struct error *parse_statement(struct arena *a, struct str text, const struct statement_ast **out)
{
    struct parser p = {.arena = a};
    TRY(lex(a, text, &p.at));
    struct statement_ast *s = arena_new(a, struct statement_ast);
    TRY(parse_any(&p, s));
    TRY(parse_returning(&p, s));
    if (is_kind(&p, LEX_SEMICOLON))
        advance(&p);
    *out = s;
    return is_kind(&p, LEX_END) ? NULL : unexpected_token(&p);
}
