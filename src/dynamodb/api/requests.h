/* Requests: the input of every operation, as shape_decode (shape.h) fills it.
 *
 * Member names are the API's in snake case. Enums start with an absent word, 0; the others stand in
 * the order in which the service lists them in its messages. Nested structures are pointers (NULL:
 * absent), elements of lists are inline. Source: service model 2012-08-10 of DynamoDB and DynamoDB
 * Streams. */
#pragma once

#include "dynamodb/api/shape.h"

typedef LIST_OF(struct str) string_list;
typedef MAP_OF(struct str) string_map;
typedef LIST_OF(struct value_input) value_list;
typedef MAP_OF(struct value_input) value_map;
typedef LIST_OF(struct item_input) item_list;

enum return_capacity { CAPACITY_ABSENT, CAPACITY_INDEXES, CAPACITY_TOTAL, CAPACITY_NONE };
enum return_metrics { METRICS_ABSENT, METRICS_SIZE, METRICS_NONE };
enum return_values {
    RETURN_ABSENT,
    RETURN_ALL_NEW,
    RETURN_UPDATED_OLD,
    RETURN_ALL_OLD,
    RETURN_NONE,
    RETURN_UPDATED_NEW,
};
enum return_on_failure { ON_FAILURE_ABSENT, ON_FAILURE_ALL_OLD, ON_FAILURE_NONE };
enum select_mode {
    SELECT_ABSENT,
    SELECT_SPECIFIC_ATTRIBUTES,
    SELECT_COUNT,
    SELECT_ALL_ATTRIBUTES,
    SELECT_ALL_PROJECTED_ATTRIBUTES,
};

/* -- legacy conditions ---------------------------------------------------------------------------
 */

enum conditional_operator { CONDITIONAL_ABSENT, CONDITIONAL_OR, CONDITIONAL_AND };
enum comparison_operator {
    COMPARE_ABSENT,
    COMPARE_IN,
    COMPARE_NULL,
    COMPARE_BETWEEN,
    COMPARE_LT,
    COMPARE_NOT_CONTAINS,
    COMPARE_EQ,
    COMPARE_GT,
    COMPARE_NOT_NULL,
    COMPARE_NE,
    COMPARE_LE,
    COMPARE_BEGINS_WITH,
    COMPARE_GE,
    COMPARE_CONTAINS,
};
struct expected_attribute {
    value_list attribute_value_list;
    enum comparison_operator comparison_operator;
    struct opt_bool exists;
    struct value_input value;
};
typedef MAP_OF(struct expected_attribute) expected_map;
struct filter_condition {
    value_list attribute_value_list;
    enum comparison_operator comparison_operator;
};
typedef MAP_OF(struct filter_condition) filter_map;
enum attribute_action { ACTION_ABSENT, ACTION_ADD, ACTION_PUT, ACTION_DELETE };
struct attribute_update {
    enum attribute_action action;
    struct value_input value;
};
typedef MAP_OF(struct attribute_update) attribute_update_map;

/* -- single items --------------------------------------------------------------------------------
 */

struct get_item_input {
    enum return_capacity return_consumed_capacity;
    string_list attributes_to_get;
    struct str table_name;
    struct item_input key;
    struct opt_bool consistent_read;
    struct str projection_expression;
    string_map expression_attribute_names;
};
struct put_item_input {
    enum return_capacity return_consumed_capacity;
    struct str table_name;
    struct item_input item;
    enum conditional_operator conditional_operator;
    expected_map expected;
    enum return_values return_values;
    enum return_metrics return_item_collection_metrics;
    enum return_on_failure return_values_on_condition_check_failure;
    struct str condition_expression;
    value_map expression_attribute_values;
    string_map expression_attribute_names;
};
struct delete_item_input {
    enum return_capacity return_consumed_capacity;
    struct str table_name;
    enum return_values return_values;
    enum return_metrics return_item_collection_metrics;
    enum return_on_failure return_values_on_condition_check_failure;
    struct item_input key;
    enum conditional_operator conditional_operator;
    expected_map expected;
    struct str condition_expression;
    value_map expression_attribute_values;
    string_map expression_attribute_names;
};
struct update_item_input {
    enum return_capacity return_consumed_capacity;
    struct str table_name;
    enum return_metrics return_item_collection_metrics;
    enum return_on_failure return_values_on_condition_check_failure;
    enum return_values return_values;
    struct item_input key;
    enum conditional_operator conditional_operator;
    expected_map expected;
    attribute_update_map attribute_updates;
    struct str condition_expression;
    struct str update_expression;
    value_map expression_attribute_values;
    string_map expression_attribute_names;
};

