/* Web OpenAPI: the description of the API (OpenAPI 3.1), made from the table of routes. What the
 * table cannot hold, the shapes of bodies, stands here as JSON Schema. */
#include "messaging/web_request.h"

#include <string.h>

/* -- shapes ------------------------------------------------------------------------------------ */

#define TEXT "{\"type\":\"string\"}"
#define UUID "{\"type\":\"string\",\"format\":\"uuid\"}"
#define STAMP                                                                                      \
    "{\"type\":\"string\",\"description\":\"UTC, six digits: 2026-11-20T22:31:07.012345+00:00\"}"
#define WHOLE "{\"type\":\"integer\",\"minimum\":0}"
#define SEQ                                                                                        \
    "{\"type\":\"integer\",\"minimum\":1,\"description\":\"Rises by one in a group; absent in a "  \
    "row that another program has just written\"}"

static const struct {
    const char *name, *required, *properties;
} schemas[] = {
    {"HealthCheck", "\"success\",\"ver\"",
     "\"success\":{\"type\":\"boolean\"},\"ver\":{\"type\":\"integer\"}"},
    {"Health", "\"status\"", "\"status\":{\"enum\":[\"ok\",\"failed\"]}"},
    {"User", "\"uuid\",\"handle\",\"display_name\"",
     "\"uuid\":" UUID ",\"handle\":" TEXT ",\"display_name\":" TEXT},
    {"Message", "\"uuid\",\"display_name\",\"handle\",\"message\",\"created_at\"",
     "\"uuid\":" UUID ",\"display_name\":" TEXT ",\"handle\":" TEXT ",\"message\":" TEXT
     ",\"created_at\":" STAMP ",\"seq\":" SEQ},
    {"MessageGroup",
     "\"uuid\",\"display_name\",\"handle\",\"message\",\"created_at\",\"unread\",\"seq\",\"kind\","
     "\"name\"",
     "\"uuid\":" UUID ",\"display_name\":" TEXT ",\"handle\":" TEXT ",\"message\":" TEXT
     ",\"created_at\":" STAMP ",\"unread\":" WHOLE ",\"seq\":" WHOLE ",\"kind\":" TEXT
     ",\"name\":{\"type\":[\"string\",\"null\"]}"},
    {"NewMessage", "\"message\"",
     "\"message\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":1024},"
     "\"message_group_uuid\":{\"type\":[\"string\",\"null\"]},\"handle\":" TEXT},
    {"SentMessage", "\"message_group_uuid\"",
     "\"message_group_uuid\":" UUID ",\"uuid\":" UUID ",\"display_name\":" TEXT ",\"handle\":" TEXT
     ",\"message\":" TEXT ",\"created_at\":" STAMP ",\"seq\":" SEQ},
    {"ReadMark", "\"seq\"", "\"seq\":" WHOLE},
    {"People", "\"people\"",
     "\"people\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/User\"}}"},
    {"SignIn", "\"handle\"", "\"handle\":" TEXT},
    {"Session", "\"token\",\"expires_in\",\"user\"",
     "\"token\":" TEXT ",\"expires_in\":" WHOLE
     ",\"user\":{\"$ref\":\"#/components/schemas/User\"}"},
    {"Error", "\"error\"", "\"error\":" TEXT ",\"message\":" TEXT},
};

static const struct {
    const char *name, *in, *schema, *words;
} parameters[] = {
    {"group", "path", TEXT, "uuid of the conversation"},
    {"handle", "path", TEXT, "the person's handle"},
    {"file", "path", TEXT, "name of the file"},
    {"limit", "query", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":100,\"default\":20}",
     "how many at most"},
    {"before", "query", TEXT, "cursor from a Link header: what is older"},
    {"after", "query", TEXT, "cursor from a Link header: what is newer"},
    {"Idempotency-Key", "header",
     "{\"type\":\"string\",\"minLength\":1,\"maxLength\":255,\"pattern\":\"^[!-~]+$\"}",
     "the same key with the same request again gives the stored answer"},
    {"Last-Event-ID", "header", TEXT, "id of the last event seen: what was missed comes first"},
};

static const struct {
    const char *status, *words;
} error_words[] = {
    {"304", "What the client has is current"},
    {"400", "Broken JSON, a wrong type, a bad cursor, limit or key"},
    {"401", "No token, or one that is refused; the body is {}"},
    {"403", "Not from this host"},
    {"404", "There is no such thing, or it is not yours to see"},
    {"409", "The Idempotency-Key was used for another request"},
    {"413", "The body is over 64 KB"},
    {"415", "The body is not application/json"},
    {"422", "A list of: message_group_uuid_blank, user_reciever_handle_blank, message_blank, "
            "message_exceed_max_chars"},
    {"429", "Too often; see Retry-After"},
    {"503", "Not now; see Retry-After"},
};

/* -- rendering --------------------------------------------------------------------------------- */

static struct json_writer *key_z(struct json_writer *w, const char *name)
{
    json_key(w, str_z(name));
    return w;
}

static void text_member(struct json_writer *w, const char *name, const char *text)
{
    json_str(key_z(w, name), str_z(text));
}

static void write_ref(struct json_writer *w, struct arena *a, const char *schema)
{
    struct str ref = arena_printf(a, "{\"$ref\":\"#/components/schemas/%s\"}", schema);
    json_raw(w, ref);
}

