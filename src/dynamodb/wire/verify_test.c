/* The requests in tests/sigv4 (see its README), stage by stage, and what is refused. */
#include "dynamodb/wire/verify.h"

#include "aws/sigv4.h"
#include "base/buf.h"
#include "dynamodb/model/errors.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

#define SECRET S("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
#define SIGNED_AT_US (1795213867 * (int64_t)1000000) /* 20261120T223107Z */
#define MAX_HEADERS 16

static const char *const vectors[] = {
    "empty-body",  "get-vanilla-empty-query", "presigned",         "presigned-token", "put-item",
    "query-order", "security-token",          "spaces-in-headers",
};

static struct str read_file(struct arena *a, const char *vector, const char *name)
{
    struct str path = arena_printf(a, "%s/%s/%s", SIGV4_VECTORS, vector, name);
    char *text = arena_alloc(a, 1 << 16);
    FILE *file = fopen(arena_z(a, path), "r");
    if (!CHECK(file != NULL))
        return S("");
    size_t len = fread(text, 1, 1 << 16, file);
    fclose(file);
    return (struct str){text, len};
}

/* A request as the HTTP server gives it. */
static struct http_request parse(struct arena *a, struct str text)
{
    struct http_request r = {.path = S("/")};
    struct http_header *headers = arena_array(a, struct http_header, MAX_HEADERS);
    struct str line, target;
    str_cut(&text, '\n', &line);
    str_cut(&line, ' ', &r.method);
    str_cut(&line, ' ', &r.target);
    target = r.target;
    str_cut(&target, '?', &line);
    r.query = target;
    while (str_cut(&text, '\n', &line) && line.len && r.header_count < MAX_HEADERS) {
        struct http_header *h = &headers[r.header_count++];
        str_cut(&line, ':', &h->name);
        h->value = str_trim(line);
    }
    r.headers = headers;
    r.body = text;
    return r;
}

