/* Data: the operations on items and streams, for the rows of operations.c.
 *
 * Each is an operation_run (api.h). Source: the API reference of each action. */
#pragma once

#include "dynamodb/api/api.h"

/* get_item.c */
operation_run run_get_item, run_batch_get_item, run_transact_get_items;
/* put_item.c */
operation_run run_put_item, run_update_item, run_delete_item;
/* batch_write.c, transact_write.c */
operation_run run_batch_write_item, run_transact_write_items;
/* execute_statement.c, batch_execute_statement.c, execute_transaction.c */
operation_run run_execute_statement, run_batch_execute_statement, run_execute_transaction;
/* query.c, scan.c */
operation_run run_query, run_scan;
/* streams.c */
operation_run run_list_streams, run_describe_stream, run_get_shard_iterator, run_get_records;
