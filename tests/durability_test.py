"""What was acknowledged is there: after a power cut (shown by the order of system calls), after
kill -9, and after the disk was full. More of this is in proof/.

SOAK_SECONDS=N makes the kill -9 rounds go on for that long.
"""
import contextlib
import http.client
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import threading
import time

from harness import Server, Skip, Suite, make_table, temporary_folder, wait_for

suite = Suite(__doc__)
SOAK_SECONDS = float(os.environ.get("SOAK_SECONDS", 0))


class Writer:
    """A bare HTTP client: less work for each request than boto3 makes."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def call(self, operation, request):
        """The status and the answer."""
        self.connection.request("POST", "/", json.dumps(request), {
            "X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
                             "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64,
            "X-Amz-Date": "20260101T000000Z"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")


# -- the order of system calls ---------------------------------------------------------------------

class Trace:
    """The system calls of a server, in order, as strace -f -y wrote them.

    A call that another thread's interrupts is two lines; it counts from its first line to its last:
    events are (kind, start line, end line, text).
    """
    CALL = re.compile(r"^(\d+) +(?:(\w+)\(|<\.\.\. (\w+) resumed>)(.*)$")

    def __init__(self, path):
        self.events = []
        pending = {}
        with open(path, encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines):
                match = self.CALL.match(line.rstrip("\n"))
                if not match:
                    continue
                thread, begun, resumed, text = match.groups()
                if begun and text.endswith("<unfinished ...>"):
                    pending[thread] = (begun, number, text)
                elif begun:
                    self.add(begun, number, number, text)
                elif thread in pending and pending[thread][0] == resumed:
                    _, start, first = pending.pop(thread)
                    self.add(resumed, start, number, first + text)

    def add(self, call, start, end, text):
        target = text.split(">", 1)[0]
        if call in ("fdatasync", "fsync"):
            kind = "sync" if re.search(r"= 0$", text) else "failed sync"
        elif "/wal." in target:
            kind = "log"
            if "RWF_DSYNC" in text and not re.search(r"= -1", text):
                self.events.append(("sync", start, end, text))
        elif "TCP" in target or "socket:" in target:
            kind = "send"
        else:
            return
        self.events.append((kind, start, end, text))

    def of(self, kind):
        return [event for event in self.events if event[0] == kind]


def traced_writes(folder, trace_path, writers, count):
    """Runs a server under strace and writes items whose marker comes back in each answer."""
    server = Server("dynamodb", "--data", folder, prefix=[
        "strace", "-D", "-f", "-y", "-s", "1000000", "-o", trace_path, "-e",
        "trace=write,pwrite64,writev,pwritev2,sendto,sendmsg,fdatasync,fsync"])
    make_table(server.client())
    markers = []

    def write(number):
        writer = Writer(server.port)
        for i in range(count):
            marker = f"mark-{number}-{i}-end"
            status, answer = writer.call("UpdateItem", {
                "TableName": "things", "Key": {"pk": {"S": str(number)}, "sk": {"S": str(i)}},
                "UpdateExpression": "SET a = :m, b = :m", "ReturnValues": "UPDATED_NEW",
                "ExpressionAttributeValues": {":m": {"S": marker}}})
            assert status == 200 and answer["Attributes"]["a"]["S"] == marker
            markers.append(marker)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    server.stop()
    ended = re.compile(rf"^{server.pid} +\+\+\+ exited with", re.MULTILINE)  # -D: strace is beside the server
    wait_for(lambda: ended.search(open(trace_path, encoding="utf-8", errors="replace").read()), 60,
             "strace is done")
    return markers


@suite.test
def each_acknowledgement_follows_a_sync_of_its_write():
    if not shutil.which("strace"):
        raise Skip("no strace")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, timeout=20).returncode:
        raise Skip("strace is not allowed here")
    folder = temporary_folder()
    trace_path = os.path.join(folder, "trace")
    markers = traced_writes(os.path.join(folder, "data"), trace_path, writers=4, count=25)
    assert len(markers) == 100
    trace = Trace(trace_path)
    logs, syncs, sends = trace.of("log"), trace.of("sync"), trace.of("send")
    assert logs and syncs and sends, (len(logs), len(syncs), len(sends))
    assert not trace.of("failed sync")
    for marker in markers:
        written = [end for _, _, end, text in logs if marker in text]
        told = [start for _, start, _, text in sends if marker in text]
        assert written and told, f"{marker}: {len(written)} log writes, {len(told)} answers in the trace"
        # A sync counts when it ended before the answer began, and began after the write had ended, or is a
        # write that returns synced.
        between = [True for _, start, end, text in syncs
                   if end < min(told) and (start > min(written) or marker in text)]
        assert between, f"{marker} was acknowledged before a sync"


# -- kill -9 ---------------------------------------------------------------------------------------

class Load:
    """Clients that write as fast as they can and remember what was acknowledged."""

    def __init__(self, port, clients, round_number):
        self.acknowledged = []
        self.stopped = False
        self.threads = [threading.Thread(target=self.write, args=(port, f"{round_number}-{i}"))
                        for i in range(clients)]
        for thread in self.threads:
            thread.start()

    def write(self, port, name):
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            writer = Writer(port)
            for i in range(10**9):
                if self.stopped:
                    return
                if i % 5 == 4:  # a transaction: both items or none
                    pair = [{"Put": {"TableName": "things", "Item": {
                        "pk": {"S": side + name}, "sk": {"S": f"{i:08d}"}}}} for side in "ab"]
                    status, _ = writer.call("TransactWriteItems", {"TransactItems": pair})
                    keys = [("a" + name, f"{i:08d}"), ("b" + name, f"{i:08d}")]
                else:
                    status, _ = writer.call("PutItem", {"TableName": "things", "Item": {
                        "pk": {"S": name}, "sk": {"S": f"{i:08d}"}, "group": {"S": "g"}, "pad": {"S": "x" * 200}}})
                    keys = [(name, f"{i:08d}")]
                if status == 200:
                    self.acknowledged += keys

    def join(self):
        self.stopped = True
        for thread in self.threads:
            thread.join(60)


def stored_keys(client, **more):
    keys = set()
    for page in client.get_paginator("scan").paginate(TableName="things", **more):
        keys |= {(item["pk"]["S"], item["sk"]["S"]) for item in page["Items"]}
    return keys


def stream_keys(server, arn):
    streams = server.client("dynamodbstreams")
    keys = set()
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        position = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"],
                                              ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while position:
            answer = streams.get_records(ShardIterator=position)
            keys |= {(record["dynamodb"]["Keys"]["pk"]["S"], record["dynamodb"]["Keys"]["sk"]["S"])
                     for record in answer["Records"]}
            position = answer.get("NextShardIterator") if answer["Records"] else None
    return keys


def check_all(server, acknowledged, arn):
    stored = stored_keys(server.client())
    lost = acknowledged - stored
    assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged items are gone, such as {min(lost)}"
    halves = {("b" + pk[1:] if pk[0] == "a" else "a" + pk[1:], sk) for pk, sk in stored if pk[0] in "ab"}
    assert halves <= stored, f"half a transaction: {min(halves - stored)}"
    indexed = stored_keys(server.client(), IndexName="by-group")
    assert indexed == {key for key in stored if key[0][0] not in "ab"}, "the index and the table differ"
    assert stream_keys(server, arn) == stored, "the stream and the table differ"


def kill_rounds(folder, seconds, rounds):
    flags = ("dynamodb", "--data", folder)
    with Server(*flags) as server:
        arn = make_table(server.client(), attributes=[{"AttributeName": "group", "AttributeType": "S"}],
                         GlobalSecondaryIndexes=[{
                             "IndexName": "by-group",
                             "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"},
                                           {"AttributeName": "sk", "KeyType": "RANGE"}],
                             "Projection": {"ProjectionType": "KEYS_ONLY"}}],
                         StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
                         )["LatestStreamArn"]
    acknowledged = set()
    deadline = time.monotonic() + seconds
    number = 0
    while number < rounds or time.monotonic() < deadline:
        server = Server(*flags)
        check_all(server, acknowledged, arn)
        load = Load(server.port, 8, number)
        wait_for(lambda: len(load.acknowledged) > 20, 30, "writes are acknowledged")
        time.sleep(random.uniform(0.05, 0.6))
        server.stop(signal.SIGKILL)
        load.join()
        acknowledged |= set(load.acknowledged)
        number += 1
    with Server(*flags) as server:
        check_all(server, acknowledged, arn)
    print(f"# {number} times kill -9, {len(acknowledged)} acknowledged items, all there")


@suite.test
def kill_9_under_writing_load_loses_nothing_acknowledged():
    kill_rounds(temporary_folder(), SOAK_SECONDS, rounds=4)


# -- SIGTERM ---------------------------------------------------------------------------------------

@suite.test
def a_stop_in_the_middle_of_writes_ends_in_peace_and_loses_nothing():
    """Some clients are gone without having read their answers, whose syncs are under way."""
    server = Server("dynamodb", "--data", temporary_folder())
    make_table(server.client())
    acknowledged = set()
    for number in range(15):
        hasty = [Writer(server.port) for _ in range(8)]
        load = Load(server.port, 4, number)
        wait_for(lambda: load.acknowledged, 30, "writes are acknowledged")
        for i, writer in enumerate(hasty):
            writer.connection.connect()
            body = json.dumps({"TableName": "things", "Item": {"pk": {"S": "hasty"}, "sk": {"S": f"{number} {i}"}}})
            writer.connection.sock.sendall((
                "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\n"
                "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
                "SignedHeaders=host, Signature=0\r\nX-Amz-Date: 20260101T000000Z\r\n"
                f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())
            writer.connection.close()
        server.stop()
        load.join()
        acknowledged |= set(load.acknowledged)
        server.start()
    stored = stored_keys(server.client())
    assert acknowledged <= stored, f"{len(acknowledged - stored)} acknowledged items are gone"
    server.stop()


# -- a full disk -----------------------------------------------------------------------------------

def fill_until_refused(server):
    """Writes until the answer is an error; gives what was acknowledged and that error."""
    writer = Writer(server.port)
    acknowledged = set()
    for i in range(5000):
        status, answer = writer.call("PutItem", {"TableName": "things", "Item": {
            "pk": {"S": "fill"}, "sk": {"S": f"{i:08d}"}, "pad": {"S": os.urandom(25_000).hex()}}})
        if status != 200:
            return acknowledged, status, answer
        acknowledged.add(("fill", f"{i:08d}"))
    raise AssertionError("the disk never became full")


def check_refusal(server, status, answer):
    assert status == 500 and answer["__type"].endswith("#InternalServerError"), (status, answer)
    assert answer.get("message") or answer.get("Message"), answer
    status, _ = Writer(server.port).call("PutItem", {"TableName": "things", "Item": {"pk": {"S": "x"}, "sk": {"S": "x"}}})
    assert status == 500, status  # writes stay refused
    status, answer = Writer(server.port).call("ListTables", {})
    assert status == 200 and answer["TableNames"] == ["things"]  # and the process answers on
    status, answer = Writer(server.port).call("GetItem", {"TableName": "things", "Key": {
        "pk": {"S": "fill"}, "sk": {"S": f"{0:08d}"}}})
    assert status == 200 and "Item" in answer, (status, answer)
    assert server.is_alive()


def leave_free(folder, size_bytes):
    """Fills the file system up to that; it may be the log or a table that meets the end."""
    state = os.statvfs(folder)
    with open(os.path.join(folder, "filler"), "wb") as filler:
        filler.write(b"x" * max(0, state.f_bavail * state.f_frsize - size_bytes))


def fill_the_disk(folder, spare_bytes):
    data = os.path.join(folder, "data")
    with Server("dynamodb", "--data", data) as server:
        make_table(server.client())
        leave_free(folder, spare_bytes)
        acknowledged, status, answer = fill_until_refused(server)
        check_refusal(server, status, answer)
        server.stop()
    os.remove(os.path.join(folder, "filler"))
    with Server("dynamodb", "--data", data) as server:
        assert acknowledged <= stored_keys(server.client())
        server.client().put_item(TableName="things", Item={"pk": {"S": "room"}, "sk": {"S": "again"}})
        server.stop()
    shutil.rmtree(data)


@suite.test
def a_full_disk_is_an_answer_not_an_end():
    folder = temporary_folder()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True).returncode == 0
    if not mounted:
        raise Skip("mounting a small file system needs root")
    try:
        for spare_kb in (3000, 3500, 3600, 6500, 8800, 20000):
            fill_the_disk(folder, spare_kb * 1024)
    finally:
        subprocess.run(["umount", "-l", folder], capture_output=True)


@suite.test
def a_log_that_cannot_grow_is_an_answer_not_an_end():
    """The same through a limit on file sizes, which needs no root."""
    folder = temporary_folder()
    with Server("dynamodb", "--data", folder) as server:
        make_table(server.client())
        most = 2 * 1024 * 1024
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, most))
        acknowledged, status, answer = fill_until_refused(server)
        check_refusal(server, status, answer)
        server.stop()
    with Server("dynamodb", "--data", folder) as server:
        assert acknowledged <= stored_keys(server.client())


suite.main()
