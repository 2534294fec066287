"""boto3 as a client of `cruddur dynamodb`, in memory and on disk."""
import decimal
import functools
import uuid

from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary

from harness import Server, Suite, code_of, failure_of, make_table, message_of, temporary_folder, wait_for

suite = Suite(__doc__)
servers = {}


def server_of(mode):
    if mode not in servers:
        servers[mode] = Server("dynamodb", "--in-memory") if mode == "memory" else Server(
            "dynamodb", "--data", temporary_folder())
    return servers[mode]


def in_both_modes(function):
    """The test runs once against each store, with the server and a table name of its own."""
    for mode in ("memory", "disk"):
        @functools.wraps(function)
        def run(mode=mode):
            function(server_of(mode), "t-" + uuid.uuid4().hex[:12])
        run.__name__ = f"{function.__name__}_{mode}"
        suite.test(run)
    return function


def s(text):
    return {"S": text}


# -- tables ----------------------------------------------------------------------------------------

@in_both_modes
def table_lives_and_dies(server, name):
    client = server.client()
    made = make_table(client, name)
    assert made["TableName"] == name and made["TableStatus"] in ("CREATING", "ACTIVE"), made
    table = client.describe_table(TableName=name)["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["TableArn"].endswith(f":table/{name}")
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert name in client.list_tables()["TableNames"]
    assert code_of(failure_of(make_table, client=client, name=name)) == "ResourceInUseException"
    gone = client.delete_table(TableName=name)["TableDescription"]
    assert gone["TableName"] == name
    client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    error = failure_of(client.describe_table, TableName=name)
    assert code_of(error) == "ResourceNotFoundException"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@in_both_modes
def list_tables_pages(server, name):
    client = server.client()
    names = [f"{name}-{i}" for i in range(5)]
    for each in names:
        make_table(client, each, sort_key=False)
    pages = list(client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}))
    listed = [each for page in pages for each in page["TableNames"]]
    assert len(pages) > 2 and all(len(page["TableNames"]) <= 2 for page in pages)
    assert listed == sorted(listed) and set(names) <= set(listed)
    for each in names:
        client.delete_table(TableName=each)


@in_both_modes
def update_table_and_time_to_live(server, name):
    client = server.client()
    make_table(client, name)
    client.update_table(TableName=name, BillingMode="PROVISIONED",
                        ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 8})
    wait_for(lambda: client.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE",
             what="the table is active again")
    provisioned = client.describe_table(TableName=name)["Table"]["ProvisionedThroughput"]
    assert (provisioned["ReadCapacityUnits"], provisioned["WriteCapacityUnits"]) == (7, 8)
    ttl = lambda: client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert ttl()["TimeToLiveStatus"] == "DISABLED"
    client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    assert ttl()["TimeToLiveStatus"] in ("ENABLING", "ENABLED") and ttl()["AttributeName"] == "ttl"


# -- items -----------------------------------------------------------------------------------------

@in_both_modes
def every_type_comes_back_as_it_went(server, name):
    client = server.client()
    make_table(client, name)
    item = {
        "pk": s("\u00e9\u2615\U0001f600"), "sk": s("1"), "empty": s(""),
        "n": {"N": "-12345678901234567890.123456789012345678"}, "zero": {"N": "0"},
        "tiny": {"N": "0.000000000000000000000000000000000000001"}, "b": {"B": bytes(range(256))},
        "yes": {"BOOL": True}, "no": {"BOOL": False}, "nothing": {"NULL": True},
        "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2.5"]}, "bs": {"BS": [b"x", b"y"]},
        "l": {"L": [s("a"), {"L": []}, {"M": {"deep": {"L": [{"N": "1"}]}}}]}, "m": {"M": {}},
    }
    client.put_item(TableName=name, Item=item)
    got = client.get_item(TableName=name, Key={"pk": item["pk"], "sk": item["sk"]}, ConsistentRead=True)["Item"]
    for key in ("ss", "ns", "bs"):
        for values in (got[key], item[key]):
            for kind in values:
                values[kind] = sorted(values[kind])
    assert got == item, got


