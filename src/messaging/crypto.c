#include "messaging/crypto.h"

#include "base/encode.h"
#include "base/library.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define FUNCTIONS(F)                                                                               \
    F(BIO_ctrl)                                                                                    \
    F(BIO_free)                                                                                    \
    F(BIO_new)                                                                                     \
    F(BIO_new_mem_buf)                                                                             \
    F(BIO_s_mem)                                                                                   \
    F(CRYPTO_free)                                                                                 \
    F(ERR_clear_error)                                                                             \
    F(ERR_error_string_n)                                                                          \
    F(ERR_peek_last_error)                                                                         \
    F(EVP_DigestSign)                                                                              \
    F(EVP_DigestSignInit_ex)                                                                       \
    F(EVP_DigestVerify)                                                                            \
    F(EVP_DigestVerifyInit_ex)                                                                     \
    F(EVP_MD_CTX_copy_ex)                                                                          \
    F(EVP_MD_CTX_free)                                                                             \
    F(EVP_MD_CTX_new)                                                                              \
    F(EVP_PKEY_free)                                                                               \
    F(EVP_PKEY_get_bits)                                                                           \
    F(EVP_PKEY_get_size)                                                                           \
    F(EVP_PKEY_is_a)                                                                               \
    F(EVP_Q_digest)                                                                                \
    F(EVP_PKEY_Q_keygen)                                                                           \
    F(PEM_read_bio_PrivateKey)                                                                     \
    F(PEM_write_bio_PrivateKey)                                                                    \
    F(i2d_PUBKEY)

struct crypto {
    struct {
        FUNCTIONS(LIBRARY_MEMBER)
    } lib;
};

static const char *const function_names[] = {FUNCTIONS(LIBRARY_NAME)};

struct crypto_key {
    struct crypto *crypto;
    EVP_PKEY *pkey;
    EVP_MD_CTX *verify; /* initialised once and copied for each use: the set-up is the dear part */
    EVP_MD_CTX *sign;
};

enum { KEY_BITS = 2048, KEY_BITS_MAX = 8192 };

/* What OpenSSL has to say about its last failure on this thread. */
static struct error *failed(struct crypto *c, struct arena *a, const char *what)
{
    char why[160];
    c->lib.ERR_error_string_n(c->lib.ERR_peek_last_error(), why, sizeof why);
    c->lib.ERR_clear_error();
    return error_new(a, &error_internal, "%s: %s", what, why);
}

struct error *crypto_open(struct arena *a, struct crypto **out)
{
    struct crypto *c = mem_zalloc(sizeof *c);
    struct error *error = library_open(a, "libcrypto.so.3", "libssl3", function_names,
                                       countof(function_names), &c->lib);
    if (error) {
        free(c);
        return error;
    }
    *out = c;
    return NULL;
}

void crypto_close(struct crypto *c)
{
    free(c);
}

void crypto_key_free(struct crypto_key *key)
{
    if (!key)
        return;
    key->crypto->lib.EVP_MD_CTX_free(key->verify);
    key->crypto->lib.EVP_MD_CTX_free(key->sign);
    key->crypto->lib.EVP_PKEY_free(key->pkey);
    free(key);
}

/* Takes pkey, also on failure. */
static struct error *key_new(struct crypto *c, struct arena *a, EVP_PKEY *pkey,
                             struct crypto_key **out)
{
    struct crypto_key *key = mem_zalloc(sizeof *key);
    *key = (struct crypto_key){c, pkey, .verify = c->lib.EVP_MD_CTX_new(),
                               .sign = c->lib.EVP_MD_CTX_new()};
    bool is_ready =
        key->verify && key->sign &&
        c->lib.EVP_DigestVerifyInit_ex(key->verify, NULL, "SHA2-256", NULL, NULL, pkey, NULL) ==
            1 &&
        c->lib.EVP_DigestSignInit_ex(key->sign, NULL, "SHA2-256", NULL, NULL, pkey, NULL) == 1;
    if (!is_ready) {
        struct error *error = failed(c, a, "the key cannot be used for RS256");
        crypto_key_free(key);
        return error;
    }
    *out = key;
    return NULL;
}

struct error *crypto_key_new(struct crypto *c, struct arena *a, struct crypto_key **out)
{
    EVP_PKEY *pkey = c->lib.EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)KEY_BITS);
    if (!pkey)
        return failed(c, a, "cannot generate an RSA key");
    return key_new(c, a, pkey, out);
}

