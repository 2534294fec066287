"""Exports to and imports from a folder in the bucket's place, and backups over a restart."""
import base64
import gzip
import hashlib
import json
import os
import signal
import time
import urllib.request
import uuid

from harness import Server, Skip, Suite, code_of, failure_of, make_table, message_of, temporary_folder, wait_for

suite = Suite(__doc__)
buckets = temporary_folder()
server = Server("dynamodb", "--in-memory", "--bucket-dir", buckets)
client = server.client()
ACCOUNT = "arn:aws:dynamodb:us-east-1:000000000000"


def ask(operation, request, url=None):
    """For what Debian's botocore does not know yet."""
    message = urllib.request.Request(
        url or server.url, json.dumps(request).encode(),
        {"X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0",
         "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, "
                          "SignedHeaders=host, Signature=0", "X-Amz-Date": "20260101T000000Z"})
    try:
        with urllib.request.urlopen(message) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def bucket():
    name = "bucket-" + uuid.uuid4().hex[:8]
    os.mkdir(os.path.join(buckets, name))
    return name


def table_name():
    return "t-" + uuid.uuid4().hex[:8]


def with_recovery(items=()):
    name = table_name()
    make_table(client, name, sort_key=False)
    client.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    for item in items:
        client.put_item(TableName=name, Item=item)
    return name, f"{ACCOUNT}:table/{name}"


def ended_export(arn, client=client):
    return wait_for(lambda: (d := client.describe_export(ExportArn=arn)["ExportDescription"])["ExportStatus"]
                    != "IN_PROGRESS" and d)


def ended_import(arn, client=client):
    return wait_for(lambda: (d := client.describe_import(ImportArn=arn)["ImportTableDescription"])["ImportStatus"]
                    != "IN_PROGRESS" and d)


def read(name, key, mode="rb"):
    with open(os.path.join(buckets, name, key), mode) as file:
        return file.read()


def check_sum(name, key, sum_key):
    wanted = base64.b64encode(hashlib.md5(read(name, key)).digest()).decode()
    assert read(name, sum_key, "r") == wanted


def lines_of(name, description):
    """What the export's manifests lead to, all sums checked."""
    summary_key = description["ExportManifest"]
    folder = os.path.dirname(summary_key)
    summary = json.loads(read(name, summary_key))
    check_sum(name, summary_key, folder + "/manifest-summary.md5")
    check_sum(name, summary["manifestFilesS3Key"], folder + "/manifest-files.md5")
    lines = []
    for line in read(name, summary["manifestFilesS3Key"], "r").splitlines():
        entry = json.loads(line)
        packed = read(name, entry["dataFileS3Key"])
        assert entry["md5Checksum"] == base64.b64encode(hashlib.md5(packed).digest()).decode()
        assert entry["etag"] == hashlib.md5(packed).hexdigest() + "-1"
        rows = gzip.decompress(packed).decode().splitlines()
        assert entry["itemCount"] == len(rows)
        lines += map(json.loads, rows)
    assert summary["itemCount"] == len(lines) == description["ItemCount"]
    assert summary["billedSizeBytes"] == description["BilledSizeBytes"]
    return summary, lines


def items_of(lines):
    return sorted((line["Item"] for line in lines), key=lambda item: item["pk"]["S"])


def item(number, **more):
    return {"pk": {"S": f"key-{number:05}"}, **more}


# -- exports ---------------------------------------------------------------------------------------

