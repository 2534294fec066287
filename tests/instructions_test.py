"""Instructions for each request, counted by callgrind, against stored bounds.

Instructions depend on neither the machine's load nor its speed, so a hot path that has become longer
shows at once. A server in memory runs under callgrind; a request that nothing else makes
(DescribeLimits) cuts the count between one kind of request and the next. What is counted is the
program's part of an answer, from the bytes received to the bytes sent, without the kernel's.

A count above its bound (what was measured, and a tenth) fails. When more is well spent, raise the
bound and say in docs/performance.md on what. Other compilers and kinds of builds have other counts:
the bounds are held against the build that `make test` makes on Debian 12.

    tests/instructions_test.py build/cruddur                             compares
    CALLGRIND_KEEP=DIR tests/instructions_test.py build/cruddur          counts nine kinds of requests
    callgrind_annotate --threshold=100 DIR/profile.2                     get; .4 put, and so on
"""
import glob
import json
import os
import re
import shutil
import socket

from harness import Server, Skip, Suite, temporary_folder

suite = Suite(__doc__)
GROUPS, MESSAGES = 20, 60
ROUNDS = 300

# tests/meson.build says what a build is; one that was made by hand is not asked.
BOUNDS_ARE_FOR = "gcc 12 debugoptimized"
BOUNDS = {"get": 21600, "put": 36200, "query20": 82200, "update": 39000}


def pk(group):
    return {"S": f"MSG#5ae290ed-55d1-47a0-bc6d-{group:012d}"}


def sk(index):
    return {"S": f"2023-{index // 28 + 1:02d}-{index % 28 + 1:02d}T10:11:12.{index:06d}+00:00"}


def message(group, index):
    return {
        "pk": pk(group), "sk": sk(index),
        "message_uuid": {"S": f"7f3a290ed-55d1-47a0-bc6d-{index:011d}"},
        "message": {"S": f"the quick brown fox jumps over a lazy dog while message {index} is sent"},
        "user_uuid": {"S": "0d3a90ed-55d1-47a0-bc6d-aaaaaaaaaaaa"},
        "user_display_name": {"S": "Cruddur User 001"},
        "user_handle": {"S": "cruddur_user_001"},
    }


def group_row(number):
    item = message(number, 0)
    item["pk"] = {"S": f"GRP#5ae290ed-55d1-47a0-bc6d-{number % 500:012d}"}
    item["sk"] = sk(number)
    item["message_group_uuid"] = {"S": f"aaaaaaaa-55d1-47a0-bc6d-{number // 2:012d}"}
    return item


