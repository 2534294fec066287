#include "aws/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/encode.h"
#include "base/library.h"

#define CRYPTO_FUNCTIONS(F) F(SHA256) F(HMAC) F(EVP_sha256)

/* Filled once; what a library holds does not change. */
static struct {
    CRYPTO_FUNCTIONS(LIBRARY_MEMBER)
} crypto;
static atomic_bool is_open;
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;

static struct error *open_library(struct arena *a)
{
    static const char *const names[] = {CRYPTO_FUNCTIONS(LIBRARY_NAME)};
    struct error *e = NULL;
    if (atomic_load(&is_open))
        return NULL;
    pthread_mutex_lock(&open_lock);
    if (!atomic_load(&is_open)) {
        e = library_open(a, "libcrypto.so.3", "libssl3", names, countof(names), &crypto);
        atomic_store(&is_open, !e);
    }
    pthread_mutex_unlock(&open_lock);
    return e;
}

struct error *sha256_of(struct arena *a, struct str text, struct sha256 *out)
{
    TRY(open_library(a));
    crypto.SHA256((const unsigned char *)text.data, text.len, out->bytes);
    return NULL;
}

struct error *hmac_sha256(struct arena *a, struct str key, struct str text, struct sha256 *out)
{
    unsigned int len = sizeof out->bytes;
    TRY(open_library(a));
    if (!crypto.HMAC(crypto.EVP_sha256(), key.data, (int)key.len, (const unsigned char *)text.data,
                     text.len, out->bytes, &len))
        return error_new(a, &error_internal, "HMAC failed");
    return NULL;
}

struct str sha256_hex(struct arena *a, const struct sha256 *hash)
{
    struct buf hex;
    buf_init(&hex, 2 * sizeof hash->bytes);
    hex_encode(&hex, (struct str){(const char *)hash->bytes, sizeof hash->bytes});
    struct str out = arena_str(a, buf_str(&hex));
    buf_clear(&hex);
    return out;
}
