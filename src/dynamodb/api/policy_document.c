/* Sources: AWS "IAM JSON policy elements reference"; words recorded from the service in 2026. */
#include "dynamodb/api/policy_document.h"

#include "base/vec.h"
#include "dynamodb/model/errors.h"
#include "json/reader.h"

#define MAX_POLICY 20480 /* bytes, white space counted */
#define WRONG "One or more parameter values were invalid: "

typedef VEC(struct str) sid_vec;

/* What one statement was seen to have. */
struct statement {
    struct str sid;
    bool has_effect, has_principal, has_action, has_resource, has_condition;
    bool allows, is_for_all;
};

static struct error *refuse(struct arena *a, const char *why)
{
    return invalid(a, WRONG "Invalid policy document: %s", why);
}

/* Behind the last character, where the missing statement is noticed. */
static struct error *refuse_at_end(struct arena *a, struct str text)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < text.len; i++) {
        column++;
        if (text.data[i] == '\n')
            line++, column = 1;
    }
    return invalid(a, WRONG "Invalid policy document: Syntax error at position (%zu,%zu)", line,
                   column);
}

/* -- reading ------------------------------------------------------------------------------------
 */

static bool is_star(struct json_reader *r)
{
    struct str text;
    return json_peek(r) == JSON_STRING && json_read_str(r, &text) && str_eq(text, S("*"));
}

/* "*", or {"AWS": "*"}. */
static bool reads_everybody(struct arena *a, struct str raw)
{
    struct json_reader r;
    struct str name;
    json_reader_init(&r, raw, a);
    if (json_peek(&r) != JSON_OBJECT)
        return is_star(&r);
    return json_enter_object(&r) && json_next_member(&r, &name) && str_eq(name, S("AWS")) &&
           is_star(&r);
}

static bool read_member(struct arena *a, struct json_reader *r, struct str name,
                        struct statement *s)
{
    struct str text = {0};
    bool is_text = json_peek(r) == JSON_STRING;
    if (str_eq(name, S("Sid")) && is_text)
        return json_read_str(r, &s->sid);
    if (str_eq(name, S("Effect")) && is_text) {
        s->has_effect = true;
        bool is_read = json_read_str(r, &text);
        s->allows = str_eq(text, S("Allow"));
        return is_read;
    }
    s->has_principal |= str_eq(name, S("Principal")) || str_eq(name, S("NotPrincipal"));
    s->has_action |= str_eq(name, S("Action")) || str_eq(name, S("NotAction"));
    s->has_resource |= str_eq(name, S("Resource")) || str_eq(name, S("NotResource"));
    s->has_condition |= str_eq(name, S("Condition"));
    if (!json_read_raw(r, &text))
        return false;
    if (str_eq(name, S("Principal")))
        s->is_for_all = reads_everybody(a, text);
    return true;
}

/* -- checking -----------------------------------------------------------------------------------
 */

static struct error *check_statement(struct arena *a, const struct statement *s, sid_vec *sids)
{
    if (!s->has_effect)
        return refuse(a, "Missing required field Effect");
    if (!s->has_principal)
        return refuse(a, "Missing required field Principal");
    if (!s->has_action)
        return refuse(a, "Missing required field Action");
    if (!s->has_resource)
        return refuse(a, "Missing required field Resource");
    for (size_t i = 0; i < sids->count && s->sid.data; i++)
        if (str_eq(sids->items[i], s->sid))
            return refuse(a, "The Statement Ids in the policy are not unique");
    if (s->sid.data)
        VEC_PUSH(a, sids, s->sid);
    if (s->allows && s->is_for_all && !s->has_condition)
        return invalid(a, "Resource-based policy grants unbounded access in one or more elements. "
                          "Please revise the policy to ensure least-privilege form of access");
    return NULL;
}

static struct error *read_statement(struct arena *a, struct json_reader *r, sid_vec *sids)
{
    struct statement s = {0};
    struct str name;
    if (!json_enter_object(r))
        return refuse(a, "This policy contains invalid Json");
    while (json_next_member(r, &name))
        if (!read_member(a, r, name, &s))
            break;
    return check_statement(a, &s, sids);
}

/* One statement or an array of them. */
static struct error *read_statements(struct arena *a, struct json_reader *r)
{
    sid_vec sids = {0};
    if (json_peek(r) != JSON_ARRAY)
        return read_statement(a, r, &sids);
    size_t count = 0;
    json_enter_array(r);
    for (; json_next_element(r); count++)
        TRY(read_statement(a, r, &sids));
    return count ? NULL : refuse(a, "Could not parse the policy: Statement is empty!");
}

static bool is_json(struct arena *a, struct str text, enum json_type *type)
{
    struct json_reader r;
    json_reader_init(&r, text, a);
    *type = json_peek(&r);
    return json_skip(&r) && json_finish(&r);
}

struct error *policy_document_check(struct arena *a, struct str text)
{
    struct json_reader r;
    struct str name;
    enum json_type type;
    bool has_statement = false;
    if (text.len > MAX_POLICY)
        return invalid(a, WRONG "Maximum policy size of %d bytes exceeded", MAX_POLICY);
    bool is_whole = is_json(a, text, &type);
    if (is_whole && type == JSON_NULL)
        return refuse(a, "This text appears not to be a policy");
    if (!is_whole || type != JSON_OBJECT)
        return refuse(a, "This policy contains invalid Json");
    json_reader_init(&r, text, a);
    json_enter_object(&r);
    while (json_next_member(&r, &name)) {
        if (!str_eq(name, S("Statement"))) {
            json_skip(&r);
            continue;
        }
        has_statement = true;
        TRY(read_statements(a, &r));
    }
    return has_statement ? NULL : refuse_at_end(a, text);
}
