/* Two passes. The first reads the JSON and fills the struct; wrong JSON types end it at once
 * (SerializationException), and words that an enum does not have are put aside with a negative
 * number in their place. The second walks the struct in the shape's order and collects violations,
 * at most MAX_VIOLATIONS, as the service does. */
#include "dynamodb/api/shape.h"

#include "base/vec.h"
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/pattern.h"
#include "dynamodb/api/typed.h"
#include "dynamodb/model/errors.h"

#include <inttypes.h>
#include <string.h>

#define MAX_VIOLATIONS 10
#define MAX_TABLE_ARN 1024

struct decoder {
    struct arena *arena;
    struct json_reader reader;
    struct attribute_sink sink;
    VEC(struct str) strange_words; /* an enum's field holds -1 - position */
    VEC(struct str) violations;
};

/* What all lists and maps have in common. */
typedef LIST_OF(char) any_list;

/* Bytes that a value takes as a list's element, a map's value or, but for structures, a member. */
static size_t size_of(const struct shape *s)
{
    switch (s->kind) {
    case SHAPE_STRING:
        return sizeof(struct str);
    case SHAPE_ENUM:
        return sizeof(int);
    case SHAPE_INTEGER:
    case SHAPE_LONG:
    case SHAPE_TIMESTAMP:
        return sizeof(struct opt_i64);
    case SHAPE_DOUBLE:
        return sizeof(struct opt_double);
    case SHAPE_BOOLEAN:
        return sizeof(struct opt_bool);
    case SHAPE_VALUE:
        return sizeof(struct value_input);
    case SHAPE_ITEM:
        return sizeof(struct item_input);
    case SHAPE_STRUCTURE:
        return s->size_bytes;
    case SHAPE_LIST:
    case SHAPE_MAP:
        return sizeof(any_list);
    }
    return 0;
}

/* A map's entry is a name and, right behind it, the value. An entry's size is a multiple of eight,
 * as the compiler has it, because the name holds a pointer. */
static size_t stride_of(const struct shape *s)
{
    size_t size = size_of(s->element);
    return s->kind == SHAPE_LIST ? size : sizeof(struct str) + ((size + 7) & ~(size_t)7);
}

/* -- decoding ---------------------------------------------------------------------------------- */

static struct error *decode(struct decoder *d, const struct shape *s, enum typed_place place,
                            void *out);

static struct error *decode_enum(struct decoder *d, const struct shape *s, int *out)
{
    struct str word;
    TRY(typed_read_str(&d->reader, &word));
    for (int i = 0; s->words[i]; i++)
        if (str_eq(word, str_z(s->words[i]))) {
            *out = i + 1;
            return NULL;
        }
    *out = -1 - (int)d->strange_words.count;
    VEC_PUSH(d->arena, &d->strange_words, word);
    return NULL;
}

static struct error *decode_number(struct decoder *d, const struct shape *s, struct opt_i64 *out)
{
    out->is_given = true;
    if (s->kind != SHAPE_TIMESTAMP)
        return typed_read_integer(&d->reader, s->kind == SHAPE_LONG ? "Long" : "Integer",
                                  &out->value);
    double seconds;
    TRY(typed_read_double(&d->reader, &seconds));
    double most = 9e15; /* exact in a double, and some 285,000 years */
    double ms = seconds * 1000;
    out->value = (int64_t)(ms > most ? most : ms < -most ? -most : ms);
    return NULL;
}

static const struct shape_member *find_member(const struct shape *s, struct str name)
{
    const struct shape_member *m = s->members;
    for (; m->name.data; m++)
        if (m->name.len == name.len && !memcmp(m->name.data, name.data, name.len))
            return m;
    return NULL;
}

static struct error *decode_member(struct decoder *d, const struct shape_member *m, char *base)
{
    void *place = base + m->offset;
    if (m->shape->kind != SHAPE_STRUCTURE) {
        memset(place, 0, size_of(m->shape)); /* of two members with one name the later counts */
        return decode(d, m->shape, TYPED_FIELD, place);
    }
    void *nested = arena_zalloc(d->arena, m->shape->size_bytes);
    memcpy(place, &nested, sizeof nested);
    return decode(d, m->shape, TYPED_FIELD, nested);
}

