/* Cursors, sort keys and stream records: texts from outside that the chat takes apart. */
#include "messaging/cursor.h"
#include "messaging/record.h"
#include "messaging/sortkey.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct str text = {(const char *)data, size}, sk;
    struct record record;
    arena_init(&a);
    /* What decodes must be what encoding gives. */
    if (cursor_decode(&a, text, CURSOR_MESSAGES, S("g"), &sk) &&
        !str_eq(cursor_encode(&a, CURSOR_MESSAGES, S("g"), sk), text))
        abort();
    /* The next key is greater than any usable one. */
    if (sortkey_is_usable(text, 0) && str_compare(sortkey_next(&a, 0, text), text) <= 0)
        abort();
    if (record_decode(&a, text, &record))
        (void)item_i64(&record.image, S("seq"), 0);
    arena_clear(&a);
    return 0;
}
