"""Overload: thousands of connections that do nothing, hundreds that are busy, some that are slow.

What must hold: the busy ones are answered, the idle ones cost little memory and are dropped when
their time is over, slow readers and writers stall nobody, a connection too many is told so, and
nothing of this grows without bound. OVERLOAD_IDLE and OVERLOAD_BUSY set the numbers (2,000 and 200;
`make soak`: 10,000 and 1,000).
"""
import json
import os
import resource
import select
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from disk import is_sanitized
from harness import Server, Skip, Suite
from load import TABLE, Wire, key, make_table

suite = Suite(__doc__)
IDLE = int(os.environ.get("OVERLOAD_IDLE", 2000))
BUSY = int(os.environ.get("OVERLOAD_BUSY", 200))
SECONDS = float(os.environ.get("OVERLOAD_SECONDS", 2))


def allow_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise Skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


def memory_mb(server):
    """What the process holds of its own: resident, without what is shared."""
    with open(f"/proc/{server.pid}/smaps_rollup", encoding="ascii") as rows:
        sizes = {row.split(":")[0]: int(row.split()[1]) for row in rows if row.rstrip().endswith("kB")}
    return (sizes["Private_Clean"] + sizes["Private_Dirty"]) / 1024


def check_memory(got_mb, most_mb):
    """Not of a sanitized server, which keeps for a while what was given back."""
    assert is_sanitized() or got_mb < most_mb, (got_mb, most_mb)


def connect(server, count):
    """Many at once; they leave no port waiting when they close, so that a next test has enough."""
    sockets = []
    for _ in range(count):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.connect(("127.0.0.1", server.port))
        sockets.append(s)
    return sockets


def request(operation, body):
    text = json.dumps(body)
    return (f"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.{operation}\r\n"
            "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20260101T000000Z\r\n"
            "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
            f"SignedHeaders=host;x-amz-date;x-amz-target, Signature={'0' * 64}\r\n"
            f"Content-Length: {len(text)}\r\n\r\n{text}").encode()