@suite.test
def an_export_has_all_items_and_the_service_s_layout():
    wanted = [item(n, n={"N": str(n)}, text={"S": "ö\n\"" * n}, b={"B": b"\0\xff"},
                   m={"M": {"l": {"L": [{"BOOL": True}, {"NULL": True}]}}}) for n in range(300)]
    name, arn = with_recovery(wanted)
    folder = bucket()
    started = client.export_table_to_point_in_time(TableArn=arn, S3Bucket=folder, S3Prefix="some/where")["ExportDescription"]
    assert started["ExportStatus"] == "IN_PROGRESS" and started["ExportFormat"] == "DYNAMODB_JSON"
    assert started["S3SseAlgorithm"] == "AES256" and started["ClientToken"] and started["TableArn"] == arn
    client.put_item(TableName=name, Item=item(999))  # too late
    done = ended_export(started["ExportArn"])
    assert done["ExportStatus"] == "COMPLETED", done
    export_id = started["ExportArn"].split("/")[-1]
    assert done["ExportManifest"] == f"some/where/AWSDynamoDB/{export_id}/manifest-summary.json"
    assert read(folder, f"some/where/AWSDynamoDB/{export_id}/_started") == b""
    summary, lines = lines_of(folder, done)
    for row in wanted:
        row["b"] = {"B": "AP8="}
    assert items_of(lines) == wanted
    assert summary["version"] == "2020-06-30" and summary["exportArn"] == started["ExportArn"]
    assert summary["s3Bucket"] == folder and summary["s3Prefix"] == "some/where" and summary["s3SseKmsKeyId"] is None
    assert summary["outputFormat"] == "DYNAMODB_JSON" and summary["tableId"] == done["TableId"]
    assert len(summary["exportTime"]) == len("2020-11-04T07:28:34.028Z") and summary["exportTime"].endswith("Z")


@suite.test
def an_empty_table_makes_an_empty_file():
    _, arn = with_recovery()
    folder = bucket()
    done = ended_export(client.export_table_to_point_in_time(TableArn=arn, S3Bucket=folder)["ExportDescription"]["ExportArn"])
    assert done["ExportStatus"] == "COMPLETED" and done["BilledSizeBytes"] == 0 and done["ItemCount"] == 0
    summary, lines = lines_of(folder, done)
    assert lines == [] and summary["s3Prefix"] is None


@suite.test
def an_export_is_of_the_time_it_asks_for():
    name, arn = with_recovery([item(1, v={"N": "1"}), item(2)])
    time.sleep(0.05)
    then = time.time()
    time.sleep(0.05)
    client.put_item(TableName=name, Item=item(1, v={"N": "2"}))
    client.delete_item(TableName=name, Key=item(2))
    folder = bucket()
    answer = ask("ExportTableToPointInTime", {"TableArn": arn, "S3Bucket": folder, "ExportTime": then})
    done = ended_export(answer["ExportDescription"]["ExportArn"])
    assert items_of(lines_of(folder, done)[1]) == [item(1, v={"N": "1"}), item(2)]


@suite.test
def an_incremental_export_has_what_changed():
    name, arn = with_recovery([item(1), item(2), item(3)])
    time.sleep(0.05)
    start = time.time()
    time.sleep(0.05)
    client.put_item(TableName=name, Item=item(2, v={"N": "1"}))
    client.put_item(TableName=name, Item=item(2, v={"N": "2"}))
    client.delete_item(TableName=name, Key=item(3))
    client.put_item(TableName=name, Item=item(4))
    client.put_item(TableName=name, Item=item(5))
    client.delete_item(TableName=name, Key=item(5))
    time.sleep(0.05)
    end = time.time()
    time.sleep(0.05)
    client.put_item(TableName=name, Item=item(2, v={"N": "3"}))
    client.put_item(TableName=name, Item=item(6))
    folder = bucket()
    request = {"TableArn": arn, "S3Bucket": folder, "ExportType": "INCREMENTAL_EXPORT",
               "IncrementalExportSpecification": {"ExportFromTime": start, "ExportToTime": end}}
    done = ended_export(ask("ExportTableToPointInTime", request)["ExportDescription"]["ExportArn"])
    assert done["ExportStatus"] == "COMPLETED", done
    summary, lines = lines_of(folder, done)
    assert summary["exportType"] == "INCREMENTAL_EXPORT" and summary["outputView"] == "NEW_AND_OLD_IMAGES"
    found = {}
    for line in lines:
        micros = int(line.pop("Metadata")["WriteTimestampMicros"]["N"])
        assert start * 1e6 <= micros < end * 1e6
        found[line["Keys"]["pk"]["S"][-1]] = line
    assert found == {
        "2": {"Keys": item(2), "OldImage": item(2), "NewImage": item(2, v={"N": "2"})},
        "3": {"Keys": item(3), "OldImage": item(3)},
        "4": {"Keys": item(4), "NewImage": item(4)}}, found
    request["IncrementalExportSpecification"]["ExportViewType"] = "NEW_IMAGE"
    done = ended_export(ask("ExportTableToPointInTime", request)["ExportDescription"]["ExportArn"])
    assert all("OldImage" not in line for line in lines_of(folder, done)[1]) and done["ItemCount"] == 3


