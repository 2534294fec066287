#include "base/rand.h"
#include "base/vec.h"
#include "dynamodb/expr/notation.h"
#include "tap.h"

#include <stdio.h>

static const struct bound *bound_of(struct arena *a, const char *text, const char *values)
{
    const struct program *program = NULL;
    const struct bound *bound = NULL;
    struct expr_params params = notation_params(a, "{#n: 'x'}", values);
    struct error *error = expr_parse(a, EXPR_UPDATE, str_z(text), &program);
    if (!error)
        error = expr_bind(a, program, &params, &bound);
    if (!CHECK(!error))
        tap_check_str(error->message, str_z(text), __FILE__, __LINE__, "bind");
    return bound;
}

#define BAD_PATH "The document path provided in the update expression is invalid for update"
#define BAD_TYPE "An operand in the update expression has an incorrect data type"
#define MISSING "The provided expression refers to an attribute that does not exist in the item"
#define OVERFLOWS                                                                                  \
    "Number overflow. Attempting to store a number with magnitude larger than supported range"

TEST(updates_items_as_the_service_does)
{
    static const char *const values =
        "{:n: 5, :s: 'str', :l: [7], :ss: ss(b c), :ns: ns(2), :m: {k: 1}, :all: ss(a b), "
        ":big: 9e125, :e: []}";
    static const struct {
        const char *item, *text, *want;
    } rows[] = {
        /* SET */
        {"{}", "SET a = :n", "{a: 5}"},
        {"{k: 1}", "SET a = :n, z = :s", "{a: 5, k: 1, z: 'str'}"},
        {"{a: 1, b: 2}", "SET a = b, b = a", "{a: 2, b: 1}"},
        {"{a: 1}", "SET a = a + :n, b = a - :n", "{a: 6, b: -4}"},
        {"{a: 1}", "SET b = (a + :n)", "{a: 1, b: 6}"},
        {"{a: 1}", "SET b = (a + :n) - :n", "{a: 1, b: 1}"},
        {"{}", "SET a = if_not_exists(a, :n) + :n", "{a: 10}"},
        {"{a: 1}", "SET a = if_not_exists(a, absent) + :n", "{a: 6}"},
        {"{}", "SET a = if_not_exists(b, if_not_exists(c, :s))", "{a: 'str'}"},
        {"{l: [1]}", "SET l = list_append(l, :l), k = list_append(:l, :l)",
         "{k: [7, 7], l: [1, 7]}"},
        {"{}", "SET l = list_append(if_not_exists(l, :e), :l)", "{l: [7]}"},
        {"{m: {a: 1}}", "SET m.b = :n, m.a = :s", "{m: {a: 'str', b: 5}}"},
        {"{m: {a: {}}}", "SET m.a.#n = :n", "{m: {a: {x: 5}}}"},
        {"{l: [1, 2, 3]}", "SET l[1] = :s", "{l: [1, 'str', 3]}"},
        {"{l: [1]}", "SET l[9] = :s, l[5] = :n, l[0] = :m", "{l: [{k: 1}, 5, 'str']}"},
        {"{l: [{a: 1}, {a: 2}]}", "SET l[1].a = l[0].a, l[0].b = l[1].a",
         "{l: [{a: 1, b: 2}, {a: 1}]}"},
        /* REMOVE */
        {"{a: 1, b: 2}", "REMOVE a", "{b: 2}"},
        {"{a: 1}", "REMOVE zz, a", "{}"},
        {"{m: {a: 1, b: 2}}", "REMOVE m.a, m.c", "{m: {b: 2}}"},
        {"{l: [0, 1, 2, 3]}", "REMOVE l[1], l[3], l[9]", "{l: [0, 2]}"},
        {"{l: [0]}", "REMOVE l[0]", "{l: []}"},
        {"{l: [0, 1, 2]}", "REMOVE l[0] SET l[2] = :n, l[7] = :s", "{l: [1, 5, 'str']}"},
        {"{l: [[1, 2], [3]]}", "REMOVE l[0][0], l[1]", "{l: [[2]]}"},
        /* ADD */
        {"{}", "ADD a :n, s :ss", "{a: 5, s: ss(b c)}"},
        {"{a: 1.5, s: ss(a b)}", "ADD a :n, s :ss", "{a: 6.5, s: ss(a b c)}"},
        {"{m: {a: 1}}", "ADD m.a :n, m.b :ns", "{m: {a: 6, b: ns(2)}}"},
        {"{l: [1]}", "ADD l[0] :n, l[4] :n", "{l: [6, 5]}"},
        /* DELETE */
        {"{s: ss(a b c)}", "DELETE s :ss", "{s: ss(a)}"},
        {"{k: 1, s: ss(b)}", "DELETE s :ss, t :ns", "{k: 1}"},
        {"{l: [ss(a), ss(b)]}", "DELETE l[0] :all", "{l: [ss(b)]}"},
        /* all together, in any order */
        {"{a: 1, b: 2, s: ss(a b), t: 4}", "DELETE s :ss ADD t :n SET c = a, #n = b REMOVE b",
         "{a: 1, c: 1, s: ss(a), t: 9, x: 2}"},

        {"{}", "SET a.b = :n", BAD_PATH},
        {"{a: 1}", "SET a.b = :n", BAD_PATH},
        {"{a: {}}", "SET a[0] = :n", BAD_PATH},
        {"{a: []}", "SET a.b = :n", BAD_PATH},
        {"{}", "REMOVE a.b", BAD_PATH},
        {"{a: [1]}", "SET a[1].b = :n", BAD_PATH},
        {"{}", "SET a = b", MISSING},
        {"{}", "SET a = b + :n", MISSING},
        {"{}", "SET a = list_append(b, :l)", MISSING},
        {"{b: 'x'}", "SET a = b + :n", BAD_TYPE},
        {"{b: 'x'}", "SET a = :n - b", BAD_TYPE},
        {"{b: 'x'}", "SET a = list_append(:l, b)", BAD_TYPE},
        {"{b: 'x'}", "SET a = if_not_exists(b, :n) + :n", BAD_TYPE},
        {"{a: 'x'}", "ADD a :n", BAD_TYPE},
        {"{a: ns(1)}", "ADD a :ss", BAD_TYPE},
        {"{a: 1}", "DELETE a :ss", BAD_TYPE},
        {"{b: 'x'}", "SET a = absent, c = b + :n", BAD_TYPE},
        {"{}", "SET a = absent REMOVE b.c", BAD_PATH},
        {"{}", "REMOVE b.c SET a = absent", MISSING},
        {"{a: 9e125}", "ADD a :big", OVERFLOWS},
        {"{a: 9e125}", "SET b = a + :big", OVERFLOWS},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct item got = {0};
        struct item item = notation_item(arena, rows[i].item);
        struct error *error =
            update_apply(arena, bound_of(arena, rows[i].text, values), item, &got);
        struct str shown = error ? error->message : notation_show_item(arena, got);
        if (!CHECK_STR(shown, str_z(rows[i].want)))
            printf("#   %s\n", rows[i].text);
        CHECK_INT(got.size_bytes, item_of(got.attributes).size_bytes);
        CHECK(value_is_wellformed((struct value){VALUE_M, got.attributes}));
    }
}

