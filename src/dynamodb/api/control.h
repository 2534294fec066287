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

/* continuous_backups.c */
operation_run run_describe_continuous_backups, run_update_continuous_backups;
/* contributor_insights.c */
operation_run run_describe_contributor_insights, run_update_contributor_insights,
    run_list_contributor_insights;
/* kinesis.c */
operation_run run_enable_kinesis_destination, run_disable_kinesis_destination,
    run_update_kinesis_destination, run_describe_kinesis_destination;
/* resource_policy.c */
operation_run run_put_resource_policy, run_get_resource_policy, run_delete_resource_policy;
/* scaling.c */
operation_run run_describe_table_replica_auto_scaling, run_update_table_replica_auto_scaling;
/* global_tables.c */
operation_run run_create_global_table, run_describe_global_table, run_update_global_table,
    run_list_global_tables, run_describe_global_table_settings, run_update_global_table_settings;
/* transfers.c */
operation_run run_list_exports, run_describe_export, run_list_imports, run_describe_import,
    run_export_table, run_import_table;

/* backups.c */
operation_run run_create_backup, run_describe_backup, run_list_backups, run_delete_backup;
/* restore.c */
operation_run run_restore_table_from_backup, run_restore_table_to_point_in_time;

/* LimitExceededException when there are as many tables as there may be. */
MUST_USE struct error *tables_check_room(struct op *op);

/* The table of a request on tables: "Requested resource not found: Table: NAME not found". */
MUST_USE struct error *control_table(struct op *op, struct str name, const struct table **out);

/* The tags of a new table, checked. */
MUST_USE struct error *tags_define(struct arena *a, const tag_list *tags, struct table *out);

/* The policy that a table is created with: checked before, kept after. */
MUST_USE struct error *policy_check(struct op *op, struct str text);
MUST_USE struct error *policy_create(struct op *op, const struct table *t, struct str text);