@suite.test
def exports_are_refused_as_by_the_service():
    name = table_name()
    make_table(client, name, sort_key=False)
    arn = f"{ACCOUNT}:table/{name}"
    error = failure_of(client.export_table_to_point_in_time, TableArn=arn, S3Bucket="some-bucket")
    assert code_of(error) == "PointInTimeRecoveryUnavailableException"
    assert message_of(error) == f"Point in time recovery is not enabled for table '{name}'"
    error = failure_of(client.export_table_to_point_in_time, TableArn=arn + "-no", S3Bucket="some-bucket")
    assert code_of(error) == "TableNotFoundException" and message_of(error) == f"Table not found: {arn}-no"
    _, arn = with_recovery()
    error = failure_of(client.export_table_to_point_in_time, TableArn=arn, S3Bucket="some-bucket", ExportTime=1e9)
    assert code_of(error) == "InvalidExportTimeException", error
    error = failure_of(client.export_table_to_point_in_time, TableArn=arn, S3Bucket="some-bucket", ExportFormat="ION")
    assert code_of(error) == "ValidationException" and "ION" in message_of(error)
    for prefix in ("../up", "a//b", "/a", "a/.."):
        error = failure_of(client.export_table_to_point_in_time, TableArn=arn, S3Bucket="some-bucket", S3Prefix=prefix)
        assert code_of(error) == "ValidationException", prefix


@suite.test
def a_bucket_must_be_there():
    _, arn = with_recovery([item(1)])
    done = ended_export(client.export_table_to_point_in_time(TableArn=arn, S3Bucket="no-such-bucket")["ExportDescription"]["ExportArn"])
    assert done["ExportStatus"] == "FAILED" and done["FailureCode"] == "S3NoSuchBucket"
    assert "The specified bucket does not exist" in done["FailureMessage"] and "ExportManifest" not in done
    with Server("dynamodb") as without:
        done = start_import(bucket(), url=without)
        assert done["ImportStatus"] == "FAILED" and done["FailureCode"] == "S3NoSuchBucket"
        assert without.client().list_tables()["TableNames"] == []


@suite.test
def a_folder_that_cannot_be_written_fails_the_export():
    _, arn = with_recovery([item(1)])
    folder = bucket()
    with open(os.path.join(buckets, folder, "AWSDynamoDB"), "w"):
        pass
    done = ended_export(client.export_table_to_point_in_time(TableArn=arn, S3Bucket=folder)["ExportDescription"]["ExportArn"])
    assert done["ExportStatus"] == "FAILED" and done["FailureCode"] == "S3WriteFailed", done


@suite.test
def the_same_token_means_the_same_export():
    _, arn = with_recovery([item(1)])
    folder, token = bucket(), uuid.uuid4().hex
    request = {"TableArn": arn, "S3Bucket": folder, "ClientToken": token}
    first = client.export_table_to_point_in_time(**request)["ExportDescription"]
    ended_export(first["ExportArn"])
    assert client.export_table_to_point_in_time(**request)["ExportDescription"]["ExportArn"] == first["ExportArn"]
    error = failure_of(client.export_table_to_point_in_time, **{**request, "S3Prefix": "other"})
    assert code_of(error) == "ExportConflictException"
    assert len(client.list_exports(TableArn=arn)["ExportSummaries"]) == 1


