/* Web metrics: what has been answered, in Prometheus's text format 0.0.4. */
#include "messaging/web_request.h"

#include <stdatomic.h>

static const int statuses[WEB_STATUSES] = {200, 204, 304, 400, 401, 403, 404, 405, 409,
                                           413, 415, 422, 429, 431, 500, 503, 0};
static const int64_t bucket_us[WEB_BUCKETS - 1] = {500, 2000, 10000, 50000, 250000, 1000000};

static size_t status_index(int status)
{
    size_t i = 0;
    while (statuses[i] && statuses[i] != status)
        i++;
    return i;
}

void web_count(struct web_request *r, int status)
{
    size_t route = r->route ? (size_t)(r->route - web_routes) : web_route_count;
    struct web_count *count = &r->web->counts[route];
    int64_t took_us = clock_monotonic_us(r->web->options.clock) - r->started_us;
    size_t bucket = 0;
    while (bucket < WEB_BUCKETS - 1 && took_us > bucket_us[bucket])
        bucket++;
    atomic_fetch_add_explicit(&count->statuses[status_index(status)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&count->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&count->total_us, (uint64_t)took_us, memory_order_relaxed);
}

/* -- text -------------------------------------------------------------------------------------- */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct buf *out, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    head(out, name, type, help);
    buf_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static const char *route_method(size_t i)
{
    return i < web_route_count ? web_routes[i].method : "";
}

static const char *route_pattern(size_t i)
{
    return i < web_route_count ? web_routes[i].pattern : "none";
}

static void write_requests(struct buf *out, const struct web *web)
{
    head(out, "cruddur_http_requests_total", "counter", "Requests answered.");
    for (size_t i = 0; i <= web_route_count; i++)
        for (size_t s = 0; s < WEB_STATUSES; s++) {
            uint64_t count = atomic_load(&web->counts[i].statuses[s]);
            if (count)
                buf_printf(out,
                           "cruddur_http_requests_total{method=\"%s\",route=\"%s\",status=\"%d\"} "
                           "%llu\n",
                           route_method(i), route_pattern(i), statuses[s],
                           (unsigned long long)count);
        }
}

static void write_times_of(struct buf *out, const struct web_count *count, size_t route)
{
    uint64_t total = 0;
    const char *method = route_method(route), *pattern = route_pattern(route);
    for (size_t b = 0; b < WEB_BUCKETS; b++) {
        total += atomic_load(&count->buckets[b]);
        buf_printf(out, "cruddur_http_request_seconds_bucket{method=\"%s\",route=\"%s\",le=\"",
                   method, pattern);
        if (b < WEB_BUCKETS - 1)
            buf_printf(out, "%g\"} %llu\n", (double)bucket_us[b] / 1e6, (unsigned long long)total);
        else
            buf_printf(out, "+Inf\"} %llu\n", (unsigned long long)total);
    }
    buf_printf(out, "cruddur_http_request_seconds_sum{method=\"%s\",route=\"%s\"} %g\n", method,
               pattern, (double)atomic_load(&count->total_us) / 1e6);
    buf_printf(out, "cruddur_http_request_seconds_count{method=\"%s\",route=\"%s\"} %llu\n", method,
               pattern, (unsigned long long)total);
}

static void write_times(struct buf *out, const struct web *web)
{
    head(out, "cruddur_http_request_seconds", "histogram", "From the whole request to its answer.");
    for (size_t i = 0; i < web_route_count; i++)
        if (atomic_load(&web->counts[i].total_us))
            write_times_of(out, &web->counts[i], i);
}

static void write_parts(struct buf *out, const struct web *web)
{
    struct http_stats http = http_stats(web->server);
    struct workers_stats workers = workers_stats(web->workers);
    struct hub_stats hub = hub_stats(web->options.hub);
    struct tokens_stats tokens = tokens_stats(web->options.tokens);
    number(out, "cruddur_connections", "gauge", "Open connections.", http.open);
    number(out, "cruddur_connections_total", "counter", "Connections accepted.", http.accepted);
    number(out, "cruddur_connections_refused_total", "counter", "Connections refused: too many.",
           http.refused);
    number(out, "cruddur_workers", "gauge", "Worker threads.", workers.threads);
    number(out, "cruddur_workers_busy", "gauge", "Workers with a request.", workers.busy);
    number(out, "cruddur_queue", "gauge", "Requests that wait for a worker.", workers.queued);
    number(out, "cruddur_queue_refused_total", "counter", "Requests that found the queue full.",
           workers.refused);
    number(out, "cruddur_live_streams", "gauge", "Streams of live events.", hub.streams);
    number(out, "cruddur_live_events_total", "counter", "Live events told.", hub.events);
    number(out, "cruddur_live_writes_total", "counter", "Live events written to streams.",
           hub.written);
    number(out, "cruddur_live_resets_total", "counter", "Streams that had to start anew.",
           hub.resets);
    number(out, "cruddur_tokens_verified_total", "counter", "Signatures found good.",
           tokens.verified);
    number(out, "cruddur_tokens_remembered_total", "counter", "Tokens known from before.",
           tokens.cached);
    number(out, "cruddur_tokens_refused_total", "counter", "Tokens refused.", tokens.refused);
}

struct error *web_metrics(struct web_request *r)
{
    struct buf out;
    buf_init(&out, 1024 * 1024);
    write_requests(&out, r->web);
    write_times(&out, r->web);
    write_parts(&out, r->web);
    r->reply.content_type = S("text/plain; version=0.0.4; charset=utf-8");
    r->reply.body = arena_str(r->arena, buf_str(&out));
    buf_clear(&out);
    return NULL;
}
