/* Facts of the control plane's inputs. */
#include "dynamodb/api/shapes.h"

#include "dynamodb/api/shapes_common.h"

/* CreateTable tells about a short name as about any other value. */
static const struct shape new_table_name = {
    .kind = SHAPE_STRING, .names_table = true, .pattern = NAME_PATTERN, LENGTH(3, 255)};
static const struct shape index_name = {
    .kind = SHAPE_STRING, .length_first = true, .pattern = NAME_PATTERN, LENGTH(3, 255)};
static const struct shape list_limit = {.kind = SHAPE_INTEGER, LENGTH(1, 100)};
static const struct shape key_name = {.kind = SHAPE_STRING, LENGTH(1, 255)};
static const struct shape scalar_type = {WORDS("B", "N", "S")};
static const struct shape key_type = {WORDS("HASH", "RANGE")};
static const struct shape projection_type = {WORDS("ALL", "INCLUDE", "KEYS_ONLY")};
static const struct shape billing_mode = {WORDS("PROVISIONED", "PAY_PER_REQUEST")};
static const struct shape stream_view_type = {
    WORDS("OLD_IMAGE", "KEYS_ONLY", "NEW_AND_OLD_IMAGES", "NEW_IMAGE")};
static const struct shape kms_key = {.kind = SHAPE_STRING, AT_LEAST(1)};
static const struct shape sse_type = {WORDS("AES256", "KMS")};
/* Another word is refused in a sentence of its own. */
static const struct shape table_class = {WORDS("STANDARD", "STANDARD_INFREQUENT_ACCESS"),
                                         .is_free = true};
static const struct shape settings_replication = {
    WORDS("ENABLED", "DISABLED", "ENABLED_WITH_OVERRIDES")};
static const struct shape multi_region_consistency = {WORDS("EVENTUAL", "STRONG")};
static const struct shape tag_keys = {LIST(text)};

static const struct shape attribute_definition = STRUCTURE(
    attribute_definition, "AttributeDefinition",
    MEMBER(attribute_definition, attribute_type, "AttributeType", NEED_MEMBER, scalar_type),
    MEMBER(attribute_definition, attribute_name, "AttributeName", NEED_MEMBER, key_name));

static const struct shape attribute_definitions = {LIST(attribute_definition)};

static const struct shape key_schema_element =
    STRUCTURE(key_schema_element, "KeySchemaElement",
              MEMBER(key_schema_element, attribute_name, "AttributeName", NEED_MEMBER, key_name),
              MEMBER(key_schema_element, key_type, "KeyType", NEED_MEMBER, key_type));

static const struct shape table_keys = {LIST(key_schema_element), LENGTH(1, 2)};

static const struct shape index_keys = {LIST(key_schema_element), LENGTH(1, 8)};

static const struct shape non_key_attribute = {.kind = SHAPE_STRING, LENGTH(1, 255)};

static const struct shape non_key_attributes = {LIST(non_key_attribute), LENGTH(1, 20)};

static const struct shape projection_input = STRUCTURE(
    projection_input, "Projection",
    MEMBER(projection_input, projection_type, "ProjectionType", NEED_NOTHING, projection_type),
    MEMBER(projection_input, non_key_attributes, "NonKeyAttributes", NEED_NOTHING,
           non_key_attributes));

static const struct shape provisioned_throughput =
    STRUCTURE(provisioned_throughput, "ProvisionedThroughput",
              MEMBER(provisioned_throughput, write_capacity_units, "WriteCapacityUnits",
                     NEED_MEMBER, positive_long),
              MEMBER(provisioned_throughput, read_capacity_units, "ReadCapacityUnits", NEED_MEMBER,
                     positive_long));

static const struct shape on_demand_throughput =
    STRUCTURE(on_demand_throughput, "OnDemandThroughput",
              MEMBER(on_demand_throughput, max_read_request_units, "MaxReadRequestUnits",
                     NEED_NOTHING, any_long),
              MEMBER(on_demand_throughput, max_write_request_units, "MaxWriteRequestUnits",
                     NEED_NOTHING, any_long));

static const struct shape warm_throughput = STRUCTURE(
    warm_throughput, "WarmThroughput",
    MEMBER(warm_throughput, read_units_per_second, "ReadUnitsPerSecond", NEED_NOTHING, any_long),
    MEMBER(warm_throughput, write_units_per_second, "WriteUnitsPerSecond", NEED_NOTHING, any_long));

