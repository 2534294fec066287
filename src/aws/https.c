/* Handles wait in a pool, the last used on top, since each keeps its connection. */
#include "aws/https.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/library.h"
#include "base/vec.h"

#define POOL_MAX 64
#define HEADERS_MAX 256

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

struct https {
    struct {
        CURL_FUNCTIONS(LIBRARY_MEMBER)
    } curl;
    pthread_mutex_t lock; /* guards the pool */
    CURL *pool[POOL_MAX];
    size_t pooled;
};

struct error *https_open(struct arena *a, struct https **out)
{
    static const char *const names[] = {CURL_FUNCTIONS(LIBRARY_NAME)};
    struct https *https = mem_zalloc(sizeof *https);
    struct error *e =
        library_open(a, "libcurl.so.4", "libcurl4", names, countof(names), &https->curl);
    if (!e && https->curl.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        e = error_new(a, &error_system, "libcurl cannot be set up");
    if (e) {
        free(https);
        return e;
    }
    pthread_mutex_init(&https->lock, NULL);
    *out = https;
    return NULL;
}

void https_close(struct https *https)
{
    if (!https)
        return;
    for (size_t i = 0; i < https->pooled; i++)
        https->curl.curl_easy_cleanup(https->pool[i]);
    pthread_mutex_destroy(&https->lock);
    free(https);
}

static CURL *take_handle(struct https *https)
{
    CURL *handle = NULL;
    pthread_mutex_lock(&https->lock);
    if (https->pooled)
        handle = https->pool[--https->pooled];
    pthread_mutex_unlock(&https->lock);
    if (!handle && !(handle = https->curl.curl_easy_init()))
        abort(); /* out of memory */
    return handle;
}

static void give_handle(struct https *https, CURL *handle)
{
    pthread_mutex_lock(&https->lock);
    if (https->pooled < POOL_MAX) {
        https->pool[https->pooled++] = handle;
        handle = NULL;
    }
    pthread_mutex_unlock(&https->lock);
    if (handle)
        https->curl.curl_easy_cleanup(handle);
}

/* -- one call ---------------------------------------------------------------------------------- */

struct exchange {
    struct arena *arena;
    struct buf body;
    VEC(struct https_header) headers;
    const atomic_bool *stop;
};

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct exchange *x = context;
    buf_add(&x->body, (struct str){data, size * count});
    return x->body.overflowed ? 0 : size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct exchange *x = context;
    struct str line = {data, size * count}, name;
    if (str_starts(line, S("HTTP/")))
        x->headers.count = 0; /* what came before was an interim answer's */
    else if (str_cut(&line, ':', &name) && x->headers.count < HEADERS_MAX)
        VEC_PUSH(
            x->arena, &x->headers,
            (struct https_header){arena_str(x->arena, name), arena_str(x->arena, str_trim(line))});
    return size * count;
}

/* Called about once a second while nothing happens. */
static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct exchange *x = context;
    (void)a, (void)b, (void)c, (void)d;
    return x->stop && atomic_load(x->stop);
}

static struct curl_slist *add_line(struct https *https, struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = https->curl.curl_slist_append(list, line);
    if (!longer)
        abort(); /* out of memory */
    return longer;
}

static struct curl_slist *make_headers(struct https *https, struct arena *a,
                                       const struct https_request *request)
{
    struct curl_slist *list = add_line(https, NULL, "Expect:"); /* no 100-continue */
    for (size_t i = 0; i < request->header_count; i++) {
        const struct https_header *h = &request->headers[i];
        struct str line = arena_printf(a, "%.*s: %.*s", STR_ARG(h->name), STR_ARG(h->value));
        list = add_line(https, list, arena_z(a, line));
    }
    return list;
}

static void set_options(struct https *https, CURL *h, const char *url,
                        const struct https_request *request, struct curl_slist *headers,
                        struct exchange *x)
{
    __typeof__(https->curl.curl_easy_setopt) set = https->curl.curl_easy_setopt;
    https->curl.curl_easy_reset(h); /* forgets options and keeps connections */
    set(h, CURLOPT_URL, url);
    set(h, CURLOPT_NOSIGNAL, 1L);
    set(h, CURLOPT_PROTOCOLS_STR, "http,https");
    set(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    set(h, CURLOPT_POSTFIELDS, request->body.data);
    set(h, CURLOPT_HTTPHEADER, headers);
    set(h, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    set(h, CURLOPT_TCP_NODELAY, 1L);
    set(h, CURLOPT_WRITEFUNCTION, on_body);
    set(h, CURLOPT_WRITEDATA, x);
    set(h, CURLOPT_HEADERFUNCTION, on_header);
    set(h, CURLOPT_HEADERDATA, x);
    set(h, CURLOPT_XFERINFOFUNCTION, on_progress);
    set(h, CURLOPT_XFERINFODATA, x);
    set(h, CURLOPT_NOPROGRESS, 0L);
}

static bool may_have_been_sent(CURLcode code)
{
    return code != CURLE_COULDNT_RESOLVE_HOST && code != CURLE_COULDNT_CONNECT &&
           code != CURLE_COULDNT_RESOLVE_PROXY && code != CURLE_URL_MALFORMAT &&
           code != CURLE_UNSUPPORTED_PROTOCOL;
}

struct error *https_post(struct https *https, struct arena *a, const struct https_request *request,
                         struct https_response *out, bool *was_sent)
{
    struct exchange x = {.arena = a, .stop = request->stop};
    struct curl_slist *headers = make_headers(https, a, request);
    CURL *h = take_handle(https);
    long status = 0;
    buf_init(&x.body, request->response_max_bytes);
    set_options(https, h, arena_z(a, request->url), request, headers, &x);
    CURLcode code = https->curl.curl_easy_perform(h);
    https->curl.curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
    *out = (struct https_response){.status = (int)status,
                                   .body = arena_str(a, buf_str(&x.body)),
                                   .headers = x.headers.items,
                                   .header_count = x.headers.count};
    buf_clear(&x.body);
    give_handle(https, h);
    https->curl.curl_slist_free_all(headers);
    *was_sent = may_have_been_sent(code);
    if (code == CURLE_OK)
        return NULL;
    return error_new(a, &error_system, "%.*s: %s", STR_ARG(request->url),
                     https->curl.curl_easy_strerror(code));
}

struct str https_header_of(const struct https_response *response, struct str name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (str_eq_nocase(response->headers[i].name, name))
            return response->headers[i].value;
    return S("");
}
