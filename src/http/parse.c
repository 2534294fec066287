/* The grammar that is read here, with its strict choices (RFC 9112):
 *
 *     head         = [ CRLF ] request-line *( field-line ) CRLF
 *     request-line = token SP target SP "HTTP/1." DIGIT CRLF
 *     field-line   = token ":" OWS *( VCHAR | obs-text | SP | HTAB ) OWS CRLF
 *     target       = "/" … | "http://" authority … | "*" (OPTIONS only)
 *
 *  1. A line ends in CRLF; a bare LF or CR is refused (section 2.2 would allow LF).
 *  2. No space before the colon, no folded lines (sections 5.1, 5.2), no control characters.
 *  3. One Content-Length of digits only, or one Transfer-Encoding "chunked", never both (6.3).
 *  4. HTTP/1.1 needs exactly one Host; an absolute target must name the same one (3.2).
 *  5. A target is visible ASCII without '#'; its path's escapes are whole and hide no controls. */
#include "http/parse.h"

#include <string.h>

const struct error_kind http_bad_request = {"BadRequest", 400, false};
const struct error_kind http_request_timeout = {"RequestTimeout", 408, true};
const struct error_kind http_body_too_large = {"ContentTooLarge", 413, false};
const struct error_kind http_target_too_long = {"URITooLong", 414, false};
const struct error_kind http_expectation_failed = {"ExpectationFailed", 417, false};
const struct error_kind http_head_too_large = {"RequestHeaderFieldsTooLarge", 431, false};
const struct error_kind http_not_implemented = {"NotImplemented", 501, false};
const struct error_kind http_unavailable = {"ServiceUnavailable", 503, true};
const struct error_kind http_version_unsupported = {"HTTPVersionNotSupported", 505, false};

/* -- characters -------------------------------------------------------------------------------- */

/* The classes of characters, a row for each sixteen codes; what is left out belongs to none.
 * T: of a token, letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 section 5.6.2).
 * H: of host and port, escapes and the brackets of IPv6 included (RFC 3986 section 3.2.2); no '@',
 * as user names in a target serve only to deceive. */
enum { T = 1, H = 2, B = T | H };

// clang-format off
static const uint8_t classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* ! " # $ % & ' ( ) * + , - . / */
    0, B, 0, T, B, B, B, B, H, H, B, B, H, B, B, 0,
    /* 0 to 9, then : ; < = > ? */
    B, B, B, B, B, B, B, B, B, B, H, H, 0, H, 0, 0,
    /* @ A to O */
    0, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
    /* P to Z, then [ \ ] ^ _ */
    B, B, B, B, B, B, B, B, B, B, B, H, 0, H, T, B,
    /* ` a to o */
    T, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
    /* p to z, then { | } ~ */
    B, B, B, B, B, B, B, B, B, B, B, 0, T, 0, B, 0,
};
// clang-format on

static bool is_token_char(char c)
{
    return classes[(unsigned char)c] & T;
}

bool http_is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_token_char(s.data[i]))
            return false;
    return s.len > 0;
}

/* Eight bytes at once: the lowest bit set belongs to the first byte that is below 0x20 or is 0x7f
 * (little-endian). Bits above it mean nothing, as borrows run upwards from a hit. */
static uint64_t find_controls(const char *eight_bytes)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t eight;
    memcpy(&eight, eight_bytes, 8);
    uint64_t below_space = (eight - ones * 0x20) & ~eight;
    uint64_t delete_is_zero = eight ^ (ones * 0x7f);
    uint64_t is_delete = (delete_is_zero - ones) & ~delete_is_zero;
    return (below_space | is_delete) & highs;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "find_controls counts from the low end");

const char *http_skip_text(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t controls = find_controls(at);
        if (!controls) {
            at += 8;
            continue;
        }
        at += __builtin_ctzll(controls) / 8;
        if (*at != '\t')
            return at;
        at++;
    }
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            break;
    }
    return at;
}

static struct error *bad(struct arena *a, const char *what)
{
    return error_new(a, &http_bad_request, "Bad request: %s", what);
}

/* -- the end of the head ----------------------------------------------------------------------- */

struct error *http_scan_head(struct arena *a, struct http_scan *scan, struct str bytes,
                             size_t *head_len)
{
    *head_len = 0;
    /* TLS and other protocols on this port are told at once, not after the head's timeout. */
    if (scan->at == 0 && bytes.len && bytes.data[0] != '\r' && !is_token_char(bytes.data[0]))
        return bad(a, "this is not an HTTP request");
    while (scan->at < bytes.len) {
        const char *feed = memchr(bytes.data + scan->at, '\n', bytes.len - scan->at);
        if (!feed) {
            scan->at = bytes.len;
            break;
        }
        size_t end = (size_t)(feed - bytes.data);
        if (end == scan->line || feed[-1] != '\r')
            return bad(a, "a line ends without carriage return");
        bool is_empty = end - scan->line == 1;
        scan->at = scan->line = end + 1;
        if (is_empty && scan->line_count) {
            *head_len = end + 1;
            return NULL;
        }
        if (is_empty && scan->start)
            return bad(a, "empty lines instead of a request");
        if (is_empty)
            scan->start = end + 1; /* Section 2.2: one empty line before a request is let pass. */
        else if (++scan->line_count > HTTP_MAX_HEADERS + 1)
            return error_new(a, &http_head_too_large, "More than %d header fields",
                             HTTP_MAX_HEADERS);
    }
    return NULL;
}

