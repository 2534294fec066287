/* Literals. Errors name where inside a value they are: "… under root.x[1]". The root is an
 * attribute's value, so the attribute's own name is not part of it. */
#include "dynamodb/partiql/build.h"

#include "dynamodb/model/limits.h"
#include "dynamodb/model/number.h"

#include <string.h>

/* A place inside a value. */
struct spot {
    const struct spot *outer; /* NULL: the root */
    struct str name;
    size_t index;
    bool is_index;
    unsigned depth;
};

static const struct spot root;

static struct spot spot_named(const struct spot *outer, struct str name)
{
    return (struct spot){.outer = outer, .name = name, .depth = outer->depth + 1};
}

static struct spot spot_at(const struct spot *outer, size_t index)
{
    return (struct spot){
        .outer = outer, .index = index, .is_index = true, .depth = outer->depth + 1};
}

static struct str show(struct arena *a, const struct spot *spot)
{
    if (!spot->outer)
        return S("root");
    struct str outer = show(a, spot->outer);
    if (spot->is_index)
        return arena_printf(a, "%.*s[%zu]", STR_ARG(outer), spot->index);
    return arena_printf(a, "%.*s.%.*s", STR_ARG(outer), STR_ARG(spot->name));
}

/* "message under root.x" */
static struct error *under(struct arena *a, const struct spot *spot, struct error *error)
{
    struct str where = show(a, spot);
    error->message = arena_printf(a, "%.*s under %.*s", STR_ARG(error->message), STR_ARG(where));
    return error;
}

/* The root is told by what stands there, what is inside by its kind. A path has no place. */
static struct error *unsupported(const struct reader *r, const struct ast *ast,
                                 const struct spot *spot)
{
    struct arena *a = r->arena;
    struct str where = show(a, spot);
    struct str what = spot->depth ? kind_name(ast) : lower_case(a, shown_name(ast));
    bool is_path = ast->kind == AST_PATH && ast->steps.count > 1;
    if (is_path || ast->kind == AST_MISSING)
        what = spot->depth ? what : shown_name(ast);
    if (ast->kind == AST_PATH && !is_path && !spot->depth)
        what = ast->token.text;
    struct error *e =
        invalid(a, "Unsupported data type: %.*s under key %.*s", STR_ARG(what), STR_ARG(where));
    return is_path ? e : at_place(a, ast->token.place, e);
}

static struct value take_buf(struct arena *a, enum value_type type, struct buf *b)
{
    struct value v = {type, arena_str(a, buf_str(b))};
    buf_clear(b);
    return v;
}

static struct error *read(const struct reader *r, const struct ast *ast, const struct spot *spot,
                          struct value *out);

/* -- scalars ------------------------------------------------------------------------------------
 */

/* As it was written, with its sign. */
static struct str number_text(struct arena *a, const struct ast *ast)
{
    return ast->is_negative ? arena_join(a, S("-"), ast->token.text) : ast->token.text;
}

static struct error *read_number(const struct reader *r, const struct ast *ast,
                                 const struct spot *spot, struct value *out)
{
    struct number n;
    struct error *e = number_parse(r->arena, number_text(r->arena, ast), &n);
    if (e)
        return under(r->arena, spot, e);
    *out = (struct value){VALUE_N, arena_str(r->arena, number_str(&n))};
    return NULL;
}

static struct error *read_parameter(const struct reader *r, const struct ast *ast,
                                    const struct spot *spot, struct value *out)
{
    if (spot->depth)
        return unsupported(r, ast, spot);
    if (ast->token.number >= r->parameter_count)
        return invalid(r->arena, "Number of parameters in request and statement don't match.");
    *out = r->parameters[ast->token.number];
    return NULL;
}

/* -- collections --------------------------------------------------------------------------------
 */

static struct error *read_list(const struct reader *r, const struct ast *ast,
                               const struct spot *spot, struct value *out)
{
    struct buf b;
    buf_init(&b, LIMIT_REQUEST_BODY);
    struct error *e = NULL;
    for (size_t i = 0; i < ast->args.count && !e; i++) {
        struct spot inner = spot_at(spot, i);
        struct value v = {0};
        e = read(r, ast->args.items[i], &inner, &v);
        if (!e)
            value_put(&b, v);
    }
    *out = take_buf(r->arena, VALUE_L, &b);
    return e;
}

static struct error *duplicates(const struct reader *r, const struct ast *bag, bool is_number,
                                const struct spot *spot)
{
    struct str list = S("");
    for (size_t i = 0; i < bag->args.count; i++) {
        struct str text = number_text(r->arena, bag->args.items[i]);
        list = arena_printf(r->arena, "%.*s%s%.*s", STR_ARG(list), i ? ", " : "", STR_ARG(text));
    }
    struct error *e =
        invalid(r->arena,
                "One or more parameter values were invalid: Input collection [%.*s] contains "
                "duplicates%s",
                STR_ARG(list), is_number ? "!" : ".");
    return is_number ? under(r->arena, spot, e) : e;
}

