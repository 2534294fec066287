/* Web page: the assets compiled into the program, and whether it is alive. */
#include "base/encode.h"
#include "messaging/web_assets.h"
#include "messaging/web_request.h"

/* The page loads nothing from elsewhere, runs no inline script, and is shown in no frame. */
static const struct str content_security_policy = STR_INIT(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

const struct str *web_asset_tags(struct arena *a)
{
    struct str *tags = arena_array(a, struct str, web_asset_count + 1);
    for (size_t i = 0; i < web_asset_count; i++) {
        struct md5 md5 = md5_of(web_assets[i].content, S(""));
        struct buf hex;
        buf_init(&hex, sizeof md5 * 2);
        hex_encode(&hex, (struct str){(const char *)md5.bytes, sizeof md5.bytes});
        tags[i] = arena_printf(a, "\"%.*s\"", STR_ARG(buf_str(&hex)));
        buf_clear(&hex);
    }
    return tags;
}

static bool find_asset(struct str name, size_t *index)
{
    for (*index = 0; *index < web_asset_count; (*index)++)
        if (str_eq(web_assets[*index].name, name))
            return true;
    return false;
}

struct error *web_asset(struct web_request *r)
{
    struct str name = r->params[0].len ? r->params[0] : S("index.html");
    size_t index;
    if (!find_asset(name, &index))
        return error_new(r->arena, &web_not_found, "there is nothing here");
    struct str tag = r->web->etags[index];
    struct str known = http_header_of(r->http, S("If-None-Match"));
    web_header(r, S("ETag"), tag);
    web_header(r, S("Cache-Control"), S("no-cache"));
    web_header(r, S("Content-Security-Policy"), content_security_policy);
    web_header(r, S("Referrer-Policy"), S("no-referrer"));
    web_header(r, S("Cross-Origin-Opener-Policy"), S("same-origin"));
    web_header(r, S("Cross-Origin-Resource-Policy"), S("same-origin"));
    if (str_contains(known, tag) || str_eq(known, S("*"))) {
        r->reply.status = 304;
        return NULL;
    }
    r->reply.content_type = web_assets[index].type;
    r->reply.body = web_assets[index].content;
    return NULL;
}

struct error *web_health_check(struct web_request *r)
{
    r->reply.content_type = S("application/json; charset=utf-8");
    r->reply.body = S("{\"success\":true,\"ver\":1}");
    return NULL;
}

struct error *web_healthz(struct web_request *r)
{
    const struct web_options *options = &r->web->options;
    bool is_healthy = !options->is_healthy || options->is_healthy(options->health_context);
    r->reply.status = is_healthy ? 200 : 503;
    r->reply.content_type = S("application/json; charset=utf-8");
    r->reply.body = is_healthy ? S("{\"status\":\"ok\"}") : S("{\"status\":\"failed\"}");
    web_header(r, S("Cache-Control"), S("no-store"));
    return NULL;
}

struct error *web_openapi(struct web_request *r)
{
    r->reply.content_type = S("application/json; charset=utf-8");
    r->reply.body = r->web->openapi;
    return NULL;
}