def read_answer(s):
    """The status of one answer; the whole of it is read."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = s.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")))
    while len(body) < length:
        more = s.recv(65536)
        if not more:
            return None
        body += more
    return int(head.split()[1])


def drive(sockets, seconds):
    """All busy at the same time, each with one request under way; answers a second, worst wait."""
    get = request("GetItem", {"TableName": TABLE, "Key": key("count:1")})
    put = request("PutItem", {"TableName": TABLE, "Item": {**key("busy"), "n": {"N": "1"}}})
    poll, by_fd, sent, waits, statuses = select.epoll(), {}, {}, [], {}
    for number, s in enumerate(sockets):
        poll.register(s, select.EPOLLIN)
        by_fd[s.fileno()] = s
        s.sendall(put if number % 4 == 0 else get)
        sent[s.fileno()] = time.monotonic()
    end = time.monotonic() + seconds
    while sent and time.monotonic() < end + 20:
        for fd, _ in poll.poll(1):
            status = read_answer(by_fd[fd])
            statuses[status] = statuses.get(status, 0) + 1
            waits.append(time.monotonic() - sent.pop(fd))
            if time.monotonic() < end and status is not None:
                by_fd[fd].sendall(get)
                sent[fd] = time.monotonic()
    poll.close()
    assert not sent, f"{len(sent)} requests got no answer"
    return statuses, sorted(waits)


@suite.test
def busy_ones_are_answered_among_thousands_that_are_idle():
    allow_files(IDLE + BUSY + 200)
    with Server("dynamodb") as server:
        make_table(server.port)
        before = memory_mb(server)
        idle = connect(server, IDLE)
        Wire(server.port).need("ListTables", {})
        with_idle = memory_mb(server)
        busy = connect(server, BUSY)
        statuses, waits = drive(busy, SECONDS)
        peak = memory_mb(server)
        each_kb = (with_idle - before) * 1024 / IDLE
        print(f"# {IDLE} idle: {before:.1f} -> {with_idle:.1f} MB, {each_kb:.1f} KB each; {BUSY} busy: "
              f"{len(waits) / SECONDS:.0f} answers/s, median {waits[len(waits) // 2] * 1000:.1f} ms, "
              f"worst {waits[-1] * 1000:.0f} ms, {peak:.1f} MB")
        assert set(statuses) == {200}, statuses
        check_memory(with_idle, before + IDLE * 8 / 1024)
        check_memory(peak, before + IDLE * 8 / 1024 + BUSY * 64 / 1024 + 16)
        for s in idle[:50]:  # idle, not forgotten
            s.sendall(request("ListTables", {}))
            assert read_answer(s) == 200
        for s in idle + busy:
            s.close()
        assert server.stop() == 0


@suite.test
def slow_readers_and_writers_stall_nobody():
    """Some never read a megabyte that they asked for, again and again; some send a byte at a time."""
    with Server("dynamodb") as server:
        make_table(server.port)
        wire = Wire(server.port)
        for i in range(4):
            wire.need("PutItem", {"TableName": TABLE, "Item": {**key(f"big:{i}"), "n": {"N": "1"}, "pad": {"S": "x" * 300_000}}})
        before = memory_mb(server)
        scan = request("Scan", {"TableName": TABLE})
        readers = connect(server, 40)
        for s in readers:
            s.setblocking(False)
            try:
                for _ in range(200):  # pipelined: 200 MB are asked for
                    s.send(scan)
            except BlockingIOError:
                pass
        writers = connect(server, 100)
        for s in writers:
            s.sendall(request("GetItem", {"TableName": TABLE, "Key": key("count:1")})[:100])
        statuses, waits = drive(connect(server, 50), SECONDS / 2)
        peak = memory_mb(server)
        print(f"# beside 40 that do not read and 100 that do not write: {len(waits) / SECONDS * 2:.0f} answers/s, "
              f"worst {waits[-1] * 1000:.0f} ms, {before:.1f} -> {peak:.1f} MB")
        assert set(statuses) == {200}, statuses
        assert waits[len(waits) // 2] < 1, "the others are stalled"
        check_memory(peak, before + 40 * 5 + 20)  # not with what is asked for and not read
        assert server.is_alive()


@suite.test
def a_connection_too_many_is_told_so():
    """The limit of open files, or the server's own: new ones are refused or answered, others go on."""
    with Server("dynamodb") as server:
        make_table(server.port)
        first = Wire(server.port)
        first.need("ListTables", {})
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (100, 100))
        crowd = connect(server, 150)
        time.sleep(0.3)
        first.need("ListTables", {})  # who is in is served on
        assert server.is_alive()
        for s in crowd:
            s.close()
        deadline = time.monotonic() + 10
        while True:  # and when there is room again, new ones are
            try:
                Wire(server.port).need("ListTables", {})
                break
            except OSError:
                assert time.monotonic() < deadline, "no new connection is taken"
                time.sleep(0.05)


@suite.test
def many_large_requests_at_once_are_bounded():
    """Bodies of 16 MB, half sent, on many connections: shed, or held within bounds."""
    with Server("dynamodb") as server:
        make_table(server.port)
        before = memory_mb(server)
        head = request("PutItem", {})[:-2].replace(b"Content-Length: 2", b"Content-Length: 16000000")
        crowd, failed = connect(server, 40), []

        def pour(s):
            try:
                s.sendall(head + b"{" + b" " * 15_000_000)
            except OSError as closed:
                failed.append(closed)

        threads = [threading.Thread(target=pour, args=(s,), daemon=True) for s in crowd]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 4
        for thread in threads:
            thread.join(max(0, deadline - time.monotonic()))
        Wire(server.port).need("ListTables", {})
        peak = memory_mb(server)
        answers = [s.recv(100) for s in select.select(crowd, [], [], 0)[0]]
        print(f"# 40 half requests of 16 MB: {before:.1f} -> {peak:.1f} MB, {len(answers)} refused")
        assert answers and all(b" 503 " in answer for answer in answers if answer), answers
        for s in crowd:
            s.close()
        check_memory(peak, before + 256 + 64)  # http_limits.held_bytes, and some
        assert server.is_alive()


suite.main()
