/* Crypto: RSA keys and RS256 signatures (RFC 7518 section 3.3), from OpenSSL's libcrypto.
 *
 * Called by tokens.c only. The library is loaded when crypto_open is called; a key fetches its
 * algorithms once, when it is made. Keys belong to whoever made them and must be freed before the
 * crypto they came from. Safe from any thread once made. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

struct crypto;
struct crypto_key;

MUST_USE struct error *crypto_open(struct arena *a, struct crypto **out);
void crypto_close(struct crypto *c);

/* RSA, 2048 bits. */
MUST_USE struct error *crypto_key_new(struct crypto *c, struct arena *a, struct crypto_key **out);
/* A private key in PEM; refused unless it is RSA of 2048 to 8192 bits. */
MUST_USE struct error *crypto_key_from_pem(struct crypto *c, struct arena *a, struct str pem,
                                           struct crypto_key **out);
MUST_USE struct error *crypto_key_to_pem(const struct crypto_key *key, struct arena *a,
                                         struct str *pem);
void crypto_key_free(struct crypto_key *key);

/* Names the public key: base64url of the SHA-256 of its DER form, 43 characters. */
MUST_USE struct error *crypto_key_id(const struct crypto_key *key, struct arena *a, struct str *id);

MUST_USE struct error *crypto_sign(const struct crypto_key *key, struct arena *a, struct str text,
                                   struct str *signature);
/* False also when the library fails: what cannot be verified is refused. */
MUST_USE bool crypto_verify(const struct crypto_key *key, struct str text, struct str signature);

/* Compares in a time that depends on the lengths only. */
MUST_USE bool crypto_equal(struct str a, struct str b);
