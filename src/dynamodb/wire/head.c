#include "dynamodb/wire/head.h"

#include <string.h>

/* Where a header goes: its place in struct wire_head. Names in lower case, by their length. */
static const struct place {
    struct str name;
    size_t offset;
} places[] = {
    {STR_INIT("host"), offsetof(struct wire_head, host)},
    {STR_INIT("date"), offsetof(struct wire_head, date)},
    {STR_INIT("origin"), offsetof(struct wire_head, origin)},
    {STR_INIT("x-amz-date"), offsetof(struct wire_head, amz_date)},
    {STR_INIT("content-type"), offsetof(struct wire_head, content_type)},
    {STR_INIT("x-amz-target"), offsetof(struct wire_head, target)},
    {STR_INIT("authorization"), offsetof(struct wire_head, authorization)},
    {STR_INIT("accept-encoding"), offsetof(struct wire_head, accept_encoding)},
    {STR_INIT("content-encoding"), offsetof(struct wire_head, content_encoding)},
    {STR_INIT("access-control-request-method"), offsetof(struct wire_head, cors_method)},
    {STR_INIT("access-control-request-headers"), offsetof(struct wire_head, cors_headers)},
};

/* Four bytes with the bit that tells small letters from capitals set. That makes no other
 * characters of header names (RFC 9110 tokens) equal to those of `places`. */
static uint32_t small4(const char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word | 0x20202020u;
}

/* Both at least four bytes long, as all names here are; the last four may overlap. */
static bool is_name(struct str name, struct str lower)
{
    if (name.len != lower.len)
        return false;
    size_t last = lower.len - 4;
    for (size_t i = 0; i < last; i += 4)
        if (small4(name.data + i) != small4(lower.data + i))
            return false;
    return small4(name.data + last) == small4(lower.data + last);
}

struct wire_head head_of(const struct http_request *request)
{
    struct wire_head head = {0};
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *h = &request->headers[i];
        for (size_t k = 0; k < countof(places) && places[k].name.len <= h->name.len; k++) {
            if (!is_name(h->name, places[k].name))
                continue;
            struct str *place = (struct str *)((char *)&head + places[k].offset);
            if (!place->data)
                *place = h->value;
            break;
        }
    }
    return head;
}

struct str head_media_type(struct str content_type)
{
    struct str type;
    str_cut(&content_type, ';', &type);
    return str_trim(type);
}