@suite.test
def exports_are_listed_in_pages():
    _, arn = with_recovery()
    folder = bucket()
    made = [client.export_table_to_point_in_time(TableArn=arn, S3Bucket=folder)["ExportDescription"]["ExportArn"] for _ in range(5)]
    for one in made:
        ended_export(one)
    found, token = [], {}
    while True:
        page = client.list_exports(TableArn=arn, MaxResults=2, **token)
        found += [entry["ExportArn"] for entry in page["ExportSummaries"]]
        assert all(entry["ExportStatus"] == "COMPLETED" for entry in page["ExportSummaries"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == made[::-1]
    assert code_of(failure_of(client.list_exports, NextToken="x")) == "ValidationException"


@suite.test
def a_deleted_table_is_still_exported():
    name, arn = with_recovery([item(n) for n in range(200)])
    folder = bucket()
    started = client.export_table_to_point_in_time(TableArn=arn, S3Bucket=folder)["ExportDescription"]
    client.delete_table(TableName=name)
    done = ended_export(started["ExportArn"])
    assert done["ExportStatus"] == "COMPLETED" and done["ItemCount"] == 200, done
    lines_of(folder, done)


# -- imports ---------------------------------------------------------------------------------------

def import_request(folder, **more):
    name = more.pop("name", None) or table_name()
    parameters = {"TableName": name, "BillingMode": "PAY_PER_REQUEST",
                  "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                  "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], **more.pop("table", {})}
    source = {"S3Bucket": folder, **({"S3KeyPrefix": more.pop("prefix")} if "prefix" in more else {})}
    return {"S3BucketSource": source, "InputFormat": "DYNAMODB_JSON", "InputCompressionType": "NONE",
            "TableCreationParameters": parameters, **more}


def start_import(folder, url=None, **more):
    asked = url.client() if url else client
    started = asked.import_table(**import_request(folder, **more))["ImportTableDescription"]
    assert started["ImportStatus"] == "IN_PROGRESS"
    return ended_import(started["ImportArn"], asked)


def put(folder, key, content):
    path = os.path.join(buckets, folder, key)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def counts(done):
    return done["ProcessedItemCount"], done["ImportedItemCount"], done["ErrorCount"]


def scan(done):
    name = done["TableCreationParameters"]["TableName"]
    return sorted(client.scan(TableName=name)["Items"], key=lambda item: item["pk"]["S"])


@suite.test
def an_export_can_be_imported():
    wanted = [item(n, n={"N": str(n)}) for n in range(1000)]
    _, arn = with_recovery()
    name = arn.split("/")[-1]
    for n in range(0, 1000, 25):
        client.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": i}} for i in wanted[n:n + 25]]})
    folder = bucket()
    done = ended_export(client.export_table_to_point_in_time(TableArn=arn, S3Bucket=folder)["ExportDescription"]["ExportArn"])
    prefix = os.path.dirname(done["ExportManifest"]) + "/data/"
    done = start_import(folder, prefix=prefix, InputCompressionType="GZIP")
    assert done["ImportStatus"] == "COMPLETED" and counts(done) == (1000, 1000, 0), done
    assert done["ProcessedSizeBytes"] > 0 and done["TableArn"].endswith(done["TableCreationParameters"]["TableName"])
    assert scan(done) == wanted
    table = client.describe_table(TableName=done["TableCreationParameters"]["TableName"])["Table"]
    assert table["TableStatus"] == "ACTIVE" and table["ItemCount"] == 1000 and table["TableId"] == done["TableId"]


@suite.test
def items_may_stand_on_one_line():
    folder = bucket()
    rows = [json.dumps({"Item": item(n)}) for n in range(10)]
    put(folder, "a.json", "\n".join(rows[:5]) + "\n" + "".join(rows[5:]))
    put(folder, "deep/er", json.dumps({"Item": item(77)}))
    done = start_import(folder)
    assert done["ImportStatus"] == "COMPLETED" and counts(done) == (11, 11, 0), done
    done = start_import(folder, prefix="dee")
    assert counts(done) == (1, 1, 0) and scan(done) == [item(77)]


@suite.test
def nothing_to_import_is_no_error():
    done = start_import(bucket())
    assert done["ImportStatus"] == "COMPLETED" and counts(done) == (0, 0, 0) and done["ProcessedSizeBytes"] == 0
    assert scan(done) == []


@suite.test
def wrong_items_are_counted_and_the_rest_is_imported():
    folder = bucket()
    put(folder, "a", "\n".join([
        json.dumps({"Item": item(1)}), json.dumps(item(2)), "no json", json.dumps({"Item": {"pk": {"N": "1"}}}),
        json.dumps({"Item": {"other": {"S": "x"}}}), json.dumps({"Item": item(3, n={"N": "x"})}),
        json.dumps({"Item": item(4)}), '{"Item": {"pk": {"S": "open"}']))
    put(folder, "b", json.dumps({"Item": item(5, big={"S": "x" * 500000})}))
    done = start_import(folder)
    assert done["ImportStatus"] == "FAILED" and done["FailureCode"] == "ItemValidationError", done
    assert counts(done) == (9, 2, 7) and scan(done) == [item(1), item(4)]
    put(folder, "c.gz", b"\x1f\x8b no gzip")
    done = start_import(folder, prefix="c", InputCompressionType="GZIP")
    assert done["ImportStatus"] == "FAILED" and counts(done) == (1, 0, 1), done


@suite.test
def csv_has_a_header_and_typed_keys():
    folder = bucket()
    put(folder, "a.csv", 'pk,n,text,g\r\nkey-1,5,"a ""quoted"", text\nof two lines",9\r\nkey-2,-1.50,,10\r\n')
    table = {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"},
                                      {"AttributeName": "g", "AttributeType": "N"}],
             "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
             "GlobalSecondaryIndexes": [{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                         "Projection": {"ProjectionType": "ALL"}}]}
    done = start_import(folder, InputFormat="CSV", table=table)
    assert done["ImportStatus"] == "COMPLETED" and counts(done) == (2, 2, 0), done
    assert scan(done) == [
        {"pk": {"S": "key-1"}, "n": {"N": "5"}, "text": {"S": 'a "quoted", text\nof two lines'}, "g": {"N": "9"}},
        {"pk": {"S": "key-2"}, "n": {"N": "-1.5"}, "text": {"S": ""}, "g": {"N": "10"}}]
    name = done["TableCreationParameters"]["TableName"]
    found = client.query(TableName=name, IndexName="by-g", KeyConditionExpression="g = :g",
                         ExpressionAttributeValues={":g": {"N": "10"}})
    assert found["Count"] == 1
    assert done["TableCreationParameters"]["GlobalSecondaryIndexes"][0]["IndexName"] == "by-g"


