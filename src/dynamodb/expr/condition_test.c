#include "base/rand.h"
#include "dynamodb/expr/notation.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bound *bind(struct arena *a, const char *text, struct expr_params *params,
                                struct error **error)
{
    const struct program *program = NULL;
    const struct bound *bound = NULL;
    *error = expr_parse(a, EXPR_CONDITION, str_z(text), &program);
    if (!*error)
        *error = expr_bind(a, program, params, &bound);
    return bound;
}

static bool holds(struct arena *a, const char *text, const char *values, struct item item)
{
    struct expr_params params = notation_params(a, "{#n: 'name'}", values);
    struct error *error;
    const struct bound *bound = bind(a, text, &params, &error);
    if (!CHECK(!error)) {
        tap_check_str(error->message, str_z(text), __FILE__, __LINE__, "bind");
        return false;
    }
    return condition_holds(bound, item);
}

TEST(conditions_hold_as_the_service_says)
{
    static const char item_text[] =
        "{s: 'hello', n: 10, b: b'bytes', t: true, z: null, ss: ss(a b), ns: ns(1 2), bs: bs(x), "
        "l: [1, 'x', {k: 'v'}], m: {x: {y: [5, 6]}}, name: 'N', e: ''}";
    static const struct {
        const char *text, *values;
        bool want;
    } rows[] = {
        {"s = :v", "{:v: 'hello'}", true},
        {"s = :v", "{:v: b'hello'}", false},
        {"s <> :v", "{:v: 5}", true},
        {"absent <> :v", "{:v: 5}", true},
        {"absent = :v", "{:v: 5}", false},
        {"absent <> zz", NULL, true},
        {"absent = zz", NULL, false},
        {"absent < :v", "{:v: 5}", false},
        {"n < :v", "{:v: 10.5}", true},
        {"n >= :v", "{:v: 10}", true},
        {"n > :v", "{:v: -1}", true},
        {"n < :v", "{:v: 'a'}", false},
        {"n <= :v", "{:v: 9}", false},
        {"t = :v", "{:v: true}", true},
        {"z = :v", "{:v: null}", true},
        {"ss = :v", "{:v: ss(b a)}", true},
        {"ns <> :v", "{:v: ns(1 2.0)}", false},
        {"l = :v", "{:v: [1, 'x', {k: 'v'}]}", true},
        {"m.x = :v", "{:v: {y: [5, 6]}}", true},
        {"m.x.y[1] = :v", "{:v: 6}", true},
        {"m.x.y[2] = :v", "{:v: 6}", false},
        {"l[2].k = :v", "{:v: 'v'}", true},
        {"l.k = :v", "{:v: 'v'}", false},
        {"#n = :v", "{:v: 'N'}", true},
        {"s BETWEEN :a AND :b", "{:a: 'a', :b: 'z'}", true},
        {"n BETWEEN :a AND :b", "{:a: 10, :b: 10}", true},
        {"n BETWEEN :a AND :b", "{:a: 11, :b: 12}", false},
        {":v BETWEEN n AND :b", "{:v: 11, :b: 12}", true},
        {"n IN (:a, :b)", "{:a: 11, :b: 10}", true},
        {"absent IN (:a, zz)", "{:a: 11}", false},
        {"z IN (:a)", "{:a: null}", true},
        {"attribute_exists(m.x)", NULL, true},
        {"attribute_exists(m.q)", NULL, false},
        {"attribute_not_exists(m.q)", NULL, true},
        {"attribute_type(m, :t)", "{:t: 'M'}", true},
        {"attribute_type(z, :t)", "{:t: 'NULL'}", true},
        {"attribute_type(absent, :t)", "{:t: 'S'}", false},
        {"begins_with(s, :p)", "{:p: 'hel'}", true},
        {"begins_with(s, :p)", "{:p: ''}", true},
        {"begins_with(b, :p)", "{:p: b'by'}", true},
        {"begins_with(b, :p)", "{:p: 'by'}", false},
        {"begins_with(n, :p)", "{:p: '1'}", false},
        {"contains(s, :p)", "{:p: 'ell'}", true},
        {"contains(b, :p)", "{:p: b'yt'}", true},
        {"contains(ss, :p)", "{:p: 'b'}", true},
        {"contains(ss, :p)", "{:p: 'ab'}", false},
        {"contains(ns, :p)", "{:p: 2.00}", true},
        {"contains(bs, :p)", "{:p: 'x'}", false},
        {"contains(l, :p)", "{:p: {k: 'v'}}", true},
        {"contains(l, :p)", "{:p: ['v']}", false},
        {"contains(n, :p)", "{:p: 1}", false},
        {"contains(:l, s)", "{:l: ['hello']}", true},
        {"size(s) = :v", "{:v: 5}", true},
        {"size(:s) = :v", "{:s: 'a\xc3\xbc\xf0\x9f\x98\x80', :v: 4}", true},
        {"size(b) = :v AND size(e) = :z", "{:v: 5, :z: 0}", true},
        {"size(l) = size(ss)", NULL, false},
        {"size(ns) = size(ss)", NULL, true},
        {"size(m) BETWEEN :v AND size(l)", "{:v: 1}", true},
        {"size(l) IN (size(ss), size(ns), :v)", "{:v: 3}", true},
        {"size(n) = :v", "{:v: 2}", false},
        {"size(n) <> :v", "{:v: 2}", true},
        {"size(absent) < :v", "{:v: 2}", false},
        {"n = :x OR s = :s AND n = :n", "{:x: 1, :s: 'hello', :n: 10}", true},
        {"(n = :n OR s = :s) AND n = :x", "{:x: 1, :s: 'hello', :n: 10}", false},
        {"NOT n = :x AND s = :s", "{:x: 1, :s: 'hello'}", true},
        {"NOT (n = :x OR s = :s)", "{:x: 1, :s: 'hello'}", false},
        {"NOT NOT n = :x", "{:x: 10}", true},
    };
    struct item item = notation_item(arena, item_text);
    for (size_t i = 0; i < countof(rows); i++)
        if (!CHECK(holds(arena, rows[i].text, rows[i].values, item) == rows[i].want))
            printf("#   %s\n", rows[i].text);
}

