/* Capacity: what a request costs, as the service charges it, and how the answer tells it.
 *
 * Called by every operation on items. Units are counted in halves, since an eventually consistent
 * read costs half a unit. Pure but for the writer.
 * Source: AWS "DynamoDB provisioned capacity mode", "Read and write operations". */
#pragma once

#include "dynamodb/api/api.h"
#include "dynamodb/api/requests.h"
#include "dynamodb/model/schema.h"
#include "dynamodb/storage/txn.h"

/* Halves of read units for the bytes read by one operation; nothing found costs as much as 1 byte.
 */
uint64_t capacity_read(uint64_t bytes, bool is_consistent);
/* Halves of write units for a change: the larger of the two sizes counts. */
uint64_t capacity_write(struct item old, struct item new_item);

struct capacity_index {
    const struct index *index;
    uint64_t halves;
};

/* The cost of a request on one table. Zero it, with `table` set. */
struct capacity {
    const struct table *table;
    struct str name; /* as the request named the table */
    uint64_t table_halves;
    struct capacity_index *indexes; /* in the arena; those touched */
    size_t index_count;
    uint64_t read_halves, write_halves; /* of transactions, which tell them apart */
};

void capacity_add_index(struct arena *a, struct capacity *c, const struct index *index,
                        uint64_t halves);
/* The index entries that the change at `position` of a committed transaction wrote. They cost no
 * more in transactional operations than outside. Answers how many halves. */
uint64_t capacity_add_writes(struct arena *a, struct capacity *c, const struct txn *t,
                             size_t position);
uint64_t capacity_total(const struct capacity *c);

/* The object {"TableName":…,"CapacityUnits":…}; nothing in modes NONE and absent is the caller's.
 */
void capacity_write_object(struct json_writer *w, const struct capacity *c,
                           enum return_capacity mode);
/* The member "ConsumedCapacity", when the mode asks for it. */
void capacity_reply(struct json_writer *w, const struct capacity *c, enum return_capacity mode);

static inline bool capacity_is_wanted(enum return_capacity mode)
{
    return mode == CAPACITY_TOTAL || mode == CAPACITY_INDEXES;
}
