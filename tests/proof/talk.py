"""People who send each other messages as fast as they can and remember what was acknowledged; and
what they can read afterwards."""
import http.client
import json
import random
import threading

from harness import run

PEOPLE = ("andrewbrown", "bayko", "londo")


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
        pairs = [(a, b) for a in PEOPLE for b in PEOPLE if a != b]
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


def check_messages(port, tokens, said):
    """Every acknowledged message is there, once, with its number."""
    stored = {}
    for handle in PEOPLE:
        stored.update(all_messages(Person(port, tokens[handle])))
    lost = said.messages - stored.keys()
    assert not lost, f"{len(lost)} of {len(said.messages)} acknowledged messages are gone, such as {min(lost)}"
