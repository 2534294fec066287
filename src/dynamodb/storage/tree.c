/* A node is one block of exactly the bytes it needs:
 *
 *     header | slots[count] | heads[count] | ends[count] | prefix | suffix 0 | suffix 1 | …
 *
 *     slots   leaf: the values; inner node: the children
 *     heads   the first four bytes of each suffix as a number, so that a search stays within a few
 *             cache lines and looks at suffixes only where numbers are equal
 *     ends    where each suffix ends, counted from the end of the prefix
 *     key i = prefix + suffix i
 *
 * 1. Keys rise within a node. All that is under child i is >= key i and < key i+1, and whatever is
 *    put under a node is >= its key 0: when the first child goes, the next one takes its key.
 * 2. A node never changes once its edit is over. Replacing it costs about what changing it would:
 *    the new block has no room to spare, so 100,000 keys take little more than their distinct
 * bytes.
 * 3. A leaf has at most MAX_LEAF entries, an inner node MAX_INNER, fewer when keys are long. Nodes
 *    are never merged: an empty one is taken out of its parent, and a small one wastes nothing but
 *    its header.
 * 4. Nodes of the edit under way are freed at once when they are replaced again; no reader has seen
 *    them. All others become garbage with the version of the edit. */
#include "dynamodb/storage/tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LEAF = 32, MAX_INNER = 64, MAX_BYTES = 8192, MIN_SPLIT = 4 };

struct tree_node {
    uint64_t version;
    uint32_t prefix_len;
    uint16_t count;
    uint8_t level; /* 0: leaf */
    void *slots[];
};

/* An entry on its way from one node to another: its key in two parts, and its slot. */
struct entry {
    struct str head, tail;
    void *slot;
};

/* What became of a subtree: no node, one or two. The key of the first is what the parent has. */
struct pieces {
    struct entry entries[2];
    int count;
};

/* -- nodes --------------------------------------------------------------------------------------
 */

static uint32_t *heads_of(const struct tree_node *n)
{
    return (uint32_t *)(void *)&((struct tree_node *)(uintptr_t)n)->slots[n->count];
}

static uint32_t *ends_of(const struct tree_node *n)
{
    return heads_of(n) + n->count;
}

/* Bytes in a node for each entry, beside its suffix. */
#define ENTRY_BYTES (sizeof(void *) + 2 * sizeof(uint32_t))

/* Of two suffixes the smaller never has the larger head; missing bytes count as zeros. */
static uint32_t head_of(struct str suffix)
{
    uint32_t head = 0;
    if (suffix.len >= sizeof head)
        memcpy(&head, suffix.data, sizeof head);
    else if (suffix.len)
        memcpy(&head, suffix.data, suffix.len);
    return __builtin_bswap32(head);
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "head_of turns the bytes round");

static const char *bytes_of(const struct tree_node *n)
{
    return (const char *)(ends_of(n) + n->count);
}

static struct str prefix_of(const struct tree_node *n)
{
    return (struct str){bytes_of(n), n->prefix_len};
}

static struct str suffix_of(const struct tree_node *n, int i)
{
    const uint32_t *ends = ends_of(n);
    uint32_t from = i ? ends[i - 1] : 0;
    return (struct str){bytes_of(n) + n->prefix_len + from, ends[i] - from};
}

static size_t node_bytes(const struct tree_node *n)
{
    return (size_t)(bytes_of(n) - (const char *)n) + n->prefix_len + ends_of(n)[n->count - 1];
}

static void retire(struct tree_edit *edit, void *memory)
{
    if (edit->garbage_first + edit->garbage_count == edit->garbage_cap) {
        if (edit->garbage_first > edit->garbage_cap / 2) {
            memmove(edit->garbage, edit->garbage + edit->garbage_first,
                    edit->garbage_count * sizeof *edit->garbage);
            edit->garbage_first = 0;
        } else {
            edit->garbage_cap = edit->garbage_cap ? edit->garbage_cap * 2 : 256;
            edit->garbage = mem_realloc(edit->garbage, edit->garbage_cap * sizeof *edit->garbage);
        }
    }
    edit->garbage[edit->garbage_first + edit->garbage_count++] =
        (struct garbage){memory, edit->version};
}

static void retire_node(struct tree_edit *edit, struct tree_node *n)
{
    if (n->version == edit->version)
        free(n);
    else
        retire(edit, n);
}

struct blob *blob_new(struct str bytes)
{
    struct blob *b = mem_alloc(sizeof *b + bytes.len);
    b->refs = 1;
    b->len = (uint32_t)bytes.len;
    if (bytes.len)
        memcpy(b->bytes, bytes.data, bytes.len);
    return b;
}

