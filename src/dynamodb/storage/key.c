/* Layouts, format 3. Numbers are big-endian, so that they sort; "…" is text.
 *
 *     item      'd' table(4) hash(8) partition sort?                      -> stored item
 *     index     'i' index(4) hash(8) partition+ sort* tie(8) table's key  -> projected item
 *     weight    'l' table(4) hash(8) partition                            -> collection.c
 *     backup    'a' backup(4)                                             -> backup.c
 *     content   'c' backup(4) hash(8) partition sort?                     -> stored item
 *     history   'h' table(4) hash(8) partition sort? moment(8)            -> history.c
 *     moment    'j' table(4) moment(8) hash(8) partition sort?            -> nothing
 *     progress  'p' backup or table(4)                                    -> key of the last item
 *     dropped   'o' table(4)                                              -> nothing
 *     record    'r' stream(4) shard(4) sequence(8)                        -> stream_log.c
 *     shard     'g' stream(4) shard(4)                                    -> shard.c
 *     stream    's' stream(4)                                             -> stream_log.c
 *     table     't' table(4)                                              -> catalog_codec.c
 *     backfill  'b' index(4)                                              -> key of the last item
 * done note      'n' name                                                  -> expiry(8) value
 *     expiry    'x' time(8) name                                          -> nothing
 *     meta      'm' "format" | "ids" | "records" | "counts" | "clean"     -> store.c
 *
 * A value inside a key:
 *
 *     N      the encoding of model/number.h, which sorts and is no prefix of another
 *     S, B   the bytes with 00 written as 00 FF, then 00 01
 *
 * 1. The end 00 01 is below anything that can follow in a longer value, so "a" sorts before "a\0"
 *    and "ab", and one value's keys never interleave with another's.
 * 2. All keys that begin with a value end before the same bytes with the last one raised: after
 *    00 01 comes 00 02, which no key holds. Ranges need no other kind of bound.
 * 3. A value that begins with p has, escaped, p escaped at its beginning, and no other has.
 *
 * The hash is the service's: MD5 over "Outliers" and the bytes of the partition key, as the
 * dynalite project found out; numbers enter it in the service's own form (number_hash_bytes). So a
 * Scan gives items in the service's order, and parallel segments are ranges of the hash. The tie
 * hash, over the table's whole key, orders index entries with equal index keys as the service does.
 */
#include "dynamodb/storage/key.h"

#include "base/encode.h"
#include "dynamodb/model/number.h"

#include <assert.h>
#include <string.h>

enum { ID_BYTES = 4, HASH_BYTES = 8, PREFIX_BYTES = 1 + ID_BYTES + HASH_BYTES };

/* A key being written, in memory reserved for the longest it can get. */
struct writer {
    char *start, *at, *end;
};

static struct writer begin(struct arena *a, size_t max_bytes)
{
    char *start = arena_alloc(a, max_bytes);
    return (struct writer){start, start, start + max_bytes};
}

static struct str finish(const struct writer *w)
{
    assert(w->at <= w->end);
    return (struct str){w->start, (size_t)(w->at - w->start)};
}

static void put_int(struct writer *w, uint64_t number, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        *w->at++ = (char)(number >> (8 * i));
}

static void put_bytes(struct writer *w, struct str s)
{
    if (s.len)
        memcpy(w->at, s.data, s.len);
    w->at += s.len;
}

static void put_escaped(struct writer *w, struct str s)
{
    while (s.len) {
        const char *zero = memchr(s.data, 0, s.len);
        size_t run = zero ? (size_t)(zero - s.data) : s.len;
        put_bytes(w, str_slice(s, 0, run));
        if (zero) {
            *w->at++ = 0;
            *w->at++ = (char)0xFF;
            run++;
        }
        s = str_from(s, run);
    }
}

static void put_value(struct writer *w, struct value v)
{
    if (v.type == VALUE_N) {
        put_bytes(w, v.data);
        return;
    }
    put_escaped(w, v.data);
    *w->at++ = 0;
    *w->at++ = 1;
}

static size_t max_value_bytes(struct value v)
{
    return 2 * v.data.len + 2;
}

static size_t max_values_bytes(const struct value *values, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += max_value_bytes(values[i]);
    return bytes;
}

static uint64_t take_int(const char *bytes, int count)
{
    uint64_t number = 0;
    for (int i = 0; i < count; i++)
        number = number << 8 | (uint8_t)bytes[i];
    return number;
}

