/* CSV: the rows of a file as ImportTable reads it.
 *
 * Rows end with a line feed, or carriage return and line feed. A field may stand in double quotes,
 * in which the delimiter and line ends mean nothing and two quotes mean one; a quote anywhere else
 * is an error. Source: AWS "Amazon S3 import formats for DynamoDB", RFC 4180. Pure. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

#define CSV_FIELDS 255 /* of a row, the most that a HeaderList may have */

struct csv_row {
    struct str fields[CSV_FIELDS]; /* in the text, or in the arena where quotes were undone */
    size_t count;
};

enum csv_result {
    CSV_ROW,
    CSV_MORE,  /* the text ends within a row */
    CSV_WRONG, /* a row that cannot be read; skipped up to the next line */
};

/* Takes a row off the text. `is_last`: no more text comes, so its end ends a row. An empty text is
 * no row. */
enum csv_result csv_take(struct arena *a, struct str *text, char delimiter, bool is_last,
                         struct csv_row *out);
