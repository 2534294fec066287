/* Any bytes as a request: the head is found and parsed the same however it is cut, what is
 * understood lies within the bytes, and a chunked body gives the same data in one piece and in
 * many. The first byte chooses the cut. */
#include "http/chunked.h"
#include "http/parse.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Searches as if the bytes had come in pieces of `step`. */
static int find_head(struct arena *a, struct str bytes, size_t step, struct http_scan *scan,
                     size_t *head_len)
{
    for (size_t at = 0; at < bytes.len; at += step) {
        struct error *why = http_scan_head(a, scan, str_slice(bytes, 0, at + step), head_len);
        if (why)
            return why->kind->http_status;
        if (*head_len)
            return 0;
    }
    return -1;
}

static void check_within(struct str piece, struct str bytes)
{
    assert(!piece.len ||
           (piece.data >= bytes.data && piece.data + piece.len <= bytes.data + bytes.len));
}

static void check_head(const struct http_head *head, struct str bytes)
{
    const struct http_request *r = &head->request;
    check_within(r->method, bytes);
    assert(http_is_token(r->method));
    assert(r->target.len && r->path.len);
    assert(r->path.data[0] == '/' || str_eq(r->path, S("*")));
    assert(!head->is_chunked || !head->content_length);
    for (size_t i = 0; i < r->header_count; i++) {
        check_within(r->headers[i].name, bytes);
        check_within(r->headers[i].value, bytes);
        assert(http_is_token(r->headers[i].name));
        struct str value = r->headers[i].value;
        assert(http_skip_text(value.data, value.data + value.len) == value.data + value.len);
    }
}

static int read_chunks(struct arena *a, struct str bytes, size_t step, struct buf *body,
                       size_t *used)
{
    struct http_chunked c = {0};
    *used = 0;
    while (*used < bytes.len && c.state != CHUNK_DONE) {
        size_t taken;
        struct error *why = http_chunked_read(a, &c, str_slice(bytes, *used, step), body, &taken);
        if (why)
            return why->kind->http_status;
        *used += taken;
    }
    return c.state == CHUNK_DONE ? 0 : -1;
}

static void check_chunks(struct arena *a, struct str bytes, size_t step)
{
    struct buf whole, parts;
    buf_init(&whole, 1000);
    buf_init(&parts, 1000);
    size_t used_whole, used_parts;
    int status = read_chunks(a, bytes, bytes.len, &whole, &used_whole);
    assert(read_chunks(a, bytes, step, &parts, &used_parts) == status);
    assert(str_eq(buf_str(&whole), buf_str(&parts)));
    assert(status != 0 || used_whole == used_parts);
    assert(!whole.overflowed);
    buf_clear(&whole);
    buf_clear(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t step = (size_t)data[0] + 1;
    struct str bytes = {(const char *)data + 1, size - 1};
    struct arena a;
    arena_init(&a);

    struct http_scan scan = {0}, scan_whole = {0};
    size_t head_len = 0, head_len_whole = 0;
    int status = find_head(&a, bytes, step, &scan, &head_len);
    assert(find_head(&a, bytes, bytes.len, &scan_whole, &head_len_whole) == status);
    if (status == 0) {
        assert(head_len == head_len_whole && head_len <= bytes.len);
        struct http_head head;
        struct str text = str_slice(bytes, scan.start, head_len - scan.start);
        if (!http_parse_head(&a, text, scan.line_count, &head))
            check_head(&head, text);
        check_chunks(&a, str_from(bytes, head_len), step);
    }
    check_chunks(&a, bytes, step);
    arena_clear(&a);
    return 0;
}
