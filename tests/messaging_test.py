#!/usr/bin/python3
"""The messaging API over HTTP, as clients of good and of bad will use it."""
import concurrent.futures
import http.client
import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import uuid

from harness import Server, Skip, Suite, free_port, run, temporary_folder, wait_for

suite = Suite(__doc__)
ANDREW, BAYKO, LONDO = "andrewbrown", "bayko", "londo"


class Api(Server):
    """`cruddur serve` on a data folder of its own, with its tokens."""

    def __init__(self, *flags, folder=None, env=None):
        self.folder = folder or temporary_folder()
        self.dynamodb_port = free_port()
        super().__init__("serve", "--data", self.folder, "--dynamodb-port", self.dynamodb_port, *flags, env=env)
        self.tokens = json.loads(run("tokens", "--data", self.folder, env=env).stdout)

    def call(self, method, path, who=None, body=None, headers=None, raw=None):
        """(status, parsed JSON or bytes, headers)"""
        head = dict(headers or {})
        if who:
            head["Authorization"] = "Bearer " + self.tokens.get(who, who)
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            head.setdefault("Content-Type", "application/json")
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            line.request(method, path, raw, head)
            answer = line.getresponse()
            data = answer.read()
        finally:
            line.close()
        if "json" in (answer.headers["Content-Type"] or "") and data:
            data = json.loads(data)
        return answer.status, data, answer.headers

    def send(self, who, text, key=None, **to):
        headers = {"Idempotency-Key": key} if key else {}
        status, body, head = self.call("POST", "/api/messages", who, {"message": text, **to}, headers)
        return status, body, head

    def pair(self, one=ANDREW, other=BAYKO):
        """The conversation of two people."""
        status, body, _ = self.send(one, "hello", handle=other)
        assert status == 200, (status, body)
        return body["message_group_uuid"]

    def table(self):
        import boto3
        return boto3.resource("dynamodb", endpoint_url=f"http://127.0.0.1:{self.dynamodb_port}").Table("cruddur-messages")

    def add_people(self, count):
        """More people, each with a token by the sub that the table gives them."""
        with sqlite3.connect(os.path.join(self.folder, "users.db")) as users:
            for i in range(count):
                users.execute("INSERT INTO users (uuid, display_name, handle, email, cognito_user_id) VALUES (?,?,?,?,?)",
                              (str(uuid.uuid4()), f"Person {i}", f"person{i}", "p@example.com", str(uuid.uuid4())))


class Live:
    """A stream of live events, read by a thread; `events` holds (id, name, data)."""

    def __init__(self, api, who, last_id=None):
        headers = {"Authorization": "Bearer " + api.tokens[who]}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        self.line = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
        self.line.request("GET", "/api/events", headers=headers)
        self.answer = self.line.getresponse()
        self.status, self.headers = self.answer.status, self.answer.headers
        self.events, self.last_id, self.is_over = [], None, False
        if self.status == 200:
            self.thread = threading.Thread(target=self.read, daemon=True)
            self.thread.start()
            wait_for(lambda: self.last_id, what="the stream begins")

    def read(self):
        name, data, self_id = "message", None, None
        try:
            for line in self.answer:
                line = line.decode().rstrip("\n")
                if line.startswith("id: "):
                    self_id = line[4:]
                elif line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    data = json.loads(line[6:])
                elif not line:
                    if data is not None:
                        self.events.append((self_id, name, data))
                    self.last_id = self_id
                    name, data = "message", None
        except (OSError, ValueError, AttributeError):
            pass
        self.is_over = True

    def names(self):
        return [name for _, name, _ in self.events]

    def texts(self):
        return [data["message"] for _, name, data in self.events if name == "message"]

    def close(self):
        # A reader in another thread keeps the file open; the socket itself must go.
        if self.line.sock:
            self.line.sock.shutdown(socket.SHUT_RDWR)
        else:
            self.answer.fp.raw._sock.shutdown(socket.SHUT_RDWR)


shared = {}


def api():
    """One server for the tests that leave nothing behind which others would mind."""
    if "api" not in shared:
        shared["api"] = Api("--limits", "off", "--origin", "https://app.example.com")
    return shared["api"]


# -- routes and tokens ------------------------------------------------------------------------------

@suite.test
def unknown_paths_and_methods_are_told_apart():
    status, body, head = api().call("GET", "/api/nothing", ANDREW)
    assert (status, body["error"]) == (404, "not_found"), body
    status, body, head = api().call("DELETE", "/api/messages", ANDREW)
    assert (status, head["Allow"]) == (405, "POST, OPTIONS"), (status, head)
    status, body, head = api().call("PUT", "/api/session", body={})
    assert (status, head["Allow"]) == (405, "GET, POST, OPTIONS"), (status, head)
    status, body, head = api().call("HEAD", "/api/health-check")
    assert (status, body) == (200, b"") and head["Content-Length"] == "24", (status, body, dict(head))
    assert api().call("HEAD", "/api/events", ANDREW)[0] == 405
    for path in ("/api/messages/", "/api/messages/a/b/c", "/api/users/bayko/short", "/api/users/@/short", "/api//", "//"):
        assert api().call("GET", path, ANDREW)[0] == 404, path


