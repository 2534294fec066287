/* One attempt is one POST through a libcurl handle; handles wait in a pool, since each keeps its
 * connection. What came back decides, together with the operation, whether to try again:
 *
 *   never sent (no connection)       always
 *   throttled                        always: it was refused before it was applied
 *   lost midway, timeout, 5xx,       only what changes nothing, and TransactWriteItems, which its
 *   wrong checksum                   ClientRequestToken lets apply once only
 *
 * Pauses grow from 25 ms, doubled and halved at random, as the SDKs do ("Error retries and
 * exponential backoff in AWS"). */
#include "client/remote.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/sigv4.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/library.h"
#include "base/rand.h"
#include "client/failure.h"

#define RESPONSE_MAX_BYTES ((size_t)128 << 20)
#define POOL_MAX 64
#define FIRST_PAUSE_US 25000
#define MAX_PAUSE_US 5000000

#define CURL_FUNCTIONS(F)                                                                          \
    F(curl_global_init)                                                                            \
    F(curl_easy_init)                                                                              \
    F(curl_easy_cleanup)                                                                           \
    F(curl_easy_reset)                                                                             \
    F(curl_easy_setopt)                                                                            \
    F(curl_easy_getinfo)                                                                           \
    F(curl_easy_perform)                                                                           \
    F(curl_easy_strerror)                                                                          \
    F(curl_slist_append)                                                                           \
    F(curl_slist_free_all)

struct curl_library {
    CURL_FUNCTIONS(LIBRARY_MEMBER)
};

struct remote {
    struct client client;
    struct curl_library curl;
    char *endpoint, *streams_endpoint; /* URLs */
    char *region, *access_key, *secret_key, *session_token;
    int64_t timeout_ms;
    int attempts;
    pthread_mutex_t lock; /* guards the pool */
    CURL *pool[POOL_MAX];
    size_t pooled;
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

struct attempt {
    struct buf body;
    CURLcode code;
    long status;
    uint32_t crc32;
    bool has_crc32;
};

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct attempt *attempt = context;
    buf_add(&attempt->body, (struct str){data, size * count});
    return attempt->body.overflowed ? 0 : size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct attempt *attempt = context;
    struct str line = {data, size * count}, name;
    uint64_t number;
    if (str_cut(&line, ':', &name) && str_eq_nocase(name, S("x-amz-crc32")) &&
        str_to_u64(str_trim(line), UINT32_MAX, &number)) {
        attempt->crc32 = (uint32_t)number;
        attempt->has_crc32 = true;
    }
    return size * count;
}

static struct str host_of(struct str url)
{
    struct str host, rest = url;
    const char *at = memmem(url.data, url.len, "://", 3);
    if (at)
        rest = str_from(url, (size_t)(at - url.data) + 3);
    str_cut(&rest, '/', &host);
    return host;
}

static void add_header(struct remote *remote, struct arena *a, struct curl_slist **list,
                       struct str name, struct str value)
{
    struct str line = arena_printf(a, "%.*s: %.*s", STR_ARG(name), STR_ARG(value));
    struct curl_slist *longer = remote->curl.curl_slist_append(*list, arena_z(a, line));
    if (!longer)
        abort(); /* out of memory */
    *list = longer;
}

