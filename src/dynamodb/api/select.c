/* A SELECT: reads of partitions one after another, or a scan, filtered by the whole WHERE.
 *
 *     WHERE  --reads_plan-->  read 0, read 1, …     each a range of one partition
 *                             ^ at, start_after     where the page goes on, in this call or the
 * next
 *
 * A page ends at its Limit of items read, after LIMIT_PAGE bytes before the filter, or with the
 * last read. Between two slices nothing of the store is held; the table is found again. */
#include "dynamodb/api/admission.h"
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/page_size.h"
#include "dynamodb/api/statement.h"
#include "dynamodb/api/transient.h"

#include <stdlib.h>

/* So much is read before others have their turn: about a tenth of a millisecond. */
#define SLICE_BYTES (64u << 10)
#define SLICE_ITEMS 512

/* -- what is read -------------------------------------------------------------------------------
 */

struct error *select_resolve(struct op *op, struct select *s)
{
    const struct statement *st = s->statement;
    struct error *no_table = op_table(op, st->table, &s->table);
    s->index = no_table || !st->index.len ? NULL : table_index(s->table, st->index);
    if (s->index && (s->index->keys.partition_count > 1 || s->index->keys.sort_count > 1))
        return invalid(op->arena, "PartiQL statements cannot be executed on tables with "
                                  "multi-attribute HASH keys or multi-attribute RANGE keys.");
    TRY(st->column_error);
    TRY(no_table);
    if (!st->index.len)
        return NULL;
    if (!s->index)
        return invalid(op->arena, "The table does not have the specified index");
    if (s->index->is_global && s->is_consistent)
        return invalid(op->arena,
                       "Strongly consistent read is not supported on Global Secondary Indexes");
    if ((s->index->is_global && s->index->status == STATUS_CREATING) ||
        change_creates_index(op, s->table, s->index))
        return invalid(op->arena, "Cannot read from backfilling global secondary index: %.*s",
                       STR_ARG(st->index));
    return NULL;
}

static bool index_holds(const void *context, struct str name)
{
    const struct select *s = context;
    if (s->index->projection == PROJECTION_ALL || index_has_key(s->table, s->index, name))
        return true;
    if (s->index->projection == PROJECTION_INCLUDE)
        for (size_t i = 0; i < s->index->included_count; i++)
            if (str_eq(s->index->included[i], name))
                return true;
    return false;
}

/* Columns that the index does not hold: a local one has the table at hand, a global one has not. */
static struct error *check_columns(struct op *op, struct select *s)
{
    struct str missing = S("");
    for (size_t i = 0; s->index && i < s->statement->column_count; i++) {
        struct str name = s->statement->columns[i].path.steps[0].name;
        if (!index_holds(s, name))
            missing = arena_printf(op->arena, "%.*s%s%.*s", STR_ARG(missing),
                                   missing.len ? ", " : "", STR_ARG(name));
    }
    s->fetches = missing.len > 0;
    if (s->fetches && s->index->is_global)
        return invalid(op->arena,
                       "One or more parameter values were invalid: Global secondary index %.*s "
                       "does not project [%.*s]",
                       STR_ARG(s->index->name), STR_ARG(missing));
    return NULL;
}

/* The order that ORDER BY asks for; of an attribute that is named twice the first counts. Without
 * the sort attribute in it, that falls: so the service. */
struct direction {
    bool is_partition_falling, is_sort_falling;
};

static struct direction direction_of(const struct select *s, const struct key_schema *keys)
{
    struct direction d = {.is_sort_falling = s->statement->order_count > 0};
    for (size_t i = s->statement->order_count; i-- > 0;) {
        const struct statement_order *order = &s->statement->order[i];
        if (str_eq(order->name, keys->partition[0].name))
            d.is_partition_falling = order->is_descending;
        else
            d.is_sort_falling = order->is_descending;
    }
    return d;
}

/* The plan's reads rise in both; turns the partitions round, or the reads of each. */
static const struct read *in_direction(struct arena *a, const struct reads *reads,
                                       struct direction d)
{
    struct read *out = arena_array(a, struct read, reads->count);
    size_t count = 0;
    for (size_t done = 0, first, end; done < reads->count; done += end - first) {
        first = d.is_partition_falling ? reads->count - done - 1 : done;
        end = first + 1;
        while (d.is_partition_falling && first > 0 &&
               value_equal(reads->items[first - 1].partition, reads->items[first].partition))
            first--;
        while (!d.is_partition_falling && end < reads->count &&
               value_equal(reads->items[end].partition, reads->items[first].partition))
            end++;
        for (size_t i = first; i < end; i++)
            out[count++] = reads->items[d.is_sort_falling ? end - 1 - (i - first) : i];
    }
    return out;
}