@suite.test
def every_bad_token_gets_401_and_an_empty_object():
    good = api().tokens[ANDREW]
    head, payload, signature = good.split(".")
    bad = ["", "garbage", "a.b.c", good + "x", good + ".", f"{head}.{payload}.", f"{head}..{signature}",
           f"eyJhbGciOiJub25lIn0.{payload}.", "x" * 9000, good[:-2], f"{payload}.{head}.{signature}"]
    headers = [{}] + [{"Authorization": "Bearer " + t} for t in bad] + [
        {"Authorization": good}, {"Authorization": "Basic " + good}, {"Authorization": "Bearer"},
        {"Authorization": "Bearer  " + good}]
    headers += [{"Authorization": "Bearer " + api().tokens[t]} for t in ("_expired", "_audience", "_forged", "_stranger")]
    for h in headers:
        for method, path in (("GET", "/api/message_groups"), ("GET", "/api/messages/x"), ("POST", "/api/messages"),
                             ("PUT", "/api/messages/x/read"), ("GET", "/api/events"), ("GET", "/metrics")):
            if path == "/metrics" and h.get("Authorization", "").endswith(api().tokens["_stranger"]):
                continue  # answered without asking who it is
            status, body, head = api().call(method, path, headers=h)
            assert (status, body, head["WWW-Authenticate"]) == (401, {}, "Bearer"), (h, path, status, body)
    assert api().call("GET", "/api/message_groups", headers={"Authorization": "bearer " + good})[0] == 200


@suite.test
def token_is_checked_before_the_body():
    for raw in (b"{", b"\xff", b"[" * 5000, b"x" * 60000):
        status, body, _ = api().call("POST", "/api/messages", "garbage", raw=raw)
        assert (status, body) == (401, {}), (status, body)
        status, body, _ = api().call("POST", "/api/messages", None, raw=raw, headers={"Content-Type": "text/plain"})
        assert (status, body) == (401, {}), (status, body)


# -- bad input --------------------------------------------------------------------------------------

@suite.test
def broken_bodies_are_400_or_415_and_nothing_is_stored():
    group = api().pair()
    before = api().call("GET", f"/api/messages/{group}", ANDREW)[1]
    good = b'{"message":"x","message_group_uuid":"%s"}' % group.encode()
    bodies = [b"", b"{", good[:-1], good + b"x", good + good, b"null", b"7", b'"x"', b"[]", b"[" * 60000,
              b'{"a":' * 10000 + b"1" + b"}" * 10000, b'{"message":"\xff"}', b'{"message":"\xed\xa0\x80"}',
              b'{"message":"\\ud800"}', b'{"message":"\\u12"}', b'{"message":"a\nb"}', b"{'message':'x'}",
              b'{"message":7,"handle":"bayko"}', b'{"message":["x"],"handle":"bayko"}', b'{"message":{},"handle":"bayko"}',
              b'{"message":true,"handle":"bayko"}', b'{"message":"x","handle":7}', b'{"message":"x","message_group_uuid":false}',
              b'{"message":"x","message":"y","handle":"bayko"}', b'{"message":"x","handle":1e999999}',
              b'{"message":"x","handle":"bayko","z":01}', b'{"message":"x","handle":"bayko",}']
    for raw in bodies:
        status, body, _ = api().call("POST", "/api/messages", ANDREW, raw=raw)
        assert (status, body["error"]) == (400, "bad_request"), (raw[:60], status, body)
        assert b"\\ud800" not in raw or "is not JSON" in body["message"], body
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
        status, body, _ = api().call("POST", "/api/messages", ANDREW, raw=good, headers={"Content-Type": content_type})
        assert (status, body["error"]) == (415, "unsupported_media_type"), (content_type, status, body)
    assert api().call("GET", f"/api/messages/{group}", ANDREW)[1] == before
    for content_type in ("application/json", "Application/JSON ; charset=utf-8"):
        assert api().call("POST", "/api/messages", ANDREW, raw=good, headers={"Content-Type": content_type})[0] == 200


@suite.test
def body_over_64_kilobytes_is_413():
    group = api().pair()
    pad = {"message": "x", "message_group_uuid": group, "pad": ""}
    pad["pad"] = "p" * (65536 - len(json.dumps(pad)))
    assert api().call("POST", "/api/messages", ANDREW, pad)[0] == 200
    pad["pad"] += "p"
    status, body, _ = api().call("POST", "/api/messages", ANDREW, pad)
    assert (status, body["error"]) == (413, "too_large"), (status, body)


@suite.test
def what_is_wrong_with_a_message_is_a_list_of_upstreams_names():
    group = api().pair()
    blank, long = "message_blank", "message_exceed_max_chars"
    no_group, no_handle = "message_group_uuid_blank", "user_reciever_handle_blank"
    rows = [
        ({}, [no_handle, blank]),
        ({"message": None, "handle": None, "message_group_uuid": None}, [no_handle, blank]),
        ({"message": " \t\r\n", "handle": " "}, [no_handle, blank]),
        ({"message": "\u00a0\u3000\u200b\u2028\ufeff", "handle": "bayko"}, [blank]),
        ({"message": "x" * 1025, "message_group_uuid": " "}, [no_group, long]),
        ({"message": "", "message_group_uuid": ""}, [no_group, blank]),
        ({"message": " " * 1025, "handle": "bayko"}, [blank, long]),
        ({"message": "\U0001f600" * 1025, "message_group_uuid": group}, [long]),
        ({"message": "x", "message_group_uuid": "", "handle": "bayko"}, [no_group]),
    ]
    for body, errors in rows:
        got = api().call("POST", "/api/messages", ANDREW, body)
        assert got[:2] == (422, errors), (body, got)
    status, body, _ = api().send(ANDREW, "\U0001f600" * 1024, message_group_uuid=group)
    assert status == 200 and body["message"] == "\U0001f600" * 1024, status
    assert api().send(ANDREW, "x", handle="bayko", message_group_uuid=None)[1] == {"message_group_uuid": group}
    for text in ("\x00", "a\x00b", "\u202e", '"\\\u2028</script>', "\ufffe"):
        status, body, _ = api().send(ANDREW, text, message_group_uuid=group)
        assert status == 200 and body["message"] == text, (text, status, body)