/* -- small keys ---------------------------------------------------------------------------------
 */

struct str key_named(struct arena *a, enum key_space space, struct str name)
{
    struct writer w = begin(a, 1 + name.len);
    *w.at++ = (char)space;
    put_bytes(&w, name);
    return finish(&w);
}

struct str key_id(struct arena *a, enum key_space space, uint32_t id)
{
    struct writer w = begin(a, 1 + ID_BYTES);
    *w.at++ = (char)space;
    put_int(&w, id, ID_BYTES);
    return finish(&w);
}

uint32_t key_id_of(struct str key)
{
    return key.len < 1 + ID_BYTES ? 0 : (uint32_t)take_int(key.data + 1, ID_BYTES);
}

struct str key_expiry(struct arena *a, int64_t expires_ms, struct str name)
{
    struct writer w = begin(a, 1 + 8 + name.len);
    *w.at++ = SPACE_EXPIRY;
    put_int(&w, (uint64_t)expires_ms, 8);
    put_bytes(&w, name);
    return finish(&w);
}

bool key_expiry_parse(struct str key, int64_t *expires_ms, struct str *name)
{
    if (key.len < 1 + 8)
        return false;
    *expires_ms = (int64_t)take_int(key.data + 1, 8);
    *name = str_from(key, 1 + 8);
    return true;
}

struct str key_record(struct arena *a, uint32_t stream_id, uint32_t shard_id, uint64_t sequence)
{
    struct writer w = begin(a, 1 + 2 * ID_BYTES + 8);
    *w.at++ = SPACE_RECORD;
    put_int(&w, stream_id, ID_BYTES);
    put_int(&w, shard_id, ID_BYTES);
    put_int(&w, sequence, 8);
    return finish(&w);
}

uint64_t key_record_sequence(struct str key)
{
    assert(key.len == 1 + 2 * ID_BYTES + 8);
    return take_int(key.data + 1 + 2 * ID_BYTES, 8);
}

uint32_t key_record_shard(struct str key)
{
    assert(key.len == 1 + 2 * ID_BYTES + 8);
    return (uint32_t)take_int(key.data + 1 + ID_BYTES, ID_BYTES);
}

struct str key_shard(struct arena *a, uint32_t stream_id, uint32_t shard_id)
{
    struct writer w = begin(a, 1 + 2 * ID_BYTES);
    *w.at++ = SPACE_SHARD;
    put_int(&w, stream_id, ID_BYTES);
    put_int(&w, shard_id, ID_BYTES);
    return finish(&w);
}

uint32_t key_shard_id(struct str key)
{
    return key.len == 1 + 2 * ID_BYTES ? (uint32_t)take_int(key.data + 1 + ID_BYTES, ID_BYTES) : 0;
}

/* -- copies and history -------------------------------------------------------------------------
 */

enum { MOMENT_BYTES = 8 };

struct str key_rest(struct str item_key)
{
    return str_from(item_key, 1 + ID_BYTES);
}

struct str key_moved(struct arena *a, struct str key, enum key_space space, uint32_t id)
{
    struct str rest = key_rest(key);
    struct writer w = begin(a, 1 + ID_BYTES + rest.len);
    *w.at++ = (char)space;
    put_int(&w, id, ID_BYTES);
    put_bytes(&w, rest);
    return finish(&w);
}

struct str key_history(struct arena *a, struct str item_key, int64_t moment_us)
{
    struct str rest = key_rest(item_key);
    struct writer w = begin(a, 1 + ID_BYTES + rest.len + MOMENT_BYTES);
    *w.at++ = SPACE_HISTORY;
    put_int(&w, key_id_of(item_key), ID_BYTES);
    put_bytes(&w, rest);
    put_int(&w, (uint64_t)moment_us, MOMENT_BYTES);
    return finish(&w);
}

bool key_history_parse(struct str key, struct str *rest, int64_t *moment_us)
{
    if (key.len < PREFIX_BYTES + MOMENT_BYTES)
        return false;
    size_t end = key.len - MOMENT_BYTES;
    *rest = str_slice(key, 1 + ID_BYTES, end - (1 + ID_BYTES));
    *moment_us = (int64_t)take_int(key.data + end, MOMENT_BYTES);
    return true;
}