TABLE = {
    "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"}
                             for n in ("pk", "sk", "message_group_uuid")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                  {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [{
        "IndexName": "message-group-sk-index",
        "KeySchema": [{"AttributeName": "message_group_uuid", "KeyType": "HASH"},
                      {"AttributeName": "sk", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "ALL"}}],
}


# Each kind of request, by its number: its operation and its input.
def get(i):
    return "GetItem", {"TableName": "reads",
                       "Key": {"pk": pk(i * 7 % GROUPS), "sk": sk(i % MESSAGES)}}


def put(i):
    return "PutItem", {"TableName": "writes", "Item": message(i % GROUPS, i)}


def put_gsi(i):
    return "PutItem", {"TableName": "writes", "Item": group_row(i)}


def query20(i):
    return "Query", {
        "TableName": "reads", "KeyConditionExpression": "pk = :pk AND begins_with(sk, :year)",
        "ScanIndexForward": False, "Limit": 20,
        "ExpressionAttributeValues": {":year": {"S": "2023"}, ":pk": pk(i % GROUPS)}}


def query_gsi(i):
    return "Query", {
        "TableName": "reads", "IndexName": "message-group-sk-index",
        "KeyConditionExpression": "message_group_uuid = :g",
        "ExpressionAttributeValues": {
            ":g": {"S": f"aaaaaaaa-55d1-47a0-bc6d-{i % 50:012d}"}}}


def update(i):
    return "UpdateItem", {
        "TableName": "reads", "Key": {"pk": pk(i % GROUPS), "sk": sk(i % MESSAGES)},
        "UpdateExpression": "SET message=:m ADD n :one",
        "ExpressionAttributeValues": {":m": {"S": f"message {i} is another"}, ":one": {"N": "1"}}}


def txn4(i):
    def one(side):
        return {"Update": {
            "TableName": "writes", "Key": {"pk": {"S": f"GRP#{i % 200:05d}-{side}"}, "sk": {"S": "last"}},
            "UpdateExpression": "SET message=:m ADD n :one",
            "ExpressionAttributeValues": {":m": {"S": "the newest message"}, ":one": {"N": "1"}}}}
    return "TransactWriteItems", {"TransactItems": [
        {"Put": {"TableName": "writes", "Item": message(i % GROUPS, 10000 + i),
                 "ConditionExpression": "attribute_not_exists(pk)"}},
        one(0), one(1),
        {"ConditionCheck": {"TableName": "writes", "Key": {"pk": {"S": f"CLS#{i}"}, "sk": {"S": "info"}},
                            "ConditionExpression": "attribute_not_exists(pk)"}}]}


def batch25(i):
    return "BatchWriteItem", {"RequestItems": {"writes": [
        {"PutRequest": {"Item": message(i % GROUPS, 20000 + i * 25 + k)}} for k in range(25)]}}


def scan(i):
    return "Scan", {"TableName": "reads"}


# In the order of their profiles. The second number says how much rarer than the first ones.
WORK = {"get": (get, 1), "put": (put, 1), "put_gsi": (put_gsi, 1), "query20": (query20, 2),
        "query_gsi": (query_gsi, 1), "update": (update, 1), "batch25": (batch25, 10),
        "txn4": (txn4, 2), "scan": (scan, 30)}


class Connection:
    """HTTP by hand: a client library's own time would be most of the test's."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")
        self.host = f"127.0.0.1:{port}"

    def ask(self, operation, request):
        body = json.dumps(request, separators=(",", ":"))
        self.socket.sendall((
            f"POST / HTTP/1.1\r\nHost: {self.host}\r\n"
            f"X-Amz-Target: DynamoDB_20120810.{operation}\r\n"
            "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20250101T000000Z\r\n"
            "Authorization: AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/dynamodb/"
            "aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
            f"Signature={'0' * 64}\r\nUser-Agent: aws-sdk\r\nAccept-Encoding: identity\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
        status, length = self.file.readline(), 0
        while (line := self.file.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        answer = self.file.read(length)
        assert b" 200 " in status, answer[:300]
        return answer


def load(connection):
    for name in ("reads", "writes"):
        connection.ask("CreateTable", {"TableName": name, **TABLE})
    items = [message(g, i) for g in range(GROUPS) for i in range(MESSAGES)]
    items += [group_row(n) for n in range(100)]
    for at in range(0, len(items), 25):
        connection.ask("BatchWriteItem", {"RequestItems": {
            "reads": [{"PutRequest": {"Item": item}} for item in items[at:at + 25]]}})


def total(path):
    with open(path) as file:
        return int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M).group(1))


def count(folder, names):
    """Instructions for each request, by name of the work."""
    out = os.path.join(folder, "profile")
    valgrind = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}",
                "--dump-before=run_describe_limits"]
    os.environ.pop("MALLOC_PERTURB_", None)  # meson's: memory filled with garbage, at a price
    with Server(prefix=valgrind) as server:
        c = Connection(server.port)
        load(c)
        for name in names:
            work, share = WORK[name]
            for i in range(ROUNDS // share // 10 + 1):  # what is done once is not counted
                c.ask(*work(100000 + i))
            c.ask("DescribeLimits", {})
            for i in range(ROUNDS // share):
                c.ask(*work(i))
            c.ask("DescribeLimits", {})
        server.stop()
    # Each cut writes what came since the one before: every second file is one kind of work.
    return {name: total(f"{out}.{2 * i + 2}") // (ROUNDS // WORK[name][1])
            for i, name in enumerate(names)}


@suite.test
def hot_paths_have_not_become_longer():
    if not shutil.which("valgrind"):
        raise Skip("valgrind is not installed")
    build = os.environ.get("CRUDDUR_BUILD", BOUNDS_ARE_FOR)
    if build != BOUNDS_ARE_FOR:
        raise Skip(f"the bounds are for {BOUNDS_ARE_FOR}, this is {build}")
    keep = os.environ.get("CALLGRIND_KEEP")
    names = list(WORK) if keep else list(BOUNDS)
    if keep:
        os.makedirs(keep, exist_ok=True)
        for old in glob.glob(os.path.join(keep, "profile*")):
            os.remove(old)
    counts = count(keep or temporary_folder(), names)
    for name, instructions in counts.items():
        print(f"# {name}: {instructions} instructions", flush=True)
    longer = {n: (c, BOUNDS[n]) for n, c in counts.items() if n in BOUNDS and c > BOUNDS[n]}
    assert not longer, f"more than their bounds: {longer}"


suite.main()
