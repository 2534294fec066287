/* Fuzz: requests. The first byte chooses the operation, the rest is its JSON. Whatever comes, the
 * decoder answers; and an item that decodes is well formed and comes back the same. */
#include "dynamodb/api/api.h"
#include "dynamodb/api/attribute.h"
#include "dynamodb/api/shape.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An item of its own: decoded, rendered and decoded again, its bytes must be the same. */
static void check_item(struct arena *a, struct str json)
{
    struct attribute_sink sink = {.arena = a};
    struct json_reader r;
    struct item_input first, second;
    struct buf text;
    json_reader_init(&r, json, a);
    if (attribute_decode_item(&r, &sink, TYPED_FIELD, &first) || first.error || !first.is_given)
        return;
    if (!value_is_wellformed((struct value){VALUE_M, first.item.attributes}))
        abort();
    buf_init(&text, 64 << 20);
    struct json_writer w = json_writer(&text);
    attribute_write_item(&w, first.item.attributes);
    json_reader_init(&r, buf_str(&text), a);
    if (attribute_decode_item(&r, &sink, TYPED_FIELD, &second) || second.error ||
        !str_eq(first.item.attributes, second.item.attributes))
        abort();
    buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count;
    const struct operation *rows = operation_list(&count);
    struct arena arena;
    if (!size)
        return 0;
    struct str json = {(const char *)data + 1, size - 1};
    const struct shape *shape = rows[data[0] % count].input;
    arena_init(&arena);
    if (shape_decode(&arena, shape, json, arena_alloc(&arena, shape->size_bytes))) {
        /* An error is an answer. */
    }
    check_item(&arena, json);
    arena_clear(&arena);
    return 0;
}
