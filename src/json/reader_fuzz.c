/* Fuzz: the reader over any bytes. What it accepts by skipping, it must accept again from the raw
 * text that it gave. */
#include "json/reader.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena);
    struct json_reader r;
    struct str raw;
    json_reader_init(&r, (struct str){size ? (const char *)data : "", size}, &arena);
    if (json_read_raw(&r, &raw) && json_finish(&r)) {
        json_reader_init(&r, raw, &arena);
        assert(json_skip(&r) && json_finish(&r));
    }
    (void)json_error(&r);
    arena_clear(&arena);
    return 0;
}
