/* KV: an ordered store of bytes, the seam under the database.
 *
 * Two implementations: kv_rocks.c (RocksDB, on disk) and kv_memory.c; kv_fault.c wraps either and
 * makes calls fail on purpose. Keys and values are any bytes; keys sort bytewise. Errors are
 * error_system with the store's words. Safe from any thread; writes are given one batch at a time
 * by commit.c, which holds its lock.
 *
 * A read section pins what it shows: between kv_read_begin and kv_read_end (which never waits on
 * anything but short locks, and must end before the thread does) all gets and cursors see one
 * state, and the bytes they give stay valid. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct kv;
struct kv_read;
struct kv_cursor;
struct kv_batch;

struct kv_rocks_options {
    const char *directory; /* made when missing; its parent must exist */
    size_t cache_bytes;
    bool is_handed_over; /* kv_hand_over is what will be called, after each write, not kv_sync */
};
MUST_USE struct error *kv_rocks_open(struct arena *a, const struct kv_rocks_options *options,
                                     struct kv **out);
struct kv *kv_memory_open(void);

/* Flushes, so that the next open replays no log; unless a sync has failed. */
void kv_close(struct kv *kv);

/* -- reading ------------------------------------------------------------------------------------
 */

/* `needs_snapshot`: several reads must see one state; a single get or cursor does so by itself. */
struct kv_read *kv_read_begin(struct kv *kv, bool needs_snapshot);
void kv_read_end(struct kv_read *read);
/* *found says whether; *value is valid until kv_read_end. */
MUST_USE struct error *kv_get(struct kv_read *read, struct arena *a, struct str key,
                              struct str *value, bool *found);

/* A cursor over low <= key < high (high empty: to the end), forward or backward. Bounds are copied.
 */
MUST_USE struct error *kv_cursor_open(struct kv_read *read, struct arena *a, struct str low,
                                      struct str high, bool is_forward, struct kv_cursor **out);
/* The same, for reading all of a large range once: what it reads is not kept in the cache,
 * where it would push out what others read again and again. */
MUST_USE struct error *kv_walk_open(struct kv_read *read, struct arena *a, struct str low,
                                    struct str high, bool is_forward, struct kv_cursor **out);
/* The next entry; *key and *value are valid until the next call. *found is false at the end. Who
 * does not want the key gives NULL for it. */
MUST_USE struct error *kv_cursor_next(struct kv_cursor *cursor, struct str *key, struct str *value,
                                      bool *found);
void kv_cursor_close(struct kv_cursor *cursor);

/* -- writing ------------------------------------------------------------------------------------
 */

struct kv_batch *kv_batch_new(struct kv *kv);
void kv_batch_free(struct kv_batch *batch);
void kv_batch_reset(struct kv_batch *batch);
void kv_batch_put(struct kv_batch *batch, struct str key, struct str value); /* both copied */
void kv_batch_delete(struct kv_batch *batch, struct str key);
void kv_batch_delete_range(struct kv_batch *batch, struct str low, struct str high);
/* All of the batch or nothing, visible to reads that begin later. It may be in this process alone.
 * The batch must be reset before it is used again. */
MUST_USE struct error *kv_write(struct kv *kv, struct arena *a, struct kv_batch *batch);
/* Everything written before the call began outlives the process, but not the machine. */
MUST_USE struct error *kv_hand_over(struct kv *kv, struct arena *a);
/* Everything written before the call began is on the disk when it returns. Failure is final. */
MUST_USE struct error *kv_sync(struct kv *kv, struct arena *a);
/* Whether there is a disk at all: false makes every write durable at once. */
bool kv_is_persistent(const struct kv *kv);
