/* Any bytes as a stream's ARN, a shard's name, a sequence number and an iterator. */
#include "dynamodb/api/position.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct arena arena;
    struct stream_name stream;
    struct iterator it;
    uint32_t id;
    uint64_t sequence;
    arena_init(&arena);
    if (!size)
        text = S("");
    if (stream_arn_parse(text, &stream) && stream.table_name.len > size)
        abort();
    if (sequence_name_parse(text, &sequence) && !str_eq(sequence_name(&arena, sequence), text))
        abort(); /* a sequence number has one form */
    if (shard_name_parse(text, &id) && size != 37)
        abort();
    if (iterator_parse(&arena, text, &it) && !str_eq(iterator_name(&arena, &it), text))
        abort(); /* so has an iterator */
    arena_clear(&arena);
    return 0;
}
