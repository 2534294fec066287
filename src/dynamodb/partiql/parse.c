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
    TRY(parse_simple_path(p, &s->target));
    return parse_alias(p, s);
}

/* One of several sources, which are refused: only the first is kept. */
static struct error *parse_one_source(struct parser *p, struct statement_ast *s)
{
    const struct ast *source;
    s->has_many_sources |= take_word(p, "unpivot");
    TRY(parse_expression(p, &source));
    if (!s->target)
        s->target = source;
    return parse_alias(p, s);
}

/* Moves over a comma or a JOIN, whose condition is to follow unless it is a CROSS JOIN. */
static bool take_join(struct parser *p, bool *needs_on)
{
    static const char *const sides[] = {"inner", "left", "right", "full", "outer", "cross"};
    const struct token *t = p->at;
    *needs_on = t->kind != LEX_COMMA;
    if (t->kind == LEX_COMMA) {
        p->at++;
        return true;
    }
    for (size_t i = 0; i < countof(sides); i++) {
        if (!token_is_word(t, str_z(sides[i])))
            continue;
        *needs_on &= !str_eq(str_z(sides[i]), S("cross"));
        t++;
    }
    if (!token_is_word(t, S("join")))
        return false;
    p->at = t + 1;
    return true;
}

/* The source of a SELECT may be any expression, or several. */
static struct error *parse_source(struct parser *p, struct statement_ast *s)
{
    bool needs_on;
    TRY(parse_one_source(p, s));
    while (take_join(p, &needs_on)) {
        const struct ast *ignored;
        s->has_many_sources = true;
        TRY(parse_one_source(p, s));
        if (needs_on && !take_word(p, "on"))
            return not_well_formed(p->arena, "Expected 'ON'");
        if (needs_on)
            TRY(parse_expression(p, &ignored));
    }
    return NULL;
}

static struct error *parse_where(struct parser *p, struct statement_ast *s)
{
    return take_word(p, "where") ? parse_expression(p, &s->where) : NULL;
}

/* -- SELECT -------------------------------------------------------------------------------------
 */

/* Stars in a path of the list: only at its end, and not behind an index. */
static struct error *check_stars(struct parser *p, const struct ast *column)
{
    bool has_index = false, ends_in_star = false;
    for (size_t i = 0; column->kind == AST_PATH && i < column->steps.count; i++) {
        enum step_kind kind = column->steps.items[i].kind;
        if (kind == STEP_EVERY_INDEX || ends_in_star)
            return not_well_formed(p->arena, "Invalid use of * in select list");
        has_index |= kind == STEP_INDEX;
        ends_in_star = kind == STEP_EVERY_NAME;
    }
    if (has_index && ends_in_star)
        return not_well_formed(p->arena, "Cannot use [] and * together in SELECT list expression");
    return NULL;
}

static struct error *parse_column(struct parser *p, struct statement_ast *s)
{
    static const char *const reserved[] = {"insert", "set",    "remove", "update",
                                           "delete", "select", "from",   "where"};
    const struct ast *column;
    for (size_t i = 0; i < countof(reserved); i++)
        if (is_word(p, reserved[i]))
            return not_well_formed(p->arena,
                                   "Expected identifier or an expression but found unexpected "
                                   "keyword '%s' in a select list.",
                                   reserved[i]);
    TRY(parse_expression(p, &column));
    TRY(check_stars(p, column));
    VEC_PUSH(p->arena, &s->columns, column);
    return parse_alias(p, s);
}

