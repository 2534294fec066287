#include "aws/credentials.h"

#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (1 << 20)

struct pair {
    struct str access_key, secret;
};

struct credentials {
    struct arena arena;
    VEC(struct pair) pairs;
};

/* A profile that is being read. */
struct profile {
    struct str access_key, secret;
};

static struct error *add_pair(struct arena *a, struct credentials *c, struct str access_key,
                              struct str secret)
{
    struct str known;
    if (credentials_find(c, access_key, &known) && !str_eq(known, secret))
        return error_new(a, &error_usage, "the access key %.*s has two secrets",
                         STR_ARG(access_key));
    VEC_PUSH(&c->arena, &c->pairs,
             (struct pair){arena_str(&c->arena, access_key), arena_str(&c->arena, secret)});
    return NULL;
}

static struct error *end_profile(struct arena *a, struct credentials *c, struct profile *p)
{
    struct profile ended = *p;
    *p = (struct profile){{0}, {0}};
    if (!ended.access_key.len && !ended.secret.len)
        return NULL;
    if (!ended.access_key.len || !ended.secret.len)
        return error_new(a, &error_usage,
                         "a profile has only one of aws_access_key_id and "
                         "aws_secret_access_key");
    return add_pair(a, c, ended.access_key, ended.secret);
}

/* "name = value", of which two names matter; false for a line of another form. */
static bool take_setting(struct str line, struct profile *p)
{
    struct str name;
    if (!str_cut(&line, '=', &name))
        return false;
    name = str_trim(name);
    if (str_eq(name, S("aws_access_key_id")))
        p->access_key = str_trim(line);
    else if (str_eq(name, S("aws_secret_access_key")))
        p->secret = str_trim(line);
    return name.len > 0;
}

static struct error *take_pair(struct arena *a, struct credentials *c, struct str line,
                               size_t number)
{
    size_t len = 0;
    while (len < line.len && line.data[len] != ' ' && line.data[len] != '\t')
        len++;
    struct str access_key = str_slice(line, 0, len), secret = str_trim(str_from(line, len));
    if (!secret.len || str_contains(secret, S(" ")) || str_contains(secret, S("\t")))
        return error_new(a, &error_usage, "line %zu is no access key and secret", number);
    return add_pair(a, c, access_key, secret);
}

static struct error *parse(struct arena *a, struct str text, struct credentials *c)
{
    struct profile profile = {{0}, {0}};
    bool has_profiles = false;
    struct str line;
    for (size_t number = 1; text.len; number++) {
        str_cut(&text, '\n', &line);
        line = str_trim(line);
        if (!line.len || line.data[0] == '#' || line.data[0] == ';')
            continue;
        if (line.data[0] == '[') {
            has_profiles = true;
            TRY(end_profile(a, c, &profile));
        } else if (!has_profiles) {
            TRY(take_pair(a, c, line, number));
        } else if (!take_setting(line, &profile)) {
            return error_new(a, &error_usage, "line %zu is no setting", number);
        }
    }
    TRY(end_profile(a, c, &profile));
    return c->pairs.count ? NULL : error_new(a, &error_usage, "there is no access key");
}

struct error *credentials_parse(struct arena *a, struct str text, struct credentials **out)
{
    struct credentials *c = mem_zalloc(sizeof *c);
    arena_init(&c->arena);
    struct error *e = parse(a, text, c);
    if (e)
        credentials_free(c);
    else
        *out = c;
    return e;
}

struct error *credentials_load(struct arena *a, const char *path, struct credentials **out)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_errno(a, "cannot open %s", path);
    char *text = mem_alloc(FILE_MAX_BYTES + 1);
    size_t len = fread(text, 1, FILE_MAX_BYTES + 1, file);
    bool is_bad = ferror(file);
    fclose(file);
    struct error *e;
    if (is_bad || len > FILE_MAX_BYTES)
        e = error_new(a, &error_usage, "it cannot be read, or is larger than 1 MB");
    else
        e = credentials_parse(a, (struct str){text, len}, out);
    explicit_bzero(text, FILE_MAX_BYTES + 1);
    free(text);
    return e ? error_new(a, &error_usage, "%s: %.*s", path, STR_ARG(e->message)) : NULL;
}

void credentials_free(struct credentials *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->pairs.count; i++)
        explicit_bzero((char *)(uintptr_t)c->pairs.items[i].secret.data,
                       c->pairs.items[i].secret.len);
    arena_clear(&c->arena);
    free(c);
}

bool credentials_find(const struct credentials *c, struct str access_key, struct str *secret)
{
    for (size_t i = 0; i < c->pairs.count; i++) {
        if (!str_eq(c->pairs.items[i].access_key, access_key))
            continue;
        *secret = c->pairs.items[i].secret;
        return true;
    }
    return false;
}
