#include "dynamodb/partiql/build.h"
#include "dynamodb/partiql/partiql.h"

#include "base/vec.h"
#include "dynamodb/model/limits.h"

struct finder {
    struct arena *arena;
    const struct bound *where;
    const struct key_schema *keys;
    bool takes_one_in;
    struct member found[2]; /* the partition attribute, the sort attribute */
    VEC(const struct node *) rest;
    struct str twice;
};

static size_t key_count(const struct key_schema *keys)
{
    return (size_t)keys->partition_count + keys->sort_count;
}

static struct str key_name(const struct key_schema *keys, size_t i)
{
    return i == 0 ? keys->partition[0].name : keys->sort[0].name;
}

/* An attribute and a value that it must equal, on whichever side. */
static bool is_equality(const struct finder *f, const struct node *node, struct member *out)
{
    bool is_in = f->takes_one_in && node->op == OP_IN && node->count == 2;
    if (node->op != OP_EQ && !is_in)
        return false;
    size_t at = node->args[0]->op == OP_PATH ? 0 : 1;
    const struct node *path = node->args[at], *value = node->args[1 - at];
    if (path->op != OP_PATH || value->op != OP_VALUE || f->where->paths[path->index].count != 1)
        return false;
    *out =
        (struct member){f->where->paths[path->index].steps[0].name, f->where->values[value->index]};
    return true;
}

static void take(struct finder *f, const struct node *node)
{
    struct member equality;
    for (size_t i = 0; node->op == OP_AND && i < node->count; i++)
        take(f, node->args[i]);
    if (node->op == OP_AND)
        return;
    if (is_equality(f, node, &equality)) {
        for (size_t i = 0; i < key_count(f->keys); i++) {
            struct member *found = &f->found[i];
            if (!str_eq(key_name(f->keys, i), equality.name))
                continue;
            bool is_first = found->value.type == VALUE_NONE;
            if (is_first)
                *found = equality;
            if (is_first || value_equal(found->value, equality.value))
                return;
            f->twice = equality.name;
        }
    }
    VEC_PUSH(f->arena, &f->rest, node);
}

void where_key_of(struct arena *a, const struct bound *where, const struct key_schema *keys,
                  bool takes_one_in, struct where_key *out)
{
    struct finder f = {.arena = a, .where = where, .keys = keys, .takes_one_in = takes_one_in};
    *out = (struct where_key){0};
    if (!where)
        return;
    take(&f, where->program->root);
    struct member members[2];
    size_t count = 0;
    for (size_t i = 0; i < key_count(keys); i++)
        if (f.found[i].value.type != VALUE_NONE)
            members[count++] = f.found[i];
    struct buf key;
    buf_init(&key, LIMIT_REQUEST_BODY);
    members_build(&key, members, count);
    out->key = item_of(arena_str(a, buf_str(&key)));
    buf_clear(&key);
    out->is_whole = count == key_count(keys);
    out->twice = f.twice;
    out->rest = f.rest.items;
    out->rest_count = f.rest.count;
}

/* -- checks -------------------------------------------------------------------------------------
 */

static struct error *type_mismatch(struct arena *a, const struct key_attribute *key)
{
    return invalid(a,
                   "Key attribute's data type should match its data type in table's schema: Key "
                   "%.*s",
                   STR_ARG(key->name));
}

struct error *check_key_value(struct arena *a, const struct key_attribute *key, struct value v)
{
    if (v.type != VALUE_S && v.type != VALUE_N && v.type != VALUE_B)
        return invalid(a, "Key value must be of type S, N, or B. Key name: %.*s, Key type: %.*s",
                       STR_ARG(key->name), STR_ARG(value_type_name(v.type)));
    if (v.type != key->type)
        return type_mismatch(a, key);
    if (v.type != VALUE_N && !v.data.len)
        return invalid(a,
                       "One or more parameter values are not valid. The AttributeValue for a key "
                       "attribute cannot contain an empty %s value. Key: %.*s",
                       v.type == VALUE_B ? "binary" : "string", STR_ARG(key->name));
    return NULL;
}

struct error *check_key_paths(struct arena *a, const struct bound *where,
                              const struct key_schema *keys)
{
    for (size_t i = 0; where && i < where->program->path_count; i++) {
        const struct path *path = &where->paths[i];
        struct str name = path->steps[0].name;
        for (size_t k = 0; path->count > 1 && k < key_count(keys); k++)
            if (str_eq(name, key_name(keys, k)))
                return invalid(a,
                               "Key attributes must be scalars; list random access '[]' and map "
                               "lookup '.' are not allowed: Key %.*s",
                               STR_ARG(name));
    }
    return NULL;
}

