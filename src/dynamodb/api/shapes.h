/* Shapes: the inputs of all operations, as facts of the service model 2012-08-10.
 *
 * Members stand in the order in which the service checks them, as far as recordings of it
 * (dynalite, the public conformance suite) show that; otherwise in the model's. Each fills the
 * struct of its name in requests.h. */
#pragma once

#include "dynamodb/api/shape.h"

extern const struct shape shape_get_item;
extern const struct shape shape_put_item;
extern const struct shape shape_delete_item;
extern const struct shape shape_update_item;
extern const struct shape shape_query;
extern const struct shape shape_scan;
extern const struct shape shape_batch_get_item;
extern const struct shape shape_batch_write_item;
extern const struct shape shape_transact_get_items;
extern const struct shape shape_transact_write_items;
extern const struct shape shape_execute_statement;
extern const struct shape shape_batch_execute_statement;
extern const struct shape shape_execute_transaction;
extern const struct shape shape_list_streams;
extern const struct shape shape_describe_stream;
extern const struct shape shape_get_shard_iterator;
extern const struct shape shape_get_records;
extern const struct shape shape_create_table;
extern const struct shape shape_table_name_only;
extern const struct shape shape_list_tables;
extern const struct shape shape_update_table;
extern const struct shape shape_update_time_to_live;
extern const struct shape shape_tag_resource;
extern const struct shape shape_untag_resource;
extern const struct shape shape_list_tags_of_resource;
extern const struct shape shape_empty;

/* shapes_settings.c */
extern const struct shape shape_update_continuous_backups;
extern const struct shape shape_described_table;
extern const struct shape shape_describe_contributor_insights;
extern const struct shape shape_update_contributor_insights;
extern const struct shape shape_list_contributor_insights;
extern const struct shape shape_kinesis_destination;
extern const struct shape shape_update_kinesis_streaming_destination;
extern const struct shape shape_put_resource_policy;
extern const struct shape shape_get_resource_policy;
extern const struct shape shape_delete_resource_policy;
extern const struct shape shape_update_table_replica_auto_scaling;
extern const struct shape shape_create_global_table;
extern const struct shape shape_describe_global_table;
extern const struct shape shape_list_global_tables;
extern const struct shape shape_update_global_table;
extern const struct shape shape_update_global_table_settings;
extern const struct shape shape_list_exports;
extern const struct shape shape_list_imports;
extern const struct shape shape_describe_export;
extern const struct shape shape_describe_import;
/* Auto scaling, for what is kept of it. */
extern const struct shape shape_scaling_settings;

/* shapes_tables.c: backups, exports, imports */
extern const struct shape shape_create_backup;
extern const struct shape shape_backup_arn;
extern const struct shape shape_list_backups;
extern const struct shape shape_restore_table_from_backup;
extern const struct shape shape_restore_table_to_point_in_time;
extern const struct shape shape_export_table_to_point_in_time;
extern const struct shape shape_import_table;
