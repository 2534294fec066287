#include "dynamodb/partiql/lex.h"

#include "base/vec.h"
#include "dynamodb/partiql/words.h"

#include <string.h>

struct lexer {
    struct arena *arena;
    struct str rest;
    unsigned line, column; /* of the first character of rest */
    unsigned parameters;
    VEC(struct token) tokens;
};

/* -- characters ---------------------------------------------------------------------------------
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool continues_name(char c)
{
    return starts_name(c) || is_digit(c);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The character so many bytes ahead; 0 behind the end. */
static char ahead(const struct lexer *l, size_t count)
{
    return count < l->rest.len ? l->rest.data[count] : 0;
}

static bool continues_character(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Moves on over so many bytes, and counts lines and characters. */
static void skip(struct lexer *l, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        char c = l->rest.data[i];
        if (c == '\n') {
            l->line++;
            l->column = 1;
        } else if (!continues_character(c)) {
            l->column++;
        }
    }
    l->rest = str_from(l->rest, bytes);
}

/* What the service says of a text that has no tokens: nothing behind the colon. */
static struct error *unreadable(const struct lexer *l)
{
    return not_well_formed(l->arena, "%s", "");
}

/* -- space and comments -------------------------------------------------------------------------
 */

static struct error *skip_space(struct lexer *l)
{
    while (l->rest.len) {
        if (is_space(ahead(l, 0))) {
            skip(l, 1);
        } else if (str_starts(l->rest, S("--"))) {
            while (l->rest.len && ahead(l, 0) != '\n')
                skip(l, 1);
        } else if (str_starts(l->rest, S("/*"))) {
            const char *end = memmem(l->rest.data + 2, l->rest.len - 2, "*/", 2);
            if (!end)
                return unreadable(l);
            skip(l, (size_t)(end + 2 - l->rest.data));
        } else {
            break;
        }
    }
    return NULL;
}

/* -- tokens -------------------------------------------------------------------------------------
 */

/* A token of so many bytes, whose text is given. */
static void push(struct lexer *l, enum token_kind kind, struct str text, size_t bytes)
{
    struct token t = {.kind = kind, .text = text, .place = {l->line, l->column, 0}};
    t.place.length = (unsigned)str_count_chars(str_slice(l->rest, 0, bytes));
    if (kind == LEX_PARAMETER)
        t.number = l->parameters++;
    VEC_PUSH(l->arena, &l->tokens, t);
    skip(l, bytes);
}

static void read_name(struct lexer *l)
{
    size_t len = 1;
    while (continues_name(ahead(l, len)))
        len++;
    struct str name = str_slice(l->rest, 0, len);
    push(l, is_keyword(name) ? LEX_KEYWORD : LEX_IDENTIFIER, name, len);
}

/* Two quotes in a row stand for one. */
static struct str undouble(struct arena *a, struct str text, char quote)
{
    if (!memchr(text.data, quote, text.len))
        return text;
    char *out = arena_alloc(a, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        out[len++] = text.data[i];
        if (text.data[i] == quote)
            i++;
    }
    return (struct str){out, len};
}

static struct error *read_quoted(struct lexer *l, char quote, enum token_kind kind)
{
    size_t end = 1;
    for (;; end++) {
        if (end >= l->rest.len)
            return unreadable(l);
        if (ahead(l, end) != quote)
            continue;
        if (ahead(l, end + 1) != quote)
            break;
        end++;
    }
    struct str inside = str_slice(l->rest, 1, end - 1);
    push(l, kind, undouble(l->arena, inside, quote), end + 1);
    return NULL;
}

/* The service holds a decimal's exponent, and its scale (digits behind the point less the
 * exponent), in 32 bits. */
static bool fits_decimal(struct str exponent, bool is_negative, size_t fraction_digits)
{
    uint64_t magnitude;
    if (!exponent.len)
        return true;
    while (exponent.len > 1 && exponent.data[0] == '0')
        exponent = str_from(exponent, 1);
    if (exponent.len > 10 || !str_to_u64(exponent, UINT64_MAX, &magnitude))
        return false;
    int64_t value = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    int64_t scale = (int64_t)fraction_digits - value;
    return value >= INT32_MIN && value <= INT32_MAX && scale >= INT32_MIN && scale <= INT32_MAX;
}

static size_t count_digits(const struct lexer *l, size_t from)
{
    size_t len = 0;
    while (is_digit(ahead(l, from + len)))
        len++;
    return len;
}