static struct error *decode_structure(struct decoder *d, const struct shape *s,
                                      enum typed_place place, char *out)
{
    struct str name;
    TRY(typed_enter_structure(&d->reader, place, s->class_name));
    while (json_next_member(&d->reader, &name)) {
        const struct shape_member *m = find_member(s, name);
        if (m && json_peek(&d->reader) != JSON_NULL)
            TRY(decode_member(d, m, out));
        else if (!json_skip(&d->reader))
            return typed_broken(&d->reader);
    }
    return d->reader.failure ? typed_broken(&d->reader) : NULL;
}

/* Room for one more entry; zeroed. */
static char *push(struct decoder *d, any_list *list, size_t *cap, size_t stride)
{
    if (list->count == *cap)
        list->items = vec_grow(d->arena, list->items, stride, list->count, cap);
    char *entry = list->items + list->count++ * stride;
    memset(entry, 0, stride);
    return entry;
}

static struct error *decode_list(struct decoder *d, const struct shape *s, enum typed_place place,
                                 any_list *out)
{
    size_t cap = 0, stride = stride_of(s);
    TRY(typed_enter_list(&d->reader, place));
    out->is_given = true;
    while (json_next_element(&d->reader))
        TRY(decode(d, s->element, TYPED_ELEMENT, push(d, out, &cap, stride)));
    return d->reader.failure ? typed_broken(&d->reader) : NULL;
}

/* The entry of that name, when the map has it already: the later one counts. */
static char *find_entry(any_list *map, size_t stride, struct str name)
{
    for (size_t i = 0; i < map->count; i++)
        if (str_eq(*(struct str *)(void *)(map->items + i * stride), name))
            return map->items + i * stride;
    return NULL;
}

/* As the service names a map's values. */
static const char *class_of(const struct shape *s)
{
    switch (s->kind) {
    case SHAPE_STRUCTURE:
        return s->class_name;
    case SHAPE_LIST: /* the model's only map of lists */
        return "java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>";
    case SHAPE_VALUE:
        return "AttributeValue";
    case SHAPE_STRING:
    case SHAPE_ENUM:
    case SHAPE_INTEGER:
    case SHAPE_LONG:
    case SHAPE_TIMESTAMP:
    case SHAPE_DOUBLE:
    case SHAPE_BOOLEAN:
    case SHAPE_ITEM:
    case SHAPE_MAP:
        break;
    }
    return "java.lang.String";
}

/* Few entries are looked through; a map with more of them cannot be looked through for each. */
#define MAX_LOOKED_THROUGH 128

static struct error *decode_map(struct decoder *d, const struct shape *s, enum typed_place place,
                                any_list *out)
{
    size_t cap = 0, stride = stride_of(s);
    struct str name;
    TRY(typed_enter_map(&d->reader, place, class_of(s->element)));
    out->is_given = true;
    while (json_next_member(&d->reader, &name)) {
        char *entry = out->count <= MAX_LOOKED_THROUGH ? find_entry(out, stride, name) : NULL;
        if (entry)
            memset(entry, 0, stride);
        else
            entry = push(d, out, &cap, stride);
        memcpy(entry, &name, sizeof name);
        TRY(decode(d, s->element, TYPED_ELEMENT, entry + sizeof name));
    }
    return d->reader.failure ? typed_broken(&d->reader) : NULL;
}

