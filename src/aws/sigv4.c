/* The stages, each feeding the next:
 *
 *   canonical request   method \n path \n query, sorted \n name:value of each header, sorted \n \n
 *                       names of the headers, joined by ';' \n hex(SHA-256(payload))
 *   string to sign      AWS4-HMAC-SHA256 \n timestamp \n scope \n hex(SHA-256(canonical request))
 *   scope               date/region/service/aws4_request
 *   signing key         HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service),
 *                       "aws4_request")
 *   signature           hex(HMAC(signing key, string to sign)) */
#include "aws/sigv4.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/digest.h"
#include "base/buf.h"
#include "base/vec.h"

#define TEXT_MAX_BYTES ((size_t)1 << 20)

static struct str take_buf(struct arena *a, struct buf *b)
{
    struct str out = arena_str(a, buf_str(b));
    buf_clear(b);
    return out;
}

/* -- canonical request ------------------------------------------------------------------------- */

static int compare_headers(const void *x, const void *y)
{
    const struct sigv4_header *first = x, *second = y;
    return str_compare(first->name, second->name);
}

struct parameter {
    struct str name, value; /* encoded */
};

static int compare_parameters(const void *x, const void *y)
{
    const struct parameter *first = x, *second = y;
    int order = str_compare(first->name, second->name);
    return order ? order : str_compare(first->value, second->value);
}

/* Trimmed, with each run of spaces as one. */
static void add_header_value(struct buf *out, struct str value)
{
    value = str_trim(value);
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] != ' ' || value.data[i - 1] != ' ')
            buf_add_char(out, value.data[i]);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

/* The one way to write it: what need not be encoded is not, digits are capital. */
static struct str encode_anew(struct arena *a, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_alloc(a, 3 * text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i] == '+' ? ' ' : text.data[i];
        bool is_escape = c == '%' && i + 2 < text.len && hex_digit(text.data[i + 1]) >= 0 &&
                         hex_digit(text.data[i + 2]) >= 0;
        if (is_escape) {
            c = (char)(hex_digit(text.data[i + 1]) << 4 | hex_digit(text.data[i + 2]));
            i += 2;
        }
        if (is_unreserved(c)) {
            out[len++] = c;
            continue;
        }
        out[len++] = '%';
        out[len++] = digits[(unsigned char)c >> 4];
        out[len++] = digits[c & 15];
    }
    return (struct str){out, len};
}

/* Parameters sorted by name, then by value; one without '=' gets an empty value. The signature of a
 * presigned request cannot sign itself. */
static void add_query(struct arena *a, struct buf *out, struct str query)
{
    VEC(struct parameter) parameters = {0};
    struct str piece, name;
    while (query.len) {
        str_cut(&query, '&', &piece);
        if (!piece.len)
            continue;
        str_cut(&piece, '=', &name);
        name = encode_anew(a, name);
        if (!str_eq(name, S("X-Amz-Signature")))
            VEC_PUSH(a, &parameters, (struct parameter){name, encode_anew(a, piece)});
    }
    if (parameters.count)
        qsort(parameters.items, parameters.count, sizeof *parameters.items, compare_parameters);
    for (size_t i = 0; i < parameters.count; i++) {
        if (i)
            buf_add_char(out, '&');
        buf_add(out, parameters.items[i].name);
        buf_add_char(out, '=');
        buf_add(out, parameters.items[i].value);
    }
}

/* Adds the headers and gives the list of their names. */
static struct str add_headers(struct arena *a, struct buf *out, const struct sigv4_request *request)
{
    struct sigv4_header *sorted = arena_array(a, struct sigv4_header, request->header_count + 1);
    struct buf names;
    buf_init(&names, TEXT_MAX_BYTES);
    if (request->header_count) {
        memcpy(sorted, request->headers, request->header_count * sizeof *sorted);
        qsort(sorted, request->header_count, sizeof *sorted, compare_headers);
    }
    for (size_t i = 0; i < request->header_count; i++) {
        if (i)
            buf_add_char(&names, ';');
        buf_add(&names, sorted[i].name);
        buf_add(out, sorted[i].name);
        buf_add_char(out, ':');
        add_header_value(out, sorted[i].value);
        buf_add_char(out, '\n');
    }
    return take_buf(a, &names);
}

