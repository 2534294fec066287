#include "dynamodb/trigger/mapping.h"

#include <stdio.h>

#include "tap.h"

static struct mapping parsed(struct arena *arena, struct str text)
{
    struct mapping m = {.batch = 0};
    struct error *e = mapping_parse(arena, text, &m);
    CHECK(!e);
    if (e)
        printf("# %.*s\n", STR_ARG(e->message));
    return m;
}

TEST(a_mapping_without_options_is_lambdas_default)
{
    struct mapping m = parsed(arena, S("Music=http://localhost:9000"));
    CHECK_STR(m.table, S("Music"));
    CHECK_STR(m.url, S("http://localhost:9000/2015-03-31/functions/function/invocations"));
    CHECK_INT(m.batch, 100);
    CHECK_INT(m.retries, -1);
    CHECK_INT(m.max_age_ms, -1);
    CHECK_INT(m.window_ms, 0);
    CHECK(!m.bisects && m.reports_items && !m.from_latest && !m.failures.len);
}

TEST(a_url_with_a_path_is_taken_as_it_is)
{
    CHECK_STR(parsed(arena, S("Music=https://f.example/hook?a=b")).url,
              S("https://f.example/hook?a=b"));
    CHECK_STR(parsed(arena, S("Music=http://f.example/")).url,
              S("http://f.example/2015-03-31/functions/function/invocations"));
}

TEST(options_stand_behind_commas)
{
    struct mapping m = parsed(arena, S("Music=http://h/x,batch=7,window=2,retries=3,bisect=1,"
                                       "failures=a=b.jsonl,parallel=4,position=LATEST,max-age=60,"
                                       "partial=0,timeout=5,filter=f.json,parallelization=10"));
    CHECK_STR(m.url, S("http://h/x"));
    CHECK_INT(m.batch, 7);
    CHECK_INT(m.window_ms, 2000);
    CHECK_INT(m.retries, 3);
    CHECK_STR(m.failures, S("a=b.jsonl"));
    CHECK_INT(m.parallel, 4);
    CHECK_INT(m.parts, 10);
    CHECK_INT(m.max_age_ms, 60000);
    CHECK_INT(m.timeout_ms, 5000);
    CHECK_STR(m.filter, S("f.json"));
    CHECK(m.bisects && m.from_latest && !m.reports_items);
}

TEST(what_is_wrong_is_refused)
{
    static const char *const texts[] = {
        "",
        "Music",
        "=http://h",
        "ab=http://h",
        "Mu sic=http://h",
        "Music=",
        "Music=ftp://h",
        "Music=http://",
        "Music=http:///path",
        "Music=http://h,batch=0",
        "Music=http://h,batch=10001",
        "Music=http://h,batch=",
        "Music=http://h,batch=-1",
        "Music=http://h,window=301",
        "Music=http://h,retries=-2",
        "Music=http://h,retries=10001",
        "Music=http://h,max-age=0",
        "Music=http://h,bisect=yes",
        "Music=http://h,position=latest",
        "Music=http://h,failures=",
        "Music=http://h,parallel=11",
        "Music=http://h,parallelization=0",
        "Music=http://h,parallelization=11",
        "Music=http://h,unknown=1",
        "Music=http://h,,batch=1",
    };
    struct mapping m;
    for (size_t i = 0; i < countof(texts); i++) {
        struct error *e = mapping_parse(arena, str_z(texts[i]), &m);
        if (!e || e->kind != &error_usage)
            printf("# taken: %s\n", texts[i]);
        CHECK(e && e->kind == &error_usage);
    }
}

TAP_MAIN(T(a_mapping_without_options_is_lambdas_default), T(a_url_with_a_path_is_taken_as_it_is),
         T(options_stand_behind_commas), T(what_is_wrong_is_refused))
