/* SigV4: AWS Signature Version 4, in the Authorization header or (presigned) in the query.
 *
 * Called by client/remote.c to sign; wire/verify.c computes the same signature from the headers
 * that a request names and compares. The stages are functions of their own, so that tests can look
 * at each ("Signature Version 4 signing process" in the AWS General Reference). Everything lives in
 * the arena. Errors only when libcrypto cannot be loaded. Safe from any thread. */
#pragma once

#include "aws/digest.h"

struct sigv4_header {
    struct str name, value; /* name in lower case */
};

struct sigv4_request {
    struct str method;
    struct str path;                    /* as sent, percent-encoded; "/" for DynamoDB */
    struct str query;                   /* as sent, without '?'; X-Amz-Signature is left out */
    const struct sigv4_header *headers; /* those to be signed, in any order */
    size_t header_count;
    struct str payload;
};

struct sigv4_scope {
    struct str timestamp; /* "20150830T123600Z", as in x-amz-date */
    struct str region, service;
};

struct sigv4_credentials {
    struct str access_key, secret_key;
};

/* Stage 1. *signed_headers is "host;x-amz-date". */
MUST_USE struct error *sigv4_canonical_request(struct arena *a, const struct sigv4_request *request,
                                               struct str *canonical, struct str *signed_headers);
/* Stage 2. */
MUST_USE struct error *sigv4_string_to_sign(struct arena *a, const struct sigv4_scope *scope,
                                            struct str canonical, struct str *out);
/* The key that signs: the same for a day, a region and a service, so it can be kept. */
MUST_USE struct error *sigv4_signing_key(struct arena *a, const struct sigv4_scope *scope,
                                         struct str secret_key, struct sha256 *out);
/* Stage 3 with that key. */
MUST_USE struct error *sigv4_signature_with(struct arena *a, const struct sha256 *signing_key,
                                            struct str string_to_sign, struct str *out);
/* Stage 3: 64 hex digits. */
MUST_USE struct error *sigv4_signature(struct arena *a, const struct sigv4_scope *scope,
                                       struct str secret_key, struct str string_to_sign,
                                       struct str *out);
/* All of it: the value of the Authorization header. */
MUST_USE struct error *sigv4_sign(struct arena *a, const struct sigv4_request *request,
                                  const struct sigv4_scope *scope,
                                  const struct sigv4_credentials *credentials, struct str *out);

/* "20150830T123600Z" of a Unix time in seconds. */
struct str sigv4_timestamp(struct arena *a, int64_t time_s);
