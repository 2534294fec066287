/* From the statement as written to the statement as it is run. */
#include "dynamodb/partiql/build.h"
#include "dynamodb/partiql/parser.h"

/* -- tables -------------------------------------------------------------------------------------
 */

static bool is_table_name(struct str name)
{
    if (str_starts(name, S("arn:")))
        return true;
    if (name.len < 3 || name.len > 255)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_letter && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

/* The names of a table and its index, out of a path. */
static struct error *read_names(struct arena *a, const struct ast *target, struct statement *s)
{
    struct str names[2] = {S(""), S("")};
    if (target->kind != AST_PATH)
        return invalid(a, "Unexpected from source");
    if (target->steps.count > countof(names))
        return invalid(a, "A path may contain at most 2 components in the FROM clause");
    for (size_t i = 0; i < target->steps.count; i++) {
        const struct ast_step *step = &target->steps.items[i];
        if (step->kind == STEP_EVERY_NAME)
            return invalid_at(a, step->place,
                              "Unpivot path component like a.*.b are not supported");
        if (!step_names(step, &names[i]))
            return invalid(a, "Invalid list expression in source.");
        if (!names[i].len)
            return invalid(a, "Path component cannot be an empty string");
    }
    s->table = names[0];
    s->index = names[1];
    return NULL;
}

static struct error *read_target(struct arena *a, const struct statement_ast *ast,
                                 struct statement *s)
{
    if (!ast->target || ast->has_many_sources)
        return invalid(a, "Only select from a single table or index is supported.");
    if (ast->has_alias)
        return invalid(a, "Aliasing is not supported");
    TRY(read_names(a, ast->target, s));
    if (!is_table_name(s->table))
        return invalid(a, "Table name should be within the length [3, 255] and only contain 'a-z', "
                          "'A-Z', '0-9', '-', '_', '.'.");
    if (!s->index.len || s->kind == STATEMENT_SELECT || s->kind == STATEMENT_EXISTS)
        return NULL;
    if (s->kind == STATEMENT_INSERT)
        return invalid(a, "FROM clause may only contain a single table name in data manipulation "
                          "statements");
    return invalid(a, "This operation is not supported on an index");
}

/* -- SELECT -------------------------------------------------------------------------------------
 */

/* The last name of a path, and the indexes behind it. */
static struct str column_name(struct arena *a, struct path path)
{
    size_t last = path.count - 1;
    while (last > 0 && path.steps[last].is_index)
        last--;
    struct str name = path.steps[last].name;
    for (size_t i = last + 1; i < path.count; i++)
        name = arena_printf(a, "%.*s[%u]", STR_ARG(name), path.steps[i].index);
    return name;
}

static struct error *read_columns(struct arena *a, const struct statement_ast *ast,
                                  struct statement *s)
{
    size_t count = ast->is_star ? 0 : ast->columns.count;
    struct statement_column *columns = arena_array(a, struct statement_column, count);
    if (ast->is_value)
        return invalid(a, "Select projection doesn't support value or pivot keywords");
    for (size_t i = 0; i < count; i++) {
        const struct ast *column = ast->columns.items[i];
        size_t last = column->steps.count;
        if (column->kind == AST_PATH && column->steps.items[last - 1].kind == STEP_EVERY_NAME)
            return invalid(a, "Changing item's hierarchy while reading isn't supported");
        TRY(literal_path(a, column, &columns[i].path));
        columns[i].name = column_name(a, columns[i].path);
        for (size_t k = 0; k < i; k++)
            if (str_eq(columns[k].name, columns[i].name))
                return invalid(a, "Duplicate identifiers in select clause: %.*s",
                               STR_ARG(columns[i].name));
    }
    s->columns = columns;
    s->column_count = count;
    return NULL;
}

/* What is no attribute is told only when the keys are known (reads.c). */
static void read_order(struct arena *a, const struct statement_ast *ast, struct statement *s)
{
    struct statement_order *order = arena_array(a, struct statement_order, ast->order.count);
    for (size_t i = 0; i < ast->order.count; i++) {
        const struct ast *key = ast->order.items[i].key;
        struct str other = lower_case(a, shown_name(key));
        bool is_name = key->kind == AST_PATH && key->steps.count == 1;
        if (key->kind == AST_STRING)
            other = arena_printf(a, "\"%.*s\"", STR_ARG(key->token.text));
        else if (key->kind == AST_PATH || (key->kind >= AST_PARAMETER && key->kind <= AST_STRUCT) ||
                 key->kind == AST_MISSING)
            other = shown_name(key);
        order[i].is_descending = ast->order.items[i].is_descending;
        if (is_name)
            order[i].name = key->token.text;
        else
            order[i].other = other;
    }
    s->order = order;
    s->order_count = ast->order.count;
}

struct item statement_show(struct arena *a, const struct statement *s, struct item item)
{
    if (!s->column_count)
        return item;
    struct member *members = arena_array(a, struct member, s->column_count);
    size_t count = 0, bytes = 0;
    for (size_t i = 0; i < s->column_count; i++) {
        struct value v = path_get(s->columns[i].path, item.attributes);
        if (v.type == VALUE_NONE)
            continue;
        members[count++] = (struct member){s->columns[i].name, v};
        bytes += s->columns[i].name.len + v.data.len + 16;
    }
    struct buf out;
    buf_init(&out, bytes + 1);
    members_build(&out, members, count);
    struct item shown = item_of(arena_str(a, buf_str(&out)));
    buf_clear(&out);
    return shown;
}

/* -- writes -------------------------------------------------------------------------------------
 */

/* A RETURNING that is refused, which is told late; NULL: there is none. */
static struct error *check_returning(struct arena *a, const struct statement_ast *ast)
{
    static const char *const names[] = {
        [RETURNING_NOTHING] = "",
        [RETURNING_ALL_OLD] = "ALL OLD *",
        [RETURNING_MODIFIED_OLD] = "MODIFIED OLD *",
        [RETURNING_ALL_NEW] = "ALL NEW *",
        [RETURNING_MODIFIED_NEW] = "MODIFIED NEW *",
    };
    if (!ast->returning_count)
        return NULL;
    if (ast->returning_count > 1)
        return invalid(a, "Invalid syntax with multiple returning elements in RETURNING clause");
    if (ast->returns_columns)
        return invalid(a, "Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING "
                          "clause");
    if (ast->kind == STATEMENT_INSERT)
        return invalid(a, "RETURNING is not supported in INSERT");
    if (ast->kind == STATEMENT_DELETE && ast->returning != RETURNING_ALL_OLD)
        return invalid(a,
                       "Invalid returning clause: RETURNING %s. Only RETURNING ALL OLD * is "
                       "allowed in DELETE statements.",
                       names[ast->returning]);
    return NULL;
}

static struct error *read_where(const struct reader *r, const struct statement_ast *ast,
                                struct statement *s)
{
    return ast->where ? build_where(r, ast->where, &s->where) : NULL;
}

/* -- each kind, in the order in which the service finds what is wrong -----------------------------
 */

static struct error *read_select(const struct reader *r, const struct statement_ast *ast,
                                 struct statement *s)
{
    struct arena *a = r->arena;
    if (ast->refused.name.len) {
        struct error *e = invalid(a, "Unsupported clause: %.*s", STR_ARG(ast->refused.name));
        return ast->refused.place.line ? at_place(a, ast->refused.place, e) : e;
    }
    if (ast->is_distinct)
        return invalid(a, "Unsupported token in expression: DISTINCT");
    TRY(read_target(a, ast, s));
    if (s->kind == STATEMENT_SELECT) /* an EXISTS shows nothing */
        s->column_error = read_columns(a, ast, s);
    if (!s->index.len)
        TRY(s->column_error);
    read_order(a, ast, s);
    return read_where(r, ast, s);
}

static struct error *read_insert(const struct reader *r, const struct statement_ast *ast,
                                 struct statement *s)
{
    struct arena *a = r->arena;
    if (!ast->is_one_value)
        return invalid(a,
                       "Unsupported operation: Inserting multiple items in a single statement is "
                       "not supported, use \"INSERT INTO tableName VALUE item\" instead");
    if (ast->has_conflict_action)
        return invalid(a, "Unsupported clause: ON CONFLICT");
    if (ast->has_position)
        return invalid_at(a, ast->place, "AT is not supported in insert statements.");
    TRY(literal_item(r, ast->value, &s->item));
    return read_target(a, ast, s);
}

static struct error *read_update(const struct reader *r, const struct statement_ast *ast,
                                 struct statement *s)
{
    for (size_t i = 0; i < ast->actions.count; i++) {
        if (ast->actions.items[i].kind != DML_INSERT)
            continue;
        return ast->actions.count > 1
                   ? invalid(r->arena, "Only SET and REMOVE are supported in update expressions at "
                                       "this time")
                   : invalid_at(r->arena, ast->place,
                                "Unsupported FROM ... WHERE ... clause in "
                                "INSERT statement.");
    }
    TRY(read_where(r, ast, s));
    TRY(build_update(r, ast->actions.items, ast->actions.count, &s->update));
    return read_target(r->arena, ast, s);
}

static struct error *read_any(const struct reader *r, const struct statement_ast *ast,
                              struct statement *s)
{
    switch (ast->kind) {
    case STATEMENT_SELECT:
    case STATEMENT_EXISTS:
        return read_select(r, ast, s);
    case STATEMENT_INSERT:
        return read_insert(r, ast, s);
    case STATEMENT_UPDATE:
        return read_update(r, ast, s);
    case STATEMENT_DELETE:
        TRY(read_where(r, ast, s));
        return read_target(r->arena, ast, s);
    }
    return NULL;
}

struct error *statement_read(struct arena *a, struct str text, const struct value *parameters,
                             size_t parameter_count, const struct statement **out)
{
    const struct reader r = {a, parameters, parameter_count};
    const struct statement_ast *ast;
    struct statement *s = arena_new(a, struct statement);
    TRY(parse_statement(a, text, &ast));
    s->kind = ast->kind;
    s->returning = ast->returning;
    TRY(read_any(&r, ast, s));
    s->late_error = check_returning(a, ast);
    *out = s;
    return NULL;
}
