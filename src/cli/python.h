/* Python: prints JSON of the API the way Python programs print it.
 *
 * The ddb commands take the place of scripts that end in print(response) or json.dumps(response),
 * and programs read what those printed; so ours print the same bytes. Input is JSON that our client
 * got, hence well-formed; what is not is written as it came. Pure. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/* json.dumps(value, indent=…, sort_keys=…, ensure_ascii=…). */
struct python_json {
    int indent;
    bool sorts_keys;
    bool keeps_utf8; /* ensure_ascii=False, as the AWS CLI prints */
};
void python_json(struct buf *out, struct arena *a, struct str json, struct python_json style);

/* repr(value): {'Count': 2, 'Items': [True, None]}. */
void python_repr(struct buf *out, struct arena *a, struct str json);
void python_repr_str(struct buf *out, struct str text);
/* repr of an item as a boto3 resource gives it: {'pk': 'a', 'n': Decimal('1')}. */
void python_repr_item(struct buf *out, struct arena *a, struct str item);

/* A number of seconds since 1970 as the AWS CLI prints it; false when the text is no number. */
bool python_iso_time(struct buf *out, struct str seconds);

/* f'{text: <width}': padded with spaces to at least `width` characters. */
void python_pad(struct buf *out, struct str text, size_t width);
/* text[:count]: at most `count` characters. */
struct str python_first(struct str text, size_t count);