/* -- ranges --------------------------------------------------------------------------------------
 */

struct query_input {
    enum select_mode select;
    struct str index_name;
    enum return_capacity return_consumed_capacity;
    filter_map query_filter;
    struct str table_name;
    enum conditional_operator conditional_operator;
    string_list attributes_to_get;
    struct opt_i64 limit;
    filter_map key_conditions;
    struct item_input exclusive_start_key;
    struct opt_bool consistent_read;
    struct opt_bool scan_index_forward;
    struct str key_condition_expression;
    struct str filter_expression;
    struct str projection_expression;
    value_map expression_attribute_values;
    string_map expression_attribute_names;
};
struct scan_input {
    enum select_mode select;
    struct str index_name;
    struct opt_i64 total_segments;
    enum return_capacity return_consumed_capacity;
    struct str table_name;
    enum conditional_operator conditional_operator;
    filter_map scan_filter;
    struct opt_i64 segment;
    struct opt_i64 limit;
    string_list attributes_to_get;
    struct item_input exclusive_start_key;
    struct opt_bool consistent_read;
    struct str filter_expression;
    struct str projection_expression;
    value_map expression_attribute_values;
    string_map expression_attribute_names;
};

/* -- batches -------------------------------------------------------------------------------------
 */

struct keys_and_attributes {
    item_list keys;
    string_list attributes_to_get;
    struct opt_bool consistent_read;
    struct str projection_expression;
    string_map expression_attribute_names;
};
struct batch_get_item_input {
    enum return_capacity return_consumed_capacity;
    MAP_OF(struct keys_and_attributes) request_items;
};
struct put_request {
    struct item_input item;
};
struct delete_request {
    struct item_input key;
};
struct write_request {
    struct delete_request *delete_request;
    struct put_request *put_request;
};
typedef LIST_OF(struct write_request) write_request_list;
struct batch_write_item_input {
    enum return_capacity return_consumed_capacity;
    enum return_metrics return_item_collection_metrics;
    MAP_OF(write_request_list) request_items;
};

/* -- transactions --------------------------------------------------------------------------------
 */

struct transact_get {
    struct item_input key;
    struct str table_name;
    struct str projection_expression;
    string_map expression_attribute_names;
};
struct transact_get_item {
    struct transact_get *get;
};
struct transact_get_items_input {
    LIST_OF(struct transact_get_item) transact_items;
    enum return_capacity return_consumed_capacity;
};
/* ConditionCheck, Put, Delete and Update: `item` is Put's, `key` the others', `update_expression`
 * Update's. */
struct transact_action {
    struct item_input key;
    struct item_input item;
    struct str update_expression;
    struct str table_name;
    struct str condition_expression;
    string_map expression_attribute_names;
    value_map expression_attribute_values;
    enum return_on_failure return_values_on_condition_check_failure;
};
struct transact_write_item {
    struct transact_action *condition_check, *put, *delete, *update;
};
struct transact_write_items_input {
    LIST_OF(struct transact_write_item) transact_items;
    enum return_capacity return_consumed_capacity;
    enum return_metrics return_item_collection_metrics;
    struct str client_request_token;
};

/* -- PartiQL -------------------------------------------------------------------------------------
 */

