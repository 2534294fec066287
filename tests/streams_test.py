"""Streams whose shards roll over: a consumer follows the tree, and so do functions and a restart."""
import collections
import signal
import threading
import time

from function import Function
from harness import Server, Suite, code_of, failure_of, make_table, run, temporary_folder, wait_for

suite = Suite(__doc__)
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
WRITERS, ITEMS = 3, 6  # items of each writer


class Writers:
    """Each item's n counts its writes; what was acknowledged is in `written`."""

    def __init__(self, server):
        self.stopped, self.written = False, {}
        self.threads = [threading.Thread(target=self.run, args=(server.client(), w)) for w in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def run(self, client, writer):
        n = 0
        while not self.stopped:
            n += 1
            for i in range(ITEMS):
                client.put_item(TableName="things", Item={
                    "pk": {"S": f"{writer}-{i}"}, "sk": {"S": "s"}, "n": {"N": str(n)}})
                self.written[f"{writer}-{i}"] = n
            time.sleep(0.005)

    def stop(self):
        self.stopped = True
        for thread in self.threads:
            thread.join()


class Consumer:
    """Reads parents to their end before their children, as the service's documentation asks for."""

    def __init__(self, client, arn):
        self.client, self.arn = client, arn
        self.shards, self.positions, self.done, self.records = {}, {}, set(), []

    def describe(self, **more):
        """All shards, two at a time."""
        shards, request = [], {"StreamArn": self.arn, "Limit": 2, **more}
        while True:
            answer = self.client.describe_stream(**request)["StreamDescription"]
            assert len(answer["Shards"]) <= 2
            shards += answer["Shards"]
            if "LastEvaluatedShardId" not in answer:
                return shards
            assert answer["LastEvaluatedShardId"] == shards[-1]["ShardId"]
            request["ExclusiveStartShardId"] = answer["LastEvaluatedShardId"]

    def iterator(self, shard, kind="TRIM_HORIZON", **more):
        return self.client.get_shard_iterator(
            StreamArn=self.arn, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]

    def look(self):
        """Once at each shard that is to be read now."""
        self.shards.update((shard["ShardId"], shard) for shard in self.describe())
        for name, shard in self.shards.items():
            if name in self.done or shard.get("ParentShardId", name) in self.shards.keys() - self.done - {name}:
                continue
            if name not in self.positions:
                self.positions[name] = self.iterator(name)
            answer = self.client.get_records(ShardIterator=self.positions[name], Limit=50)
            self.records += answer["Records"]
            if "NextShardIterator" in answer:
                self.positions[name] = answer["NextShardIterator"]
            else:
                self.done.add(name)

    def counts(self):
        seen = collections.defaultdict(list)
        for record in self.records:
            seen[record["dynamodb"]["Keys"]["pk"]["S"]].append(int(record["dynamodb"]["NewImage"]["n"]["N"]))
        return seen


def generations(shards):
    """How often the longest row has rolled over."""
    parents = {shard["ShardId"]: shard.get("ParentShardId") for shard in shards}
    def depth(name):
        return 1 + depth(parents[name]) if parents.get(name) else 0
    return max(map(depth, parents))


def make_stream(server):
    return make_table(server.client(), StreamSpecification=STREAM)["LatestStreamArn"]


@suite.test
def a_consumer_sees_every_record_once_and_in_order():
    with Server("dynamodb", "--shard-seconds", 1) as server:
        consumer = Consumer(server.client("dynamodbstreams"), make_stream(server))
        writers = Writers(server)
        while generations(consumer.describe()) < 3:
            consumer.look()
        writers.stop()
        wanted = {key: list(range(1, n + 1)) for key, n in writers.written.items()}
        wait_for(lambda: consumer.look() or sum(map(len, consumer.counts().values())) >= sum(map(len, wanted.values())),
                 what="all records are read")
        for _ in range(3):
            consumer.look()  # and none comes twice
        assert consumer.counts() == wanted
        numbers = [record["dynamodb"]["SequenceNumber"] for record in consumer.records]
        assert len(set(numbers)) == len(numbers) == len({record["eventID"] for record in consumer.records})
        late = Consumer(consumer.client, consumer.arn)  # from the beginning again
        while len(late.records) < len(numbers):
            late.look()
        assert late.counts() == wanted


@suite.test
def closed_shards_are_read_from_everywhere():
    with Server("dynamodb", "--shard-seconds", 2) as server:
        client = server.client()
        consumer = Consumer(server.client("dynamodbstreams"), make_stream(server))
        for n in range(5):
            client.put_item(TableName="things", Item={"pk": {"S": "p"}, "sk": {"S": "s"}, "n": {"N": str(n)}})
        open_shards = consumer.describe()
        assert len(open_shards) == 4
        assert not any("EndingSequenceNumber" in shard["SequenceNumberRange"] for shard in open_shards)
        shards = wait_for(lambda: generations(consumer.describe()) and consumer.describe())
        consumer.look()
        first = consumer.records[0]["dynamodb"]["SequenceNumber"]
        name = next(shard["ShardId"] for shard in shards if "EndingSequenceNumber" in shard["SequenceNumberRange"]
                    and int(shard["SequenceNumberRange"]["StartingSequenceNumber"]) < int(first)
                    and len(consumer.client.get_records(ShardIterator=consumer.iterator(shard["ShardId"]))["Records"]))

        def read(kind, **more):
            answer = consumer.client.get_records(ShardIterator=consumer.iterator(name, kind, **more))
            return [int(r["dynamodb"]["NewImage"]["n"]["N"]) for r in answer["Records"]], "NextShardIterator" in answer

        assert read("TRIM_HORIZON") == ([0, 1, 2, 3, 4], False)
        assert read("LATEST") == ([], False)
        assert read("AT_SEQUENCE_NUMBER", SequenceNumber=first) == ([0, 1, 2, 3, 4], False)
        assert read("AFTER_SEQUENCE_NUMBER", SequenceNumber=first) == ([1, 2, 3, 4], False)
        bounds = next(shard for shard in shards if shard["ShardId"] == name)["SequenceNumberRange"]
        assert read("AFTER_SEQUENCE_NUMBER", SequenceNumber=bounds["EndingSequenceNumber"]) == ([], False)
        beyond = str(int(bounds["EndingSequenceNumber"]) + 1)
        assert code_of(failure_of(consumer.iterator, shard=name, kind="AT_SEQUENCE_NUMBER",
                                  SequenceNumber=beyond)) == "ValidationException"
        page = consumer.client.get_records(ShardIterator=consumer.iterator(name), Limit=2)
        assert len(page["Records"]) == 2 and "NextShardIterator" in page
        page = consumer.client.get_records(ShardIterator=page["NextShardIterator"], Limit=3)
        rest = consumer.client.get_records(ShardIterator=page["NextShardIterator"]) if "NextShardIterator" in page else page
        assert "NextShardIterator" not in rest


@suite.test
def a_shard_has_one_child():
    with Server("dynamodb", "--shard-seconds", 1) as server:
        consumer = Consumer(server.client("dynamodbstreams"), make_stream(server))
        parent = consumer.describe()[1]["ShardId"]
        filtered = {"StreamArn": consumer.arn, "ShardFilter": {"Type": "CHILD_SHARDS", "ShardId": parent}}
        if "ShardFilter" not in consumer.client.meta.service_model.operation_model("DescribeStream").input_shape.members:
            filtered = None  # this boto3 is older than the filter: tests/cases has it
        wait_for(lambda: generations(consumer.describe()) > 1)
        children = [shard for shard in consumer.describe() if shard.get("ParentShardId") == parent]
        assert len(children) == 1
        child = children[0]
        ended = next(s for s in consumer.describe() if s["ShardId"] == parent)["SequenceNumberRange"]["EndingSequenceNumber"]
        assert int(child["SequenceNumberRange"]["StartingSequenceNumber"]) > int(ended)
        if filtered:
            assert consumer.client.describe_stream(**filtered)["StreamDescription"]["Shards"] == children


@suite.test
def a_killed_server_goes_on_with_its_tree():
    flags = ("--data", temporary_folder(), "--shard-seconds", 1)
    with Server("dynamodb", *flags) as server:
        consumer = Consumer(server.client("dynamodbstreams"), make_stream(server))
        n = 0
        for _ in range(4):
            client, until = server.client(), time.monotonic() + 0.8
            while time.monotonic() < until:
                n += 1
                client.put_item(TableName="things", Item={"pk": {"S": "p"}, "sk": {"S": "s"}, "n": {"N": str(n)}})
                consumer.look()
            server.stop(signal.SIGKILL)
            server.start()
        wait_for(lambda: consumer.look() or len(consumer.records) >= n, what="all records are read")
        assert consumer.counts() == {"p": list(range(1, n + 1))}
        assert generations(consumer.describe()) >= 2


@suite.test
def functions_follow_the_tree():
    function = Function()
    with Server("dynamodb", "--shard-seconds", 1, "--trigger", f"things={function.url},batch=20,parallel=3") as server:
        consumer = Consumer(server.client("dynamodbstreams"), make_stream(server))
        writers = Writers(server)
        wait_for(lambda: generations(consumer.describe()) >= 2)
        writers.stop()
        wanted = {key: list(range(1, n + 1)) for key, n in writers.written.items()}
        wait_for(lambda: len(function.taken) >= sum(map(len, wanted.values())), 20)
        consumer.records = function.taken
        assert consumer.counts() == wanted
    function.stop()


@suite.test
def a_checkpoint_outlives_a_roll_over():
    function = Function()
    flags = ("--data", temporary_folder(), "--shard-seconds", 1, "--trigger", f"things={function.url}")
    with Server("dynamodb", *flags) as server:
        consumer = Consumer(server.client("dynamodbstreams"), make_stream(server))
        for n in range(1, 7):
            server.client().put_item(TableName="things", Item={"pk": {"S": "p"}, "sk": {"S": "s"}, "n": {"N": str(n)}})
            if n % 2 == 0:
                wait_for(lambda: len(function.taken) == n)
                server.stop()
                server.start()
            else:
                had = generations(consumer.describe())
                wait_for(lambda: generations(consumer.describe()) > had)
        time.sleep(0.3)
        consumer.records = function.taken
        assert consumer.counts() == {"p": [1, 2, 3, 4, 5, 6]}, consumer.counts()
    function.stop()


@suite.test
def a_shard_lives_from_a_second_to_a_day():
    for wrong in (0, 24 * 3600 + 1):
        refused = run("dynamodb", "--port", "0", "--shard-seconds", wrong)
        assert refused.returncode == 2 and "--shard-seconds is a number from 1 to 86400" in refused.stderr, refused


suite.main()