@suite.test
def csv_headers_may_be_given():
    folder = bucket()
    put(folder, "a.csv.gz", gzip.compress(b"key-1;x\nkey-2;y;z\nkey-3;\"w\n") + gzip.compress(b"\";1"))
    options = {"Csv": {"Delimiter": ";", "HeaderList": ["pk", "v"]}}
    done = start_import(folder, InputFormat="CSV", InputFormatOptions=options, InputCompressionType="GZIP")
    assert done["InputFormatOptions"] == options
    assert counts(done) == (3, 1, 2) and scan(done) == [{"pk": {"S": "key-1"}, "v": {"S": "x"}}], (done, scan(done))


@suite.test
def imports_are_refused_as_by_the_service():
    folder = bucket()
    error = failure_of(client.import_table, **import_request(folder, table={"BillingMode": "PROVISIONED"}))
    assert message_of(error) == ("One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits "
                                 "must both be specified when BillingMode is PROVISIONED")
    for more in ({"InputFormat": "ION"}, {"InputCompressionType": "ZSTD"}):
        assert code_of(failure_of(client.import_table, **import_request(folder, **more))) == "ValidationException"
    name = table_name()
    make_table(client, name)
    assert code_of(failure_of(client.import_table, **import_request(folder, name=name))) == "ResourceInUseException"


