/* TagResource, UntagResource, ListTagsOfResource.
 *
 * Source: API reference; AWS "Tagging resources", restrictions; words and order from recordings of
 * 2026. A request is checked whole before anything is set. */
#include "dynamodb/api/arn.h"
#include "dynamodb/api/control.h"

#include "base/vec.h"

#include <locale.h>
#include <wchar.h>
#include <wctype.h>

#define MAX_TAGS 50
#define MAX_KEY_CHARS 128
#define MAX_VALUE_CHARS 256
#define MAX_TAGS_BYTES 10240

typedef VEC(struct member) member_vec;

/* -- what a tag may be --------------------------------------------------------------------------
 */

/* Letters, digits and spaces of any script, and + - = . _ : / @. */
static bool is_tag_text(struct str text)
{
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
    if (!utf8)
        return true; /* of a system without the locale nothing is refused that might be right */
    locale_t before = uselocale(utf8);
    mbstate_t state = {0};
    bool is_fine = true;
    for (size_t i = 0; i < text.len && is_fine;) {
        wchar_t c;
        size_t used = mbrtowc(&c, text.data + i, text.len - i, &state);
        if (used == 0 || used > text.len)
            is_fine = false;
        else if (c < 0x80)
            is_fine = iswalnum((wint_t)c) || (c && wcschr(L" +-=._:/@", c));
        else /* C's classes leave out the spaces that do not break */
            is_fine = iswalnum((wint_t)c) || iswspace((wint_t)c) || c == 0xa0 || c == 0x202f;
        i += used;
    }
    uselocale(before);
    freelocale(utf8);
    return is_fine;
}

static struct error *refuse_text(struct arena *a, const char *what, struct str text)
{
    return invalid(a, "The Tag %s provided is invalid, %s: %.*s", what, what,
                   STR_ARG(text.data ? text : S("null")));
}

static struct error *check_key(struct arena *a, struct str key)
{
    if (!key.len || str_count_chars(key) > MAX_KEY_CHARS || !is_tag_text(key))
        return refuse_text(a, "Key", key);
    if (str_eq_nocase(str_slice(key, 0, 4), S("aws:")))
        return invalid(a, "Tag Key cannot be prefixed with aws:, Key: %.*s", STR_ARG(key));
    return NULL;
}

static struct error *check_tags(struct arena *a, const tag_list *tags)
{
    for (size_t i = 0; i < tags->count; i++) {
        const struct tag_input *tag = &tags->items[i];
        TRY(check_key(a, tag->key));
        if (!tag->value.data || str_count_chars(tag->value) > MAX_VALUE_CHARS ||
            !is_tag_text(tag->value))
            return refuse_text(a, "Value", tag->value);
        for (size_t j = 0; j < i; j++)
            if (str_eq(tag->key, tags->items[j].key))
                return invalid(a,
                               "Duplicate Tag Keys provided as input: Duplicate Tag Key found "
                               "%.*s",
                               STR_ARG(tag->key));
    }
    return NULL;
}

static struct error *check_count(struct arena *a, size_t count)
{
    if (count <= MAX_TAGS)
        return NULL;
    return invalid(a, "Number of Tags exceed the current limit for the provided ResourceArn");
}

static struct error *check_set(struct arena *a, const member_vec *tags)
{
    size_t bytes = 0;
    TRY(check_count(a, tags->count));
    for (size_t i = 0; i < tags->count; i++)
        bytes += tags->items[i].name.len + tags->items[i].value.data.len;
    if (bytes <= MAX_TAGS_BYTES)
        return NULL;
    return invalid(a, "Tag set size %zu bytes is above max size limit of %d bytes", bytes,
                   MAX_TAGS_BYTES);
}

/* -- setting ------------------------------------------------------------------------------------
 */

static void set_tag(struct arena *a, member_vec *tags, const struct tag_input *tag)
{
    struct member member = {tag->key, {VALUE_S, tag->value}};
    for (size_t i = 0; i < tags->count; i++)
        if (str_eq(tags->items[i].name, tag->key)) {
            tags->items[i] = member;
            return;
        }
    VEC_PUSH(a, tags, member);
}

struct error *tags_define(struct arena *a, const tag_list *tags, struct table *out)
{
    member_vec members = {0};
    TRY(check_count(a, tags->count));
    TRY(check_tags(a, tags));
    for (size_t i = 0; i < tags->count; i++)
        set_tag(a, &members, &tags->items[i]);
    TRY(check_set(a, &members));
    out->tags = members.items;
    out->tag_count = members.count;
    return NULL;
}

static struct error *store_tags(struct op *op, const struct table *t, const member_vec *tags)
{
    struct table changed = *t;
    const struct table *stored;
    uint64_t sequence;
    changed.tags = tags->items;
    changed.tag_count = tags->count;
    TRY(catalog_update(op->store, op->arena, &changed, &stored, &sequence));
    op_depends(op, sequence);
    op->answers_nothing = true;
    return NULL;
}

