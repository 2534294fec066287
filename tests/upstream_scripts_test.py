"""The ddb and db commands print what boto3 and AWS CLI scripts print on the same table.

Each check runs a few lines of Python that do what such a script does, and compares its output with
the command's, byte for byte; only boto3's ResponseMetadata (request id, headers, date) is left out.
"""
import contextlib
import datetime
import decimal
import io
import json
import os
import sqlite3
import subprocess

from dateutil.tz import tzlocal

from harness import ROOT, Server, Suite, program, run, temporary_folder

TABLE = "cruddur-messages"
INDEX = "message-group-sk-index"
GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"

suite = Suite(__doc__)
server = Server("dynamodb", "--in-memory")
client = server.client()
data = temporary_folder()


def ddb(name, *words, **more):
    return run("ddb", name, *words, "--endpoint", server.url, **more)


def good(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def printed(function):
    """What the function prints."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        function()
    return text.getvalue()


def without_metadata(response):
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def ast_of(text):
    """The value whose repr() the text is; the only calls in it may be those that make times."""
    assert text == repr(value := eval(text, {"__builtins__": {}, "datetime": datetime, "tzlocal": tzlocal})) + "\n"
    return value


def known_to(value, model):
    """Without the members that Debian's botocore does not know yet, and so leaves out of its answers."""
    if isinstance(value, dict) and isinstance(model, dict):
        return {name: known_to(each, model[name]) for name, each in value.items() if name in model}
    if isinstance(value, list) and isinstance(model, list) and len(value) == len(model):
        return [known_to(*pair) for pair in zip(value, model)]
    return value


def aws(*words):
    return subprocess.run(["/usr/bin/aws", "dynamodb", *words, "--endpoint-url", server.url], capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL,
                          env={**os.environ, "HOME": data, "COLUMNS": "80"})


def users():
    with contextlib.closing(sqlite3.connect(os.path.join(data, "users.db"))) as database:
        rows = database.execute("SELECT handle, uuid, display_name FROM users").fetchall()
    return {handle: {"uuid": uuid, "display_name": name, "handle": handle} for handle, uuid, name in rows}


# -- db --------------------------------------------------------------------------------------------

@suite.test
def db_schema_load_makes_the_users_table():
    out = good(run("db", "schema-load", "--data", data))
    assert out.startswith("\033[1;36mDATABASE SCHEMA LOAD\033[0m\nRUNNING IN DEVELOPMENT\n"), out
    assert users() == {}
    good(run("db", "schema-load", "--data", data))  # again: nothing is lost, nothing fails


@suite.test
def db_seed_adds_each_person_once():
    out = good(run("db", "seed", "--data", data))
    assert out.startswith("\033[1;36mDATABASE SEED\033[0m\nRUNNING IN DEVELOPMENT\nadded 3, now 3 users"), out
    first = users()
    assert {h: u["display_name"] for h, u in first.items()} == {
        "andrewbrown": "Andrew Brown", "bayko": "Andrew Bayko", "londo": "Londo Mollari"}
    assert "added 0, now 3 users" in good(run("db", "seed", "--data", data))
    assert users() == first


@suite.test
def db_prod_needs_its_url():
    done = run("db", "seed", "prod", "--data", data)
    assert done.returncode == 1 and "PROD_CONNECTION_URL is not set" in done.stderr, done.stderr


# -- schema-load, list-tables ----------------------------------------------------------------------

@suite.test
def list_tables_prints_nothing_when_there_is_none():
    assert good(ddb("list-tables")) == aws("list-tables", "--query", "TableNames", "--output", "table").stdout == ""


@suite.test
def schema_load_prints_the_response():
    out = good(ddb("schema-load"))
    description = client.describe_table(TableName=TABLE)["Table"]
    assert description["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"},
                                        {"AttributeName": "sk", "KeyType": "RANGE"}]
    assert description["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    index, = description["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["Projection"]) == (INDEX, {"ProjectionType": "ALL"})
    # The table may have become active between the two answers; all else is the same text.
    wanted = repr({"TableDescription": description})
    got = repr(known_to(ast_of(out), {"TableDescription": description}))
    neutral = lambda text: text.replace("'CREATING'", "'ACTIVE'")
    assert neutral(got) == neutral(wanted), f"\n{got}\n{wanted}"


