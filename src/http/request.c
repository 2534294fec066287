/* Request: what a handler asks of its exchange, and its answer. */
#include "http/internal.h"

#include <assert.h>
#include <string.h>

const struct http_request *http_request_of(const struct http_exchange *x)
{
    return &x->head.request;
}

struct arena *http_arena(struct http_exchange *x)
{
    return &x->arena;
}

size_t http_loop_of(const struct http_exchange *x)
{
    return x->conn->loop->index;
}

void http_set_user(struct http_exchange *x, void *user)
{
    x->user = user;
}

void *http_user(const struct http_exchange *x)
{
    return x->user;
}

struct str http_header_of(const struct http_request *request, struct str name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (header->name.len == name.len && str_eq_nocase(header->name, name))
            return header->value;
    }
    return (struct str){0};
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct str http_form_decode(struct arena *a, struct str text)
{
    if (!text.len || (!memchr(text.data, '%', text.len) && !memchr(text.data, '+', text.len)))
        return text;
    char *out = arena_alloc(a, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        int high = c == '%' && i + 2 < text.len ? hex_of(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_of(text.data[i + 2]) : -1;
        if (low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        out[len++] = c;
    }
    return (struct str){out, len};
}

bool http_query_of(struct arena *a, const struct http_request *request, struct str name,
                   struct str *value)
{
    struct str rest = request->query;
    while (rest.len) {
        struct str member, key;
        str_cut(&rest, '&', &member);
        str_cut(&member, '=', &key);
        if (!str_eq(http_form_decode(a, key), name))
            continue;
        *value = http_form_decode(a, member);
        return true;
    }
    return false;
}

static void answer_posted(struct post *p)
{
    struct http_exchange *x = (struct http_exchange *)p;
    conn_answer(x->conn);
}

void http_respond(struct http_exchange *x, const struct http_response *response)
{
    struct http_loop *loop = x->conn->loop;
    bool is_here = loop_is_current(loop);
    assert(!x->answer.first.len); /* Answered once. */
    respond_render(x, response, !is_here);
    if (is_here) {
        conn_answer(x->conn);
        return;
    }
    x->post.run = answer_posted;
    loop_post(loop, &x->post);
}
