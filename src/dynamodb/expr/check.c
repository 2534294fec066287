/* The checks that need names and values, in the service's order: placeholders are defined, operands
 * differ, and have types that can work at all. What depends on the item is told by evaluation. */
#include "base/encode.h"
#include "dynamodb/expr/program.h"
#include "dynamodb/model/limits.h"
#include "dynamodb/model/number.h"

struct error *check_path_defined(struct arena *a, const struct bound *bound, uint32_t path)
{
    const struct program_path *p = &bound->program->paths[path];
    for (size_t i = 0; p->placeholders && i < p->path.count; i++) {
        uint16_t name = p->placeholders[i];
        if (name != NOT_A_PLACEHOLDER && !bound->is_defined[name])
            return expr_error(a, bound->program->kind,
                              "An expression attribute name used in the document path is not "
                              "defined; attribute name: %.*s",
                              STR_ARG(bound->program->names[name]));
    }
    if (p->path.count > LIMIT_NESTING)
        return expr_error(a, bound->program->kind,
                          "The document path has too many nesting levels; nesting levels: %zu",
                          p->path.count);
    return NULL;
}

static struct error *check_value_defined(struct arena *a, const struct bound *bound, uint32_t value)
{
    if (bound->is_defined[bound->program->name_count + value])
        return NULL;
    return expr_error(a, bound->program->kind,
                      "An expression attribute value used in expression is not defined; "
                      "attribute value: %.*s",
                      STR_ARG(bound->program->values[value]));
}

enum value_type static_type(const struct bound *bound, const struct node *node)
{
    if (node->op == OP_VALUE)
        return bound->values[node->index].type;
    return node->op == OP_SIZE ? VALUE_N : VALUE_NONE;
}

static struct error *operand_type_error(struct arena *a, const struct bound *bound, struct str op,
                                        struct str type)
{
    return expr_error(a, bound->program->kind,
                      "Incorrect operand type for operator or function; operator or function: "
                      "%.*s, operand type: %.*s",
                      STR_ARG(op), STR_ARG(type));
}

/* Types as a set of bits, for what an operator takes. */
#define TYPE_BIT(type) (1u << (type))
enum {
    ORDERED = TYPE_BIT(VALUE_S) | TYPE_BIT(VALUE_N) | TYPE_BIT(VALUE_B),
    PREFIXED = TYPE_BIT(VALUE_S) | TYPE_BIT(VALUE_B),
    UNSIZED = TYPE_BIT(VALUE_N) | TYPE_BIT(VALUE_BOOL) | TYPE_BIT(VALUE_NULL),
    SIZED = ~UNSIZED,
};

static struct error *check_types(struct arena *a, const struct bound *bound,
                                 const struct node *node, unsigned allowed)
{
    for (size_t i = 0; i < node->count; i++) {
        enum value_type type = static_type(bound, node->args[i]);
        if (type != VALUE_NONE && !(TYPE_BIT(type) & allowed))
            return operand_type_error(a, bound, op_name(node->op), value_type_name(type));
    }
    return NULL;
}

/* The first operand, if a path, is none of the others. Values may repeat. */
static struct error *check_distinct(struct arena *a, const struct bound *bound,
                                    const struct node *node)
{
    if (node->count == 0 || node->args[0]->op != OP_PATH)
        return NULL;
    const struct path *first = &bound->paths[node->args[0]->index];
    for (size_t i = 1; i < node->count; i++) {
        const struct node *other = node->args[i];
        if (other->op != OP_PATH || path_order(first, &bound->paths[other->index]) != 0)
            continue;
        return expr_error(a, bound->program->kind,
                          "The first operand must be distinct from the remaining operands for "
                          "this operator or function; operator: %.*s, first operand: %.*s",
                          STR_ARG(op_name(node->op)), STR_ARG(path_show(a, *first)));
    }
    return NULL;
}

struct str expr_show_scalar(struct arena *a, struct value v)
{
    struct buf text;
    buf_init(&text, LIMIT_ITEM * 2);
    buf_printf(&text, "AttributeValue: {%.*s:", STR_ARG(value_type_name(v.type)));
    if (v.type == VALUE_N)
        number_print(&text, v.data);
    else if (v.type == VALUE_B)
        base64_encode(&text, v.data);
    else
        buf_add(&text, v.data);
    buf_add_char(&text, '}');
    struct str shown = arena_str(a, buf_str(&text));
    buf_clear(&text);
    return shown;
}

