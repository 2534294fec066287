/* Upgrade: folders of earlier formats.
 *
 * Called by store.c when it opens one. What is begun and not finished is begun again at the next
 * start: the format number is written after it. */
#pragma once

#include "dynamodb/storage/internal.h"

MUST_USE struct error *upgrade_streams(struct store *store, struct arena *a, uint32_t format);
/* With the catalog open. */
MUST_USE struct error *upgrade_tables(struct store *store, struct arena *a, uint32_t format);