/* The headers of one attempt, signed for this moment. */
static struct error *make_headers(struct remote *remote, struct arena *a, struct str operation,
                                  struct str body, struct curl_slist **out)
{
    struct str url = str_z(is_streams(operation) ? remote->streams_endpoint : remote->endpoint);
    struct str target = arena_printf(
        a, "%s.%.*s", is_streams(operation) ? "DynamoDBStreams_20120810" : "DynamoDB_20120810",
        STR_ARG(operation));
    struct sigv4_scope scope = {sigv4_timestamp(a, clock_now_ms(&clock_system) / 1000),
                                str_z(remote->region), S("dynamodb")};
    struct sigv4_header headers[5] = {
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
        add_header(remote, a, out, headers[i].name, headers[i].value);
    add_header(remote, a, out, S("Authorization"), authorization);
    add_header(remote, a, out, S("Expect"), S("")); /* no 100-continue */
    return NULL;
}

static CURL *take_handle(struct remote *remote)
{
    CURL *handle = NULL;
    pthread_mutex_lock(&remote->lock);
    if (remote->pooled)
        handle = remote->pool[--remote->pooled];
    pthread_mutex_unlock(&remote->lock);
    if (!handle && !(handle = remote->curl.curl_easy_init()))
        abort(); /* out of memory */
    return handle;
}

static void give_handle(struct remote *remote, CURL *handle)
{
    pthread_mutex_lock(&remote->lock);
    if (remote->pooled < POOL_MAX) {
        remote->pool[remote->pooled++] = handle;
        handle = NULL;
    }
    pthread_mutex_unlock(&remote->lock);
    if (handle)
        remote->curl.curl_easy_cleanup(handle);
}

/* curl_easy_reset forgets options and keeps connections. */
static void perform(struct remote *remote, struct str operation, struct str body,
                    struct curl_slist *headers, struct attempt *attempt)
{
    const struct curl_library *curl = &remote->curl;
    CURL *h = take_handle(remote);
    curl->curl_easy_reset(h);
    curl->curl_easy_setopt(h, CURLOPT_URL,
                           is_streams(operation) ? remote->streams_endpoint : remote->endpoint);
    curl->curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl->curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl->curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl->curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.data);
    curl->curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    curl->curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)remote->timeout_ms);
    curl->curl_easy_setopt(h, CURLOPT_TCP_NODELAY, 1L);
    curl->curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    curl->curl_easy_setopt(h, CURLOPT_WRITEDATA, attempt);
    curl->curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
    curl->curl_easy_setopt(h, CURLOPT_HEADERDATA, attempt);
    attempt->code = curl->curl_easy_perform(h);
    curl->curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &attempt->status);
    give_handle(remote, h);
}

/* -- trying again ------------------------------------------------------------------------------ */

static bool was_sent(CURLcode code)
{
    return code != CURLE_COULDNT_RESOLVE_HOST && code != CURLE_COULDNT_CONNECT &&
           code != CURLE_COULDNT_RESOLVE_PROXY;
}

/* *may_repeat tells whether trying again is safe; NULL for an answer of success. */
static struct error *judge(struct remote *remote, struct arena *a, struct str operation,
                           const struct attempt *attempt, struct str *response, bool *may_repeat)
{
    *may_repeat = is_repeatable(operation);
    if (attempt->code != CURLE_OK) {
        *may_repeat |= !was_sent(attempt->code);
        struct str why = arena_printf(a, "%s: %s", remote->endpoint,
                                      remote->curl.curl_easy_strerror(attempt->code));
        return client_unreachable(a, why);
    }
    *response = arena_str(a, buf_str(&attempt->body));
    if (attempt->has_crc32 && crc32_of(*response) != attempt->crc32)
        return client_unreachable(a, S("the answer's checksum is wrong"));
    if (attempt->status == 200)
        return NULL;
    struct error *e = client_refused(a, (int)attempt->status, *response);
    *may_repeat = e->kind->is_retryable && (*may_repeat || attempt->status < 500);
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
    struct attempt attempt = {0};
    struct curl_slist *headers = NULL;
    *may_repeat = false;
    struct error *e = make_headers(remote, a, operation, request, &headers);
    if (!e) {
        buf_init(&attempt.body, RESPONSE_MAX_BYTES);
        perform(remote, operation, request, headers, &attempt);
        e = judge(remote, a, operation, &attempt, response, may_repeat);
        buf_clear(&attempt.body);
    }
    remote->curl.curl_slist_free_all(headers);
    return e;
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
    for (size_t i = 0; i < remote->pooled; i++)
        remote->curl.curl_easy_cleanup(remote->pool[i]);
    pthread_mutex_destroy(&remote->lock);
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
    static const char *const names[] = {CURL_FUNCTIONS(LIBRARY_NAME)};
    struct curl_library curl;
    TRY(check_options(a, options));
    TRY(library_open(a, "libcurl.so.4", "libcurl4", names, countof(names), &curl));
    if (curl.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_new(a, &error_system, "libcurl cannot be set up");
    struct remote *remote = mem_zalloc(sizeof *remote);
    remote->client.ops = &remote_ops;
    remote->curl = curl;
    remote->endpoint = keep(options->endpoint);
    remote->streams_endpoint = keep(streams_url(a, options->endpoint));
    remote->region = keep(options->region);
    remote->access_key = keep(options->access_key);
    remote->secret_key = keep(options->secret_key);
    remote->session_token = keep(options->session_token);
    remote->timeout_ms = options->timeout_ms;
    remote->attempts = options->attempts;
    pthread_mutex_init(&remote->lock, NULL);
    *out = &remote->client;
    return NULL;
}
