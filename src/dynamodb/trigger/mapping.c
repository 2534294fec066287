#include "dynamodb/trigger/mapping.h"

/* Where the Runtime Interface Emulator, SAM and serverless-offline listen for one function. */
#define INVOCATION_PATH "/2015-03-31/functions/function/invocations"

#define MAX_BATCH 10000
#define MAX_WINDOW_S 300
#define MAX_RETRIES 10000
#define MAX_AGE_S (7 * 24 * 3600)
#define MAX_TIMEOUT_S 3600
#define MAX_PARALLEL 10

static struct error *wrong(struct arena *a, struct str key, const char *what)
{
    return error_new(a, &error_usage, "--trigger: %.*s is %s", STR_ARG(key), what);
}

static struct error *read_number(struct arena *a, struct str key, struct str text, uint64_t least,
                                 uint64_t most, int64_t *out)
{
    uint64_t number;
    if (!str_to_u64(text, most, &number) || number < least)
        return error_new(a, &error_usage, "--trigger: %.*s is a number from %llu to %llu",
                         STR_ARG(key), (unsigned long long)least, (unsigned long long)most);
    *out = (int64_t)number;
    return NULL;
}

/* -1 means without end. */
static struct error *read_limit(struct arena *a, struct str key, struct str text, uint64_t least,
                                uint64_t most, int64_t *out)
{
    *out = -1;
    return str_eq(text, S("-1")) ? NULL : read_number(a, key, text, least, most, out);
}

static struct error *read_switch(struct arena *a, struct str key, struct str text, bool *out)
{
    *out = str_eq(text, S("1"));
    return *out || str_eq(text, S("0")) ? NULL : wrong(a, key, "0 or 1");
}

static struct error *read_seconds(struct arena *a, struct str key, struct str text, uint64_t least,
                                  uint64_t most, int64_t *out_ms)
{
    TRY(read_number(a, key, text, least, most, out_ms));
    *out_ms *= 1000;
    return NULL;
}

static struct error *read_text(struct arena *a, struct str key, struct str text, struct str *out)
{
    *out = text;
    return text.len ? NULL : wrong(a, key, "the path of a file");
}

static struct error *read_option(struct arena *a, struct str key, struct str text,
                                 struct mapping *m)
{
    int64_t number = 0;
    if (str_eq(key, S("batch"))) {
        TRY(read_number(a, key, text, 1, MAX_BATCH, &number));
        m->batch = (size_t)number;
    } else if (str_eq(key, S("parallel"))) {
        TRY(read_number(a, key, text, 1, MAX_PARALLEL, &number));
        m->parallel = (size_t)number;
    } else if (str_eq(key, S("parallelization"))) {
        TRY(read_number(a, key, text, 1, MAX_PARALLEL, &number));
        m->parts = (size_t)number;
    } else if (str_eq(key, S("max-age"))) {
        TRY(read_limit(a, key, text, 1, MAX_AGE_S, &m->max_age_ms));
        m->max_age_ms *= m->max_age_ms > 0 ? 1000 : 1;
    } else if (str_eq(key, S("position"))) {
        m->from_latest = str_eq(text, S("LATEST"));
        if (!m->from_latest && !str_eq(text, S("TRIM_HORIZON")))
            return wrong(a, key, "TRIM_HORIZON or LATEST");
    } else if (str_eq(key, S("window"))) {
        return read_seconds(a, key, text, 0, MAX_WINDOW_S, &m->window_ms);
    } else if (str_eq(key, S("timeout"))) {
        return read_seconds(a, key, text, 1, MAX_TIMEOUT_S, &m->timeout_ms);
    } else if (str_eq(key, S("retries"))) {
        return read_limit(a, key, text, 0, MAX_RETRIES, &m->retries);
    } else if (str_eq(key, S("bisect"))) {
        return read_switch(a, key, text, &m->bisects);
    } else if (str_eq(key, S("partial"))) {
        return read_switch(a, key, text, &m->reports_items);
    } else if (str_eq(key, S("failures"))) {
        return read_text(a, key, text, &m->failures);
    } else if (str_eq(key, S("filter"))) {
        return read_text(a, key, text, &m->filter);
    } else {
        return error_new(a, &error_usage, "--trigger knows no \"%.*s\"", STR_ARG(key));
    }
    return NULL;
}

static bool is_table_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '.')
            return false;
    }
    return name.len >= 3 && name.len <= 255;
}

static struct error *read_url(struct arena *a, struct str text, struct str *out)
{
    struct str scheme = str_starts(text, S("http://"))    ? S("http://")
                        : str_starts(text, S("https://")) ? S("https://")
                                                          : S("");
    struct str rest = str_from(text, scheme.len), host;
    bool has_path = str_cut(&rest, '/', &host) && rest.len;
    if (!scheme.len || !host.len)
        return error_new(a, &error_usage,
                         "--trigger needs an http:// or https:// URL, not \"%.*s\"", STR_ARG(text));
    *out = has_path ? text
                    : arena_printf(a, "%.*s%.*s" INVOCATION_PATH, STR_ARG(scheme), STR_ARG(host));
    return NULL;
}

struct error *mapping_parse(struct arena *a, struct str text, struct mapping *out)
{
    struct str url, option, key;
    *out = (struct mapping){.batch = 100,
                            .retries = -1,
                            .max_age_ms = -1,
                            .timeout_ms = 900 * 1000,
                            .parallel = 1,
                            .parts = 1,
                            .reports_items = true};
    if (!str_cut(&text, '=', &out->table))
        return error_new(a, &error_usage, "--trigger is TABLE=URL, with options behind commas");
    if (!is_table_name(out->table))
        return error_new(a, &error_usage,
                         "--trigger: \"%.*s\" is no table's name, which has 3 to 255 of a-z A-Z "
                         "0-9 _ - .",
                         STR_ARG(out->table));
    str_cut(&text, ',', &url);
    TRY(read_url(a, url, &out->url));
    while (text.len) {
        str_cut(&text, ',', &option);
        str_cut(&option, '=', &key);
        TRY(read_option(a, key, option, out));
    }
    return NULL;
}
