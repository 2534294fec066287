/* Fuzz: a request whose head comes from outside, verified. A line each: method, query, then headers
 * up to an empty line, then the body. Whatever it is, it is let in only with the right signature,
 * which is not found by chance: the secret is not in the input. */
#include "dynamodb/wire/verify.h"

#include "dynamodb/wire/auth.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_HEADERS 32

static struct http_request take_request(struct str text, struct http_header *headers)
{
    struct http_request r = {.path = S("/"), .headers = headers};
    struct str line;
    str_cut(&text, '\n', &r.method);
    str_cut(&text, '\n', &r.query);
    while (text.len && r.header_count < MAX_HEADERS) {
        struct http_header *h = &headers[r.header_count];
        str_cut(&text, '\n', &line);
        if (!line.len)
            break;
        str_cut(&line, ':', &h->name);
        h->value = str_trim(line);
        r.header_count++;
    }
    r.body = text;
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clock_manual time = {1795213867 * (int64_t)1000000}; /* 20261120T223107Z */
    struct clock clock = clock_manual(&time);
    struct credentials *known;
    struct http_header headers[MAX_HEADERS];
    struct arena arena;
    arena_init(&arena);
    struct error *e = credentials_parse(&arena, S("AKIDEXAMPLE not-in-the-input"), &known);
    assert(!e);
    struct verify *v = verify_new(known, &clock);
    struct http_request request =
        take_request((struct str){size ? (const char *)data : "", size}, headers);
    struct wire_head head = head_of(&request);
    if (!auth_check_form(&arena, &request, &head)) {
        e = verify_request(v, &arena, &request, &head);
        assert(e && e->message.len);
    }
    verify_free(v);
    credentials_free(known);
    arena_clear(&arena);
    return 0;
}
