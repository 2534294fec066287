"""Clients that write and read at the same time and remember every answer they got; and the question,
after a crash, whether what is stored agrees with all of them.

What an answer says must stay true, whoever pulled the plug afterwards: an acknowledged write is
there, but also what a read showed, the old item in a failed condition, a record of the stream. All
values only rise, so that "still true" can be decided later:

    counters   count:N      n goes up by one with each update, done by anybody
    own items  own:W:K      written by one client only, version after version, also deleted
    accounts   acct:N       transactions move money between two and put a ledger item: the sum stays,
                            and the accounts' versions count the ledger items
"""
import http.client
import json
import os
import random
import shutil
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import run

TABLE, INDEX = "things", "by-group"
COUNTERS, ACCOUNTS, OWN_KEYS, BALANCE = 4, 6, 8, 100
REFUSALS = ("ConditionalCheckFailedException", "TransactionCanceledException", "TransactionConflictException")


class Wire:
    """A bare HTTP client of the DynamoDB API on one connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def call(self, operation, request, streams=False):
        """The status and the answer."""
        service = "DynamoDBStreams_20120810." if streams else "DynamoDB_20120810."
        self.connection.request("POST", "/", json.dumps(request), {
            "X-Amz-Target": service + operation, "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
                             "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64,
            "X-Amz-Date": "20260101T000000Z"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")

    def need(self, operation, request, streams=False):
        """The answer, which must be a good one."""
        status, answer = self.call(operation, request, streams)
        if status != 200:
            raise AssertionError(f"{operation} answered {status} {answer}")
        return answer

    def close(self):
        self.connection.close()


def error_of(answer):
    return answer.get("__type", "").rpartition("#")[2]


def key(pk):
    return {"pk": {"S": pk}}


def number(item, name="n"):
    return int(item[name]["N"])


def make_table(port):
    wire = Wire(port)
    wire.need("CreateTable", {
        "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
                                 {"AttributeName": "group", "AttributeType": "S"},
                                 {"AttributeName": "n", "AttributeType": "N"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": INDEX, "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}]}],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}})
    for i in range(COUNTERS):
        wire.need("PutItem", {"TableName": TABLE, "Item": {**key(f"count:{i}"), "n": {"N": "0"}, "group": {"S": "count"}}})
    for i in range(ACCOUNTS):
        wire.need("PutItem", {"TableName": TABLE, "Item": {
            **key(f"acct:{i}"), "n": {"N": "0"}, "balance": {"N": str(BALANCE)}}})


class Facts:
    """What all answers so far have said."""

    def __init__(self):
        self.lock = threading.Lock()
        self.least = {}    # pk of a counter or account -> the highest n that an answer showed
        self.own = {}      # pk -> {"acknowledged": version, "tried": version, "states": {version: item or None}}
        self.seen_own = {} # pk -> the highest version that an answer showed
        self.ledger = set()
        self.records = {}  # sequence number -> the record, as text
        self.answers = 0

    def saw(self, item):
        """An answer showed this item."""
        pk, n = item["pk"]["S"], number(item)
        with self.lock:
            self.answers += 1
            if pk.startswith("ledger:"):
                self.ledger.add(pk)
                return
            of = self.seen_own if pk.startswith("own:") else self.least
            of[pk] = max(n, of.get(pk, 0))

    def saw_record(self, record):
        text = json.dumps(record, sort_keys=True)
        with self.lock:
            self.answers += 1
            known = self.records.setdefault(record["dynamodb"]["SequenceNumber"], text)
        assert known == text, f"a stream record changed: {known} became {text}"
        if "NewImage" in record["dynamodb"]:
            self.saw(record["dynamodb"]["NewImage"])


class Load:
    """Clients at work until `stop`, or until the server is gone."""

    def __init__(self, port, facts, seed, writers=3, pad=200, streams=True):
        self.port, self.facts, self.pad = port, facts, pad
        self.stopped = False
        self.failures = []
        roles = [self.own, self.add, self.move, self.read] + ([self.follow] if streams else [])
        roles += [self.own, self.add, self.move] * (writers - 1)
        self.threads = [threading.Thread(target=self.run, args=(role, random.Random(f"{seed}/{i}"), i))
                        for i, role in enumerate(roles)]
        for thread in self.threads:
            thread.start()

    def run(self, role, rand, index):
        wire = Wire(self.port)
        try:
            while not self.stopped:
                role(wire, rand, index)
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the server is gone, perhaps in the middle of an answer
        except Exception as failure:
            self.failures.append(failure)
        finally:
            wire.close()

    def join(self):
        self.stopped = True
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a client hangs"
        if self.failures:
            raise self.failures[0]

    def ask(self, wire, operation, request, streams=False):
        """The answer, or None when it was a refusal; the items that a refusal shows are facts too."""
        status, answer = wire.call(operation, request, streams)
        if status == 200:
            return answer
        if error_of(answer) not in REFUSALS:
            raise AssertionError(f"{operation} answered {status} {answer}")
        for shown in [answer] + answer.get("CancellationReasons", []):
            if shown.get("Item"):
                self.facts.saw(shown["Item"])
        return None

    # -- what clients do ---------------------------------------------------------------------------

    def own(self, wire, rand, index):
        """Writes or deletes an item that nobody else touches."""
        pk = f"own:{index}:{rand.randrange(OWN_KEYS)}"
        facts = self.facts
        with facts.lock:
            mine = facts.own.setdefault(pk, {"acknowledged": 0, "tried": 0, "states": {0: None}})
            version = mine["tried"] = mine["tried"] + 1
        is_there = mine["states"][version - 1] is not None
        if is_there and rand.random() < 0.25:
            mine["states"][version] = None
            self.ask(wire, "DeleteItem", {"TableName": TABLE, "Key": key(pk)})
        else:
            item = {**key(pk), "n": {"N": str(version)}, "group": {"S": f"g{rand.randrange(3)}"},
                    "pad": {"S": "x" * rand.randrange(1, self.pad)}}
            mine["states"][version] = item
            if rand.random() < 0.3:
                self.ask(wire, "BatchWriteItem", {"RequestItems": {TABLE: [{"PutRequest": {"Item": item}}]}})
            else:
                self.ask(wire, "PutItem", {"TableName": TABLE, "Item": item})
        with facts.lock:
            mine["acknowledged"] = version
            facts.answers += 1

    def add(self, wire, rand, _):
        """Raises a counter, or asks for what does not hold and is shown the item."""
        pk = f"count:{rand.randrange(COUNTERS)}"
        request = {"TableName": TABLE, "Key": key(pk), "UpdateExpression": "ADD n :one",
                   "ExpressionAttributeValues": {":one": {"N": "1"}}, "ReturnValues": "ALL_NEW"}
        if rand.random() < 0.3:
            request["ConditionExpression"] = "n < :zero"
            request["ExpressionAttributeValues"][":zero"] = {"N": "0"}
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        answer = self.ask(wire, "UpdateItem", request)
        if answer:
            self.facts.saw(answer["Attributes"])

    def move(self, wire, rand, index):
        """Moves money and notes it, in one transaction; sometimes sends it twice."""
        source, target = rand.sample(range(ACCOUNTS), 2)
        amount = rand.randrange(1, 60)
        ledger = f"ledger:{index}:{rand.getrandbits(60):x}"
        change = "ADD balance :d, n :one"
        request = {"ClientRequestToken": ledger[:36], "TransactItems": [
            {"Update": {"TableName": TABLE, "Key": key(f"acct:{source}"), "UpdateExpression": change,
                        "ConditionExpression": "balance >= :least",
                        "ExpressionAttributeValues": {":d": {"N": str(-amount)}, ":one": {"N": "1"},
                                                      ":least": {"N": str(amount)}},
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
            {"Update": {"TableName": TABLE, "Key": key(f"acct:{target}"), "UpdateExpression": change,
                        "ExpressionAttributeValues": {":d": {"N": str(amount)}, ":one": {"N": "1"}}}},
            {"Put": {"TableName": TABLE, "Item": {**key(ledger), "n": {"N": str(amount)}, "group": {"S": "ledger"}},
                     "ConditionExpression": "attribute_not_exists(pk)"}}]}
        for _ in range(2 if rand.random() < 0.2 else 1):
            if self.ask(wire, "TransactWriteItems", request) is None:
                return
            self.facts.saw({**key(ledger), "n": {"N": str(amount)}})

    def read(self, wire, rand, _):
        """Reads in every way there is; what the transaction shows must add up at once."""
        kind = rand.randrange(5)
        if kind == 0:
            pk = f"count:{rand.randrange(COUNTERS)}"
            answer = self.ask(wire, "GetItem", {"TableName": TABLE, "Key": key(pk), "ConsistentRead": rand.random() < 0.5})
            self.facts.saw(answer["Item"])
        elif kind == 1:
            answer = self.ask(wire, "TransactGetItems", {"TransactItems": [
                {"Get": {"TableName": TABLE, "Key": key(f"acct:{i}")}} for i in range(ACCOUNTS)]})
            if answer:
                items = [response["Item"] for response in answer["Responses"]]
                check_sum(items)
                for item in items:
                    self.facts.saw(item)
        elif kind == 2:
            group = rand.choice(["g0", "g1", "g2", "count", "ledger"])
            answer = self.ask(wire, "Query", {
                "TableName": TABLE, "IndexName": INDEX, "KeyConditionExpression": "#g = :g",
                "ExpressionAttributeNames": {"#g": "group"}, "ExpressionAttributeValues": {":g": {"S": group}}})
            for item in answer["Items"]:
                self.facts.saw(item)
        elif kind == 3:
            answer = self.ask(wire, "BatchGetItem", {"RequestItems": {TABLE: {
                "Keys": [key(f"count:{i}") for i in range(COUNTERS)], "ConsistentRead": rand.random() < 0.5}}})
            for item in answer["Responses"][TABLE]:
                self.facts.saw(item)
        else:
            answer = self.ask(wire, "Scan", {"TableName": TABLE, "Limit": 50, "Segment": rand.randrange(4), "TotalSegments": 4})
            for item in answer["Items"]:
                self.facts.saw(item)

    def follow(self, wire, _, __):
        """Reads the stream from where it was, shard by shard, again and again; those that end have children."""
        positions, known, has_ended = {}, set(), True
        while not self.stopped:
            if has_ended:
                fresh = [shard for shard in shards_of(wire) if shard not in known]
                positions.update((shard, shard_iterator(wire, shard)) for shard in fresh)
                known.update(fresh)
                has_ended = False
            for shard, position in list(positions.items()):
                answer = self.ask(wire, "GetRecords", {"ShardIterator": position}, streams=True)
                for record in answer["Records"]:
                    self.facts.saw_record(record)
                if "NextShardIterator" in answer:
                    positions[shard] = answer["NextShardIterator"]
                else:
                    del positions[shard]
                    has_ended = True


# -- after the crash -------------------------------------------------------------------------------

def stream_arn(wire):
    return wire.need("DescribeTable", {"TableName": TABLE})["Table"]["LatestStreamArn"]


def shards_of(wire):
    """The names of the stream's shards, parents before children."""
    names, request = [], {"StreamArn": stream_arn(wire)}
    while True:
        answer = wire.need("DescribeStream", request, streams=True)["StreamDescription"]
        for shard in answer["Shards"]:
            assert shard.get("ParentShardId") in [None, *names], f"{shard} comes before its parent"
            names.append(shard["ShardId"])
        if "LastEvaluatedShardId" not in answer:
            return names
        request["ExclusiveStartShardId"] = answer["LastEvaluatedShardId"]