static struct error *bounds_error(struct arena *a, const struct bound *bound, const char *what,
                                  struct value low, struct value high)
{
    return expr_error(a, bound->program->kind,
                      "The BETWEEN operator requires %s; lower bound operand: %.*s, upper bound "
                      "operand: %.*s",
                      what, STR_ARG(expr_show_scalar(a, low)), STR_ARG(expr_show_scalar(a, high)));
}

static struct error *check_between(struct arena *a, const struct bound *bound,
                                   const struct node *node)
{
    TRY(check_distinct(a, bound, node));
    TRY(check_types(a, bound, node, ORDERED));
    if (node->args[1]->op != OP_VALUE || node->args[2]->op != OP_VALUE)
        return NULL;
    struct value low = bound->values[node->args[1]->index];
    struct value high = bound->values[node->args[2]->index];
    if (low.type != high.type)
        return bounds_error(a, bound, "same data type for lower and upper bounds", low, high);
    if (value_compare(low, high) > 0)
        return bounds_error(a, bound, "upper bound to be greater than or equal to lower bound", low,
                            high);
    return NULL;
}

static struct error *check_in(struct arena *a, const struct bound *bound, const struct node *node)
{
    size_t operands = node->count - 1u;
    if (operands > LIMIT_IN_OPERANDS)
        return expr_error(a, bound->program->kind,
                          "The IN operator is provided with too many operands; "
                          "number of operands: %zu",
                          operands);
    return check_distinct(a, bound, node);
}

/* attribute_type's second operand: a value that names a type. */
static struct error *check_type_name(struct arena *a, const struct bound *bound,
                                     const struct node *operand)
{
    static const struct str any =
        STR_INIT("{SS,M,DECIMAL,DOUBLESET,HDS,N,B,DICT,INTSET,BOOL,HD,BS,INT,DECIMALSET,NULL,"
                 "FLOAT,FS,S,L,NS,DOUBLE}");
    enum value_type type = static_type(bound, operand), named;
    if (type != VALUE_S)
        return operand_type_error(a, bound, op_name(OP_TYPE),
                                  type == VALUE_NONE ? any : value_type_name(type));
    struct str name = bound->values[operand->index].data;
    if (!value_type_parse(name, &named))
        return expr_error(a, bound->program->kind,
                          "Invalid attribute type name found; type: %.*s, valid types: "
                          "{N,BS,L,B,NULL,M,S,SS,NS,BOOL}",
                          STR_ARG(name));
    return NULL;
}

struct error *check_operand_count(struct arena *a, enum expr_kind kind, const struct node *call)
{
    bool takes_one = call->op == OP_EXISTS || call->op == OP_NOT_EXISTS || call->op == OP_SIZE;
    if (call->count == (takes_one ? 1 : 2))
        return NULL;
    return expr_error(a, kind,
                      "Incorrect number of operands for operator or function; operator or "
                      "function: %.*s, number of operands: %u",
                      STR_ARG(op_name(call->op)), call->count);
}

static struct error *check_needs_path(struct arena *a, const struct bound *bound,
                                      const struct node *call)
{
    if (call->args[0]->op == OP_PATH)
        return NULL;
    return expr_error(a, bound->program->kind,
                      "Operator or function requires a document path; operator or function: %.*s",
                      STR_ARG(op_name(call->op)));
}

static struct error *check_call(struct arena *a, const struct bound *bound, const struct node *call)
{
    for (size_t i = 0; i < call->count; i++)
        TRY(check_operand(a, bound, call->args[i]));
    TRY(check_operand_count(a, bound->program->kind, call));
    switch ((int)call->op) {
    case OP_EXISTS:
    case OP_NOT_EXISTS:
        return check_needs_path(a, bound, call);
    case OP_TYPE: /* of a value too, whatever the developer guide says */
        TRY(check_distinct(a, bound, call));
        return check_type_name(a, bound, call->args[1]);
    case OP_IF_NOT_EXISTS:
        TRY(check_needs_path(a, bound, call));
        return check_distinct(a, bound, call);
    case OP_BEGINS_WITH:
        TRY(check_distinct(a, bound, call));
        return check_types(a, bound, call, PREFIXED);
    case OP_CONTAINS:
        return check_distinct(a, bound, call);
    case OP_SIZE:
        return check_types(a, bound, call, (unsigned)SIZED);
    case OP_LIST_APPEND:
        return check_types(a, bound, call, TYPE_BIT(VALUE_L));
    default:
        return NULL;
    }
}

