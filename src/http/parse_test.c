/* Each row of the tables is one probe: what is sent, and the status it is refused with (0: read).
 * The unpleasant ones are those at which packaged servers disagree (two readers, one request). */
#include "http/parse.h"

#include "http/chunked.h"

#include <stdlib.h>
#include <string.h>
#include <tap.h>

/* Scans and parses whole bytes as conn.c does; 0, a status, or -1 while the head is not whole. */
static int read_head(struct arena *arena, struct str bytes, struct http_head *head)
{
    struct http_scan scan = {0};
    size_t head_len;
    struct error *why = http_scan_head(arena, &scan, bytes, &head_len);
    if (!why && !head_len)
        return -1;
    if (!why)
        why = http_parse_head(arena, str_slice(bytes, scan.start, head_len - scan.start),
                              scan.line_count, head);
    return why ? why->kind->http_status : 0;
}

/* The same with the bytes in memory of exactly their size, so that a read past them is found. */
static int probe(struct arena *arena, struct str bytes, struct http_head *head)
{
    char *copy = mem_alloc(bytes.len);
    memcpy(copy, bytes.data, bytes.len);
    int status = read_head(arena, (struct str){copy, bytes.len}, head);
    free(copy);
    return status;
}

struct row {
    const char *name;
    struct str bytes;
    int status;
};

static void run_rows(struct arena *arena, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct http_head head = {0};
        int got = probe(arena, rows[i].bytes, &head);
        tap_check_i64(got, rows[i].status, __FILE__, __LINE__, rows[i].name);
    }
}

#define GET(fields) STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n" fields "\r\n")
#define POST(fields) STR_INIT("POST / HTTP/1.1\r\nHost: a\r\n" fields "\r\n")
#define LINE(line) STR_INIT(line "\r\nHost: a\r\n\r\n")

