/* An iterator's payload, big-endian, 33 bytes:
 *
 *     1  flags: bit 0 trim horizon
 *     4  stream id      4  shard id
 *     8  next sequence  8  issued (Unix ms)
 *     8  first bytes of the MD5 of the ARN and all before: what was cut or patched does not pass */
#include "dynamodb/api/position.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "dynamodb/model/schema.h"

#include <inttypes.h>
#include <string.h>

#define LABEL_CHARS 23 /* "2026-11-20T22:31:07.012" */
#define PAYLOAD_BYTES 33
#define CHECKED_BYTES 25

/* -- streams ------------------------------------------------------------------------------------
 */

static bool label_parse(struct str label, int64_t *created_ms)
{
    char stamp[CLOCK_STAMP_BYTES];
    int64_t time_us;
    if (label.len != LABEL_CHARS)
        return false;
    memcpy(stamp, label.data, LABEL_CHARS);
    memcpy(stamp + LABEL_CHARS, "000+00:00", 9);
    if (!clock_parse_stamp((struct str){stamp, LABEL_CHARS + 9}, &time_us))
        return false;
    *created_ms = time_us / 1000;
    return true;
}

bool stream_arn_parse(struct str arn, struct stream_name *out)
{
    struct str part, rest = arn;
    static const struct str expected[] = {STR_INIT("arn"), STR_INIT("aws"), STR_INIT("dynamodb")};
    for (size_t i = 0; i < countof(expected); i++)
        if (!str_cut(&rest, ':', &part) || !str_eq(part, expected[i]))
            return false;
    if (!str_cut(&rest, ':', &part) || !str_cut(&rest, ':', &part)) /* region, account */
        return false;
    if (!str_cut(&rest, '/', &part) || !str_eq(part, S("table")) ||
        !str_cut(&rest, '/', &out->table_name) || !str_cut(&rest, '/', &part) ||
        !str_eq(part, S("stream")))
        return false;
    return label_parse(rest, &out->created_ms);
}

struct str stream_arn(struct arena *a, struct str region, struct str account,
                      const struct stream_name *name)
{
    struct str label = stream_label(a, name->created_ms);
    return arena_printf(a, "arn:aws:dynamodb:%.*s:%.*s:table/%.*s/stream/%.*s", STR_ARG(region),
                        STR_ARG(account), STR_ARG(name->table_name), STR_ARG(label));
}

/* -- shards, sequence numbers -------------------------------------------------------------------
 */

struct str shard_name(struct arena *a, const struct shard *shard)
{
    return arena_printf(a, "shardId-%020" PRId64 "-%08" PRIx32, shard->created_ms, shard->id);
}

bool shard_name_parse(struct str name, uint32_t *id)
{
    const size_t head = 8 + 20 + 1;
    uint64_t created_ms;
    char bytes[4];
    if (name.len != head + 8 || !str_starts(name, S("shardId-")) || name.data[head - 1] != '-' ||
        !str_to_u64(str_slice(name, 8, 20), INT64_MAX, &created_ms) ||
        hex_decode(str_from(name, head), bytes) != 4)
        return false;
    *id = 0;
    for (size_t i = 0; i < 4; i++)
        *id = *id << 8 | (uint8_t)bytes[i];
    return true;
}

struct str sequence_name(struct arena *a, uint64_t sequence)
{
    return arena_printf(a, "1%020" PRIu64, sequence);
}

bool sequence_name_parse(struct str name, uint64_t *sequence)
{
    return name.len == 21 && name.data[0] == '1' &&
           str_to_u64(str_from(name, 1), UINT64_MAX, sequence);
}

/* -- iterators ----------------------------------------------------------------------------------
 */

static void put_be(char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (char)(value >> 8 * (bytes - 1 - i));
}

static uint64_t get_be(const char *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | (uint8_t)at[i];
    return value;
}

struct str iterator_name(struct arena *a, const struct iterator *it)
{
    char payload[PAYLOAD_BYTES];
    payload[0] = it->is_trim_horizon ? 1 : 0;
    put_be(payload + 1, it->stream_id, 4);
    put_be(payload + 5, it->shard_id, 4);
    put_be(payload + 9, it->next, 8);
    put_be(payload + 17, (uint64_t)it->issued_ms, 8);
    struct md5 sum = md5_of(it->stream_arn, (struct str){payload, CHECKED_BYTES});
    memcpy(payload + CHECKED_BYTES, sum.bytes, PAYLOAD_BYTES - CHECKED_BYTES);
    struct buf b;
    buf_init(&b, it->stream_arn.len + 64);
    buf_add(&b, it->stream_arn);
    buf_add(&b, S("|1|"));
    base64_encode(&b, (struct str){payload, sizeof payload});
    struct str name = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return name;
}

bool iterator_parse(struct arena *a, struct str name, struct iterator *out)
{
    struct str rest = name, version;
    *out = (struct iterator){0};
    if (!str_cut(&rest, '|', &out->stream_arn) || !str_cut(&rest, '|', &version) ||
        !str_eq(version, S("1")))
        return false;
    char *payload = arena_alloc(a, rest.len / 4 * 3 + 3);
    if (base64_decode(rest, payload) != PAYLOAD_BYTES)
        return false;
    struct md5 sum = md5_of(out->stream_arn, (struct str){payload, CHECKED_BYTES});
    if (memcmp(sum.bytes, payload + CHECKED_BYTES, PAYLOAD_BYTES - CHECKED_BYTES) != 0)
        return false;
    out->is_trim_horizon = payload[0] & 1;
    out->stream_id = (uint32_t)get_be(payload + 1, 4);
    out->shard_id = (uint32_t)get_be(payload + 5, 4);
    out->next = get_be(payload + 9, 8);
    out->issued_ms = (int64_t)get_be(payload + 17, 8);
    return true;
}
