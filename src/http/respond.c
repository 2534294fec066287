/* Respond: the bytes of an answer (RFC 9112 section 4, RFC 9110 section 15).
 *
 *     HTTP/1.1 200 OK
 *     Date: …                    left open when another thread renders: the loop knows the second
 *     Content-Type: …
 *     Content-Length: …          not with 204, 304 and streams
 *     Connection: keep-alive     or close
 *     (the handler's fields)
 *
 * Everything goes into the exchange's arena in one piece whose size is known beforehand; only a
 * large body stays apart, to be sent from where it is. */
#include "http/internal.h"

#include <assert.h>
#include <string.h>
#include <time.h>

/* A body up to this size is copied behind the head: cheaper than a second piece. */
#define SMALL_BODY_BYTES 4096
/* Room for status line and the fields of our own, beside the content type. */
#define OWN_FIELDS_BYTES 256

static struct str reason_of(int status)
{
    static const struct {
        int status;
        struct str reason;
    } table[] = {
        {200, STR_INIT("OK")},
        {201, STR_INIT("Created")},
        {202, STR_INIT("Accepted")},
        {204, STR_INIT("No Content")},
        {206, STR_INIT("Partial Content")},
        {301, STR_INIT("Moved Permanently")},
        {302, STR_INIT("Found")},
        {303, STR_INIT("See Other")},
        {304, STR_INIT("Not Modified")},
        {307, STR_INIT("Temporary Redirect")},
        {308, STR_INIT("Permanent Redirect")},
        {400, STR_INIT("Bad Request")},
        {401, STR_INIT("Unauthorized")},
        {403, STR_INIT("Forbidden")},
        {404, STR_INIT("Not Found")},
        {405, STR_INIT("Method Not Allowed")},
        {406, STR_INIT("Not Acceptable")},
        {408, STR_INIT("Request Timeout")},
        {409, STR_INIT("Conflict")},
        {410, STR_INIT("Gone")},
        {412, STR_INIT("Precondition Failed")},
        {413, STR_INIT("Content Too Large")},
        {414, STR_INIT("URI Too Long")},
        {415, STR_INIT("Unsupported Media Type")},
        {417, STR_INIT("Expectation Failed")},
        {421, STR_INIT("Misdirected Request")},
        {422, STR_INIT("Unprocessable Content")},
        {429, STR_INIT("Too Many Requests")},
        {431, STR_INIT("Request Header Fields Too Large")},
        {500, STR_INIT("Internal Server Error")},
        {501, STR_INIT("Not Implemented")},
        {502, STR_INIT("Bad Gateway")},
        {503, STR_INIT("Service Unavailable")},
        {504, STR_INIT("Gateway Timeout")},
        {505, STR_INIT("HTTP Version Not Supported")},
    };
    for (size_t i = 0; i < countof(table); i++)
        if (table[i].status == status)
            return table[i].reason;
    return S(""); /* Section 4: the reason may be empty, the space before it stays. */
}

void respond_date(int64_t now_us, char out[HTTP_DATE_BYTES + 1])
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm t;
    gmtime_r(&seconds, &t);
    /* Not %a and %b: those follow the locale. */
    char form[48];
    strftime(form, sizeof form, "---, %d --- %Y %H:%M:%S GMT", &t);
    memcpy(form, days[t.tm_wday], 3);
    memcpy(form + 8, months[t.tm_mon], 3);
    memcpy(out, form, HTTP_DATE_BYTES);
    out[HTTP_DATE_BYTES] = '\0';
}

static char *put(char *at, struct str s)
{
    return s.len ? (char *)memcpy(at, s.data, s.len) + s.len : at;
}

static char *put_number(char *at, uint64_t number)
{
    char room[STR_U64_BYTES];
    return put(at, str_of_u64(number, room));
}

static char *put_field(char *at, struct str name, struct str value)
{
    /* A line break in a value would let its writer forge fields, or a whole answer. */
    assert(!value.len ||
           (!memchr(value.data, '\r', value.len) && !memchr(value.data, '\n', value.len)));
    at = put(at, name);
    at = put(at, S(": "));
    at = put(at, value);
    return put(at, S("\r\n"));
}

