/* One attempt is one POST. What came back decides, together with the operation, whether to try
 * again:
 *
 *   never sent (no connection)       always
 *   throttled                        always: it was refused before it was applied
 *   lost midway, timeout, 5xx,       only what changes nothing, and TransactWriteItems, which its
 *   wrong checksum                   ClientRequestToken lets apply once only
 *
 * Pauses grow from 25 ms, doubled and halved at random, as the SDKs do ("Error retries and
 * exponential backoff in AWS"). */
#include "client/remote.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/https.h"
#include "aws/sigv4.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/rand.h"
#include "client/failure.h"

#define RESPONSE_MAX_BYTES ((size_t)128 << 20)
#define FIRST_PAUSE_US 25000
#define MAX_PAUSE_US 5000000

struct remote {
    struct client client;
    struct https *https;
    char *endpoint, *streams_endpoint; /* URLs */
    char *region, *access_key, *secret_key, *session_token;
    int64_t timeout_ms;
    int attempts;
};

/* -- operations -------------------------------------------------------------------------------- */

static bool is_one_of(struct str name, const struct str *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(name, names[i]))
            return true;
    return false;
}

static bool is_streams(struct str operation)
{
    static const struct str names[] = {STR_INIT("ListStreams"), STR_INIT("DescribeStream"),
                                       STR_INIT("GetShardIterator"), STR_INIT("GetRecords")};
    return is_one_of(operation, names, countof(names));
}

/* Doing it twice is doing it once. */
static bool is_repeatable(struct str operation)
{
    static const struct str names[] = {STR_INIT("Query"), STR_INIT("Scan"),
                                       STR_INIT("BatchGetItem"), STR_INIT("TransactGetItems"),
                                       STR_INIT("TransactWriteItems")};
    return str_starts(operation, S("Get")) || str_starts(operation, S("List")) ||
           str_starts(operation, S("Describe")) || is_one_of(operation, names, countof(names));
}

/* -- one attempt ------------------------------------------------------------------------------- */

static struct str host_of(struct str url)
{
    struct str host, rest = url;
    const char *at = memmem(url.data, url.len, "://", 3);
    if (at)
        rest = str_from(url, (size_t)(at - url.data) + 3);
    str_cut(&rest, '/', &host);
    return host;
}

enum { HEADERS_MAX = 6 };

/* The headers of one attempt, signed for this moment. */
static struct error *make_headers(struct remote *remote, struct arena *a, struct str operation,
                                  struct str body, struct https_header out[HEADERS_MAX],
                                  size_t *count)
{
    struct str url = str_z(is_streams(operation) ? remote->streams_endpoint : remote->endpoint);
    struct str target = arena_printf(
        a, "%s.%.*s", is_streams(operation) ? "DynamoDBStreams_20120810" : "DynamoDB_20120810",
        STR_ARG(operation));
    struct sigv4_scope scope = {sigv4_timestamp(a, clock_now_ms(&clock_system) / 1000),
                                str_z(remote->region), S("dynamodb")};
    struct sigv4_header headers[HEADERS_MAX - 1] = {
        {S("host"), host_of(url)},
        {S("content-type"), S("application/x-amz-json-1.0")},
        {S("x-amz-date"), scope.timestamp},
        {S("x-amz-target"), target},
        {S("x-amz-security-token"), str_z(remote->session_token)},
    };
    struct sigv4_request request = {.method = S("POST"),
                                    .path = S("/"),
                                    .query = S(""),
                                    .headers = headers,
                                    .header_count = headers[4].value.len ? 5 : 4,
                                    .payload = body};
    struct sigv4_credentials credentials = {str_z(remote->access_key), str_z(remote->secret_key)};
    struct str authorization;
    TRY(sigv4_sign(a, &request, &scope, &credentials, &authorization));
    for (size_t i = 0; i < request.header_count; i++)
        out[i] = (struct https_header){headers[i].name, headers[i].value};
    *count = request.header_count;
    out[(*count)++] = (struct https_header){S("Authorization"), authorization};
    return NULL;
}

/* Whether the answer says how its bytes add up, and they do not. */
static bool is_garbled(const struct https_response *answer)
{
    struct str crc32 = https_header_of(answer, S("x-amz-crc32"));
    uint64_t number;
    return str_to_u64(crc32, UINT32_MAX, &number) && crc32_of(answer->body) != number;
}

/* -- trying again ------------------------------------------------------------------------------ */

/* *may_repeat, which comes in as what the operation allows, tells whether trying again is safe. */
static struct error *judge(struct arena *a, const struct https_response *answer, bool *may_repeat)
{
    if (is_garbled(answer))
        return client_unreachable(a, S("the answer's checksum is wrong"));
    if (answer->status == 200)
        return NULL;
    struct error *e = client_refused(a, answer->status, answer->body);
    *may_repeat = e->kind->is_retryable && (*may_repeat || answer->status < 500);
    return e;
}