/* A set of strings or of numbers. */
static struct error *read_bag(const struct reader *r, const struct ast *ast,
                              const struct spot *spot, struct value *out)
{
    if (!ast->args.count)
        return invalid(r->arena, "Empty bags are not supported");
    enum ast_kind kind = ast->args.items[0]->kind;
    struct str *elements = arena_array(r->arena, struct str, ast->args.count);
    for (size_t i = 0; i < ast->args.count; i++) {
        const struct ast *element = ast->args.items[i];
        bool is_usable = kind == AST_STRING || kind == AST_NUMBER;
        if (element->kind != kind || !is_usable) {
            struct error *e = invalid(r->arena, "Unsupported data type in Bag. DynamoDB only "
                                                "supports either numbers or strings in bags");
            return is_usable ? e : at_place(r->arena, element->token.place, e);
        }
        struct spot inner = spot_at(spot, i);
        struct value v;
        TRY(read(r, element, &inner, &v));
        elements[i] = v.data;
    }
    struct buf b;
    buf_init(&b, LIMIT_REQUEST_BODY);
    bool is_set = set_build(&b, elements, ast->args.count);
    *out = take_buf(r->arena, kind == AST_STRING ? VALUE_SS : VALUE_NS, &b);
    return is_set ? NULL : duplicates(r, ast, kind == AST_NUMBER, spot);
}

/* What an Ion literal holds, by how it begins. */
static struct str ion_type(struct str text)
{
    static const struct {
        struct str start, type;
    } starts[] = {{STR_INIT("{{"), STR_INIT("BLOB")},   {STR_INIT("{"), STR_INIT("STRUCT")},
                  {STR_INIT("["), STR_INIT("LIST")},    {STR_INIT("("), STR_INIT("SEXP")},
                  {STR_INIT("\""), STR_INIT("STRING")}, {STR_INIT("null"), STR_INIT("NULL")},
                  {STR_INIT("true"), STR_INIT("BOOL")}, {STR_INIT("false"), STR_INIT("BOOL")}};
    bool is_number = text.len && strchr("+-0123456789", text.data[0]);
    for (size_t i = 0; i < countof(starts); i++)
        if (str_starts(text, starts[i].start))
            return starts[i].type;
    if (!is_number)
        return S("SYMBOL");
    for (size_t i = 1; i < text.len; i++)
        if (strchr("eE.dDT", text.data[i]))
            return text.data[i] == 'T'                          ? S("TIMESTAMP")
                   : text.data[i] == 'e' || text.data[i] == 'E' ? S("FLOAT")
                                                                : S("DECIMAL");
    return S("INT");
}

/* The first name that is there already. It is told at the map, in an item at the name. */
static struct error *duplicate_name(const struct reader *r, const struct ast *ast,
                                    const struct spot *spot, bool is_item)
{
    struct str where = show(r->arena, spot);
    for (size_t i = 2; i < ast->args.count; i += 2) {
        const struct ast *name = ast->args.items[i];
        for (size_t k = 0; k < i; k += 2)
            if (str_eq(ast->args.items[k]->token.text, name->token.text))
                return invalid_at(r->arena, is_item ? name->token.place : ast->token.place,
                                  "Duplicate keys in tuple. Key: %.*s under %.*s",
                                  STR_ARG(name->token.text), STR_ARG(where));
    }
    return NULL;
}

/* The members' names and values. An item's values are roots of their own. */
static struct error *read_members(const struct reader *r, const struct ast *ast,
                                  const struct spot *spot, bool is_item, struct member *members)
{
    for (size_t i = 0; i < ast->args.count; i += 2) {
        const struct ast *name = ast->args.items[i];
        bool is_literal = name->kind <= AST_NULL;
        struct str where = show(r->arena, spot);
        struct str kind =
            is_literal ? ion_type(lower_case(r->arena, name->token.text)) : kind_name(name);
        if (name->kind != AST_STRING)
            return invalid_at(r->arena, name->token.place,
                              "Tuple keys must be of type String. Actual type: %.*s under %.*s",
                              STR_ARG(kind), STR_ARG(where));
        if (!name->token.text.len)
            return invalid(r->arena, "Path component cannot be an empty string");
        struct spot inner = spot_named(spot, name->token.text);
        members[i / 2].name = name->token.text;
        TRY(read(r, ast->args.items[i + 1], is_item ? &root : &inner, &members[i / 2].value));
    }
    return NULL;
}

static struct error *read_struct(const struct reader *r, const struct ast *ast,
                                 const struct spot *spot, bool is_item, struct value *out)
{
    size_t count = ast->args.count / 2;
    struct member *members = arena_array(r->arena, struct member, count);
    TRY(read_members(r, ast, spot, is_item, members));
    struct buf b;
    buf_init(&b, LIMIT_REQUEST_BODY);
    bool is_map = members_build(&b, members, count);
    *out = take_buf(r->arena, VALUE_M, &b);
    return is_map ? NULL : duplicate_name(r, ast, spot, is_item);
}