struct execute_statement_input {
    struct str statement;
    value_list parameters;
    struct opt_bool consistent_read;
    struct str next_token;
    enum return_capacity return_consumed_capacity;
    struct opt_i64 limit;
    enum return_on_failure return_values_on_condition_check_failure;
};
struct batch_statement {
    struct str statement;
    value_list parameters;
    struct opt_bool consistent_read;
    enum return_on_failure return_values_on_condition_check_failure;
};
struct batch_execute_statement_input {
    LIST_OF(struct batch_statement) statements;
    enum return_capacity return_consumed_capacity;
};
struct transact_statement {
    struct str statement;
    value_list parameters;
    enum return_on_failure return_values_on_condition_check_failure;
};
struct execute_transaction_input {
    LIST_OF(struct transact_statement) transact_statements;
    struct str client_request_token;
    enum return_capacity return_consumed_capacity;
};

/* -- streams -------------------------------------------------------------------------------------
 */

struct list_streams_input {
    struct str table_name;
    struct opt_i64 limit;
    struct str exclusive_start_stream_arn;
};
enum shard_filter_type { SHARD_FILTER_ABSENT, SHARD_FILTER_CHILD_SHARDS };
struct shard_filter {
    enum shard_filter_type type;
    struct str shard_id;
};
struct describe_stream_input {
    struct str stream_arn;
    struct opt_i64 limit;
    struct str exclusive_start_shard_id;
    struct shard_filter *shard_filter;
};
enum iterator_type {
    ITERATOR_ABSENT,
    ITERATOR_AFTER_SEQUENCE_NUMBER,
    ITERATOR_LATEST,
    ITERATOR_AT_SEQUENCE_NUMBER,
    ITERATOR_TRIM_HORIZON,
};
struct get_shard_iterator_input {
    struct str stream_arn;
    struct str shard_id;
    enum iterator_type shard_iterator_type;
    struct str sequence_number;
};
struct get_records_input {
    struct str shard_iterator;
    struct opt_i64 limit;
};

/* -- tables --------------------------------------------------------------------------------------
 */

enum scalar_type { SCALAR_ABSENT, SCALAR_B, SCALAR_N, SCALAR_S };
struct attribute_definition {
    struct str attribute_name;
    enum scalar_type attribute_type;
};
typedef LIST_OF(struct attribute_definition) attribute_definition_list;
enum key_type { KEY_TYPE_ABSENT, KEY_TYPE_HASH, KEY_TYPE_RANGE };
struct key_schema_element {
    struct str attribute_name;
    enum key_type key_type;
};
typedef LIST_OF(struct key_schema_element) key_schema_list;
enum projection_type {
    PROJECTION_TYPE_ABSENT,
    PROJECTION_TYPE_ALL,
    PROJECTION_TYPE_INCLUDE,
    PROJECTION_TYPE_KEYS_ONLY,
};
struct projection_input {
    enum projection_type projection_type;
    string_list non_key_attributes;
};
struct provisioned_throughput {
    struct opt_i64 write_capacity_units, read_capacity_units;
};
struct on_demand_throughput {
    struct opt_i64 max_read_request_units, max_write_request_units;
};
struct warm_throughput {
    struct opt_i64 read_units_per_second, write_units_per_second;
};
/* LocalSecondaryIndex (without throughput), GlobalSecondaryIndex, CreateGlobalSecondaryIndexAction.
 */
