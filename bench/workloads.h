/* Workloads: what the benchmark asks for.
 *
 * A read table with 100,000 items of about 300 bytes (1,000 groups of 98 messages, and 2,000 group
 * rows, which are the only ones in the index) is loaded once for each endpoint; writes go to a
 * second table of the same shape that is made afresh before each run. Everything follows from
 * numbers. */
#pragma once

#include "load.h"

struct workload {
    const char *name;
    struct str target;
    bool writes;        /* to the second table */
    size_t connections; /* 0: as asked for */
    void (*make)(struct buf *body, uint64_t number, void *context);
    bool (*check)(struct str body, void *context);
};

const struct workload *workload_list(size_t *count);

/* The first table, loaded; kept when it is already there. */
MUST_USE struct error *workload_load(struct arena *a, struct str host);
/* What a run of it needs: a fresh second table; the scan's page keys in *context. */
MUST_USE struct error *workload_prepare(struct arena *a, struct str host,
                                        const struct workload *workload, void **context);
