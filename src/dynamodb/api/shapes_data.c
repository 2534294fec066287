/* Facts of the data plane's inputs: items, ranges, batches, transactions, PartiQL, streams. */
#include "dynamodb/api/shapes.h"

#include "dynamodb/api/shapes_common.h"

static const struct shape return_capacity = {WORDS("INDEXES", "TOTAL", "NONE")};
static const struct shape return_metrics = {WORDS("SIZE", "NONE")};
static const struct shape return_values = {
    WORDS("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")};
static const struct shape return_on_failure = {WORDS("ALL_OLD", "NONE")};
static const struct shape select_mode = {
    WORDS("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")};
static const struct shape attributes_to_get = {LIST(text), LENGTH(1, 255)};
static const struct shape table_key = {
    .kind = SHAPE_STRING, .names_table = true, .pattern = NAME_PATTERN, LENGTH(3, 255)};
static const struct shape query_limit = {.kind = SHAPE_INTEGER, AT_LEAST(1), .is_terse = true};
static const struct shape total_segments = {.kind = SHAPE_INTEGER, LENGTH(1, 1000000)};
static const struct shape segment = {.kind = SHAPE_INTEGER, LENGTH(0, 999999)};
static const struct shape client_token = {.kind = SHAPE_STRING, LENGTH(1, 36)};
static const struct shape statement = {.kind = SHAPE_STRING, LENGTH(1, 8192)};
static const struct shape parameters = {LIST(value), AT_LEAST(1)};
static const struct shape next_token = {.kind = SHAPE_STRING, LENGTH(1, 32768)};
static const struct shape stream_arn = {.kind = SHAPE_STRING, LENGTH(37, 1024)};
static const struct shape shard_id = {.kind = SHAPE_STRING, LENGTH(28, 65)};
static const struct shape streams_limit = {.kind = SHAPE_INTEGER, LENGTH(1, 100)};
static const struct shape records_limit = {.kind = SHAPE_INTEGER, LENGTH(1, 1000)};
static const struct shape shard_filter_type = {WORDS("CHILD_SHARDS")};
static const struct shape iterator_type = {
    WORDS("AFTER_SEQUENCE_NUMBER", "LATEST", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON")};
static const struct shape sequence_number = {.kind = SHAPE_STRING, LENGTH(21, 40)};
static const struct shape shard_iterator = {.kind = SHAPE_STRING, LENGTH(1, 2048)};

/* -- legacy conditions ------------------------------------------------------------------------- */

static const struct shape conditional_operator = {WORDS("OR", "AND")};
static const struct shape query_operator = {WORDS("OR", "AND"),
                                            .joins = offsetof(struct query_input, query_filter)};
static const struct shape scan_operator = {WORDS("OR", "AND"),
                                           .joins = offsetof(struct scan_input, scan_filter)};
static const struct shape comparison_operator = {WORDS("IN", "NULL", "BETWEEN", "LT",
                                                       "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE",
                                                       "LE", "BEGINS_WITH", "GE", "CONTAINS")};
static const struct shape attribute_action = {WORDS("ADD", "PUT", "DELETE")};

static const struct shape expected_attribute =
    STRUCTURE(expected_attribute, "ExpectedAttributeValue",
              MEMBER(expected_attribute, attribute_value_list, "AttributeValueList", NEED_NOTHING,
                     value_list_shape),
              MEMBER(expected_attribute, comparison_operator, "ComparisonOperator", NEED_NOTHING,
                     comparison_operator),
              MEMBER(expected_attribute, exists, "Exists", NEED_NOTHING, boolean),
              MEMBER(expected_attribute, value, "Value", NEED_NOTHING, value));

static const struct shape expected_map_shape = {MAP(expected_attribute)};

static const struct shape filter_condition =
    STRUCTURE(filter_condition, "Condition",
              MEMBER(filter_condition, attribute_value_list, "AttributeValueList", NEED_NOTHING,
                     value_list_shape),
              MEMBER(filter_condition, comparison_operator, "ComparisonOperator", NEED_MEMBER,
                     comparison_operator));

static const struct shape filter_map_shape = {MAP(filter_condition)};

static const struct shape attribute_update =
    STRUCTURE(attribute_update, "AttributeValueUpdate",
              MEMBER(attribute_update, action, "Action", NEED_NOTHING, attribute_action),
              MEMBER(attribute_update, value, "Value", NEED_NOTHING, value));

static const struct shape attribute_update_map_shape = {MAP(attribute_update)};

/* -- single items ------------------------------------------------------------------------------ */

const struct shape shape_get_item = STRUCTURE(
    get_item_input, "GetItemInput",
    MEMBER(get_item_input, return_consumed_capacity, "ReturnConsumedCapacity", NEED_NOTHING,
           return_capacity),
    MEMBER(get_item_input, attributes_to_get, "AttributesToGet", NEED_NOTHING, attributes_to_get),
    MEMBER(get_item_input, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(get_item_input, key, "Key", NEED_MEMBER, item),
    MEMBER(get_item_input, consistent_read, "ConsistentRead", NEED_NOTHING, boolean),
    MEMBER(get_item_input, projection_expression, "ProjectionExpression", NEED_NOTHING, text),
    MEMBER(get_item_input, expression_attribute_names, "ExpressionAttributeNames", NEED_NOTHING,
           names));

const struct shape shape_put_item = STRUCTURE(
    put_item_input, "PutItemInput",
    MEMBER(put_item_input, return_consumed_capacity, "ReturnConsumedCapacity", NEED_NOTHING,
           return_capacity),
    MEMBER(put_item_input, table_name, "TableName", NEED_NAME, table_name),
    MEMBER(put_item_input, item, "Item", NEED_MEMBER, item),
    MEMBER(put_item_input, conditional_operator, "ConditionalOperator", NEED_NOTHING,
           conditional_operator),
    MEMBER(put_item_input, expected, "Expected", NEED_NOTHING, expected_map_shape),
    MEMBER(put_item_input, return_values, "ReturnValues", NEED_NOTHING, return_values),
    MEMBER(put_item_input, return_item_collection_metrics, "ReturnItemCollectionMetrics",
           NEED_NOTHING, return_metrics),
    MEMBER(put_item_input, return_values_on_condition_check_failure,
           "ReturnValuesOnConditionCheckFailure", NEED_NOTHING, return_on_failure),
    MEMBER(put_item_input, condition_expression, "ConditionExpression", NEED_NOTHING, text),
    MEMBER(put_item_input, expression_attribute_values, "ExpressionAttributeValues", NEED_NOTHING,
           values),
    MEMBER(put_item_input, expression_attribute_names, "ExpressionAttributeNames", NEED_NOTHING,
           names));

const struct shape shape_delete_item = STRUCTURE(
    delete_item_input, "DeleteItemInput",
    MEMBER(delete_item_input, return_consumed_capacity, "ReturnConsumedCapacity", NEED_NOTHING,
           return_capacity),
    MEMBER(delete_item_input, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(delete_item_input, return_values, "ReturnValues", NEED_NOTHING, return_values),
    MEMBER(delete_item_input, return_item_collection_metrics, "ReturnItemCollectionMetrics",
           NEED_NOTHING, return_metrics),
    MEMBER(delete_item_input, return_values_on_condition_check_failure,
           "ReturnValuesOnConditionCheckFailure", NEED_NOTHING, return_on_failure),
    MEMBER(delete_item_input, key, "Key", NEED_MEMBER, item),
    MEMBER(delete_item_input, conditional_operator, "ConditionalOperator", NEED_NOTHING,
           conditional_operator),
    MEMBER(delete_item_input, expected, "Expected", NEED_NOTHING, expected_map_shape),
    MEMBER(delete_item_input, condition_expression, "ConditionExpression", NEED_NOTHING, text),
    MEMBER(delete_item_input, expression_attribute_values, "ExpressionAttributeValues",
           NEED_NOTHING, values),
    MEMBER(delete_item_input, expression_attribute_names, "ExpressionAttributeNames", NEED_NOTHING,
           names));

const struct shape shape_update_item = STRUCTURE(
    update_item_input, "UpdateItemInput",
    MEMBER(update_item_input, return_consumed_capacity, "ReturnConsumedCapacity", NEED_NOTHING,
           return_capacity),
    MEMBER(update_item_input, table_name, "TableName", NEED_NAME, table_name),
    MEMBER(update_item_input, return_item_collection_metrics, "ReturnItemCollectionMetrics",
           NEED_NOTHING, return_metrics),
    MEMBER(update_item_input, return_values_on_condition_check_failure,
           "ReturnValuesOnConditionCheckFailure", NEED_NOTHING, return_on_failure),
    MEMBER(update_item_input, return_values, "ReturnValues", NEED_NOTHING, return_values),
    MEMBER(update_item_input, conditional_operator, "ConditionalOperator", NEED_NOTHING,
           conditional_operator),
    MEMBER(update_item_input, key, "Key", NEED_MEMBER, item),
    MEMBER(update_item_input, expected, "Expected", NEED_NOTHING, expected_map_shape),
    MEMBER(update_item_input, attribute_updates, "AttributeUpdates", NEED_NOTHING,
           attribute_update_map_shape),
    MEMBER(update_item_input, condition_expression, "ConditionExpression", NEED_NOTHING, text),
    MEMBER(update_item_input, update_expression, "UpdateExpression", NEED_NOTHING, text),
    MEMBER(update_item_input, expression_attribute_values, "ExpressionAttributeValues",
           NEED_NOTHING, values),
    MEMBER(update_item_input, expression_attribute_names, "ExpressionAttributeNames", NEED_NOTHING,
           names));

/* -- ranges ------------------------------------------------------------------------------------ */

const struct shape shape_query = STRUCTURE(
    query_input, "QueryInput", MEMBER(query_input, select, "Select", NEED_NOTHING, select_mode),
    MEMBER(query_input, index_name, "IndexName", NEED_NOTHING, plain_name),
    MEMBER(query_input, return_consumed_capacity, "ReturnConsumedCapacity", NEED_NOTHING,
           return_capacity),
    MEMBER(query_input, query_filter, "QueryFilter", NEED_NOTHING, filter_map_shape),
    MEMBER(query_input, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(query_input, conditional_operator, "ConditionalOperator", NEED_NOTHING, query_operator),
    MEMBER(query_input, attributes_to_get, "AttributesToGet", NEED_NOTHING, attributes_to_get),
    MEMBER(query_input, limit, "Limit", NEED_NOTHING, query_limit),
    MEMBER(query_input, key_conditions, "KeyConditions", NEED_NOTHING, filter_map_shape),
    MEMBER(query_input, exclusive_start_key, "ExclusiveStartKey", NEED_NOTHING, item),
    MEMBER(query_input, consistent_read, "ConsistentRead", NEED_NOTHING, boolean),
    MEMBER(query_input, scan_index_forward, "ScanIndexForward", NEED_NOTHING, boolean),
    MEMBER(query_input, key_condition_expression, "KeyConditionExpression", NEED_NOTHING, text),
    MEMBER(query_input, filter_expression, "FilterExpression", NEED_NOTHING, text),
    MEMBER(query_input, projection_expression, "ProjectionExpression", NEED_NOTHING, text),
    MEMBER(query_input, expression_attribute_values, "ExpressionAttributeValues", NEED_NOTHING,
           values),
    MEMBER(query_input, expression_attribute_names, "ExpressionAttributeNames", NEED_NOTHING,
           names));

const struct shape shape_scan = STRUCTURE(
    scan_input, "ScanInput", MEMBER(scan_input, select, "Select", NEED_NOTHING, select_mode),
    MEMBER(scan_input, index_name, "IndexName", NEED_NOTHING, plain_name),
    MEMBER(scan_input, total_segments, "TotalSegments", NEED_NOTHING, total_segments),
    MEMBER(scan_input, return_consumed_capacity, "ReturnConsumedCapacity", NEED_NOTHING,
           return_capacity),
    MEMBER(scan_input, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(scan_input, conditional_operator, "ConditionalOperator", NEED_NOTHING, scan_operator),
    MEMBER(scan_input, scan_filter, "ScanFilter", NEED_NOTHING, filter_map_shape),
    MEMBER(scan_input, segment, "Segment", NEED_NOTHING, segment),
    MEMBER(scan_input, limit, "Limit", NEED_NOTHING, limit),
    MEMBER(scan_input, attributes_to_get, "AttributesToGet", NEED_NOTHING, attributes_to_get),
    MEMBER(scan_input, exclusive_start_key, "ExclusiveStartKey", NEED_NOTHING, item),
    MEMBER(scan_input, consistent_read, "ConsistentRead", NEED_NOTHING, boolean),
    MEMBER(scan_input, filter_expression, "FilterExpression", NEED_NOTHING, text),
    MEMBER(scan_input, projection_expression, "ProjectionExpression", NEED_NOTHING, text),
    MEMBER(scan_input, expression_attribute_values, "ExpressionAttributeValues", NEED_NOTHING,
           values),
    MEMBER(scan_input, expression_attribute_names, "ExpressionAttributeNames", NEED_NOTHING,
           names));

/* -- batches ----------------------------------------------------------------------------------- */

static const struct shape batch_keys = {LIST(item), .is_terse = true, LENGTH(1, 100)};

static const struct shape keys_and_attributes = STRUCTURE(
    keys_and_attributes, "KeysAndAttributes",
    MEMBER(keys_and_attributes, keys, "Keys", NEED_MEMBER, batch_keys),
    MEMBER(keys_and_attributes, attributes_to_get, "AttributesToGet", NEED_NOTHING,
           attributes_to_get),
    MEMBER(keys_and_attributes, consistent_read, "ConsistentRead", NEED_NOTHING, boolean),
    MEMBER(keys_and_attributes, projection_expression, "ProjectionExpression", NEED_NOTHING, text),
    MEMBER(keys_and_attributes, expression_attribute_names, "ExpressionAttributeNames",
           NEED_NOTHING, names));

static const struct shape batch_get_map = {MAP(keys_and_attributes), .key = &table_key,
                                           .shows_json = true};

const struct shape shape_batch_get_item = STRUCTURE(
    batch_get_item_input, "BatchGetItemInput",
    MEMBER(batch_get_item_input, request_items, "RequestItems", NEED_MEMBER, batch_get_map),
    MEMBER(batch_get_item_input, return_consumed_capacity, "ReturnConsumedCapacity", NEED_NOTHING,
           return_capacity));

static const struct shape delete_request = STRUCTURE(
    delete_request, "DeleteRequest", MEMBER(delete_request, key, "Key", NEED_MEMBER, item));

static const struct shape put_request =
    STRUCTURE(put_request, "PutRequest", MEMBER(put_request, item, "Item", NEED_MEMBER, item));

static const struct shape write_request =
    STRUCTURE(write_request, "WriteRequest",
              MEMBER(write_request, delete_request, "DeleteRequest", NEED_NOTHING, delete_request),
              MEMBER(write_request, put_request, "PutRequest", NEED_NOTHING, put_request));

static const struct shape write_requests = {LIST(write_request), LENGTH(1, 25)};

static const struct shape batch_write_map = {MAP(write_requests), .key = &table_key,
                                             .yields = true};

const struct shape shape_batch_write_item = STRUCTURE(
    batch_write_item_input, "BatchWriteItemInput",
    MEMBER(batch_write_item_input, return_consumed_capacity, "ReturnConsumedCapacity", NEED_NOTHING,
           return_capacity),
    MEMBER(batch_write_item_input, return_item_collection_metrics, "ReturnItemCollectionMetrics",
           NEED_NOTHING, return_metrics),
    MEMBER(batch_write_item_input, request_items, "RequestItems", NEED_MEMBER, batch_write_map));

/* -- transactions ------------------------------------------------------------------------------ */

static const struct shape transact_get = STRUCTURE(
    transact_get, "Get", MEMBER(transact_get, key, "Key", NEED_MEMBER, item),
    MEMBER(transact_get, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(transact_get, projection_expression, "ProjectionExpression", NEED_NOTHING, text),
    MEMBER(transact_get, expression_attribute_names, "ExpressionAttributeNames", NEED_NOTHING,
           names));

static const struct shape transact_get_item =
    STRUCTURE(transact_get_item, "TransactGetItem",
              MEMBER(transact_get_item, get, "Get", NEED_MEMBER, transact_get));

static const struct shape transact_gets = {LIST(transact_get_item), LENGTH(1, 100)};

const struct shape shape_transact_get_items = STRUCTURE(
    transact_get_items_input, "TransactGetItemsInput",
    MEMBER(transact_get_items_input, transact_items, "TransactItems", NEED_MEMBER, transact_gets),
    MEMBER(transact_get_items_input, return_consumed_capacity, "ReturnConsumedCapacity",
           NEED_NOTHING, return_capacity));

static const struct shape condition_check = STRUCTURE(
    transact_action, "ConditionCheck", MEMBER(transact_action, key, "Key", NEED_MEMBER, item),
    MEMBER(transact_action, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(transact_action, condition_expression, "ConditionExpression", NEED_MEMBER, text),
    MEMBER(transact_action, expression_attribute_names, "ExpressionAttributeNames", NEED_NOTHING,
           names),
    MEMBER(transact_action, expression_attribute_values, "ExpressionAttributeValues", NEED_NOTHING,
           values),
    MEMBER(transact_action, return_values_on_condition_check_failure,
           "ReturnValuesOnConditionCheckFailure", NEED_NOTHING, return_on_failure));

static const struct shape transact_put = STRUCTURE(
    transact_action, "Put", MEMBER(transact_action, item, "Item", NEED_MEMBER, item),
    MEMBER(transact_action, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(transact_action, condition_expression, "ConditionExpression", NEED_NOTHING, text),
    MEMBER(transact_action, expression_attribute_names, "ExpressionAttributeNames", NEED_NOTHING,
           names),
    MEMBER(transact_action, expression_attribute_values, "ExpressionAttributeValues", NEED_NOTHING,
           values),
    MEMBER(transact_action, return_values_on_condition_check_failure,
           "ReturnValuesOnConditionCheckFailure", NEED_NOTHING, return_on_failure));

static const struct shape transact_delete = STRUCTURE(
    transact_action, "Delete", MEMBER(transact_action, key, "Key", NEED_MEMBER, item),
    MEMBER(transact_action, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(transact_action, condition_expression, "ConditionExpression", NEED_NOTHING, text),
    MEMBER(transact_action, expression_attribute_names, "ExpressionAttributeNames", NEED_NOTHING,
           names),
    MEMBER(transact_action, expression_attribute_values, "ExpressionAttributeValues", NEED_NOTHING,
           values),
    MEMBER(transact_action, return_values_on_condition_check_failure,
           "ReturnValuesOnConditionCheckFailure", NEED_NOTHING, return_on_failure));

static const struct shape transact_update = STRUCTURE(
    transact_action, "Update", MEMBER(transact_action, key, "Key", NEED_MEMBER, item),
    MEMBER(transact_action, update_expression, "UpdateExpression", NEED_MEMBER, text),
    MEMBER(transact_action, table_name, "TableName", NEED_MEMBER, table_name),
    MEMBER(transact_action, condition_expression, "ConditionExpression", NEED_NOTHING, text),
    MEMBER(transact_action, expression_attribute_names, "ExpressionAttributeNames", NEED_NOTHING,
           names),
    MEMBER(transact_action, expression_attribute_values, "ExpressionAttributeValues", NEED_NOTHING,
           values),
    MEMBER(transact_action, return_values_on_condition_check_failure,
           "ReturnValuesOnConditionCheckFailure", NEED_NOTHING, return_on_failure));

static const struct shape transact_write_item = STRUCTURE(
    transact_write_item, "TransactWriteItem",
    MEMBER(transact_write_item, condition_check, "ConditionCheck", NEED_NOTHING, condition_check),
    MEMBER(transact_write_item, put, "Put", NEED_NOTHING, transact_put),
    MEMBER(transact_write_item, delete, "Delete", NEED_NOTHING, transact_delete),
    MEMBER(transact_write_item, update, "Update", NEED_NOTHING, transact_update));

static const struct shape transact_writes = {LIST(transact_write_item), LENGTH(1, 100)};

const struct shape shape_transact_write_items =
    STRUCTURE(transact_write_items_input, "TransactWriteItemsInput",
              MEMBER(transact_write_items_input, client_request_token, "ClientRequestToken",
                     NEED_NOTHING, client_token),
              MEMBER(transact_write_items_input, transact_items, "TransactItems", NEED_MEMBER,
                     transact_writes),
              MEMBER(transact_write_items_input, return_consumed_capacity, "ReturnConsumedCapacity",
                     NEED_NOTHING, return_capacity),
              MEMBER(transact_write_items_input, return_item_collection_metrics,
                     "ReturnItemCollectionMetrics", NEED_NOTHING, return_metrics));

/* -- PartiQL ----------------------------------------------------------------------------------- */

const struct shape shape_execute_statement = STRUCTURE(
    execute_statement_input, "ExecuteStatementInput",
    MEMBER(execute_statement_input, statement, "Statement", NEED_MEMBER, statement),
    MEMBER(execute_statement_input, parameters, "Parameters", NEED_NOTHING, parameters),
    MEMBER(execute_statement_input, consistent_read, "ConsistentRead", NEED_NOTHING, boolean),
    MEMBER(execute_statement_input, next_token, "NextToken", NEED_NOTHING, next_token),
    MEMBER(execute_statement_input, return_consumed_capacity, "ReturnConsumedCapacity",
           NEED_NOTHING, return_capacity),
    MEMBER(execute_statement_input, limit, "Limit", NEED_NOTHING, limit),
    MEMBER(execute_statement_input, return_values_on_condition_check_failure,
           "ReturnValuesOnConditionCheckFailure", NEED_NOTHING, return_on_failure));

static const struct shape batch_statement =
    STRUCTURE(batch_statement, "BatchStatementRequest",
              MEMBER(batch_statement, statement, "Statement", NEED_MEMBER, statement),
              MEMBER(batch_statement, parameters, "Parameters", NEED_NOTHING, parameters),
              MEMBER(batch_statement, consistent_read, "ConsistentRead", NEED_NOTHING, boolean),
              MEMBER(batch_statement, return_values_on_condition_check_failure,
                     "ReturnValuesOnConditionCheckFailure", NEED_NOTHING, return_on_failure));

static const struct shape batch_statements = {LIST(batch_statement), LENGTH(1, 25)};

const struct shape shape_batch_execute_statement = STRUCTURE(
    batch_execute_statement_input, "BatchExecuteStatementInput",
    MEMBER(batch_execute_statement_input, statements, "Statements", NEED_MEMBER, batch_statements),
    MEMBER(batch_execute_statement_input, return_consumed_capacity, "ReturnConsumedCapacity",
           NEED_NOTHING, return_capacity));

static const struct shape transact_statement =
    STRUCTURE(transact_statement, "ParameterizedStatement",
              MEMBER(transact_statement, statement, "Statement", NEED_MEMBER, statement),
              MEMBER(transact_statement, parameters, "Parameters", NEED_NOTHING, parameters),
              MEMBER(transact_statement, return_values_on_condition_check_failure,
                     "ReturnValuesOnConditionCheckFailure", NEED_NOTHING, return_on_failure));

static const struct shape transact_statements = {LIST(transact_statement), LENGTH(1, 100)};

const struct shape shape_execute_transaction =
    STRUCTURE(execute_transaction_input, "ExecuteTransactionInput",
              MEMBER(execute_transaction_input, transact_statements, "TransactStatements",
                     NEED_MEMBER, transact_statements),
              MEMBER(execute_transaction_input, client_request_token, "ClientRequestToken",
                     NEED_NOTHING, client_token),
              MEMBER(execute_transaction_input, return_consumed_capacity, "ReturnConsumedCapacity",
                     NEED_NOTHING, return_capacity));

/* -- streams ----------------------------------------------------------------------------------- */

const struct shape shape_list_streams =
    STRUCTURE(list_streams_input, "ListStreamsInput",
              MEMBER(list_streams_input, table_name, "TableName", NEED_NOTHING, plain_name),
              MEMBER(list_streams_input, limit, "Limit", NEED_NOTHING, streams_limit),
              MEMBER(list_streams_input, exclusive_start_stream_arn, "ExclusiveStartStreamArn",
                     NEED_NOTHING, stream_arn));

static const struct shape shard_filter =
    STRUCTURE(shard_filter, "ShardFilter",
              MEMBER(shard_filter, type, "Type", NEED_NOTHING, shard_filter_type),
              MEMBER(shard_filter, shard_id, "ShardId", NEED_NOTHING, shard_id));

const struct shape shape_describe_stream = STRUCTURE(
    describe_stream_input, "DescribeStreamInput",
    MEMBER(describe_stream_input, stream_arn, "StreamArn", NEED_MEMBER, stream_arn),
    MEMBER(describe_stream_input, limit, "Limit", NEED_NOTHING, streams_limit),
    MEMBER(describe_stream_input, exclusive_start_shard_id, "ExclusiveStartShardId", NEED_NOTHING,
           shard_id),
    MEMBER(describe_stream_input, shard_filter, "ShardFilter", NEED_NOTHING, shard_filter));

const struct shape shape_get_shard_iterator =
    STRUCTURE(get_shard_iterator_input, "GetShardIteratorInput",
              MEMBER(get_shard_iterator_input, stream_arn, "StreamArn", NEED_MEMBER, stream_arn),
              MEMBER(get_shard_iterator_input, shard_id, "ShardId", NEED_MEMBER, shard_id),
              MEMBER(get_shard_iterator_input, shard_iterator_type, "ShardIteratorType",
                     NEED_MEMBER, iterator_type),
              MEMBER(get_shard_iterator_input, sequence_number, "SequenceNumber", NEED_NOTHING,
                     sequence_number));

const struct shape shape_get_records = STRUCTURE(
    get_records_input, "GetRecordsInput",
    MEMBER(get_records_input, shard_iterator, "ShardIterator", NEED_MEMBER, shard_iterator),
    MEMBER(get_records_input, limit, "Limit", NEED_NOTHING, records_limit));
