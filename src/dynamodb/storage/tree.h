/* Tree: an ordered map in memory whose every state stays readable: a B+tree of nodes that never
 * change.
 *
 * Called by kv_memory.c. A change builds new nodes from the leaf up to a new root and retires the
 * old ones; whoever holds an old root goes on reading it until the retired memory is freed, which
 * is the caller's decision. One thread edits; any number read. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

struct tree_node; /* NULL: the empty tree */

/* A value, shared by all slots and batches that hold it. Counted by the editing thread only. */
struct blob {
    uint32_t refs;
    uint32_t len;
    char bytes[];
};

struct blob *blob_new(struct str bytes); /* with one reference */
static inline struct str blob_str(const struct blob *b)
{
    return (struct str){b->bytes, b->len};
}

/* Memory that the newest state no longer uses. It may be freed when every reader has a root of
 * `version` or newer. */
struct garbage {
    void *memory;
    uint64_t version;
};

/* The edit under way, and the garbage of all edits so far, oldest first. */
struct tree_edit {
    uint64_t version; /* of the state being built; rises with each edit */
    struct garbage *garbage;
    size_t garbage_first, garbage_count, garbage_cap;
};

/* Takes one reference of `value`. */
struct tree_node *tree_put(struct tree_edit *edit, struct tree_node *root, struct str key,
                           struct blob *value);
struct tree_node *tree_delete(struct tree_edit *edit, struct tree_node *root, struct str key);
/* low <= key < high; high empty: to the end. */
struct tree_node *tree_delete_range(struct tree_edit *edit, struct tree_node *root, struct str low,
                                    struct str high);
/* Frees garbage of versions up to `version`. */
void tree_collect(struct tree_edit *edit, uint64_t version);
/* The tree, its values and all garbage. */
void tree_free(struct tree_edit *edit, struct tree_node *root);

const struct blob *tree_get(const struct tree_node *root, struct str key); /* NULL: absent */

#define TREE_MAX_HEIGHT 16

/* Open with tree_seek; stop and the key buffer are in the arena given then. */
struct tree_cursor {
    struct {
        const struct tree_node *node;
        int at;
    } path[TREE_MAX_HEIGHT];
    int height; /* 0: at the end */
    int limit;  /* of the leaf on top: forward, the first entry that is not given; else the last */
    bool is_forward;
    struct str stop;
    struct arena *arena;
    char *key;
    size_t key_cap;
};

/* To the first entry of low <= key < high (high empty: to the end), or to the last, backward. */
void tree_seek(struct tree_cursor *c, struct arena *a, const struct tree_node *root, struct str low,
               struct str high, bool is_forward);
/* The entry it stands on, then steps. The key is valid until the next call; NULL: not wanted. */
bool tree_next(struct tree_cursor *c, struct str *key, const struct blob **value);