static struct error *read_number(struct lexer *l)
{
    size_t len = count_digits(l, 0), fraction = 0;
    struct str exponent = {0};
    bool is_negative = false;
    if (ahead(l, len) == '.') {
        fraction = count_digits(l, len + 1);
        len += 1 + fraction;
    }
    if (ahead(l, len) == 'e' || ahead(l, len) == 'E') {
        len++;
        is_negative = ahead(l, len) == '-';
        len += is_negative || ahead(l, len) == '+';
        exponent = str_slice(l->rest, len, count_digits(l, len));
        len += exponent.len;
        if (!exponent.len)
            return unreadable(l);
    }
    if (continues_name(ahead(l, len)) || !fits_decimal(exponent, is_negative, fraction))
        return unreadable(l);
    push(l, LEX_NUMBER, str_slice(l->rest, 0, len), len);
    return NULL;
}

/* Longer ones before what they begin with. */
static const struct {
    struct str text, meaning;
    enum token_kind kind;
} symbols[] = {
    {STR_INIT("<<"), STR_INIT("<<"), LEX_BAG_OPEN},
    {STR_INIT(">>"), STR_INIT(">>"), LEX_BAG_CLOSE},
    {STR_INIT("<="), STR_INIT("<="), LEX_OPERATOR},
    {STR_INIT(">="), STR_INIT(">="), LEX_OPERATOR},
    {STR_INIT("<>"), STR_INIT("<>"), LEX_OPERATOR},
    {STR_INIT("!="), STR_INIT("<>"), LEX_OPERATOR},
    {STR_INIT("||"), STR_INIT("||"), LEX_OPERATOR},
    {STR_INIT("<"), STR_INIT("<"), LEX_OPERATOR},
    {STR_INIT(">"), STR_INIT(">"), LEX_OPERATOR},
    {STR_INIT("="), STR_INIT("="), LEX_OPERATOR},
    {STR_INIT("+"), STR_INIT("+"), LEX_OPERATOR},
    {STR_INIT("-"), STR_INIT("-"), LEX_OPERATOR},
    {STR_INIT("*"), STR_INIT("*"), LEX_OPERATOR},
    {STR_INIT("/"), STR_INIT("/"), LEX_OPERATOR},
    {STR_INIT("%"), STR_INIT("%"), LEX_OPERATOR},
    {STR_INIT("@"), STR_INIT("@"), LEX_OPERATOR},
    {STR_INIT("?"), STR_INIT("?"), LEX_PARAMETER},
    {STR_INIT("("), STR_INIT("("), LEX_OPEN},
    {STR_INIT(")"), STR_INIT(")"), LEX_CLOSE},
    {STR_INIT("["), STR_INIT("["), LEX_BRACKET_OPEN},
    {STR_INIT("]"), STR_INIT("]"), LEX_BRACKET_CLOSE},
    {STR_INIT("{"), STR_INIT("{"), LEX_CURLY_OPEN},
    {STR_INIT("}"), STR_INIT("}"), LEX_CURLY_CLOSE},
    {STR_INIT(","), STR_INIT(","), LEX_COMMA},
    {STR_INIT(":"), STR_INIT(":"), LEX_COLON},
    {STR_INIT("."), STR_INIT("."), LEX_DOT},
    {STR_INIT(";"), STR_INIT(";"), LEX_SEMICOLON},
};

static struct error *read_symbol(struct lexer *l)
{
    for (size_t i = 0; i < countof(symbols); i++) {
        if (!str_starts(l->rest, symbols[i].text))
            continue;
        push(l, symbols[i].kind, symbols[i].meaning, symbols[i].text.len);
        return NULL;
    }
    return unreadable(l);
}

static struct error *read_token(struct lexer *l)
{
    char c = ahead(l, 0);
    if (starts_name(c)) {
        read_name(l);
        return NULL;
    }
    if (is_digit(c) || (c == '.' && is_digit(ahead(l, 1))))
        return read_number(l);
    if (c == '\'')
        return read_quoted(l, '\'', LEX_STRING);
    if (c == '"')
        return read_quoted(l, '"', LEX_IDENTIFIER);
    if (c == '`')
        return read_quoted(l, '`', LEX_ION);
    return read_symbol(l);
}

struct error *lex(struct arena *a, struct str text, const struct token **out)
{
    struct lexer l = {.arena = a, .rest = text, .line = 1, .column = 1};
    TRY(skip_space(&l));
    while (l.rest.len) {
        TRY(read_token(&l));
        TRY(skip_space(&l));
    }
    push(&l, LEX_END, S(""), 0); /* twice: one may be looked at ahead of the other */
    push(&l, LEX_END, S(""), 0);
    *out = l.tokens.items;
    return NULL;
}
