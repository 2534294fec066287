/* Stored definitions, streams and records, as damage might leave them. */
#include "dynamodb/storage/codec.h"
#include "dynamodb/storage/key.h"
#include "dynamodb/storage/stream_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct table t, again;
    struct stream_state s;
    struct stream_record r;
    struct str bytes = {(const char *)data, size};
    arena_init(&a);
    if (table_decode(&a, bytes, &t) && !table_decode(&a, table_encode(&a, &t), &again))
        __builtin_trap();
    if (stream_state_decode(&a, bytes, &s) &&
        !stream_state_decode(&a, stream_state_encode(&a, &s), &s))
        __builtin_trap();
    (void)!stream_record_decode(key_record(&a, 1, 1, 1), bytes, &r);
    arena_clear(&a);
    return 0;
}