static void unref(struct tree_edit *edit, struct blob *value)
{
    assert(value->refs);
    if (--value->refs == 0)
        retire(edit, value);
}

void tree_collect(struct tree_edit *edit, uint64_t version)
{
    while (edit->garbage_count && edit->garbage[edit->garbage_first].version <= version) {
        free(edit->garbage[edit->garbage_first++].memory);
        edit->garbage_count--;
    }
    if (!edit->garbage_count)
        edit->garbage_first = 0;
}

/* -- keys ---------------------------------------------------------------------------------------
 */

/* Byte `i` of an entry's key. */
static char byte_at(const struct entry *e, size_t i)
{
    return i < e->head.len ? e->head.data[i] : e->tail.data[i - e->head.len];
}

static size_t key_len(const struct entry *e)
{
    return e->head.len + e->tail.len;
}

static size_t common_prefix(const struct entry *x, const struct entry *y)
{
    size_t len = key_len(x) < key_len(y) ? key_len(x) : key_len(y), i = 0;
    while (i < len && byte_at(x, i) == byte_at(y, i))
        i++;
    return i;
}

/* Copies an entry's key from byte `from` on; gives the end. */
static char *copy_key(char *to, const struct entry *e, size_t from)
{
    struct str head = str_from(e->head, from);
    struct str tail = from > e->head.len ? str_from(e->tail, from - e->head.len) : e->tail;
    if (head.len)
        memcpy(to, head.data, head.len);
    if (tail.len)
        memcpy(to + head.len, tail.data, tail.len);
    return to + head.len + tail.len;
}

/* The first entry whose key is >= `key`, and whether it is equal. */
static int lower_bound(const struct tree_node *n, struct str key, bool *is_equal)
{
    *is_equal = false;
    size_t shared = key.len < n->prefix_len ? key.len : n->prefix_len;
    int order = shared ? memcmp(key.data, bytes_of(n), shared) : 0;
    if (order < 0 || (order == 0 && key.len < n->prefix_len))
        return 0;
    if (order > 0)
        return n->count;
    struct str rest = str_from(key, n->prefix_len);
    const uint32_t *heads = heads_of(n);
    uint32_t head = head_of(rest);
    int low = 0, high = n->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (heads[middle] != head)
            order = heads[middle] < head ? -1 : 1;
        else
            order = str_compare(suffix_of(n, middle), rest);
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
            *is_equal |= order == 0;
        }
    }
    return low;
}

/* The child that a key belongs to. */
static int child_index(const struct tree_node *n, struct str key)
{
    bool is_equal;
    int i = lower_bound(n, key, &is_equal);
    return is_equal || i == 0 ? i : i - 1;
}

/* -- building -----------------------------------------------------------------------------------
 */

static struct tree_node *build(struct tree_edit *edit, int level, const struct entry *entries,
                               int count)
{
    assert(count > 0);
    size_t prefix =
        count > 1 ? common_prefix(&entries[0], &entries[count - 1]) : key_len(&entries[0]);
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += key_len(&entries[i]) - prefix;
    struct tree_node *n = mem_alloc(sizeof *n + (size_t)count * ENTRY_BYTES + prefix + bytes);
    n->version = edit->version;
    n->prefix_len = (uint32_t)prefix;
    n->count = (uint16_t)count;
    n->level = (uint8_t)level;
    char *to = (char *)(ends_of(n) + count);
    struct entry first = {.head = str_slice(entries[0].head, 0, prefix)};
    first.tail = str_slice(entries[0].tail, 0, prefix - first.head.len);
    char *suffixes = to = copy_key(to, &first, 0);
    for (int i = 0; i < count; i++) {
        n->slots[i] = entries[i].slot;
        const char *suffix = to;
        to = copy_key(to, &entries[i], prefix);
        heads_of(n)[i] = head_of((struct str){suffix, (size_t)(to - suffix)});
        ends_of(n)[i] = (uint32_t)(to - suffixes);
    }
    return n;
}

/* The node with one slot changed: itself when it is the edit's own, else a copy in its place. */
static struct tree_node *set_slot(struct tree_edit *edit, struct tree_node *n, int i, void *slot)
{
    struct tree_node *out = n;
    if (n->version != edit->version) {
        size_t bytes = node_bytes(n);
        out = memcpy(mem_alloc(bytes), n, bytes);
        out->version = edit->version;
        retire(edit, n);
    }
    out->slots[i] = slot;
    return out;
}

