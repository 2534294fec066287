/* Any bytes as a CSV file: every byte is taken, fields are of the text or shorter, and it makes no
 * difference where the text is cut while it is read. */
#include "dynamodb/api/csv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Rows, fields and wrong rows, and a sum of what is in them. */
struct outcome {
    size_t rows, fields, wrong;
    uint64_t sum;
};

static struct outcome read_all(struct str text, size_t step)
{
    struct outcome out = {0};
    struct arena arena;
    struct str rest = {text.data, step};
    struct csv_row row;
    arena_init(&arena);
    for (;;) {
        size_t taken = (size_t)(rest.data - text.data);
        if (rest.len > text.len - taken)
            rest.len = text.len - taken;
        bool is_last = taken + rest.len == text.len;
        enum csv_result result = csv_take(&arena, &rest, ',', is_last, &row);
        if (result == CSV_MORE && is_last)
            break;
        if (result == CSV_MORE)
            rest.len += step;
        out.rows += result == CSV_ROW;
        out.wrong += result == CSV_WRONG;
        for (size_t i = 0; result == CSV_ROW && i < row.count; i++) {
            out.fields++;
            out.sum = out.sum * 31 + str_hash(row.fields[i]);
        }
    }
    if (rest.len)
        abort();
    arena_clear(&arena);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    if (!size)
        text = S("");
    struct outcome whole = read_all(text, size), cut = read_all(text, 1);
    if (whole.rows != cut.rows || whole.fields != cut.fields || whole.wrong != cut.wrong ||
        whole.sum != cut.sum)
        abort();
    return 0;
}
