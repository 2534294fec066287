/* Fuzz: what a mapping reads from outside. The first byte chooses: a function's answer, filter
 * criteria, a flag, a stored checkpoint, or a file of credentials. */
#include "aws/credentials.h"
#include "dynamodb/trigger/checkpoint.h"
#include "dynamodb/trigger/filter.h"
#include "dynamodb/trigger/invoke.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(struct arena *a, struct str text)
{
    const struct mapping mapping = {.reports_items = true};
    const struct https_response answer = {.status = 200, .body = text};
    struct verdict v = invoke_judge(a, &mapping, &answer);
    assert(v.outcome == OUTCOME_SUCCESS || v.why.len || v.outcome == OUTCOME_FAILED);
}

static void match(struct arena *a, struct str text)
{
    static const char record[] =
        "{\"eventName\":\"INSERT\",\"n\":7,\"l\":[1,\"a\",{\"b\":null}],\"dynamodb\":{\"Keys\":"
        "{\"pk\":{\"S\":\"a\"}}}}";
    const struct filter *filter;
    if (filter_parse(a, text, &filter) == NULL)
        (void)filter_matches(filter, a, str_z(record));
}

static void decode(struct arena *a, struct str text)
{
    struct checkpoint c, again;
    if (!checkpoint_decode(a, text, &c))
        return;
    bool comes_back = checkpoint_decode(a, checkpoint_encode(a, &c), &again);
    assert(comes_back && again.stream_id == c.stream_id && again.shard_count == c.shard_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena);
    struct str text = {size > 1 ? (const char *)data + 1 : "", size > 1 ? size - 1 : 0};
    struct mapping mapping;
    struct credentials *credentials;
    struct error *e = NULL;
    switch (size ? data[0] % 5 : 0) {
    case 0:
        judge(&arena, text);
        break;
    case 1:
        match(&arena, text);
        break;
    case 2:
        e = mapping_parse(&arena, text, &mapping);
        assert(e || (mapping.batch && mapping.url.len));
        break;
    case 3:
        decode(&arena, text);
        break;
    default:
        if (!credentials_parse(&arena, text, &credentials))
            credentials_free(credentials);
    }
    arena_clear(&arena);
    return 0;
}
