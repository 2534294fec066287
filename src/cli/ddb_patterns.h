/* Ddb patterns: the two queries of the messaging table that scripts know, patterns A and B.
 *
 * Called by ddb get-conversation and ddb list-conversations. */
#pragma once

#include "cli/ddb.h"

struct ddb_pattern {
    struct str pk;   /* "MSG#<group>" or "GRP#<user>" */
    struct str year; /* the sort keys that begin with it */
    unsigned limit;  /* 0: none */
};

/* Queries, newest first, and prints the response as json.dumps(response, sort_keys=True, indent=2)
 * without the ResponseMetadata that boto3 adds. */
MUST_USE struct error *ddb_pattern_print(struct ddb *ddb, const struct ddb_pattern *pattern,
                                         struct str *response);
/* The year given, which must be four digits, or the present one. */
MUST_USE struct error *ddb_pattern_year(struct cli *cli, const char *given, struct str *out);