static struct error *check_inserted(struct arena *a, struct item item,
                                    const struct key_attribute *key)
{
    struct value v = item_get(item, key->name);
    if (v.type == VALUE_NONE)
        return invalid(a, "Key attribute should be present in the item: Key %.*s",
                       STR_ARG(key->name));
    return v.type == key->type ? NULL : type_mismatch(a, key);
}

struct error *statement_check_key(struct arena *a, const struct statement *s,
                                  const struct where_key *key, const struct key_schema *keys)
{
    bool is_insert = s->kind == STATEMENT_INSERT;
    TRY(check_key_paths(a, s->where, keys));
    if (!is_insert && key->twice.len)
        return invalid(a,
                       "Multiple conditions on same key %.*s. Only single item "
                       "Update/Insert/Delete are supported",
                       STR_ARG(key->twice));
    if (!is_insert && !key->is_whole)
        return invalid(a,
                       "Where clause does not contain a mandatory equality on all key attributes");
    for (size_t i = 0; i < key_count(keys); i++) {
        const struct key_attribute *k = i == 0 ? &keys->partition[0] : &keys->sort[0];
        TRY(is_insert ? check_inserted(a, s->item, k)
                      : check_key_value(a, k, item_get(key->key, k->name)));
    }
    return NULL;
}

/* -- conditions of writes -----------------------------------------------------------------------
 */

static const struct node *branch(struct arena *a, enum op op, const struct node *const *args,
                                 size_t count)
{
    struct node *node = arena_new(a, struct node);
    *node = (struct node){.op = op, .args = args, .count = (uint32_t)count};
    return node;
}

/* The paths of the WHERE and one more, which is the last. */
static struct bound *with_path(struct arena *a, const struct bound *where, struct str name)
{
    size_t count = where ? where->program->path_count : 0;
    struct path *paths = arena_array(a, struct path, count + 1);
    struct path_step *step = arena_new(a, struct path_step);
    step->name = name;
    for (size_t i = 0; i < count; i++)
        paths[i] = where->paths[i];
    paths[count] = (struct path){step, 1};
    struct program *program = arena_new(a, struct program);
    program->kind = EXPR_CONDITION;
    program->path_count = count + 1;
    struct bound *bound = arena_new(a, struct bound);
    bound->program = program;
    bound->paths = paths;
    bound->values = where ? where->values : NULL;
    return bound;
}

static const struct node *key_test(struct arena *a, enum op op, const struct bound *bound)
{
    struct node *path = arena_new(a, struct node);
    path->op = OP_PATH;
    path->index = (uint32_t)bound->program->path_count - 1;
    const struct node **args = arena_array(a, const struct node *, 1);
    args[0] = path;
    return branch(a, op, args, 1);
}

static const struct bound *rooted(struct arena *a, struct bound *bound, const struct node *root)
{
    struct program *program = arena_new(a, struct program);
    *program = *bound->program;
    program->root = root;
    bound->program = program;
    return bound;
}

const struct bound *where_condition(struct arena *a, const struct statement *s,
                                    const struct where_key *key, struct str partition_key)
{
    struct bound *bound = with_path(a, s->where, partition_key);
    if (s->kind == STATEMENT_INSERT)
        return rooted(a, bound, key_test(a, OP_NOT_EXISTS, bound));
    if (s->kind == STATEMENT_UPDATE) {
        const struct node **all = arena_array(a, const struct node *, key->rest_count + 1);
        all[0] = key_test(a, OP_EXISTS, bound);
        for (size_t i = 0; i < key->rest_count; i++)
            all[i + 1] = key->rest[i];
        return rooted(a, bound, branch(a, OP_AND, all, key->rest_count + 1));
    }
    if (!key->rest_count)
        return NULL;
    const struct node *rest = branch(a, OP_AND, key->rest, key->rest_count);
    if (s->kind == STATEMENT_EXISTS)
        return rooted(a, bound, rest);
    const struct node **either = arena_array(a, const struct node *, 2);
    either[0] = key_test(a, OP_NOT_EXISTS, bound);
    either[1] = rest;
    return rooted(a, bound, branch(a, OP_OR, either, 2));
}
