/* Paths that overlap (one is, or lies inside, another) or conflict (one place is a list in one and
 * a map in another) cannot be projected or updated together.
 *
 * Whether there is such a pair is quickly seen in path_order: a path comes right before what lies
 * inside it, and indexes right before names. Which pair the service names is another matter: it
 * puts the paths in a tree in the order of the text,
 *
 *     a.b, a[1], c        root ─┬─ a ─┬─ b    entries of a node: its branches, each as old as the
 *                               │     └─ [1]  first path through it, and the paths that end there
 *                               └─ c
 *
 * walks the tree with the newest entries first and what is inside a branch before its neighbours,
 * and names the first pair it meets. Only then is the tree built. */
#include "base/vec.h"
#include "dynamodb/expr/program.h"

struct entry;
typedef VEC(struct entry) entry_vec;

struct branch {
    struct path_step step;
    entry_vec *entries; /* oldest first */
};

struct entry {
    size_t path;           /* the first one through the branch, or the one that ends */
    struct branch *branch; /* NULL: the path ends here */
};

struct clash {
    size_t one, two;
    bool is_conflict;
};

static bool same_step(const struct path_step *a, const struct path_step *b)
{
    if (a->is_index != b->is_index)
        return false;
    return a->is_index ? a->index == b->index : str_eq(a->name, b->name);
}

static entry_vec *find_or_add(struct arena *a, entry_vec *entries, const struct path_step *step,
                              size_t path)
{
    for (size_t i = 0; i < entries->count; i++) {
        struct branch *branch = entries->items[i].branch;
        if (branch && same_step(&branch->step, step))
            return branch->entries;
    }
    struct branch *branch = arena_new(a, struct branch);
    branch->step = *step;
    branch->entries = arena_zalloc(a, sizeof *branch->entries);
    VEC_PUSH(a, entries, (struct entry){path, branch});
    return branch->entries;
}

static entry_vec *build(struct arena *a, const struct path *paths, size_t count)
{
    entry_vec *root = arena_zalloc(a, sizeof *root);
    for (size_t i = 0; i < count; i++) {
        entry_vec *entries = root;
        for (size_t j = 0; j < paths[i].count; j++)
            entries = find_or_add(a, entries, &paths[i].steps[j], i);
        VEC_PUSH(a, entries, (struct entry){i, NULL});
    }
    return root;
}

/* The newest path that goes through an entry. */
static size_t newest(const struct entry *entry)
{
    while (entry->branch)
        entry = &entry->branch->entries->items[entry->branch->entries->count - 1];
    return entry->path;
}

static bool find_clash(const entry_vec *entries, struct clash *out)
{
    for (size_t i = entries->count; i-- > 0;) {
        const struct entry *e = &entries->items[i];
        if (e->branch && find_clash(e->branch->entries, out))
            return true;
        for (size_t j = entries->count; j-- > 0;) {
            const struct entry *x = &entries->items[j];
            if (j == i)
                continue;
            bool is_overlap = !e->branch || !x->branch;
            if (is_overlap || e->branch->step.is_index != x->branch->step.is_index) {
                *out = (struct clash){newest(e), newest(x), !is_overlap};
                return true;
            }
        }
    }
    return false;
}

struct error *check_overlaps(struct arena *a, enum expr_kind kind, const struct path *paths,
                             const uint32_t *order, size_t count)
{
    bool has_clash = false;
    for (size_t i = 1; i < count && !has_clash; i++)
        has_clash = path_compare(paths[order[i - 1]], paths[order[i]]) != PATHS_APART;
    struct clash clash;
    if (!has_clash || !find_clash(build(a, paths, count), &clash))
        return NULL;
    size_t one = clash.one < clash.two ? clash.one : clash.two;
    size_t two = clash.one < clash.two ? clash.two : clash.one;
    return expr_error(a, kind,
                      "Two document paths %s with each other; must remove or rewrite one of these "
                      "paths; path one: %.*s, path two: %.*s",
                      clash.is_conflict ? "conflict" : "overlap", STR_ARG(path_show(a, paths[one])),
                      STR_ARG(path_show(a, paths[two])));
}