static struct error *decode(struct decoder *d, const struct shape *s, enum typed_place place,
                            void *out)
{
    struct opt_bool *flag = out;
    struct opt_double *number = out;
    if (json_peek(&d->reader) == JSON_NULL)
        return json_read_null(&d->reader) ? NULL : typed_broken(&d->reader);
    switch (s->kind) {
    case SHAPE_STRING:
        return typed_read_str(&d->reader, out);
    case SHAPE_ENUM:
        return decode_enum(d, s, out);
    case SHAPE_INTEGER:
    case SHAPE_LONG:
    case SHAPE_TIMESTAMP:
        return decode_number(d, s, out);
    case SHAPE_DOUBLE:
        number->is_given = true;
        return typed_read_double(&d->reader, &number->value);
    case SHAPE_BOOLEAN:
        flag->is_given = true;
        return typed_read_bool(&d->reader, &flag->value);
    case SHAPE_VALUE:
        return attribute_decode_value(&d->reader, &d->sink, place, out);
    case SHAPE_ITEM:
        return attribute_decode_item(&d->reader, &d->sink, place, out);
    case SHAPE_STRUCTURE:
        return decode_structure(d, s, place, out);
    case SHAPE_LIST:
        return decode_list(d, s, place, out);
    case SHAPE_MAP:
        return decode_map(d, s, place, out);
    }
    return NULL;
}

/* -- what a violation shows -------------------------------------------------------------------- */

/* Where the walk stands: "keySchema.1.member.keyType", read from the last step back. */
struct step {
    const struct step *parent;
    struct str name; /* of a member or of a map's entry */
    size_t number;   /* of a list's element, from 1; 0 otherwise */
    bool is_inside;  /* an element or an entry: ".member" follows when something comes below */
};

static void add_lower_first(struct buf *out, struct str name)
{
    char first = name.len ? name.data[0] : ' ';
    buf_add_char(out, first >= 'A' && first <= 'Z' ? (char)(first - 'A' + 'a') : first);
    buf_add(out, str_from(name, 1));
}

static void add_path(struct buf *out, const struct step *step, bool is_as_sent)
{
    if (step->parent) {
        add_path(out, step->parent, is_as_sent);
        buf_add_char(out, '.');
    }
    if (step->number)
        buf_add_u64(out, step->number);
    else if (step->is_inside || is_as_sent)
        buf_add(out, step->name);
    else
        add_lower_first(out, step->name);
    if (step->is_inside)
        buf_add(out, S(".member"));
}

static bool is_absent(const struct shape *s, const void *place)
{
    switch (s->kind) {
    case SHAPE_STRING:
        return !((const struct str *)place)->data;
    case SHAPE_ENUM:
        return !*(const int *)place;
    case SHAPE_INTEGER:
    case SHAPE_LONG:
    case SHAPE_TIMESTAMP:
        return !((const struct opt_i64 *)place)->is_given;
    case SHAPE_DOUBLE:
        return !((const struct opt_double *)place)->is_given;
    case SHAPE_BOOLEAN:
        return !((const struct opt_bool *)place)->is_given;
    case SHAPE_VALUE:
        return !((const struct value_input *)place)->is_given;
    case SHAPE_ITEM:
        return !((const struct item_input *)place)->is_given;
    case SHAPE_STRUCTURE:
        return !place;
    case SHAPE_LIST:
    case SHAPE_MAP:
        return !((const any_list *)place)->is_given;
    }
    return true;
}

/* A member's value: for a structure, what the pointer points at. */
static const void *member_place(const struct shape_member *m, const void *base)
{
    const char *place = (const char *)base + m->offset;
    if (m->shape->kind != SHAPE_STRUCTURE)
        return place;
    const void *nested;
    memcpy(&nested, place, sizeof nested);
    return nested;
}

static void show(const struct decoder *d, struct buf *out, const struct shape *s,
                 const void *place);

/* "KeySchemaElement(attributeName=pk, keyType=HASH)". */
static void show_structure(const struct decoder *d, struct buf *out, const struct shape *s,
                           const void *place)
{
    bool is_first = true;
    buf_add_z(out, s->class_name);
    buf_add_char(out, '(');
    for (const struct shape_member *m = s->members; m->name.data; m++) {
        const void *value = member_place(m, place);
        if (!value || is_absent(m->shape, value))
            continue;
        if (!is_first)
            buf_add(out, S(", "));
        is_first = false;
        add_lower_first(out, m->name);
        buf_add_char(out, '=');
        show(d, out, m->shape, value);
    }
    buf_add_char(out, ')');
}

