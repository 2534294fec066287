#include "dynamodb/wire/auth.h"

#include "dynamodb/model/errors.h"

#include <string.h>

static const struct str header_params[] = {STR_INIT("Credential"), STR_INIT("Signature"),
                                           STR_INIT("SignedHeaders")};
static const struct str query_params[] = {STR_INIT("X-Amz-Algorithm"), STR_INIT("X-Amz-Credential"),
                                          STR_INIT("X-Amz-Signature"),
                                          STR_INIT("X-Amz-SignedHeaders"), STR_INIT("X-Amz-Date")};

/* How long the piece before the next comma or space is. */
static size_t piece_len(struct str s)
{
    const char *space = memchr(s.data, ' ', s.len);
    size_t len = space ? (size_t)(space - s.data) : s.len;
    const char *comma = memchr(s.data, ',', len);
    return comma ? (size_t)(comma - s.data) : len;
}

/* Marks the parameters of "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…" that are
 * there and not empty; commas and spaces both separate. */
static void find_header_params(struct str authorization, bool found[countof(header_params)])
{
    struct str scheme;
    str_cut(&authorization, ' ', &scheme);
    while (authorization.len) {
        struct str value = str_slice(authorization, 0, piece_len(authorization)), name;
        authorization = str_from(authorization, value.len + 1);
        str_cut(&value, '=', &name);
        for (size_t i = 0; i < countof(header_params); i++)
            if (str_eq(name, header_params[i]))
                found[i] = value.len > 0;
    }
}

static struct error *check_header(struct arena *a, const struct wire_head *head)
{
    bool found[countof(header_params)] = {false};
    find_header_params(head->authorization, found);
    bool is_dated = head->date.len || head->amz_date.len;
    if (found[0] && found[1] && found[2] && is_dated)
        return NULL;
    struct str message = S("");
    for (size_t i = 0; i < countof(header_params); i++)
        if (!found[i])
            message = arena_printf(a, "%.*sAuthorization header requires '%.*s' parameter. ",
                                   STR_ARG(message), STR_ARG(header_params[i]));
    if (!is_dated)
        message = arena_printf(a,
                               "%.*sAuthorization header requires existence of either a "
                               "'X-Amz-Date' or a 'Date' header. ",
                               STR_ARG(message));
    return error_new(a, &error_IncompleteSignatureException, "%.*sAuthorization=%.*s",
                     STR_ARG(message), STR_ARG(head->authorization));
}

static struct error *check_query(struct arena *a, const struct http_request *request)
{
    struct str message = S("");
    for (size_t i = 0; i < countof(query_params); i++) {
        struct str value;
        if (!http_query_of(a, request, query_params[i], &value) || !value.len)
            message = arena_printf(a, "%.*sAWS query-string parameters must include '%.*s'. ",
                                   STR_ARG(message), STR_ARG(query_params[i]));
    }
    if (!message.len)
        return NULL;
    return error_new(a, &error_IncompleteSignatureException,
                     "%.*sRe-examine the query-string parameters.", STR_ARG(message));
}

struct error *auth_check_form(struct arena *a, const struct http_request *request,
                              const struct wire_head *head)
{
    struct str algorithm;
    bool is_header = head->authorization.len > 0;
    bool is_query =
        request->query.len && http_query_of(a, request, S("X-Amz-Algorithm"), &algorithm);
    if (is_header && is_query)
        return error_new(a, &error_InvalidSignatureException,
                         "Found both 'X-Amz-Algorithm' as a query-string param and "
                         "'Authorization' as HTTP header.");
    if (is_header ? !str_starts(head->authorization, S("AWS4-")) : !is_query)
        return error_new(a, &error_MissingAuthenticationTokenException,
                         "Request is missing Authentication Token");
    return is_header ? check_header(a, head) : check_query(a, request);
}