@suite.test
def schema_load_again_fails():
    done = ddb("schema-load")
    assert done.returncode == 1 and done.stdout == ""
    assert "ResourceInUseException: Table already exists: cruddur-messages" in done.stderr, done.stderr


@suite.test
def list_tables_draws_the_same_table():
    aws_table = lambda: aws("list-tables", "--query", "TableNames", "--output", "table").stdout
    assert good(ddb("list-tables")) == aws_table()
    more = ["a.b", "a-much-longer-name-than-the-others-" + "x" * 60, "odd"]
    for name in more:
        client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
        assert good(ddb("list-tables")) == aws_table()
    for name in more:
        client.delete_table(TableName=name)


# -- seed, scan ------------------------------------------------------------------------------------

@suite.test
def seed_writes_the_rows():
    out = good(ddb("seed", "--data", data))
    people = users()
    lines = out.splitlines()
    assert lines[0] == "get_user_uuids"
    assert lines[1] == repr({"my_user": people["andrewbrown"], "other_user": people["bayko"]})
    assert set(lines[2:]) == {"{'ResponseMetadata': {'HTTPStatusCode': 200}}"}
    rows = client.scan(TableName=TABLE)["Items"]
    messages = sorted((row for row in rows if row["pk"]["S"] == "MSG#" + GROUP), key=lambda row: row["sk"]["S"])
    groups = [row for row in rows if row["pk"]["S"].startswith("GRP#")]
    assert len(lines) - 2 == len(rows) == len(messages) + 2
    assert all(set(row) == {"pk", "sk", "message_uuid", "message", "user_uuid", "user_display_name", "user_handle"}
               for row in messages)
    assert all(set(row) == {"pk", "sk", "message_group_uuid", "message", "user_uuid", "user_display_name",
                            "user_handle"} for row in groups)
    assert {(row["pk"]["S"], row["user_handle"]["S"]) for row in groups} == {
        ("GRP#" + people["andrewbrown"]["uuid"], "bayko"), ("GRP#" + people["bayko"]["uuid"], "andrewbrown")}
    times = [datetime.datetime.strptime(row["sk"]["S"], "%Y-%m-%dT%H:%M:%S.%f%z") for row in messages]
    assert all(after - before == datetime.timedelta(minutes=1) for before, after in zip(times, times[1:]))
    assert {row["sk"]["S"] for row in groups} == {messages[-1]["sk"]["S"]}


@suite.test
def seed_needs_its_people():
    done = ddb("seed", "andrewbrown", "nobody", "--data", data)
    assert done.returncode == 1 and "there is no user nobody in" in done.stderr, done.stderr
    assert ddb("seed", "andrewbrown", "--data", data).returncode == 2
    done = ddb("seed", "--data", temporary_folder())
    assert done.returncode == 1 and "there is no users table at" in done.stderr, done.stderr


@suite.test
def scan_prints_each_item():
    table = server.resource().Table(TABLE)
    with table.batch_writer() as batch:
        batch.put_item({"pk": "types", "sk": "1", "n": decimal.Decimal("-0.00000000012"), "m": {"l": [1, None, True]},
                        "quote": "it's", "both": "it's \"so\"", "back": "a\\b\tc\nd\x00\x7f", "s": {"one"},
                        "far": "caf\u00e9 \u00a0\u200d\U0001f600\u2028", "b": b"\x00'\"\xff", "e": "", "z": 0})
    assert good(ddb("scan")) == printed(lambda: [print(item) for item in table.scan()["Items"]])
    table.delete_item(Key={"pk": "types", "sk": "1"})


