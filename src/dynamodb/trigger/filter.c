/* A pattern is a tree in the shape of the record: objects down to lists of rules.
 *
 *     pattern = { name: pattern, name: [ rule, … ], "$or": [ pattern, … ] }      all must match
 *     rule    = "text" | 12 | true | null | { operator: operand }                one must match
 *
 * The record is not parsed into a tree: each name of the pattern is looked for in its text. */
#include "dynamodb/trigger/filter.h"

#include "base/vec.h"
#include "json/reader.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX_BYTES (1 << 20)

enum rule_kind {
    RULE_EQUALS, /* text of the same JSON type */
    RULE_EQUALS_NOCASE,
    RULE_PREFIX,
    RULE_SUFFIX,
    RULE_NUMERIC,
    RULE_EXISTS,
    RULE_ANYTHING_BUT,
};

typedef VEC(struct rule) rule_list;

struct rule {
    enum rule_kind kind;
    enum json_type type; /* of `text` */
    struct str text;     /* strings unescaped, others as written */
    bool is_nocase;      /* prefix and suffix */
    bool exists;
    double low, high; /* RULE_NUMERIC */
    bool has_low, has_high, is_low_open, is_high_open;
    rule_list but; /* RULE_ANYTHING_BUT: none of these */
};

typedef VEC(struct pattern) pattern_list;

struct pattern {
    struct str name;
    bool is_leaf, is_or;
    rule_list rules;       /* of a leaf */
    pattern_list children; /* members of an object, or alternatives */
};

struct filter {
    pattern_list patterns;
};

/* -- rules ------------------------------------------------------------------------------------- */

static struct error *wrong(struct arena *keep, const char *what)
{
    return error_new(keep, &error_usage, "a filter pattern is wrong: %s", what);
}

static bool read_scalar(struct json_reader *r, enum json_type *type, struct str *text)
{
    *type = json_peek(r);
    switch (*type) {
    case JSON_STRING:
        return json_read_str(r, text);
    case JSON_NUMBER:
    case JSON_BOOL:
    case JSON_NULL:
        return json_read_raw(r, text);
    case JSON_ARRAY:
    case JSON_OBJECT:
    case JSON_INVALID:
        break;
    }
    return false;
}

static double number_of(struct arena *a, struct str text)
{
    return strtod(arena_z(a, text), NULL);
}

/* ["=", 5], [">", 0, "<=", 10] */
static struct error *read_numeric(struct arena *keep, struct json_reader *r, struct rule *out)
{
    out->kind = RULE_NUMERIC;
    if (!json_enter_array(r))
        return wrong(keep, "numeric takes a list");
    while (json_next_element(r)) {
        struct str operator, text;
        if (!json_read_str(r, &operator) || !json_next_element(r) || !json_read_number(r, &text))
            return wrong(keep, "numeric takes pairs of an operator and a number");
        double number = number_of(keep, text);
        bool is_equal = str_eq(operator, S("="));
        bool is_low = is_equal || operator.data[0] == '>';
        bool is_high = is_equal || operator.data[0] == '<';
        bool is_open = operator.len == 1 && !is_equal;
        if ((!is_low && !is_high) || operator.len> 2)
            return wrong(keep, "numeric knows = > >= < <=");
        if (is_low)
            out->low = number, out->has_low = true, out->is_low_open = is_open;
        if (is_high)
            out->high = number, out->has_high = true, out->is_high_open = is_open;
    }
    return out->has_low || out->has_high ? NULL : wrong(keep, "numeric takes a comparison");
}

/* "text" or {"equals-ignore-case": "text"} */
static struct error *read_affix(struct arena *keep, struct json_reader *r, enum rule_kind kind,
                                struct rule *out)
{
    struct str name;
    out->kind = kind;
    if (json_peek(r) == JSON_OBJECT) {
        out->is_nocase = json_enter_object(r) && json_next_member(r, &name) &&
                         str_eq(name, S("equals-ignore-case"));
        if (!out->is_nocase || !json_read_str(r, &out->text) || json_next_member(r, &name))
            return wrong(keep, "prefix and suffix take a text");
        return NULL;
    }
    return json_read_str(r, &out->text) ? NULL : wrong(keep, "prefix and suffix take a text");
}