@suite.test
def nobody_and_nothing_are_404():
    for handle in ("nobody", "Bayko", "bayko ", "bayko\x00", "' OR 1=1 --", "x" * 5000, "\ud83d\ude00"):
        status, body, _ = api().send(ANDREW, "x", handle=handle)
        assert (status, body["error"]) == (404, "user_not_found"), (handle, status, body)
    for group in (str(uuid.uuid4()), "x", "x" * 256, "x" * 3000, "#STATE", "\x00", "\U0001f600", "../x", "M#1"):
        status, body, _ = api().send(ANDREW, "x", message_group_uuid=group)
        assert (status, body["error"]) == (404, "not_found"), (group, status, body)
        path = "/api/messages/" + "".join(f"%{b:02x}" for b in group.encode())
        if "/" not in group:
            assert api().call("GET", path, ANDREW)[0] in (400, 404), group  # 400: NUL in a path
            assert api().call("PUT", path + "/read", ANDREW, {"seq": 1})[0] in (400, 404), group
    for handle in ("nobody", "Bayko", "%00", "bayko%00", "%ff", "x" * 3000):
        assert api().call("GET", f"/api/users/@{handle}/short")[0] in (400, 404), handle


@suite.test
def page_limits_and_cursors_are_checked():
    group, other = api().pair(), api().pair(ANDREW, LONDO)
    for limit in ("0", "101", "-1", "", "1.5", "1e1", "99999999999999999999", "x", "+5", "%20"):
        for path in ("/api/message_groups", f"/api/messages/{group}"):
            status, body, _ = api().call("GET", f"{path}?limit={limit}", ANDREW)
            assert (status, body["error"]) == (400, "bad_limit"), (path, limit, status, body)
    for i in range(3):
        api().send(ANDREW, f"x{i}", message_group_uuid=group)
    link = api().call("GET", f"/api/messages/{group}?limit=1", ANDREW)[2]["Link"]
    cursor = link.split("before=")[1].split(">")[0]
    for query in ("before=", "before=x", "after=" + "A" * 3000, "before=%00", "before=%ff", f"before={cursor}&after={cursor}",
                  f"before={cursor[1:]}", f"before={cursor}=", f"before={cursor[:40]}", f"before=B{cursor[1:]}"):
        status, body, _ = api().call("GET", f"/api/messages/{group}?{query}", ANDREW)
        assert (status, body["error"]) == (400, "bad_cursor"), (query, status, body)
    assert api().call("GET", f"/api/messages/{group}?before={cursor}", ANDREW)[0] == 200
    status, body, _ = api().call("GET", f"/api/messages/{other}?before={cursor}", ANDREW)
    assert (status, body["error"]) == (400, "bad_cursor"), (status, body)
    assert api().call("GET", f"/api/messages/{group}?before={cursor}", LONDO)[0] == 404
    assert api().call("GET", f"/api/message_groups?after={cursor}", ANDREW)[0] == 400


# -- lists ------------------------------------------------------------------------------------------

def links(head):
    found = {}
    for part in (head["Link"] or "").split(", "):
        if part:
            path, rel = part.split(">; rel=")
            found[rel.strip('"')] = path[1:]
    return found


@suite.test
def links_lead_through_all_messages_both_ways():
    group = api().pair(BAYKO, LONDO)
    for i in range(44):
        assert api().send(BAYKO, f"line {i}", message_group_uuid=group)[0] == 200
    path, pages = f"/api/messages/{group}?limit=7", []
    while path:
        status, body, head = api().call("GET", path, LONDO)
        assert status == 200 and len(body) <= 7, (status, body)
        assert head["X-Cruddur-Capacity"].startswith("r="), dict(head)
        pages.insert(0, body)
        path = links(head).get("prev")
    everything = [m for page in pages for m in page]
    assert [m["message"] for m in everything] == ["hello"] + [f"line {i}" for i in range(44)]
    assert [m["seq"] for m in everything] == list(range(1, 46))
    forward = links(api().call("GET", f"/api/messages/{group}?limit=7", LONDO)[2])["next"]
    assert api().call("GET", forward, LONDO)[1] == []
    api().send(BAYKO, "new", message_group_uuid=group)
    assert [m["message"] for m in api().call("GET", forward, LONDO)[1]] == ["new"]


