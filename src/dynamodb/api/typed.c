#include "dynamodb/api/typed.h"

#include "base/encode.h"
#include "dynamodb/model/errors.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLASS_PREFIX "com.amazonaws.dynamodb.v20120810."

#define wrong(reader, ...) error_new((reader)->arena, &error_SerializationException, __VA_ARGS__)

/* What is no JSON at all is refused without a word about it. */
struct error *typed_broken(struct json_reader *r)
{
    return wrong(r, "%s", "");
}

/* The number's text may be the last of the request, so it is ended before the C library reads it.
 */
static double number_value(struct json_reader *r, struct str number)
{
    return strtod(arena_z(r->arena, number), NULL);
}

/* Whether a number has a fraction or an exponent that leaves one. */
static bool is_decimal(struct json_reader *r, struct str number)
{
    double value = number_value(r, number);
    return value != floor(value);
}

static struct error *not_scalar(struct json_reader *r, const char *type)
{
    struct str number;
    bool is_true;
    switch (json_peek(r)) {
    case JSON_BOOL:
        if (!json_read_bool(r, &is_true))
            return typed_broken(r);
        return wrong(r, "%s_VALUE cannot be converted to %s", is_true ? "TRUE" : "FALSE", type);
    case JSON_NUMBER:
        if (!json_read_number(r, &number))
            return typed_broken(r);
        return wrong(r, "%s_VALUE cannot be converted to %s",
                     is_decimal(r, number) ? "DECIMAL" : "NUMBER", type);
    case JSON_STRING:
        return wrong(r, "STRING_VALUE cannot be converted to %s", type);
    case JSON_ARRAY:
        return wrong(r, "Unrecognized collection type class java.lang.%s", type);
    case JSON_OBJECT:
        return wrong(r, "Start of structure or map found where not expected");
    case JSON_NULL:
    case JSON_INVALID:
        break;
    }
    return typed_broken(r);
}

struct error *typed_read_str(struct json_reader *r, struct str *out)
{
    if (json_peek(r) != JSON_STRING)
        return not_scalar(r, "String");
    return json_read_str(r, out) ? NULL : typed_broken(r);
}

struct error *typed_read_bool(struct json_reader *r, bool *out)
{
    static const struct {
        struct str word;
        bool value;
    } words[] = {
        {STR_INIT("true"), true},   {STR_INIT("1"), true},  {STR_INIT("yes"), true},
        {STR_INIT("false"), false}, {STR_INIT("0"), false}, {STR_INIT("no"), false},
    };
    enum json_type type = json_peek(r);
    if (type == JSON_BOOL)
        return json_read_bool(r, out) ? NULL : typed_broken(r);
    if (type != JSON_STRING)
        return not_scalar(r, "Boolean");
    struct str text;
    if (!json_read_str(r, &text))
        return typed_broken(r);
    for (size_t i = 0; i < countof(words); i++)
        if (str_eq_nocase(text, words[i].word)) {
            *out = words[i].value;
            return NULL;
        }
    return wrong(r, "Unexpected token received from parser");
}

/* A JSON number as a whole one. Java narrows the same way: a fraction is cut off, and what is too
 * large becomes the largest. */
static int64_t whole(struct json_reader *r, struct str number, int64_t least, int64_t most)
{
    bool is_plain = true;
    for (size_t i = 0; i < number.len; i++)
        is_plain &= number.data[i] == '-' || (number.data[i] >= '0' && number.data[i] <= '9');
    if (is_plain) {
        long long value =
            strtoll(arena_z(r->arena, number), NULL, 10); /* at the bounds when out of range */
        return value < least ? least : value > most ? most : value;
    }
    double value = floor(number_value(r, number));
    return value <= (double)least ? least : value >= (double)most ? most : (int64_t)value;
}

