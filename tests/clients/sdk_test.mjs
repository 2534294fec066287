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
import {
  BatchGetCommand, BatchWriteCommand, DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand,
  QueryCommand as DocumentQuery, TransactGetCommand, TransactWriteCommand, UpdateCommand, paginateScan,
} from "@aws-sdk/lib-dynamodb";

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

test("documents_change_and_go", async () => {
  const Key = { pk: "c", sk: "1" };
  const changed = await documents.send(new UpdateCommand({
    TableName, Key, UpdateExpression: "SET #m = :m, tags = list_append(if_not_exists(tags, :none), :t) ADD n :n",
    ExpressionAttributeNames: { "#m": "map" }, ReturnValues: "ALL_NEW",
    ExpressionAttributeValues: { ":m": { a: [true, null] }, ":none": [], ":t": ["x"], ":n": 9007199254740991 } }));
  assert.deepEqual(changed.Attributes, { ...Key, map: { a: [true, null] }, tags: ["x"], n: 9007199254740991 });
  const gone = await documents.send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }));
  assert.deepEqual(gone.Attributes, changed.Attributes);
  assert.equal((await documents.send(new GetCommand({ TableName, Key }))).Item, undefined);
});

test("documents_in_batches_and_transactions", async () => {
  const items = ["1", "2", "3"].map((sk) => ({ pk: "t", sk, tags: new Set(["a", "b"]), bytes: new Uint8Array([1, 2]) }));
  await documents.send(new BatchWriteCommand({
    RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) } }));
  const many = await documents.send(new BatchGetCommand({
    RequestItems: { [TableName]: { Keys: items.map(({ pk, sk }) => ({ pk, sk })), ConsistentRead: true } } }));
  assert.deepEqual(many.Responses[TableName].sort((a, b) => a.sk - b.sk), items);
  const request = { ClientRequestToken: "once", TransactItems: [
    { Put: { TableName, Item: { pk: "t", sk: "4", n: 1 }, ConditionExpression: "attribute_not_exists(pk)" } },
    { Update: { TableName, Key: { pk: "t", sk: "1" }, UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": 1 } } },
    { Delete: { TableName, Key: { pk: "t", sk: "2" } } },
    { ConditionCheck: { TableName, Key: { pk: "t", sk: "3" }, ConditionExpression: "contains(tags, :a)",
      ExpressionAttributeValues: { ":a": "a" } } }] };
  await documents.send(new TransactWriteCommand(request));
  await documents.send(new TransactWriteCommand(request)); // the token makes it one
  const { Responses } = await documents.send(new TransactGetCommand({
    TransactItems: ["1", "2", "4"].map((sk) => ({ Get: { TableName, Key: { pk: "t", sk } } })) }));
  assert.deepEqual(Responses.map(({ Item }) => Item && Item.n), [1, undefined, 1]);
  for (const sk of ["1", "3", "4"]) await documents.send(new DeleteCommand({ TableName, Key: { pk: "t", sk } }));
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
  const keys = new Set();
  for await (const page of paginateScan({ client: documents, pageSize: 4 }, { TableName })) {
    assert(page.Items.length <= 4);
    for (const { pk, sk } of page.Items) keys.add(`${pk}/${sk}`);
  }
  assert.equal(keys.size, 27);
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
  const changes = [];
  for (const { ShardId } of StreamDescription.Shards) {
    let { ShardIterator } = await streams.send(new GetShardIteratorCommand({
      StreamArn: streamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }));
    for (let pages = 0; ShardIterator && pages < 10; pages++) {
      const { Records, NextShardIterator } = await streams.send(new GetRecordsCommand({ ShardIterator }));
      const numbers = Records.map(({ dynamodb }) => BigInt(dynamodb.SequenceNumber));
      assert(numbers.every((number, at) => at === 0 || number > numbers[at - 1]));
      assert(Records.every(({ dynamodb }) => Math.abs(Date.now() - dynamodb.ApproximateCreationDateTime) < 60000));
      changes.push(...Records);
      ShardIterator = NextShardIterator;
    }
  }
  const of = (pk, sk) => changes.filter(({ dynamodb: { Keys } }) => Keys.pk.S === pk && Keys.sk.S === sk);
  assert.equal(changes.filter(({ eventName }) => eventName === "INSERT").length, 32);
  assert.deepEqual(of("c", "1").map(({ eventName }) => eventName), ["INSERT", "REMOVE"]);
  assert.deepEqual(of("t", "1").map(({ eventName }) => eventName), ["INSERT", "MODIFY", "REMOVE"]);
  assert.deepEqual(of("t", "1")[1].dynamodb.NewImage.n, { N: "1" });
  assert.deepEqual(of("t", "1")[0].dynamodb.NewImage.tags, { SS: ["a", "b"] });
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