/* -- the request line -------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct error *decode_path(struct arena *a, struct str raw, struct str *path)
{
    *path = raw;
    if (!memchr(raw.data, '%', raw.len))
        return NULL;
    char *out = arena_alloc(a, raw.len);
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.data[i];
        if (c == '%') {
            int high = i + 2 < raw.len ? hex_digit(raw.data[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(raw.data[i + 2]) : -1;
            if (low < 0)
                return bad(a, "a broken percent escape in the path");
            c = (char)(high << 4 | low);
            i += 2;
            if ((unsigned char)c < 0x20 || c == 0x7f)
                return bad(a, "a control character in the path");
        }
        out[len++] = c;
    }
    *path = (struct str){out, len};
    return NULL;
}

/* Takes an absolute target apart: *authority is set, `target` becomes its origin form. */
static struct error *cut_authority(struct arena *a, struct str *target, struct str *authority)
{
    size_t scheme = str_eq_nocase(str_slice(*target, 0, 7), S("http://"))    ? 7
                    : str_eq_nocase(str_slice(*target, 0, 8), S("https://")) ? 8
                                                                             : 0;
    if (!scheme)
        return bad(a, "the target is neither a path nor a URL");
    struct str rest = str_from(*target, scheme);
    size_t len = 0;
    while (len < rest.len && rest.data[len] != '/' && rest.data[len] != '?')
        len++;
    if (!len)
        return bad(a, "the target's URL has no host");
    *authority = str_slice(rest, 0, len);
    rest = str_from(rest, len);
    *target = rest.len && rest.data[0] == '/' ? rest : arena_join(a, S("/"), rest);
    return NULL;
}

static struct error *parse_target(struct arena *a, struct http_request *r, struct str *authority)
{
    for (size_t i = 0; i < r->target.len; i++) {
        unsigned char c = (unsigned char)r->target.data[i];
        if (c <= 0x20 || c >= 0x7f || c == '#')
            return bad(a, "the target holds a character that must be percent-encoded");
    }
    if (str_eq(r->target, S("*"))) {
        r->path = r->target;
        return str_eq(r->method, S("OPTIONS")) ? NULL : bad(a, "'*' is a target of OPTIONS only");
    }
    if (r->target.data[0] != '/')
        TRY(cut_authority(a, &r->target, authority));
    struct str raw, rest = r->target;
    str_cut(&rest, '?', &raw);
    r->query = rest;
    return decode_path(a, raw, &r->path);
}

static struct error *parse_version(struct arena *a, struct str version, struct http_head *out)
{
    const char *v = version.data;
    if (version.len != 8 || memcmp(v, "HTTP/", 5) != 0 || v[5] < '0' || v[5] > '9' || v[6] != '.' ||
        v[7] < '0' || v[7] > '9')
        return bad(a, "the request line does not end in an HTTP version");
    if (v[5] != '1')
        return error_new(a, &http_version_unsupported, "This server speaks HTTP/1.1");
    out->is_http_1_0 = v[7] == '0';
    return NULL;
}

static struct error *parse_request_line(struct arena *a, struct str line, struct http_head *out,
                                        struct str *authority)
{
    struct http_request *r = &out->request;
    struct str rest = line;
    if (!str_cut(&rest, ' ', &r->method) || !http_is_token(r->method))
        return bad(a, "the request line does not start with a method");
    if (!str_cut(&rest, ' ', &r->target) || !r->target.len)
        return bad(a, "the request line is not METHOD TARGET VERSION");
    TRY(parse_version(a, rest, out));
    return parse_target(a, r, authority);
}

/* -- header fields ----------------------------------------------------------------------------- */

/* What the fields say about the message's frame, collected while they pass. */
struct frame {
    struct str host, length, coding;
    int host_count, length_count, coding_count;
    bool has_close, has_keep_alive, has_expect, expects_other;
};

/* Connection is a list of tokens and may come several times. */
static void note_connection(struct frame *f, struct str value)
{
    while (value.len) {
        struct str option;
        str_cut(&value, ',', &option);
        option = str_trim(option);
        f->has_close |= str_eq_nocase(option, S("close"));
        f->has_keep_alive |= str_eq_nocase(option, S("keep-alive"));
    }
}

static void note_field(struct frame *f, struct str name, struct str value)
{
    switch (name.len) {
    case 4:
        if (str_eq_nocase(name, S("Host"))) {
            f->host = value;
            f->host_count++;
        }
        break;
    case 6:
        if (str_eq_nocase(name, S("Expect"))) {
            f->has_expect = true;
            f->expects_other |= !str_eq_nocase(value, S("100-continue"));
        }
        break;
    case 10:
        if (str_eq_nocase(name, S("Connection")))
            note_connection(f, value);
        break;
    case 14:
        if (str_eq_nocase(name, S("Content-Length"))) {
            f->length = value;
            f->length_count++;
        }
        break;
    case 17:
        if (str_eq_nocase(name, S("Transfer-Encoding"))) {
            f->coding = value;
            f->coding_count++;
        }
        break;
    }
}