/* The same leaf with one more entry; NULL when its prefix or its size would have to change. This is
 * how most entries come, in three copies of bytes instead of one for each entry. */
static struct tree_node *with_entry(struct tree_edit *edit, const struct tree_node *n, int at,
                                    struct str key, void *slot)
{
    struct str suffix = str_from(key, n->prefix_len);
    const uint32_t *ends = ends_of(n);
    size_t bytes = ends[n->count - 1], before = at ? ends[at - 1] : 0;
    if (n->count == MAX_LEAF || n->prefix_len + bytes + suffix.len > MAX_BYTES ||
        !str_starts(key, prefix_of(n)))
        return NULL;
    int count = n->count + 1;
    struct tree_node *out = mem_alloc(node_bytes(n) + ENTRY_BYTES + suffix.len);
    *out = (struct tree_node){edit->version, n->prefix_len, (uint16_t)count, 0};
    memcpy(out->slots, n->slots, (size_t)at * sizeof(void *));
    out->slots[at] = slot;
    memcpy(out->slots + at + 1, n->slots + at, (size_t)(n->count - at) * sizeof(void *));
    const uint32_t *heads = heads_of(n);
    uint32_t *out_heads = heads_of(out), *out_ends = ends_of(out);
    memcpy(out_heads, heads, (size_t)at * sizeof *heads);
    out_heads[at] = head_of(suffix);
    memcpy(out_heads + at + 1, heads + at, (size_t)(n->count - at) * sizeof *heads);
    memcpy(out_ends, ends, (size_t)at * sizeof *ends);
    out_ends[at] = (uint32_t)(before + suffix.len);
    for (int i = at; i < n->count; i++)
        out_ends[i + 1] = ends[i] + (uint32_t)suffix.len;
    const char *from = bytes_of(n);
    char *to = (char *)(out_ends + count);
    memcpy(to, from, n->prefix_len + before);
    memcpy(to + n->prefix_len + before, suffix.data, suffix.len);
    memcpy(to + n->prefix_len + before + suffix.len, from + n->prefix_len + before, bytes - before);
    return out;
}

static int load(const struct tree_node *n, struct entry *out)
{
    struct str prefix = prefix_of(n);
    for (int i = 0; i < n->count; i++)
        out[i] = (struct entry){prefix, suffix_of(n, i), n->slots[i]};
    return n->count;
}

static void insert_entry(struct entry *entries, int *count, int at, struct entry e)
{
    memmove(entries + at + 1, entries + at, (size_t)(*count - at) * sizeof *entries);
    entries[at] = e;
    (*count)++;
}

static bool is_too_big(int level, const struct entry *entries, int count)
{
    if (count > (level ? MAX_INNER : MAX_LEAF))
        return true;
    if (count < MIN_SPLIT)
        return false;
    size_t prefix = common_prefix(&entries[0], &entries[count - 1]), bytes = prefix;
    for (int i = 0; i < count; i++)
        bytes += key_len(&entries[i]) - prefix;
    return bytes > MAX_BYTES;
}

/* One node of the entries, or two. Entries added at the end leave full nodes behind them. */
static struct pieces build_pieces(struct tree_edit *edit, int level, const struct entry *entries,
                                  int count, bool is_append)
{
    if (!is_too_big(level, entries, count)) {
        struct tree_node *only = build(edit, level, entries, count);
        return (struct pieces){.entries = {{.slot = only}}, .count = 1};
    }
    int left = is_append ? count - 1 : count / 2;
    struct tree_node *first = build(edit, level, entries, left);
    struct tree_node *second = build(edit, level, entries + left, count - left);
    struct entry separator = {prefix_of(second), suffix_of(second, 0), second};
    if (level == 0) { /* as short as it may be and still above the first node */
        size_t len = common_prefix(&entries[left - 1], &separator) + 1;
        separator.head = str_slice(separator.head, 0, len);
        separator.tail = str_slice(separator.tail, 0, len - separator.head.len);
    }
    return (struct pieces){.entries = {{.slot = first}, separator}, .count = 2};
}

/* -- put ----------------------------------------------------------------------------------------
 */