struct str key_moment(struct arena *a, struct str item_key, int64_t moment_us)
{
    struct str rest = key_rest(item_key);
    struct writer w = begin(a, 1 + ID_BYTES + MOMENT_BYTES + rest.len);
    *w.at++ = SPACE_MOMENT;
    put_int(&w, key_id_of(item_key), ID_BYTES);
    put_int(&w, (uint64_t)moment_us, MOMENT_BYTES);
    put_bytes(&w, rest);
    return finish(&w);
}

struct str key_moment_after(struct arena *a, uint32_t table_id, int64_t moment_us)
{
    struct writer w = begin(a, 1 + ID_BYTES + MOMENT_BYTES);
    *w.at++ = SPACE_MOMENT;
    put_int(&w, table_id, ID_BYTES);
    put_int(&w, (uint64_t)moment_us + 1, MOMENT_BYTES);
    return finish(&w);
}

bool key_moment_parse(struct str key, struct str *rest, int64_t *moment_us)
{
    if (key.len < PREFIX_BYTES + MOMENT_BYTES)
        return false;
    *moment_us = (int64_t)take_int(key.data + 1 + ID_BYTES, MOMENT_BYTES);
    *rest = str_from(key, 1 + ID_BYTES + MOMENT_BYTES);
    return true;
}

/* -- the hash -----------------------------------------------------------------------------------
 */

/* The number as the service hashes it: base 100, an exponent byte, digits one too high; negative
 * numbers complemented and ended by 102 when short. Zero is one byte 0x80. */
static struct str number_hash_bytes(struct arena *a, struct str encoded)
{
    struct buf text;
    buf_init(&text, 512);
    number_print(&text, encoded);
    struct str rest = buf_str(&text);
    bool is_negative = rest.len && rest.data[0] == '-';
    char digits[512];
    int count = 0, exponent = 0; /* value = 0.digits * 10^exponent */
    bool is_fraction = false;
    for (size_t i = is_negative; i < rest.len; i++) {
        char c = rest.data[i];
        if (c == '.') {
            is_fraction = true;
            continue;
        }
        if (count == 0 && c == '0') {
            exponent -= is_fraction;
            continue;
        }
        digits[count++] = (char)(c - '0');
        exponent += !is_fraction;
    }
    buf_clear(&text);
    while (count && digits[count - 1] == 0)
        count--;

    struct writer w = begin(a, 32);
    if (!count) {
        *w.at++ = (char)0x80;
        return finish(&w);
    }
    int pad = exponent & 1; /* an odd exponent puts a zero in front, so that pairs align */
    int head = (exponent + pad) / 2 - 64;
    *w.at++ = (char)(is_negative ? ~head : head);
    int pairs = (count + pad + 1) / 2;
    for (int i = 0; i < pairs; i++) {
        int high = 2 * i - pad, low = high + 1;
        int pair = (high >= 0 ? digits[high] * 10 : 0) + (low < count ? digits[low] : 0);
        *w.at++ = (char)(is_negative ? 101 - pair : pair + 1);
    }
    if (is_negative && pairs < 20)
        *w.at++ = 102;
    return finish(&w);
}

static struct str hash_bytes(struct arena *a, const struct value *values, size_t count)
{
    struct str all = {"", 0};
    for (size_t i = 0; i < count; i++) {
        struct str one =
            values[i].type == VALUE_N ? number_hash_bytes(a, values[i].data) : values[i].data;
        all = i ? arena_join(a, all, one) : one;
    }
    return all;
}

uint64_t key_hash(struct arena *a, const struct value *partition, size_t count)
{
    struct md5 md5 = md5_of(S("Outliers"), hash_bytes(a, partition, count));
    return take_int((const char *)md5.bytes, HASH_BYTES);
}

uint64_t key_partition_hash(struct str key)
{
    assert(key.len >= PREFIX_BYTES);
    return take_int(key.data + 1 + ID_BYTES, HASH_BYTES);
}

/* -- items and index entries --------------------------------------------------------------------
 */

void key_values(const struct key_attribute *schema, size_t count, struct str attributes,
                struct value *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = value_member(attributes, schema[i].name);
        assert(out[i].type == schema[i].type);
    }
}

static bool fits(const struct key_attribute *schema, size_t count, struct str attributes,
                 size_t max_bytes)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        struct value v = value_member(attributes, schema[i].name);
        if (v.type != schema[i].type || !v.data.len)
            return false;
        bytes += v.type == VALUE_N ? 0 : v.data.len;
    }
    return bytes <= max_bytes;
}