@suite.test
def conversations_page_by_link_and_count_the_unread():
    with Api("--limits", "off") as a:
        a.add_people(9)
        for i in range(9):
            a.pair(ANDREW, f"person{i}")
        path, seen = "/api/message_groups?limit=4", []
        while path:
            status, body, head = a.call("GET", path, ANDREW)
            assert status == 200 and len(body) <= 4
            seen += [g["handle"] for g in body]
            path = links(head).get("next")
        assert seen == [f"person{i}" for i in reversed(range(9))], seen
        group = a.pair(ANDREW, BAYKO)
        for _ in range(3):
            a.send(ANDREW, "x", message_group_uuid=group)
        row = a.call("GET", "/api/message_groups", BAYKO)[1][0]
        assert (row["unread"], row["seq"], row["uuid"], row["name"]) == (4, 4, group, None), row
        assert a.call("GET", "/api/message_groups", ANDREW)[1][0]["unread"] == 0
        for seq, unread in ((2, 2), (1, 2), (99, 0), (0, 0)):
            status, body, _ = a.call("PUT", f"/api/messages/{group}/read", BAYKO, {"seq": seq})
            assert (status, body) == (200, {"seq": min(seq, 4)}), (status, body)
            assert a.call("GET", "/api/message_groups", BAYKO)[1][0]["unread"] == unread, seq
        for body in ({}, {"seq": None}, {"seq": "1"}, {"seq": 1.5}, {"seq": -1}, {"seq": 10 ** 30}, {"seq": True}, []):
            assert a.call("PUT", f"/api/messages/{group}/read", BAYKO, body)[0] == 400, body
        assert a.call("PUT", f"/api/messages/{group}/read", LONDO, {"seq": 1})[0] == 404


@suite.test
def message_to_oneself_makes_one_conversation():
    group = api().pair(LONDO, LONDO)
    assert api().pair(LONDO, LONDO) == group
    rows = [g for g in api().call("GET", "/api/message_groups", LONDO)[1] if g["uuid"] == group]
    assert len(rows) == 1 and rows[0]["handle"] == LONDO, rows


# -- the same key -----------------------------------------------------------------------------------

@suite.test
def same_key_gives_the_stored_answer_and_another_request_409():
    group, key = api().pair(), "key-" + uuid.uuid4().hex
    first = api().send(ANDREW, "once", key, message_group_uuid=group)
    again = api().send(ANDREW, "once", key, message_group_uuid=group)
    assert (again[0], again[1]) == (200, first[1]) and again[2]["Idempotent-Replay"] == "true", again
    assert first[2]["Idempotent-Replay"] is None
    texts = [m["message"] for m in api().call("GET", f"/api/messages/{group}", ANDREW)[1]]
    assert texts.count("once") == 1, texts
    status, body, _ = api().send(ANDREW, "other", key, message_group_uuid=group)
    assert status == 409, (status, body)
    assert api().send(BAYKO, "once", key, message_group_uuid=group)[2]["Idempotent-Replay"] is None
    for bad in ("x" * 256, "a b", "\u00e9".encode("latin-1"), "\t", ""):
        status, body, _ = api().send(ANDREW, "x", None, message_group_uuid=group) if bad is None else api().call(
            "POST", "/api/messages", ANDREW, {"message": "x", "message_group_uuid": group}, {"Idempotency-Key": bad})
        assert (status, body["error"]) == (400, "bad_idempotency_key"), (bad, status, body)
    assert api().send(ANDREW, "x", "x" * 255, message_group_uuid=group)[0] == 200


@suite.test
def same_key_at_the_same_time_stores_one_message():
    group, key = api().pair(), "race-" + uuid.uuid4().hex
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api().send(ANDREW, "raced", key, message_group_uuid=group), range(8)))
    assert {a[0] for a in answers} == {200} and len({a[1]["uuid"] for a in answers}) == 1, answers
    assert sum(a[2]["Idempotent-Replay"] is None for a in answers) == 1


# -- limits -----------------------------------------------------------------------------------------

@suite.test
def too_many_sends_are_429_but_replays_are_free():
    with Api() as a:
        group = a.pair()
        assert a.send(ANDREW, "kept", "the-key", message_group_uuid=group)[0] == 200
        codes = [a.send(ANDREW, f"m{i}", message_group_uuid=group) for i in range(75)]
        refused = [c for c in codes if c[0] == 429]
        assert refused and {c[0] for c in codes} == {200, 429}, {c[0] for c in codes}
        assert refused[0][1]["error"] == "too_many_requests" and int(refused[0][2]["Retry-After"]) >= 1, refused[0]
        assert a.send(ANDREW, "kept", "the-key", message_group_uuid=group)[2]["Idempotent-Replay"] == "true"
        assert a.send(BAYKO, "mine is another bucket", message_group_uuid=group)[0] == 200
        assert a.send(ANDREW, "", message_group_uuid=group)[0] == 422
        time.sleep(1.2)
        assert a.send(ANDREW, "later", message_group_uuid=group)[0] == 200


@suite.test
def new_conversations_are_limited_by_the_hour_and_old_ones_are_not():
    with Api() as a:
        a.add_people(22)
        codes = [a.send(ANDREW, "hi", handle=f"person{i}")[0] for i in range(22)]
        assert codes == [200] * 20 + [429] * 2, codes
        assert a.send(ANDREW, "again", handle="person3")[0] == 200
        status, _, head = a.send(ANDREW, "hi", handle="person21")
        assert status == 429 and int(head["Retry-After"]) > 100, dict(head)


@suite.test
def open_routes_are_limited_by_address():
    with Api() as a:
        codes = [a.call("GET", "/api/users/@bayko/short")[0] for _ in range(140)]
        assert codes[:100] == [200] * 100 and 429 in codes, codes
        codes = [a.call("POST", "/api/session", body={"handle": LONDO})[0] for _ in range(40)]
        assert codes[:30] == [200] * 30 and 429 in codes, codes
        assert a.call("GET", "/api/health-check")[0] == 200


