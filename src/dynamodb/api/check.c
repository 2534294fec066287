#include "dynamodb/api/check.h"

#include "dynamodb/model/errors.h"

static struct error *no_match(struct arena *a)
{
    return invalid(a, "The provided key element does not match the schema");
}

static bool is_empty(struct value v)
{
    return (v.type == VALUE_S || v.type == VALUE_B) && v.data.len == 0;
}

static const char *empty_kind(struct value v)
{
    return v.type == VALUE_S ? "string" : "binary";
}

/* What a key attribute counts against its limit. */
static size_t key_size(struct value v)
{
    return v.type == VALUE_N ? 0 : v.data.len;
}

static struct error *check_key_sizes(struct arena *a, const struct key_schema *keys,
                                     struct str attributes)
{
    size_t partition = 0, sort = 0;
    for (size_t i = 0; i < keys->partition_count; i++)
        partition += key_size(value_member(attributes, keys->partition[i].name));
    for (size_t i = 0; i < keys->sort_count; i++)
        sort += key_size(value_member(attributes, keys->sort[i].name));
    if (partition > LIMIT_PARTITION_KEY)
        return invalid(a, "One or more parameter values were invalid: Size of hashkey has exceeded "
                          "the maximum size limit of2048 bytes");
    if (sort > LIMIT_SORT_KEY)
        return invalid(a, "One or more parameter values were invalid: Aggregated size of all range "
                          "keys has exceeded the size limit of 1024 bytes");
    return NULL;
}

static size_t key_count(const struct key_schema *keys)
{
    return (size_t)keys->partition_count + keys->sort_count;
}

static const struct key_attribute *key_at(const struct key_schema *keys, size_t i)
{
    return i < keys->partition_count ? &keys->partition[i] : &keys->sort[i - keys->partition_count];
}

static struct error *empty_key(struct arena *a, struct str name, struct value v)
{
    return invalid(a,
                   "One or more parameter values are not valid. The AttributeValue for a key "
                   "attribute cannot contain an empty %s value. Key: %.*s",
                   empty_kind(v), STR_ARG(name));
}

struct error *check_key(struct arena *a, const struct table *t, struct item key)
{
    const struct key_schema *keys = &t->keys;
    if (value_count((struct value){VALUE_M, key.attributes}) != key_count(keys))
        return no_match(a);
    for (size_t i = 0; i < key_count(keys); i++) {
        const struct key_attribute *k = key_at(keys, i);
        struct value v = value_member(key.attributes, k->name);
        if (v.type != k->type)
            return no_match(a);
        if (is_empty(v))
            return empty_key(a, k->name, v);
    }
    return check_key_sizes(a, keys, key.attributes);
}

/* -- items --------------------------------------------------------------------------------------
 */

static struct error *check_item_key(struct arena *a, const struct table *t, struct item item)
{
    const struct key_schema *keys = &t->keys;
    for (size_t i = 0; i < key_count(keys); i++) {
        const struct key_attribute *k = key_at(keys, i);
        struct value v = value_member(item.attributes, k->name);
        if (v.type == VALUE_NONE)
            return invalid(
                a, "One or more parameter values were invalid: Missing the key %.*s in the item",
                STR_ARG(k->name));
        if (v.type != k->type)
            return invalid(a,
                           "One or more parameter values were invalid: Type mismatch for key %.*s "
                           "expected: %.*s actual: %.*s",
                           STR_ARG(k->name), STR_ARG(value_type_name(k->type)),
                           STR_ARG(value_type_name(v.type)));
        if (is_empty(v))
            return empty_key(a, k->name, v);
    }
    return check_key_sizes(a, keys, item.attributes);
}

/* A key attribute of an index that holds what no index can. */
struct bad_index_key {
    const struct index *index;
    const struct key_attribute *key;
    struct value value;
};

/* The service names the first index by name when several share the attribute. Attributes that are
 * the same in `old` were there before the index was, and are left alone. */
static struct bad_index_key find_bad_index_key(const struct table *t, struct item old,
                                               struct item item)
{
    struct bad_index_key bad = {0};
    for (size_t i = 0; i < t->index_count; i++) {
        const struct index *index = &t->indexes[i];
        if (bad.index && str_compare(bad.index->name, index->name) <= 0)
            continue;
        for (size_t k = 0; k < key_count(&index->keys); k++) {
            const struct key_attribute *key = key_at(&index->keys, k);
            struct value v = value_member(item.attributes, key->name);
            if (v.type == VALUE_NONE || (v.type == key->type && !is_empty(v)))
                continue;
            if (item_exists(old) && value_equal(value_member(old.attributes, key->name), v))
                continue;
            bad = (struct bad_index_key){index, key, v};
            break;
        }
    }
    return bad;
}