static struct error *read_rule(struct arena *keep, struct json_reader *r, struct rule *out);

static struct error *read_but(struct arena *keep, struct json_reader *r, struct rule *out)
{
    struct rule inner;
    out->kind = RULE_ANYTHING_BUT;
    if (json_peek(r) != JSON_ARRAY) {
        TRY(read_rule(keep, r, &inner));
        VEC_PUSH(keep, &out->but, inner);
        return NULL;
    }
    json_enter_array(r);
    while (json_next_element(r)) {
        TRY(read_rule(keep, r, &inner));
        VEC_PUSH(keep, &out->but, inner);
    }
    return out->but.count ? NULL : wrong(keep, "anything-but takes what it is not");
}

static struct error *read_operator(struct arena *keep, struct json_reader *r, struct str name,
                                   struct rule *out)
{
    if (str_eq(name, S("numeric")))
        return read_numeric(keep, r, out);
    if (str_eq(name, S("prefix")))
        return read_affix(keep, r, RULE_PREFIX, out);
    if (str_eq(name, S("suffix")))
        return read_affix(keep, r, RULE_SUFFIX, out);
    if (str_eq(name, S("anything-but")))
        return read_but(keep, r, out);
    if (str_eq(name, S("exists"))) {
        out->kind = RULE_EXISTS;
        return json_read_bool(r, &out->exists) ? NULL : wrong(keep, "exists is true or false");
    }
    if (str_eq(name, S("equals-ignore-case"))) {
        out->kind = RULE_EQUALS_NOCASE;
        return json_read_str(r, &out->text) ? NULL : wrong(keep, "equals-ignore-case takes a text");
    }
    return wrong(keep, "an unknown operator");
}

static struct error *read_rule(struct arena *keep, struct json_reader *r, struct rule *out)
{
    struct str name;
    *out = (struct rule){.kind = RULE_EQUALS};
    if (json_peek(r) != JSON_OBJECT)
        return read_scalar(r, &out->type, &out->text) ? NULL : wrong(keep, "not a rule");
    json_enter_object(r);
    if (!json_next_member(r, &name))
        return wrong(keep, "an empty rule");
    TRY(read_operator(keep, r, name, out));
    return json_next_member(r, &name) ? wrong(keep, "a rule with two operators") : NULL;
}

/* -- patterns ---------------------------------------------------------------------------------- */

static struct error *read_pattern(struct arena *keep, struct json_reader *r, struct pattern *out);

static struct error *read_alternatives(struct arena *keep, struct json_reader *r,
                                       struct pattern *out)
{
    out->is_or = true;
    if (!json_enter_array(r))
        return wrong(keep, "$or takes a list of patterns");
    while (json_next_element(r)) {
        struct pattern child = {.is_leaf = false};
        TRY(read_pattern(keep, r, &child));
        VEC_PUSH(keep, &out->children, child);
    }
    return out->children.count ? NULL : wrong(keep, "$or takes patterns");
}

static struct error *read_leaf(struct arena *keep, struct json_reader *r, struct pattern *out)
{
    out->is_leaf = true;
    json_enter_array(r);
    while (json_next_element(r)) {
        struct rule rule;
        TRY(read_rule(keep, r, &rule));
        VEC_PUSH(keep, &out->rules, rule);
    }
    return out->rules.count ? NULL : wrong(keep, "an empty list of rules");
}

/* The members of an object, into `out`. */
static struct error *read_pattern(struct arena *keep, struct json_reader *r, struct pattern *out)
{
    struct str name;
    if (json_peek(r) != JSON_OBJECT)
        return wrong(keep, "a pattern is an object, and ends in lists");
    json_enter_object(r);
    while (json_next_member(r, &name)) {
        struct pattern child = {.name = arena_str(keep, name)};
        if (str_eq(name, S("$or")))
            TRY(read_alternatives(keep, r, &child));
        else if (json_peek(r) == JSON_ARRAY)
            TRY(read_leaf(keep, r, &child));
        else
            TRY(read_pattern(keep, r, &child));
        VEC_PUSH(keep, &out->children, child);
    }
    return out->children.count ? NULL : wrong(keep, "an empty object");
}