static const struct shape local_index =
    STRUCTURE(index_input, "LocalSecondaryIndex",
              MEMBER(index_input, index_name, "IndexName", NEED_MEMBER, index_name),
              MEMBER(index_input, key_schema, "KeySchema", NEED_MEMBER, table_keys),
              MEMBER(index_input, projection, "Projection", NEED_MEMBER, projection_input));

static const struct shape global_index = STRUCTURE(
    index_input, "GlobalSecondaryIndex",
    MEMBER(index_input, index_name, "IndexName", NEED_MEMBER, index_name),
    MEMBER(index_input, key_schema, "KeySchema", NEED_MEMBER, index_keys),
    MEMBER(index_input, projection, "Projection", NEED_MEMBER, projection_input),
    MEMBER(index_input, provisioned_throughput, "ProvisionedThroughput", NEED_NOTHING,
           provisioned_throughput),
    MEMBER(index_input, on_demand_throughput, "OnDemandThroughput", NEED_NOTHING,
           on_demand_throughput),
    MEMBER(index_input, warm_throughput, "WarmThroughput", NEED_NOTHING, warm_throughput));

static const struct shape local_indexes = {LIST(local_index)};

static const struct shape global_indexes = {LIST(global_index)};

static const struct shape stream_specification =
    STRUCTURE(stream_specification, "StreamSpecification",
              MEMBER(stream_specification, stream_enabled, "StreamEnabled", NEED_MEMBER, boolean),
              MEMBER(stream_specification, stream_view_type, "StreamViewType", NEED_NOTHING,
                     stream_view_type));

static const struct shape sse_specification = STRUCTURE(
    sse_specification, "SSESpecification",
    MEMBER(sse_specification, enabled, "Enabled", NEED_NOTHING, boolean),
    MEMBER(sse_specification, sse_type, "SSEType", NEED_NOTHING, sse_type),
    MEMBER(sse_specification, kms_master_key_id, "KMSMasterKeyId", NEED_NOTHING, kms_key));

static const struct shape tag =
    STRUCTURE(tag_input, "Tag", MEMBER(tag_input, key, "Key", NEED_NOTHING, text),
              MEMBER(tag_input, value, "Value", NEED_NOTHING, text));

static const struct shape tags = {LIST(tag)};

const struct shape shape_create_table = STRUCTURE(
    create_table_input, "CreateTableInput",
    MEMBER(create_table_input, attribute_definitions, "AttributeDefinitions", NEED_MEMBER,
           attribute_definitions),
    MEMBER(create_table_input, table_name, "TableName", NEED_PARAMETER, new_table_name),
    MEMBER(create_table_input, billing_mode, "BillingMode", NEED_NOTHING, billing_mode),
    MEMBER(create_table_input, provisioned_throughput, "ProvisionedThroughput", NEED_NOTHING,
           provisioned_throughput),
    MEMBER(create_table_input, key_schema, "KeySchema", NEED_MEMBER, table_keys),
    MEMBER(create_table_input, global_secondary_indexes, "GlobalSecondaryIndexes", NEED_NOTHING,
           global_indexes),
    MEMBER(create_table_input, local_secondary_indexes, "LocalSecondaryIndexes", NEED_NOTHING,
           local_indexes),
    MEMBER(create_table_input, stream_specification, "StreamSpecification", NEED_NOTHING,
           stream_specification),
    MEMBER(create_table_input, sse_specification, "SSESpecification", NEED_NOTHING,
           sse_specification),
    MEMBER(create_table_input, tags, "Tags", NEED_NOTHING, tags),
    MEMBER(create_table_input, table_class, "TableClass", NEED_NOTHING, table_class),
    MEMBER(create_table_input, deletion_protection_enabled, "DeletionProtectionEnabled",
           NEED_NOTHING, boolean),
    MEMBER(create_table_input, warm_throughput, "WarmThroughput", NEED_NOTHING, warm_throughput),
    MEMBER(create_table_input, resource_policy, "ResourcePolicy", NEED_NOTHING, text),
    MEMBER(create_table_input, on_demand_throughput, "OnDemandThroughput", NEED_NOTHING,
           on_demand_throughput),
    MEMBER(create_table_input, global_table_source_arn, "GlobalTableSourceArn", NEED_NOTHING,
           any_arn),
    MEMBER(create_table_input, global_table_settings_replication_mode,
           "GlobalTableSettingsReplicationMode", NEED_NOTHING, settings_replication));

