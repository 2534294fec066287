/* Case match: whether an answer's JSON fits what a case expects.
 *
 * Objects must have the same members in any order, arrays the same elements in order. In what is
 * expected, some strings mean more than themselves:
 *
 *     "*"                  any value
 *     "~text*text"         a string of that form; * stands for anything
 *     "@name"              any string, kept under that name
 *     "!"  (as a member)   the member is not there
 *     {"...": "*", …}      further members may be there
 *     ["...", a, b]        these elements, in any order
 */
#pragma once

#include "base/arena.h"
#include "case_file.h"

/* *why says where and what, when it does not fit. */
bool case_match(struct arena *a, struct case_variables *v, struct str expected, struct str actual,
                struct str *why);
