#include "dynamodb/api/arn.h"

#define WRONG "One or more parameter values were invalid: "

static struct error *malformed(struct arena *a, const char *what, struct str text)
{
    return invalid(a, WRONG "%s: %.*s", what, STR_ARG(text));
}

/* The colons are counted as the service's own reader of ARNs counts them. */
static struct error *cut_parts(struct arena *a, struct resource_arn *arn, struct str *rest)
{
    static const char *const missing[] = {
        "Second colon partition not found",
        "Third colon vendor not found",
        "Fourth colon (region/namespace delimiter) not found",
        "Fifth colon (namespace/relative-id delimiter) not found",
    };
    struct str *const parts[] = {&arn->partition, &arn->service, &arn->region, &arn->account};
    if (!str_starts(*rest, S("arn:")))
        return malformed(a, "ARNs must start with 'arn:'", arn->text);
    *rest = str_from(*rest, 4);
    for (size_t i = 0; i < countof(parts); i++)
        if (!str_cut(rest, ':', parts[i]))
            return malformed(a, missing[i], arn->text);
    return NULL;
}

struct error *resource_arn_parse(struct arena *a, struct str text, struct resource_arn *out)
{
    struct str rest = text, kind;
    *out = (struct resource_arn){.text = text};
    TRY(cut_parts(a, out, &rest));
    if (!str_eq(out->service, S("dynamodb")) || !str_starts(rest, S("table/")))
        return malformed(a, "Provided Arn is not a DynamoDB resource arn", text);
    rest = str_from(rest, 6);
    bool is_longer = str_cut(&rest, '/', &out->table);
    if (out->table.len < 3)
        return invalid(a, "Invalid TableArn: Invalid ResourceArn provided as input %.*s",
                       STR_ARG(text));
    if (!is_longer)
        return NULL;
    bool has_label = str_cut(&rest, '/', &kind);
    if (str_eq(kind, S("index")))
        return malformed(a,
                         "Invalid resource arn provided, only table or stream is accepted. "
                         "Provided resource arn",
                         text);
    if (!has_label || !str_eq(kind, S("stream")) || !rest.len)
        return malformed(a, "Provided Arn is not a DynamoDB resource arn", text);
    out->stream = rest;
    return NULL;
}