const struct shape shape_table_name_only = STRUCTURE(
    table_name_input, "TableNameInput",
    MEMBER(table_name_input, table_name, "TableName", NEED_PARAMETER, control_table_name));

const struct shape shape_list_tables =
    STRUCTURE(list_tables_input, "ListTablesInput",
              MEMBER(list_tables_input, limit, "Limit", NEED_NOTHING, list_limit),
              MEMBER(list_tables_input, exclusive_start_table_name, "ExclusiveStartTableName",
                     NEED_NOTHING, plain_name));

static const struct shape update_index = STRUCTURE(
    update_index, "UpdateGlobalSecondaryIndexAction",
    MEMBER(update_index, index_name, "IndexName", NEED_MEMBER, index_name),
    MEMBER(update_index, provisioned_throughput, "ProvisionedThroughput", NEED_NOTHING,
           provisioned_throughput),
    MEMBER(update_index, on_demand_throughput, "OnDemandThroughput", NEED_NOTHING,
           on_demand_throughput),
    MEMBER(update_index, warm_throughput, "WarmThroughput", NEED_NOTHING, warm_throughput));

static const struct shape create_index =
    STRUCTURE(index_input, "CreateGlobalSecondaryIndexAction",
              MEMBER(index_input, projection, "Projection", NEED_MEMBER, projection_input),
              MEMBER(index_input, index_name, "IndexName", NEED_MEMBER, index_name),
              MEMBER(index_input, provisioned_throughput, "ProvisionedThroughput", NEED_NOTHING,
                     provisioned_throughput),
              MEMBER(index_input, on_demand_throughput, "OnDemandThroughput", NEED_NOTHING,
                     on_demand_throughput),
              MEMBER(index_input, warm_throughput, "WarmThroughput", NEED_NOTHING, warm_throughput),
              MEMBER(index_input, key_schema, "KeySchema", NEED_MEMBER, index_keys));

static const struct shape delete_index =
    STRUCTURE(delete_index, "DeleteGlobalSecondaryIndexAction",
              MEMBER(delete_index, index_name, "IndexName", NEED_MEMBER, index_name));

static const struct shape index_update =
    STRUCTURE(index_update, "GlobalSecondaryIndexUpdate",
              MEMBER(index_update, update, "Update", NEED_NOTHING, update_index),
              MEMBER(index_update, create, "Create", NEED_NOTHING, create_index),
              MEMBER(index_update, delete, "Delete", NEED_NOTHING, delete_index));

static const struct shape index_updates = {LIST(index_update)};

static const struct shape throughput_override =
    STRUCTURE(throughput_override, "ProvisionedThroughputOverride",
              MEMBER(throughput_override, read_capacity_units, "ReadCapacityUnits", NEED_NOTHING,
                     positive_long));

static const struct shape on_demand_override =
    STRUCTURE(on_demand_override, "OnDemandThroughputOverride",
              MEMBER(on_demand_override, max_read_request_units, "MaxReadRequestUnits",
                     NEED_NOTHING, any_long));

static const struct shape replica_index =
    STRUCTURE(replica_index, "ReplicaGlobalSecondaryIndex",
              MEMBER(replica_index, index_name, "IndexName", NEED_MEMBER, index_name),
              MEMBER(replica_index, provisioned_throughput_override,
                     "ProvisionedThroughputOverride", NEED_NOTHING, throughput_override),
              MEMBER(replica_index, on_demand_throughput_override, "OnDemandThroughputOverride",
                     NEED_NOTHING, on_demand_override));

static const struct shape replica_indexes = {LIST(replica_index), AT_LEAST(1)};

static const struct shape create_replica = STRUCTURE(
    replica_member, "CreateReplicationGroupMemberAction",
    MEMBER(replica_member, region_name, "RegionName", NEED_MEMBER, text),
    MEMBER(replica_member, kms_master_key_id, "KMSMasterKeyId", NEED_NOTHING, text),
    MEMBER(replica_member, provisioned_throughput_override, "ProvisionedThroughputOverride",
           NEED_NOTHING, throughput_override),
    MEMBER(replica_member, on_demand_throughput_override, "OnDemandThroughputOverride",
           NEED_NOTHING, on_demand_override),
    MEMBER(replica_member, global_secondary_indexes, "GlobalSecondaryIndexes", NEED_NOTHING,
           replica_indexes),
    MEMBER(replica_member, table_class_override, "TableClassOverride", NEED_NOTHING, table_class));