static void show_entries(const struct decoder *d, struct buf *out, const struct shape *s,
                         const any_list *list)
{
    size_t stride = stride_of(s);
    bool is_map = s->kind == SHAPE_MAP;
    buf_add_char(out, is_map ? '{' : '[');
    for (size_t i = 0; i < list->count; i++) {
        const char *entry = list->items + i * stride;
        if (i)
            buf_add(out, S(", "));
        if (is_map) {
            buf_add(out, *(const struct str *)(const void *)entry);
            buf_add_char(out, '=');
        }
        show(d, out, s->element, entry + (is_map ? sizeof(struct str) : 0));
    }
    buf_add_char(out, is_map ? '}' : ']');
}

static void show_value(struct buf *out, struct value value)
{
    struct json_writer w = json_writer(out);
    buf_add(out, S("AttributeValue("));
    attribute_write_value(&w, value);
    buf_add_char(out, ')');
}

static void show_item(struct buf *out, struct item item)
{
    struct str rest = item.attributes, name;
    struct value value;
    buf_add_char(out, '{');
    for (bool is_first = true; value_next_member(&rest, &name, &value); is_first = false) {
        if (!is_first)
            buf_add(out, S(", "));
        buf_add(out, name);
        buf_add_char(out, '=');
        show_value(out, value);
    }
    buf_add_char(out, '}');
}

static void show(const struct decoder *d, struct buf *out, const struct shape *s, const void *place)
{
    int word;
    switch (s->kind) {
    case SHAPE_STRING:
        buf_add(out, *(const struct str *)place);
        break;
    case SHAPE_ENUM:
        word = *(const int *)place;
        if (word < 0)
            buf_add(out, d->strange_words.items[-1 - word]);
        else if (word > 0)
            buf_add_z(out, s->words[word - 1]);
        break;
    case SHAPE_INTEGER:
    case SHAPE_LONG:
    case SHAPE_TIMESTAMP:
        buf_add_i64(out, ((const struct opt_i64 *)place)->value);
        break;
    case SHAPE_DOUBLE:
        buf_printf(out, "%g", ((const struct opt_double *)place)->value);
        break;
    case SHAPE_BOOLEAN:
        buf_add(out, ((const struct opt_bool *)place)->value ? S("true") : S("false"));
        break;
    case SHAPE_VALUE:
        show_value(out, ((const struct value_input *)place)->value);
        break;
    case SHAPE_ITEM:
        show_item(out, ((const struct item_input *)place)->item);
        break;
    case SHAPE_STRUCTURE:
        show_structure(d, out, s, place);
        break;
    case SHAPE_LIST:
    case SHAPE_MAP:
        show_entries(d, out, s, place);
        break;
    }
}

/* -- checking ---------------------------------------------------------------------------------- */

/* No message is longer than what was sent, by much: a request is at most 16 MB. */
#define MAX_MESSAGE (64u << 20)

static struct str kept(struct decoder *d, struct buf *text)
{
    struct str copy = arena_str(d->arena, buf_str(text));
    buf_clear(text);
    return copy;
}

/* A member of the request as it was sent, without the spaces between its parts. */
static void show_json(struct decoder *d, struct buf *out, struct str member)
{
    struct json_reader r;
    struct str name;
    const char *start = d->reader.start;
    json_reader_init(&r, (struct str){start, (size_t)(d->reader.end - start)}, d->arena);
    json_enter_object(&r);
    while (json_next_member(&r, &name)) {
        struct str text;
        if (!json_read_raw(&r, &text))
            return;
        if (!str_eq(name, member))
            continue;
        bool is_string = false;
        for (size_t i = 0; i < text.len; i++) {
            char c = text.data[i];
            bool is_escaped = is_string && c == '\\';
            if (c == '"')
                is_string = !is_string;
            if (is_string || !strchr(" \t\r\n", c))
                buf_add_char(out, c);
            if (is_escaped && i + 1 < text.len)
                buf_add_char(out, text.data[++i]);
        }
        return;
    }
}

