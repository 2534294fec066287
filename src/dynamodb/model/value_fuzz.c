/* Stored bytes from anywhere: what is taken as well formed must rebuild to the same bytes. */
#include "dynamodb/model/item.h"
#include "dynamodb/model/limits.h"
#include "dynamodb/model/number.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void rebuild(struct buf *out, struct value v)
{
    struct str rest = v.data, name;
    struct value child;
    if (v.type == VALUE_M) {
        while (value_next_member(&rest, &name, &child)) {
            require(value_equal(value_member(v.data, name), child));
            value_put_member(out, name, child);
        }
    } else if (v.type == VALUE_L) {
        while (value_take(&rest, &child))
            value_put(out, child);
    } else if (v.type == VALUE_SS || v.type == VALUE_NS || v.type == VALUE_BS) {
        while (value_next_element(&rest, &name)) {
            require(value_set_contains(v, name));
            value_put_element(out, name);
        }
    } else if (v.type == VALUE_N) {
        number_print(out, v.data);
        buf_reset(out);
        buf_add(out, v.data);
    } else {
        buf_add(out, v.data);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct value v = {(enum value_type)(data[0] % (VALUE_M + 1)),
                      {(const char *)data + 1, size - 1}};
    (void)value_count(v);
    struct item item;
    (void)item_load(v.data, &item);
    if (!value_is_wellformed(v))
        return 0;
    require(value_depth(v) <= LIMIT_NESTING + 1);
    (void)value_size(v);
    struct buf out;
    buf_init(&out, 1 << 24);
    rebuild(&out, v);
    require(str_eq(buf_str(&out), v.data));
    buf_clear(&out);
    return 0;
}