TEST(knows_what_it_touches_and_shows_it)
{
    const struct bound *b =
        bound_of(arena, "SET m.a = :v, l[1] = m.b REMOVE r ADD n :v", "{:v: 1}");
    CHECK(update_touches(b, S("m")));
    CHECK(update_touches(b, S("r")));
    CHECK(!update_touches(b, S("b")));
    struct item old = notation_item(arena, "{k: 1, l: [1, 2], m: {a: 5, b: 6}, r: 'r'}"), new;
    CHECK(!update_apply(arena, b, old, &new));
    CHECK_STR(notation_show_item(arena, update_project(arena, b, old)),
              S("{l: [2], m: {a: 5}, r: 'r'}"));
    CHECK_STR(notation_show_item(arena, update_project(arena, b, new)),
              S("{l: [6], m: {a: 1}, n: 1}"));
}

TEST(values_do_not_nest_past_the_limit)
{
    struct buf deep;
    buf_init(&deep, 1000);
    for (unsigned i = 0; i < LIMIT_NESTING - 2; i++)
        buf_add_z(&deep, "[");
    buf_add_z(&deep, "1");
    for (unsigned i = 0; i < LIMIT_NESTING - 2; i++)
        buf_add_z(&deep, "]");
    const char *values = arena_z(arena, arena_printf(arena, "{:v: %.*s}", STR_ARG(buf_str(&deep))));
    buf_clear(&deep);
    struct item got, item = notation_item(arena, "{a: {}, b: {c: {}}}");
    CHECK(!update_apply(arena, bound_of(arena, "SET a.x = :v", values), item, &got));
    struct error *error =
        update_apply(arena, bound_of(arena, "SET b.c.x = :v", values), item, &got);
    CHECK(error && str_starts(error->message, S("Nesting Levels have exceeded supported limits")));
}

/* -- random updates against one action at a time
 * ---------------------------------------------------
 *
 * The slow reference is a tree; each SET or REMOVE of a random path is applied to it alone, and all
 * together to the item. */

struct tree {
    bool is_map, is_list, is_removed;
    int number;
    size_t count;
    struct tree *children[3];
};

