"""Item collections of tables with local indexes: at their bound, and what the metrics say."""
import signal

from harness import Server, Suite, code_of, failure_of, message_of, run, temporary_folder

suite = Suite(__doc__)
KB = 1000
TOO_LARGE = ("ItemCollectionSizeLimitExceededException", "Collection size exceeded.")


def make(client, name="things", is_local=True):
    index = {"IndexName": "by-n", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                                                {"AttributeName": "n", "KeyType": "RANGE"}],
             "Projection": {"ProjectionType": "ALL"}}
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": t} for a, t in (("pk", "S"), ("sk", "S"), ("n", "N"))],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        **{"LocalSecondaryIndexes" if is_local else "GlobalSecondaryIndexes": [index]})


def item(sk, size, pk="p", n=None):
    return {"pk": {"S": pk}, "sk": {"S": sk}, "pad": {"S": "x" * size}, **({"n": {"N": str(n)}} if n else {})}


def put(client, sk, size, **more):
    return client.put_item(TableName="things", Item=item(sk, size, **more), ReturnItemCollectionMetrics="SIZE")


def check_too_large(call, **arguments):
    error = failure_of(call, **arguments)
    assert (code_of(error), message_of(error)) == TOO_LARGE, error


@suite.test
def writes_beyond_the_bound_are_refused():
    with Server("dynamodb", "--collection-mb", 1) as server:
        client = server.client()
        make(client)
        make(client, "unbounded", is_local=False)
        for sk in ("a", "b"):
            put(client, sk, 390 * KB)
        check_too_large(put, client=client, sk="c", size=300 * KB)
        check_too_large(put, client=client, sk="c", size=200 * KB, n=1)  # twice, with its entry
        answer = put(client, "c", 200 * KB)
        assert answer["ItemCollectionMetrics"] == {
            "ItemCollectionKey": {"pk": {"S": "p"}}, "SizeEstimateRangeGB": [0.0, 1.0]}, answer
        check_too_large(client.update_item, TableName="things", Key={"pk": {"S": "p"}, "sk": {"S": "c"}},
                        UpdateExpression="SET extra = :e", ExpressionAttributeValues={":e": {"S": "x" * 100 * KB}})
        check_too_large(client.batch_write_item, RequestItems={"things": [
            {"PutRequest": {"Item": item("x", 10, pk="q")}}, {"PutRequest": {"Item": item("d", 100 * KB)}}]})
        check_too_large(client.execute_statement,
                        Statement=f"INSERT INTO things VALUE {{'pk': 'p', 'sk': 'd', 'pad': '{'x' * 7000}', "
                                  f"'more': '{'x' * 1000}', 'big': ?}}", Parameters=[{"S": "x" * 100 * KB}])
        assert client.scan(TableName="things", Select="COUNT")["Count"] == 3
        put(client, "a", 10, pk="other")
        client.delete_item(TableName="things", Key={"pk": {"S": "p"}, "sk": {"S": "a"}})
        put(client, "c", 200 * KB, n=1)
        for sk in "abcdef":
            client.put_item(TableName="unbounded", Item=item(sk, 390 * KB, n=1))


@suite.test
def a_transaction_says_which_of_its_actions():
    with Server("dynamodb", "--collection-mb", 1) as server:
        client = server.client()
        make(client)
        for sk in ("a", "b"):
            put(client, sk, 390 * KB)
        error = failure_of(client.transact_write_items, TransactItems=[
            {"Put": {"TableName": "things", "Item": item("a", 10, pk="q")}},
            {"Put": {"TableName": "things", "Item": item("c", 390 * KB)}},
            {"Delete": {"TableName": "things", "Key": {"pk": {"S": "p"}, "sk": {"S": "b"}}}}])
        assert code_of(error) == "TransactionCanceledException", error
        assert [reason["Code"] for reason in error.response["CancellationReasons"]] == [
            "None", "ItemCollectionSizeLimitExceeded", "None"], error.response
        assert error.response["CancellationReasons"][1]["Message"] == TOO_LARGE[1]
        assert "[None, ItemCollectionSizeLimitExceeded, None]" in message_of(error)
        assert client.scan(TableName="things", Select="COUNT")["Count"] == 2


@suite.test
def weights_outlive_kill_nine_and_restores():
    data = temporary_folder()
    with Server("dynamodb", "--data", data, "--collection-mb", 1) as server:
        client = server.client()
        make(client)
        for sk in ("a", "b"):
            put(client, sk, 390 * KB)
        arn = client.create_backup(TableName="things", BackupName="before")["BackupDetails"]["BackupArn"]
        server.stop(signal.SIGKILL)
        server.start()
        check_too_large(put, client=client, sk="c", size=300 * KB)
        client.get_waiter("table_exists")
        while client.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] != "AVAILABLE":
            pass
        client.delete_table(TableName="things")
        client.restore_table_from_backup(TargetTableName="things", BackupArn=arn)
        client.get_waiter("table_exists").wait(TableName="things", WaiterConfig={"Delay": 1})
        check_too_large(put, client=client, sk="c", size=300 * KB)
        put(client, "c", 200 * KB)
        server.stop()
    checked = run("fsck", "--data", data)
    assert checked.returncode == 0, checked.stdout


@suite.test
def a_bound_is_a_number():
    for wrong in (0, (1 << 30) + 1):
        refused = run("dynamodb", "--port", "0", "--collection-mb", wrong)
        assert refused.returncode == 2 and "--collection-mb is a number from 1 to" in refused.stderr, refused


suite.main()