static struct str lower(struct arena *a, struct str text)
{
    char *out = arena_alloc(a, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        out[i] =
            (char)(text.data[i] >= 'A' && text.data[i] <= 'Z' ? text.data[i] | 32 : text.data[i]);
    return (struct str){out, text.len};
}

/* All headers but the Authorization are signed in the files. */
static size_t signed_headers(struct arena *a, const struct http_request *r,
                             struct sigv4_header *out)
{
    size_t count = 0;
    for (size_t i = 0; i < r->header_count; i++)
        if (!str_eq(r->headers[i].name, S("Authorization")))
            out[count++] = (struct sigv4_header){lower(a, r->headers[i].name), r->headers[i].value};
    return count;
}

TEST(every_stage_is_as_by_botocore)
{
    static const struct sigv4_scope scope = {STR_INIT("20261120T223107Z"), STR_INIT("us-east-1"),
                                             STR_INIT("dynamodb")};
    for (size_t i = 0; i < countof(vectors); i++) {
        struct http_request r = parse(arena, read_file(arena, vectors[i], "request"));
        struct sigv4_header headers[MAX_HEADERS];
        struct sigv4_request request = {.method = r.method,
                                        .path = S("/"),
                                        .query = r.query,
                                        .headers = headers,
                                        .header_count = signed_headers(arena, &r, headers),
                                        .payload = r.body};
        struct str canonical, names, to_sign, signature;
        CHECK(!sigv4_canonical_request(arena, &request, &canonical, &names));
        CHECK_STR(canonical, read_file(arena, vectors[i], "canonical-request"));
        CHECK(!sigv4_string_to_sign(arena, &scope, canonical, &to_sign));
        CHECK_STR(to_sign, read_file(arena, vectors[i], "string-to-sign"));
        CHECK(!sigv4_signature(arena, &scope, SECRET, to_sign, &signature));
        CHECK_STR(signature, read_file(arena, vectors[i], "signature"));
    }
}

/* -- verifying --------------------------------------------------------------------------------- */

static struct error *verify_text(struct arena *a, struct str text, int64_t now_us)
{
    struct clock_manual time = {now_us};
    struct clock clock = clock_manual(&time);
    struct credentials *known = NULL;
    CHECK(!credentials_parse(a, arena_printf(a, "AKIDEXAMPLE %.*s\n", STR_ARG(SECRET)), &known));
    struct verify *v = verify_new(known, &clock);
    struct http_request request = parse(a, text);
    struct wire_head head = head_of(&request);
    struct error *e = verify_request(v, a, &request, &head);
    struct error *again = verify_request(v, a, &request, &head); /* now with a kept key */
    CHECK(!e == !again);
    verify_free(v);
    credentials_free(known);
    return e;
}

static struct str replaced(struct arena *a, struct str text, const char *from, const char *to)
{
    const char *at = memmem(text.data, text.len, from, strlen(from));
    CHECK(at != NULL);
    if (!at)
        return text;
    size_t start = (size_t)(at - text.data);
    return arena_printf(a, "%.*s%s%.*s", (int)start, text.data, to,
                        STR_ARG(str_from(text, start + strlen(from))));
}

/* The put-item request with one piece exchanged, two minutes after it was signed. */
static struct error *verify_changed(struct arena *a, const char *from, const char *to)
{
    struct str text = read_file(a, "put-item", "request");
    return verify_text(a, replaced(a, text, from, to), SIGNED_AT_US + 120 * 1000000);
}

static void check_error(struct error *e, const struct error_kind *kind, struct str message)
{
    if (!CHECK(e != NULL))
        return;
    CHECK(e->kind == kind);
    CHECK_STR(e->message, message);
}

#define MISMATCH                                                                                   \
    S("The request signature we calculated does not match the signature you provided. Check your " \
      "AWS Secret Access Key and signing method. Consult the service documentation for details.")

TEST(signed_requests_pass)
{
    for (size_t i = 0; i < countof(vectors); i++) {
        struct error *e = verify_text(arena, read_file(arena, vectors[i], "request"), SIGNED_AT_US);
        if (!CHECK(!e))
            printf("# %s: %.*s\n", vectors[i], STR_ARG(e->message));
    }
}

TEST(whatever_is_changed_is_noticed)
{
    static const char *const changes[][2] = {
        {"caf", "Caf"},
        {"POST /", "PUT /"},
        {"POST / ", "POST /?a=b "},
        {"Target: DynamoDB_20120810.PutItem", "Target: DynamoDB_20120810.DeleteItem"},
        {"Content-Type: application/x-amz-json-1.0", "Content-Type: application/json"},
        {"Host: dynamodb", "Host: elsewhere"},
        {"X-Amz-Date: 20261120T223107Z", "X-Amz-Date: 20261120T223108Z"},
        {"Signature=0ec6", "Signature=0ec7"},
        {"Signature=0ec6", "Signature="},
        {"Signature=", "Signature=0"},
        {"us-east-1/dynamodb", "us-east-2/dynamodb"},
        {"content-type;host;", "host;"},
        {"content-type;host;", "content-type;host;missing;"},
    };
    CHECK(!verify_changed(arena, "caf", "caf"));
    for (size_t i = 0; i < countof(changes); i++)
        check_error(verify_changed(arena, changes[i][0], changes[i][1]),
                    &error_InvalidSignatureException, MISMATCH);
}

TEST(unknown_keys_are_refused)
{
    check_error(verify_changed(arena, "AKIDEXAMPLE", "AKIDEXAMPLF"),
                &error_UnrecognizedClientException,
                S("The security token included in the request is invalid."));
}

TEST(credentials_have_five_parts)
{
    check_error(verify_changed(arena, "/aws4_request", ""), &error_IncompleteSignatureException,
                S("Credential must have exactly 5 slash-delimited elements, e.g. "
                  "keyid/date/region/service/term, got "
                  "'AKIDEXAMPLE/20261120/us-east-1/dynamodb'"));
    check_error(verify_changed(arena, "aws4_request", "aws5_request"),
                &error_InvalidSignatureException,
                S("Credential should be scoped with a valid terminator: 'aws4_request', not "
                  "'aws5_request'."));
    check_error(verify_changed(arena, "/dynamodb/", "/s3/"), &error_InvalidSignatureException,
                S("Credential should be scoped to correct service: 'dynamodb'. "));
    check_error(verify_changed(arena, "/20261120/", "/20261121/"), &error_InvalidSignatureException,
                S("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                  "from HTTP: '20261121' != '20261120', from '20261120T223107Z'."));
    check_error(verify_changed(arena, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"),
                &error_IncompleteSignatureException,
                S("Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'."));
}

TEST(what_matters_must_be_signed)
{
    check_error(verify_changed(arena, "content-type;host;", "content-type;"),
                &error_InvalidSignatureException,
                S("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
    check_error(verify_changed(arena, ";x-amz-target,", ","), &error_InvalidSignatureException,
                S("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."));
    check_error(verify_changed(arena, "x-amz-date;", ""), &error_InvalidSignatureException,
                S("'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization."));
}

TEST(five_minutes_are_the_limit)
{
    struct str text = read_file(arena, "put-item", "request");
    int64_t minute_us = 60 * 1000000;
    CHECK(!verify_text(arena, text, SIGNED_AT_US + 5 * minute_us));
    CHECK(!verify_text(arena, text, SIGNED_AT_US - 5 * minute_us));
    check_error(verify_text(arena, text, SIGNED_AT_US + 6 * minute_us),
                &error_InvalidSignatureException,
                S("Signature expired: 20261120T223107Z is now earlier than 20261120T223207Z "
                  "(20261120T223707Z - 5 min.)"));
    check_error(verify_text(arena, text, SIGNED_AT_US - 6 * minute_us),
                &error_InvalidSignatureException,
                S("Signature not yet current: 20261120T223107Z is still later than "
                  "20261120T223007Z (20261120T222507Z + 5 min.)"));
}

TEST(presigned_requests_live_as_long_as_they_say)
{
    struct str text = read_file(arena, "presigned", "request");
    CHECK(!verify_text(arena, text, SIGNED_AT_US + 600 * (int64_t)1000000));
    struct error *e = verify_text(arena, text, SIGNED_AT_US + 601 * (int64_t)1000000);
    CHECK(e && e->kind == &error_InvalidSignatureException);
    check_error(
        verify_text(arena, replaced(arena, text, "Expires=600", "Expires=601"), SIGNED_AT_US),
        &error_InvalidSignatureException, MISMATCH);
    e = verify_text(arena, replaced(arena, text, "Expires=600", "Expires=0"), SIGNED_AT_US);
    CHECK(e && e->kind == &error_InvalidSignatureException);
}

TEST(the_date_header_may_be_https_own)
{
    /* Signed with that date, which is left out of the signed headers: the time still counts. */
    struct str text = read_file(arena, "put-item", "request");
    text = replaced(arena, text, "X-Amz-Date: 20261120T223107Z",
                    "Date: Fri, 20 Nov 2026 22:31:07 GMT");
    text = replaced(arena, text, "x-amz-date;", "");
    check_error(verify_text(arena, text, SIGNED_AT_US), &error_InvalidSignatureException, MISMATCH);
    text = replaced(arena, text, "Fri, 20 Nov 2026 22:31:07 GMT", "yesterday");
    struct error *e = verify_text(arena, text, SIGNED_AT_US);
    CHECK(e && e->kind == &error_IncompleteSignatureException);
}

TEST(a_time_that_has_passed_comes_before_a_wrong_scope)
{
    struct str text = read_file(arena, "put-item", "request");
    text = replaced(arena, text, "/dynamodb/", "/s3/");
    struct error *e = verify_text(arena, text, SIGNED_AT_US + 3600 * (int64_t)1000000);
    CHECK(e && str_starts(e->message, S("Signature expired")));
    e = verify_text(arena, text, SIGNED_AT_US);
    CHECK(e && str_starts(e->message, S("Credential should be scoped to correct service")));
}

TAP_MAIN(T(every_stage_is_as_by_botocore), T(signed_requests_pass),
         T(whatever_is_changed_is_noticed), T(unknown_keys_are_refused),
         T(credentials_have_five_parts), T(what_matters_must_be_signed),
         T(five_minutes_are_the_limit), T(presigned_requests_live_as_long_as_they_say),
         T(the_date_header_may_be_https_own), T(a_time_that_has_passed_comes_before_a_wrong_scope))
