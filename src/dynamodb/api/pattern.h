/* Pattern: the few regular expressions of the service model, matched against a whole text.
 *
 * Understood: a sequence of pieces, each a character, an escaped character, \w, \t, or a class
 * [a-z0-9_.-] or [^$] (escapes inside), repeated by +, * or {n}; ^ and $ at the ends mean nothing,
 * since the whole text must match anyway. Time grows with the text's length only. Pure. */
#pragma once

#include "base/str.h"

bool pattern_matches(const char *pattern, struct str text);
