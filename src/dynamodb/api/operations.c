/* The operation table: what this server answers. Rows most asked for stand first. */
#include "dynamodb/api/api.h"
#include "dynamodb/api/control.h"
#include "dynamodb/api/data.h"
#include "dynamodb/api/shapes.h"

#define DATA(operation, function, layer)                                                           \
    {                                                                                              \
        STR_INIT(#operation), &shape_##function, run_##function, false, false, layer               \
    }
#define READ(operation, input, function)                                                           \
    {                                                                                              \
        STR_INIT(operation), &(input), function, false, false, LAYER_OLDER                         \
    }
#define CHANGE(operation, input, function)                                                         \
    {                                                                                              \
        STR_INIT(operation), &(input), function, true, false, LAYER_OLDER                          \
    }
#define STREAM(operation, function)                                                                \
    {                                                                                              \
        STR_INIT(#operation), &shape_##function, run_##function, false, true, LAYER_OLDER          \
    }

static const struct operation table[] = {
    DATA(GetItem, get_item, LAYER_READ),
    DATA(PutItem, put_item, LAYER_WRITE),
    DATA(Query, query, LAYER_READ),
    DATA(UpdateItem, update_item, LAYER_WRITE),
    DATA(BatchGetItem, batch_get_item, LAYER_READ),
    DATA(BatchWriteItem, batch_write_item, LAYER_OLDER),
    DATA(TransactGetItems, transact_get_items, LAYER_OLDER),
    DATA(TransactWriteItems, transact_write_items, LAYER_OLDER),
    DATA(DeleteItem, delete_item, LAYER_WRITE),
    DATA(Scan, scan, LAYER_OLDER),
    DATA(ExecuteStatement, execute_statement, LAYER_OLDER),
    DATA(BatchExecuteStatement, batch_execute_statement, LAYER_OLDER),
    DATA(ExecuteTransaction, execute_transaction, LAYER_OLDER),

    STREAM(ListStreams, list_streams),
    STREAM(DescribeStream, describe_stream),
    STREAM(GetShardIterator, get_shard_iterator),
    STREAM(GetRecords, get_records),

    CHANGE("CreateTable", shape_create_table, run_create_table),
    CHANGE("UpdateTable", shape_update_table, run_update_table),
    CHANGE("DeleteTable", shape_table_name_only, run_delete_table),
    READ("DescribeTable", shape_table_name_only, run_describe_table),
    READ("ListTables", shape_list_tables, run_list_tables),
    CHANGE("UpdateTimeToLive", shape_update_time_to_live, run_update_time_to_live),
    READ("DescribeTimeToLive", shape_table_name_only, run_describe_time_to_live),
    CHANGE("TagResource", shape_tag_resource, run_tag_resource),
    CHANGE("UntagResource", shape_untag_resource, run_untag_resource),
    READ("ListTagsOfResource", shape_list_tags_of_resource, run_list_tags_of_resource),
    READ("DescribeLimits", shape_empty, run_describe_limits),
    READ("DescribeEndpoints", shape_empty, run_describe_endpoints),

    READ("DescribeContinuousBackups", shape_described_table, run_describe_continuous_backups),
    CHANGE("UpdateContinuousBackups", shape_update_continuous_backups,
           run_update_continuous_backups),
    CHANGE("CreateBackup", shape_create_backup, run_create_backup),
    READ("DescribeBackup", shape_backup_arn, run_describe_backup),
    READ("ListBackups", shape_list_backups, run_list_backups),
    CHANGE("DeleteBackup", shape_backup_arn, run_delete_backup),
    CHANGE("RestoreTableFromBackup", shape_restore_table_from_backup,
           run_restore_table_from_backup),
    CHANGE("RestoreTableToPointInTime", shape_restore_table_to_point_in_time,
           run_restore_table_to_point_in_time),
    READ("DescribeContributorInsights", shape_describe_contributor_insights,
         run_describe_contributor_insights),
    CHANGE("UpdateContributorInsights", shape_update_contributor_insights,
           run_update_contributor_insights),
    READ("ListContributorInsights", shape_list_contributor_insights, run_list_contributor_insights),
    CHANGE("EnableKinesisStreamingDestination", shape_kinesis_destination,
           run_enable_kinesis_destination),
    CHANGE("DisableKinesisStreamingDestination", shape_kinesis_destination,
           run_disable_kinesis_destination),
    CHANGE("UpdateKinesisStreamingDestination", shape_update_kinesis_streaming_destination,
           run_update_kinesis_destination),
    READ("DescribeKinesisStreamingDestination", shape_described_table,
         run_describe_kinesis_destination),
    CHANGE("PutResourcePolicy", shape_put_resource_policy, run_put_resource_policy),
    READ("GetResourcePolicy", shape_get_resource_policy, run_get_resource_policy),
    CHANGE("DeleteResourcePolicy", shape_delete_resource_policy, run_delete_resource_policy),
    CHANGE("UpdateTableReplicaAutoScaling", shape_update_table_replica_auto_scaling,
           run_update_table_replica_auto_scaling),
    READ("DescribeTableReplicaAutoScaling", shape_described_table,
         run_describe_table_replica_auto_scaling),
    CHANGE("CreateGlobalTable", shape_create_global_table, run_create_global_table),
    READ("DescribeGlobalTable", shape_describe_global_table, run_describe_global_table),
    READ("ListGlobalTables", shape_list_global_tables, run_list_global_tables),
    CHANGE("UpdateGlobalTable", shape_update_global_table, run_update_global_table),
    READ("DescribeGlobalTableSettings", shape_describe_global_table,
         run_describe_global_table_settings),
    CHANGE("UpdateGlobalTableSettings", shape_update_global_table_settings,
           run_update_global_table_settings),
    CHANGE("ExportTableToPointInTime", shape_export_table_to_point_in_time, run_export_table),
    CHANGE("ImportTable", shape_import_table, run_import_table),
    READ("ListExports", shape_list_exports, run_list_exports),
    READ("DescribeExport", shape_describe_export, run_describe_export),
    READ("ListImports", shape_list_imports, run_list_imports),
    READ("DescribeImport", shape_describe_import, run_describe_import),
};

const struct operation *operation_find(struct str name)
{
    for (size_t i = 0; i < countof(table); i++)
        if (str_eq(table[i].name, name))
            return &table[i];
    return NULL;
}

const struct operation *operation_list(size_t *count)
{
    *count = countof(table);
    return table;
}