@in_both_modes
def resource_speaks_python(server, name):
    make_table(server.client(), name)
    table = server.resource().Table(name)
    item = {"pk": "a", "sk": "b", "n": decimal.Decimal("1.10"), "set": {"x", "y"}, "bytes": b"\x00\xff",
            "list": [1, None, True, {"k": "v"}]}
    table.put_item(Item=item)
    got = table.get_item(Key={"pk": "a", "sk": "b"})["Item"]
    assert got["n"] == decimal.Decimal("1.1") and got["set"] == {"x", "y"}
    assert got["bytes"] == Binary(b"\x00\xff") and got["list"] == item["list"]
    assert "Item" not in table.get_item(Key={"pk": "a", "sk": "none"})


@in_both_modes
def put_replaces_and_returns_the_old(server, name):
    client = server.client()
    make_table(client, name)
    key = {"pk": s("a"), "sk": s("b")}
    first = client.put_item(TableName=name, Item={**key, "v": s("1"), "only": s("x")}, ReturnValues="ALL_OLD")
    assert "Attributes" not in first
    second = client.put_item(TableName=name, Item={**key, "v": s("2")}, ReturnValues="ALL_OLD")
    assert second["Attributes"]["v"] == s("1")
    assert client.get_item(TableName=name, Key=key)["Item"] == {**key, "v": s("2")}


@in_both_modes
def update_expressions(server, name):
    client = server.client()
    make_table(client, name)
    key = {"pk": s("a"), "sk": s("b")}
    update = functools.partial(client.update_item, TableName=name, Key=key, ReturnValues="ALL_NEW")
    assert update()["Attributes"] == key
    got = update(UpdateExpression="SET n = if_not_exists(n, :z) + :one, #l = list_append(:l, :l), m = :m",
                 ExpressionAttributeNames={"#l": "list"},
                 ExpressionAttributeValues={":z": {"N": "0"}, ":one": {"N": "1"}, ":l": {"L": [s("x")]},
                                            ":m": {"M": {"k": s("v")}}})["Attributes"]
    assert got["n"] == {"N": "1"} and got["list"] == {"L": [s("x"), s("x")]}
    got = update(UpdateExpression="SET m.y = :y REMOVE #l[0] ADD n :ten, tags :t",
                 ExpressionAttributeNames={"#l": "list"},
                 ExpressionAttributeValues={":y": s("z"), ":ten": {"N": "10"}, ":t": {"SS": ["p", "q"]}})["Attributes"]
    assert got["n"] == {"N": "11"} and got["list"] == {"L": [s("x")]} and sorted(got["tags"]["SS"]) == ["p", "q"]
    assert got["m"] == {"M": {"k": s("v"), "y": s("z")}}
    got = update(UpdateExpression="DELETE tags :t", ExpressionAttributeValues={":t": {"SS": ["p"]}},
                 ReturnValues="UPDATED_OLD")["Attributes"]
    assert sorted(got["tags"]["SS"]) == ["p", "q"]
    error = failure_of(update, UpdateExpression="SET nowhere.x = :y", ExpressionAttributeValues={":y": s("z")})
    assert code_of(error) == "ValidationException"
    assert message_of(error) == "The document path provided in the update expression is invalid for update"


@in_both_modes
def conditions_decide(server, name):
    client = server.client()
    make_table(client, name)
    table = server.resource().Table(name)
    once = {"Item": {"pk": "a", "sk": "b", "n": 5}, "ConditionExpression": Attr("pk").not_exists()}
    table.put_item(**once)
    error = failure_of(table.put_item, **once)
    assert code_of(error) == "ConditionalCheckFailedException"
    assert message_of(error) == "The conditional request failed"
    key = {"pk": "a", "sk": "b"}
    for condition in (Attr("n").gt(4) & Attr("n").lt(6), Attr("n").between(5, 5), Attr("n").is_in([1, 5]),
                      ~Attr("n").eq(4), Attr("pk").begins_with("a") | Attr("zz").exists(),
                      Attr("n").attribute_type("N"), Attr("pk").size().eq(1)):
        table.update_item(Key=key, UpdateExpression="SET touched = :t", ConditionExpression=condition,
                          ExpressionAttributeValues={":t": True})
    assert code_of(failure_of(table.delete_item, Key=key, ConditionExpression=Attr("n").eq(6))
                   ) == "ConditionalCheckFailedException"
    assert table.delete_item(Key=key, ConditionExpression=Attr("n").eq(5), ReturnValues="ALL_OLD"
                             )["Attributes"]["n"] == 5