static const struct shape update_replica = STRUCTURE(
    replica_member, "UpdateReplicationGroupMemberAction",
    MEMBER(replica_member, region_name, "RegionName", NEED_MEMBER, text),
    MEMBER(replica_member, kms_master_key_id, "KMSMasterKeyId", NEED_NOTHING, text),
    MEMBER(replica_member, provisioned_throughput_override, "ProvisionedThroughputOverride",
           NEED_NOTHING, throughput_override),
    MEMBER(replica_member, on_demand_throughput_override, "OnDemandThroughputOverride",
           NEED_NOTHING, on_demand_override),
    MEMBER(replica_member, global_secondary_indexes, "GlobalSecondaryIndexes", NEED_NOTHING,
           replica_indexes),
    MEMBER(replica_member, table_class_override, "TableClassOverride", NEED_NOTHING, table_class));

static const struct shape delete_replica =
    STRUCTURE(region_input, "DeleteReplicationGroupMemberAction",
              MEMBER(region_input, region_name, "RegionName", NEED_MEMBER, text));

static const struct shape replication_update =
    STRUCTURE(replication_update, "ReplicationGroupUpdate",
              MEMBER(replication_update, create, "Create", NEED_NOTHING, create_replica),
              MEMBER(replication_update, update, "Update", NEED_NOTHING, update_replica),
              MEMBER(replication_update, delete, "Delete", NEED_NOTHING, delete_replica));

static const struct shape replication_updates = {LIST(replication_update), AT_LEAST(1)};

static const struct shape create_witness =
    STRUCTURE(region_input, "CreateGlobalTableWitnessGroupMemberAction",
              MEMBER(region_input, region_name, "RegionName", NEED_MEMBER, text));

static const struct shape delete_witness =
    STRUCTURE(region_input, "DeleteGlobalTableWitnessGroupMemberAction",
              MEMBER(region_input, region_name, "RegionName", NEED_MEMBER, text));

static const struct shape witness_update =
    STRUCTURE(witness_update, "GlobalTableWitnessGroupUpdate",
              MEMBER(witness_update, create, "Create", NEED_NOTHING, create_witness),
              MEMBER(witness_update, delete, "Delete", NEED_NOTHING, delete_witness));

static const struct shape witness_updates = {LIST(witness_update), LENGTH(1, 1)};

const struct shape shape_update_table = STRUCTURE(
    update_table_input, "UpdateTableInput",
    MEMBER(update_table_input, table_name, "TableName", NEED_PARAMETER, control_table_name),
    MEMBER(update_table_input, attribute_definitions, "AttributeDefinitions", NEED_NOTHING,
           attribute_definitions),
    MEMBER(update_table_input, provisioned_throughput, "ProvisionedThroughput", NEED_NOTHING,
           provisioned_throughput),
    MEMBER(update_table_input, billing_mode, "BillingMode", NEED_NOTHING, billing_mode),
    MEMBER(update_table_input, global_secondary_index_updates, "GlobalSecondaryIndexUpdates",
           NEED_NOTHING, index_updates),
    MEMBER(update_table_input, stream_specification, "StreamSpecification", NEED_NOTHING,
           stream_specification),
    MEMBER(update_table_input, sse_specification, "SSESpecification", NEED_NOTHING,
           sse_specification),
    MEMBER(update_table_input, replica_updates, "ReplicaUpdates", NEED_NOTHING,
           replication_updates),
    MEMBER(update_table_input, table_class, "TableClass", NEED_NOTHING, table_class),
    MEMBER(update_table_input, deletion_protection_enabled, "DeletionProtectionEnabled",
           NEED_NOTHING, boolean),
    MEMBER(update_table_input, multi_region_consistency, "MultiRegionConsistency", NEED_NOTHING,
           multi_region_consistency),
    MEMBER(update_table_input, global_table_witness_updates, "GlobalTableWitnessUpdates",
           NEED_NOTHING, witness_updates),
    MEMBER(update_table_input, on_demand_throughput, "OnDemandThroughput", NEED_NOTHING,
           on_demand_throughput),
    MEMBER(update_table_input, warm_throughput, "WarmThroughput", NEED_NOTHING, warm_throughput),
    MEMBER(update_table_input, global_table_settings_replication_mode,
           "GlobalTableSettingsReplicationMode", NEED_NOTHING, settings_replication));

