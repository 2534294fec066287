/* Case file: one behaviour of the API as text.
 *
 *     # Any line that starts with '#' is a comment: where the rule is from.
 *     == what this step shows
 *     > PutItem
 *     {"TableName": "t", "Item": {"pk": {"S": "a"}}}
 *     < 200
 *     {}
 *
 * Bodies are JSON over any number of lines; no line means that the body is empty. "< 200
 * eventually" asks again until the answer fits, for up to ten seconds. Before a body is used,
 * ${name} is replaced by what an earlier answer gave for
 * "@name" (case_match.h), and ${repeat:TEXT:COUNT} by TEXT so many times. Called by case_runner.c.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

struct case_step {
    struct str title;
    struct str operation;
    struct str request;
    int status;
    bool is_eventual;
    struct str answer;
    int line;
};

struct case_file {
    const struct case_step *steps;
    size_t count;
};

MUST_USE struct error *case_parse(struct arena *a, struct str text, struct case_file *out);

/* What answers gave for names. */
struct case_variables {
    struct {
        struct str name, value;
    } items[32];
    size_t count;
};
void case_set(struct case_variables *v, struct str name, struct str value);
/* The text with ${…} replaced; what is not known stays. */
struct str case_expand(struct arena *a, const struct case_variables *v, struct str text);
