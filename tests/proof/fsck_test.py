"""cruddur fsck: what it finds, what --adopt takes over, and how it ends."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Server, Suite, run, temporary_folder

suite = Suite(__doc__)
TABLE = "cruddur-messages"
GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
ANDREW, BAYKO = "0a1b2c3d-0000-4000-8000-00000000000a", "0a1b2c3d-0000-4000-8000-00000000000b"


def minute(number):
    return f"2026-11-01T10:{number:02d}:00.000000+00:00"


def text(**attributes):
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in attributes.items()}


def message(number, sk=None, **more):
    return text(pk="MSG#" + GROUP, sk=sk or minute(number), message_uuid=f"m{number}", message=f"text {number}",
                user_uuid=ANDREW, user_display_name="Andrew Brown", user_handle="andrewbrown", **more)


def group_row(owner, other, sk, **more):
    return text(pk="GRP#" + owner, sk=sk, message_group_uuid=GROUP, message="preview", user_uuid=other,
                user_display_name="Somebody", user_handle="somebody", **more)


def make_messages_table(client):
    client.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "message_group_uuid")],
        GlobalSecondaryIndexes=[{
            "IndexName": "message-group-sk-index", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "message_group_uuid", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]}])


class Folder:
    """A data folder with rows as other programs write them."""

    def __init__(self, *rows):
        self.data = os.path.join(temporary_folder(), "data")
        with Server("dynamodb", "--data", self.data) as server:
            make_messages_table(server.client())
            server.stop()
        self.put(*rows)

    def put(self, *rows, delete=()):
        with Server("dynamodb", "--data", self.data) as server:
            client = server.client()
            for row in rows:
                client.put_item(TableName=TABLE, Item=row)
            for pk, sk in delete:
                client.delete_item(TableName=TABLE, Key=text(pk=pk, sk=sk))
            server.stop()

    def fsck(self, *flags):
        return run("fsck", "--data", self.data, *flags)

    def finds(self, status, *pieces, flags=()):
        found = self.fsck(*flags)
        assert found.returncode == status, (found.returncode, found.stdout, found.stderr)
        for piece in pieces:
            assert piece in found.stdout, (piece, found.stdout)
        return found.stdout


def conversation(*messages):
    rows = [group_row(ANDREW, BAYKO, minute(1)), group_row(BAYKO, ANDREW, minute(1))]
    return Folder(*rows, *(messages or [message(1), message(2), message(3)]))


@suite.test
def an_empty_table_and_no_table_agree():
    data = os.path.join(temporary_folder(), "data")
    with Server("dynamodb", "--data", data) as server:
        server.stop()
    found = run("fsck", "--data", data)
    assert (found.returncode, found.stdout.splitlines()[-1]) == (0, "all agrees"), found
    Folder().finds(0, "0 conversations, 0 messages", "all agrees")


@suite.test
def what_nobody_took_over_is_found_and_adopted():
    folder = conversation()
    folder.finds(1, "3 messages have no number; --adopt", f"group row of {ANDREW}", "has no #STATE; --adopt")
    out = folder.finds(0, "1 conversations, 3 messages, 2 group rows", flags=["--adopt"])
    assert "5 rows adopted, 0 left" in out, out
    folder.finds(0, "all agrees")


@suite.test
def messages_without_any_group_row_are_left():
    folder = Folder(message(1))
    folder.finds(1, "0 rows adopted, 1 left", "1 messages have no number", flags=["--adopt"])


@suite.test
def holes_doubles_and_ends_of_numbers_are_found():
    folder = conversation(*[message(number) for number in range(1, 7)])
    folder.finds(0, flags=["--adopt"])
    folder.put(delete=[("MSG#" + GROUP, minute(2)), ("MSG#" + GROUP, minute(3))])
    folder.finds(1, "messages 2 to 3 are missing")
    folder.put(message(5, seq=1), delete=[("MSG#" + GROUP, minute(6))])
    folder.finds(1, "number 1 stands twice", "messages 2 to 3 are missing", "messages 5 to 6 are missing")
    folder.put(message(9, seq=9))
    folder.finds(1, "messages up to 9, but #STATE knows only 6")


@suite.test
def wrong_group_rows_are_found():
    folder = conversation()
    folder.finds(0, flags=["--adopt"])
    folder.put(group_row(ANDREW, BAYKO, minute(2), seq=3))
    folder.finds(1, f"group rows of {ANDREW}: two for {GROUP}", f"stands at {minute(2)}, the conversation at {minute(3)}")
    folder.put(delete=[("GRP#" + ANDREW, minute(2)), ("GRP#" + BAYKO, minute(3))])
    folder.finds(1, f"member {BAYKO} has no group row where it stands")


@suite.test
def keys_that_are_no_times_or_lie_far_ahead_are_found():
    folder = conversation(message(1), message(2, sk="yesterday"), message(3, sk="2099-01-01T00:00:00.000000+00:00"))
    folder.finds(1, "the key yesterday is no time", "the key 2099-01-01T00:00:00.000000+00:00 lies", "hours ahead", flags=["--adopt"])


@suite.test
def such_keys_are_mended_in_the_order_of_the_numbers():
    """Messages 2, 3 and 6 of six, and an attribute that is none of ours."""
    odd = {**message(2, sk="yesterday", seq=2), "theirs": {"M": {"deep": {"L": [{"BOOL": True}]}}}}
    folder = conversation(*[message(number) for number in (1, 4, 5)])
    folder.finds(0, flags=["--adopt"])  # numbers 1 to 3
    folder.put(odd, message(3, sk="tomorrow", seq=3), message(4, seq=4), message(5, seq=5),
               message(6, sk="2099-01-01T00:00:00.000000+00:00", seq=6))
    with Server("dynamodb", "--data", folder.data) as server:
        for row in [text(pk="CNV#" + GROUP, sk="#STATE"), *(text(pk="GRP#" + who, sk=minute(5)) for who in (ANDREW, BAYKO))]:
            server.client().update_item(TableName=TABLE, Key=row, UpdateExpression="SET seq = :n",
                                        ExpressionAttributeValues={":n": {"N": "6"}})
        server.stop()
    folder.finds(1, "the key yesterday is no time")
    out = folder.finds(0, "all agrees", flags=["--reclock"])
    assert "3 keys mended, 0 left" in out, out
    with Server("dynamodb", "--data", folder.data) as server:
        items, rows = [server.client().query(
            TableName=TABLE, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": pk}})["Items"]
            for pk in ("MSG#" + GROUP, "GRP#" + BAYKO)]
        server.stop()
    assert [item["seq"]["N"] for item in items] == list("123456"), items
    assert items[1] == {**odd, "sk": {"S": minute(1).replace("000000", "000001")}}, items[1]
    assert [(row["sk"], row["message"]["S"]) for row in rows] == [(items[5]["sk"], "text 6")], rows


@suite.test
def counts_after_a_kill_are_mended_not_found():
    folder = Folder()
    server = Server("dynamodb", "--data", folder.data)
    for number in range(20):
        server.client().put_item(TableName=TABLE, Item=text(pk="X#1", sk=str(number), message_group_uuid="g"))
    server.stop(signal.SIGKILL)
    folder.finds(0, "1 tables, 20 items, 20 index entries", "all agrees")


@suite.test
def a_folder_in_use_none_and_a_damaged_one_are_not_looked_at():
    folder = Folder(text(pk="X#1", sk="1"))
    with Server("dynamodb", "--data", folder.data) as server:
        found = folder.fsck()
        assert found.returncode == 2 and "in use" in found.stderr, found
        server.stop()
    found = run("fsck", "--data", os.path.join(folder.data, "none"))
    assert found.returncode == 2 and "holds no data" in found.stderr, found
    assert not os.path.exists(os.path.join(folder.data, "none"))
    with open(os.path.join(folder.data, "CURRENT"), "w", encoding="ascii") as current:
        current.write("MANIFEST-999999\n")
    found = folder.fsck()
    assert found.returncode == 2 and found.stderr, found


@suite.test
def a_damaged_file_is_found_not_an_end():
    """A flipped byte in each table file: its checksum tells."""
    folder = Folder(*[text(pk=f"X#{i}", sk="1", pad="x" * 500) for i in range(50)])
    for name in os.listdir(folder.data):
        if name.endswith(".sst"):
            with open(os.path.join(folder.data, name), "r+b") as file:
                file.seek(100)
                byte = file.read(1)
                file.seek(100)
                file.write(bytes([byte[0] ^ 0xff]))
    found = folder.fsck()
    assert found.returncode == 2 and "orrupt" in found.stderr, found


suite.main()
