/* Tokens: verification, signing and the cache of verified tokens. The key file is token_key.c.
 *
 * A token is taken when all of this holds, checked in this order:
 *   1 at most 8 KB, three parts of strict base64url;
 *   2 the header is one JSON object without doubles, alg is RS256, kid is our key's, no crit;
 *   3 the signature is good: only then is the payload looked at;
 *   4 the payload is one JSON object without doubles; iss, client_id and token_use are ours;
 *   5 exp, iat and nbf fit the clock, with a minute of leeway.
 * The algorithm is pinned here: what the header says can only be refused.
 *
 * The cache is a table of slots by the token's hash. A slot holds the whole token, so a hash that
 * collides is a miss and never a wrong answer. */
#include "messaging/tokens.h"

#include "base/encode.h"
#include "messaging/crypto.h"
#include "messaging/jwt.h"
#include "messaging/token_key.h"
#include "json/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_SLOTS = 2048, CACHE_TOKEN_BYTES = 2048, HOUR_S = 3600 };

static const struct str client_id = STR_INIT("cruddur-web");
static const struct str issuer_prefix = STR_INIT("urn:cruddur:");

struct slot {
    char *memory; /* token, sub and username behind one another; NULL: empty */
    struct str token;
    struct token_claims claims;
    int64_t starts_s; /* the later of iat and nbf: the clock may go back */
};

struct tokens {
    struct crypto *crypto;
    struct crypto_key *key;
    struct str key_id, issuer;
    struct arena arena; /* key_id and issuer */
    const struct clock *clock;
    const struct rand_source *rand;
    pthread_mutex_t lock; /* guards slots and stats */
    struct slot slots[CACHE_SLOTS];
    struct tokens_stats stats;
};

/* -- life -------------------------------------------------------------------------------------- */

struct error *tokens_open(struct arena *a, const struct tokens_options *options,
                          struct tokens **out)
{
    struct tokens *t = mem_zalloc(sizeof *t);
    t->clock = options->clock;
    t->rand = options->rand;
    arena_init(&t->arena);
    pthread_mutex_init(&t->lock, NULL);
    struct error *error = crypto_open(a, &t->crypto);
    if (!error)
        error = options->data_dir
                    ? token_key_load(t->crypto, a, options->data_dir, options->may_create, &t->key)
                    : crypto_key_new(t->crypto, a, &t->key);
    if (!error)
        error = crypto_key_id(t->key, a, &t->key_id);
    if (error) {
        tokens_close(t);
        return error;
    }
    t->key_id = arena_str(&t->arena, t->key_id);
    /* One issuer for each key: the tokens of another data folder are foreign by name, too. */
    t->issuer = arena_join(&t->arena, issuer_prefix, t->key_id);
    *out = t;
    return NULL;
}

void tokens_close(struct tokens *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < CACHE_SLOTS; i++)
        free(t->slots[i].memory);
    if (t->key)
        crypto_key_free(t->key);
    crypto_close(t->crypto);
    pthread_mutex_destroy(&t->lock);
    arena_clear(&t->arena);
    free(t);
}

struct str tokens_key_id(const struct tokens *t)
{
    return t->key_id;
}

struct str tokens_issuer(const struct tokens *t)
{
    return t->issuer;
}

struct tokens_stats tokens_stats(struct tokens *t)
{
    pthread_mutex_lock(&t->lock);
    struct tokens_stats stats = t->stats;
    pthread_mutex_unlock(&t->lock);
    return stats;
}

static int64_t now_s(const struct tokens *t)
{
    return clock_now_us(t->clock) / 1000000;
}

/* -- the cache --------------------------------------------------------------------------------- */

static struct slot *slot_of(struct tokens *t, struct str token)
{
    /* The signature's end is as good as random already. */
    return &t->slots[str_hash(str_from(token, token.len > 64 ? token.len - 64 : 0)) % CACHE_SLOTS];
}