TEST(body_length_has_exactly_one_meaning)
{
    static const struct row rows[] = {
        {"plain length", POST("Content-Length: 5\r\n"), 0},
        {"leading zeros", POST("Content-Length: 0005\r\n"), 0},
        {"length without space", POST("Content-Length:5\r\n"), 0},
        {"length and coding", POST("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
        {"coding and length", POST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
        {"two different lengths", POST("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
        {"two equal lengths", POST("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
        {"lengths in a list", POST("Content-Length: 5, 5\r\n"), 400},
        {"plus sign", POST("Content-Length: +28\r\n"), 400},
        {"minus sign", POST("Content-Length: -5\r\n"), 400},
        {"letters behind", POST("Content-Length: 28abc\r\n"), 400},
        {"hexadecimal", POST("Content-Length: 0x1c\r\n"), 400},
        {"space inside", POST("Content-Length: 2 8\r\n"), 400},
        {"fraction", POST("Content-Length: 5.0\r\n"), 400},
        {"empty", POST("Content-Length:\r\n"), 400},
        {"beyond 64 bits is large, not small", POST("Content-Length: 18446744073709551621\r\n"), 0},
        {"chunked", POST("Transfer-Encoding: chunked\r\n"), 0},
        {"chunked in capitals", POST("transfer-encoding: CHUNKED\r\n"), 0},
        {"chunked twice", POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
         400},
        {"gzip before chunked", POST("Transfer-Encoding: gzip, chunked\r\n"), 501},
        {"chunked is not last", POST("Transfer-Encoding: chunked, gzip\r\n"), 400},
        {"identity", POST("Transfer-Encoding: identity\r\n"), 400},
        {"almost chunked", POST("Transfer-Encoding: xchunke\r\n"), 400},
        {"vertical tab before chunked", POST("Transfer-Encoding: \vchunked\r\n"), 400},
        {"empty coding", POST("Transfer-Encoding:\r\n"), 400},
        {"chunked in HTTP/1.0",
         STR_INIT("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
    };
    run_rows(arena, rows, countof(rows));
    struct http_head head = {0};
    struct str large = (struct str)POST("Content-Length: 18446744073709551621\r\n");
    CHECK_INT(probe(arena, large, &head), 0);
    CHECK(head.content_length == UINT64_MAX);
    struct str five = (struct str)POST("Content-Length: 005\r\n");
    CHECK_INT(probe(arena, five, &head), 0);
    CHECK_INT(head.content_length, 5);
}

TEST(header_lines_are_strict)
{
    static const struct row rows[] = {
        {"none but Host", GET(""), 0},
        {"spaces and tabs around the value", GET("A: \t b c\t \r\n"), 0},
        {"bytes above ASCII in a value", GET("A: \xc3\xa9\r\n"), 0},
        {"tab in a value", GET("A: b\tc\r\n"), 0},
        {"empty value", GET("A:\r\nB: \r\n"), 0},
        {"space before the colon", GET("A : b\r\n"), 400},
        {"tab before the colon", GET("A\t: b\r\n"), 400},
        {"no colon", GET("A b\r\n"), 400},
        {"no name", GET(": b\r\n"), 400},
        {"folded line", GET("A: b\r\n c\r\n"), 400},
        {"folded with tab", GET("A: b\r\n\tc\r\n"), 400},
        {"first line folded", STR_INIT("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400},
        {"NUL in a value", GET("A: b\0c\r\n"), 400},
        {"NUL in a name", GET("A\0: b\r\n"), 400},
        {"escape in a value", GET("A: \x1b[2J\r\n"), 400},
        {"delete in a value", GET("A: b\x7f\r\n"), 400},
        {"control far into a value",
         GET("A: 0123456789abcdef0123\x01"
             "456789\r\n"),
         400},
        {"bare CR in a value", GET("A: b\rc\r\n"), 400},
        {"bare CR before CRLF", GET("A: b\r\r\n"), 400},
        {"bare LF ends a line", GET("A: b\nC: d\r\n"), 400},
        {"bare LF everywhere", STR_INIT("GET / HTTP/1.1\nHost: a\n\n"), 400},
        {"byte above ASCII in a name", GET("\xc3\xa9: b\r\n"), 400},
        {"parenthesis in a name", GET("A(: b\r\n"), 400},
        {"slash in a name", GET("A/B: b\r\n"), 400},
    };
    run_rows(arena, rows, countof(rows));
}

TEST(host_is_there_once)
{
    static const struct row rows[] = {
        {"missing", STR_INIT("GET / HTTP/1.1\r\n\r\n"), 400},
        {"missing in HTTP/1.0", STR_INIT("GET / HTTP/1.0\r\n\r\n"), 0},
        {"twice", GET("Host: b\r\n"), 400},
        {"twice the same", GET("host: a\r\n"), 400},
        {"twice in HTTP/1.0", STR_INIT("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), 400},
        {"with port", STR_INIT("GET / HTTP/1.1\r\nHost: localhost:8000\r\n\r\n"), 0},
        {"IPv6", STR_INIT("GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n"), 0},
        {"empty", STR_INIT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 0},
        {"with a space", STR_INIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400},
        {"with a path", STR_INIT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
        {"with a user", STR_INIT("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400},
        {"in a list", STR_INIT("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400},
    };
    run_rows(arena, rows, countof(rows));
}

TEST(request_line_is_strict)
{
    static const struct row rows[] = {
        {"unknown method", LINE("BREW /pot HTTP/1.1"), 0},
        {"method in lower case", LINE("get / HTTP/1.1"), 0},
        {"newer minor version", LINE("GET / HTTP/1.7"), 0},
        {"empty line before", LINE("\r\nGET / HTTP/1.1"), 0},
        {"two empty lines before", LINE("\r\n\r\nGET / HTTP/1.1"), 400},
        {"space before", LINE(" GET / HTTP/1.1"), 400},
        {"two spaces", LINE("GET  / HTTP/1.1"), 400},
        {"two spaces before the version", LINE("GET /  HTTP/1.1"), 400},
        {"tab for space", LINE("GET\t/\tHTTP/1.1"), 400},
        {"space behind", LINE("GET / HTTP/1.1 "), 400},
        {"space in the target", LINE("GET /a b HTTP/1.1"), 400},
        {"no version (HTTP/0.9)", LINE("GET /"), 400},
        {"no target", LINE("GET HTTP/1.1"), 400},
        {"method alone", LINE("GET"), 400},
        {"comma in the method", LINE("GE,T / HTTP/1.1"), 400},
        {"version in lower case", LINE("GET / http/1.1"), 400},
        {"version without minor", LINE("GET / HTTP/1"), 400},
        {"version with more digits", LINE("GET / HTTP/1.10"), 400},
        {"HTTP/2 preface", LINE("PRI * HTTP/2.0"), 505},
        {"HTTP/0.9 written out", LINE("GET / HTTP/0.9"), 505},
        {"NUL in the line", LINE("GET /\0 HTTP/1.1"), 400},
        {"bare CR in the line", LINE("GET /\r HTTP/1.1"), 400},
        {"TLS hello", STR_INIT("\x16\x03\x01\x02\x00\x01"), 400},
        {"not whole", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n"), -1},
    };
    run_rows(arena, rows, countof(rows));
}

TEST(target_is_strict)
{
    static const struct row rows[] = {
        {"query", LINE("GET /a?b=c%zz HTTP/1.1"), 0},
        {"lone percent", LINE("GET /a%b HTTP/1.1"), 400},
        {"percent at the end", LINE("GET /a% HTTP/1.1"), 400},
        {"one digit at the end", LINE("GET /a%4 HTTP/1.1"), 400},
        {"escaped NUL", LINE("GET /a%00 HTTP/1.1"), 400},
        {"escaped line break", LINE("GET /a%0d%0a HTTP/1.1"), 400},
        {"fragment", LINE("GET /a#b HTTP/1.1"), 400},
        {"raw UTF-8", LINE("GET /\xc3\xa9 HTTP/1.1"), 400},
        {"absolute", LINE("GET http://a/b?c HTTP/1.1"), 0},
        {"absolute without path", LINE("GET http://a HTTP/1.1"), 0},
        {"absolute in capitals", LINE("GET HTTP://A/b HTTP/1.1"), 0},
        {"absolute to another host", LINE("GET http://b/ HTTP/1.1"), 400},
        {"absolute without host", LINE("GET http:///b HTTP/1.1"), 400},
        {"another scheme", LINE("GET ftp://a/b HTTP/1.1"), 400},
        {"no slash", LINE("GET a HTTP/1.1"), 400},
        {"asterisk for OPTIONS", LINE("OPTIONS * HTTP/1.1"), 0},
        {"asterisk for GET", LINE("GET * HTTP/1.1"), 400},
        {"CONNECT", LINE("CONNECT a:443 HTTP/1.1"), 400},
    };
    run_rows(arena, rows, countof(rows));
}

TEST(request_is_taken_apart)
{
    struct http_head head = {0};
    struct str bytes = S("\r\nPUT /a%20b/%C3%A9?x=%31&y HTTP/1.1\r\nHOST: h\r\n"
                         "X-A:  one two \r\nx-b:\r\n\r\nbody");
    CHECK_INT(read_head(arena, bytes, &head), 0);
    const struct http_request *r = &head.request;
    if (!r->headers)
        return;
    CHECK_STR(r->method, S("PUT"));
    CHECK_STR(r->path, S("/a b/\xc3\xa9"));
    CHECK_STR(r->query, S("x=%31&y"));
    CHECK_STR(r->target, S("/a%20b/%C3%A9?x=%31&y"));
    CHECK_INT(r->header_count, 3);
    CHECK_STR(r->headers[1].name, S("X-A"));
    CHECK_STR(http_header_of(r, S("x-a")), S("one two"));
    CHECK_STR(http_header_of(r, S("X-B")), S(""));
    CHECK_STR(http_header_of(r, S("x-c")), S(""));
    struct str value;
    CHECK(http_query_of(arena, r, S("x"), &value));
    CHECK_STR(value, S("1"));
    CHECK(http_query_of(arena, r, S("y"), &value));
    CHECK_STR(value, S(""));
    CHECK(!http_query_of(arena, r, S("z"), &value));
}

TEST(targets_become_path_and_query)
{
    static const struct {
        struct str sent, target, path, query;
    } rows[] = {
        {LINE("GET http://a HTTP/1.1"), STR_INIT("/"), STR_INIT("/"), STR_INIT("")},
        {LINE("GET http://a?b HTTP/1.1"), STR_INIT("/?b"), STR_INIT("/"), STR_INIT("b")},
        {LINE("GET https://a/c%41?b?d HTTP/1.1"), STR_INIT("/c%41?b?d"), STR_INIT("/cA"),
         STR_INIT("b?d")},
        {LINE("GET //x/../y HTTP/1.1"), STR_INIT("//x/../y"), STR_INIT("//x/../y"), STR_INIT("")},
        {LINE("OPTIONS * HTTP/1.1"), STR_INIT("*"), STR_INIT("*"), STR_INIT("")},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct http_head head = {0};
        CHECK_INT(read_head(arena, rows[i].sent, &head), 0);
        CHECK_STR(head.request.target, rows[i].target);
        CHECK_STR(head.request.path, rows[i].path);
        CHECK_STR(head.request.query, rows[i].query);
    }
}

TEST(forms_are_decoded_as_browsers_do)
{
    CHECK_STR(http_form_decode(arena, S("a+b%2Bc%zz%4")), S("a b+c%zz%4"));
    CHECK_STR(http_form_decode(arena, S("plain")), S("plain"));
    CHECK_STR(http_form_decode(arena, S("")), S(""));
    CHECK_STR(http_form_decode(arena, S("%00%ff")), S("\0\xff"));
}

TEST(connection_and_expectation)
{
    static const struct {
        const char *name;
        struct str bytes;
        bool keeps_alive, expects_continue;
        int status;
    } rows[] = {
        {"HTTP/1.1 stays", GET(""), true, false, 0},
        {"close", GET("Connection: close\r\n"), false, false, 0},
        {"close in a list", GET("Connection: x, CLOSE ,y\r\n"), false, false, 0},
        {"close in a second field", GET("Connection: x\r\nConnection: close\r\n"), false, false, 0},
        {"HTTP/1.0 closes", STR_INIT("GET / HTTP/1.0\r\n\r\n"), false, false, 0},
        {"HTTP/1.0 may stay", STR_INIT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), true,
         false, 0},
        {"expects with a body", POST("Expect: 100-Continue\r\nContent-Length: 1\r\n"), true, true,
         0},
        {"expects with chunks", POST("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"),
         true, true, 0},
        {"expects without a body", POST("Expect: 100-continue\r\n"), true, false, 0},
        {"expects in HTTP/1.0",
         STR_INIT("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"), false,
         false, 0},
        {"expects something else", POST("Expect: 200-ok\r\n"), true, false, 417},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct http_head head = {0};
        tap_check_i64(read_head(arena, rows[i].bytes, &head), rows[i].status, __FILE__, __LINE__,
                      rows[i].name);
        tap_check(head.keeps_alive == rows[i].keeps_alive || rows[i].status, __FILE__, __LINE__,
                  rows[i].name);
        tap_check(head.expects_continue == rows[i].expects_continue, __FILE__, __LINE__,
                  rows[i].name);
    }
}

TEST(head_is_found_however_it_arrives)
{
    struct str bytes = S("\r\nGET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\nGET");
    struct http_scan scan = {0};
    size_t head_len = 0, at = 0;
    while (!head_len && at < bytes.len)
        if (!CHECK(!http_scan_head(arena, &scan, str_slice(bytes, 0, ++at), &head_len)))
            return;
    CHECK_INT(head_len, bytes.len - 3);
    CHECK_INT(at, head_len);
    CHECK_INT(scan.line_count, 3);
    CHECK_INT(scan.start, 2);
}

TEST(too_many_fields_are_refused)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_add(&b, S("GET / HTTP/1.1\r\nHost: a\r\n"));
    for (int i = 1; i < HTTP_MAX_HEADERS; i++)
        buf_printf(&b, "h%d: %d\r\n", i, i);
    struct http_head head = {0};
    buf_add(&b, S("\r\n"));
    CHECK_INT(read_head(arena, buf_str(&b), &head), 0);
    CHECK_INT(head.request.header_count, HTTP_MAX_HEADERS);
    b.len -= 2;
    buf_add(&b, S("one: more\r\n\r\n"));
    CHECK_INT(read_head(arena, buf_str(&b), &head), 431);
    buf_clear(&b);
}

TEST(field_text_ends_at_controls)
{
    char text[64];
    for (int at = 0; at < 40; at++)
        for (int c = 0; c < 256; c++) {
            memset(text, 'a' + at % 26, sizeof text);
            text[at] = (char)c;
            bool is_control = (c < 0x20 && c != '\t') || c == 0x7f;
            const char *want = is_control ? text + at : text + 40;
            if (http_skip_text(text, text + 40) != want)
                CHECK_INT(http_skip_text(text, text + 40) - text, want - text);
        }
    memset(text, 0x7e, sizeof text);
    CHECK(http_skip_text(text, text + 40) == text + 40);
    memset(text, 0x80, sizeof text);
    CHECK(http_skip_text(text, text + 40) == text + 40);
}

/* -- chunked bodies ---------------------------------------------------------------------------- */

/* Reads in pieces of `step` bytes; 0 when done, a status, or -1 while more is needed. */
static int read_chunks(struct arena *arena, struct str bytes, size_t step, struct buf *body,
                       size_t *used)
{
    struct http_chunked c = {0};
    *used = 0;
    while (*used < bytes.len && c.state != CHUNK_DONE) {
        size_t taken = 0;
        struct error *why =
            http_chunked_read(arena, &c, str_slice(bytes, *used, step), body, &taken);
        if (why)
            return why->kind->http_status;
        *used += taken;
    }
    return c.state == CHUNK_DONE ? 0 : -1;
}

TEST(chunked_bodies)
{
    static const struct {
        const char *name;
        struct str bytes, body;
        int status;
    } rows[] = {
        {"empty", STR_INIT("0\r\n\r\n"), STR_INIT(""), 0},
        {"two chunks", STR_INIT("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), STR_INIT("abcde"), 0},
        {"hexadecimal in both cases", STR_INIT("a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n"),
         STR_INIT("01234567890123456789a"), 0},
        {"leading zeros", STR_INIT("0003\r\nabc\r\n000\r\n\r\n"), STR_INIT("abc"), 0},
        {"CR LF as data", STR_INIT("4\r\n\r\n\r\n\r\n0\r\n\r\n"), STR_INIT("\r\n\r\n"), 0},
        {"extension", STR_INIT("3;a=b\r\nabc\r\n0;last\r\n\r\n"), STR_INIT("abc"), 0},
        {"extension behind a space", STR_INIT("3 ;a=\"b;c\"\r\nabc\r\n0\r\n\r\n"), STR_INIT("abc"),
         0},
        {"trailers", STR_INIT("3\r\nabc\r\n0\r\nA: b\r\nC:d\r\n\r\n"), STR_INIT("abc"), 0},
        {"bytes behind stay", STR_INIT("0\r\n\r\nGET"), STR_INIT(""), 0},
        {"not whole", STR_INIT("3\r\nabc\r\n0\r\n"), STR_INIT("abc"), -1},
        {"no size", STR_INIT("\r\nabc"), STR_INIT(""), 400},
        {"not a number", STR_INIT("x\r\n"), STR_INIT(""), 400},
        {"letters behind", STR_INIT("3x\r\nabc\r\n"), STR_INIT(""), 400},
        {"sign", STR_INIT("+3\r\nabc\r\n"), STR_INIT(""), 400},
        {"minus", STR_INIT("-3\r\nabc\r\n"), STR_INIT(""), 400},
        {"prefix 0x", STR_INIT("0x3\r\nabc\r\n"), STR_INIT(""), 400},
        {"space before", STR_INIT(" 3\r\nabc\r\n"), STR_INIT(""), 400},
        {"space behind without extension", STR_INIT("3 \r\nabc\r\n"), STR_INIT(""), 400},
        {"bare LF behind the size", STR_INIT("3\nabc\r\n"), STR_INIT(""), 400},
        {"bare CR behind the size", STR_INIT("3\rabc\r\n"), STR_INIT(""), 400},
        {"longer than its size", STR_INIT("3\r\nabcd\r\n0\r\n\r\n"), STR_INIT("abc"), 400},
        {"bare LF behind the data", STR_INIT("3\r\nabc\n0\r\n\r\n"), STR_INIT("abc"), 400},
        {"control in an extension", STR_INIT("3;a\0b\r\nabc"), STR_INIT(""), 400},
        {"bare LF in an extension", STR_INIT("3;a\nabc\r\n"), STR_INIT(""), 400},
        {"trailer without colon", STR_INIT("0\r\nabc\r\n\r\n"), STR_INIT(""), 400},
        {"trailer with space before colon", STR_INIT("0\r\nA : b\r\n\r\n"), STR_INIT(""), 400},
        {"folded trailer", STR_INIT("0\r\nA: b\r\n c\r\n\r\n"), STR_INIT(""), 400},
        {"bare LF ends trailers", STR_INIT("0\r\n\n"), STR_INIT(""), 400},
        {"control in a trailer", STR_INIT("0\r\nA: \x01\r\n\r\n"), STR_INIT(""), 400},
        {"larger than allowed", STR_INIT("41\r\n"), STR_INIT(""), 413},
        {"larger than 64 bits", STR_INIT("fffffffffffffffffffffff\r\n"), STR_INIT(""), 413},
        {"larger in sum", STR_INIT("3\r\nabc\r\n3e\r\n"), STR_INIT("abc"), 413},
    };
    for (size_t i = 0; i < countof(rows); i++)
        for (size_t step = 1; step < 8; step += 3) {
            struct buf body;
            buf_init(&body, 64);
            size_t used;
            int got = read_chunks(arena, rows[i].bytes, step, &body, &used);
            tap_check_i64(got, rows[i].status, __FILE__, __LINE__, rows[i].name);
            tap_check_str(buf_str(&body), rows[i].body, __FILE__, __LINE__, rows[i].name);
            if (str_ends(rows[i].bytes, S("GET")))
                CHECK_INT(used, rows[i].bytes.len - 3);
            buf_clear(&body);
        }
}

TEST(chunk_extras_are_limited)
{
    struct buf bytes, body;
    buf_init(&bytes, 1 << 20);
    buf_init(&body, 1 << 20);
    size_t used;
    for (int i = 0; i < 500; i++)
        buf_add(&bytes, S("1;extension\r\nx\r\n"));
    CHECK_INT(read_chunks(arena, buf_str(&bytes), 4096, &body, &used), 400);
    buf_reset(&bytes);
    buf_reset(&body);
    buf_add(&bytes, S("0\r\n"));
    for (int i = 0; i < 1000; i++)
        buf_add(&bytes, S("trailer: value\r\n"));
    CHECK_INT(read_chunks(arena, buf_str(&bytes), 4096, &body, &used), 431);
    buf_clear(&bytes);
    buf_clear(&body);
}

TAP_MAIN(T(body_length_has_exactly_one_meaning), T(header_lines_are_strict), T(host_is_there_once),
         T(request_line_is_strict), T(target_is_strict), T(request_is_taken_apart),
         T(targets_become_path_and_query), T(forms_are_decoded_as_browsers_do),
         T(connection_and_expectation), T(head_is_found_however_it_arrives),
         T(too_many_fields_are_refused), T(field_text_ends_at_controls), T(chunked_bodies),
         T(chunk_extras_are_limited))