/* No passphrase is ever asked for: the program may have no terminal. */
static int no_passphrase(char *out, int size, int is_writing, void *context)
{
    (void)out, (void)size, (void)is_writing, (void)context;
    return 0;
}

struct error *crypto_key_from_pem(struct crypto *c, struct arena *a, struct str pem,
                                  struct crypto_key **out)
{
    if (pem.len > 64 * 1024)
        return error_new(a, &error_usage, "the key is too long");
    BIO *bio = c->lib.BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *pkey = bio ? c->lib.PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    c->lib.BIO_free(bio);
    if (!pkey)
        return failed(c, a, "not a private key in PEM form");
    int bits = c->lib.EVP_PKEY_get_bits(pkey);
    if (!c->lib.EVP_PKEY_is_a(pkey, "RSA") || bits < KEY_BITS || bits > KEY_BITS_MAX) {
        c->lib.EVP_PKEY_free(pkey);
        return error_new(a, &error_usage, "the key must be RSA of %d to %d bits", KEY_BITS,
                         KEY_BITS_MAX);
    }
    return key_new(c, a, pkey, out);
}

struct error *crypto_key_to_pem(const struct crypto_key *key, struct arena *a, struct str *pem)
{
    struct crypto *c = key->crypto;
    BIO *bio = c->lib.BIO_new(c->lib.BIO_s_mem());
    if (!bio || !c->lib.PEM_write_bio_PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL)) {
        c->lib.BIO_free(bio);
        return failed(c, a, "cannot write the key");
    }
    char *data = NULL;
    long len = c->lib.BIO_ctrl(bio, BIO_CTRL_INFO, 0, &data);
    *pem = arena_str(a, (struct str){data, (size_t)len});
    c->lib.BIO_free(bio);
    return NULL;
}

struct error *crypto_key_id(const struct crypto_key *key, struct arena *a, struct str *id)
{
    struct crypto *c = key->crypto;
    unsigned char *der = NULL, digest[32];
    int len = c->lib.i2d_PUBKEY(key->pkey, &der);
    bool is_done =
        len > 0 && c->lib.EVP_Q_digest(NULL, "SHA2-256", NULL, der, (size_t)len, digest, NULL) == 1;
    c->lib.CRYPTO_free(der, __FILE__, __LINE__);
    if (!is_done)
        return failed(c, a, "cannot hash the public key");
    struct buf text;
    buf_init(&text, 64);
    base64url_encode(&text, (struct str){(const char *)digest, sizeof digest});
    *id = arena_str(a, buf_str(&text));
    buf_clear(&text);
    return NULL;
}

struct error *crypto_sign(const struct crypto_key *key, struct arena *a, struct str text,
                          struct str *signature)
{
    struct crypto *c = key->crypto;
    size_t len = (size_t)c->lib.EVP_PKEY_get_size(key->pkey);
    unsigned char *out = arena_alloc(a, len);
    EVP_MD_CTX *context = c->lib.EVP_MD_CTX_new();
    bool is_done =
        context && c->lib.EVP_MD_CTX_copy_ex(context, key->sign) == 1 &&
        c->lib.EVP_DigestSign(context, out, &len, (const unsigned char *)text.data, text.len) == 1;
    c->lib.EVP_MD_CTX_free(context);
    if (!is_done)
        return failed(c, a, "cannot sign");
    *signature = (struct str){(const char *)out, len};
    return NULL;
}

bool crypto_verify(const struct crypto_key *key, struct str text, struct str signature)
{
    struct crypto *c = key->crypto;
    EVP_MD_CTX *context = c->lib.EVP_MD_CTX_new();
    bool is_good =
        context && c->lib.EVP_MD_CTX_copy_ex(context, key->verify) == 1 &&
        c->lib.EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.len,
                                (const unsigned char *)text.data, text.len) == 1;
    c->lib.EVP_MD_CTX_free(context);
    if (!is_good)
        c->lib.ERR_clear_error(); /* the queue of this thread would grow with each bad token */
    return is_good;
}

bool crypto_equal(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    unsigned char difference = 0;
    for (size_t i = 0; i < a.len; i++)
        difference = (unsigned char)(difference | (a.data[i] ^ b.data[i]));
    return difference == 0;
}
