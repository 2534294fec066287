/* Tokens: who is asking, as access tokens in the form that Amazon Cognito gives them.
 *
 * RS256 JSON Web Tokens (RFC 7515, 7519; RFC 8725 for what to refuse), signed with a key of our own
 * in DIR/keys. Called by web (verify; sign in on the page) and by `cruddur tokens`. A verified
 * token is remembered until it expires, so that the next request with it costs no signature check;
 * that memory is bounded. Times in claims are Unix seconds. Safe from any thread. */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/rand.h"

#define TOKEN_MAX_BYTES 8192
#define TOKEN_LEEWAY_S 60 /* between clocks */

struct tokens;

struct tokens_options {
    const char *data_dir; /* keys live in data_dir/keys; NULL: in memory, gone with the process */
    bool may_create;      /* makes the key where it is missing */
    const struct clock *clock;
    const struct rand_source *rand;
};

/* Fails with a message for the operator: no key there, a key that others can read, not a key. */
MUST_USE struct error *tokens_open(struct arena *a, const struct tokens_options *options,
                                   struct tokens **out);
void tokens_close(struct tokens *tokens);

/* The claims of an access token. In: what to sign; out: what was verified. */
struct token_claims {
    struct str sub, username; /* username may be empty */
    int64_t expires_s;        /* exp */
};

/* Verifies all but that there is a user of that sub. False: refused, for whatever reason; *why, if
 * not NULL, gets a word for tests, never for the client. The strings of *claims live in the arena.
 */
MUST_USE bool tokens_verify(struct tokens *tokens, struct arena *a, struct str token,
                            struct token_claims *claims, const char **why);

/* A token of ours for this person that ends after `life_s`. */
MUST_USE struct error *tokens_issue(struct tokens *tokens, struct arena *a, struct str sub,
                                    struct str username, int64_t life_s, struct str *token);

/* Tokens that must be refused, for acceptance tests: see `cruddur tokens`. */
enum token_flaw {
    TOKEN_EXPIRED,  /* ended an hour ago */
    TOKEN_AUDIENCE, /* of another client */
    TOKEN_FORGED,   /* signed by another key under our key's id */
};
MUST_USE struct error *tokens_issue_flawed(struct tokens *tokens, struct arena *a,
                                           enum token_flaw flaw, struct str sub,
                                           struct str username, struct str *token);

/* Signs any claims and header, as JSON; for tests. */
MUST_USE struct error *tokens_sign(struct tokens *tokens, struct arena *a, struct str header,
                                   struct str payload, struct str *token);
struct str tokens_key_id(const struct tokens *tokens);
struct str tokens_issuer(const struct tokens *tokens);

struct tokens_stats {
    uint64_t cached, verified, refused;
};
struct tokens_stats tokens_stats(struct tokens *tokens);
