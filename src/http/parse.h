/* Parse: the head of an HTTP/1.1 request, read strictly (RFC 9110, RFC 9112).
 *
 * Called by conn.c with the bytes of one connection: http_scan_head finds where the head ends while
 * they arrive, http_parse_head then reads it in one pass. Pieces point into the bytes given, only
 * what had to be changed (percent-decoded paths) is in the arena. What two readers could understand
 * differently is refused. Errors carry one of the kinds below; after any of them the connection
 * cannot be read on. Pure; safe from any thread. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "http/http.h"

extern const struct error_kind http_bad_request;         /* 400 */
extern const struct error_kind http_request_timeout;     /* 408 */
extern const struct error_kind http_body_too_large;      /* 413 */
extern const struct error_kind http_target_too_long;     /* 414 */
extern const struct error_kind http_expectation_failed;  /* 417 */
extern const struct error_kind http_head_too_large;      /* 431 */
extern const struct error_kind http_not_implemented;     /* 501 */
extern const struct error_kind http_unavailable;         /* 503 */
extern const struct error_kind http_version_unsupported; /* 505 */

/* Above this many header fields a head is too large, whatever its bytes. */
#define HTTP_MAX_HEADERS 128

/* How far the search for the end of a head has come; starts as zeroes. */
struct http_scan {
    size_t at;    /* searched up to here */
    size_t line;  /* where the line at hand starts */
    size_t start; /* where the request line starts: behind the empty line that may precede it */
    size_t line_count; /* request line and header fields */
};

/* Goes on searching in `bytes`, which are those of the last call and more. *head_len is the length
 * of the head with its empty line, or 0 while that has not come. */
MUST_USE struct error *http_scan_head(struct arena *a, struct http_scan *scan, struct str bytes,
                                      size_t *head_len);

struct http_head {
    struct http_request request; /* without body and peer */
    uint64_t content_length;     /* UINT64_MAX stands for all that is larger; 0 when chunked */
    bool is_chunked;
    bool keeps_alive;      /* the client wants to send more requests */
    bool expects_continue; /* and waits for 100 (Continue) before it sends the body */
    bool is_http_1_0;
};

/* Reads a head found by http_scan_head: `head` runs from scan->start to the head's end. */
MUST_USE struct error *http_parse_head(struct arena *a, struct str head, size_t line_count,
                                       struct http_head *out);

/* Whether `s` is a token (RFC 9110 section 5.6.2): not empty, no separators. */
bool http_is_token(struct str s);
/* The first byte from `at` on that may not stand in a field value: a control character other than
 * tab; `end` when there is none. */
const char *http_skip_text(const char *at, const char *end);