def shard_iterator(wire, shard):
    return wire.need("GetShardIterator", {"StreamArn": stream_arn(wire), "ShardId": shard,
                                          "ShardIteratorType": "TRIM_HORIZON"}, streams=True)["ShardIterator"]


def all_records(wire):
    for shard in shards_of(wire):
        position = shard_iterator(wire, shard)
        while position:
            answer = wire.need("GetRecords", {"ShardIterator": position}, streams=True)
            yield from answer["Records"]
            position = answer.get("NextShardIterator") if answer["Records"] else None


def all_items(wire, index=None):
    request = {"TableName": TABLE, **({"IndexName": index} if index else {"ConsistentRead": True})}
    items = {}
    while True:
        answer = wire.need("Scan", request)
        items.update((item["pk"]["S"], item) for item in answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return items
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def check_sum(accounts):
    total = sum(number(account, "balance") for account in accounts)
    assert total == ACCOUNTS * BALANCE, f"half a transaction: the accounts hold {total}"


def check_transactions(items):
    accounts = [item for pk, item in items.items() if pk.startswith("acct:")]
    ledger = sum(pk.startswith("ledger:") for pk in items)
    check_sum(accounts)
    moves = sum(number(account) for account in accounts)
    assert moves == 2 * ledger, f"half a transaction: {ledger} ledger items, {moves} changes of accounts"


def check_answers(items, facts):
    for pk, least in facts.least.items():
        now = number(items[pk]) if pk in items else None
        assert now is not None and now >= least, f"{pk} is {now}, but an answer has shown {least}"
    lost = facts.ledger - items.keys()
    assert not lost, f"{len(lost)} acknowledged or shown transactions are gone, such as {min(lost)}"
    for pk, own in facts.own.items():
        item = items.get(pk)
        possible = [own["states"][version] for version in range(own["acknowledged"], own["tried"] + 1)]
        assert item in possible, f"{pk} is {item}, not one of {possible}"
        if own["tried"] > own["acknowledged"] and facts.seen_own.get(pk, 0) == own["tried"]:
            assert item == own["states"][own["tried"]], f"{pk}: what a read showed is gone"
        # What was not acknowledged is decided now: it is there or it never was.
        decided = own["tried"] if item == own["states"][own["tried"]] else own["acknowledged"]
        own.update(acknowledged=own["tried"], states={own["tried"]: own["states"][decided]})


def check_stream(wire, items, facts):
    """The stream, played from its start, gives the table; nothing that it showed has changed."""
    played, numbers = {}, set()
    for record in all_records(wire):
        facts.saw_record(record)
        numbers.add(record["dynamodb"]["SequenceNumber"])
        pk = record["dynamodb"]["Keys"]["pk"]["S"]
        old = played.pop(pk, None)
        assert record["dynamodb"].get("OldImage") == old, f"{pk}: the stream says {record} after {old}"
        if "NewImage" in record["dynamodb"]:
            played[pk] = record["dynamodb"]["NewImage"]
    lost = facts.records.keys() - numbers
    assert not lost, f"{len(lost)} stream records are gone that were read before"
    assert played == items, f"the stream and the table differ: {difference(played, items)}"


def difference(a, b):
    return {pk: (a.get(pk), b.get(pk)) for pk in a.keys() | b.keys() if a.get(pk) != b.get(pk)}


def check(port, facts, streams=True):
    """Everything that must hold after a crash."""
    wire = Wire(port)
    items = all_items(wire)
    check_transactions(items)
    check_answers(items, facts)
    indexed = all_items(wire, INDEX)
    wanted = {pk: item for pk, item in items.items() if "group" in item}
    assert indexed == wanted, f"the index and the table differ: {difference(indexed, wanted)}"
    if streams:
        check_stream(wire, items, facts)
    wire.close()
    return len(items)


def check_folder(data):
    """`cruddur fsck` on a copy: opening mends what the server's own start is to mend."""
    copy = data + ".copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data, copy)
    found = run("fsck", "--data", copy)
    assert found.returncode == 0, f"fsck ended with {found.returncode}: {found.stdout}{found.stderr}"
    shutil.rmtree(copy)