struct error *check_operand(struct arena *a, const struct bound *bound, const struct node *node)
{
    if (node->op == OP_PATH)
        return check_path_defined(a, bound, node->index);
    if (node->op == OP_VALUE)
        return check_value_defined(a, bound, node->index);
    if (op_is_function(node->op))
        return check_call(a, bound, node);
    for (size_t i = 0; i < node->count; i++) /* PLUS, MINUS; PartiQL's signs have one operand */
        TRY(check_operand(a, bound, node->args[i]));
    TRY(check_operand_count(a, bound->program->kind, node));
    return check_types(a, bound, node, TYPE_BIT(VALUE_N));
}

struct error *check_condition(struct arena *a, const struct bound *bound, const struct node *node)
{
    if (op_is_operand(node->op))
        return check_operand(a, bound, node);
    for (size_t i = 0; i < node->count; i++)
        TRY(check_condition(a, bound, node->args[i]));
    switch ((int)node->op) {
    case OP_EQ:
    case OP_NE:
        return check_distinct(a, bound, node);
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
        TRY(check_distinct(a, bound, node));
        return check_types(a, bound, node, ORDERED);
    case OP_BETWEEN:
        return check_between(a, bound, node);
    case OP_IN:
        return check_in(a, bound, node);
    default:
        return NULL; /* AND, OR, NOT */
    }
}

/* -- updates -------------------------------------------------------------------------------------
 */

static struct error *check_names_defined(struct arena *a, const struct bound *bound,
                                         const struct node *node)
{
    if (node->op == OP_PATH)
        return check_path_defined(a, bound, node->index);
    for (size_t i = 0; i < node->count; i++)
        TRY(check_names_defined(a, bound, node->args[i]));
    return NULL;
}

/* ADD takes numbers and sets, DELETE sets. */
static struct error *check_action_type(struct arena *a, const struct bound *bound,
                                       const struct action *action)
{
    static const char *const long_names[] = {
        [VALUE_NONE] = "",        [VALUE_S] = "STRING",  [VALUE_N] = "NUMBER", [VALUE_B] = "BINARY",
        [VALUE_BOOL] = "BOOLEAN", [VALUE_NULL] = "NULL", [VALUE_SS] = "",      [VALUE_NS] = "",
        [VALUE_BS] = "",          [VALUE_L] = "LIST",    [VALUE_M] = "MAP",
    };
    const char *clause = action->clause == CLAUSE_ADD ? "ADD" : "DELETE";
    unsigned allowed = TYPE_BIT(VALUE_SS) | TYPE_BIT(VALUE_NS) | TYPE_BIT(VALUE_BS);
    if (action->clause == CLAUSE_ADD)
        allowed |= TYPE_BIT(VALUE_N);
    enum value_type type = static_type(bound, action->value);
    if (TYPE_BIT(type) & allowed)
        return NULL;
    return expr_error(a, bound->program->kind,
                      "Incorrect operand type for operator or function; operator: %s, operand "
                      "type: %s, typeSet: ALLOWED_FOR_%s_OPERAND",
                      clause, long_names[type], clause);
}

static struct error *check_action(struct arena *a, const struct bound *bound,
                                  const struct action *action)
{
    TRY(check_path_defined(a, bound, action->path));
    if (action->value)
        TRY(check_operand(a, bound, action->value));
    if (action->clause == CLAUSE_ADD || action->clause == CLAUSE_DELETE)
        return check_action_type(a, bound, action);
    return NULL;
}

/* First the paths that are written, then from the last action back to the first: all #names, then
 * all :values and types. The service's order, odd as it is. */
struct error *check_update(struct arena *a, const struct bound *bound)
{
    const struct program *program = bound->program;
    for (size_t i = 0; i < program->action_count; i++)
        TRY(check_path_defined(a, bound, program->actions[i].path));
    TRY(check_overlaps(a, program->kind, bound->targets, bound->order, bound->target_count));
    for (size_t i = program->action_count; i-- > 0;)
        if (program->actions[i].value)
            TRY(check_names_defined(a, bound, program->actions[i].value));
    for (size_t i = program->action_count; i-- > 0;)
        TRY(check_action(a, bound, &program->actions[i]));
    return NULL;
}