@suite.test
def the_same_token_means_the_same_import():
    folder, token = bucket(), uuid.uuid4().hex
    request = import_request(folder, ClientToken=token)
    first = client.import_table(**request)["ImportTableDescription"]
    ended_import(first["ImportArn"])
    assert client.import_table(**request)["ImportTableDescription"]["ImportArn"] == first["ImportArn"]
    other = import_request(folder, ClientToken=token)
    assert code_of(failure_of(client.import_table, **other)) == "ImportConflictException"
    listed = client.list_imports(TableArn=first["TableArn"])["ImportSummaryList"]
    assert [entry["ImportArn"] for entry in listed] == [first["ImportArn"]]
    page = client.list_imports(PageSize=1)
    assert len(page["NextToken"]) >= 112
    assert client.list_imports(PageSize=1, NextToken=page["NextToken"])["ImportSummaryList"] != page["ImportSummaryList"]


# -- over a restart --------------------------------------------------------------------------------

@suite.test
def what_is_under_way_goes_on_after_kill_9():
    with Server("dynamodb", "--data", temporary_folder(), "--bucket-dir", buckets) as disk:
        asked = disk.client()
        name = table_name()
        make_table(asked, name, sort_key=False)
        asked.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
        for n in range(0, 5000, 25):
            asked.batch_write_item(RequestItems={name: [
                {"PutRequest": {"Item": item(i, v={"S": "x" * 200})}} for i in range(n, n + 25)]})
        folder = bucket()
        put(folder, "in/a", "\n".join(json.dumps({"Item": item(n)}) for n in range(20000)))
        imported = asked.import_table(**import_request(folder, prefix="in/"))["ImportTableDescription"]
        backup = asked.create_backup(TableName=name, BackupName="all")["BackupDetails"]["BackupArn"]
        export = asked.export_table_to_point_in_time(
            TableArn=f"{ACCOUNT}:table/{name}", S3Bucket=folder)["ExportDescription"]["ExportArn"]
        restored = table_name()
        asked.restore_table_to_point_in_time(SourceTableName=name, TargetTableName=restored, UseLatestRestorableTime=True)
        disk.stop(signal.SIGKILL)
        disk.start()
        asked = disk.client()
        asked.put_item(TableName=name, Item=item(9999))
        wait_for(lambda: asked.describe_backup(BackupArn=backup)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "AVAILABLE")
        again = table_name()
        asked.restore_table_from_backup(TargetTableName=again, BackupArn=backup)
        for table in (restored, again):
            wait_for(lambda: asked.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE")
            assert sum(page["Count"] for page in asked.get_paginator("scan").paginate(TableName=table)) == 5000
        done = ended_export(export, asked)
        assert done["ExportStatus"] == "COMPLETED" and done["ItemCount"] == 5000, done
        lines_of(folder, done)
        done = ended_import(imported["ImportArn"], asked)
        assert done["ImportStatus"] == "COMPLETED" and counts(done) == (20000, 20000, 0), done
        assert disk.stop() == 0


if not hasattr(client, "import_table"):
    def too_old():
        raise Skip("this botocore knows no imports")
    suite.tests = [too_old]
suite.main()
