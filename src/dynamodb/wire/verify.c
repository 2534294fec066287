/* In the service's order:
 *
 *     claim: algorithm, credential, signed headers, signature   from header or query
 *     the time: five minutes either way                         Incomplete-, InvalidSignature
 *     the scope's form, service, date                           InvalidSignature
 *     the access key                                            UnrecognizedClient
 *     canonical request -> string to sign -> signature          InvalidSignature
 *
 * A region is taken as it is claimed: this endpoint stands for all of them. */
#include "dynamodb/wire/verify.h"

#include "aws/sigv4.h"
#include "dynamodb/model/errors.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SKEW_S (5 * 60)
#define PRESIGNED_MAX_S (7 * 24 * 3600)
#define CACHE_SLOTS 64
#define MAX_SIGNED_HEADERS 64

/* A signing key, and what it was derived for. */
struct slot {
    struct str access_key, date, region; /* in `text` */
    char *text;
    struct sha256 key;
};

struct verify {
    const struct credentials *credentials;
    const struct clock *clock;
    pthread_mutex_t lock; /* guards the slots */
    struct slot slots[CACHE_SLOTS];
};

/* What a request says of its signature. */
struct claim {
    bool is_query;
    struct str algorithm, credential, signed_headers, signature;
    struct str timestamp;                                     /* "20261120T223107Z" */
    struct str access_key, date, region, service, terminator; /* of the credential */
    int64_t lives_s;                                          /* of a presigned request */
};

struct verify *verify_new(const struct credentials *credentials, const struct clock *clock)
{
    struct verify *v = mem_zalloc(sizeof *v);
    v->credentials = credentials;
    v->clock = clock;
    pthread_mutex_init(&v->lock, NULL);
    return v;
}

void verify_free(struct verify *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < CACHE_SLOTS; i++)
        free(v->slots[i].text);
    pthread_mutex_destroy(&v->lock);
    explicit_bzero(v, sizeof *v);
    free(v);
}

/* -- the claim --------------------------------------------------------------------------------- */

#define bad_signature(a, ...) error_new((a), &error_InvalidSignatureException, __VA_ARGS__)

/* "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…" */
static void read_header(struct str authorization, struct claim *out)
{
    str_cut(&authorization, ' ', &out->algorithm);
    while (authorization.len) {
        struct str piece, name;
        str_cut(&authorization, ',', &piece);
        piece = str_trim(piece);
        while (piece.len) { /* spaces separate too */
            struct str word;
            str_cut(&piece, ' ', &word);
            str_cut(&word, '=', &name);
            if (str_eq(name, S("Credential")))
                out->credential = word;
            else if (str_eq(name, S("SignedHeaders")))
                out->signed_headers = word;
            else if (str_eq(name, S("Signature")))
                out->signature = word;
        }
    }
}

static struct error *read_query(struct arena *a, const struct http_request *request,
                                struct claim *out)
{
    struct str expires = S("");
    uint64_t seconds = 0;
    const struct {
        struct str name;
        struct str *value;
    } parameters[] = {
        {S("X-Amz-Algorithm"), &out->algorithm}, {S("X-Amz-Credential"), &out->credential},
        {S("X-Amz-Signature"), &out->signature}, {S("X-Amz-SignedHeaders"), &out->signed_headers},
        {S("X-Amz-Date"), &out->timestamp},      {S("X-Amz-Expires"), &expires},
    };
    for (size_t i = 0; i < countof(parameters); i++)
        if (!http_query_of(a, request, parameters[i].name, parameters[i].value))
            *parameters[i].value = S("");
    out->lives_s = SKEW_S;
    if (!expires.len)
        return NULL;
    if (!str_to_u64(expires, PRESIGNED_MAX_S, &seconds) || !seconds)
        return bad_signature(a, "X-Amz-Expires must be a number of seconds from 1 to %d",
                             PRESIGNED_MAX_S);
    out->lives_s = (int64_t)seconds;
    return NULL;
}

/* "20261120T223107Z" to Unix seconds. */
static bool parse_timestamp(struct arena *a, struct str text, int64_t *out)
{
    struct tm tm = {0};
    const char *end = text.len == 16 ? strptime(arena_z(a, text), "%Y%m%dT%H%M%SZ", &tm) : NULL;
    if (!end || *end)
        return false;
    *out = (int64_t)timegm(&tm);
    return true;
}