/* Collects "Value 'x' at 'path' failed to satisfy constraint: <constraint>". */
static void violate(struct decoder *d, const struct step *step, const struct shape *s,
                    const void *place, struct str constraint)
{
    if (d->violations.count >= MAX_VIOLATIONS)
        return;
    struct buf text;
    buf_init(&text, MAX_MESSAGE);
    buf_add(&text, S("Value "));
    if (!s->is_terse && (!place || is_absent(s, place))) {
        buf_add(&text, S("null "));
    } else if (!s->is_terse) {
        buf_add_char(&text, '\'');
        if (s->shows_json)
            show_json(d, &text, step->name);
        else
            show(d, &text, s, place);
        buf_add(&text, S("' "));
    }
    buf_add(&text, S("at '"));
    add_path(&text, step, s->is_terse);
    buf_add(&text, S("' failed to satisfy constraint: "));
    buf_add(&text, constraint);
    VEC_PUSH(d->arena, &d->violations, kept(d, &text));
}

static struct str at_least(struct arena *a, const char *what, int64_t min)
{
    return arena_printf(a, "Member must have %s greater than or equal to %" PRId64, what, min);
}

static struct str at_most(struct arena *a, const char *what, int64_t max)
{
    return arena_printf(a, "Member must have %s less than or equal to %" PRId64, what, max);
}

static void check_bounds(struct decoder *d, const struct shape *s, const void *place,
                         const struct step *step, const char *what, int64_t number)
{
    if (s->has_min && number < s->min)
        violate(d, step, s, place, at_least(d->arena, what, s->min));
    if (s->has_max && number > s->max)
        violate(d, step, s, place, at_most(d->arena, what, s->max));
}

/* What names nearly always are, at a glance. */
static bool is_table_name(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '.' || c == '-'))
            return false;
    }
    return text.len >= 3 && text.len <= 255;
}

static void check_string(struct decoder *d, const struct shape *s, const struct str *text,
                         const struct step *step)
{
    if (s->names_table && str_starts(*text, S("arn:"))) {
        if (text->len > MAX_TABLE_ARN)
            violate(d, step, s, text, at_most(d->arena, "length", MAX_TABLE_ARN));
        return;
    }
    if (s->names_table && text->len == 0 && s->min > 1 && !s->length_first) {
        violate(d, step, s, text, at_least(d->arena, "length", 1));
        return;
    }
    if (s->names_table && is_table_name(*text))
        return;
    bool has_bounds = !s->is_plain && (s->has_min || s->has_max);
    int64_t len = has_bounds ? (int64_t)str_count_chars(*text) : 0;
    if (has_bounds && s->length_first)
        check_bounds(d, s, text, step, "length", len);
    if (s->pattern && !pattern_matches(s->pattern, *text))
        violate(d, step, s, text,
                arena_printf(d->arena, "Member must satisfy regular expression pattern: %s",
                             s->pattern));
    if (has_bounds && !s->length_first)
        check_bounds(d, s, text, step, "length", len);
}

static void check_enum(struct decoder *d, const struct shape *s, const int *word,
                       const struct step *step)
{
    if (*word >= 0 || s->is_free)
        return;
    struct buf text;
    buf_init(&text, MAX_MESSAGE);
    buf_add(&text, S("Member must satisfy enum value set: ["));
    for (size_t i = 0; s->words[i]; i++) {
        if (i)
            buf_add(&text, S(", "));
        buf_add_z(&text, s->words[i]);
    }
    buf_add_char(&text, ']');
    violate(d, step, s, word, kept(d, &text));
}

/* "[Member must have length less than or equal to 255, …]": the rule of a map's keys or values. */
static struct str bounds_of(struct arena *a, const struct shape *s)
{
    struct str rule = arena_join(a, S("["), at_most(a, "length", s->max));
    rule = arena_printf(a, "%.*s, %.*s", STR_ARG(rule), STR_ARG(at_least(a, "length", s->min)));
    if (s->pattern)
        rule = arena_printf(a, "%.*s, Member must satisfy regular expression pattern: %s",
                            STR_ARG(rule), s->pattern);
    return arena_join(a, rule, S("]"));
}