struct error *select_plan(struct op *op, struct select *s)
{
    const struct key_schema *keys = s->index ? &s->index->keys : &s->table->keys;
    bool is_partial = s->index && s->index->projection != PROJECTION_ALL;
    struct reads reads;
    TRY(check_columns(op, s));
    TRY(reads_plan(op->arena, s->statement,
                   &(struct reads_context){.keys = keys,
                                           .index_name = s->statement->index,
                                           .is_projected = is_partial ? index_holds : NULL,
                                           .context = s},
                   &reads));
    struct direction d = direction_of(s, keys);
    struct item key;
    s->is_scan = !reads.is_keyed;
    s->is_backward = d.is_sort_falling;
    s->reads = in_direction(op->arena, &reads, d);
    s->read_count = s->is_scan ? 1 : reads.count;
    s->is_one_item = !s->index && statement_fixes_item(op, s->statement, s->table, &key);
    if (s->token.len)
        TRY(next_token_read(op, s));
    json_key(op->reply, S("Items"));
    json_begin_array(op->reply);
    return NULL;
}

/* -- walking ------------------------------------------------------------------------------------
 */

static struct range_options range_of(const struct select *s)
{
    struct range_options o = {.table = s->table,
                              .index = s->index,
                              .is_backward = s->is_backward,
                              .start_after = s->start_after};
    if (s->is_scan)
        return o;
    const struct read *r = &s->reads[s->at];
    o.has_partition = true;
    o.partition[0] = r->partition;
    o.low = r->low;
    o.high = r->high;
    o.is_low_exclusive = r->is_low_exclusive;
    o.is_high_exclusive = r->is_high_exclusive;
    return o;
}

/* The whole item of an entry of a local index. */
static struct error *fetch(struct op *op, struct select *s, struct item *item)
{
    struct item_key key = item_key_of(op->arena, s->table, item->attributes);
    uint64_t depends_on = 0;
    struct item whole;
    TRY(store_get(op->store, op->arena, s->table, &key, &whole, &depends_on));
    op_depends(op, depends_on);
    s->fetch_halves += capacity_read(whole.size_bytes, s->is_consistent);
    if (item_exists(whole))
        *item = whole;
    return NULL;
}

/* The filter sees what the index holds, even when the item is fetched. */
static struct error *take_item(struct op *op, struct select *s, struct item item)
{
    const struct bound *where = s->statement->where;
    bool is_chosen = !where || condition_holds(where, item);
    s->scanned++;
    s->read_bytes += item.size_bytes;
    s->page_bytes += page_size_of(s->table, item);
    s->is_full = (s->limit && s->scanned >= s->limit) || s->page_bytes >= LIMIT_PAGE;
    if (s->fetches)
        TRY(fetch(op, s, &item));
    if (is_chosen)
        attribute_write_item(op->reply, statement_show(op->arena, s->statement, item).attributes);
    return NULL;
}

/* How much this slice may still read. */
struct budget {
    int64_t bytes, items;
};

static bool is_spent(const struct budget *b)
{
    return b->bytes <= 0 || b->items <= 0;
}

/* Walks one read until its end, the page's, or that of the budget; is_at_end tells which. */
static struct error *walk(struct op *op, struct select *s, struct range *r, struct budget *budget,
                          bool *is_at_end)
{
    while (true) {
        struct item item;
        bool found;
        TRY(range_next(r, &item, &found));
        *is_at_end = !found;
        if (!found)
            return NULL;
        TRY(take_item(op, s, item));
        budget->bytes -= item.size_bytes;
        budget->items--;
        if (!s->is_full && !is_spent(budget))
            continue;
        s->start_after = range_key_of(op->arena, s->table, s->index, item);
        return NULL;
    }
}

static void end_read(struct select *s)
{
    s->halves += capacity_read(s->read_bytes, s->is_consistent);
    s->read_bytes = 0;
}

static struct error *walk_read(struct op *op, struct select *s, struct budget *budget)
{
    struct range_options o = range_of(s);
    struct range *r;
    uint64_t depends_on = 0;
    bool is_at_end = false;
    TRY(range_open(op->store, op->arena, &o, &r));
    struct error *e = walk(op, s, r, budget, &is_at_end);
    range_close(r, &depends_on);
    op_depends(op, depends_on);
    if (e)
        return e;
    if (is_at_end || s->is_full)
        end_read(s);
    if (is_at_end) {
        s->at++;
        s->start_after = S("");
    }
    return NULL;
}

static struct error *end_reply(struct op *op, struct select *s)
{
    struct json_writer *w = op->reply;
    json_end_array(w);
    if (s->is_full && !s->is_one_item) {
        json_key(w, S("NextToken")), json_str(w, next_token_of(op, s));
        json_key(w, S("LastEvaluatedKey"));
        attribute_write_item(w, s->start_after);
    }
    if (!s->halves) /* ranges that hold nothing cost what reading nothing does */
        end_read(s);
    struct capacity cost = {.table = s->table, .name = s->statement->table};
    if (s->index) {
        cost.table_halves = s->fetch_halves;
        capacity_add_index(op->arena, &cost, s->index, s->halves);
    } else {
        cost.table_halves = s->halves;
    }
    capacity_reply(w, &cost, s->capacity);
    return admit(op, THROTTLE_READS, &cost);
}

struct error *select_step(struct op *op, struct select *s)
{
    struct budget budget = {SLICE_BYTES, SLICE_ITEMS};
    while (s->at < s->read_count && !s->is_full && !is_spent(&budget))
        TRY(walk_read(op, s, &budget));
    op->is_unfinished = s->at < s->read_count && !s->is_full;
    return op->is_unfinished ? NULL : end_reply(op, s);
}
