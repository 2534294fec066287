/* KV operations: what an implementation of kv.h provides. Included by kv*.c only.
 *
 * Each implementation's structs begin with these, so the ordinary functions of kv.c find their way
 * by the pointer alone. */
#pragma once

#include "dynamodb/storage/kv.h"

/* What a cursor reads: low <= key < high. */
struct kv_span {
    struct str low, high;
    bool is_forward;
    bool is_walk; /* opened by kv_walk_open */
};

struct kv_ops {
    void (*close)(struct kv *kv);
    struct kv_read *(*read_begin)(struct kv *kv, bool needs_snapshot);
    void (*read_end)(struct kv_read *read);
    struct error *(*get)(struct kv_read *read, struct arena *a, struct str key, struct str *value,
                         bool *found);
    struct error *(*cursor_open)(struct kv_read *read, struct arena *a, const struct kv_span *span,
                                 struct kv_cursor **out);
    struct error *(*cursor_next)(struct kv_cursor *cursor, struct str *key, struct str *value,
                                 bool *found);
    void (*cursor_close)(struct kv_cursor *cursor);
    struct kv_batch *(*batch_new)(struct kv *kv);
    void (*batch_free)(struct kv_batch *batch);
    void (*batch_reset)(struct kv_batch *batch);
    void (*batch_put)(struct kv_batch *batch, struct str key, struct str value);
    void (*batch_delete)(struct kv_batch *batch, struct str key);
    void (*batch_delete_range)(struct kv_batch *batch, struct str low, struct str high);
    struct error *(*write)(struct kv *kv, struct arena *a, struct kv_batch *batch);
    struct error *(*hand_over)(struct kv *kv, struct arena *a);
    struct error *(*sync)(struct kv *kv, struct arena *a);
    bool is_persistent;
};

struct kv {
    const struct kv_ops *ops;
};
struct kv_read {
    const struct kv_ops *ops;
};
struct kv_cursor {
    const struct kv_ops *ops;
};
struct kv_batch {
    const struct kv_ops *ops;
};