static const struct shape time_to_live_specification = STRUCTURE(
    time_to_live_specification, "TimeToLiveSpecification",
    MEMBER(time_to_live_specification, attribute_name, "AttributeName", NEED_MEMBER, key_name),
    MEMBER(time_to_live_specification, enabled, "Enabled", NEED_MEMBER, boolean));

const struct shape shape_update_time_to_live = STRUCTURE(
    update_time_to_live_input, "UpdateTimeToLiveInput",
    MEMBER(update_time_to_live_input, table_name, "TableName", NEED_PARAMETER, control_table_name),
    MEMBER(update_time_to_live_input, time_to_live_specification, "TimeToLiveSpecification",
           NEED_MEMBER, time_to_live_specification));

const struct shape shape_tag_resource =
    STRUCTURE(tag_resource_input, "TagResourceInput",
              MEMBER(tag_resource_input, resource_arn, "ResourceArn", NEED_NOTHING, text),
              MEMBER(tag_resource_input, tags, "Tags", NEED_NOTHING, tags));

const struct shape shape_untag_resource =
    STRUCTURE(untag_resource_input, "UntagResourceInput",
              MEMBER(untag_resource_input, resource_arn, "ResourceArn", NEED_NOTHING, text),
              MEMBER(untag_resource_input, tag_keys, "TagKeys", NEED_NOTHING, tag_keys));

const struct shape shape_list_tags_of_resource =
    STRUCTURE(list_tags_input, "ListTagsOfResourceInput",
              MEMBER(list_tags_input, resource_arn, "ResourceArn", NEED_NOTHING, text),
              MEMBER(list_tags_input, next_token, "NextToken", NEED_NOTHING, text));

const struct shape shape_empty = {
    .kind = SHAPE_STRUCTURE,
    .size_bytes = sizeof(struct empty_input),
    .class_name = "EmptyInput",
    .members = (const struct shape_member[]){END},
};

/* -- backups ----------------------------------------------------------------------------------- */

static const struct shape backup_arn = {.kind = SHAPE_STRING, LENGTH(37, 1024)};
static const struct shape backups_limit = {.kind = SHAPE_INTEGER, LENGTH(1, 100)};
static const struct shape backup_type = {WORDS("USER", "SYSTEM", "AWS_BACKUP", "ALL")};
static const struct shape timestamp = {.kind = SHAPE_TIMESTAMP};
static const struct shape transfer_token = {.kind = SHAPE_STRING, .pattern = "^[^\\$]+$"};
static const struct shape bucket = {
    .kind = SHAPE_STRING, .pattern = "^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$", AT_MOST(255)};
static const struct shape bucket_owner = {.kind = SHAPE_STRING, .pattern = "[0-9]{12}"};
static const struct shape prefix = {.kind = SHAPE_STRING, AT_MOST(1024)};
static const struct shape kms_key_id = {.kind = SHAPE_STRING, LENGTH(1, 2048)};
static const struct shape export_format = {WORDS("DYNAMODB_JSON", "ION")};
static const struct shape export_type = {WORDS("FULL_EXPORT", "INCREMENTAL_EXPORT")};
static const struct shape export_view = {WORDS("NEW_IMAGE", "NEW_AND_OLD_IMAGES")};
static const struct shape import_format = {WORDS("DYNAMODB_JSON", "ION", "CSV")};
static const struct shape import_compression = {WORDS("GZIP", "ZSTD", "NONE")};
static const struct shape delimiter = {.kind = SHAPE_STRING, .pattern = "[,;:|\\t ]", LENGTH(1, 1)};
static const struct shape header = {.kind = SHAPE_STRING, LENGTH(1, 65536)};
static const struct shape header_list = {LIST(header), LENGTH(1, 255)};

const struct shape shape_create_backup =
    STRUCTURE(create_backup_input, "CreateBackupInput",
              MEMBER(create_backup_input, table_name, "TableName", NEED_MEMBER, table_name),
              MEMBER(create_backup_input, backup_name, "BackupName", NEED_MEMBER, plain_name));

