#include "dynamodb/expr/parser.h"

#include "dynamodb/model/limits.h"

static struct str kind_name(enum expr_kind kind)
{
    static const struct str names[] = {
        [EXPR_CONDITION] = STR_INIT("ConditionExpression"),
        [EXPR_FILTER] = STR_INIT("FilterExpression"),
        [EXPR_KEY_CONDITION] = STR_INIT("KeyConditionExpression"),
        [EXPR_PROJECTION] = STR_INIT("ProjectionExpression"),
        [EXPR_UPDATE] = STR_INIT("UpdateExpression"),
    };
    return names[kind];
}

struct error *expr_error(struct arena *a, enum expr_kind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str message = arena_vprintf(a, format, args);
    va_end(args);
    struct error *error = invalid(a, "Invalid %.*s: ", STR_ARG(kind_name(kind)));
    error->message = arena_join(a, error->message, message);
    return error;
}

struct str op_name(enum op op)
{
    static const struct str names[] = {
        [OP_PATH] = STR_INIT(""),
        [OP_VALUE] = STR_INIT(""),
        [OP_EXISTS] = STR_INIT("attribute_exists"),
        [OP_NOT_EXISTS] = STR_INIT("attribute_not_exists"),
        [OP_TYPE] = STR_INIT("attribute_type"),
        [OP_BEGINS_WITH] = STR_INIT("begins_with"),
        [OP_CONTAINS] = STR_INIT("contains"),
        [OP_SIZE] = STR_INIT("size"),
        [OP_IF_NOT_EXISTS] = STR_INIT("if_not_exists"),
        [OP_LIST_APPEND] = STR_INIT("list_append"),
        [OP_UNKNOWN_FUNCTION] = STR_INIT(""),
        [OP_EQ] = STR_INIT("="),
        [OP_NE] = STR_INIT("<>"),
        [OP_LT] = STR_INIT("<"),
        [OP_LE] = STR_INIT("<="),
        [OP_GT] = STR_INIT(">"),
        [OP_GE] = STR_INIT(">="),
        [OP_BETWEEN] = STR_INIT("BETWEEN"),
        [OP_IN] = STR_INIT("IN"),
        [OP_AND] = STR_INIT("AND"),
        [OP_OR] = STR_INIT("OR"),
        [OP_NOT] = STR_INIT("NOT"),
        [OP_PLUS] = STR_INIT("+"),
        [OP_MINUS] = STR_INIT("-"),
    };
    return names[op];
}

/* -- shared by the parsers ----------------------------------------------------------------------
 */

struct error *syntax_error(struct parser *p)
{
    struct str near = lexer_near(&p->lexer);
    struct str token = at(p, TOKEN_END) ? S("<EOF>") : p->lexer.current.text;
    return expr_error(p->arena, p->kind, "Syntax error; token: \"%.*s\", near: \"%.*s\"",
                      STR_ARG(token), STR_ARG(near));
}

struct error *expect(struct parser *p, enum token_type type)
{
    if (!at(p, type))
        return syntax_error(p);
    lexer_advance(&p->lexer);
    return NULL;
}

struct error *enter(struct parser *p)
{
    if (++p->depth > LIMIT_EXPRESSION_DEPTH)
        return expr_error(
            p->arena, p->kind,
            "The expression has exceeded the maximum nesting depth; maximum depth: %u",
            LIMIT_EXPRESSION_DEPTH);
    return NULL;
}

struct node *node_new(struct parser *p, enum op op, const struct node *const *args, size_t count)
{
    struct node *node = arena_new(p->arena, struct node);
    const struct node **copy = arena_alloc(p->arena, sizeof *copy * count);
    for (size_t i = 0; i < count; i++)
        copy[i] = args[i];
    *node = (struct node){.op = op, .args = copy, .count = (uint32_t)count};
    return node;
}

struct error *parenthesise(struct parser *p, struct node *node)
{
    if (node->is_parenthesised)
        return expr_error(p->arena, p->kind, "The expression has redundant parentheses;");
    node->is_parenthesised = true;
    return NULL;
}

/* -- paths, values, calls ------------------------------------------------------------------------
 */

/* Where a placeholder stands among those already seen. A text of 4 KB holds some 1,300 of them. */
#define PLACEHOLDER_INDEX(p, seen, text, out)                                                      \
    do {                                                                                           \
        size_t i_ = 0;                                                                             \
        while (i_ < (seen)->count && !str_eq((seen)->items[i_], (text)))                           \
            i_++;                                                                                  \
        if (i_ == (seen)->count)                                                                   \
            VEC_PUSH((p)->arena, (seen), (text));                                                  \
        (out) = (uint16_t)i_;                                                                      \
    } while (0)

typedef VEC(struct path_step) step_vec;
typedef VEC(uint16_t) placeholder_vec;

static struct error *take_name(struct parser *p, step_vec *steps, placeholder_vec *placeholders)
{
    struct token token = p->lexer.current;
    uint16_t placeholder = NOT_A_PLACEHOLDER;
    if (token.type != TOKEN_NAME && token.type != TOKEN_PLACEHOLDER)
        return syntax_error(p);
    if (token.type == TOKEN_PLACEHOLDER)
        PLACEHOLDER_INDEX(p, &p->names, token.text, placeholder);
    VEC_PUSH(p->arena, steps, (struct path_step){.name = token.text});
    VEC_PUSH(p->arena, placeholders, placeholder);
    lexer_advance(&p->lexer);
    return NULL;
}