static struct error *parse_pattern(struct arena *keep, struct str text, struct filter *filter)
{
    struct json_reader r;
    struct pattern pattern = {.is_leaf = false};
    json_reader_init(&r, text, keep);
    TRY(read_pattern(keep, &r, &pattern));
    if (!json_finish(&r))
        return error_new(keep, &error_usage, "a filter pattern is no JSON: %.*s",
                         STR_ARG(json_error(&r)));
    VEC_PUSH(keep, &filter->patterns, pattern);
    return NULL;
}

/* {"Pattern": "…"} */
static struct error *read_entry(struct arena *keep, struct json_reader *r, struct filter *filter)
{
    struct str name, text;
    if (!json_enter_object(r) || !json_next_member(r, &name) || !str_eq(name, S("Pattern")))
        return wrong(keep, "an entry of Filters holds a Pattern");
    bool is_read = json_peek(r) == JSON_STRING ? json_read_str(r, &text) : json_read_raw(r, &text);
    if (!is_read || json_next_member(r, &name))
        return wrong(keep, "an entry of Filters holds one Pattern");
    return parse_pattern(keep, text, filter);
}

/* Whether the text is {"Filters": …}, and then all of its patterns. */
static struct error *parse_criteria(struct arena *keep, struct str text, struct filter *filter,
                                    bool *is_criteria)
{
    struct json_reader r;
    struct str name;
    json_reader_init(&r, text, keep);
    *is_criteria =
        json_enter_object(&r) && json_next_member(&r, &name) && str_eq(name, S("Filters"));
    if (!*is_criteria)
        return NULL;
    if (!json_enter_array(&r))
        return wrong(keep, "Filters is a list");
    while (json_next_element(&r))
        TRY(read_entry(keep, &r, filter));
    return json_next_member(&r, &name) || !json_finish(&r) ? wrong(keep, "more than Filters")
                                                           : NULL;
}

struct error *filter_parse(struct arena *keep, struct str text, const struct filter **out)
{
    struct filter *filter = arena_new(keep, struct filter);
    bool is_criteria;
    text = arena_str(keep, text);
    TRY(parse_criteria(keep, text, filter, &is_criteria));
    if (!is_criteria)
        TRY(parse_pattern(keep, text, filter));
    *out = filter;
    return NULL;
}

struct error *filter_load(struct arena *a, struct arena *keep, const char *path,
                          const struct filter **out)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_errno(a, "cannot open %s", path);
    char *text = arena_alloc(keep, FILE_MAX_BYTES + 1);
    size_t len = fread(text, 1, FILE_MAX_BYTES + 1, file);
    bool is_bad = ferror(file);
    fclose(file);
    if (is_bad || len > FILE_MAX_BYTES)
        return error_new(a, &error_usage, "%s cannot be read, or is larger than 1 MB", path);
    struct error *e = filter_parse(keep, (struct str){text, len}, out);
    return e ? error_new(a, &error_usage, "%s: %.*s", path, STR_ARG(e->message)) : NULL;
}

/* -- matching ---------------------------------------------------------------------------------- */

static bool ends_as(struct str text, struct str end, bool is_nocase)
{
    struct str tail = str_from(text, text.len - end.len);
    return end.len <= text.len && (is_nocase ? str_eq_nocase(tail, end) : str_eq(tail, end));
}

static bool starts_as(struct str text, struct str start, bool is_nocase)
{
    struct str head = str_slice(text, 0, start.len);
    return start.len <= text.len && (is_nocase ? str_eq_nocase(head, start) : str_eq(head, start));
}

static bool is_between(const struct rule *rule, double number)
{
    if (rule->has_low && (rule->is_low_open ? !(number > rule->low) : !(number >= rule->low)))
        return false;
    return !rule->has_high || (rule->is_high_open ? number < rule->high : number <= rule->high);
}