struct error *sigv4_canonical_request(struct arena *a, const struct sigv4_request *request,
                                      struct str *canonical, struct str *signed_headers)
{
    struct sha256 payload_hash;
    struct buf out;
    TRY(sha256_of(a, request->payload, &payload_hash));
    buf_init(&out, TEXT_MAX_BYTES);
    buf_add(&out, request->method);
    buf_add_char(&out, '\n');
    buf_add(&out, request->path.len ? request->path : S("/"));
    buf_add_char(&out, '\n');
    add_query(a, &out, request->query);
    buf_add_char(&out, '\n');
    *signed_headers = add_headers(a, &out, request);
    buf_add_char(&out, '\n');
    buf_add(&out, *signed_headers);
    buf_add_char(&out, '\n');
    buf_add(&out, sha256_hex(a, &payload_hash));
    *canonical = take_buf(a, &out);
    return NULL;
}

/* -- string to sign, signature ----------------------------------------------------------------- */

static struct str date_of(const struct sigv4_scope *scope)
{
    return str_slice(scope->timestamp, 0, 8);
}

static struct str scope_text(struct arena *a, const struct sigv4_scope *scope)
{
    return arena_printf(a, "%.*s/%.*s/%.*s/aws4_request", STR_ARG(date_of(scope)),
                        STR_ARG(scope->region), STR_ARG(scope->service));
}

struct error *sigv4_string_to_sign(struct arena *a, const struct sigv4_scope *scope,
                                   struct str canonical, struct str *out)
{
    struct sha256 hash;
    TRY(sha256_of(a, canonical, &hash));
    *out = arena_printf(a, "AWS4-HMAC-SHA256\n%.*s\n%.*s\n%.*s", STR_ARG(scope->timestamp),
                        STR_ARG(scope_text(a, scope)), STR_ARG(sha256_hex(a, &hash)));
    return NULL;
}

struct error *sigv4_signing_key(struct arena *a, const struct sigv4_scope *scope,
                                struct str secret_key, struct sha256 *out)
{
    const struct str steps[] = {date_of(scope), scope->region, scope->service, S("aws4_request")};
    struct str key = arena_join(a, S("AWS4"), secret_key);
    struct sha256 hash[2];
    for (size_t i = 0; i < countof(steps); i++) {
        struct sha256 *next = &hash[i % 2]; /* the other one is the key */
        TRY(hmac_sha256(a, key, steps[i], next));
        key = (struct str){(const char *)next->bytes, sizeof next->bytes};
    }
    *out = hash[(countof(steps) - 1) % 2];
    return NULL;
}

struct error *sigv4_signature_with(struct arena *a, const struct sha256 *signing_key,
                                   struct str string_to_sign, struct str *out)
{
    struct sha256 hash;
    struct str key = {(const char *)signing_key->bytes, sizeof signing_key->bytes};
    TRY(hmac_sha256(a, key, string_to_sign, &hash));
    *out = sha256_hex(a, &hash);
    return NULL;
}

struct error *sigv4_signature(struct arena *a, const struct sigv4_scope *scope,
                              struct str secret_key, struct str string_to_sign, struct str *out)
{
    struct sha256 key;
    TRY(sigv4_signing_key(a, scope, secret_key, &key));
    return sigv4_signature_with(a, &key, string_to_sign, out);
}

struct error *sigv4_sign(struct arena *a, const struct sigv4_request *request,
                         const struct sigv4_scope *scope,
                         const struct sigv4_credentials *credentials, struct str *out)
{
    struct str canonical, signed_headers, to_sign, signature;
    TRY(sigv4_canonical_request(a, request, &canonical, &signed_headers));
    TRY(sigv4_string_to_sign(a, scope, canonical, &to_sign));
    TRY(sigv4_signature(a, scope, credentials->secret_key, to_sign, &signature));
    *out =
        arena_printf(a, "AWS4-HMAC-SHA256 Credential=%.*s/%.*s, SignedHeaders=%.*s, Signature=%.*s",
                     STR_ARG(credentials->access_key), STR_ARG(scope_text(a, scope)),
                     STR_ARG(signed_headers), STR_ARG(signature));
    return NULL;
}

struct str sigv4_timestamp(struct arena *a, int64_t time_s)
{
    struct tm tm;
    char text[32];
    time_t time = (time_t)time_s;
    gmtime_r(&time, &tm);
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &tm);
    return arena_str(a, str_z(text));
}