/* -- all ----------------------------------------------------------------------------------------
 */

static struct error *read(const struct reader *r, const struct ast *ast, const struct spot *spot,
                          struct value *out)
{
    if (spot->depth >= LIMIT_NESTING)
        return under(r->arena, spot,
                     invalid(r->arena, "Nesting Levels have exceeded supported limits"));
    bool is_true = str_eq_nocase(ast->token.text, S("true"));
    switch (ast->kind) {
    case AST_NUMBER:
        return read_number(r, ast, spot, out);
    case AST_STRING:
        *out = (struct value){VALUE_S, ast->token.text};
        return NULL;
    case AST_BOOLEAN:
        *out = (struct value){VALUE_BOOL, is_true ? S("\x01") : (struct str){"\0", 1}};
        return NULL;
    case AST_NULL:
        *out = (struct value){VALUE_NULL, S("")};
        return NULL;
    case AST_PARAMETER:
        return read_parameter(r, ast, spot, out);
    case AST_LIST:
        return read_list(r, ast, spot, out);
    case AST_BAG:
        return read_bag(r, ast, spot, out);
    case AST_STRUCT:
        return read_struct(r, ast, spot, false, out);
    case AST_ION: {
        struct str where = show(r->arena, spot), type = ion_type(ast->token.text);
        return invalid_at(r->arena, ast->token.place,
                          "Ion Literals are not supported: %.*s under key %.*s", STR_ARG(type),
                          STR_ARG(where));
    }
    case AST_MISSING:
    case AST_PATH:
    case AST_CALL:
    case AST_OTHER:
    case AST_SIGN:
    case AST_NOT:
    case AST_AND:
    case AST_OR:
    case AST_BINARY:
    case AST_BETWEEN:
    case AST_IN:
    case AST_IS:
        break;
    }
    return unsupported(r, ast, spot);
}

struct error *literal_value(const struct reader *r, const struct ast *ast, struct value *out)
{
    if (ast->kind == AST_MISSING)
        return invalid(r->arena, "MISSING must be compared using IS operator");
    return read(r, ast, &root, out);
}

struct error *literal_item(const struct reader *r, const struct ast *ast, struct item *out)
{
    struct value v;
    if (ast->kind != AST_STRUCT)
        return invalid_at(r->arena, ast->token.place,
                          "Unsupported format in item expression. Please use struct format {...} "
                          "to express item values for insert statement.");
    TRY(read_struct(r, ast, &root, true, &v));
    *out = item_of(v.data);
    return NULL;
}

/* -- paths --------------------------------------------------------------------------------------
 */

bool step_names(const struct ast_step *step, struct str *name)
{
    const struct ast *index = step->index;
    *name = step->name;
    if (step->kind == STEP_NAME)
        return true;
    if (step->kind != STEP_INDEX)
        return false;
    *name = index->token.text;
    return index->kind == AST_STRING || (index->kind == AST_PATH && index->steps.count == 1);
}

static struct error *read_index(struct arena *a, const struct ast *ast, uint32_t *out)
{
    uint64_t index = 0;
    struct str text = number_text(a, ast);
    for (size_t i = 0; i < ast->token.text.len; i++)
        if (ast->kind != AST_NUMBER || ast->token.text.data[i] < '0' ||
            ast->token.text.data[i] > '9')
            return invalid_at(a, ast->token.place, "Unexpected path component");
    bool is_index = str_to_u64(ast->token.text, INT32_MAX, &index);
    if (!is_index || (ast->is_negative && index))
        return invalid_at(a, ast->token.place,
                          "List index is not within the allowable range; index: [%.*s]",
                          STR_ARG(text));
    *out = (uint32_t)index;
    return NULL;
}

struct error *literal_path(struct arena *a, const struct ast *ast, struct path *out)
{
    if (ast->kind != AST_PATH)
        return invalid_at(a, ast->token.place, "Unexpected path component");
    struct path_step *steps = arena_array(a, struct path_step, ast->steps.count);
    for (size_t i = 0; i < ast->steps.count; i++) {
        const struct ast_step *step = &ast->steps.items[i];
        if (step->kind == STEP_EVERY_NAME)
            return invalid_at(a, step->place,
                              "Unpivot path component like a.*.b are not supported");
        if (step->kind == STEP_EVERY_INDEX)
            return invalid_at(a, step->place,
                              "Wildcard path component like a[*].b are not supported");
        steps[i].is_index = !step_names(step, &steps[i].name);
        if (steps[i].is_index)
            TRY(read_index(a, step->index, &steps[i].index));
        else if (!steps[i].name.len)
            return invalid(a, "Path component cannot be an empty string");
    }
    *out = (struct path){steps, ast->steps.count};
    return NULL;
}
