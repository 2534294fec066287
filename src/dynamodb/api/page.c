#include "dynamodb/api/page.h"

#include "dynamodb/api/admission.h"
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/page_size.h"
#include "dynamodb/api/transient.h"

/* So much is read before others have their turn: about a tenth of a millisecond. */
#define SLICE_BYTES (64u << 10)
/* Small items cost by their number. */
#define SLICE_ITEMS 512

/* -- what may be asked for ----------------------------------------------------------------------
 */

struct error *selection_check(struct arena *a, const struct selection *s, struct str index_name)
{
    const char *what = NULL;
    switch (s->mode) {
    case SELECT_ABSENT:
        return NULL;
    case SELECT_SPECIFIC_ATTRIBUTES:
        if (s->has_projection || s->attributes_to_get->is_given)
            return NULL;
        return invalid(a, "Must specify the AttributesToGet or ProjectionExpression when choosing "
                          "to get SPECIFIC_ATTRIBUTES");
    case SELECT_COUNT:
        what = "only the Count";
        break;
    case SELECT_ALL_ATTRIBUTES:
        what = "ALL_ATTRIBUTES";
        break;
    case SELECT_ALL_PROJECTED_ATTRIBUTES:
        what = "ALL_PROJECTED_ATTRIBUTES";
        break;
    }
    if (s->has_projection || s->attributes_to_get->is_given)
        return invalid(a, "Cannot specify the %s when choosing to get %s",
                       s->has_projection ? "ProjectionExpression" : "AttributesToGet", what);
    if (s->mode == SELECT_ALL_PROJECTED_ATTRIBUTES && !index_name.len)
        return invalid(
            a, "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
    return NULL;
}

struct error *page_resolve(struct op *op, struct page *p)
{
    TRY(op_table(op, p->table_name, &p->table));
    if (!p->index_name.len)
        return NULL;
    p->index = table_index(p->table, p->index_name);
    if (!p->index)
        return invalid(op->arena, "The table does not have the specified index: %.*s",
                       STR_ARG(p->index_name));
    if (p->index->is_global && p->is_consistent)
        return invalid(op->arena, "Consistent reads are not supported on global secondary indexes");
    if ((p->index->is_global && p->index->status == STATUS_CREATING) ||
        change_creates_index(op, p->table, p->index))
        return invalid(op->arena, "Cannot read from backfilling global secondary index: %.*s",
                       STR_ARG(p->index_name));
    return NULL;
}

static bool is_projected(const struct page *p, struct str name)
{
    if (p->index->projection == PROJECTION_ALL || index_has_key(p->table, p->index, name))
        return true;
    if (p->index->projection == PROJECTION_INCLUDE)
        for (size_t i = 0; i < p->index->included_count; i++)
            if (str_eq(p->index->included[i], name))
                return true;
    return false;
}

/* The requested top-level attributes that the index does not hold, for the message; empty: none. */
static struct str unprojected(struct arena *a, const struct page *p)
{
    const struct str *names = p->selection.attributes_to_get->items;
    size_t count = p->selection.attributes_to_get->count;
    if (p->selection.projection)
        count = projection_roots(a, p->selection.projection, &names);
    struct str list = S("");
    for (size_t i = 0; i < count; i++)
        if (!is_projected(p, names[i]))
            list = arena_printf(a, "%.*s%s%.*s", STR_ARG(list), list.len ? ", " : "",
                                STR_ARG(names[i]));
    return list;
}

struct error *page_check_selection(struct op *op, struct page *p)
{
    const struct index *index = p->index;
    if (!index || index->projection == PROJECTION_ALL)
        return NULL;
    if (p->selection.mode == SELECT_ALL_ATTRIBUTES) {
        if (index->is_global)
            return invalid(op->arena,
                           "One or more parameter values were invalid: Select type ALL_ATTRIBUTES "
                           "is not supported for global secondary index %.*s because its "
                           "projection type is not ALL",
                           STR_ARG(index->name));
        p->fetches = true;
        return NULL;
    }
    struct str missing = unprojected(op->arena, p);
    if (missing.len && index->is_global)
        return invalid(op->arena,
                       "One or more parameter values were invalid: Global secondary index %.*s "
                       "does not project [%.*s]",
                       STR_ARG(index->name), STR_ARG(missing));
    p->fetches = missing.len > 0;
    return NULL;
}

/* -- walking ------------------------------------------------------------------------------------
 */

static void begin_reply(struct op *op, struct page *p)
{
    if (!p->is_begun && p->selection.mode != SELECT_COUNT) {
        json_key(op->reply, S("Items"));
        json_begin_array(op->reply);
    }
    p->is_begun = true;
}

/* The whole item of an entry of a local index. */
static struct error *fetch(struct op *op, struct page *p, struct item *item)
{
    struct item_key key = item_key_of(op->arena, p->table, item->attributes);
    uint64_t depends_on = 0;
    struct item whole;
    TRY(store_get(op->store, op->arena, p->table, &key, &whole, &depends_on));
    op_depends(op, depends_on);
    p->fetch_halves += capacity_read(whole.size_bytes, p->is_consistent);
    if (item_exists(whole))
        *item = whole;
    return NULL;
}

static struct error *take_item(struct op *op, struct page *p, struct item item)
{
    p->scanned++;
    p->bytes += item.size_bytes;
    p->page_bytes += page_size_of(p->table, item);
    if (p->fetches)
        TRY(fetch(op, p, &item));
    if (p->filter && !condition_holds(p->filter, item))
        return NULL;
    p->count++;
    if (p->selection.mode == SELECT_COUNT)
        return NULL;
    struct show show = {p->selection.projection, p->selection.attributes_to_get};
    attribute_write_item(op->reply, show_apply(op->arena, &show, item).attributes);
    return NULL;
}

static bool page_is_full(const struct page *p)
{
    return (p->limit && p->scanned >= p->limit) || p->page_bytes >= LIMIT_PAGE;
}

enum slice_end { SLICE_FULL, SLICE_USED_UP, SLICE_AT_END };

/* Reads until the page is full, the slice used up or the range at its end; *last is then the key of
 * the last item read, unless nothing was. */
static struct error *read_slice(struct op *op, struct page *p, struct range *r, enum slice_end *end)
{
    uint64_t stop_bytes = p->bytes + SLICE_BYTES;
    int64_t stop_items = p->scanned + SLICE_ITEMS;
    for (;;) {
        struct item item;
        bool found;
        TRY(range_next(r, &item, &found));
        if (!found) {
            *end = SLICE_AT_END;
            return NULL;
        }
        TRY(take_item(op, p, item));
        if (page_is_full(p))
            *end = SLICE_FULL;
        else if (p->bytes >= stop_bytes || p->scanned >= stop_items)
            *end = SLICE_USED_UP;
        else
            continue;
        p->range.start_after = range_key_of(op->arena, p->table, p->index, item);
        return NULL;
    }
}

/* A query of a table without sort key has one item at most, which nothing can follow: the service
 * refuses to start behind it, and so it gives no key to do so. */
static bool has_one_item(const struct page *p)
{
    return p->is_query && !p->index && !p->table->keys.sort_count;
}

static struct error *end_reply(struct op *op, const struct page *p, bool has_more)
{
    struct json_writer *w = op->reply;
    if (p->selection.mode != SELECT_COUNT)
        json_end_array(w);
    json_key(w, S("Count")), json_i64(w, p->count);
    json_key(w, S("ScannedCount")), json_i64(w, p->scanned);
    if (has_more && !has_one_item(p)) {
        json_key(w, S("LastEvaluatedKey"));
        attribute_write_item(w, p->range.start_after);
    }
    uint64_t halves = capacity_read(p->bytes, p->is_consistent);
    struct capacity cost = {.table = p->table, .name = p->table_name};
    if (p->index) {
        cost.table_halves = p->fetch_halves;
        capacity_add_index(op->arena, &cost, p->index, halves);
    } else {
        cost.table_halves = halves;
    }
    capacity_reply(w, &cost, p->capacity);
    return admit(op, THROTTLE_READS, &cost);
}

struct error *page_step(struct op *op, struct page *p)
{
    struct range *r;
    uint64_t depends_on = 0;
    enum slice_end end = SLICE_AT_END;
    begin_reply(op, p);
    p->range.table = p->table;
    p->range.index = p->index;
    TRY(range_open(op->store, op->arena, &p->range, &r));
    struct error *e = read_slice(op, p, r, &end);
    range_close(r, &depends_on);
    op_depends(op, depends_on);
    if (e)
        return e;
    op->is_unfinished = end == SLICE_USED_UP;
    return op->is_unfinished ? NULL : end_reply(op, p, end == SLICE_FULL);
}