static struct pieces put(struct tree_edit *edit, struct tree_node *n, struct str key,
                         struct blob *value)
{
    struct pieces out = {.count = 1};
    struct entry entries[MAX_INNER + 1];
    if (n->level) {
        int at = child_index(n, key);
        struct pieces below = put(edit, n->slots[at], key, value);
        if (below.count == 1) {
            out.entries[0].slot = set_slot(edit, n, at, below.entries[0].slot);
            return out;
        }
        int count = load(n, entries);
        entries[at].slot = below.entries[0].slot;
        insert_entry(entries, &count, at + 1, below.entries[1]);
        out = build_pieces(edit, n->level, entries, count, at + 2 == count);
    } else {
        bool is_equal;
        int at = lower_bound(n, key, &is_equal);
        if (is_equal) {
            unref(edit, n->slots[at]);
            out.entries[0].slot = set_slot(edit, n, at, value);
            return out;
        }
        if (!(out.entries[0].slot = with_entry(edit, n, at, key, value))) {
            int count = load(n, entries);
            insert_entry(entries, &count, at, (struct entry){.head = key, .slot = value});
            out = build_pieces(edit, 0, entries, count, at + 1 == count);
        }
    }
    retire_node(edit, n);
    return out;
}

struct tree_node *tree_put(struct tree_edit *edit, struct tree_node *root, struct str key,
                           struct blob *value)
{
    if (!root) {
        struct entry only = {.head = key, .slot = value};
        return build(edit, 0, &only, 1);
    }
    int level = root->level;
    struct pieces p = put(edit, root, key, value);
    if (p.count == 1)
        return p.entries[0].slot;
    return build(edit, level + 1, p.entries, 2);
}

/* -- delete -------------------------------------------------------------------------------------
 */

static void retire_all(struct tree_edit *edit, struct tree_node *n)
{
    for (int i = 0; i < n->count; i++) {
        if (n->level)
            retire_all(edit, n->slots[i]);
        else
            unref(edit, n->slots[i]);
    }
    retire_node(edit, n);
}

static void keep_first_key(struct entry *entries, struct entry first)
{
    entries[0].head = first.head;
    entries[0].tail = first.tail;
}

/* Without the entries from `from` up to `to`; NULL when none is left. */
static struct tree_node *without(struct tree_edit *edit, struct tree_node *n, int from, int to)
{
    struct entry entries[MAX_INNER];
    int count = load(n, entries);
    struct entry first = entries[0];
    memmove(entries + from, entries + to, (size_t)(count - to) * sizeof *entries);
    count -= to - from;
    if (n->level)
        keep_first_key(entries, first);
    struct tree_node *out = count ? build(edit, n->level, entries, count) : NULL;
    retire_node(edit, n);
    return out;
}

static struct tree_node *delete (struct tree_edit *edit, struct tree_node *n, struct str key)
{
    if (!n->level) {
        bool is_equal;
        int at = lower_bound(n, key, &is_equal);
        if (!is_equal)
            return n;
        unref(edit, n->slots[at]);
        return without(edit, n, at, at + 1);
    }
    int at = child_index(n, key);
    struct tree_node *child = delete (edit, n->slots[at], key);
    if (child == n->slots[at])
        return n;
    if (!child)
        return without(edit, n, at, at + 1);
    return set_slot(edit, n, at, child);
}

/* A root with a single child gives way to it. */
static struct tree_node *lower_root(struct tree_edit *edit, struct tree_node *root)
{
    while (root && root->level && root->count == 1) {
        struct tree_node *child = root->slots[0];
        retire_node(edit, root);
        root = child;
    }
    return root;
}

struct tree_node *tree_delete(struct tree_edit *edit, struct tree_node *root, struct str key)
{
    return root ? lower_root(edit, delete (edit, root, key)) : NULL;
}

static struct tree_node *cut(struct tree_edit *edit, struct tree_node *n, struct str low,
                             struct str high)
{
    bool is_equal;
    if (!n->level) {
        int from = lower_bound(n, low, &is_equal);
        int to = high.len ? lower_bound(n, high, &is_equal) : n->count;
        if (from >= to)
            return n;
        for (int i = from; i < to; i++)
            unref(edit, n->slots[i]);
        return without(edit, n, from, to);
    }
    int first = child_index(n, low), last = high.len ? child_index(n, high) : n->count - 1;
    struct entry entries[MAX_INNER];
    int count = load(n, entries), kept = first;
    struct entry first_entry = entries[0];
    bool is_changed = false;
    for (int i = first; i < count; i++) {
        struct tree_node *child = n->slots[i];
        if (i > first && (i < last || (i == last && !high.len))) {
            retire_all(edit, child);
            child = NULL;
        } else if (i <= last) {
            child = cut(edit, child, low, high);
        }
        is_changed |= child != n->slots[i];
        if (child) {
            entries[kept] = entries[i];
            entries[kept++].slot = child;
        }
    }
    if (!is_changed)
        return n;
    keep_first_key(entries, first_entry);
    struct tree_node *out = kept ? build(edit, n->level, entries, kept) : NULL;
    retire_node(edit, n);
    return out;
}

