/* A pattern is a row of pieces, matched as a state machine: after each character the set of places
 * in the row that can have been reached, as bits. Place i means that the pieces before i are done;
 * the place behind the last is the end. So time is the text's length times the number of pieces. */
#include "dynamodb/api/pattern.h"

#include <assert.h>
#include <stdlib.h>

#define MAX_PIECES 31

struct piece {
    const char *start, *end; /* the text of the character or class */
    bool is_optional;        /* * */
    bool repeats;            /* * and + */
};

struct pieces {
    struct piece items[MAX_PIECES];
    size_t count;
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

static void add_piece(struct pieces *all, struct piece piece)
{
    assert(all->count < MAX_PIECES); /* patterns are ours, not the user's */
    all->items[all->count++] = piece;
}

/* Takes the next piece, as often as {n} has it; gives the rest of the pattern. */
static const char *take_piece(const char *pattern, struct pieces *all)
{
    struct piece piece = {.start = pattern};
    unsigned long times = 1;
    if (*pattern == '[') {
        while (*pattern && *pattern != ']')
            pattern += *pattern == '\\' && pattern[1] ? 2 : 1;
        pattern += *pattern == ']';
    } else {
        pattern += *pattern == '\\' && pattern[1] ? 2 : 1;
    }
    piece.end = pattern;
    if (*pattern == '+' || *pattern == '*') {
        piece.repeats = true;
        piece.is_optional = *pattern++ == '*';
    } else if (*pattern == '{') {
        char *end;
        times = strtoul(pattern + 1, &end, 10);
        pattern = end + (*end == '}');
    }
    while (times--)
        add_piece(all, piece);
    return pattern;
}

/* What can be reached without a character: behind optional pieces. */
static uint32_t skip_optional(const struct pieces *all, uint32_t places)
{
    for (size_t i = 0; i < all->count; i++)
        if (places >> i & 1 && all->items[i].is_optional)
            places |= 2u << i;
    return places;
}

bool pattern_matches(const char *pattern, struct str text)
{
    struct pieces all = {.count = 0};
    for (pattern += *pattern == '^'; *pattern && !(pattern[0] == '$' && !pattern[1]);)
        pattern = take_piece(pattern, &all);
    uint32_t places = skip_optional(&all, 1);
    for (size_t at = 0; at < text.len && places; at++) {
        uint32_t reached = 0;
        for (size_t i = 0; i < all.count; i++)
            if (places >> i & 1 && piece_holds(&all.items[i], text.data[at]))
                reached |= (2u | all.items[i].repeats) << i;
        places = skip_optional(&all, reached);
    }
    return places >> all.count & 1;
}
