"""dynamodb-admin as a client: its pages, asked for as a browser would."""
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from harness import Server, Suite, free_port, wait_for  # noqa: E402 (its folder is known only now)

suite = Suite(__doc__)


class Admin:
    """A dynamodb-admin on a free port, for one server."""

    def __init__(self, server):
        self.port = free_port()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["node", "node_modules/dynamodb-admin/dist/dynamodb-admin.js", "--host", "127.0.0.1", "--port", str(self.port),
             "--dynamo-endpoint", server.url],
            cwd=HERE, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        wait_for(self.is_answering, 20, "dynamodb-admin answers")

    def is_answering(self):
        assert self.process.poll() is None, "dynamodb-admin has ended"
        with contextlib.suppress(OSError):
            return self.ask("GET", "/api/tables")[0] == 200

    def ask(self, method, path, body=None):
        """The status and the text."""
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method, data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def need(self, method, path, body=None):
        status, text = self.ask(method, path, body)
        assert status in (200, 204), (method, path, status, text)
        return text

    def items(self, table, **query):
        """What its page of a table shows."""
        return json.loads(self.need("GET", f"/tables/{table}/items?" + urllib.parse.urlencode(
            {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()})))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait(20)


def make_music(admin):
    admin.need("POST", "/create-table", {
        "TableDefinition": {
            "TableName": "Music", "HashAttributeName": "Artist", "HashAttributeType": "S", "RangeAttributeName": "Song",
            "RangeAttributeType": "S", "ReadCapacityUnits": 3, "WriteCapacityUnits": 3},
        "SecondaryIndexes": [{
            "IndexName": "ByYear", "IndexType": "global", "HashAttributeName": "Year", "HashAttributeType": "N",
            "ReadCapacityUnits": 3, "WriteCapacityUnits": 3}]})


@suite.test
def tables_are_made_listed_shown_and_deleted():
    with Server("dynamodb") as server, Admin(server) as admin:
        assert json.loads(admin.need("GET", "/api/tables")) == []
        make_music(admin)
        assert "Music" in admin.need("GET", "/")
        (table,) = json.loads(admin.need("GET", "/api/tables"))
        assert table["TableName"] == "Music" and table["GlobalSecondaryIndexes"][0]["IndexName"] == "ByYear", table
        for page in ("/tables/Music", "/tables/Music/meta", "/tables/Music/get", "/tables/Music/add-item", "/create-table"):
            assert "<html" in admin.need("GET", page), page
        admin.need("DELETE", "/tables/Music")
        assert json.loads(admin.need("GET", "/api/tables")) == []
        status, text = admin.ask("GET", "/tables/Music/items")
        assert status == 500 and "ResourceNotFoundException" in text, (status, text)


@suite.test
def items_are_added_browsed_changed_and_deleted():
    with Server("dynamodb") as server, Admin(server) as admin:
        make_music(admin)
        for i in range(30):
            item = {"Artist": f"a{i % 2}", "Song": f"s{i:02}", "Year": 1990 + i % 3, "tags": ["x", {"deep": None}]}
            shown = json.loads(admin.need("PUT", "/tables/Music/add-item", item))
            assert shown == {"Artist": item["Artist"], "Song": item["Song"]}, shown
        first = admin.items("Music")
        assert len(first["Items"]) == 25 and first["uniqueKeys"][:2] == ["Artist", "Song"], first
        second = admin.items("Music", startKey=urllib.parse.unquote(first["nextKey"]), pageNum="2")
        songs = {item["Song"] for page in (first, second) for item in page["Items"]}
        assert len(second["Items"]) == 5 and len(songs) == 30 and not second["nextKey"], second
        found = admin.items("Music", operationType="query", filters={
            "Artist": {"type": "S", "operator": "=", "value": "a1"}, "Song": {"type": "S", "operator": "begins_with", "value": "s0"}})
        assert [item["Song"] for item in found["Items"]] == ["s01", "s03", "s05", "s07", "s09"], found
        found = admin.items("Music", operationType="query", queryableSelection="ByYear", filters={
            "Year": {"type": "N", "operator": "=", "value": "1991"}})
        assert len(found["Items"]) == 10, found
        found = admin.items("Music", filters={"Year": {"type": "N", "operator": ">", "value": "1991"}})
        assert len(found["Items"]) == 10, found
        assert "s01" in admin.need("GET", "/tables/Music/items/a1,s01")
        changed = {"Artist": "a1", "Song": "s01", "Year": 2000}
        assert json.loads(admin.need("PUT", "/tables/Music/items/a1,s01", changed)) == changed
        admin.need("DELETE", "/tables/Music/items/a1,s01")
        assert admin.ask("GET", "/tables/Music/items/a1,s01")[0] == 404
        admin.need("DELETE", "/tables/Music/all")
        assert admin.items("Music")["Items"] == []


@suite.test
def what_is_refused_is_told():
    with Server("dynamodb") as server, Admin(server) as admin:
        make_music(admin)
        status, text = admin.ask("PUT", "/tables/Music/add-item", {"Artist": "a"})
        assert status == 500 and "ValidationException" in text, (status, text)
        status, text = admin.ask("POST", "/create-table", {"TableDefinition": {
            "TableName": "Music", "HashAttributeName": "Artist", "HashAttributeType": "S", "ReadCapacityUnits": 1,
            "WriteCapacityUnits": 1}})
        assert status == 500 and "ResourceInUseException" in text, (status, text)


suite.main()
