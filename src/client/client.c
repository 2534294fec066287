#include "client/client.h"

#include <string.h>

#include "client/failure.h"
#include "json/reader.h"

/* The body of a refusal, as far as it is needed. */
struct refusal {
    struct str type, message;
};

static struct refusal refusal_decode(struct arena *a, struct str body)
{
    struct refusal out = {0};
    struct json_reader r;
    struct str name;
    json_reader_init(&r, body, a);
    if (json_enter_object(&r)) {
        while (json_next_member(&r, &name)) {
            bool is_text = json_peek(&r) == JSON_STRING;
            if (is_text && str_eq(name, S("__type")))
                json_read_str(&r, &out.type);
            else if (is_text && str_eq_nocase(name, S("message")))
                json_read_str(&r, &out.message);
            else
                json_skip(&r);
        }
    }
    return out;
}

/* "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException" -> what stands behind the sign. */
static struct str bare_name(struct str type)
{
    struct str head, rest = type;
    return str_cut(&rest, '#', &head) ? rest : head;
}

/* Refusals that mean "later": the request was not applied. */
static bool is_throttle(struct str name)
{
    static const struct str names[] = {
        STR_INIT("ProvisionedThroughputExceededException"),
        STR_INIT("ThrottlingException"),
        STR_INIT("RequestLimitExceeded"),
        STR_INIT("LimitExceededException"),
        STR_INIT("TransactionInProgressException"),
    };
    for (size_t i = 0; i < countof(names); i++)
        if (str_eq(name, names[i]))
            return true;
    return false;
}

struct error *client_refused(struct arena *a, int http_status, struct str body)
{
    struct refusal refusal = refusal_decode(a, body);
    struct str name = bare_name(refusal.type);
    struct error_kind *kind = arena_new(a, struct error_kind);
    kind->name = name.len ? arena_z(a, name) : "UnknownError";
    kind->http_status = http_status;
    kind->is_retryable = http_status >= 500 || is_throttle(name);
    struct error *e = arena_new(a, struct error);
    e->kind = kind;
    e->message = refusal.message;
    e->extra = body;
    return e;
}

struct error *client_unreachable(struct arena *a, struct str message)
{
    static const struct error_kind unreachable = {"ConnectionError", 503, true};
    return error_new(a, &unreachable, "%.*s", STR_ARG(message));
}

bool client_failed_with(const struct error *error, const char *exception)
{
    return error && strcmp(error->kind->name, exception) == 0;
}
