/* Page: one page of a Query or Scan, walked in slices.
 *
 *     query.c, scan.c   first step: check the request, page_begin
 *     page_step         each step: opens the range behind the last key, reads a slice, filters,
 * writes
 *
 * A page ends at its Limit, after LIMIT_PAGE bytes before filters, or with the range. Between two
 * slices nothing of the store is held; the table is found again. */
#pragma once

#include "dynamodb/api/capacity.h"
#include "dynamodb/api/project.h"
#include "dynamodb/storage/range.h"

/* Which attributes the request asks for, as the two operations say it. */
struct selection {
    enum select_mode mode;
    const struct bound *projection;
    bool has_projection; /* a ProjectionExpression, bound or not yet */
    const string_list *attributes_to_get;
};
/* "Cannot specify the ProjectionExpression when choosing to get …" and its like: needs no table. */
MUST_USE struct error *selection_check(struct arena *a, const struct selection *s,
                                       struct str index_name);

struct page {
    /* Set by the operation. */
    struct str table_name, index_name;
    bool is_consistent;
    bool is_query;
    struct selection selection;
    const struct bound *filter;
    int64_t limit; /* 0: none */
    enum return_capacity capacity;
    struct range_options range; /* without table and index */

    /* Of the slice under way. */
    const struct table *table;
    const struct index *index;

    /* Progress. */
    bool is_begun, fetches; /* fetches: whole items, through a local index */
    int64_t count, scanned;
    uint64_t bytes;        /* of the index, or of the table without one: what is charged */
    uint64_t page_bytes;   /* the same as the page limit counts it */
    uint64_t fetch_halves; /* of items fetched through a local index */
};

/* Finds table and index, and checks that they can be read this way. */
MUST_USE struct error *page_resolve(struct op *op, struct page *p);
/* What of the selection depends on the index. After page_resolve. */
MUST_USE struct error *page_check_selection(struct op *op, struct page *p);
/* One slice; sets op->is_unfinished when there is more of the page. The table must be resolved. */
MUST_USE struct error *page_step(struct op *op, struct page *p);
