#include "case_match.h"

#include "base/vec.h"
#include "json/reader.h"

#include <stdlib.h>

struct matcher {
    struct arena *arena;
    struct case_variables *variables;
    struct str *why;
};

struct entry {
    struct str name, raw;
};
typedef VEC(struct entry) entry_vec;

static bool match(struct matcher *m, struct str path, struct str expected, struct str actual);

static bool differs(struct matcher *m, struct str path, const char *what, struct str expected,
                    struct str actual)
{
    *m->why =
        arena_printf(m->arena, "at %.*s: %s: expected %.*s, got %.*s",
                     STR_ARG(path.len ? path : S("/")), what, STR_ARG(expected), STR_ARG(actual));
    return false;
}

static enum json_type type_of(struct str raw, struct arena *a)
{
    struct json_reader r;
    json_reader_init(&r, raw, a);
    return json_peek(&r);
}

static struct str string_of(struct str raw, struct arena *a)
{
    struct json_reader r;
    struct str text = {0};
    json_reader_init(&r, raw, a);
    return type_of(raw, a) == JSON_STRING && json_read_str(&r, &text) ? text : S("");
}

static entry_vec members_of(struct str raw, struct arena *a)
{
    struct json_reader r;
    entry_vec entries = {0};
    struct entry entry;
    json_reader_init(&r, raw, a);
    if (json_enter_object(&r))
        while (json_next_member(&r, &entry.name) && json_read_raw(&r, &entry.raw))
            VEC_PUSH(a, &entries, entry);
    return entries;
}

static entry_vec elements_of(struct str raw, struct arena *a)
{
    struct json_reader r;
    entry_vec entries = {0};
    struct entry entry = {0};
    json_reader_init(&r, raw, a);
    if (json_enter_array(&r))
        while (json_next_element(&r) && json_read_raw(&r, &entry.raw))
            VEC_PUSH(a, &entries, entry);
    return entries;
}

static const struct entry *find(const entry_vec *entries, struct str name)
{
    for (size_t i = 0; i < entries->count; i++)
        if (str_eq(entries->items[i].name, name))
            return &entries->items[i];
    return NULL;
}

static bool match_object(struct matcher *m, struct str path, struct str expected, struct str actual)
{
    entry_vec want = members_of(expected, m->arena), have = members_of(actual, m->arena);
    for (size_t i = 0; i < want.count; i++) {
        struct str name = want.items[i].name;
        struct str below = arena_printf(m->arena, "%.*s/%.*s", STR_ARG(path), STR_ARG(name));
        const struct entry *found = find(&have, name);
        if (str_eq(name, S("...")))
            continue;
        if (str_eq(string_of(want.items[i].raw, m->arena), S("!"))) {
            if (found)
                return differs(m, below, "unexpected member", S("none"), found->raw);
            continue;
        }
        if (!found)
            return differs(m, below, "missing member", want.items[i].raw, actual);
        if (!match(m, below, want.items[i].raw, found->raw))
            return false;
    }
    if (find(&want, S("...")))
        return true;
    for (size_t i = 0; i < have.count; i++)
        if (!find(&want, have.items[i].name))
            return differs(m, path, "unexpected member", expected, have.items[i].name);
    return true;
}

/* Each expected element takes the first that fits and is not taken. */
static bool match_any_order(struct matcher *m, struct str path, const entry_vec *want,
                            const entry_vec *have, struct str expected, struct str actual)
{
    bool *is_taken = arena_array(m->arena, bool, have->count + 1);
    if (have->count != want->count - 1)
        return differs(m, path, "another number of elements", expected, actual);
    for (size_t i = 1; i < want->count; i++) {
        size_t j = 0;
        while (j < have->count &&
               (is_taken[j] || !match(m, path, want->items[i].raw, have->items[j].raw)))
            j++;
        if (j == have->count)
            return differs(m, path, "no element like it", want->items[i].raw, actual);
        is_taken[j] = true;
    }
    return true;
}

static bool match_array(struct matcher *m, struct str path, struct str expected, struct str actual)
{
    entry_vec want = elements_of(expected, m->arena), have = elements_of(actual, m->arena);
    if (want.count && str_eq(string_of(want.items[0].raw, m->arena), S("...")))
        return match_any_order(m, path, &want, &have, expected, actual);
    if (want.count != have.count)
        return differs(m, path, "another number of elements", expected, actual);
    for (size_t i = 0; i < want.count; i++) {
        struct str below = arena_printf(m->arena, "%.*s/%zu", STR_ARG(path), i);
        if (!match(m, below, want.items[i].raw, have.items[i].raw))
            return false;
    }
    return true;
}

/* '*' stands for any text. */
static bool matches_form(struct str form, struct str text)
{
    struct str head;
    bool has_star = str_cut(&form, '*', &head);
    if (!str_starts(text, head))
        return false;
    text = str_from(text, head.len);
    if (!has_star)
        return text.len == 0;
    for (size_t i = 0; i <= text.len; i++)
        if (matches_form(form, str_from(text, i)))
            return true;
    return false;
}

static bool match_string(struct matcher *m, struct str path, struct str expected, struct str actual)
{
    struct str want = string_of(expected, m->arena), have = string_of(actual, m->arena);
    if (str_eq(want, S("*")))
        return true;
    if (type_of(actual, m->arena) != JSON_STRING)
        return differs(m, path, "not a string", expected, actual);
    if (str_starts(want, S("@")) && want.len > 1) {
        case_set(m->variables, str_from(want, 1), have);
        return true;
    }
    bool fits =
        str_starts(want, S("~")) ? matches_form(str_from(want, 1), have) : str_eq(want, have);
    return fits || differs(m, path, "another string", expected, actual);
}

static bool match(struct matcher *m, struct str path, struct str expected, struct str actual)
{
    enum json_type type = type_of(expected, m->arena);
    if (type == JSON_STRING)
        return match_string(m, path, expected, actual);
    if (type != type_of(actual, m->arena))
        return differs(m, path, "another type", expected, actual);
    switch (type) {
    case JSON_OBJECT:
        return match_object(m, path, expected, actual);
    case JSON_ARRAY:
        return match_array(m, path, expected, actual);
    case JSON_NUMBER:
        return strtod(arena_z(m->arena, expected), NULL) ==
                   strtod(arena_z(m->arena, actual), NULL) ||
               differs(m, path, "another number", expected, actual);
    case JSON_NULL:
    case JSON_BOOL:
        return str_eq(str_trim(expected), str_trim(actual)) ||
               differs(m, path, "another value", expected, actual);
    case JSON_STRING:
    case JSON_INVALID:
        break;
    }
    return differs(m, path, "what is expected is not JSON", expected, actual);
}

bool case_match(struct arena *a, struct case_variables *v, struct str expected, struct str actual,
                struct str *why)
{
    if (!str_trim(expected).len || !actual.len) {
        *why = S("a body that should be empty, or an empty one that should not");
        return !str_trim(expected).len && !actual.len;
    }
    struct matcher m = {a, v, why};
    return match(&m, S(""), str_trim(expected), str_trim(actual));
}