static bool key_fits(const struct shape *key, struct str name)
{
    if (key->names_table && str_starts(name, S("arn:")))
        return name.len <= MAX_TABLE_ARN;
    int64_t len = (int64_t)str_count_chars(name);
    return len >= key->min && len <= key->max &&
           (!key->pattern || pattern_matches(key->pattern, name));
}

/* Rules of keys and of values that are lists are told once for the whole map. */
static void check_map(struct decoder *d, const struct shape *s, const any_list *map,
                      const struct step *step)
{
    const struct shape *element = s->element;
    size_t stride = stride_of(s);
    bool keys_fit = true, values_fit = true;
    for (size_t i = 0; i < map->count; i++) {
        const void *entry = map->items + i * stride;
        const any_list *value = (const void *)(map->items + i * stride + sizeof(struct str));
        keys_fit &= !s->key || key_fits(s->key, *(const struct str *)entry);
        if (element->kind == SHAPE_LIST && element->has_max)
            values_fit &=
                (int64_t)value->count >= element->min && (int64_t)value->count <= element->max;
    }
    if (!keys_fit && !(s->yields && d->violations.count))
        violate(d, step, s, map,
                arena_join(d->arena, S("Map keys must satisfy constraint: "),
                           bounds_of(d->arena, s->key)));
    if (!values_fit)
        violate(d, step, s, map,
                arena_join(d->arena, S("Map value must satisfy constraint: "),
                           bounds_of(d->arena, element)));
}

static void check(struct decoder *d, const struct shape *s, const void *place,
                  const struct step *step);

static void check_entries(struct decoder *d, const struct shape *s, const any_list *list,
                          const struct step *step)
{
    bool is_map = s->kind == SHAPE_MAP;
    size_t stride = stride_of(s);
    if (s->element->kind == SHAPE_ITEM || s->element->kind == SHAPE_VALUE)
        return;
    for (size_t i = 0; i < list->count && d->violations.count < MAX_VIOLATIONS; i++) {
        const char *entry = list->items + i * stride;
        struct step below = {.parent = step, .is_inside = true};
        if (is_map)
            below.name = *(const struct str *)(const void *)entry;
        else
            below.number = i + 1;
        const char *value = entry + (is_map ? sizeof(struct str) : 0);
        if (is_map && s->element->kind == SHAPE_LIST)
            check_entries(d, s->element, (const void *)value, &below);
        else if (!is_absent(s->element, value))
            check(d, s->element, value, &below);
        else if (!is_map)
            violate(d, &below, s->element, NULL, S("Member must not be null"));
    }
}

static void check_members(struct decoder *d, const struct shape *s, const void *base,
                          const struct step *parent)
{
    for (const struct shape_member *m = s->members; m->name.data; m++) {
        const void *place = member_place(m, base);
        struct step step = {.parent = parent, .name = m->name};
        if (place && !is_absent(m->shape, place))
            check(d, m->shape, place, &step);
        else if (m->need == NEED_MEMBER || m->need == NEED_NAME)
            violate(d, &step, m->shape, NULL, S("Member must not be null"));
    }
}

static void check(struct decoder *d, const struct shape *s, const void *place,
                  const struct step *step)
{
    const any_list *list = place;
    switch (s->kind) {
    case SHAPE_STRING:
        check_string(d, s, place, step);
        break;
    case SHAPE_ENUM:
        check_enum(d, s, place, step);
        break;
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        check_bounds(d, s, place, step, "value", ((const struct opt_i64 *)place)->value);
        break;
    case SHAPE_STRUCTURE:
        check_members(d, s, place, step);
        break;
    case SHAPE_LIST:
        check_bounds(d, s, place, step, "length", (int64_t)list->count);
        check_entries(d, s, list, step);
        break;
    case SHAPE_MAP:
        check_bounds(d, s, place, step, "length", (int64_t)list->count);
        check_map(d, s, list, step);
        check_entries(d, s, list, step);
        break;
    case SHAPE_TIMESTAMP:
    case SHAPE_DOUBLE:
    case SHAPE_BOOLEAN:
    case SHAPE_VALUE:
    case SHAPE_ITEM:
        break;
    }
}

