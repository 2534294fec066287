/* Head, origin and the forms of authentication: what is read from headers alone. */
#include "dynamodb/wire/auth.h"
#include "dynamodb/wire/coding.h"
#include "dynamodb/wire/origin.h"

#include "tap.h"

#include <stdio.h>

TEST(headers_are_found_without_case)
{
    const struct http_header headers[] = {{S("HOST"), S("localhost:8000")},
                                          {S("X-Amz-Target"), S("DynamoDB_20120810.GetItem")},
                                          {S("host"), S("second")},
                                          {S("accept-ENCODING"), S("gzip")}};
    struct http_request request = {.headers = headers, .header_count = countof(headers)};
    struct wire_head head = head_of(&request);
    CHECK_STR(head.host, S("localhost:8000"));
    CHECK_STR(head.target, S("DynamoDB_20120810.GetItem"));
    CHECK_STR(head.accept_encoding, S("gzip"));
    CHECK(!head.authorization.data);
}

TEST(media_type_ends_at_the_semicolon)
{
    CHECK_STR(head_media_type(S("  application/json  ;   x")), S("application/json"));
    CHECK_STR(head_media_type(S("application/x-amz-json-1.0")), S("application/x-amz-json-1.0"));
    CHECK_STR(head_media_type(S("")), S(""));
}

TEST(answers_are_packed_as_the_service_chooses)
{
    static const struct {
        const char *accept;
        enum coding want;
    } rows[] = {
        {"gzip", CODING_GZIP},
        {"deflate", CODING_DEFLATE},
        {"", CODING_NONE},
        {"identity", CODING_NONE},
        {"br", CODING_NONE},
        {"x-gzip", CODING_NONE},
        {"gzip, deflate", CODING_GZIP},
        {"br, identity, deflate, gzip", CODING_DEFLATE},
        {"dog, GZIP ,, cat", CODING_GZIP},
        {"br, gzip;q=0, deflate; q = 0.5 , identity;q=0", CODING_DEFLATE},
        {"*", CODING_GZIP},
        {"*, deflate;q=0.5", CODING_GZIP},
        {"*, deflate", CODING_DEFLATE},
        {"*, gzip;q=0.5", CODING_DEFLATE},
        {"*;q=0", CODING_NONE},
        {"gzip ;q=0", CODING_NONE},
        {"*;q=0.5,identity", CODING_GZIP},
        {"br;q=0.8,identity;q=0.5,*;q=0", CODING_NONE},
        {"\"gzip\"", CODING_NONE},
        {"gzip br", CODING_NONE},
        {"gzip:q=1", CODING_NONE},
        {"gzip;q=31,deflate;q=51", CODING_GZIP},
        {"deflate;q=0.5, gzip;q=0.2", CODING_DEFLATE},
        {"deflate;q=0.5, gzip;q=1;q=0.2", CODING_GZIP},
        {"deflate;q=0.5,gzip;q=0.", CODING_DEFLATE},
        {"deflate;q=0.5,gzip;q=0.x", CODING_GZIP},
        {"deflate;q=0.5,gzip;q=0. x", CODING_GZIP},
        {"deflate;q=-0.5,gzip;q=0.2", CODING_GZIP},
        {"gzip;q= 0;q=1", CODING_NONE},
        {"gzip;q =0;q=1", CODING_GZIP},
        {"gzip;nq=0;q=1", CODING_NONE},
        {"gzip;q=0, gzip;q=1, gzip;q=0", CODING_GZIP},
        {"br,identity;q=0.5,gzip;q=0.0001", CODING_GZIP},
    };
    for (size_t i = 0; i < countof(rows); i++)
        if (!CHECK_INT(coding_accepted(str_z(rows[i].accept)), rows[i].want))
            printf("# %s\n", rows[i].accept);
    CHECK_INT(coding_of(S(" GZIP ")), CODING_GZIP);
    CHECK_INT(coding_of(S("deflate")), CODING_DEFLATE);
    CHECK_INT(coding_of(S("identity")), CODING_NONE);
    CHECK_INT(coding_of(S("garbage")), CODING_UNKNOWN);
}