static struct tree *random_tree(struct arena *a, const struct rand_source *r, int depth)
{
    struct tree *t = arena_new(a, struct tree);
    uint64_t choice = depth > 0 ? rand_below(r, 3) : 0;
    t->number = (int)rand_below(r, 1000);
    t->is_map = choice == 1;
    t->is_list = choice == 2;
    for (t->count = 0; choice > 0 && t->count < 3; t->count++)
        t->children[t->count] = random_tree(a, r, depth - 1);
    return t;
}

/* Maps have the names a, b, c, … in order; a removed child of a map stays as a hole. */
static void write_tree(const struct tree *t, struct buf *out)
{
    const char *comma = "";
    if (!t->is_map && !t->is_list) {
        buf_printf(out, "%d", t->number);
        return;
    }
    buf_add_z(out, t->is_map ? "{" : "[");
    for (size_t i = 0; i < t->count; i++) {
        if (t->children[i]->is_removed)
            continue;
        buf_add_z(out, comma);
        if (t->is_map)
            buf_printf(out, "%c: ", (char)('a' + i));
        write_tree(t->children[i], out);
        comma = ", ";
    }
    buf_add_z(out, t->is_map ? "}" : "]");
}

static struct str shown(struct arena *a, const struct tree *t)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    write_tree(t, &out);
    struct str text = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return text;
}

struct action {
    struct tree *parent;
    size_t child;
    bool is_set;
    int value;
    struct str path;
};

static struct action random_action(struct arena *a, const struct rand_source *r, struct tree *root)
{
    struct action action = {.parent = root, .is_set = rand_below(r, 2)};
    action.value = 1000 + (int)rand_below(r, 1000);
    action.child = rand_below(r, 3);
    action.path = arena_printf(a, "%c", (char)('a' + action.child));
    for (;;) {
        struct tree *here = action.parent->children[action.child];
        if ((!here->is_map && !here->is_list) || rand_below(r, 4) == 0)
            return action;
        action.parent = here;
        action.child = rand_below(r, 3);
        action.path =
            here->is_map
                ? arena_printf(a, "%.*s.%c", STR_ARG(action.path), (char)('a' + action.child))
                : arena_printf(a, "%.*s[%zu]", STR_ARG(action.path), action.child);
    }
}

static void apply(struct arena *a, const struct action *action)
{
    struct tree *leaf = arena_new(a, struct tree);
    leaf->number = action->value;
    leaf->is_removed = !action->is_set;
    action->parent->children[action->child] = leaf;
}

TEST(random_updates_agree_with_a_slow_reference)
{
    struct rand_seeded state = {tap_seed()};
    struct rand_source r = rand_seeded(&state);
    size_t applied = 0;
    for (int round = 0; round < 10000; round++) {
        struct tree *tree = random_tree(arena, &r, 4);
        if (!tree->is_map) {
            arena_reset(arena);
            continue;
        }
        struct item item = notation_item(arena, arena_z(arena, shown(arena, tree))), got;
        VEC(struct action) actions = {0};
        struct str sets = S(""), removes = S("");
        for (uint64_t n = 1 + rand_below(&r, 4); n > 0; n--) {
            struct action action = random_action(arena, &r, tree);
            struct str *clause = action.is_set ? &sets : &removes;
            const char *start = clause->len ? ", " : action.is_set ? "SET " : " REMOVE ";
            *clause =
                arena_printf(arena, "%.*s%s%.*s", STR_ARG(*clause), start, STR_ARG(action.path));
            if (action.is_set)
                *clause = arena_printf(arena, "%.*s = :v%zu", STR_ARG(*clause), actions.count);
            VEC_PUSH(arena, &actions, action);
        }
        struct str values = S("{");
        for (size_t i = 0; i < actions.count; i++)
            values =
                arena_printf(arena, "%.*s:v%zu: %d, ", STR_ARG(values), i, actions.items[i].value);
        struct expr_params params =
            notation_params(arena, NULL, arena_z(arena, arena_join(arena, values, S("}"))));
        const struct program *program;
        const struct bound *bound;
        struct error *error =
            expr_parse(arena, EXPR_UPDATE, arena_join(arena, sets, removes), &program);
        CHECK(!error);
        if (error || expr_bind(arena, program, &params, &bound)) {
            arena_reset(arena); /* overlapping paths */
            continue;
        }
        for (size_t i = 0; i < actions.count; i++)
            apply(arena, &actions.items[i]);
        applied++;
        CHECK(!update_apply(arena, bound, item, &got));
        CHECK_STR(notation_show_item(arena, got), shown(arena, tree));
        CHECK_INT(got.size_bytes, item_of(got.attributes).size_bytes);
        arena_reset(arena);
    }
    CHECK(applied > 500);
}

TAP_MAIN(T(updates_items_as_the_service_does), T(knows_what_it_touches_and_shows_it),
         T(values_do_not_nest_past_the_limit), T(random_updates_agree_with_a_slow_reference))