/* What a ConditionalOperator may be is asked only when there is something to join. */
static struct error *check_joined(struct arena *a, const struct shape *s, const void *base,
                                  const int *word)
{
    const any_list *conditions = (const void *)((const char *)base + s->joins);
    if (*word >= 0 || conditions->count < 2)
        return NULL;
    return invalid(a, "Failed to satisfy constraint: Member must satisfy enum value set: "
                      "[ALL, OR]");
}

/* Rules that older operations tell in sentences of their own, before any other. */
static struct error *check_plain(struct arena *a, const struct shape *s, const void *base)
{
    for (const struct shape_member *m = s->members; m->name.data; m++) {
        const void *place = member_place(m, base);
        bool is_missing = !place || is_absent(m->shape, place);
        if (m->need == NEED_PARAMETER && is_missing)
            return invalid(a, "The parameter '%.*s' is required but was not present in the request",
                           STR_ARG(m->name));
        if (!is_missing && m->shape->joins)
            TRY(check_joined(a, m->shape, base, place));
        if (is_missing || !m->shape->is_plain)
            continue;
        const struct str *text = place;
        int64_t len = (int64_t)str_count_chars(*text);
        int64_t max = str_starts(*text, S("arn:")) ? MAX_TABLE_ARN : m->shape->max;
        if (len < m->shape->min || len > max)
            return invalid(a,
                           "%.*s must be at least %" PRId64 " characters long and at most %" PRId64
                           " characters long",
                           STR_ARG(str_ends(m->name, S("TableName")) ? S("TableName") : m->name),
                           m->shape->min, m->shape->max);
    }
    return NULL;
}

static bool has_all(const struct shape *s, const void *base)
{
    for (const struct shape_member *m = s->members; m->name.data; m++) {
        const void *place = member_place(m, base);
        if (m->need != NEED_NOTHING && (!place || is_absent(m->shape, place)))
            return false;
    }
    return true;
}

/* A table's name that is wrong by itself, where that is told alone: as long as nothing is missing.
 */
static void check_name(struct decoder *d, const struct shape *s, const void *base)
{
    if (!has_all(s, base))
        return;
    for (const struct shape_member *m = s->members; m->name.data; m++) {
        const struct step step = {.name = m->name};
        const void *place = member_place(m, base);
        if (m->need == NEED_NAME && !is_absent(m->shape, place))
            check(d, m->shape, place, &step);
    }
}

static struct error *refuse(struct decoder *d)
{
    struct buf text;
    buf_init(&text, MAX_MESSAGE);
    buf_printf(&text, "%zu validation error%s detected: ", d->violations.count,
               d->violations.count > 1 ? "s" : "");
    for (size_t i = 0; i < d->violations.count; i++) {
        if (i)
            buf_add(&text, S("; "));
        buf_add(&text, d->violations.items[i]);
    }
    struct error *error = error_new(d->arena, &error_ValidationException, "%s", "");
    error->message = kept(d, &text);
    return error;
}

struct error *shape_decode(struct arena *a, const struct shape *shape, struct str json, void *out)
{
    struct decoder d = {.arena = a, .sink.arena = a};
    memset(out, 0, shape->size_bytes);
    json_reader_init(&d.reader, json, a);
    TRY(decode_structure(&d, shape, TYPED_FIELD, out));
    if (!json_finish(&d.reader))
        return typed_broken(&d.reader);
    TRY(check_plain(a, shape, out));
    check_name(&d, shape, out);
    if (!d.violations.count)
        check_members(&d, shape, out, NULL);
    return d.violations.count ? refuse(&d) : NULL;
}
