#include "dynamodb/trigger/invoke.h"

#include "dynamodb/api/position.h"
#include "json/reader.h"

#define ANSWER_MAX_BYTES ((size_t)6 << 20) /* Lambda's limit of a response */
#define STATUS_TOO_MANY 429
#define LOGGED_BYTES 200

/* What an answer's body says beside the value that the function returned. */
struct answer {
    bool is_object;
    struct str error_type, error_message;
    bool has_item_failures;
    bool is_wrong;   /* an item failure that names nothing */
    uint64_t lowest; /* failed sequence; UINT64_MAX: none */
};

/* {"itemIdentifier": SEQUENCE} */
static void read_item_failure(struct json_reader *r, struct answer *out)
{
    struct str name, identifier = S("");
    uint64_t sequence;
    if (json_peek(r) != JSON_OBJECT) {
        out->is_wrong = true;
        json_skip(r);
        return;
    }
    json_enter_object(r);
    while (json_next_member(r, &name)) {
        if (str_eq(name, S("itemIdentifier")) && json_peek(r) == JSON_STRING)
            json_read_str(r, &identifier);
        else
            json_skip(r);
    }
    if (!sequence_name_parse(identifier, &sequence))
        out->is_wrong = true;
    else if (sequence < out->lowest)
        out->lowest = sequence;
}

static void read_item_failures(struct json_reader *r, struct answer *out)
{
    out->has_item_failures = true;
    if (json_peek(r) != JSON_ARRAY) { /* null is an empty list; others fail the batch */
        out->is_wrong = json_peek(r) != JSON_NULL;
        json_skip(r);
        return;
    }
    json_enter_array(r);
    while (json_next_element(r))
        read_item_failure(r, out);
}

static struct answer read_answer(struct arena *a, struct str body)
{
    struct answer out = {.lowest = UINT64_MAX};
    struct json_reader r;
    struct str name;
    json_reader_init(&r, body, a);
    if (json_peek(&r) != JSON_OBJECT)
        return out;
    json_enter_object(&r);
    while (json_next_member(&r, &name)) {
        if (str_eq(name, S("errorType")) && json_peek(&r) == JSON_STRING)
            json_read_str(&r, &out.error_type);
        else if (str_eq(name, S("errorMessage")) && json_peek(&r) == JSON_STRING)
            json_read_str(&r, &out.error_message);
        else if (str_eq(name, S("batchItemFailures")))
            read_item_failures(&r, &out);
        else
            json_skip(&r);
    }
    if (!json_finish(&r)) /* the function may return any text */
        return (struct answer){.lowest = UINT64_MAX};
    out.is_object = true;
    return out;
}

static struct str shortened(struct arena *a, struct str text)
{
    return arena_str(a, str_slice(text, 0, LOGGED_BYTES));
}

static struct verdict failed(int status, struct str function_error, struct str why)
{
    return (struct verdict){
        .outcome = OUTCOME_FAILED, .status = status, .function_error = function_error, .why = why};
}

static struct verdict judge_items(const struct answer *body, int status)
{
    struct verdict v = {.outcome = OUTCOME_SUCCESS, .status = status};
    if (body->is_wrong)
        return failed(status, S(""), S("batchItemFailures without a sequence number"));
    if (body->lowest == UINT64_MAX)
        return v;
    v.outcome = OUTCOME_FROM;
    v.failed_sequence = body->lowest;
    v.why = S("the function reports items that failed");
    return v;
}

struct verdict invoke_judge(struct arena *a, const struct mapping *m,
                            const struct https_response *answer)
{
    int status = answer->status;
    struct str error = https_header_of(answer, S("X-Amz-Function-Error"));
    if (status == STATUS_TOO_MANY)
        return (struct verdict){OUTCOME_UNREACHED, 0, status, S(""),
                                S("the function is throttled")};
    if (status < 200 || status > 299)
        return failed(
            status, error,
            arena_printf(a, "status %d: %.*s", status, STR_ARG(shortened(a, answer->body))));
    if (error.len)
        return failed(status, error, shortened(a, answer->body));
    if (str_starts(answer->body, S("Task timed out after ")))
        return failed(status, S("Unhandled"), shortened(a, answer->body));
    struct answer body = read_answer(a, answer->body);
    if (body.error_type.data && body.error_message.data)
        return failed(status, S("Unhandled"), shortened(a, answer->body));
    if (m->reports_items && body.has_item_failures)
        return judge_items(&body, status);
    return (struct verdict){.outcome = OUTCOME_SUCCESS, .status = status};
}

struct verdict invoke(struct https *https, struct arena *a, const struct mapping *m,
                      struct str event, const atomic_bool *stop)
{
    static const struct https_header headers[] = {
        {STR_INIT("Content-Type"), STR_INIT("application/json")},
        {STR_INIT("X-Amz-Invocation-Type"), STR_INIT("RequestResponse")},
    };
    const struct https_request request = {.url = m->url,
                                          .headers = headers,
                                          .header_count = countof(headers),
                                          .body = event,
                                          .timeout_ms = m->timeout_ms,
                                          .response_max_bytes = ANSWER_MAX_BYTES,
                                          .stop = stop};
    struct https_response answer;
    bool was_sent;
    struct error *e = https_post(https, a, &request, &answer, &was_sent);
    if (!e)
        return invoke_judge(a, m, &answer);
    if (was_sent && !atomic_load(stop))
        return failed(0, S(""), e->message);
    return (struct verdict){.outcome = OUTCOME_UNREACHED, .why = e->message};
}
