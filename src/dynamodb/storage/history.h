/* History: what a table was at any moment since its history is kept.
 *
 * Kept only for tables that say so (recovery.history_us): those with point-in-time recovery, and
 * any other while a backup of it is being made. txn.c calls history_plan for each write, copy.c and
 * the exports read with history_read, the copier trims. A table whose history is not kept pays
 * nothing.
 *
 * Moments are Unix microseconds that only rise, one for each batch of writes: a write is part of
 * the table at its own moment and at every later one. Results live in the caller's arena. */
#pragma once

#include "dynamodb/storage/internal.h"

/* The highest moment that the store has given, read when it is opened. */
MUST_USE struct error *history_open(struct store *store, struct arena *a);

/* A moment after all that were given before. Under the write lock. */
int64_t history_moment(struct store *store);
/* The same, from the catalog's exclusive lock: no write is under way, so all that has been written
 * is before it, and all that will be is after. */
int64_t history_mark(struct store *store);

/* Under the write lock: the entries of one write; `old` is the stored item before it, empty when
 * there was none. */
void history_plan(struct kv_batch *batch, struct arena *a, struct str item_key, struct str old,
                  int64_t moment_us);

/* What to read: a table, or the content of a backup, as it was at that moment. */
struct past {
    enum key_space space; /* SPACE_ITEM or SPACE_CONTENT */
    uint32_t id;
    int64_t moment_us;
};
struct past_item {
    struct str key; /* in that space */
    struct str value;
};
struct past_page {
    const struct past_item *items;
    size_t count;
    struct str last; /* where the next page goes on; empty: this is the last one */
};
/* The items behind key `after` (empty: from the first). Whenever a page is read, and whatever is
 * written meanwhile, all pages together are the table at that one moment. */
MUST_USE struct error *history_read(struct store *store, struct arena *a, const struct past *past,
                                    struct str after, struct past_page *out);

/* Deletes the oldest entries that no moment from `until_us` on needs; *is_done: there are no more
 * of them. */
MUST_USE struct error *history_trim(struct store *store, struct arena *a, uint32_t table_id,
                                    int64_t until_us, bool *is_done);
/* All of it. */
void history_plan_delete(struct arena *a, struct kv_batch *batch, uint32_t table_id);

/* What became of an item between two moments; images are stored items, empty: there was none. */
struct past_change {
    struct str key;
    struct str old_image, new_image;
    int64_t moment_us; /* of the last write in between */
};
struct past_changes {
    const struct past_change *items;
    size_t count;
    struct str last; /* as in struct past_page */
};
/* The items of a table that were written to with from_us < moment <= until_us, by key. One that was
 * put and deleted again is there too, without images. */
MUST_USE struct error *history_read_changes(struct store *store, struct arena *a, uint32_t table_id,
                                            int64_t from_us, int64_t until_us, struct str after,
                                            struct past_changes *out);
