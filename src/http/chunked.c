/* The states follow the grammar, a byte at a time except for the data:
 *
 *     SIZE_START ─hex─▶ SIZE ─hex─▶ SIZE          size "5" or "5 ;name=value"
 *                        │ SP ─▶ SPACE ─";"─▶ EXTENSION ─CR─▶ SIZE_FEED
 *                        │ ";" ─▶ EXTENSION
 *                        └ CR ─▶ SIZE_FEED ─LF─▶ DATA, or TRAILER_START after size 0
 *     DATA ─(size bytes)─▶ DATA_RETURN ─CR─▶ DATA_FEED ─LF─▶ SIZE_START
 *     TRAILER_START ─CR─▶ END_FEED ─LF─▶ DONE
 *                  └token─▶ TRAILER_NAME ─":"─▶ TRAILER_VALUE ─CR─▶ TRAILER_FEED ─LF─▶
 * TRAILER_START
 *
 * Any other byte is an error. */
#include "http/chunked.h"

#include "http/parse.h"

static struct error *bad_chunk(struct arena *a, const char *what)
{
    return error_new(a, &http_bad_request, "Bad request: %s", what);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Adds a digit of the size. Checked at each digit, so that the sum cannot overflow. */
static struct error *add_digit(struct arena *a, struct http_chunked *c, char digit,
                               const struct buf *body)
{
    c->left = c->left << 4 | (uint64_t)hex_value(digit);
    if (c->left > body->max - body->len)
        return error_new(a, &http_body_too_large, "The body is larger than %zu bytes", body->max);
    return NULL;
}

static bool is_text(char c)
{
    return http_skip_text(&c, &c + 1) != &c;
}

static bool is_token_byte(char c)
{
    return http_is_token((struct str){&c, 1});
}

/* A byte of the line that starts a chunk: size and extensions. */
static struct error *read_size_line(struct arena *a, struct http_chunked *c, char byte,
                                    const struct buf *body)
{
    if (c->state <= CHUNK_SIZE && hex_value(byte) >= 0) {
        c->left = c->state == CHUNK_SIZE_START ? 0 : c->left;
        c->state = CHUNK_SIZE;
        return add_digit(a, c, byte, body);
    }
    if (c->state == CHUNK_SIZE_START)
        return bad_chunk(a, "a chunk does not start with its size");
    if (byte == '\r' && c->state != CHUNK_SPACE) {
        c->state = CHUNK_SIZE_FEED;
        return NULL;
    }
    if (++c->extension_bytes > HTTP_MAX_EXTENSION_BYTES)
        return bad_chunk(a, "chunk extensions are too long");
    if (c->state == CHUNK_EXTENSION)
        return is_text(byte) ? NULL : bad_chunk(a, "a control character in a chunk extension");
    if (byte == ';')
        c->state = CHUNK_EXTENSION;
    else if (byte == ' ' || byte == '\t')
        c->state = CHUNK_SPACE; /* Section 7.1.1: allowed only before an extension. */
    else
        return bad_chunk(a, "a chunk size is not a hexadecimal number");
    return NULL;
}

/* A byte of the trailer section: fields like those of a head, none of which is kept. */
static struct error *read_trailer(struct arena *a, struct http_chunked *c, char byte)
{
    if (++c->trailer_bytes > HTTP_MAX_TRAILER_BYTES)
        return error_new(a, &http_head_too_large, "The trailer fields are too long");
    if (c->state == CHUNK_TRAILER_START && byte == '\r')
        c->state = CHUNK_END_FEED;
    else if (c->state == CHUNK_TRAILER_NAME && byte == ':')
        c->state = CHUNK_TRAILER_VALUE;
    else if (c->state == CHUNK_TRAILER_VALUE && byte == '\r')
        c->state = CHUNK_TRAILER_FEED;
    else if (c->state == CHUNK_TRAILER_VALUE)
        return is_text(byte) ? NULL : bad_chunk(a, "a control character in a trailer field");
    else if (is_token_byte(byte))
        c->state = CHUNK_TRAILER_NAME;
    else
        return bad_chunk(a, "a trailer line is not a header field");
    return NULL;
}

/* A byte that must be CR or LF. */
static struct error *expect(struct arena *a, struct http_chunked *c, char byte, char wanted,
                            enum http_chunk_state next)
{
    if (byte != wanted)
        return bad_chunk(a, "a chunk or its line does not end in CR LF");
    c->state = next;
    return NULL;
}

static struct error *read_byte(struct arena *a, struct http_chunked *c, char byte,
                               const struct buf *body)
{
    switch (c->state) {
    case CHUNK_SIZE_START:
    case CHUNK_SIZE:
    case CHUNK_SPACE:
    case CHUNK_EXTENSION:
        return read_size_line(a, c, byte, body);
    case CHUNK_SIZE_FEED:
        return expect(a, c, byte, '\n', c->left ? CHUNK_DATA : CHUNK_TRAILER_START);
    case CHUNK_DATA_RETURN:
        return expect(a, c, byte, '\r', CHUNK_DATA_FEED);
    case CHUNK_DATA_FEED:
        return expect(a, c, byte, '\n', CHUNK_SIZE_START);
    case CHUNK_TRAILER_START:
    case CHUNK_TRAILER_NAME:
    case CHUNK_TRAILER_VALUE:
        return read_trailer(a, c, byte);
    case CHUNK_TRAILER_FEED:
        return expect(a, c, byte, '\n', CHUNK_TRAILER_START);
    case CHUNK_END_FEED:
        return expect(a, c, byte, '\n', CHUNK_DONE);
    case CHUNK_DATA:
    case CHUNK_DONE:
        break;
    }
    return NULL;
}

struct error *http_chunked_read(struct arena *a, struct http_chunked *c, struct str bytes,
                                struct buf *body, size_t *used)
{
    size_t at = 0;
    while (at < bytes.len && c->state != CHUNK_DONE) {
        if (c->state != CHUNK_DATA) {
            TRY(read_byte(a, c, bytes.data[at++], body));
            continue;
        }
        struct str data = str_slice(bytes, at, (size_t)c->left);
        buf_add(body, data);
        at += data.len;
        c->left -= data.len;
        if (!c->left)
            c->state = CHUNK_DATA_RETURN;
    }
    *used = at;
    return NULL;
}
