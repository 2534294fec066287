#include "dynamodb/storage/tree.h"

#include "base/rand.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

enum { MODEL_MAX = 4000, KEY_MAX = 3000 };

/* The naive map: sorted keys, each with a number. */
struct model {
    struct str keys[MODEL_MAX];
    uint64_t values[MODEL_MAX];
    size_t count;
};

static size_t place(const struct model *m, struct str key, bool *is_equal)
{
    size_t at = 0;
    while (at < m->count && str_compare(m->keys[at], key) < 0)
        at++;
    *is_equal = at < m->count && str_eq(m->keys[at], key);
    return at;
}

static void model_put(struct model *m, struct arena *a, struct str key, uint64_t value)
{
    bool is_equal;
    size_t at = place(m, key, &is_equal);
    if (!is_equal) {
        memmove(m->keys + at + 1, m->keys + at, (m->count - at) * sizeof *m->keys);
        memmove(m->values + at + 1, m->values + at, (m->count - at) * sizeof *m->values);
        m->keys[at] = arena_str(a, key);
        m->count++;
    }
    m->values[at] = value;
}

static void model_cut(struct model *m, size_t from, size_t to)
{
    memmove(m->keys + from, m->keys + to, (m->count - to) * sizeof *m->keys);
    memmove(m->values + from, m->values + to, (m->count - to) * sizeof *m->values);
    m->count -= to - from;
}

/* Keys that share long beginnings, hold any byte, and are now and then very long. */
static struct str random_key(struct arena *a, const struct rand_source *r)
{
    static const char *const heads[] = {"", "a", "table/partition/", "table/partition/2",
                                        "\xff\xff"};
    struct str head = str_z(heads[rand_below(r, countof(heads))]);
    size_t len = rand_below(r, 20) == 0 ? rand_below(r, KEY_MAX) : rand_below(r, 4);
    char *tail = arena_alloc(a, len + 1);
    for (size_t i = 0; i < len; i++)
        tail[i] = (char)(rand_below(r, 2) ? rand_below(r, 4) : 252 + rand_below(r, 4));
    return arena_join(a, head, (struct str){tail, len});
}

static uint64_t number_of(const struct blob *b)
{
    uint64_t number;
    memcpy(&number, b->bytes, sizeof number);
    return number;
}

static struct blob *blob_of(uint64_t number)
{
    return blob_new((struct str){(const char *)&number, sizeof number});
}

/* The keys within the bounds, in order, from the model and from a cursor. */
static bool same_within(const struct tree_node *root, const struct model *m, struct str low,
                        struct str high, bool is_forward, struct arena *a)
{
    struct tree_cursor c;
    bool is_equal;
    size_t first = place(m, low, &is_equal), end = high.len ? place(m, high, &is_equal) : m->count;
    size_t left = end > first ? end - first : 0;
    struct str key;
    const struct blob *value;
    tree_seek(&c, a, root, low, high, is_forward);
    while (tree_next(&c, &key, &value)) {
        if (!left)
            return false;
        size_t at = is_forward ? end - left : first + left - 1;
        if (!str_eq(key, m->keys[at]) || number_of(value) != m->values[at])
            return false;
        left--;
    }
    return !left;
}

TEST(tree_agrees_with_a_sorted_array)
{
    struct rand_seeded seed = {tap_seed()};
    struct rand_source r = rand_seeded(&seed);
    struct model *m = arena_new(arena, struct model);
    struct tree_edit edit = {0};
    struct tree_node *root = NULL;
    bool agrees = true;
    for (int i = 0; i < 20000 && agrees; i++) {
        struct str key = random_key(arena, &r);
        edit.version += rand_below(&r, 3) > 0; /* an edit may have several changes */
        uint64_t kind = rand_below(&r, 100);
        bool is_equal;
        if (kind < 60 && m->count < MODEL_MAX) {
            uint64_t number = rand_u64(&r);
            model_put(m, arena, key, number);
            root = tree_put(&edit, root, key, blob_of(number));
        } else if (kind < 99) {
            size_t at = place(m, key, &is_equal);
            if (is_equal)
                model_cut(m, at, at + 1);
            root = tree_delete(&edit, root, key);
        } else {
            struct str high = random_key(arena, &r);
            size_t from = place(m, key, &is_equal), to = m->count;
            if (high.len)
                to = place(m, high, &is_equal);
            if (from < to)
                model_cut(m, from, to);
            root = tree_delete_range(&edit, root, key, high);
        }
        tree_collect(&edit, edit.version);
        struct str sought = random_key(arena, &r);
        size_t at = place(m, sought, &is_equal);
        const struct blob *b = tree_get(root, sought);
        agrees = is_equal ? b && number_of(b) == m->values[at] : !b;
        if (i % 50 == 0)
            agrees &= same_within(root, m, key, sought, i % 100, arena) &&
                      same_within(root, m, key, S(""), i % 100, arena);
    }
    CHECK(agrees);
    CHECK(same_within(root, m, S(""), S(""), true, arena));
    CHECK(same_within(root, m, S(""), S(""), false, arena));
    edit.version++;
    tree_free(&edit, root);
}

TEST(old_root_stays_readable)
{
    struct rand_seeded seed = {tap_seed()};
    struct rand_source r = rand_seeded(&seed);
    struct model *then = arena_new(arena, struct model);
    struct tree_edit edit = {0};
    struct tree_node *root = NULL;
    for (int i = 0; i < 1500; i++) {
        struct str key = random_key(arena, &r);
        edit.version++;
        model_put(then, arena, key, (uint64_t)i);
        root = tree_put(&edit, root, key, blob_of((uint64_t)i));
    }
    const struct tree_node *old = root;
    uint64_t version = edit.version;
    for (int i = 0; i < 3000; i++) {
        edit.version++;
        if (i % 3)
            root = tree_put(&edit, root, random_key(arena, &r), blob_of(0));
        else
            root = tree_delete(&edit, root, random_key(arena, &r));
        tree_collect(&edit, version);
    }
    edit.version++;
    root = tree_delete_range(&edit, root, S(""), S(""));
    CHECK(root == NULL);
    tree_collect(&edit, version);
    CHECK(same_within(old, then, S(""), S(""), true, arena));
    CHECK(same_within(old, then, S(""), S(""), false, arena));
    tree_free(&edit, root);
}

TEST(one_edit_may_change_the_same_node_often)
{
    struct tree_edit edit = {.version = 1};
    struct tree_node *root = NULL;
    char key[4];
    for (int i = 0; i < 3000; i++) {
        key[0] = (char)(i >> 8), key[1] = (char)i;
        root = tree_put(&edit, root, (struct str){key, 2}, blob_of((uint64_t)i));
    }
    for (int i = 0; i < 3000; i += 2) {
        key[0] = (char)(i >> 8), key[1] = (char)i;
        root = tree_delete(&edit, root, (struct str){key, 2});
    }
    CHECK(tree_get(root, (struct str){"\0\0", 2}) == NULL);
    CHECK_INT(number_of(tree_get(root, (struct str){"\1\1", 2})), 257);
    edit.version++;
    tree_free(&edit, root);
}

TAP_MAIN(T(tree_agrees_with_a_sorted_array), T(old_root_stays_readable),
         T(one_edit_may_change_the_same_node_often))
