/* A NextToken is base64 of
 *
 *     MD5 of statement and parameters (16)  MD5 of that and the place (16)  place
 *     place = number of the read (varint)  key attributes of the last item read (an item's members)
 *
 * The first sum refuses a token of another statement, the second one that was damaged. Neither is
 * secret: a place that somebody makes up is checked like an ExclusiveStartKey, and can only name
 * another place of the same statement's reads. */
#include "base/encode.h"
#include "dynamodb/api/check.h"
#include "dynamodb/api/statement.h"

#include <string.h>

enum { SUM_BYTES = 16, PLACE_BYTES_MAX = 24 << 10 };

static struct md5 binding(const struct select *s)
{
    struct buf b;
    buf_init(&b, 4 * LIMIT_REQUEST_BODY);
    for (size_t i = 0; i < s->parameters->count; i++)
        value_put(&b, s->parameters->items[i].value);
    struct md5 sum = md5_of(s->text, S(""));
    struct md5 rest = md5_of(buf_str(&b), S(""));
    struct md5 both = md5_of((struct str){(const char *)sum.bytes, SUM_BYTES},
                             (struct str){(const char *)rest.bytes, SUM_BYTES});
    buf_clear(&b);
    return both;
}

static struct str sum_str(const struct md5 *sum)
{
    return (struct str){(const char *)sum->bytes, SUM_BYTES};
}

struct str next_token_of(struct op *op, const struct select *s)
{
    struct buf place, token, text;
    struct md5 bound = binding(s);
    buf_init(&place, PLACE_BYTES_MAX);
    buf_init(&token, 2 * PLACE_BYTES_MAX);
    buf_init(&text, 4 * PLACE_BYTES_MAX);
    varint_put(&place, (uint32_t)s->at);
    buf_add(&place, s->start_after);
    struct md5 sum = md5_of(sum_str(&bound), buf_str(&place));
    buf_add(&token, sum_str(&bound));
    buf_add(&token, sum_str(&sum));
    buf_add(&token, buf_str(&place));
    base64_encode(&text, buf_str(&token));
    struct str out = arena_str(op->arena, buf_str(&text));
    buf_clear(&place);
    buf_clear(&token);
    buf_clear(&text);
    return out;
}

static struct error *invalid_token(struct op *op)
{
    return invalid(op->arena, "Invalid NextToken");
}

/* The place behind the sums. */
static struct error *open_token(struct op *op, const struct select *s, struct str *place)
{
    char *bytes = arena_alloc(op->arena, s->token.len / 4 * 3 + 3);
    ptrdiff_t len = base64_decode(s->token, bytes);
    if (len < 2 * SUM_BYTES)
        return invalid_token(op);
    struct str token = {bytes, (size_t)len};
    struct str bound = str_slice(token, 0, SUM_BYTES);
    *place = str_from(token, (size_t)2 * SUM_BYTES);
    struct md5 sum = md5_of(bound, *place), expected = binding(s);
    if (!str_eq(sum_str(&sum), str_slice(token, SUM_BYTES, SUM_BYTES)))
        return invalid_token(op);
    if (!str_eq(bound, sum_str(&expected)))
        return invalid(op->arena, "NextToken does not match request");
    return NULL;
}

struct error *next_token_read(struct op *op, struct select *s)
{
    struct str place;
    TRY(open_token(op, s, &place));
    return next_token_place(op, s, place);
}

struct error *next_token_place(struct op *op, struct select *s, struct str place)
{
    uint32_t at;
    if (!varint_take(&place, &at) || at >= s->read_count)
        return invalid_token(op);
    if (!value_is_wellformed((struct value){VALUE_M, place}) || !place.len)
        return invalid_token(op);
    const struct item_input key = {.item = item_of(place), .is_given = true};
    const struct start_check start = {
        .table = s->table, .index = s->index, .key = key.item, .is_scan = s->is_scan};
    if (check_start_values(op->arena, &key) || check_start_partition(op->arena, &start) ||
        check_start_rest(op->arena, &start))
        return invalid_token(op);
    s->at = at;
    s->start_after = place;
    return NULL;
}
