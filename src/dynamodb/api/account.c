/* DescribeLimits, DescribeEndpoints. */
#include "dynamodb/api/control.h"

/* The quotas of a new account. Source: AWS "Quotas in Amazon DynamoDB". */
#define ACCOUNT_UNITS 80000
#define TABLE_UNITS 40000

struct error *run_describe_limits(struct op *op)
{
    json_key(op->reply, S("AccountMaxReadCapacityUnits")), json_i64(op->reply, ACCOUNT_UNITS);
    json_key(op->reply, S("AccountMaxWriteCapacityUnits")), json_i64(op->reply, ACCOUNT_UNITS);
    json_key(op->reply, S("TableMaxReadCapacityUnits")), json_i64(op->reply, TABLE_UNITS);
    json_key(op->reply, S("TableMaxWriteCapacityUnits")), json_i64(op->reply, TABLE_UNITS);
    return NULL;
}

struct error *run_describe_endpoints(struct op *op)
{
    json_key(op->reply, S("Endpoints"));
    json_begin_array(op->reply);
    json_begin_object(op->reply);
    json_key(op->reply, S("Address")), json_str(op->reply, op->endpoint);
    json_key(op->reply, S("CachePeriodInMinutes")), json_i64(op->reply, 1440);
    json_end_object(op->reply);
    json_end_array(op->reply);
    return NULL;
}
