/* Any bytes as the place in a NextToken, in the table and in an index: refused, or a key that the
 * store can start behind. */
#include "dynamodb/api/check.h"
#include "dynamodb/api/statement.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct key_schema keys = {.partition = {{STR_INIT("p"), VALUE_S}},
                                           .sort = {{STR_INIT("s"), VALUE_N}},
                                           .partition_count = 1,
                                           .sort_count = 1};
    static const struct index index = {
        .is_global = true, .keys = {.partition = {{STR_INIT("g"), VALUE_B}}, .partition_count = 1}};
    const struct table table = {.keys = keys, .indexes = &index, .index_count = 1};
    struct arena arena;
    arena_init(&arena);
    struct op op = {.arena = &arena};
    for (unsigned form = 0; form < 4; form++) {
        struct select s = {.table = &table,
                           .index = form & 1 ? &index : NULL,
                           .is_scan = form & 2,
                           .read_count = 3};
        if (next_token_place(&op, &s, (struct str){(const char *)data, size}))
            continue;
        struct item item = item_of(key_of_item(&arena, &table, s.start_after));
        if (s.at >= 3 || check_key(&arena, &table, item))
            abort();
    }
    arena_clear(&arena);
    return 0;
}
