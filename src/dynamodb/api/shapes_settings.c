/* Facts of the inputs of operations that keep and describe a table's settings. */
#include "dynamodb/api/shapes.h"

#include "dynamodb/api/shapes_common.h"

static const struct shape recovery_days = {.kind = SHAPE_INTEGER, LENGTH(1, 35)};
static const struct shape insights_action = {WORDS("ENABLE", "DISABLE")};
static const struct shape insights_mode = {WORDS("ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS")};
static const struct shape insights_page = {.kind = SHAPE_INTEGER, AT_MOST(100)};
static const struct shape precision = {WORDS("MILLISECOND", "MICROSECOND")};
static const struct shape kinesis_arn = {.kind = SHAPE_STRING, LENGTH(37, 1024)};
static const struct shape resource_arn = {.kind = SHAPE_STRING, LENGTH(1, 1283)};
static const struct shape revision_id = {.kind = SHAPE_STRING, LENGTH(1, 255)};
static const struct shape any_integer = {.kind = SHAPE_INTEGER};
static const struct shape target = {.kind = SHAPE_DOUBLE};
static const struct shape role_arn = {.kind = SHAPE_STRING, LENGTH(1, 1600)};
static const struct shape policy_name = {.kind = SHAPE_STRING, LENGTH(1, 256)};
static const struct shape table_class = {WORDS("STANDARD", "STANDARD_INFREQUENT_ACCESS")};
static const struct shape billing_mode = {WORDS("PROVISIONED", "PAY_PER_REQUEST")};
static const struct shape page_of_25 = {.kind = SHAPE_INTEGER, LENGTH(1, 25)};
static const struct shape import_token = {
    .kind = SHAPE_STRING, .pattern = "[0-9a-f]+", LENGTH(112, 1024)};
static const struct shape transfer_arn = {.kind = SHAPE_STRING, LENGTH(37, 1024)};

static const struct shape recovery_specification =
    STRUCTURE(recovery_specification, "PointInTimeRecoverySpecification",
              MEMBER(recovery_specification, point_in_time_recovery_enabled,
                     "PointInTimeRecoveryEnabled", NEED_MEMBER, boolean),
              MEMBER(recovery_specification, recovery_period_in_days, "RecoveryPeriodInDays",
                     NEED_NOTHING, recovery_days));