/* The text stays in `name`, so that parse_check can show an index that is out of range. */
static struct error *take_index(struct parser *p, step_vec *steps, placeholder_vec *placeholders)
{
    struct token token = p->lexer.current;
    TRY(expect(p, TOKEN_INTEGER));
    uint64_t index = UINT32_MAX;
    if (!str_to_u64(token.text, UINT32_MAX, &index))
        index = UINT32_MAX;
    VEC_PUSH(p->arena, steps,
             (struct path_step){.name = token.text, .index = (uint32_t)index, .is_index = true});
    VEC_PUSH(p->arena, placeholders, NOT_A_PLACEHOLDER);
    return expect(p, TOKEN_BRACKET_CLOSE);
}

struct error *parse_path(struct parser *p, uint32_t *out)
{
    step_vec steps = {0};
    placeholder_vec placeholders = {0};
    TRY(take_name(p, &steps, &placeholders));
    for (;;) {
        if (at(p, TOKEN_DOT)) {
            lexer_advance(&p->lexer);
            TRY(take_name(p, &steps, &placeholders));
        } else if (at(p, TOKEN_BRACKET_OPEN)) {
            lexer_advance(&p->lexer);
            TRY(take_index(p, &steps, &placeholders));
        } else {
            break;
        }
    }
    bool has_placeholder = false;
    for (size_t i = 0; i < placeholders.count; i++)
        has_placeholder |= placeholders.items[i] != NOT_A_PLACEHOLDER;
    struct program_path path = {{steps.items, steps.count},
                                has_placeholder ? placeholders.items : NULL};
    *out = (uint32_t)p->paths.count;
    VEC_PUSH(p->arena, &p->paths, path);
    return NULL;
}

struct error *parse_value(struct parser *p, struct node **out)
{
    struct str text = p->lexer.current.text;
    TRY(expect(p, TOKEN_VALUE));
    *out = node_new(p, OP_VALUE, NULL, 0);
    uint16_t index;
    PLACEHOLDER_INDEX(p, &p->values, text, index);
    (*out)->index = index;
    return NULL;
}

static enum op function_op(struct str name)
{
    for (enum op op = OP_EXISTS; op < OP_UNKNOWN_FUNCTION; op++)
        if (str_eq(name, op_name(op)))
            return op;
    return OP_UNKNOWN_FUNCTION;
}

static struct error *parse_call(struct parser *p, struct node **out)
{
    VEC(const struct node *) args = {0};
    struct str name = p->lexer.current.text;
    TRY(enter(p));
    lexer_advance(&p->lexer);
    do {
        struct node *arg = NULL;
        lexer_advance(&p->lexer); /* the parenthesis, then commas */
        TRY(parse_operand(p, &arg));
        VEC_PUSH(p->arena, &args, arg);
    } while (at(p, TOKEN_COMMA));
    TRY(expect(p, TOKEN_CLOSE));
    leave(p);
    p->operators++;
    *out = node_new(p, function_op(name), args.items, args.count);
    (*out)->name = name;
    return NULL;
}

struct error *parse_operand(struct parser *p, struct node **out)
{
    if (at(p, TOKEN_VALUE))
        return parse_value(p, out);
    if (at(p, TOKEN_NAME) && p->lexer.next.type == TOKEN_OPEN)
        return parse_call(p, out);
    if (at(p, TOKEN_OPEN)) {
        TRY(enter(p));
        lexer_advance(&p->lexer);
        TRY(parse_operand(p, out));
        TRY(expect(p, TOKEN_CLOSE));
        leave(p);
        return parenthesise(p, *out);
    }
    uint32_t path = 0;
    TRY(parse_path(p, &path));
    *out = node_new(p, OP_PATH, NULL, 0);
    (*out)->index = path;
    return NULL;
}

static struct error *parse_projection(struct parser *p)
{
    uint32_t path;
    TRY(parse_path(p, &path));
    while (at(p, TOKEN_COMMA)) {
        lexer_advance(&p->lexer);
        TRY(parse_path(p, &path));
    }
    return NULL;
}

/* -- the whole ----------------------------------------------------------------------------------
 */

static struct error *parse_root(struct parser *p, const struct node **root)
{
    struct node *node = NULL;
    if (p->kind == EXPR_PROJECTION)
        TRY(parse_projection(p));
    else if (p->kind == EXPR_UPDATE)
        TRY(parse_update(p));
    else
        TRY(parse_condition(p, &node));
    *root = node;
    return at(p, TOKEN_END) ? NULL : syntax_error(p);
}

/* Older operations say how long it is, but not of an update. */
static struct error *too_long(struct arena *a, enum expr_kind kind, size_t len)
{
    static const char words[] = "Expression size has exceeded the maximum allowed size;";
    struct error *short_words = expr_error(a, kind, "%s", words);
    struct error *e = short_words;
    if (kind != EXPR_UPDATE)
        e = expr_error(a, kind, "%s expression size: %zu", words, len);
    e->newer = short_words;
    return e;
}

struct error *expr_parse(struct arena *a, enum expr_kind kind, struct str text,
                         const struct program **out)
{
    if (text.len == 0)
        return expr_error(a, kind, "The expression can not be empty;");
    if (text.len > LIMIT_EXPRESSION)
        return too_long(a, kind, text.len);
    struct parser p = {.arena = a, .kind = kind};
    struct program *program = arena_new(a, struct program);
    lexer_init(&p.lexer, arena_str(a, text));
    TRY(parse_root(&p, &program->root));
    program->kind = kind;
    program->actions = p.actions.items;
    program->action_count = p.actions.count;
    program->paths = p.paths.items;
    program->path_count = p.paths.count;
    program->names = p.names.items;
    program->name_count = p.names.count;
    program->values = p.values.items;
    program->value_count = p.values.count;
    TRY(parse_check(a, program));
    if (p.operators > LIMIT_EXPRESSION_OPERATORS)
        return expr_error(a, kind, "The expression contains too many operators; operator count: %u",
                          p.operators);
    *out = program;
    return NULL;
}