static struct error *parse_columns(struct parser *p, struct statement_ast *s)
{
    size_t count = 0;
    s->is_value = take_word(p, "value");
    if (s->is_value) {
        const struct ast *ignored;
        return parse_expression(p, &ignored);
    }
    while (true) {
        count++;
        if (is_operator(p, "*")) {
            s->is_star = true;
            advance(p);
        } else {
            TRY(parse_column(p, s));
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
    const struct ast *value;
    if (!take_word(p, word))
        return NULL;
    TRY(parse_expression(p, &value));
    if (!s->refused.name.len)
        s->refused = (struct clause_ast){name, value->token.place};
    return NULL;
}

/* GROUP [PARTIAL] BY key [AS name], … [GROUP AS name] */
static struct error *parse_group_by(struct parser *p, struct statement_ast *s)
{
    if (!take_word(p, "group"))
        return NULL;
    take_word(p, "partial");
    if (!is_word(p, "by"))
        return not_well_formed(p->arena, "Expected BY");
    do {
        const struct ast *key;
        advance(p);
        TRY(parse_expression(p, &key));
        if (key->kind == AST_NUMBER || key->kind == AST_STRING || key->kind == AST_BOOLEAN)
            return not_well_formed(p->arena,
                                   "Literals (including ordinals) not supported in GROUP BY");
        TRY(parse_alias(p, s));
    } while (is_kind(p, LEX_COMMA));
    s->refused = (struct clause_ast){.name = S("GROUP BY")};
    if (!take_word(p, "group"))
        return NULL;
    if (!take_word(p, "as"))
        return not_well_formed(p->arena, "Expected keyword as");
    if (!is_kind(p, LEX_IDENTIFIER))
        return not_well_formed(p->arena, "Expected identifier for GROUP name");
    advance(p);
    return NULL;
}

/* From FROM to the end. */
static struct error *parse_select_rest(struct parser *p, struct statement_ast *s)
{
    if (!take_word(p, "from"))
        return not_well_formed(p->arena, "Expected FROM after SELECT list");
    TRY(parse_source(p, s));
    TRY(parse_where(p, s));
    TRY(parse_order(p, s));
    TRY(parse_group_by(p, s));
    TRY(parse_refused(p, s, "having", S("HAVING")));
    TRY(parse_refused(p, s, "limit", S("LIMIT")));
    return parse_refused(p, s, "offset", S("OFFSET"));
}

static struct error *parse_select(struct parser *p, struct statement_ast *s)
{
    s->kind = STATEMENT_SELECT;
    s->is_distinct = take_word(p, "distinct");
    if (!s->is_distinct)
        take_word(p, "all");
    TRY(parse_columns(p, s));
    return parse_select_rest(p, s);
}

/* PIVOT value AT name FROM … */
static struct error *parse_pivot(struct parser *p, struct statement_ast *s)
{
    const struct ast *ignored;
    s->kind = STATEMENT_SELECT;
    s->is_value = true;
    TRY(parse_expression(p, &ignored));
    if (!take_word(p, "at"))
        return not_well_formed(p->arena, "Expected keyword at");
    TRY(parse_expression(p, &ignored));
    return parse_select_rest(p, s);
}

static struct error *parse_exists(struct parser *p, struct statement_ast *s)
{
    if (!is_kind(p, LEX_OPEN))
        return not_well_formed(p->arena, "Unexpected keyword");
    advance(p);
    if (!take_word(p, "select"))
        return not_well_formed(p->arena, "Unexpected keyword");
    TRY(parse_select(p, s));
    s->kind = STATEMENT_EXISTS;
    return expect_token(p, LEX_CLOSE, "RIGHT_PAREN");
}

/* -- INSERT -------------------------------------------------------------------------------------
 */

static struct error *parse_returning(struct parser *p, struct statement_ast *s);

/* ON CONFLICT WHERE … DO NOTHING */
static struct error *parse_conflict(struct parser *p, struct statement_ast *s)
{
    const struct ast *ignored;
    if (!is_word(p, "on") || !token_is_word(p->at + 1, S("conflict")))
        return NULL;
    p->at += 2;
    s->has_conflict_action = true;
    if (!take_word(p, "where"))
        return not_well_formed(p->arena, "invalid ON CONFLICT syntax");
    TRY(parse_expression(p, &ignored));
    if (!take_word(p, "do") || !take_word(p, "nothing"))
        return not_well_formed(p->arena, "invalid ON CONFLICT syntax");
    return NULL;
}

static struct error *parse_insert(struct parser *p, struct statement_ast *s)
{
    s->kind = STATEMENT_INSERT;
    if (!take_word(p, "into"))
        return not_well_formed(p->arena, "Unexpected keyword");
    TRY(parse_simple_path(p, &s->target));
    s->is_one_value = take_word(p, "value");
    TRY(parse_expression(p, &s->value));
    if (!s->is_one_value)
        return NULL;
    s->has_position = take_word(p, "at");
    if (s->has_position) {
        const struct ast *ignored;
        TRY(parse_expression(p, &ignored));
    }
    TRY(parse_conflict(p, s));
    return parse_returning(p, s);
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

static bool is_insert(const struct parser *p)
{
    return is_word(p, "insert") && token_is_word(p->at + 1, S("into"));
}

static struct error *parse_actions(struct parser *p, struct statement_ast *s)
{
    if (!is_word(p, "set") && !is_word(p, "remove") && !is_insert(p))
        return not_well_formed(p->arena, "Expected data manipulation");
    while (true) {
        if (take_word(p, "set")) {
            TRY(parse_assignments(p, s));
        } else if (take_word(p, "remove")) {
            struct dml dml = {.kind = DML_REMOVE};
            TRY(parse_simple_path(p, &dml.path));
            VEC_PUSH(p->arena, &s->actions, dml);
        } else if (is_insert(p)) { /* refused later */
            struct statement_ast insert = {0};
            advance(p);
            TRY(parse_insert(p, &insert));
            s->is_one_value = insert.is_one_value;
            VEC_PUSH(p->arena, &s->actions, ((struct dml){.kind = DML_INSERT}));
        } else {
            return NULL;
        }
    }
}

/* What RETURNING names in place of the star parses when it is a path of one or two names. */
static struct error *parse_returned_column(struct parser *p, struct statement_ast *s)
{
    const struct ast *column;
    s->returns_columns = true;
    TRY(parse_expression(p, &column));
    if (column->kind > AST_NULL && column->kind != AST_PATH && column->kind != AST_MISSING &&
        column->kind != AST_ION)
        return not_well_formed(p->arena, "Unsupported syntax in RETURNING columns.");
    if (column->steps.count > 2)
        return not_well_formed(p->arena, "More than two paths in RETURNING columns.");
    return NULL;
}

/* RETURNING (ALL | MODIFIED) (OLD | NEW) *, … */
static struct error *parse_returning(struct parser *p, struct statement_ast *s)
{
    if (!is_word(p, "returning"))
        return NULL;
    do {
        advance(p);
        bool is_all = is_word(p, "all"), is_old = token_is_word(p->at + 1, S("old"));
        if ((!is_all && !is_word(p, "modified")) ||
            (!is_old && !token_is_word(p->at + 1, S("new"))))
            return not_well_formed(p->arena, "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each "
                                             "returning element.");
        p->at += 2;
        s->returning = is_all ? (is_old ? RETURNING_ALL_OLD : RETURNING_ALL_NEW)
                              : (is_old ? RETURNING_MODIFIED_OLD : RETURNING_MODIFIED_NEW);
        s->returning_count++;
        if (is_operator(p, "*"))
            advance(p);
        else
            TRY(parse_returned_column(p, s));
    } while (is_kind(p, LEX_COMMA));
    return NULL;
}

static struct error *parse_update(struct parser *p, struct statement_ast *s)
{
    s->kind = STATEMENT_UPDATE;
    TRY(parse_target(p, s));
    TRY(parse_actions(p, s));
    TRY(parse_where(p, s));
    return parse_returning(p, s);
}

/* Without a table. */
static struct error *parse_set(struct parser *p, struct statement_ast *s)
{
    s->kind = STATEMENT_UPDATE;
    p->at--;
    return parse_actions(p, s);
}

/* FROM first: the WHERE stands before what it is for. */
static struct error *parse_from(struct parser *p, struct statement_ast *s)
{
    s->kind = STATEMENT_UPDATE;
    TRY(parse_source(p, s));
    TRY(parse_where(p, s));
    TRY(parse_actions(p, s));
    return parse_returning(p, s);
}

static struct error *parse_delete(struct parser *p, struct statement_ast *s)
{
    s->kind = STATEMENT_DELETE;
    if (!take_word(p, "from"))
        return not_well_formed(p->arena, "Expected FROM after DELETE");
    TRY(parse_target(p, s));
    TRY(parse_where(p, s));
    return parse_returning(p, s);
}

/* -- all ----------------------------------------------------------------------------------------
 */

static const struct form {
    const char *word;
    struct error *(*parse)(struct parser *p, struct statement_ast *s);
} forms[] = {{"select", parse_select}, {"insert", parse_insert}, {"update", parse_update},
             {"delete", parse_delete}, {"from", parse_from},     {"set", parse_set},
             {"remove", parse_set},    {"pivot", parse_pivot},   {"exists", parse_exists}};

static const struct form *find_form(const struct parser *p)
{
    for (size_t i = 0; i < countof(forms); i++)
        if (is_word(p, forms[i].word))
            return &forms[i];
    return NULL;
}

static bool begins_definition(const struct parser *p)
{
    return is_word(p, "create") || is_word(p, "drop") || is_word(p, "exec");
}

bool begins_statement(const struct parser *p)
{
    return (find_form(p) && !is_word(p, "exists")) || begins_definition(p);
}

struct error *parse_nested(struct parser *p, struct ast **out)
{
    const struct token *word = p->at;
    const struct form *form = find_form(p);
    struct statement_ast *s = arena_new(p->arena, struct statement_ast);
    struct str name = lower_case(p->arena, word->text);
    if (!form) {
        TRY(parse_definition(p, &name));
    } else {
        advance(p);
        TRY(form->parse(p, s));
    }
    *out = ast_new(p, AST_OTHER, word);
    (*out)->type = form && form->parse == parse_pivot ? S("PIVOT") : S("SELECT");
    (*out)->operation = S("Select");
    if (s->kind == STATEMENT_SELECT && form)
        return NULL;
    return not_well_formed(p->arena, "Keyword %.*s only expected at the top level in the query",
                           STR_ARG(name));
}

static struct error *parse_end(struct parser *p)
{
    bool has_semicolon = is_kind(p, LEX_SEMICOLON);
    if (has_semicolon)
        advance(p);
    if (is_kind(p, LEX_END))
        return NULL;
    return has_semicolon ? not_well_formed(p->arena, "Unexpected token after semicolon. (Only one "
                                                     "query is allowed.)")
                         : not_well_formed(p->arena, "Unexpected token after expression");
}

static struct error *unsupported_operation(struct parser *p, struct str name)
{
    return invalid(p->arena, "Unsupported operation: %.*s", STR_ARG(name));
}

/* Every expression is a statement to the grammar. */
static struct error *parse_no_statement(struct parser *p)
{
    const struct ast *ast;
    struct str name;
    if (begins_definition(p)) {
        TRY(parse_definition(p, &name));
    } else {
        TRY(parse_expression(p, &ast));
        TRY(parse_end(p));
        name = kind_name(ast);
    }
    return unsupported_operation(p, name);
}

struct error *parse_statement(struct arena *a, struct str text, const struct statement_ast **out)
{
    struct parser p = {.arena = a};
    TRY(lex(a, text, &p.at));
    struct statement_ast *s = arena_new(a, struct statement_ast);
    const struct form *form = find_form(&p);
    s->place = p.at->place;
    *out = s;
    if (!form)
        return parse_no_statement(&p);
    advance(&p);
    TRY(form->parse(&p, s));
    return parse_end(&p);
}