bool key_fits(const struct key_schema *schema, struct str attributes)
{
    return fits(schema->partition, schema->partition_count, attributes, LIMIT_PARTITION_KEY) &&
           fits(schema->sort, schema->sort_count, attributes, LIMIT_SORT_KEY);
}

static void put_prefix(struct writer *w, enum key_space space, uint32_t id, uint64_t hash)
{
    *w->at++ = (char)space;
    put_int(w, id, ID_BYTES);
    put_int(w, hash, HASH_BYTES);
}

struct str key_partition(struct arena *a, enum key_space space, uint32_t id,
                         const struct value *partition, size_t count, uint64_t *hash)
{
    *hash = key_hash(a, partition, count);
    struct writer w = begin(a, PREFIX_BYTES + max_values_bytes(partition, count));
    put_prefix(&w, space, id, *hash);
    for (size_t i = 0; i < count; i++)
        put_value(&w, partition[i]);
    return finish(&w);
}

/* Partition attributes first, then sort attributes. */
static size_t all_values(const struct key_schema *keys, struct str attributes, struct value *out)
{
    key_values(keys->partition, keys->partition_count, attributes, out);
    key_values(keys->sort, keys->sort_count, attributes, out + keys->partition_count);
    return (size_t)keys->partition_count + keys->sort_count;
}

struct str key_item(struct arena *a, uint32_t table_id, const struct key_schema *keys,
                    struct str attributes, uint64_t *hash)
{
    struct value values[2 * LIMIT_KEY_ATTRIBUTES];
    size_t count = all_values(keys, attributes, values);
    *hash = key_hash(a, values, keys->partition_count);
    struct writer w = begin(a, PREFIX_BYTES + max_values_bytes(values, count));
    put_prefix(&w, SPACE_ITEM, table_id, *hash);
    for (size_t i = 0; i < count; i++)
        put_value(&w, values[i]);
    return finish(&w);
}

struct str key_index_entry(struct arena *a, const struct key_schema *table_keys,
                           const struct index *index, struct str attributes)
{
    struct value own[2 * LIMIT_KEY_ATTRIBUTES], values[2 * LIMIT_KEY_ATTRIBUTES];
    size_t own_count = all_values(table_keys, attributes, own);
    size_t count = all_values(&index->keys, attributes, values);
    struct writer w = begin(a, PREFIX_BYTES + HASH_BYTES + max_values_bytes(own, own_count) +
                                   max_values_bytes(values, count));
    put_prefix(&w, SPACE_INDEX, index->id, key_hash(a, values, index->keys.partition_count));
    for (size_t i = 0; i < count; i++)
        put_value(&w, values[i]);
    put_int(&w, key_hash(a, own, own_count), HASH_BYTES);
    for (size_t i = 0; i < own_count; i++)
        put_value(&w, own[i]);
    return finish(&w);
}

struct str key_at_hash(struct arena *a, enum key_space space, uint32_t id, uint64_t hash)
{
    struct writer w = begin(a, PREFIX_BYTES);
    put_prefix(&w, space, id, hash);
    return finish(&w);
}

/* -- bounds -------------------------------------------------------------------------------------
 */

struct str key_with_value(struct arena *a, struct str key, struct value v)
{
    struct writer w = begin(a, key.len + max_value_bytes(v));
    put_bytes(&w, key);
    put_value(&w, v);
    return finish(&w);
}

struct str key_with_prefix(struct arena *a, struct str key, struct value v)
{
    assert(v.type == VALUE_S || v.type == VALUE_B);
    struct writer w = begin(a, key.len + max_value_bytes(v));
    put_bytes(&w, key);
    put_escaped(&w, v.data);
    return finish(&w);
}

struct str key_after(struct arena *a, struct str prefix)
{
    size_t len = prefix.len;
    while (len && (uint8_t)prefix.data[len - 1] == 0xFF)
        len--;
    if (!len)
        return (struct str){"", 0};
    struct writer w = begin(a, len);
    put_bytes(&w, str_slice(prefix, 0, len));
    w.at[-1] = (char)((uint8_t)w.at[-1] + 1);
    return finish(&w);
}

struct str key_successor(struct arena *a, struct str key)
{
    return arena_join(a, key, (struct str){"\0", 1});
}
