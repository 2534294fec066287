"""Debian's AWS CLI as a client of `cruddur dynamodb`."""
import json
import os
import subprocess

from harness import Server, Suite, temporary_folder

suite = Suite(__doc__)
server = Server("dynamodb", "--in-memory")
home = temporary_folder()  # nobody's own configuration takes part


def aws(*words, service="dynamodb"):
    return subprocess.run(
        ["/usr/bin/aws", service, *words, "--endpoint-url", server.url], capture_output=True, text=True,
        timeout=60, stdin=subprocess.DEVNULL, env={**os.environ, "HOME": home})


def good(*words, **more):
    done = aws(*words, **more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


@suite.test
def create_and_list():
    made = good("create-table", "--table-name", "music", "--attribute-definitions",
                "AttributeName=artist,AttributeType=S", "AttributeName=song,AttributeType=S", "--key-schema",
                "AttributeName=artist,KeyType=HASH", "AttributeName=song,KeyType=RANGE",
                "--billing-mode", "PAY_PER_REQUEST",
                "--stream-specification", "StreamEnabled=true,StreamViewType=KEYS_ONLY")
    assert made["TableDescription"]["TableName"] == "music"
    assert aws("wait", "table-exists", "--table-name", "music").returncode == 0
    assert good("list-tables") == {"TableNames": ["music"]}


@suite.test
def list_tables_as_a_table():
    done = aws("list-tables", "--query", "TableNames", "--output", "table")
    assert "|  music   |" in done.stdout, done.stdout


@suite.test
def put_get_update_delete():
    key = '{"artist":{"S":"Bj\u00f6rk"},"song":{"S":"J\u00f3ga"}}'
    item = json.loads(key) | {"year": {"N": "1997"}}
    good("put-item", "--table-name", "music", "--item", json.dumps(item))
    assert good("get-item", "--table-name", "music", "--key", key)["Item"] == item
    changed = good("update-item", "--table-name", "music", "--key", key, "--update-expression", "SET #y = #y + :one",
                   "--expression-attribute-names", '{"#y":"year"}', "--expression-attribute-values",
                   '{":one":{"N":"1"}}', "--return-values", "UPDATED_NEW")
    assert changed["Attributes"] == {"year": {"N": "1998"}}
    capacity = good("delete-item", "--table-name", "music", "--key", key, "--return-consumed-capacity", "TOTAL")
    assert capacity["ConsumedCapacity"] == {"TableName": "music", "CapacityUnits": 1.0}
    assert good("get-item", "--table-name", "music", "--key", key) is None


@suite.test
def query_pages_by_itself():
    requests = {"music": [{"PutRequest": {"Item": {"artist": {"S": "a"}, "song": {"S": f"{i:02d}"}}}}
                          for i in range(25)]}
    good("batch-write-item", "--request-items", json.dumps(requests))
    answer = good("query", "--table-name", "music", "--key-condition-expression", "artist = :a",
                  "--expression-attribute-values", '{":a":{"S":"a"}}', "--page-size", "4")
    assert answer["Count"] == 25 and len(answer["Items"]) == 25
    assert good("scan", "--table-name", "music", "--select", "COUNT")["Count"] == 25


@suite.test
def streams_have_the_records():
    arn = good("list-streams", service="dynamodbstreams")["Streams"][0]["StreamArn"]
    shards = good("describe-stream", "--stream-arn", arn, service="dynamodbstreams")["StreamDescription"]["Shards"]
    names = []
    for shard in shards:
        position = good("get-shard-iterator", "--stream-arn", arn, "--shard-id", shard["ShardId"],
                        "--shard-iterator-type", "TRIM_HORIZON", service="dynamodbstreams")["ShardIterator"]
        got = good("get-records", "--shard-iterator", position, service="dynamodbstreams")
        names += [record["eventName"] for record in got["Records"]]
    assert names.count("INSERT") == 26 and names.count("MODIFY") == 1 and names.count("REMOVE") == 1, names


@suite.test
def errors_are_told_by_name():
    done = aws("describe-table", "--table-name", "none")
    assert done.returncode == 254
    assert "(ResourceNotFoundException) when calling the DescribeTable operation" in done.stderr, done.stderr
    done = aws("put-item", "--table-name", "music", "--item", '{"artist":{"S":"x"}}')
    assert "Missing the key song in the item" in done.stderr, done.stderr


suite.main()