/* -- the table of an ARN ------------------------------------------------------------------------
 */

static struct error *check_arn(struct op *op, struct str text, struct resource_arn *arn)
{
    if (!text.data)
        return invalid(op->arena, "Invalid TableArn");
    TRY(resource_arn_parse(op->arena, text, arn));
    if (!str_eq(arn->partition, S("aws")) || !str_eq(arn->region, op->region))
        return invalid(op->arena, "Invalid TableArn: Invalid ResourceArn provided as input %.*s",
                       STR_ARG(text));
    if (!str_eq(arn->account, op->account_id))
        return error_new(op->arena, &error_AccessDeniedException, "Access is denied");
    return NULL;
}

/* Tags of streams are not kept: only tables have them here. NULL: there is none. */
static const struct table *find_table(struct op *op, const struct resource_arn *arn)
{
    return arn->stream.len ? NULL : catalog_find(op->store, arn->table);
}

static struct error *not_found(struct op *op, const struct resource_arn *arn)
{
    return error_new(op->arena, &error_ResourceNotFoundException,
                     "Requested resource not found: ResourceArn: %.*s not found",
                     STR_ARG(arn->text));
}

/* -- the operations -----------------------------------------------------------------------------
 */

static struct error *refuse_null(struct op *op, const char *member)
{
    return invalid(op->arena,
                   "1 validation error detected: Value null at '%s' failed to satisfy constraint: "
                   "Member must not be null",
                   member);
}

struct error *run_tag_resource(struct op *op)
{
    const struct tag_resource_input *in = op->input;
    struct resource_arn arn;
    member_vec tags = {0};
    if (in->resource_arn.data && !in->tags.is_given)
        return refuse_null(op, "tags");
    TRY(check_arn(op, in->resource_arn, &arn));
    if (!in->tags.count)
        return invalid(op->arena, "Atleast one Tag needs to be provided as Input.");
    TRY(check_count(op->arena, in->tags.count));
    TRY(check_tags(op->arena, &in->tags));
    const struct table *t = find_table(op, &arn);
    if (!t)
        return not_found(op, &arn);
    for (size_t i = 0; i < t->tag_count; i++)
        VEC_PUSH(op->arena, &tags, t->tags[i]);
    for (size_t i = 0; i < in->tags.count; i++)
        set_tag(op->arena, &tags, &in->tags.items[i]);
    TRY(check_set(op->arena, &tags));
    return store_tags(op, t, &tags);
}

static bool is_named(const string_list *keys, struct str key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (str_eq(keys->items[i], key))
            return true;
    return false;
}

struct error *run_untag_resource(struct op *op)
{
    const struct untag_resource_input *in = op->input;
    struct resource_arn arn;
    member_vec tags = {0};
    if (in->resource_arn.data && !in->tag_keys.is_given)
        return refuse_null(op, "tagKeys");
    TRY(check_arn(op, in->resource_arn, &arn));
    if (!in->tag_keys.count)
        return invalid(op->arena, "Atleast one Tag Key needs to be provided as Input.");
    TRY(check_count(op->arena, in->tag_keys.count));
    for (size_t i = 0; i < in->tag_keys.count; i++)
        TRY(check_key(op->arena, in->tag_keys.items[i]));
    const struct table *t = find_table(op, &arn);
    if (!t)
        return not_found(op, &arn);
    for (size_t i = 0; i < t->tag_count; i++)
        if (!is_named(&in->tag_keys, t->tags[i].name))
            VEC_PUSH(op->arena, &tags, t->tags[i]);
    return store_tags(op, t, &tags);
}

/* A table that is not there cannot be told from another account's by those who do not know their
 * own: to the account of zeros, which is nobody's, every ARN is foreign. */
static struct error *not_listed(struct op *op, const struct resource_arn *arn)
{
    if (!str_eq(op->account_id, S("000000000000")))
        return not_found(op, arn);
    return error_new(op->arena, &error_AccessDeniedException, "Access is denied");
}

/* All on one page: the service has no second for the fifty that there may be. */
struct error *run_list_tags_of_resource(struct op *op)
{
    const struct list_tags_input *in = op->input;
    struct resource_arn arn;
    TRY(check_arn(op, in->resource_arn, &arn));
    const struct table *t = find_table(op, &arn);
    if (!t)
        return not_listed(op, &arn);
    if (in->next_token.data)
        return invalid(op->arena, "Invalid NextToken provided");
    json_key(op->reply, S("Tags"));
    json_begin_array(op->reply);
    for (size_t i = 0; i < t->tag_count; i++) {
        json_begin_object(op->reply);
        json_key(op->reply, S("Key")), json_str(op->reply, t->tags[i].name);
        json_key(op->reply, S("Value")), json_str(op->reply, t->tags[i].value.data);
        json_end_object(op->reply);
    }
    json_end_array(op->reply);
    return NULL;
}