# -- live events ------------------------------------------------------------------------------------

@suite.test
def messages_arrive_live_for_members_only():
    a = Api("--limits", "off")
    andrew, bayko, londo = Live(a, ANDREW), Live(a, BAYKO), Live(a, LONDO)
    assert andrew.headers["Content-Type"] == "text/event-stream" and andrew.headers["Cache-Control"] == "no-store"
    group = a.pair()
    status, sent, _ = a.send(BAYKO, "live \u2615\n", message_group_uuid=group)
    for stream in (andrew, bayko):
        wait_for(lambda: len(stream.texts()) == 2, what="both messages")
        data = [d for _, n, d in stream.events if n == "message"][1]
        assert data == sent, (data, sent)
        assert "group" in stream.names(), stream.names()
    a.call("PUT", f"/api/messages/{group}/read", ANDREW, {"seq": 2})
    wait_for(lambda: "read" in bayko.names() and "read" in andrew.names())
    assert [d for _, n, d in bayko.events if n == "read"] == [{"message_group_uuid": group, "handle": ANDREW, "seq": 2}]
    assert londo.events == [], londo.events
    a.table().put_item(Item={
        "pk": f"MSG#{group}", "sk": "2099-01-01T00:00:00.000000+00:00", "message_uuid": str(uuid.uuid4()),
        "message": "by another program", "user_uuid": a.call("GET", "/api/users/@bayko/short")[1]["uuid"],
        "user_display_name": "Andrew Bayko", "user_handle": BAYKO})
    wait_for(lambda: "by another program" in andrew.texts(), what="the foreign row")
    assert a.stop(signal.SIGINT) == 0, a.output()
    wait_for(lambda: andrew.is_over, what="the stream ends with the server")


@suite.test
def stream_goes_on_where_it_broke_or_says_reset():
    a = Api("--limits", "off")
    first = Live(a, BAYKO)
    group = a.pair()
    wait_for(lambda: first.texts() == ["hello"])
    place = first.events[0][0]
    for i in range(5):
        a.send(ANDREW, f"m{i}", message_group_uuid=group)
    wait_for(lambda: len(first.texts()) == 6)
    back = Live(a, BAYKO, place)
    wait_for(lambda: back.texts() == [f"m{i}" for i in range(5)], what=f"what was missed: {back.events}")
    assert "reset" not in back.names()
    for stale in ("0000000000000000-1", "garbage", place + "0000", "x" * 500):
        lost = Live(a, BAYKO, stale)
        wait_for(lambda: lost.names() == ["reset"], what=stale)
    a.stop()
    with Api("--limits", "off", folder=a.folder) as b:
        lost = Live(b, BAYKO, back.last_id)
        wait_for(lambda: lost.names() == ["reset"], what="reset after a restart")


@suite.test
def messages_of_many_senders_arrive_in_the_order_of_seq():
    a = api()
    group = a.pair()
    stream = Live(a, BAYKO)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: a.send((ANDREW, BAYKO)[i % 2], f"order {i}", message_group_uuid=group), range(80)))
    assert {x[0] for x in answers} == {200}
    mine = lambda: [d["seq"] for _, n, d in stream.events if n == "message" and d["message"].startswith("order ")]
    wait_for(lambda: len(mine()) == 80, what="eighty messages")
    assert mine() == sorted(mine()) and len(set(mine())) == 80, mine()
    stream.close()