/* Several attributes of one kind have their limit together. */
static struct error *check_aggregate(struct arena *a, const struct index *index, bool is_partition,
                                     struct str attributes)
{
    const struct key_attribute *keys = is_partition ? index->keys.partition : index->keys.sort;
    size_t count = is_partition ? index->keys.partition_count : index->keys.sort_count;
    size_t limit = is_partition ? LIMIT_PARTITION_KEY : LIMIT_SORT_KEY, size = 0;
    for (size_t i = 0; i < count; i++)
        size += value_size(value_member(attributes, keys[i].name));
    if (size <= limit)
        return NULL;
    struct str list = S("");
    for (size_t i = 0; i < count; i++)
        list = arena_printf(a, "%.*s%s%.*s", STR_ARG(list), i ? ", " : "", STR_ARG(keys[i].name));
    return invalid(a,
                   "Aggregate size for %s key attributes %.*s of index %.*s has exceeded limit %zu "
                   "bytes, with actual size %zu bytes",
                   is_partition ? "HASH" : "RANGE", STR_ARG(list), STR_ARG(index->name), limit,
                   size);
}

static struct error *check_index_sizes(struct arena *a, const struct table *t, struct item item)
{
    for (size_t i = 0; i < t->index_count; i++) {
        const struct index *index = &t->indexes[i];
        if (index->keys.partition_count > 1)
            TRY(check_aggregate(a, index, true, item.attributes));
        if (index->keys.sort_count > 1)
            TRY(check_aggregate(a, index, false, item.attributes));
        TRY(check_key_sizes(a, &index->keys, item.attributes));
    }
    return NULL;
}

static struct error *bad_index_key(struct arena *a, const struct bad_index_key *bad)
{
    if (bad->value.type != bad->key->type)
        return invalid(a,
                       "One or more parameter values were invalid: Type mismatch for Index Key "
                       "%.*s Expected: %.*s Actual: %.*s IndexName: %.*s",
                       STR_ARG(bad->key->name), STR_ARG(value_type_name(bad->key->type)),
                       STR_ARG(value_type_name(bad->value.type)), STR_ARG(bad->index->name));
    return invalid(a,
                   "One or more parameter values are not valid. A value specified for a secondary "
                   "index key is not supported. The AttributeValue for a key attribute cannot "
                   "contain an empty %s value. IndexName: %.*s, IndexKey: %.*s",
                   empty_kind(bad->value), STR_ARG(bad->index->name), STR_ARG(bad->key->name));
}

struct error *check_item(struct arena *a, const struct table *t, struct item item)
{
    TRY(check_item_key(a, t, item));
    if (!t->index_count)
        return NULL;
    struct bad_index_key bad = find_bad_index_key(t, (struct item){0}, item);
    if (bad.index)
        return bad_index_key(a, &bad);
    return check_index_sizes(a, t, item);
}

struct error *check_item_size(struct arena *a, struct item item)
{
    if (item.size_bytes > LIMIT_ITEM)
        return invalid(a, "Item size has exceeded the maximum allowed size");
    return NULL;
}

struct error *check_updated_size(struct arena *a, size_t bytes)
{
    if (bytes > LIMIT_ITEM)
        return invalid(a, "Item size to update has exceeded the maximum allowed size");
    return NULL;
}

struct error *check_updated(struct arena *a, const struct update_check *update)
{
    const struct table *t = update->table;
    TRY(check_updated_size(a, update->updated.size_bytes));
    if (!t->index_count)
        return NULL;
    struct bad_index_key bad = find_bad_index_key(t, update->old, update->updated);
    if (bad.index && !update->is_expression)
        return bad_index_key(a, &bad);
    if (bad.index && bad.value.type != bad.key->type)
        return invalid(a, "The update expression attempted to update the secondary index key to "
                          "unsupported type");
    if (bad.index)
        return invalid(a,
                       "One or more parameter values are not valid. The update expression "
                       "attempted to update a secondary index key to a value that is not "
                       "supported. The AttributeValue for a key attribute cannot contain an empty "
                       "%s value.",
                       empty_kind(bad.value));
    return check_index_sizes(a, t, update->updated);
}

/* -- expressions and keys ------------------------------------------------------------------------
 */

static struct error *not_scalar(struct arena *a, const char *what, struct str name)
{
    return invalid(a,
                   "Key attributes must be scalars; list random access '[]' and map lookup '.' are "
                   "not allowed: %s: %.*s",
                   what, STR_ARG(name));
}

struct error *check_scalar_keys(struct arena *a, const struct table *t,
                                const struct bound *expression)
{
    if (!expression)
        return NULL;
    for (size_t i = 0; i < key_count(&t->keys); i++)
        if (expr_looks_inside(expression, key_at(&t->keys, i)->name))
            return not_scalar(a, "Key", key_at(&t->keys, i)->name);
    for (size_t i = 0; i < t->index_count; i++) {
        const struct key_schema *keys = &t->indexes[i].keys;
        for (size_t k = 0; k < key_count(keys); k++)
            if (expr_looks_inside(expression, key_at(keys, k)->name))
                return not_scalar(a, "IndexKey", key_at(keys, k)->name);
    }
    return NULL;
}

