/* TagResource, UntagResource, ListTagsOfResource.
 *
 * Source: API reference; AWS "Tagging resources", restrictions; words from recordings (dynalite).
 */
#include "dynamodb/api/control.h"

#include "base/vec.h"

#define MAX_TAGS 50
#define TAGS_ON_PAGE 10

typedef VEC(struct member) member_vec;

static struct error *refuse_access(struct op *op, struct str arn, const char *action)
{
    return error_new(op->arena, &error_AccessDeniedException,
                     "User: arn:aws:iam::%.*s:root is not authorized to perform: dynamodb:%s on "
                     "resource: %.*s",
                     STR_ARG(op->account_id), action, STR_ARG(arn));
}

/* The table that an ARN names. */
static struct error *tagged_table(struct op *op, struct str arn, const struct table **out)
{
    if (!arn.data)
        return invalid(op->arena, "Invalid TableArn");
    struct str name = table_name_of(arn);
    if (!str_starts(arn, S("arn:aws:dynamodb:")) || name.len < 3 || name.data == arn.data)
        return invalid(op->arena, "Invalid TableArn: Invalid ResourceArn provided as input %.*s",
                       STR_ARG(arn));
    *out = catalog_find(op->store, name);
    if (*out)
        return NULL;
    return error_new(op->arena, &error_ResourceNotFoundException,
                     "Requested resource not found: ResourcArn: %.*s not found", STR_ARG(arn));
}

static struct error *refuse_null(struct op *op, const char *member)
{
    return invalid(op->arena,
                   "1 validation error detected: Value null at '%s' failed to satisfy constraint: "
                   "Member must not be null",
                   member);
}

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

static struct error *check_tags(struct arena *a, const tag_list *tags)
{
    for (size_t i = 0; i < tags->count; i++) {
        if (str_starts(tags->items[i].key, S("aws:")))
            return invalid(a, "One or more parameter values were invalid: Tag keys starting with "
                              "'aws:' are reserved for system use");
        for (size_t j = 0; j < i; j++)
            if (str_eq(tags->items[i].key, tags->items[j].key))
                return invalid(a,
                               "One or more parameter values were invalid: Duplicate tag keys "
                               "found: [%.*s]",
                               STR_ARG(tags->items[i].key));
    }
    return NULL;
}

static struct error *check_count(struct arena *a, size_t count)
{
    if (count <= MAX_TAGS)
        return NULL;
    return error_new(a, &error_LimitExceededException,
                     "The number of tags exceeds the limit of %d tags for a resource", MAX_TAGS);
}

struct error *tags_define(struct arena *a, const tag_list *tags, struct table *out)
{
    member_vec members = {0};
    TRY(check_tags(a, tags));
    TRY(check_count(a, tags->count));
    for (size_t i = 0; i < tags->count; i++)
        set_tag(a, &members, &tags->items[i]);
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
    return NULL;
}

struct error *run_tag_resource(struct op *op)
{
    const struct tag_resource_input *in = op->input;
    const struct table *t;
    member_vec tags = {0};
    if (in->resource_arn.data && !in->tags.is_given)
        return refuse_null(op, "tags");
    if (in->resource_arn.data && !in->tags.count)
        return invalid(op->arena, "Atleast one Tag needs to be provided as Input.");
    TRY(tagged_table(op, in->resource_arn, &t));
    TRY(check_tags(op->arena, &in->tags));
    for (size_t i = 0; i < t->tag_count; i++)
        VEC_PUSH(op->arena, &tags, t->tags[i]);
    for (size_t i = 0; i < in->tags.count; i++)
        set_tag(op->arena, &tags, &in->tags.items[i]);
    TRY(check_count(op->arena, tags.count));
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
    const struct table *t;
    member_vec tags = {0};
    if (in->resource_arn.data && !in->tag_keys.is_given)
        return refuse_null(op, "tagKeys");
    if (in->resource_arn.data && !in->tag_keys.count)
        return invalid(op->arena, "Atleast one Tag Key needs to be provided as Input.");
    TRY(tagged_table(op, in->resource_arn, &t));
    for (size_t i = 0; i < t->tag_count; i++)
        if (!is_named(&in->tag_keys, t->tags[i].name))
            VEC_PUSH(op->arena, &tags, t->tags[i]);
    return store_tags(op, t, &tags);
}

/* Pages of ten, as the service has them; the token is where the next begins. */
struct error *run_list_tags_of_resource(struct op *op)
{
    const struct list_tags_input *in = op->input;
    const struct table *t;
    uint64_t first = 0;
    struct error *error = tagged_table(op, in->resource_arn, &t);
    if (error && error->kind == &error_ResourceNotFoundException)
        return refuse_access(op, in->resource_arn, "ListTagsOfResource");
    TRY(error);
    if (in->next_token.data && !str_to_u64(in->next_token, MAX_TAGS, &first))
        return invalid(op->arena, "Invalid NextToken provided");
    json_key(op->reply, S("Tags"));
    json_begin_array(op->reply);
    uint64_t end = first + TAGS_ON_PAGE < t->tag_count ? first + TAGS_ON_PAGE : t->tag_count;
    for (uint64_t i = first; i < end; i++) {
        json_begin_object(op->reply);
        json_key(op->reply, S("Key")), json_str(op->reply, t->tags[i].name);
        json_key(op->reply, S("Value")), json_str(op->reply, t->tags[i].value.data);
        json_end_object(op->reply);
    }
    json_end_array(op->reply);
    if (end < t->tag_count) {
        json_key(op->reply, S("NextToken"));
        json_str(op->reply, arena_printf(op->arena, "%llu", (unsigned long long)end));
    }
    return NULL;
}
