/* HTTP: an HTTP/1.1 server (RFC 9112) on one event loop per thread.
 *
 * A connection is dealt to a loop and stays there. A request is handed to the handler on its loop's
 * thread, whole (head and body within the limits, chunked bodies joined). The handler answers with
 * http_respond, then or later, from any thread: the exchange stays alive until it has been
 * answered, whether or not the client is still there, and is gone after it. The next request of the
 * connection is read only then. A handler never blocks: it works for microseconds, hands the
 * exchange to a worker, or continues with http_post.
 *
 * A stream (http_stream_open) is an answer that goes on: server-sent events. Its owner holds a
 * reference until http_stream_close; writing to a stream whose client has left does nothing.
 *
 * Framing is strict: what two readers could understand differently is refused with 400 and a closed
 * connection (tests/http lists the probes). Deadlines are absolute: a head or body that drips is
 * cut off. All times are milliseconds. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"

struct http_server;
struct http_exchange;
struct http_stream;

struct http_header {
    struct str name, value;
};

struct http_request {
    struct str method;
    struct str path;                   /* percent-decoded, starts with '/'; or "*" for OPTIONS * */
    struct str query;                  /* as sent, without '?' */
    struct str target;                 /* as sent: path and query, for signatures */
    const struct http_header *headers; /* names as sent */
    size_t header_count;
    struct str body;
    struct str peer; /* the client's address without its port: "127.0.0.1" */
};

struct http_response {
    int status;
    struct str content_type; /* empty: no Content-Type */
    const struct http_header *headers;
    size_t header_count;
    struct str body;
    bool body_stays; /* the body lives in http_arena(x) or for ever: it is not copied */
    /* Or it lives until this is called, once, on the loop's thread: the body has been sent, or will
     * never be. NULL: nobody waits for that. */
    void (*done)(void *context);
    void *done_context;
    bool close; /* close the connection after it */
};

/* Called on the loop's thread for each whole request. Must lead to one http_respond or
 * http_stream_open. */
typedef void http_handler(struct http_exchange *x, void *context);

/* Renders the body of an answer to what could not be read as a request (400, 413, 431, …), in the
 * form of the API served. Fills content_type, headers and body, from the arena; `why` has status
 * and words. On a loop's thread. */
typedef void http_refusal(struct arena *a, const struct error *why, struct http_response *response);

struct http_limits {
    size_t head_bytes;          /* request line and headers; 431 above it, 414 in the first line */
    size_t body_bytes;          /* 413 above it */
    size_t max_connections;     /* the next ones get 503 and are closed */
    size_t held_bytes;          /* large requests arriving and answers leaving, of all connections
                                   together: above it requests get 503 and slow readers are closed */
    int64_t head_timeout_ms;    /* from the first byte of a request to the end of its head */
    int64_t body_timeout_ms;    /* from there to the end of its body */
    int64_t idle_timeout_ms;    /* before the first request and between requests */
    int64_t write_timeout_ms;   /* for a client to take its answer, or 64 KB more of it */
    size_t stream_buffer_bytes; /* a stream that falls this far behind is closed */
};

struct http_options {
    const char *const *addresses; /* "127.0.0.1", "::1": all are bound; IPv6 may be missing */
    size_t address_count;
    uint16_t port;             /* 0: any free one, the same on all addresses */
    size_t loops;              /* 0: half as many as there are cores */
    struct http_limits limits; /* zero fields get the defaults of http_limits_default */
    http_handler *handler;
    void *context;
    http_refusal *refusal; /* NULL: the error's words as plain text */
    const struct clock *clock;
    const char *port_flag; /* named in the message when the port is taken: "--port" */
};

extern const struct http_limits http_limits_default;

/* Binds and listens; no thread runs yet. The error says which address and which flag. */
MUST_USE struct error *http_open(struct arena *a, const struct http_options *options,
                                 struct http_server **out);
uint16_t http_port(const struct http_server *server);
size_t http_loop_count(const struct http_server *server);
/* Starts the loops' threads. */
MUST_USE struct error *http_start(struct arena *a, struct http_server *server);
/* Stops accepting, answers what is under way for at most `grace_ms`, closes, joins. Every exchange
 * that is still unanswered must be answered by its handler's owner; http_stop waits for that.
 * Streams are gone at once; their owners may close them later. Not from a loop's thread; also for a
 * server that was never started. Other threads may still call http_post afterwards. */
void http_stop(struct http_server *server, int64_t grace_ms);
/* After http_stop, or instead of http_start, when nobody posts any more. What was posted and has
 * not run, runs here. */
void http_free(struct http_server *server);
/* http_stop and http_free, where no other thread posts. */
void http_close(struct http_server *server, int64_t grace_ms);
/* Numbers for /metrics. */
struct http_stats {
    uint64_t accepted, requests, open, refused;
};
struct http_stats http_stats(const struct http_server *server);

/* -- one exchange ------------------------------------------------------------------------------ */

const struct http_request *http_request_of(const struct http_exchange *x);
/* Lives until the exchange is answered; owned by whoever holds the exchange at the moment. */
struct arena *http_arena(struct http_exchange *x);
size_t http_loop_of(const struct http_exchange *x); /* 0 .. http_loop_count - 1 */
/* A word of the handler's own that travels with the exchange. */
void http_set_user(struct http_exchange *x, void *user);
void *http_user(const struct http_exchange *x);

/* The value of a header, matched without case; empty when absent. */
struct str http_header_of(const struct http_request *request, struct str name);
/* The first member of that name in the query string, decoded; false when absent. */
bool http_query_of(struct arena *a, const struct http_request *request, struct str name,
                   struct str *value);
/* Percent-decodes a piece of a query string or form into the arena: '+' is a space, a broken escape
 * stands for itself, as browsers do it. */
struct str http_form_decode(struct arena *a, struct str text);

/* Answers; the bytes are copied or sent before it returns. Any thread. Adds Content-Length,
 * Connection and Date; HEAD sends no body; a header value with CR or LF is an assertion. */
void http_respond(struct http_exchange *x, const struct http_response *response);

/* -- streams ----------------------------------------------------------------------------------- */

/* Called at most once, on the loop's thread, when the client has left or fallen behind; never after
 * http_stream_close, but perhaps while that runs on another thread: let `context` be what outlives
 * the stream, and look the stream up there. The owner still calls http_stream_close (or does it in
 * here). */
typedef void http_stream_gone(struct http_stream *s, void *context);

/* Answers with this status and these headers, without a length, and keeps the connection for the
 * stream, whose first bytes are the head's body. The end of the stream is the end of the
 * connection. Any thread. `gone` may run before this returns on another thread than the loop's. */
struct http_stream *http_stream_open(struct http_exchange *x, const struct http_response *head,
                                     http_stream_gone *gone, void *context);
/* Queues bytes, which the loop sends in its next turn; false when the client is gone. Any thread.
 */
bool http_stream_write(struct http_stream *s, struct str bytes);
/* Ends it after what is queued, and gives the reference back. Any thread. */
void http_stream_close(struct http_stream *s);

/* -- work on a loop ---------------------------------------------------------------------------- */

typedef void http_task(void *argument);
/* Runs task(argument) on that loop's thread, soon, in order of posting. Any thread. From its own
 * loop it runs after the events at hand: this is how long work yields. */
void http_post(struct http_server *server, size_t loop, http_task *task, void *argument);
