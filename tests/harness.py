"""What the Python tests share: TAP output, servers on free ports, and clients for them.

A test program is called with the path of `cruddur`:

    from harness import Suite, Server
    suite = Suite(__doc__)

    @suite.test
    def put_then_get():
        ...
        assert got == wanted

    suite.main()

Each test function is one TAP point, named after it. Servers are ended by their process id, at the
latest when the program ends. Debian's own interpreter runs these (/usr/bin/python3).
"""
import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_PAGER="",
)
for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "CONNECTION_URL", "CRUDDUR_DATA"):
    os.environ.pop(name, None)


class Skip(Exception):
    """Raised by a test that this machine cannot run; the text says why."""


class Suite:
    def __init__(self, title):
        self.title = title
        self.tests = []

    def test(self, function):
        self.tests.append(function)
        return function

    def main(self):
        only = sys.argv[2] if len(sys.argv) > 2 else ""
        chosen = [test for test in self.tests if only in test.__name__]
        print("TAP version 13", flush=True)
        print(f"1..{len(chosen)}", flush=True)
        failed = 0
        for number, test in enumerate(chosen, 1):
            started = time.monotonic()
            try:
                test()
                line = f"ok {number} - {test.__name__}"
            except Skip as why:
                line = f"ok {number} - {test.__name__} # SKIP {why}"
            except Exception:  # each failure is reported and the next test runs
                failed += 1
                line = f"not ok {number} - {test.__name__}"
                for text in traceback.format_exc().rstrip().split("\n"):
                    print("# " + text)
            took = time.monotonic() - started
            if took > 5:
                print(f"# {test.__name__} took {took:.1f} s")
            print(line, flush=True)
        sys.exit(1 if failed else 0)


def program():
    """The absolute path of the cruddur that is being tested."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} PATH_OF_CRUDDUR [PART_OF_A_TEST_NAME]")
    return os.path.abspath(sys.argv[1])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def temporary_folder(within=None):
    folder = tempfile.mkdtemp(prefix="cruddur-test.", dir=within)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def run(*words, env=None, **more):
    """Runs cruddur to its end; the result has returncode, stdout and stderr."""
    return subprocess.run(
        [program(), *map(str, words)], capture_output=True, text=True, timeout=60,
        stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}, **more)


def wait_for(question, seconds=10, what=None):
    """Asks until the answer is true; returns it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or question.__name__}")
        time.sleep(0.02)


class Server:
    """A `cruddur dynamodb` or `cruddur serve`, listening on free ports of the loopback."""

    def __init__(self, command="dynamodb", *flags, prefix=(), env=None):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.dynamodb_url = self.url
        self.argv = [*prefix, program(), command, "--port", str(self.port), *map(str, flags)]
        if command in ("dynamodb", "serve") and "--loops" not in self.argv:
            self.argv += ["--loops", "2"]  # on small machines, too: loops that share a store are to be tested
        if command == "serve" and not {"--dynamodb", "--dynamodb-port", "--production"} & set(self.argv):
            self.argv += ["--dynamodb-port", str(free_port())]  # never the default, which is taken on some desks
        if "--dynamodb-port" in self.argv:
            port = self.argv[self.argv.index("--dynamodb-port") + 1]
            self.dynamodb_url = f"http://127.0.0.1:{port}"
        self.env = {**os.environ, **(env or {})}
        self.log = tempfile.TemporaryFile(mode="w+")
        atexit.register(self.kill)
        self.start()

    def start(self):
        """Also after a stop: on the same ports."""
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT, env=self.env)
        self.pid = self.process.pid
        wait_for(self.is_answering, 20, "the server answers")

    def is_answering(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.argv} ended with {self.process.returncode}: {self.output()}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def is_alive(self):
        return self.process.poll() is None

    def stop(self, how=signal.SIGTERM):
        """Ends it with a signal and gives its exit status, which is 0 for one that may end in peace."""
        was_alive = self.is_alive()
        if was_alive:
            os.kill(self.pid, how)
        status = self.process.wait(30)
        if was_alive and how == signal.SIGTERM and status:
            raise AssertionError(f"{self.argv} ended with {status}: {self.output()}")
        return status

    def kill(self):
        if self.is_alive():
            self.process.kill()
        self.process.wait(30)

    def client(self, service="dynamodb", **config):
        import boto3
        from botocore.config import Config
        settings = {"retries": {"max_attempts": 0}, "read_timeout": 30, **config}
        return boto3.client(service, endpoint_url=self.dynamodb_url, config=Config(**settings))

    def resource(self):
        import boto3
        return boto3.resource("dynamodb", endpoint_url=self.dynamodb_url)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()


def failure_of(call, **arguments):
    """The parsed error that a boto3 call raises: its code, message, status and response."""
    from botocore.exceptions import ClientError
    try:
        answer = call(**arguments)
    except ClientError as error:
        return error
    raise AssertionError(f"expected an error, got {answer}")


def code_of(error):
    return error.response["Error"]["Code"]


def message_of(error):
    return error.response["Error"]["Message"]


def make_table(client, name="things", sort_key=True, **more):
    """A table with pk and sk of type S, on demand."""
    attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
    if sort_key:
        attributes.append({"AttributeName": "sk", "AttributeType": "S"})
        keys.append({"AttributeName": "sk", "KeyType": "RANGE"})
    attributes += more.pop("attributes", [])
    answer = client.create_table(
        TableName=name, AttributeDefinitions=attributes, KeySchema=keys,
        BillingMode="PAY_PER_REQUEST", **more)
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    return answer["TableDescription"]
