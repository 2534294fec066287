/* Tokens:
 *
 *     name         letter { letter | digit | _ }
 *     placeholder  # word     value  : word     word = { letter | digit | _ }, not empty
 *     integer      0 | (1-9) { digit }
 *     keyword      AND OR NOT BETWEEN IN SET REMOVE ADD DELETE, in any case
 *     operators    = <> < <= > >= + - ( ) [ ] , .
 *
 * A name begins with a letter: the service answers "__typename" with a syntax error at "_". */
#include "dynamodb/expr/lex.h"

#include "base/attributes.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '_';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static enum token_type word_type(struct str word)
{
    static const struct {
        struct str word;
        enum token_type type;
    } keywords[] = {
        {STR_INIT("AND"), TOKEN_AND},       {STR_INIT("OR"), TOKEN_OR},
        {STR_INIT("NOT"), TOKEN_NOT},       {STR_INIT("BETWEEN"), TOKEN_BETWEEN},
        {STR_INIT("IN"), TOKEN_IN},         {STR_INIT("SET"), TOKEN_SET},
        {STR_INIT("ADD"), TOKEN_ADD},       {STR_INIT("REMOVE"), TOKEN_REMOVE},
        {STR_INIT("DELETE"), TOKEN_DELETE},
    };
    for (size_t i = 0; i < countof(keywords); i++)
        if (str_eq_nocase(word, keywords[i].word))
            return keywords[i].type;
    return TOKEN_NAME;
}

static enum token_type sign_type(const char *at, const char *end, size_t *len)
{
    char second = at + 1 < end ? at[1] : '\0';
    *len = 1;
    switch (*at) {
    case '<':
        *len = second == '>' || second == '=' ? 2 : 1;
        return second == '>' ? TOKEN_NE : second == '=' ? TOKEN_LE : TOKEN_LT;
    case '>':
        *len = second == '=' ? 2 : 1;
        return second == '=' ? TOKEN_GE : TOKEN_GT;
    case '=':
        return TOKEN_EQ;
    case '+':
        return TOKEN_PLUS;
    case '-':
        return TOKEN_MINUS;
    case '(':
        return TOKEN_OPEN;
    case ')':
        return TOKEN_CLOSE;
    case '[':
        return TOKEN_BRACKET_OPEN;
    case ']':
        return TOKEN_BRACKET_CLOSE;
    case ',':
        return TOKEN_COMMA;
    case '.':
        return TOKEN_DOT;
    default:
        break;
    }
    /* One character is shown whole, so its continuation bytes belong to it. */
    while (at + *len < end && ((unsigned char)at[*len] & 0xC0) == 0x80)
        ++*len;
    return TOKEN_UNKNOWN;
}

static size_t word_len(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && is_word(*at))
        at++;
    return (size_t)(at - start);
}

static struct token scan(struct lexer *lexer)
{
    const char *at = lexer->at, *end = lexer->end;
    while (at < end && is_space(*at))
        at++;
    lexer->at = at;
    if (at == end)
        return (struct token){TOKEN_END, {end, 0}};
    struct token token = {.text = {at, 1}};
    if (is_letter(*at)) {
        token.text.len = word_len(at, end);
        token.type = word_type(token.text);
    } else if (*at == '#' || *at == ':') {
        token.text.len = 1 + word_len(at + 1, end);
        token.type = token.text.len == 1 ? TOKEN_UNKNOWN
                     : *at == '#'        ? TOKEN_PLACEHOLDER
                                         : TOKEN_VALUE;
    } else if (is_digit(*at)) {
        while (*at != '0' && at + token.text.len < end && is_digit(at[token.text.len]))
            token.text.len++;
        token.type = TOKEN_INTEGER;
    } else {
        token.type = sign_type(at, end, &token.text.len);
    }
    lexer->at = at + token.text.len;
    return token;
}

void lexer_init(struct lexer *lexer, struct str text)
{
    *lexer = (struct lexer){.at = text.data, .end = text.data + text.len};
    lexer->current = scan(lexer);
    lexer->next = scan(lexer);
    lexer->previous = (struct token){TOKEN_END, {lexer->current.text.data, 0}};
}

void lexer_advance(struct lexer *lexer)
{
    lexer->previous = lexer->current;
    lexer->current = lexer->next;
    if (lexer->next.type != TOKEN_END)
        lexer->next = scan(lexer);
}

static bool is_end(struct token token)
{
    return token.type == TOKEN_END;
}

struct str lexer_near(const struct lexer *lexer)
{
    struct token last = !is_end(lexer->next)      ? lexer->next
                        : !is_end(lexer->current) ? lexer->current
                                                  : lexer->previous;
    const char *start = lexer->previous.text.data;
    return (struct str){start, (size_t)(last.text.data + last.text.len - start)};
}