/* The Date header counts where there is no X-Amz-Date; it may be in HTTP's own form. */
static struct str timestamp_of(struct arena *a, const struct wire_head *head)
{
    struct tm tm = {0};
    if (head->amz_date.len)
        return head->amz_date;
    const char *end = strptime(arena_z(a, head->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    return end && !*end ? sigv4_timestamp(a, (int64_t)timegm(&tm)) : head->date;
}

static struct error *read_credential(struct arena *a, struct claim *c)
{
    struct str rest = c->credential,
               *parts[] = {&c->access_key, &c->date, &c->region, &c->service, &c->terminator};
    size_t count = 1;
    for (size_t i = 0; i < rest.len; i++)
        count += rest.data[i] == '/';
    if (count != countof(parts))
        return error_new(a, &error_IncompleteSignatureException,
                         "Credential must have exactly 5 slash-delimited elements, e.g. "
                         "keyid/date/region/service/term, got '%.*s'",
                         STR_ARG(c->credential));
    for (size_t i = 0; i < countof(parts); i++)
        str_cut(&rest, '/', parts[i]);
    return NULL;
}

static struct error *read_claim(struct arena *a, const struct http_request *request,
                                const struct wire_head *head, struct claim *out)
{
    *out = (struct claim){.is_query = !head->authorization.len};
    if (out->is_query) {
        TRY(read_query(a, request, out));
    } else {
        read_header(head->authorization, out);
        out->timestamp = timestamp_of(a, head);
    }
    if (!str_eq(out->algorithm, S("AWS4-HMAC-SHA256")))
        return error_new(a, &error_IncompleteSignatureException,
                         "Unsupported AWS 'algorithm': '%.*s'.", STR_ARG(out->algorithm));
    return read_credential(a, out);
}

/* -- scope and time ---------------------------------------------------------------------------- */

static struct error *check_scope(struct arena *a, const struct claim *c)
{
    if (!str_eq(c->terminator, S("aws4_request")))
        return bad_signature(
            a, "Credential should be scoped with a valid terminator: 'aws4_request', not '%.*s'.",
            STR_ARG(c->terminator));
    if (!str_eq(c->service, S("dynamodb")))
        return bad_signature(a, "Credential should be scoped to correct service: 'dynamodb'. ");
    if (!c->region.len)
        return bad_signature(a, "Credential should be scoped to a valid region. ");
    struct str day = str_slice(c->timestamp, 0, 8);
    if (!str_eq(c->date, day))
        return bad_signature(a,
                             "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                             "version of date from HTTP: '%.*s' != '%.*s', from '%.*s'.",
                             STR_ARG(c->date), STR_ARG(day), STR_ARG(c->timestamp));
    return NULL;
}

static struct error *check_time(struct arena *a, const struct claim *c, int64_t now_s)
{
    int64_t signed_s;
    if (!parse_timestamp(a, c->timestamp, &signed_s))
        return error_new(a, &error_IncompleteSignatureException,
                         "Date must be in ISO-8601 'basic format'. Got '%.*s'. See "
                         "http://en.wikipedia.org/wiki/ISO_8601",
                         STR_ARG(c->timestamp));
    struct str now = sigv4_timestamp(a, now_s);
    int64_t lives_s = c->is_query ? c->lives_s : SKEW_S;
    if (signed_s + lives_s < now_s)
        return bad_signature(a,
                             "Signature expired: %.*s is now earlier than %.*s (%.*s - %lld min.)",
                             STR_ARG(c->timestamp), STR_ARG(sigv4_timestamp(a, now_s - lives_s)),
                             STR_ARG(now), (long long)(lives_s / 60));
    if (signed_s - SKEW_S > now_s)
        return bad_signature(a,
                             "Signature not yet current: %.*s is still later than %.*s (%.*s + 5 "
                             "min.)",
                             STR_ARG(c->timestamp), STR_ARG(sigv4_timestamp(a, now_s + SKEW_S)),
                             STR_ARG(now));
    return NULL;
}

/* -- signed headers ---------------------------------------------------------------------------- */

static bool is_signed(const struct claim *c, struct str name)
{
    struct str rest = c->signed_headers, word;
    while (rest.len) {
        str_cut(&rest, ';', &word);
        if (str_eq_nocase(word, name))
            return true;
    }
    return false;
}

/* What changes the meaning of a request must be under its signature. */
static struct error *check_signed(struct arena *a, const struct claim *c,
                                  const struct wire_head *head)
{
    if (!is_signed(c, S("host")))
        return bad_signature(
            a, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    if (!c->is_query && head->amz_date.len && !is_signed(c, S("x-amz-date")))
        return bad_signature(a, "'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.");
    if (head->target.len && !is_signed(c, S("x-amz-target")))
        return bad_signature(a,
                             "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
    return NULL;
}

/* A header's value, of one that comes several times all, joined by commas; absent: empty. */
static struct str header_value(struct arena *a, const struct http_request *request, struct str name)
{
    struct str value = S("");
    bool is_first = true;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *h = &request->headers[i];
        if (!str_eq_nocase(h->name, name))
            continue;
        value = is_first
                    ? str_trim(h->value)
                    : arena_printf(a, "%.*s,%.*s", STR_ARG(value), STR_ARG(str_trim(h->value)));
        is_first = false;
    }
    return value;
}

static size_t collect_headers(struct arena *a, const struct http_request *request,
                              const struct claim *c, struct sigv4_header *out)
{
    struct str rest = c->signed_headers, word;
    size_t count = 0;
    while (rest.len && count < MAX_SIGNED_HEADERS) {
        str_cut(&rest, ';', &word);
        out[count++] = (struct sigv4_header){word, header_value(a, request, word)};
    }
    return count;
}

/* -- the signature ----------------------------------------------------------------------------- */

static bool holds(const struct slot *slot, const struct claim *c)
{
    return slot->text && str_eq(slot->access_key, c->access_key) && str_eq(slot->date, c->date) &&
           str_eq(slot->region, c->region);
}

static struct str copy_to(char **at, struct str text)
{
    struct str copy = {*at, text.len};
    if (text.len)
        memcpy(*at, text.data, text.len);
    *at += text.len;
    return copy;
}

static void keep_key(struct slot *slot, const struct claim *c, const struct sha256 *key)
{
    free(slot->text);
    char *at = slot->text = mem_alloc(c->access_key.len + c->date.len + c->region.len + 1);
    slot->access_key = copy_to(&at, c->access_key);
    slot->date = copy_to(&at, c->date);
    slot->region = copy_to(&at, c->region);
    slot->key = *key;
}

/* Only known access keys get here, so a stranger cannot push keys out. */
static struct error *signing_key(struct verify *v, struct arena *a, const struct claim *c,
                                 const struct sigv4_scope *scope, struct str secret,
                                 struct sha256 *out)
{
    struct slot *slot = &v->slots[(str_hash(c->access_key) ^ str_hash(c->region)) % CACHE_SLOTS];
    pthread_mutex_lock(&v->lock);
    bool is_kept = holds(slot, c);
    if (is_kept)
        *out = slot->key;
    pthread_mutex_unlock(&v->lock);
    if (is_kept)
        return NULL;
    TRY(sigv4_signing_key(a, scope, secret, out));
    pthread_mutex_lock(&v->lock);
    keep_key(slot, c, out);
    pthread_mutex_unlock(&v->lock);
    return NULL;
}

static bool same_in_constant_time(struct str a, struct str b)
{
    unsigned char difference = a.len != b.len;
    for (size_t i = 0; i < a.len && i < b.len; i++)
        difference |= (unsigned char)(a.data[i] ^ b.data[i]);
    return difference == 0;
}

static struct error *check_signature(struct verify *v, struct arena *a,
                                     const struct http_request *request, const struct claim *c,
                                     struct str secret)
{
    struct sigv4_header headers[MAX_SIGNED_HEADERS];
    struct sigv4_scope scope = {c->timestamp, c->region, c->service};
    struct sigv4_request canonical_of = {.method = request->method,
                                         .path = S("/"),
                                         .query = request->query,
                                         .headers = headers,
                                         .header_count = collect_headers(a, request, c, headers),
                                         .payload = request->body};
    struct str canonical, signed_headers, to_sign, signature;
    struct sha256 key;
    TRY(sigv4_canonical_request(a, &canonical_of, &canonical, &signed_headers));
    TRY(sigv4_string_to_sign(a, &scope, canonical, &to_sign));
    TRY(signing_key(v, a, c, &scope, secret, &key));
    TRY(sigv4_signature_with(a, &key, to_sign, &signature));
    if (same_in_constant_time(signature, c->signature))
        return NULL;
    return bad_signature(a, "The request signature we calculated does not match the signature you "
                            "provided. Check your AWS Secret Access Key and signing method. "
                            "Consult the service documentation for details.");
}

struct error *verify_request(struct verify *v, struct arena *a, const struct http_request *request,
                             const struct wire_head *head)
{
    struct claim c;
    struct str secret;
    TRY(read_claim(a, request, head, &c));
    /* A time that has passed is told before a scope that is wrong (Scylla's test_authorization.py,
     * test_expired_signature). */
    TRY(check_time(a, &c, clock_now_ms(v->clock) / 1000));
    TRY(check_scope(a, &c));
    TRY(check_signed(a, &c, head));
    if (!credentials_find(v->credentials, c.access_key, &secret))
        return error_new(a, &error_UnrecognizedClientException,
                         "The security token included in the request is invalid.");
    return check_signature(v, a, request, &c, secret);
}