/* The first index by name with a key attribute that the update gives another type. */
static struct bad_index_key find_bad_target(const struct table *t, const struct bound *update)
{
    struct bad_index_key bad = {0};
    for (size_t i = 0; i < t->index_count; i++) {
        const struct index *index = &t->indexes[i];
        if (bad.index && str_compare(bad.index->name, index->name) <= 0)
            continue;
        for (size_t k = 0; k < key_count(&index->keys); k++) {
            const struct key_attribute *key = key_at(&index->keys, k);
            enum value_type type = update_writes_type(update, key->name);
            if (type != VALUE_NONE && type != key->type)
                bad = (struct bad_index_key){index, key, {.type = type}};
        }
    }
    return bad;
}

struct error *check_update_targets(struct arena *a, const struct table *t,
                                   const struct bound *update)
{
    if (!update)
        return NULL;
    for (size_t i = 0; i < key_count(&t->keys); i++)
        if (update_touches(update, key_at(&t->keys, i)->name))
            return invalid(a,
                           "One or more parameter values were invalid: Cannot update attribute "
                           "%.*s. This attribute is part of the key",
                           STR_ARG(key_at(&t->keys, i)->name));
    struct bad_index_key bad = find_bad_target(t, update);
    if (bad.index)
        return bad_index_key(a, &bad);
    return check_scalar_keys(a, t, update);
}

/* -- where a range starts -----------------------------------------------------------------------
 */

static struct error *bad_start(struct arena *a)
{
    return invalid(a, "The provided starting key is invalid");
}

struct error *check_start_values(struct arena *a, const struct item_input *key)
{
    /* As it happens, the service says which key it was for some of the messages only. */
    static const struct str plain[] = {STR_INIT("contains duplicates"), STR_INIT("number set"),
                                       STR_INIT("numeric value"), STR_INIT("significant digits"),
                                       STR_INIT("number with magnitude")};
    if (!key->error)
        return NULL;
    for (size_t i = 0; i < countof(plain); i++)
        if (str_contains(key->error->message, plain[i]))
            return key->error;
    return invalid(a, "The provided starting key is invalid: %.*s", STR_ARG(key->error->message));
}

static size_t start_key_count(const struct start_check *start)
{
    const struct table *t = start->table;
    size_t count = key_count(&t->keys);
    if (!start->index)
        return count;
    for (size_t i = 0; i < key_count(&start->index->keys); i++)
        if (!table_has_key(t, key_at(&start->index->keys, i)->name))
            count++;
    return count;
}

/* The attributes [first, end) of the key that the range is ordered by. */
static struct error *check_start_attributes(struct arena *a, const struct start_check *start,
                                            size_t first, size_t end)
{
    const struct key_schema *keys = start->index ? &start->index->keys : &start->table->keys;
    for (size_t i = first; i < end; i++) {
        const struct key_attribute *k = key_at(keys, i);
        struct value v = value_member(start->key.attributes, k->name);
        if (v.type == VALUE_NONE)
            return bad_start(a);
        if (v.type != k->type)
            return no_match(a);
        if (is_empty(v))
            return empty_key(a, k->name, v);
    }
    return NULL;
}

struct error *check_start_partition(struct arena *a, const struct start_check *start)
{
    const struct key_schema *keys = start->index ? &start->index->keys : &start->table->keys;
    size_t count = value_count((struct value){VALUE_M, start->key.attributes});
    bool is_plain_scan = start->is_scan && !start->index;
    if (count != start_key_count(start))
        return is_plain_scan ? invalid(a, "The provided starting key is invalid: The provided key "
                                          "element does not match the schema")
                             : bad_start(a);
    /* A scan of the table itself is told of its key as a whole. */
    if (is_plain_scan)
        return NULL;
    size_t end = start->is_scan ? key_count(keys) : keys->partition_count;
    return check_start_attributes(a, start, 0, end);
}

struct error *check_start_rest(struct arena *a, const struct start_check *start)
{
    const struct key_schema *keys = start->index ? &start->index->keys : &start->table->keys;
    if (!start->is_scan || start->index) {
        TRY(check_start_attributes(a, start, keys->partition_count, key_count(keys)));
        TRY(check_key_sizes(a, keys, start->key.attributes));
    }
    struct str key = key_of_item(a, start->table, start->key.attributes);
    struct error *e = check_key(a, start->table, item_of(key));
    if (!e)
        return NULL;
    return invalid(a, "The provided starting key is invalid: %.*s", STR_ARG(e->message));
}

struct str key_of_item(struct arena *a, const struct table *t, struct str attributes)
{
    struct member members[2 * LIMIT_KEY_ATTRIBUTES];
    size_t count = 0;
    for (size_t i = 0; i < key_count(&t->keys); i++) {
        const struct key_attribute *k = key_at(&t->keys, i);
        struct value v = value_member(attributes, k->name);
        if (v.type != VALUE_NONE)
            members[count++] = (struct member){k->name, v};
    }
    struct buf out;
    buf_init(&out, LIMIT_REQUEST_BODY);
    members_build(&out, members, count);
    struct str key = arena_str(a, buf_str(&out));
    buf_clear(&out);
    return key;
}