TEST(an_item_that_does_not_exist_has_no_attributes)
{
    struct item none = {0};
    CHECK(holds(arena, "attribute_not_exists(pk)", NULL, none));
    CHECK(!holds(arena, "attribute_exists(pk)", NULL, none));
    CHECK(!holds(arena, "pk = :v", "{:v: 1}", none));
}

/* -- against a slow reference: trees of text, and an evaluator of its own -------------------------
 */

/* A value as a tree. Strings, and numbers as small integers. */
struct tree {
    char type; /* 's' 'n' 't'rue, 'z'ero, 'S' set of strings, 'L', 'M' */
    int number;
    char text[8];
    size_t count;
    struct tree *children[3];
    char names[3][2];
};

static struct tree *random_tree(struct arena *a, const struct rand_source *r, int depth)
{
    struct tree *t = arena_new(a, struct tree);
    t->type = "snntzsSLM"[rand_below(r, depth > 0 ? 9 : 6)];
    t->number = (int)rand_below(r, 4);
    snprintf(t->text, sizeof t->text, "%.*s", (int)rand_below(r, 3),
             rand_below(r, 2) ? "ab" : "ba");
    if (t->type == 'S' || t->type == 'L' || t->type == 'M')
        t->count = 1 + rand_below(r, 3);
    for (size_t i = 0; i < t->count; i++) {
        t->children[i] = random_tree(a, r, depth - 1);
        t->names[i][0] = (char)('a' + i);
        if (t->type == 'S') {
            *t->children[i] = (struct tree){.type = 's'};
            snprintf(t->children[i]->text, 8, "%c%s", (char)('a' + i), rand_below(r, 2) ? "b" : "");
        }
    }
    return t;
}

static void write_tree(const struct tree *t, struct buf *out)
{
    static const char *const opens[] = {['S'] = "ss(", ['L'] = "[", ['M'] = "{"};
    static const char *const closes[] = {['S'] = ")", ['L'] = "]", ['M'] = "}"};
    if (t->type == 's')
        buf_printf(out, "'%s'", t->text);
    else if (t->type == 'n')
        buf_printf(out, "%d", t->number);
    else if (t->type == 't' || t->type == 'z')
        buf_add_z(out, t->type == 't' ? "true" : "null");
    else
        buf_add_z(out, opens[(int)t->type]);
    for (size_t i = 0; i < t->count; i++) {
        if (i > 0)
            buf_add_z(out, t->type == 'S' ? " " : ", ");
        if (t->type == 'M')
            buf_printf(out, "%s: ", t->names[i]);
        if (t->type == 'S')
            buf_add_z(out, t->children[i]->text);
        else
            write_tree(t->children[i], out);
    }
    if (t->count > 0)
        buf_add_z(out, closes[(int)t->type]);
}

