/* What can be told of an UpdateTable request before its table is looked at: shapes of its members
 * and which of them go together. Called by table_update.c. Pure. */
#pragma once

#include "base/error.h"
#include "dynamodb/api/requests.h"

MUST_USE struct error *table_update_check(struct arena *a, const struct update_table_input *in);
