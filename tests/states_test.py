"""--transient-states: tables and indexes are CREATING, UPDATING and DELETING for a moment, as at AWS."""
import time

from harness import Server, Suite, code_of, failure_of, message_of, run, wait_for

suite = Suite(__doc__)
LASTS = 0.8
server = Server("dynamodb", "--transient-states", int(LASTS * 1000))
client = server.client()
IN_USE = "Attempt to change a resource which is still in use: Table is being "


def create(name, **more):
    return client.create_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST", **more)["TableDescription"]


def describe(name):
    return client.describe_table(TableName=name)["Table"]


def status(name):
    return describe(name)["TableStatus"]


def active(name):
    create(name)
    wait_for(lambda: status(name) == "ACTIVE")


def check_in_use(call, word, name, **arguments):
    error = failure_of(call, TableName=name, **arguments)
    assert code_of(error) == "ResourceInUseException" and message_of(error) == IN_USE + f"{word}: {name}", error


@suite.test
def a_new_table_is_creating():
    made = create("new")
    assert made["TableStatus"] == "CREATING" and describe("new") == made
    error = failure_of(client.put_item, TableName="new", Item={"pk": {"S": "a"}})
    assert code_of(error) == "ResourceNotFoundException" and message_of(error) == "Requested resource not found"
    for call, more in ((client.get_item, {"Key": {"pk": {"S": "a"}}}), (client.scan, {})):
        assert code_of(failure_of(call, TableName="new", **more)) == "ResourceNotFoundException"
    check_in_use(client.delete_table, "created", "new")
    check_in_use(client.update_table, "created", "new", BillingMode="PAY_PER_REQUEST")
    check_in_use(client.update_time_to_live, "created", "new",
                 TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    assert code_of(failure_of(create, name="new")) == "ResourceInUseException"
    client.get_waiter("table_exists").wait(TableName="new", WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    assert status("new") == "ACTIVE"
    client.put_item(TableName="new", Item={"pk": {"S": "a"}})


@suite.test
def an_update_is_updating():
    active("changed")
    client.put_item(TableName="changed", Item={"pk": {"S": "a"}})
    answer = client.update_table(TableName="changed", BillingMode="PROVISIONED",
                                 ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5})
    assert answer["TableDescription"]["TableStatus"] == status("changed") == "UPDATING"
    client.put_item(TableName="changed", Item={"pk": {"S": "b"}})
    assert client.scan(TableName="changed")["Count"] == 2
    check_in_use(client.delete_table, "updated", "changed")
    check_in_use(client.update_table, "updated", "changed", BillingMode="PAY_PER_REQUEST")
    wait_for(lambda: status("changed") == "ACTIVE")
    assert describe("changed")["ProvisionedThroughput"]["ReadCapacityUnits"] == 5


@suite.test
def indexes_are_created_and_deleted():
    active("indexed")
    client.put_item(TableName="indexed", Item={"pk": {"S": "a"}, "g": {"S": "1"}})
    client.update_table(
        TableName="indexed", AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"}}}])
    seen = describe("indexed")
    assert (seen["TableStatus"], seen["GlobalSecondaryIndexes"][0]["IndexStatus"]) == ("UPDATING", "CREATING")
    question = {"TableName": "indexed", "IndexName": "by-g", "KeyConditionExpression": "g = :g",
                "ExpressionAttributeValues": {":g": {"S": "1"}}}
    error = failure_of(client.query, **question)
    assert message_of(error) == "Cannot read from backfilling global secondary index: by-g", error
    error = failure_of(client.execute_statement, Statement="SELECT * FROM indexed.\"by-g\" WHERE g = '1'")
    assert message_of(error) == "Cannot read from backfilling global secondary index: by-g", error
    client.put_item(TableName="indexed", Item={"pk": {"S": "b"}, "g": {"S": "1"}})
    wait_for(lambda: status("indexed") == "ACTIVE")
    assert describe("indexed")["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    assert client.query(**question)["Count"] == 2
    client.update_table(TableName="indexed", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-g"}}])
    seen = describe("indexed")
    assert (seen["TableStatus"], seen["GlobalSecondaryIndexes"][0]["IndexStatus"]) == ("UPDATING", "DELETING")
    wait_for(lambda: "GlobalSecondaryIndexes" not in describe("indexed"))


@suite.test
def a_deleted_table_is_deleting():
    active("gone")
    answer = client.delete_table(TableName="gone")["TableDescription"]
    started = time.monotonic()
    assert answer["TableStatus"] == "DELETING" and describe("gone") == answer
    assert "gone" in client.list_tables()["TableNames"]
    assert client.list_tables(ExclusiveStartTableName="gond", Limit=1)["TableNames"] == ["gone"]
    check_in_use(client.delete_table, "deleted", "gone")
    error = failure_of(create, name="gone")
    assert code_of(error) == "ResourceInUseException" and message_of(error) == "Table already exists: gone"
    assert code_of(failure_of(client.scan, TableName="gone")) == "ResourceNotFoundException"
    assert time.monotonic() - started < LASTS, "the machine is too slow for this test"
    client.get_waiter("table_not_exists").wait(TableName="gone", WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    assert "gone" not in client.list_tables()["TableNames"]
    assert create("gone")["TableStatus"] == "CREATING"


@suite.test
def lists_are_paged_with_deleted_tables():
    for name in ("page1", "page2", "page3", "page4"):
        create(name)
    wait_for(lambda: all(status(name) == "ACTIVE" for name in ("page1", "page2", "page3", "page4")))
    client.delete_table(TableName="page2")
    client.delete_table(TableName="page4")
    seen, start = [], "pag"
    while start:
        answer = client.list_tables(ExclusiveStartTableName=start, Limit=1)
        seen += answer["TableNames"]
        start = answer.get("LastEvaluatedTableName")
    assert seen == ["page1", "page2", "page3", "page4"], seen


@suite.test
def time_to_live_is_enabling_and_disabling():
    active("timed")

    def update(enabled):
        return client.update_time_to_live(TableName="timed", TimeToLiveSpecification={
            "Enabled": enabled, "AttributeName": "until"})

    def seen():
        return client.describe_time_to_live(TableName="timed")["TimeToLiveDescription"]

    for enabled, changing, changed in ((True, "ENABLING", {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}),
                                       (False, "DISABLING", {"TimeToLiveStatus": "DISABLED"})):
        answer = update(enabled)["TimeToLiveSpecification"]
        assert answer == {"Enabled": enabled, "AttributeName": "until"}
        assert seen() == {"TimeToLiveStatus": changing, "AttributeName": "until"}
        error = failure_of(update, enabled=not enabled)
        assert code_of(error) == "ValidationException", error
        assert message_of(error) == "Time to live has been modified multiple times within a fixed interval"
        assert status("timed") == "ACTIVE"
        wait_for(lambda: seen() == changed)
    update(True)
    client.delete_table(TableName="timed")
    client.get_waiter("table_not_exists").wait(TableName="timed", WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    create("timed")
    assert seen() == {"TimeToLiveStatus": "DISABLED"}, "of another table"


@suite.test
def nothing_lasts_over_a_restart_but_the_change():
    from harness import temporary_folder
    folder = temporary_folder()
    with Server("dynamodb", "--data", folder, "--transient-states", 600000) as slow:
        other = slow.client()
        for name in ("kept", "dropped"):
            other.create_table(TableName=name, AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                               KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
        assert other.describe_table(TableName="kept")["Table"]["TableStatus"] == "CREATING"
        slow.stop()
        slow.start()
        assert other.describe_table(TableName="kept")["Table"]["TableStatus"] == "ACTIVE"
        other.delete_table(TableName="dropped")
        slow.stop()
        slow.start()
        assert other.list_tables()["TableNames"] == ["kept"]


@suite.test
def dynamodb_locals_flag_delays_too():
    with Server("dynamodb", "-delayTransientStatuses") as delayed:
        delayed.client().create_table(
            TableName="things", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
        assert delayed.client().describe_table(TableName="things")["Table"]["TableStatus"] == "CREATING"
    assert run("dynamodb", "--port", "0", "--transient-states", "9999999999").returncode != 0


suite.main()