static bool cache_get(struct tokens *t, struct arena *a, struct str token,
                      struct token_claims *claims)
{
    pthread_mutex_lock(&t->lock);
    const struct slot *slot = slot_of(t, token);
    int64_t now = now_s(t);
    bool is_hit = slot->memory && crypto_equal(slot->token, token) &&
                  now - TOKEN_LEEWAY_S < slot->claims.expires_s &&
                  now + TOKEN_LEEWAY_S >= slot->starts_s;
    if (is_hit) {
        *claims =
            (struct token_claims){arena_str(a, slot->claims.sub),
                                  arena_str(a, slot->claims.username), slot->claims.expires_s};
        t->stats.cached++;
    }
    pthread_mutex_unlock(&t->lock);
    return is_hit;
}

static struct str keep(char **at, struct str s)
{
    struct str kept = {*at, s.len};
    if (s.len)
        memcpy(*at, s.data, s.len);
    *at += s.len;
    return kept;
}

static void cache_put(struct tokens *t, struct str token, const struct token_claims *claims,
                      int64_t starts_s)
{
    if (token.len > CACHE_TOKEN_BYTES)
        return;
    char *memory = mem_alloc(token.len + claims->sub.len + claims->username.len + 1), *at = memory;
    struct slot fresh = {.memory = memory, .token = keep(&at, token), .starts_s = starts_s};
    fresh.claims.sub = keep(&at, claims->sub);
    fresh.claims.username = keep(&at, claims->username);
    fresh.claims.expires_s = claims->expires_s;
    pthread_mutex_lock(&t->lock);
    struct slot *slot = slot_of(t, token);
    free(slot->memory);
    *slot = fresh;
    pthread_mutex_unlock(&t->lock);
}

/* -- verification ------------------------------------------------------------------------------ */

static bool check_claims(const struct tokens *t, const struct jwt_claims *c, const char **why)
{
    int64_t now = now_s(t);
    const struct {
        bool is_bad;
        const char *word;
    } rules[] = {
        {!str_eq(c->iss, t->issuer), "iss"},
        {!str_eq(c->token_use, S("access")), "token_use"},
        {!str_eq(c->client_id, client_id), "client_id"},
        {c->sub.len == 0, "sub"},
        {now - TOKEN_LEEWAY_S >= c->exp, "exp"},
        {now + TOKEN_LEEWAY_S < c->iat, "iat"},
        {now + TOKEN_LEEWAY_S < c->nbf, "nbf"},
    };
    for (size_t i = 0; i < countof(rules); i++)
        if (rules[i].is_bad) {
            *why = rules[i].word;
            return false;
        }
    return true;
}

static bool verify(struct tokens *t, struct arena *a, struct str token, struct jwt_claims *claims,
                   const char **why)
{
    struct jwt jwt;
    struct jwt_header header;
    *why = "size";
    if (token.len > TOKEN_MAX_BYTES)
        return false;
    if (!jwt_split(a, token, &jwt, why) || !jwt_read_header(a, jwt.header, &header, why))
        return false;
    *why = "alg";
    if (!str_eq(header.alg, S("RS256")))
        return false;
    *why = "kid";
    if (!str_eq(header.kid, t->key_id))
        return false;
    *why = "signature";
    if (!crypto_verify(t->key, jwt.signing_input, jwt.signature))
        return false;
    return jwt_read_claims(a, jwt.payload, claims, why) && check_claims(t, claims, why);
}

bool tokens_verify(struct tokens *t, struct arena *a, struct str token, struct token_claims *claims,
                   const char **why)
{
    if (cache_get(t, a, token, claims))
        return true;
    struct jwt_claims read;
    const char *word = NULL;
    bool is_good = verify(t, a, token, &read, &word);
    if (is_good) {
        *claims = (struct token_claims){read.sub, read.username, read.exp};
        cache_put(t, token, claims, read.iat > read.nbf ? read.iat : read.nbf);
    }
    if (why)
        *why = word;
    pthread_mutex_lock(&t->lock);
    is_good ? t->stats.verified++ : t->stats.refused++;
    pthread_mutex_unlock(&t->lock);
    return is_good;
}

