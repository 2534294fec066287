/* Page size: what an item counts against the 1 MB of a Query's or Scan's page.
 *
 * It is not the size that is charged: the service seems to count its own stored form, in which an
 * attribute's name takes one byte and every started 3 KB repeats the sort key. The formula is the
 * one that dynalite's authors found by measuring the service. Pure. */
#pragma once

#include "dynamodb/model/item.h"
#include "dynamodb/model/schema.h"

uint64_t page_size_of(const struct table *t, struct item item);
