/* Pattern: the few regular expressions of the service model, matched against a whole text.
 *
 * Understood: a sequence of pieces, each a character, an escaped character, \w, \t, or a class
 * [a-z0-9_.-] or [^$] (escapes inside), repeated by +, * or {n}; ^ and $ at the ends mean nothing,
 * since the whole text must match anyway. Time is bounded by length to the power of repeated
 * pieces: keep to the model's, which have at most three. Pure. */
#pragma once

#include "base/str.h"

bool pattern_matches(const char *pattern, struct str text);