static bool same_tree(const struct tree *x, const struct tree *y)
{
    if (x->type != y->type || x->count != y->count)
        return false;
    if (x->type == 's')
        return strcmp(x->text, y->text) == 0;
    if (x->type == 'n')
        return x->number == y->number;
    for (size_t i = 0; i < x->count; i++)
        if (!same_tree(x->children[i], y->children[i]))
            return false;
    return true;
}

/* A random condition: its text, and what it gives for the item. */
struct maker {
    struct arena *arena;
    const struct rand_source *r;
    const struct tree *item;
    struct buf text, values;
    int value_count;
};

static const struct tree *random_operand(struct maker *m)
{
    if (rand_below(m->r, 3) == 0) {
        struct tree *t = random_tree(m->arena, m->r, 1);
        buf_printf(&m->values, "%s:v%d: ", m->value_count ? ", " : "", m->value_count);
        write_tree(t, &m->values);
        buf_printf(&m->text, ":v%d", m->value_count++);
        return t;
    }
    const struct tree *t = m->item;
    for (int depth = 0; depth == 0 || rand_below(m->r, 2); depth++) {
        size_t i = rand_below(m->r, 3);
        bool is_index = depth > 0 && (t ? t->type == 'L' : rand_below(m->r, 2));
        if (is_index)
            buf_printf(&m->text, "[%zu]", i);
        else
            buf_printf(&m->text, "%s%c", depth ? "." : "", (char)('a' + i));
        bool is_inside = t && t->type == (is_index ? 'L' : 'M') && i < t->count;
        t = is_inside ? t->children[i] : NULL;
    }
    return t;
}

/* size() of a tree, as a tree; NULL where it has none. */
static const struct tree *size_tree(struct arena *a, const struct tree *t)
{
    if (!t || t->type == 'n' || t->type == 't' || t->type == 'z')
        return NULL;
    struct tree *size = arena_new(a, struct tree);
    size->type = 'n';
    size->number = t->type == 's' ? (int)strlen(t->text) : (int)t->count;
    return size;
}

static const struct tree *random_sized(struct maker *m)
{
    if (rand_below(m->r, 4))
        return random_operand(m);
    buf_add_z(&m->text, "size(");
    const struct tree *t = random_operand(m);
    buf_add_z(&m->text, ")");
    return size_tree(m->arena, t);
}

static bool compare_trees(const char *op, const struct tree *x, const struct tree *y)
{
    if (strcmp(op, "=") == 0)
        return x && y && same_tree(x, y);
    if (strcmp(op, "<>") == 0)
        return !(x && y && same_tree(x, y));
    if (!x || !y || x->type != y->type || (x->type != 's' && x->type != 'n'))
        return false;
    int order = x->type == 'n' ? x->number - y->number : strcmp(x->text, y->text);
    if (strcmp(op, "<") == 0)
        return order < 0;
    if (strcmp(op, "<=") == 0)
        return order <= 0;
    return strcmp(op, ">") == 0 ? order > 0 : order >= 0;
}

static bool tree_contains(const struct tree *x, const struct tree *y)
{
    if (!x || !y)
        return false;
    if (x->type == 's')
        return y->type == 's' && strstr(x->text, y->text);
    if (x->type != 'L' && x->type != 'S')
        return false;
    for (size_t i = 0; i < x->count; i++)
        if (same_tree(x->children[i], y))
            return true;
    return false;
}