# -- queries ---------------------------------------------------------------------------------------

def fill(table, count=30, pk="p"):
    with table.batch_writer() as batch:
        for i in range(count):
            batch.put_item({"pk": pk, "sk": f"{i:04d}", "n": i, "even": i % 2 == 0, "group": f"g{i % 3}"})


@in_both_modes
def query_in_both_directions_and_pages(server, name):
    make_table(server.client(), name)
    table = server.resource().Table(name)
    fill(table)
    keys = lambda answer: [item["sk"] for item in answer["Items"]]
    everything = table.query(KeyConditionExpression=Key("pk").eq("p"))
    assert keys(everything) == [f"{i:04d}" for i in range(30)] and everything["Count"] == 30
    backwards = table.query(KeyConditionExpression=Key("pk").eq("p"), ScanIndexForward=False, Limit=7)
    assert keys(backwards) == [f"{i:04d}" for i in range(29, 22, -1)]
    assert backwards["LastEvaluatedKey"] == {"pk": "p", "sk": "0023"}
    ranged = table.query(KeyConditionExpression=Key("pk").eq("p") & Key("sk").between("0003", "0005"))
    assert keys(ranged) == ["0003", "0004", "0005"]
    begins = table.query(KeyConditionExpression=Key("pk").eq("p") & Key("sk").begins_with("001"))
    assert keys(begins) == [f"{i:04d}" for i in range(10, 20)]
    paginator = server.client().get_paginator("query")
    pages = list(paginator.paginate(TableName=name, KeyConditionExpression="pk = :p",
                                    ExpressionAttributeValues={":p": s("p")}, PaginationConfig={"PageSize": 8}))
    assert [page["Count"] for page in pages] == [8, 8, 8, 6]


@in_both_modes
def filters_projections_and_counts(server, name):
    make_table(server.client(), name)
    table = server.resource().Table(name)
    fill(table)
    answer = table.query(KeyConditionExpression=Key("pk").eq("p"), FilterExpression=Attr("even").eq(True),
                         ProjectionExpression="sk, n", Limit=10)
    assert answer["Count"] == 5 and answer["ScannedCount"] == 10
    assert all(set(item) == {"sk", "n"} for item in answer["Items"])
    counted = table.query(KeyConditionExpression=Key("pk").eq("p"), Select="COUNT")
    assert counted["Count"] == 30 and "Items" not in counted


