"""Event source mappings: the changes of a table reach a function over HTTP, as Lambda sends them."""
import http.server
import json
import os
import signal
import threading
import time

from function import Function
from harness import Server, Suite, make_table, run, temporary_folder, wait_for

suite = Suite(__doc__)
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
PATH = "/2015-03-31/functions/function/invocations"


def put(client, sort, table="things", partition="p", **more):
    client.put_item(TableName=table, Item={"pk": {"S": partition}, "sk": {"S": sort}, **more})


def sequence(record):
    return record["dynamodb"]["SequenceNumber"]


@suite.test
def an_event_is_lambdas():
    function = Function()
    with Server("dynamodb", "--trigger", f"things={function.url}") as server:
        client = server.client()
        made = make_table(client, StreamSpecification=STREAM)
        put(client, "a", b={"B": b"\x01\x02"})
        put(client, "a", n={"N": "1"})
        client.delete_item(TableName="things", Key={"pk": {"S": "p"}, "sk": {"S": "a"}})
        wait_for(lambda: len(function.taken) == 3)
        assert set(function.paths) == {PATH}, function.paths
        insert, modify, remove = function.taken
        assert [r["eventName"] for r in function.taken] == ["INSERT", "MODIFY", "REMOVE"]
        assert set(insert) == {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb",
                               "eventSourceARN"}, insert
        assert insert["eventSourceARN"] == made["LatestStreamArn"]
        assert (insert["eventVersion"], insert["eventSource"], insert["awsRegion"]) == (
            "1.1", "aws:dynamodb", "us-east-1")
        change = insert["dynamodb"]
        assert change["Keys"] == {"pk": {"S": "p"}, "sk": {"S": "a"}}
        assert change["NewImage"]["b"] == {"B": "AQI="} and "OldImage" not in change
        assert change["StreamViewType"] == "NEW_AND_OLD_IMAGES" and change["SizeBytes"] > 0
        assert abs(change["ApproximateCreationDateTime"] - time.time()) < 60
        assert modify["dynamodb"]["OldImage"]["b"] == {"B": "AQI="}
        assert "NewImage" not in remove["dynamodb"]
        streams = server.client("dynamodbstreams")
        shards = streams.describe_stream(StreamArn=made["LatestStreamArn"])["StreamDescription"]["Shards"]
        seen = []
        for shard in shards:
            iterator = streams.get_shard_iterator(StreamArn=made["LatestStreamArn"], ShardId=shard["ShardId"],
                                                  ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            seen += streams.get_records(ShardIterator=iterator)["Records"]
        assert [r["eventID"] for r in seen] == [r["eventID"] for r in function.taken]
    function.stop()


@suite.test
def changes_of_an_item_come_in_order_and_in_batches():
    function = Function()
    with Server("dynamodb", "--trigger", f"things={function.url},batch=7,parallel=4") as server:
        client = server.client()
        make_table(client, StreamSpecification=STREAM)
        for i in range(60):
            put(client, f"{i:03}", partition=f"p{i % 6}")
        wait_for(lambda: len(function.taken) == 60)
        assert max(function.sizes()) <= 7
        for p in range(6):
            mine = [r["dynamodb"]["Keys"]["sk"]["S"] for r in function.taken
                    if r["dynamodb"]["Keys"]["pk"]["S"] == f"p{p}"]
            assert mine == [f"{i:03}" for i in range(p, 60, 6)], mine
    function.stop()


@suite.test
def one_shard_is_delivered_in_parallel_by_item():
    busy, most = set(), [0]

    def behave(event, number):
        items = {record["dynamodb"]["Keys"]["sk"]["S"] for record in event["Records"]}
        assert not items & busy, "an item is in two invocations at the same time"
        busy.update(items)
        waiting[0] += 1
        most[0] = max(most[0], waiting[0])
        time.sleep(0.05)
        waiting[0] -= 1
        busy.difference_update(items)
        return 200, "null"

    waiting = [0]
    function = Function(behave)
    with Server("dynamodb", "--trigger", f"things={function.url},batch=5,parallelization=4") as server:
        client = server.client()
        make_table(client, StreamSpecification=STREAM)
        for n in range(6):
            for i in range(12):
                put(client, f"item{i}", n={"N": str(n)})  # of one partition, so of one shard
        wait_for(lambda: len(function.taken) == 72)
        assert 2 <= most[0] <= 4, most
        for i in range(12):
            mine = [r["dynamodb"]["NewImage"]["n"]["N"] for r in function.taken
                    if r["dynamodb"]["Keys"]["sk"]["S"] == f"item{i}"]
            assert mine == list("012345"), mine
    function.stop()


@suite.test
def another_parallelization_loses_nothing():
    function = Function()
    data = temporary_folder()
    wanted = set()
    for parts in (1, 3, 5, 2, 1):
        with Server("dynamodb", "--data", data, "--shard-seconds", 1,
                    "--trigger", f"things={function.url},batch=4,parallelization={parts}") as server:
            client = server.client()
            if not wanted:
                make_table(client, StreamSpecification=STREAM)
            for i in range(40):
                put(client, f"{parts}-{i}", partition=f"p{i % 5}", n={"N": str(len(wanted))})
                wanted.add(f"{parts}-{i}")
            if parts != 3:
                wait_for(lambda: wanted <= set(function.keys()))
            server.stop()
    assert wanted == set(function.keys())
    function.stop()


@suite.test
def a_window_gathers_a_batch():
    function = Function()
    with Server("dynamodb", "--trigger", f"things={function.url},batch=5,window=1") as server:
        client = server.client()
        make_table(client, StreamSpecification=STREAM)
        started = time.monotonic()
        for i in range(3):
            put(client, str(i))
        wait_for(lambda: len(function.taken) == 3)
        assert function.sizes() == [3] and function.times[0] - started >= 0.9
        started = time.monotonic()
        for i in range(5):
            put(client, str(10 + i))
        wait_for(lambda: len(function.taken) == 8)
        assert function.sizes() == [3, 5] and function.times[1] - started < 0.9, "a full batch goes at once"
    function.stop()


@suite.test
def a_batch_that_fails_is_tried_again_as_it_was():
    def behave(event, number):
        return [(500, "no"), (200, {"errorType": "Error", "errorMessage": "failure"}),
                (200, "{}", {"X-Amz-Function-Error": "Unhandled"}), (429, "")][number - 1] if number < 5 else (200, "{}")
    function = Function(behave)
    with Server("dynamodb", "--trigger", f"things={function.url}") as server:
        client = server.client()
        make_table(client, StreamSpecification=STREAM)
        put(client, "0")
        wait_for(lambda: len(function.events) >= 1)
        put(client, "1")
        wait_for(lambda: len(function.taken) == 2, 20)
        assert function.sizes()[:5] == [1] * 5, "a batch stays as it was until it is through"
        assert function.keys() == ["0", "1"]
        pauses = [b - a for a, b in zip(function.times, function.times[1:5])]
        assert pauses[0] >= 0.08 and pauses[2] > pauses[0], pauses
    function.stop()


@suite.test
def retries_end_in_the_failure_file():
    function = Function(lambda event, number: (200, {"errorType": "E", "errorMessage": "m"})
                        if event["Records"][0]["dynamodb"]["Keys"]["sk"]["S"] == "bad" else (200, "{}"))
    path = os.path.join(temporary_folder(), "failures.jsonl")
    with Server("dynamodb", "--trigger",
                f"things={function.url},batch=1,retries=2,failures={path}") as server:
        client = server.client()
        made = make_table(client, StreamSpecification=STREAM)
        for sort in ("a", "bad", "z"):
            put(client, sort)
        wait_for(lambda: function.keys() == ["a", "z"])
        assert len(function.events) == 5, "one and two retries"
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    assert len(lines) == 1
    failure = lines[0]
    assert failure["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert failure["requestContext"]["approximateInvokeCount"] == 3
    assert failure["requestContext"]["functionArn"] == function.url + PATH
    assert failure["responseContext"] == {
        "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert failure["version"] == "1.0" and failure["timestamp"].endswith("Z")
    batch = failure["DDBStreamBatchInfo"]
    payload = json.loads(failure["payload"])
    assert batch["batchSize"] == 1 and batch["streamArn"] == made["LatestStreamArn"]
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"] == sequence(payload["Records"][0])
    assert payload["Records"][0]["dynamodb"]["Keys"]["sk"] == {"S": "bad"}
    assert os.stat(path).st_mode & 0o777 == 0o600, "it holds data"
    function.stop()


@suite.test
def bisecting_finds_the_bad_record():
    def behave(event, number):
        bad = any(r["dynamodb"]["Keys"]["sk"]["S"] == "11" for r in event["Records"])
        return (500, "bad") if bad else (200, "{}")
    function = Function(behave)
    path = os.path.join(temporary_folder(), "failures.jsonl")
    with Server("dynamodb", "--trigger",
                f"things={function.url},batch=16,window=1,retries=1,bisect=1,failures={path}") as server:
        client = server.client()
        make_table(client, StreamSpecification=STREAM)
        for i in range(16):
            put(client, f"{i:02}")
        wait_for(lambda: len(function.taken) == 15, 30)
        assert function.keys() == [f"{i:02}" for i in range(16) if i != 11]
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    assert [json.loads(line["payload"])["Records"][0]["dynamodb"]["Keys"]["sk"]["S"] for line in lines] == ["11"]
    assert lines[0]["requestContext"]["approximateInvokeCount"] == 2, "halving uses up no retry"
    function.stop()


@suite.test
def an_answer_may_name_where_the_batch_failed():
    refused = []

    def behave(event, number):
        records = event["Records"]
        if number == 1:
            refused.append(sequence(records[3]))
            return 200, {"batchItemFailures": [{"itemIdentifier": sequence(records[4])},
                                               {"itemIdentifier": sequence(records[3])}]}
        if number == 2:
            return 200, {"batchItemFailures": [{"itemIdentifier": ""}]}
        return 200, {"batchItemFailures": []} if number == 4 else {}
    function = Function(behave)
    with Server("dynamodb", "--trigger", f"things={function.url},batch=6,window=1") as server:
        client = server.client()
        make_table(client, StreamSpecification=STREAM)
        for i in range(6):
            put(client, str(i))
        wait_for(lambda: len(function.events) == 3)
        first, second, third = function.events
        assert len(first["Records"]) == 6
        assert [sequence(r) for r in second["Records"]][0] == refused[0] and len(second["Records"]) == 3
        assert second == third, "an identifier that names nothing fails all"
        put(client, "6")
        wait_for(lambda: len(function.events) == 4)
        assert function.sizes()[3] == 1
    function.stop()


@suite.test
def nothing_is_lost_over_kill_nine():
    function = Function(lambda event, number: (time.sleep(0.01), (200, "{}"))[1])
    folder = temporary_folder()
    server = Server("dynamodb", "--data", folder, "--trigger", f"things={function.url},batch=5")
    client = server.client()
    make_table(client, StreamSpecification=STREAM)
    wanted = []
    for round_number in range(4):
        for i in range(40):
            sort = f"{round_number}-{i:03}"
            put(client, sort)
            wanted.append(sort)
        server.stop(signal.SIGKILL)
        server.start()
    wait_for(lambda: set(function.keys()) >= set(wanted), 30, "all are delivered")
    first_seen = list(dict.fromkeys(function.keys()))
    assert first_seen == wanted, "in order, some of them twice"
    delivered = len(function.events)
    server.stop()
    server.start()
    put(server.client(), "last")
    wait_for(lambda: "last" in function.keys())
    assert len(function.events) == delivered + 1, "a clean stop delivers nothing twice"
    server.kill()
    function.stop()


@suite.test
def a_function_that_is_not_there_yet_is_waited_for():
    function = Function()
    port = function.port
    function.stop()
    with Server("dynamodb", "--trigger", f"things=http://127.0.0.1:{port},retries=0") as server:
        client = server.client()
        make_table(client, StreamSpecification=STREAM)
        put(client, "a")
        time.sleep(0.5)
        taken = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *words):
                pass
        late = http.server.HTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=late.serve_forever, daemon=True).start()
        wait_for(lambda: taken)
        late.shutdown()
        late.server_close()


@suite.test
def streams_come_and_go_and_tables_are_made_anew():
    function = Function()
    with Server("dynamodb", "--trigger", f"things={function.url},position=LATEST") as server:
        client = server.client()
        make_table(client)
        put(client, "before any stream")
        client.update_table(TableName="things", StreamSpecification=STREAM)
        put(client, "a")
        wait_for(lambda: function.keys() == ["a"])
        client.update_table(TableName="things", StreamSpecification={"StreamEnabled": False})
        put(client, "between")
        client.update_table(TableName="things", StreamSpecification=STREAM)
        put(client, "b")
        wait_for(lambda: function.keys() == ["a", "b"])
        client.delete_table(TableName="things")
        make_table(client, StreamSpecification=STREAM)
        put(client, "c")
        wait_for(lambda: function.keys() == ["a", "b", "c"])
        assert len({r["eventSourceARN"] for r in function.taken}) == 3
    function.stop()


@suite.test
def a_new_trigger_begins_where_it_is_told():
    folder = temporary_folder()
    with Server("dynamodb", "--data", folder) as server:
        make_table(server.client(), StreamSpecification=STREAM)
        put(server.client(), "old")
        server.stop()
    horizon, latest = Function(), Function()
    with Server("dynamodb", "--data", folder, "--trigger", f"things={horizon.url}",
                "--trigger", f"things={latest.url},position=LATEST") as server:
        wait_for(lambda: horizon.keys() == ["old"])
        put(server.client(), "new")
        wait_for(lambda: horizon.keys() == ["old", "new"])
        wait_for(lambda: latest.keys() == ["new"])
    horizon.stop()
    latest.stop()


@suite.test
def filters_choose_records():
    function = Function()
    path = os.path.join(temporary_folder(), "filter.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"Filters": [{"Pattern": json.dumps(
            {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"state": {"S": [{"prefix": "op"}]}}}})}]}, file)
    with Server("dynamodb", "--trigger", f"things={function.url},filter={path}") as server:
        client = server.client()
        make_table(client, StreamSpecification=STREAM)
        put(client, "a", state={"S": "open"})
        put(client, "b", state={"S": "closed"})
        put(client, "a", state={"S": "opened"})
        put(client, "c")
        put(client, "d", state={"S": "op"})
        wait_for(lambda: function.keys() == ["a", "d"])
    function.stop()