/* One field line from `at`; *next is where the line after it starts. The head ends in CRLF CRLF, so
 * that a control character always stops the scan before `end`. */
static struct error *parse_field(struct arena *a, const char *at, const char *end,
                                 struct http_header *field, const char **next)
{
    const char *p = at;
    while (is_token_char(*p))
        p++;
    field->name = (struct str){at, (size_t)(p - at)};
    if (p == at && (*p == ' ' || *p == '\t'))
        return bad(a, "a folded header line");
    if (p == at)
        return bad(a, "a header line without a name");
    if (*p != ':')
        return bad(a, *p == ' ' || *p == '\t' ? "space before the colon of a header"
                                              : "a header line without a colon");
    const char *value = ++p;
    p = http_skip_text(p, end);
    if (p[0] != '\r' || p[1] != '\n')
        return bad(a, "a control character in a header");
    *next = p + 2;
    while (value < p && (*value == ' ' || *value == '\t'))
        value++;
    while (value < p && (p[-1] == ' ' || p[-1] == '\t'))
        p--;
    field->value = (struct str){value, (size_t)(p - value)};
    return NULL;
}

static struct error *check_host(struct arena *a, const struct frame *f, bool is_http_1_0,
                                struct str authority)
{
    if (f->host_count > 1 || (!f->host_count && !is_http_1_0))
        return bad(a, f->host_count ? "more than one Host header" : "the Host header is missing");
    for (size_t i = 0; i < f->host.len; i++)
        if (!(classes[(unsigned char)f->host.data[i]] & H))
            return bad(a, "the Host header is not a host and port");
    if (authority.len && f->host_count && !str_eq_nocase(authority, f->host))
        return bad(a, "the target's URL and the Host header name different hosts");
    return NULL;
}

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    return s.len > 0;
}

/* Section 6.3. What is not exactly one way to say where the body ends is refused. */
static struct error *check_body(struct arena *a, const struct frame *f, struct http_head *out)
{
    if (f->coding_count && f->length_count)
        return bad(a, "both Content-Length and Transfer-Encoding");
    if (f->length_count > 1 || f->coding_count > 1)
        return bad(a, f->coding_count ? "more than one Transfer-Encoding header"
                                      : "more than one Content-Length header");
    if (f->length_count) {
        if (!is_digits(f->length))
            return bad(a, "Content-Length is not a number");
        if (!str_to_u64(f->length, INT64_MAX, &out->content_length))
            out->content_length = UINT64_MAX;
    }
    if (!f->coding_count)
        return NULL;
    if (out->is_http_1_0)
        return bad(a, "Transfer-Encoding in HTTP/1.0");
    out->is_chunked = str_eq_nocase(f->coding, S("chunked"));
    if (out->is_chunked)
        return NULL;
    struct str last = str_from(f->coding, f->coding.len < 7 ? 0 : f->coding.len - 7);
    if (!str_eq_nocase(last, S("chunked")))
        return bad(a, "the last Transfer-Encoding is not chunked");
    return error_new(a, &http_not_implemented, "The only Transfer-Encoding known is chunked");
}

static struct error *check_frame(struct arena *a, const struct frame *f, struct str authority,
                                 struct http_head *out)
{
    TRY(check_host(a, f, out->is_http_1_0, authority));
    TRY(check_body(a, f, out));
    out->keeps_alive = !f->has_close && (!out->is_http_1_0 || f->has_keep_alive);
    if (!f->has_expect || out->is_http_1_0)
        return NULL; /* RFC 9110 section 10.1.1: ignored in HTTP/1.0. */
    if (f->expects_other)
        return error_new(a, &http_expectation_failed, "The only expectation known is 100-continue");
    out->expects_continue = out->is_chunked || out->content_length;
    return NULL;
}

struct error *http_parse_head(struct arena *a, struct str head, size_t line_count,
                              struct http_head *out)
{
    *out = (struct http_head){0};
    const char *end = head.data + head.len, *at = head.data;
    const char *line_end = memchr(at, '\r', head.len);
    if (!line_end || line_end[1] != '\n')
        return bad(a, "a carriage return in the request line");
    struct str authority = {0};
    struct str line = {at, (size_t)(line_end - at)};
    TRY(parse_request_line(a, line, out, &authority));

    struct frame frame = {0};
    size_t count = line_count - 1;
    struct http_header *headers = arena_alloc(a, (count ? count : 1) * sizeof *headers);
    at = line_end + 2;
    for (size_t i = 0; i < count; i++) {
        TRY(parse_field(a, at, end, &headers[i], &at));
        note_field(&frame, headers[i].name, headers[i].value);
    }
    out->request.headers = headers;
    out->request.header_count = count;
    return check_frame(a, &frame, authority, out);
}