@in_both_modes
def a_page_ends_at_one_megabyte(server, name):
    client = server.client()
    make_table(client, name)
    for i in range(12):
        client.put_item(TableName=name, Item={"pk": s("p"), "sk": s(f"{i:02d}"), "fat": s("x" * 100_000)})
    ask = dict(TableName=name, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": s("p")})
    first = client.query(**ask, ReturnConsumedCapacity="TOTAL")
    assert first["Count"] == 11 and first["LastEvaluatedKey"] == {"pk": s("p"), "sk": s("10")}, first["Count"]
    assert first["ConsumedCapacity"]["CapacityUnits"] == 134.5, first["ConsumedCapacity"]
    second = client.query(**ask, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert second["Count"] == 1 and "LastEvaluatedKey" not in second


@in_both_modes
def indexes_follow_the_table(server, name):
    client = server.client()
    make_table(client, name, attributes=[{"AttributeName": "group", "AttributeType": "S"}], GlobalSecondaryIndexes=[{
        "IndexName": "by-group", "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"},
                                               {"AttributeName": "sk", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "ALL"}}], LocalSecondaryIndexes=[{
            "IndexName": "local", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                                                {"AttributeName": "group", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"}}])
    table = server.resource().Table(name)
    fill(table, 9)
    of_group = lambda: [item["sk"] for item in table.query(
        IndexName="by-group", KeyConditionExpression=Key("group").eq("g0"))["Items"]]
    assert wait_for(lambda: of_group() == ["0000", "0003", "0006"], what="the index holds the group")
    table.update_item(Key={"pk": "p", "sk": "0003"}, UpdateExpression="SET #g = :g",
                      ExpressionAttributeNames={"#g": "group"}, ExpressionAttributeValues={":g": "other"})
    table.update_item(Key={"pk": "p", "sk": "0006"}, UpdateExpression="REMOVE #g",
                      ExpressionAttributeNames={"#g": "group"})
    assert wait_for(lambda: of_group() == ["0000"], what="the index follows")
    local = table.query(IndexName="local", ConsistentRead=True,
                        KeyConditionExpression=Key("pk").eq("p") & Key("group").eq("g1"))["Items"]
    assert sorted(item["sk"] for item in local) == ["0001", "0004", "0007"] and "n" not in local[0]
    assert sum(page["Count"] for page in client.get_paginator("scan").paginate(
        TableName=name, IndexName="by-group", PaginationConfig={"PageSize": 2})) == 8


@in_both_modes
def scan_in_segments_sees_each_item_once(server, name):
    client = server.client()
    make_table(client, name, sort_key=False)
    table = server.resource().Table(name)
    with table.batch_writer() as batch:
        for i in range(200):
            batch.put_item({"pk": f"key-{i}"})
    seen = []
    for segment in range(4):
        for page in client.get_paginator("scan").paginate(
                TableName=name, Segment=segment, TotalSegments=4, PaginationConfig={"PageSize": 17}):
            seen += [item["pk"]["S"] for item in page["Items"]]
    assert len(seen) == 200 and len(set(seen)) == 200


# -- batches and transactions ----------------------------------------------------------------------

@in_both_modes
def batches(server, name):
    client = server.client()
    make_table(client, name)
    keys = [{"pk": s("p"), "sk": s(f"{i:03d}")} for i in range(25)]
    put = client.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": key}} for key in keys]})
    assert put["UnprocessedItems"] == {}
    got = client.batch_get_item(RequestItems={name: {"Keys": keys + [{"pk": s("p"), "sk": s("none")}]}})
    assert len(got["Responses"][name]) == 25 and got["UnprocessedKeys"] == {}
    client.batch_write_item(RequestItems={name: [{"DeleteRequest": {"Key": key}} for key in keys]})
    assert client.scan(TableName=name)["Count"] == 0
    error = failure_of(client.batch_write_item, RequestItems={name: [{"PutRequest": {"Item": keys[0]}}] * 2})
    assert message_of(error) == "Provided list of item keys contains duplicates"
    error = failure_of(client.batch_write_item, RequestItems={name: [{"PutRequest": {"Item": {
        "pk": s("p"), "sk": s(str(i))}}} for i in range(26)]})
    assert code_of(error) == "ValidationException"


@in_both_modes
def transactions_are_all_or_nothing(server, name):
    client = server.client()
    make_table(client, name)
    key = lambda i: {"pk": s("p"), "sk": s(str(i))}
    client.transact_write_items(TransactItems=[
        {"Put": {"TableName": name, "Item": {**key(1), "n": {"N": "1"}}}},
        {"Update": {"TableName": name, "Key": key(2), "UpdateExpression": "SET n = :n",
                    "ExpressionAttributeValues": {":n": {"N": "2"}}}}])
    error = failure_of(client.transact_write_items, TransactItems=[
        {"Delete": {"TableName": name, "Key": key(1)}},
        {"ConditionCheck": {"TableName": name, "Key": key(2), "ConditionExpression": "n = :n",
                            "ExpressionAttributeValues": {":n": {"N": "3"}},
                            "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}])
    assert code_of(error) == "TransactionCanceledException"
    assert message_of(error) == ("Transaction cancelled, please refer cancellation reasons for specific reasons "
                                 "[None, ConditionalCheckFailed]")
    reasons = error.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"]["n"] == {"N": "2"}
    got = client.transact_get_items(TransactItems=[{"Get": {"TableName": name, "Key": key(i)}} for i in (1, 2, 3)])
    assert [("Item" in each) for each in got["Responses"]] == [True, True, False]


@in_both_modes
def a_token_makes_a_transaction_happen_once(server, name):
    client = server.client()
    make_table(client, name)
    add = {"Update": {"TableName": name, "Key": {"pk": s("p"), "sk": s("c")}, "UpdateExpression": "ADD n :one",
                      "ExpressionAttributeValues": {":one": {"N": "1"}}}}
    token = uuid.uuid4().hex
    for _ in range(3):
        client.transact_write_items(TransactItems=[add], ClientRequestToken=token)
    assert client.scan(TableName=name)["Items"][0]["n"] == {"N": "1"}
    other = {"Put": {"TableName": name, "Item": {"pk": s("p"), "sk": s("d")}}}
    assert code_of(failure_of(client.transact_write_items, TransactItems=[other], ClientRequestToken=token)
                   ) == "IdempotentParameterMismatchException"


# -- PartiQL ---------------------------------------------------------------------------------------

@in_both_modes
def statements(server, name):
    client = server.client()
    make_table(client, name)
    run = lambda text, *parameters, **more: client.execute_statement(
        Statement=text.replace("TABLE", f'"{name}"'), **({"Parameters": list(parameters)} if parameters else {}), **more)
    for i in range(3):
        run("INSERT INTO TABLE VALUE {'pk': 'p', 'sk': ?, 'n': ?}", s(str(i)), {"N": str(i)})
    error = failure_of(run, text="INSERT INTO TABLE VALUE {'pk': 'p', 'sk': '0'}")
    assert isinstance(error, client.exceptions.DuplicateItemException), error
    changed = run("UPDATE TABLE SET n = n + 10 WHERE pk = 'p' AND sk = '1' RETURNING MODIFIED NEW *")
    assert changed["Items"] == [{"n": {"N": "11"}}]
    got = run("SELECT sk FROM TABLE WHERE pk = ? AND n > 1 ORDER BY sk DESC", s("p"))
    assert [item["sk"]["S"] for item in got["Items"]] == ["2", "1"]
    error = failure_of(run, text="DELETE FROM TABLE WHERE pk = 'p' AND sk = '2' AND n = 0")
    assert isinstance(error, client.exceptions.ConditionalCheckFailedException), error
    batch = client.batch_execute_statement(Statements=[
        {"Statement": f"SELECT * FROM \"{name}\" WHERE pk = 'p' AND sk = '1'"}, {"Statement": "SELECT"}])
    assert batch["Responses"][0]["Item"]["n"] == {"N": "11"}
    assert batch["Responses"][1]["Error"]["Code"] == "ValidationError"
    client.execute_transaction(TransactStatements=[
        {"Statement": f"EXISTS(SELECT * FROM \"{name}\" WHERE pk = 'p' AND sk = '1' AND n = 11)"},
        {"Statement": f"DELETE FROM \"{name}\" WHERE pk = 'p' AND sk = '0'"}])
    assert len(run("SELECT * FROM TABLE")["Items"]) == 2


@in_both_modes
def statements_page_as_queries_do(server, name):
    client = server.client()
    make_table(client, name)
    for pk in ("p", "q"):
        for i in range(12):
            client.put_item(TableName=name, Item={"pk": s(pk), "sk": s(f"{i:02d}"), "fat": s("x" * 100_000)})
    ask = dict(Statement=f"SELECT pk, sk FROM \"{name}\" WHERE pk IN ['p', 'q']", ReturnConsumedCapacity="TOTAL")
    pages, token = [], {}
    while True:
        page = client.execute_statement(**ask, **token)
        pages.append([item["pk"]["S"] + item["sk"]["S"] for item in page["Items"]])
        if "NextToken" not in page:
            break
        assert page["LastEvaluatedKey"] == page["Items"][-1], page
        token = {"NextToken": page["NextToken"]}
    assert [len(page) for page in pages] == [11, 11, 2], pages
    assert sorted(sum(pages, [])) == [f"{pk}{i:02d}" for pk in "pq" for i in range(12)]
    everything = f"SELECT sk FROM \"{name}\""
    first = client.execute_statement(Statement=everything)
    rest = client.execute_statement(Statement=everything, NextToken=first["NextToken"])
    assert len(first["Items"]) == 11 and len(rest["Items"]) == 11


# -- streams ---------------------------------------------------------------------------------------

def records_of(streams, arn):
    """All records from the horizon on, of every shard."""
    records = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        position = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"],
                                              ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        for _ in range(20):
            answer = streams.get_records(ShardIterator=position)
            records += answer["Records"]
            position = answer.get("NextShardIterator")
            if not position or not answer["Records"]:
                break
    return records


@in_both_modes
def streams_tell_what_happened(server, name):
    client, streams = server.client(), server.client("dynamodbstreams")
    made = make_table(client, name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    arn = made["LatestStreamArn"]
    assert [each["StreamArn"] for each in streams.list_streams(TableName=name)["Streams"]] == [arn]
    item = {"pk": s("a"), "sk": s("b"), "v": {"N": "1"}}
    client.put_item(TableName=name, Item=item)
    client.put_item(TableName=name, Item=item)  # changes nothing, so it makes no record
    client.update_item(TableName=name, Key={"pk": s("a"), "sk": s("b")}, UpdateExpression="SET v = :v",
                       ExpressionAttributeValues={":v": {"N": "2"}})
    client.delete_item(TableName=name, Key={"pk": s("a"), "sk": s("b")})
    records = wait_for(lambda: len(found := records_of(streams, arn)) >= 3 and found, what="three records")
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[0]["dynamodb"]["NewImage"] == item and "OldImage" not in records[0]["dynamodb"]
    assert records[1]["dynamodb"]["OldImage"]["v"] == {"N": "1"}
    assert records[2]["dynamodb"]["Keys"] == {"pk": s("a"), "sk": s("b")} and "NewImage" not in records[2]["dynamodb"]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    assert numbers == sorted(numbers)


# -- errors ----------------------------------------------------------------------------------------

@in_both_modes
def botocore_parses_each_error(server, name):
    client = server.client()
    make_table(client, name)
    wrong = [
        (client.get_item, dict(TableName="missing-" + name, Key={"pk": s("a")}), "ResourceNotFoundException",
         "Requested resource not found"),
        (client.get_item, dict(TableName=name, Key={"pk": s("a")}), "ValidationException",
         "The provided key element does not match the schema"),
        (client.put_item, dict(TableName=name, Item={"pk": s("a")}), "ValidationException",
         "One or more parameter values were invalid: Missing the key sk in the item"),
        (client.put_item, dict(TableName=name, Item={"pk": s(""), "sk": s("x")}), "ValidationException",
         "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
         "empty string value. Key: pk"),
        (client.query, dict(TableName=name, KeyConditionExpression="sk = :s", ExpressionAttributeValues={":s": s("x")}),
         "ValidationException", "Query condition missed key schema element: pk"),
        (client.put_item, dict(TableName=name, Item={"pk": s("a"), "sk": s("b"), "n": {"N": "abc"}}),
         "ValidationException",
         "1 validation error detected: The parameter cannot be converted to a numeric value: abc"),
        (client.put_item, dict(TableName=name, Item={"pk": s("a"), "sk": s("b"), "fat": s("x" * 410_000)}),
         "ValidationException", "Item size has exceeded the maximum allowed size"),
    ]
    for call, arguments, code, message in wrong:
        error = failure_of(call, **arguments)
        assert (code_of(error), message_of(error)) == (code, message), (code_of(error), message_of(error))
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert error.response["ResponseMetadata"]["RequestId"]


@in_both_modes
def the_client_sees_its_exception_classes(server, name):
    client = server.client()
    try:
        client.describe_table(TableName=name)
    except client.exceptions.ResourceNotFoundException as error:
        assert name in message_of(error)
    else:
        raise AssertionError("no exception")


suite.main()