struct index_input {
    struct str index_name;
    key_schema_list key_schema;
    struct projection_input *projection;
    struct provisioned_throughput *provisioned_throughput;
    struct on_demand_throughput *on_demand_throughput;
    struct warm_throughput *warm_throughput;
};
typedef LIST_OF(struct index_input) index_list;
enum billing_mode { BILLING_MODE_ABSENT, BILLING_MODE_PROVISIONED, BILLING_MODE_PAY_PER_REQUEST };
enum stream_view_type {
    STREAM_VIEW_ABSENT,
    STREAM_VIEW_OLD_IMAGE,
    STREAM_VIEW_KEYS_ONLY,
    STREAM_VIEW_NEW_AND_OLD_IMAGES,
    STREAM_VIEW_NEW_IMAGE,
};
struct stream_specification {
    struct opt_bool stream_enabled;
    enum stream_view_type stream_view_type;
};
enum sse_type { SSE_TYPE_ABSENT, SSE_TYPE_AES256, SSE_TYPE_KMS };
struct sse_specification {
    struct opt_bool enabled;
    enum sse_type sse_type;
    struct str kms_master_key_id;
};
struct tag_input {
    struct str key, value;
};
typedef LIST_OF(struct tag_input) tag_list;
enum table_class { TABLE_CLASS_ABSENT, TABLE_CLASS_STANDARD, TABLE_CLASS_INFREQUENT_ACCESS };
enum settings_replication {
    SETTINGS_REPLICATION_ABSENT,
    SETTINGS_REPLICATION_ENABLED,
    SETTINGS_REPLICATION_DISABLED,
    SETTINGS_REPLICATION_ENABLED_WITH_OVERRIDES,
};
struct create_table_input {
    attribute_definition_list attribute_definitions;
    struct str table_name;
    key_schema_list key_schema;
    index_list local_secondary_indexes, global_secondary_indexes;
    enum billing_mode billing_mode;
    struct provisioned_throughput *provisioned_throughput;
    struct stream_specification *stream_specification;
    struct sse_specification *sse_specification;
    tag_list tags;
    enum table_class table_class;
    struct opt_bool deletion_protection_enabled;
    struct warm_throughput *warm_throughput;
    struct str resource_policy;
    struct on_demand_throughput *on_demand_throughput;
    struct str global_table_source_arn;
    enum settings_replication global_table_settings_replication_mode;
};
/* DescribeTable, DeleteTable, DescribeTimeToLive, DescribeContinuousBackups, … */
struct table_name_input {
    struct str table_name;
};
struct list_tables_input {
    struct opt_i64 limit;
    struct str exclusive_start_table_name;
};
struct update_index {
    struct str index_name;
    struct provisioned_throughput *provisioned_throughput;
    struct on_demand_throughput *on_demand_throughput;
    struct warm_throughput *warm_throughput;
};
struct delete_index {
    struct str index_name;
};
struct index_update {
    struct update_index *update;
    struct index_input *create;
    struct delete_index *delete;
};
struct throughput_override {
    struct opt_i64 read_capacity_units;
};
struct on_demand_override {
    struct opt_i64 max_read_request_units;
};
struct replica_index {
    struct str index_name;
    struct throughput_override *provisioned_throughput_override;
    struct on_demand_override *on_demand_throughput_override;
};
struct replica_member {
    struct str region_name;
    struct str kms_master_key_id;
    struct throughput_override *provisioned_throughput_override;
    struct on_demand_override *on_demand_throughput_override;
    LIST_OF(struct replica_index) global_secondary_indexes;
    enum table_class table_class_override;
};
struct region_input {
    struct str region_name;
};
struct replication_update {
    struct replica_member *create, *update;
    struct region_input *delete;
};
struct witness_update {
    struct region_input *create, *delete;
};
enum multi_region_consistency { CONSISTENCY_ABSENT, CONSISTENCY_EVENTUAL, CONSISTENCY_STRONG };
struct update_table_input {
    attribute_definition_list attribute_definitions;
    struct str table_name;
    enum billing_mode billing_mode;
    struct provisioned_throughput *provisioned_throughput;
    LIST_OF(struct index_update) global_secondary_index_updates;
    struct stream_specification *stream_specification;
    struct sse_specification *sse_specification;
    LIST_OF(struct replication_update) replica_updates;
    enum table_class table_class;
    struct opt_bool deletion_protection_enabled;
    enum multi_region_consistency multi_region_consistency;
    LIST_OF(struct witness_update) global_table_witness_updates;
    struct on_demand_throughput *on_demand_throughput;
    struct warm_throughput *warm_throughput;
    enum settings_replication global_table_settings_replication_mode;
};
struct time_to_live_specification {
    struct opt_bool enabled;
    struct str attribute_name;
};
struct update_time_to_live_input {
    struct str table_name;
    struct time_to_live_specification *time_to_live_specification;
};
struct tag_resource_input {
    struct str resource_arn;
    tag_list tags;
};
struct untag_resource_input {
    struct str resource_arn;
    string_list tag_keys;
};
struct list_tags_input {
    struct str resource_arn;
    struct str next_token;
};
struct empty_input {
    char unused;
};

