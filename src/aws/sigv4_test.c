/* The vectors "get-vanilla", "post-vanilla", "get-vanilla-query-order-value" are AWS's published
 * test suite for Signature Version 4; the DynamoDB request was signed by botocore. */
#include "aws/sigv4.h"

#include "aws/digest.h"
#include "tap.h"

static const struct sigv4_credentials credentials = {
    STR_INIT("AKIDEXAMPLE"), STR_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")};
static const struct sigv4_scope scope = {STR_INIT("20150830T123600Z"), STR_INIT("us-east-1"),
                                         STR_INIT("service")};
static const struct sigv4_header host_and_date[] = {
    {STR_INIT("x-amz-date"), STR_INIT("20150830T123600Z")},
    {STR_INIT("host"), STR_INIT("example.amazonaws.com")},
};

static struct sigv4_request suite_request(struct str method, struct str query)
{
    return (struct sigv4_request){.method = method,
                                  .path = S("/"),
                                  .query = query,
                                  .headers = host_and_date,
                                  .header_count = countof(host_and_date),
                                  .payload = S("")};
}

static struct str signature_of(struct arena *a, const struct sigv4_request *request)
{
    struct str authorization = {"", 0}, head;
    CHECK(!sigv4_sign(a, request, &scope, &credentials, &authorization));
    while (str_cut(&authorization, '=', &head))
        ;
    return head;
}

TEST(canonical_request_sorts_headers)
{
    struct sigv4_request request = suite_request(S("GET"), S(""));
    struct str canonical, names;
    CHECK(!sigv4_canonical_request(arena, &request, &canonical, &names));
    CHECK_STR(names, S("host;x-amz-date"));
    CHECK_STR(canonical, S("GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
                           "host;x-amz-date\n"
                           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

TEST(string_to_sign_holds_the_scope)
{
    struct sigv4_request request = suite_request(S("GET"), S(""));
    struct str canonical, names, text;
    CHECK(!sigv4_canonical_request(arena, &request, &canonical, &names));
    CHECK(!sigv4_string_to_sign(arena, &scope, canonical, &text));
    CHECK_STR(text, S("AWS4-HMAC-SHA256\n20150830T123600Z\n"
                      "20150830/us-east-1/service/aws4_request\n"
                      "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63"));
}

TEST(get_vanilla)
{
    struct sigv4_request request = suite_request(S("GET"), S(""));
    CHECK_STR(signature_of(arena, &request),
              S("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
}

TEST(post_vanilla)
{
    struct sigv4_request request = suite_request(S("POST"), S(""));
    CHECK_STR(signature_of(arena, &request),
              S("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
}

TEST(get_vanilla_query_order_value)
{
    struct sigv4_request request = suite_request(S("GET"), S("Param1=value2&Param1=value1"));
    CHECK_STR(signature_of(arena, &request),
              S("5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"));
}

TEST(spaces_in_header_values_are_folded)
{
    struct sigv4_header header = {S("my-header"), S("  a   b  c ")};
    struct sigv4_request request = {.method = S("GET"),
                                    .path = S("/"),
                                    .query = S(""),
                                    .headers = &header,
                                    .header_count = 1,
                                    .payload = S("")};
    struct str canonical, names;
    CHECK(!sigv4_canonical_request(arena, &request, &canonical, &names));
    CHECK(str_contains(canonical, S("\nmy-header:a b c\n\n")));
}

TEST(dynamodb_request_is_signed_as_by_botocore)
{
    static const struct sigv4_header headers[] = {
        {STR_INIT("content-type"), STR_INIT("application/x-amz-json-1.0")},
        {STR_INIT("x-amz-target"), STR_INIT("DynamoDB_20120810.DescribeTable")},
        {STR_INIT("x-amz-date"), STR_INIT("20261120T223107Z")},
        {STR_INIT("host"), STR_INIT("dynamodb.eu-central-1.amazonaws.com")},
        {STR_INIT("x-amz-security-token"), STR_INIT("token==")},
    };
    static const struct sigv4_scope there = {STR_INIT("20261120T223107Z"), STR_INIT("eu-central-1"),
                                             STR_INIT("dynamodb")};
    struct sigv4_request request = {.method = S("POST"),
                                    .path = S("/"),
                                    .query = S(""),
                                    .headers = headers,
                                    .header_count = countof(headers),
                                    .payload = S("{\"TableName\":\"caf\xc3\xa9  x\"}")};
    struct str authorization = {"", 0};
    CHECK(!sigv4_sign(arena, &request, &there, &credentials, &authorization));
    CHECK_STR(authorization,
              S("AWS4-HMAC-SHA256 "
                "Credential=AKIDEXAMPLE/20261120/eu-central-1/dynamodb/aws4_request, "
                "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
                "Signature=274d8470e7312bcd6847891a9a3927ce1c2ad986b6ced53fbf25f70105585072"));
}

TEST(timestamp_is_basic_iso_8601)
{
    CHECK_STR(sigv4_timestamp(arena, 1795213867), S("20261120T223107Z"));
}

TEST(sha256_of_nothing)
{
    struct sha256 hash;
    CHECK(!sha256_of(arena, S(""), &hash));
    CHECK_STR(sha256_hex(arena, &hash),
              S("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

TAP_MAIN(T(canonical_request_sorts_headers), T(string_to_sign_holds_the_scope), T(get_vanilla),
         T(post_vanilla), T(get_vanilla_query_order_value), T(spaces_in_header_values_are_folded),
         T(dynamodb_request_is_signed_as_by_botocore), T(timestamp_is_basic_iso_8601),
         T(sha256_of_nothing))
