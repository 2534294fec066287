/* JWT: the compact form of a signed token (RFC 7515 section 7.1) and what stands in it.
 *
 * Called by tokens.c. Pure: no keys, no clock; it says what a token claims, not whether that is
 * true. Everything lives in the arena. Each function answers false for what it refuses and sets
 * *why to one word for tests. */
#pragma once

#include "base/arena.h"
#include "base/attributes.h"

#define JWT_MAX_MEMBERS 64 /* of one JSON object in a token */
#define JWT_MAX_DEPTH 8

/* The three parts, decoded; `signing_input` is what the signature covers, as sent. */
struct jwt {
    struct str header, payload, signature;
    struct str signing_input;
};

/* Strict base64url: no padding, no white space, unused bits zero; exactly three parts. */
MUST_USE bool jwt_split(struct arena *a, struct str token, struct jwt *out, const char **why);

/* The members of the header that are looked at. jku, x5u and jwk are never; a header with crit is
 * refused, because we understand no extension (RFC 7515 section 4.1.11). */
struct jwt_header {
    struct str alg, kid;
};
MUST_USE bool jwt_read_header(struct arena *a, struct str json, struct jwt_header *out,
                              const char **why);

struct jwt_claims {
    struct str iss, sub, token_use, client_id, username;
    int64_t exp, iat, nbf; /* nbf is 0 when absent */
};
/* exp and iat must be there, as whole numbers; no name may stand twice in any object. */
MUST_USE bool jwt_read_claims(struct arena *a, struct str json, struct jwt_claims *out,
                              const char **why);
