/* Token key: the private key file DIR/keys/token.pem (mode 0600, its folder 0700).
 *
 * Called by tokens.c. Never replaces a key that is there. */
#pragma once

#include "messaging/crypto.h"

MUST_USE struct error *token_key_load(struct crypto *crypto, struct arena *a, const char *data_dir,
                                      bool may_create, struct crypto_key **out);
