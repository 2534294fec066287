"""Random operations of the whole data plane, on the server and on a naive model: equal to the end.

Every answer is compared, now and then all tables with all indexes, at the end the streams. In
memory, and on disk with kill -9 and restarts in between. SEED=N repeats a run exactly;
MODEL_SECONDS=N goes on for that long (new seeds); ENDPOINT_PORT=N plays against another server.
"""
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Server, Suite, temporary_folder
from load import Wire, error_of
from model import Index, Refused, Table, Text, holds, item_of, json_item, sort_key

suite = Suite(__doc__)
SECONDS = float(os.environ.get("MODEL_SECONDS", 4))
OPERATIONS = 400
STRINGS = ["a", "b", "ab", "abc", "é", "𝛿", "zz", " "]
PLAIN = ["a", "b", "ab", "abc", "zz"]
NUMBERS = [Decimal(n) for n in ("0", "1", "-1", "2", "1.5", "-0.25", "100", "12345678901234567890", "1e-15", "-3e10")]
BYTES = ["QQ==", "Qg==", "Qw=="]


def tables():
    """pk and sk of each type; a: S, b: N, c: S may be index keys, d to f are anything."""
    return [
        Table("one", [("pk", "S"), ("sk", "N")], {
            "by-a": Index([("a", "S"), ("b", "N")]),
            "by-b": Index([("b", "N")], projected=()),
            "local": Index([("pk", "S"), ("c", "S")], projected=("d",), is_local=True)}),
        Table("two", [("pk", "N")], {"by-a": Index([("a", "S")], projected=("d", "e"))}),
        Table("three", [("pk", "B"), ("sk", "S")], {"local": Index([("pk", "B"), ("b", "N")], is_local=True)}),
    ]