const struct shape shape_backup_arn =
    STRUCTURE(backup_arn_input, "BackupArnInput",
              MEMBER(backup_arn_input, backup_arn, "BackupArn", NEED_MEMBER, backup_arn));

const struct shape shape_list_backups =
    STRUCTURE(list_backups_input, "ListBackupsInput",
              MEMBER(list_backups_input, table_name, "TableName", NEED_NOTHING, table_name),
              MEMBER(list_backups_input, limit, "Limit", NEED_NOTHING, backups_limit),
              MEMBER(list_backups_input, time_range_lower_bound, "TimeRangeLowerBound",
                     NEED_NOTHING, timestamp),
              MEMBER(list_backups_input, time_range_upper_bound, "TimeRangeUpperBound",
                     NEED_NOTHING, timestamp),
              MEMBER(list_backups_input, exclusive_start_backup_arn, "ExclusiveStartBackupArn",
                     NEED_NOTHING, backup_arn),
              MEMBER(list_backups_input, backup_type, "BackupType", NEED_NOTHING, backup_type));

const struct shape shape_restore_table_from_backup = STRUCTURE(
    restore_table_input, "RestoreTableFromBackupInput",
    MEMBER(restore_table_input, target_table_name, "TargetTableName", NEED_MEMBER, sentence_name),
    MEMBER(restore_table_input, backup_arn, "BackupArn", NEED_MEMBER, backup_arn),
    MEMBER(restore_table_input, billing_mode_override, "BillingModeOverride", NEED_NOTHING,
           billing_mode),
    MEMBER(restore_table_input, global_secondary_index_override, "GlobalSecondaryIndexOverride",
           NEED_NOTHING, global_indexes),
    MEMBER(restore_table_input, local_secondary_index_override, "LocalSecondaryIndexOverride",
           NEED_NOTHING, local_indexes),
    MEMBER(restore_table_input, provisioned_throughput_override, "ProvisionedThroughputOverride",
           NEED_NOTHING, provisioned_throughput),
    MEMBER(restore_table_input, on_demand_throughput_override, "OnDemandThroughputOverride",
           NEED_NOTHING, on_demand_throughput),
    MEMBER(restore_table_input, sse_specification_override, "SSESpecificationOverride",
           NEED_NOTHING, sse_specification));

const struct shape shape_restore_table_to_point_in_time = STRUCTURE(
    restore_table_input, "RestoreTableToPointInTimeInput",
    MEMBER(restore_table_input, source_table_arn, "SourceTableArn", NEED_NOTHING, any_arn),
    MEMBER(restore_table_input, source_table_name, "SourceTableName", NEED_NOTHING, plain_name),
    MEMBER(restore_table_input, target_table_name, "TargetTableName", NEED_MEMBER, sentence_name),
    MEMBER(restore_table_input, use_latest_restorable_time, "UseLatestRestorableTime", NEED_NOTHING,
           boolean),
    MEMBER(restore_table_input, restore_date_time, "RestoreDateTime", NEED_NOTHING, timestamp),
    MEMBER(restore_table_input, billing_mode_override, "BillingModeOverride", NEED_NOTHING,
           billing_mode),
    MEMBER(restore_table_input, global_secondary_index_override, "GlobalSecondaryIndexOverride",
           NEED_NOTHING, global_indexes),
    MEMBER(restore_table_input, local_secondary_index_override, "LocalSecondaryIndexOverride",
           NEED_NOTHING, local_indexes),
    MEMBER(restore_table_input, provisioned_throughput_override, "ProvisionedThroughputOverride",
           NEED_NOTHING, provisioned_throughput),
    MEMBER(restore_table_input, on_demand_throughput_override, "OnDemandThroughputOverride",
           NEED_NOTHING, on_demand_throughput),
    MEMBER(restore_table_input, sse_specification_override, "SSESpecificationOverride",
           NEED_NOTHING, sse_specification));

/* -- exports and imports ----------------------------------------------------------------------- */

static const struct shape incremental_export = STRUCTURE(
    incremental_export, "IncrementalExportSpecification",
    MEMBER(incremental_export, export_from_time, "ExportFromTime", NEED_NOTHING, timestamp),
    MEMBER(incremental_export, export_to_time, "ExportToTime", NEED_NOTHING, timestamp),
    MEMBER(incremental_export, export_view_type, "ExportViewType", NEED_NOTHING, export_view));