/* -- kept and described --------------------------------------------------------------------------
 */

struct recovery_specification {
    struct opt_bool point_in_time_recovery_enabled;
    struct opt_i64 recovery_period_in_days;
};
struct update_continuous_backups_input {
    struct str table_name;
    struct recovery_specification *point_in_time_recovery_specification;
};

enum insights_action { INSIGHTS_ACTION_ABSENT, INSIGHTS_ENABLE, INSIGHTS_DISABLE };
enum insights_mode {
    INSIGHTS_MODE_ABSENT,
    INSIGHTS_ACCESSED_AND_THROTTLED_KEYS,
    INSIGHTS_THROTTLED_KEYS,
};
struct describe_contributor_insights_input {
    struct str table_name, index_name;
};
struct update_contributor_insights_input {
    struct str table_name, index_name;
    enum insights_action contributor_insights_action;
    enum insights_mode contributor_insights_mode;
};
struct list_contributor_insights_input {
    struct str table_name, next_token;
    struct opt_i64 max_results;
};

enum kinesis_precision {
    PRECISION_ABSENT,
    PRECISION_MILLISECOND,
    PRECISION_MICROSECOND,
};
struct kinesis_configuration {
    enum kinesis_precision approximate_creation_date_time_precision;
};
/* Enable…, Disable… and UpdateKinesisStreamingDestination. */
struct kinesis_destination_input {
    struct str table_name, stream_arn;
    struct kinesis_configuration *enable_kinesis_streaming_configuration;
    struct kinesis_configuration *update_kinesis_streaming_configuration;
};

/* Put…, Get… and DeleteResourcePolicy. */
struct resource_policy_input {
    struct str resource_arn, policy, expected_revision_id;
    struct opt_bool confirm_remove_self_resource_access;
};

struct tracking_configuration {
    struct opt_bool disable_scale_in;
    struct opt_i64 scale_in_cooldown, scale_out_cooldown;
    struct opt_double target_value;
};
struct scaling_policy {
    struct str policy_name;
    struct tracking_configuration *target_tracking_scaling_policy_configuration;
};
struct scaling_settings {
    struct opt_i64 minimum_units, maximum_units;
    struct opt_bool auto_scaling_disabled;
    struct str auto_scaling_role_arn;
    struct scaling_policy *scaling_policy_update;
};
struct index_scaling {
    struct str index_name;
    struct opt_i64 provisioned_write_capacity_units, provisioned_read_capacity_units;
    struct scaling_settings *write_settings, *read_settings;
};
typedef LIST_OF(struct index_scaling) index_scaling_list;
struct replica_scaling {
    struct str region_name;
    struct opt_i64 replica_provisioned_read_capacity_units;
    struct scaling_settings *read_settings;
    index_scaling_list indexes;
    enum table_class replica_table_class;
};
typedef LIST_OF(struct replica_scaling) replica_scaling_list;
struct update_table_replica_auto_scaling_input {
    index_scaling_list global_secondary_index_updates;
    struct str table_name;
    struct scaling_settings *write_settings;
    replica_scaling_list replica_updates;
};

