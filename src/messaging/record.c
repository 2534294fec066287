#include "messaging/record.h"

#include <stdlib.h>

/* Seconds, by some endpoints with a fraction or an exponent. */
static int64_t read_seconds(struct arena *a, struct json_reader *r)
{
    struct str text;
    if (json_peek(r) != JSON_NUMBER) {
        json_skip(r);
        return 0;
    }
    if (!json_read_number(r, &text))
        return 0;
    double seconds = strtod(arena_z(a, text), NULL);
    return seconds > 0 && seconds < 1e12 ? (int64_t)seconds : 0;
}

static void read_change(struct arena *a, struct json_reader *r, struct record *out)
{
    struct str name;
    if (!json_enter_object(r))
        return;
    while (json_next_member(r, &name)) {
        if (str_eq(name, S("Keys")))
            (void)item_decode(a, r, &out->keys);
        else if (str_eq(name, S("NewImage")))
            (void)item_decode(a, r, &out->image);
        else if (str_eq(name, S("SequenceNumber")) && json_peek(r) == JSON_STRING)
            json_read_str(r, &out->sequence_number);
        else if (str_eq(name, S("ApproximateCreationDateTime")))
            out->created_s = read_seconds(a, r);
        else
            json_skip(r);
    }
}

bool record_decode(struct arena *a, struct str text, struct record *out)
{
    struct json_reader r;
    struct str name;
    *out = (struct record){.event = {"", 0}, .sequence_number = {"", 0}};
    json_reader_init(&r, text, a);
    if (!json_enter_object(&r))
        return false;
    while (json_next_member(&r, &name)) {
        if (str_eq(name, S("eventName")) && json_peek(&r) == JSON_STRING)
            json_read_str(&r, &out->event);
        else if (str_eq(name, S("dynamodb")))
            read_change(a, &r, out);
        else
            json_skip(&r);
    }
    return json_finish(&r);
}