TEST(only_loopback_hosts_are_served)
{
    static const char *const good[] = {"localhost",  "localhost:8000", "LOCALHOST",
                                       "127.0.0.1",  "127.1.2.3:80",   "[::1]",
                                       "[::1]:8000", "a.localhost:1",  "localhost."};
    static const char *const bad[] = {"",
                                      "example.com",
                                      "localhost.example.com",
                                      "128.0.0.1",
                                      "127.0.0.1.example.com",
                                      "127.0.0",
                                      "127.0.0.256",
                                      "10.0.0.1",
                                      "[::2]",
                                      "::1",
                                      "xlocalhost",
                                      ".localhost"};
    struct origin_rules rules = {0};
    for (size_t i = 0; i < countof(good); i++)
        if (!CHECK(origin_allows_host(&rules, str_z(good[i]))))
            printf("# %s\n", good[i]);
    for (size_t i = 0; i < countof(bad); i++)
        if (!CHECK(!origin_allows_host(&rules, str_z(bad[i]))))
            printf("# %s\n", bad[i]);
}

TEST(named_hosts_are_served_too)
{
    const struct str names[] = {S("dynamodb"), S("db.test")};
    struct origin_rules rules = {.hosts = names, .host_count = countof(names)};
    CHECK(origin_allows_host(&rules, S("dynamodb:8000")));
    CHECK(origin_allows_host(&rules, S("DB.test")));
    CHECK(!origin_allows_host(&rules, S("db.test.example")));
    rules.is_any_host = true;
    CHECK(origin_allows_host(&rules, S("db.test.example")));
}

TEST(only_local_pages_may_read)
{
    struct origin_rules rules = {0};
    CHECK(origin_allows(&rules, S("http://localhost:3000")));
    CHECK(origin_allows(&rules, S("https://127.0.0.1")));
    CHECK(!origin_allows(&rules, S("http://localhost.example.com")));
    CHECK(!origin_allows(&rules, S("null")));
    CHECK(!origin_allows(&rules, S("file://localhost")));
    rules.is_any_origin = true;
    CHECK(origin_allows(&rules, S("https://example.com")));
}

/* -- authentication -----------------------------------------------------------------------------
 */

struct auth_case {
    const char *authorization, *query;
    bool is_dated;
    const char *kind, *message; /* NULL: accepted */
};

static void check_auth(struct arena *arena, const struct auth_case *c)
{
    struct http_request request = {.query = str_z(c->query)};
    struct wire_head head = {.authorization = str_z(c->authorization)};
    if (c->is_dated)
        head.amz_date = S("20261121T000000Z");
    struct error *e = auth_check_form(arena, &request, &head);
    if (!c->kind) {
        CHECK(!e);
        return;
    }
    if (!CHECK(e))
        return;
    CHECK_STR(str_z(e->kind->name), str_z(c->kind));
    CHECK_STR(e->message, str_z(c->message));
}

TEST(authentication_has_the_services_form)
{
    static const struct auth_case cases[] = {
        {"AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c", "", true, NULL, NULL},
        {"AWS4-HMAC-SHA256 Credential=a,SignedHeaders=b,Signature=c", "", true, NULL, NULL},
        {"", "", true, "MissingAuthenticationTokenException",
         "Request is missing Authentication Token"},
        {"AWS4", "", true, "MissingAuthenticationTokenException",
         "Request is missing Authentication Token"},
        {"X", "X-Amz-Algorith", true, "MissingAuthenticationTokenException",
         "Request is missing Authentication Token"},
        {"X", "X-Amz-Algorithm", true, "InvalidSignatureException",
         "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP "
         "header."},
        {"AWS4-", "", false, "IncompleteSignatureException",
         "Authorization header requires 'Credential' parameter. Authorization header requires "
         "'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
         "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
         "Authorization=AWS4-"},
        {"AWS4- Signature=b, Credential=a", "", true, "IncompleteSignatureException",
         "Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4- "
         "Signature=b, Credential=a"},
        {"", "X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d", true,
         "IncompleteSignatureException",
         "AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the "
         "query-string parameters."},
    };
    for (size_t i = 0; i < countof(cases); i++)
        check_auth(arena, &cases[i]);
}

TAP_MAIN(T(headers_are_found_without_case), T(media_type_ends_at_the_semicolon),
         T(answers_are_packed_as_the_service_chooses), T(only_loopback_hosts_are_served),
         T(named_hosts_are_served_too), T(only_local_pages_may_read),
         T(authentication_has_the_services_form))