struct global_replica_update {
    struct region_input *create, *delete;
};
/* CreateGlobalTable, DescribeGlobalTable, UpdateGlobalTable, DescribeGlobalTableSettings. */
struct global_table_input {
    struct str global_table_name;
    LIST_OF(struct region_input) replication_group;
    LIST_OF(struct global_replica_update) replica_updates;
};
struct list_global_tables_input {
    struct str exclusive_start_global_table_name, region_name;
    struct opt_i64 limit;
};
struct update_global_table_settings_input {
    struct str global_table_name;
    enum billing_mode global_table_billing_mode;
    struct opt_i64 global_table_provisioned_write_capacity_units;
    struct scaling_settings *write_settings;
    index_scaling_list indexes;
    replica_scaling_list replica_settings_update;
};

/* ListExports, ListImports; DescribeExport, DescribeImport. */
struct list_transfers_input {
    struct str table_arn, next_token;
    struct opt_i64 max_results, page_size;
};
struct describe_transfer_input {
    struct str export_arn, import_arn;
};

/* -- backups, exports, imports -------------------------------------------------------------------
 */

struct create_backup_input {
    struct str table_name, backup_name;
};
/* DescribeBackup, DeleteBackup. */
struct backup_arn_input {
    struct str backup_arn;
};
enum backup_type_filter {
    BACKUP_TYPE_ABSENT,
    BACKUP_TYPE_USER,
    BACKUP_TYPE_SYSTEM,
    BACKUP_TYPE_AWS_BACKUP,
    BACKUP_TYPE_ALL,
};
struct list_backups_input {
    struct str table_name;
    struct opt_i64 limit, time_range_lower_bound, time_range_upper_bound;
    struct str exclusive_start_backup_arn;
    enum backup_type_filter backup_type;
};
/* RestoreTableFromBackup, RestoreTableToPointInTime. */
struct restore_table_input {
    struct str target_table_name, backup_arn, source_table_arn, source_table_name;
    struct opt_bool use_latest_restorable_time;
    struct opt_i64 restore_date_time;
    enum billing_mode billing_mode_override;
    index_list global_secondary_index_override, local_secondary_index_override;
    struct provisioned_throughput *provisioned_throughput_override;
    struct on_demand_throughput *on_demand_throughput_override;
    struct sse_specification *sse_specification_override;
};
enum export_format { EXPORT_FORMAT_ABSENT, EXPORT_DYNAMODB_JSON, EXPORT_ION };
enum export_type { EXPORT_TYPE_ABSENT, EXPORT_FULL, EXPORT_INCREMENTAL };
enum export_view { EXPORT_VIEW_ABSENT, EXPORT_NEW_IMAGE, EXPORT_NEW_AND_OLD_IMAGES };
struct incremental_export {
    struct opt_i64 export_from_time, export_to_time;
    enum export_view export_view_type;
};
struct export_table_input {
    struct str table_arn;
    struct opt_i64 export_time;
    struct str client_token, s3_bucket, s3_bucket_owner, s3_prefix, s3_sse_kms_key_id;
    enum sse_type s3_sse_algorithm;
    enum export_format export_format;
    enum export_type export_type;
    struct incremental_export *incremental_export_specification;
};
enum import_format { IMPORT_FORMAT_ABSENT, IMPORT_DYNAMODB_JSON, IMPORT_ION, IMPORT_CSV };
enum import_compression {
    IMPORT_COMPRESSION_ABSENT,
    IMPORT_COMPRESSION_GZIP,
    IMPORT_COMPRESSION_ZSTD,
    IMPORT_COMPRESSION_NONE,
};
struct bucket_source {
    struct str s3_bucket_owner, s3_bucket, s3_key_prefix;
};
struct csv_options {
    struct str delimiter;
    string_list header_list;
};
struct input_format_options {
    struct csv_options *csv;
};
struct import_table_input {
    struct str client_token;
    struct bucket_source *s3_bucket_source;
    enum import_format input_format;
    struct input_format_options *input_format_options;
    enum import_compression input_compression_type;
    struct create_table_input *table_creation_parameters;
};
