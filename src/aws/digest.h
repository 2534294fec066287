/* Digest: SHA-256 and HMAC-SHA-256, from OpenSSL's libcrypto.
 *
 * Called by sigv4.c and by the chat (hashes of requests). The library is loaded on first use, which
 * is the only way to fail. Safe from any thread. */
#pragma once

#include "base/error.h"

struct sha256 {
    uint8_t bytes[32];
};

MUST_USE struct error *sha256_of(struct arena *a, struct str text, struct sha256 *out);
/* RFC 2104. */
MUST_USE struct error *hmac_sha256(struct arena *a, struct str key, struct str text,
                                   struct sha256 *out);
/* Sixty-four lower-case hex digits. */
struct str sha256_hex(struct arena *a, const struct sha256 *hash);
