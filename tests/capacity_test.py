"""--enforce-capacity: provisioned tables and indexes throttle as the service's do."""
import json
import time
import urllib.error
import urllib.request

from harness import Server, Suite, code_of, failure_of, make_table, message_of

suite = Suite(__doc__)
TABLE_WORDS = ("The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
               "provisioning level with the UpdateTable API.")
INDEX_WORDS = ("The level of configured provisioned throughput for one or more global secondary indexes of the table "
               "was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary "
               "indexes with the UpdateTable API")
EXCEEDED = "ProvisionedThroughputExceededException"
server = Server("dynamodb", "--enforce-capacity")
client = server.client()


def call(operation, **request):
    """As boto3, without its model, which is older than some members."""
    headers = {"X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0",
               "X-Amz-Date": "20260101T000000Z",
               "Authorization": "AWS4-HMAC-SHA256 Credential=t/20260101/us-east-1/dynamodb/aws4_request, "
                                "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64}
    try:
        with urllib.request.urlopen(urllib.request.Request(
                server.url, json.dumps(request).encode(), headers), timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def units(read, write):
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def table(name, read, write, index=None):
    more = {}
    attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
    if index:
        attributes.append({"AttributeName": "g", "AttributeType": "S"})
        more["GlobalSecondaryIndexes"] = [{
            "IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": units(*index)}]
    return client.create_table(TableName=name, AttributeDefinitions=attributes, KeySchema=keys,
                               ProvisionedThroughput=units(read, write), **more)["TableDescription"]


def item(pk, size=0, **more):
    return {"pk": {"S": pk}, **({"x": {"S": "x" * size}} if size else {}), **more}


def puts_until_refused(name, most=200, **more):
    for count in range(most):
        try:
            client.put_item(TableName=name, Item=item(f"k{count}", **more))
        except client.exceptions.ProvisionedThroughputExceededException:
            return count
    return most


@suite.test
def writes_are_refused_beyond_the_units():
    arn = table("writes", 5, 5)["TableArn"]
    assert 5 <= puts_until_refused("writes") <= 6
    error = failure_of(client.put_item, TableName="writes", Item=item("a", 3000))
    assert code_of(error) == EXCEEDED and message_of(error) == TABLE_WORDS, message_of(error)
    error_body = call("PutItem", TableName="writes", Item=item("a", 3000))
    assert error_body["__type"] == "com.amazonaws.dynamodb.v20120810#" + EXCEEDED
    assert error_body["ThrottlingReasons"] == [
        {"reason": "TableWriteProvisionedThroughputExceeded", "resource": arn}], error_body
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    client.get_item(TableName="writes", Key=item("k0"))  # reads have units of their own
    time.sleep(1.1)
    client.put_item(TableName="writes", Item=item("b", 3000))
    assert "Item" not in client.get_item(TableName="writes", Key=item("a")), "what was refused was not written"


@suite.test
def all_kinds_of_writes_count():
    for name, call in {
        "update": lambda: client.update_item(TableName="update", Key=item("a"), UpdateExpression="SET n = :n",
                                             ExpressionAttributeValues={":n": {"N": "1"}}),
        "delete": lambda: client.delete_item(TableName="delete", Key=item("a")),
        "partiql": lambda: client.execute_statement(Statement="DELETE FROM partiql WHERE pk = 'a'"),
    }.items():
        table(name, 1, 2)
        error = None
        for _ in range(5):
            try:
                call()
            except client.exceptions.ClientError as failure:
                error = failure
                break
        assert error and code_of(error) == EXCEEDED, name


@suite.test
def failed_conditions_are_paid_for():
    table("conditions", 1, 2)
    codes = [code_of(failure_of(client.put_item, TableName="conditions", Item=item("a"),
                                ConditionExpression="attribute_exists(pk)")) for _ in range(4)]
    assert codes[:2] == ["ConditionalCheckFailedException"] * 2 and codes[3] == EXCEEDED, codes


@suite.test
def reads_are_refused_beyond_the_units():
    table("reads", 2, 100)
    client.put_item(TableName="reads", Item=item("a", 4096 * 2 - 10))
    client.get_item(TableName="reads", Key=item("a"))  # two halves for each 4 KB: one unit
    client.get_item(TableName="reads", Key=item("a"))
    error = failure_of(client.get_item, TableName="reads", Key=item("a"), ConsistentRead=True)
    assert code_of(error) == EXCEEDED and message_of(error) == TABLE_WORDS
    body = call("GetItem", TableName="reads", Key=item("a"), ConsistentRead=True)
    assert body["ThrottlingReasons"][0]["reason"] == "TableReadProvisionedThroughputExceeded"
    for function, arguments in (
        (client.scan, {"ConsistentRead": True}),
        (client.query, {"KeyConditionExpression": "pk = :a", "ConsistentRead": True,
                        "ExpressionAttributeValues": {":a": {"S": "a"}}}),
    ):
        assert code_of(failure_of(function, TableName="reads", **arguments)) == EXCEEDED
    error = failure_of(client.execute_statement, Statement="SELECT * FROM reads WHERE pk = 'a'", ConsistentRead=True)
    assert code_of(error) == EXCEEDED


@suite.test
def a_large_read_leaves_a_debt():
    table("debt", 1, 1000)
    for i in range(20):
        client.put_item(TableName="debt", Item=item(f"k{i}", 4000))
    assert client.scan(TableName="debt")["Count"] == 20  # ten units at once, with one there
    time.sleep(1.2)
    assert code_of(failure_of(client.get_item, TableName="debt", Key=item("k0"))) == EXCEEDED


@suite.test
def an_index_without_units_throttles_its_table():
    arn = table("indexed", 100, 100, index=(1, 1))["TableArn"]
    assert puts_until_refused("indexed") >= 100, "items that are not in the index do not need its units"
    time.sleep(0.2)
    client.put_item(TableName="indexed", Item=item("a", g={"S": "1"}))
    error = failure_of(client.put_item, TableName="indexed", Item=item("b", g={"S": "1"}))
    assert code_of(error) == EXCEEDED and message_of(error) == INDEX_WORDS, message_of(error)
    assert call("PutItem", TableName="indexed", Item=item("b", g={"S": "1"}))["ThrottlingReasons"] == [
        {"reason": "IndexWriteProvisionedThroughputExceeded", "resource": arn + "/index/by-g"}]
    question = {"TableName": "indexed", "IndexName": "by-g", "KeyConditionExpression": "g = :g",
                "ExpressionAttributeValues": {":g": {"S": "1"}}}
    client.query(**question)
    client.query(**question)
    assert message_of(failure_of(client.query, **question)) == INDEX_WORDS
    client.get_item(TableName="indexed", Key=item("a"))


@suite.test
def batches_leave_what_is_throttled():
    table("batch", 2, 5)
    requests = [{"PutRequest": {"Item": item(f"k{i}", 10)}} for i in range(12)]
    answer = client.batch_write_item(RequestItems={"batch": requests}, ReturnConsumedCapacity="TOTAL")
    left = answer["UnprocessedItems"]["batch"]
    assert 6 <= len(left) <= 7 and all(request in requests for request in left), left
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 12 - len(left)
    error = failure_of(client.batch_write_item, RequestItems={"batch": requests[:2]})
    assert code_of(error) == EXCEEDED and message_of(error) == TABLE_WORDS
    keys = [item(f"k{i}") for i in range(12)]
    answer = client.batch_get_item(RequestItems={"batch": {
        "Keys": keys, "ConsistentRead": True, "ProjectionExpression": "#p",
        "ExpressionAttributeNames": {"#p": "pk"}}}, ReturnConsumedCapacity="TOTAL")
    left = answer["UnprocessedKeys"]["batch"]
    assert 9 <= len(left["Keys"]) <= 10 and left["ConsistentRead"] and left["ProjectionExpression"] == "#p", left
    assert len(answer["Responses"]["batch"]) + len(left["Keys"]) >= 12 - 7
    error = failure_of(client.batch_get_item, RequestItems={"batch": {"Keys": keys, "ConsistentRead": True}})
    assert code_of(error) == EXCEEDED
    time.sleep(1)
    deletes = [{"DeleteRequest": {"Key": key}} for key in keys]
    left = client.batch_write_item(RequestItems={"batch": deletes})["UnprocessedItems"]["batch"]
    assert all(request in deletes for request in left)


@suite.test
def transactions_are_cancelled_with_reasons():
    table("transactions", 4, 4)
    table("roomy", 100, 100)
    actions = [{"Put": {"TableName": name, "Item": item(f"t{i}")}}
               for i, name in enumerate(("roomy", "transactions", "transactions", "transactions"))]
    error = failure_of(client.transact_write_items, TransactItems=actions)
    assert code_of(error) == "TransactionCanceledException"
    reasons = error.response["CancellationReasons"]
    assert [r["Code"] for r in reasons] == ["None", "None", "None", "ProvisionedThroughputExceeded"], reasons
    assert reasons[3]["Message"] == TABLE_WORDS
    assert "[None, None, None, ProvisionedThroughputExceeded]" in message_of(error)
    assert client.scan(TableName="roomy")["Count"] == 0
    gets = [{"Get": {"TableName": "transactions", "Key": item(f"t{i}")}} for i in range(3)]
    error = failure_of(client.transact_get_items, TransactItems=gets)
    assert [r["Code"] for r in error.response["CancellationReasons"]] == [
        "None", "None", "ProvisionedThroughputExceeded"]


@suite.test
def more_units_help_at_once():
    table("grown", 1, 1)
    puts_until_refused("grown")
    client.update_table(TableName="grown", ProvisionedThroughput=units(1, 500))
    time.sleep(1.1)
    client.put_item(TableName="grown", Item=item("a"))
    time.sleep(0.5)
    assert puts_until_refused("grown", 100) == 100


@suite.test
def tables_on_demand_have_no_limit_but_their_own():
    make_table(client, "free", sort_key=False)
    assert puts_until_refused("free", 300) == 300
    arn = call("CreateTable", TableName="capped", BillingMode="PAY_PER_REQUEST",
               AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
               KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
               OnDemandThroughput={"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 2})["TableDescription"]["TableArn"]
    bodies = [call("PutItem", TableName="capped", Item=item(f"k{i}")) for i in range(6)]
    assert bodies[0] == {} and bodies[-1] == {
        "__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException",
        "message": "Throughput exceeds the maximum OnDemandThroughput configured on table or index",
        "throttlingReasons": [{"reason": "TableWriteMaxOnDemandThroughputExceeded", "resource": arn}]}, bodies


@suite.test
def nothing_is_enforced_unless_asked():
    with Server("dynamodb") as plain:
        other = plain.client()
        other.create_table(TableName="things", ProvisionedThroughput=units(1, 1),
                           AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                           KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
        for i in range(50):
            other.put_item(TableName="things", Item=item(f"k{i}"))


suite.main()