struct tree_node *tree_delete_range(struct tree_edit *edit, struct tree_node *root, struct str low,
                                    struct str high)
{
    if (!root || (high.len && str_compare(low, high) >= 0))
        return root;
    return lower_root(edit, cut(edit, root, low, high));
}

void tree_free(struct tree_edit *edit, struct tree_node *root)
{
    if (root)
        retire_all(edit, root);
    tree_collect(edit, UINT64_MAX);
    free(edit->garbage);
    *edit = (struct tree_edit){.version = edit->version};
}

/* -- reading ------------------------------------------------------------------------------------
 */

const struct blob *tree_get(const struct tree_node *root, struct str key)
{
    const struct tree_node *n = root;
    if (!n)
        return NULL;
    while (n->level)
        n = n->slots[child_index(n, key)];
    bool is_equal;
    int at = lower_bound(n, key, &is_equal);
    return is_equal ? n->slots[at] : NULL;
}

static void push(struct tree_cursor *c, const struct tree_node *n, int at)
{
    assert(c->height < TREE_MAX_HEIGHT);
    c->path[c->height].node = n;
    c->path[c->height++].at = at;
}

/* Where the leaf's entries within the bounds end: keys are compared once for each leaf. */
static int limit_of(const struct tree_cursor *c, const struct tree_node *leaf)
{
    bool is_equal;
    if (c->stop.len)
        return lower_bound(leaf, c->stop, &is_equal);
    return c->is_forward ? leaf->count : 0;
}

/* Down from the top of the path to a leaf, along the first or last children. */
static void descend(struct tree_cursor *c)
{
    for (;;) {
        const struct tree_node *n = c->path[c->height - 1].node;
        if (!n->level) {
            c->limit = limit_of(c, n);
            return;
        }
        const struct tree_node *child = n->slots[c->path[c->height - 1].at];
        push(c, child, c->is_forward ? 0 : child->count - 1);
    }
}

/* Up to the lowest node that has another entry in the direction, then down again. */
static void settle(struct tree_cursor *c)
{
    while (c->height) {
        int at = c->path[c->height - 1].at;
        if (at >= 0 && at < c->path[c->height - 1].node->count) {
            descend(c);
            return;
        }
        if (--c->height)
            c->path[c->height - 1].at += c->is_forward ? 1 : -1;
    }
}

void tree_seek(struct tree_cursor *c, struct arena *a, const struct tree_node *root, struct str low,
               struct str high, bool is_forward)
{
    *c = (struct tree_cursor){
        .is_forward = is_forward, .stop = arena_str(a, is_forward ? high : low), .arena = a};
    if (!root)
        return;
    const struct tree_node *n = root;
    struct str from = is_forward ? low : high;
    bool is_to_end = !is_forward && !high.len;
    while (n->level) {
        int at = is_to_end ? n->count - 1 : child_index(n, from);
        push(c, n, at);
        n = n->slots[at];
    }
    bool is_equal;
    int at = is_to_end ? n->count : lower_bound(n, from, &is_equal);
    push(c, n, is_forward ? at : at - 1);
    settle(c);
}

static struct str copy_entry_key(struct tree_cursor *c, const struct tree_node *n, int at)
{
    struct entry e = {prefix_of(n), suffix_of(n, at), NULL};
    if (key_len(&e) > c->key_cap) {
        c->key_cap = 2 * key_len(&e) + 64;
        c->key = arena_alloc(c->arena, c->key_cap);
    }
    char *end = copy_key(c->key, &e, 0);
    return (struct str){c->key ? c->key : "", (size_t)(end - c->key)};
}

/* Values lie anywhere in memory: asked for this early they are there when it is their turn. */
static void fetch_early(const struct tree_node *n, int at)
{
    if (at < 0 || at >= n->count)
        return;
    const struct blob *b = n->slots[at];
    for (size_t line = 0; line < 4; line++)
        __builtin_prefetch((const char *)b + 64 * line);
}

bool tree_next(struct tree_cursor *c, struct str *key, const struct blob **value)
{
    if (!c->height)
        return false;
    const struct tree_node *n = c->path[c->height - 1].node;
    int at = c->path[c->height - 1].at, step = c->is_forward ? 1 : -1;
    if (c->is_forward ? at >= c->limit : at < c->limit) {
        c->height = 0;
        return false;
    }
    if (key)
        *key = copy_entry_key(c, n, at);
    *value = n->slots[at];
    fetch_early(n, at + 2 * step);
    c->path[c->height - 1].at = at + step;
    if (at + step < 0 || at + step >= n->count)
        settle(c);
    return true;
}
