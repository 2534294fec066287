/* Control: the operations on tables, for the rows of operations.c.
 *
 * Each is an operation_run (api.h). Those that change tables run under the catalog's exclusive
 * lock. Source: the API reference of each action. */
#pragma once

#include "dynamodb/api/api.h"
#include "dynamodb/api/requests.h"

/* tables.c */
operation_run run_create_table, run_delete_table, run_describe_table, run_list_tables;
/* table_update.c */
operation_run run_update_table;
/* ttl.c */
operation_run run_update_time_to_live, run_describe_time_to_live;
/* tags.c */
operation_run run_tag_resource, run_untag_resource, run_list_tags_of_resource;
/* account.c */
operation_run run_describe_limits, run_describe_endpoints;

/* The table of a request on tables: "Requested resource not found: Table: NAME not found". */
MUST_USE struct error *control_table(struct op *op, struct str name, const struct table **out);

/* The tags of a new table, checked. */
MUST_USE struct error *tags_define(struct arena *a, const tag_list *tags, struct table *out);
