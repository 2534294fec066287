/* Filter: which records a mapping wants: Lambda's filter criteria.
 *
 *     {"Filters": [{"Pattern": "{\"eventName\": [\"INSERT\"]}"}]}
 *
 * is what CreateEventSourceMapping takes and what a file may hold; so may a pattern alone, and
 * patterns need not be written as strings. A record is wanted when one pattern matches; with no
 * patterns all are. Compiled once, then pure and safe from any thread.
 * Source: AWS Lambda developer guide, "Control which events Lambda sends to your function", filter
 * rule syntax. */
#pragma once

#include "base/error.h"

struct filter;

/* `a` is of the errors, `keep` of the filter. error_usage. */
MUST_USE struct error *filter_load(struct arena *a, struct arena *keep, const char *path,
                                   const struct filter **out);
MUST_USE struct error *filter_parse(struct arena *keep, struct str text, const struct filter **out);
/* `record` is the JSON of one record of an event. */
bool filter_matches(const struct filter *filter, struct arena *a, struct str record);
