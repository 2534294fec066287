/* Programs: compiled expressions, kept by their text.
 *
 * Called by expressions.c for every expression of a request. Applications send a few texts again
 * and again: one that comes a second time is compiled into memory of this cache and found there
 * from then on. What is kept stays to the end, so that readers take no lock and have nothing to
 * give back, not even a read that goes on in later steps. Texts that come once (with values written
 * into them) are never kept; when the memory is used up, neither are further ones: they are
 * compiled for each request. Safe from any thread. */
#pragma once

#include "dynamodb/expr/expr.h"

struct programs;

/* Keeps up to `max_bytes`, and one program more. */
struct programs *programs_new(size_t max_bytes);
void programs_free(struct programs *programs); /* NULL is nothing */
/* expr_parse, or what it gave before: the program lives as long as both the arena and the cache. */
MUST_USE struct error *programs_find(struct programs *programs, struct arena *a,
                                     enum expr_kind kind, struct str text,
                                     const struct program **out);
size_t programs_count(struct programs *programs); /* of those that are kept */
