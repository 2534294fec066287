"""The program from outside: flags, ports, data folders, signals."""
import os
import signal
import socket
import subprocess
import threading

from harness import ROOT, Server, Suite, free_port, make_table, program, run, temporary_folder, wait_for

suite = Suite(__doc__)


# -- words -----------------------------------------------------------------------------------------

@suite.test
def version_and_help():
    assert run("version").stdout == run("--version").stdout
    assert run("version").stdout.startswith("cruddur ")
    help_text = run("help").stdout
    assert help_text == run("--help").stdout == run("-h").stdout
    for command in ("serve", "dynamodb", "tokens", "ddb seed", "db seed", "version"):
        assert f"\n  {command} " in help_text, command


@suite.test
def every_command_explains_itself():
    names = [line[2:26].strip() for line in run("help").stdout.splitlines() if line.startswith("  ")]
    assert len(names) > 10
    for name in names:
        done = run(*name.split(), "--help")
        assert done.returncode == 0 and done.stdout.startswith(f"usage: cruddur {name}"), (name, done)


@suite.test
def no_command_and_unknown_commands_exit_2():
    for words in ((), ("frobnicate",), ("ddb", "frobnicate"), ("ddb",), ("db",)):
        done = run(*words)
        assert done.returncode == 2 and done.stdout == "" and "cruddur" in done.stderr, (words, done)
    assert "ddb list-tables" in run("ddb").stderr


@suite.test
def wrong_flags_are_named_and_exit_2():
    for words, message in (
            (("dynamodb", "--prot", "1"), "unknown flag --prot; did you mean --port?"),
            (("dynamodb", "--port", "70000"), '--port takes a port number from 0 to 65535, not "70000"'),
            (("dynamodb", "--port", "eighty"), '--port takes a port number from 0 to 65535, not "eighty"'),
            (("dynamodb", "--port"), "--port needs a value"),
            (("dynamodb", "here"), 'unexpected word "here"'),
            (("serve", "--dynamodb-prot", "1"), "unknown flag --dynamodb-prot; did you mean --dynamodb-port?"),
            (("dynamodb", "--bind", "localhost"), '--bind takes an IP address such as 127.0.0.1 or ::, not "localhost"'),
            (("serve", "--bind", "everywhere"), '--bind takes an IP address such as 127.0.0.1 or ::, not "everywhere"'),
            (("dynamodb", "--bucket-dir", "/nowhere"), "--bucket-dir /nowhere is no folder"),
            (("dynamodb", "--trigger", "T=http://x", "--port", "0"), '--trigger: "T" is no table\'s name'),
            (("tokens", "--dat", "x"), "unknown flag --dat; did you mean --data?")):
        done = run(*words)
        assert done.returncode == 2 and done.stdout == "", (words, done)
        assert message in done.stderr and f"`cruddur {words[0]} --help`" in done.stderr, (words, done.stderr)


# -- ports -----------------------------------------------------------------------------------------

@suite.test
def a_taken_port_names_its_flag():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("dynamodb", "--in-memory", "--port", port)
        assert done.returncode == 1 and port in done.stderr and "--port" in done.stderr, done
        done = run("serve", "--in-memory", "--port", port, "--dynamodb-port", str(free_port()))
        assert done.returncode == 1 and port in done.stderr and "--port" in done.stderr, done
        done = run("serve", "--in-memory", "--port", str(free_port()), "--dynamodb-port", port)
        assert done.returncode == 1 and port in done.stderr and "--dynamodb-port" in done.stderr, done


@suite.test
def a_store_elsewhere_that_is_not_there_names_its_flag():
    done = run("serve", "--dynamodb", "http://127.0.0.1:1", "--port", "0", "--data", temporary_folder())
    assert done.returncode == 1 and "--dynamodb http://127.0.0.1:1: " in done.stderr, done


@suite.test
def only_the_loopback_is_served():
    with Server("dynamodb", "--in-memory") as server:
        with open(f"/proc/{server.pid}/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table.readlines()[1:]]
        bound = [row[1].split(":")[0] for row in rows
                 if row[3] == "0A" and int(row[1].split(":")[1], 16) == server.port]
        assert bound == ["0100007F"], bound
    done = run("dynamodb", "--in-memory", "--port", "0", "--bind", "0.0.0.0")
    assert done.returncode != 0 and "--any-credentials" in done.stderr, done.stderr


@suite.test
def the_flags_of_dynamodb_local_work():
    port = free_port()
    process = subprocess.Popen([program(), "dynamodb", "-inMemory", "-sharedDb", "-port", str(port)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def is_answering():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0
        wait_for(is_answering)
    finally:
        process.terminate()
        process.wait(10)


# -- data folders ----------------------------------------------------------------------------------

@suite.test
def a_data_folder_serves_one_process():
    folder = temporary_folder()
    with Server("dynamodb", "--data", folder) as server:
        done = run("dynamodb", "--data", folder, "--port", free_port())
        assert done.returncode == 1 and folder in done.stderr and "in use" in done.stderr, done
        assert "--data" in done.stderr, done.stderr
        make_table(server.client())  # the first one is not disturbed
    with Server("dynamodb", "--data", folder) as server:  # and it is free again after kill -9
        assert server.client().list_tables()["TableNames"] == ["things"]


@suite.test
def a_folder_that_cannot_be_made_is_said():
    for folder in ("/proc/nothing/here", "/dev/null/x"):
        done = run("dynamodb", "--data", folder, "--port", free_port())
        assert done.returncode == 1 and os.path.dirname(folder) in done.stderr, done


@suite.test
def data_survives_a_restart():
    folder = os.path.join(temporary_folder(), "made", "on", "the", "way")
    with Server("dynamodb", "--data", folder) as server:
        client = server.client()
        make_table(client)
        client.put_item(TableName="things", Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
        assert server.stop() == 0
    with Server("dynamodb", "--data", folder) as server:
        assert server.client().scan(TableName="things")["Count"] == 1


# -- signals ---------------------------------------------------------------------------------------

def end_under_load(how):
    """Ends a server while clients write; every acknowledged write must be there afterwards."""
    folder = temporary_folder()
    acknowledged = []
    server = Server("dynamodb", "--data", folder)
    make_table(server.client())

    def write(number):
        client = server.client()
        for i in range(100000):
            try:
                client.put_item(TableName="things", Item={"pk": {"S": str(number)}, "sk": {"S": f"{i:06d}"}})
            except Exception:  # the server has gone
                return
            acknowledged.append((str(number), f"{i:06d}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(acknowledged) > 200, 30, "200 writes")
    status = server.stop(how)
    for thread in threads:
        thread.join(30)
    assert status == 0, (status, server.output())
    with Server("dynamodb", "--data", folder) as again:
        stored = set()
        for page in again.client().get_paginator("scan").paginate(TableName="things"):
            stored |= {(item["pk"]["S"], item["sk"]["S"]) for item in page["Items"]}
    missing = set(acknowledged) - stored
    assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged writes are gone"


@suite.test
def ctrl_c_in_the_middle_of_writing():
    end_under_load(signal.SIGINT)


@suite.test
def sigterm_in_the_middle_of_writing():
    end_under_load(signal.SIGTERM)


@suite.test
def ctrl_c_at_once():
    for _ in range(5):
        with Server("dynamodb", "--in-memory") as server:
            assert server.stop(signal.SIGINT) == 0


@suite.test
def a_full_pipe_does_not_kill_quietly():
    """Output that cannot be written is an error."""
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([program(), "help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=10)
    assert done.returncode == 1 and "cannot write the output" in done.stderr, done


suite.main()