struct error *typed_read_integer(struct json_reader *r, const char *type, int64_t *out)
{
    bool is_long = !strcmp(type, "Long");
    if (json_peek(r) != JSON_NUMBER)
        return not_scalar(r, type);
    struct str number;
    if (!json_read_number(r, &number))
        return typed_broken(r);
    *out = whole(r, number, is_long ? INT64_MIN : INT_MIN, is_long ? INT64_MAX : INT_MAX);
    return NULL;
}

struct error *typed_read_double(struct json_reader *r, double *out)
{
    if (json_peek(r) != JSON_NUMBER)
        return not_scalar(r, "Double");
    struct str number;
    if (!json_read_number(r, &number))
        return typed_broken(r);
    double value = number_value(r, number);
    *out = isfinite(value) ? value : 0;
    return NULL;
}

struct error *typed_read_blob(struct json_reader *r, struct str *out)
{
    struct str text;
    enum json_type type = json_peek(r);
    if (type == JSON_BOOL || type == JSON_NUMBER)
        return wrong(r, "only base-64-encoded strings are convertible to bytes");
    if (type == JSON_ARRAY)
        return wrong(r, "Unrecognized collection type class java.nio.ByteBuffer");
    TRY(typed_read_str(r, &text));
    if (text.len % 4)
        return wrong(r, "Base64 encoded length is expected a multiple of 4 bytes but found: %zu",
                     text.len);
    char *bytes = arena_alloc(r->arena, text.len / 4 * 3 + 1);
    ptrdiff_t len = base64_decode(text, bytes);
    if (len < 0) /* the misspelling is the service's */
        return wrong(r, "Invalid last non-pad Base64 character dectected");
    *out = (struct str){bytes, (size_t)len};
    return NULL;
}

/* What an object or array is refused with when something else came. */
static struct error *not_collection(struct json_reader *r, enum typed_place place)
{
    if (json_peek(r) == JSON_INVALID)
        return typed_broken(r);
    return place == TYPED_FIELD ? wrong(r, "Unexpected field type")
                                : wrong(r, "Unexpected value type in payload");
}

struct error *typed_enter_structure(struct json_reader *r, enum typed_place place, const char *name)
{
    enum json_type type = json_peek(r);
    if (type == JSON_ARRAY)
        return wrong(r, "Unrecognized collection type class " CLASS_PREFIX "%s", name);
    if (type != JSON_OBJECT)
        return not_collection(r, place);
    return json_enter_object(r) ? NULL : typed_broken(r);
}

/* Inside another collection the service meets a Java type that it cannot name, and says so. */
static struct error *not_inner(struct json_reader *r)
{
    return wrong(r, "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be "
                    "cast to class java.lang.Class (sun.reflect.generics.reflectiveObjects."
                    "ParameterizedTypeImpl and java.lang.Class are in module java.base of loader "
                    "'bootstrap')");
}

struct error *typed_enter_map(struct json_reader *r, enum typed_place place, const char *name)
{
    enum json_type type = json_peek(r);
    if (type == JSON_ARRAY) /* names of Java's own classes come whole */
        return wrong(r, "Unrecognized collection type java.util.Map<java.lang.String, %s%s>",
                     strchr(name, '.') ? "" : CLASS_PREFIX, name);
    if (type == JSON_OBJECT)
        return json_enter_object(r) ? NULL : typed_broken(r);
    if (type != JSON_INVALID && place == TYPED_ELEMENT)
        return not_inner(r);
    return not_collection(r, TYPED_FIELD);
}

struct error *typed_enter_list(struct json_reader *r, enum typed_place place)
{
    enum json_type type = json_peek(r);
    if (type == JSON_OBJECT)
        return wrong(r, "Start of structure or map found where not expected");
    if (type == JSON_ARRAY)
        return json_enter_array(r) ? NULL : typed_broken(r);
    if (type != JSON_INVALID && place == TYPED_ELEMENT)
        return not_inner(r);
    return not_collection(r, TYPED_FIELD);
}
