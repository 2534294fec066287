"""kill -9 at random moments: whatever was answered is there, and everything agrees.

The server is killed under load, looked at by `cruddur fsck`, and started again: every answer is
still true, no transaction is half there, and index and stream agree with the table. Then the same
with `cruddur serve` and messages. CRASH_ROUNDS=N does it N times; SEED=N repeats a run's choices.
"""
import os
import random
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Server, Suite, temporary_folder, wait_for
from load import Facts, Load, check, check_folder, make_table
from talk import Said, Talk, check_messages, tokens_of

suite = Suite(__doc__)
ROUNDS = int(os.environ.get("CRASH_ROUNDS", 8))
SERVE_ROUNDS = int(os.environ.get("CRASH_SERVE_ROUNDS", 3))
SEED = int(os.environ.get("SEED", 0)) or random.randrange(1 << 32)
ROUNDS_OF_A_FOLDER = 25


def crash(data, facts, rand, seed):
    server = Server("dynamodb", "--data", data, "--shard-seconds", 1)  # the stream's shards roll over meanwhile
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


@suite.test
def kill_9_loses_no_acknowledged_message():
    rand, said = random.Random(SEED), Said()
    data = os.path.join(temporary_folder(), "data")
    for number in range(SERVE_ROUNDS + 1):
        server = Server("serve", "--data", data, "--limits", "off")
        tokens = tokens_of(data)
        try:
            check_messages(server.port, tokens, said)
        except AssertionError:
            print(f"# SEED={SEED}, round {number}, folder {data}", flush=True)
            raise
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
