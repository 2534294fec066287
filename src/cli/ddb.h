/* Ddb: what the `cruddur ddb` commands share: the endpoint, the call, the output.
 *
 * These commands stand for the scripts bin/ddb of the bootcamp's application and print what those
 * print (python.h). A trailing word "prod" means Amazon DynamoDB there. */
#pragma once

#include "base/buf.h"
#include "cli/options.h"
#include "client/client.h"

#define DDB_TABLE "cruddur-messages"
#define DDB_INDEX "message-group-sk-index"
#define DDB_GROUP "5ae290ed-55d1-47a0-bc6d-fe2bc2700399" /* the conversation that seed writes */

/* Lines for the usage text of each command. */
#define DDB_USAGE_ENDPOINT                                                                         \
    "  --endpoint URL   the DynamoDB endpoint (http://localhost:8000)\n"                           \
    "  prod             Amazon DynamoDB, with AWS_REGION, AWS_ACCESS_KEY_ID and\n"                 \
    "                   AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) from the environment\n"

struct ddb {
    struct cli *cli;
    struct client *client;
    struct option_list words; /* the plain words, without "prod" */
};

/* Reads the command's own rows, --endpoint and "prod", at most `max_words` words, and opens the
 * client. */
MUST_USE struct error *ddb_open(struct cli *cli, const struct option_row *rows, size_t count,
                                size_t max_words, struct ddb *out);
/* Also when ddb_open failed. */
void ddb_close(struct ddb *ddb);

/* All of a command that has no flags or words of its own: opens, does the work, closes. */
MUST_USE struct error *ddb_run(struct cli *cli, struct error *(*work)(struct ddb *ddb));

/* One call; an error's message begins with the exception's name. */
MUST_USE struct error *ddb_call(struct ddb *ddb, struct arena *a, struct str operation,
                                struct str request, struct str *response);

/* The raw text of a member of a JSON object; false when absent. */
bool ddb_member(struct arena *a, struct str object, struct str name, struct str *value);
/* The string in {"name": {"S": "…"}} of an item; empty when absent. */
struct str ddb_item_str(struct arena *a, struct str item, struct str name);
/* A response with its TableDescription's members in the order of the service's model, in which the
 * scripts print them, whatever order the endpoint used. With `dates_as_text`, members that are
 * times become ISO 8601 strings, as the AWS CLI has them. */
struct str ddb_in_model_order(struct arena *a, struct str response, bool dates_as_text);
/* Writes to standard output. */
MUST_USE struct error *ddb_print(struct ddb *ddb, struct buf *text);
