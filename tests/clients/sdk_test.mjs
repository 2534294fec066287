// The AWS SDK for JavaScript, v3, as a client: node sdk_test.mjs URL. Prints TAP.
import assert from "node:assert/strict";
import {
  BatchWriteItemCommand, CreateTableCommand, DeleteTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand,
  QueryCommand, ScanCommand, TransactWriteItemsCommand, UpdateItemCommand, paginateQuery, waitUntilTableExists,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand as DocumentQuery } from "@aws-sdk/lib-dynamodb";

const settings = {
  endpoint: process.argv[2], region: "us-east-1", maxAttempts: 1,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
};
const client = new DynamoDBClient(settings);
const streams = new DynamoDBStreamsClient(settings);
const documents = DynamoDBDocumentClient.from(client);
const TableName = "sdk";
const tests = [];
const test = (name, run) => tests.push([name, run]);
let streamArn;

test("create_and_wait", async () => {
  const made = await client.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: ["pk", "sk"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
  }));
  streamArn = made.TableDescription.LatestStreamArn;
  assert(made.TableDescription.CreationDateTime instanceof Date);
  await waitUntilTableExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 20 }, { TableName });
});

test("items_of_every_type", async () => {
  const Item = {
    pk: { S: "a" }, sk: { S: "\u00e9\u{1f600}" }, n: { N: "1.5" }, b: { B: new Uint8Array([0, 255]) },
    l: { L: [{ BOOL: true }, { NULL: true }] }, m: { M: { k: { S: "" } } }, ss: { SS: ["x"] },
  };
  await client.send(new PutItemCommand({ TableName, Item }));
  const got = await client.send(new GetItemCommand({ TableName, Key: { pk: Item.pk, sk: Item.sk } }));
  assert.deepEqual(got.Item, Item);
});

test("documents", async () => {
  await documents.send(new PutCommand({ TableName, Item: { pk: "d", sk: "1", list: [1, "two", { three: 3 }] } }));
  const got = await documents.send(new GetCommand({ TableName, Key: { pk: "d", sk: "1" } }));
  assert.deepEqual(got.Item.list, [1, "two", { three: 3 }]);
  const found = await documents.send(new DocumentQuery({
    TableName, KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": "d" } }));
  assert.equal(found.Count, 1);
});

test("batches_and_pages", async () => {
  await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: Array.from({ length: 25 }, (_, i) => (
    { PutRequest: { Item: { pk: { S: "p" }, sk: { S: String(i).padStart(3, "0") } } } })) } }));
  const sizes = [];
  for await (const page of paginateQuery({ client, pageSize: 10 }, {
    TableName, KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": { S: "p" } } })) {
    sizes.push(page.Count);
  }
  assert.deepEqual(sizes, [10, 10, 5]);
  assert.equal((await client.send(new ScanCommand({ TableName, Select: "COUNT" }))).Count, 27);
});

test("errors_have_their_classes", async () => {
  await assert.rejects(client.send(new UpdateItemCommand({
    TableName, Key: { pk: { S: "none" }, sk: { S: "none" } }, UpdateExpression: "SET v = :v",
    ConditionExpression: "attribute_exists(pk)", ExpressionAttributeValues: { ":v": { S: "v" } } })),
    { name: "ConditionalCheckFailedException" });
  await assert.rejects(client.send(new QueryCommand({
    TableName: "missing", KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": { S: "p" } } })),
    { name: "ResourceNotFoundException" });
  await assert.rejects(client.send(new TransactWriteItemsCommand({ TransactItems: [{ ConditionCheck: {
    TableName, Key: { pk: { S: "none" }, sk: { S: "none" } }, ConditionExpression: "attribute_exists(pk)" } }] })),
    (error) => error.name === "TransactionCanceledException"
      && error.CancellationReasons[0].Code === "ConditionalCheckFailed");
});

test("streams", async () => {
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: streamArn }));
  let count = 0;
  for (const { ShardId } of StreamDescription.Shards) {
    let { ShardIterator } = await streams.send(new GetShardIteratorCommand({
      StreamArn: streamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }));
    for (let pages = 0; ShardIterator && pages < 10; pages++) {
      const { Records, NextShardIterator } = await streams.send(new GetRecordsCommand({ ShardIterator }));
      count += Records.filter((record) => record.eventName === "INSERT").length;
      ShardIterator = NextShardIterator;
    }
  }
  assert.equal(count, 27);
});

test("delete_and_wait", async () => {
  await client.send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 20 }, { TableName });
});

console.log(`TAP version 13\n1..${tests.length}`);
let failed = 0;
for (const [index, [name, run]] of tests.entries()) {
  try {
    await run();
    console.log(`ok ${index + 1} - ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${index + 1} - ${name}\n# ${String(error.stack).replaceAll("\n", "\n# ")}`);
  }
}
process.exit(failed ? 1 : 0);
