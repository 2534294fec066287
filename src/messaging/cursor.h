/* Cursor: a place in a list, as the opaque text that an answer carries and the next request
 * returns.
 *
 * It names its list (the messages of one group, the groups of one user), so that one list's cursor
 * is refused by another. It grants nothing: whoever asks is checked as without it. Pure. */
#pragma once

#include "base/arena.h"

enum cursor_list { CURSOR_MESSAGES = 'm', CURSOR_GROUPS = 'g' };

/* `owner` is the group's or the user's id, `sk` the sort key that the page ended with. */
struct str cursor_encode(struct arena *a, enum cursor_list list, struct str owner, struct str sk);
/* False for what is no cursor of this list. */
bool cursor_decode(struct arena *a, struct str cursor, enum cursor_list list, struct str owner,
                   struct str *sk);
