"""kill -9 at random moments: whatever was answered is there, and everything agrees.

The server is killed under load, looked at by `cruddur fsck`, and started again: every answer is
still true, no transaction is half there, and index and stream agree with the table. Then the same
with `cruddur serve` and messages. CRASH_ROUNDS=N does it N times; SEED=N repeats a run's choices.
"""
import http.client
import json
import os
import random
import shutil
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Server, Suite, run, temporary_folder, wait_for
from load import Facts, Load, check, make_table

suite = Suite(__doc__)
ROUNDS = int(os.environ.get("CRASH_ROUNDS", 8))
SERVE_ROUNDS = int(os.environ.get("CRASH_SERVE_ROUNDS", 3))
SEED = int(os.environ.get("SEED", 0)) or random.randrange(1 << 32)
ROUNDS_OF_A_FOLDER = 25


def check_folder(data, *flags):
    """fsck on a copy, because opening mends what the server's own start is to mend."""
    copy = data + ".copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data, copy)
    found = run("fsck", "--data", copy, *flags)
    assert found.returncode == 0, f"fsck ended with {found.returncode}: {found.stdout}{found.stderr}"
    shutil.rmtree(copy)


def crash(data, facts, rand, seed):
    server = Server("dynamodb", "--data", data)
    check(server.port, facts)
    load = Load(server.port, facts, seed, pad=rand.choice([200, 200, 50_000]))
    before = facts.answers
    wait_for(lambda: facts.answers > before + 50 or load.failures, 30, "answers are given")
    time.sleep(rand.uniform(0, 0.6))
    server.stop(signal.SIGKILL)
    load.join()
    check_folder(data)


def series(first, last):
    """Crashes on one folder."""
    rand, facts = random.Random(f"{SEED}/{first}"), Facts()
    data = os.path.join(temporary_folder(), "data")
    with Server("dynamodb", "--data", data) as server:
        make_table(server.port)
        server.stop(signal.SIGKILL)
    for number in range(first, last):
        try:
            crash(data, facts, rand, f"{SEED}/{number}")
        except BaseException:
            print(f"# SEED={SEED}, round {number}, folder {data}", flush=True)
            raise
    with Server("dynamodb", "--data", data) as server:
        check(server.port, facts)
        server.stop()
    check_folder(data)
    shutil.rmtree(data)
    return facts.answers


@suite.test
def kill_9_at_random_moments_breaks_no_answer():
    answers = sum(series(first, min(first + ROUNDS_OF_A_FOLDER, ROUNDS))
                  for first in range(0, ROUNDS, ROUNDS_OF_A_FOLDER))
    print(f"# {ROUNDS} times kill -9, {answers} things that answers have said, all still true")


# -- messages --------------------------------------------------------------------------------------

class Person:
    """Somebody signed in, on one connection."""

    def __init__(self, port, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}

    def call(self, method, path, body=None, **headers):
        self.connection.request(method, path, body and json.dumps(body), {**self.headers, **headers})
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text or b"null"), answer.headers


class Talk:
    """Pairs that send as fast as they can, some messages twice with one key."""

    def __init__(self, server, tokens, said, seed):
        self.said = said
        self.stopped, self.failures = False, []
        people = ["andrewbrown", "bayko", "londo"]
        pairs = [(a, b) for a in people for b in people if a != b]
        self.threads = [threading.Thread(target=self.run, args=(
            Person(server.port, tokens[me]), (me, other), random.Random(f"{seed}/{me}/{other}")))
            for me, other in pairs]
        for thread in self.threads:
            thread.start()

    def run(self, person, pair, rand):
        try:
            while not self.stopped:
                self.send(person, pair, rand)
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the server is gone
        except Exception as failure:
            self.failures.append(failure)

    def send(self, person, pair, rand):
        text, send_key = f"{rand.getrandbits(64):x}", f"{rand.getrandbits(64):x}"
        body = {"message": text, "handle": pair[1]}
        if pair in self.said.groups and rand.random() < 0.5:
            body = {"message": text, "message_group_uuid": self.said.groups[pair]}
        for _ in range(2 if rand.random() < 0.2 else 1):
            status, answer, _ = person.call("POST", "/api/messages", body, **{"Idempotency-Key": send_key})
            if status == 503:
                return
            assert status == 200, (status, answer)
            self.said.add(pair, answer["message_group_uuid"], text)

    def join(self):
        self.stopped = True
        for thread in self.threads:
            thread.join(60)
        if self.failures:
            raise self.failures[0]


class Said:
    def __init__(self):
        self.lock, self.messages, self.groups = threading.Lock(), set(), {}

    def add(self, pair, group, text):
        with self.lock:
            self.messages.add((group, text))
            known = self.groups.setdefault(pair, group)
        assert known == group, f"two conversations of {pair}"


def all_messages(person):
    """What one person can read: {(group, text): seq}, and no number twice or missing."""
    messages = {}
    status, groups, _ = person.call("GET", "/api/message_groups?limit=100")
    assert status == 200, (status, groups)
    for group in groups:
        path, numbers = f"/api/messages/{group['uuid']}?limit=100", []
        while path:
            status, page, headers = person.call("GET", path)
            assert status == 200, (status, page)
            for message in page:
                key = (group["uuid"], message["message"])
                assert key not in messages, f"{key} stands twice"
                messages[key] = message["seq"]
                numbers.append(message["seq"])
            links = [link.split(";")[0].strip(" <>") for link in (headers["Link"] or "").split(",") if 'rel="prev"' in link]
            path = links[0] if links else None
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), f"numbers of {group['uuid']}: {sorted(numbers)[-5:]}"
        assert group["seq"] == len(numbers), (group, len(numbers))
    return messages


def tokens_of(data):
    return json.loads(run("tokens", "--data", data).stdout)


@suite.test
def kill_9_loses_no_acknowledged_message():
    rand, said = random.Random(SEED), Said()
    data = os.path.join(temporary_folder(), "data")
    flags = ("serve", "--data", data, "--limits", "off")
    for number in range(SERVE_ROUNDS + 1):
        server = Server(*flags)
        tokens = tokens_of(data)
        stored = {}
        for handle in ("andrewbrown", "bayko", "londo"):
            stored.update(all_messages(Person(server.port, tokens[handle])))
        lost = said.messages - stored.keys()
        assert not lost, f"SEED={SEED}: {len(lost)} of {len(said.messages)} acknowledged messages are gone"
        if number == SERVE_ROUNDS:
            server.stop()
        else:
            before = len(said.messages)
            talk = Talk(server, tokens, said, f"{SEED}/{number}")
            wait_for(lambda: len(said.messages) > before + 20 or talk.failures, 30, "messages are acknowledged")
            time.sleep(rand.uniform(0, 0.5))
            server.stop(signal.SIGKILL)
            talk.join()
        check_folder(data)
    print(f"# {SERVE_ROUNDS} times kill -9, {len(said.messages)} acknowledged messages, all there")


suite.main()