@suite.test
def scan_goes_on_behind_a_page():
    table = server.resource().Table(TABLE)
    keys = [{"pk": "fat", "sk": str(i)} for i in range(4)]
    for key in keys:
        table.put_item(Item={**key, "fat": "x" * 390_000})
    def script():
        more = {}
        while True:
            response = table.scan(**more)
            for item in response["Items"]:
                print(item)
            if "LastEvaluatedKey" not in response:
                return
            more = {"ExclusiveStartKey": response["LastEvaluatedKey"]}
    assert good(ddb("scan")) == printed(script)
    for key in keys:
        table.delete_item(Key=key)


# -- patterns --------------------------------------------------------------------------------------

def query(pk, year, **more):
    return without_metadata(client.query(
        TableName=TABLE, KeyConditionExpression="pk = :pk AND begins_with(sk,:year)", ScanIndexForward=False,
        ExpressionAttributeValues={":pk": {"S": pk}, ":year": {"S": year}}, ReturnConsumedCapacity="TOTAL", **more))


def conversation_script(group, year):
    response = query("MSG#" + group, year, Limit=20)
    print(json.dumps(response, sort_keys=True, indent=2))
    print(json.dumps(response["ConsumedCapacity"], sort_keys=True, indent=2))
    for item in reversed(response["Items"]):
        when = datetime.datetime.strptime(item["sk"]["S"], "%Y-%m-%dT%H:%M:%S.%f%z")
        text, handle = item["message"]["S"], item["user_handle"]["S"]
        print(f"{handle: <12}{when.strftime('%Y-%m-%d %I:%M %p'): <22}{text[:40]}...")


def this_year():
    return str(datetime.datetime.now().year)


@suite.test
def get_conversation_prints_the_same():
    assert good(ddb("get-conversation")) == printed(lambda: conversation_script(GROUP, this_year()))


@suite.test
def get_conversation_of_another_group_and_year():
    for i, stamp in enumerate(["2023-01-02T00:00:07.000001+00:00", "2023-05-06T12:30:00.5-08:00",
                               "2023-12-31T23:59:59.999999+05:30"]):
        client.put_item(TableName=TABLE, Item={
            "pk": {"S": "MSG#other"}, "sk": {"S": stamp}, "message": {"S": f"{i} \u00e9\U0001f600 \"'\\ " + "long " * 20},
            "message_uuid": {"S": str(i)}, "user_uuid": {"S": "u"}, "user_display_name": {"S": "D\u00e9"},
            "user_handle": {"S": "h\u00e9" * (i * 4 + 1)}})
    out = good(ddb("get-conversation", "other", "--year", "2023"))
    assert out == printed(lambda: conversation_script("other", "2023")), out


@suite.test
def get_conversation_that_is_empty():
    assert good(ddb("get-conversation", "none")) == printed(lambda: conversation_script("none", this_year()))


@suite.test
def get_conversation_prints_an_odd_time_as_it_is():
    client.put_item(TableName=TABLE, Item={
        "pk": {"S": "MSG#odd"}, "sk": {"S": "2023 some day"}, "message": {"S": "m"}, "user_handle": {"S": "h"}})
    assert good(ddb("get-conversation", "odd", "--year", "2023")).endswith(
        "h           2023 some day         m...\n")


@suite.test
def list_conversations_prints_the_same():
    mine = users()["andrewbrown"]["uuid"]
    def script():
        print(f"my-uuid: {mine}")
        print(json.dumps(query("GRP#" + mine, this_year()), sort_keys=True, indent=2))
    assert good(ddb("list-conversations", "--data", data)) == printed(script)
    assert good(ddb("list-conversations", "andrewbrown", "--data", data)) == printed(script)
    nobody = ddb("list-conversations", "nobody", "--data", data)
    assert nobody.returncode == 1 and "there is no user nobody" in nobody.stderr


# -- drop, prod, the thin scripts ------------------------------------------------------------------