/* What differs between the kinds of answer. */
struct shape {
    bool has_length; /* a Content-Length field */
    bool closes;
    size_t tail_bytes; /* room for so much of a body behind the head */
    const char *date;  /* NULL: a place for it is kept */
};

/* Renders the head; *end is where a body may follow. */
static struct str put_head(struct http_exchange *x, const struct http_response *r,
                           struct shape shape, char **end)
{
    assert(r->status >= 200 && r->status <= 999);
    struct str reason = reason_of(r->status);
    size_t bound = OWN_FIELDS_BYTES + r->content_type.len + shape.tail_bytes;
    for (size_t i = 0; i < r->header_count; i++)
        bound += r->headers[i].name.len + r->headers[i].value.len + 4;
    char *start = arena_alloc(&x->arena, bound), *at = start;

    at = put(at, S("HTTP/1.1 "));
    at = put_number(at, (uint64_t)r->status);
    at = put(at, S(" "));
    at = put(at, reason);
    at = put(at, S("\r\nDate: "));
    x->answer.date = shape.date ? NULL : at;
    at = put(at, shape.date ? (struct str){shape.date, HTTP_DATE_BYTES}
                            : S("Thu, 01 Jan 1970 00:00:00 GMT"));
    at = put(at, S("\r\n"));
    if (r->content_type.len)
        at = put_field(at, S("Content-Type"), r->content_type);
    if (shape.has_length) {
        at = put(at, S("Content-Length: "));
        at = put_number(at, r->body.len);
        at = put(at, S("\r\n"));
    }
    at = put(at, shape.closes ? S("Connection: close\r\n") : S("Connection: keep-alive\r\n"));
    for (size_t i = 0; i < r->header_count; i++)
        at = put_field(at, r->headers[i].name, r->headers[i].value);
    at = put(at, S("\r\n"));
    *end = at;
    return (struct str){start, (size_t)(at - start)};
}

void respond_render(struct http_exchange *x, const struct http_response *response, bool copies_body)
{
    struct answer *answer = &x->answer;
    bool is_bodyless = response->status == 204 || response->status == 304;
    struct str body = response->body;
    if (is_bodyless || str_eq(x->head.request.method, S("HEAD")))
        body = (struct str){0};
    bool stays = response->body_stays || response->done;
    copies_body &= !stays;
    bool is_behind = copies_body || body.len <= SMALL_BODY_BYTES;
    answer->closes = response->close || !x->head.keeps_alive ||
                     atomic_load_explicit(&x->conn->loop->server->is_closing, memory_order_relaxed);
    struct shape shape = {.has_length = !is_bodyless,
                          .closes = answer->closes,
                          .tail_bytes = is_behind ? body.len : 0};
    char *end;
    answer->first = put_head(x, response, shape, &end);
    answer->second = is_behind ? (struct str){0} : body;
    answer->second_stays = stays;
    answer->done = response->done;
    answer->done_context = response->done_context;
    if (is_behind) {
        put(end, body);
        answer->first.len += body.len;
    }
}

void respond_render_stream(struct http_exchange *x, const struct http_response *response)
{
    char date[HTTP_DATE_BYTES + 1];
    respond_date(clock_now_us(x->conn->loop->server->clock), date);
    struct shape shape = {.closes = true, .tail_bytes = response->body.len, .date = date};
    char *end;
    x->answer.first = put_head(x, response, shape, &end);
    put(end, response->body);
    x->answer.first.len += response->body.len;
}

void respond_refuse(struct http_exchange *x, const struct error *why)
{
    const struct http_server *s = x->conn->loop->server;
    struct http_response response = {.status = why->kind->http_status, .close = true};
    if (s->refusal) {
        s->refusal(&x->arena, why, &response);
        response.status = why->kind->http_status;
        response.close = true;
    } else {
        response.content_type = S("text/plain; charset=utf-8");
        response.body = arena_join(&x->arena, why->message, S("\n"));
    }
    response.body_stays = true;
    respond_render(x, &response, false);
}
