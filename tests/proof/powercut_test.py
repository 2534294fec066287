"""A power cut: whatever the store has not synced is gone, and every answer given stays true.

powercut.c keeps what the disk holds; here the server is killed under load, that disk is put in the
place of its data folder, and the server starts again. POWERCUT_ROUNDS=N does it N times.
"""
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from disk import new_disk
from harness import Server, Suite, wait_for
from load import TABLE, Facts, Load, Wire, check, check_folder, error_of, key, make_table
from talk import PEOPLE, Person, Said, Talk, check_messages, tokens_of

suite = Suite(__doc__)
ROUNDS = int(os.environ.get("POWERCUT_ROUNDS", 6))
SEED = int(os.environ.get("SEED", 0)) or random.randrange(1 << 32)
ROUNDS_OF_A_FOLDER = 12


def start(disk, *flags):
    return Server("dynamodb", "--data", disk.data, *flags, env=disk.environment())


class Rounds:
    def __init__(self, rand):
        self.rand, self.facts, self.disk = rand, Facts(), new_disk()
        with start(self.disk) as server:
            make_table(server.port)
            server.stop(signal.SIGKILL)
        self.cut()

    def cut(self):
        """In one of three strengths: nothing unsynced, some of it, some of it and all names."""
        torn, entries = self.rand.choice([(False, False), (True, False), (True, True)])
        self.disk.cut(self.rand, torn=torn, entries=entries)

    def go(self, seed):
        rand, disk = self.rand, self.disk
        server = start(disk)
        check(server.port, self.facts)
        disk.set("delay_us", rand.choice([0, 0, 500, 5000]))
        before = self.facts.answers
        pad = rand.choice([200, 200, 200_000])  # large ones fill the log, so that it is flushed and begun anew
        load = Load(server.port, self.facts, seed, pad=pad)
        wait_for(lambda: self.facts.answers > before + 100 or load.failures, 30, "answers are given")
        time.sleep(rand.uniform(0, 0.5))
        server.stop(signal.SIGKILL)
        load.join()
        self.cut()
        check_folder(disk.data)

    def end(self):
        with start(self.disk) as server:
            count = check(server.port, self.facts)
            server.stop()
        check_folder(self.disk.data)
        return count


@suite.test
def every_answer_stays_true_after_a_power_cut():
    answers = 0
    for first in range(0, ROUNDS, ROUNDS_OF_A_FOLDER):
        rounds = Rounds(random.Random(f"{SEED}/{first}"))
        for number in range(first, min(first + ROUNDS_OF_A_FOLDER, ROUNDS)):
            try:
                rounds.go(f"{SEED}/{number}")
            except BaseException:
                print(f"# SEED={SEED}, round {number}, folder {rounds.disk.data}", flush=True)
                raise
        rounds.end()
        answers += rounds.facts.answers
    print(f"# {ROUNDS} power cuts, {answers} answers, all still true")


@suite.test
def the_helper_takes_back_what_is_not_synced():
    """With durability `os` acknowledged writes are lost: so the test above can fail at all."""
    disk = new_disk()
    with start(disk, "--durability", "os") as server:
        make_table(server.port)
        Wire(server.port).need("PutItem", {"TableName": TABLE, "Item": {**key("x"), "n": {"N": "1"}}})
        server.stop(signal.SIGKILL)
    disk.cut()
    with start(disk) as server:
        status, answer = Wire(server.port).call("GetItem", {"TableName": TABLE, "Key": key("x")})
        assert error_of(answer) == "ResourceNotFoundException" or "Item" not in answer, (status, answer)


@suite.test
def no_answer_is_given_while_a_sync_is_held():
    """Writes, and whatever tells of them, wait; what is older is told at once or waits, too."""
    disk = new_disk()
    with start(disk) as server:
        make_table(server.port)
        disk.set("hold_sync", 1)
        told = []

        def ask(operation, request):
            told.append((operation, Wire(server.port).call(operation, request)))

        put = {"TableName": TABLE, "Item": {**key("held"), "n": {"N": "1"}}}
        get = {"TableName": TABLE, "Key": key("held"), "ConsistentRead": True}
        refused = {**put, "ConditionExpression": "attribute_not_exists(pk)"}
        threads = [threading.Thread(target=ask, args=("PutItem", put))]
        threads[0].start()
        time.sleep(0.3)
        threads += [threading.Thread(target=ask, args=pair) for pair in [
            ("GetItem", get), ("PutItem", refused), ("Scan", {"TableName": TABLE, "ConsistentRead": True}),
            ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": TABLE, "Key": key("held")}}]})]]
        for thread in threads[1:]:
            thread.start()
        time.sleep(0.5)
        early = [(operation, answer) for operation, (_, answer) in told if "held" in str(answer) or operation == "PutItem"]
        assert not early, f"answered before the sync: {early}"
        disk.set("hold_sync", 0)
        for thread in threads:
            thread.join(20)
        assert len(told) == 5, told
        assert sorted(status for _, (status, _) in told) == [200, 200, 200, 200, 400], told


@suite.test
def a_power_cut_takes_no_message_no_person_and_no_key():
    """`cruddur serve`, from its first start on: tokens of before stay good, and people who they are."""
    rand, said, disk = random.Random(SEED), Said(), new_disk()
    tokens = people = None
    for number in range(max(3, ROUNDS // 4)):
        server = Server("serve", "--data", disk.data, "--limits", "off", env=disk.environment())
        tokens = tokens or tokens_of(disk.data)
        check_messages(server.port, tokens, said)
        asked = [Person(server.port, tokens[me]).call("GET", f"/api/users/@{me}/short")[1] for me in PEOPLE]
        people = people or asked
        assert asked == people, (asked, people)
        before = len(said.messages)
        talk = Talk(server, tokens, said, f"{SEED}/{number}")
        wait_for(lambda: len(said.messages) > before + 10 or talk.failures, 30, "messages are acknowledged")
        time.sleep(rand.uniform(0, 0.3))
        server.stop(signal.SIGKILL)
        talk.join()
        disk.cut(rand, torn=number % 2 == 1)
        check_folder(disk.data)
    with Server("serve", "--data", disk.data, "--limits", "off") as server:
        check_messages(server.port, tokens, said)
        server.stop()
    print(f"# {len(said.messages)} acknowledged messages, all there")


suite.main()