/* -- signing ----------------------------------------------------------------------------------- */

static struct error *sign_with(const struct crypto_key *key, struct arena *a, struct str header,
                               struct str payload, struct str *token)
{
    struct buf text;
    struct str signature;
    buf_init(&text, (size_t)TOKEN_MAX_BYTES * 4);
    base64url_encode(&text, header);
    buf_add_char(&text, '.');
    base64url_encode(&text, payload);
    struct error *error = crypto_sign(key, a, buf_str(&text), &signature);
    if (!error) {
        buf_add_char(&text, '.');
        base64url_encode(&text, signature);
        *token = arena_str(a, buf_str(&text));
    }
    buf_clear(&text);
    return error;
}

struct error *tokens_sign(struct tokens *t, struct arena *a, struct str header, struct str payload,
                          struct str *token)
{
    return sign_with(t->key, a, header, payload, token);
}

struct issue {
    const struct crypto_key *key;
    struct str sub, username, client;
    int64_t starts_s, ends_s;
};

static void write_claims(struct tokens *t, struct buf *out, const struct issue *issue)
{
    char jti[RAND_UUID_BYTES];
    struct json_writer w = json_writer(out);
    json_begin_object(&w);
    json_key(&w, S("sub")), json_str(&w, issue->sub);
    json_key(&w, S("iss")), json_str(&w, t->issuer);
    json_key(&w, S("client_id")), json_str(&w, issue->client);
    json_key(&w, S("token_use")), json_str(&w, S("access"));
    json_key(&w, S("auth_time")), json_i64(&w, issue->starts_s);
    json_key(&w, S("exp")), json_i64(&w, issue->ends_s);
    json_key(&w, S("iat")), json_i64(&w, issue->starts_s);
    json_key(&w, S("jti")), json_str(&w, rand_uuid(t->rand, jti));
    json_key(&w, S("username")), json_str(&w, issue->username);
    json_end_object(&w);
}

static struct error *issue_token(struct tokens *t, struct arena *a, const struct issue *issue,
                                 struct str *token)
{
    struct buf payload;
    buf_init(&payload, TOKEN_MAX_BYTES);
    write_claims(t, &payload, issue);
    struct str header = arena_printf(a, "{\"kid\":\"%.*s\",\"alg\":\"RS256\"}", STR_ARG(t->key_id));
    struct error *error = payload.overflowed
                              ? error_new(a, &error_usage, "the name is too long for a token")
                              : sign_with(issue->key, a, header, buf_str(&payload), token);
    buf_clear(&payload);
    return error;
}

struct error *tokens_issue(struct tokens *t, struct arena *a, struct str sub, struct str username,
                           int64_t life_s, struct str *token)
{
    int64_t now = now_s(t);
    const struct issue issue = {t->key, sub, username, client_id, now, now + life_s};
    return issue_token(t, a, &issue, token);
}

struct error *tokens_issue_flawed(struct tokens *t, struct arena *a, enum token_flaw flaw,
                                  struct str sub, struct str username, struct str *token)
{
    int64_t now = now_s(t);
    struct issue issue = {t->key, sub, username, client_id, now, now + HOUR_S};
    struct crypto_key *forger = NULL;
    switch (flaw) {
    case TOKEN_EXPIRED:
        issue.starts_s = now - 2 * HOUR_S;
        issue.ends_s = now - HOUR_S;
        break;
    case TOKEN_AUDIENCE:
        issue.client = S("another-client");
        break;
    case TOKEN_FORGED:
        TRY(crypto_key_new(t->crypto, a, &forger));
        issue.key = forger;
        break;
    }
    struct error *error = issue_token(t, a, &issue, token);
    crypto_key_free(forger);
    return error;
}