static void pause_before(int attempt)
{
    uint64_t most_us = FIRST_PAUSE_US;
    for (int i = 1; i < attempt && most_us < MAX_PAUSE_US; i++)
        most_us *= 2;
    uint64_t us = most_us / 2 + rand_below(&rand_system, most_us / 2);
    struct timespec pause = {.tv_sec = (time_t)(us / 1000000),
                             .tv_nsec = (long)(us % 1000000 * 1000)};
    nanosleep(&pause, NULL);
}

static struct error *try_once(struct remote *remote, struct arena *a, struct str operation,
                              struct str request, struct str *response, bool *may_repeat)
{
    struct https_header headers[HEADERS_MAX];
    struct https_request post = {
        .url = str_z(is_streams(operation) ? remote->streams_endpoint : remote->endpoint),
        .headers = headers,
        .body = request,
        .timeout_ms = remote->timeout_ms,
        .response_max_bytes = RESPONSE_MAX_BYTES,
    };
    struct https_response answer;
    bool was_sent;
    *may_repeat = false;
    TRY(make_headers(remote, a, operation, request, headers, &post.header_count));
    struct error *e = https_post(remote->https, a, &post, &answer, &was_sent);
    *may_repeat = is_repeatable(operation) || (e && !was_sent);
    if (e)
        return client_unreachable(a, e->message);
    *response = answer.body;
    return judge(a, &answer, may_repeat);
}

static struct error *remote_call(struct client *c, struct arena *a, struct str operation,
                                 struct str request, struct str *response)
{
    struct remote *remote = (struct remote *)c;
    bool may_repeat;
    struct error *e = try_once(remote, a, operation, request, response, &may_repeat);
    for (int attempt = 1; e && may_repeat && attempt < remote->attempts; attempt++) {
        pause_before(attempt);
        e = try_once(remote, a, operation, request, response, &may_repeat);
    }
    return e;
}

/* -- lifetime ---------------------------------------------------------------------------------- */

static void remote_free(struct client *c)
{
    struct remote *remote = (struct remote *)c;
    https_close(remote->https);
    free(remote->endpoint);
    free(remote->streams_endpoint);
    free(remote->region);
    free(remote->access_key);
    free(remote->secret_key);
    free(remote->session_token);
    free(remote);
}

static const struct client_ops remote_ops = {.call = remote_call, .free = remote_free};

static char *keep(struct str text)
{
    char *copy = mem_alloc(text.len + 1);
    if (text.len)
        memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    return copy;
}

/* AWS serves streams at a host of their own; other endpoints serve both at one. */
static struct str streams_url(struct arena *a, struct str endpoint)
{
    struct str scheme = S("https://dynamodb.");
    if (!str_starts(endpoint, scheme) || !str_contains(endpoint, S(".amazonaws.com")))
        return endpoint;
    return arena_join(a, S("https://streams.dynamodb."), str_from(endpoint, scheme.len));
}

static struct error *check_options(struct arena *a, const struct client_remote_options *options)
{
    struct str url = options->endpoint;
    bool is_http = str_starts(url, S("http://")) || str_starts(url, S("https://"));
    if (!is_http || host_of(url).len == 0)
        return error_new(a, &error_usage, "not an http:// or https:// endpoint: %.*s",
                         STR_ARG(url));
    struct str host = host_of(url);
    size_t origin_len = (size_t)(host.data - url.data) + host.len;
    if (url.len > origin_len + 1)
        return error_new(a, &error_usage, "an endpoint has no path: %.*s", STR_ARG(url));
    if (!options->access_key.len || !options->secret_key.len || !options->region.len)
        return error_new(a, &error_usage,
                         "an endpoint needs credentials and a region; for a local "
                         "one any words do");
    return NULL;
}

struct error *client_remote_new(struct arena *a, const struct client_remote_options *options,
                                struct client **out)
{
    struct https *https;
    TRY(check_options(a, options));
    TRY(https_open(a, &https));
    struct remote *remote = mem_zalloc(sizeof *remote);
    remote->client.ops = &remote_ops;
    remote->https = https;
    remote->endpoint = keep(options->endpoint);
    remote->streams_endpoint = keep(streams_url(a, options->endpoint));
    remote->region = keep(options->region);
    remote->access_key = keep(options->access_key);
    remote->secret_key = keep(options->secret_key);
    remote->session_token = keep(options->session_token);
    remote->timeout_ms = options->timeout_ms;
    remote->attempts = options->attempts;
    *out = &remote->client;
    return NULL;
}