static bool is_equal(struct arena *a, const struct rule *rule, enum json_type type, struct str text)
{
    if (rule->type != type)
        return false;
    return str_eq(rule->text, text) ||
           (type == JSON_NUMBER && number_of(a, rule->text) == number_of(a, text));
}

/* One scalar against one rule. */
static bool rule_holds(struct arena *a, const struct rule *rule, enum json_type type,
                       struct str text)
{
    bool is_text = type == JSON_STRING;
    switch (rule->kind) {
    case RULE_EQUALS:
        return is_equal(a, rule, type, text);
    case RULE_EQUALS_NOCASE:
        return is_text && str_eq_nocase(text, rule->text);
    case RULE_PREFIX:
        return is_text && starts_as(text, rule->text, rule->is_nocase);
    case RULE_SUFFIX:
        return is_text && ends_as(text, rule->text, rule->is_nocase);
    case RULE_NUMERIC:
        return type == JSON_NUMBER && is_between(rule, number_of(a, text));
    case RULE_EXISTS:
        return rule->exists;
    case RULE_ANYTHING_BUT:
        for (size_t i = 0; i < rule->but.count; i++)
            if (rule_holds(a, &rule->but.items[i], type, text))
                return false;
        return true;
    }
    return false;
}

static bool any_rule_holds(struct arena *a, const struct pattern *leaf, enum json_type type,
                           struct str text)
{
    for (size_t i = 0; i < leaf->rules.count; i++)
        if (rule_holds(a, &leaf->rules.items[i], type, text))
            return true;
    return false;
}

static bool is_absence_wanted(const struct pattern *leaf)
{
    for (size_t i = 0; i < leaf->rules.count; i++)
        if (leaf->rules.items[i].kind == RULE_EXISTS && !leaf->rules.items[i].exists)
            return true;
    return false;
}

/* A list matches when one of its elements does. */
static bool leaf_matches(struct arena *a, const struct pattern *leaf, struct str json)
{
    struct json_reader r;
    enum json_type type;
    struct str text;
    json_reader_init(&r, json, a);
    if (json_peek(&r) != JSON_ARRAY)
        return read_scalar(&r, &type, &text) && any_rule_holds(a, leaf, type, text);
    json_enter_array(&r);
    while (json_next_element(&r)) {
        if (json_peek(&r) == JSON_OBJECT || json_peek(&r) == JSON_ARRAY)
            json_skip(&r);
        else if (read_scalar(&r, &type, &text) && any_rule_holds(a, leaf, type, text))
            return true;
    }
    return false;
}

static bool find_member(struct arena *a, struct str json, struct str wanted, struct str *out)
{
    struct json_reader r;
    struct str name;
    json_reader_init(&r, json, a);
    if (json_peek(&r) != JSON_OBJECT)
        return false;
    json_enter_object(&r);
    while (json_next_member(&r, &name)) {
        if (str_eq(name, wanted))
            return json_read_raw(&r, out);
        json_skip(&r);
    }
    return false;
}

static bool all_match(struct arena *a, const struct pattern *pattern, struct str json);

static bool member_matches(struct arena *a, const struct pattern *p, struct str json)
{
    struct str value;
    if (p->is_or) {
        for (size_t i = 0; i < p->children.count; i++)
            if (all_match(a, &p->children.items[i], json))
                return true;
        return false;
    }
    bool has_member = find_member(a, json, p->name, &value);
    if (p->is_leaf)
        return has_member ? leaf_matches(a, p, value) : is_absence_wanted(p);
    return all_match(a, p, has_member ? value : S("{}"));
}

/* Every member of the pattern's object. */
static bool all_match(struct arena *a, const struct pattern *pattern, struct str json)
{
    for (size_t i = 0; i < pattern->children.count; i++)
        if (!member_matches(a, &pattern->children.items[i], json))
            return false;
    return true;
}

bool filter_matches(const struct filter *filter, struct arena *a, struct str record)
{
    for (size_t i = 0; i < filter->patterns.count; i++)
        if (all_match(a, &filter->patterns.items[i], record))
            return true;
    return !filter->patterns.count;
}
