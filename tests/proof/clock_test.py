"""A clock that jumps ahead by years and comes back, by itself and over restarts.

turnclock.c is preloaded and moves the time of day while the server runs; clocks that only count on
are left alone, as when somebody sets the clock. What rests on order must keep it, and what ends with
time must neither end because of a jump nor last for ever because of one.
"""
import json
import os
import select
import socket
import struct
import sys
import time
from datetime import datetime, timezone

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from disk import is_sanitized
from harness import Server, Skip, Suite, program, run, temporary_folder, wait_for
from load import TABLE, Wire, error_of, key, make_table, shard_iterator, stream_arn
from talk import PEOPLE, Person, all_messages, tokens_of

suite = Suite(__doc__)
HOUR, DAY, YEAR = 3600, 86400, 365 * 86400
JUMPS = (0, 10 * YEAR, 0, -HOUR, DAY // 2, -2 * YEAR, 0)  # seconds; ahead, back, before the start, and right again


class Clock:
    """The time of day as the servers started with it see it."""

    def __init__(self):
        library = os.path.join(os.path.dirname(program()), "tests", "proof", "libturnclock.so")
        if not os.path.exists(library):
            raise Skip("libturnclock.so is not built")
        if is_sanitized():
            raise Skip("sanitizers and preloaded libraries each want to be first")
        path = os.path.join(temporary_folder(), "turned")
        self.environment = {"LD_PRELOAD": library, "TURNCLOCK": path}
        with open(path, "wb") as file:
            file.write(bytes(8))
        self.file = open(path, "r+b", buffering=0)
        self.turned = 0

    def turn(self, seconds):
        """So many seconds from the true time."""
        self.turned = seconds
        self.file.seek(0)
        self.file.write(struct.pack("<q", int(seconds * 1_000_000)))

    def now(self):
        return time.time() + self.turned

    def server(self, command="dynamodb", *flags):
        return Server(command, *flags, env=self.environment)


def put(wire, pk, **more):
    wire.need("PutItem", {"TableName": TABLE, "Item": {**key(pk), **more}})


def get(wire, pk):
    return wire.need("GetItem", {"TableName": TABLE, "Key": key(pk), "ConsistentRead": True}).get("Item")


def all_shards(wire):
    shards, request = [], {"StreamArn": stream_arn(wire)}
    while True:
        answer = wire.need("DescribeStream", request, streams=True)["StreamDescription"]
        shards += answer["Shards"]
        if "LastEvaluatedShardId" not in answer:
            return shards
        request["ExclusiveStartShardId"] = answer["LastEvaluatedShardId"]


def add_with_token(wire, token):
    """Adds one to an item, in a transaction that may be repeated."""
    return wire.call("TransactWriteItems", {"ClientRequestToken": token, "TransactItems": [{"Update": {
        "TableName": TABLE, "Key": key(token), "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}}}}]})


def check_once(wire, token):
    status, answer = add_with_token(wire, token)
    assert status == 200, answer
    assert get(wire, token)["n"] == {"N": "1"}, f"the transaction {token} was made twice"


class Consumer:
    """Reads a stream as it grows: parents before their children, each shard from where it was left."""

    def __init__(self, wire):
        self.wire, self.positions, self.ended, self.records = wire, {}, set(), {}

    def follow(self):
        shards = all_shards(self.wire)
        names = {shard["ShardId"] for shard in shards}  # a parent may be gone
        for shard in shards:
            if shard["ShardId"] not in self.ended and shard.get("ParentShardId") not in names - self.ended:
                self.read(shard["ShardId"])

    def read(self, shard):
        position = self.positions.get(shard) or shard_iterator(self.wire, shard)
        while position:
            answer = self.wire.need("GetRecords", {"ShardIterator": position}, streams=True)
            self.records.setdefault(shard, []).extend(answer["Records"])
            position = self.positions[shard] = answer.get("NextShardIterator")
            if not answer["Records"]:
                break
        if not position:
            self.ended.add(shard)

    def check(self, made, first=0):
        """Every change from a first one on, once; numbers rise in each shard, and versions of an item over
        all of them."""
        versions = {}
        for records in self.records.values():  # in the order in which the shards were begun
            numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
            assert numbers == sorted(set(numbers)), "sequence numbers do not rise"
            for record in (record["dynamodb"] for record in records):
                versions.setdefault(record["Keys"]["pk"]["S"], []).append(int(record["NewImage"]["n"]["N"]))
                at = made[int(record["NewImage"]["n"]["N"])]
                assert abs(record["ApproximateCreationDateTime"] - at) <= 10, f"made at {at}: {record}"
        for pk, seen in versions.items():
            assert seen == sorted(set(seen)), f"changes of {pk} are out of order: {seen}"
        missing = set(range(first, len(made))).difference(*versions.values())
        assert not missing, f"{len(missing)} changes are missing, such as {min(missing)}"


@suite.test
def streams_keep_their_order_and_iterators_their_place():
    """A consumer that reads across the jumps sees every change once and in order; so does a later one."""
    clock = Clock()
    with clock.server("dynamodb", "--data", os.path.join(temporary_folder(), "data"), "--shard-seconds", 2) as server:
        wire = Wire(server.port)
        wire.need("CreateTable", {
            "TableName": TABLE, "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}})
        consumer, made = Consumer(wire), []

        def change():
            for i in range(20):
                put(wire, f"item {i % 10}", n={"N": str(len(made))})
                made.append(clock.now())

        for seconds in JUMPS:
            clock.turn(seconds)
            consumer.follow()  # with iterators that were given before the jump
            change()
            time.sleep(0.5)  # shards close meanwhile
            consumer.follow()
        consumer.check(made)
        assert len(consumer.ended) >= 4, "no shard has closed"
        server.stop()
        clock.turn(-HOUR)
        server.start()  # with an earlier clock than before, too
        wire = Wire(server.port)
        later = Consumer(wire)
        change()
        later.follow()
        later.check(made, len(made) - 20)  # years ahead, what was there before grew old
        server.stop()


@suite.test
def a_transaction_is_made_once_whatever_the_clock_does():
    clock = Clock()
    data = os.path.join(temporary_folder(), "data")
    with clock.server("dynamodb", "--data", data) as server:
        make_table(server.port)
        wire = Wire(server.port)
        for number, seconds in enumerate(JUMPS):
            clock.turn(seconds)
            for earlier in range(number + 1):  # within their ten minutes, which have not passed
                check_once(wire, f"token-{earlier}")
        clock.turn(10 * YEAR)
        check_once(wire, "ahead")
        server.stop()
        clock.turn(0)
        server.start()  # a restart with the clock mended
        wire = Wire(server.port)
        check_once(wire, "ahead")
        server.stop()


def half_request(server):
    """A connection on which a request has been begun."""
    s = socket.create_connection(("127.0.0.1", server.port), 20)
    s.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
    return s


def end_request(s):
    s.sendall(b"localhost\r\n\r\n")
    return s.recv(1000).split(b"\r\n")[0]


@suite.test
def nothing_expires_early_and_no_deadline_moves():
    """Items go by the clock as it is when they are looked at; connections by how long they really took."""
    clock = Clock()
    with clock.server() as server:
        make_table(server.port)
        wire = Wire(server.port)
        wire.need("UpdateTimeToLive", {"TableName": TABLE, "TimeToLiveSpecification": {
            "AttributeName": "until", "Enabled": True}})

        def put_until(pk, seconds):
            put(wire, pk, until={"N": str(int(time.time() + seconds))})

        put_until("in an hour", HOUR)
        put_until("in twenty years", 20 * YEAR)
        idle = socket.create_connection(("127.0.0.1", server.port), 20)
        begun = half_request(server)
        clock.turn(3 * HOUR)
        assert end_request(begun) == b"HTTP/1.1 200 OK", "cut off by a clock that jumped ahead"
        wait_for(lambda: not get(wire, "in an hour"), 30, "an item whose time is over goes")
        stays_begun = half_request(server)
        time.sleep(0.1)
        clock.turn(0)  # three hours back: its deadline must not be so far away now
        put_until("again in an hour", HOUR)
        put_until("over", -10)
        wait_for(lambda: not get(wire, "over"), 30, "the clock is right again and items are looked at")
        assert get(wire, "again in an hour") and get(wire, "in twenty years"), "an item has gone early"
        clock.turn(-2 * YEAR)
        assert select.select([stays_begun], [], [], 30)[0], "a request that is never ended is kept for hours"
        answer = stays_begun.recv(1000)
        assert not answer or b" 408 " in answer, answer
        assert not select.select([idle], [], [], 0)[0], "an idle connection was closed early"
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(1000).startswith(b"HTTP/1.1 200 OK")
        server.stop()


@suite.test
def capacity_and_states_go_by_time_that_has_passed():
    clock = Clock()
    with clock.server("dynamodb", "--enforce-capacity", "--transient-states", 300) as server:
        wire = Wire(server.port)
        clock.turn(-HOUR)
        wire.need("CreateTable", {
            "TableName": TABLE, "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}})
        clock.turn(-2 * HOUR)

        def status():
            return wire.need("DescribeTable", {"TableName": TABLE})["Table"]["TableStatus"]

        wait_for(lambda: status() == "ACTIVE", 5, "a table is made although the clock went back")

        def write():
            code, answer = wire.call("PutItem", {"TableName": TABLE, "Item": key("x")})
            assert code == 200 or error_of(answer) == "ProvisionedThroughputExceededException", answer
            return code == 200

        wait_for(lambda: not write(), 10, "the table's capacity is used up")
        clock.turn(10 * YEAR)
        began = time.monotonic()
        made = sum(write() for _ in range(20))
        assert made <= 1 + time.monotonic() - began, f"{made} writes because the clock jumped ahead"
        clock.turn(-2 * YEAR)
        wait_for(write, 10, "capacity comes back although the clock went back")
        server.stop()


def people_now(server, data, clock):
    """Two people with tokens of the time that the clock shows."""
    tokens = json.loads(run("tokens", "--data", data, env=clock.environment).stdout)
    return [Person(server.port, tokens[who]) for who in PEOPLE[:2]]


def send(person, text, send_key, **to):
    status, answer, _ = person.call("POST", "/api/messages", {"message": text, **to}, **{"Idempotency-Key": send_key})
    assert status == 200, (status, answer)
    return answer


@suite.test
def messages_keep_their_order_and_are_sent_once():
    clock = Clock()
    data = os.path.join(temporary_folder(), "data")
    with clock.server("serve", "--data", data, "--limits", "off") as server:
        group = send(people_now(server, data, clock)[0], "first", "first", handle=PEOPLE[1])["message_group_uuid"]
        sent, to = [], {"message_group_uuid": group}
        for number, seconds in enumerate(JUMPS):
            clock.turn(seconds)
            people = people_now(server, data, clock)
            for i in range(6):
                text = f"{number}/{i}"
                sent.append(send(people[i % 2], text, text, **to))
                again = send(people[i % 2], text, text, **to)
                assert again["uuid"] == sent[-1]["uuid"], (again, sent[-1])
        keys = [message["created_at"] for message in sent]
        assert keys == sorted(set(keys)), f"sort keys do not rise: {keys}"
        assert [message["seq"] for message in sent] == list(range(2, len(sent) + 2))
        read = all_messages(people[0])
        shown = [text for (_, text), _ in sorted(read.items(), key=lambda row: row[1])]
        assert shown == ["first"] + [message["message"] for message in sent]
        server.stop()
        # Ten years ahead is something that fsck tells of and mends; the order stays.
        assert run("fsck", "--data", data).returncode == 1
        mended = run("fsck", "--data", data, "--reclock")
        assert run("fsck", "--data", data).returncode == 0, mended.stdout + mended.stderr
        clock.turn(0)
        server.start()
        person = people_now(server, data, clock)[0]
        assert all_messages(person) == read
        last = send(person, "after all", "after-all", **to)
        written = datetime.fromisoformat(last["created_at"])
        assert abs((written - datetime.now(timezone.utc)).total_seconds()) < 60, last
        assert last["seq"] == len(sent) + 2
        server.stop()


@suite.test
def access_tokens_are_good_when_the_clock_says_so():
    clock = Clock()
    data = os.path.join(temporary_folder(), "data")
    with clock.server("serve", "--data", data) as server:
        person = Person(server.port, tokens_of(data)[PEOPLE[0]])
        for seconds, wanted in ((0, 200), (2 * DAY, 401), (0, 200), (-HOUR, 401), (0, 200)):
            clock.turn(seconds)
            status, answer, _ = person.call("GET", "/api/message_groups")
            assert status == wanted, (seconds, status, answer)
        server.stop()


suite.main()