const struct shape shape_update_continuous_backups = STRUCTURE(
    update_continuous_backups_input, "UpdateContinuousBackupsInput",
    MEMBER(update_continuous_backups_input, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(update_continuous_backups_input, point_in_time_recovery_specification,
           "PointInTimeRecoverySpecification", NEED_MEMBER, recovery_specification));

const struct shape shape_described_table =
    STRUCTURE(table_name_input, "TableNameInput",
              MEMBER(table_name_input, table_name, "TableName", NEED_MEMBER, table_name));

const struct shape shape_describe_contributor_insights = STRUCTURE(
    describe_contributor_insights_input, "DescribeContributorInsightsInput",
    MEMBER(describe_contributor_insights_input, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(describe_contributor_insights_input, index_name, "IndexName", NEED_NOTHING,
           sentence_name));

const struct shape shape_update_contributor_insights = STRUCTURE(
    update_contributor_insights_input, "UpdateContributorInsightsInput",
    MEMBER(update_contributor_insights_input, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(update_contributor_insights_input, index_name, "IndexName", NEED_NOTHING, sentence_name),
    MEMBER(update_contributor_insights_input, contributor_insights_action,
           "ContributorInsightsAction", NEED_MEMBER, insights_action),
    MEMBER(update_contributor_insights_input, contributor_insights_mode, "ContributorInsightsMode",
           NEED_NOTHING, insights_mode));

const struct shape shape_list_contributor_insights = STRUCTURE(
    list_contributor_insights_input, "ListContributorInsightsInput",
    MEMBER(list_contributor_insights_input, table_name, "TableName", NEED_NOTHING, table_name),
    MEMBER(list_contributor_insights_input, next_token, "NextToken", NEED_NOTHING, text),
    MEMBER(list_contributor_insights_input, max_results, "MaxResults", NEED_NOTHING,
           insights_page));

static const struct shape enable_configuration =
    STRUCTURE(kinesis_configuration, "EnableKinesisStreamingConfiguration",
              MEMBER(kinesis_configuration, approximate_creation_date_time_precision,
                     "ApproximateCreationDateTimePrecision", NEED_NOTHING, precision));

static const struct shape update_configuration =
    STRUCTURE(kinesis_configuration, "UpdateKinesisStreamingConfiguration",
              MEMBER(kinesis_configuration, approximate_creation_date_time_precision,
                     "ApproximateCreationDateTimePrecision", NEED_NOTHING, precision));

const struct shape shape_kinesis_destination =
    STRUCTURE(kinesis_destination_input, "KinesisStreamingDestinationInput",
              MEMBER(kinesis_destination_input, table_name, "TableName", NEED_MEMBER, table_name),
              MEMBER(kinesis_destination_input, stream_arn, "StreamArn", NEED_MEMBER, kinesis_arn),
              MEMBER(kinesis_destination_input, enable_kinesis_streaming_configuration,
                     "EnableKinesisStreamingConfiguration", NEED_NOTHING, enable_configuration));

const struct shape shape_update_kinesis_streaming_destination =
    STRUCTURE(kinesis_destination_input, "UpdateKinesisStreamingDestinationInput",
              MEMBER(kinesis_destination_input, table_name, "TableName", NEED_MEMBER, table_name),
              MEMBER(kinesis_destination_input, stream_arn, "StreamArn", NEED_MEMBER, kinesis_arn),
              MEMBER(kinesis_destination_input, update_kinesis_streaming_configuration,
                     "UpdateKinesisStreamingConfiguration", NEED_NOTHING, update_configuration));

const struct shape shape_put_resource_policy =
    STRUCTURE(resource_policy_input, "PutResourcePolicyInput",
              MEMBER(resource_policy_input, resource_arn, "ResourceArn", NEED_MEMBER, resource_arn),
              MEMBER(resource_policy_input, policy, "Policy", NEED_MEMBER, text),
              MEMBER(resource_policy_input, expected_revision_id, "ExpectedRevisionId",
                     NEED_NOTHING, revision_id),
              MEMBER(resource_policy_input, confirm_remove_self_resource_access,
                     "ConfirmRemoveSelfResourceAccess", NEED_NOTHING, boolean));

const struct shape shape_get_resource_policy = STRUCTURE(
    resource_policy_input, "GetResourcePolicyInput",
    MEMBER(resource_policy_input, resource_arn, "ResourceArn", NEED_MEMBER, resource_arn));

const struct shape shape_delete_resource_policy =
    STRUCTURE(resource_policy_input, "DeleteResourcePolicyInput",
              MEMBER(resource_policy_input, resource_arn, "ResourceArn", NEED_MEMBER, resource_arn),
              MEMBER(resource_policy_input, expected_revision_id, "ExpectedRevisionId",
                     NEED_NOTHING, revision_id));

/* -- auto scaling and global tables ------------------------------------------------------------ */

static const struct shape tracking_configuration = STRUCTURE(
    tracking_configuration, "AutoScalingTargetTrackingScalingPolicyConfigurationUpdate",
    MEMBER(tracking_configuration, disable_scale_in, "DisableScaleIn", NEED_NOTHING, boolean),
    MEMBER(tracking_configuration, scale_in_cooldown, "ScaleInCooldown", NEED_NOTHING, any_integer),
    MEMBER(tracking_configuration, scale_out_cooldown, "ScaleOutCooldown", NEED_NOTHING,
           any_integer),
    MEMBER(tracking_configuration, target_value, "TargetValue", NEED_MEMBER, target));

static const struct shape scaling_policy = STRUCTURE(
    scaling_policy, "AutoScalingPolicyUpdate",
    MEMBER(scaling_policy, policy_name, "PolicyName", NEED_NOTHING, policy_name),
    MEMBER(scaling_policy, target_tracking_scaling_policy_configuration,
           "TargetTrackingScalingPolicyConfiguration", NEED_MEMBER, tracking_configuration));

const struct shape shape_scaling_settings = STRUCTURE(
    scaling_settings, "AutoScalingSettingsUpdate",
    MEMBER(scaling_settings, minimum_units, "MinimumUnits", NEED_NOTHING, positive_long),
    MEMBER(scaling_settings, maximum_units, "MaximumUnits", NEED_NOTHING, positive_long),
    MEMBER(scaling_settings, auto_scaling_disabled, "AutoScalingDisabled", NEED_NOTHING, boolean),
    MEMBER(scaling_settings, auto_scaling_role_arn, "AutoScalingRoleArn", NEED_NOTHING, role_arn),
    MEMBER(scaling_settings, scaling_policy_update, "ScalingPolicyUpdate", NEED_NOTHING,
           scaling_policy));

static const struct shape table_index_scaling =
    STRUCTURE(index_scaling, "GlobalSecondaryIndexAutoScalingUpdate",
              MEMBER(index_scaling, index_name, "IndexName", NEED_NOTHING, plain_name),
              MEMBER(index_scaling, write_settings, "ProvisionedWriteCapacityAutoScalingUpdate",
                     NEED_NOTHING, shape_scaling_settings));

static const struct shape table_index_scalings = {LIST(table_index_scaling), AT_LEAST(1)};

static const struct shape replica_index_scaling =
    STRUCTURE(index_scaling, "ReplicaGlobalSecondaryIndexAutoScalingUpdate",
              MEMBER(index_scaling, index_name, "IndexName", NEED_NOTHING, plain_name),
              MEMBER(index_scaling, read_settings, "ProvisionedReadCapacityAutoScalingUpdate",
                     NEED_NOTHING, shape_scaling_settings));

static const struct shape replica_index_scalings = {LIST(replica_index_scaling)};

static const struct shape replica_scaling = STRUCTURE(
    replica_scaling, "ReplicaAutoScalingUpdate",
    MEMBER(replica_scaling, region_name, "RegionName", NEED_MEMBER, text),
    MEMBER(replica_scaling, indexes, "ReplicaGlobalSecondaryIndexUpdates", NEED_NOTHING,
           replica_index_scalings),
    MEMBER(replica_scaling, read_settings, "ReplicaProvisionedReadCapacityAutoScalingUpdate",
           NEED_NOTHING, shape_scaling_settings));

static const struct shape replica_scalings = {LIST(replica_scaling), AT_LEAST(1)};

const struct shape shape_update_table_replica_auto_scaling = STRUCTURE(
    update_table_replica_auto_scaling_input, "UpdateTableReplicaAutoScalingInput",
    MEMBER(update_table_replica_auto_scaling_input, global_secondary_index_updates,
           "GlobalSecondaryIndexUpdates", NEED_NOTHING, table_index_scalings),
    MEMBER(update_table_replica_auto_scaling_input, table_name, "TableName", NEED_MEMBER,
           table_name),
    MEMBER(update_table_replica_auto_scaling_input, write_settings,
           "ProvisionedWriteCapacityAutoScalingUpdate", NEED_NOTHING, shape_scaling_settings),
    MEMBER(update_table_replica_auto_scaling_input, replica_updates, "ReplicaUpdates", NEED_NOTHING,
           replica_scalings));

static const struct shape replica = STRUCTURE(
    region_input, "Replica", MEMBER(region_input, region_name, "RegionName", NEED_NOTHING, text));

static const struct shape replicas = {LIST(replica)};

const struct shape shape_create_global_table = STRUCTURE(
    global_table_input, "CreateGlobalTableInput",
    MEMBER(global_table_input, global_table_name, "GlobalTableName", NEED_MEMBER, plain_name),
    MEMBER(global_table_input, replication_group, "ReplicationGroup", NEED_MEMBER, replicas));

const struct shape shape_describe_global_table = STRUCTURE(
    global_table_input, "DescribeGlobalTableInput",
    MEMBER(global_table_input, global_table_name, "GlobalTableName", NEED_MEMBER, plain_name));

const struct shape shape_list_global_tables =
    STRUCTURE(list_global_tables_input, "ListGlobalTablesInput",
              MEMBER(list_global_tables_input, exclusive_start_global_table_name,
                     "ExclusiveStartGlobalTableName", NEED_NOTHING, plain_name),
              MEMBER(list_global_tables_input, limit, "Limit", NEED_NOTHING, limit),
              MEMBER(list_global_tables_input, region_name, "RegionName", NEED_NOTHING, text));

static const struct shape create_global_replica =
    STRUCTURE(region_input, "CreateReplicaAction",
              MEMBER(region_input, region_name, "RegionName", NEED_MEMBER, text));

static const struct shape delete_global_replica =
    STRUCTURE(region_input, "DeleteReplicaAction",
              MEMBER(region_input, region_name, "RegionName", NEED_MEMBER, text));

static const struct shape global_replica_update =
    STRUCTURE(global_replica_update, "ReplicaUpdate",
              MEMBER(global_replica_update, create, "Create", NEED_NOTHING, create_global_replica),
              MEMBER(global_replica_update, delete, "Delete", NEED_NOTHING, delete_global_replica));

static const struct shape global_replica_updates = {LIST(global_replica_update)};

const struct shape shape_update_global_table = STRUCTURE(
    global_table_input, "UpdateGlobalTableInput",
    MEMBER(global_table_input, global_table_name, "GlobalTableName", NEED_MEMBER, plain_name),
    MEMBER(global_table_input, replica_updates, "ReplicaUpdates", NEED_MEMBER,
           global_replica_updates));

static const struct shape global_index_settings = STRUCTURE(
    index_scaling, "GlobalTableGlobalSecondaryIndexSettingsUpdate",
    MEMBER(index_scaling, index_name, "IndexName", NEED_MEMBER, plain_name),
    MEMBER(index_scaling, provisioned_write_capacity_units, "ProvisionedWriteCapacityUnits",
           NEED_NOTHING, positive_long),
    MEMBER(index_scaling, write_settings, "ProvisionedWriteCapacityAutoScalingSettingsUpdate",
           NEED_NOTHING, shape_scaling_settings));

static const struct shape global_index_settings_list = {LIST(global_index_settings), LENGTH(1, 20)};

static const struct shape replica_index_settings = STRUCTURE(
    index_scaling, "ReplicaGlobalSecondaryIndexSettingsUpdate",
    MEMBER(index_scaling, index_name, "IndexName", NEED_MEMBER, plain_name),
    MEMBER(index_scaling, provisioned_read_capacity_units, "ProvisionedReadCapacityUnits",
           NEED_NOTHING, positive_long),
    MEMBER(index_scaling, read_settings, "ProvisionedReadCapacityAutoScalingSettingsUpdate",
           NEED_NOTHING, shape_scaling_settings));

static const struct shape replica_index_settings_list = {LIST(replica_index_settings),
                                                         LENGTH(1, 20)};

static const struct shape replica_settings = STRUCTURE(
    replica_scaling, "ReplicaSettingsUpdate",
    MEMBER(replica_scaling, region_name, "RegionName", NEED_MEMBER, text),
    MEMBER(replica_scaling, replica_provisioned_read_capacity_units,
           "ReplicaProvisionedReadCapacityUnits", NEED_NOTHING, positive_long),
    MEMBER(replica_scaling, read_settings,
           "ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate", NEED_NOTHING,
           shape_scaling_settings),
    MEMBER(replica_scaling, indexes, "ReplicaGlobalSecondaryIndexSettingsUpdate", NEED_NOTHING,
           replica_index_settings_list),
    MEMBER(replica_scaling, replica_table_class, "ReplicaTableClass", NEED_NOTHING, table_class));

static const struct shape replica_settings_list = {LIST(replica_settings), LENGTH(1, 50)};

const struct shape shape_update_global_table_settings = STRUCTURE(
    update_global_table_settings_input, "UpdateGlobalTableSettingsInput",
    MEMBER(update_global_table_settings_input, global_table_name, "GlobalTableName", NEED_MEMBER,
           plain_name),
    MEMBER(update_global_table_settings_input, global_table_billing_mode, "GlobalTableBillingMode",
           NEED_NOTHING, billing_mode),
    MEMBER(update_global_table_settings_input, global_table_provisioned_write_capacity_units,
           "GlobalTableProvisionedWriteCapacityUnits", NEED_NOTHING, positive_long),
    MEMBER(update_global_table_settings_input, write_settings,
           "GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate", NEED_NOTHING,
           shape_scaling_settings),
    MEMBER(update_global_table_settings_input, indexes,
           "GlobalTableGlobalSecondaryIndexSettingsUpdate", NEED_NOTHING,
           global_index_settings_list),
    MEMBER(update_global_table_settings_input, replica_settings_update, "ReplicaSettingsUpdate",
           NEED_NOTHING, replica_settings_list));

/* -- transfers --------------------------------------------------------------------------------- */

const struct shape shape_list_exports =
    STRUCTURE(list_transfers_input, "ListExportsInput",
              MEMBER(list_transfers_input, table_arn, "TableArn", NEED_NOTHING, any_arn),
              MEMBER(list_transfers_input, max_results, "MaxResults", NEED_NOTHING, page_of_25),
              MEMBER(list_transfers_input, next_token, "NextToken", NEED_NOTHING, text));

const struct shape shape_list_imports =
    STRUCTURE(list_transfers_input, "ListImportsInput",
              MEMBER(list_transfers_input, table_arn, "TableArn", NEED_NOTHING, any_arn),
              MEMBER(list_transfers_input, page_size, "PageSize", NEED_NOTHING, page_of_25),
              MEMBER(list_transfers_input, next_token, "NextToken", NEED_NOTHING, import_token));

const struct shape shape_describe_export =
    STRUCTURE(describe_transfer_input, "DescribeExportInput",
              MEMBER(describe_transfer_input, export_arn, "ExportArn", NEED_MEMBER, transfer_arn));

const struct shape shape_describe_import =
    STRUCTURE(describe_transfer_input, "DescribeImportInput",
              MEMBER(describe_transfer_input, import_arn, "ImportArn", NEED_MEMBER, transfer_arn));