@suite.test
def drop_prints_the_response():
    keys = dict(AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    client.create_table(TableName="dropped", **keys)
    client.get_waiter("table_exists").wait(TableName="dropped", WaiterConfig={"Delay": 1})
    described = aws("describe-table", "--table-name", "dropped").stdout
    out = good(ddb("drop", "dropped"))
    title, answer = out.split("\n", 1)
    assert title == "deleting table: dropped"
    got, before = json.loads(answer)["TableDescription"], json.loads(described)["Table"]
    assert got["TableId"] == before["TableId"], (got, before)
    assert got["TableStatus"] == "DELETING"
    assert answer == json.dumps({"TableDescription": got}, indent=4, ensure_ascii=False) + "\n"
    # The order of members is the AWS CLI's own, as its answer to the same call shows.
    client.get_waiter("table_not_exists").wait(TableName="dropped", WaiterConfig={"Delay": 1})
    client.create_table(TableName="dropped", **keys)
    client.get_waiter("table_exists").wait(TableName="dropped", WaiterConfig={"Delay": 1})
    theirs = json.loads(aws("delete-table", "--table-name", "dropped").stdout)["TableDescription"]
    assert [name for name in got if name in theirs] == list(theirs), (list(got), list(theirs))


@suite.test
def drop_refuses_without_a_name_and_fails_for_no_table():
    assert ddb("drop").returncode == 2
    done = ddb("drop", "nothing-there")
    assert done.returncode == 1 and "ResourceNotFoundException" in done.stderr, done.stderr


@suite.test
def prod_needs_the_environment_of_the_aws_tools():
    nothing = {name: "" for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    for words in (["schema-load"], ["seed"], ["scan"], ["list-tables"], ["drop", TABLE], ["get-conversation"],
                  ["list-conversations"]):
        done = run("ddb", *words, "prod", env=nothing)
        assert done.returncode == 1 and done.stdout == "", (words, done)
        assert "prod: set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in done.stderr, (words, done)
    done = run("ddb", "scan", "--endpoint", server.url, "prod")
    assert done.returncode == 2 and "--endpoint URL or prod, not both" in done.stderr, done


@suite.test
def prod_signs_with_the_keys_of_the_environment():
    known = os.path.join(data, "credentials")
    with open(known, "w", encoding="ascii") as file:
        file.write("AKIDPROD a/secret+of=AWS\n")
    with Server("dynamodb", "--in-memory", "--credentials", known) as verifying:
        env = {"AWS_ENDPOINT_URL_DYNAMODB": verifying.url, "AWS_REGION": "eu-central-1",
               "AWS_ACCESS_KEY_ID": "AKIDPROD", "AWS_SECRET_ACCESS_KEY": "a/secret+of=AWS"}
        assert TABLE in good(run("ddb", "schema-load", "prod", env=env))
        assert TABLE in good(run("ddb", "list-tables", "prod", env=env))
        done = run("ddb", "list-tables", "prod", env={**env, "AWS_SECRET_ACCESS_KEY": "another"})
        assert done.returncode == 1 and "InvalidSignatureException" in done.stderr, done


@suite.test
def what_is_not_there_is_said_plainly():
    done = run("ddb", "list-tables", "--endpoint", "http://127.0.0.1:1")
    assert done.returncode == 1 and "http://127.0.0.1:1" in done.stderr, done.stderr
    assert "--endpoint" in done.stderr and "cruddur serve" in done.stderr, done.stderr
    with Server("dynamodb", "--in-memory") as empty:
        done = run("ddb", "scan", "--endpoint", empty.url)
        assert done.returncode == 1 and "cruddur ddb schema-load" in done.stderr, done.stderr


@suite.test
def thin_scripts_name_existing_commands():
    for folder, _, names in os.walk(os.path.join(ROOT, "bin")):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, encoding="ascii") as script:
                words = script.read().split('build/cruddur" ')[1].split(' "$@"')[0].split()
            assert os.access(path, os.X_OK), path
            done = subprocess.run([program(), *words, "--help"], capture_output=True, text=True, timeout=10)
            assert done.returncode == 0 and done.stdout.startswith(f"usage: cruddur {' '.join(words)}"), path


suite.main()