def create_request(table):
    def schema(keys):
        return [{"AttributeName": name, "KeyType": kind} for (name, _), kind in zip(keys, ("HASH", "RANGE"))]

    def described(local):
        return [{"IndexName": name, "KeySchema": schema(index.keys), "Projection": projection(index)}
                for name, index in table.indexes.items() if index.is_local == local]

    def projection(index):
        if index.projected is None:
            return {"ProjectionType": "ALL"}
        if not index.projected:
            return {"ProjectionType": "KEYS_ONLY"}
        return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.projected)}

    keys = dict(table.keys + [key for index in table.indexes.values() for key in index.keys])
    request = {"TableName": table.name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": schema(table.keys),
               "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in keys.items()],
               "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
    if described(True):
        request["LocalSecondaryIndexes"] = described(True)
    if described(False):
        request["GlobalSecondaryIndexes"] = described(False)
    return request


class Chance(random.Random):
    """Random values, conditions and updates."""

    def often(self, share):
        return self.random() < share

    def of_type(self, kind):
        return kind, self.choice({"S": STRINGS, "N": NUMBERS, "B": BYTES}[kind])

    def scalar(self):
        return self.choice([self.of_type("S"), self.of_type("N"), self.of_type("B"), ("BOOL", self.often(0.5)),
                            ("NULL", True), ("S", "")])

    def set(self):
        kind = self.choice("SNB")
        pool = {"S": STRINGS, "N": NUMBERS, "B": BYTES}[kind]
        return kind + "S", frozenset(self.sample(pool, self.randint(1, 3)))

    def anything(self, depth=2):
        kind = self.randrange(6) if depth else 0
        if kind < 3:
            return self.scalar()
        if kind == 3:
            return self.set()
        if kind == 4:
            return "L", [self.anything(depth - 1) for _ in range(self.randrange(4))]
        return "M", {name: self.anything(depth - 1) for name in self.sample(["x", "y", "z"], self.randrange(3))}

    def attributes(self):
        """a, b and c now and then of a type that no index key may have."""
        made = {"a": ("S", self.choice(PLAIN)), "b": self.of_type("N"), "c": ("S", self.choice(PLAIN)),
                "d": self.anything(), "e": self.choice([self.anything(), ("M", {"x": self.scalar(), "y": ("L", [self.scalar()])}),
                                                        ("L", [self.scalar(), self.scalar()])]), "f": self.set()}
        chosen = {name: made[name] for name in made if self.often(0.6)}
        if self.often(0.03):
            chosen[self.choice("abc")] = self.anything()
        return chosen

    def path(self):
        return self.choice([("a",), ("b",), ("c",), ("d",), ("e",), ("f",), ("e", "x"), ("e", "y", 0), ("e", 0), ("e", 5), ("d", "z")])

    def condition(self, depth=2):
        kind = self.randrange(12) if depth else self.randrange(9)
        path, value = ("path", self.path()), ("value", self.choice([self.scalar(), self.of_type("N"), self.of_type("S"), self.anything()]))
        ordered = self.choice("SN")
        if kind < 2:
            return self.choice(["=", "<>"]), path, value
        if kind == 2:
            return self.choice(["<", "<=", ">", ">="]), path, ("value", self.of_type(ordered))
        if kind == 3:
            low, high = sorted((self.of_type(ordered) for _ in range(2)), key=sort_key)
            return "BETWEEN", path, ("value", low), ("value", high)
        if kind == 4:
            return "IN", path, [("value", self.scalar()) for _ in range(self.randint(1, 3))]
        if kind == 5:
            return self.choice(["attribute_exists", "attribute_not_exists"]), path
        if kind == 6:
            return "attribute_type", path, ("value", ("S", self.choice(["S", "N", "B", "SS", "NS", "BS", "L", "M", "NULL", "BOOL"])))
        if kind == 7:
            return "begins_with", ("path", (self.choice("acd"),)), ("value", ("S", self.choice(PLAIN)))
        if kind == 8:
            return self.choice([("contains", path, ("value", self.choice([self.of_type("S"), self.of_type("N"), self.of_type("B")]))),
                                ("=", ("size", (self.choice("cf"),)), ("value", ("N", Decimal(self.randrange(4)))))])
        if kind == 9:
            return "NOT", self.condition(depth - 1)
        return self.choice(["AND", "OR"]), self.condition(depth - 1), self.condition(depth - 1)

    def operand(self, depth=1):
        kind = self.randrange(8)
        if kind < 3 or not depth:
            return "value", self.choice([self.of_type("N"), self.anything()])
        if kind == 3:
            return "path", self.path()
        if kind == 4:
            return "if_not_exists", ("path", self.path()), self.operand(0)
        if kind == 5:
            return "list_append", ("if_not_exists", ("path", self.path()), ("value", ("L", []))), ("value", ("L", [self.scalar()]))
        return self.choice("+-"), ("if_not_exists", ("path", ("b",)), ("value", ("N", Decimal(1)))), ("value", ("N", self.choice(NUMBERS[:6])))

    def update(self):
        clauses = []
        for name in self.sample("abcdef", self.randint(1, 4)):
            kind = self.randrange(8)
            nested = {"e": [("e", "x"), ("e", "y", 0), ("e", 0), ("e", 1), ("e", 7)], "d": [("d", "z")]}.get(name)
            path = self.choice(nested) if nested and self.often(0.5) else (name,)
            if kind < 4:
                operand = self.operand()
                if name in "abc" and self.often(0.9):
                    operand = "value", ("N", self.choice(NUMBERS)) if name == "b" else ("S", self.choice(PLAIN))
                clauses.append(("SET", path, operand))
            elif kind == 4 or name in "ac":
                clauses.append(("REMOVE", path))
            elif kind < 7 or name == "b":
                clauses.append(("ADD", (name,), self.of_type("N") if name in "bd" else self.set()))
            else:
                clauses.append(("DELETE", (name,), self.set()))
        return clauses


class Play:
    """One seed, on one server and one model."""

    def __init__(self, wire, seed):
        self.wire, self.chance, self.tables = wire, Chance(seed), tables()
        self.log = []
        for table in self.tables:
            wire.need("CreateTable", create_request(table))

    def ask(self, operation, request, streams=False):
        """The answer, or the name of the exception."""
        self.log.append((operation, request))
        status, answer = self.wire.call(operation, request, streams)
        return answer if status == 200 else error_of(answer)

    def expect(self, got, wanted, what):
        assert got == wanted, f"{what}\n  asked  {json.dumps(self.log[-1], ensure_ascii=False)}\n  got    {got}\n  wanted {wanted}"

    def step(self):
        table = self.chance.choice(self.tables)
        kind = self.chance.choices(
            [self.put, self.get, self.update, self.delete, self.query, self.scan, self.batch_write, self.batch_get,
             self.transact_write, self.transact_get], [20, 10, 25, 6, 15, 4, 4, 4, 8, 4])[0]
        kind(table)

    def any_key(self, table):
        """A few keys for each table, so that operations meet."""
        pools = {"S": PLAIN[:3], "N": NUMBERS[:4], "B": BYTES[:2]}
        return tuple((kind, self.chance.choice(pools[kind])) for _, kind in table.keys)

    # -- single items ------------------------------------------------------------------------------

    def condition_into(self, request, text):
        tree = self.chance.condition() if self.chance.often(0.4) else None
        if tree:
            request["ConditionExpression"] = text.condition(tree)
        text.into(request)
        return tree

    def compare_images(self, answer, mode, old, new, top_level=()):
        wanted = {"ALL_OLD": old, "ALL_NEW": new,
                  "UPDATED_OLD": {n: v for n, v in (old or {}).items() if n in top_level},
                  "UPDATED_NEW": {n: v for n, v in (new or {}).items() if n in top_level}}.get(mode)
        self.expect(item_of(answer.get("Attributes", {})), wanted or {}, f"{mode} of a write")

    def write(self, table, operation, request, tree, key, change, top_level=()):
        """Asks, and does the same to the model: `change` gives the new item from the old one."""
        mode = request.get("ReturnValues", "NONE")
        old = table.items.get(key)
        answer = self.ask(operation, request)
        possible = {"ConditionalCheckFailedException"} if tree and not holds(tree, old or {}) else set()
        try:
            new = change(old)
            table.check(new or {})
        except Refused as refused:
            possible.add(str(refused))  # which of the two is looked for first is open
        if possible:
            assert isinstance(answer, str) and answer in possible, (
                f"{answer} instead of {possible}: {self.log[-1]}\n  old {old}")
            return
        assert isinstance(answer, dict), f"refused with {answer}: {self.log[-1]}\n  old {old}"
        self.compare_images(answer, mode, old, new, top_level)
        table.store(key, new)

    def put(self, table):
        key, text = self.any_key(table), Text()
        item = {**self.chance.attributes(), **table.key_item(key)}
        request = {"TableName": table.name, "Item": json_item(item), "ReturnValues": self.chance.choice(["NONE", "ALL_OLD"])}
        self.write(table, "PutItem", request, self.condition_into(request, text), key, lambda _: item)

    def delete(self, table):
        key, text = self.any_key(table), Text()
        request = {"TableName": table.name, "Key": json_item(table.key_item(key)),
                   "ReturnValues": self.chance.choice(["NONE", "ALL_OLD"])}
        self.write(table, "DeleteItem", request, self.condition_into(request, text), key, lambda _: None)

    def update(self, table):
        key, text, clauses = self.any_key(table), Text(), self.chance.update()
        paths = [clause[1] for clause in clauses]
        modes = ["NONE", "ALL_OLD", "ALL_NEW"] + (["UPDATED_OLD", "UPDATED_NEW"] if all(len(p) == 1 for p in paths) else [])
        request = {"TableName": table.name, "Key": json_item(table.key_item(key)), "UpdateExpression": text.update(clauses),
                   "ReturnValues": self.chance.choice(modes)}
        tree = self.condition_into(request, text)
        self.write(table, "UpdateItem", request, tree, key,
                   lambda old: table.updated(key, old, clauses), {path[0] for path in paths})

    def get(self, table):
        key, text = self.any_key(table), Text()
        request = {"TableName": table.name, "Key": json_item(table.key_item(key)), "ConsistentRead": True}
        names = self.chance.sample(["pk", "a", "b", "d", "e"], 2) if self.chance.often(0.3) else None
        if names:
            request["ProjectionExpression"] = ", ".join(text.path((name,)) for name in names)
            text.into(request)
        answer = self.ask("GetItem", request)
        item = table.items.get(key)
        if item is not None and names:
            item = {name: value for name, value in item.items() if name in names}
        self.expect(item_of(answer["Item"]) if "Item" in answer else None, item, "an item")

    # -- many items --------------------------------------------------------------------------------

    def pages(self, operation, request, reads_on=True):
        """All pages: the items, and how many were looked at."""
        items, scanned = [], 0
        while True:
            answer = self.ask(operation, request)
            assert isinstance(answer, dict), (answer, self.log[-1])
            assert answer["Count"] == len(answer.get("Items", [])) or request.get("Select") == "COUNT"
            assert answer["ScannedCount"] <= request.get("Limit", 10**9)
            items += map(item_of, answer.get("Items", []))
            scanned += answer["ScannedCount"]
            if "LastEvaluatedKey" not in answer or not reads_on:
                return items, scanned
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def filter_into(self, request, text):
        tree = self.chance.condition() if self.chance.often(0.3) else None
        if tree:
            request["FilterExpression"] = text.condition(tree)
        if self.chance.often(0.4):
            request["Limit"] = self.chance.randint(1, 4)
        text.into(request)
        return tree

    def among_index(self, table, index):
        """What a read of the index gives, with the whole items beside."""
        return [(table.project(index, item), item) for item in table.among(index)]

    def query(self, table):
        index = self.chance.choice([None, None, *table.indexes])
        keys, text = (table.indexes[index].keys if index else table.keys), Text()
        pools = {"S": PLAIN, "N": NUMBERS, "B": BYTES}
        hash_value = (keys[0][1], self.chance.choice(pools[keys[0][1]][:4]))
        parts = [("=", ("path", (keys[0][0],)), ("value", hash_value))]
        if len(keys) > 1 and self.chance.often(0.5):
            name, kind = keys[1]
            low, high = sorted(((kind, self.chance.choice(pools[kind])) for _ in range(2)), key=sort_key)
            parts.append(self.chance.choice(
                [(op, ("path", (name,)), ("value", low)) for op in ("=", "<", "<=", ">", ">=")]
                + [("BETWEEN", ("path", (name,)), ("value", low), ("value", high))]
                + ([("begins_with", ("path", (name,)), ("value", low))] if kind == "S" else [])))
        # Neither key may be a part of the filter.
        request = {"TableName": table.name, "KeyConditionExpression": " AND ".join(map(text.condition, parts)),
                   "ScanIndexForward": self.chance.often(0.6), **({"IndexName": index} if index else {})}
        tree = self.chance.condition() if self.chance.often(0.3) else None
        if tree and not names_of(tree) & {name for name, _ in keys}:
            request["FilterExpression"] = text.condition(tree)
        else:
            tree = None
        if self.chance.often(0.4):
            request["Limit"] = self.chance.randint(1, 4)
        text.into(request)
        items, scanned = self.pages("Query", request)
        matching = [shown for shown, whole in self.among_index(table, index) if all(holds(part, whole) for part in parts)]
        wanted = [item for item in matching if not tree or holds(tree, item)]
        self.expect(bag(items), bag(wanted), "the items of a query")
        self.expect(scanned, len(matching), "the items that a query looked at")
        if len(keys) > 1:
            order = [sort_key(item[keys[1][0]]) for item in items]
            self.expect(order, sorted(order, reverse=not request["ScanIndexForward"]), "the order of a query")

    def scan(self, table):
        index = self.chance.choice([None, *table.indexes])
        text = Text()
        request = {"TableName": table.name, **({"IndexName": index} if index else {})}
        tree = self.filter_into(request, text)
        segments = self.chance.choice([None, 1, 3])
        items, scanned = [], 0
        for segment in range(segments or 1):
            more = {"Segment": segment, "TotalSegments": segments} if segments else {}
            some, count = self.pages("Scan", {**request, **more})
            items, scanned = items + some, scanned + count
        shown = [shown for shown, _ in self.among_index(table, index)]
        wanted = [item for item in shown if not tree or holds(tree, item)]
        self.expect(bag(items), bag(wanted), "the items of a scan")
        self.expect(scanned, len(shown), "the items that a scan looked at")

    def some_keys(self, most):
        """Different items of any tables."""
        chosen = {}
        for _ in range(self.chance.randint(1, most)):
            table = self.chance.choice(self.tables)
            chosen[table.name, self.any_key(table)] = table
        return [(table, key) for (_, key), table in chosen.items()]

    def batch_write(self, _):
        requests, changes = {}, []
        for table, key in self.some_keys(6):
            if self.chance.often(0.7):
                item = {**self.chance.attributes(), **table.key_item(key)}
                requests.setdefault(table.name, []).append({"PutRequest": {"Item": json_item(item)}})
            else:
                item = None
                requests.setdefault(table.name, []).append({"DeleteRequest": {"Key": json_item(table.key_item(key))}})
            changes.append((table, key, item))
        answer = self.ask("BatchWriteItem", {"RequestItems": requests})
        try:
            for table, _, item in changes:
                table.check(item or {})
        except Refused as refused:
            return self.expect(answer, str(refused), "an error")
        self.expect(answer, {"UnprocessedItems": {}}, "a batch")
        for table, key, item in changes:
            table.store(key, item)

    def batch_get(self, _):
        requests, wanted = {}, {}
        for table, key in self.some_keys(8):
            requests.setdefault(table.name, {"Keys": [], "ConsistentRead": True})["Keys"].append(json_item(table.key_item(key)))
            wanted.setdefault(table.name, [])
            if key in table.items:
                wanted[table.name].append(table.items[key])
        answer = self.ask("BatchGetItem", {"RequestItems": requests})
        got = {name: bag(map(item_of, items)) for name, items in answer["Responses"].items()}
        self.expect(got, {name: bag(items) for name, items in wanted.items()}, "the items of a batch")

    def transact_get(self, _):
        chosen = self.some_keys(6)
        answer = self.ask("TransactGetItems", {"TransactItems": [
            {"Get": {"TableName": table.name, "Key": json_item(table.key_item(key))}} for table, key in chosen]})
        got = [item_of(response["Item"]) if "Item" in response else None for response in answer["Responses"]]
        self.expect(got, [table.items.get(key) for table, key in chosen], "the items of a transaction")

    def transact_write(self, _):
        """Actions on different items; the model says which conditions fail, and of what kind else."""
        actions, reasons, changes = [], [], []
        for table, key in self.some_keys(4):
            action, reason, new = self.action(table, key)
            actions.append(action)
            reasons.append(reason)
            changes.append((table, key, new))
        answer = self.ask("TransactWriteItems", {"TransactItems": actions})
        if "ValidationException" in reasons:  # in the request or in a reason: both are known
            assert answer in ("ValidationException", "TransactionCanceledException"), (answer, self.log[-1])
            return
        self.expect(answer, "TransactionCanceledException" if any(reasons) else {}, "a transaction")
        if not any(reasons):
            for table, key, new in changes:
                if new != "as it is":
                    table.store(key, new)

    def action(self, table, key):
        text, request = Text(), {"TableName": table.name}
        old, kind = table.items.get(key), self.chance.choice(["Put", "Update", "Delete", "ConditionCheck"])
        if kind == "Put":
            item = {**self.chance.attributes(), **table.key_item(key)}
            request["Item"] = json_item(item)
        else:
            request["Key"] = json_item(table.key_item(key))
        clauses = self.chance.update() if kind == "Update" else []
        if kind == "Update":
            request["UpdateExpression"] = text.update(clauses)
        tree = self.chance.condition() if kind == "ConditionCheck" or self.chance.often(0.3) else None
        if tree:
            request["ConditionExpression"] = text.condition(tree)
        text.into(request)
        reason, new = "ConditionalCheckFailed" if tree and not holds(tree, old or {}) else None, old
        try:
            if kind == "Put":
                new = item
            elif kind == "Update":
                new = table.updated(key, old, clauses)
            table.check(new or {})
        except Refused as refused:
            reason = str(refused)
        return {kind: request}, reason, {"Delete": None, "ConditionCheck": "as it is"}.get(kind, new)

    # -- everything --------------------------------------------------------------------------------

    def check_all(self):
        for table in self.tables:
            for index in [None, *table.indexes]:
                items, _ = self.pages("Scan", {"TableName": table.name, **({"IndexName": index} if index else {})})
                self.expect(bag(items), bag(shown for shown, _ in self.among_index(table, index)),
                            f"all of {table.name} {index or ''}")

    def check_streams(self):
        """Each item's changes, in order; nothing for what changed nothing."""
        for table in self.tables:
            seen = {}
            for record in self.records(table):
                data = record["dynamodb"]
                key = table.key_of(item_of(data["Keys"]))
                seen.setdefault(key, []).append(tuple(
                    item_of(data[image]) if image in data else None for image in ("OldImage", "NewImage")))
            wanted = {}
            for key, old, new in table.changes:
                wanted.setdefault(key, []).append((old, new))
            for key in seen.keys() | wanted.keys():
                self.expect(seen.get(key), wanted.get(key), f"the stream of {table.name}, {key}")

    def records(self, table):
        arn = self.wire.need("DescribeTable", {"TableName": table.name})["Table"]["LatestStreamArn"]
        for shard in self.wire.need("DescribeStream", {"StreamArn": arn}, True)["StreamDescription"]["Shards"]:
            position = self.wire.need("GetShardIterator", {
                "StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}, True)["ShardIterator"]
            while position:
                answer = self.wire.need("GetRecords", {"ShardIterator": position}, True)
                yield from answer["Records"]
                position = answer.get("NextShardIterator") if answer["Records"] else None

    def drop(self):
        for table in self.tables:
            self.wire.need("DeleteTable", {"TableName": table.name})


def names_of(tree):
    """The top-level attributes of an expression."""
    if isinstance(tree, (tuple, list)):
        if len(tree) == 2 and tree[0] in ("path", "size"):
            return {tree[1][0]}
        return set().union(*map(names_of, tree)) if tree else set()
    return set()


def bag(items):
    return Counter(frozen(("M", item)) for item in items)


def frozen(value):
    kind, inner = value
    if kind == "L":
        return kind, tuple(map(frozen, inner))
    if kind == "M":
        return kind, frozenset((name, frozen(element)) for name, element in inner.items())
    return kind, inner


def play(server_of, seed, restart=None):
    """Plays one seed to its end; the number of requests."""
    wire = Wire(server_of())
    game = Play(wire, seed)
    try:
        for number in range(OPERATIONS):
            game.step()
            if number % 100 == 99:
                game.check_all()
            if restart and game.chance.often(0.01):
                restart()
                game.wire = Wire(server_of())
        game.check_all()
        game.check_streams()
    except BaseException:
        print(f"# SEED={seed}, operation {number}", flush=True)
        raise
    game.drop()
    return len(game.log)


def seeds():
    """The one asked for, or new ones until the time is over."""
    if os.environ.get("SEED"):
        yield int(os.environ["SEED"])
        return
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        yield random.randrange(1 << 32)


def play_all(server_of, restart=None):
    counts = [play(server_of, seed, restart) for seed in seeds()]
    print(f"# {len(counts)} seeds, {sum(counts)} requests, no difference")


@suite.test
def random_operations_agree_with_a_naive_model():
    if os.environ.get("ENDPOINT_PORT"):
        return play_all(lambda: int(os.environ["ENDPOINT_PORT"]))
    with Server("dynamodb") as server:
        play_all(lambda: server.port)
        assert server.stop() == 0


@suite.test
def random_operations_agree_on_disk_across_kills():
    server = Server("dynamodb", "--data", os.path.join(temporary_folder(), "data"))

    def restart():
        server.stop(signal.SIGKILL)
        server.start()

    play_all(lambda: server.port, restart)
    assert server.stop() == 0


suite.main()