const struct shape shape_export_table_to_point_in_time = STRUCTURE(
    export_table_input, "ExportTableToPointInTimeInput",
    MEMBER(export_table_input, table_arn, "TableArn", NEED_MEMBER, any_arn),
    MEMBER(export_table_input, export_time, "ExportTime", NEED_NOTHING, timestamp),
    MEMBER(export_table_input, client_token, "ClientToken", NEED_NOTHING, transfer_token),
    MEMBER(export_table_input, s3_bucket, "S3Bucket", NEED_MEMBER, bucket),
    MEMBER(export_table_input, s3_bucket_owner, "S3BucketOwner", NEED_NOTHING, bucket_owner),
    MEMBER(export_table_input, s3_prefix, "S3Prefix", NEED_NOTHING, prefix),
    MEMBER(export_table_input, s3_sse_algorithm, "S3SseAlgorithm", NEED_NOTHING, sse_type),
    MEMBER(export_table_input, s3_sse_kms_key_id, "S3SseKmsKeyId", NEED_NOTHING, kms_key_id),
    MEMBER(export_table_input, export_format, "ExportFormat", NEED_NOTHING, export_format),
    MEMBER(export_table_input, export_type, "ExportType", NEED_NOTHING, export_type),
    MEMBER(export_table_input, incremental_export_specification, "IncrementalExportSpecification",
           NEED_NOTHING, incremental_export));

static const struct shape bucket_source =
    STRUCTURE(bucket_source, "S3BucketSource",
              MEMBER(bucket_source, s3_bucket_owner, "S3BucketOwner", NEED_NOTHING, bucket_owner),
              MEMBER(bucket_source, s3_bucket, "S3Bucket", NEED_MEMBER, bucket),
              MEMBER(bucket_source, s3_key_prefix, "S3KeyPrefix", NEED_NOTHING, prefix));

static const struct shape csv_options = STRUCTURE(
    csv_options, "CsvOptions", MEMBER(csv_options, delimiter, "Delimiter", NEED_NOTHING, delimiter),
    MEMBER(csv_options, header_list, "HeaderList", NEED_NOTHING, header_list));

static const struct shape input_format_options =
    STRUCTURE(input_format_options, "InputFormatOptions",
              MEMBER(input_format_options, csv, "Csv", NEED_NOTHING, csv_options));

static const struct shape table_creation =
    STRUCTURE(create_table_input, "TableCreationParameters",
              MEMBER(create_table_input, table_name, "TableName", NEED_MEMBER, plain_name),
              MEMBER(create_table_input, attribute_definitions, "AttributeDefinitions", NEED_MEMBER,
                     attribute_definitions),
              MEMBER(create_table_input, key_schema, "KeySchema", NEED_MEMBER, table_keys),
              MEMBER(create_table_input, billing_mode, "BillingMode", NEED_NOTHING, billing_mode),
              MEMBER(create_table_input, provisioned_throughput, "ProvisionedThroughput",
                     NEED_NOTHING, provisioned_throughput),
              MEMBER(create_table_input, on_demand_throughput, "OnDemandThroughput", NEED_NOTHING,
                     on_demand_throughput),
              MEMBER(create_table_input, sse_specification, "SSESpecification", NEED_NOTHING,
                     sse_specification),
              MEMBER(create_table_input, global_secondary_indexes, "GlobalSecondaryIndexes",
                     NEED_NOTHING, global_indexes));

const struct shape shape_import_table = STRUCTURE(
    import_table_input, "ImportTableInput",
    MEMBER(import_table_input, client_token, "ClientToken", NEED_NOTHING, transfer_token),
    MEMBER(import_table_input, s3_bucket_source, "S3BucketSource", NEED_MEMBER, bucket_source),
    MEMBER(import_table_input, input_format, "InputFormat", NEED_MEMBER, import_format),
    MEMBER(import_table_input, input_format_options, "InputFormatOptions", NEED_NOTHING,
           input_format_options),
    MEMBER(import_table_input, input_compression_type, "InputCompressionType", NEED_NOTHING,
           import_compression),
    MEMBER(import_table_input, table_creation_parameters, "TableCreationParameters", NEED_MEMBER,
           table_creation));
