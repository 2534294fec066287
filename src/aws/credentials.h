/* Credentials: access keys and their secrets, from a file.
 *
 *     ACCESS_KEY SECRET            one pair a line, '#' begins a comment; or
 *
 *     [profile]                    the file that AWS's tools write: every profile's pair
 *     aws_access_key_id = …
 *     aws_secret_access_key = …
 *
 * Called by `cruddur dynamodb --credentials`, asked by the endpoint. Never changes: safe from any
 * thread. Secrets are wiped when it is freed. */
#pragma once

#include "base/error.h"

struct credentials;

/* error_usage for what cannot be understood, error_system for what cannot be read. */
MUST_USE struct error *credentials_load(struct arena *a, const char *path,
                                        struct credentials **out);
MUST_USE struct error *credentials_parse(struct arena *a, struct str text,
                                         struct credentials **out);
void credentials_free(struct credentials *c); /* NULL is nothing */
/* False for a key that is not known. */
bool credentials_find(const struct credentials *c, struct str access_key, struct str *secret);
