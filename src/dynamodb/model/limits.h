/* Limits: every limit of the service that we keep, in one place.
 *
 * Source: AWS "Quotas in Amazon DynamoDB" and the API reference. Bytes unless said otherwise. */
#pragma once

#define LIMIT_REQUEST_BODY (16u << 20)
#define LIMIT_ITEM (400u << 10)
#define LIMIT_ATTRIBUTE_NAME 65535u
#define LIMIT_PLACEHOLDER 255u /* with its # or : */
#define LIMIT_PARTITION_KEY 2048u
#define LIMIT_SORT_KEY 1024u
#define LIMIT_PAGE (1u << 20)  /* Query and Scan, before filters */
#define LIMIT_NESTING 32u      /* levels of a document; the attribute is the first */
#define LIMIT_EXPRESSION 4096u /* text of one expression */
#define LIMIT_EXPRESSION_OPERATORS 300u
#define LIMIT_EXPRESSION_DEPTH 300u
#define LIMIT_IN_OPERANDS 100u
#define LIMIT_EXPRESSION_VALUES (2u << 20) /* all names and values of one request */
#define LIMIT_PROJECTION_PATHS 350u
#define LIMIT_BATCH_GET_KEYS 100u
#define LIMIT_BATCH_GET_BYTES (16u << 20)
#define LIMIT_BATCH_WRITES 25u
#define LIMIT_TRANSACTION_ACTIONS 100u
#define LIMIT_TRANSACTION_BYTES (4u << 20)
#define LIMIT_GLOBAL_INDEXES 20u
#define LIMIT_LOCAL_INDEXES 5u
#define LIMIT_KEY_ATTRIBUTES 4u         /* of each kind, in a global index with several */
#define LIMIT_PROJECTED_ATTRIBUTES 100u /* non-key attributes over all indexes of a table */
#define LIMIT_CLIENT_TOKEN 36u
#define LIMIT_TABLES 2500u
#define LIMIT_STREAM_RECORDS 1000u /* of one GetRecords */
#define LIMIT_STREAM_BYTES (1u << 20)
#define IDEMPOTENCY_WINDOW_MS (10 * 60 * 1000)
#define LIMIT_COLLECTION (INT64_C(10) << 30) /* items of a partition and their local entries */
#define STREAM_RETENTION_MS (24 * 60 * 60 * 1000)
#define SHARD_LIFE_MS (4 * 60 * 60 * 1000) /* about: after it a shard closes and has a child */
