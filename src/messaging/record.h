/* Record: one change of the table, as a stream gives it.
 *
 *     {"eventName":"INSERT","dynamodb":{"Keys":{…},"NewImage":{…},"SequenceNumber":"…",
 *      "ApproximateCreationDateTime":1795213867}}
 *
 * Decoded by feed and adopt. Strings live in the arena or in the text. Pure. */
#pragma once

#include "messaging/rows.h"

struct record {
    struct str event; /* INSERT, MODIFY, REMOVE */
    struct str sequence_number;
    int64_t created_s; /* Unix seconds; 0 when missing */
    struct item keys, image;
};

/* False for what is no stream record. */
bool record_decode(struct arena *a, struct str text, struct record *out);
