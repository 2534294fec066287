/* Range: walks the items of a table or index in key order, for Query and Scan.
 *
 * A range is open within one slice of a call (catalog lock held): it pins the store's state. To go
 * on in a later slice, open again with `start_after` = the last key given. The bytes of an entry
 * are valid until the next call. */
#pragma once

#include "dynamodb/storage/store.h"

struct range;

struct range_options {
    const struct table *table;
    const struct index *index; /* NULL: the table itself */
    bool is_backward;

    /* Query: one partition. */
    bool has_partition;
    struct value partition[LIMIT_KEY_ATTRIBUTES];
    struct value sort_equal[LIMIT_KEY_ATTRIBUTES]; /* leading sort attributes held equal */
    size_t sort_equal_count;
    /* Bounds of the next sort attribute; VALUE_NONE: open. */
    struct value low, high;
    bool is_low_exclusive, is_high_exclusive;
    bool is_prefix; /* low is a prefix that the sort value starts with */

    /* Scan: one of `segments` slices of the hash space; segments 0 or 1: all. */
    uint32_t segment, segments;

    /* ExclusiveStartKey: attributes of the table's key, and of the index's; empty: from the start.
     * Need not exist as an item. */
    struct str start_after;
};

/* Whether start_after lies in the segment that is asked for. */
bool range_holds_start(struct arena *a, const struct range_options *options);
MUST_USE struct error *range_open(struct store *store, struct arena *a,
                                  const struct range_options *options, struct range **out);
/* The next item: whole for a table, what the projection holds for an index. */
MUST_USE struct error *range_next(struct range *r, struct item *out, bool *found);
void range_close(struct range *r, uint64_t *depends_on);

/* The key attributes of an item that a LastEvaluatedKey holds: the table's, and the index's. */
struct str range_key_of(struct arena *a, const struct table *t, const struct index *index,
                        struct item item);
