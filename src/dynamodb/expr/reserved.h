/* Reserved: the words that an expression must not use as bare attribute names.
 *
 * Pure; safe from any thread. */
#pragma once

#include "base/str.h"

bool is_reserved_word(struct str name); /* in any case */
