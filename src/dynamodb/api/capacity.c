#include "dynamodb/api/capacity.h"

uint64_t capacity_read(uint64_t bytes, bool is_consistent)
{
    uint64_t blocks = (bytes + 4095) / 4096;
    if (!blocks)
        blocks = 1;
    return is_consistent ? 2 * blocks : blocks;
}

uint64_t capacity_write(struct item old, struct item new_item)
{
    uint64_t bytes = old.size_bytes > new_item.size_bytes ? old.size_bytes : new_item.size_bytes;
    uint64_t blocks = (bytes + 1023) / 1024;
    return 2 * (blocks ? blocks : 1);
}

void capacity_add_index(struct arena *a, struct capacity *c, const struct index *index,
                        uint64_t halves)
{
    for (size_t i = 0; i < c->index_count; i++) {
        if (c->indexes[i].index == index) {
            c->indexes[i].halves += halves;
            return;
        }
    }
    if (!c->indexes)
        c->indexes = arena_array(a, struct capacity_index, c->table->index_count);
    c->indexes[c->index_count++] = (struct capacity_index){index, halves};
}

uint64_t capacity_add_writes(struct arena *a, struct capacity *c, const struct txn *t,
                             size_t position)
{
    const struct index_writes *writes;
    size_t count = txn_index_writes(t, position, &writes);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!writes[i].writes)
            continue;
        uint64_t halves = 2 * writes[i].write_units;
        capacity_add_index(a, c, writes[i].index, halves);
        sum += halves;
    }
    return sum;
}

uint64_t capacity_total(const struct capacity *c)
{
    uint64_t sum = c->table_halves;
    for (size_t i = 0; i < c->index_count; i++)
        sum += c->indexes[i].halves;
    return sum;
}

static void units(struct json_writer *w, struct str name, uint64_t halves)
{
    json_key(w, name);
    json_double(w, (double)halves / 2);
}

/* One arm of the answer. What transactions cost is told as reads or writes once more. */
static void arm(struct json_writer *w, const struct capacity *c, uint64_t halves)
{
    json_begin_object(w);
    if (c->read_halves)
        units(w, S("ReadCapacityUnits"), halves);
    if (c->write_halves)
        units(w, S("WriteCapacityUnits"), halves);
    units(w, S("CapacityUnits"), halves);
    json_end_object(w);
}

static void write_indexes(struct json_writer *w, const struct capacity *c, bool is_global)
{
    bool is_open = false;
    for (size_t i = 0; i < c->index_count; i++) {
        if (c->indexes[i].index->is_global != is_global)
            continue;
        if (!is_open) {
            json_key(w, is_global ? S("GlobalSecondaryIndexes") : S("LocalSecondaryIndexes"));
            json_begin_object(w);
            is_open = true;
        }
        json_key(w, c->indexes[i].index->name);
        arm(w, c, c->indexes[i].halves);
    }
    if (is_open)
        json_end_object(w);
}

void capacity_write_object(struct json_writer *w, const struct capacity *c,
                           enum return_capacity mode)
{
    json_begin_object(w);
    json_key(w, S("TableName"));
    json_str(w, c->name.data ? c->name : c->table->name);
    units(w, S("CapacityUnits"), capacity_total(c));
    if (c->read_halves)
        units(w, S("ReadCapacityUnits"), c->read_halves);
    if (c->write_halves)
        units(w, S("WriteCapacityUnits"), c->write_halves);
    if (mode == CAPACITY_INDEXES) {
        json_key(w, S("Table"));
        arm(w, c, c->table_halves);
        write_indexes(w, c, false);
        write_indexes(w, c, true);
    }
    json_end_object(w);
}

void capacity_reply(struct json_writer *w, const struct capacity *c, enum return_capacity mode)
{
    if (!capacity_is_wanted(mode))
        return;
    json_key(w, S("ConsumedCapacity"));
    capacity_write_object(w, c, mode);
}
