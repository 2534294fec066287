#include "case_file.h"

#include "base/buf.h"
#include "base/vec.h"

#define MAX_BODY (64u << 20)

/* -- parsing ----------------------------------------------------------------------------------- */

enum part { PART_NONE, PART_REQUEST, PART_ANSWER };

struct parser {
    struct arena *arena;
    VEC(struct case_step) steps;
    enum part part;
    int line;
};

static struct error *wrong(struct parser *p, const char *what)
{
    return error_new(p->arena, &error_usage, "line %d: %s", p->line, what);
}

static void add_line(struct parser *p, struct str line)
{
    struct case_step *step = &p->steps.items[p->steps.count - 1];
    struct str *body = p->part == PART_REQUEST ? &step->request : &step->answer;
    *body = arena_printf(p->arena, "%.*s%.*s\n", STR_ARG(*body), STR_ARG(line));
}

static struct error *take_status(struct parser *p, struct str line)
{
    struct case_step *step = &p->steps.items[p->steps.count - 1];
    struct str head;
    uint64_t status;
    bool has_more = str_cut(&line, ' ', &head);
    if (!str_to_u64(head, 599, &status))
        return wrong(p, "a status is expected");
    step->status = (int)status;
    step->is_eventual = has_more && str_eq(str_trim(line), S("eventually"));
    p->part = PART_ANSWER;
    return NULL;
}

static struct error *take_line(struct parser *p, struct str line)
{
    struct str rest = str_trim(str_from(line, 2));
    if (str_starts(line, S("#")) || (!str_trim(line).len && p->part == PART_NONE))
        return NULL;
    if (str_starts(line, S("== "))) {
        VEC_PUSH(p->arena, &p->steps, (struct case_step){.title = rest, .line = p->line});
        p->part = PART_NONE;
        return NULL;
    }
    if (!p->steps.count)
        return wrong(p, "a step (== title) is expected");
    if (str_starts(line, S("> "))) {
        p->steps.items[p->steps.count - 1].operation = rest;
        p->part = PART_REQUEST;
        return NULL;
    }
    if (str_starts(line, S("< ")))
        return take_status(p, rest);
    if (p->part == PART_NONE)
        return wrong(p, "an operation (> Name) is expected");
    add_line(p, line);
    return NULL;
}

struct error *case_parse(struct arena *a, struct str text, struct case_file *out)
{
    struct parser p = {.arena = a};
    struct str line;
    while (text.len) {
        p.line++;
        str_cut(&text, '\n', &line);
        TRY(take_line(&p, line));
    }
    for (size_t i = 0; i < p.steps.count; i++) {
        p.line = p.steps.items[i].line;
        if (!p.steps.items[i].operation.len || !p.steps.items[i].status)
            return wrong(&p, "a step without an operation or without a status");
    }
    *out = (struct case_file){p.steps.items, p.steps.count};
    return NULL;
}

/* -- variables --------------------------------------------------------------------------------- */

void case_set(struct case_variables *v, struct str name, struct str value)
{
    for (size_t i = 0; i < v->count; i++)
        if (str_eq(v->items[i].name, name)) {
            v->items[i].value = value;
            return;
        }
    if (v->count == countof(v->items))
        return;
    v->items[v->count].name = name;
    v->items[v->count++].value = value;
}

/* What stands for the inside of ${…}; false when nothing does. */
static bool add_value(struct buf *out, const struct case_variables *v, struct str inside)
{
    struct str text, count_text = inside;
    uint64_t count;
    if (str_starts(inside, S("repeat:"))) {
        count_text = str_from(inside, 7);
        str_cut(&count_text, ':', &text);
        if (!str_to_u64(count_text, MAX_BODY, &count))
            return false;
        for (uint64_t i = 0; i < count; i++)
            buf_add(out, text);
        return true;
    }
    for (size_t i = 0; i < v->count; i++)
        if (str_eq(v->items[i].name, inside)) {
            buf_add(out, v->items[i].value);
            return true;
        }
    return false;
}

struct str case_expand(struct arena *a, const struct case_variables *v, struct str text)
{
    struct buf out;
    buf_init(&out, MAX_BODY);
    for (size_t i = 0; i < text.len; i++) {
        struct str rest = str_from(text, i), inside = str_from(rest, 2);
        if (str_starts(rest, S("${")) && str_cut(&inside, '}', &rest) && add_value(&out, v, rest)) {
            i += rest.len + 2;
            continue;
        }
        buf_add_char(&out, text.data[i]);
    }
    struct str expanded = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return expanded;
}
