#include "dynamodb/api/pattern.h"

#include <stdlib.h>
#include <string.h>

/* One piece of a pattern and how often it may come. */
struct piece {
    const char *start, *end; /* the text of the character or class */
    size_t least, most;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool escape_holds(char escaped, char c)
{
    return escaped == 'w' ? is_word(c) : escaped == 't' ? c == '\t' : escaped == c;
}

/* Whether c is in the class between its brackets. */
static bool class_holds(const char *at, const char *end, char c)
{
    bool is_negated = at < end && *at == '^';
    bool is_in = false;
    for (at += is_negated; at < end; at++) {
        if (*at == '\\' && at + 1 < end) {
            at++;
            is_in |= escape_holds(*at, c);
        } else if (at + 2 < end && at[1] == '-') {
            is_in |= c >= at[0] && c <= at[2];
            at += 2;
        } else {
            is_in |= *at == c;
        }
    }
    return is_in != is_negated;
}

static bool piece_holds(const struct piece *p, char c)
{
    if (*p->start == '[')
        return class_holds(p->start + 1, p->end - 1, c);
    if (*p->start == '\\')
        return escape_holds(p->start[1], c);
    return *p->start == c;
}

/* Takes the next piece; gives the rest of the pattern. */
static const char *take_piece(const char *pattern, struct piece *out)
{
    *out = (struct piece){.start = pattern, .least = 1, .most = 1};
    if (*pattern == '[') {
        pattern++;
        while (*pattern && *pattern != ']')
            pattern += *pattern == '\\' && pattern[1] ? 2 : 1;
        pattern += *pattern == ']';
    } else {
        pattern += *pattern == '\\' && pattern[1] ? 2 : 1;
    }
    out->end = pattern;
    if (*pattern == '+' || *pattern == '*') {
        out->least = *pattern++ == '+';
        out->most = SIZE_MAX;
    } else if (*pattern == '{') {
        char *end;
        out->least = out->most = (size_t)strtoul(pattern + 1, &end, 10);
        pattern = *end == '}' ? end + 1 : end;
    }
    return pattern;
}

static bool matches(const char *pattern, struct str text)
{
    if (!*pattern || (pattern[0] == '$' && !pattern[1]))
        return text.len == 0;
    struct piece piece;
    const char *rest = take_piece(pattern, &piece);
    size_t taken = 0;
    while (taken < text.len && taken < piece.most && piece_holds(&piece, text.data[taken]))
        taken++;
    if (taken < piece.least)
        return false;
    for (;; taken--) { /* as many as possible first */
        if (matches(rest, str_from(text, taken)))
            return true;
        if (taken == piece.least)
            return false;
    }
}

bool pattern_matches(const char *pattern, struct str text)
{
    return matches(*pattern == '^' ? pattern + 1 : pattern, text);
}
