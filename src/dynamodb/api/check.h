/* Check: keys and items against a table's schema, in the service's order and words.
 *
 * Called by every operation before it touches the store, which relies on it: a checked key is
 * whole, of the right types, not empty and within length. Pure.
 * Source: AWS "Constraints in Amazon DynamoDB"; the words are the service's own. */
#pragma once

#include "base/error.h"
#include "dynamodb/api/shape.h"
#include "dynamodb/expr/expr.h"
#include "dynamodb/model/item.h"
#include "dynamodb/model/schema.h"

/* The Key member of a request: exactly the table's key attributes. */
MUST_USE struct error *check_key(struct arena *a, const struct table *t, struct item key);
/* An item about to be put: its key, its index keys. Its size is check_item_size's. */
MUST_USE struct error *check_item(struct arena *a, const struct table *t, struct item item);
MUST_USE struct error *check_item_size(struct arena *a, struct item item);
/* An item that an update has made: the index keys it changed, and its size. */
struct update_check {
    const struct table *table;
    struct item old, updated;
    bool is_expression; /* words differ from those for AttributeUpdates */
};
MUST_USE struct error *check_updated(struct arena *a, const struct update_check *update);
/* The size of an updated item, or of what an update is counted as. */
MUST_USE struct error *check_updated_size(struct arena *a, size_t bytes);

/* An update before it is applied: it leaves the key alone, and gives index keys no wrong type where
 * its text tells. */
MUST_USE struct error *check_update_targets(struct arena *a, const struct table *t,
                                            const struct bound *update);
/* No path of the expression (NULL: none) goes inside a key attribute, of the table or an index. */
MUST_USE struct error *check_scalar_keys(struct arena *a, const struct table *t,
                                         const struct bound *expression);

/* Where a range starts. The steps come in this order, with other checks between them. */
struct start_check {
    const struct table *table;
    const struct index *index; /* NULL: the table */
    struct item key;
    bool is_scan; /* words differ */
};
/* Values that are wrong in themselves; needs no table. */
MUST_USE struct error *check_start_values(struct arena *a, const struct item_input *key);
/* The number of attributes, and those of the partition key; of a scanned index its whole key. */
MUST_USE struct error *check_start_partition(struct arena *a, const struct start_check *start);
/* All others. */
MUST_USE struct error *check_start_rest(struct arena *a, const struct start_check *start);

/* The attributes of the table's key out of an item that has them, encoded as an item. */
struct str key_of_item(struct arena *a, const struct table *t, struct str attributes);