@suite.test
def two_thousand_streams_get_a_message_each_and_their_places_are_given_back():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 8192:
        raise Skip("too few descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, hard))
    with Api("--limits", "off") as a:
        request = "GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n"
        lines = []
        for i in range(2000):
            line = socket.create_connection(("127.0.0.1", a.port), 20)
            line.sendall(request.format(a.tokens[(ANDREW, BAYKO)[i % 2]]).encode())
            lines.append(line)
            if i % 100 == 99:  # more at once than the workers' queue holds are told 503
                for asked in lines[-100:]:
                    assert asked.recv(12) == b"HTTP/1.1 200"
        a.pair()
        for line in lines:
            seen = b""
            while b"event: message" not in seen:
                more = line.recv(65536)
                assert more, seen
                seen += more
            line.close()
        wait_for(lambda: b"\ncruddur_live_streams 0\n" in a.call("GET", "/metrics", LONDO)[1], 20, "all have left")


@suite.test
def user_has_twenty_streams_and_leaving_is_noticed():
    with Api() as a:
        streams = [Live(a, LONDO) for _ in range(20)]
        refused = Live(a, LONDO)
        assert refused.status == 429 and refused.headers["Retry-After"], refused.status
        assert Live(a, BAYKO).status == 200

        def open_streams():
            text = a.call("GET", "/metrics", LONDO)[1].decode()
            return int(text.split("\ncruddur_live_streams ")[1].split("\n")[0])
        assert open_streams() == 21, open_streams()
        for stream in streams[:7]:
            stream.close()
        wait_for(lambda: open_streams() == 14, what="those who left are noticed")
        assert Live(a, LONDO).status == 200


# -- the page, the description, numbers -------------------------------------------------------------

@suite.test
def page_and_assets_come_with_strict_headers():
    status, body, head = api().call("GET", "/")
    assert status == 200 and body.startswith(b"<!doctype html>") and head["Content-Type"] == "text/html; charset=utf-8"
    policy = head["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy, policy
    assert head["X-Content-Type-Options"] == "nosniff" and head["Referrer-Policy"] == "no-referrer"
    for name, kind in (("index.html", "text/html"), ("app.js", "text/javascript"), ("app.css", "text/css"), ("icon.svg", "image/svg+xml")):
        status, body, head = api().call("GET", "/" + name)
        assert status == 200 and head["Content-Type"].startswith(kind) and body, name
        with open(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "web", name), "rb") as file:
            assert body == file.read(), name
        for known in (head["ETag"], f'"x", {head["ETag"]}', "*"):
            status, body, again = api().call("GET", "/" + name, headers={"If-None-Match": known})
            assert (status, body, again["ETag"]) == (304, b"", head["ETag"]), (name, known, status)
        assert api().call("GET", "/" + name, headers={"If-None-Match": '"other"'})[0] == 200
    for path in ("/README.md", "/../README.md", "/%2e%2e/README.md", "/app.js/", "/./app.js", "/users.db", "/keys"):
        assert api().call("GET", path)[0] in (400, 404), path


@suite.test
def description_covers_the_routes_and_all_its_references_lead_somewhere():
    status, doc, _ = api().call("GET", "/openapi.json")
    assert status == 200 and doc["openapi"] == "3.1.0"
    assert set(doc["paths"]["/api/session"]) == {"get", "post"} and "put" in doc["paths"]["/api/messages/{group}/read"]
    assert doc["paths"]["/api/health-check"]["get"]["security"] == []
    assert {p["name"] for p in doc["paths"]["/api/messages/{group}"]["get"]["parameters"]} == {"group", "limit", "before", "after"}

    def walk(node):
        if isinstance(node, dict):
            if "$ref" in node:
                assert node["$ref"].split("/")[-1] in doc["components"]["schemas"], node
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)
    walk(doc)
    for path, item in doc["paths"].items():
        for method, operation in item.items():
            assert operation["summary"] and "200" in operation["responses"], (path, method)
            names = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert names == {part.split("}")[0] for part in path.split("{")[1:]}, path
            for code, response in operation["responses"].items():
                assert response["description"], (path, code)


@suite.test
def metrics_are_prometheus_text():
    api().call("GET", "/api/health-check")
    status, body, head = api().call("GET", "/metrics", ANDREW)
    assert status == 200 and head["Content-Type"].startswith("text/plain; version=0.0.4")
    typed = set()
    for line in body.decode().strip().split("\n"):
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        elif not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            base = name.split("{")[0]
            assert base in typed or base.rsplit("_", 1)[0] in typed, line
            float(value)
    assert b'cruddur_http_requests_total{method="GET",route="/api/health-check",status="200"}' in body


@suite.test
def scraper_has_a_token_of_its_own_that_opens_nothing_else():
    token = "a-secret-of-sixteen-or-more"
    with Api(env={"CRUDDUR_METRICS_TOKEN": token}) as a:
        assert a.call("GET", "/metrics", token)[0] == 200
        assert a.call("GET", "/metrics")[0] == 401
        assert a.call("GET", "/metrics", token + "x")[0] == 401
        assert a.call("GET", "/api/message_groups", token)[0] == 401
    assert "CRUDDUR_METRICS_TOKEN is too short" in failure(env={"CRUDDUR_METRICS_TOKEN": "short"})


# -- browsers ---------------------------------------------------------------------------------------

@suite.test
def pages_of_other_origins_get_nothing_to_read():
    own = f"http://127.0.0.1:{api().port}"
    for origin in (own, "http://localhost:3000", "https://app.example.com"):
        status, body, head = api().call("OPTIONS", "/api/messages", headers={
            "Origin": origin, "Access-Control-Request-Method": "POST"})
        assert (status, head["Access-Control-Allow-Origin"]) == (204, origin), (origin, dict(head))
        assert "POST" in head["Access-Control-Allow-Methods"] and head["Vary"] == "Origin"
        for name in ("authorization", "content-type", "idempotency-key"):
            assert name in head["Access-Control-Allow-Headers"].lower()
        head = api().call("GET", "/api/message_groups", headers={"Origin": origin})[2]
        assert head["Access-Control-Allow-Origin"] == origin  # also on a 401
        assert "Link" in head["Access-Control-Expose-Headers"]
    for origin in ("https://evil.example", "null", "http://localhost:3001", "https://app.example.com.evil.example",
                   "http://app.example.com", f"http://127.0.0.1:{api().port}0", "http://localhost:3000/"):
        head = api().call("OPTIONS", "/api/messages", headers={"Origin": origin})[2]
        assert head["Access-Control-Allow-Origin"] is None, origin
        head = api().call("GET", "/api/message_groups", ANDREW, headers={"Origin": origin})[2]
        assert head["Access-Control-Allow-Origin"] is None, origin


