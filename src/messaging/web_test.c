/* The parts of web that need no connection. The API as a whole is tests/messaging_test.py. */
#include "messaging/web_assets.h"
#include "messaging/web_request.h"
#include "tap.h"
#include "json/reader.h"

#include <string.h>

static const struct str origins[] = {STR_INIT("https://app.example.com")};

static struct web new_web(bool has_demo)
{
    return (struct web){
        .options = {.origins = origins, .origin_count = 1, .has_demo_sign_in = has_demo}};
}

static const char *route_of(struct arena *a, const struct web *web, const char *method,
                            const char *path, struct str *param)
{
    struct str params[WEB_PARAMS] = {{"", 0}, {"", 0}}, allow;
    const struct web_route *route =
        web_route_find(a, web, str_z(method), str_z(path), params, &allow);
    *param = route ? params[0] : allow;
    return route ? route->pattern : "none";
}

TEST(paths_find_their_routes)
{
    struct web web = new_web(true);
    static const struct {
        const char *method, *path, *pattern, *param;
    } rows[] = {
        {"GET", "/", "/", ""},
        {"GET", "/app.js", "/{file}", "app.js"},
        {"HEAD", "/app.js", "/{file}", "app.js"},
        {"GET", "/api/messages/abc", "/api/messages/{group}", "abc"},
        {"PUT", "/api/messages/abc/read", "/api/messages/{group}/read", "abc"},
        {"GET", "/api/users/@bayko/short", "/api/users/@{handle}/short", "bayko"},
        {"GET", "/api/users/@@/short", "/api/users/@{handle}/short", "@"},
        {"POST", "/api/messages", "/api/messages", ""},
        {"GET", "/api/messages", "none", "POST"},
        {"GET", "/api/messages/", "none", ""},
        {"GET", "/api/messages/a/b", "none", ""},
        {"GET", "/api/users/bayko/short", "none", ""},
        {"GET", "/api/users/@/short", "none", ""},
        {"DELETE", "/api/session", "none", "GET, POST"},
        {"HEAD", "/api/events", "none", "GET"},
        {"get", "/healthz", "none", "GET, GET"},
        {"GET", "", "none", ""},
        {"GET", "*", "none", ""},
        {"GET", "//", "none", ""},
        {"GET", "/api", "/{file}", "api"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct str param;
        const char *pattern = route_of(arena, &web, rows[i].method, rows[i].path, &param);
        CHECK_STR(str_z(pattern), str_z(rows[i].pattern));
        CHECK_STR(param, str_z(rows[i].param));
    }
    struct web production = new_web(false);
    struct str param;
    CHECK_STR(str_z(route_of(arena, &production, "POST", "/api/session", &param)), S("none"));
    CHECK_STR(param, S(""));
}

TEST(table_of_routes_fits_its_counters_and_no_pattern_has_too_many_parameters)
{
    CHECK(web_route_count <= WEB_ROUTES_MAX);
    for (size_t i = 0; i < web_route_count; i++) {
        size_t params = 0;
        for (const char *at = web_routes[i].pattern; *at; at++)
            params += *at == '{';
        CHECK(params <= WEB_PARAMS);
        CHECK(web_routes[i].handler && web_routes[i].summary && web_routes[i].response);
        CHECK(!(web_routes[i].flags & WEB_STREAM) || !(web_routes[i].flags & WEB_QUICK));
    }
}

TEST(blank_is_what_cannot_be_seen)
{
    static const char *const blank[] = {"",
                                        " ",
                                        "\t\r\n\v\f",
                                        "\xc2\xa0",
                                        "\xe2\x80\x8b",
                                        "\xe3\x80\x80 ",
                                        "\xef\xbb\xbf",
                                        "\xe2\x80\xa8\xe2\x80\xa9"};
    static const char *const seen[] = {
        "x", " .", "\xc3\xa9", "\xe2\x98\x95", "\xf0\x9f\x98\x80", "\xc2\xad", "\xe2\x80\xae"};
    for (size_t i = 0; i < countof(blank); i++)
        CHECK(web_is_blank(str_z(blank[i])));
    for (size_t i = 0; i < countof(seen); i++)
        CHECK(!web_is_blank(str_z(seen[i])));
    CHECK(!web_is_blank(S("\0")));
}

TEST(what_goes_into_a_link_is_escaped)
{
    CHECK_STR(web_escape(arena, S("aZ09-._~")), S("aZ09-._~"));
    CHECK_STR(web_escape(arena, S("a/b?c#d<>\"\r\n\0")), S("a%2Fb%3Fc%23d%3C%3E%22%0D%0A%00"));
    CHECK_STR(web_escape(arena, S("\xc3\xa9")), S("%C3%A9"));
    CHECK_STR(web_escape(arena, S("")), S(""));
}

TEST(hosts_that_another_page_could_have_made_its_own_are_refused)
{
    struct web web = new_web(true);
    static const char *const ours[] = {
        "localhost", "localhost:4567", "LocalHost", "127.0.0.1:4567",  "[::1]:4567",
        "[::1]",     "10.1.2.3",       "[fe80::1]", "app.example.com", "APP.example.com:443"};
    static const char *const others[] = {"",
                                         "evil.example",
                                         "localhost.evil.example",
                                         "evil.example:4567",
                                         "127.0.0.1.evil.example",
                                         "app.example.com.evil.example",
                                         "xapp.example.com",
                                         "127.0.0.1@evil.example",
                                         "0x7f000001",
                                         "[::1.evil.example"};
    for (size_t i = 0; i < countof(ours); i++)
        CHECK(web_host_is_ours(&web, str_z(ours[i])));
    char longest[300];
    memset(longest, 'a', sizeof longest);
    CHECK(!web_host_is_ours(&web, (struct str){longest, sizeof longest}));
    for (size_t i = 0; i < countof(others); i++)
        CHECK(!web_host_is_ours(&web, str_z(others[i])));
}

static bool may_read(const struct web *web, const char *host, const char *origin)
{
    const struct http_header headers[] = {{S("Host"), str_z(host)}};
    const struct http_request request = {.headers = headers, .header_count = 1};
    return web_origin_is_ours(web, &request, str_z(origin));
}

TEST(origins_of_ours_may_read)
{
    struct web web = new_web(true);
    CHECK(may_read(&web, "localhost:4567", "http://localhost:4567"));
    CHECK(may_read(&web, "localhost:4567", "https://localhost:4567")); /* behind a proxy with TLS */
    CHECK(may_read(&web, "localhost:4567", "http://localhost:3000"));
    CHECK(may_read(&web, "localhost:4567", "https://app.example.com"));
    CHECK(!may_read(&web, "localhost:4567", "http://localhost:4568"));
    CHECK(!may_read(&web, "localhost:4567", "http://127.0.0.1:4567"));
    CHECK(!may_read(&web, "evil.example:4567", "http://evil.example:4567"));
    CHECK(!may_read(&web, "localhost:4567", "null"));
    CHECK(!may_read(&web, "localhost:4567", "ftp://localhost:4567"));
    CHECK(!may_read(&web, "localhost:4567", "https://app.example.com.evil.example"));
    CHECK(!may_read(&web, "", ""));
}

TEST(description_is_json_and_leaves_out_what_is_not_there)
{
    struct web web = new_web(true), production = new_web(false);
    struct str text = web_openapi_render(arena, &web);
    struct json_reader reader;
    json_reader_init(&reader, text, arena);
    CHECK(json_skip(&reader) && json_finish(&reader));
    CHECK(str_contains(text, S("\"/api/session\"")));
    CHECK(!str_contains(web_openapi_render(arena, &production), S("\"/api/session\"")));
    for (size_t i = 0; i < web_route_count; i++)
        CHECK(str_contains(text, arena_printf(arena, "\"%s\":", web_routes[i].pattern)));
}

TEST(page_is_compiled_in)
{
    size_t with_page = 0;
    for (size_t i = 0; i < web_asset_count; i++) {
        CHECK(web_assets[i].name.len && web_assets[i].type.len && web_assets[i].content.len);
        CHECK(!str_ends(web_assets[i].name, S(".md")));
        with_page += str_eq(web_assets[i].name, S("index.html"));
    }
    CHECK_INT(with_page, 1);
    const struct str *tags = web_asset_tags(arena);
    CHECK(tags[0].len == 34 && tags[0].data[0] == '"');
}

/* -- bodies, without a connection -------------------------------------------------------------- */

static const char *read_body(struct arena *a, struct str body, const char *content_type,
                             struct str *text, int64_t *number)
{
    const struct http_header headers[] = {{S("content-type"), str_z(content_type)}};
    const struct http_request request = {.headers = headers, .header_count = 1, .body = body};
    struct web_request r = {.http = &request, .arena = a};
    const struct web_member members[] = {{S("text"), WEB_TEXT, text},
                                         {S("number"), WEB_NUMBER, .number = number}};
    struct error *error = web_read_body(&r, members, countof(members));
    return error ? error->kind->name : "good";
}

TEST(body_is_one_object_with_members_of_the_right_types)
{
    static const struct {
        const char *body, *type, *verdict;
    } rows[] = {
        {"{}", "application/json", "good"},
        {"{\"text\":\"x\",\"number\":-7,\"other\":[{}]}", "application/json", "good"},
        {" {\"text\":null,\"number\":null} ", "APPLICATION/JSON; charset=utf-8", "good"},
        {"{}", "text/plain", "unsupported_media_type"},
        {"{}", "", "unsupported_media_type"},
        {"{}", "application/json5", "unsupported_media_type"},
        {"", "text/plain", "bad_request"},
        {"[]", "application/json", "bad_request"},
        {"{} {}", "application/json", "bad_request"},
        {"{\"text\":7}", "application/json", "bad_request"},
        {"{\"number\":\"7\"}", "application/json", "bad_request"},
        {"{\"number\":7.0}", "application/json", "bad_request"},
        {"{\"number\":9223372036854775808}", "application/json", "bad_request"},
        {"{\"text\":\"x\",\"te\\u0078t\":\"y\"}", "application/json", "bad_request"},
        {"{\"text\":\"\\ud800\"}", "application/json", "bad_request"},
        {"{\"text\":", "application/json", "bad_request"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct str text = S("");
        int64_t number = 0;
        CHECK_STR(str_z(read_body(arena, str_z(rows[i].body), rows[i].type, &text, &number)),
                  str_z(rows[i].verdict));
    }
    struct str text;
    int64_t number;
    CHECK(strcmp(read_body(arena, S("{\"number\":9223372036854775807,\"text\":\"\\u0000\"}"),
                           "application/json", &text, &number),
                 "good") == 0);
    CHECK_INT(number, INT64_MAX);
    CHECK_STR(text, S("\0"));
}

TAP_MAIN(T(paths_find_their_routes),
         T(table_of_routes_fits_its_counters_and_no_pattern_has_too_many_parameters),
         T(blank_is_what_cannot_be_seen), T(what_goes_into_a_link_is_escaped),
         T(hosts_that_another_page_could_have_made_its_own_are_refused),
         T(origins_of_ours_may_read), T(description_is_json_and_leaves_out_what_is_not_there),
         T(page_is_compiled_in), T(body_is_one_object_with_members_of_the_right_types))
