#include "messaging/jwt.h"

#include "base/encode.h"
#include "json/reader.h"

static bool refuse(const char **why, const char *word)
{
    if (why)
        *why = word;
    return false;
}

static bool decode(struct arena *a, struct str part, struct str *out)
{
    char *bytes = arena_alloc(a, part.len + 1);
    ptrdiff_t len = base64url_decode(part, bytes);
    if (part.len == 0 || len < 0)
        return false;
    *out = (struct str){bytes, (size_t)len};
    return true;
}

bool jwt_split(struct arena *a, struct str token, struct jwt *out, const char **why)
{
    struct str rest = token, header, payload;
    if (!str_cut(&rest, '.', &header) || !str_cut(&rest, '.', &payload))
        return refuse(why, "parts");
    out->signing_input = str_slice(token, 0, header.len + 1 + payload.len);
    if (!decode(a, header, &out->header) || !decode(a, payload, &out->payload) ||
        !decode(a, rest, &out->signature)) /* a fourth part has a '.', which is not base64url */
        return refuse(why, "base64url");
    return true;
}

/* -- JSON objects without doubles -------------------------------------------------------------- */

/* Two readers of one token may disagree on which of two equal names counts, so none may stand twice
 * (RFC 8725 section 2.6); inside the values neither. */
struct names {
    struct str seen[JWT_MAX_MEMBERS];
    size_t count;
};

static bool add_name(struct names *names, struct str name)
{
    for (size_t i = 0; i < names->count; i++)
        if (str_eq(names->seen[i], name))
            return false;
    if (names->count == JWT_MAX_MEMBERS)
        return false;
    names->seen[names->count++] = name;
    return true;
}

static bool check_value(struct json_reader *r, int depth)
{
    enum json_type type = json_peek(r);
    if (type != JSON_OBJECT && type != JSON_ARRAY)
        return json_skip(r);
    if (depth == JWT_MAX_DEPTH)
        return false;
    if (type == JSON_ARRAY) {
        if (!json_enter_array(r))
            return false;
        while (json_next_element(r))
            if (!check_value(r, depth + 1))
                return false;
        return !r->failure;
    }
    struct names names = {.count = 0};
    struct str name;
    if (!json_enter_object(r))
        return false;
    while (json_next_member(r, &name))
        if (!add_name(&names, name) || !check_value(r, depth + 1))
            return false;
    return !r->failure;
}

static bool is_sound_object(struct arena *a, struct str json)
{
    struct json_reader r;
    json_reader_init(&r, json, a);
    return json_peek(&r) == JSON_OBJECT && check_value(&r, 0) && json_finish(&r);
}

/* -- what is looked at ------------------------------------------------------------------------- */

bool jwt_read_header(struct arena *a, struct str json, struct jwt_header *out, const char **why)
{
    *out = (struct jwt_header){0};
    if (!is_sound_object(a, json))
        return refuse(why, "header");
    struct json_reader r;
    struct str name;
    json_reader_init(&r, json, a);
    if (json_enter_object(&r))
        while (json_next_member(&r, &name)) {
            if (str_eq(name, S("alg")))
                json_read_str(&r, &out->alg);
            else if (str_eq(name, S("kid")))
                json_read_str(&r, &out->kid);
            else if (str_eq(name, S("crit")))
                return refuse(why, "crit");
            else
                json_skip(&r);
        }
    if (!json_finish(&r))
        return refuse(why, "header");
    return true;
}

static bool read_claim(struct json_reader *r, struct str name, struct jwt_claims *out)
{
    const struct {
        struct str name, *text;
        int64_t *number;
    } rows[] = {
        {S("iss"), &out->iss, NULL},
        {S("sub"), &out->sub, NULL},
        {S("token_use"), &out->token_use, NULL},
        {S("client_id"), &out->client_id, NULL},
        {S("username"), &out->username, NULL},
        {S("exp"), NULL, &out->exp},
        {S("iat"), NULL, &out->iat},
        {S("nbf"), NULL, &out->nbf},
    };
    for (size_t i = 0; i < countof(rows); i++)
        if (str_eq(name, rows[i].name))
            return rows[i].text ? json_read_str(r, rows[i].text)
                                : json_read_i64(r, rows[i].number) && *rows[i].number > 0;
    return json_skip(r);
}

bool jwt_read_claims(struct arena *a, struct str json, struct jwt_claims *out, const char **why)
{
    *out = (struct jwt_claims){0};
    if (!is_sound_object(a, json))
        return refuse(why, "payload");
    struct json_reader r;
    struct str name;
    json_reader_init(&r, json, a);
    if (json_enter_object(&r))
        while (json_next_member(&r, &name))
            if (!read_claim(&r, name, out))
                return refuse(why, "claim");
    if (!json_finish(&r))
        return refuse(why, "payload");
    if (!out->exp || !out->iat)
        return refuse(why, "no exp or iat");
    return true;
}