@suite.test
def demo_sign_in_is_for_the_demo_people_and_our_own_names():
    status, body, _ = api().call("GET", "/api/session")
    assert status == 200 and [p["handle"] for p in body["people"]] == [ANDREW, BAYKO, LONDO], body
    status, body, head = api().call("POST", "/api/session", body={"handle": LONDO})
    assert status == 200 and head["Cache-Control"] == "no-store" and body["user"]["display_name"] == "Londo Mollari"
    assert api().call("GET", "/api/message_groups", body["token"])[0] == 200
    for handle in ("nobody", "", "person0"):
        assert api().call("POST", "/api/session", body={"handle": handle})[0] == 404
    for body in ({"handle": 7}, [], {"handle": ["londo"]}):
        assert api().call("POST", "/api/session", body=body)[0] == 400
    for host in ("evil.example", "localhost.evil.example", "evil.example:4567", "127.0.0.1.evil.example"):
        status, body, _ = api().call("POST", "/api/session", body={"handle": LONDO}, headers={"Host": host})
        assert (status, body["error"]) == (403, "forbidden"), (host, status, body)
        head = api().call("GET", "/api/session", headers={"Host": host, "Origin": "http://" + host})[2]
        assert head["Access-Control-Allow-Origin"] is None, host
    for host in ("localhost", "LOCALHOST:80", "[::1]:4567", "192.168.1.7", "app.example.com"):
        assert api().call("POST", "/api/session", body={"handle": LONDO}, headers={"Host": host})[0] == 200, host


# -- when things go wrong ---------------------------------------------------------------------------

@suite.test
def dropped_table_is_503_until_it_is_there_again():
    with Api("--limits", "off") as a:
        a.pair()
        assert a.call("GET", "/healthz")[:2] == (200, {"status": "ok"})
        a.table().delete()
        status, body, head = a.call("GET", "/api/message_groups", ANDREW)
        assert (status, body, head["Retry-After"]) == (503, {"error": "unavailable"}, "1"), (status, body)
        assert a.send(ANDREW, "x", handle=BAYKO)[0] == 503
        assert a.call("GET", "/api/health-check")[0] == 200
        made = run("ddb", "schema-load", "--endpoint", f"http://127.0.0.1:{a.dynamodb_port}")
        assert made.returncode == 0, made.stderr
        wait_for(lambda: a.send(ANDREW, "x", handle=BAYKO)[0] == 200, what="sending works again")


@suite.test
def overload_is_503_with_retry_after_and_passes():
    with Api("--limits", "off", "--workers", "1") as a:
        group = a.pair()
        head = (f"GET /api/messages/{group}?limit=100 HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {a.tokens[ANDREW]}\r\n\r\n").encode()
        codes = []
        for _ in range(10):
            lines = [socket.create_connection(("127.0.0.1", a.port)) for _ in range(300)]
            for line in lines:
                line.sendall(head)
            for line in lines:
                answer = line.recv(65536)
                codes.append(answer[9:12])
                assert answer[9:12] == b"200" or b"Retry-After: 1\r\n" in answer, answer
                line.close()
            if b"503" in codes:
                break
        assert set(codes) <= {b"200", b"503"} and b"200" in codes, set(codes)
        assert a.call("GET", f"/api/messages/{group}", ANDREW)[0] == 200


@suite.test
def messages_and_people_outlive_a_restart():
    a = Api()
    group = a.pair()
    assert a.stop() == 0, a.output()
    with Api(folder=a.folder) as b:
        assert [m["message"] for m in b.call("GET", f"/api/messages/{group}", BAYKO)[1]] == ["hello"]
        assert b.call("GET", "/api/message_groups", a.tokens[BAYKO])[0] == 200  # yesterday's token


@suite.test
def tokens_need_a_folder_that_serve_has_made():
    empty = temporary_folder()
    for words, says in ((("--data", empty), "cruddur serve"), (("--data", empty + "/none"), "cruddur serve"),
                        (("--data", empty, "--seconds", "0"), "--seconds")):
        answer = run("tokens", *words)
        assert answer.returncode != 0 and says in answer.stderr and answer.stdout == "", answer
    assert os.listdir(empty) == []
    tokens = api().tokens
    assert set(tokens) == {ANDREW, BAYKO, LONDO, "_expired", "_audience", "_forged", "_stranger"}
    mode = os.stat(os.path.join(api().folder, "keys", "token.pem")).st_mode & 0o777
    assert mode == 0o600, oct(mode)


def failure(*flags, env=None):
    answer = run("serve", *flags, env=env)
    assert answer.returncode != 0, answer
    return answer.stderr


@suite.test
def taken_ports_and_folders_are_named():
    taken = str(api().port)
    assert "--port" in failure("--in-memory", "--port", taken, "--dynamodb-port", "0")
    assert "--dynamodb-port" in failure("--in-memory", "--port", "0", "--dynamodb-port", taken)
    words = failure("--data", api().folder, "--port", "0", "--dynamodb-port", "0")
    assert api().folder in words and "another process" in words, words


@suite.test
def wrong_flags_are_refused():
    for flags in (("--limits", "on"), ("--durability", "maybe"), ("--workers", "5000"), ("--origin", "app.example.com"),
                  ("--origin", "https://x/"), ("--dynamodb", "http://x", "--dynamodb-port", "1234"),
                  ("--dynamodb", "http://x", "--in-memory"), ("--port", "70000"), ("stray",)):
        answer = run("serve", *flags)
        assert answer.returncode == 2 and "--help` explains its flags" in answer.stderr, (flags, answer)


@suite.test
def production_has_no_demo_and_makes_nothing():
    folder = temporary_folder()
    words = failure("--production", "--data", folder, "--port", "0")
    assert "schema-load" in words, words
    words = failure("--production", "--data", api_folder_with_demo(), "--port", "0")
    assert "demo people" in words, words