@suite.test
def old_records_are_given_up():
    function = Function(lambda event, number: (500, "no"))
    path = os.path.join(temporary_folder(), "failures.jsonl")
    with Server("dynamodb", "--trigger", f"things={function.url},max-age=1,failures={path}") as server:
        client = server.client()
        make_table(client, StreamSpecification=STREAM)
        put(client, "a")
        wait_for(lambda: os.path.getsize(path) > 0)
        with open(path, encoding="utf-8") as file:
            assert json.loads(file.readline())["requestContext"]["condition"] == "RecordAgeExceeded"
    function.stop()


@suite.test
def deletions_by_time_to_live_say_so():
    function = Function()
    with Server("dynamodb", "--trigger", f"things={function.url}") as server:
        client = server.client()
        make_table(client, StreamSpecification=STREAM)
        client.update_time_to_live(TableName="things",
                                   TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
        put(client, "a", until={"N": str(int(time.time()) - 10)})
        wait_for(lambda: len(function.taken) == 2, 40)
        assert function.taken[1]["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
    function.stop()


@suite.test
def serve_has_triggers_too():
    function = Function()
    with Server("serve", "--in-memory", "--trigger", f"things={function.url}") as server:
        client = server.client()
        make_table(client, StreamSpecification=STREAM)
        put(client, "a")
        wait_for(lambda: function.keys() == ["a"])
    function.stop()


@suite.test
def wrong_flags_are_refused():
    for flag in ("things", "things=nowhere", "things=http://h,batch=0", "things=http://h,what=1",
                 "things=http://h,filter=/no/such/file", "things=http://h,failures=/no/such/folder/file"):
        ended = run("dynamodb", "--port", "0", "--trigger", flag)
        assert ended.returncode != 0 and ended.stderr, flag
    twice = run("dynamodb", "--port", "0", "--trigger", "things=http://h", "--trigger", "things=http://h,batch=2")
    assert twice.returncode != 0 and "twice" in twice.stderr, twice.stderr


suite.main()
