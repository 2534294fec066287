"""A disk that fails: nothing is acknowledged that it does not hold, and the process stays up.

powercut.c makes the Nth sync, or the Nth write of a file, fail while clients are at work. From then
on: writes and answers that waited get InternalServerError, none hangs; reads go on and show nothing
but what was synced; /healthz is 503; and after a restart on what the disk holds, every answer that
was ever given is still true. FAULT_ROUNDS=N tries N moments of each kind.
"""
import http.client
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from disk import new_disk
from harness import Server, Suite, wait_for
from load import COUNTERS, TABLE, Facts, Load, Wire, all_items, check, check_sum, error_of, key, make_table, number

suite = Suite(__doc__)
ROUNDS = int(os.environ.get("FAULT_ROUNDS", 3))
SEED = int(os.environ.get("SEED", 0)) or random.randrange(1 << 32)


class FailingLoad(Load):
    """Clients that take InternalServerError for an answer, and then go on."""

    def __init__(self, *arguments):
        self.refused = 0
        super().__init__(*arguments)

    def ask(self, wire, operation, request, streams=False):
        status, answer = wire.call(operation, request, streams)
        if status == 200:
            return answer
        if status == 500:
            assert error_of(answer) == "InternalServerError", answer
            self.refused += 1
            raise Refused()
        for shown in [answer] + answer.get("CancellationReasons", []):
            if shown.get("Item"):
                self.facts.saw(shown["Item"])
        return None

    def run(self, role, rand, index):
        def patient(wire, rand, index):
            try:
                role(wire, rand, index)
            except Refused:
                if role == self.own:  # what became of it is not known, and a next one would blur it
                    raise OSError from None
                time.sleep(0.01)
        super().run(patient, rand, index)


class Refused(Exception):
    pass


def health(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/healthz")
    return connection.getresponse().status


def check_failed_server(server, facts):
    """It is up, says that it is ill, refuses writes and shows what is on the disk."""
    assert server.is_alive(), server.output()
    assert health(server.port) == 503
    wire = Wire(server.port)
    status, answer = wire.call("PutItem", {"TableName": TABLE, "Item": {**key("late"), "n": {"N": "1"}}})
    assert status == 500 and error_of(answer) == "InternalServerError", (status, answer)
    items = all_items(wire)
    assert "late" not in items
    check_sum([item for pk, item in items.items() if pk.startswith("acct:")])
    for item in items.values():
        facts.saw(item)  # is an answer, too
    for i in range(COUNTERS):
        answer = wire.need("GetItem", {"TableName": TABLE, "Key": key(f"count:{i}"), "ConsistentRead": True})
        assert number(answer["Item"]) == number(items[f"count:{i}"]), "two reads of a state that stands still differ"
    return items


def fail_under_load(what, nth, seed):
    disk, facts = new_disk(), Facts()
    with Server("dynamodb", "--data", disk.data, env=disk.environment()) as server:
        make_table(server.port)
        assert health(server.port) == 200
        load = FailingLoad(server.port, facts, seed)
        wait_for(lambda: facts.answers > 200 or load.failures, 30, "answers are given")
        disk.set("fail_" + what, disk.get(what + "s") + nth)
        wait_for(lambda: load.refused > 5 or load.failures, 30, "requests are refused")
        time.sleep(0.1)
        load.join()
        shown = check_failed_server(server, facts)
        server.stop(random.Random(seed).choice([signal.SIGTERM, signal.SIGKILL]))
    disk.cut()
    with Server("dynamodb", "--data", disk.data) as server:
        check(server.port, facts)
        items = all_items(Wire(server.port))
        for pk, item in shown.items():
            assert number(items[pk]) >= number(item) if pk in items else pk.startswith("own:"), pk
        server.stop()
    return facts.answers


def rounds(what, latest):
    rand, answers = random.Random(f"{SEED}/{what}"), 0
    for number_of_round in range(ROUNDS):
        try:
            answers += fail_under_load(what, rand.randrange(1, latest), f"{SEED}/{what}/{number_of_round}")
        except BaseException:
            print(f"# SEED={SEED}, round {number_of_round}", flush=True)
            raise
    print(f"# {ROUNDS} failing {what}s, {answers} answers, all still true")


@suite.test
def a_failed_sync_is_final_and_breaks_no_answer():
    rounds("sync", 40)


@suite.test
def a_failed_write_is_final_and_breaks_no_answer():
    rounds("write", 60)


@suite.test
def a_failure_at_any_call_of_the_start_is_an_error_or_an_ill_server():
    """The Nth sync or write of a start on data that a crash left; never an end by a signal."""
    disk = new_disk()
    with Server("dynamodb", "--data", disk.data, env=disk.environment()) as server:
        make_table(server.port)
        server.stop(signal.SIGKILL)
    disk.cut()
    for what in ("sync", "write"):
        for nth in range(1, 8 + 2 * ROUNDS):
            disk.seed()
            disk.set("fail_" + what, nth)
            server = None
            try:
                server = Server("dynamodb", "--data", disk.data, env=disk.environment())
                Wire(server.port).call("PutItem", {"TableName": TABLE, "Item": {**key("x"), "n": {"N": "1"}}})
                assert server.is_alive(), f"{what} {nth}: {server.output()}"
                assert server.stop() == 0, f"{what} {nth}: {server.output()}"
            except AssertionError as failure:
                if server or " ended with 1:" not in str(failure):
                    raise AssertionError(f"{what} {nth}") from failure
            disk.cut()
    with Server("dynamodb", "--data", disk.data) as server:
        check(server.port, Facts(), streams=False)
        server.stop()


suite.main()