static bool random_leaf(struct maker *m)
{
    static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">="};
    const struct tree *x, *y, *z;
    switch (rand_below(m->r, 7)) {
    case 0: /* attribute_exists takes no value; "a." keeps a path at its head */
        buf_add_z(&m->text, "attribute_exists(a)");
        return m->item->count > 0;
    case 1:
        buf_add_z(&m->text, "begins_with(");
        x = random_operand(m);
        buf_add_z(&m->text, ", ");
        y = random_operand(m);
        buf_add_z(&m->text, ")");
        return x && y && x->type == 's' && y->type == 's' &&
               strncmp(x->text, y->text, strlen(y->text)) == 0;
    case 2:
        buf_add_z(&m->text, "contains(");
        x = random_operand(m);
        buf_add_z(&m->text, ", ");
        y = random_operand(m);
        buf_add_z(&m->text, ")");
        return tree_contains(x, y);
    case 3:
        x = random_sized(m);
        buf_add_z(&m->text, " BETWEEN ");
        y = random_sized(m);
        buf_add_z(&m->text, " AND ");
        z = random_sized(m);
        return compare_trees("<=", y, x) && compare_trees("<=", x, z);
    case 4:
        x = random_sized(m);
        buf_add_z(&m->text, " in (");
        y = random_sized(m);
        buf_add_z(&m->text, ",");
        z = random_sized(m);
        buf_add_z(&m->text, ")");
        return compare_trees("=", x, y) || compare_trees("=", x, z);
    default: {
        const char *op = ops[rand_below(m->r, 6)];
        x = random_sized(m);
        buf_printf(&m->text, " %s ", op);
        y = random_sized(m);
        return compare_trees(op, x, y);
    }
    }
}

static bool random_condition(struct maker *m, int depth, int level)
{
    /* level 0: OR may stand bare, 1: AND, 2: neither. */
    uint64_t choice = depth > 0 ? rand_below(m->r, 4) : 3;
    if (choice == 3)
        return random_leaf(m);
    if (choice == 2) {
        buf_add_z(&m->text, "NOT ");
        return !random_condition(m, depth - 1, 2);
    }
    bool is_and = choice == 1, needs_parens = level > (is_and ? 1 : 0);
    if (needs_parens)
        buf_add_z(&m->text, "(");
    bool x = random_condition(m, depth - 1, is_and ? 1 : 0);
    buf_add_z(&m->text, is_and ? " and " : " OR ");
    bool y = random_condition(m, depth - 1, is_and ? 1 : 0);
    if (needs_parens)
        buf_add_z(&m->text, ")");
    return is_and ? x && y : x || y;
}

TEST(random_conditions_agree_with_a_slow_reference)
{
    struct rand_seeded state = {tap_seed()};
    struct rand_source r = rand_seeded(&state);
    size_t verdicts[2] = {0};
    for (int round = 0; round < 10000; round++) {
        struct tree *tree = random_tree(arena, &r, 3);
        while (tree->type != 'M')
            tree = random_tree(arena, &r, 3);
        struct maker m = {.arena = arena, .r = &r, .item = tree};
        struct buf item_text;
        buf_init(&m.text, 1 << 16);
        buf_init(&m.values, 1 << 16);
        buf_init(&item_text, 1 << 16);
        write_tree(tree, &item_text);
        buf_add_z(&m.values, "{");
        bool want = random_condition(&m, 3, 0);
        buf_add_z(&m.values, "}");
        const char *text = arena_z(arena, buf_str(&m.text));
        const char *values = arena_z(arena, buf_str(&m.values));
        struct item item = notation_item(arena, arena_z(arena, buf_str(&item_text)));
        struct expr_params params = notation_params(arena, NULL, values);
        struct error *error;
        const struct bound *bound = bind(arena, text, &params, &error);
        /* Operands that cannot be compared at all are refused: no verdict to check. */
        if (error) {
            CHECK(str_contains(error->message, S("operand")));
        } else {
            verdicts[want]++;
            if (!CHECK(condition_holds(bound, item) == want))
                printf("#   %s with %s\n", text, values);
        }
        buf_clear(&item_text);
        buf_clear(&m.text);
        buf_clear(&m.values);
        arena_reset(arena);
    }
    CHECK(verdicts[0] > 200);
    CHECK(verdicts[1] > 200);
    printf("# %zu false, %zu true\n", verdicts[0], verdicts[1]);
}

TAP_MAIN(T(conditions_hold_as_the_service_says), T(an_item_that_does_not_exist_has_no_attributes),
         T(random_conditions_agree_with_a_slow_reference))