def api_folder_with_demo():
    a = Api()
    a.stop()
    return a.folder


@suite.test
def production_serves_on_a_table_that_is_there_without_sign_in():
    folder = temporary_folder()
    dynamodb = Server("dynamodb", "--in-memory")
    made = run("ddb", "schema-load", "--endpoint", dynamodb.url)
    assert made.returncode == 0, made.stderr
    remote = ("--production", "--data", folder, "--port", "0", "--dynamodb", dynamodb.url)
    assert "update-time-to-live" in failure(*remote)
    dynamodb.client().update_time_to_live(TableName="cruddur-messages", TimeToLiveSpecification={
        "Enabled": True, "AttributeName": "ttl"})
    server = Server("serve", "--production", "--data", folder, "--dynamodb", dynamodb.url)
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for method, path in (("GET", "/api/session"), ("POST", "/api/session")):
        line.request(method, path)
        answer = line.getresponse()
        answer.read()
        assert answer.status == 404, (method, answer.status)
    line.request("GET", "/openapi.json")
    assert "/api/session" not in json.loads(line.getresponse().read())["paths"]
    assert run("tokens", "--data", folder).returncode == 1  # nobody is there
    assert server.stop(signal.SIGTERM) == 0


@suite.test
def without_a_folder_people_sign_in_on_the_page_only():
    home = temporary_folder()
    server = Server("serve", "--in-memory", "--dynamodb-port", "0", env={"HOME": home})
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    line.request("POST", "/api/session", '{"handle":"bayko"}', {"Content-Type": "application/json"})
    token = json.loads(line.getresponse().read())["token"]
    line.request("GET", "/api/message_groups", headers={"Authorization": "Bearer " + token})
    answer = line.getresponse()
    assert (answer.status, answer.read()) == (200, b"[]")
    assert server.stop() == 0 and os.listdir(home) == [], os.listdir(home)


# -- people in PostgreSQL: run by tests/with-postgres.sh ---------------------------------------------

def psql(*statements):
    url = os.environ.get("POSTGRES_URL")
    if not url:
        raise Skip("no POSTGRES_URL; tests/with-postgres.sh sets it")
    words = [word for statement in statements for word in ("-c", statement)]
    subprocess.run(["psql", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", url, *words], check=True,
                   capture_output=True)
    return {"CONNECTION_URL": url}


@suite.test
def postgresql_gets_our_table_and_the_demo_people_when_it_has_none():
    env = psql("DROP TABLE IF EXISTS public.users")
    assert "schema-load" in failure("--production", "--data", temporary_folder(), "--port", "0", env=env)
    with Api(env=env) as a:
        group = a.pair()
        assert a.call("GET", "/api/message_groups", BAYKO)[1][0]["display_name"] == "Andrew Brown"
        psql("UPDATE public.users SET display_name = 'A. Brown' WHERE handle = 'andrewbrown'")
        wait_for(lambda: a.call("GET", f"/api/messages/{group}", BAYKO)[1][0]["display_name"] == "A. Brown")
        psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cruddur'")
        assert a.send(ANDREW, "the line is made anew", message_group_uuid=group)[0] == 200
        psql("ALTER TABLE public.users RENAME TO people")
        wait_for(lambda: a.call("GET", "/api/message_groups", ANDREW)[0] == 503, what="503 without the table")
        psql("ALTER TABLE public.people RENAME TO users")
        assert a.call("GET", "/api/message_groups", ANDREW)[0] == 200
        assert not os.path.exists(os.path.join(a.folder, "users.db"))


@suite.test
def postgresql_of_upstream_is_used_as_it_is():
    env = psql("DROP TABLE IF EXISTS public.users",
               "CREATE TABLE public.users (uuid UUID DEFAULT gen_random_uuid() PRIMARY KEY, display_name text NOT NULL, "
               "handle text NOT NULL, email text NOT NULL, cognito_user_id text NOT NULL, created_at TIMESTAMP default "
               "current_timestamp NOT NULL)",
               "INSERT INTO public.users (display_name, email, handle, cognito_user_id) VALUES "
               "('Andrew Brown', 'a@x', 'andrewbrown', 'MOCK'), ('Andrew Bayko', 'b@x', 'bayko', 'MOCK'), "
               "('Twice', 'c@x', 'twice', 'MOCK'), ('Twice', 'd@x', 'twice', 'MOCK')")
    with Api(env=env) as a:
        assert set(a.tokens) >= {ANDREW, BAYKO} and LONDO not in a.tokens  # nobody was added
        group = a.pair()
        assert a.call("GET", f"/api/messages/{group}", BAYKO)[1][0]["handle"] == ANDREW
        assert a.send(ANDREW, "which of you?", handle="twice")[0] == 404
        assert a.call("GET", "/api/users/@twice/short")[0] == 404
        status, body, _ = a.call("POST", "/api/session", body={"handle": BAYKO})
        assert a.call("GET", "/api/message_groups", body["token"])[0] == 200


@suite.test
def server_ends_at_once_with_idle_connections_and_streams():
    a = Api()
    streams = [Live(a, ANDREW) for _ in range(5)]
    idle = [socket.create_connection(("127.0.0.1", a.port)) for _ in range(5)]
    started = time.monotonic()
    assert a.stop(signal.SIGINT) == 0, a.output()
    assert time.monotonic() - started < 3, time.monotonic() - started
    assert len(streams) + len(idle) == 10


suite.main()