/* {"content":{TYPE:{"schema":…}}}: the caller has opened the object. */
static void write_content(struct json_writer *w, struct arena *a, const char *schema)
{
    bool is_list = strncmp(schema, "[]", 2) == 0;
    bool is_media_type = strchr(schema, '/') != NULL;
    json_begin_object(key_z(w, "content"));
    json_begin_object(key_z(w, is_media_type ? schema : "application/json"));
    if (!is_media_type) {
        key_z(w, "schema");
        if (is_list) {
            json_begin_object(w);
            text_member(w, "type", "array");
            key_z(w, "items");
        }
        write_ref(w, a, is_list ? schema + 2 : schema);
        if (is_list)
            json_end_object(w);
    }
    json_end_object(w);
    json_end_object(w);
}

static void write_parameter(struct json_writer *w, struct str name)
{
    for (size_t i = 0; i < countof(parameters); i++) {
        if (!str_eq(name, str_z(parameters[i].name)))
            continue;
        json_begin_object(w);
        text_member(w, "name", parameters[i].name);
        text_member(w, "in", parameters[i].in);
        if (strcmp(parameters[i].in, "path") == 0)
            json_bool(key_z(w, "required"), true);
        json_raw(key_z(w, "schema"), str_z(parameters[i].schema));
        text_member(w, "description", parameters[i].words);
        json_end_object(w);
    }
}

static void write_parameters(struct json_writer *w, const struct web_route *route)
{
    struct str rest = str_z(route->pattern), name;
    json_begin_array(key_z(w, "parameters"));
    while (str_cut(&rest, '{', &name)) {
        str_cut(&rest, '}', &name);
        write_parameter(w, name);
    }
    rest = str_z(route->query);
    for (bool has_more = rest.len > 0; has_more;) {
        has_more = str_cut(&rest, ' ', &name);
        write_parameter(w, name);
    }
    json_end_array(w);
}

static void write_error_response(struct json_writer *w, struct arena *a, struct str status)
{
    for (size_t i = 0; i < countof(error_words); i++) {
        if (!str_eq(status, str_z(error_words[i].status)))
            continue;
        json_key(w, status);
        json_begin_object(w);
        text_member(w, "description", error_words[i].words);
        bool has_own_form =
            str_eq(status, S("304")) || str_eq(status, S("401")) || str_eq(status, S("422"));
        if (!has_own_form)
            write_content(w, a, "Error");
        json_end_object(w);
    }
}

static void write_responses(struct json_writer *w, struct arena *a, const struct web_route *route)
{
    struct str rest = str_z(route->errors), status;
    json_begin_object(key_z(w, "responses"));
    json_begin_object(key_z(w, "200"));
    text_member(w, "description", "Done");
    write_content(w, a, route->response);
    json_end_object(w);
    for (bool has_more = rest.len > 0; has_more;) {
        has_more = str_cut(&rest, ' ', &status);
        write_error_response(w, a, status);
    }
    json_end_object(w);
}

static void write_operation(struct json_writer *w, struct arena *a, const struct web_route *route)
{
    char method[16] = "";
    for (size_t i = 0; route->method[i] && i < sizeof method - 1; i++)
        method[i] = (char)(route->method[i] | 0x20);
    json_begin_object(key_z(w, method));
    text_member(w, "summary", route->summary);
    if (route->flags & WEB_OPEN)
        json_raw(key_z(w, "security"), S("[]"));
    write_parameters(w, route);
    if (route->request) {
        json_begin_object(key_z(w, "requestBody"));
        json_bool(key_z(w, "required"), true);
        write_content(w, a, route->request);
        json_end_object(w);
    }
    write_responses(w, a, route);
    json_end_object(w);
}

/* Is there an earlier row with this path? Then that one's object holds both methods. */
static bool is_first_of_path(size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(web_routes[i].pattern, web_routes[index].pattern) == 0)
            return false;
    return true;
}

static void write_paths(struct json_writer *w, struct arena *a, const struct web *web)
{
    json_begin_object(key_z(w, "paths"));
    for (size_t i = 0; i < web_route_count; i++) {
        bool is_absent = (web_routes[i].flags & WEB_DEMO) && !web->options.has_demo_sign_in;
        if (is_absent || !is_first_of_path(i))
            continue;
        json_begin_object(key_z(w, web_routes[i].pattern));
        for (size_t j = i; j < web_route_count; j++)
            if (strcmp(web_routes[i].pattern, web_routes[j].pattern) == 0)
                write_operation(w, a, &web_routes[j]);
        json_end_object(w);
    }
    json_end_object(w);
}

static void write_components(struct json_writer *w, struct arena *a)
{
    json_begin_object(key_z(w, "components"));
    json_raw(key_z(w, "securitySchemes"),
             S("{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\"}}"));
    json_begin_object(key_z(w, "schemas"));
    for (size_t i = 0; i < countof(schemas); i++)
        json_raw(key_z(w, schemas[i].name),
                 arena_printf(a, "{\"type\":\"object\",\"required\":[%s],\"properties\":{%s}}",
                              schemas[i].required, schemas[i].properties));
    json_end_object(w);
    json_end_object(w);
}

struct str web_openapi_render(struct arena *a, const struct web *web)
{
    struct buf out;
    buf_init(&out, 1024 * 1024);
    struct json_writer w = json_writer(&out);
    json_begin_object(&w);
    text_member(&w, "openapi", "3.1.0");
    json_raw(key_z(&w, "info"),
             S("{\"title\":\"Cruddur direct messages\",\"version\":\"1\","
               "\"license\":{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}}"));
    json_raw(key_z(&w, "security"), S("[{\"token\":[]}]"));
    write_paths(&w, a, web);
    write_components(&w, a);
    json_end_object(&w);
    struct str text = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return text;
}
